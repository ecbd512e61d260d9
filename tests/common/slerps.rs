//! Any number of SLERP children of the demo family without writing one: what each is made of,
//! and so its kinship with all others.

// A test and a benchmark compile this file, and each uses a part of it.
#![allow(dead_code)]

use std::path::Path;

use kinfolk::checkpoint::Checkpoint;
use kinfolk::jobs::Ticket;
use kinfolk::kinship::{Kinship, Precision, measure};
use kinfolk::numeric::Gram;

/// Every model of a run as what it is made of: for each tensor the shares of the base and of
/// the founders' task vectors. SLERP makes children that are such sums, so that kinship with
/// all of them follows from the Gram matrices of the founders.
pub struct Made<'k> {
    founders: &'k Kinship,
    shares: Vec<Vec<Vec<f64>>>,
}

impl<'k> Made<'k> {
    /// The founders alone.
    pub fn new(founders: &'k Kinship) -> Self {
        let one = |model: usize| {
            let mut shares = vec![0.0; founders.models + 1];
            shares[0] = 1.0;
            shares[model + 1] = 1.0;
            vec![shares; founders.tensors.len()]
        };
        let shares = (0..founders.models).map(one).collect();
        Self { founders, shares }
    }

    /// SLERP at t = 0.5, tensor by tensor: both have the share sin(θ/2)/sin θ.
    pub fn merge(&mut self, a: usize, b: usize) {
        let merged = |t: usize| {
            let (gram, a, b) = (
                &self.founders.tensors[t].gram,
                &self.shares[a][t],
                &self.shares[b][t],
            );
            let cosine = dot(gram, a, b) / (dot(gram, a, a) * dot(gram, b, b)).sqrt();
            let angle = cosine.acos();
            let share = if cosine.abs() > 0.9995 {
                0.5
            } else {
                (angle / 2.0).sin() / angle.sin()
            };
            a.iter().zip(b).map(|(a, b)| share * (a + b)).collect()
        };
        let child = (0..self.founders.tensors.len()).map(merged).collect();
        self.shares.push(child);
    }

    /// Pearson correlation of two models' task vectors.
    pub fn kinship(&self, a: usize, b: usize) -> f64 {
        let (mut count, mut sums, mut dots) = (0.0, [0.0; 2], [0.0; 3]);
        for (t, tensor) in self.founders.tensors.iter().enumerate() {
            let delta = |model: usize| {
                let mut shares = self.shares[model][t].clone();
                shares[0] -= 1.0;
                shares
            };
            let (gram, a, b) = (&tensor.gram, delta(a), delta(b));
            count += gram.count as f64;
            sums[0] += sum(gram, &a);
            sums[1] += sum(gram, &b);
            dots[0] += dot(gram, &a, &a);
            dots[1] += dot(gram, &b, &b);
            dots[2] += dot(gram, &a, &b);
        }
        let spread = |k: usize| dots[k] - sums[k] * sums[k] / count;
        (dots[2] - sums[0] * sums[1] / count) / (spread(0) * spread(1)).sqrt()
    }
}

fn sum(gram: &Gram, a: &[f64]) -> f64 {
    a.iter().zip(&gram.sums).map(|(a, sum)| a * sum).sum()
}

fn dot(gram: &Gram, a: &[f64], b: &[f64]) -> f64 {
    let row = |i: usize| {
        (0..b.len())
            .map(move |j| a[i] * b[j] * gram.dot(i, j))
            .sum::<f64>()
    };
    (0..a.len()).map(row).sum()
}

/// The Gram matrices of founders on the family's base.
pub fn measured(founders: &[String]) -> Kinship {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("resources/demo");
    let open = |name: &str| Checkpoint::open(&demo.join(name)).unwrap();
    let (base, models) = (
        open("base"),
        founders.iter().map(|name| open(name)).collect::<Vec<_>>(),
    );
    let all: Vec<&Checkpoint> = models.iter().collect();
    measure(
        &base,
        &all,
        Precision::Full,
        None,
        &Ticket::default(),
        &|_, _| {},
    )
    .unwrap()
}
