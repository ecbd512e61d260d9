//! The window that gives a model another model's tokenizer: whose, by which method, what would
//! come of it, and in the end what did.

mod report;

use eframe::egui::{Context, DragValue, Label, RichText, Ui, WidgetType};

use super::job::job_ui;
use crate::jobs::JobId;
use crate::study::ModelId;
use crate::transplant::{Matrices, Method, Report};
use crate::ui::action::{Action, ModelsAction};
use crate::ui::ext::{ResponseExt, modal};
use crate::ui::format;
use crate::ui::theme::{self, Tokens, size, space};
use crate::ui::widgets::{Choice, choice, primary_button};
use crate::workbench::Workbench;
use crate::workbench::transplanting::{TransplantRequest, TransplantState};

const WIDTH: f32 = 560.0;
/// Where the controls begin, beside their names.
const NAMES: f32 = 150.0;
/// More than any vocabulary shares.
const MOST_K: usize = 4096;

#[derive(Default)]
pub struct TransplantView {
    /// What is asked for, while the window is open.
    request: Option<TransplantRequest>,
}

impl TransplantView {
    pub fn is_open(&self) -> bool {
        self.request.is_some()
    }

    /// Opens it for a model, with the first other model whose files are there as the donor.
    pub fn open(&mut self, bench: &Workbench, model: ModelId) {
        let first = donors(bench, model).next();
        self.request = first.map(|donor| TransplantRequest {
            model,
            donor,
            method: Method::Omp,
            k: 64,
            prefix_match: Matrices::NONE,
            byte_match: Matrices::NONE,
        });
    }

    pub fn close(&mut self) {
        self.request = None;
    }

    /// What is to be looked at before it is done.
    pub fn wanted(&self) -> Option<TransplantRequest> {
        self.request
    }

    pub fn ui(&mut self, ctx: &Context, bench: &Workbench, actions: &mut Vec<Action>) {
        let Some(request) = &mut self.request else {
            return;
        };
        let mut stays = true;
        let modal = modal(ctx, "transplant", space::L).show(ctx, |ui| {
            ui.set_width(WIDTH.min(ctx.content_rect().width() - 4.0 * space::L));
            let name = format::elide_middle(bench.study().doc().name_of(request.model), 36);
            let title = format!("Transplant a tokenizer to {name}");
            ui.label(theme::strong(title).size(size::HEADING));
            ui.add_space(space::XS);
            stays = match bench.transplant_state() {
                None | Some(TransplantState::Cancelled) => ask_ui(ui, bench, request, actions),
                Some(TransplantState::Running(job)) => running_ui(ui, bench, job, actions),
                Some(TransplantState::Done(report)) => report::done_ui(ui, report, actions),
                Some(TransplantState::Failed(sentence)) => {
                    trouble_ui(ui, sentence);
                    ask_ui(ui, bench, request, actions)
                }
            };
        });
        // A click beside the window must not throw away what was chosen.
        let escaped = modal.should_close() && !modal.backdrop_response.clicked();
        if !stays || escaped {
            self.close();
        }
    }
}

/// Models that can give their tokenizer to another.
pub fn donors(bench: &Workbench, model: ModelId) -> impl Iterator<Item = ModelId> {
    let models = bench.study().doc().models.iter().map(|own| own.id);
    models.filter(move |id| *id != model && bench.transplant_objection(*id).is_none())
}

fn ask_ui(
    ui: &mut Ui,
    bench: &Workbench,
    request: &mut TransplantRequest,
    actions: &mut Vec<Action>,
) -> bool {
    ui.add(
        Label::new(RichText::new(
            "Tokens that both have keep the model's rows of the embedding and the head; the \
             others get new ones. All other weights stay as they are.",
        ))
        .wrap(),
    );
    ui.add_space(space::S);
    controls_ui(ui, bench, request);
    ui.add_space(space::S);
    ui.separator();
    let preview = bench.transplant_preview(request);
    match &preview {
        None => {
            ui.weak("Matching tokens…");
        }
        Some(Ok(report)) => report::counts_ui(ui, report),
        Some(Err(sentence)) => trouble_ui(ui, sentence),
    }
    ui.add_space(space::S);
    buttons_ui(ui, preview, request, actions)
}

fn controls_ui(ui: &mut Ui, bench: &Workbench, request: &mut TransplantRequest) {
    let doc = bench.study().doc();
    let donors: Vec<(ModelId, String)> = donors(bench, request.model)
        .map(|id| (id, format::elide_middle(doc.name_of(id), 40)))
        .collect();
    row_ui(ui, "Tokenizer of", |ui| {
        let option = |(id, name): &'_ (ModelId, String)| (*id, name.clone());
        let named: Vec<(ModelId, String)> = donors.iter().map(option).collect();
        let options: Vec<Choice<'_, ModelId>> = named
            .iter()
            .map(|(id, name)| Choice::new(*id, name, ""))
            .collect();
        if let Some(donor) = choice(ui, "Tokenizer of", request.donor, &options) {
            request.donor = donor;
        }
    });
    row_ui(ui, "New rows", |ui| {
        let methods = Method::ALL.into_iter();
        let options: Vec<Choice<'_, Method>> = methods
            .map(|(method, ..)| Choice::new(method, method.title(), method.help()))
            .collect();
        if let Some(method) = choice(ui, "How new rows are made", request.method, &options) {
            request.method = method;
        }
    });
    if request.method == Method::Omp {
        row_ui(ui, "Shared tokens", |ui| {
            let value = DragValue::new(&mut request.k).range(1..=MOST_K).speed(0.5);
            let response = ui.add(value);
            response.named(WidgetType::DragValue, "Shared tokens that make a new row");
            response.on_hover_text("More of them come nearer to the donor's row and take longer");
            ui.weak("make each new row");
        });
    }
    for (title, help, which) in [
        (
            "Match bytes",
            "A token that is one byte takes the row of that byte in another spelling, such as \
             <0x0A>",
            &mut request.byte_match,
        ),
        (
            "Match beginnings",
            "A token takes the row of the longest token that it begins with, if there is one",
            &mut request.prefix_match,
        ),
    ] {
        row_ui(ui, title, |ui| {
            let options = [
                Choice::new(Matrices::NONE, "Off", help),
                Choice::new(Matrices::BOTH, "Embedding and head", help),
                Choice::new(EMBEDDING, "Embedding only", help),
                Choice::new(HEAD, "Head only", help),
            ];
            if let Some(new) = choice(ui, title, *which, &options) {
                *which = new;
            }
        });
    }
}

const EMBEDDING: Matrices = Matrices {
    embedding: true,
    head: false,
};
const HEAD: Matrices = Matrices {
    embedding: false,
    head: true,
};

fn row_ui(ui: &mut Ui, name: &str, content: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        let left = ui.cursor().left();
        ui.label(name);
        ui.add_space((left + NAMES - ui.cursor().left()).max(0.0));
        content(ui);
    });
}

fn buttons_ui(
    ui: &mut Ui,
    preview: Option<Result<&Report, &str>>,
    request: &TransplantRequest,
    actions: &mut Vec<Action>,
) -> bool {
    let mut stays = true;
    ui.horizontal(|ui| {
        let is_ready = matches!(preview, Some(Ok(_)));
        let button = ui.add_enabled_ui(is_ready, |ui| primary_button(ui, "Write…"));
        let why_not = match preview {
            Some(Err(sentence)) => crate::text::sentence_case(sentence),
            _ => "The tokens are being matched".to_owned(),
        };
        if button.inner.on_disabled_hover_text(why_not).clicked() {
            let ask = ModelsAction::AskWhereToTransplant(*request);
            actions.push(Action::Models(ask));
        }
        stays = !ui.button("Cancel").clicked();
    });
    stays
}

fn running_ui(ui: &mut Ui, bench: &Workbench, job: JobId, actions: &mut Vec<Action>) -> bool {
    let then = "The model is in the study when it is written";
    job_ui(ui, bench, ("Transplanting", job), then, actions)
}

fn trouble_ui(ui: &mut Ui, sentence: &str) {
    let ink = Tokens::of(ui).error;
    let words = RichText::new(crate::text::sentence_case(sentence)).color(ink);
    ui.add(Label::new(words).wrap());
}
