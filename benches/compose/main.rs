//! How long the panel of the unborn child takes to follow a slider: 20 models of 300 tensors,
//! of which four are merged, from plan to kinship with everybody and profile over the layers.
//!
//! ```text
//! cargo bench --bench compose
//! ```
//!
//! Beside it stands what a frame at 60 Hz has, 16.7 ms.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark talks"
)]

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use kinfolk::checkpoint::Checkpoint;
use kinfolk::jobs::Ticket;
use kinfolk::kinship::store::CachedKinship;
use kinfolk::kinship::{Metric, Precision, measure};
use kinfolk::merge::composition::Composition;
use kinfolk::merge::methods;
use kinfolk::merge::recipe::{ModelRef, Parsed};
use kinfolk::study::ModelId;
use kinfolk::workbench::composing::{Request, predict};

const MODELS: usize = 20;
const LAYERS: usize = 33;
const ROWS: usize = 16;
const COLUMNS: usize = 32;
const FRAME_MS: f64 = 1000.0 / 60.0;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let open = |k: usize| Arc::new(Checkpoint::open(&model(folder.path(), k)).unwrap());
    let base = open(0);
    let models: Vec<Arc<Checkpoint>> = (1..=MODELS).map(open).collect();
    let all: Vec<&Checkpoint> = models.iter().map(AsRef::as_ref).collect();
    let kinship = measure(
        &base,
        &all,
        Precision::Full,
        None,
        &Ticket::default(),
        &|_, _| {},
    )
    .unwrap();
    println!("{MODELS} models, {} tensors", base.tensors().len());
    let stored = Arc::new(CachedKinship {
        base: base.key().to_owned(),
        models: models.iter().map(|m| m.key().to_owned()).collect(),
        kinship,
    });
    let own = |(k, c): (usize, &Arc<Checkpoint>)| {
        (ModelId(k as u32 + 1), Some(ModelId(0)), Arc::clone(c))
    };
    let mut people: Vec<_> = models.iter().enumerate().map(own).collect();
    people.push((ModelId(0), None, Arc::clone(&base)));
    let reference = |c: &Checkpoint| ModelRef::at(c.path().to_string_lossy().into_owned());
    let parents: Vec<ModelRef> = models[..4].iter().map(|c| reference(c)).collect();
    for method in methods::REGISTRY {
        let description = method.description();
        let composition = Composition::merge_of(*method, &parents, Some(&reference(&base)));
        let mut request = Request {
            text: composition.to_text().unwrap(),
            parsed: Arc::new(Parsed::from(composition.recipes.clone())),
            output: composition.written(),
            models: people.clone(),
            missing: Vec::new(),
            measured: vec![(ModelId(0), Arc::clone(&stored))],
            metric: Metric::PEARSON,
            hub: None,
            swept: None,
        };
        let ahead = predict(&request);
        let Ok(child) = &ahead.child else {
            println!("{:18} {:?}", description.name, ahead.child);
            continue;
        };
        let rounds = if child.exact { 40 } else { 3 };
        let mut times: Vec<f64> = (0..rounds)
            .map(|k| {
                // Another text each time, as a slider makes it.
                request.text += if k % 2 == 0 { "\n" } else { " " };
                let start = Instant::now();
                let ahead = predict(&request);
                let ms = start.elapsed().as_secs_f64() * 1e3;
                assert!(ahead.child.is_ok());
                ms
            })
            .collect();
        times.sort_by(f64::total_cmp);
        let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
        println!(
            "{:18} {:8} {median:8.2} ms median {worst:8.2} ms worst   {:5.2} of a frame",
            description.name,
            if child.exact { "exact" } else { "estimate" },
            median / FRAME_MS
        );
    }
}

/// Writes a model of so many layers in F32: the base plus a change of its own.
fn model(folder: &Path, k: usize) -> std::path::PathBuf {
    let path = folder.join(format!("m{k}.safetensors"));
    let parts = [
        "q_proj",
        "k_proj",
        "v_proj",
        "o_proj",
        "gate_proj",
        "up_proj",
        "down_proj",
        "a_norm",
        "b_norm",
    ];
    let mut names: Vec<String> = vec![
        "model.embed_tokens.weight".to_owned(),
        "model.norm.weight".to_owned(),
        "lm_head.weight".to_owned(),
    ];
    for layer in 0..LAYERS {
        names.extend(parts.map(|part| format!("model.layers.{layer}.{part}.weight")));
    }
    let bytes = 4 * ROWS * COLUMNS;
    let fields: Vec<String> = names
        .iter()
        .enumerate()
        .map(|(i, name)| {
            format!(
                r#""{name}":{{"dtype":"F32","shape":[{ROWS},{COLUMNS}],"data_offsets":[{},{}]}}"#,
                i * bytes,
                (i + 1) * bytes
            )
        })
        .collect();
    let header = format!("{{{}}}", fields.join(","));
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(&(header.len() as u64).to_le_bytes())
        .unwrap();
    file.write_all(header.as_bytes()).unwrap();
    let count = names.len() * ROWS * COLUMNS;
    let number = |seed: u64, i: u64| {
        let x = (i ^ (seed << 40)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((x >> 40) as f32) / (1u64 << 23) as f32 - 1.0
    };
    let all: Vec<u8> = (0..count as u64)
        .flat_map(|i| {
            let change = if k == 0 {
                0.0
            } else {
                0.01 * (number(99, i) + number(k as u64, i))
            };
            (number(0, i) + change).to_le_bytes()
        })
        .collect();
    file.write_all(&all).unwrap();
    path
}
