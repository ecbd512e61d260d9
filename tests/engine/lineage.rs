//! The layout of lineages: columns, order and heights, on plain graphs.

use kinfolk::lineage::{Graph, Layout, ancestors, crossings, descendants, kin, lay_out};
use proptest::prelude::*;

fn graph(generations: &[Option<u32>], edges: &[[usize; 2]]) -> Graph {
    Graph {
        generations: generations.to_vec(),
        edges: edges.to_vec(),
    }
}

/// Any lineage at all: rings, models that are their own parent, generations that contradict.
fn any_graph() -> impl Strategy<Value = Graph> {
    (1usize..40).prop_flat_map(|n| {
        let generation = prop_oneof![Just(None), (0u32..8).prop_map(Some), Just(Some(900_000))];
        let generations = prop::collection::vec(generation, n);
        let edges = prop::collection::vec([0..n, 0..n], 0..2 * n);
        (generations, edges).prop_map(|(generations, edges)| Graph { generations, edges })
    })
}

/// Lineages without rings: every parent has a lower number than its child.
fn forest() -> impl Strategy<Value = Graph> {
    any_graph().prop_map(|mut graph| {
        graph.edges.retain(|[a, b]| a != b);
        for edge in &mut graph.edges {
            edge.sort_unstable();
        }
        graph
    })
}

/// A run of merges as evolution makes them: two parents from the last two generations.
fn evolution(n: usize, width: usize) -> Graph {
    let mut seed = 7u64;
    let mut random = |below: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let mut out = Graph::default();
    for model in 0..n {
        let generation = model / width;
        out.generations.push(Some(generation as u32));
        if generation > 0 {
            let first = generation.saturating_sub(2) * width;
            for _ in 0..2 {
                out.edges
                    .push([first + random(generation * width - first), model]);
            }
        }
    }
    out
}

/// Whether one edge of every ring is enough of an excuse for edges that do not go right.
fn assert_sound(graph: &Graph, layout: &Layout) {
    let n = graph.generations.len();
    assert_eq!((layout.columns.len(), layout.heights.len()), (n, n));
    for a in 0..n {
        for b in 0..a {
            if layout.columns[a] == layout.columns[b] {
                let distance = (layout.heights[a] - layout.heights[b]).abs();
                assert!(distance > 0.999, "{a} and {b} overlap: {distance}");
            }
        }
    }
    let backward = graph
        .edges
        .iter()
        .filter(|[a, b]| layout.columns[*a] >= layout.columns[*b])
        .count();
    assert!(backward <= layout.rings.len(), "{backward} edges go back");
    assert!(layout.crossings <= layout.crossings_before);
    let top = layout.heights.iter().copied().fold(f32::INFINITY, f32::min);
    assert!(top > -0.001 && layout.heights.iter().all(|h| h.is_finite()));
    assert!(layout.generations.windows(2).all(|pair| pair[0] < pair[1]));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn no_model_overlaps_and_no_order_is_made_worse(graph in any_graph()) {
        assert_sound(&graph, &lay_out(&graph));
    }

    #[test]
    fn without_rings_every_edge_goes_right_and_none_is_reported(graph in forest()) {
        let layout = lay_out(&graph);
        assert!(layout.rings.is_empty());
        for [parent, child] in &graph.edges {
            assert!(layout.columns[*parent] < layout.columns[*child]);
        }
    }

    #[test]
    fn the_same_lineage_gives_the_same_layout(graph in any_graph()) {
        prop_assert_eq!(lay_out(&graph), lay_out(&graph.clone()));
    }

    #[test]
    fn crossings_agree_with_the_naive_count(edges in prop::collection::vec((0usize..12, 0usize..12), 0..30)) {
        let naive = (0..edges.len())
            .flat_map(|i| (0..i).map(move |j| (i, j)))
            .filter(|&(i, j)| {
                let (a, b) = (edges[i], edges[j]);
                (a.0 < b.0 && a.1 > b.1) || (a.0 > b.0 && a.1 < b.1)
            })
            .count();
        prop_assert_eq!(crossings(&edges), naive);
    }

    #[test]
    fn kin_are_those_that_are_reached_up_or_down(graph in forest(), of in 0usize..40) {
        let of = of % graph.generations.len();
        let (up, down, all) = (ancestors(&graph, of), descendants(&graph, of), kin(&graph, of));
        for model in 0..graph.generations.len() {
            prop_assert_eq!(all[model], up[model] || down[model]);
            prop_assert_eq!(up[model], descendants(&graph, model)[of]);
        }
    }
}

#[test]
fn nothing_gives_nothing_and_one_model_stands_alone() {
    assert_eq!(lay_out(&Graph::default()), Layout::default());
    let one = lay_out(&graph(&[None], &[]));
    assert_eq!((one.columns, one.heights), (vec![0], vec![0.0]));
    assert_eq!(one.generations, [0]);
}

#[test]
fn edges_to_nowhere_are_left_out() {
    let layout = lay_out(&graph(&[None, None], &[[0, 9], [7, 1]]));
    assert_eq!(layout.columns, [0, 0]);
}

#[test]
fn a_given_generation_holds_until_a_parent_stands_there() {
    let given = [Some(0), Some(3), Some(3), Some(1)];
    let layout = lay_out(&graph(&given, &[[0, 1], [1, 2], [0, 3]]));
    assert_eq!(layout.generations, [0, 1, 3, 4]);
    assert_eq!(layout.columns, [0, 2, 3, 1]);
    assert_eq!(layout.moved, [2]);
}

#[test]
fn a_newcomer_stands_beside_its_first_child() {
    let given = [Some(0), Some(1), Some(2), Some(3), None];
    let edges = [[0, 1], [1, 2], [2, 3], [4, 2], [4, 3]];
    let layout = lay_out(&graph(&given, &edges));
    assert_eq!(layout.columns, [0, 1, 2, 3, 1]);
    assert!(layout.moved.is_empty());
}

#[test]
fn a_ring_is_told_by_its_members_and_the_rest_still_goes_right() {
    let layout = lay_out(&graph(&[None; 4], &[[0, 1], [1, 2], [2, 1], [2, 3]]));
    assert_eq!(layout.rings, [vec![1, 2]]);
    assert_eq!(layout.columns, [0, 1, 2, 3]);
    let own = lay_out(&graph(&[None; 2], &[[1, 1]]));
    assert_eq!(own.rings, [vec![1]]);
}

#[test]
fn crossings_that_need_not_be_are_taken_out() {
    let edges = [[0, 3], [1, 2], [2, 4], [3, 4]];
    let layout = lay_out(&graph(&[None; 5], &edges));
    assert_eq!((layout.crossings_before, layout.crossings), (1, 0));
}

#[test]
fn families_are_stacked_with_the_largest_on_top() {
    let edges = [[3, 4], [4, 5], [0, 6]];
    let layout = lay_out(&graph(&[None; 7], &edges));
    assert_eq!(layout.heights, [1.0, 2.0, 3.0, 0.0, 0.0, 0.0, 1.0]);
}

#[test]
fn a_chain_is_straight_and_a_long_edge_bends_around_it() {
    let edges = [[0, 1], [1, 2], [2, 3], [0, 3]];
    let layout = lay_out(&graph(&[None; 4], &edges));
    let bends = &layout.bends[3];
    assert_eq!(bends.iter().map(|b| b.0).collect::<Vec<_>>(), [1, 2]);
    for &(column, height) in bends {
        let there = layout.columns.iter().position(|&c| c == column).unwrap();
        assert!((layout.heights[there] - height).abs() > 0.44);
    }
    let chain = lay_out(&graph(&[None; 5], &[[0, 1], [1, 2], [2, 3], [3, 4]]));
    assert_eq!(chain.heights, [0.0; 5]);
}

#[test]
fn five_hundred_models_lose_a_third_of_their_crossings() {
    let graph = evolution(500, 25);
    let layout = lay_out(&graph);
    assert_sound(&graph, &layout);
    assert!(layout.crossings * 3 < layout.crossings_before * 2);
}

#[test]
fn a_long_chain_does_not_exhaust_the_stack() {
    let n = 50_000;
    let edges: Vec<[usize; 2]> = (1..n).map(|k| [k - 1, k]).collect();
    let layout = lay_out(&graph(&vec![None; n], &edges));
    assert_eq!(layout.columns[n - 1], n - 1);
}
