//! The recipe that was found, how much of the model it makes, and what can be done with it.

use eframe::egui::{Align, Grid, Label, Layout, RichText, ScrollArea, Ui};

use crate::checkpoint::Kind;
use crate::kinship::table::kind_words;
use crate::origin::proof::{Extent, FileState, Proof, Score, Verified, words};
use crate::ui::action::{Action, ProofAction};
use crate::ui::ext::UiExt;
use crate::ui::format;
use crate::ui::theme::{self, space};
use crate::ui::widgets::primary_button;
use crate::ui::windows::job::title_ui;
use crate::workbench::Workbench;
use crate::workbench::proving::ProofRun;

/// The page of a proof; says whether it stays open.
pub(super) fn proof_ui(
    ui: &mut Ui,
    bench: &Workbench,
    (run, proof): (&ProofRun<'_>, &Proof),
    room: f32,
    actions: &mut Vec<Action>,
) -> bool {
    title_ui(
        ui,
        &format!("How {} was made", format::elide_middle(run.name, 40)),
    );
    ui.add(Label::new(&proof.sentence).wrap());
    let Some(claim) = &proof.claim else {
        ui.add_space(space::M);
        return buttons_ui(ui, run, actions, |_, _| {});
    };
    ui.add_space(space::S);
    kinds_ui(ui, &proof.score);
    ui.add_space(space::S);
    let text = RichText::new(claim.yaml.trim_end()).monospace();
    ScrollArea::vertical()
        .max_height((room - 400.0).clamp(60.0, 300.0))
        .show(ui, |ui| ui.add(Label::new(text).wrap().selectable(true)));
    ui.add_space(space::M);
    let is_recorded = bench.is_proof_recorded();
    buttons_ui(ui, run, actions, |ui, actions| {
        if ui.button("Open on the canvas").clicked() {
            actions.push(ProofAction::OpenRecipe.into());
        }
        ui.add_enabled_ui(!is_recorded, |ui| {
            let button = ui.button("Record as its recipe");
            let button = button.on_disabled_hover_text("It is the recipe in the record");
            if button.clicked() {
                actions.push(ProofAction::Record.into());
            }
        });
    })
}

/// What is said of a merge by its own header; says whether the page stays open.
pub(super) fn verified_ui(
    ui: &mut Ui,
    (run, verified): (&ProofRun<'_>, &Verified),
    room: f32,
    actions: &mut Vec<Action>,
) -> bool {
    let title = if verified.holds {
        "Verified"
    } else {
        "Not as its record says"
    };
    let name = format::elide_middle(run.name, 40);
    title_ui(ui, &format!("{title}: {name}"));
    ui.add(Label::new(&verified.sentence).wrap());
    ui.add_space(space::S);
    ScrollArea::vertical()
        .max_height((room - 420.0).clamp(60.0, 240.0))
        .show(ui, |ui| {
            let grid = Grid::new("parents")
                .num_columns(3)
                .spacing([space::L, space::XS]);
            grid.show(ui, |ui| {
                for parent in &verified.parents {
                    for (file, state) in &parent.files {
                        ui.label(format::elide_middle(&parent.model, 40));
                        ui.weak(file);
                        ui.label(match state {
                            FileState::Same => "as it was merged",
                            FileState::SameVersion => "the version that was merged",
                            FileState::Changed => "another file",
                            FileState::Missing => "missing",
                            FileState::Elsewhere => "in another place, not compared",
                        });
                        ui.end_row();
                    }
                }
            });
        });
    if let Some(score) = &verified.score {
        ui.add_space(space::S);
        kinds_ui(ui, score);
    }
    ui.add_space(space::M);
    buttons_ui(ui, run, actions, |_, _| {})
}

/// How much is the same, kind by kind.
fn kinds_ui(ui: &mut Ui, score: &Score) {
    let grid = Grid::new("kinds")
        .num_columns(5)
        .spacing([space::L, space::XS]);
    grid.show(ui, |ui| {
        for head in [
            "Kind",
            "Tensors",
            "Size",
            "Equal bytes",
            "Largest difference",
        ] {
            ui.label(theme::strong(head));
        }
        ui.end_row();
        for kind in Kind::ALL {
            let Some(own) = score.kinds.get(&kind) else {
                continue;
            };
            ui.label(kind_words(kind));
            let cells = [
                own.tensors.to_string(),
                format::bytes(own.bytes),
                words::percent(own.share()),
            ];
            for cell in cells {
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.label(cell));
            }
            // The last column would reach to the window's edge.
            ui.label(difference(own.largest));
            ui.end_row();
        }
    });
}

fn difference(largest: f64) -> String {
    match largest {
        0.0 => "none".to_owned(),
        largest if largest.is_finite() => format!("{largest:.1e}"),
        _ => "not finite".to_owned(),
    }
}

/// The ways on; says whether the page stays open.
fn buttons_ui(
    ui: &mut Ui,
    run: &ProofRun<'_>,
    actions: &mut Vec<Action>,
    own: impl FnOnce(&mut Ui, &mut Vec<Action>),
) -> bool {
    let mut stays = true;
    ui.horizontal_wrapped(|ui| {
        stays = !primary_button(ui, "Close").clicked();
        own(ui, actions);
        if run.request.extent() == Extent::Sample {
            let all = ui.button("On all tensors");
            if all
                .on_hover_text("A sample of tensors was compared")
                .clicked()
            {
                actions.push(ProofAction::Start(Box::new(run.request.of_all())).into());
            }
        } else {
            ui.quiet("All tensors were compared");
        }
    });
    stays
}
