//! How a model was made, over the window: first what is known, then the job, then the recipe that
//! makes its bytes again.

mod ask;
mod result;

use eframe::egui::{Context, Vec2};

use self::ask::Form;
use super::job::{AMONG_COMMANDS, Running, failed_ui, running_ui};
use crate::jobs::JobId;
use crate::study::ModelId;
use crate::ui::action::Action;
use crate::ui::ext::modal;
use crate::ui::format;
use crate::ui::theme::space;
use crate::workbench::Workbench;
use crate::workbench::proving::ProofState;

/// The width of the result, and of everything else.
const WIDE: f32 = 720.0;
const SMALL: f32 = 480.0;

#[derive(Default)]
pub struct ProofView {
    shown: Shown,
}

#[derive(Default)]
enum Shown {
    #[default]
    Nothing,
    /// What is known.
    Form(Box<Form>),
    /// The proof that was asked for last.
    Proof,
}

impl ProofView {
    pub fn is_open(&self) -> bool {
        !matches!(self.shown, Shown::Nothing)
    }

    /// Asks what is known of a model's making: its parents as recorded, or those that are given.
    pub fn ask(&mut self, bench: &Workbench, child: ModelId, parents: Option<&[ModelId]>) {
        if let Some(form) = Form::new(bench, child, parents) {
            self.shown = Shown::Form(Box::new(form));
        }
    }

    /// Shows the proof that was asked for last.
    pub fn show(&mut self) {
        self.shown = Shown::Proof;
    }

    pub fn close(&mut self) {
        *self = Self::default();
    }

    pub fn ui(&mut self, ctx: &Context, bench: &Workbench, actions: &mut Vec<Action>) {
        if !self.is_open() {
            return;
        }
        let room = ctx.content_rect().size() - Vec2::splat(4.0 * space::L);
        let (wide, small) = (WIDE.min(room.x), SMALL.min(room.x));
        let mut stays = true;
        let modal = modal(ctx, "proof", space::L).show(ctx, |ui| match &mut self.shown {
            Shown::Nothing => stays = false,
            Shown::Form(form) => {
                ui.set_width(small);
                stays = form.ui(ui, bench, room.y, actions);
            }
            Shown::Proof => {
                let Some(run) = bench.proof() else {
                    stays = false;
                    return;
                };
                match run.state {
                    ProofState::Running(job) => {
                        ui.set_width(small);
                        let title = format!("How {} was made", short(run.name));
                        let running = running_page(&title, job);
                        stays = running_ui(ui, bench, &running, actions);
                    }
                    ProofState::Failed(sentence) => {
                        ui.set_width(small);
                        let title = format!("No proof for {}", short(run.name));
                        stays = failed_ui(ui, &title, sentence);
                    }
                    ProofState::Cancelled => stays = false,
                    ProofState::Proved(proof) => {
                        ui.set_width(wide);
                        stays = result::proof_ui(ui, bench, (&run, &**proof), room.y, actions);
                    }
                    ProofState::Verified(verified) => {
                        ui.set_width(wide);
                        stays = result::verified_ui(ui, (&run, &**verified), room.y, actions);
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
        about: "Recipes are fitted to the weights, run again and compared byte by byte",
        name: "Proving",
        job,
        then: AMONG_COMMANDS,
    }
}

fn short(name: &str) -> String {
    format::elide_middle(name, 30)
}
