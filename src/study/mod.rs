//! The study: what the user has put together, and every change that can be made to it.
//!
//! Pure: a [`Command`] goes in, [`Effect`]s come out; no file, no thread, no clock. An
//! afternoon of work can be replayed in a test in a millisecond.

pub mod bounds;
pub mod chart;
mod command;
mod derived;
mod doc;
mod draft;
mod draft_edit;
mod evolution;
mod evolution_edit;
pub mod file;
mod generation;
mod history;
mod id;
mod looks;
mod merge;
mod mixture;
mod model_edit;
mod names;
mod population;
mod record;
mod record_edit;
pub mod tasks;

pub use command::{Command, Effect, ViewEdit};
pub use derived::{
    MeasuredKinship, ModelFacts, PairRow, ParentKinship, PartialAverage, StudyFacts,
};
pub use doc::{
    ColourRange, ColumnChoices, Model, Order, Role, StudyDoc, TreeChoices, ViewChoices, distinct,
};
pub use draft::{Draft, DraftContent};
pub use draft_edit::DraftEdit;
pub use evolution::{
    ClusterChoice, Evaluator, Evolution, FAMILY_BASE, Keep, Setup, TASK_VECTOR_RECIPE, USUAL_RECIPE,
};
pub use evolution_edit::{Child, ChildAdded, Evaluation, EvolutionEdit};
pub use history::History;
pub use id::{DraftId, EvolutionId, ModelId};
pub use merge::merged;
pub use mixture::MixtureSheet;
pub use model_edit::{BaseRef, Descent, ModelEdit, NewChild, NewModel, ScoredChild};
pub use names::ShortNames;
pub use record::{Origin, PairRecord, PredictedKinship, Reported, Score, Step};
pub use record_edit::{Entry, Import, PairEntry, RecordEdit};

use std::collections::BTreeSet;

/// What is selected, in every view at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Selection {
    #[default]
    Nothing,
    /// One or more models, in the order in which they were selected.
    Models(Vec<ModelId>),
    /// A pair, as picked in a matrix.
    Pair(ModelId, ModelId),
}

impl Selection {
    /// The selected models; both of a pair.
    pub fn models(&self) -> Vec<ModelId> {
        match self {
            Self::Nothing => Vec::new(),
            Self::Models(models) => models.clone(),
            Self::Pair(a, b) => vec![*a, *b],
        }
    }

    pub fn contains(&self, id: ModelId) -> bool {
        match self {
            Self::Nothing => false,
            Self::Models(models) => models.contains(&id),
            Self::Pair(a, b) => *a == id || *b == id,
        }
    }

    /// This selection with a model put in or taken out.
    pub fn toggled(&self, id: ModelId) -> Self {
        let mut models = self.models();
        match models.iter().position(|&m| m == id) {
            Some(at) => {
                models.remove(at);
            }
            None => models.push(id),
        }
        Self::of(models)
    }

    fn of(models: Vec<ModelId>) -> Self {
        match models.is_empty() {
            true => Self::Nothing,
            false => Self::Models(models),
        }
    }
}

/// A document, its past and future, and what is selected.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Study {
    doc: StudyDoc,
    history: History,
    selection: Selection,
}

impl Study {
    /// A study that starts from a document.
    pub fn new(doc: StudyDoc) -> Self {
        Self {
            doc,
            ..Self::default()
        }
    }

    pub fn doc(&self) -> &StudyDoc {
        &self.doc
    }

    pub fn selection(&self) -> &Selection {
        &self.selection
    }

    /// What undo would take back, and redo bring again.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Carries out a command and says what must follow outside.
    pub fn apply(&mut self, command: Command) -> Vec<Effect> {
        let effects = match command {
            Command::Select(selection) => {
                self.selection = selection;
                Vec::new()
            }
            Command::View(edit) => self.look(edit),
            Command::Model(edit) => self.edit(edit.title(), edit.join_key(), |doc| edit.apply(doc)),
            Command::Draft(edit) => self.edit(edit.title(), edit.join_key(), |doc| edit.apply(doc)),
            Command::Record(edit) => {
                self.edit(edit.title(), edit.join_key(), |doc| edit.apply(doc))
            }
            Command::Evolution(edit) => {
                self.edit(edit.title(), edit.join_key(), |doc| edit.apply(doc))
            }
            Command::RenameStudy(name) => {
                let join = Some("study name".into());
                self.edit("Rename study", join, |doc| doc.name = name)
            }
            Command::About(about) => {
                let join = Some("study about".into());
                self.edit("Edit description", join, |doc| doc.about = about)
            }
            Command::Mixture { sheet, join } => {
                let title = match self.doc.mixture {
                    None => "New mixture",
                    Some(_) => "Edit mixture",
                };
                self.edit(title, join, |doc| doc.mixture = Some(sheet))
            }
            Command::TakeIn(doc) => self.edit("Take in changes", None, |own| *own = *doc),
            Command::Undo => self.travel(History::undo),
            Command::Redo => self.travel(History::redo),
        };
        self.forget_missing();
        effects
    }

    /// Looks at the study otherwise, which is saved and not undone.
    fn look(&mut self, edit: ViewEdit) -> Vec<Effect> {
        let before = self.doc.view.clone();
        edit.apply(&mut self.doc.view);
        match self.doc.view == before {
            true => Vec::new(),
            false => vec![Effect::Save],
        }
    }

    fn edit(
        &mut self,
        title: impl Into<String>,
        join: Option<String>,
        change: impl FnOnce(&mut StudyDoc),
    ) -> Vec<Effect> {
        // On a copy: a bug in the midst of a change leaves the document as it was.
        let mut after = self.doc.clone();
        change(&mut after);
        if after == self.doc {
            return Vec::new();
        }
        let before = std::mem::replace(&mut self.doc, after);
        let effects = effects(&before, &self.doc);
        self.history.record(before, title.into(), join);
        effects
    }

    fn travel(&mut self, to: fn(&mut History, &mut StudyDoc)) -> Vec<Effect> {
        let before = self.doc.clone();
        to(&mut self.history, &mut self.doc);
        match self.doc == before {
            true => Vec::new(),
            false => effects(&before, &self.doc),
        }
    }

    /// Nothing stays selected that is no longer there.
    fn forget_missing(&mut self) {
        let there: BTreeSet<ModelId> = self.doc.models.iter().map(|m| m.id).collect();
        let models = self.selection.models();
        if models.iter().any(|id| !there.contains(id)) {
            let left = models.into_iter().filter(|id| there.contains(id));
            self.selection = Selection::of(left.collect());
        }
    }
}

/// What a change of the document asks of the outside; the two differ.
fn effects(before: &StudyDoc, after: &StudyDoc) -> Vec<Effect> {
    let mut out = vec![Effect::Save];
    for model in &after.models {
        let old = before.model(model.id);
        if model.path.is_some() && old.is_none_or(|old| old.path != model.path) {
            out.push(Effect::Open(model.id));
        }
    }
    let gone = before.models.iter().filter(|m| after.model(m.id).is_none());
    out.extend(gone.map(|m| Effect::Close(m.id)));
    out
}
