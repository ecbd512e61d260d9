//! Merges written as GGUF: byte for byte what llama.cpp's converter makes, or nothing.

use std::collections::BTreeMap;
use std::path::Path;

use kinfolk::checkpoint::{Checkpoint, GgufKind};
use kinfolk::jobs::Ticket;
use kinfolk::merge::run::{Outcome, RunError, gguf_options, run, run_gguf};

use crate::common::merging::{options, planned};
use crate::gguf_read::{data, numbers, open};

const KINDS: [(&str, GgufKind); 3] = [
    ("f16", GgufKind::F16),
    ("bf16", GgufKind::Bf16),
    ("q8_0", GgufKind::Q8_0),
];

/// Carries out a recipe over the files of the set.
fn write(
    yaml: &str,
    out: &Path,
    kind: GgufKind,
    template: Option<&str>,
) -> Result<Outcome, RunError> {
    write_with(yaml, out, kind, template, &Ticket::default())
}

fn write_with(
    yaml: &str,
    out: &Path,
    kind: GgufKind,
    template: Option<&str>,
    ticket: &Ticket,
) -> Result<Outcome, RunError> {
    let plan = planned(yaml, &data(""), Some(out));
    let first = plan.errors().next().map(ToString::to_string);
    if let Some(sentence) = first {
        return Err(RunError::Failed(sentence));
    }
    let template = template.map(data);
    let gguf = gguf_options(&plan, Some(kind), template.as_deref())?;
    run_gguf(&plan, &options(out), &gguf, ticket)
}

fn of_one(path: &str) -> String {
    format!("merge_method: passthrough\nmodels:\n- model: {path}\n")
}

/// The data of a file, which lie at the end of it.
fn tail(file: &[u8], data_len: usize) -> &[u8] {
    &file[file.len() - data_len..]
}

#[test]
fn a_conversion_gives_the_converters_bytes() {
    let dir = tempfile::tempdir().unwrap();
    for (family, kind) in [("mallow", "f16"), ("mallow", "q8_0"), ("gentian", "q8_0")] {
        let (_, own) = KINDS.iter().find(|(name, _)| *name == kind).unwrap();
        let out = dir.path().join(format!("{family}-{kind}.gguf"));
        let template = format!("{family}/base.q8_0.gguf");
        let recipe = of_one(&format!("{family}/base.safetensors"));
        let outcome = write(&recipe, &out, *own, Some(&template)).unwrap();
        assert_eq!(outcome.files, [format!("{family}-{kind}.gguf")]);
        let (made, theirs) = (
            std::fs::read(&out).unwrap(),
            std::fs::read(data(&format!("{family}/base.{kind}.gguf"))).unwrap(),
        );
        // The data begin after the last name of the list and its numbers.
        let at = theirs
            .windows(18)
            .position(|w| w == b"output_norm.weight")
            .unwrap()
            + 18
            + 4
            + 8
            + 4
            + 8;
        let data_start = at.next_multiple_of(32);
        let data_len = theirs.len() - data_start;
        assert!(
            tail(&made, data_len) == tail(&theirs, data_len),
            "{family} {kind}"
        );
        let model = open(&out);
        assert_eq!(model.suggested_name(), format!("{family}-{kind}"));
        assert!(model.problems().is_empty(), "{:?}", model.problems());
    }
    let left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().collect();
    assert_eq!(left.len(), 3);
}

#[test]
fn a_merge_takes_its_template_from_its_models_and_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("m.gguf");
    let recipe = "merge_method: linear\nmodels:\n\
        - {model: mallow/base.safetensors, parameters: {weight: 1}}\n\
        - {model: mallow/base.f16.gguf, parameters: {weight: 3}}\n";
    write(recipe, &out, GgufKind::Bf16, None).unwrap();
    let [a, b] = ["mallow/base.safetensors", "mallow/base.f16.gguf"].map(|name| open(&data(name)));
    for tensor in open(&out).tensors() {
        let [a, b] = [&a, &b].map(|model| numbers(model.tensor(&tensor.name).unwrap()));
        let mut expected: Vec<f32> = a.iter().zip(&b).map(|(a, b)| 0.25 * a + 0.75 * b).collect();
        tensor.dtype.round(&mut expected);
        // One unit of the type where the sum was rounded another way before.
        for (found, expected) in numbers(tensor).iter().zip(&expected) {
            let most = expected.abs() * 0.008;
            assert!((found - expected).abs() <= most, "{}", tensor.name);
        }
    }
}

#[test]
fn a_gguf_becomes_a_folder_of_the_same_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("folder");
    let recipe = format!("{}out_dtype: float32\n", of_one("gentian/base.q8_0.gguf"));
    let plan = planned(&recipe, &data(""), Some(&out));
    run(&plan, &options(&out), &Ticket::default()).unwrap();
    let (made, theirs) = (open(&out), open(&data("gentian/base.q8_0.gguf")));
    let all = |model: &Checkpoint| -> BTreeMap<String, Vec<f32>> {
        let tensors = model.tensors().iter();
        tensors.map(|t| (t.name.clone(), numbers(t))).collect()
    };
    assert_eq!(all(&made), all(&theirs));
}

#[test]
fn more_layers_are_said_in_the_metadata() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("tall.gguf");
    let recipe = "merge_method: passthrough\nslices:\n\
        - sources: [{model: mallow/base.f16.gguf, layer_range: [0, 2]}]\n\
        - sources: [{model: mallow/base.f16.gguf, layer_range: [0, 2]}]\n";
    write(recipe, &out, GgufKind::F16, None).unwrap();
    let (made, base) = (open(&out), open(&data("mallow/base.f16.gguf")));
    assert_eq!(
        (made.config().num_hidden_layers, made.layers()),
        (Some(4), 4)
    );
    let read = |model: &Checkpoint, layer: u32| {
        let name = format!("model.layers.{layer}.self_attn.q_proj.weight");
        numbers(model.tensor(&name).unwrap())
    };
    assert_eq!(read(&made, 3), read(&base, 1));
}

#[test]
fn a_template_of_another_model_is_refused_and_nothing_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("x.gguf");
    let said = |recipe: &str, template: Option<&str>| {
        let error = write(recipe, &out, GgufKind::F16, template).unwrap_err();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        error.to_string()
    };
    let recipe = of_one("mallow/base.safetensors");
    let none = said(&recipe, None);
    assert!(none.contains("--template"), "{none}");
    let other = said(&recipe, Some("gentian/base.q8_0.gguf"));
    assert!(other.contains("architecture `gemma3`"), "{other}");
    let plain = said(&recipe, Some("mallow/base.safetensors"));
    assert!(plain.contains("GGUF"), "{plain}");
}

#[test]
fn a_file_that_is_there_stays_unless_it_is_ours_and_a_cancelled_merge_leaves_none() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("x.gguf");
    let recipe = of_one("mallow/base.f16.gguf");
    let ticket = Ticket::default();
    ticket.cancel();
    let error = write_with(&recipe, &out, GgufKind::F16, None, &ticket).unwrap_err();
    assert!(matches!(error, RunError::Cancelled(_)));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    std::fs::copy(data("mallow/base.f16.gguf"), &out).unwrap();
    let error = write(&recipe, &out, GgufKind::F16, None)
        .unwrap_err()
        .to_string();
    assert!(error.contains("--force"), "{error}");
    let forced = |out: &Path| {
        let plan = planned(&recipe, &data(""), None);
        let gguf = gguf_options(&plan, Some(GgufKind::Q8_0), None).unwrap();
        let mut options = options(out);
        options.force = true;
        run_gguf(&plan, &options, &gguf, &Ticket::default())
    };
    let error = forced(&out).unwrap_err().to_string();
    assert!(error.contains("only what Kinfolk has made"), "{error}");
    std::fs::remove_file(&out).unwrap();
    write(&recipe, &out, GgufKind::F16, None).unwrap();
    forced(&out).unwrap();
    assert_eq!(open(&out).dtypes(), "Q8_0, F32");
}
