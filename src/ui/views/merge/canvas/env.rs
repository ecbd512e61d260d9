//! What every piece of the canvas draws with: what is shown, what is kept, what is asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use eframe::egui::{Pos2, Rect, Response, Vec2, emath::TSTransform, vec2};

use super::{FAR, FRAME, tidy};
use crate::merge::composition::{Composition, Node, NodeId, Port};
use crate::merge::recipe::ModelRef;
use crate::study::DraftContent;
use crate::ui::views::merge::DraftContext;

/// Where nodes lie, by key.
type Places = Vec<(String, [f32; 2])>;

/// About the size of a node before it was drawn, in points.
pub const MERGE: Vec2 = vec2(290.0, 200.0);
pub const MODEL: Vec2 = vec2(160.0, 80.0);
/// Frames until an edit is drawn where it will stay.
const FRAMES: u8 = 4;
/// How long a note stands beside the pointer, in seconds.
pub const NOTE_SECS: f64 = 4.0;

/// What the canvas keeps that may be lost.
#[derive(Default)]
pub struct CanvasState {
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
    /// What of the canvas is in sight, in its own points; nothing before it was drawn.
    pub visible: Option<Rect>,
    /// Whether the nodes are to be laid out anew.
    pub wants_tidy: bool,
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

    pub fn zoom_by(&mut self, factor: f32) {
        self.wants_zoom = Some(self.to_global.scaling * factor);
    }

    pub fn deselect(&mut self) {
        self.selected.clear();
        self.wire = None;
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

/// What a piece of the canvas is drawn with.
pub struct Env<'a, 's> {
    pub shown: &'a DraftContext<'s>,
    pub look: &'a mut CanvasState,
}

impl<'s> Deref for Env<'_, 's> {
    type Target = DraftContext<'s>;

    fn deref(&self) -> &Self::Target {
        self.shown
    }
}

impl Env<'_, '_> {
    /// Asks for a changed composition with a node of it at a place; the others stay where they
    /// are.
    pub fn edit_at(
        &self,
        title: &str,
        place: Pos2,
        change: impl FnOnce(&mut Composition) -> Option<NodeId>,
    ) {
        if self.refuses() {
            return;
        }
        let mut composition = self.composition.clone();
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
            output: composition.output.clone().unwrap_or_default(),
            places,
        };
        self.write(sheet, title, None);
    }

    /// The same where nothing was pointed at: in sight, beside what the node is made from.
    pub fn edit_beside(
        &self,
        title: &str,
        beside: &[NodeId],
        size: Vec2,
        change: impl FnOnce(&mut Composition) -> Option<NodeId>,
    ) {
        match self.free_place(beside, size) {
            Some(place) => self.edit_at(title, place, change),
            None => self.edit(title, None, |c| {
                change(c);
            }),
        }
    }

    /// A free place in sight; `None` while the canvas is not drawn.
    fn free_place(&self, beside: &[NodeId], size: Vec2) -> Option<Pos2> {
        let within = self.look.visible?;
        let rects = &self.look.rects;
        let of = |node: &NodeId| rects.get(&key_of(self.composition, node)).copied();
        let around = beside
            .iter()
            .filter_map(of)
            .reduce(|all, own| all.union(own));
        let wanted = around.map(|all| all.right_top() + vec2(tidy::ACROSS, 0.0));
        let wanted = wanted.unwrap_or(within.center() - size / 2.0);
        let taken: Vec<Rect> = rects.values().copied().collect();
        Some(tidy::near(wanted, size, within, &taken))
    }

    /// Where the nodes that are there now lie, all of them.
    fn places(&self) -> Places {
        let place = |key: String| {
            let at = self.look.rects.get(&key)?.min + Vec2::splat(FRAME);
            Some((key, at.into()))
        };
        self.keys().into_iter().filter_map(place).collect()
    }

    pub fn keys(&self) -> Vec<String> {
        let nodes = self.composition.graph().nodes;
        let key = |node: &Node| key_of(self.composition, &node.id);
        nodes.iter().map(key).collect()
    }

    pub fn write_places(&self, places: Places, title: &str, join: Option<String>) {
        let sheet = DraftContent {
            places,
            ..self.draft.sheet.clone()
        };
        if sheet != self.draft.sheet {
            self.write(sheet, title, join);
        }
    }

    /// Connects, or says at `at` (in the window's points) why not.
    pub fn connect(&mut self, from: &NodeId, to: &NodeId, port: Port, at: Pos2, now: f64) {
        match self.composition.may_connect(from, to, port) {
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

    pub fn selected(&self) -> Vec<NodeId> {
        nodes_of(self.composition, &self.look.selected)
    }

    pub fn is_selected(&self, key: &str) -> bool {
        self.look.selected.iter().any(|own| own == key)
    }

    /// What people call the model or merge that a recipe names.
    pub fn name_of(&self, reference: &ModelRef) -> String {
        match self.composition.merge_named(reference) {
            Some(merge) => self.merge_name(merge),
            None => match self.bench.model_of(reference) {
                Some(id) => self.bench.short(id).to_owned(),
                None => reference.short_name(),
            },
        }
    }

    /// What people call a merge: its method, and its name where several have that method.
    pub fn merge_name(&self, merge: usize) -> String {
        let composition = self.composition;
        let Some(recipe) = composition.recipes.get(merge) else {
            return String::new();
        };
        let title = method_title(&recipe.merge_method);
        let recipes = composition.recipes.iter();
        let same = recipes.filter(|r| r.merge_method == recipe.merge_method);
        match (&recipe.name, same.count()) {
            (_, 1) => title,
            (Some(name), _) => format!("{title} {name}"),
            (None, _) => format!("{title} {}", merge + 1),
        }
    }

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
}

/// What a method is called on screen.
pub fn method_title(name: &str) -> String {
    crate::merge::methods::find(name).map_or_else(
        || name.to_owned(),
        |method| method.description().title.to_owned(),
    )
}

/// The key of a node in the draft's places, the same as long as it is the same node: a model's reference, `merge:<name>`, or `output`.
///
/// A merge that has no name has the one that it gets as soon as there is a second.
pub fn key_of(composition: &Composition, node: &NodeId) -> String {
    match node {
        NodeId::Model(model) => model.to_string(),
        NodeId::Output => "output".to_owned(),
        NodeId::Merge(merge) => {
            let name = composition.recipes.get(*merge).and_then(|r| r.name.clone());
            let name = name.unwrap_or_else(|| format!("merge-{}", merge + 1));
            format!("merge:{name}")
        }
    }
}

/// The nodes of keys, those that are gone left out.
pub fn nodes_of(composition: &Composition, keys: &[String]) -> Vec<NodeId> {
    // Backwards, so that of two with one key the first stays.
    let nodes = composition.graph().nodes.into_iter().rev();
    let known: BTreeMap<String, NodeId> = nodes
        .map(|node| (key_of(composition, &node.id), node.id))
        .collect();
    keys.iter()
        .filter_map(|key| known.get(key).cloned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merge::methods::find;
    use crate::merge::recipe::ModelRef;

    #[test]
    fn every_node_is_found_by_its_key() {
        let models = ["models/a", "models/b"].map(ModelRef::at);
        let mut made = Composition::merge_of(find("slerp").unwrap(), &models, None);
        made.add_merge(find("linear").unwrap());
        made.add_model(ModelRef::at("models/c+d"));
        for node in made.graph().nodes {
            let key = key_of(&made, &node.id);
            assert_eq!(
                nodes_of(&made, std::slice::from_ref(&key)),
                [node.id],
                "{key}"
            );
        }
        assert_eq!(nodes_of(&made, &["merge:gone".to_owned()]), []);
    }

    #[test]
    fn a_merge_keeps_its_key_when_it_gets_its_name() {
        let models = ["models/a", "models/b"].map(ModelRef::at);
        let mut made = Composition::merge_of(find("slerp").unwrap(), &models, None);
        let before = key_of(&made, &NodeId::Merge(0));
        made.add_merge(find("linear").unwrap());
        assert_eq!(key_of(&made, &NodeId::Merge(0)), before);
    }
}
