//! Which model a result file is about.

use serde_json::{Map, Value};

/// The model's name by what the file says, else by where it lies.
pub(super) fn name(file: &Map<String, Value>, label: &str) -> String {
    said(file).unwrap_or_else(|| by_place(label))
}

fn said(file: &Map<String, Value>) -> Option<String> {
    let config = file.get("config").and_then(Value::as_object);
    let text = |map: Option<&Map<String, Value>>, key: &str| {
        let text = map?.get(key)?.as_str()?.trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    // An adapter is the model; what it sits on is its base.
    let args = config.and_then(|config| config.get("model_args"));
    let of_args = args.and_then(|args| argument(args, "peft"));
    let of_args = of_args.or_else(|| text(Some(file), "model_name"));
    let of_args = of_args.or_else(|| {
        let args = args?;
        let keys = ["pretrained", "model", "path"];
        keys.iter().find_map(|key| argument(args, key))
    });
    let name = of_args.map(|name| tidy(&name));
    name.or_else(|| text(Some(file), "model_name_sanitized").map(|n| n.replacen("__", "/", 1)))
        .or_else(|| text(Some(file), "model").or_else(|| text(Some(file), "name")))
}

/// An argument of the model: of an object, or of `pretrained=org/name,dtype=bfloat16`.
fn argument(args: &Value, key: &str) -> Option<String> {
    let found = match args {
        Value::Object(args) => args.get(key)?.as_str()?.to_owned(),
        Value::String(args) => args
            .split(',')
            .filter_map(|part| part.split_once('='))
            .find_map(|(k, v)| (k.trim() == key).then(|| v.trim().to_owned()))?,
        _ => return None,
    };
    (!found.is_empty()).then_some(found)
}

/// `org/name` as it is; of a path on a disk, its last part.
fn tidy(name: &str) -> String {
    let plain = name.trim_end_matches(['/', '\\']);
    let is_path = plain.starts_with(['/', '.', '~'])
        || plain.contains('\\')
        || plain.matches('/').count() > 1;
    let last = plain.rsplit(['/', '\\']).next().unwrap_or(plain);
    let kept = if is_path { last } else { plain };
    if kept.is_empty() { name } else { kept }.to_owned()
}

/// `org__name/results_….json` is about org/name; any other file about what it is called.
fn by_place(label: &str) -> String {
    let mut parts = label.rsplit(['/', '\\']);
    let file = parts.next().unwrap_or(label);
    let folder = parts.next().unwrap_or_default();
    if folder.contains("__") {
        return folder.replacen("__", "/", 1);
    }
    let stem = file.strip_suffix(".json").unwrap_or(file);
    let is_bare = stem == "results" || stem.starts_with("results_");
    if is_bare && !folder.is_empty() {
        folder.to_owned()
    } else {
        stem.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str, label: &str) -> String {
        let value: Value = serde_json::from_str(json).unwrap();
        name(value.as_object().unwrap(), label)
    }

    #[test]
    fn the_name_is_found_where_versions_of_the_harness_put_it() {
        for (json, expected) in [
            (r#"{"model_name": "org/m"}"#, "org/m"),
            (
                r#"{"config": {"model_args": "pretrained=org/m,dtype=bfloat16"}}"#,
                "org/m",
            ),
            (
                r#"{"config": {"model_args": {"pretrained": "org/m"}}}"#,
                "org/m",
            ),
            (r#"{"model_name": "/data/merges/m/"}"#, "m"),
            (r#"{"model_name": "./m"}"#, "m"),
            (
                r#"{"model_name": "org/b", "config": {"model_args": "pretrained=org/b,peft=me/lora"}}"#,
                "me/lora",
            ),
            (r#"{"model_name_sanitized": "org__m"}"#, "org/m"),
        ] {
            assert_eq!(of(json, "x/results.json"), expected, "{json}");
        }
    }

    #[test]
    fn else_the_place_tells_it() {
        assert_eq!(of("{}", "out/org__m/results_2024-05-01.json"), "org/m");
        assert_eq!(of("{}", "my-merge/results.json"), "my-merge");
        assert_eq!(of("{}", "my-merge.json"), "my-merge");
    }
}
