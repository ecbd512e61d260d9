//! The model card: `README.md` with the front matter that the hub reads.

use std::path::Path;

use super::super::plan::{Model, Plan, Step};

/// Kinship of the parents, if it was measured: pairs of names and their Pearson correlation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parents {
    /// First and second model, and the correlation of their changes; `None` if undefined.
    pub pairs: Vec<(String, String, Option<f64>)>,
}

/// What is said of a child that no recipe makes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Provenance {
    /// What it is, as a sentence of Markdown.
    pub sentence: String,
    /// How it was made, a line for each setting: all that its bytes depend on beside its models.
    pub settings: String,
}

/// The card of a child that no recipe makes.
pub(in crate::merge) fn told_card(plan: &Plan, out: &Path, provenance: &Provenance) -> String {
    let title = out.file_name().unwrap_or_default().to_string_lossy();
    let Provenance { sentence, settings } = provenance;
    let steps = plan.steps.iter();
    let mut text = front_matter_of(steps.flat_map(|step| &step.models));
    text.push_str(&format!("# {title}\n\n{sentence}\n\n"));
    for line in settings.lines() {
        text.push_str(&format!("- {}\n", plain(line)));
    }
    text
}

pub(crate) fn card(steps: &[&Step], out: &Path, recipe_yaml: &str, parents: &Parents) -> String {
    let title = out.file_name().unwrap_or_default().to_string_lossy();
    let models = steps.iter().flat_map(|step| &step.models);
    let mut text = front_matter_of(models);
    text.push_str(&format!(
        "# {title}\n\nA merge of language models, written by Kinfolk.\n"
    ));
    for step in steps {
        text.push_str(&section(step, steps.len() > 1));
    }
    if !parents.pairs.is_empty() {
        text.push_str("\n## Kinship of the parents\n\nPearson correlation of their changes from the base.\n\n");
        text.push_str("| | | kinship |\n| --- | --- | --- |\n");
        for (a, b, kinship) in &parents.pairs {
            let kinship = kinship.map_or("–".to_owned(), |k| format!("{k:.4}"));
            text.push_str(&format!("| {} | {} | {kinship} |\n", plain(a), plain(b)));
        }
    }
    text.push_str(&format!("\n## Recipe\n\n{}\n", fenced(recipe_yaml)));
    text
}

/// The head of a card of a child of these models, as the hub reads it.
pub(crate) fn front_matter_of<'m>(of: impl Iterator<Item = &'m Model>) -> String {
    let mut models: Vec<String> = Vec::new();
    let files = of.filter(|model| model.checkpoint().is_some());
    for reference in files.map(|model| &model.reference) {
        for path in [
            Some(&reference.path),
            reference.adapter.as_ref().map(|a| &a.path),
        ] {
            // The hub refuses a card whose base models are not names on it.
            let name = path
                .filter(|path| is_hub_name(path))
                .map(|path| quoted(path));
            models.extend(name.filter(|name| !models.contains(name)));
        }
    }
    let mut text =
        "---\nlibrary_name: transformers\ntags:\n- mergekit\n- merge\n- kinfolk\n".to_owned();
    if !models.is_empty() {
        text.push_str("base_model:\n");
        models
            .iter()
            .for_each(|name| text.push_str(&format!("- {name}\n")));
    }
    text + "---\n"
}

fn section(step: &Step, several: bool) -> String {
    let about = step.method.description();
    let paper = match about.paper {
        Some((title, address)) => format!(" ([{title}]({address}))"),
        None => String::new(),
    };
    let heading = match (several, step.name()) {
        (true, Some(name)) => format!("Step {}", plain(name)),
        (true, None) => "Last step".to_owned(),
        (false, _) => "Merge".to_owned(),
    };
    let mut text = format!("\n## {heading}\n\nMethod: {}{paper}.\n", about.title);
    if let Some(base) = &step.recipe.base_model {
        text.push_str(&format!("Base: {}.\n", plain(&base.to_string())));
    }
    text.push_str("\nModels:\n\n");
    for model in &step.models {
        if Some(&model.reference) != step.recipe.base_model.as_ref() {
            text.push_str(&format!("- {}\n", plain(&model.reference.to_string())));
        }
    }
    text
}

/// `org/model`, which is how a relative path may look too.
fn is_hub_name(path: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    match path.split('/').collect::<Vec<_>>()[..] {
        [org, name] => [org, name]
            .iter()
            .all(|part| !part.is_empty() && !part.starts_with('.') && part.chars().all(allowed)),
        _ => false,
    }
}

/// A word of front matter that YAML could take for a number or a flag.
fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

/// Text without what Markdown would take for its own.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let special = matches!(c, '|' | '[' | ']' | '`' | '*' | '<' | '_' | '\\');
            special.then_some('\\').into_iter().chain([c])
        })
        .filter(|c| !c.is_control())
        .collect()
}

/// A block of code whose fence is longer than any within.
pub(crate) fn fenced(text: &str) -> String {
    let mut fence = "```".to_owned();
    while text.contains(&fence) {
        fence.push('`');
    }
    format!("{fence}yaml\n{}\n{fence}", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_on_the_hub_are_told_from_paths() {
        assert!(is_hub_name("org/model-7B"));
        for path in ["models/alder/base", "./a", "../a", "/a/b", "a", "模型/一"] {
            assert!(!is_hub_name(path), "{path}");
        }
    }

    #[test]
    fn a_recipe_with_a_fence_in_it_does_not_end_the_block() {
        assert!(fenced("a: |\n  ```\n").starts_with("````yaml\n"));
        assert_eq!(plain("a|b`c\n"), "a\\|b\\`cd".replace('d', ""));
    }
}
