//! The chat templates that recipes call by name.
//!
//! Each is written after the format that its family of models documents: ChatML after OpenAI's
//! description, Llama 3 after Meta's model card, Mistral after the instruct models of its first
//! generations, Alpaca after Stanford's prompt, EXAONE after LG's model card. Nothing in them
//! needs more of Jinja than loops, conditions and strings.

use std::path::Path;

use serde_json::Value;

use crate::files;

/// Far above any real one; they are read whole.
const MAX_BYTES: u64 = 64 << 20;

/// The chat template that a recipe asks for: one of a name, the text itself, or, for `auto`, the
/// one that most models have, and the first of those.
pub(super) fn chosen<'f>(wanted: &str, folders: impl Iterator<Item = &'f Path>) -> Option<String> {
    if wanted != "auto" {
        return Some(named(wanted).unwrap_or(wanted).to_owned());
    }
    let templates: Vec<String> = folders.filter_map(template_of).collect();
    let count = |one: &String| templates.iter().filter(|own| *own == one).count();
    let most = templates.iter().map(count).max()?;
    templates.iter().find(|one| count(one) == most).cloned()
}

/// The template of one model, as a file of its own or in the tokenizer's configuration; of several
/// that are named there the one called `default`.
pub(super) fn template_of(folder: &Path) -> Option<String> {
    let file = files::read_text(&folder.join("chat_template.jinja"), MAX_BYTES);
    if let Ok(template) = file {
        return Some(template);
    }
    let config = files::read(&folder.join("tokenizer_config.json"), MAX_BYTES).ok()?;
    let config: Value = serde_json::from_slice(&config).ok()?;
    match config.get("chat_template")? {
        Value::String(template) => Some(template.clone()),
        Value::Array(several) => {
            let is_default = |own: &&Value| own.get("name").is_some_and(|name| name == "default");
            let own = several.iter().find(is_default)?;
            Some(own.get("template")?.as_str()?.to_owned())
        }
        _ => None,
    }
}

/// Names and texts, in the order of the alphabet.
const NAMED: [(&str, &str); 5] = [
    ("alpaca", ALPACA),
    ("chatml", CHATML),
    ("exaone", EXAONE),
    ("llama3", LLAMA3),
    ("mistral", MISTRAL),
];

/// The names, for checks and messages.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    NAMED.iter().map(|(name, _)| *name)
}

/// The template of this name.
pub(super) fn named(name: &str) -> Option<&'static str> {
    let found = NAMED.iter().find(|(own, _)| *own == name);
    found.map(|(_, text)| *text)
}

/// A system message stands alone; instructions and responses have headings.
const ALPACA: &str = "\
{%- for message in messages -%}
{%- if message['role'] == 'user' -%}
{{- '### Instruction:\\n' + message['content'] + '\\n\\n' -}}
{%- elif message['role'] == 'assistant' -%}
{{- '### Response:\\n' + message['content'] + '\\n\\n' -}}
{%- else -%}
{{- message['content'] + '\\n\\n' -}}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
{{- '### Response:\\n' -}}
{%- endif -%}
";

/// Every turn between two marks, each on lines of its own.
const CHATML: &str = "\
{%- for message in messages -%}
{{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
{{- '<|im_start|>assistant\\n' -}}
{%- endif -%}
";

/// A talk begins with a system turn, be it an empty one; only the user's turns end without a mark.
const EXAONE: &str = "\
{%- if messages and messages[0]['role'] != 'system' -%}
{{- '[|system|][|endofturn|]\\n' -}}
{%- endif -%}
{%- for message in messages -%}
{{- '[|' + message['role'] + '|]' + message['content'] -}}
{%- if message['role'] != 'user' -%}
{{- '[|endofturn|]' -}}
{%- endif -%}
{{- '\\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
{{- '[|assistant|]' -}}
{%- endif -%}
";

/// The role between two marks, then the turn; mergekit's own has a line break after it.
const LLAMA3: &str = "\
{{- bos_token -}}
{%- for message in messages -%}
{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' -}}
{{- message['content'] + '<|eot_id|>\\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' -}}
{%- endif -%}
";

/// The model answers after `[/INST]` by itself; a system message goes before the next question.
const MISTRAL: &str = "\
{{- bos_token -}}
{%- set found = namespace(system='') -%}
{%- for message in messages -%}
{%- if message['role'] == 'system' -%}
{%- set found.system = message['content'] + '\\n\\n' -%}
{%- elif message['role'] == 'user' -%}
{{- '[INST] ' + found.system + message['content'] + ' [/INST]' -}}
{%- set found.system = '' -%}
{%- else -%}
{{- ' ' + message['content'] + eos_token -}}
{%- endif -%}
{%- endfor -%}
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_a_template_of_its_own() {
        for name in names() {
            let text = named(name).unwrap();
            assert!(text.contains("{{") && text.contains("messages"), "{name}");
            let opened = text.matches("{%- for").count() + text.matches("{%- if").count();
            assert_eq!(opened, text.matches("{%- end").count(), "{name}");
            assert_eq!(names().filter(|own| *own == name).count(), 1);
        }
        assert_eq!(named("vicuna"), None);
    }
}
