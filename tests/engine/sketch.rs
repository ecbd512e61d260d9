//! Sketches: as near to the exact kinship as they say, the same on any number of threads and in
//! any pieces, and never a wrong one taken for a right one.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kinfolk::checkpoint::Checkpoint;
use kinfolk::cluster::sketches::{self, Joined, Plan};
use kinfolk::cluster::{Event, Labour, Member};
use kinfolk::jobs::Ticket;
use kinfolk::kinship::sketch::{Sketch, all_pairs, estimate, matrix, read, sketch, write};
use kinfolk::kinship::{Kinship, Measure, Metric, Precision, measure};
use kinfolk::numeric::random::Stream;
use kinfolk::origin::population::{AKIN, changes, population};
use kinfolk::origin::scan;

use crate::common::{Part, f32_part, write_safetensors};

/// Rows and columns of the matrices: enough numbers that buckets hold many.
const SHAPES: [(&str, [usize; 2]); 3] = [
    ("model.embed_tokens.weight", [300, 96]),
    ("model.layers.0.mlp.up_proj.weight", [200, 96]),
    ("model.layers.1.self_attn.q_proj.weight", [96, 96]),
];

struct Family {
    dir: tempfile::TempDir,
    base: Checkpoint,
    models: Vec<Checkpoint>,
}

/// Normal numbers by a name.
fn normal(name: &str, number: u64, len: usize) -> Vec<f32> {
    let stream = Stream::new(1, name, number);
    (0..len as u64).map(|k| stream.normal(k) as f32).collect()
}

impl Family {
    /// A base, and models whose changes share a direction more or less; what they have in common
    /// with another family of another `seed` is nothing.
    fn new(seed: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let shares = [0.0f32, 0.3, 0.8, 1.5, 4.0, -1.0];
        let model = |k: usize| {
            let path = dir.path().join(format!("m{seed}-{k}.safetensors"));
            let share = k.checked_sub(1).map(|k| shares[k]);
            let mut parts: Vec<Part<'_>> = SHAPES
                .iter()
                .map(|(name, shape)| f32_part(name, shape, &Self::weights(seed, name, k, share)))
                .collect();
            parts.push(f32_part("model.norm.weight", &[96], &[1.0; 96]));
            write_safetensors(&path, &parts);
            Checkpoint::open(&path).unwrap()
        };
        let (base, models) = (model(0), (1..=shares.len()).map(model).collect());
        Self { dir, base, models }
    }

    fn weights(seed: u64, name: &str, k: usize, share: Option<f32>) -> Vec<f32> {
        let len = SHAPES
            .iter()
            .find(|own| own.0 == name)
            .unwrap()
            .1
            .iter()
            .product();
        let base = normal(name, 100 * seed, len);
        let Some(share) = share else { return base };
        let common = normal(name, 100 * seed + 50, len);
        let own = normal(name, 100 * seed + k as u64, len);
        let change = common
            .iter()
            .zip(&own)
            .map(|(common, own)| share * common + own);
        base.iter()
            .zip(change)
            .map(|(base, change)| base + 0.05 * change)
            .collect()
    }

    fn exact(&self) -> Kinship {
        let models: Vec<&Checkpoint> = self.models.iter().collect();
        let ticket = Ticket::default();
        measure(
            &self.base,
            &models,
            Precision::Full,
            None,
            &ticket,
            &|_, _| {},
        )
        .unwrap()
    }

    fn sketches(&self) -> Vec<Sketch> {
        let of = |model: &Checkpoint| sketch(model, Some(&self.base), &Ticket::default()).unwrap();
        self.models.iter().map(of).collect()
    }

    fn of_weights(&self) -> Vec<Sketch> {
        let all = std::iter::once(&self.base).chain(&self.models);
        all.map(|model| sketch(model, None, &Ticket::default()).unwrap())
            .collect()
    }
}

fn cosine() -> Measure {
    Measure {
        metric: Metric::COSINE,
        ..Measure::default()
    }
}

/// Whether estimates are near exact values, in their own errors: none farther than 4.5, and in
/// the mean square about 1.
fn check_errors(pairs: impl Iterator<Item = (f64, f64, f64)>) {
    let (mut sum, mut count) = (0.0, 0.0);
    for (found, error, exact) in pairs {
        let off = (found - exact) / (error + 1e-4);
        assert!(off.abs() < 4.5, "{found} ± {error} is not {exact}");
        sum += off * off;
        count += 1.0;
    }
    assert!(count > 5.0 && sum / count < 3.0, "{sum} / {count}");
}

#[test]
fn estimates_are_off_by_no_more_than_they_say() {
    let family = Family::new(1);
    let (exact, found) = (family.exact().matrix(cosine()), family.sketches());
    let n = found.len();
    let pairs = (0..n).flat_map(|a| (a + 1..n).map(move |b| (a, b)));
    check_errors(pairs.map(|(a, b)| {
        let own = estimate(&found[a], &found[b]).unwrap();
        (own.cosine, own.error, exact.get(a, b).unwrap())
    }));
    let all: usize = SHAPES.iter().map(|(_, shape)| shape[0] * shape[1]).sum();
    for own in &found {
        assert_eq!(own.numbers, all as u64 + 96);
        assert_eq!(own.left_out, []);
    }
}

#[test]
fn changes_follow_from_sketches_of_weights() {
    let family = Family::new(2);
    let (exact, weights) = (family.exact().matrix(cosine()), family.of_weights());
    let of: Vec<Sketch> = weights[1..]
        .iter()
        .map(|own| own.minus(&weights[0]))
        .collect();
    let n = of.len();
    let pairs = (0..n).flat_map(|a| (a + 1..n).map(move |b| (a, b)));
    check_errors(pairs.map(|(a, b)| {
        let own = estimate(&of[a], &of[b]).unwrap();
        // Without the lengths the error is (1 − ρ²) / 64.
        (
            own.cosine,
            (1.0 - own.cosine.powi(2)) / 64.0,
            exact.get(a, b).unwrap(),
        )
    }));
}

#[test]
fn all_pairs_are_those_of_each_pair_and_families_are_found() {
    let (first, second) = (Family::new(3), Family::new(4));
    let mut all = first.of_weights();
    all.extend(second.of_weights());
    let ticket = Ticket::default();
    let whole = matrix(&all, &ticket).unwrap();
    for a in 0..all.len() {
        for b in (0..all.len()).filter(|b| *b != a) {
            let own = estimate(&all[a], &all[b]).unwrap().cosine;
            assert!((whole.get(a, b).unwrap() - own).abs() < 1e-4);
        }
    }
    let pairs = all_pairs(&all, 3, AKIN, &ticket).unwrap();
    assert_eq!(
        pairs.groups,
        [(0..7).collect::<Vec<_>>(), (7..14).collect()]
    );
    for (a, nearest) in pairs.nearest.iter().enumerate() {
        let mut others: Vec<usize> = (0..all.len()).filter(|b| *b != a).collect();
        others.sort_by(|&b, &c| {
            whole
                .get(a, c)
                .unwrap()
                .total_cmp(&whole.get(a, b).unwrap())
        });
        let found: Vec<usize> = nearest.iter().map(|near| near.model).collect();
        assert_eq!(found, others[..3]);
    }
    let found = population(&all, 2, AKIN, &ticket).unwrap();
    let bases: Vec<Option<usize>> = found.families.iter().map(|own| own.base).collect();
    assert_eq!(bases, [Some(0), Some(7)], "what the others started from");
    let (members, of) = changes(&found.families[1], &all);
    assert_eq!(members, (8..14).collect::<Vec<_>>());
    assert_eq!(of.len(), 6);
}

#[test]
fn bits_do_not_depend_on_the_number_of_threads() {
    let family = Family::new(5);
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let own = family.sketches();
            let pairs = all_pairs(&own, 2, AKIN, &Ticket::default()).unwrap();
            (own, pairs)
        })
    };
    assert_eq!(with(1), with(4));
}

#[test]
fn a_sketch_is_of_whole_tensors_and_says_what_it_lacks() {
    let family = Family::new(6);
    let path = family.dir.path().join("odd.safetensors");
    // The first tensor has more rows than the base, the second a NaN, the third another shape.
    let mut numbers = Family::weights(6, SHAPES[1].0, 2, Some(0.3));
    numbers[5] = f32::NAN;
    let mut rows = Family::weights(6, SHAPES[0].0, 2, Some(0.3));
    rows.extend([7.0; 2 * 96]);
    let parts = [
        f32_part(SHAPES[0].0, &[302, 96], &rows),
        f32_part(SHAPES[1].0, &SHAPES[1].1, &numbers),
        f32_part(SHAPES[2].0, &[48, 192], &[0.5; 96 * 96]),
    ];
    write_safetensors(&path, &parts);
    let odd = Checkpoint::open(&path).unwrap();
    let own = sketch(&odd, Some(&family.base), &Ticket::default()).unwrap();
    assert_eq!(own.numbers, 300 * 96, "the rows that both have");
    let names: Vec<&str> = own.left_out.iter().map(|(name, _)| name.as_str()).collect();
    assert!(
        names.contains(&SHAPES[1].0) && names.contains(&SHAPES[2].0),
        "{:?}",
        own.left_out
    );
    assert!(own.square.is_finite() && own.sums.iter().all(|x| x.is_finite()));
    let alone = sketch(&odd, None, &Ticket::default()).unwrap();
    assert_eq!(alone.numbers, (302 * 96 + 96 * 96) as u64);
}

#[test]
fn models_without_a_direction_have_no_cosine() {
    let family = Family::new(7);
    let same = sketch(&family.base, Some(&family.base), &Ticket::default()).unwrap();
    assert_eq!(same.square, 0.0);
    let mut all = family.sketches();
    all.truncate(2);
    all.push(same);
    assert_eq!(estimate(&all[0], &all[2]), None);
    let pairs = all_pairs(&all, 5, AKIN, &Ticket::default()).unwrap();
    assert_eq!(pairs.nearest[2], []);
    assert_eq!(pairs.nearest[0].len(), 1);
    assert_eq!(matrix(&all, &Ticket::default()).unwrap().get(2, 2), None);
    let none = all_pairs(&[], 5, AKIN, &Ticket::default()).unwrap();
    assert!(none.nearest.is_empty() && none.groups.is_empty());
}

#[test]
fn records_are_read_whole_or_not_at_all() {
    let all = Family::new(8).sketches();
    let bytes = write(&all);
    assert_eq!(read(&bytes).unwrap(), all);
    assert_eq!(read(&write([])).unwrap(), []);
    assert!(read(&[]).is_none());
    for at in [0, 40, bytes.len() / 2, bytes.len() - 1] {
        let mut flipped = bytes.clone();
        flipped[at] ^= 4;
        assert!(read(&flipped).is_none(), "byte {at}");
    }
    for end in [1, 100, bytes.len() / 2, bytes.len() - 1] {
        assert!(read(&bytes[..end]).is_none(), "{end} bytes");
    }
}

#[test]
fn a_job_that_is_cancelled_ends() {
    let family = Family::new(9);
    let ticket = Ticket::default();
    ticket.cancel();
    assert!(sketch(&family.base, None, &ticket).is_err());
    assert!(all_pairs(&family.of_weights(), 1, AKIN, &ticket).is_err());
}

fn plan(family: &Family, name: &str, base: bool, task_bytes: u64) -> (PathBuf, Plan) {
    let member = |model: &Checkpoint| Member {
        name: model.suggested_name(),
        path: model.path().to_owned(),
        key: model.key().to_owned(),
        parameters: model.parameters(),
    };
    let models = family
        .models
        .iter()
        .map(|own| (member(own), own.size_bytes()));
    let plan = Plan::new(
        base.then(|| member(&family.base)),
        models.collect(),
        task_bytes,
    );
    let out = family.dir.path().join(name);
    plan.write(&out).unwrap();
    assert_eq!(Plan::read(&out).unwrap(), plan);
    (out, plan)
}

fn work(out: &Path, plan: &Plan, waits: bool) -> Result<Vec<Event>, String> {
    let labour = Labour {
        only: Vec::new(),
        most: usize::MAX,
        lease: Duration::from_secs(60),
        waits,
    };
    let told = Mutex::new(Vec::new());
    let tell = |event| told.lock().unwrap().push(event);
    let open = |path: &Path| {
        Checkpoint::open(path)
            .map(Arc::new)
            .map_err(|e| e.to_string())
    };
    let result = sketches::work(out, plan, &open, &labour, &Ticket::default(), &tell);
    result.map_err(|error| error.to_string())?;
    Ok(told.into_inner().unwrap())
}

#[test]
fn workers_make_each_sketch_once_and_the_bits_of_one_process() {
    let family = Family::new(10);
    for (base, expected) in [
        (true, family.sketches()),
        (false, family.of_weights()[1..].to_vec()),
    ] {
        let (out, plan) = plan(&family, &format!("plan {base}"), base, 500_000);
        assert!(plan.tasks().len() > 1);
        assert!(matches!(
            sketches::join(&out, &plan).unwrap(),
            Joined::Missing(_)
        ));
        let done = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for event in work(&out, &plan, true).unwrap() {
                        if let Event::Done { task, .. } = event {
                            done.lock().unwrap().push(task);
                        }
                    }
                });
            }
        });
        let mut done = done.into_inner().unwrap();
        done.sort();
        let mut all: Vec<String> = plan.tasks().into_iter().map(|task| task.id).collect();
        all.sort();
        assert_eq!(done, all);
        let Joined::Whole(found) = sketches::join(&out, &plan).unwrap() else {
            panic!("all parts are there");
        };
        assert_eq!(found, expected);
    }
}

#[test]
fn a_wrong_part_and_a_changed_model_are_refused() {
    let family = Family::new(11);
    let (out, plan) = plan(&family, "plan", false, 1);
    work(&out, &plan, false).unwrap();
    let part = |k: usize| out.join("parts").join(&plan.tasks()[k].id);
    let good = std::fs::read(part(0)).unwrap();
    let mut flipped = good.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let other = std::fs::read(part(1)).unwrap();
    for bad in [
        &flipped,
        &good[..good.len() - 1].to_vec(),
        &other,
        &Vec::new(),
    ] {
        std::fs::write(part(0), bad).unwrap();
        let error = sketches::join(&out, &plan).unwrap_err();
        assert!(error.contains(&plan.tasks()[0].id), "{error}");
    }
    std::fs::remove_file(part(0)).unwrap();
    let path = family.models[0].path();
    write_safetensors(path, &[f32_part("a", &[2, 2], &[1.0; 4])]);
    let error = work(&out, &plan, false).unwrap_err();
    assert!(
        error.contains("has changed since the plan was made"),
        "{error}"
    );
    let other = Plan::new(None, Vec::new(), 1).write(&out).unwrap_err();
    assert!(other.contains("holds a plan for other models"), "{other}");
}

#[test]
fn five_hundred_models_are_scanned_into_their_families() {
    let dir = tempfile::tempdir().unwrap();
    let model = |k: usize| {
        let path = dir.path().join(format!("m{k}.safetensors"));
        let weights = |name: &str| -> Vec<f32> {
            let common = normal(name, (k % 3) as u64, 900);
            let own = normal(name, 100 + k as u64, 900);
            common
                .iter()
                .zip(own)
                .map(|(common, own)| common + 0.3 * own)
                .collect()
        };
        let names = ["layers.0.a.weight", "layers.1.a.weight"];
        let parts = names.map(|name| f32_part(name, &[30, 30], &weights(name)));
        write_safetensors(&path, &parts);
        Checkpoint::open(&path).unwrap()
    };
    let models: Vec<Checkpoint> = (0..504).map(model).collect();
    let all: Vec<&Checkpoint> = models.iter().collect();
    let found = scan::families(&all, &Ticket::default()).unwrap();
    let members = found.families.iter().map(|family| family.members.clone());
    let mut members: Vec<Vec<usize>> = members.collect();
    members.sort();
    let expected = |first: usize| (first..504).step_by(3).collect::<Vec<_>>();
    assert_eq!(members, [0, 1, 2].map(expected));
}
