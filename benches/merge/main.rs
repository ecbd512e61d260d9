//! How fast models are merged, beside a plain copy of the same bytes in the same run.
//!
//! ```text
//! cargo bench --bench merge -- --files               whole merges of files of 1 GB
//! cargo bench --bench merge -- MILLIONS [METHOD…]    methods alone, in memory
//! ```

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark talks"
)]

mod files;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Instant;

use kinfolk::checkpoint::{Dtype, RawTensor};
use kinfolk::jobs::Ticket;
use kinfolk::merge::merge_tensor;
use kinfolk::merge::methods::{self, Method, ParameterScope, Values};
use kinfolk::merge::tensor::{Input, MergeTensor};
use kinfolk::numeric::random::Stream;
use kinfolk::parallel::in_order;

const ROW: usize = 4096;

fn main() {
    if std::env::args().any(|a| a == "--files") {
        return files::bench().unwrap();
    }
    let millions = std::env::args()
        .filter_map(|a| a.parse().ok())
        .next()
        .unwrap_or(50usize);
    let n = millions * 1_000_000 / ROW * ROW;
    let models: Vec<Vec<u8>> = (0..4).map(|model| weights(model, n)).collect();
    let out = Mutex::new(vec![0u8; 2 * n]);
    // The first touch of the pages is no part of any of it.
    let copy = || copy(&models, &out);
    copy();
    let plain = (0..3).map(|_| time(copy)).fold(f64::INFINITY, f64::min);
    let gigabytes = 10.0 * n as f64 / 1e9;
    println!("copy {plain:.3} s, {:.1} GB/s", gigabytes / plain);
    let only: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| methods::find(a).is_some())
        .collect();
    for name in [
        "linear",
        "task_arithmetic",
        "slerp",
        "ties",
        "dare_ties",
        "della",
        "breadcrumbs",
        "sce",
        "model_stock",
    ] {
        if !only.is_empty() && !only.iter().any(|o| o == name) {
            continue;
        }
        let seconds = (0..2)
            .map(|_| time(|| merge(name, &models, n, &out)))
            .fold(f64::INFINITY, f64::min);
        println!(
            "{name:16} {seconds:.3} s, {:.2} times the copy",
            seconds / plain
        );
    }
}

fn time(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

/// A base, or the base and a change of a fiftieth of its size.
fn weights(model: u64, n: usize) -> Vec<u8> {
    let even =
        |stream: Stream, k: usize| (stream.at(k as u64) >> 40) as f32 / (1 << 24) as f32 - 0.5;
    let normal = |stream, k: usize| (0..4).map(|i| even(stream, 4 * k + i)).sum::<f32>();
    let (base, own) = (Stream::new(0, "base", 0), Stream::new(0, "model", model));
    let number = |k| {
        0.05 * normal(base, k)
            + if model == 0 {
                0.0
            } else {
                0.001 * normal(own, k)
            }
    };
    (0..n)
        .flat_map(|k| half::bf16::from_f32(number(k)).to_le_bytes())
        .collect()
}

/// Reads all inputs and writes as much as a child takes.
fn copy(models: &[Vec<u8>], out: &Mutex<Vec<u8>>) {
    const PART: usize = 1 << 20;
    let to = out.lock().unwrap();
    let parts = to.len().div_ceil(PART);
    let places: Vec<Mutex<Vec<u8>>> = (0..rayon::current_num_threads())
        .map(|_| Mutex::new(vec![0; PART]))
        .collect();
    in_order(parts, |k| {
        let range = k * PART..((k + 1) * PART).min(to.len());
        let place = &places[rayon::current_thread_index().unwrap_or(0)];
        let mut place = place.lock().unwrap();
        for model in models {
            place[..range.len()].copy_from_slice(&model[range.clone()]);
            std::hint::black_box(&place);
        }
        Ok::<(), ()>(())
    })
    .unwrap();
}

fn merge(name: &str, models: &[Vec<u8>], n: usize, out: &Mutex<Vec<u8>>) {
    let method = methods::find(name).unwrap();
    let shape = [n / ROW, ROW];
    let models = if name == "slerp" {
        &models[..2]
    } else {
        models
    };
    let inputs = models.iter().map(|bytes| Input {
        stored: RawTensor::new(Dtype::BF16, bytes).unwrap(),
        adapter: None,
    });
    let tensor = MergeTensor {
        name: "tensor",
        shape: &shape,
        inputs: inputs.collect(),
        base: (name != "linear").then_some(0),
        rounded_to: None,
        seed: 0,
    };
    let values = values(method, models.len());
    merge_tensor(
        &tensor,
        method,
        &values,
        &Ticket::default(),
        &|range, numbers: &[f32]| {
            let bytes: Vec<u8> = numbers
                .iter()
                .flat_map(|&x| half::bf16::from_f32(x).to_le_bytes())
                .collect();
            out.lock().unwrap()[2 * range.start..2 * range.end].copy_from_slice(&bytes);
            Ok(())
        },
    )
    .unwrap();
}

fn values(method: &dyn Method, inputs: usize) -> Values {
    let given = |key| match key {
        "density" => Some(0.5),
        "weight" => Some(0.3),
        "t" => Some(0.4),
        "select_topk" => Some(0.3),
        _ => None,
    };
    let mut values = Values::default();
    let mut own = BTreeMap::new();
    for parameter in method.description().parameters {
        let value = given(parameter.key).or(parameter.default()).unwrap();
        match parameter.scope {
            ParameterScope::Global => values.global.insert(parameter.key, value),
            ParameterScope::PerModel => own.insert(parameter.key, value),
        };
    }
    values.per_input = vec![own; inputs];
    values
}
