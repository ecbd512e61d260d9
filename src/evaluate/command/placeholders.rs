//! `{model}` and `{output}`, and what stands for them.

use std::ffi::{OsStr, OsString};

use super::Call;

pub(super) const MODEL: &str = "{model}";
pub(super) const OUTPUT: &str = "{output}";

/// Whether an argument or the value of a variable has a placeholder.
pub(super) fn has(call: &Call, placeholder: &str) -> bool {
    let values = call.variables.iter().map(|(_, value)| value);
    let mut texts = call.arguments.iter().chain(values);
    texts.any(|text| text.contains(placeholder))
}

/// A text with its placeholders filled; braces around anything else stay as they are, and so
/// do those in what is filled in.
pub(super) fn fill(text: &str, model: &OsStr, output: &OsStr) -> OsString {
    let mut out = OsString::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        out.push(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix(MODEL) {
            out.push(model);
            rest = after;
        } else if let Some(after) = rest.strip_prefix(OUTPUT) {
            out.push(output);
            rest = after;
        } else {
            out.push("{");
            rest = &rest[1..];
        }
    }
    out.push(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_once_and_other_braces_stay() {
        let (model, output) = (OsStr::new("/m/{output}"), OsStr::new("/o é"));
        for (text, expected) in [
            ("{model}", "/m/{output}"),
            ("a={model},b={output}", "a=/m/{output},b=/o é"),
            ("{{model}}", "{/m/{output}}"),
            ("{task} {model", "{task} {model"),
            ("{}{", "{}{"),
            ("", ""),
        ] {
            assert_eq!(fill(text, model, output), expected, "{text}");
        }
    }

    #[test]
    fn placeholders_are_found_in_variables_as_well() {
        let call = Call {
            arguments: vec!["--out={output}".to_owned()],
            variables: vec![("MODEL".to_owned(), "{model}".to_owned())],
            ..Call::default()
        };
        assert!(has(&call, MODEL) && has(&call, OUTPUT));
        assert!(!has(&Call::default(), MODEL));
    }
}
