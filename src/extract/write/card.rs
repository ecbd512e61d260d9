//! The model card of an adapter.

use std::path::Path;

use super::super::plan::Plan;
use super::super::report::{Fate, ModuleReport};

/// Modules of which the card tells one by one.
const MOST_LINES: usize = 400;

pub(in crate::extract) fn card(
    plan: &Plan,
    modules: &[ModuleReport],
    (out, base, model): (&Path, &str, &str),
) -> String {
    let title = out.file_name().unwrap_or_default().to_string_lossy();
    let mut text = format!(
        "---\nlibrary_name: peft\ntags:\n- lora\n- kinfolk\n---\n# {}\n\nA LoRA adapter, extracted by \
         Kinfolk: the change from `{}` to `{}`, as the nearest product of two factors for each \
         matrix.\n",
        plain(&title),
        plain(base),
        plain(model)
    );
    for note in &plan.notes {
        text.push_str(&format!("\n> {}\n", plain(note)));
    }
    text.push_str("\n| module | rank | energy kept | residual |\n| --- | --- | --- | --- |\n");
    for module in modules.iter().take(MOST_LINES) {
        text.push_str(&line(module));
    }
    if modules.len() > MOST_LINES {
        text.push_str(&format!("\nand {} more.\n", modules.len() - MOST_LINES));
    }
    text
}

fn line(module: &ModuleReport) -> String {
    let name = plain(&module.module);
    match &module.fate {
        Fate::Factors {
            rank,
            energy,
            residual,
            ..
        } => format!(
            "| {name} | {rank} | {:.2} % | {residual:.4} |\n",
            energy * 100.0
        ),
        Fate::Whole { why } => format!("| {name} | whole: {why} | 100 % | 0 |\n"),
        Fate::LeftOut { why } => format!("| {name} | left out: {why} | 0 % | 1 |\n"),
    }
}

/// Without what Markdown or a table would take for its own.
fn plain(text: &str) -> String {
    let special = |c: char| matches!(c, '|' | '`' | '<' | '\\');
    let plain = text.chars().filter(|c| !c.is_control() && !special(*c));
    plain.collect()
}
