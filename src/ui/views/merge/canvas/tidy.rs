//! Where nodes lie that nobody has put anywhere: layered from left to right.
//!
//! The column of a node is its longest way to the output, its row follows the order of the
//! ports that it feeds. Columns are as wide as their widest node and stacked without overlap.
//! Cost: nodes times links.

use std::collections::BTreeMap;

use eframe::egui::{Pos2, Rect, Vec2, pos2, vec2};

use crate::merge::composition::{Graph, Link, NodeId};

/// Between columns, in points: room for a wire to bend.
pub const ACROSS: f32 = 48.0;
/// Between the nodes of a column, in points.
const DOWN: f32 = 20.0;
/// The most steps in a direction that are looked at for a free place.
const STEPS: f32 = 60.0;

/// A place for every node, by its number in the graph.
pub fn tidy(graph: &Graph, sizes: &[Vec2]) -> Vec<Pos2> {
    let columns = columns(graph);
    let order = order(graph);
    let most = columns.iter().copied().max().unwrap_or(0);
    let mut out = vec![Pos2::ZERO; graph.nodes.len()];
    let mut right = 0.0;
    for column in 0..=most {
        let inside = order.iter().copied().filter(|&n| columns[n] == column);
        let inside: Vec<usize> = inside.collect();
        let width = inside.iter().map(|&n| sizes[n].x).fold(0.0, f32::max);
        let heights: f32 = inside.iter().map(|&n| sizes[n].y).sum();
        let mut y = -(heights + DOWN * inside.len().saturating_sub(1) as f32) / 2.0;
        for n in inside {
            // Flush right: what comes out of a column starts at one line.
            out[n] = pos2(right - sizes[n].x, y).round();
            y += sizes[n].y + DOWN;
        }
        right -= width + ACROSS;
    }
    out
}

/// Places for all nodes: their own, and for those without one a free place beside what they
/// are connected to. If none has a place the whole is laid out by [`tidy`].
pub fn places(graph: &Graph, own: &[Option<Pos2>], sizes: &[Vec2]) -> Vec<Pos2> {
    if own.iter().all(Option::is_none) {
        return tidy(graph, sizes);
    }
    let mut taken: Vec<Rect> = Vec::new();
    for (place, size) in own.iter().zip(sizes) {
        taken.extend(place.map(|place| Rect::from_min_size(place, *size)));
    }
    let mut found = own.to_vec();
    for n in 0..found.len() {
        if found[n].is_none() {
            let wanted = beside(graph, &found, sizes, n).unwrap_or_else(|| below(&taken));
            let place = free_place(Rect::from_min_size(wanted, sizes[n]), &taken);
            taken.push(Rect::from_min_size(place, sizes[n]));
            found[n] = Some(place);
        }
    }
    found.into_iter().flatten().collect()
}

/// The nearest place downwards where `wanted` covers nothing.
pub fn free_place(wanted: Rect, taken: &[Rect]) -> Pos2 {
    let mut at = wanted;
    while let Some(hit) = taken.iter().find(|t| t.intersects(at.expand(DOWN / 2.0))) {
        at = Rect::from_min_size(pos2(at.left(), hit.bottom() + DOWN), at.size());
    }
    at.min.round()
}

/// The free place nearest to `wanted` that lies `within`; its middle where none is free.
pub fn near(wanted: Pos2, size: Vec2, within: Rect, taken: &[Rect]) -> Pos2 {
    let inside = within.shrink(DOWN);
    let room = (inside.size() - size).max(Vec2::ZERO);
    let step = (room.max_elem() / STEPS).max(DOWN);
    let count = |room: f32| (room / step) as usize + 1;
    let grid = (0..count(room.x)).flat_map(|x| (0..count(room.y)).map(move |y| (x, y)));
    let at = |(x, y): (usize, usize)| inside.min + vec2(x as f32, y as f32) * step;
    let is_free = |at: &Pos2| {
        let own = Rect::from_min_size(*at, size).expand(DOWN / 2.0);
        !taken.iter().any(|taken| taken.intersects(own))
    };
    let places = std::iter::once(wanted)
        .filter(|at| within.contains_rect(Rect::from_min_size(*at, size)))
        .chain(grid.map(at));
    let nearest = places
        .filter(is_free)
        .min_by(|a, b| a.distance(wanted).total_cmp(&b.distance(wanted)));
    nearest.unwrap_or(within.center() - size / 2.0).round()
}

/// Left of what a node feeds, or right of what feeds it.
fn beside(graph: &Graph, found: &[Option<Pos2>], sizes: &[Vec2], n: usize) -> Option<Pos2> {
    let id = &graph.nodes[n].id;
    let place = |of: &NodeId| {
        let at = number(graph, of)?;
        Some(Rect::from_min_size(found[at]?, sizes[at]))
    };
    let fed = graph.links.iter().filter(|l| l.from == *id);
    let fed = fed.filter_map(|l| place(&l.to)).next();
    let feeding = graph.links.iter().filter(|l| l.to == *id);
    let feeding = feeding.filter_map(|l| place(&l.from)).next();
    let left = fed.map(|r| r.min - vec2(sizes[n].x + ACROSS, 0.0));
    left.or_else(|| feeding.map(|r| r.right_top() + vec2(ACROSS, 0.0)))
}

fn below(taken: &[Rect]) -> Pos2 {
    let all = taken.iter().fold(Rect::NOTHING, |all, r| all.union(*r));
    pos2(all.left(), all.bottom() + DOWN)
}

fn number(graph: &Graph, id: &NodeId) -> Option<usize> {
    graph.nodes.iter().position(|node| node.id == *id)
}

/// The longest way of each node to the output; ends that nothing takes stand beside it.
fn columns(graph: &Graph) -> Vec<usize> {
    let nodes = graph.nodes.iter();
    let mut out: Vec<usize> = nodes.map(|n| usize::from(n.id != NodeId::Output)).collect();
    let ends = |link: &Link| Some((number(graph, &link.from)?, number(graph, &link.to)?));
    let links: Vec<(usize, usize)> = graph.links.iter().filter_map(ends).collect();
    // As many rounds as the longest way can have; a ring, which a text may hold, ends too.
    for _ in 0..graph.nodes.len() {
        let before = out.clone();
        for &(from, to) in &links {
            out[from] = out[from].max((out[to] + 1).min(graph.nodes.len()));
        }
        if out == before {
            break;
        }
    }
    let most = out.iter().copied().max().unwrap_or(0).max(2);
    let is_loose =
        |id: &NodeId| matches!(id, NodeId::Model(_)) && !graph.links.iter().any(|l| l.from == *id);
    for (n, node) in graph.nodes.iter().enumerate() {
        if is_loose(&node.id) {
            out[n] = most;
        }
    }
    out
}

/// Nodes as a walk from the output meets them, port by port, then the others.
fn order(graph: &Graph) -> Vec<usize> {
    let mut into: BTreeMap<usize, Vec<(usize, usize)>> = BTreeMap::new();
    for link in &graph.links {
        if let (Some(from), Some(to)) = (number(graph, &link.from), number(graph, &link.to)) {
            let ports = &graph.nodes[to].ports;
            let port = ports.iter().position(|p| *p == link.port).unwrap_or(0);
            into.entry(to).or_default().push((port, from));
        }
    }
    into.values_mut().for_each(|links| links.sort_unstable());
    let mut out = Vec::new();
    for start in (0..graph.nodes.len()).rev() {
        let mut open = vec![start];
        if matches!(graph.nodes[start].id, NodeId::Model(_)) {
            continue;
        }
        while let Some(next) = open.pop() {
            if !out.contains(&next) {
                out.push(next);
                let feeding = into.get(&next).map_or(&[][..], Vec::as_slice);
                open.extend(feeding.iter().rev().map(|(_, from)| *from));
            }
        }
    }
    let rest = (0..graph.nodes.len()).filter(|n| !out.contains(n));
    out.extend(rest.collect::<Vec<_>>());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merge::composition::{Composition, Port};
    use crate::merge::methods::find;
    use crate::merge::recipe::ModelRef;

    fn nested() -> Composition {
        let models = ["a", "b"].map(ModelRef::at);
        let mut made = Composition::merge_of(find("slerp").unwrap(), &models, None);
        let outer = NodeId::Merge(made.add_merge(find("linear").unwrap()));
        made.connect(&NodeId::Merge(0), &outer, Port::Model(0))
            .unwrap();
        made.connect(&NodeId::Model(ModelRef::at("c")), &outer, Port::Model(1))
            .unwrap();
        made.add_model(ModelRef::at("loose"));
        made
    }

    fn sizes(graph: &Graph) -> Vec<Vec2> {
        let size = |n: usize| vec2(120.0 + 10.0 * n as f32, 50.0 + 30.0 * n as f32);
        (0..graph.nodes.len()).map(size).collect()
    }

    fn rects(places: &[Pos2], sizes: &[Vec2]) -> Vec<Rect> {
        let rect = |(place, size): (&Pos2, &Vec2)| Rect::from_min_size(*place, *size);
        places.iter().zip(sizes).map(rect).collect()
    }

    fn none_overlap(rects: &[Rect]) {
        for (k, a) in rects.iter().enumerate() {
            for b in &rects[k + 1..] {
                assert!(!a.intersects(*b), "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn what_feeds_stands_left_of_what_is_fed_and_nothing_overlaps() {
        let graph = nested().graph();
        let sizes = sizes(&graph);
        let places = tidy(&graph, &sizes);
        let rects = rects(&places, &sizes);
        none_overlap(&rects);
        for link in &graph.links {
            let from = rects[number(&graph, &link.from).unwrap()];
            let to = rects[number(&graph, &link.to).unwrap()];
            assert!(from.right() < to.left(), "{link:?}");
        }
    }

    #[test]
    fn rows_follow_the_ports() {
        let models = ["z", "m", "a"].map(ModelRef::at);
        let made = Composition::merge_of(find("linear").unwrap(), &models, None);
        let graph = made.graph();
        let places = tidy(&graph, &vec![vec2(100.0, 40.0); graph.nodes.len()]);
        let y = |name: &str| places[number(&graph, &NodeId::Model(ModelRef::at(name))).unwrap()].y;
        assert!(y("z") < y("m") && y("m") < y("a"));
    }

    #[test]
    fn a_new_node_finds_a_free_place_and_the_others_stay() {
        let graph = nested().graph();
        let sizes = sizes(&graph);
        let mut own: Vec<Option<Pos2>> = tidy(&graph, &sizes).into_iter().map(Some).collect();
        for missing in 0..own.len() {
            let kept = own[missing].take();
            let found = places(&graph, &own, &sizes);
            none_overlap(&rects(&found, &sizes));
            for (n, place) in own.iter().enumerate() {
                assert!(place.is_none_or(|place| place == found[n]));
            }
            own[missing] = kept;
        }
    }

    #[test]
    fn a_place_that_is_in_sight_and_free_is_found() {
        let within = Rect::from_min_size(pos2(-50.0, 10.0), vec2(800.0, 500.0));
        let taken = [Rect::from_min_size(pos2(100.0, 100.0), vec2(300.0, 300.0))];
        let size = vec2(200.0, 120.0);
        for wanted in [pos2(150.0, 150.0), pos2(5000.0, 0.0), pos2(420.0, 30.0)] {
            let found = Rect::from_min_size(near(wanted, size, within, &taken), size);
            assert!(within.contains_rect(found), "{found:?}");
            assert!(!taken[0].intersects(found), "{found:?}");
        }
        let full = [within];
        let found = near(pos2(0.0, 0.0), size, within, &full);
        assert!(within.contains(found), "{found:?}");
    }

    #[test]
    fn an_empty_graph_has_no_places() {
        assert_eq!(tidy(&Graph::default(), &[]), []);
    }
}
