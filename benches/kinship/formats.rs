//! The pass over quantised files, beside a plain read of the same bytes.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use kinfolk::checkpoint::Checkpoint;
use memmap2::Mmap;

use super::{Outcome, plain_read_of, timed_measure};

/// Rows and columns of each matrix.
const SIDE: usize = 4096;
/// A third of a gigabyte a model.
const BYTES: usize = 340 << 20;

/// How a model stores its matrices.
#[derive(Clone, Copy)]
enum Format {
    Bf16,
    /// In blocks of 128 by 128, each with a scale.
    Fp8,
    /// A type of GGUF: its number, its name, numbers and bytes of a block.
    Gguf(u32, &'static str, usize, usize),
}

const FORMATS: [Format; 5] = [
    Format::Bf16,
    Format::Fp8,
    Format::Gguf(8, "Q8_0", 32, 34),
    Format::Gguf(12, "Q4_K", 256, 144),
    Format::Gguf(14, "Q6_K", 256, 210),
];

/// Measures a base and two models in each format, `runs` times in turn with a plain read.
pub fn speed(folder: &Path, runs: usize) -> Outcome {
    let threads = rayon::current_num_threads();
    println!("\na base and two models of 0.36 GB in each format, {threads} threads, {runs} runs");
    let titles = [
        "format",
        "read GB/s",
        "kinship GB/s",
        "ratio",
        "G numbers/s",
    ];
    let [a, b, c, d, e] = titles;
    println!("{a:>8} {b:>12} {c:>14} {d:>8} {e:>14}");
    for format in FORMATS {
        let paths = ["base", "one", "two"].map(|name| folder.join(format!("{name}-of-format")));
        let paths: Vec<PathBuf> = (0..)
            .zip(paths)
            .map(|(seed, path)| write(&path, format, seed))
            .collect::<Result<_, _>>()?;
        let mut rows = Vec::new();
        for _ in 0..runs {
            rows.push(once(&paths, threads)?);
        }
        rows.sort_by(|a, b| (a.pass / a.read).total_cmp(&(b.pass / b.read)));
        let Row {
            read,
            pass,
            numbers,
        } = rows[runs / 2];
        let name = match format {
            Format::Bf16 => "BF16",
            Format::Fp8 => "FP8",
            Format::Gguf(_, name, ..) => name,
        };
        println!(
            "{name:>8} {read:12.2} {pass:14.2} {:8.2} {numbers:14.2}",
            pass / read
        );
        for path in &paths {
            std::fs::remove_dir_all(path)?;
        }
    }
    Ok(())
}

/// Gigabytes, and billions of numbers, a second.
#[derive(Clone, Copy)]
struct Row {
    read: f64,
    pass: f64,
    numbers: f64,
}

fn once(paths: &[PathBuf], threads: usize) -> Result<Row, Box<dyn std::error::Error>> {
    let mut maps = Vec::new();
    for path in paths {
        for entry in std::fs::read_dir(path)? {
            let file = File::open(entry?.path())?;
            // SAFETY: the files are this benchmark's own, and nothing writes to them meanwhile.
            #[allow(unsafe_code)]
            maps.push(unsafe { Mmap::map(&file)? });
        }
    }
    let bytes: usize = maps.iter().map(|map| map.len()).sum();
    let rate = |what: f64, time: Duration| what / time.as_secs_f64() / 1e9;
    let slices: Vec<&[u8]> = maps.iter().map(|map| &map[..]).collect();
    let start = Instant::now();
    plain_read_of(&slices, threads);
    let read = rate(bytes as f64, start.elapsed());
    let open = |path: &PathBuf| Checkpoint::open(path);
    let all: Vec<Checkpoint> = paths.iter().map(open).collect::<Result<_, _>>()?;
    let (found, time) = timed_measure(&all)?;
    assert!(found.left_out.is_empty() && found.parameters() == all[0].parameters());
    let numbers = all.iter().map(Checkpoint::parameters).sum::<u64>();
    Ok(Row {
        read,
        pass: rate(bytes as f64, time),
        numbers: rate(numbers as f64, time),
    })
}

/// Writes a model of random blocks into a folder of its own.
fn write(folder: &Path, format: Format, seed: u64) -> std::io::Result<PathBuf> {
    std::fs::create_dir(folder)?;
    match format {
        Format::Gguf(kind, _, numbers, bytes) => {
            let matrices = BYTES / (SIDE * SIDE / numbers * bytes);
            let mut out = BufWriter::new(File::create(folder.join("model.gguf"))?);
            out.write_all(&gguf_header(kind, matrices, numbers, bytes))?;
            // Rows of whole blocks, each of which ends in its own scale or begins with it.
            let row = blocks(seed, bytes, SIDE / numbers * 64);
            for _ in 0..matrices * SIDE / 64 {
                out.write_all(&row)?;
            }
            out.flush()?;
        }
        Format::Bf16 => safetensors(folder, "BF16", 2, seed, "{}")?,
        Format::Fp8 => {
            let config = r#"{"quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128]}}"#;
            safetensors(folder, "F8_E4M3", 1, seed, config)?;
        }
    }
    Ok(folder.to_owned())
}

/// Random bytes that are finite in every format: blocks whose words of 16 bits are small halves.
fn blocks(seed: u64, block: usize, count: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    let mut out = Vec::with_capacity(block * count);
    for _ in 0..count {
        let start = out.len();
        out.extend((0..block).map(|_| next()));
        // Scales stand at the start of a block, in Q6_K at its end.
        for at in [0, 2, block - 2].into_iter().filter(|at| at + 1 < block) {
            let byte = &mut out[start + at + 1];
            *byte = 0x20 | *byte & 0x03;
        }
    }
    out
}

fn gguf_header(kind: u32, matrices: usize, numbers: usize, bytes: usize) -> Vec<u8> {
    let mut out = b"GGUF".to_vec();
    let text = |out: &mut Vec<u8>, text: &str| {
        out.extend((text.len() as u64).to_le_bytes());
        out.extend(text.as_bytes());
    };
    out.extend(3u32.to_le_bytes());
    out.extend((matrices as u64).to_le_bytes());
    out.extend(1u64.to_le_bytes());
    text(&mut out, "general.architecture");
    out.extend(8u32.to_le_bytes());
    text(&mut out, "llama");
    for k in 0..matrices {
        text(&mut out, &format!("blk.{k}.ffn_up.weight"));
        out.extend(2u32.to_le_bytes());
        out.extend((SIDE as u64).to_le_bytes());
        out.extend((SIDE as u64).to_le_bytes());
        out.extend(kind.to_le_bytes());
        out.extend(((SIDE * SIDE / numbers * bytes * k) as u64).to_le_bytes());
    }
    out.resize(out.len().next_multiple_of(32), 0);
    out
}

fn safetensors(
    folder: &Path,
    dtype: &str,
    width: usize,
    seed: u64,
    config: &str,
) -> std::io::Result<()> {
    let matrices = BYTES / (SIDE * SIDE * width);
    let (own, scales) = (SIDE * SIDE * width, (SIDE / 128) * (SIDE / 128) * 4);
    let mut fields = Vec::new();
    let mut at = 0;
    for k in 0..matrices {
        let name = format!("model.layers.{k}.mlp.up_proj.weight");
        fields.push(format!(
            r#""{name}":{{"dtype":"{dtype}","shape":[{SIDE},{SIDE}],"data_offsets":[{at},{}]}}"#,
            at + own
        ));
        at += own;
        if width == 1 {
            let side = SIDE / 128;
            fields.push(format!(
                r#""{name}_scale_inv":{{"dtype":"F32","shape":[{side},{side}],"data_offsets":[{at},{}]}}"#,
                at + scales
            ));
            at += scales;
        }
    }
    let mut header = format!("{{{}}}", fields.join(","));
    header.push_str(&" ".repeat(header.len().next_multiple_of(8) - header.len()));
    let mut out = BufWriter::new(File::create(folder.join("model.safetensors"))?);
    out.write_all(&(header.len() as u64).to_le_bytes())?;
    out.write_all(header.as_bytes())?;
    // One byte in sixteen bits is kept below the exponents of infinities.
    let mut rows = blocks(seed, 2, SIDE * 64 * width / 2);
    if width == 1 {
        rows.iter_mut().for_each(|byte| *byte &= 0xbf);
    }
    for _ in 0..matrices {
        for _ in 0..SIDE / 64 {
            out.write_all(&rows)?;
        }
        if width == 1 {
            for _ in 0..scales / 4 {
                out.write_all(&0.01f32.to_le_bytes())?;
            }
        }
    }
    out.flush()?;
    std::fs::write(folder.join("config.json"), config)
}
