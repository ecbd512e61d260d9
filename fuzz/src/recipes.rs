//! Recipes: from text to plan, to canvas, and back to text.

use std::sync::{Arc, OnceLock};

use kinfolk::checkpoint::Checkpoint;
use kinfolk::merge::composition::{Composition, NodeId};
use kinfolk::merge::methods::REGISTRY;
use kinfolk::merge::plan::{Surroundings, plan};
use kinfolk::merge::recipe::{Parsed, parse, to_yaml};

use crate::files::repository;

/// The text of a recipe; its models are those of the tests, such as `alder/c1`.
pub fn recipe(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let parsed = parse(text);
    planned(&parsed);
    let is_whole = !parsed.problems.iter().any(|problem| problem.is_error());
    if is_whole && let Ok(yaml) = to_yaml(&parsed.recipes) {
        let again = parse(&yaml);
        assert_eq!(again.recipes, parsed.recipes, "{yaml}");
    }
    if let Some(composition) = Composition::read(text, &[]) {
        on_canvas(composition, data.len());
    }
}

fn planned(parsed: &Parsed) {
    let root = repository("tests/data/oracle/models");
    let surroundings = Surroundings {
        root: &root,
        working: None,
        hub: None,
        out: None,
        intermediates: None,
        force: false,
        allow_crimes: false,
        threads: 2,
        opened: opened(),
    };
    let plan = plan(parsed, &surroundings);
    for problem in &plan.problems {
        assert!(!problem.to_string().is_empty());
    }
}

/// The models that recipes name, opened once.
fn opened() -> &'static [Arc<Checkpoint>] {
    static OPENED: OnceLock<Vec<Arc<Checkpoint>>> = OnceLock::new();
    OPENED.get_or_init(|| {
        let open = |name: &&str| {
            let path = repository("tests/data/oracle/models/alder").join(name);
            Arc::new(Checkpoint::open(&path).unwrap())
        };
        ["base", "c1", "c2", "c3"].iter().map(open).collect()
    })
}

/// Every movement on the canvas keeps a recipe that can be read.
fn on_canvas(composition: Composition, which: usize) {
    let merges = composition.recipes.len();
    let graph = composition.graph();
    let nodes: Vec<NodeId> = graph.nodes.iter().map(|node| node.id.clone()).collect();
    let method = REGISTRY[which % REGISTRY.len()];
    let moves: [&dyn Fn(&mut Composition); 8] = [
        &|c| {
            c.add_merge(method);
        },
        &|c| (0..merges).for_each(|k| c.set_method(k, method)),
        &|c| {
            c.duplicate(&nodes);
        },
        &|c| c.remove(&nodes[..nodes.len() / 2]),
        &|c| (0..merges).for_each(|k| c.into_slices(k, 3, which % 2 == 0)),
        &|c| (0..merges).for_each(|k| c.cut_slice(k, 0, 1)),
        &|c| (0..merges).for_each(|k| c.set_slice_range(k, 0, [1, 4])),
        &|c| {
            c.insert(composition.clone());
        },
    ];
    for change in moves {
        let mut changed = composition.clone();
        change(&mut changed);
        changed.graph();
        if let Ok(text) = changed.to_text() {
            parse(&text);
        }
    }
}
