//! The way out of what keeps an evolution from running, where there is one.

use crate::lineage::strategy::strategy;
use crate::study::{Command, Evolution, ModelId, Selection};
use crate::ui::action::{Action, EvolutionAction, ModelsAction, View};
use crate::workbench::Workbench;

/// A way out.
pub enum Fix {
    /// The window of the evaluator.
    Evaluator,
    /// Something that is asked for; the words on its button.
    Action(&'static str, Vec<Action>),
}

impl Fix {
    /// The words on its button.
    pub const fn words(&self) -> &'static str {
        match self {
            Self::Evaluator => "Set up evaluator…",
            Self::Action(words, _) => words,
        }
    }
}

/// What helps against the first thing that [`Workbench::run_objection`] objects to, in the same
/// order. Founders, method and strategy are chosen in the sentence above.
pub fn fix(bench: &Workbench, evolution: &Evolution) -> Option<Fix> {
    let doc = bench.study().doc();
    let founders = doc.population(evolution);
    if founders.len() < 2 {
        let few = doc.models.len() < 2;
        return few.then(|| {
            Fix::Action(
                "Add models…",
                vec![Action::Models(ModelsAction::AskForFolders)],
            )
        });
    }
    let known = strategy(&evolution.setup.strategy)?.description();
    let has_path = |id: &ModelId| doc.model(*id).is_none_or(|m| m.path.is_some());
    if !doc.has_begun(evolution)
        && let Some(id) = founders.iter().find(|id| !has_path(id))
    {
        let find = vec![Action::Models(ModelsAction::AskWhereIs(*id))];
        return Some(Fix::Action("Find its files…", find));
    }
    if evolution.setup.folder.is_none() {
        let ask = vec![Action::Evolution(EvolutionAction::AskForFolder(
            evolution.id,
        ))];
        return Some(Fix::Action("Choose folder…", ask));
    }
    let base = |id: &ModelId| doc.model(*id).and_then(|m| m.base);
    let first = founders.first().and_then(base);
    let have_one = first.is_some() && founders.iter().all(|id| base(id) == first);
    if known.uses_kinship && !have_one {
        let select = Action::Study(Command::Select(Selection::Models(founders)));
        let go = vec![select, Action::Go(View::Models)];
        return Some(Fix::Action("Set base in Models", go));
    }
    let evaluator = bench.evaluator_error(&doc.evaluator);
    (evaluator.is_some() && evaluator == bench.run_objection(evolution)).then_some(Fix::Evaluator)
}
