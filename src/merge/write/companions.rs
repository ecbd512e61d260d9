//! Files that go with the weights: tokenizer, chat template, generation settings.

use std::path::Path;

use super::super::tokens::{Changed, TokenizerEdit, changed};
use super::Staging;
use crate::files;

/// Of the model whose tokenizer is taken.
pub(super) const TOKENIZER_FILES: [&str; 14] = [
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "tekken.json",
    "chat_template.jinja",
    "chat_template.json",
    "preprocessor_config.json",
    "processor_config.json",
    "video_preprocessor_config.json",
];

/// Of the model whose configuration is taken.
///
/// Beside the generation settings, what makes a folder one for sentence-transformers: a list of
/// modules, and a folder for each module that is not the model itself.
pub(super) const GENERATION_FILES: [&str; 4] = [
    "generation_config.json",
    MODULES,
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
];
const MODULES: &str = "modules.json";
/// Files of a module's folder; a dense layer has weights of its own.
pub(super) const MODULE_FILES: [&str; 3] =
    ["config.json", "model.safetensors", "pytorch_model.bin"];

/// Far above any real one; they are read whole.
const MAX_BYTES: u64 = 256 << 20;

/// Each of them, with the folder that it is taken from.
fn companions<'f>(
    donor: &'f Path,
    tokenizer: &'f Path,
) -> impl Iterator<Item = (&'f Path, &'static str)> {
    let of_tokenizer = TOKENIZER_FILES.iter().map(move |name| (tokenizer, *name));
    let of_donor = GENERATION_FILES.iter().map(move |name| (donor, *name));
    of_tokenizer.chain(of_donor)
}

/// Bytes that they take.
pub(crate) fn companion_bytes(donor: &Path, tokenizer: &Path) -> u64 {
    let size = |(folder, name): (&Path, &str)| std::fs::metadata(folder.join(name)).ok();
    let sizes = companions(donor, tokenizer).filter_map(size);
    sizes.map(|metadata| metadata.len().min(MAX_BYTES)).sum()
}

/// Copies them, with the changes of `edit` in the tokenizer's, and without the chat template where
/// the child has another; a file that a model does not have is skipped.
///
/// # Errors
/// A sentence, with the file that could not be read or written.
pub(crate) fn copy_companions(
    donor: &Path,
    tokenizer: &Path,
    (edit, has_template): (Option<&TokenizerEdit>, bool),
    staging: &Staging,
) -> Result<(), String> {
    for (module, name) in module_files(donor) {
        let path = donor.join(&module).join(name);
        if let Ok(bytes) = files::read(&path, MAX_BYTES) {
            staging.write_in(&module, name, &bytes)?;
        }
    }
    let is_template = |name: &&str| has_template && name.starts_with("chat_template");
    for name in TOKENIZER_FILES
        .into_iter()
        .filter(|name| !is_template(name))
    {
        let change = edit
            .map(|edit| changed(tokenizer, name, edit))
            .transpose()?;
        if has_template && name == "tokenizer_config.json" {
            let text = match change {
                Some(Changed::Text(text)) => Some(text),
                Some(Changed::LeftOut) => None,
                None | Some(Changed::Same) => files::read(&tokenizer.join(name), MAX_BYTES).ok(),
            };
            if let Some(text) = text {
                staging.write(name, &without_template(text))?;
            }
            continue;
        }
        match change {
            None | Some(Changed::Same) => copy(tokenizer, name, staging)?,
            Some(Changed::Text(text)) => staging.write(name, &text)?,
            Some(Changed::LeftOut) => {}
        }
    }
    for name in GENERATION_FILES {
        copy(donor, name, staging)?;
    }
    Ok(())
}

/// A tokenizer's configuration without its chat template: programs that read it there would not
/// take the child's.
fn without_template(text: Vec<u8>) -> Vec<u8> {
    let object = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&text);
    let Ok(mut object) = object else {
        return text;
    };
    match object.remove("chat_template") {
        Some(_) => format!("{:#}\n", serde_json::Value::Object(object)).into_bytes(),
        None => text,
    }
}

/// Copies the files of a tokenizer as they are.
///
/// # Errors
/// As for [`copy_companions`].
pub(crate) fn copy_tokenizer(folder: &Path, staging: &Staging) -> Result<(), String> {
    let mut names = TOKENIZER_FILES.iter();
    names.try_for_each(|name| copy(folder, name, staging))
}

fn copy(folder: &Path, name: &str, staging: &Staging) -> Result<(), String> {
    let path = folder.join(name);
    match files::read(&path, MAX_BYTES) {
        Ok(bytes) => staging.write(name, &bytes),
        Err(error) if error.is_missing() => Ok(()),
        Err(error) => Err(format!("could not be read: {error}: {}", path.display())),
    }
}

/// `1_Pooling` and the like.
pub(super) fn is_module(folder: &str) -> bool {
    let parts = folder.split_once('_');
    parts.is_some_and(|(number, word)| {
        let is = |text: &str, of: fn(&u8) -> bool| !text.is_empty() && text.bytes().all(|b| of(&b));
        is(number, u8::is_ascii_digit) && is(word, u8::is_ascii_alphabetic)
    })
}

/// The files of the folders that `modules.json` names, those that are there or not.
fn module_files(donor: &Path) -> Vec<(String, &'static str)> {
    let text = files::read(&donor.join(MODULES), MAX_BYTES).unwrap_or_default();
    let modules: Vec<serde_json::Value> = serde_json::from_slice(&text).unwrap_or_default();
    let paths = modules.iter().filter_map(|m| m.get("path")?.as_str());
    let folders = paths.filter(|path| is_module(path));
    folders
        .flat_map(|folder| MODULE_FILES.map(|name| (folder.to_owned(), name)))
        .collect()
}
