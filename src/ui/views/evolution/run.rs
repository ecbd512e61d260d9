//! One evolution: its set-up as sentences, what it is doing, its generations as columns, and
//! its curves beside those of others with the same founders.

mod bar;
mod card;
mod chart;
mod columns;
mod founders;
mod head;
mod model;
mod recipe;
mod rules;
mod sentence;

use std::collections::BTreeMap;
use std::ops::Deref;

use eframe::egui::{Align, Layout, Ui, vec2};

use super::summaries::{RunSummaries, RunSummary};
use crate::jobs::JobId;
use crate::study::EvolutionId;
use crate::ui::theme::space;
use crate::ui::views::ViewContext;

use chart::ChartPart;
use head::Editing;
use model::EvolutionModel;
use sentence::Sentence;

/// From this width on, in points, the curves stand beside the columns.
const WIDE: f32 = 780.0;
/// The least height of columns and curves, in points.
const LEAST: f32 = 330.0;
/// The share of the width that the columns have beside the curves.
const COLUMNS: f32 = 0.52;

/// The evolution that is shown, and all that is known beside it.
#[derive(Clone, Copy)]
pub struct RunContext<'a> {
    pub view: &'a ViewContext<'a>,
    pub runs: &'a RunSummaries,
    pub id: EvolutionId,
}

impl<'a> Deref for RunContext<'a> {
    type Target = ViewContext<'a>;

    fn deref(&self) -> &Self::Target {
        self.view
    }
}

impl<'a> RunContext<'a> {
    fn summary(&self) -> Option<&'a RunSummary> {
        self.runs.get(self.id)
    }

    /// How far a job is, 0 to 1, if that is known.
    fn fraction_of(&self, job: JobId) -> Option<f32> {
        let job = self.bench.jobs().running().iter().find(|j| j.id == job)?;
        job.ticket.progress().fraction().map(|f| f as f32)
    }
}

#[derive(Default)]
pub struct RunPart {
    /// Looked for among the models that may be founders.
    search: String,
    editing: Option<(EvolutionId, Editing)>,
    /// Runs whose set-up is folded or not, other than by themselves.
    folds: BTreeMap<EvolutionId, bool>,
    model: Option<EvolutionModel>,
    /// The model under the pointer, by position.
    hovered: Option<usize>,
    chart: ChartPart,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    Evaluator,
    /// Show what the evaluator says, or no more.
    Log,
    Show(EvolutionId),
}

/// Whether the curves stand beside the columns in this width.
pub const fn is_wide(width: f32) -> bool {
    width >= WIDE
}

impl RunPart {
    /// Draws an evolution in `height` points or more; what is asked of the view.
    pub fn ui(&mut self, ui: &mut Ui, context: RunContext<'_>, height: f32) -> Option<Ask> {
        let doc = context.doc();
        let evolution = doc.evolution(context.id)?;
        let has_begun = doc.has_begun(evolution);
        let model = EvolutionModel::now(context, evolution, self.model.take());
        let top = ui.cursor().top();
        let mut is_folded = self.folds.get(&context.id).copied().unwrap_or(has_begun);
        let was_folded = is_folded;
        head::head_ui(
            ui,
            context,
            (evolution, &model.method),
            (&mut self.editing, &mut is_folded),
        );
        if is_folded != was_folded {
            self.folds.insert(context.id, is_folded);
        }
        let sentence = Sentence {
            context,
            evolution,
            method: &model.method,
            has_begun,
        };
        let wants_evaluator = !is_folded && sentence.ui(ui, &mut self.search);
        let asked = bar::bar_ui(ui, context, evolution);
        let left = height - (ui.cursor().top() - top);
        let clicked = self.body_ui(ui, context, &model, left);
        self.model = Some(model);
        match wants_evaluator {
            true => Some(Ask::Evaluator),
            false => asked.or(clicked.map(Ask::Show)),
        }
    }

    /// Columns and curves, beside each other where there is room; which run was clicked.
    fn body_ui(
        &mut self,
        ui: &mut Ui,
        context: RunContext<'_>,
        model: &EvolutionModel,
        height: f32,
    ) -> Option<EvolutionId> {
        let width = ui.available_width();
        let hovered = &mut self.hovered;
        if !is_wide(width) {
            let own = columns::whole_height(model).min(LEAST);
            columns::columns_ui(ui, context, model, hovered, own);
            return self.chart.ui(ui, context, LEAST);
        }
        let height = (height - space::XS).max(LEAST);
        let part = |share: f32| vec2(share * (width - space::L), height);
        let top_down = Layout::top_down(Align::Min);
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = space::L;
            ui.allocate_ui_with_layout(part(COLUMNS), top_down, |ui| {
                columns::columns_ui(ui, context, model, hovered, height);
            });
            ui.allocate_ui_with_layout(part(1.0 - COLUMNS), top_down, |ui| {
                self.chart.ui(ui, context, height)
            })
            .inner
        })
        .inner
    }
}
