//! Where a merge may start from.

use super::super::methods::find;
use super::super::recipe::{Content, Filtered, ModelRef, Setting, Slice, Value};
use super::shuffle::{Drawn, Order, shuffled};
use super::{Composition, source};

/// A way to begin.
pub struct Template {
    /// What it is called.
    pub title: &'static str,
    /// One sentence for someone who chooses.
    pub help: &'static str,
    /// How many models it wants, least and most.
    pub models: (usize, usize),
    /// Whether it wants a base as well.
    pub wants_base: bool,
    /// The method that it is the plain form of.
    pub method: Option<&'static str>,
    make: fn(&[ModelRef], Option<&ModelRef>, u32) -> Composition,
}

impl Template {
    /// The composition for these models, their base and their number of layers.
    pub fn make(&self, models: &[ModelRef], base: Option<&ModelRef>, layers: u32) -> Composition {
        (self.make)(models, base, layers)
    }
}

/// Every template, in the order on screen.
pub const TEMPLATES: [Template; 8] = [
    Template {
        title: "SLERP of two",
        help: "Half way between two models, along the arc",
        models: (2, 2),
        wants_base: false,
        method: Some("slerp"),
        make: |models, base, _| of("slerp", models, base),
    },
    Template {
        title: "SLERP as in the paper",
        help: "Attention and MLP cross over in depth by the lists that the paper's merges use",
        models: (2, 2),
        wants_base: false,
        method: None,
        make: paper_slerp,
    },
    Template {
        title: "SLERP of task vectors",
        help: "Half way between what two fine-tunes changed, as long as their changes are",
        models: (2, 2),
        wants_base: true,
        method: Some("nuslerp"),
        make: |models, base, _| {
            let mut out = of("nuslerp", models, base);
            for recipe in &mut out.recipes {
                recipe.base_model = base.cloned();
            }
            out
        },
    },
    Template {
        title: "Task arithmetic",
        help: "The base plus a share of what each fine-tune changed",
        models: (1, usize::MAX),
        wants_base: true,
        method: Some("task_arithmetic"),
        make: |models, base, _| of("task_arithmetic", models, base),
    },
    Template {
        title: "TIES",
        help: "Keeps the largest changes, and of those the ones that agree in sign",
        models: (2, usize::MAX),
        wants_base: true,
        method: Some("ties"),
        make: |models, base, _| of("ties", models, base),
    },
    Template {
        title: "Model stock",
        help: "The average of several fine-tunes, pulled towards their base by how far they part",
        models: (2, usize::MAX),
        wants_base: true,
        method: Some("model_stock"),
        make: |models, base, _| of("model_stock", models, base),
    },
    Template {
        title: "Frankenmerge",
        help: "Layers of one model on top of layers of another",
        models: (1, usize::MAX),
        wants_base: false,
        method: None,
        make: frankenmerge,
    },
    Template {
        title: "Layer shuffle",
        help: "At each place a layer of one of the models, drawn at random",
        models: (2, usize::MAX),
        wants_base: false,
        method: None,
        make: layer_shuffle,
    },
];

fn of(method: &str, models: &[ModelRef], base: Option<&ModelRef>) -> Composition {
    find(method).map_or_else(Composition::default, |method| {
        Composition::merge_of(method, models, base)
    })
}

/// t by filter as on the cards of the paper's merges (paper, section 4.1, and its released
/// models): attention one way, MLP the other, a half elsewhere.
fn paper_slerp(models: &[ModelRef], base: Option<&ModelRef>, _: u32) -> Composition {
    let mut out = of("slerp", models, base);
    let item = |filter: Option<&str>, value| Filtered {
        filter: filter.map(str::to_owned),
        value,
    };
    let over_depth = |points: [f64; 5]| Value::Gradient(points.to_vec());
    let t = Setting::Filtered(vec![
        item(Some("self_attn"), over_depth([0.0, 0.5, 0.3, 0.7, 1.0])),
        item(Some("mlp"), over_depth([1.0, 0.5, 0.7, 0.3, 0.0])),
        item(None, Value::Number(0.5)),
    ]);
    out.set(0, super::Place::Merge, "t", Some(t));
    out
}

/// Three quarters of each model, overlapping by a half, as frankenmerges usually begin.
fn frankenmerge(models: &[ModelRef], _: Option<&ModelRef>, layers: u32) -> Composition {
    let layers = i64::from(layers.max(1));
    let n = models.len().max(1) as i64;
    let length = (layers * 3 / 4).max(1);
    let first = |k: i64| match n {
        1 => 0,
        _ => (layers - length) * k / (n - 1),
    };
    let strip = |(k, model): (usize, &ModelRef)| {
        let mut own = source(model.clone());
        let start = first(k as i64);
        own.layer_range = Some([start, start + length]);
        Slice {
            sources: vec![own],
            ..Slice::default()
        }
    };
    stacked(models.iter().enumerate().map(strip).collect())
}

/// All alike likely; another draw has its seed on the command line.
fn layer_shuffle(models: &[ModelRef], _: Option<&ModelRef>, layers: u32) -> Composition {
    let drawn = |model: &ModelRef| Drawn {
        model: model.clone(),
        layers: layers.max(1),
        weight: 1.0,
    };
    let models: Vec<Drawn> = models.iter().map(drawn).collect();
    let mut out = stacked(shuffled(&models, Order::Kept, 0).unwrap_or_default());
    let taken: Vec<ModelRef> = out
        .recipes
        .iter()
        .flat_map(|r| r.models())
        .cloned()
        .collect();
    // In a pile of few layers a model may have none.
    let left = models.into_iter().map(|own| own.model);
    out.loose
        .extend(left.filter(|model| !taken.contains(model)));
    out
}

/// The merge that piles up slices as they are.
pub fn stacked(slices: Vec<Slice>) -> Composition {
    let mut out = of("passthrough", &[], None);
    if let Some(recipe) = out.recipes.first_mut() {
        recipe.content = Content::Slices(slices);
    }
    out
}
