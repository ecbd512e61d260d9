//! Where something is dropped: on a port, on a node, or beside them.

use std::collections::BTreeMap;

use eframe::egui::{Pos2, Rect};

use crate::merge::composition::{Composition, NodeId, Port};

/// What lies under a place on the canvas.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// A port of a merge.
    Port(NodeId, Port),
    Canvas,
}

/// What a drop at `at` means: the port there, or the free port of the merge there; everywhere
/// else the canvas. Places are in the canvas' own points.
pub fn target(
    composition: &Composition,
    rects: &BTreeMap<String, Rect>,
    ports: &[(NodeId, Port, Rect)],
    key_of: impl Fn(&NodeId) -> String,
    at: Pos2,
) -> Target {
    let merges = (0..composition.recipes.len()).map(NodeId::Merge);
    let hit = merges.into_iter().find(|merge| {
        let rect = rects.get(&key_of(merge));
        rect.is_some_and(|rect| rect.contains(at))
    });
    let Some(merge) = hit else {
        return Target::Canvas;
    };
    let own = ports.iter().filter(|(node, ..)| *node == merge);
    let row = own
        .into_iter()
        .find(|(_, _, rect)| rect.y_range().expand(2.0).contains(at.y));
    let port = match row {
        Some((_, port, _)) => *port,
        None => Port::Model(composition.inputs(merge.merge().unwrap_or(0)).len()),
    };
    Target::Port(merge, port)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merge::methods::find;
    use crate::merge::recipe::ModelRef;
    use eframe::egui::pos2;

    #[test]
    fn a_drop_finds_the_port_the_merge_or_the_canvas() {
        let models = ["a"].map(ModelRef::at);
        let made = Composition::merge_of(find("linear").unwrap(), &models, None);
        let merge = NodeId::Merge(0);
        let rect = |y0: f32, y1: f32| Rect::from_min_max(pos2(0.0, y0), pos2(200.0, y1));
        let rects = BTreeMap::from([("m".to_owned(), rect(0.0, 100.0))]);
        let ports = vec![
            (merge.clone(), Port::Base, rect(20.0, 40.0)),
            (merge.clone(), Port::Model(0), rect(50.0, 70.0)),
        ];
        let at = |x: f32, y: f32| target(&made, &rects, &ports, |_| "m".to_owned(), pos2(x, y));
        assert_eq!(at(10.0, 30.0), Target::Port(merge.clone(), Port::Base));
        assert_eq!(at(10.0, 60.0), Target::Port(merge.clone(), Port::Model(0)));
        assert_eq!(at(10.0, 90.0), Target::Port(merge, Port::Model(1)));
        assert_eq!(at(300.0, 60.0), Target::Canvas);
    }
}
