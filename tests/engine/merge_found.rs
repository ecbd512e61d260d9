//! Recipes as people find them: in model cards, copied from web pages, with words that have no
//! effect, for models of several parts.

use std::fs;
use std::path::Path;

use kinfolk::jobs::Ticket;
use kinfolk::merge::plan::{Plan, Surroundings, plan};
use kinfolk::merge::problem::Severity;
use kinfolk::merge::recipe::{Content, parse, recipe_in_card, to_yaml};
use kinfolk::merge::run::run;

use crate::common::merging::*;
use crate::common::{f32_part, write_safetensors};

const RECIPE: &str = "models:\n  - model: a\n    parameters:\n      weight: 0.5\n  - model: b\n    \
                      parameters:\n      weight: \"0.5\"\nmerge_method: linear\n";

fn models() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (k, name) in ["base", "a", "b"].iter().enumerate() {
        tiny_model(&dir.path().join(name), k as u64 + 1);
    }
    dir
}

fn problems(plan: &Plan) -> Vec<String> {
    plan.problems.iter().map(ToString::to_string).collect()
}

/// The recipe is carried out as `RECIPE` is, with exactly these warnings.
fn same(text: &str, warnings: &[&str]) {
    let parsed = parse(text);
    assert_eq!(parsed.recipes, parse(RECIPE).recipes, "{text}");
    let plan = planned(text, models().path(), None);
    let found = problems(&plan);
    assert_eq!(found.len(), warnings.len(), "{found:#?}");
    assert!(plan.is_sound());
    for (found, wanted) in found.iter().zip(warnings) {
        assert!(found.contains(wanted), "{found} has no {wanted}");
    }
}

#[test]
fn a_model_card_is_searched_for_its_recipe() {
    let head =
        "---\nbase_model:\n- org/a\ntags:\n- merge\n---\n# A merge\n\nIt was made so: well.\n";
    let code = "```python\nprint('x')\n```\n";
    let text = format!("{head}\n{code}\n```yaml\n{RECIPE}```\nThe end: good.\n");
    same(&text, &[]);
    assert_eq!(recipe_in_card(&text).as_deref(), Some(RECIPE));
    same(&format!("```yaml\n{RECIPE}```\n"), &[]);
    same(&format!("~~~\n{RECIPE}"), &[]);
    assert_eq!(recipe_in_card(RECIPE), None);
    let wrong = RECIPE.replace("linear", "linaer");
    let text = format!("{head}```yaml\n{wrong}```\n");
    let found = problems(&planned(&text, models().path(), None));
    assert!(found[0].starts_with("line 18, column 15"), "{found:?}");
    for none in [
        head.to_owned(),
        format!("{head}{code}"),
        "```\na: 1\n```".to_owned(),
    ] {
        let found = parse(&none).problems;
        assert_eq!(found.len(), 1, "{none}");
        assert!(
            found[0].sentence.contains("a text without a recipe"),
            "{found:?}"
        );
    }
    let fenced = "merge_method: [\nchat_template: |\n  ```\n  {{ x }}\n  ```\n";
    let found = parse(fenced).problems;
    assert!(found[0].sentence.contains("not valid YAML"), "{found:?}");
    let broken = format!("{head}```yaml\nmerge_method: [\n```\n");
    let found = parse(&broken).problems;
    assert!(found[0].sentence.contains("not valid YAML"), "{found:?}");
}

#[test]
fn several_blocks_are_one_file_if_they_have_names_and_else_the_first_is_read() {
    let second = RECIPE.replace("linear", "ties");
    let text = format!("One: the first\n```yaml\n{RECIPE}```\n```yaml\n{second}```\n");
    same(&text, &["line 3, column 1: the text has several recipes"]);
    assert_eq!(recipe_in_card(&text), None, "the warning must stay");
    let first = format!("name: x\n{RECIPE}");
    let last = RECIPE.replace("model: a", "model: x");
    let text = format!("One: the first\n```yaml\n{first}```\n```yaml\n{last}```\n");
    let plan = planned(&text, models().path(), None);
    assert!(plan.is_sound(), "{:?}", problems(&plan));
    assert_eq!(plan.steps.len(), 2);
    let own = recipe_in_card(&text).unwrap();
    assert_eq!(parse(&own).recipes, parse(&text).recipes);
}

#[test]
fn spaces_of_web_pages_are_read_as_spaces() {
    let text = RECIPE
        .replace("  -", "\u{a0} -")
        .replace("    ", "\u{a0} \u{a0} ");
    same(
        &text,
        &["line 2, column 1: the spaces here are not plain ones"],
    );
}

#[test]
fn words_without_effect_are_told_and_are_errors_for_who_is_strict() {
    same(
        &format!("{RECIPE}dype: float32\n"),
        &["did you mean `dtype`?"],
    );
    same(
        &format!("{RECIPE}select_topk: 0.1\n"),
        &["parameters go under `parameters`"],
    );
    same(
        &format!("{RECIPE}pad_to_multiple_of: 8\n"),
        &["it goes under `tokenizer`"],
    );
    same(&format!("{RECIPE}tokenizer: {{}}\n"), &[]);
    let revision = RECIPE.replace("model: a\n", "model: a\n    revision: dpo-v0\n");
    same(
        &revision,
        &["line 3, column 15: models[0].revision: mergekit takes no `revision` here"],
    );
    let unknown = format!("{RECIPE}parameters: {{smooth: false, normalise: true}}\n");
    let mut plan = planned(&unknown, models().path(), None);
    assert!(plan.is_sound());
    assert_eq!(plan.problems.len(), 2, "{:?}", problems(&plan));
    assert_eq!(plan.problems[1].nearest.as_deref(), Some("normalize"));
    plan.be_strict();
    assert_eq!(plan.errors().count(), 2);
    let warned = format!("{RECIPE}kinfolk: {{seed: 1}}\n");
    let mut plan = planned(&warned, models().path(), None);
    plan.be_strict();
    assert!(plan.is_sound());
}

#[test]
fn files_of_other_tools_are_known_for_what_they_are() {
    let check = |text: &str, words: &str| {
        let found = parse(text).problems;
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].to_string().contains(words), "{found:?}");
        assert_eq!(found[0].severity, Severity::Error);
    };
    check(
        "base_model: a\ngate_mode: hidden\nexperts:\n- source_model: a\n  positive_prompts: [x]\n",
        "line 4, column 3: experts: this is a recipe for a mixture of experts, as mergekit-moe reads it, \
         and not one for a merge; make it with `kinfolk moe`",
    );
    check(
        "genome:\n  models: [a, b]\n  merge_method: linear\ntasks:\n- name: x\n",
        "this is a configuration of mergekit-evolve",
    );
}

#[test]
fn a_default_module_is_the_whole_model() {
    let indented: String = RECIPE
        .lines()
        .take(7)
        .map(|l| format!("    {l}\n"))
        .collect();
    same(
        &format!("merge_method: linear\nmodules:\n  default:\n{indented}"),
        &[],
    );
    let text = "merge_method: slerp\nbase_model: a\nparameters: {t: 0.5}\nmodules:\n  default:\n    \
                parameters: {t: [{filter: mlp, value: 0.25}]}\n    slices:\n    - sources:\n      \
                - {model: a, layer_range: [0, 2]}\n      - {model: b, layer_range: [0, 2]}\n";
    let plan = planned(text, models().path(), None);
    assert!(plan.problems.is_empty(), "{:?}", problems(&plan));
    let t = |name: &str| plan.steps[0].tensor(name).unwrap().values.global["t"];
    assert_eq!(t("model.layers.0.mlp.up_proj.weight"), 0.25);
    assert_eq!(t("model.layers.0.input_layernorm.weight"), 0.5);
    let both = format!("{RECIPE}modules: {{default: {{models: [{{model: a}}]}}}}\n");
    assert!(
        parse(&both).problems[0]
            .sentence
            .contains("has `modules` as well")
    );
}

#[test]
fn the_working_folder_is_searched_after_that_of_the_recipe() {
    let dir = models();
    let empty = tempfile::tempdir().unwrap();
    let planned = |root: &Path, working: Option<&Path>| {
        let surroundings = Surroundings {
            root,
            working,
            hub: None,
            out: None,
            intermediates: None,
            force: false,
            allow_crimes: false,
            threads: 1,
            opened: &[],
        };
        plan(&parse(RECIPE), &surroundings)
    };
    assert!(!planned(empty.path(), None).is_sound());
    assert!(planned(empty.path(), Some(dir.path())).problems.is_empty());
    let other = models();
    let both = planned(dir.path(), Some(other.path()));
    assert!(both.is_sound());
    assert!(problems(&both)[0].contains("both beside the recipe and in the working folder"));
}

#[test]
fn chat_templates_have_names() {
    let dir = models();
    let out = dir.path().join("out");
    for name in ["alpaca", "chatml", "exaone", "llama3", "mistral"] {
        let text = format!("{RECIPE}chat_template: {name}\n");
        let plan = planned(&text, dir.path(), Some(&out));
        assert!(plan.is_sound(), "{:?}", problems(&plan));
        run(&plan, &options(&out), &Ticket::default()).unwrap();
        let written = fs::read_to_string(out.join("chat_template.jinja")).unwrap();
        assert!(written.contains("message['content']"), "{written}");
        let recipe = fs::read_to_string(out.join("mergekit_config.yml")).unwrap();
        assert!(
            recipe.contains(&format!("chat_template: {name}")),
            "{recipe}"
        );
        fs::remove_dir_all(&out).unwrap();
    }
}

/// A model that sees, as Gemma 3 has it: three layers of text, two of vision.
fn seeing_model(dir: &Path, seed: u64) {
    fs::create_dir_all(dir).unwrap();
    let mut names = vec![
        "language_model.model.embed_tokens.weight".to_owned(),
        "language_model.model.norm.weight".to_owned(),
        "multi_modal_projector.mm_input_projection_weight".to_owned(),
        "vision_tower.vision_model.embeddings.patch_embedding.weight".to_owned(),
    ];
    for k in 0..3 {
        names.push(format!(
            "language_model.model.layers.{k}.mlp.up_proj.weight"
        ));
    }
    for k in 0..2 {
        names.push(format!(
            "vision_tower.vision_model.encoder.layers.{k}.mlp.fc1.weight"
        ));
    }
    names.sort();
    let number = |k: usize| (seed * 100 + k as u64) as f32;
    let parts: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(k, name)| f32_part(name, &[2, 2], &[number(k); 4]))
        .collect();
    write_safetensors(&dir.join("model.safetensors"), &parts);
    let config = r#"{"architectures": ["Gemma3ForConditionalGeneration"], "model_type": "gemma3",
        "text_config": {"num_hidden_layers": 3}, "vision_config": {"num_hidden_layers": 2}}"#;
    fs::write(dir.join("config.json"), config).unwrap();
}

#[test]
fn parts_of_a_model_are_merged_by_themselves() {
    let dir = tempfile::tempdir().unwrap();
    for (k, name) in ["base", "a", "b"].iter().enumerate() {
        seeing_model(&dir.path().join(name), k as u64 + 1);
    }
    let text = "merge_method: passthrough\nmodules:\n  text_decoder:\n    slices:\n    - sources: \
                [{model: a, layer_range: [0, 2]}]\n    - sources: [{model: b, layer_range: \
                [1, 3]}]\n  vision_tower:\n    slices:\n    - sources: [{model: b, layer_range: \
                [0, 1]}]\n  multi_modal_projector:\n    models: [{model: base}]\n";
    let parsed = parse(text);
    assert!(matches!(&parsed.recipes[0].content, Content::Modules(all) if all.len() == 3));
    assert_eq!(
        parse(&to_yaml(&parsed.recipes).unwrap()).recipes,
        parsed.recipes
    );
    let out = dir.path().join("out");
    let plan = planned(text, dir.path(), Some(&out));
    assert!(plan.problems.is_empty(), "{:?}", problems(&plan));
    run(&plan, &options(&out), &Ticket::default()).unwrap();
    let [base, a, b, child] =
        ["base", "a", "b", "out"].map(|name| read_all(&dir.path().join(name)));
    let text_layer = |k: u32| format!("language_model.model.layers.{k}.mlp.up_proj.weight");
    for (own, from, layer) in [(0, &a, 0), (1, &a, 1), (2, &b, 1), (3, &b, 2)] {
        assert_eq!(
            child[&text_layer(own)],
            from[&text_layer(layer)],
            "layer {own}"
        );
    }
    let [first, second] =
        [0, 1].map(|k| format!("vision_tower.vision_model.encoder.layers.{k}.mlp.fc1.weight"));
    assert_eq!(child[&first], b[&first]);
    assert!(!child.contains_key(&second));
    let projector = "multi_modal_projector.mm_input_projection_weight";
    assert_eq!(child[projector], base[projector]);
    assert_eq!(child.len(), 3 + 4 + 1 + 1);
    let config = fs::read(out.join("config.json")).unwrap();
    let config: serde_json::Value = serde_json::from_slice(&config).unwrap();
    assert_eq!(config["text_config"]["num_hidden_layers"], 4);
    assert_eq!(config["vision_config"]["num_hidden_layers"], 1);
}

#[test]
fn parts_without_a_module_come_from_the_base_or_are_missed() {
    let dir = tempfile::tempdir().unwrap();
    for (k, name) in ["base", "a"].iter().enumerate() {
        seeing_model(&dir.path().join(name), k as u64 + 1);
    }
    let text = "merge_method: linear\nmodules:\n  text_decoder:\n    parameters: {weight: 1}\n    \
                models: [{model: a}, {model: base, parameters: {weight: [3, 1]}}]\n";
    let alone = planned(text, dir.path(), None);
    let found = problems(&alone);
    assert!(!alone.is_sound());
    assert!(
        found[0].contains("no module names vision_tower and multi_modal_projector"),
        "{found:?}"
    );
    let plan = planned(&format!("base_model: base\n{text}"), dir.path(), None);
    let found = problems(&plan);
    assert!(plan.is_sound(), "{found:?}");
    assert!(
        found[0].contains("is copied from the base model"),
        "{found:?}"
    );
    let step = &plan.steps[0];
    assert_eq!(step.tensors.len(), 9);
    let last = step.tensor("language_model.model.layers.2.mlp.up_proj.weight");
    assert_eq!(last.unwrap().values.per_input[1]["weight"], 1.0);
    let text = text.replace("text_decoder", "text_decodr");
    let found = problems(&planned(&text, dir.path(), None));
    assert!(
        found[0].contains("did you mean `text_decoder`?"),
        "{found:?}"
    );
}

#[test]
fn plain_slices_of_a_model_of_several_parts_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    seeing_model(&dir.path().join("a"), 1);
    let text = "merge_method: passthrough\nslices:\n- sources: [{model: a, layer_range: [0, 2]}]\n";
    let plan = planned(text, dir.path(), None);
    let found = problems(&plan);
    assert!(
        !plan.is_sound() && found[0].contains("name the parts under `modules`"),
        "{found:?}"
    );
}

/// The text of [`seeing_model`] by itself, as it is fine-tuned.
fn text_model(dir: &Path, seed: u64) {
    fs::create_dir_all(dir).unwrap();
    let layer = |k: u32| format!("model.layers.{k}.mlp.up_proj.weight");
    let names = [
        "model.embed_tokens.weight".to_owned(),
        layer(0),
        layer(1),
        layer(2),
        "model.norm.weight".to_owned(),
    ];
    let parts: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(k, name)| f32_part(name, &[2, 2], &[(seed * 100 + k as u64) as f32; 4]))
        .collect();
    write_safetensors(&dir.join("model.safetensors"), &parts);
    let config = r#"{"architectures": ["Gemma3ForCausalLM"], "model_type": "gemma3_text",
        "num_hidden_layers": 3}"#;
    fs::write(dir.join("config.json"), config).unwrap();
}

#[test]
fn a_text_model_is_merged_into_one_that_sees_under_its_names() {
    let dir = tempfile::tempdir().unwrap();
    seeing_model(&dir.path().join("base"), 1);
    text_model(&dir.path().join("text"), 2);
    let [base, own] = ["base", "text"].map(|name| read_all(&dir.path().join(name)));
    // With the base listed second and taken for one more model, in a module, and by changes.
    let models = "models: [{model: text, parameters: {weight: 1}}, {model: base, parameters: \
                  {weight: 1}}]";
    let recipes = [
        format!("merge_method: linear\nbase_model: base\n{models}\n"),
        format!(
            "merge_method: linear\nbase_model: base\nmodules: {{text_decoder: {{{models}}}}}\n"
        ),
        "merge_method: task_arithmetic\nbase_model: base\nmodels: [{model: text, parameters: \
         {weight: 0.5}}]\n"
            .to_owned(),
    ];
    for (k, yaml) in recipes.iter().enumerate() {
        let out = dir.path().join(format!("out-{k}"));
        let plan = planned(yaml, dir.path(), Some(&out));
        run(&plan, &options(&out), &Ticket::default()).unwrap_or_else(|e| panic!("{yaml}: {e}"));
        let child = read_all(&out);
        assert_eq!(
            child.keys().collect::<Vec<_>>(),
            base.keys().collect::<Vec<_>>()
        );
        for (name, (_, _, numbers)) in &child {
            let of_base = base[name].2[0];
            let expected = match name.strip_prefix("language_model.") {
                Some(text) => 0.5 * (of_base + own[text].2[0]),
                None => of_base,
            };
            assert_eq!(numbers[0], expected, "{yaml} {name}");
        }
    }
}
