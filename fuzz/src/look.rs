//! Opening a model and looking at it.

use std::path::Path;

use kinfolk::checkpoint::{Base, Checkpoint};

/// Everything that is read of a model when it is opened and inspected.
pub fn look_at(path: &Path) {
    let Ok(model) = Checkpoint::open(path) else {
        return;
    };
    assert!(model.tensors().iter().all(|t| {
        t.bytes()
            .is_none_or(|own| own.len() as u64 == t.size_bytes())
    }));
    model.problems();
    model.suggested_name();
    model.key();
    if let Some(adapter) = model.adapter() {
        adapter.targets_missing_in(&Square);
        for name in ["model.layers.0.self_attn.q_proj.weight", "lm_head.weight"] {
            adapter.rows(&Square, name, &[32, 32]).ok();
        }
    }
}

/// A base that has every tensor, and a tied head.
struct Square;

impl Base for Square {
    fn shape_of(&self, _: &str) -> Option<Vec<usize>> {
        Some(vec![32, 32])
    }

    fn tied(&self) -> Option<bool> {
        Some(true)
    }
}
