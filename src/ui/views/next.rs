//! What to merge next: suggestions with their reasons, for whoever evaluates here or elsewhere.

mod cards;
mod files;
mod predictors;
mod shown;
mod table;

use eframe::egui::{Align, CentralPanel, Label, Layout, Margin, RichText, ScrollArea, Ui};
use egui_phosphor::regular as icon;

use crate::ui::action::Action;
use crate::ui::ext::UiExt;
use crate::ui::format;
use crate::ui::theme::{self, size, space};
use crate::ui::views::{ViewContext, evaluate_button, gain_meaning};
use crate::ui::widgets::{empty_state, icon_button};
use crate::workbench::Workbench;

use cards::Cards;
use predictors::PredictorsPage;
use shown::{Obstacle, Shown};
use table::Table;

pub use predictors::TITLE as PREDICTORS;

#[derive(Default)]
pub struct NextView {
    /// Whether the page on predictors is shown, and not the pairs.
    on_predictors: bool,
    predictors: PredictorsPage,
    shown: Option<Shown>,
    cards: Cards,
    table: Table,
}

impl NextView {
    pub fn ui(&mut self, ui: &mut Ui, bench: &Workbench, actions: &mut Vec<Action>) {
        ViewContext::draw(bench, actions, |view| {
            let margin = Margin {
                right: 0,
                ..Margin::same(space::M as i8)
            };
            let panel = CentralPanel::default().frame(ui.pane(margin));
            panel.show(ui, |ui| {
                ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                    // The scroll bar floats; nothing lies under it.
                    ui.set_max_width(ui.available_width() - space::M);
                    self.content_ui(ui, view);
                });
            });
        });
    }

    /// Shows what predicts gain when it is drawn next.
    pub fn show_predictors(&mut self) {
        self.on_predictors = true;
    }

    fn content_ui(&mut self, ui: &mut Ui, view: &ViewContext<'_>) {
        if self.on_predictors {
            ui.spacing_mut().item_spacing.y = space::S;
            self.on_predictors = !self.predictors.ui(ui, view);
            return;
        }
        let shown = match self.shown.take() {
            Some(shown) if shown.revision == view.bench.revision() => shown,
            _ => Shown::new(view.bench),
        };
        ui.spacing_mut().item_spacing.y = space::S;
        match (&shown.rows[..], &shown.obstacle) {
            ([], Some(obstacle)) => nothing_ui(ui, view, obstacle),
            _ => self.rows_ui(ui, view, &shown),
        }
        self.shown = Some(shown);
    }

    fn rows_ui(&mut self, ui: &mut Ui, view: &ViewContext<'_>, shown: &Shown) {
        head_ui(ui, view, shown);
        ui.quiet(&shown.basis);
        if ui.link(predictors::TITLE).clicked() {
            view.push(Action::ShowPredictors);
        }
        if let Some(obstacle) = &shown.obstacle {
            obstacle_ui(ui, view, obstacle);
        }
        let on_cards = self.cards.ui(ui, view, &shown.rows);
        if shown.rows.len() > on_cards {
            ui.add_space(space::S);
            let pairs = format::counted(shown.rows.len(), "pair");
            ui.label(theme::strong(format!("All {pairs}")));
            ui.scope(|ui| self.table.ui(ui, view, &shown.rows));
        }
        ui.add_space(space::M);
    }
}

/// The heading, and what can be taken out.
fn head_ui(ui: &mut Ui, view: &ViewContext<'_>, shown: &Shown) {
    ui.horizontal(|ui| {
        ui.label(theme::strong("Next merge").size(size::HEADING));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            exports_ui(ui, view, shown);
            gain_meaning(ui);
        });
    });
}

/// From right to left: as a table, as text.
fn exports_ui(ui: &mut Ui, view: &ViewContext<'_>, shown: &Shown) {
    if icon_button(ui, icon::FILE_CSV, "Save the suggestions as CSV…").clicked() {
        view.push(Action::Export(files::csv(&shown.rows)));
    }
    if icon_button(ui, icon::COPY, "Copy the suggestions").clicked() {
        view.push(Action::Copy {
            text: files::text(&shown.rows),
            what: "Suggestions".to_owned(),
        });
    }
}

/// Where there is nothing to suggest: why, and the buttons that get on.
fn nothing_ui(ui: &mut Ui, view: &ViewContext<'_>, obstacle: &Obstacle) {
    empty_state(ui, icon::COMPASS, &obstacle.sentence, None);
    ui.vertical_centered(|ui| {
        // What is centred has to be as wide as its content.
        let width = 150.0 * (obstacle.ways.len() + obstacle.unscored.len().min(1)) as f32;
        ui.set_max_width(width.max(150.0));
        ways_ui(ui, view, obstacle);
    });
}

/// A sentence, and the buttons that get on.
fn obstacle_ui(ui: &mut Ui, view: &ViewContext<'_>, obstacle: &Obstacle) {
    ui.add(Label::new(RichText::new(&obstacle.sentence).weak()).wrap());
    ways_ui(ui, view, obstacle);
}

fn ways_ui(ui: &mut Ui, view: &ViewContext<'_>, obstacle: &Obstacle) {
    let unscored = &obstacle.unscored;
    if obstacle.ways.is_empty() && unscored.is_empty() {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        for (words, action) in &obstacle.ways {
            if ui.button(*words).clicked() {
                view.push(action.clone());
            }
        }
        let words = match unscored.len() {
            0 => return,
            1 => "Evaluate".to_owned(),
            n => format!("Evaluate {}", format::counted(n, "model")),
        };
        let asked = &mut view.asked.borrow_mut();
        evaluate_button(ui, view.bench, &words, unscored, asked);
    });
}
