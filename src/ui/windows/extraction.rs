//! An adapter extracted from a model, over the window: first what is wanted, then the job, then
//! what came out.

mod ask;
mod result;

use eframe::egui::{Context, Vec2, vec2};

use self::ask::Form;
use self::result::ResultView;
use super::job::{AMONG_COMMANDS, Running, failed_ui, running_ui};
use crate::jobs::JobId;
use crate::study::ModelId;
use crate::ui::action::Action;
use crate::ui::ext::modal;
use crate::ui::format;
use crate::ui::theme::space;
use crate::workbench::Workbench;
use crate::workbench::extracting::ExtractionState;

/// The page of a result at its largest.
const MOST: Vec2 = vec2(1080.0, 860.0);
/// The width of everything else.
const SMALL: f32 = 480.0;

#[derive(Default)]
pub struct ExtractionView {
    shown: Shown,
    result: ResultView,
}

#[derive(Default)]
enum Shown {
    #[default]
    Nothing,
    /// What is wanted.
    Form(Box<Form>),
    /// The extraction that was asked for last.
    Extraction,
}

impl ExtractionView {
    pub fn is_open(&self) -> bool {
        !matches!(self.shown, Shown::Nothing)
    }

    /// Asks how an adapter is to be extracted from a model.
    pub fn ask(&mut self, bench: &Workbench, model: ModelId) {
        if let Some(form) = Form::new(bench, model) {
            self.shown = Shown::Form(Box::new(form));
        }
    }

    /// Shows the extraction that was asked for last.
    pub fn show(&mut self) {
        self.shown = Shown::Extraction;
    }

    pub fn close(&mut self) {
        *self = Self::default();
    }

    pub fn ui(&mut self, ctx: &Context, bench: &Workbench, actions: &mut Vec<Action>) {
        if !self.is_open() {
            return;
        }
        let all = ctx.content_rect().size() - Vec2::splat(2.0 * (space::L + space::L));
        let room = all.min(MOST);
        let small = SMALL.min(room.x);
        let mut stays = true;
        let modal = modal(ctx, "extraction", space::L).show(ctx, |ui| match &mut self.shown {
            Shown::Nothing => stays = false,
            Shown::Form(form) => {
                ui.set_width(small);
                stays = form.ui(ui, bench, actions);
            }
            Shown::Extraction => {
                let Some(extraction) = bench.extraction() else {
                    stays = false;
                    return;
                };
                match extraction.state {
                    ExtractionState::Running(job) => {
                        ui.set_width(small);
                        let title = format!("Extracting LoRA from {}", short(extraction.name));
                        let running = running_page(&title, job);
                        stays = running_ui(ui, bench, &running, actions);
                    }
                    ExtractionState::Failed(sentence) => {
                        ui.set_width(small);
                        let title = format!("No adapter of {}", short(extraction.name));
                        stays = failed_ui(ui, &title, sentence);
                    }
                    ExtractionState::Cancelled => stays = false,
                    ExtractionState::Done(report) => {
                        ui.set_min_size(room);
                        ui.set_max_size(room);
                        stays = self.result.ui(ui, bench, extraction.name, report, actions);
                    }
                }
            }
        });
        let escaped = modal.should_close() && !modal.backdrop_response.clicked();
        if !stays || escaped {
            self.close();
        }
    }
}

fn running_page(title: &str, job: JobId) -> Running<'_> {
    Running {
        title,
        about: "The nearest product of two factors is sought for the change of each matrix",
        name: "Extracting",
        job,
        then: AMONG_COMMANDS,
    }
}

fn short(name: &str) -> String {
    format::elide_middle(name, 30)
}
