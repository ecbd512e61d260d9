//! The cells of a sweep as models of a study.

use std::path::{Path, PathBuf};

use super::table::{Row, RowState, Table};
use crate::merge::methods::{BaseRule, find};
use crate::merge::recipe::{ModelRef, Recipe, parse};
use crate::study::{BaseRef, Command, ModelEdit, ModelId, NewChild, NewModel, ScoredChild};
use crate::workbench::Workbench;

impl Workbench {
    /// Puts the scored cells of a sweep into the study, with the models that they were made from;
    /// gives how many were new. Cells whose children were removed have scores and no files.
    pub fn record_sweep(&mut self, table: &Table) -> usize {
        let Some(first) = table.rows.first() else {
            return 0;
        };
        self.add_models_of(&parse(&first.text).recipes);
        let no_points: Vec<String> = table.rows.iter().flat_map(no_points).collect();
        self.leave_out_of_the_average(no_points);
        let rows = table.rows.iter().filter(|row| !row.scores().is_empty());
        let children: Vec<ScoredChild> = rows.filter_map(|row| self.cell(table, row)).collect();
        let count = children.len();
        if count > 0 {
            self.apply(Command::Model(ModelEdit::AddScored(children)));
        }
        count
    }

    /// A cell as a child; `None` for one that the study has.
    fn cell(&self, table: &Table, row: &Row) -> Option<ScoredChild> {
        let recipes = parse(&row.text).recipes;
        let named = recipes.iter().flat_map(Recipe::models);
        let mut ids: Vec<ModelId> = Vec::new();
        for id in named.filter_map(|model| self.model_of(model)) {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        let (base, parents) = self.descent_of(&ids);
        if self.doc().made_by(&parents, &row.text).is_some() {
            return None;
        }
        let child = NewChild {
            name: format!("{} {}", table.recipe, row.name),
            path: row.kept.clone().unwrap_or_default(),
            base,
            parents,
            method: recipes
                .last()
                .map_or_else(String::new, |r| r.merge_method.clone()),
            recipe: row.text.clone(),
            ..NewChild::default()
        };
        Some(ScoredChild {
            child,
            has_files: row.kept.is_some(),
            scores: row.scores().to_vec(),
        })
    }

    /// Puts in the models of recipes that the study does not have, with their base.
    fn add_models_of(&mut self, recipes: &[Recipe]) {
        // Of some methods the base is one of the models, and no model that they descend from.
        let has_base = |recipe: &&Recipe| {
            let method = find(&recipe.merge_method);
            method.is_some_and(|own| own.description().base != BaseRule::OneOfModels)
        };
        let bases = recipes.iter().filter(has_base);
        let bases: Vec<&ModelRef> = bases.filter_map(|r| r.base_model.as_ref()).collect();
        let mut missing: Vec<&ModelRef> = bases.clone();
        missing.extend(recipes.iter().flat_map(Recipe::models));
        let mut new: Vec<(&ModelRef, NewModel)> = Vec::new();
        for model in missing {
            let is_known =
                self.model_of(model).is_some() || new.iter().any(|(own, _)| *own == model);
            let Some(path) = folder(model).filter(|_| !is_known) else {
                continue;
            };
            let base = bases.first().filter(|base| **base != model);
            let base = base.and_then(|base| {
                let added = new.iter().position(|(own, _)| own == base);
                let known = self.model_of(base).map(BaseRef::Known);
                added.map(BaseRef::Added).or(known)
            });
            let name = path.file_name().unwrap_or_default();
            let name = name.to_string_lossy().into_owned();
            let path = Some(path);
            new.push((model, NewModel { name, path, base }));
        }
        if !new.is_empty() {
            let new = new.into_iter().map(|(_, model)| model).collect();
            self.apply(Command::Model(ModelEdit::Add(new)));
        }
    }
}

/// Where a model lies, if a recipe names it by a path.
fn folder(model: &ModelRef) -> Option<PathBuf> {
    let path = Path::new(&model.path);
    (path.is_absolute() && path.exists()).then(|| path.to_owned())
}

fn no_points(row: &Row) -> Vec<String> {
    match &row.state {
        RowState::Done { no_points, .. } => no_points.clone(),
        _ => Vec::new(),
    }
}
