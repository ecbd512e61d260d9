//! Recipes from files: mergekit's YAML, also the one that lies in every merged folder.

use std::path::Path;

use super::Workbench;
use crate::files;
use crate::merge::problem::Problem;
use crate::merge::recipe::{ModelRef, Parsed, Recipe, parse, recipe_in_card, to_yaml};
use crate::merge::write::{MOE_RECIPE_NAME, RECIPE_NAME};
use crate::moe::{self, MoeParsed};
use crate::study::file::without_detours;
use crate::study::{Command, DraftContent, DraftEdit};

/// Longer texts are no recipes.
const MOST_BYTES: u64 = 4 << 20;

impl Workbench {
    /// Opens a recipe, or the recipe in a merged folder, as a new draft, or as the mixture that it
    /// is for; says for what it is. Starts a study if none is open.
    pub fn open_recipe(&mut self, path: &Path) -> RecipeKind {
        match read(path) {
            Ok((name, text)) => {
                if !self.is_open() {
                    self.new_study();
                }
                self.reopen_recipe(&name, &text)
            }
            Err(sentence) => {
                self.report_error("The recipe could not be opened", sentence);
                RecipeKind::Merge
            }
        }
    }

    /// Begins a draft or a mixture from the recipe that a model was made by.
    pub fn reopen_recipe(&mut self, name: &str, text: &str) -> RecipeKind {
        if moe::is_recipe(text) {
            self.open_mixture(name, text);
            return RecipeKind::Mixture;
        }
        let sheet = DraftContent {
            text: text.to_owned(),
            ..DraftContent::default()
        };
        self.apply(Command::Draft(DraftEdit::New(name.to_owned(), sheet)));
        RecipeKind::Merge
    }

    fn open_mixture(&mut self, name: &str, text: &str) {
        let MoeParsed { recipe, text } = moe::parse(text);
        let problem = text.problems.iter().find(|own| own.is_error());
        match (recipe, problem) {
            (Some(recipe), None) => self.begin_mixture(name, recipe),
            (_, problem) => {
                let sentence = problem.map_or_else(String::new, ToString::to_string);
                self.report_error("The recipe could not be opened", sentence);
            }
        }
    }
}

/// What a recipe is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecipeKind {
    /// A merge, which is on the canvas then.
    Merge,
    /// A mixture of experts, which has a window of its own.
    Mixture,
}

fn read(path: &Path) -> Result<(String, String), String> {
    let mixture = path.join(MOE_RECIPE_NAME);
    let file = match path.is_dir() {
        true if mixture.is_file() => mixture,
        true => path.join(RECIPE_NAME),
        false => path.to_owned(),
    };
    let sentence = |e: &dyn std::fmt::Display| format!("{e}: {}", file.display());
    let text = files::read_text(&file, MOST_BYTES).map_err(|e| sentence(&e))?;
    // Of a model card the recipe alone: the sheet is for recipes.
    let text = recipe_in_card(&text).unwrap_or(text);
    let file = std::path::absolute(&file).map_err(|e| sentence(&e))?;
    let folder = file.parent().unwrap_or(Path::new("/"));
    let text = match moe::is_recipe(&text) {
        true => mixture_with_absolute_paths(text, folder),
        false => with_absolute_paths(text, folder),
    };
    Ok((name(&file), text))
}

/// The file's name; for one that every folder has, the folder's.
fn name(file: &Path) -> String {
    let names = [RECIPE_NAME, MOE_RECIPE_NAME, "README.md"];
    let every_folders = |n: &std::ffi::OsStr| names.iter().any(|own| n == *own);
    let own = match file.file_name().is_some_and(every_folders) {
        true => file.parent().and_then(Path::file_name),
        false => file.file_stem(),
    };
    own.map_or_else(|| "Merge".to_owned(), |n| n.to_string_lossy().into_owned())
}

/// The text with paths that start from its folder made whole, so that it may be shown anywhere.
/// A text with mistakes, and one whose paths are whole already, stays as it is, comments and all.
fn with_absolute_paths(text: String, folder: &Path) -> String {
    let parsed = parse(&text);
    if parsed.problems.iter().any(Problem::is_error) {
        return text;
    }
    let mut recipes = parsed.recipes.clone();
    for recipe in &mut recipes {
        for_each_model(recipe, &mut |model| make_whole(model, folder));
    }
    match recipes == parsed.recipes {
        true => text,
        false => to_yaml(&recipes).map_or(text, |yaml| remarks(&parsed) + &yaml),
    }
}

/// The same of a recipe for a mixture.
fn mixture_with_absolute_paths(text: String, folder: &Path) -> String {
    let MoeParsed {
        recipe,
        text: parsed,
    } = moe::parse(&text);
    let Some(mut recipe) = recipe.filter(|_| !parsed.problems.iter().any(Problem::is_error)) else {
        return text;
    };
    make_whole(&mut recipe.base_model, folder);
    for expert in recipe.experts.iter_mut().chain(&mut recipe.shared_experts) {
        make_whole(&mut expert.source_model, folder);
    }
    recipe.to_yaml().unwrap_or(text)
}

/// Makes the paths of a model whole that start from `folder`.
fn make_whole(model: &mut ModelRef, folder: &Path) {
    let adapter = model.adapter.iter_mut().map(|a| &mut a.path);
    for path in adapter.chain([&mut model.path]) {
        let found = folder.join(&*path);
        if Path::new(&*path).is_relative() && found.exists() {
            *path = without_detours(&found).to_string_lossy().into_owned();
        }
    }
}

/// What was odd about a text that is written anew without it, as comments.
fn remarks(parsed: &Parsed) -> String {
    let lines = parsed
        .problems
        .iter()
        .map(|problem| format!("# {problem}\n"));
    lines.collect()
}

fn for_each_model(recipe: &mut Recipe, change: &mut dyn FnMut(&mut ModelRef)) {
    recipe.base_model.iter_mut().for_each(&mut *change);
    for slice in recipe.content.slices_mut() {
        slice.base_model.iter_mut().for_each(&mut *change);
    }
    for input in recipe.content.inputs_mut() {
        change(&mut input.model);
    }
}
