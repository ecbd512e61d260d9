//! Of which models a model was made, over the window: the shares, why that is believed, how they
//! go over the layers, a closer look at the weights, and the way into the record.

mod asked;
mod chart;
mod export;
mod shares;

use eframe::egui::{Align, Context, Label, Layout, ScrollArea, Ui, Vec2, vec2};
use egui_phosphor::regular as icon;

use self::asked::Asked;
use self::chart::Chart;
use super::job::job_ui;
use super::number::number_ui;
use crate::origin::ancestry::{Verdict, Why, words};
use crate::study::{Command, ModelEdit, ModelId};
use crate::ui::action::{Action, AncestryAction, ProofAction};
use crate::ui::ext::modal;
use crate::ui::format;
use crate::ui::theme::{self, size, space};
use crate::ui::widgets::{icon_button, primary_button};
use crate::workbench::Workbench;
use crate::workbench::ancestry::{Ancestry, AncestryRequest, CloserLook};

/// The page at its largest.
const MOST: Vec2 = vec2(760.0, 820.0);

#[derive(Default)]
pub struct AncestryView {
    shown: Option<Shown>,
}

struct Shown {
    asked: Asked,
    chart: Chart,
    /// What the sums tell, with what was asked and of which measurement.
    known: Option<(AncestryRequest, Option<u64>, Option<Ancestry>)>,
}

impl AncestryView {
    pub fn is_open(&self) -> bool {
        self.shown.is_some()
    }

    /// Shows the ancestry of a model.
    pub fn show(&mut self, bench: &Workbench, model: ModelId) {
        self.shown = Some(Shown {
            asked: Asked::new(bench, model),
            chart: Chart::default(),
            known: None,
        });
    }

    pub fn close(&mut self) {
        self.shown = None;
    }

    pub fn ui(&mut self, ctx: &Context, bench: &Workbench, actions: &mut Vec<Action>) {
        let Some(shown) = &mut self.shown else {
            return;
        };
        let all = ctx.content_rect().size() - Vec2::splat(2.0 * (space::L + space::L));
        let room = all.min(MOST);
        let mut stays = true;
        let modal = modal(ctx, "ancestry", space::L).show(ctx, |ui| {
            ui.set_width(room.x);
            ui.set_max_height(room.y);
            stays = shown.ui(ui, bench, actions);
        });
        let escaped = modal.should_close() && !modal.backdrop_response.clicked();
        if !stays || escaped {
            self.close();
        }
    }
}

impl Shown {
    /// Says whether it stays open.
    fn ui(&mut self, ui: &mut Ui, bench: &Workbench, actions: &mut Vec<Action>) -> bool {
        let doc = bench.study().doc();
        let child = self.asked.child();
        let Some(model) = doc.model(child) else {
            return false;
        };
        let mut stays = true;
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                stays = !icon_button(ui, icon::X, "Close the ancestry").clicked();
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let name = format::elide_middle(&model.name, 44);
                    ui.label(theme::strong(format!("Ancestry of {name}")).size(size::HEADING));
                });
            });
        });
        let base = model.base.map_or("", |base| doc.name_of(base));
        ui.weak(format!(
            "Which of the models measured on {base} it was made from"
        ));
        ui.add_space(space::S);
        let request = self.asked.request(bench);
        self.keep(bench, &request);
        let first = self.known.as_ref().and_then(|known| known.2.as_ref());
        let closer = bench.closer_look(&request);
        let found = match &closer {
            Some(CloserLook::Done(found)) => Some(*found),
            _ => first,
        };
        let room = (ui.available_height() - FOOT).max(120.0);
        ScrollArea::vertical()
            .id_salt("ancestry")
            .max_height(room)
            .auto_shrink([false, true])
            .show(ui, |ui| {
                ui.set_max_width(ui.available_width() - space::M);
                match found {
                    Some(found) => answer_ui(ui, bench, &request, found, &mut self.chart),
                    None => nothing_ui(ui, &request),
                }
                self.asked.ui(ui, bench);
            });
        ui.add_space(space::S);
        ui.separator();
        if let Some(CloserLook::Failed(sentence)) = closer {
            ui.add(Label::new(crate::text::sentence_case(sentence)).wrap());
        }
        if let Some(CloserLook::Running(job)) = closer {
            let then = "Ancestry… shows what the weights tell";
            return job_ui(ui, bench, ("Looking at the weights", job), then, actions) && stays;
        }
        if let Some(found) = found {
            foot_ui(ui, bench, &request, found, actions);
        }
        stays
    }

    /// Works out what the sums tell where the question or the measurement has changed.
    fn keep(&mut self, bench: &Workbench, request: &AncestryRequest) {
        let revision = bench.ancestry_revision(request.child);
        let holds = |(own, of, _): &(AncestryRequest, Option<u64>, Option<Ancestry>)| {
            own == request && *of == revision
        };
        if !self.known.as_ref().is_some_and(holds) {
            let found = (!request.candidates.is_empty()).then(|| bench.ancestry(request));
            self.known = Some((request.clone(), revision, found.flatten()));
        }
    }
}

/// The height of what stands below the answer.
const FOOT: f32 = 64.0;

fn nothing_ui(ui: &mut Ui, request: &AncestryRequest) {
    ui.label(if request.candidates.is_empty() {
        "Choose who may be a parent"
    } else {
        "The measurement does not hold any more: measure the family again"
    });
    ui.add_space(space::S);
}

fn answer_ui(
    ui: &mut Ui,
    bench: &Workbench,
    request: &AncestryRequest,
    found: &Ancestry,
    chart: &mut Chart,
) {
    let doc = bench.study().doc();
    let names: Vec<String> = request
        .candidates
        .iter()
        .map(|id| doc.name_of(*id).to_owned())
        .collect();
    let answer = &found.answer;
    shares::shares_ui(ui, answer, &names);
    ui.add_space(space::S);
    let sentence = words::sentence(answer, doc.name_of(request.child), &names);
    // As it is: it may begin with the name of a model.
    ui.add(Label::new(sentence).wrap());
    ui.add_space(space::S);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::XXL;
        let verdict = verdict_words(answer.verdict);
        number_ui(
            ui,
            verdict,
            "is the verdict",
            "What the weights say of how it was made",
        );
        number_ui(
            ui,
            &format::share(answer.residual),
            "of the change is left",
            "The length of what the shares leave of the task vector, as a share of its length",
        );
        number_ui(
            ui,
            &format::share(answer.rounding),
            "is what rounding leaves",
            "What rounding the model to its number format leaves by itself, as expected",
        );
    });
    ui.add_space(space::S);
    if !answer.parts.is_empty() {
        let names: Vec<&str> = answer
            .parts
            .iter()
            .map(|p| names[p.candidate].as_str())
            .collect();
        chart.ui(ui, found, &names);
    }
}

fn verdict_words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Linear => "Weighted sum",
        Verdict::Trimmed => "Trimmed",
        Verdict::Dropped => "Dropped at random",
        Verdict::FineTune => "Fine-tune",
        Verdict::ParentMissing => "Parent missing",
        Verdict::CannotTell => "Cannot tell",
    }
}

fn foot_ui(
    ui: &mut Ui,
    bench: &Workbench,
    request: &AncestryRequest,
    found: &Ancestry,
    actions: &mut Vec<Action>,
) {
    ui.horizontal_wrapped(|ui| {
        if found.answer.why == Why::NotLookedAt {
            let objection = bench.closer_objection(request);
            ui.add_enabled_ui(objection.is_none(), |ui| {
                let button = primary_button(ui, "Look closer");
                let button = button.on_disabled_hover_text(objection.unwrap_or_default());
                let help =
                    "Look at a sample of the weights: are whole changes of a candidate in it?";
                if button.on_hover_text(help).clicked() {
                    actions.push(AncestryAction::LookCloser(request.clone()).into());
                }
            });
        }
        record_ui(ui, bench, request, found, actions);
        prove_ui(ui, bench, request, found, actions);
        export::export_ui(ui, bench, request, found, actions);
    });
}

/// The button that asks for the recipe with the parents that were found, or with all that were
/// asked about where none were.
fn prove_ui(
    ui: &mut Ui,
    bench: &Workbench,
    request: &AncestryRequest,
    found: &Ancestry,
    actions: &mut Vec<Action>,
) {
    let objection = bench.prove_objection(request.child);
    let parts = found.answer.parts.iter();
    let found: Vec<ModelId> = parts
        .map(|part| request.candidates[part.candidate])
        .collect();
    let parents = if found.is_empty() {
        request.candidates.clone()
    } else {
        found
    };
    ui.add_enabled_ui(objection.is_none(), |ui| {
        let button = ui.button("Prove…");
        let button = button.on_disabled_hover_text(objection.unwrap_or_default());
        let help = "Find the recipe that makes its bytes again";
        if button.on_hover_text(help).clicked() {
            actions.push(ProofAction::AskWith(request.child, parents).into());
        }
    });
}

/// The button that takes the answer into the record.
fn record_ui(
    ui: &mut Ui,
    bench: &Workbench,
    request: &AncestryRequest,
    found: &Ancestry,
    actions: &mut Vec<Action>,
) {
    let is_sure = !matches!(
        found.answer.verdict,
        Verdict::CannotTell | Verdict::ParentMissing
    );
    let parts = found.answer.parts.iter();
    let parents: Vec<ModelId> = parts
        .map(|part| request.candidates[part.candidate])
        .collect();
    if !is_sure || parents.is_empty() {
        return;
    }
    let own = bench.study().doc().model(request.child);
    if own.is_some_and(|model| is_same(&model.parents, &parents)) {
        ui.weak("These parents are in the record");
        return;
    }
    let title = match parents.len() {
        1 => "Record as its parent",
        _ => "Record as a merge",
    };
    let help = "Write these parents into the record; undo takes it back";
    if ui.button(title).on_hover_text(help).clicked() {
        let edit = ModelEdit::SetParents(request.child, parents);
        actions.push(Command::Model(edit).into());
    }
}

fn is_same(a: &[ModelId], b: &[ModelId]) -> bool {
    a.len() == b.len() && a.iter().all(|id| b.contains(id))
}
