//! The pass over generated models: the same bits whatever the threads, the order and the
//! company, and a clean end when it is told to stop.

// Helpers unwrap as tests do.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use kinfolk::checkpoint::Checkpoint;
use kinfolk::jobs::{Cancelled, Ticket};
use kinfolk::kinship::{
    Grain, Kinship, Matrix, Measure, MeasureError, Metric, Precision, TensorGram, measure, store,
};
use tempfile::TempDir;

use crate::common;
use crate::common::Part;

/// A large tensor of three chunks, whose last one ends inside a block, and small ones.
const LARGE: &[(&str, &str, &[usize])] = &[
    ("model.embed_tokens.weight", "BF16", &[1501, 1601]),
    ("model.layers.0.mlp.up_proj.weight", "F32", &[33, 31]),
    ("model.layers.0.self_attn.q_proj.weight", "F16", &[40, 32]),
    ("model.norm.weight", "BF16", &[7]),
];

/// Two chunks, the second of a few blocks.
const MEDIUM: &[(&str, &str, &[usize])] = &[
    ("model.embed_tokens.weight", "BF16", &[1026, 1025]),
    ("model.layers.0.self_attn.q_proj.weight", "F16", &[40, 32]),
];

const SMALL: &[(&str, &str, &[usize])] = &[
    ("lm_head.weight", "F32", &[6, 5]),
    ("model.embed_tokens.weight", "F32", &[6, 5]),
    ("model.layers.0.mlp.up_proj.weight", "F32", &[4, 5]),
    ("model.layers.1.input_layernorm.weight", "F32", &[5]),
    ("model.layers.10.self_attn.q_proj.weight", "F32", &[5, 5]),
    ("model.layers.2.self_attn.q_proj.weight", "F32", &[5, 5]),
    ("model.norm.weight", "F32", &[5]),
    (
        "vision_tower.encoder.layers.0.mlp.fc1.weight",
        "F32",
        &[3, 5],
    ),
];

/// Number `k` of the model with this seed: its base's, and a change that grows with the seed.
fn value(seed: u64, k: usize) -> f32 {
    let noise = |seed: u64| {
        let x = (k as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ seed.wrapping_mul(0xd1b5_4a32);
        let x = (x ^ (x >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((x ^ (x >> 32)) >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    };
    noise(0)
        + if seed == 0 {
            0.0
        } else {
            0.1 * noise(1) + 0.05 * noise(seed)
        }
}

fn part<'a>(seed: u64, (name, dtype, shape): (&'a str, &'a str, &'a [usize])) -> Part<'a> {
    let values = (0..shape.iter().product()).map(|k| value(seed, k));
    let bytes = match dtype {
        "BF16" => values
            .flat_map(|x| half::bf16::from_f32(x).to_le_bytes())
            .collect(),
        "F16" => values
            .flat_map(|x| half::f16::from_f32(x).to_le_bytes())
            .collect(),
        _ => values.flat_map(f32::to_le_bytes).collect(),
    };
    Part {
        name,
        dtype,
        shape,
        bytes,
    }
}

/// A base (seed 0) and models (the other seeds), in files of their own.
struct Models {
    _folder: TempDir,
    base: Checkpoint,
    models: Vec<Checkpoint>,
}

impl Models {
    fn new(tensors: &[(&str, &str, &[usize])], count: u64) -> Self {
        Self::from_parts((0..=count).map(|seed| tensors.iter().map(|&t| part(seed, t)).collect()))
    }

    /// The first of `all` is the base.
    fn from_parts<'a>(all: impl IntoIterator<Item = Vec<Part<'a>>>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |(k, parts): (usize, Vec<Part<'_>>)| {
            let path = folder.path().join(format!("{k}.safetensors"));
            common::write_safetensors(&path, &parts);
            Checkpoint::open(&path).unwrap()
        };
        let mut models: Vec<Checkpoint> = all.into_iter().enumerate().map(write).collect();
        let base = models.remove(0);
        Self {
            _folder: folder,
            base,
            models,
        }
    }

    /// All but the models from `count` on.
    fn first(&self, count: usize) -> Vec<&Checkpoint> {
        self.models[..count].iter().collect()
    }

    fn measure(&self, count: usize, known: Option<&Kinship>) -> Kinship {
        let (full, ticket) = (Precision::Full, Ticket::default());
        measure(
            &self.base,
            &self.first(count),
            full,
            known,
            &ticket,
            &|_, _| {},
        )
        .unwrap()
    }
}

fn matrix(kinship: &Kinship, metric: Metric) -> Matrix {
    kinship.matrix(Measure {
        metric,
        ..Measure::default()
    })
}

/// A result as it is stored, under made-up keys.
fn to_bytes(kinship: &Kinship) -> Vec<u8> {
    let stored = store::CachedKinship {
        base: "base".to_owned(),
        models: (0..kinship.models).map(|k| format!("model {k}")).collect(),
        kinship: kinship.clone(),
    };
    store::to_bytes(&stored).unwrap()
}

fn from_bytes(bytes: &[u8]) -> Option<Kinship> {
    let stored = store::from_bytes(bytes)?;
    assert_eq!(stored.base, "base");
    assert_eq!(stored.models.len(), stored.kinship.models);
    Some(stored.kinship)
}

/// Whether two results say the same to the bit, undefined sums included.
fn assert_same_bits(a: &Kinship, b: &Kinship) {
    assert!(to_bytes(a) == to_bytes(b));
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let models = Models::new(LARGE, 2);
    for precision in [Precision::Full, Precision::EightBit] {
        let with_threads = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            let ticket = Ticket::default();
            let all = models.first(2);
            pool.install(|| measure(&models.base, &all, precision, None, &ticket, &|_, _| {}))
                .unwrap()
        };
        let one = with_threads(1);
        assert_eq!(one.parameters(), 1501 * 1601 + 33 * 31 + 40 * 32 + 7);
        for threads in [2, 3] {
            assert_same_bits(&one, &with_threads(threads));
        }
    }
}

#[test]
fn further_models_keep_what_is_known_and_equal_a_new_measurement() {
    let models = Models::new(MEDIUM, 3);
    let all = models.measure(3, None);
    for known in 1..=3 {
        let known = models.measure(known, None);
        assert_same_bits(&models.measure(3, Some(&known)), &all);
    }
}

#[test]
fn known_sums_are_kept_and_not_measured_again() {
    let models = Models::new(SMALL, 3);
    let mut known = models.measure(2, None);
    for tensor in &mut known.tensors {
        tensor.gram.sums[1] = 1234.5;
    }
    let found = models.measure(3, Some(&known));
    assert!(found.tensors.iter().all(|t| t.gram.sums[1] == 1234.5));
    assert_eq!(found.select(&[0, 1]), known);
}

#[test]
fn known_sums_of_other_numbers_are_measured_again() {
    let models = Models::new(SMALL, 3);
    let all = models.measure(3, None);
    let mut eight_bit = models.measure(2, None);
    eight_bit.precision = Precision::EightBit;
    let mut shorter = models.measure(2, None);
    for tensor in &mut shorter.tensors {
        tensor.gram.count -= 1;
        tensor.gram.sums.fill(0.0);
    }
    let larger = models.measure(3, None);
    for known in [&eight_bit, &shorter] {
        assert_same_bits(&models.measure(3, Some(known)), &all);
    }
    assert_same_bits(&models.measure(2, Some(&larger)), &models.measure(2, None));
}

#[test]
fn company_changes_no_bit_of_a_pair() {
    let models = Models::new(MEDIUM, 5);
    let all = models.measure(5, None);
    assert_same_bits(&all.select(&[0, 1]), &models.measure(2, None));
    let ends: Vec<&Checkpoint> = vec![&models.models[0], &models.models[4]];
    let ticket = Ticket::default();
    let two = measure(
        &models.base,
        &ends,
        Precision::Full,
        None,
        &ticket,
        &|_, _| {},
    )
    .unwrap();
    assert_same_bits(&all.select(&[0, 4]), &two);
}

#[test]
fn select_reorders_models_and_what_they_lack() {
    let mut lacking: Vec<Part<'_>> = SMALL.iter().map(|&t| part(2, t)).collect();
    lacking.retain(|p| p.name != "model.norm.weight");
    let whole = |seed| SMALL.iter().map(|&t| part(seed, t)).collect();
    let models = Models::from_parts([whole(0), whole(1), lacking, whole(3)]);
    let all = models.measure(3, None);
    let picked = all.select(&[2, 1]);
    for &metric in Metric::ALL {
        let (all, picked) = (matrix(&all, metric), matrix(&picked, metric));
        assert_eq!(picked.len(), 2);
        assert_eq!(picked.get(0, 1), all.get(2, 1));
        assert_eq!(picked.get(1, 1), all.get(1, 1));
    }
    assert_eq!(picked.left_out.len(), 1);
    assert_eq!(picked.left_out[0].model, Some(1));
    assert_eq!(all.select(&[0, 2]).left_out, []);
    assert_eq!(all.select(&[1]).tensors.len(), SMALL.len() - 1);
}

#[test]
fn tensor_that_one_model_lacks_counts_for_the_others() {
    let whole = |seed| SMALL.iter().map(|&t| part(seed, t)).collect();
    let mut lacking: Vec<Part<'_>> = SMALL.iter().map(|&t| part(2, t)).collect();
    lacking.retain(|p| p.name != "model.layers.0.mlp.up_proj.weight");
    let models = Models::from_parts([whole(0), whole(1), lacking, whole(3)]);
    let found = models.measure(3, None);
    assert_eq!(found.left_out.len(), 1);
    assert_eq!(found.left_out[0].model, Some(1));
    assert_eq!(found.left_out[0].reason, "the model has no such tensor");
    let count = |a, b| -> f64 {
        found
            .tensors
            .iter()
            .filter_map(|t| t.pair(a, b))
            .map(|s| s.count)
            .sum()
    };
    assert_eq!(count(0, 2) - count(0, 1), 20.0);
    // A further model does not disturb what is known of a tensor that one of them lacks.
    assert_same_bits(&models.measure(3, Some(&models.measure(2, None))), &found);
}

#[test]
fn vocabularies_of_different_length_share_their_first_rows() {
    let embedding = |seed, rows: &'static [usize; 2]| {
        vec![part(seed, ("model.embed_tokens.weight", "F32", rows))]
    };
    let models = Models::from_parts([
        embedding(0, &[6, 5]),
        embedding(1, &[4, 5]),
        embedding(2, &[6, 5]),
        embedding(3, &[8, 5]),
        embedding(4, &[2, 5]),
    ]);
    let found = models.measure(4, None);
    let segments: Vec<_> = found
        .tensors
        .iter()
        .map(|t| (t.rows.clone(), t.models.clone()))
        .collect();
    assert_eq!(
        segments,
        [
            (0..2, vec![0, 1, 2, 3]),
            (2..4, vec![0, 1, 2]),
            (4..6, vec![1, 2])
        ]
    );
    assert_eq!(found.parameters(), 30);
    assert_eq!(found.left_out.len(), 3);
    // What two models share is as if they were alone.
    let cosine = matrix(&found, Metric::COSINE);
    for (a, b, rows) in [(0, 1, 4), (1, 2, 6), (0, 3, 2)] {
        let (x, y): (Vec<f64>, Vec<f64>) = (0..rows * 5)
            .map(|k| {
                let change = |seed| f64::from(value(seed as u64 + 1, k) - value(0, k));
                (change(a), change(b))
            })
            .unzip();
        let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
        let expected = dot(&x, &y) / (dot(&x, &x) * dot(&y, &y)).sqrt();
        assert!((cosine.get(a, b).unwrap() - expected).abs() < 1e-12);
    }
    // The model with two rows is the last: it cuts segments that were known uncut.
    for known in 1..4 {
        let known = models.measure(known, None);
        assert_same_bits(&models.measure(4, Some(&known)), &found);
    }
    let groups = found.groups(Grain::Tensor);
    assert_eq!(groups.len(), 1);
    assert_eq!(groups[0].tensors, [0, 1, 2]);
}

#[test]
fn cancelled_before_the_start_it_measures_nothing() {
    let models = Models::new(SMALL, 2);
    let ticket = Ticket::default();
    ticket.cancel();
    for precision in [Precision::Full, Precision::EightBit] {
        let touched = |_: usize, _: &TensorGram| panic!("nothing should have been measured");
        let all = models.first(2);
        let found = measure(&models.base, &all, precision, None, &ticket, &touched);
        assert_eq!(found, Err(MeasureError::Cancelled(Cancelled)));
    }
}

#[test]
fn cancelled_on_the_way_it_stops_after_the_tensors_in_work() {
    const TENSORS: usize = 400;
    let names: Vec<String> = (0..TENSORS)
        .map(|k| format!("model.layers.{k}.x.weight"))
        .collect();
    let parts = |seed| -> Vec<Part<'_>> {
        names
            .iter()
            .map(|name| part(seed, (name.as_str(), "F32", &[50])))
            .collect()
    };
    let models = Models::from_parts([parts(0), parts(1)]);
    let (ticket, done) = (Ticket::default(), AtomicUsize::new(0));
    let stop_soon = |_: usize, _: &TensorGram| {
        if done.fetch_add(1, Ordering::Relaxed) == 9 {
            ticket.cancel();
        }
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(2)
        .build()
        .unwrap();
    let all = models.first(1);
    let found = pool.install(|| {
        measure(
            &models.base,
            &all,
            Precision::Full,
            None,
            &ticket,
            &stop_soon,
        )
    });
    assert_eq!(found, Err(MeasureError::Cancelled(Cancelled)));
    // The other thread may have been between its last report and its own tensor.
    let done = done.into_inner();
    assert!((10..=11).contains(&done), "{done} tensors were finished");
}

#[test]
fn every_tensor_is_announced_once_and_progress_ends_at_its_total() {
    let models = Models::new(MEDIUM, 2);
    let sizes = models.base.size_bytes()
        + models
            .models
            .iter()
            .map(Checkpoint::size_bytes)
            .sum::<u64>();
    let known = models.measure(1, None);
    let same = models.measure(2, None);
    for (precision, passes) in [(Precision::Full, 1), (Precision::EightBit, 2)] {
        for known in [None, Some(&known), Some(&same)] {
            let (ticket, seen) = (Ticket::default(), Mutex::new(Vec::new()));
            let note = |index: usize, tensor: &TensorGram| {
                seen.lock().unwrap().push((index, tensor.clone()));
            };
            let all = models.first(2);
            let found = measure(&models.base, &all, precision, known, &ticket, &note).unwrap();
            let mut seen = seen.into_inner().unwrap();
            seen.sort_by_key(|(index, _)| *index);
            assert!(
                seen.iter()
                    .map(|(index, _)| *index)
                    .eq(0..found.tensors.len())
            );
            assert!(seen.iter().map(|(_, tensor)| tensor).eq(&found.tensors));
            let progress = ticket.progress();
            assert_eq!(progress.done, progress.total);
            // All but the headers of the files.
            assert!(progress.total < passes * sizes);
            assert!(progress.total > passes * (sizes - 3000));
        }
    }
}

#[test]
fn progress_never_exceeds_its_total() {
    let models = Models::new(SMALL, 2);
    let ticket = Ticket::default();
    let check = |_: usize, _: &TensorGram| {
        let progress = ticket.progress();
        assert!(progress.done <= progress.total);
    };
    let all = models.first(2);
    measure(
        &models.base,
        &all,
        Precision::EightBit,
        None,
        &ticket,
        &check,
    )
    .unwrap();
}

#[test]
fn groups_hold_every_tensor_once_under_names_in_order() {
    let found = Models::new(SMALL, 1).measure(1, None);
    let names = |grain| -> Vec<String> {
        let groups = found.groups(grain);
        let mut members: Vec<usize> = groups.iter().flat_map(|g| g.tensors.clone()).collect();
        members.sort_unstable();
        assert!(members.into_iter().eq(0..found.tensors.len()), "{grain:?}");
        groups.into_iter().map(|g| g.name).collect()
    };
    assert_eq!(
        names(Grain::Layer),
        [
            "layer 0",
            "layer 1",
            "layer 2",
            "layer 10",
            "vision layer 0",
            "embedding",
            "norm",
            "head"
        ]
    );
    assert_eq!(
        names(Grain::Kind),
        ["embedding", "attention", "mlp", "norm", "head"]
    );
    let tensors: Vec<&str> = found.tensors.iter().map(|t| t.tensor.as_str()).collect();
    assert_eq!(names(Grain::Tensor), tensors);
}

#[test]
fn kinship_of_several_models_is_the_mean_of_their_pairs() {
    let found = Models::new(SMALL, 3).measure(3, None);
    let pearson = matrix(&found, Metric::PEARSON);
    let of = |a, b| pearson.get(a, b).unwrap();
    assert_eq!(pearson.mean_of_pairs(&[0, 1]), pearson.get(0, 1));
    let mean = (of(0, 1) + of(0, 2) + of(1, 2)) / 3.0;
    assert!((pearson.mean_of_pairs(&[2, 0, 1]).unwrap() - mean).abs() < 1e-15);
    assert_eq!(pearson.mean_of_pairs(&[1]), None);
    assert_eq!(pearson.mean_of_pairs(&[]), None);
    assert_eq!(pearson.mean_of_pairs(&[0, 7]), None);
}

#[test]
fn nothing_to_compare_is_a_result_and_no_failure() {
    let models = Models::new(SMALL, 1);
    let alone = models.measure(0, None);
    assert_eq!((alone.models, alone.tensors.len()), (0, 0));
    let other = Models::new(&[("another.weight", "F32", &[3])], 1);
    let ticket = Ticket::default();
    let stranger = [&other.models[0]];
    let found = measure(
        &models.base,
        &stranger,
        Precision::Full,
        None,
        &ticket,
        &|_, _| {},
    )
    .unwrap();
    assert_eq!(found.tensors.len(), 0);
    assert_eq!(found.left_out.len(), SMALL.len() + 1);
    assert_eq!(matrix(&found, Metric::EUCLIDEAN).get(0, 0), None);
    assert_eq!(ticket.progress().total, 0);
}

#[test]
fn stored_result_comes_back_to_the_bit() {
    for precision in [Precision::Full, Precision::EightBit] {
        let models = Models::new(SMALL, 3);
        let ticket = Ticket::default();
        let all = models.first(3);
        let found = measure(&models.base, &all, precision, None, &ticket, &|_, _| {}).unwrap();
        let read = from_bytes(&to_bytes(&found)).unwrap();
        assert_eq!(read, found);
    }
}

#[test]
fn stored_undefined_sums_come_back() {
    let mut broken = part(1, SMALL[0]);
    broken.bytes[..4].copy_from_slice(&f32::NAN.to_le_bytes());
    let models = Models::from_parts([vec![part(0, SMALL[0])], vec![broken]]);
    let found = models.measure(1, None);
    assert!(found.tensors[0].gram.sums[1].is_nan());
    let bytes = to_bytes(&found);
    let read = from_bytes(&bytes).unwrap();
    assert_same_bits(&read, &found);
    assert_eq!(read.left_out, found.left_out);
}

#[test]
fn cut_short_a_stored_result_is_none() {
    let bytes = to_bytes(&Models::new(SMALL, 2).measure(2, None));
    for end in 0..bytes.len() {
        assert_eq!(from_bytes(&bytes[..end]), None, "{end}");
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert_eq!(from_bytes(&longer), None);
}

#[test]
fn a_flipped_bit_never_changes_a_stored_result() {
    let found = Models::new(SMALL, 2).measure(2, None);
    let mut bytes = to_bytes(&found);
    for k in 0..bytes.len() {
        for bit in [0, 1, 5] {
            bytes[k] ^= 1 << bit;
            // White space and the order of a header may change without harm.
            if let Some(read) = from_bytes(&bytes) {
                assert_eq!(read, found, "byte {k} bit {bit}");
            }
            bytes[k] ^= 1 << bit;
        }
    }
}
