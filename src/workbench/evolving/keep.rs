//! Which children's files stay, and how much room they may take.

use std::path::Path;

use crate::files::owned;
use crate::kinship::Values;
use crate::lineage::strategy::{Round, strategy};
use crate::merge::write::units::show_bytes;
use crate::study::{Evolution, EvolutionEdit, EvolutionId, Keep, ModelId, PairRecord};
use crate::workbench::{NoticeKind, Workbench};

impl Workbench {
    /// Removes files of children that cannot be chosen again, if that is wanted; what is known
    /// of them stays in the record.
    pub(super) fn remove_what_is_not_kept(&mut self, id: EvolutionId) {
        let Some(evolution) = self.doc().evolution(id).cloned() else {
            return;
        };
        if evolution.setup.keep == Keep::All {
            return;
        }
        let models = self.doc().population(&evolution);
        let (mut gone, mut stay) = (Vec::new(), Vec::new());
        for id in self.not_needed(&evolution, &models) {
            let path = self.doc().model(id).and_then(|m| m.path.clone());
            match path.map_or(Ok(()), |path| self.remove_child(&evolution, &path)) {
                Ok(()) => gone.push(id),
                Err(sentence) => stay.push(format!("{}: {sentence}", self.doc().name_of(id))),
            }
        }
        if !gone.is_empty() {
            let pairs = self.pairs_of(&gone, &models);
            self.evolve(EvolutionEdit::Forget(gone, pairs));
        }
        // Once, and not before every generation.
        if !stay.is_empty() && evolution.ended.is_some() {
            let title = match stay.len() {
                1 => "The files of a child stay on disk".to_owned(),
                n => format!("The files of {n} children stay on disk"),
            };
            self.notify(NoticeKind::Note, title, stay.join("\n"));
        }
    }

    /// Removes a child's folder, if this run has made it; one that is gone already is no trouble.
    fn remove_child(&self, evolution: &Evolution, path: &Path) -> Result<(), String> {
        if path.symlink_metadata().is_err() {
            return Ok(());
        }
        owned::remove(path, Some(&evolution.token), self.folders.removal)
    }

    /// Children of this run alone that its strategy cannot choose any more; in the end, all but
    /// the best.
    fn not_needed(&self, evolution: &Evolution, models: &[ModelId]) -> Vec<ModelId> {
        let doc = self.doc();
        let members = self.members(evolution, models);
        let choices = &evolution.setup.choices;
        let next = members.iter().map(|m| m.generation).max().unwrap_or(0) + 1;
        let strategy = strategy(&evolution.setup.strategy).filter(|_| evolution.ended.is_none());
        let (best, may) = self.with_population((evolution, models), &members, |population| {
            let round = Round {
                population: *population,
                generation: next,
                choices,
            };
            let may = strategy.map(|strategy| strategy.may_choose(&round));
            let none = || vec![false; models.len()];
            (round.selection(), may.unwrap_or_else(none))
        });
        // A child that the user has made, and that a run has only found, lies elsewhere.
        let folder = evolution.setup.folder.as_deref();
        let is_own = |id: ModelId| {
            let model = doc.model(id).filter(|m| m.steps.len() == 1);
            let path = model.and_then(|m| m.path.as_deref());
            path.is_some_and(|path| path.parent() == folder)
        };
        (0..models.len())
            .filter(|&k| members[k].generation > 0 && members[k].score.is_some())
            .filter(|&k| !may[k] && !best.contains(&k) && is_own(models[k]))
            .map(|k| models[k])
            .collect()
    }

    /// What is known of the kinship of some with all of a run.
    fn pairs_of(&self, gone: &[ModelId], models: &[ModelId]) -> Vec<PairRecord> {
        let pair = |a: ModelId, b: ModelId| PairRecord {
            models: [a, b],
            kinship: Values::by(|metric| self.kinship_of(a, b, metric)).independent(),
            ..PairRecord::default()
        };
        let mut out: Vec<PairRecord> = Vec::new();
        for (k, &a) in gone.iter().enumerate() {
            let others = models.iter().filter(|b| **b != a && !gone[..k].contains(b));
            let pairs = others.map(|&b| pair(a, b));
            out.extend(pairs.filter(|p| !p.kinship.is_empty()));
        }
        out
    }

    /// How many children there is room for; one at least, because whether there is any is asked
    /// before.
    pub(super) fn room_for(&self, evolution: &Evolution) -> usize {
        let Some(most) = evolution.setup.most_bytes else {
            return usize::MAX;
        };
        let (used, largest) = self.room_taken(evolution);
        let left = most.saturating_sub(used) / largest.max(1);
        usize::try_from(left).unwrap_or(usize::MAX).max(1)
    }

    /// Bytes that the children of a run take, and those of its largest model.
    fn room_taken(&self, evolution: &Evolution) -> (u64, u64) {
        let models = self.doc().population(evolution);
        let size = |id: &ModelId| self.checkpoint(*id).map_or(0, |c| c.size_bytes());
        let is_child = |id: &&ModelId| {
            let model = self.doc().model(**id);
            let step = model.and_then(|m| m.step(&evolution.name));
            step.is_some_and(|s| s.generation > 0)
        };
        let used: u64 = models.iter().filter(is_child).map(size).sum();
        (used, models.iter().map(size).max().unwrap_or(0))
    }

    /// Why there is no room for another child, if so.
    pub(super) fn no_room(&self, evolution: &Evolution) -> Option<String> {
        let most = evolution.setup.most_bytes?;
        let (used, largest) = self.room_taken(evolution);
        (used + largest > most).then(|| {
            format!(
                "its children take {} of the {} that they may, and one more takes up to {}; raise \
                 the limit, or keep only the best",
                show_bytes(used),
                show_bytes(most),
                show_bytes(largest)
            )
        })
    }
}
