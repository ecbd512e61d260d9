//! A sweep of the recipe on the canvas: which values are tried, how far it is, and what came out.

mod ask;
mod grid;
mod result;

use eframe::egui::{Align, Context, Layout, Ui, vec2};
use egui_phosphor::regular as icon;

use crate::study::DraftId;
use crate::ui::action::Action;
use crate::ui::ext::{UiExt, modal};
use crate::ui::format;
use crate::ui::theme::{self, size, space};
use crate::ui::widgets::icon_button;
use crate::workbench::Workbench;
use crate::workbench::sweeping::{Row, RowState};

use ask::Form;

/// The window where there is room, in points.
const SIZE: [f32; 2] = [720.0, 620.0];

/// The window, when it is open.
#[derive(Default)]
pub struct SweepView {
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Closed,
    Asking(Box<Form>),
    /// The sweep that the workbench has.
    Showing,
}

impl SweepView {
    /// Asks what of a draft is swept; shows the sweep that runs, if one does.
    pub fn ask(&mut self, bench: &Workbench, draft: DraftId) {
        let form = || Form::new(bench, draft).map(Box::new);
        self.state = match bench.is_sweeping() {
            true => State::Showing,
            false => form().map_or(State::Closed, State::Asking),
        };
    }

    pub fn show(&mut self) {
        self.state = State::Showing;
    }

    /// Takes the folder of a cluster into the form.
    pub fn set_cluster(&mut self, folder: std::path::PathBuf) {
        if let State::Asking(form) = &mut self.state {
            form.set_cluster(folder);
        }
    }

    pub fn is_open(&self) -> bool {
        !matches!(self.state, State::Closed)
    }

    pub fn close(&mut self) {
        self.state = State::Closed;
    }

    pub fn ui(&mut self, ctx: &Context, bench: &Workbench, actions: &mut Vec<Action>) {
        if !self.is_open() {
            return;
        }
        let mut stays = true;
        let modal = modal(ctx, "sweep", space::L).show(ctx, |ui| {
            let room = ctx.content_rect().size() - vec2(space::XXL, space::XXL);
            ui.set_width(room.x.min(SIZE[0]));
            stays = head_ui(ui, &self.title(bench));
            let room = room.y.min(SIZE[1]);
            stays &= match &mut self.state {
                State::Closed => true,
                State::Asking(form) => form.ui(ui, bench, actions),
                State::Showing => result::ui(ui, bench, room, actions),
            };
        });
        if !stays || modal.should_close() {
            self.close();
        }
    }

    fn title(&self, bench: &Workbench) -> String {
        let name = match &self.state {
            State::Asking(form) => Some(form.name()),
            _ => bench.sweep().map(|run| run.sweep.name.as_str()),
        };
        match name {
            Some(name) => format!("Sweep of {}", format::elide_middle(name, 40)),
            None => "Sweep".to_owned(),
        }
    }
}

fn head_ui(ui: &mut Ui, title: &str) -> bool {
    let mut stays = true;
    ui.horizontal(|ui| {
        ui.label(theme::strong(title).size(size::HEADING));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            stays = !icon_button(ui, icon::X, "Close the sweep").clicked();
        });
    });
    ui.quiet("Merges and scores the recipe for every combination of these values");
    ui.add_space(space::S);
    stays
}

/// A score as it is read: points, or a perplexity.
fn score_words(row: &Row) -> String {
    match (&row.state, row.score()) {
        (RowState::Failed(_), _) => "failed".to_owned(),
        (_, Some((score, true))) => format::decimals(Some(score), 4),
        (_, score) => format::score(score.map(|(score, _)| score)),
    }
}
