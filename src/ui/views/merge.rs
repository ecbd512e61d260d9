//! The merge canvas: a merge is composed on it, and its child is seen before it exists.
//!
//! The draft's text is the truth. The canvas, the controls and the YAML beside them all show
//! it, and all of them change it by one way: [`Action::Merge(MergeAction::Edit)`] for a changed composition,
//! [`DraftEdit::Write`](crate::study::DraftEdit) for changed text and moved nodes. While the
//! text has a mistake, the last composition without one stays on the canvas, greyed.

mod canvas;
mod child;
mod curve;
mod queue;
mod start;
mod strips;
mod yaml;

pub use child::{CAVEAT, RECORD, meaning};
pub use start::to_merge;

use eframe::egui::{CentralPanel, Frame, Id, KeyboardShortcut, Margin, Panel, Ui};

use crate::kinship::Values;
use crate::merge::composition::{Composition, Place};
use crate::study::{Draft, DraftId};
use crate::ui::action::{Action, MergeAction};
use crate::ui::theme::Tokens;
use crate::workbench::Workbench;
use crate::workbench::composing::{Child, Prediction, PredictionOptions};

/// Width of the child's panel, in points: as the inspector elsewhere, wider where there is room.
const CHILD: f32 = 340.0;
const WIDE_CHILD: f32 = 440.0;
const NARROW_CHILD: f32 = 280.0;
/// From this width of the view on there is room for a wide panel.
const WIDE: f32 = 1800.0;
/// Below this width of the view the panel is folded, unless the user wants it.
const ROOM_FOR_CHILD: f32 = 860.0;
/// Height of the editor over the depth and of the strips.
const DEPTH: f32 = 220.0;
/// Height of the strips' heading and axis, and of a strip with the gap below it.
const STRIPS: f32 = 90.0;
const STRIP: f32 = 34.0;
/// Height of the text, unfolded and folded.
const TEXT: f32 = 220.0;
const FOLDED: f32 = 42.0;

/// The parameter whose values over the depth are in the editor.
#[derive(Clone, Debug, PartialEq)]
pub struct Focus {
    pub merge: usize,
    pub place: Place,
    pub key: String,
}

/// A place that the user wants to see: a merge on the canvas, a line of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jump {
    pub merge: usize,
    /// Which line, from 1.
    pub line: Option<usize>,
}

/// What the parts of the view look at.
pub struct DraftContext<'a> {
    pub bench: &'a Workbench,
    /// The draft on the canvas.
    pub draft: &'a Draft,
    /// Its composition, or the last one before its text got a mistake.
    pub composition: &'a Composition,
    /// Whether the text has a mistake, so that the composition is not what it says.
    pub is_broken: bool,
    /// What it would make; older than the text while that is worked out.
    pub ahead: Option<&'a Prediction>,
    /// Whether it is of an older text.
    pub is_stale: bool,
    /// As it was before the recipe got a mistake.
    pub before: Option<&'a Before>,
}

/// What was known of a child before its recipe got a mistake.
pub struct Before {
    pub child: Child,
    /// That of its parents with each other.
    pub of_parents: Values,
}

/// A draft as it was read: its last composition without a mistake.
#[derive(Default)]
struct Read {
    id: DraftId,
    text: String,
    loose: Vec<String>,
    composition: Composition,
    is_broken: bool,
}

/// What the view keeps while it is shown.
#[derive(Default)]
pub struct MergeView {
    read: Option<Read>,
    /// The last child without a mistake, and the draft it is of.
    before: Option<(DraftId, Before)>,
    /// The draft that the workbench's answer is of.
    answered: Option<DraftId>,
    canvas: canvas::Canvas,
    child: child::ChildPanel,
    /// Whether the user folded or opened the child's panel.
    child_is_open: Option<bool>,
    curve: curve::CurveEditor,
    strips: strips::Strips,
    yaml: yaml::YamlPanel,
    queue: queue::QueuePanel,
    queue_height: f32,
    start: start::Start,
    /// The parameter in the editor below the canvas.
    focus: Option<Focus>,
    /// What is shown of the prediction; the workbench has it from the last frame.
    options: PredictionOptions,
    /// Where a problem that was clicked leads to, for one frame.
    jump: Option<Jump>,
}

impl MergeView {
    /// Whether a shortcut means what is on the canvas.
    pub fn takes(shortcut: &KeyboardShortcut) -> bool {
        canvas::takes(shortcut)
    }

    pub fn ui(&mut self, ui: &mut Ui, bench: &Workbench, actions: &mut Vec<Action>) {
        if bench.study().doc().shown_draft().is_none() {
            return self.start.ui(ui, bench, actions);
        }
        self.with_shown(bench, actions, |own, shown, actions| {
            own.panels(ui, shown, actions);
        });
    }

    /// Draws the canvas alone, for pictures of it.
    pub fn canvas_ui(&mut self, ui: &mut Ui, bench: &Workbench, actions: &mut Vec<Action>) {
        self.with_shown(bench, actions, |own, shown, actions| {
            own.canvas.ui(ui, shown, &mut own.focus, actions);
        });
    }

    /// Brings together what the parts look at.
    fn with_shown(
        &mut self,
        bench: &Workbench,
        actions: &mut Vec<Action>,
        draw: impl FnOnce(&mut Self, &DraftContext<'_>, &mut Vec<Action>),
    ) {
        let Some(draft) = bench.study().doc().shown_draft() else {
            return;
        };
        let read = self.read(bench, draft);
        self.options.clone_from(bench.prediction_options());
        let known = bench.prediction();
        self.keep(draft.id, known);
        // An answer about another draft says nothing of this one.
        let known = known.filter(|_| self.answered == Some(draft.id));
        let before = self.before.take().filter(|(id, _)| *id == draft.id);
        let shown = DraftContext {
            bench,
            draft,
            composition: &read.composition,
            is_broken: read.is_broken,
            ahead: known.map(|(ahead, _)| ahead),
            is_stale: known.is_some_and(|(_, is_new)| !is_new),
            before: before.as_ref().map(|(_, before)| before),
        };
        draw(self, &shown, actions);
        if self.options != *bench.prediction_options() {
            actions.push(Action::Merge(MergeAction::ShowPrediction(
                self.options.clone(),
            )));
        }
        self.before = before;
        self.read = Some(read);
    }

    /// Keeps what is known of the child, for as long as the recipe has a mistake.
    fn keep(&mut self, id: DraftId, known: Option<(&Prediction, bool)>) {
        let Some((ahead, true)) = known else { return };
        self.answered = Some(id);
        if let Ok(child) = &ahead.child
            && self
                .before
                .as_ref()
                .is_none_or(|(of, old)| *of != id || old.child != *child)
        {
            let before = Before {
                child: child.clone(),
                of_parents: ahead.of_parents.clone(),
            };
            self.before = Some((id, before));
        }
    }

    fn panels(&mut self, ui: &mut Ui, shown: &DraftContext<'_>, actions: &mut Vec<Action>) {
        let t = Tokens::of(ui);
        let frame = Frame::new()
            .fill(t.background)
            .inner_margin(Margin::symmetric(12, 8));
        let has_room = ui.available_width() >= ROOM_FOR_CHILD;
        let mut child_is_open = self.child_is_open.unwrap_or(has_room);
        Panel::top("merge strip")
            .resizable(false)
            .frame(frame)
            .show(ui, |ui| {
                start::strip_ui(ui, shown, &mut child_is_open, actions);
            });
        if child_is_open != self.child_is_open.unwrap_or(has_room) {
            self.child_is_open = Some(child_is_open);
        }
        if child_is_open {
            self.child_panel(ui, frame.fill(t.panel), shown, actions);
        }
        self.text_panel(ui, frame, shown, actions);
        if self.focus.is_some() {
            Panel::bottom("merge depth")
                .resizable(true)
                .default_size(DEPTH.min(ui.available_height() * 0.45).max(140.0))
                .size_range(140.0..=ui.available_height() * 0.6)
                .frame(frame)
                .show(ui, |ui| self.curve.ui(ui, shown, &mut self.focus, actions));
        } else if strips::Strips::has_any(shown.composition) {
            let rows: usize = (0..shown.composition.recipes.len())
                .map(|merge| shown.composition.slices(merge).len())
                .sum();
            Panel::bottom("merge strips")
                .resizable(true)
                .default_size((STRIPS + STRIP * rows as f32).min(DEPTH))
                .size_range(90.0..=ui.available_height() * 0.6)
                .frame(frame)
                .show(ui, |ui| self.strips.ui(ui, shown, actions));
        }
        CentralPanel::default()
            .frame(Frame::new().fill(t.background))
            .show(ui, |ui| self.canvas.ui(ui, shown, &mut self.focus, actions));
    }

    /// The child, and below it what stands in its way, the button that writes, and the queue.
    fn child_panel(
        &mut self,
        ui: &mut Ui,
        frame: Frame,
        shown: &DraftContext<'_>,
        actions: &mut Vec<Action>,
    ) {
        let width = ui.available_width();
        let wanted = match width {
            w if w >= WIDE => WIDE_CHILD,
            w if w >= ROOM_FOR_CHILD => CHILD,
            _ => NARROW_CHILD,
        };
        // One panel a size of window, so that each keeps the width that the user gave it.
        Panel::right(Id::new(("merge child", wanted as u32)))
            .default_size(wanted)
            .size_range(240.0..=(width * 0.5).clamp(240.0, 640.0))
            .frame(frame.inner_margin(Margin::same(12)))
            .show(ui, |ui| {
                ui.set_min_size(ui.available_size());
                ui.set_max_width(ui.available_width());
                let most = ui.available_height() * 0.5;
                let queue = Panel::bottom("merge queue")
                    .resizable(false)
                    .frame(Frame::new().inner_margin(Margin {
                        top: 8,
                        ..Margin::ZERO
                    }))
                    .show(ui, |ui| {
                        self.queue.ui(ui, shown, &mut self.jump, most, actions);
                    });
                // A panel learns how high its content is by drawing it.
                let height = queue.response.rect.height();
                if (height - self.queue_height).abs() > 0.5 {
                    self.queue_height = height;
                    ui.ctx().request_repaint();
                }
                let own = child::Own {
                    metric: &mut self.options.metric,
                    swept: &mut self.options.swept,
                    focus: &mut self.focus,
                };
                self.child.ui(ui, shown, own, actions);
            });
    }

    /// The text, folded to one line or as high as the user wants it.
    fn text_panel(
        &mut self,
        ui: &mut Ui,
        frame: Frame,
        shown: &DraftContext<'_>,
        actions: &mut Vec<Action>,
    ) {
        let jump = self.jump.take();
        let will_open = jump.is_some_and(|jump| jump.line.is_some());
        let panel = if self.yaml.is_open() || will_open {
            Panel::bottom("merge yaml")
                .resizable(true)
                .default_size(TEXT)
                .size_range(110.0..=ui.available_height() * 0.7)
        } else {
            Panel::bottom("merge yaml folded")
                .exact_size(FOLDED)
                .resizable(false)
        };
        panel
            .frame(frame)
            .show(ui, |ui| self.yaml.ui(ui, shown, jump, actions));
    }

    /// The draft as it reads now; what was read last time serves if nothing has changed.
    fn read(&mut self, bench: &Workbench, draft: &Draft) -> Read {
        let sheet = &draft.sheet;
        let old = self.read.take().filter(|read| read.id == draft.id);
        if let Some(read) = old.as_ref()
            && read.text == sheet.text
            && read.loose == sheet.loose
        {
            return old.unwrap_or_default();
        }
        let new = bench.composition(draft);
        Read {
            id: draft.id,
            text: sheet.text.clone(),
            loose: sheet.loose.clone(),
            is_broken: new.is_none(),
            composition: new.or(old.map(|read| read.composition)).unwrap_or_default(),
        }
    }
}
