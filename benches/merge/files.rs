//! Whole merges from files to a written folder, beside a plain copy of the same bytes.

use std::error::Error;
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use kinfolk::jobs::Ticket;
use kinfolk::merge::plan::{Surroundings, plan};
use kinfolk::merge::recipe::parse;
use kinfolk::merge::run::{Options, run};
use kinfolk::merge::write::Parents;

#[path = "../kinship/models.rs"]
mod models;

/// Method, base and models of each merge; a base that stands among the models is one of them.
const MERGES: [(&str, Option<&str>, &[&str], &str); 4] = [
    ("linear", None, &["one", "two", "near"], "weight: 0.4"),
    ("slerp", Some("one"), &["one", "two"], ""),
    (
        "task_arithmetic",
        Some("base"),
        &["one", "two", "near"],
        "weight: 0.4",
    ),
    (
        "ties",
        Some("base"),
        &["one", "two", "near"],
        "weight: 0.4, density: 0.5",
    ),
];

/// Rounds; copy and merge take turns, so that both see the same machine.
const ROUNDS: usize = 5;

/// Writes a base and three models of about 1 GB, merges them, and prints the ratios.
pub fn bench() -> Result<(), Box<dyn Error>> {
    let parent = std::env::var_os("KINFOLK_BENCH_DIR").map_or_else(std::env::temp_dir, Into::into);
    let folder = tempfile::Builder::new()
        .prefix("kinfolk-bench")
        .tempdir_in(parent)?;
    let folder = folder.path();
    let shape = models::Shape {
        layers: 27,
        hidden: 1280,
        vocabulary: 8192,
    };
    models::write(folder, &shape)?;
    for name in ["base", "one", "two", "near"] {
        std::fs::create_dir(folder.join(name))?;
        let file = folder.join(format!("{name}.safetensors"));
        std::fs::rename(file, folder.join(name).join("model.safetensors"))?;
    }
    for (method, base, models, parameters) in MERGES {
        let mut ratios = Vec::new();
        let mut peak = 0.0f64;
        for _ in 0..ROUNDS {
            let copied = timed(|| copy(folder, base, models))?;
            let (merged, anonymous) =
                with_peak(|| timed(|| merge(folder, method, base, models, parameters)));
            let merged = merged?;
            peak = peak.max(anonymous);
            println!(
                "{method:16} copy {copied:6.2} s  merge {merged:6.2} s  {:5.2}",
                merged / copied
            );
            ratios.push(merged / copied);
        }
        ratios.sort_by(f64::total_cmp);
        println!(
            "{method:16} median {:.2} times the copy, memory of our own at most {peak:.0} MB",
            ratios[ROUNDS / 2]
        );
    }
    Ok(())
}

fn timed(work: impl FnOnce() -> Result<(), Box<dyn Error>>) -> Result<f64, Box<dyn Error>> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed().as_secs_f64())
}

/// Reads every input, and writes the bytes of one of them to the disk.
fn copy(folder: &Path, base: Option<&str>, models: &[&str]) -> Result<(), Box<dyn Error>> {
    let mut buffer = vec![0u8; 4 << 20];
    let to = folder.join("copy");
    let mut out = File::create(&to)?;
    let inputs = base
        .filter(|b| !models.contains(b))
        .into_iter()
        .chain(models.iter().copied());
    for (k, name) in inputs.enumerate() {
        let mut file = File::open(folder.join(name).join("model.safetensors"))?;
        loop {
            let n = file.read(&mut buffer)?;
            if n == 0 {
                break;
            }
            if k == 0 {
                out.write_all(&buffer[..n])?;
            }
        }
    }
    out.sync_all()?;
    std::fs::remove_file(to)?;
    Ok(())
}

fn merge(
    folder: &Path,
    method: &str,
    base: Option<&str>,
    models: &[&str],
    parameters: &str,
) -> Result<(), Box<dyn Error>> {
    let mut recipe = format!("merge_method: {method}\n");
    if let Some(base) = base {
        recipe += &format!("base_model: {base}\n");
    }
    if method == "slerp" {
        recipe += "parameters: {t: 0.4}\n";
    }
    recipe += "models:\n";
    for model in models {
        recipe += &format!("- {{model: {model}, parameters: {{{parameters}}}}}\n");
    }
    let out = folder.join("out");
    let threads = std::thread::available_parallelism()?.get();
    let surroundings = Surroundings {
        root: folder,
        working: None,
        hub: None,
        out: Some(&out),
        intermediates: None,
        force: false,
        allow_crimes: false,
        threads,
        opened: &[],
    };
    let plan = plan(&parse(&recipe), &surroundings);
    let options = Options {
        maker: String::new(),
        removal: kinfolk::files::Removal::Delete,
        out: out.clone(),
        shard_bytes: 0,
        force: false,
        seed: None,
        on_nan: None,
        parents: Parents::default(),
    };
    run(&plan, &options, &Ticket::default())?;
    std::fs::remove_dir_all(out)?;
    Ok(())
}

/// What `work` gives, and the most anonymous memory seen meanwhile, in MB.
fn with_peak<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let (done, peak) = (AtomicBool::new(false), AtomicU64::new(0));
    let result = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                peak.fetch_max(anonymous_kb().unwrap_or(0), Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        let result = work();
        done.store(true, Ordering::Relaxed);
        result
    });
    (result, peak.into_inner() as f64 / 1000.0)
}

/// Memory that is no file's, as Linux counts it.
fn anonymous_kb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("RssAnon:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
