//! What every piece of the canvas draws with: what is shown, what is kept, what is asked for.

use std::collections::{BTreeMap, BTreeSet};

use eframe::egui::{Pos2, Rect, Response, Vec2, emath::TSTransform};

use super::keys::{key_of, nodes_of};
use super::metrics::{FAR, FRAME};
use crate::merge::composition::{Composition, NodeId, Port};
use crate::merge::recipe::ModelRef;
use crate::study::{Command, DraftContent, DraftEdit};
use crate::ui::action::{Action, MergeAction};
use crate::ui::views::merge::{DraftContext, Focus};

/// Frames until an edit is drawn where it will stay.
const FRAMES: u8 = 4;
/// How long a note stands beside the pointer, in seconds.
const NOTE_SECS: f64 = 4.0;

/// What the canvas keeps that may be lost.
#[derive(Default)]
pub struct CanvasState {
    /// Keys of the selected nodes.
    pub selected: Vec<String>,
    /// The port whose wire is selected.
    pub wire: Option<(NodeId, Port)>,
    /// Keys of merges that show all their parameters.
    pub open: BTreeSet<String>,
    /// Where nodes were drawn, by key, in the canvas' own points.
    pub rects: BTreeMap<String, Rect>,
    /// Sizes of the nodes with all that stands in them, by key, rounded up so that a change of
    /// a hair moves nothing.
    pub sizes: BTreeMap<String, Vec2>,
    /// Where ports were drawn, in the canvas' own points.
    pub ports: Vec<(NodeId, Port, Rect)>,
    /// From the canvas' points to the window's.
    pub to_global: TSTransform,
    /// For how many more frames all of it is brought into sight: what was asked for at the same
    /// time is drawn only then.
    pub wants_fit: u8,
    /// Another zoom that is asked for.
    pub wants_zoom: Option<f32>,
    /// A refusal: the sentence, where, and until when.
    pub note: Option<(String, Pos2, f64)>,
    /// Counts drags: the steps of one are one step of undo.
    gesture: u64,
}

impl CanvasState {
    /// Whether a node is too small for more than its title. One that was never drawn whole is
    /// drawn so once, for its size.
    pub fn is_far(&self, key: &str) -> bool {
        self.to_global.scaling < FAR && self.sizes.contains_key(key)
    }

    /// Brings all of it into sight.
    pub fn fit(&mut self) {
        self.wants_fit = FRAMES;
    }

    /// A drag or a field that begins is a new step of undo.
    pub fn hear(&mut self, response: &Response) {
        if response.drag_started() || response.gained_focus() {
            self.gesture += 1;
        }
    }

    /// The key that joins the edits of one drag.
    pub fn join(&self, what: &str) -> Option<String> {
        Some(format!("{what} {}", self.gesture))
    }
}

pub struct Env<'a, 's> {
    /// What the view looks at.
    pub shown: &'a DraftContext<'s>,
    pub look: &'a mut CanvasState,
    /// The parameter in the editor below.
    pub focus: &'a mut Option<Focus>,
    pub actions: &'a mut Vec<Action>,
}

impl Env<'_, '_> {
    /// What is on the canvas.
    pub fn composition(&self) -> &Composition {
        self.shown.composition
    }

    /// Asks for a changed composition; nothing if it is the same.
    pub fn edit(
        &mut self,
        title: &str,
        join: Option<String>,
        change: impl FnOnce(&mut Composition),
    ) {
        let mut composition = self.shown.composition.clone();
        change(&mut composition);
        if composition != *self.shown.composition {
            self.actions.push(Action::Merge(MergeAction::Edit {
                id: self.shown.draft.id,
                composition: Box::new(composition),
                title: title.to_owned(),
                join,
            }));
        }
    }

    /// Asks for a changed composition with a node of it at a place; the others stay where they
    /// are.
    pub fn edit_at(
        &mut self,
        title: &str,
        place: Pos2,
        change: impl FnOnce(&mut Composition) -> Option<NodeId>,
    ) {
        let mut composition = self.shown.composition.clone();
        let new = change(&mut composition);
        let Ok(text) = composition.to_text() else {
            return self.edit(title, None, |own| *own = composition);
        };
        let mut places = self.places();
        if let Some(node) = new {
            let key = key_of(&composition, &node);
            places.retain(|(own, _)| *own != key);
            places.push((key, place.into()));
        }
        let loose = composition.loose.iter().map(ToString::to_string).collect();
        let sheet = DraftContent {
            text,
            loose,
            places,
        };
        self.write(sheet, title, None);
    }

    /// Where the nodes that are there now lie, all of them.
    pub fn places(&self) -> Vec<(String, [f32; 2])> {
        let there = self.composition().graph().nodes;
        let keys = there.iter().map(|n| key_of(self.composition(), &n.id));
        keys.filter_map(|key| {
            let at = self.look.rects.get(&key)?.min + Vec2::splat(FRAME);
            Some((key, at.into()))
        })
        .collect()
    }

    /// Asks for other places; the recipe stays.
    pub fn write_places(
        &mut self,
        places: Vec<(String, [f32; 2])>,
        title: &str,
        join: Option<String>,
    ) {
        let sheet = DraftContent {
            places,
            ..self.shown.draft.sheet.clone()
        };
        if sheet != self.shown.draft.sheet {
            self.write(sheet, title, join);
        }
    }

    fn write(&mut self, sheet: DraftContent, title: &str, join: Option<String>) {
        self.actions
            .push(Action::Study(Command::Draft(DraftEdit::Write {
                id: self.shown.draft.id,
                sheet,
                title: title.to_owned(),
                join,
            })));
    }

    /// Connects, or says at `at` (in the window's points) why not.
    pub fn connect(&mut self, from: &NodeId, to: &NodeId, port: Port, at: Pos2, now: f64) {
        match self.composition().may_connect(from, to, port) {
            Ok(()) => self.edit("Connect models", None, |c| {
                c.connect(from, to, port).ok();
            }),
            Err(sentence) => self.look.note = Some((sentence, at, now + NOTE_SECS)),
        }
    }

    pub fn disconnect(&mut self, to: &NodeId, port: Port) {
        self.edit("Disconnect", None, |c| c.disconnect(to, port));
        self.look.wire = None;
    }

    /// The selected nodes that are still there.
    pub fn selected(&self) -> Vec<NodeId> {
        nodes_of(self.composition(), &self.look.selected)
    }

    /// Whether a node is selected.
    pub fn is_selected(&self, key: &str) -> bool {
        self.look.selected.iter().any(|own| own == key)
    }

    /// What people call the model or merge that a recipe names.
    pub fn name_of(&self, reference: &ModelRef) -> String {
        match self.composition().merge_named(reference) {
            Some(merge) => self.merge_name(merge),
            None => self.shown.bench.model_of(reference).map_or_else(
                || reference.short_name(),
                |id| self.shown.bench.study().doc().name_of(id).to_owned(),
            ),
        }
    }

    /// What people call a merge: its method, and its name where several have that method.
    pub fn merge_name(&self, merge: usize) -> String {
        let composition = self.composition();
        let Some(recipe) = composition.recipes.get(merge) else {
            return String::new();
        };
        let title = method_title(&recipe.merge_method);
        let same = composition
            .recipes
            .iter()
            .filter(|r| r.merge_method == recipe.merge_method);
        match (&recipe.name, same.count()) {
            (_, 1) => title,
            (Some(name), _) => format!("{title} {name}"),
            (None, _) => format!("{title} {}", merge + 1),
        }
    }

    /// What people call a node.
    pub fn node_name(&self, node: &NodeId) -> String {
        match node {
            NodeId::Model(model) => self.name_of(model),
            NodeId::Merge(merge) => self.merge_name(*merge),
            NodeId::Output => "Output".to_owned(),
        }
    }

    /// What people call a port: `Model 1 of SLERP`.
    pub fn port_name(&self, node: &NodeId, port: Port) -> String {
        let of = self.node_name(node);
        match port {
            Port::Base => format!("Base of {of}"),
            Port::Model(k) => format!("Model {} of {of}", k + 1),
            Port::Output => "What is written".to_owned(),
        }
    }

    pub fn feeds(&self, node: &NodeId, port: Port) -> Option<NodeId> {
        self.composition().feeds(node, port)
    }
}

/// What a method is called on screen.
pub fn method_title(name: &str) -> String {
    crate::merge::methods::find(name).map_or_else(
        || name.to_owned(),
        |method| method.description().title.to_owned(),
    )
}
