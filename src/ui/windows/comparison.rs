//! Two models compared tensor by tensor, over the window: what they are, how far they lie apart
//! by layer, by kind and by tensor, and what else differs.

mod bars;
mod head;
mod rest;
mod table;

use std::sync::Arc;

use eframe::egui::{Context, Label, Rect, ScrollArea, Ui, UiBuilder, Vec2, vec2};
use head::Whose;
use table::{Focus, TensorTable};

use super::job::{Running, failed_ui, running_ui};
use crate::diff::Diff;
use crate::jobs::JobId;
use crate::study::ModelId;
use crate::ui::action::Action;
use crate::ui::ext::modal;
use crate::ui::theme::space;
use crate::ui::tokens::TokensLook;
use crate::ui::widgets::segmented;
use crate::workbench::Workbench;
use crate::workbench::comparing::ComparisonState;
use crate::workbench::tokens::TokensOf;

/// As large as is read at a glance; smaller where the window is.
const MOST: Vec2 = vec2(1440.0, 1040.0);
/// Below this width there is room for one of the two parts only.
const SIDE_BY_SIDE: f32 = 860.0;
/// The size of the window while there is no result.
const SMALL: f32 = 440.0;

#[derive(Default)]
pub struct ComparisonView {
    is_open: bool,
    /// The result that the rest is about.
    of: Option<Arc<Diff>>,
    table: TensorTable,
    focus: Option<Focus>,
    part: Part,
    tokens: TokensLook,
}

/// What is shown; the tensors are a part of their own only where there is no room beside them.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Weights,
    Rest,
    Tokens,
    Tensors,
}

impl ComparisonView {
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    pub fn open(&mut self) {
        self.is_open = true;
    }

    pub fn close(&mut self) {
        *self = Self::default();
    }

    pub fn ui(&mut self, ctx: &Context, bench: &Workbench, actions: &mut Vec<Action>) {
        if !self.is_open {
            return;
        }
        let Some(comparison) = bench.comparison() else {
            return self.close();
        };
        let all = ctx.content_rect().size() - Vec2::splat(2.0 * (space::L + space::L));
        let room = all.min(MOST);
        let mut stays = true;
        let modal = modal(ctx, "comparison", space::L).show(ctx, |ui| match comparison.state {
            ComparisonState::Done(diff) => {
                ui.set_min_size(room);
                ui.set_max_size(room);
                let whose = Whose::new(bench, comparison.models, diff);
                stays = self.diff_ui(ui, &whose, actions);
                self.ask_for_tokens(bench, comparison.models, actions);
            }
            ComparisonState::Running(job) => {
                ui.set_width(SMALL.min(room.x));
                let title = title(bench, comparison.models);
                stays = running_ui(ui, bench, &running_page(&title, job), actions);
            }
            ComparisonState::Failed(sentence) => {
                ui.set_width(SMALL.min(room.x));
                stays = failed_ui(ui, &title(bench, comparison.models), sentence);
            }
            ComparisonState::Cancelled => stays = false,
        });
        let escaped = modal.should_close() && !modal.backdrop_response.clicked();
        if !stays || escaped {
            self.close();
        }
    }

    /// Says whether it stays open.
    fn diff_ui(&mut self, ui: &mut Ui, whose: &Whose<'_>, actions: &mut Vec<Action>) -> bool {
        let diff = whose.diff;
        let is_new = self.of.as_ref().is_none_or(|of| !Arc::ptr_eq(of, diff));
        if is_new {
            *self = Self {
                is_open: true,
                of: Some(Arc::clone(diff)),
                ..Self::default()
            };
        }
        let stays = head::title_ui(ui, diff, actions);
        head::facts_ui(ui, whose);
        ui.add_space(space::S);
        ui.separator();
        if ui.available_width() < SIDE_BY_SIDE {
            self.parts_ui(ui, diff, true);
            match self.part {
                Part::Tensors => self.table.ui(ui, diff, &mut self.focus, actions),
                Part::Tokens => self.tokens_ui(ui, whose, actions),
                Part::Weights | Part::Rest => self.part_ui(ui, diff),
            }
            return stays;
        }
        if self.part == Part::Tensors {
            self.part = Part::Weights;
        }
        if self.part == Part::Tokens {
            // Every model has a column of them: they take the whole width.
            self.parts_ui(ui, diff, false);
            self.tokens_ui(ui, whose, actions);
            return stays;
        }
        let below = ui.available_rect_before_wrap();
        let (left, right) = below.split_left_right_at_fraction(0.42);
        let right = right.with_min_x(right.left() + space::XL);
        within(ui, left, "overview", |ui| {
            self.parts_ui(ui, diff, false);
            self.part_ui(ui, diff);
        });
        within(ui, right, "tensors", |ui| {
            self.table.ui(ui, diff, &mut self.focus, actions);
        });
        stays
    }

    fn parts_ui(&mut self, ui: &mut Ui, diff: &Diff, with_tensors: bool) {
        let rest = match rest::count(diff) {
            0 => "What else differs".to_owned(),
            n => format!("What else differs ({n})"),
        };
        let mut parts = vec![
            (Part::Weights, "Weights"),
            (Part::Rest, &*rest),
            (Part::Tokens, "Tokens"),
        ];
        if with_tensors {
            parts.push((Part::Tensors, "Tensors"));
        }
        segmented(ui, "What is shown of the two", &mut self.part, &parts);
    }

    /// Says whose tokens are looked at while they are.
    fn ask_for_tokens(&self, bench: &Workbench, models: [ModelId; 2], actions: &mut Vec<Action>) {
        let wanted = (self.part == Part::Tokens).then_some(TokensOf::Pair(models));
        let now = bench.tokens_shown();
        if wanted != now && (wanted.is_some() || matches!(now, Some(TokensOf::Pair(_)))) {
            actions.push(Action::ShowTokens(wanted));
        }
    }

    /// The tokens of both, which number their rows as their tokenizers say.
    fn tokens_ui(&mut self, ui: &mut Ui, whose: &Whose<'_>, actions: &mut Vec<Action>) {
        ui.add_space(space::S);
        match whose.tokens {
            None => drop(ui.weak("Listing the tokens…")),
            Some(Ok(page)) => self.tokens.ui(ui, page, actions),
            Some(Err(sentence)) => drop(ui.add(Label::new(sentence).wrap())),
        }
    }

    fn part_ui(&mut self, ui: &mut Ui, diff: &Diff) {
        let (part, focus) = (self.part, &mut self.focus);
        let before = focus.clone();
        let area = ScrollArea::vertical().id_salt(("overview", part == Part::Rest));
        area.auto_shrink(false).show(ui, |ui| {
            // The scroll bar floats; nothing lies under it.
            ui.set_max_width(ui.available_width() - space::L);
            if part == Part::Rest {
                rest::rest_ui(ui, diff);
            } else {
                bars::groups_ui(ui, "Difference by kind, %", &diff.kinds, focus, Focus::Kind);
                bars::groups_ui(
                    ui,
                    "Difference by layer, %",
                    &diff.layers,
                    focus,
                    Focus::Layer,
                );
            }
            ui.add_space(space::S);
        });
        // Where there is room for one part only, a bar leads to its tensors.
        if *focus != before && focus.is_some() {
            self.part = Part::Tensors;
        }
    }
}

fn within(ui: &mut Ui, rect: Rect, id: &str, content: impl FnOnce(&mut Ui)) {
    let place = UiBuilder::new().max_rect(rect).id_salt(id);
    ui.scope_builder(place, content);
}

fn title(bench: &Workbench, models: [ModelId; 2]) -> String {
    let [a, b] = models.map(|id| bench.short(id));
    format!("{a} and {b}")
}

fn running_page(title: &str, job: JobId) -> Running<'_> {
    Running {
        title,
        about: "Every number of both is read once",
        name: "Comparing",
        job,
        then: "The result is here when you ask for it again",
    }
}
