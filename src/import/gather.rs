//! Rows of one model become one entry; where two say different things, both lines are named.

use std::collections::BTreeMap;

use super::ImportError;
use super::mapping::Mapping;
use super::meaning::Meaning;
use crate::kinship::Values;
use crate::study::{Entry, PairEntry};

/// The entries, in the order of the table, and where it contradicts itself. Each fact comes with
/// the line that it is from.
pub(super) fn gather(
    facts: Vec<(usize, Entry)>,
    mapping: &Mapping,
) -> (Vec<Entry>, Vec<ImportError>) {
    let mut at: BTreeMap<String, usize> = BTreeMap::new();
    let mut merging: Vec<Merging<'_>> = Vec::new();
    let mut errors = Vec::new();
    for (line, entry) in facts {
        let index = *at.entry(entry.model.clone()).or_insert_with(|| {
            merging.push(Merging::new(&entry.model, mapping));
            merging.len() - 1
        });
        merging[index].add(line, entry, &mut errors);
    }
    (merging.into_iter().map(|m| m.entry).collect(), errors)
}

/// An entry that grows, and the line on which each of its facts was first.
struct Merging<'a> {
    entry: Entry,
    said_on: BTreeMap<Meaning, usize>,
    mapping: &'a Mapping,
}

impl<'a> Merging<'a> {
    fn new(model: &str, mapping: &'a Mapping) -> Self {
        Self {
            entry: Entry {
                model: model.to_owned(),
                ..Entry::default()
            },
            said_on: BTreeMap::new(),
            mapping,
        }
    }

    fn add(&mut self, line: usize, new: Entry, errors: &mut Vec<ImportError>) {
        let mut told = Told {
            model: self.entry.model.clone(),
            line,
            said_on: &mut self.said_on,
            mapping: self.mapping,
            errors,
        };
        let entry = &mut self.entry;
        parents(entry, &new, &mut told);
        told.number(&mut entry.average, new.average, Meaning::Average);
        told.number(&mut entry.gain, new.gain, Meaning::Gain);
        told.kinship(&mut entry.kinship, &new.kinship);
        told.text(&mut entry.method, new.method, Meaning::Method);
        told.text(&mut entry.published, new.published, Meaning::Published);
        told.text(&mut entry.note, new.note, Meaning::Note);
        for step in new.steps {
            match entry.steps.iter().find(|old| old.run == step.run) {
                Some(old) if old.generation != step.generation => {
                    let (old, new) = (old.generation.to_string(), step.generation.to_string());
                    told.differs(&Meaning::Generation, "generation", &old, &new);
                }
                Some(_) => {}
                None => {
                    told.first(Meaning::Generation);
                    entry.steps.push(step);
                }
            }
        }
        for score in new.scores {
            let meaning = Meaning::Score(score.task.clone());
            match entry.scores.iter().find(|old| old.task == score.task) {
                Some(old) if old.value != score.value => {
                    let what = format!("score on {}", score.task);
                    let (old, new) = (old.value.to_string(), score.value.to_string());
                    told.differs(&meaning, &what, &old, &new);
                }
                Some(_) => {}
                None => {
                    told.first(meaning);
                    entry.scores.push(score);
                }
            }
        }
    }
}

/// The same parents in another order are the same; where some are unnamed, each row may name
/// others of them.
fn parents(entry: &mut Entry, new: &Entry, told: &mut Told<'_>) {
    let unnamed = entry.unnamed_parents || new.unnamed_parents;
    let has_all = |a: &[String], b: &[String]| b.iter().all(|name| a.contains(name));
    let old = &entry.parents;
    let are_same = has_all(old, &new.parents) && has_all(&new.parents, old);
    if old.is_empty() {
        told.first(Meaning::Parent);
        entry.parents.clone_from(&new.parents);
    } else if !(unnamed || new.parents.is_empty() || are_same) {
        let (old, new) = (entry.parents.join(" + "), new.parents.join(" + "));
        told.differs(&Meaning::Parent, "parents", &old, &new);
    } else {
        let more = new.parents.iter().filter(|p| !entry.parents.contains(p));
        let more: Vec<String> = more.cloned().collect();
        entry.parents.extend(more);
    }
    entry.unnamed_parents = unnamed;
}

/// What is remembered of where facts were said, and the errors that follow.
struct Told<'a> {
    model: String,
    line: usize,
    said_on: &'a mut BTreeMap<Meaning, usize>,
    mapping: &'a Mapping,
    errors: &'a mut Vec<ImportError>,
}

impl Told<'_> {
    fn first(&mut self, meaning: Meaning) {
        self.said_on.entry(meaning).or_insert(self.line);
    }

    fn differs(&mut self, meaning: &Meaning, what: &str, old: &str, new: &str) {
        let before = self.said_on.get(meaning).copied().unwrap_or(self.line);
        let verb = if what == "parents" { "are" } else { "is" };
        let message = format!(
            "{}: the {what} {verb} {old} on line {before} and {new} here; correct one of the two \
             lines",
            self.model
        );
        let column = self.column(meaning).map_or(0, |column| column + 1);
        let error = ImportError::at(self.line, column, message.replace(" -", " −"));
        self.errors.push(error);
    }

    fn column(&self, meaning: &Meaning) -> Option<usize> {
        let own = self.mapping.column(meaning);
        own.or_else(|| match meaning {
            Meaning::Score(_) => {
                let of_score = |m: &Meaning| matches!((m, meaning), (Meaning::Score(a), Meaning::Score(b)) if a.eq_ignore_ascii_case(b));
                let wide = self.mapping.meanings.iter().position(of_score);
                wide.or_else(|| self.mapping.column(&Meaning::Value))
            }
            Meaning::Parent => self.mapping.column(&Meaning::Parents),
            _ => None,
        })
    }

    fn number(&mut self, slot: &mut Option<f64>, new: Option<f64>, meaning: Meaning) {
        match (*slot, new) {
            (_, None) => {}
            (None, Some(_)) => {
                *slot = new;
                self.first(meaning);
            }
            (Some(old), Some(new)) if old != new => {
                let what = meaning.title().to_lowercase();
                self.differs(&meaning, &what, &old.to_string(), &new.to_string());
            }
            _ => {}
        }
    }

    fn kinship(&mut self, slot: &mut Values, new: &Values) {
        for metric in new.metrics() {
            let mut value = slot.get(metric);
            self.number(&mut value, new.get(metric), Meaning::Kinship(metric));
            slot.set(metric, value);
        }
    }

    fn text(&mut self, slot: &mut String, new: String, meaning: Meaning) {
        if new.is_empty() || *slot == new {
            return;
        }
        if slot.is_empty() {
            *slot = new;
            self.first(meaning);
        } else if meaning == Meaning::Note {
            slot.push_str("; ");
            slot.push_str(&new);
        } else {
            let what = meaning.title().to_lowercase();
            self.differs(&meaning, &what, slot, &new);
        }
    }
}

/// One entry a pair and group, in the order of the table.
pub(super) fn gather_pairs(facts: Vec<(usize, PairEntry)>) -> (Vec<PairEntry>, Vec<ImportError>) {
    let mut lines: Vec<usize> = Vec::new();
    let mut entries: Vec<PairEntry> = Vec::new();
    let mut errors = Vec::new();
    let mut at: BTreeMap<(String, [String; 2]), usize> = BTreeMap::new();
    for (line, entry) in facts {
        let mut key = entry.models.clone();
        key.sort();
        match at.get(&(entry.group.clone(), key.clone())) {
            None => {
                at.insert((entry.group.clone(), key), entries.len());
                entries.push(entry);
                lines.push(line);
            }
            Some(&index) => {
                let old = &entries[index];
                if old.kinship != entry.kinship || old.difference != entry.difference {
                    let message = format!(
                        "{} and {} stand on line {} already, with other values; remove one of the \
                         two lines",
                        entry.models[0], entry.models[1], lines[index]
                    );
                    errors.push(ImportError::at(line, 0, message));
                }
            }
        }
    }
    (entries, errors)
}
