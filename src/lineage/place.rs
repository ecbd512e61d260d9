//! Heights: every column is moved as near to its neighbours as its order and the distances
//! allow, from left to right and back.
//!
//! For one column that is a least-squares problem with ordered unknowns, which pooling adjacent
//! violators solves exactly in O(n) (Ayer et al. 1955). Passages of long edges weigh more than
//! models, so that long edges are straight.

use super::order::Columns;

/// Distance of two models in a column.
const APART: f64 = 1.0;
/// Distance of a passage from its neighbour; two of them are no less than that of two models.
const PASSAGE_APART: f64 = 0.5;
/// How much more a passage pulls.
const PASSAGE_WEIGHT: f64 = 3.0;
/// There and back this many times.
const ROUNDS: usize = 6;

/// One height a thing, the topmost at 0.
pub(super) fn heights(columns: &Columns) -> Vec<f32> {
    let mut heights = vec![0.0; columns.before.len()];
    for column in &columns.order {
        let wanted = vec![0.0; column.len()];
        put(columns, column, &wanted, &mut heights);
    }
    let count = columns.order.len();
    for _ in 0..ROUNDS {
        for column in (0..count).chain((0..count).rev()) {
            let things = &columns.order[column];
            let wanted = things.iter().map(|&thing| near(columns, thing, &heights));
            let wanted: Vec<f64> = wanted.collect();
            put(columns, things, &wanted, &mut heights);
        }
    }
    let top = heights.iter().copied().fold(f64::INFINITY, f64::min);
    heights.iter().map(|height| (height - top) as f32).collect()
}

/// The mean height of what a thing is tied to; its own if it is tied to nothing.
fn near(columns: &Columns, thing: usize, heights: &[f64]) -> f64 {
    let ties = || columns.before[thing].iter().chain(&columns.after[thing]);
    let weight = |tie: usize| weight(columns, tie).max(weight(columns, thing));
    let all: f64 = ties().map(|&tie| weight(tie)).sum();
    if all == 0.0 {
        return heights[thing];
    }
    ties().map(|&tie| weight(tie) * heights[tie]).sum::<f64>() / all
}

/// Things that came to lie on each other's wishes, moved as one.
struct Block {
    sum: f64,
    weight: f64,
    count: usize,
}

/// Puts a column as near to `wanted` as its order and the distances allow.
fn put(columns: &Columns, things: &[usize], wanted: &[f64], heights: &mut [f64]) {
    let mut offsets = Vec::with_capacity(things.len());
    let mut offset = 0.0;
    let mut blocks: Vec<Block> = Vec::new();
    for (k, (&thing, &wanted)) in things.iter().zip(wanted).enumerate() {
        if k > 0 {
            offset += apart(columns, things[k - 1], thing);
        }
        offsets.push(offset);
        let weight = weight(columns, thing);
        let mut block = Block {
            sum: weight * (wanted - offset),
            weight,
            count: 1,
        };
        while let Some(last) = blocks.pop_if(|b| b.sum / b.weight > block.sum / block.weight) {
            block.sum += last.sum;
            block.weight += last.weight;
            block.count += last.count;
        }
        blocks.push(block);
    }
    let mut k = 0;
    for block in blocks {
        for _ in 0..block.count {
            heights[things[k]] = block.sum / block.weight + offsets[k];
            k += 1;
        }
    }
}

fn weight(columns: &Columns, thing: usize) -> f64 {
    match columns.is_passage(thing) {
        true => PASSAGE_WEIGHT,
        false => 1.0,
    }
}

fn apart(columns: &Columns, a: usize, b: usize) -> f64 {
    if columns.is_passage(a) || columns.is_passage(b) {
        PASSAGE_APART
    } else {
        APART
    }
}
