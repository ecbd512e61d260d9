//! What is drawn of one evolution, worked out once and kept until it changes.

use crate::lineage::evolution::Rules;
use crate::lineage::strategy::{Pairing, Population, strategy};
use crate::stats::extent;
use crate::study::{Evolution, EvolutionId, ModelId, StudyDoc};
use crate::ui::colormap::Scale;
use crate::ui::format;
use crate::workbench::Workbench;
use crate::workbench::evolving::EvolutionView as Standing;

use super::Look;

/// One evolution as it is drawn.
pub struct Shown {
    key: (u64, EvolutionId),
    /// Its models: founders, then children by generation and number.
    pub cards: Vec<Card>,
    pub columns: Vec<Column>,
    /// From a little below the least to the greatest score; `None` without scores.
    pub scores: Option<Scale>,
}

/// A model as it is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    pub id: ModelId,
    pub name: String,
    pub generation: u32,
    /// What it is selected by, in points.
    pub score: Option<f64>,
    /// Its scores on the tasks that select.
    pub tasks: Vec<(String, Option<f64>)>,
    /// Its parents by position.
    pub parents: Vec<usize>,
    /// Their names.
    pub made_from: Vec<String>,
    /// The same where there is little room.
    pub descent: String,
    /// Kinship of its parents.
    pub kinship: Option<f64>,
    pub explores: bool,
    /// Its place among those who are merged next, from 1.
    pub rank: Option<usize>,
    /// Whether it is the best of its generation.
    pub is_best: bool,
    /// Children in this run.
    pub children: usize,
    /// Why it was made.
    pub note: String,
    /// Whether its files are gone, or were removed.
    pub has_no_files: bool,
}

/// A generation as it is drawn.
pub struct Column {
    pub number: u32,
    /// Positions of its models.
    pub made: Vec<usize>,
    /// What is still to be made of it: parents by name, their kinship, and why.
    pub planned: Vec<Planned>,
    /// The best of everybody after it, in points.
    pub best: Option<f64>,
    /// Mean kinship among the best after it.
    pub kinship: Option<f64>,
}

/// A merge that is still to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    pub parents: [usize; 2],
    pub made_from: Vec<String>,
    /// The same where there is little room.
    pub descent: String,
    pub kinship: Option<f64>,
    pub explores: bool,
    pub reason: String,
}

impl Shown {
    /// What is drawn now; what was worked out before is kept if nothing has changed.
    pub fn now(look: Look<'_>, evolution: &Evolution, last: Option<Self>) -> Self {
        let key = (look.bench.revision(), look.id);
        match last.filter(|shown| shown.key == key) {
            Some(shown) => shown,
            None => Self::new(key, look, evolution),
        }
    }

    fn new(key: (u64, EvolutionId), look: Look<'_>, evolution: &Evolution) -> Self {
        let Some(facts) = look.known.get(look.id) else {
            return Self {
                key,
                cards: Vec::new(),
                columns: Vec::new(),
                scores: None,
            };
        };
        let cards = cards(look.bench, evolution, &facts.tasks, &facts.standing);
        Self {
            key,
            columns: columns(look.bench, evolution, &facts.standing, &cards),
            scores: scores(&cards),
            cards,
        }
    }

    /// Everybody that a model descends from or that descends from it, itself included.
    pub fn kin(&self, of: usize) -> Vec<bool> {
        let mut out = vec![false; self.cards.len()];
        let mut above = vec![of];
        while let Some(k) = above.pop() {
            if !std::mem::replace(&mut out[k], true) {
                above.extend(&self.cards[k].parents);
            }
        }
        let mut below = vec![false; self.cards.len()];
        below[of] = true;
        // Parents stand before their children.
        for (k, card) in self.cards.iter().enumerate() {
            below[k] |= card.parents.iter().any(|&p| below[p]);
        }
        out.iter().zip(below).map(|(a, b)| *a || b).collect()
    }
}

fn cards(
    bench: &Workbench,
    evolution: &Evolution,
    tasks: &[String],
    standing: &Standing,
) -> Vec<Card> {
    let doc = bench.study().doc();
    let selection = standing
        .generations
        .last()
        .map_or(&[][..], |g| &g.selection[..]);
    let mut children = vec![0; standing.models.len()];
    for &parent in standing.members.iter().flat_map(|m| &m.parents) {
        children[parent] += 1;
    }
    let card = |k: usize| {
        let (id, member) = (standing.models[k], &standing.members[k]);
        let model = doc.model(id)?;
        let is_child = member.generation > 0;
        let parents: &[ModelId] = if is_child { &model.parents } else { &[] };
        let score = |task: &String| (task.clone(), model.score(task).map(|s| s.value));
        Some(Card {
            id,
            name: model.name.clone(),
            generation: member.generation,
            score: member.score.filter(|s| s.is_finite()),
            tasks: tasks.iter().map(score).collect(),
            parents: if is_child {
                member.parents.clone()
            } else {
                Vec::new()
            },
            descent: descent(&evolution.name, &names(doc, parents)),
            made_from: names(doc, parents),
            kinship: kinship(bench, parents),
            explores: model.step(&evolution.name).is_some_and(|s| s.exploration),
            rank: selection.iter().position(|&s| s == k).map(|at| at + 1),
            is_best: false,
            children: children[k],
            note: model.note.clone(),
            has_no_files: model.path.is_none() || bench.files(id).are_missing(),
        })
    };
    let mut out: Vec<Card> = (0..standing.models.len()).filter_map(card).collect();
    mark_best(&mut out);
    out
}

fn names(doc: &StudyDoc, models: &[ModelId]) -> Vec<String> {
    models
        .iter()
        .map(|id| doc.name_of(*id).to_owned())
        .collect()
}

/// Parents in short: a child of the same run goes by its generation and number, `2-1`.
fn descent(run: &str, names: &[String]) -> String {
    let prefix = format!("{}-", run.to_lowercase().replace(' ', "-"));
    let short = |name: &String| name.strip_prefix(&prefix).unwrap_or(name).to_owned();
    names.iter().map(short).collect::<Vec<_>>().join(" × ")
}

fn kinship(bench: &Workbench, parents: &[ModelId]) -> Option<f64> {
    match *parents {
        [a, b] => bench.known_kinship(a, b),
        _ => None,
    }
}

/// Of equals who stands first; one model alone is no best.
fn mark_best(cards: &mut [Card]) {
    let mut best: Vec<(u32, f64, usize, usize)> = Vec::new();
    for (k, card) in cards.iter().enumerate() {
        let score = card.score.unwrap_or(f64::NEG_INFINITY);
        match best.last_mut().filter(|b| b.0 == card.generation) {
            None => best.push((card.generation, score, k, 1)),
            Some(b) => {
                b.3 += 1;
                if score > b.1 {
                    (b.1, b.2) = (score, k);
                }
            }
        }
    }
    for (_, score, k, count) in best {
        cards[k].is_best = count > 1 && score.is_finite();
    }
}

fn columns(
    bench: &Workbench,
    evolution: &Evolution,
    standing: &Standing,
    cards: &[Card],
) -> Vec<Column> {
    let mut out: Vec<Column> = standing
        .generations
        .iter()
        .map(|summary| Column {
            number: summary.number,
            made: (0..cards.len())
                .filter(|&k| cards[k].generation == summary.number)
                .collect(),
            planned: Vec::new(),
            best: summary.best,
            kinship: summary.kinship,
        })
        .collect();
    let Some((generation, planned)) = planned(bench, evolution, standing) else {
        return out;
    };
    let planned = planned
        .into_iter()
        .map(|pairing| look_of(bench, evolution, standing, pairing))
        .collect();
    match out.iter_mut().find(|column| column.number == generation) {
        Some(column) => column.planned = planned,
        None => out.push(Column {
            number: generation,
            made: Vec::new(),
            planned,
            best: None,
            kinship: None,
        }),
    }
    out
}

fn look_of(
    bench: &Workbench,
    evolution: &Evolution,
    standing: &Standing,
    pairing: Pairing,
) -> Planned {
    let parents = pairing.parents.map(|k| standing.models[k]);
    let made_from = names(bench.study().doc(), &parents);
    Planned {
        parents: pairing.parents,
        descent: descent(&evolution.name, &made_from),
        made_from,
        kinship: kinship(bench, &parents),
        explores: pairing.explores,
        reason: pairing.reason,
    }
}

/// What the strategy would still merge: the rest of the generation that is under way, or the
/// next one where everybody has a score.
fn planned(
    bench: &Workbench,
    evolution: &Evolution,
    standing: &Standing,
) -> Option<(u32, Vec<Pairing>)> {
    let setup = &evolution.setup;
    let strategy = strategy(&setup.strategy).filter(|_| evolution.ended.is_none())?;
    let kinship = |a: usize, b: usize| bench.known_kinship(standing.models[a], standing.models[b]);
    let population = Population {
        members: &standing.members,
        kinship: &kinship,
    };
    let last = population.last_generation();
    if !population.before(last).unscored().is_empty() {
        return None;
    }
    let of = |generation| {
        let mut out = strategy.pairings(&population.before(generation), generation, &setup.choices);
        out.retain(|pairing| !is_made(standing, pairing, generation));
        within(&setup.rules, standing, &mut out);
        (!out.is_empty()).then_some((generation, out))
    };
    let rest = (last > 0).then(|| of(last)).flatten();
    let may_go_on = setup.rules.generations.is_none_or(|most| last < most);
    let is_whole = population.unscored().is_empty() && may_go_on;
    rest.or_else(|| is_whole.then(|| of(last + 1)).flatten())
}

fn is_made(standing: &Standing, pairing: &Pairing, generation: u32) -> bool {
    let [a, b] = pairing.parents;
    let is_theirs = |parents: &[usize]| *parents == [a, b] || *parents == [b, a];
    standing
        .members
        .iter()
        .any(|m| m.generation == generation && is_theirs(&m.parents))
}

/// No more than the budget of merges leaves.
fn within(rules: &Rules, standing: &Standing, pairings: &mut Vec<Pairing>) {
    if let Some(most) = rules.merges {
        pairings.truncate((most as usize).saturating_sub(standing.merges));
    }
}

/// Bars begin below the least score, so that differences are seen.
fn scores(cards: &[Card]) -> Option<Scale> {
    let all = cards.iter().filter_map(|card| card.score);
    extent(all).map(|(lo, hi)| Scale::Sequential {
        lo: lo - 0.25 * (hi - lo).max(1e-9),
        hi,
    })
}

impl Card {
    /// All that the picture says of it, in words.
    pub fn words(&self) -> String {
        let mut parts = vec![self.name.clone(), title(self.generation).to_lowercase()];
        parts.push(match self.score {
            Some(_) => format!("score {}", format::score(self.score)),
            None => "no score".to_owned(),
        });
        if !self.made_from.is_empty() {
            parts.push(format!("made from {}", self.made_from.join(" and ")));
        }
        if self.kinship.is_some() {
            parts.push(format!(
                "kinship of parents {}",
                format::kinship(self.kinship)
            ));
        }
        if self.explores {
            parts.push("made to explore".to_owned());
        }
        if self.is_best {
            parts.push("best of its generation".to_owned());
        }
        if let Some(rank) = self.rank {
            parts.push(format!("number {rank} of the selection"));
        }
        parts.join(", ")
    }
}

impl Column {
    /// How many places it has.
    pub const fn len(&self) -> usize {
        self.made.len() + self.planned.len()
    }
}

/// The name of a generation.
pub fn title(generation: u32) -> String {
    match generation {
        0 => "Founders".to_owned(),
        n => format!("Generation {n}"),
    }
}

#[cfg(test)]
mod tests {
    use super::descent;

    #[test]
    fn children_of_the_run_go_by_their_numbers() {
        let names = ["with-kinship-2-1", "abacus"].map(String::from);
        assert_eq!(descent("With kinship", &names), "2-1 × abacus");
        assert_eq!(descent("Greedy", &names), "with-kinship-2-1 × abacus");
    }
}
