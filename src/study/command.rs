//! Every change that can be made to a study, as data.

use super::Selection;
use super::chart::ChartChoices;
use super::doc::{ColourRange, ColumnChoices, Order, StudyDoc, TreeChoices, ViewChoices};
use super::draft_edit::DraftEdit;
use super::evolution_edit::EvolutionEdit;
use super::id::{DraftId, ModelId};
use super::mixture::MixtureSheet;
use super::model_edit::ModelEdit;
use super::record_edit::RecordEdit;
use crate::kinship::Measure;

/// A change that the user asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    Model(ModelEdit),
    Record(RecordEdit),
    Draft(DraftEdit),
    Evolution(EvolutionEdit),
    View(ViewEdit),
    Select(Selection),
    RenameStudy(String),
    About(String),
    /// Put a mixture of experts in the place of the one that is being put together.
    Mixture {
        sheet: MixtureSheet,
        /// Edits with the same key that follow each other are one step of undo.
        join: Option<String>,
    },
    /// Put in what another program has made of the study.
    TakeIn(Box<StudyDoc>),
    Undo,
    Redo,
}

/// What must follow outside the study.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The document differs from what was saved.
    Save,
    /// A model has a new path to open.
    Open(ModelId),
    /// A model is gone; its files are not needed.
    Close(ModelId),
}

#[derive(Clone, Debug, PartialEq)]
pub enum ViewEdit {
    Measure(Measure),
    Order(Order),
    Tree(TreeChoices),
    Colours(Option<ColourRange>),
    Base(Option<ModelId>),
    Draft(DraftId),
    Charts(Box<ChartChoices>),
    /// By which files these models were measured.
    MeasuredAs(Vec<(ModelId, String)>),
    /// Show a column of the table of models, hide it, or leave it to itself.
    Column(String, Option<bool>),
    /// Leave all columns to themselves.
    UsualColumns,
    /// Say no more of something that stands out, by its key.
    Dismiss(String),
    /// Say again what was dismissed.
    ForgetDismissed,
}

impl ViewEdit {
    pub(super) fn apply(self, view: &mut ViewChoices) {
        match self {
            Self::Measure(measure) => view.measure = measure,
            Self::Order(order) => view.order = order,
            Self::Tree(tree) => view.tree = tree,
            Self::Colours(range) => view.colours = range,
            Self::Base(base) => view.base = base,
            Self::Draft(draft) => view.draft = Some(draft),
            Self::Charts(charts) => view.charts = *charts,
            Self::MeasuredAs(keys) => view.measured_as.extend(keys),
            Self::Column(key, shown) => view.columns.set(key, shown),
            Self::Dismiss(key) => drop(view.dismissed.insert(key)),
            Self::ForgetDismissed => view.dismissed.clear(),
            Self::UsualColumns => view.columns = ColumnChoices::default(),
        }
    }
}
