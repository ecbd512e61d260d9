//! What a sweep goes through: places of a recipe, their values, the grid.

use std::path::Path;

use kinfolk::merge::recipe::Template;
use kinfolk::workbench::sweeping::{Axis, cells, values_of};

const TIES: &str = "merge_method: ties\nbase_model: base\nmodels:\n- model: base\n- model: a/arith\n  parameters:\n    weight: 1.0\n    density: 0.5\nparameters:\n  t:\n  - filter: self_attn\n    value: 0.25\n  - value: 0.5\n";

fn with(path: &str, value: &str) -> Result<String, String> {
    let mut template = Template::read(TIES).unwrap();
    template.set(path, value)?;
    template.to_text()
}

#[test]
fn values_are_set_by_keys_numbers_filters_and_models() {
    let check = |path: &str, value: &str, expected: &str| {
        let text = with(path, value).unwrap();
        assert!(text.contains(expected), "{path}: {text}");
    };
    check("models.1.parameters.density", "0.7", "density: 0.7");
    check("models.arith.parameters.density", "0.7", "density: 0.7");
    check("parameters.t.0.value", "0.75", "value: 0.75");
    check("parameters.t.self_attn", "0.75", "value: 0.75");
    check("parameters.t", "[0, 0.5, 1]", "t: [0, 0.5, 1]");
    check("parameters.lambda", "0.9", "lambda: 0.9");
    check("merge_method", "dare_ties", "merge_method: dare_ties");
    check("models.0.parameters.weight", "0.3", "weight: 0.3");
}

#[test]
fn paths_that_lead_nowhere_are_told() {
    let check = |path: &str, value: &str, words: &str| {
        let error = with(path, value).unwrap_err();
        assert!(error.contains(words), "{path}: {error}");
    };
    check("models.7.parameters.density", "1", "items 0 to 1");
    check("models.mirror.parameters.density", "1", "items 0 to 1");
    check("merge_method.x", "1", "above it stands text");
    check("models.1.parameters", "1", "group of keys");
    check("parameters..t", "1", "no path");
    check("parameters.t", "{a: 1}", "no value");
    check("parameters.t", "", "no value");
}

#[test]
fn a_document_is_named_before_a_colon() {
    let text = "name: first\nmerge_method: linear\n---\nmerge_method: slerp\n";
    let mut template = Template::read(text).unwrap();
    template.set("first:parameters.weight", "2").unwrap();
    template.set("parameters.t", "0.5").unwrap();
    let text = template.to_text().unwrap();
    let (first, second) = text.split_once("slerp").unwrap();
    assert!(
        first.contains("weight: 2") && second.contains("t: 0.5"),
        "{text}"
    );
}

#[test]
fn paths_of_models_are_written_out_and_other_texts_are_not() {
    let find = |path: &str| path.starts_with("a/").then(|| Path::new("/m").join(path));
    let text =
        "merge_method: linear\nmodels:\n- model: a/x+a/lora\n- model: org/name\ndtype: a/y\n";
    let template = Template::read(text).unwrap().with_whole_paths(&find);
    let text = template.to_text().unwrap();
    for expected in ["/m/a/x+/m/a/lora", "org/name", "dtype: a/y"] {
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn the_numbers_of_a_recipe_are_listed_with_their_paths() {
    let found = Template::read(TIES).unwrap().numbers();
    let paths: Vec<&str> = found.iter().map(|(path, _)| path.as_str()).collect();
    let expected = [
        "models.1.parameters.weight",
        "models.1.parameters.density",
        "parameters.t.0.value",
        "parameters.t.1.value",
    ];
    assert_eq!(paths, expected);
    let template = Template::read(TIES).unwrap();
    assert_eq!(template.get(expected[1]).as_deref(), Some("0.5"));
}

#[test]
fn lists_and_ranges_are_read() {
    let check = |text: &str, expected: &[&str]| {
        assert_eq!(values_of(text).unwrap(), expected, "{text}");
    };
    check("0.1, 0.3", &["0.1", "0.3"]);
    check("0.1..0.9/0.2", &["0.1", "0.3", "0.5", "0.7", "0.9"]);
    check("0..1/0.25", &["0", "0.25", "0.5", "0.75", "1"]);
    check("1..0/0.5", &["1", "0.5", "0"]);
    check("-1..1/1", &["-1", "0", "1"]);
    check("0..1/0.3", &["0", "0.3", "0.6", "0.9"]);
    check("[0, 1],[1, 0]", &["[0, 1]", "[1, 0]"]);
    check("ties,dare_ties,ties", &["ties", "dare_ties"]);
    check("0.5,.5,0.50", &["0.5"]);
    check("100..300/100", &["100", "200", "300"]);
}

#[test]
fn what_is_no_range_is_told() {
    for text in [
        "0..1", "0..1/0", "a..b/1", "0..1/-1", "0..inf/1", "1,,2", "",
    ] {
        assert!(values_of(text).is_err(), "{text}");
    }
    assert!(
        values_of("0..1/0.000001")
            .unwrap_err()
            .contains("more than")
    );
}

#[test]
fn the_grid_has_every_combination() {
    let axes = ["a=1,2", "b=x,y,z"].map(|text| Axis::parse(text).unwrap());
    let found = cells(&axes).unwrap();
    assert_eq!(found.len(), 6);
    assert_eq!(found[0], ["1", "x"]);
    assert_eq!(found[1], ["1", "y"]);
    assert_eq!(found[5], ["2", "z"]);
    assert!(cells(&[]).is_err());
    assert!(cells(&[axes[0].clone(), axes[0].clone()]).is_err());
}
