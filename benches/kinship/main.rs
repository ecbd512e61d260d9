//! How fast, how exact and how frugal the kinship pass is; every part checks its answers.
//!
//! ```text
//! cargo bench --bench kinship                 speed, precision and kernels, models of 1 GB
//! cargo bench --bench kinship -- --small      the same in seconds, on models of 40 MB
//! cargo bench --bench kinship -- --memory     memory of its own, models of 1 GB
//! cargo bench --bench kinship -- --formats    speed over quantised files, 1 GB of each format
//! cargo bench --bench kinship -- --kernels    kernels alone, without files
//! ```
//!
//! The models lie in `KINFOLK_BENCH_DIR`, or else among the temporary files of the system, and
//! are deleted at the end. The yardstick of speed is a plain read of the same freshly mapped
//! bytes by as many threads; the runs alternate, so that both see the same machine.

// A benchmark speaks on standard output.
#![allow(clippy::print_stdout)]

mod exact;
mod formats;
mod models;

use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use kinfolk::checkpoint::Checkpoint;
use kinfolk::jobs::Ticket;
use kinfolk::kinship::{Kinship, Measure, MeasureError, Metric, Precision, measure};
use kinfolk::numeric::panel::BLOCK;
use kinfolk::numeric::{Float, Gram, Panel, Plain};

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let has = |flag: &str| std::env::args().any(|a| a == flag);
    let (layers, runs) = if has("--small") { (2, 5) } else { (27, 7) };
    let (hidden, vocabulary) = if has("--small") {
        (768, 4096)
    } else {
        (1280, 8192)
    };
    if !has("--memory") && !has("--formats") {
        kernels();
    }
    if has("--kernels") {
        return Ok(());
    }
    let parent = std::env::var_os("KINFOLK_BENCH_DIR").map_or_else(std::env::temp_dir, Into::into);
    let folder = tempfile::Builder::new()
        .prefix("kinfolk-bench")
        .tempdir_in(parent)?;
    if has("--formats") {
        return formats::speed(folder.path(), runs);
    }
    models::write(
        folder.path(),
        &models::Shape {
            layers,
            hidden,
            vocabulary,
        },
    )?;
    if has("--memory") {
        return memory(folder.path());
    }
    speed(folder.path(), runs)?;
    exactness(folder.path())
}

/// The base and the models called so, mapped anew.
fn open(folder: &Path, models: &[&str]) -> Result<Vec<Checkpoint>, Box<dyn Error>> {
    let all = std::iter::once(&"base").chain(models);
    Ok(all
        .map(|name| Checkpoint::open(&folder.join(format!("{name}.safetensors"))))
        .collect::<Result<_, _>>()?)
}

/// Measures all on the first, and takes the time.
fn timed_measure(all: &[Checkpoint]) -> Result<(Kinship, Duration), MeasureError> {
    let models: Vec<&Checkpoint> = all[1..].iter().collect();
    let start = Instant::now();
    let found = measure(
        &all[0],
        &models,
        Precision::Full,
        None,
        &Ticket::default(),
        &|_, _| {},
    )?;
    Ok((found, start.elapsed()))
}

fn value(kinship: &Kinship, metric: Metric, a: usize, b: usize) -> f64 {
    let measure = Measure {
        metric,
        ..Measure::default()
    };
    kinship.matrix(measure).get(a, b).unwrap_or(f64::NAN)
}

// ---- speed ----

fn speed(folder: &Path, runs: usize) -> Outcome {
    let threads = rayon::current_num_threads();
    println!("\nbase and two BF16 models, {threads} threads, {runs} alternating runs");
    println!("{:>12} {:>14} {:>8}", "read GB/s", "kinship GB/s", "ratio");
    let mut ratios = Vec::new();
    for _ in 0..runs {
        let all = open(folder, &["one", "two"])?;
        let bytes: u64 = all.iter().map(Checkpoint::size_bytes).sum();
        let rate = |time: Duration| bytes as f64 / time.as_secs_f64() / 1e9;
        let plain = rate(plain_read(&all, threads));
        drop(all);
        let all = open(folder, &["one", "two"])?;
        let (found, time) = timed_measure(&all)?;
        let cosine = value(&found, Metric::COSINE, 0, 1);
        assert!((cosine - 0.8).abs() < 0.01, "{cosine}");
        println!(
            "{plain:12.2} {:14.2} {:8.2}",
            rate(time),
            rate(time) / plain
        );
        ratios.push(rate(time) / plain);
    }
    ratios.sort_by(f64::total_cmp);
    println!("median ratio {:.2}", ratios[runs / 2]);
    Ok(())
}

/// Adds up all bytes of all tensors, in an order like that of the pass.
fn plain_read(all: &[Checkpoint], threads: usize) -> Duration {
    fn own<'c>(c: &'c Checkpoint, name: &str) -> &'c [u8] {
        let bytes = c.tensor(name).and_then(|t| t.bytes());
        bytes.unwrap_or_default()
    }
    let start = Instant::now();
    let tensors = all[0].tensors().iter();
    let slices: Vec<&[u8]> = tensors
        .flat_map(|tensor| {
            let each = all.iter().map(|c| own(c, &tensor.name).chunks(CHUNK_BYTES));
            side_by_side(each.collect()).into_iter().flatten()
        })
        .collect();
    plain_read_of(&slices, threads);
    start.elapsed()
}

/// Bytes that are read at a time, as many as a chunk of the pass has of a BF16 model.
const CHUNK_BYTES: usize = 2 << 20;

/// Adds up all bytes, eight at a time.
fn plain_read_of(slices: &[&[u8]], threads: usize) {
    let chunks: Vec<&[u8]> = slices.iter().flat_map(|s| s.chunks(CHUNK_BYTES)).collect();
    let next = AtomicUsize::new(0);
    let total = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(chunk) = chunks.get(next.fetch_add(1, Ordering::Relaxed)) {
                    total.fetch_add(sum_of(chunk), Ordering::Relaxed);
                }
            });
        }
    });
    black_box(total.into_inner());
}

fn side_by_side<'a>(mut all: Vec<std::slice::Chunks<'a, u8>>) -> Vec<Vec<&'a [u8]>> {
    let next = || -> Vec<_> { all.iter_mut().filter_map(Iterator::next).collect() };
    std::iter::repeat_with(next)
        .take_while(|now| !now.is_empty())
        .collect()
}

fn sum_of(bytes: &[u8]) -> u64 {
    let (words, _) = bytes.as_chunks::<8>();
    words
        .iter()
        .map(|w| u64::from_le_bytes(*w))
        .fold(0, u64::wrapping_add)
}

// ---- precision ----

fn exactness(folder: &Path) -> Outcome {
    let all = open(folder, &["one", "two", "near"])?;
    let (found, _) = timed_measure(&all)?;
    println!(
        "\n{} parameters against sums of twice the digits",
        found.parameters()
    );
    for (b, name, distance_off) in [(1, "two", 1e-9), (2, "near", 1e-6)] {
        let reference = exact::reference(&all[0], &all[1], &all[b + 1]);
        let narrow = exact::in_f32(&all[0], &all[1], &all[b + 1]);
        println!(
            "{:>14} {:>20} {:>20} {:>20}",
            format!("one, {name}"),
            "Pearson",
            "cosine",
            "distance"
        );
        let ours = [Metric::PEARSON, Metric::COSINE, Metric::EUCLIDEAN]
            .map(|metric| value(&found, metric, 0, b));
        let row = |what: &str, v: [f64; 3]| {
            println!("{what:>14} {:20.15} {:20.15} {:20.12}", v[0], v[1], v[2]);
        };
        row("reference", reference);
        row("kinfolk", ours);
        row("f32 running", narrow.running);
        row("f32 pairwise", narrow.pairwise);
        assert!(
            (ours[0] - reference[0]).abs() <= 1e-9,
            "Pearson is not exact"
        );
        assert!(
            (ours[1] - reference[1]).abs() <= 1e-9,
            "cosine is not exact"
        );
        let relative = (ours[2] / reference[2] - 1.0).abs();
        assert!(relative <= distance_off, "distance is off by {relative:e}");
    }
    Ok(())
}

// ---- kernels ----

fn kernels() {
    println!(
        "{:>8} {:>14} {:>22}",
        "models", "GFMA/s, sums", "with decoding of BF16"
    );
    for models in [2, 8, 20, 50] {
        let stored: Vec<Vec<u8>> = (0..=models as u64)
            .map(|seed| {
                models::numbers(seed, 0, BLOCK)
                    .flat_map(|x| models::bf16(x).to_le_bytes())
                    .collect()
            })
            .collect();
        let (mut panel, mut gram) = (Panel::new(models), Gram::zero(models));
        let fill = |panel: &mut Panel| {
            panel.set_base(&plain(Float::BF16, &stored[0]));
            for (k, own) in stored[1..].iter().enumerate() {
                panel.set_weights(k, &plain(Float::BF16, own));
            }
        };
        let products = (BLOCK * (models + 1) * (models + 2) / 2) as f64;
        fill(&mut panel);
        let sums = best_rate(products, || panel.add_to(&mut gram, 0));
        let both = best_rate(products, || {
            fill(&mut panel);
            panel.add_to(&mut gram, 0);
        });
        assert!(gram.dot(1, 1) > 0.0);
        println!("{models:8} {sums:14.1} {both:22.1}");
    }
    println!("\n{:>8} {:>10}", "format", "ns/number");
    for float in Float::ALL {
        let stored: Vec<u8> = (0..BLOCK * float.bytes())
            .map(|k| (k * 37 % 251) as u8 & 0xbf)
            .collect();
        let mut panel = Panel::new(1);
        panel.set_base(&plain(Float::BF16, &[0; 2 * BLOCK]));
        let rate = best_rate(BLOCK as f64, || {
            panel.set_weights(0, &plain(float, &stored));
            black_box(&mut panel);
        });
        println!("{:>8} {:10.3}", format!("{float:?}"), 1.0 / rate);
    }
}

/// The best of several runs, in billions of `amount` a second: other work only slows down.
fn best_rate(amount: f64, mut work: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..12 {
        let (start, mut times) = (Instant::now(), 0);
        while start.elapsed() < Duration::from_millis(20) {
            (0..50).for_each(|_| work());
            times += 50;
        }
        best = best.min(start.elapsed().as_secs_f64() / f64::from(times));
    }
    amount / best / 1e9
}

// ---- memory ----

fn memory(folder: &Path) -> Outcome {
    const LIMIT_MB: f64 = 150.0;
    let all = open(folder, &["one", "two"])?;
    let (stop, peak_kb) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| -> Outcome {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                peak_kb.fetch_max(anonymous_kb().unwrap_or(0), Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        let measured = timed_measure(&all);
        stop.store(true, Ordering::Relaxed);
        measured?;
        Ok(())
    })?;
    let peak = peak_kb.into_inner() as f64 / 1e3;
    let files: u64 = all.iter().map(Checkpoint::size_bytes).sum();
    println!(
        "files {:.1} GB, memory of our own at most {peak:.1} MB",
        files as f64 / 1e9
    );
    assert!(peak > 0.0 && peak < LIMIT_MB, "{peak} MB of {LIMIT_MB}");
    Ok(())
}

/// Memory that is no file's, as Linux counts it.
fn anonymous_kb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("RssAnon:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

fn plain(float: Float, bytes: &[u8]) -> Plain<'_> {
    Plain { float, bytes }
}
