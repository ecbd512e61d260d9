//! Drafts: begun from models, by a template or from a recipe, and written back from the canvas.

use super::open_recipe::RecipeKind;
use crate::merge::composition::{Composition, TEMPLATES, Template};
use crate::merge::recipe::ModelRef;
use crate::study::{Command, DraftContent, DraftEdit, DraftId, ModelId};
use crate::text::free_name;
use crate::workbench::Workbench;

/// The most characters that a model's name has in that of a merge.
const LONGEST: usize = 32;

fn shortened(name: &str) -> String {
    let start: String = name.chars().take(LONGEST).collect();
    start.trim_end().to_owned()
}

impl Workbench {
    /// Begins a draft of these models, by a composition made from them; shows it.
    pub fn compose(&mut self, name: &str, composition: &Composition) {
        let name = self.free_draft_name(name);
        let sheet = match self.written(composition) {
            Ok(sheet) => sheet,
            Err(sentence) => return self.report_error("The merge could not be composed", sentence),
        };
        self.apply(Command::Draft(DraftEdit::New(name, sheet)));
    }

    /// The name itself, or with a number behind it if a draft or a model has it already.
    fn free_draft_name(&self, name: &str) -> String {
        let doc = self.doc();
        let is_taken = |name: &str| {
            doc.drafts.iter().any(|d| d.name == name) || doc.models.iter().any(|m| m.name == name)
        };
        free_name(name, "-", is_taken)
    }

    /// Begins a draft by a template of these models; `None` for the one that fits them best.
    /// Bases among the models are what the template's base is, not what it merges.
    pub fn compose_template(&mut self, template: Option<usize>, models: &[ModelId]) {
        let doc = self.doc();
        let is_base = |id: &ModelId| doc.models.iter().any(|m| m.base == Some(*id));
        let (bases, merged): (Vec<ModelId>, Vec<ModelId>) =
            models.iter().partition(|id| is_base(id));
        // Two bases alone are models like others.
        let merged = match merged.is_empty() {
            true => bases.clone(),
            false => merged,
        };
        let base = bases.first().copied().filter(|b| !merged.contains(b));
        let base = base.or_else(|| merged.iter().find_map(|&id| doc.model(id)?.base));
        let fits = |t: &&Template| (t.models.0..=t.models.1).contains(&merged.len());
        let has_base = |t: &Template| !t.wants_base || base.is_some();
        let best = || TEMPLATES.iter().find(|t| fits(t) && has_base(t));
        let chosen = template.and_then(|k| TEMPLATES.get(k)).or_else(best);
        let references = merged.iter().filter_map(|&id| self.reference(id));
        let references: Vec<ModelRef> = references.collect();
        let Some(template) = chosen else {
            let composition = Composition {
                loose: references,
                ..Composition::default()
            };
            return self.compose("New merge", &composition);
        };
        let checkpoints = merged.iter().filter_map(|&id| self.checkpoint(id));
        let layers = checkpoints.map(|checkpoint| checkpoint.layers());
        let layers = layers.max().unwrap_or(1) as u32;
        let base = base.and_then(|id| self.reference(id));
        // It becomes the name of a folder, which may not be of any length.
        let names = merged.iter().map(|&id| shortened(doc.name_of(id)));
        let names: Vec<String> = names.collect();
        let name = match &names[..] {
            [] => template.title.to_owned(),
            [one] => format!("{one} merge"),
            [one, two] => format!("{one}-{two}"),
            [one, ..] => format!("{one} and {} others", names.len() - 1),
        };
        let composition = template.make(&references, base.as_ref(), layers);
        self.compose(&name, &composition);
    }

    /// Puts the recipe that a model was made by back on the canvas, or into the window of
    /// mixtures.
    pub fn reopen_recipe_of(&mut self, id: ModelId) -> RecipeKind {
        let Some(model) = self.doc().model(id).cloned() else {
            return RecipeKind::Merge;
        };
        match (&model.path, model.origin.recipe.as_str()) {
            (Some(path), "") => self.open_recipe(path),
            (None, "") => {
                let why = "this model was not made here, and has no files";
                self.report_error("There is no recipe", why);
                RecipeKind::Merge
            }
            (_, text) => self.reopen_recipe(&model.name, text),
        }
    }

    /// How recipes name a model of the study: by its path, or by name if it has no files.
    pub fn reference(&self, id: ModelId) -> Option<ModelRef> {
        let model = self.doc().model(id)?;
        let path = match &model.path {
            Some(path) => path.to_string_lossy().into_owned(),
            None if model.published.is_empty() => model.name.clone(),
            None => model.published.clone(),
        };
        let base = model
            .base
            .and_then(|base| self.doc().model(base)?.path.clone());
        let is_adapter = self.checkpoint(id).is_some_and(|c| c.adapter().is_some());
        match base {
            // An adapter stands on its base.
            Some(base) if is_adapter => Some(ModelRef {
                path: base.to_string_lossy().into_owned(),
                adapter: Some(crate::merge::recipe::AdapterRef {
                    path,
                    revision: None,
                }),
                ..ModelRef::default()
            }),
            _ => Some(ModelRef::at(path)),
        }
    }

    /// The model of the study that a recipe's reference means.
    pub fn model_of(&self, reference: &ModelRef) -> Option<ModelId> {
        let mut known = self.doc().models.iter().map(|m| m.id);
        known.find(|&id| self.reference(id).as_ref() == Some(reference))
    }

    /// Puts a changed composition into a draft; nodes stay where they are.
    pub fn write_draft(
        &mut self,
        id: DraftId,
        composition: &Composition,
        title: &str,
        join: Option<String>,
    ) {
        let Some(draft) = self.doc().draft(id) else {
            return;
        };
        let places = draft.sheet.places.clone();
        let sheet = match self.written(composition) {
            Ok(sheet) => DraftContent { places, ..sheet },
            Err(sentence) => return self.report_error("The recipe could not be written", sentence),
        };
        self.apply(Command::Draft(DraftEdit::Write {
            id,
            sheet,
            title: title.to_owned(),
            join,
        }));
    }
}
