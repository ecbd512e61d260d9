//! Layers of several models drawn at random, as mergekit's layershuffle does it: at each place one
//! of the models, by weight, or layers of any place in any order.
//!
//! Drawn from a seed and the place alone, so that the same seed gives the same recipe anywhere.

use super::super::recipe::{ModelRef, Slice};
use super::source;
use crate::numeric::random::Stream;

/// A model whose layers are drawn from.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    /// The model.
    pub model: ModelRef,
    /// How many layers it has.
    pub layers: u32,
    /// How likely it is beside the others, not below 0; with [`Order::Any`], how many layers are
    /// taken of it, as a share of its own.
    pub weight: f64,
}

/// In which order layers come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Each layer stays at its place, and its model is drawn.
    Kept,
    /// Layers are drawn too, with repetition, and shuffled.
    Any,
}

/// A pile of slices; layers of one model that follow each other are one slice.
///
/// # Errors
/// A sentence, if there is nothing to draw from.
pub fn shuffled(models: &[Drawn], order: Order, seed: u64) -> Result<Vec<Slice>, String> {
    let sum: f64 = models.iter().map(|own| own.weight).sum();
    let is_odd = |own: &Drawn| !own.weight.is_finite() || own.weight < 0.0;
    if models.iter().any(is_odd) || sum <= 0.0 || !sum.is_finite() {
        return Err("weights are numbers from 0 on, of which one at least is above 0".to_owned());
    }
    let drawn = match order {
        Order::Kept => models_at_places(models, sum, seed)?,
        Order::Any => layers_of_any_place(models, seed),
    };
    if drawn.is_empty() {
        return Err("no layers are left; give larger weights".to_owned());
    }
    Ok(joined(models, &drawn, order))
}

/// Which layer of which model.
type Layer = (usize, u32);

fn models_at_places(models: &[Drawn], sum: f64, seed: u64) -> Result<Vec<Layer>, String> {
    let count = models.first().map_or(0, |own| own.layers);
    if let Some(other) = models
        .iter()
        .find(|own| own.layers != count && own.weight > 0.0)
    {
        return Err(format!(
            "{} has {} layers and {} has {count}; layers that keep their places are drawn from \
             models of equally many",
            other.model, other.layers, models[0].model
        ));
    }
    let stream = Stream::new(seed, "layer shuffle: models", 0);
    let draw = |place: u32| {
        let mut left = part(stream.at(u64::from(place))) * sum;
        let possible = || (0..models.len()).filter(|k| models[*k].weight > 0.0);
        let found = possible().find(|k| {
            left -= models[*k].weight;
            left < 0.0
        });
        // Rounding may leave a little behind the last.
        (found.or_else(|| possible().next_back()).unwrap_or(0), place)
    };
    Ok((0..count).map(draw).collect())
}

/// A share of each model's number of layers is drawn from all of its layers. (mergekit draws from
/// as many of the first.)
fn layers_of_any_place(models: &[Drawn], seed: u64) -> Vec<Layer> {
    let mut out = Vec::new();
    for (k, own) in models.iter().enumerate() {
        let count = (f64::from(own.layers) * own.weight) as u64;
        let stream = Stream::new(seed, "layer shuffle: layers", k as u64);
        let layer = |at| (part(stream.at(at)) * f64::from(own.layers)) as u32;
        let drawn = (0..count.min(MOST_LAYERS)).map(|at| (k, layer(at).min(own.layers - 1)));
        out.extend(drawn.filter(|_| own.layers > 0));
    }
    let stream = Stream::new(seed, "layer shuffle: order", 0);
    // Fisher and Yates.
    for end in (1..out.len()).rev() {
        let other = (part(stream.at(end as u64)) * (end + 1) as f64) as usize;
        out.swap(end, other.min(end));
    }
    out
}

/// More than any model has.
const MOST_LAYERS: u64 = 100_000;

/// From 0 to below 1.
fn part(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1u64 << 53) as f64
}

fn joined(models: &[Drawn], drawn: &[Layer], order: Order) -> Vec<Slice> {
    let mut out: Vec<Slice> = Vec::new();
    let mut last: Option<Layer> = None;
    for &(model, layer) in drawn {
        let follows = last.is_some_and(|(m, l)| m == model && l.checked_add(1) == Some(layer));
        last = Some((model, layer));
        let range = out.last_mut().and_then(|slice| slice.sources.first_mut());
        let range = range.and_then(|source| source.layer_range.as_mut());
        match range {
            Some(range) if follows && order == Order::Kept => range[1] += 1,
            _ => {
                let mut own = source(models[model].model.clone());
                own.layer_range = Some([i64::from(layer), i64::from(layer) + 1]);
                out.push(Slice {
                    sources: vec![own],
                    ..Slice::default()
                });
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(name: &str, layers: u32, weight: f64) -> Drawn {
        Drawn {
            model: ModelRef::at(name),
            layers,
            weight,
        }
    }

    fn layers(slices: &[Slice]) -> Vec<(String, i64)> {
        let own = slices.iter().map(|slice| &slice.sources[0]);
        own.flat_map(|source| {
            let [first, end] = source.layer_range.unwrap();
            (first..end).map(|layer| (source.model.path.clone(), layer))
        })
        .collect()
    }

    #[test]
    fn every_place_has_one_layer_and_weights_count() {
        let models = [
            drawn("a", 400, 3.0),
            drawn("b", 400, 1.0),
            drawn("c", 400, 0.0),
        ];
        let made = shuffled(&models, Order::Kept, 1).unwrap();
        let all = layers(&made);
        assert!(all.iter().map(|(_, layer)| *layer).eq(0..400));
        let of_a = all.iter().filter(|(name, _)| name == "a").count() as f64;
        // Within four standard deviations of three quarters.
        assert!((of_a - 300.0).abs() < 4.0 * (400f64 * 0.75 * 0.25).sqrt());
        assert!(all.iter().all(|(name, _)| name != "c"));
        assert!(made.len() < 250, "neighbours of one model are one slice");
        assert_eq!(made, shuffled(&models, Order::Kept, 1).unwrap());
        assert_ne!(made, shuffled(&models, Order::Kept, 2).unwrap());
    }

    #[test]
    fn layers_of_any_place_are_a_share_of_each_model() {
        let models = [drawn("a", 10, 1.0), drawn("b", 8, 0.5)];
        let all = layers(&shuffled(&models, Order::Any, 3).unwrap());
        let of = |name: &str| all.iter().filter(|(own, _)| own == name).count();
        assert_eq!((of("a"), of("b")), (10, 4));
        let is_there = |(name, layer): &(String, i64)| {
            *layer >= 0 && *layer < if name == "a" { 10 } else { 8 }
        };
        assert!(all.iter().all(is_there));
        assert!(!all.is_sorted(), "shuffled");
    }

    #[test]
    fn what_cannot_be_drawn_is_refused() {
        for models in [
            vec![],
            vec![drawn("a", 2, 0.0)],
            vec![drawn("a", 2, f64::NAN)],
            vec![drawn("a", 2, 1.0), drawn("b", 3, 1.0)],
        ] {
            assert!(shuffled(&models, Order::Kept, 0).is_err());
        }
        assert!(shuffled(&[drawn("a", 2, 0.1)], Order::Any, 0).is_err());
    }
}
