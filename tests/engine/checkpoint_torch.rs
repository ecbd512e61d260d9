//! PyTorch files are read as data: the same tensors as their safetensors, and nothing is run.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use kinfolk::checkpoint::{Checkpoint, Form, Tensor};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::common::{write_safetensors, zeros};

fn data(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("tests/data/formats/torch").join(name)
}

/// The bits of a tensor's numbers, read whole and in pieces; its bytes if it has no floats.
fn bits(tensor: &Tensor) -> Vec<u32> {
    let Some(numbers) = tensor.numbers() else {
        let bytes = tensor.bytes().unwrap_or_default();
        return bytes.iter().map(|&byte| u32::from(byte)).collect();
    };
    let n = tensor.elements();
    assert_eq!(numbers.elements(), n);
    let mut whole = vec![0.0_f32; n];
    numbers.decode(&mut whole);
    for (first, len) in [(0, 1), (1, 3), (n / 2, 5), (n.saturating_sub(2), 2)] {
        let range = first.min(n)..(first + len).min(n);
        let mut piece = vec![0.0_f32; range.len()];
        numbers.part(range.clone()).decode(&mut piece);
        let same = |(a, b): (&f32, &f32)| a.to_bits() == b.to_bits();
        assert!(piece.iter().zip(&whole[range]).all(same));
    }
    whole.iter().map(|x| x.to_bits()).collect()
}

fn check_same(path: &Path, expected: &str) {
    let ours = Checkpoint::open(path).unwrap();
    let theirs = Checkpoint::open(&data("expected").join(expected)).unwrap();
    let names = |model: &Checkpoint| -> Vec<String> {
        let tensors = model.tensors().iter();
        tensors.map(|tensor| tensor.name.clone()).collect()
    };
    assert_eq!(names(&ours), names(&theirs));
    for (own, other) in ours.tensors().iter().zip(theirs.tensors()) {
        let of = |tensor: &Tensor| (tensor.dtype, tensor.shape.clone(), bits(tensor));
        assert_eq!(of(own), of(other), "{} of {expected}", own.name);
    }
}

#[test]
fn files_hold_the_same_tensors_as_their_safetensors() {
    for name in [
        "views.pt",
        "views-legacy.bin",
        "types.pt",
        "types-legacy.pt",
        "parameters.pt",
        "state-dict.pt",
        "lightning.ckpt",
        "under-model.pth",
        "numpy-scalar.pt",
        "protocol-4.pt",
        "cuda.bin",
        "other-folder.pt",
    ] {
        let (stem, _) = name.rsplit_once('.').unwrap();
        check_same(&data(name), &format!("{stem}.safetensors"));
    }
    let adapter = data("adapter/adapter_model.bin");
    check_same(&adapter, "adapter-adapter_model.safetensors");
}

#[test]
fn what_lies_beside_the_weights_is_named() {
    let remarks = |name: &str| Checkpoint::open(&data(name)).unwrap().problems().join("; ");
    let remark = remarks("lightning.ckpt");
    assert!(remark.contains("beside `state_dict`"), "{remark}");
    assert!(remarks("under-model.pth").contains("args"));
}

/// Opening fails at once with a message that has these words; nothing is left behind.
fn check_refused(path: &Path, words: &[&str]) {
    let start = Instant::now();
    let message = Checkpoint::open(path).unwrap_err().to_string();
    // A bound on hanging, not on speed.
    assert!(start.elapsed() < Duration::from_secs(60), "{path:?}");
    for word in words {
        assert!(message.contains(word), "no {word:?} in {message:?}");
    }
    assert!(!Path::new("kinfolk-pwned").exists());
}

#[test]
fn hostile_and_damaged_files_are_refused_by_name() {
    let cases: &[(&str, &[&str])] = &[
        ("hostile/system.bin", &["`posix.system`", "do not trust"]),
        ("hostile/eval.pt", &["`__builtin__.eval`", "do not trust"]),
        ("hostile/popen-legacy.bin", &["Popen`", "do not trust"]),
        ("hostile/raw.bin", &["`posix.system`", "do not trust"]),
        ("hostile/no-pickle.pt", &["without `data.pkl`"]),
        ("hostile/no-storage.pt", &["`archive/data/0` is missing"]),
        ("hostile/short-storage.pt", &["`w`", "480 bytes", "100"]),
        ("hostile/cut.pt", &["cut short"]),
        ("hostile/shape.pt", &["`w`", "[2147483647, 2147483647]"]),
        ("hostile/stride.pt", &["`w`", "leaves its storage of 480"]),
        ("hostile/negative-stride.pt", &["`w`", "negative"]),
        ("hostile/long-string.pt", &["ends too early"]),
        ("hostile/memo.pt", &["more values than any model"]),
        ("hostile/self.pt", &["holds itself"]),
        ("hostile/underflow.pt", &["more values than it made"]),
        ("hostile/whole-module.pt", &["linear.Linear`", "state dict"]),
        ("deflated.pt", &["compressed"]),
        ("big-endian.pt", &["big-endian"]),
    ];
    for (name, words) in cases {
        check_refused(&data(name), words);
    }
    // Names that climb out of a folder are names like others: nothing is unpacked.
    let traversal = Checkpoint::open(&data("hostile/traversal.pt")).unwrap();
    assert_eq!(traversal.parameters(), 120);
}

/// A zip archive of these records, not compressed.
fn archive(records: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in records {
        let name = format!("archive/{name}");
        let len = (bytes.len() as u32).to_le_bytes();
        let sum = crc32fast::hash(bytes).to_le_bytes();
        // Flags, method and time of both headers are zero.
        let name_len = (name.len() as u32).to_le_bytes();
        let fields = [&[0; 8][..], &sum, &len, &len, &name_len].concat();
        directory.extend_from_slice(b"PK\x01\x02\0\0\0\0");
        directory.extend_from_slice(&fields);
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&(out.len() as u32).to_le_bytes());
        directory.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"PK\x03\x04\0\0");
        out.extend_from_slice(&fields);
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(bytes);
    }
    let (start, count) = (out.len() as u32, records.len() as u16);
    out.extend_from_slice(&directory);
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    out.extend_from_slice(&[count.to_le_bytes(), count.to_le_bytes()].concat());
    out.extend_from_slice(&(directory.len() as u32).to_le_bytes());
    out.extend_from_slice(&start.to_le_bytes());
    out.extend_from_slice(&[0; 2]);
    out
}

/// An archive of this pickle and a storage `0` of twelve F32.
fn with_pickle(pickle: &[u8]) -> Vec<u8> {
    archive(&[("data.pkl", pickle), ("data/0", &[0; 48])])
}

fn check_pickle_refused(pickle: &[u8], words: &[&str]) {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("model.pt");
    std::fs::write(&path, with_pickle(pickle)).unwrap();
    check_refused(&path, words);
}

/// `{"w": tensor}` with a tensor of this shape and these strides, and another entry.
fn table(shape: [u8; 2], strides: [u8; 2], more: &[u8]) -> Vec<u8> {
    let mut out = b"\x80\x02}(X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storage\
        ctorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x0ctQK\0"
        .to_vec();
    for [a, b] in [shape, strides] {
        out.extend_from_slice(&[b'K', a, b'K', b, 0x86]);
    }
    out.extend_from_slice(b"\x89NtR");
    out.extend_from_slice(more);
    out.extend_from_slice(b"u.");
    out
}

#[test]
fn a_small_archive_opens() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("model.pt");
    std::fs::write(&path, with_pickle(&table([3, 4], [4, 1], b""))).unwrap();
    let model = Checkpoint::open(&path).unwrap();
    assert_eq!((model.parameters(), model.problems()), (12, &[][..]));
}

#[test]
fn a_description_with_another_checksum_is_told_of() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("model.pt");
    let pickle = table([3, 4], [4, 1], b"");
    let mut bytes = with_pickle(&pickle);
    // The first of the directory's entries is the description's.
    let entry = bytes.windows(4).position(|own| own == b"PK\x01\x02");
    bytes[entry.unwrap() + 16] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let model = Checkpoint::open(&path).unwrap();
    assert!(
        model.problems()[0].contains("checksum"),
        "{:?}",
        model.problems()
    );
    let whole = Checkpoint::open(&data("views.pt")).unwrap();
    assert_eq!(whole.problems(), &[] as &[String]);
}

#[test]
fn what_could_be_weights_is_refused_among_them() {
    let with = |more: &[u8]| table([3, 4], [4, 1], more);
    let own = with(b"X\x01\0\0\0bcmine\nQuantised\n)R");
    check_pickle_refused(&own, &["`b`", "`mine.Quantised`"]);
    let quantised = with(b"X\x01\0\0\0bctorch._utils\n_rebuild_qtensor\n)R");
    check_pickle_refused(&quantised, &["`b`", "_rebuild_qtensor`"]);
    let array = with(b"X\x01\0\0\0bcnumpy.core.multiarray\n_reconstruct\n)R");
    check_pickle_refused(&array, &["`b`", "_reconstruct`"]);
    check_pickle_refused(&with(b"X\x01\0\0\0wN"), &["`w` is named twice"]);
}

#[test]
fn views_must_stay_in_their_storage_and_within_reason() {
    check_pickle_refused(&table([3, 5], [4, 1], b""), &["`w`", "leaves its storage"]);
    check_pickle_refused(&table([3, 4], [5, 1], b""), &["`w`", "leaves its storage"]);
    let many = b"\x80\x02}X\x01\0\0\0wctorch._utils\n_rebuild_tensor\n((X\x07\0\0\0storage\
        ctorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x0ctQK\0J\xff\xff\xff\x7f\x85K\0\x85tRs.";
    check_pickle_refused(many, &["`w`", "2147483647 numbers of 12"]);
}

#[test]
fn a_description_that_is_deep_or_grows_is_refused() {
    let deep = [&b"\x80\x02"[..], &[b']'; 30_000], &[b'a'; 29_999], b"."].concat();
    check_pickle_refused(&deep, &["100 deep"]);
    // One list of pairs, made into a dictionary again and again.
    let pairs = [
        &b"\x80\x02]q\0("[..],
        &b"NN\x86".repeat(2000),
        b"e",
        &b"ccollections\nOrderedDict\nh\0\x85R0".repeat(2000),
        b".",
    ];
    check_pickle_refused(&pairs.concat(), &["more of a list than the file holds"]);
}

#[test]
fn a_folder_is_opened_by_its_usual_names() {
    let shards = Checkpoint::open(&data("shards")).unwrap();
    assert_eq!(
        (shards.form(), shards.identity().files.len()),
        (Form::Sharded, 4)
    );
    let one = data("shards/pytorch_model-00001-of-00002.bin");
    check_refused(&one, &["one of 2 files"]);
    let adapter = Checkpoint::open(&data("adapter")).unwrap();
    assert_eq!(adapter.form(), Form::Adapter);

    let dir = TempDir::new().unwrap();
    let put = |from: &str, to: &str| std::fs::copy(data(from), dir.path().join(to)).unwrap();
    put("types.pt", "training_args.bin");
    put("types.pt", "optimizer.pt");
    std::fs::write(dir.path().join("vocabulary.bin"), "words").unwrap();
    std::fs::create_dir(dir.path().join("tokens.bin")).unwrap();
    check_refused(dir.path(), &["no safetensors, GGUF or PyTorch weights"]);
    put("parameters.pt", "consolidated.00.pth");
    let parameters = |path: &Path| Checkpoint::open(path).unwrap().parameters();
    assert_eq!(parameters(dir.path()), 28);
    put("parameters.pt", "consolidated.01.pth");
    check_refused(dir.path(), &["2 PyTorch files"]);
    put("views.pt", "pytorch_model.bin");
    assert_eq!(parameters(dir.path()), 613);
    let single = dir.path().join("model.safetensors");
    write_safetensors(&single, &[zeros("w", &[5])]);
    let model = Checkpoint::open(dir.path()).unwrap();
    assert_eq!(model.parameters(), 5);
    let remark = "pytorch_model.bin is left out, model.safetensors is there";
    assert_eq!(model.problems(), [remark]);
}

/// Opens a file of these bytes; whatever it then holds can be read.
fn open(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
    let Ok(checkpoint) = Checkpoint::open(path) else {
        return;
    };
    for tensor in checkpoint.tensors() {
        if tensor.elements() < 1 << 20 {
            bits(tensor);
        }
        assert!(checkpoint.tensor(&tensor.name).is_some());
    }
}

#[test]
fn every_byte_changed_and_every_length_is_a_result() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("x.pt");
    let start = Instant::now();
    for name in ["views-legacy.bin", "parameters.pt"] {
        let right = std::fs::read(data(name)).unwrap();
        for at in 0..right.len() {
            let mut bytes = right.clone();
            bytes[at] ^= [0xff, 0x01, 0x80, 0x10][at % 4];
            open(&path, &bytes);
            if at % 5 == 0 {
                open(&path, &right[..at]);
            }
        }
    }
    assert!(start.elapsed() < Duration::from_secs(300));
}

/// Pieces that pickles are made of, so that random ones get far.
const PIECES: [&[u8]; 26] = [
    b"(",
    b"t",
    b")",
    b"]",
    b"}",
    b"a",
    b"e",
    b"s",
    b"u",
    b"R",
    b"Q",
    b"b",
    b"N",
    b"0",
    b"1",
    b"\x85",
    b"\x86",
    b"q\0",
    b"h\0",
    b"\x94",
    b"K\x0c",
    b"X\x01\0\0\0w",
    b"ccollections\nOrderedDict\n",
    b"ctorch._utils\n_rebuild_parameter\n",
    b"ctorch._tensor\n_rebuild_from_type_v2\n",
    b"ctorch\nTensor\n",
];

proptest! {
    #[test]
    fn random_descriptions(
        pieces in proptest::collection::vec(prop::sample::select(&PIECES[..]), 0..40),
        around in any::<bool>(),
    ) {
        let dir = TempDir::new().unwrap();
        let pieces = pieces.concat();
        let pickle = if around {
            table([3, 4], [4, 1], &pieces)
        } else {
            [b"\x80\x02", &pieces[..], b"."].concat()
        };
        open(&dir.path().join("x.pt"), &with_pickle(&pickle));
    }
}
