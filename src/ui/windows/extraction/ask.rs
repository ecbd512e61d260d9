//! How an adapter is to be extracted: over which base, at which rank, of which modules; beside it
//! what that would take, from the headers alone.

use eframe::egui::{DragValue, Grid, Label, RichText, Ui, WidgetType};

use crate::extract::{Plan, Work};
use crate::study::ModelId;
use crate::ui::action::{Action, ExtractAction};
use crate::ui::ext::{ResponseExt, UiExt, quiet};
use crate::ui::format;
use crate::ui::theme::{Tokens, size, space};
use crate::ui::widgets::{Choice, choice, fold_toggle, primary_button, segmented, text_field};
use crate::ui::windows::job::title_ui;
use crate::workbench::Workbench;
use crate::workbench::extracting::{ExtractGoal, ExtractRequest};

/// What the form begins with: small enough to be quick, large enough for most fine-tunes.
const RANK: usize = 64;
const ENERGY: f64 = 0.95;
const MOST_RANK: usize = 4096;

/// What is wanted, as far as it was said.
pub(super) struct Form {
    request: ExtractRequest,
    by: By,
    rank: usize,
    /// In percent.
    energy: f64,
    has_options: bool,
    /// The last request with what it would take.
    planned: Option<(ExtractRequest, Result<Cost, String>)>,
}

/// How ranks are found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Rank,
    Energy,
}

/// What an extraction would take and make.
struct Cost {
    factors: usize,
    whole: usize,
    left_out: usize,
    bytes: u64,
    notes: Vec<String>,
}

impl Cost {
    fn new(plan: &Plan) -> Self {
        let count = |is: fn(&Work) -> bool| plan.modules.iter().filter(|m| is(&m.work)).count();
        Self {
            factors: count(|work| matches!(work, Work::Factors { .. })),
            whole: count(|work| matches!(work, Work::Whole(_))),
            left_out: count(|work| matches!(work, Work::LeftOut(_))),
            bytes: plan.bytes_written(),
            notes: plan.notes.clone(),
        }
    }
}

impl Form {
    /// The form for a model; `None` if nothing can be extracted from it.
    pub(super) fn new(bench: &Workbench, model: ModelId) -> Option<Self> {
        let base = *bench.extract_bases(model).first()?;
        Some(Self {
            request: ExtractRequest {
                model,
                base,
                goal: ExtractGoal::Rank(RANK),
                embed_lora: false,
                skip_undecomposable: false,
                rslora: false,
                include: String::new(),
                exclude: String::new(),
            },
            by: By::Rank,
            rank: RANK,
            energy: 100.0 * ENERGY,
            has_options: false,
            planned: None,
        })
    }

    /// Says whether it stays open.
    pub(super) fn ui(&mut self, ui: &mut Ui, bench: &Workbench, actions: &mut Vec<Action>) -> bool {
        let name = bench.study().doc().name_of(self.request.model);
        title_ui(
            ui,
            &format!("Extract LoRA from {}", format::elide_middle(name, 30)),
        );
        ui.weak("What the model has changed in its base, as an adapter for PEFT");
        ui.add_space(space::S);
        let grid = Grid::new("extraction").num_columns(2);
        grid.spacing([space::L, space::S]).show(ui, |ui| {
            self.base_ui(ui, bench);
            self.goal_ui(ui);
        });
        ui.add_space(space::XS);
        ui.horizontal(|ui| {
            fold_toggle(ui, "More options", &mut self.has_options);
            ui.weak("More options");
        });
        if self.has_options {
            self.options_ui(ui);
        }
        ui.add_space(space::S);
        self.request.goal = match self.by {
            By::Rank => ExtractGoal::Rank(self.rank),
            By::Energy => ExtractGoal::Energy(self.energy / 100.0),
        };
        let can = self.cost_ui(ui, bench);
        ui.add_space(space::M);
        let mut stays = true;
        ui.horizontal(|ui| {
            ui.add_enabled_ui(can, |ui| {
                if primary_button(ui, "Extract…").clicked() {
                    let request = Box::new(self.request.clone());
                    actions.push(Action::Extract(ExtractAction::AskWhere(request)));
                    stays = false;
                }
            });
            stays &= !ui.button("Cancel").clicked();
        });
        stays
    }

    fn base_ui(&mut self, ui: &mut Ui, bench: &Workbench) {
        let doc = bench.study().doc();
        ui.weak("Over");
        let bases = bench.extract_bases(self.request.model);
        let options: Vec<Choice<'_, ModelId>> = bases
            .iter()
            .map(|id| Choice::new(*id, doc.name_of(*id), ""))
            .collect();
        if let Some(new) = choice(ui, "Base", self.request.base, &options) {
            self.request.base = new;
        }
        ui.end_row();
    }

    fn goal_ui(&mut self, ui: &mut Ui) {
        ui.weak("Keep");
        let options = [(By::Rank, "A rank"), (By::Energy, "A share of the change")];
        segmented(ui, "How ranks are found", &mut self.by, &options);
        ui.end_row();
        ui.label("");
        ui.horizontal(|ui| match self.by {
            By::Rank => {
                let field = DragValue::new(&mut self.rank).range(1..=MOST_RANK);
                ui.add(field).named(WidgetType::DragValue, "Largest rank");
                ui.quiet("for every module");
            }
            By::Energy => {
                let field = DragValue::new(&mut self.energy).range(1.0..=100.0);
                let field = field.speed(0.2).max_decimals(2).suffix(" %");
                ui.add(field).named(WidgetType::DragValue, "Share kept");
                ui.quiet("of ‖Δ‖² of each module, at its smallest rank");
            }
        });
        ui.end_row();
    }

    fn options_ui(&mut self, ui: &mut Ui) {
        let request = &mut self.request;
        let words = "Factors for embedding and head too";
        ui.checkbox(&mut request.embed_lora, words)
            .on_hover_text("They are saved whole otherwise, which takes most of the adapter");
        let words = "Leave out norms and other vectors";
        ui.checkbox(&mut request.skip_undecomposable, words)
            .on_hover_text("They are saved whole otherwise; they are small");
        ui.checkbox(&mut request.rslora, "Rank-stabilised scale")
            .on_hover_text("α/√r in the place of α/r; the change is the same");
        ui.add_space(space::XS);
        let grid = Grid::new("modules").num_columns(2);
        grid.spacing([space::L, space::XS]).show(ui, |ui| {
            let fields = [
                ("Only modules", "such as self_attn", &mut request.include),
                (
                    "Without modules",
                    "such as mlp|lm_head",
                    &mut request.exclude,
                ),
            ];
            for (name, hint, text) in fields {
                ui.weak(name);
                text_field(ui, name, hint, text, 220.0);
                ui.end_row();
            }
        });
    }

    /// What it would take; says whether it can be done.
    fn cost_ui(&mut self, ui: &mut Ui, bench: &Workbench) -> bool {
        let is_known = self
            .planned
            .as_ref()
            .is_some_and(|(of, _)| *of == self.request);
        if !is_known {
            let cost = bench.plan_extraction(&self.request);
            let cost = cost.map(|plan| Cost::new(&plan));
            self.planned = Some((self.request.clone(), cost));
        }
        match self.planned.as_ref().map(|(_, cost)| cost) {
            Some(Ok(cost)) => {
                let parts = format!(
                    "{} with factors, {} whole, {} left out",
                    format::counted(cost.factors, "module"),
                    cost.whole,
                    cost.left_out
                );
                let at_most = format!("{} at most", format::bytes(cost.bytes));
                ui.label(format!("{at_most}: {parts}"));
                for note in &cost.notes {
                    ui.add(Label::new(quiet(crate::text::sentence_case(note))).wrap());
                }
                true
            }
            Some(Err(sentence)) => {
                let ink = Tokens::of(ui).error;
                let text = RichText::new(crate::text::sentence_case(sentence));
                ui.add(Label::new(text.size(size::SMALL).color(ink)).wrap());
                false
            }
            None => false,
        }
    }
}
