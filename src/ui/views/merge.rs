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
mod tokens;
mod yaml;

pub use child::{RECORD, meaning};
pub use start::to_merge;

use std::cell::{Cell, RefCell};
use std::ops::Deref;

use eframe::egui::{CentralPanel, Frame, Id, KeyboardShortcut, Margin, Panel, Ui};

use super::ViewContext;
use crate::kinship::Values;
use crate::merge::composition::{Composition, Place};
use crate::merge::plan::Cost;
use crate::merge::recipe::Setting;
use crate::study::{Command, Draft, DraftContent, DraftEdit, DraftId};
use crate::ui::action::{Action, MergeAction};
use crate::ui::ext::UiExt;
use crate::ui::theme::Tokens;
use crate::workbench::Workbench;
use crate::workbench::composing::{Child, MergeKind, Prediction, PredictionOptions};

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

/// What is shown of a merge beside its child.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// The canvas, with curves, strips and text.
    #[default]
    Recipe,
    /// The tokens of its models and of the child.
    Tokens,
}

/// What the parts of the view look at, and what they change of it.
pub struct DraftContext<'a> {
    pub view: &'a ViewContext<'a>,
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
    pub focus: RefCell<Option<Focus>>,
    /// What is shown of the prediction; the workbench has it from the last frame.
    pub options: RefCell<PredictionOptions>,
    pub tab: Cell<Tab>,
    /// The line of the text, from 1, that a problem leads to that was clicked.
    pub jump: Cell<Option<usize>>,
    /// Whether an edit of the composition was refused, as it is not what the text says.
    pub is_refused: Cell<bool>,
}

impl<'a> Deref for DraftContext<'a> {
    type Target = ViewContext<'a>;

    fn deref(&self) -> &Self::Target {
        self.view
    }
}

impl DraftContext<'_> {
    /// Asks for a changed composition; nothing if it is the same.
    pub fn edit(&self, title: &str, join: Option<String>, change: impl FnOnce(&mut Composition)) {
        if self.refuses() {
            return;
        }
        let mut composition = self.composition.clone();
        change(&mut composition);
        if composition != *self.composition {
            self.push(MergeAction::Edit {
                id: self.draft.id,
                composition: Box::new(composition),
                title: title.to_owned(),
                join,
            });
        }
    }

    /// Whether the composition is an older one, so that an edit of it would take back what was
    /// typed since.
    pub fn refuses(&self) -> bool {
        if self.is_broken {
            self.is_refused.set(true);
        }
        self.is_broken
    }

    /// Asks for another text, or other places of nodes.
    pub fn write(&self, sheet: DraftContent, title: &str, join: Option<String>) {
        self.push(Command::Draft(DraftEdit::Write {
            id: self.draft.id,
            sheet,
            title: title.to_owned(),
            join,
        }));
    }

    pub fn write_text(&self, text: String, title: &str, join: Option<String>) {
        let sheet = DraftContent {
            text,
            ..self.draft.sheet.clone()
        };
        self.write(sheet, title, join);
    }

    pub fn setting(&self, of: &Focus) -> Option<&Setting> {
        self.composition.setting(of.merge, of.place, &of.key)
    }
}

/// What was known of a child before its recipe got a mistake.
pub struct Before {
    pub child: Child,
    /// That of its parents with each other.
    pub of_parents: Values,
    pub kind: Option<MergeKind>,
    pub cost: Cost,
}

/// A draft as it was read: its last composition without a mistake.
struct Read {
    /// The draft, and its content but for the places.
    key: (DraftId, DraftContent),
    composition: Composition,
    is_broken: bool,
}

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
    tab: Tab,
    tokens: tokens::TokensTab,
    focus: Option<Focus>,
}

impl MergeView {
    /// Whether a shortcut means what is on the canvas.
    pub fn takes(shortcut: &KeyboardShortcut) -> bool {
        canvas::takes(shortcut)
    }

    pub fn ui(&mut self, ui: &mut Ui, bench: &Workbench, actions: &mut Vec<Action>) {
        ViewContext::draw(bench, actions, |view| {
            if view.doc().shown_draft().is_none() {
                return self.start.ui(ui, view);
            }
            self.with_shown(view, |own, shown| own.panels(ui, shown));
        });
    }

    /// Draws the canvas alone, for pictures of it.
    pub fn canvas_ui(&mut self, ui: &mut Ui, bench: &Workbench, actions: &mut Vec<Action>) {
        ViewContext::draw(bench, actions, |view| {
            self.with_shown(view, |own, shown| own.canvas.ui(ui, shown));
        });
    }

    fn with_shown(
        &mut self,
        view: &ViewContext<'_>,
        draw: impl FnOnce(&mut Self, &DraftContext<'_>),
    ) {
        let bench = view.bench;
        let Some(draft) = view.doc().shown_draft() else {
            return;
        };
        let read = self.read(bench, draft);
        let known = bench.prediction();
        self.keep(draft.id, known);
        // An answer about another draft says nothing of this one.
        let known = known.filter(|_| self.answered == Some(draft.id));
        let before = self.before.take().filter(|(id, _)| *id == draft.id);
        let shown = DraftContext {
            view,
            draft,
            composition: &read.composition,
            is_broken: read.is_broken,
            ahead: known.map(|(ahead, _)| ahead),
            is_stale: known.is_some_and(|(_, is_new)| !is_new),
            before: before.as_ref().map(|(_, before)| before),
            focus: RefCell::new(self.focus.take()),
            options: RefCell::new(bench.prediction_options().clone()),
            tab: Cell::new(self.tab),
            jump: Cell::default(),
            is_refused: Cell::default(),
        };
        draw(self, &shown);
        let options = shown.options.take();
        if options != *bench.prediction_options() {
            view.push(MergeAction::ShowPrediction(options));
        }
        self.tab = shown.tab.get();
        self.tokens.look(&shown, self.tab == Tab::Tokens);
        self.focus = shown.focus.take();
        self.before = before;
        self.read = Some(read);
    }

    /// Keeps what is known of the child, for as long as the recipe has a mistake.
    fn keep(&mut self, id: DraftId, known: Option<(&Prediction, bool)>) {
        let Some((ahead, true)) = known else { return };
        self.answered = Some(id);
        let is_kept =
            |(of, old): &(DraftId, Before), child: &Child| *of == id && old.child == *child;
        if let Ok(child) = &ahead.child
            && !self.before.as_ref().is_some_and(|old| is_kept(old, child))
        {
            let before = Before {
                child: child.clone(),
                of_parents: ahead.of_parents.clone(),
                kind: ahead.kind,
                cost: ahead.cost,
            };
            self.before = Some((id, before));
        }
    }

    fn panels(&mut self, ui: &mut Ui, shown: &DraftContext<'_>) {
        let t = Tokens::of(ui);
        let frame = ui.pane(Margin::symmetric(12, 8));
        let was_open = (self.child_is_open).unwrap_or(ui.available_width() >= ROOM_FOR_CHILD);
        let mut is_open = was_open;
        Panel::top("merge strip")
            .resizable(false)
            .frame(frame)
            .show(ui, |ui| start::strip_ui(ui, shown, &mut is_open));
        if is_open != was_open {
            self.child_is_open = Some(is_open);
        }
        if is_open {
            self.child_panel(ui, frame.fill(t.panel), shown);
        }
        self.text_panel(ui, frame, shown);
        if shown.tab.get() == Tab::Tokens {
            CentralPanel::default()
                .frame(frame)
                .show(ui, |ui| self.tokens.ui(ui, shown));
            return;
        }
        let most = ui.available_height() * 0.6;
        let below = |name: &'static str, height: f32, least: f32| {
            Panel::bottom(name)
                .resizable(true)
                .default_size(height)
                .size_range(least..=most)
                .frame(frame)
        };
        if shown.focus.borrow().is_some() {
            let height = DEPTH.min(ui.available_height() * 0.45).max(140.0);
            below("merge depth", height, 140.0).show(ui, |ui| self.curve.ui(ui, shown));
        } else if strips::Strips::has_any(shown.composition) {
            let merges = 0..shown.composition.recipes.len();
            let rows: usize = merges.map(|m| shown.composition.slices(m).len()).sum();
            let height = (STRIPS + STRIP * rows as f32).min(DEPTH);
            below("merge strips", height, 90.0).show(ui, |ui| self.strips.ui(ui, shown));
        }
        CentralPanel::default()
            .frame(ui.pane(Margin::ZERO))
            .show(ui, |ui| self.canvas.ui(ui, shown));
    }

    /// The child, and below it what stands in its way, the button that writes, and the queue.
    fn child_panel(&mut self, ui: &mut Ui, frame: Frame, shown: &DraftContext<'_>) {
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
                let margin = Margin {
                    top: 8,
                    ..Margin::ZERO
                };
                let queue = Panel::bottom("merge queue")
                    .resizable(false)
                    .frame(Frame::new().inner_margin(margin))
                    .show(ui, |ui| self.queue.ui(ui, shown, most));
                // A panel learns how high its content is by drawing it.
                let height = queue.response.rect.height();
                if (height - self.queue_height).abs() > 0.5 {
                    self.queue_height = height;
                    ui.ctx().request_repaint();
                }
                self.child.ui(ui, shown);
            });
    }

    /// The text, folded to one line or as high as the user wants it.
    fn text_panel(&mut self, ui: &mut Ui, frame: Frame, shown: &DraftContext<'_>) {
        let line = shown.jump.get();
        let panel = if self.yaml.is_open || line.is_some() {
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
            .show(ui, |ui| self.yaml.ui(ui, shown, line));
    }

    /// The draft as it reads now; what was read last time serves if nothing has changed.
    fn read(&mut self, bench: &Workbench, draft: &Draft) -> Read {
        let sheet = DraftContent {
            places: Vec::new(),
            ..draft.sheet.clone()
        };
        let key = (draft.id, sheet);
        match self.read.take().filter(|read| read.key.0 == draft.id) {
            Some(read) if read.key == key => read,
            old => {
                let new = bench.composition(draft);
                Read {
                    key,
                    is_broken: new.is_none(),
                    composition: new.or(old.map(|read| read.composition)).unwrap_or_default(),
                }
            }
        }
    }
}
