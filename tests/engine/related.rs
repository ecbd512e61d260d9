//! Whether models are related: copies of the demo's base that were changed in every way that a
//! relation survives, and strangers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kinfolk::checkpoint::Checkpoint;
use kinfolk::jobs::Ticket;
use kinfolk::origin::related::{Related, Verdict, related};

use crate::common::{f32_part, write_safetensors};

/// Weights in memory: rows, columns (1 for a vector), numbers.
type Weights = BTreeMap<String, (usize, usize, Vec<f32>)>;

const HIDDEN: usize = 128;
const UNITS: usize = 344;
const LAYERS: usize = 4;

fn demo(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("resources/demo").join(name)
}

fn weights(name: &str) -> Weights {
    let model = Checkpoint::open(&demo(name)).unwrap();
    let tensors = model.tensors().iter().map(|tensor| {
        let mut numbers = vec![0.0; tensor.elements()];
        tensor.numbers().unwrap().decode(&mut numbers);
        let columns = tensor.shape.get(1).copied().unwrap_or(1);
        (tensor.name.clone(), (tensor.shape[0], columns, numbers))
    });
    tensors.collect()
}

/// Writes a model with the demo's configuration, some of which is replaced, and its tokenizer.
fn write(dir: &Path, weights: &Weights, replace: &[(&str, &str)]) -> Checkpoint {
    std::fs::create_dir_all(dir).unwrap();
    let mut config = std::fs::read_to_string(demo("base").join("config.json")).unwrap();
    for (old, new) in replace {
        assert!(config.contains(old), "{old}");
        config = config.replace(old, new);
    }
    std::fs::write(dir.join("config.json"), config).unwrap();
    std::fs::copy(demo("base/tokenizer.json"), dir.join("tokenizer.json")).unwrap();
    let shapes: Vec<Vec<usize>> = weights
        .values()
        .map(|(rows, columns, _)| match columns {
            1 => vec![*rows],
            _ => vec![*rows, *columns],
        })
        .collect();
    let parts: Vec<_> = (weights.iter().zip(&shapes))
        .map(|((name, (.., numbers)), shape)| f32_part(name, shape, numbers))
        .collect();
    write_safetensors(&dir.join("model.safetensors"), &parts);
    Checkpoint::open(dir).unwrap()
}

/// Even numbers from a small generator.
struct Draws(u64);

impl Draws {
    fn even(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f32 {
        let (u, v) = (self.even(), self.even());
        ((-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()) as f32
    }

    fn order(&mut self, n: usize) -> Vec<usize> {
        let mut out: Vec<usize> = (0..n).collect();
        for k in (1..n).rev() {
            out.swap(k, (self.even() * (k + 1) as f64) as usize);
        }
        out
    }
}

fn take_rows(weights: &mut Weights, name: &str, rows: &[usize]) {
    let (count, columns, numbers) = weights.get_mut(name).unwrap();
    let taken = rows
        .iter()
        .flat_map(|&row| &numbers[row * *columns..][..*columns]);
    *numbers = taken.copied().collect();
    *count = rows.len();
}

fn take_columns(weights: &mut Weights, name: &str, chosen: &[usize]) {
    let (_, columns, numbers) = weights.get_mut(name).unwrap();
    let rows = numbers.chunks(*columns);
    *numbers = rows
        .flat_map(|row| chosen.iter().map(|&k| row[k]))
        .collect();
    *columns = chosen.len();
}

fn take_units(weights: &mut Weights, layer: usize, units: &[usize]) {
    let name = |part: &str| format!("model.layers.{layer}.mlp.{part}_proj.weight");
    take_rows(weights, &name("gate"), units);
    take_rows(weights, &name("up"), units);
    take_columns(weights, &name("down"), units);
}

/// Query heads in the order `heads`, two to a key head.
fn take_heads(weights: &mut Weights, layer: usize, heads: &[usize]) {
    let name = |part: &str| format!("model.layers.{layer}.self_attn.{part}_proj.weight");
    let rows = |heads: &[usize]| -> Vec<usize> {
        heads.iter().flat_map(|h| h * 32..h * 32 + 32).collect()
    };
    let keys: Vec<usize> = heads.iter().step_by(2).map(|head| head / 2).collect();
    take_rows(weights, &name("q"), &rows(heads));
    take_columns(weights, &name("o"), &rows(heads));
    take_rows(weights, &name("k"), &rows(&keys));
    take_rows(weights, &name("v"), &rows(&keys));
}

fn take_hidden(weights: &mut Weights, chosen: &[usize]) {
    let names: Vec<String> = weights.keys().cloned().collect();
    for name in names {
        match weights[&name].1 == 1 || name.contains("o_proj") || name.contains("down") {
            true => take_rows(weights, &name, chosen),
            false => take_columns(weights, &name, chosen),
        }
    }
}

/// Weights of the same shapes and sizes as `like`, drawn anew.
fn stranger(like: &Weights, seed: u64) -> Weights {
    let mut draws = Draws(seed);
    let mut out = like.clone();
    for (_, columns, numbers) in out.values_mut() {
        let square = numbers.iter().map(|x| x * x).sum::<f32>() / numbers.len() as f32;
        let is_norm = *columns == 1;
        for x in numbers {
            *x = match is_norm {
                true => 1.0 + 0.1 * draws.normal(),
                false => draws.normal() * square.sqrt(),
            };
        }
    }
    out
}

fn compare(a: &Checkpoint, b: &Checkpoint) -> Related {
    related(a, b, &Ticket::default()).unwrap()
}

fn has(found: &Related, change: &str) -> bool {
    found.changes.iter().any(|own| own.key() == change)
}

/// A changed copy of the base is related, and the change is named.
fn check(change: &str, replace: &[(&str, &str)], alter: impl FnOnce(&mut Weights, &mut Draws)) {
    let dir = tempfile::tempdir().unwrap();
    let mut own = weights("base");
    alter(&mut own, &mut Draws(7));
    let copy = write(dir.path(), &own, replace);
    // A fine-tune of the base, and the other way round the base itself.
    let [base, tally] = ["base", "tally"].map(|name| Checkpoint::open(&demo(name)).unwrap());
    for (a, b) in [(&tally, &copy), (&copy, &base)] {
        let found = compare(a, b);
        assert_eq!(found.verdict, Verdict::Related, "{change} {found:?}");
        assert!(found.p < 0.001, "{change} {found:?}");
        assert!(has(&found, change), "{change} {:?}", found.changes);
    }
}

#[test]
fn fine_tunes_are_related_and_copies_the_same() {
    let open = |name| Checkpoint::open(&demo(name)).unwrap();
    let (base, tally) = (open("base"), open("tally"));
    let found = compare(&base, &tally);
    assert_eq!(found.verdict, Verdict::Related);
    assert!(found.p < 1e-9 && found.cka.unwrap() > 0.9, "{found:?}");
    assert!(has(&found, "fine_tune"), "{found:?}");
    let found = compare(&base, &base.clone());
    assert!(has(&found, "same_weights"), "{found:?}");
    assert!((found.cka.unwrap() - 1.0).abs() < 1e-4);
}

#[test]
fn pruned_copies_are_related() {
    check("pruned", &[], |own, _| {
        for (_, columns, numbers) in own.values_mut().filter(|own| own.1 > 1) {
            let mut sizes: Vec<f32> = numbers.iter().map(|x| x.abs()).collect();
            sizes.sort_by(f32::total_cmp);
            let least = sizes[sizes.len() * 8 / 10];
            assert!(*columns > 1);
            numbers
                .iter_mut()
                .filter(|x| x.abs() < least)
                .for_each(|x| *x = 0.0);
        }
    });
}

#[test]
fn copies_with_fewer_units_heads_or_layers_are_related() {
    check("other_units", &[("344", "200")], |own, draws| {
        for layer in 0..LAYERS {
            let mut units = draws.order(UNITS);
            units.truncate(200);
            units.sort_unstable();
            take_units(own, layer, &units);
        }
    });
    check("other_heads", &[], |own, _| {
        (0..LAYERS).for_each(|layer| take_heads(own, layer, &[2, 3]));
    });
    check(
        "other_layers",
        &[("\"num_hidden_layers\": 4", "\"num_hidden_layers\": 3")],
        |own, _| {
            own.retain(|name, _| !name.contains("layers.1."));
            for (old, new) in [(2, 1), (3, 2)] {
                let of = |layer| format!("layers.{layer}.");
                let moved: Vec<String> = own
                    .keys()
                    .filter(|n| n.contains(&of(old)))
                    .cloned()
                    .collect();
                for name in moved {
                    let numbers = own.remove(&name).unwrap();
                    own.insert(name.replace(&of(old), &of(new)), numbers);
                }
            }
        },
    );
}

#[test]
fn copies_whose_units_and_heads_stand_in_another_order_are_related() {
    check("units_permuted", &[], |own, draws| {
        for layer in 0..LAYERS {
            take_units(own, layer, &draws.order(UNITS));
            take_heads(own, layer, &[3, 2, 0, 1]);
        }
        // Nor do embeddings and norms help.
        for (name, (_, columns, numbers)) in own.iter_mut() {
            if *columns == 1 {
                numbers.fill(1.0);
            } else if !name.contains("layers") {
                numbers.iter_mut().for_each(|x| *x = draws.normal());
            }
        }
    });
}

#[test]
fn copies_with_cut_or_permuted_hidden_dimensions_are_related() {
    let config = [("\"hidden_size\": 128", "\"hidden_size\": 96")];
    check("other_width", &config, |own, draws| {
        let mut chosen = draws.order(HIDDEN);
        chosen.truncate(96);
        chosen.sort_unstable();
        take_hidden(own, &chosen);
    });
    check("hidden_permuted", &[], |own, draws| {
        take_hidden(own, &draws.order(HIDDEN));
    });
}

#[test]
fn strangers_are_never_related() {
    let dir = tempfile::tempdir().unwrap();
    let base = weights("base");
    let mut models = vec![Checkpoint::open(&demo("base")).unwrap()];
    // Each of the three kinds of stranger meets each, its own too.
    for seed in 0..6 {
        let mut own = stranger(&base, 100 + seed);
        let mut config = Vec::new();
        if seed % 3 == 1 {
            (0..LAYERS)
                .for_each(|layer| take_units(&mut own, layer, &(0..200).collect::<Vec<_>>()));
        } else if seed % 3 == 2 {
            take_hidden(&mut own, &(0..96).collect::<Vec<_>>());
            config.push(("\"hidden_size\": 128", "\"hidden_size\": 96"));
        }
        models.push(write(&dir.path().join(seed.to_string()), &own, &config));
    }
    for (k, a) in models.iter().enumerate() {
        for b in &models[..k] {
            let found = compare(a, b);
            assert!(found.p >= 0.001, "{k} {found:?}");
            assert_ne!(found.verdict, Verdict::Related);
            assert!(found.cka.is_none_or(|cka| cka < 0.2), "{found:?}");
            assert!(found.verdict == Verdict::Unrelated || !found.notes.is_empty());
        }
    }
}

#[test]
fn what_cannot_be_compared_is_not_called_unrelated() {
    let dir = tempfile::tempdir().unwrap();
    let base = weights("base");
    let mut own = stranger(&base, 5);
    take_hidden(&mut own, &(0..80).collect::<Vec<_>>());
    (0..LAYERS).for_each(|layer| take_units(&mut own, layer, &(0..150).collect::<Vec<_>>()));
    let other = write(
        dir.path(),
        &own,
        &[("\"hidden_size\": 128", "\"hidden_size\": 80")],
    );
    let found = compare(&Checkpoint::open(&demo("base")).unwrap(), &other);
    assert_eq!(
        (found.verdict, found.p),
        (Verdict::CannotTell, 1.0),
        "{found:?}"
    );
    assert!(found.notes[0].contains("nothing was compared"), "{found:?}");
}

#[test]
fn threads_do_not_change_what_is_found() {
    let open = |name| Checkpoint::open(&demo(name)).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let other = write(dir.path(), &stranger(&weights("base"), 3), &[]);
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            [
                compare(&open("base"), &open("order")),
                compare(&open("base"), &other),
            ]
        })
    };
    assert_eq!(with(1), with(5));
}

#[test]
fn a_cancelled_comparison_stops() {
    let ticket = Ticket::default();
    ticket.cancel();
    let open = |name| Checkpoint::open(&demo(name)).unwrap();
    assert!(related(&open("base"), &open("order"), &ticket).is_err());
}
