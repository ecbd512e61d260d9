//! Vocabularies: children of mergekit 0.1.5 token by token, and what is refused. See `tests/data/tokens/README.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use kinfolk::checkpoint::Vocabulary;
use kinfolk::jobs::Ticket;
use kinfolk::merge::recipe::{parse, to_yaml};
use kinfolk::merge::run::run;
use kinfolk::merge::tokens::Origin;
use serde_json::{Value, json};

use crate::common::merging::*;
use crate::common::{f32_part, write_safetensors};

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tokens")
}

pub fn value(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

pub fn ids(folder: &Path) -> BTreeMap<String, u32> {
    let vocabulary = Vocabulary::read(folder).unwrap().unwrap();
    let tokens = vocabulary.tokens();
    tokens.map(|(token, id)| (token.to_owned(), id)).collect()
}

fn merge(yaml: &str, root: &Path, out: &Path) {
    let plan = planned(yaml, root, Some(out));
    let errors: Vec<String> = plan.errors().map(ToString::to_string).collect();
    assert!(errors.is_empty(), "{errors:?}");
    run(&plan, &options(out), &Ticket::default()).unwrap();
}

/// Numbers agree as the class of the result asks: 2e-6 in F32, a step of BF16 in few places.
fn check_numbers(name: &str, format: &str, want: &[f32], got: &[f32]) {
    let square = want.iter().map(|w| f64::from(w * w)).sum::<f64>();
    let rms = (square / want.len().max(1) as f64).sqrt();
    let (limit, share): (Box<dyn Fn(f64) -> f64>, f64) = match format {
        "F32" => (Box::new(|w| 3e-7 + 2e-6 * w), 0.0),
        _ => (Box::new(move |w| w.max(rms) / 64.0), 0.005),
    };
    let is_off = |(w, g): &(&f32, &f32)| {
        let (w, g) = (f64::from(**w), f64::from(**g));
        (w - g).abs() > limit(w.abs())
    };
    let off = want.iter().zip(got).filter(is_off).count();
    assert!(
        off as f64 <= share * want.len() as f64,
        "{name}: {off} numbers are off"
    );
}

/// Rows of the child in the order of the expected one, whose new tokens may have other numbers.
pub fn reordered(numbers: &[f32], rows: usize, order: &[usize]) -> Vec<f32> {
    let width = numbers.len() / rows;
    order
        .iter()
        .flat_map(|row| &numbers[row * width..(row + 1) * width])
        .copied()
        .collect()
}

fn check_tokenizer(name: &str, expected: &Path, out: &Path, rows: &Value) -> Vec<usize> {
    let want: BTreeMap<String, u32> = match rows.get("vocab") {
        Some(vocabulary) => serde_json::from_value(vocabulary.clone()).unwrap(),
        None => ids(expected),
    };
    let got = ids(out);
    let names = |ids: &BTreeMap<String, u32>| ids.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(&got), names(&want), "{name}");
    let appended: BTreeSet<&str> = rows["appended"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let count = rows["vocab_size"].as_u64().unwrap() as usize;
    let mut order: Vec<usize> = (0..count).collect();
    for (token, id) in &want {
        let own = got[token];
        assert!(
            appended.contains(token.as_str()) || own == *id,
            "{name}: {token}"
        );
        order[*id as usize] = own as usize;
    }
    assert_eq!(
        value(&out.join("config.json"))["vocab_size"],
        rows["vocab_size"],
        "{name}"
    );
    if expected.join("tokenizer.json").exists() {
        let merges = |folder: &Path| {
            let json = value(&folder.join("tokenizer.json"));
            let text = |merge: &Value| match merge.as_str() {
                Some(text) => text.to_owned(),
                None => format!(
                    "{} {}",
                    merge[0].as_str().unwrap(),
                    merge[1].as_str().unwrap()
                ),
            };
            json["model"]["merges"]
                .as_array()
                .unwrap()
                .iter()
                .map(text)
                .collect::<Vec<_>>()
        };
        assert_eq!(merges(out), merges(expected), "{name}");
        let roles = |folder: &Path| {
            let json = value(&folder.join("tokenizer_config.json"));
            ["bos_token", "eos_token", "pad_token"].map(|key| json.get(key).cloned())
        };
        assert_eq!(roles(out), roles(expected), "{name}");
    }
    order
}

fn check(set: &Path, name: &str) {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("child");
    let yaml = std::fs::read_to_string(set.join(format!("configs/{name}.yaml"))).unwrap();
    merge(&yaml, set, &out);
    let expected = set.join("expected").join(name);
    let rows = value(&expected.join("rows.json"));
    let order = check_tokenizer(name, &expected, &out, &rows);
    let got = read_all(&out);
    for (tensor, (format, shape, want)) in read_all(&expected) {
        let (own_format, own_shape, numbers) = &got[&tensor];
        assert_eq!(
            (own_format, own_shape),
            (&format, &shape),
            "{name}: {tensor}"
        );
        let is_axis = shape[0] == order.len() && shape.len() == 2;
        match is_axis {
            true => check_numbers(
                name,
                &format,
                &want,
                &reordered(numbers, order.len(), &order),
            ),
            false => check_numbers(name, &format, &want, numbers),
        }
    }
}

#[test]
fn children_have_the_rows_and_the_tokenizers_of_mergekit() {
    for name in [
        "tok-union-linear",
        "tok-tokens-ta",
        "tok-short-base",
        "tok-sp-mean",
    ] {
        check(&root(), name);
    }
}

/// All recipes with a tokenizer option of a larger set.
#[test]
fn the_whole_set_has_the_rows_and_the_tokenizers_of_mergekit() {
    let Some(set) = std::env::var_os("KINFOLK_TOKENS_SET").map(PathBuf::from) else {
        return;
    };
    let manifest = value(&set.join("manifest.json"));
    for entry in manifest.as_array().unwrap() {
        let is_merge = entry["kind"] == "merge" || entry["kind"] == "quirk";
        if entry["group"] == "tokenizer" && is_merge {
            check(&set, entry["name"].as_str().unwrap());
        }
    }
}

const TWO: &str = "merge_method: linear\nbase_model: models/fir/base\nmodels:\n\
    - {model: models/fir/base, parameters: {weight: 0.5}}\n\
    - {model: models/fir/a, parameters: {weight: 0.5}}\n";

fn errors(more: &str) -> Vec<String> {
    let plan = planned(&format!("{TWO}{more}"), &root(), None);
    plan.errors().map(ToString::to_string).collect()
}

#[test]
fn what_is_said_of_tokens_wrongly_is_refused() {
    let token = |rule: &str| format!("tokenizer:\n  tokens:\n    <x>: {rule}\n");
    let model = |words: &str| token(&format!("{{source: {{kind: model_token, {words}}}}}"));
    let cases = [
        (
            "tokenizer_source: union\ntokenizer: {source: base}\n".to_owned(),
            "keep one",
        ),
        (
            "tokenizer: {pad_to_multiple_of: 0}\n".to_owned(),
            "1 or more",
        ),
        (
            "tokenizer_source: models/fir/nowhere\n".to_owned(),
            "nothing at",
        ),
        (token("{force: true}"), "needs a `source`"),
        (token("{source: {kind: zeros}}"), "did you mean `zero`"),
        (token("{source: models/fir/a}"), "has no token `<x>`"),
        (model("model: models/fir/a"), "`token` or `token_id`"),
        (
            model("model: models/fir/a, token: e, token_id: 3"),
            "keep one",
        ),
        (
            model("model: models/fir/a, token_id: 122"),
            "the last is 121",
        ),
        (model("model: models/fir/b, token_id: 3"), "has no part"),
        (
            model("model: models/fir/a, token: <nowhere>"),
            "has no token",
        ),
    ];
    for (yaml, words) in cases {
        let all = errors(&yaml);
        assert!(all.len() == 1 && all[0].contains(words), "{yaml}: {all:?}");
    }
    assert_eq!(
        errors(&model("model: models/fir/a, token_id: 121")),
        [""; 0]
    );
}

#[test]
fn a_recipe_with_rules_for_tokens_is_written_as_it_was_read() {
    let yaml = std::fs::read_to_string(root().join("configs/tok-tokens-ta.yaml")).unwrap();
    let parsed = parse(&yaml);
    assert_eq!(parsed.problems, []);
    let written = to_yaml(&parsed.recipes).unwrap();
    assert_eq!(parse(&written).recipes, parsed.recipes, "{written}");
}

#[test]
fn the_plan_says_who_has_which_tokens_and_where_new_rows_come_from() {
    let plan = planned(&format!("{TWO}tokenizer_source: union\n"), &root(), None);
    let report = &plan.steps[0].tokens.as_ref().unwrap().report;
    let child = report.child.as_ref().unwrap();
    assert_eq!(
        (child.tokens, child.rows, child.appended.len()),
        (190, 190, 76)
    );
    let [base, a] = &report.models[..] else {
        panic!()
    };
    assert_eq!((base.tokens, base.rows, base.moved.len()), (114, 128, 0));
    assert_eq!((a.tokens, a.rows, a.alone.len()), (122, 122, 76));
    assert_eq!(base.roles.tokens[1].token, "<|eos|>");
    assert_eq!(a.roles.tokens[1].token, "<|im_end|>");
    let row = |token: &str| report.rows.iter().find(|row| row.token == token).unwrap();
    assert_eq!(
        row("I").from,
        [Some(Origin::Own(3)), Some(Origin::Other(0, 3))]
    );
    assert_eq!(
        row(":").from,
        [Some(Origin::Other(1, 2)), Some(Origin::Own(2))]
    );
    let said: Vec<String> = plan.problems.iter().map(ToString::to_string).collect();
    assert!(
        said.iter().any(|s| s.contains("`<|im_end|>` ends a text")),
        "{said:?}"
    );
    assert!(
        said.iter().any(|s| s.contains("another chat template")),
        "{said:?}"
    );
}

/// The keys of what differs in `a` and `base`, whether the recipe says which template the child
/// has, and all that is told.
fn conflicts(more: &str) -> (Vec<String>, bool, Vec<String>) {
    let plan = planned(&format!("{TWO}{more}"), &root(), None);
    let report = &plan.steps[0].tokens.as_ref().unwrap().report;
    let keys = report.conflicts.iter().map(|own| own.key.clone());
    let told = plan.problems.iter().map(|own| own.sentence.clone());
    (keys.collect(), report.has_own_template, told.collect())
}

#[test]
fn roles_that_differ_from_the_childs_are_conflicts_before_anything_is_merged() {
    for more in [
        "tokenizer_source: union\n",
        "kinfolk: {truncate_embeddings: true}\n",
    ] {
        let (keys, own, told) = conflicts(more);
        assert_eq!(keys, ["eos_token", "chat_template"], "{more}");
        assert!(!own && told.iter().any(|own| own.contains("another chat template")));
    }
    // What the recipe decides is none that is told of, and stands in the report: neither model
    // has that template.
    let (keys, own, told) = conflicts("tokenizer_source: union\nchat_template: alpaca\n");
    assert_eq!(keys, ["chat_template", "eos_token", "chat_template"]);
    assert!(
        own && !told.iter().any(|own| own.contains("chat template")),
        "{told:?}"
    );
}

#[test]
fn rows_that_fill_up_are_counted() {
    let yaml = "merge_method: linear\nmodels:\n- {model: models/fir/a, parameters: {weight: 1}}\n\
                tokenizer: {source: base, pad_to_multiple_of: 50}\n";
    let plan = planned(yaml, &root(), None);
    let tokens = plan.steps[0].tokens.as_ref().unwrap();
    let child = tokens.report.child.as_ref().unwrap();
    assert_eq!((child.rows, child.padding), (150, 150 - child.tokens));
    let eos = tokens.report.roles.role("eos_token").unwrap();
    assert_eq!((eos.token.as_str(), eos.id), ("<|im_end|>", Some(121)));
}

#[test]
fn tokens_without_a_row_are_struck_out_of_the_child_where_nobody_asks_for_them() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("child");
    let yaml = "merge_method: passthrough\nmodels: [{model: models/fir/short}]\n";
    merge(yaml, &root(), &out);
    assert_eq!(ids(&root().join("models/fir/short")).len(), 98);
    assert_eq!(ids(&out).len(), 91);
    let plan = planned(yaml, &root(), None);
    assert!(
        plan.problems[0].to_string().contains("7 tokens beyond"),
        "{:?}",
        plan.problems
    );
}

/// An adapter that changes the embedding, which is itself brought into another order.
#[test]
fn rows_are_taken_from_what_an_adapter_has_made() {
    let dir = tempfile::tempdir().unwrap();
    let adapter = dir.path().join("lora");
    std::fs::create_dir(&adapter).unwrap();
    let number = |k: usize| ((k * 37 + 11) % 101) as f32 / 97.0 - 0.5;
    let a: Vec<f32> = (0..2 * 128).map(number).collect();
    let b: Vec<f32> = (0..32 * 2).map(|k| number(k + 7)).collect();
    let name =
        |factor: &str| format!("base_model.model.model.embed_tokens.lora_embedding_{factor}");
    let (name_a, name_b) = (name("A"), name("B"));
    let parts = [
        f32_part(&name_a, &[2, 128], &a),
        f32_part(&name_b, &[32, 2], &b),
    ];
    write_safetensors(&adapter.join("adapter_model.safetensors"), &parts);
    let config =
        json!({"peft_type": "LORA", "r": 2, "lora_alpha": 3, "target_modules": ["embed_tokens"]});
    std::fs::write(adapter.join("adapter_config.json"), config.to_string()).unwrap();
    let model = format!("models/fir/base+{}", adapter.display());
    let yaml = format!(
        "merge_method: linear\nmodels: [{{model: \"{model}\", parameters: {{weight: 1}}}}]\n"
    );
    let (plain, ordered) = (dir.path().join("plain"), dir.path().join("ordered"));
    merge(&yaml, &root(), &plain);
    merge(
        &format!("{yaml}tokenizer_source: models/fir/b\n"),
        &root(),
        &ordered,
    );
    let embedding = |folder: &Path| read_all(folder)["model.embed_tokens.weight"].2.clone();
    let (plain_rows, rows) = (embedding(&plain), embedding(&ordered));
    let (before, after) = (ids(&plain), ids(&ordered));
    let mut shared = 0;
    for (token, id) in &after {
        let row = &rows[*id as usize * 32..][..32];
        match before.get(token) {
            Some(own) => {
                shared += 1;
                assert_eq!(row, &plain_rows[*own as usize * 32..][..32], "{token}");
            }
            None => assert_eq!(row, [0.0; 32], "{token}"),
        }
    }
    assert!(shared > 20 && shared < after.len());
    let stored = embedding(&root().join("models/fir/base"));
    assert_ne!(stored[..32], plain_rows[..32]);
}

#[test]
fn a_model_of_an_earlier_document_is_cut_and_not_reordered() {
    let first = "name: first\nmerge_method: linear\nmodels: [{model: models/fir/base, parameters: {weight: 1}}]\n";
    let second = "merge_method: linear\nbase_model: first\nmodels:\n\
                  - {model: first, parameters: {weight: 0.5}}\n";
    let with = |model: &str, source: &str| {
        format!(
            "{first}---\n{second}- {{model: {model}, parameters: {{weight: 0.5}}}}\n\
             tokenizer_source: {source}\n"
        )
    };
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("child");
    merge(&with("models/fir/base", "base"), &root(), &out);
    assert_eq!(read_all(&out)["model.embed_tokens.weight"].1[0], 114);
    let plan = planned(&with("models/fir/a", "union"), &root(), None);
    let said: Vec<String> = plan.errors().map(ToString::to_string).collect();
    assert!(said[0].contains("made by an earlier document"), "{said:?}");
}

/// A sentencepiece model of `tokens`, all of them ordinary pieces.
fn pieces(tokens: &[&str]) -> Vec<u8> {
    let piece = |token: &&str| {
        let mut own = vec![0x0a, token.len() as u8];
        own.extend(token.as_bytes());
        let mut out = vec![0x0a, own.len() as u8];
        out.extend(own);
        out
    };
    tokens.iter().flat_map(piece).collect()
}

#[test]
fn a_sentencepiece_model_is_read_and_copied_and_not_joined() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, tokens: &[&str]| {
        tiny_model(&dir.path().join(name), tokens.len() as u64);
        std::fs::write(
            dir.path().join(name).join("tokenizer.model"),
            pieces(tokens),
        )
        .unwrap();
    };
    write("a", &["<unk>", "x", "y"]);
    write("b", &["<unk>", "y", "x", "z"]);
    let yaml = |source: &str| {
        format!(
            "merge_method: linear\nmodels: [{{model: a, parameters: {{weight: 1}}}}, \
             {{model: b, parameters: {{weight: 1}}}}]\ntokenizer_source: {source}\n"
        )
    };
    let out = dir.path().join("child");
    merge(&yaml("b"), dir.path(), &out);
    assert_eq!(ids(&out), ids(&dir.path().join("b")));
    let embedding = read_all(&out)
        .into_iter()
        .find(|(name, _)| name.contains("embed"));
    assert_eq!(embedding.unwrap().1.1[0], 4);
    let plan = planned(&yaml("union"), dir.path(), None);
    let said: Vec<String> = plan.errors().map(ToString::to_string).collect();
    assert!(said[0].contains("tokenizer.model"), "{said:?}");
}

#[cfg(feature = "built-in-evaluator")]
#[test]
fn a_united_tokenizer_loads_with_the_numbers_that_the_rows_have() {
    let dir = tempfile::tempdir().unwrap();
    for name in [
        "tok-union-linear",
        "tok-tokens-ta",
        "tok-short-base",
        "tok-sp-mean",
    ] {
        let out = dir.path().join(name);
        let yaml = std::fs::read_to_string(root().join(format!("configs/{name}.yaml"))).unwrap();
        merge(&yaml, &root(), &out);
        let loaded = tokenizers::Tokenizer::from_file(out.join("tokenizer.json")).unwrap();
        for (token, id) in ids(&out) {
            assert_eq!(loaded.token_to_id(&token), Some(id), "{name}: {token}");
        }
    }
}
