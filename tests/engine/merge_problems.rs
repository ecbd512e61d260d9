//! What is found before the first byte: one small recipe for each kind of trouble.

use std::path::Path;

use kinfolk::merge::plan::Plan;
use kinfolk::merge::problem::Severity;
use kinfolk::merge::recipe::parse;

use crate::common::merging::*;
use crate::common::{self, Part, f32_part, write_safetensors};

/// A folder with the models a, b and base, alike but for their numbers.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (k, name) in ["base", "a", "b"].iter().enumerate() {
            tiny_model(&dir.path().join(name), k as u64 + 1);
        }
        Self(dir)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn plan(&self, yaml: &str) -> Plan {
        planned(yaml, self.path(), None)
    }

    /// The recipe has exactly this problem; `place` is how its message begins.
    fn has(&self, severity: Severity, yaml: &str, place: &str, words: &str) {
        let plan = self.plan(yaml);
        let all: Vec<String> = plan.problems.iter().map(ToString::to_string).collect();
        assert_eq!(all.len(), 1, "{yaml}\n{all:#?}");
        assert_eq!(plan.problems[0].severity, severity, "{all:?}");
        assert!(all[0].starts_with(place), "{all:?}");
        assert!(all[0].contains(words), "{all:?}");
        assert_eq!(plan.is_sound(), severity == Severity::Warning);
    }

    fn error(&self, yaml: &str, place: &str, words: &str) {
        self.has(Severity::Error, yaml, place, words);
    }

    fn warning(&self, yaml: &str, place: &str, words: &str) {
        self.has(Severity::Warning, yaml, place, words);
    }
}

const TWO: &str =
    "models: [{model: a, parameters: {weight: 1}}, {model: b, parameters: {weight: 1}}]\n";

fn linear(more: &str) -> String {
    format!("merge_method: linear\n{TWO}{more}")
}

fn ties(density: &str) -> String {
    format!(
        "merge_method: ties\nbase_model: base\nmodels:\n- model: a\n  parameters:\n    \
         weight: 1\n    density: {density}\n"
    )
}

#[test]
fn a_sound_recipe_has_no_problems() {
    let desk = Desk::new();
    for yaml in [linear(""), ties("0.5"), ties("[1, 0.7]")] {
        let plan = desk.plan(&yaml);
        assert!(plan.problems.is_empty(), "{:?}", plan.problems);
        assert!(plan.is_sound());
        assert!(plan.cost.bytes_read > 0 && plan.cost.bytes_written > 0);
    }
}

#[test]
fn misspelt_keys_find_theirs() {
    let desk = Desk::new();
    desk.warning(
        &linear("dtyp: float32\n"),
        "line 3, column 1: dtyp",
        "did you mean `dtype`?",
    );
    let yaml = ties("0.5").replace("density", "densty");
    desk.warning(
        &yaml,
        "line 7, column 5: models[0].parameters.densty",
        "did you mean `density`?",
    );
    let yaml = linear("parameters: {normalise: false}\n");
    desk.warning(
        &yaml,
        "line 3, column 14: parameters.normalise",
        "did you mean `normalize`?",
    );
    desk.error(
        &linear("").replace("linear", "linaer"),
        "line 1",
        "did you mean `linear`?",
    );
    desk.error(
        &linear("dtype: bf16\n"),
        "line 3, column 8: dtype",
        "did you mean `bfloat16`?",
    );
    let yaml = linear("").replace("{model: b,", "{modell: b, model: b,");
    desk.warning(&yaml, "line 2", "did you mean `model`?");
    desk.error(
        &linear("kinfolk: {allow_crime: true}\n"),
        "line 3, column 11: kinfolk.allow_crime",
        "did you mean `allow_crimes`?",
    );
}

#[test]
fn parameters_that_have_no_effect_are_told() {
    let desk = Desk::new();
    let yaml = linear("parameters: {int8_mask: true}\n");
    desk.warning(
        &yaml,
        "line 3",
        "linear has no parameter `int8_mask`; it has no effect",
    );
    let yaml = linear("").replace("weight: 1}}]", "weight: 1, normalize: false}}]");
    desk.warning(&yaml, "line 2", "move it to the recipe's `parameters`");
}

#[test]
fn values_out_of_range_are_told() {
    let desk = Desk::new();
    desk.error(
        &ties("1.5"),
        "line 7, column 5: models[0].parameters.density",
        "from 0 to 1, not 1.5",
    );
    desk.error(&ties("[0.5, -1]"), "line 7", "not -1");
    desk.error(
        &ties("[{filter: mlp, value: 7}, {value: 0.5}]"),
        "line 7",
        "not 7",
    );
    desk.error(&ties("true"), "line 7", "is a number, not true or false");
    desk.error(
        &linear("parameters: {normalize: 3}\n"),
        "line 3",
        "is true or false, not 3",
    );
    desk.error(
        &ties("some"),
        "line 7, column 14",
        "expected a number, found text",
    );
}

#[test]
fn a_density_that_keeps_nothing_is_found_before() {
    let desk = Desk::new();
    let yaml = ties("0.01") + "kinfolk: {as: 0.1.4}\n";
    desk.error(&yaml, "line 1", "keeps none of the");
    let yaml = ties("0.9").replace("ties", "della");
    desk.error(
        &yaml,
        "line 1",
        "density 0.9 and epsilon 0.15 leave no room",
    );
    let yaml = linear("").replacen("weight: 1", "weight: -1", 1);
    desk.error(&yaml, "line 1", "weights sum to 0");
}

#[test]
fn required_parameters_are_missed_once() {
    let desk = Desk::new();
    let yaml = "merge_method: linear\nmodels: [{model: a, parameters: {weight: 1}}, {model: b}]\n";
    desk.error(
        yaml,
        "line 2, column 47: models[1]",
        "needs the parameter `weight` of b",
    );
    let yaml = "merge_method: slerp\nbase_model: a\nmodels: [{model: a}, {model: b}]\n";
    desk.error(yaml, "line 1", "slerp needs the parameter `t`");
    // A filter that leaves tensors without a value.
    let yaml = ties("0.5").replace("weight: 1", "weight: [{filter: mlp, value: 1}]");
    desk.error(&yaml, "line 4", "at least for lm_head.weight");
}

#[test]
fn bases_and_numbers_of_models_are_checked() {
    let desk = Desk::new();
    desk.error(
        &ties("0.5").replace("base_model: base\n", ""),
        "line 1",
        "ties needs a `base_model`",
    );
    let yaml = "merge_method: model_stock\nbase_model: base\nmodels: [{model: a}]\n";
    desk.error(
        yaml,
        "line 3",
        "2 or more models beside the base, and there is one",
    );
    let yaml = "merge_method: passthrough\nmodels: [{model: a}, {model: b}]\n";
    desk.error(yaml, "line 2", "takes 1 model, and there are 2");
    let yaml = "merge_method: passthrough\nbase_model: base\nmodels: [{model: a}]\n";
    desk.error(yaml, "line 2, column 13: base_model", "takes no base model");
    let yaml = "merge_method: ties\nbase_model: base\nparameters: {weight: 1}\nslices:\n\
                - sources: [{model: a, layer_range: [0, 2]}]\n";
    desk.error(
        yaml,
        "line 5",
        "the base model base is not among the sources",
    );
    let twice = linear("").replace("model: b", "model: a");
    desk.error(&twice, "line 2", "is listed twice");
    let old = twice + "kinfolk: {as: 0.1.4}\n";
    desk.warning(&old, "line 2", "counts once");
}

fn slices(ranges: [&str; 2]) -> String {
    let source = |range| format!("- sources: [{{model: a, layer_range: {range}}}]\n");
    format!(
        "merge_method: passthrough\nslices:\n{}{}",
        source(ranges[0]),
        source(ranges[1])
    )
}

#[test]
fn layer_ranges_must_exist() {
    let desk = Desk::new();
    assert!(desk.plan(&slices(["[0, 2]", "[1, 2]"])).is_sound());
    let place = "line 4, column 37: slices[1].sources[0].layer_range";
    desk.error(
        &slices(["[0, 2]", "[1, 5]"]),
        place,
        "layers 1 to 4 are asked for, and a has 2 layers",
    );
    desk.error(
        &slices(["[0, 2]", "[0, -1]"]),
        place,
        "not a range of layers",
    );
    desk.error(
        &slices(["[0, 2]", "[2, 0]"]),
        place,
        "not a range of layers",
    );
    desk.error(&slices(["[0, 2]", "[1]"]), place, "[first, after the last]");
    desk.error(
        &slices(["[0, 2]", "[0, 1.5]"]),
        "line 4",
        "expected a whole number",
    );
    let yaml = "merge_method: linear\nparameters: {weight: 1}\nslices:\n- sources: [{model: a, \
                layer_range: [0, 2]}, {model: b, layer_range: [0, 1]}]\n";
    desk.error(yaml, "line 4", "must have equally many layers");
    let yaml = "merge_method: passthrough\nslices: [{sources: [{model: a}]}]\n";
    desk.error(yaml, "line 2", "needs its `layer_range`");
    let yaml = linear("").replace("{model: a,", "{model: a, layer_range: [0, 1],");
    desk.warning(&yaml, "line 2", "no effect on whole models");
}

#[test]
fn models_of_other_depth_or_shape_are_named() {
    let desk = Desk::new();
    tiny_model_of(&desk.path().join("b"), 5, 3, 12);
    desk.error(
        &linear(""),
        "line 2, column 47: models[1]",
        "b has 3 layers and a has 2 layers",
    );
    let odd = [f32_part("x.weight", &[2, 3], &[0.0; 6])];
    let even = [f32_part("x.weight", &[2, 2], &[0.0; 4])];
    write_safetensors(&desk.path().join("a/model.safetensors"), &odd);
    write_safetensors(&desk.path().join("b/model.safetensors"), &even);
    desk.error(
        &linear(""),
        "line 2",
        "b has x.weight in the shape [2, 2] where [2, 3] is needed",
    );
}

#[test]
fn missing_tensors_are_told_model_by_model() {
    let desk = Desk::new();
    let all = |name: &str, names: &[&'static str]| {
        let parts: Vec<Part<'static>> = names
            .iter()
            .map(|tensor| f32_part(tensor, &[2], &[1.0, 2.0]))
            .collect();
        write_safetensors(&desk.path().join(name).join("model.safetensors"), &parts);
    };
    all("a", &["x.weight", "y.weight", "z.weight"]);
    all("b", &["x.weight"]);
    desk.error(
        &linear(""),
        "line 2",
        "b lacks 2 tensors (y.weight, z.weight)",
    );
    all("a", &["x.weight"]);
    all("b", &["x.weight", "tower.weight"]);
    desk.warning(
        &linear(""),
        "line 2",
        "the tensor tower.weight that a does not have",
    );
    all("b", &["x.weight", "layers.0.self_attn.rotary_emb.inv_freq"]);
    all("a", &["x.weight", "layers.0.y"]);
    all(
        "b",
        &[
            "x.weight",
            "layers.0.y",
            "layers.0.self_attn.rotary_emb.inv_freq",
        ],
    );
    assert!(desk.plan(&linear("")).problems.is_empty());
}

#[test]
fn other_vocabularies_are_refused_or_cut_and_told() {
    let desk = Desk::new();
    tiny_model_of(&desk.path().join("b"), 5, 2, 14);
    desk.error(&linear(""), "line 1", "vocabularies of 12 to 14 tokens");
    let yaml = linear("kinfolk: {truncate_embeddings: true}\n");
    desk.warning(&yaml, "line 1", "cut to the first 12 rows");
    let plan = desk.plan(&yaml);
    let head = plan.steps[0]
        .tensors
        .iter()
        .find(|t| t.name == "lm_head.weight")
        .unwrap();
    assert_eq!(head.shape, [12, 8]);
}

#[test]
fn tokens_with_other_numbers_are_told() {
    let desk = Desk::new();
    let write = |name: &str, vocabulary: &str| {
        let json = format!(r#"{{"model": {{"vocab": {vocabulary}}}, "added_tokens": []}}"#);
        std::fs::write(desk.path().join(name).join("tokenizer.json"), json).unwrap();
    };
    write("a", r#"{"x": 0, "y": 1}"#);
    write("b", r#"{"x": 1, "y": 0}"#);
    desk.warning(&linear(""), "line 2", "b numbers its tokens otherwise");
    let plan = desk.plan(&linear("tokenizer_source: a\n"));
    assert!(plan.problems.is_empty(), "{:?}", plan.problems);
    let embedding = plan.steps[0]
        .tensors
        .iter()
        .find(|t| t.name.contains("embed"));
    assert_eq!(embedding.unwrap().shape[0], 2);
}

#[test]
fn surprises_with_formats_are_told() {
    let desk = Desk::new();
    let half = |name: &str, dtype: &'static str| {
        let part = Part {
            name: "x.weight",
            dtype,
            shape: &[2],
            bytes: vec![0; if dtype == "F32" { 8 } else { 4 }],
        };
        write_safetensors(&desk.path().join(name).join("model.safetensors"), &[part]);
    };
    half("a", "F16");
    half("b", "BF16");
    desk.warning(
        &linear(""),
        "line 1",
        "stored as BF16 and F16 and will be written as F32",
    );
    half("a", "F32");
    half("b", "F32");
    desk.warning(
        &linear("dtype: float16\n"),
        "line 3",
        "rounds the inputs, stored as F32",
    );
    assert!(
        desk.plan(&linear("out_dtype: float16\n"))
            .problems
            .is_empty()
    );
    desk.error(
        &linear("out_dtype: int64\n"),
        "line 3",
        "cannot be computed with",
    );
}

#[test]
fn quantised_models_are_refused() {
    let desk = Desk::new();
    for name in ["a", "b"] {
        let part = Part {
            name: "layers.0.mlp.up_proj.weight",
            dtype: "U8",
            shape: &[4],
            bytes: vec![0; 4],
        };
        write_safetensors(&desk.path().join(name).join("model.safetensors"), &[part]);
    }
    desk.error(
        &linear(""),
        "line 1",
        "merge the models as they were before they were quantised",
    );
}

#[test]
fn models_that_are_not_there_are_named() {
    let desk = Desk::new();
    let yaml = linear("").replace("model: b", "model: ./nowhere");
    desk.error(
        &yaml,
        "line 2, column 55: models[1].model",
        "there is nothing at",
    );
    let yaml = linear("").replace("model: b", "model: org/nowhere");
    desk.error(
        &yaml,
        "line 2",
        "download it with `hf download org/nowhere`",
    );
    let yaml = linear("").replace("model: b", "model: b@main");
    desk.error(&yaml, "line 2", "is for models of the hub");
    let yaml = linear("").replace("model: b", "model: b+a");
    desk.error(&yaml, "line 2", "a is not an adapter");
}

#[test]
fn an_adapter_for_another_model_is_found_before() {
    let model = |base: &str| {
        let yaml = format!(
            "merge_method: passthrough\nmodels: [{{model: models/{base}/base+models/cedar/lora}}]\n"
        );
        planned(&yaml, &oracle_root(), None)
    };
    assert!(model("cedar").is_sound());
    let all: Vec<String> = model("birch").errors().map(ToString::to_string).collect();
    assert!(all[0].contains("does not fit the adapter"), "{all:?}");
}

#[test]
fn what_is_not_done_is_refused_with_a_sentence() {
    let desk = Desk::new();
    desk.error(
        &linear("tokenizer_source: union\n"),
        "line 3",
        "a has no tokenizer",
    );
    desk.error(
        &linear("chat_template: chatmlx\n"),
        "line 3",
        "did you mean `chatml`?",
    );
    assert!(
        desk.plan(&linear("chat_template: \"{{ x }}\"\n"))
            .is_sound()
    );
    let yaml = "merge_method: linear\nmodules: {text_decodr: {models: [{model: a}]}}\n";
    desk.error(
        yaml,
        "line 2, column 11: modules.text_decodr",
        "did you mean `text_decoder`?",
    );
}

#[test]
fn the_output_must_be_free_and_no_input() {
    let desk = Desk::new();
    let check = |out: &str, words: &str| {
        let plan = planned(&linear(""), desk.path(), Some(&desk.path().join(out)));
        let all: Vec<String> = plan.errors().map(ToString::to_string).collect();
        assert!(all.iter().any(|e| e.contains(words)), "{out}: {all:?}");
    };
    check("a", "the output is the folder of a, or lies in it");
    check("a/merged", "the output is the folder of a, or lies in it");
    check("b/../a/merged", "the output is the folder of a");
    check(".", "lies in the output folder");
    std::fs::create_dir(desk.path().join("full")).unwrap();
    std::fs::write(desk.path().join("full/notes.docx"), "x").unwrap();
    check("full", "there is something already");
    std::fs::write(desk.path().join("file"), "x").unwrap();
    check("file", "there is a file where the folder should be");
}

#[test]
fn a_disk_that_is_too_small_is_found_before() {
    let desk = Desk::new();
    // A hole on disk: a petabyte of zeros that takes no room.
    for name in ["a", "b"] {
        let n: u64 = 1 << 40;
        let header = format!(
            r#"{{"x.weight":{{"dtype":"F32","shape":[{n}],"data_offsets":[0,{}]}}}}"#,
            4 * n
        );
        let path = desk.path().join(name).join("model.safetensors");
        common::write_sparse(&path, &header, 4 * n);
    }
    let plan = planned(&linear(""), desk.path(), Some(&desk.path().join("out")));
    let all: Vec<String> = plan.errors().map(ToString::to_string).collect();
    assert!(all.iter().any(|e| e.contains("the disk has")), "{all:?}");
}

#[test]
fn documents_depend_on_each_other_without_rings() {
    let desk = Desk::new();
    let document = |name: &str, model: &str| {
        format!("name: {name}\nmerge_method: passthrough\nmodels: [{{model: {model}}}]\n")
    };
    let files = [document("x", "y"), document("y", "a")].join("---\n");
    let plan = desk.plan(&files);
    assert!(plan.is_sound(), "{:?}", plan.problems);
    let names: Vec<_> = plan.steps.iter().map(|step| step.name().unwrap()).collect();
    assert_eq!(names, ["y", "x"], "in the order in which they are needed");
    let ring = [document("x", "y"), document("y", "x")].join("---\n");
    desk.error(&ring, "line 1", "needs its own result");
    let twice = [document("x", "a"), document("x", "b")].join("---\n");
    desk.error(
        &twice,
        "line 5, column 7: name",
        "two documents are called `x`",
    );
    let two_ends = [document("x", "a"), document("y", "b")].join("---\n");
    desk.error(&two_ends, "line 5", "one merge has one result");
}

#[test]
fn yaml_that_is_none_says_where() {
    let check = |text: &str, words: &str| {
        let problems = parse(text).problems;
        assert_eq!(problems.len(), 1, "{problems:?}");
        let message = problems[0].to_string();
        assert!(message.contains(words), "{message}");
        assert_eq!(message.lines().count(), 1);
    };
    check("a: [1,\nb: 2", "line 1, column 4");
    check(
        "a: 1\na: 2\n",
        "line 2, column 1: this is not valid YAML: duplicate mapping key `a`",
    );
    check("a:\n\t- 1\n", "line 2");
    check("", "the recipe is empty");
    check("- 1\n", "expected a group of keys, found a list");
    check(
        "merge_method: linear\nmodels: [{model: a, parameters: {weight: .nan}}]\n",
        "not a finite",
    );
}

#[test]
fn bombs_are_refused_quickly() {
    let mut aliases = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for k in 1..12 {
        let before = format!("*a{}", k - 1);
        aliases += &format!("a{k}: &a{k} [{}]\n", [before.as_str(); 9].join(", "));
    }
    let deep = "[".repeat(100_000);
    let nested = "a: ".to_owned() + &"{a: ".repeat(60) + "1" + &"}".repeat(60);
    let long = "# ".to_owned() + &"x".repeat(2 << 20);
    let documents = "---\na: 1\n".repeat(5000);
    for text in [aliases, deep, nested, long, documents] {
        let started = std::time::Instant::now();
        let parsed = parse(&text);
        assert!(parsed.recipes.is_empty());
        assert_eq!(parsed.problems.len(), 1);
        assert!(parsed.problems[0].to_string().len() < 400);
        assert!(started.elapsed().as_secs() < 5);
    }
}

#[test]
fn every_form_of_a_model_is_read_and_written() {
    let text = "merge_method: linear\n\
        models:\n\
        - model: {model: {path: a+b, revision: main}, lora: {path: c@d}, override_architecture: X}\n\
        - model: org/m@v1+x@v2\n\
        slices:\n";
    let parsed = parse(text);
    assert_eq!(parsed.problems, []);
    let yaml = kinfolk::merge::recipe::to_yaml(&parsed.recipes).unwrap();
    assert_eq!(parse(&yaml).recipes, parsed.recipes, "{yaml}");
    let own = "merge_method: linear\nmodels: [{model: a}]\nkinfolk: {on_nan: refuse, seed: 7}\n\
               tokenizer_source: {model: {path: x}}\nchat_template: \"{{ 'yes' }}\\n# no\"\n\
               name: \"007\"\nparameters: {eps: 1e-12, t: [0.1, 1e-7, 3], normalize: yes}\n";
    let parsed = parse(own);
    assert_eq!(parsed.problems, []);
    let yaml = kinfolk::merge::recipe::to_yaml(&parsed.recipes).unwrap();
    assert_eq!(parse(&yaml).recipes, parsed.recipes, "{yaml}");
}

#[test]
fn a_method_that_is_not_known_hides_no_other_mistake() {
    let yaml = "merge_method: lineer\nmodels: [{model: a}, {model: nowhere}]\n";
    let problems = Desk::new().plan(yaml).problems;
    let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(all.len(), 2, "{all:?}");
    assert!(all[0].contains("there is no method `lineer`"), "{all:?}");
    assert!(all[1].contains("there is no model `nowhere`"), "{all:?}");
}
