//! What to merge next in any study with scores.

use super::composing::known_merges;
use super::{Workbench, library};
use crate::lineage::strategy::{Member, Population};
use crate::lineage::suggest::{Suggestion, suggest};
use crate::study::{ModelFacts, ModelId, Role, StudyFacts};

/// How many merges are suggested.
const MOST: usize = 30;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Suggested {
    /// Models that were looked at; the pairs of `merges` are positions here.
    pub models: Vec<ModelId>,
    /// The most promising first.
    pub merges: Vec<Suggestion>,
}

impl Workbench {
    /// What to merge next among the models of the shown family, or of a study without bases.
    pub fn suggestions(&self) -> &Suggested {
        let known = &self.session.derived.suggested;
        known.get_or_init(|| self.suggest_merges())
    }

    /// The place of a pair among the suggestions, from 1, and of how many.
    pub fn place_among_suggestions(&self, a: ModelId, b: ModelId) -> Option<(usize, usize)> {
        let Suggested { models, merges } = self.suggestions();
        let is_pair = |merge: &Suggestion| {
            let pair = merge.pair.map(|k| models[k]);
            pair == [a, b] || pair == [b, a]
        };
        let place = merges.iter().position(is_pair)?;
        Some((place + 1, merges.len()))
    }

    fn suggest_merges(&self) -> Suggested {
        let doc = self.doc();
        let base = doc.shown_base();
        let is_asked = |m: &&crate::study::Model| match base {
            Some(base) => m.base == Some(base),
            None => doc.role(m) != Role::Base,
        };
        let models: Vec<ModelId> = doc.models.iter().filter(is_asked).map(|m| m.id).collect();
        let record = self.record();
        let at = |id: &ModelId| models.iter().position(|other| other == id);
        let member = |id: &ModelId| {
            let row = record.row(*id);
            let parents = doc.model(*id).map_or(&[][..], |m| &m.parents);
            Member {
                score: row.and_then(|row| row.average),
                tasks: counted(record, row, &doc.not_averaged),
                generation: row.map_or(0, |row| row.generation),
                parents: parents.iter().filter_map(at).collect(),
            }
        };
        let members: Vec<Member> = models.iter().map(member).collect();
        let kinship = |a: usize, b: usize| self.known_kinship(models[a], models[b]);
        let population = Population {
            members: &members,
            kinship: &kinship,
        };
        let community = StudyFacts::new(library::bundled("community"), &|_, _, _| None);
        let (own, others) = (known_merges(record), known_merges(&community));
        let merges = suggest(&population, &own, &others, MOST);
        Suggested { models, merges }
    }
}

/// Scores on the tasks that count.
fn counted(
    record: &StudyFacts,
    row: Option<&ModelFacts>,
    not_averaged: &[String],
) -> Vec<Option<f64>> {
    let tasks = record.tasks.iter().enumerate();
    tasks
        .filter(|(_, task)| !not_averaged.contains(task))
        .map(|(k, _)| row.and_then(|row| row.scores[k]))
        .collect()
}
