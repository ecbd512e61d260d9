//! A tour of five steps over the real controls, for whoever opens their first study.
//!
//! Controls that a step points at say where they are by [`mark`]; the card stands beside them.

use eframe::egui::{Align, Ui};
use eframe::egui::{
    Align2, Area, Context, Frame, Id, Key, Layout, Margin, Modifiers, Order, Pos2, Rect, Stroke,
    StrokeKind, WidgetType, vec2,
};

use super::action::{Action, View};
use super::ext::{ResponseExt, UiExt};
use super::theme::{self, Tokens, radius, size, space};
use super::widgets::primary_button;

/// What a step points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    View(View),
    Search,
}

struct Step {
    anchor: Anchor,
    title: &'static str,
    words: &'static str,
}

const STEPS: [Step; 5] = [
    Step {
        anchor: Anchor::View(View::Kinship),
        title: "Kinship",
        words: "How alike two models have changed since their base: 1 is the same change, 0 an \
                unrelated one. Click a cell to see a pair layer by layer.",
    },
    Step {
        anchor: Anchor::View(View::Models),
        title: "Models",
        words: "All that is known of each model: base, parents, scores, size. Add folders of \
                checkpoints here, or drop them on the window.",
    },
    Step {
        anchor: Anchor::View(View::Merge),
        title: "Merge",
        words: "Compose a merge on a canvas. Which models the child would resemble is shown \
                before anything is written.",
    },
    Step {
        anchor: Anchor::View(View::Evolution),
        title: "Evolution",
        words: "Let the program merge the best of each generation, judge the children and go on \
                for as long as they improve.",
    },
    Step {
        anchor: Anchor::Search,
        title: "Everything by name",
        words: "Ctrl K finds every command and every model. F1 lists the keys.",
    },
];

/// Width of the card, in points.
const WIDTH: f32 = 290.0;

#[derive(Default)]
pub struct Tour {
    step: Option<usize>,
}

impl Tour {
    pub fn start(&mut self) {
        self.step = Some(0);
    }

    pub fn is_on(&self) -> bool {
        self.step.is_some()
    }

    /// Draws the step there is, beside what it points at.
    pub fn ui(&mut self, ctx: &Context, actions: &mut Vec<Action>) {
        let Some((number, step)) = self.step.and_then(|k| Some((k, STEPS.get(k)?))) else {
            return;
        };
        if ctx.input_mut(|i| i.consume_key(Modifiers::NONE, Key::Escape)) {
            self.step = None;
            return;
        }
        let Some(anchor) = marked(ctx, step.anchor) else {
            return;
        };
        ring(ctx, anchor);
        let before = self.step;
        let (place, at) = beside(step.anchor, anchor);
        let t = Tokens::of(ctx);
        let frame = Frame::new()
            .fill(t.raised)
            .stroke(Stroke::new(1.0, t.accent))
            .corner_radius(radius::CARD)
            .shadow(ctx.global_style().visuals.popup_shadow)
            .inner_margin(Margin::same(space::M as i8));
        let area = Area::new(Id::new("tour")).order(Order::Foreground);
        let card = area.fixed_pos(at).pivot(place).show(ctx, |ui| {
            frame.show(ui, |ui| {
                ui.set_width(WIDTH);
                self.card_ui(ui, number, step);
            });
        });
        let label = format!("Tour: {}", step.title);
        card.response.named(WidgetType::Other, &label);
        if self.step != before
            && let Some(Anchor::View(view)) = self.step.and_then(|k| Some(STEPS.get(k)?.anchor))
        {
            actions.push(Action::Go(view));
        }
    }

    fn card_ui(&mut self, ui: &mut Ui, number: usize, step: &Step) {
        ui.label(theme::strong(step.title).size(size::HEADING));
        ui.label(step.words);
        ui.add_space(space::XS);
        ui.horizontal(|ui| {
            let is_last = number + 1 == STEPS.len();
            if primary_button(ui, if is_last { "Done" } else { "Next" }).clicked() {
                self.step = (!is_last).then_some(number + 1);
            }
            if number > 0 && ui.button("Back").clicked() {
                self.step = Some(number - 1);
            }
            if !is_last && ui.button("Skip the tour").clicked() {
                self.step = None;
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.quiet(format!("{} of {}", number + 1, STEPS.len()));
            });
        });
    }
}

/// Says where a control is that a step may point at.
pub fn mark(ui: &Ui, anchor: Anchor, rect: Rect) {
    let pass = ui.ctx().cumulative_pass_nr();
    ui.data_mut(|data| data.insert_temp(key(anchor), (pass, rect)));
}

/// Where it was drawn in this frame; `None` if it was not.
fn marked(ctx: &Context, anchor: Anchor) -> Option<Rect> {
    let (pass, rect) = ctx.data(|data| data.get_temp::<(u64, Rect)>(key(anchor)))?;
    (pass == ctx.cumulative_pass_nr()).then_some(rect)
}

fn key(anchor: Anchor) -> Id {
    Id::new(("tour", format!("{anchor:?}")))
}

fn ring(ctx: &Context, rect: Rect) {
    let layer = eframe::egui::LayerId::new(Order::Foreground, Id::new("tour ring"));
    let stroke = Stroke::new(2.0, Tokens::of(ctx).accent);
    ctx.layer_painter(layer).rect_stroke(
        rect.expand(2.0),
        radius::CONTROL,
        stroke,
        StrokeKind::Outside,
    );
}

/// Right of the rail, below the bar; the corner of the card that stands there, and where.
fn beside(anchor: Anchor, rect: Rect) -> (Align2, Pos2) {
    match anchor {
        Anchor::View(_) => (Align2::LEFT_TOP, rect.right_top() + vec2(space::L, 0.0)),
        Anchor::Search => (
            Align2::CENTER_TOP,
            rect.center_bottom() + vec2(0.0, space::M),
        ),
    }
}
