//! egui-snarl's graph, kept beside what it was built from.
//!
//! It holds nothing that is not in the draft: nodes and wires are the composition's, places the
//! draft's or, where it has none, the layout's. A node keeps its number in egui-snarl as long
//! as it has the same key, so that a slider in it survives the edits it makes.

use std::collections::BTreeMap;

use eframe::egui::{Pos2, Vec2, vec2};
use egui_snarl::{InPinId, OutPinId, Snarl};

use super::env::key_of;
use super::tidy;
use crate::merge::composition::{Composition, Graph, Node, NodeId, Port};
use crate::study::bounds::bounded_place;
use crate::study::{Draft, DraftId};

#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    /// Its key in the draft's places.
    pub key: String,
    pub id: NodeId,
    /// Its ports, from top to bottom.
    pub ports: Vec<Port>,
}

#[derive(Default)]
pub struct Board {
    of: Option<Of>,
    /// Where the layout has put the nodes that nobody has put anywhere: they stay there while
    /// others come and go.
    laid_out: BTreeMap<String, Pos2>,
    pub snarl: Snarl<Slot>,
}

#[derive(PartialEq)]
struct Of {
    draft: DraftId,
    composition: Composition,
    places: Vec<(String, [f32; 2])>,
    sizes: BTreeMap<String, Vec2>,
    wires: usize,
    is_settled: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    Nothing,
    Details,
    Sizes,
    Nodes,
    Draft,
}

impl Board {
    /// Lays the nodes out anew that nobody has put anywhere.
    pub fn forget_places(&mut self) {
        self.laid_out.clear();
        if let Some(of) = &mut self.of {
            of.is_settled = false;
        }
    }

    /// Brings the graph up to date; `sizes` are those of the nodes drawn so far, by key. Before
    /// it is settled nodes follow their sizes, later they stay.
    pub fn sync(
        &mut self,
        draft: &Draft,
        composition: &Composition,
        sizes: BTreeMap<String, Vec2>,
        is_settled: bool,
    ) -> News {
        let new = Of {
            draft: draft.id,
            composition: composition.clone(),
            places: draft.sheet.places.clone(),
            sizes,
            // egui-snarl lifts wires by itself when Ctrl is held.
            wires: self.snarl.wires().count(),
            is_settled,
        };
        if self.of.as_ref() == Some(&new) {
            return News::Nothing;
        }
        let is_other = self.of.as_ref().is_none_or(|of| of.draft != new.draft);
        if is_other || !is_settled {
            self.laid_out.clear();
        }
        let sizes_changed = self.of.as_ref().is_none_or(|of| of.sizes != new.sizes);
        if is_other {
            self.snarl = Snarl::new();
        }
        let graph = composition.graph();
        let keys = graph.nodes.iter().map(|n| key_of(composition, &n.id));
        let keys: Vec<String> = keys.collect();
        let places = places(&graph, &keys, &new, &self.laid_out);
        for (key, place) in keys.iter().zip(&places) {
            if !new.places.iter().any(|(own, _)| own == key) {
                self.laid_out.insert(key.clone(), *place);
            }
        }
        let nodes_changed = self.put_nodes(&graph, &keys, &places);
        self.put_wires(&graph);
        let wires = self.snarl.wires().count();
        self.of = Some(Of { wires, ..new });
        match (is_other, nodes_changed) {
            (true, _) => News::Draft,
            (_, true) => News::Nodes,
            _ if sizes_changed => News::Sizes,
            _ => News::Details,
        }
    }

    fn put_nodes(&mut self, graph: &Graph, keys: &[String], places: &[Pos2]) -> bool {
        let old = self.snarl.node_ids().map(|(n, slot)| (n, slot.key.clone()));
        let old: Vec<_> = old.collect();
        let mut changed = false;
        for (number, _) in old.iter().filter(|(_, key)| !keys.contains(key)) {
            self.snarl.remove_node(*number);
            changed = true;
        }
        for ((node, key), place) in graph.nodes.iter().zip(keys).zip(places) {
            let slot = Slot {
                key: key.clone(),
                id: node.id.clone(),
                ports: node.ports.clone(),
            };
            let known = old.iter().find(|(_, own)| own == key);
            match known.and_then(|(number, _)| self.snarl.get_node_info_mut(*number)) {
                Some(own) => {
                    own.value = slot;
                    own.pos = *place;
                }
                None => {
                    self.snarl.insert_node(*place, slot);
                    changed = true;
                }
            }
        }
        changed
    }

    fn put_wires(&mut self, graph: &Graph) {
        let old: Vec<_> = self.snarl.wires().collect();
        for (from, to) in old {
            self.snarl.disconnect(from, to);
        }
        for link in &graph.links {
            let port = (self.slot(&link.to))
                .and_then(|(_, slot)| slot.ports.iter().position(|p| *p == link.port));
            let ends = self.number(&link.from).zip(self.number(&link.to));
            if let (Some((from, to)), Some(input)) = (ends, port) {
                let (node, output) = (from, 0);
                let to = InPinId { node: to, input };
                self.snarl.connect(OutPinId { node, output }, to);
            }
        }
    }

    fn slot(&self, id: &NodeId) -> Option<(egui_snarl::NodeId, &Slot)> {
        self.snarl.node_ids().find(|(_, slot)| slot.id == *id)
    }

    fn number(&self, id: &NodeId) -> Option<egui_snarl::NodeId> {
        self.slot(id).map(|(number, _)| number)
    }
}

fn places(graph: &Graph, keys: &[String], of: &Of, laid_out: &BTreeMap<String, Pos2>) -> Vec<Pos2> {
    let place = |key: &String| {
        let found = of.places.iter().find(|(own, _)| own == key);
        let own = found.map(|(_, place)| bounded_place(*place).into());
        own.or_else(|| laid_out.get(key).copied())
    };
    let size = |(node, key): (&Node, &String)| {
        let drawn = of.sizes.get(key).copied();
        drawn.unwrap_or_else(|| likely_size(node))
    };
    let own: Vec<Option<Pos2>> = keys.iter().map(place).collect();
    let sizes: Vec<Vec2> = graph.nodes.iter().zip(keys).map(size).collect();
    tidy::places(graph, &own, &sizes)
}

/// The size of a node before it was drawn once.
fn likely_size(node: &Node) -> Vec2 {
    match node.id {
        NodeId::Merge(_) => vec2(290.0, 120.0 + 34.0 * node.ports.len() as f32),
        NodeId::Model(_) | NodeId::Output => vec2(160.0, 80.0),
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::merge::methods::find;
    use crate::merge::recipe::ModelRef;

    fn slerp() -> Composition {
        let models = ["a", "b"].map(ModelRef::at);
        Composition::merge_of(find("slerp").unwrap(), &models, None)
    }

    fn sync(board: &mut Board, draft: &Draft, composition: &Composition) -> News {
        board.sync(draft, composition, BTreeMap::new(), true)
    }

    #[test]
    fn nodes_and_wires_are_those_of_the_composition() {
        let (mut board, made) = (Board::default(), slerp());
        assert_eq!(sync(&mut board, &Draft::default(), &made), News::Draft);
        assert_eq!(sync(&mut board, &Draft::default(), &made), News::Nothing);
        assert_eq!(board.snarl.node_ids().count(), made.graph().nodes.len());
        assert_eq!(board.snarl.wires().count(), made.graph().links.len());
    }

    #[test]
    fn a_node_keeps_its_number_while_others_come_and_go() {
        let (mut board, mut made) = (Board::default(), slerp());
        let draft = Draft::default();
        sync(&mut board, &draft, &made);
        let merge = board.number(&NodeId::Merge(0)).unwrap();
        made.remove(&[NodeId::Model(ModelRef::at("a"))]);
        made.add_model(ModelRef::at("0"));
        assert_eq!(sync(&mut board, &draft, &made), News::Nodes);
        assert_eq!(board.number(&NodeId::Merge(0)), Some(merge));
        assert_eq!(board.snarl.wires().count(), made.graph().links.len());
    }

    #[test]
    fn a_wire_that_was_lifted_comes_back() {
        let (mut board, made) = (Board::default(), slerp());
        sync(&mut board, &Draft::default(), &made);
        let (from, to) = board.snarl.wires().next().unwrap();
        board.snarl.disconnect(from, to);
        assert_eq!(sync(&mut board, &Draft::default(), &made), News::Details);
        assert_eq!(board.snarl.wires().count(), made.graph().links.len());
    }

    #[test]
    fn nodes_stay_where_they_are_while_others_come_until_they_are_tidied() {
        let (mut board, mut made) = (Board::default(), slerp());
        let draft = Draft::default();
        sync(&mut board, &draft, &made);
        let place = |board: &Board, id| {
            let (number, _) = board.slot(&id).unwrap();
            board.snarl.get_node_info(number).unwrap().pos
        };
        let a = || NodeId::Model(ModelRef::at("a"));
        let before = place(&board, a());
        made.add_model(ModelRef::at("c"));
        made.add_merge(find("linear").unwrap());
        assert_eq!(sync(&mut board, &draft, &made), News::Nodes);
        assert_eq!(place(&board, a()), before);
        board.forget_places();
        assert_ne!(sync(&mut board, &draft, &made), News::Nothing);
        assert_ne!(place(&board, a()), before);
    }

    #[test]
    fn the_drafts_places_are_kept() {
        let (mut board, made) = (Board::default(), slerp());
        let mut draft = Draft::default();
        sync(&mut board, &draft, &made);
        draft.sheet.places = vec![("a".to_owned(), [700.0, -30.0])];
        assert_eq!(sync(&mut board, &draft, &made), News::Details);
        let (number, _) = board.slot(&NodeId::Model(ModelRef::at("a"))).unwrap();
        let place = board.snarl.get_node_info(number).unwrap().pos;
        assert_eq!(place, Pos2::new(700.0, -30.0));
    }
}
