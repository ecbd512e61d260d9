//! Whether two models are related at all, over the window: first the job, then the verdict with
//! its p-value, how the two differ, and the tests it rests on.

use eframe::egui::{Context, Grid, Label, Ui, Vec2};

use super::job::{AMONG_COMMANDS, Running, failed_ui, running_ui, title_ui};
use super::number::number_ui;
use crate::origin::related::{RELATED, Related, Verdict, show_p};
use crate::ui::action::Action;
use crate::ui::ext::{UiExt, modal};
use crate::ui::format;
use crate::ui::theme::{self, space};
use crate::ui::widgets::primary_button;
use crate::workbench::Workbench;
use crate::workbench::relating::{RelationState, sentences, title};

/// The width of the window, in points.
const WIDTH: f32 = 560.0;
/// What stands above and below the list of the answer, in points.
const ABOVE_AND_BELOW: f32 = 230.0;

#[derive(Default)]
pub struct RelationView {
    is_open: bool,
}

impl RelationView {
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// Shows what was asked last.
    pub fn show(&mut self) {
        self.is_open = true;
    }

    pub fn close(&mut self) {
        self.is_open = false;
    }

    pub fn ui(&mut self, ctx: &Context, bench: &Workbench, actions: &mut Vec<Action>) {
        if !self.is_open {
            return;
        }
        let Some(relation) = bench.relation() else {
            return self.close();
        };
        let [a, b] = relation
            .names
            .each_ref()
            .map(|name| format::elide_middle(name, 24));
        let room = ctx.content_rect().size() - Vec2::splat(4.0 * space::L);
        let mut stays = true;
        let modal = modal(ctx, "relation", space::L).show(ctx, |ui| {
            ui.set_width(WIDTH.min(room.x));
            ui.set_max_height(room.y);
            stays = match relation.state {
                RelationState::Running(job) => {
                    let running = Running {
                        title: &format!("Are {a} and {b} related?"),
                        about: "A sample of the weights of every layer is compared",
                        name: "Comparing",
                        job,
                        then: AMONG_COMMANDS,
                    };
                    running_ui(ui, bench, &running, actions)
                }
                RelationState::Found(found) => found_ui(ui, found, relation.names, room.y, actions),
                RelationState::Failed(sentence) => {
                    failed_ui(ui, &format!("No answer for {a} and {b}"), sentence)
                }
                RelationState::Cancelled => false,
            };
        });
        let escaped = modal.should_close() && !modal.backdrop_response.clicked();
        if !stays || escaped {
            self.close();
        }
    }
}

/// The answer; says whether the window stays open.
fn found_ui(
    ui: &mut Ui,
    found: &Related,
    names: &[String; 2],
    room: f32,
    actions: &mut Vec<Action>,
) -> bool {
    let [a, b] = names.each_ref().map(|name| format::elide_middle(name, 24));
    title_ui(ui, &format!("Are {a} and {b} related?"));
    ui.add(Label::new(meaning(found.verdict)).wrap());
    ui.add_space(space::S);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::XXL;
        number_ui(
            ui,
            found.verdict.title(),
            "is the verdict",
            meaning(found.verdict),
        );
        let p = format!("p {}", show_p(found.p));
        let help = format!(
            "How likely independently trained models agree as much; below {RELATED} they are \
             related"
        );
        number_ui(ui, &p, "if trained independently", &help);
        let help = "Mean similarity of the weights by layer (unbiased linear CKA): about 0 for \
                    unrelated models, 1 for equal ones";
        number_ui(ui, &format::kinship(found.cka), "mean CKA", help);
    });
    ui.add_space(space::S);
    let said = sentences(found, names);
    ui.scrolled("relation", (room - ABOVE_AND_BELOW).max(80.0), |ui| {
        // The scroll bar floats; nothing lies under it.
        ui.set_max_width(ui.available_width() - space::L);
        for sentence in &said {
            ui.add(Label::new(sentence).wrap());
        }
        tests_ui(ui, found);
    });
    ui.add_space(space::M);
    let mut stays = true;
    ui.horizontal(|ui| {
        stays = !primary_button(ui, "Close").clicked();
        if ui.button("Copy").clicked() {
            let p = format!("p {}", show_p(found.p));
            let lines = [vec![title(found, names), p], said].concat();
            actions.push(Action::copy("Answer", lines.join("\n")));
        }
    });
    stays
}

fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Related => {
            "Their weights agree far more than models trained independently could: one descends \
             from the other, or both from the same model"
        }
        Verdict::Unrelated => {
            "What can be compared agrees no more than chance: they were trained independently"
        }
        Verdict::CannotTell => "Too little can be compared, or the result is in between",
    }
}

/// The tests behind the verdict.
fn tests_ui(ui: &mut Ui, found: &Related) {
    if found.tests.is_empty() {
        return;
    }
    ui.add_space(space::S);
    let grid = Grid::new("tests").num_columns(3);
    grid.spacing([space::L, space::XS]).show(ui, |ui| {
        for head in ["Test", "p", "Match at their place"] {
            ui.label(theme::strong(head));
        }
        ui.end_row();
        for test in &found.tests {
            ui.label(crate::text::sentence_case(test.name));
            ui.label(show_p(test.p));
            let hits = test
                .hits
                .map_or(format::UNDEFINED.to_owned(), |[hits, of]| {
                    format!("{hits} of {of}")
                });
            ui.label(hits);
            ui.end_row();
        }
    });
}
