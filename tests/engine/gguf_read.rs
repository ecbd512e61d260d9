//! GGUF files beside safetensors: blocks, names, orders, and what is refused.

use std::path::{Path, PathBuf};

use kinfolk::checkpoint::{Change, Checkpoint, Form, Tensor};
use tempfile::TempDir;

use crate::common::gguf::{Meta, Stored, f32s, gguf};
use crate::common::{write_safetensors, zeros};

pub fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/formats/gguf")
        .join(name)
}

pub fn open(path: &Path) -> Checkpoint {
    Checkpoint::open(path).unwrap_or_else(|error| panic!("{error}"))
}

pub fn numbers(tensor: &Tensor) -> Vec<f32> {
    let mut out = vec![0.0; tensor.elements()];
    tensor.numbers().unwrap().decode(&mut out);
    out
}

fn bits(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|x| x.to_bits()).collect()
}

/// A model of one Llama layer's metadata.
const LLAMA: &[(&str, Meta<'_>)] = &[
    ("general.architecture", Meta::Text("llama")),
    ("llama.attention.head_count", Meta::U32(2)),
    ("llama.attention.head_count_kv", Meta::U32(1)),
    ("llama.block_count", Meta::U32(1)),
];

fn opened(dir: &TempDir, meta: &[(&str, Meta<'_>)], tensors: &[Stored<'_>]) -> Checkpoint {
    let path = dir.path().join("model.gguf");
    std::fs::write(&path, gguf(meta, tensors)).unwrap();
    open(&path)
}

/// The file is refused with all of `words` and its path, and nothing else happens.
fn refused(bytes: &[u8], words: &[&str]) {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("x.gguf");
    std::fs::write(&path, bytes).unwrap();
    let said = Checkpoint::open(&path).unwrap_err().to_string();
    for word in words {
        assert!(said.contains(word), "{said}");
    }
    assert!(said.ends_with("x.gguf"), "{said}");
}

#[test]
fn every_packing_gives_the_reference_bits_from_any_place() {
    let types: [(&str, u32, usize); 12] = [
        ("Q4_0", 2, 32),
        ("Q4_1", 3, 32),
        ("Q5_0", 6, 32),
        ("Q5_1", 7, 32),
        ("Q8_0", 8, 32),
        ("Q2_K", 10, 256),
        ("Q3_K", 11, 256),
        ("Q4_K", 12, 256),
        ("Q5_K", 13, 256),
        ("Q6_K", 14, 256),
        ("IQ4_NL", 20, 32),
        ("MXFP4", 39, 32),
    ];
    let dir = TempDir::new().unwrap();
    for (name, kind, block) in types {
        let bytes = std::fs::read(data(&format!("blocks/{name}.blocks"))).unwrap();
        let expected = std::fs::read(data(&format!("blocks/{name}.f32"))).unwrap();
        let expected: Vec<f32> = expected
            .as_chunks::<4>()
            .0
            .iter()
            .map(|x| f32::from_le_bytes(*x))
            .collect();
        let dims = [block as u64, (expected.len() / block) as u64];
        let stored = Stored {
            name: "blk.0.attn_v.weight",
            kind,
            dims: &dims,
            bytes,
        };
        let model = opened(&dir, LLAMA, &[stored]);
        let tensor = model
            .tensor("model.layers.0.self_attn.v_proj.weight")
            .unwrap();
        assert_eq!(tensor.dtype.name(), name);
        assert_eq!(bits(&numbers(tensor)), bits(&expected), "{name}");
        let n = expected.len();
        for range in [
            1..2,
            block - 1..block + 1,
            5..n - 3,
            block..2 * block,
            n - 1..n,
        ] {
            let mut out = vec![0.0; range.len()];
            tensor
                .numbers()
                .unwrap()
                .part(range.clone())
                .decode(&mut out);
            assert_eq!(
                bits(&out),
                bits(&expected[range.clone()]),
                "{name} {range:?}"
            );
        }
    }
}

#[test]
fn a_mixtral_is_the_one_of_safetensors_rounded() {
    let theirs = open(&data("mallow/base.safetensors"));
    let ours = open(&data("mallow/base.f16.gguf"));
    let names = |model: &Checkpoint| -> Vec<(String, Vec<usize>)> {
        let tensors = model.tensors().iter();
        tensors.map(|t| (t.name.clone(), t.shape.clone())).collect()
    };
    assert_eq!(names(&ours), names(&theirs));
    assert_eq!(ours.form(), Form::SingleFile);
    let config = ours.config();
    assert_eq!(config.architectures, ["MixtralForCausalLM"]);
    assert_eq!(
        (config.num_hidden_layers, config.vocab_size),
        (Some(2), Some(40))
    );
    assert_eq!(
        (config.hidden_size, config.tie_word_embeddings),
        (Some(32), Some(false))
    );
    for (own, tensor) in ours.tensors().iter().zip(theirs.tensors()) {
        let mut expected = numbers(tensor);
        own.dtype.round(&mut expected);
        assert_eq!(bits(&numbers(own)), bits(&expected), "{}", own.name);
    }
}

#[test]
fn norms_of_gemma_lose_their_one() {
    let theirs = open(&data("gentian/base.safetensors"));
    let ours = open(&data("gentian/base.q8_0.gguf"));
    assert_eq!(ours.tensors().len(), theirs.tensors().len());
    assert!(ours.tied_embeddings() && ours.problems().is_empty());
    for (own, tensor) in ours.tensors().iter().zip(theirs.tensors()) {
        assert_eq!(own.name, tensor.name);
        // Half a step of the coarsest block, and twice half a unit of what is about one.
        let most = if own.shape.len() > 1 { 3e-3 } else { 1.2e-7 };
        for (a, b) in numbers(own).iter().zip(numbers(tensor)) {
            assert!((a - b).abs() <= most, "{}: {a} {b}", own.name);
        }
    }
}

#[test]
fn rows_of_queries_and_keys_are_turned_back_and_biases_too() {
    let dir = TempDir::new().unwrap();
    let tensors = [
        f32s("blk.0.attn_q.weight", &[1, 8], (0..8).map(|x| x as f32)),
        f32s("blk.0.attn_q.bias", &[8], (0..8).map(|x| x as f32)),
        f32s("blk.0.attn_k.weight", &[1, 4], (0..4).map(|x| x as f32)),
        f32s("blk.0.attn_v.weight", &[1, 4], (0..4).map(|x| x as f32)),
        f32s("rope_freqs.weight", &[2], [1.0, 2.0]),
    ];
    let model = opened(&dir, LLAMA, &tensors);
    let read = |name: &str| {
        let tensor = model.tensor(&format!("model.layers.0.self_attn.{name}"));
        numbers(tensor.unwrap())
    };
    assert_eq!(
        read("q_proj.weight"),
        [0.0, 2.0, 1.0, 3.0, 4.0, 6.0, 5.0, 7.0]
    );
    assert_eq!(read("q_proj.bias"), read("q_proj.weight"));
    assert_eq!(read("k_proj.weight"), [0.0, 2.0, 1.0, 3.0]);
    assert_eq!(read("v_proj.weight"), [0.0, 1.0, 2.0, 3.0]);
    assert_eq!(model.tensors().len(), 4);
}

#[test]
fn other_architectures_have_their_own_names_and_orders() {
    let dir = TempDir::new().unwrap();
    let meta = |name: &'static str| vec![("general.architecture", Meta::Text(name))];
    let first = |model: &Checkpoint| {
        let tensor = &model.tensors()[0];
        (tensor.name.clone(), tensor.shape.clone(), numbers(tensor))
    };
    let six = || (0..6).map(|x| x as f32);
    let stored = [f32s("blk.3.attn_qkv.weight", &[3, 2], six())];
    let (name, shape, found) = first(&opened(&dir, &meta("gpt2"), &stored));
    assert_eq!(name, "transformer.h.3.attn.c_attn.weight");
    assert_eq!(
        (shape, found),
        (vec![3, 2], vec![0.0, 3.0, 1.0, 4.0, 2.0, 5.0])
    );
    let (name, shape, _) = first(&opened(&dir, &meta("phi3"), &stored));
    assert_eq!(name, "model.layers.3.self_attn.qkv_proj.weight");
    assert_eq!(shape, [2, 3]);
    let mut falcon = meta("falcon");
    falcon.push(("falcon.attention.head_count", Meta::U32(4)));
    falcon.push((
        "falcon.attention.head_count_kv",
        Meta::Numbers(&[1, 1, 2, 2]),
    ));
    let stored = [f32s(
        "blk.3.attn_qkv.weight",
        &[1, 8],
        (0..8).map(|x| x as f32),
    )];
    let (name, _, found) = first(&opened(&dir, &falcon, &stored));
    assert_eq!(
        name,
        "transformer.h.3.self_attention.query_key_value.weight"
    );
    assert_eq!(found, [0.0, 1.0, 4.0, 6.0, 2.0, 3.0, 5.0, 7.0]);
    let stored = [f32s("blk.0.ffn_norm.weight", &[2], [1.5, 0.5])];
    let (name, _, found) = first(&opened(&dir, &meta("gemma2"), &stored));
    assert_eq!(name, "model.layers.0.pre_feedforward_layernorm.weight");
    assert_eq!(found, [0.5, -0.5]);
}

#[test]
fn what_is_not_known_is_refused_by_its_name() {
    let norm = || [f32s("blk.0.attn_norm.weight", &[2], [1.0, 2.0])];
    let mamba = [("general.architecture", Meta::Text("mamba"))];
    refused(
        &gguf(&mamba, &norm()),
        &["architecture `mamba` is not known"],
    );
    refused(
        &gguf(&[], &norm()),
        &["does not name its `general.architecture`"],
    );
    let mut projector = vec![("general.type", Meta::Text("mmproj"))];
    projector.push(("general.architecture", Meta::Text("llama")));
    refused(
        &gguf(&projector, &norm()),
        &["holds `mmproj` and not a model"],
    );
    let sinks = [f32s("blk.0.attn_sinks.weight", &[2], [1.0, 2.0])];
    refused(
        &gguf(LLAMA, &sinks),
        &["`blk.0.attn_sinks.weight`", "architecture `llama`"],
    );
    let coded = Stored {
        kind: 16,
        ..f32s("blk.0.attn_v.weight", &[256, 1], [0.0; 64])
    };
    refused(
        &gguf(LLAMA, &[coded]),
        &["attn_v.weight", "IQ2_XXS, which is not read"],
    );
    let headless = [("general.architecture", Meta::Text("llama"))];
    let query = [f32s("blk.0.attn_q.weight", &[1, 4], [0.0; 4])];
    refused(&gguf(&headless, &query), &["`llama.attention.head_count`"]);
    let odd = [f32s("blk.0.attn_q.weight", &[1, 6], [0.0; 6])];
    refused(&gguf(LLAMA, &odd), &["6 rows, which 2 heads cannot share"]);
    let twice = [
        f32s("blk.0.ffn_up_exps.weight", &[1, 1, 1], [0.0]),
        f32s("blk.0.ffn_up.0.weight", &[1, 1], [0.0]),
    ];
    refused(
        &gguf(LLAMA, &twice),
        &["experts.0.w3.weight` is stored twice"],
    );
}

#[test]
fn headers_that_lie_are_refused_before_anything_is_made_for_them() {
    let good = gguf(LLAMA, &[f32s("output_norm.weight", &[8], [1.0; 8])]);
    let put = |at: usize, bytes: &[u8]| {
        let mut file = good.clone();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        file
    };
    refused(&put(4, &1u32.to_le_bytes()), &["version 1"]);
    refused(&put(4, &3u32.to_be_bytes()), &["big-endian"]);
    refused(
        &put(8, &u64::MAX.to_le_bytes()),
        &["claims 18446744073709551615 tensors"],
    );
    refused(
        &put(16, &(1u64 << 60).to_le_bytes()),
        &["entries of metadata"],
    );
    refused(
        &put(24, &(1u64 << 63).to_le_bytes()),
        &["the key of entry 0"],
    );
    refused(&put(32, &[0xff]), &["not UTF-8"]);
    refused(
        &good[..good.len() - 1],
        &["`output_norm.weight`", "cut short"],
    );
    for len in 4..good.len() - 32 {
        refused(&good[..len], &[]);
    }
    let more = |key: &'static str, value: Meta<'static>| {
        let mut meta = vec![(key, value)];
        meta.push(("general.architecture", Meta::Text("llama")));
        gguf(&meta, &[f32s("output_norm.weight", &[8], [1.0; 8])])
    };
    let array = |kind: u32, count: u64| {
        let bytes = [kind.to_le_bytes().to_vec(), count.to_le_bytes().to_vec()];
        Meta::Raw(9, bytes.concat())
    };
    refused(
        &more("x", array(0, 1 << 62)),
        &["4611686018427387904 bytes"],
    );
    refused(&more("x", array(8, 1 << 32)), &["should have"]);
    refused(
        &more("x", array(12, u64::MAX)),
        &["more than can be counted"],
    );
    refused(&more("x", array(9, 1)), &["array of arrays"]);
    refused(&more("x", Meta::Raw(77, Vec::new())), &["kind 77"]);
    refused(
        &more("general.architecture", Meta::Text("a")),
        &["named twice"],
    );
    refused(
        &more("general.alignment", Meta::U32(48)),
        &["no power of two"],
    );
    refused(
        &more("general.alignment", Meta::U32(0)),
        &["no power of two"],
    );
    refused(&more("general.alignment", Meta::Text("32")), &["not a u32"]);
    refused(
        &more("general.alignment", Meta::U32(1 << 31)),
        &["at most 2097152 is read"],
    );
    let tensor = |dims: &[u64], kind: u32| {
        let stored = Stored {
            name: "output_norm.weight",
            kind,
            dims,
            bytes: vec![0; 32],
        };
        gguf(LLAMA, &[stored])
    };
    refused(&tensor(&[1; 5], 0), &["5 dimensions"]);
    refused(
        &tensor(&[1 << 32, 1 << 32], 0),
        &["more numbers than can be counted"],
    );
    refused(
        &tensor(&[1 << 63, 2], 0),
        &["more numbers than can be counted"],
    );
    refused(&tensor(&[1 << 40], 0), &["cut short"]);
    refused(&tensor(&[31], 8), &["not whole blocks of 32"]);
    refused(&tensor(&[8], 200), &["type number 200"]);
    let two = gguf(
        LLAMA,
        &[
            f32s("output_norm.weight", &[8], [1.0; 8]),
            f32s("token_embd.weight", &[8, 1], [1.0; 8]),
        ],
    );
    // The offset of the second, the last field before the padding.
    let at = two
        .windows(17)
        .rposition(|w| w == b"token_embd.weight")
        .unwrap()
        + 17
        + 4
        + 16
        + 4;
    let moved = |offset: u64| {
        let mut file = two.clone();
        file[at..at + 8].copy_from_slice(&offset.to_le_bytes());
        file
    };
    refused(&moved(0), &["overlap"]);
    refused(&moved(8), &["no multiple of 32"]);
    refused(&moved(u64::MAX - 31), &["cut short"]);
}

/// Orders of rows and lists of experts take memory for each, which empty tensors and long ones of
/// a single column do not bound.
#[test]
fn rows_and_experts_without_end_are_refused_before_they_are_listed() {
    let of = |name: &'static str, kind: u32, dims: &[u64], len: usize| {
        let bytes = vec![0; len];
        let stored = Stored {
            name,
            kind,
            dims,
            bytes,
        };
        gguf(LLAMA, &[stored])
    };
    let query = "blk.0.attn_q.weight";
    refused(&of(query, 0, &[0, 1 << 47], 0), &[query, "cannot share"]);
    refused(
        &of(query, 0, &[0, 1 << 60], 0),
        &[query, "more numbers than can be counted"],
    );
    let len = (1 << 22) + 4;
    let long = of(query, 1, &[1, len], 2 * len as usize);
    refused(&long, &[query, "more than heads can have"]);
    let experts = "blk.0.ffn_up_exps.weight";
    let many = of(experts, 24, &[1, 1, 1 << 20], 1 << 20);
    refused(&many, &[experts, "1048576 experts"]);
}

/// A model of two layers' norms in two parts below `dir`.
fn split(dir: &Path, numbers: [u32; 2], count: u32) {
    let entries = |number: u32| {
        let mut meta = vec![(
            "split.no",
            Meta::Raw(2, (number as u16).to_le_bytes().to_vec()),
        )];
        meta.push((
            "split.count",
            Meta::Raw(2, (count as u16).to_le_bytes().to_vec()),
        ));
        meta.push((
            "split.tensors.count",
            Meta::Raw(5, 2i32.to_le_bytes().to_vec()),
        ));
        if number == 0 {
            meta.push(("general.architecture", Meta::Text("llama")));
        }
        meta
    };
    for (k, number) in numbers.into_iter().enumerate() {
        let name = format!("blk.{k}.attn_norm.weight");
        let file = gguf(&entries(number), &[f32s(&name, &[2], [k as f32, 2.0])]);
        std::fs::write(dir.join(format!("m-0000{}-of-00002.gguf", k + 1)), file).unwrap();
    }
}

#[test]
fn a_split_model_opens_by_its_folder_and_by_any_part() {
    let dir = TempDir::new().unwrap();
    split(dir.path(), [0, 1], 2);
    let second = dir.path().join("m-00002-of-00002.gguf");
    for path in [dir.path(), &second] {
        let model = open(path);
        assert_eq!(model.tensors().len(), 2);
        assert_eq!(numbers(&model.tensors()[1]), [1.0, 2.0]);
    }
    split(dir.path(), [0, 0], 2);
    let said = Checkpoint::open(dir.path()).unwrap_err().to_string();
    assert!(
        said.contains("part 2 of 2, and it says part 1 of 2"),
        "{said}"
    );
    split(dir.path(), [0, 1], 3);
    let said = Checkpoint::open(&second).unwrap_err().to_string();
    assert!(said.contains("says part 1 of 3"), "{said}");
    split(dir.path(), [0, 1], 2);
    let alone = dir.path().join("alone.gguf");
    std::fs::rename(&second, &alone).unwrap();
    let said = Checkpoint::open(&alone).unwrap_err().to_string();
    assert!(said.contains("one of 2 files"), "{said}");
    let first = dir.path().join("m-00001-of-00002.gguf");
    let said = Checkpoint::open(&first).unwrap_err().to_string();
    assert!(said.contains("nothing here"), "{said}");
}

#[test]
fn gguf_is_told_by_its_first_bytes_and_several_are_not_chosen_from() {
    let dir = TempDir::new().unwrap();
    let file = gguf(LLAMA, &[f32s("output_norm.weight", &[2], [1.0, 2.0])]);
    let path = dir.path().join("blob");
    std::fs::write(&path, &file).unwrap();
    assert!(open(&path).is_gguf());
    for name in ["a.gguf", "b.gguf"] {
        std::fs::write(dir.path().join(name), &file).unwrap();
    }
    let said = Checkpoint::open(dir.path()).unwrap_err().to_string();
    assert!(said.contains("2 GGUF files"), "{said}");
    std::fs::remove_file(dir.path().join("b.gguf")).unwrap();
    let only = open(dir.path());
    assert_eq!((only.form(), only.is_gguf()), (Form::Folder, true));
}

#[test]
fn an_adapter_changes_its_base_by_alpha_over_rank() {
    let dir = TempDir::new().unwrap();
    let meta = |name: &'static str| {
        vec![
            ("general.architecture", Meta::Text(name)),
            ("general.type", Meta::Text("adapter")),
            ("adapter.type", Meta::Text("lora")),
            ("adapter.lora.alpha", Meta::F32(6.0)),
        ]
    };
    let factors = [
        f32s(
            "blk.0.attn_q.weight.lora_a",
            &[3, 2],
            (0..6).map(|x| x as f32),
        ),
        f32s(
            "blk.0.attn_q.weight.lora_b",
            &[2, 4],
            (0..8).map(|x| x as f32),
        ),
    ];
    let adapter = opened(&dir, &meta("qwen2"), &factors);
    assert_eq!(adapter.form(), Form::Adapter);
    let adapter = adapter.adapter().unwrap();
    let name = "model.layers.0.self_attn.q_proj.weight";
    assert_eq!(adapter.targets().collect::<Vec<_>>(), [name]);
    let base = tempfile::tempdir().unwrap();
    let path = base.path().join("model.safetensors");
    write_safetensors(&path, &[zeros(name, &[4, 3])]);
    let base = Checkpoint::open(&path).unwrap();
    let own = base.tensor(name).unwrap();
    let Change::LowRank(change) = adapter.change(&base, own).unwrap() else {
        panic!("it is not a change of low rank");
    };
    let mut delta = [0.0; 12];
    change.decode().delta(0, &mut delta);
    // 6 / 2 times the product of [4, 2] and [2, 3].
    assert_eq!(delta[..3], [9.0, 12.0, 15.0]);
    assert_eq!(delta[9..], [63.0, 102.0, 141.0]);
    // Llama's queries and keys stand as pairs in GGUF; the base tells of how many heads.
    let adapter = opened(&dir, &meta("llama"), &factors);
    let adapter = adapter.adapter().unwrap();
    let silent = adapter.change(&base, own).unwrap_err().to_string();
    assert!(silent.contains("order of the base's heads"), "{silent}");
    let with_heads = |heads: usize| {
        let config = format!(r#"{{"num_attention_heads": {heads}}}"#);
        std::fs::write(path.with_file_name("config.json"), config).unwrap();
        Checkpoint::open(&path).unwrap()
    };
    let rows_of = |base: &Checkpoint| {
        let Change::LowRank(change) = adapter.change(base, own).unwrap() else {
            panic!("it is not a change of low rank");
        };
        let mut delta = [0.0; 12];
        change.decode().delta(0, &mut delta);
        [0, 3, 6, 9].map(|first| delta[first])
    };
    // Of one head of four rows those of halves are 0, 2, 1, 3 of the pairs.
    assert_eq!(rows_of(&with_heads(1)), [9.0, 45.0, 27.0, 63.0]);
    assert_eq!(rows_of(&with_heads(2)), [9.0, 27.0, 45.0, 63.0]);
    let odd = adapter.change(&with_heads(3), own).unwrap_err().to_string();
    assert!(odd.contains("3 heads cannot share"), "{odd}");
    refused(
        &gguf(&meta("qwen2"), &factors[..1]),
        &["one of its two factors only"],
    );
    let control = [f32s("direction.1", &[2], [1.0, 2.0])];
    refused(&gguf(&meta("qwen2"), &control), &["not a factor of LoRA"]);
}
