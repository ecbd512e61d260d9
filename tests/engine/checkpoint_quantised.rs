//! Quantised safetensors: the weights they stand for, bit for bit, and what is refused.

use std::path::{Path, PathBuf};

use kinfolk::checkpoint::{Checkpoint, Tensor};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::merging::{options, planned};
use crate::common::{Part, f32_part, write_safetensors};
use kinfolk::jobs::Ticket;
use kinfolk::merge::run::run;

const WEIGHT: &str = "model.layers.0.mlp.down_proj.weight";

fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/formats/quantised");
    let entries = std::fs::read_dir(root).unwrap().map(|e| e.unwrap().path());
    let mut cases: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    cases.sort();
    cases
}

fn open(path: &Path) -> Checkpoint {
    Checkpoint::open(path).unwrap_or_else(|error| panic!("{error}"))
}

/// In pieces of `step`, as the passes read.
fn decoded(tensor: &Tensor, step: usize) -> Vec<f32> {
    let numbers = tensor.numbers().unwrap();
    let mut out = vec![7.0; numbers.elements()];
    for (k, out) in out.chunks_mut(step).enumerate() {
        numbers.part(k * step..k * step + out.len()).decode(out);
    }
    out
}

fn bits(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|x| x.to_bits()).collect()
}

#[test]
fn weights_are_those_of_the_writers_bit_for_bit() {
    let cases = cases();
    assert_eq!(cases.len(), 28);
    for case in cases {
        let (model, expected) = (open(&case), open(&case.join("expected.safetensors")));
        let mut quantised = model.tensors().iter().filter(|t| t.dtype.is_quantised());
        for wanted in expected.tensors() {
            let found = quantised.next().unwrap();
            assert_eq!((&found.name, &found.shape), (&wanted.name, &wanted.shape));
            let numbers = decoded(wanted, usize::MAX);
            for step in [1, 7, 64, 333, usize::MAX] {
                let same = bits(&decoded(found, step)) == bits(&numbers);
                assert!(same, "{} {} by {step}", case.display(), found.name);
            }
        }
        assert!(quantised.next().is_none());
        // Nothing else is left but plain weights and biases.
        let is_plain = |t: &&Tensor| !t.dtype.is_quantised();
        for tensor in model.tensors().iter().filter(is_plain) {
            let is_weight = tensor.name.ends_with("weight") || tensor.name.ends_with("bias");
            assert!(is_weight, "{} {}", case.display(), tensor.name);
        }
        assert!(model.rounding().unwrap() > 0.0);
    }
}

#[test]
fn a_whole_pass_reads_the_same_as_its_tensors() {
    let case = cases().into_iter().find(|path| path.ends_with("mxfp4"));
    let model = open(&case.unwrap());
    let tensor = model.tensors().iter().find(|t| t.dtype.is_quantised());
    let tensor = tensor.unwrap();
    let (whole, raw) = (decoded(tensor, usize::MAX), tensor.numbers().unwrap());
    let mut wide = vec![0.0; whole.len()];
    raw.decode_f64(&mut wide);
    assert!(whole.iter().zip(&wide).all(|(a, b)| f64::from(*a) == *b));
}

/// A model in a folder of its own.
fn write(config: &Value, parts: &[Part<'_>]) -> TempDir {
    let dir = TempDir::new().unwrap();
    write_safetensors(&dir.path().join("model.safetensors"), parts);
    let config = json!({"quantization_config": config}).to_string();
    std::fs::write(dir.path().join("config.json"), config).unwrap();
    dir
}

fn part<'a>(name: &'a str, dtype: &'a str, shape: &'a [usize], bytes: usize) -> Part<'a> {
    Part {
        name,
        dtype,
        shape,
        bytes: vec![0x11; bytes],
    }
}

#[track_caller]
fn refused(config: &Value, parts: &[Part<'_>], words: &[&str]) {
    let dir = write(config, parts);
    let error = Checkpoint::open(dir.path()).map(|_| ()).unwrap_err();
    let sentence = error.to_string();
    let path = dir.path().display().to_string();
    for word in words
        .iter()
        .chain(&["before it was quantised", path.as_str()])
    {
        assert!(sentence.contains(word), "{sentence}");
    }
}

#[test]
fn methods_that_are_not_known_are_refused() {
    let plain = || [part("w.weight", "BF16", &[2, 2], 8)];
    for (config, word) in [
        (json!({"quant_method": "aqlm"}), "the method is `aqlm`"),
        (json!({"some": 1}), "no `quant_method`"),
        (json!({"quant_method": "gptq", "bits": 5}), "5 bits"),
        (json!({"quant_method": "awq", "bits": 3}), "3 bits"),
        (
            json!({"quant_method": "gptq", "bits": 4, "checkpoint_format": "marlin"}),
            "`checkpoint_format` of gptq is `marlin`",
        ),
        (
            json!({"quant_method": "awq", "bits": 4, "version": "gemv"}),
            "`version` of awq is `gemv`",
        ),
        (
            json!({"quant_method": "compressed-tensors", "format": "marlin-24"}),
            "`format` of compressed-tensors is `marlin-24`",
        ),
        (
            json!({"quant_method": "compressed-tensors", "sparsity_config": {"format": "sparse-24-bitmask"}}),
            "sparse",
        ),
        (
            json!({"quant_method": "compressed-tensors", "transform_config": {"config_groups": {"R1": {}}}}),
            "rotated",
        ),
        (
            json!({"quant_method": "modelopt", "quant_algo": "W4A8_AWQ"}),
            "`quant_algo` of modelopt is `w4a8_awq`",
        ),
    ] {
        refused(&config, &plain(), &[word]);
    }
    let foreign = [part("m.trellis", "I16", &[2, 2], 8)];
    refused(&json!(null), &foreign, &["`m.trellis` is a part of EXL3"]);
}

#[test]
fn parts_without_the_rest_are_refused() {
    let fp8 = json!({"quant_method": "fp8"});
    let weight = || part(WEIGHT, "F8_E4M3", &[4, 4], 16);
    refused(&fp8, &[weight()], &[WEIGHT, "a scale beside it", "none"]);
    let scale = || part("m.weight_scale_inv", "F32", &[1, 1], 4);
    refused(
        &json!(null),
        &[scale()],
        &["m.weight_scale_inv", "none that fits"],
    );
    let packed = part("m.weight_packed", "I32", &[4, 2], 32);
    refused(&json!(null), &[packed], &["`m.weight_scale` beside it"]);
    let codes = part("m.qweight", "I32", &[4, 32], 512);
    refused(&json!(null), &[codes], &["GPTQ", "`m.qzeros` beside it"]);
    let bytes = part("m.weight", "U8", &[8, 1], 8);
    refused(
        &json!(null),
        &[bytes],
        &["m.weight", "scales beside it", "U8"],
    );
    let state = "m.weight.quant_state.bitsandbytes__nf4";
    let bad = [
        part("m.weight", "U8", &[8, 1], 8),
        part(state, "U8", &[4], 4),
    ];
    refused(&json!(null), &bad, &["bitsandbytes nf4", "JSON in"]);
    let blocks = part("m_blocks", "U8", &[1, 2, 1, 16], 32);
    refused(&json!(null), &[blocks], &["MXFP4", "`m_scales` beside it"]);
}

#[test]
fn shapes_that_do_not_fit_are_refused() {
    let fp8 = json!({"quant_method": "fp8"});
    let weight = || part(WEIGHT, "F8_E4M3", &[40, 40], 1600);
    let scale = "model.layers.0.mlp.down_proj.weight_scale_inv";
    // Blocks of 16, where 128 are the rule and nothing else is said.
    let scales = part(scale, "F32", &[3, 3], 36);
    refused(&fp8, &[weight(), scales], &["block of 128 × 128", "[3, 3]"]);
    let biased = [
        part(WEIGHT, "F8_E4M3FNUZ", &[4, 4], 16),
        part(scale, "F32", &[1], 4),
    ];
    refused(&fp8, &biased, &["F8_E5M2 or I8", "F8_E4M3FNUZ"]);
    let said = json!({"quant_method": "compressed-tensors", "format": "pack-quantized",
                      "config_groups": {"a": {"weights": {"num_bits": 2}}}});
    let packed = [
        part("m.weight_packed", "I32", &[4, 2], 32),
        part("m.weight_scale", "F32", &[4, 1], 16),
    ];
    refused(&said, &packed, &["`m.weight_shape` beside it"]);
    let shape: Vec<u8> = [4_i64, 32].iter().flat_map(|n| n.to_le_bytes()).collect();
    let with_shape = [
        part("m.weight_packed", "I32", &[4, 2], 32),
        part("m.weight_scale", "F32", &[4, 1], 16),
        Part {
            name: "m.weight_shape",
            dtype: "I64",
            shape: &[2],
            bytes: shape,
        },
    ];
    refused(
        &said,
        &with_shape,
        &["[2] bits, of which 4 and 8", "2 words"],
    );
    let gptq = json!({"quant_method": "gptq", "bits": 4, "group_size": 32});
    let codes = [
        part("m.qweight", "I32", &[12, 8], 384),
        part("m.qzeros", "I32", &[3, 1], 12),
        part("m.scales", "F16", &[2, 8], 32),
    ];
    refused(&gptq, &codes, &["groups of 32 of 96 inputs", "2 groups"]);
    let huge = [
        part("m_blocks", "U8", &[0, 1 << 40, 1 << 40, 16], 0),
        part("m_scales", "U8", &[0, 1 << 40, 1 << 40], 0),
    ];
    let dir = write(&json!(null), &huge);
    let error = Checkpoint::open(dir.path()).unwrap_err().to_string();
    assert!(
        error.contains("more numbers than can be counted"),
        "{error}"
    );
}

#[test]
fn groups_out_of_range_give_no_numbers() {
    let list: Vec<u8> = (0..32).flat_map(|k: i32| (k * 9).to_le_bytes()).collect();
    let parts = [
        part("m.qweight", "I32", &[4, 8], 128),
        part("m.qzeros", "I32", &[2, 1], 8),
        part("m.scales", "F16", &[2, 8], 32),
        Part {
            name: "m.g_idx",
            dtype: "I32",
            shape: &[32],
            bytes: list,
        },
    ];
    let config = json!({"quant_method": "gptq", "bits": 4, "group_size": 16});
    let dir = write(&config, &parts);
    let model = open(dir.path());
    let numbers = decoded(&model.tensors()[0], usize::MAX);
    assert!(numbers[0].is_finite());
    assert!(numbers[1].is_nan() && numbers[31].is_nan());
}

/// Numbers between −1 and 1 that a generator makes.
fn random(n: usize) -> Vec<f32> {
    let mut state = 5_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..n).map(|_| next()).collect()
}

#[test]
fn rounding_is_about_as_far_as_it_really_went() {
    let exact = random(128 * 256);
    let scale = 1.0 / 127.0;
    let rounded: Vec<i8> = exact.iter().map(|x| (x / scale).round() as i8).collect();
    let parts = [
        Part {
            name: WEIGHT,
            dtype: "I8",
            shape: &[128, 256],
            bytes: rounded.iter().map(|x| x.cast_unsigned()).collect(),
        },
        f32_part("model.layers.0.mlp.down_proj.weight_scale", &[1], &[scale]),
    ];
    let dir = write(&json!({"quant_method": "compressed-tensors"}), &parts);
    let model = open(dir.path());
    let numbers = decoded(&model.tensors()[0], 1024);
    let errors = numbers.iter().zip(&exact).map(|(a, b)| f64::from(a - b));
    let real = errors.map(|e| e * e).sum::<f64>().sqrt();
    let expected = model.rounding().unwrap();
    assert!((expected / real - 1.0).abs() < 0.02, "{expected} {real}");
    assert_eq!(model.quantised_as().as_deref(), Some("scaled I8"));
}

#[test]
fn a_child_of_quantised_models_is_written_unscaled() {
    let root = TempDir::new().unwrap();
    for (name, byte) in [("a", 0x38), ("b", 0x40)] {
        let folder = root.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        let weight = Part {
            name: WEIGHT,
            dtype: "F8_E4M3",
            shape: &[4, 4],
            bytes: vec![byte; 16],
        };
        let scale = "model.layers.0.mlp.down_proj.weight_scale";
        let parts = [weight, f32_part(scale, &[1], &[0.5])];
        write_safetensors(&folder.join("model.safetensors"), &parts);
        let config = r#"{"num_hidden_layers": 1, "torch_dtype": "bfloat16",
                         "quantization_config": {"quant_method": "fp8"}}"#;
        std::fs::write(folder.join("config.json"), config).unwrap();
        std::fs::write(folder.join("quantize_config.json"), "{}").unwrap();
    }
    let yaml = "merge_method: linear\nmodels:\n\
                - {model: a, parameters: {weight: 1}}\n- {model: b, parameters: {weight: 1}}\n";
    let out = root.path().join("child");
    let plan = planned(yaml, root.path(), Some(&out));
    let said: Vec<String> = plan.problems.iter().map(ToString::to_string).collect();
    let word = "weights of a are stored as scaled F8; they are decoded, and the child is written \
                in BF16 without quantization_config";
    assert!(said.iter().any(|p| p.contains(word)), "{said:?}");
    run(&plan, &options(&out), &Ticket::default()).unwrap();
    let child = open(&out);
    assert_eq!(child.dtypes(), "BF16");
    // 1 and 2, halved, and their mean.
    assert_eq!(decoded(&child.tensors()[0], 16), [0.75; 16]);
    let config = std::fs::read_to_string(out.join("config.json")).unwrap();
    assert!(!config.contains("quantization"), "{config}");
    assert!(!out.join("quantize_config.json").exists());
}
