//! A recipe as a picture: models and merges as nodes, what feeds what as links.
//!
//! The recipes are the truth; the picture is read off them, and every movement on it is an
//! edit of them. So canvas and YAML cannot say different things.

mod connect;
mod graph;
mod insert;
mod output;
mod parameters;
mod shuffle;
mod slices;
mod templates;

pub use graph::{Graph, Link, Node, NodeId, Port};
pub use parameters::Place;
pub use shuffle::{Drawn, Order, shuffled};
pub use templates::{TEMPLATES, Template, stacked};

use super::methods::{BaseRule, Description, Method};
use super::problem::Problem;
use super::recipe::{Content, ModelRef, OwnOptions, Parsed, Recipe, RecipeInput, parse, to_yaml};

/// Recipes that feed each other, and models that nothing is made from yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Composition {
    /// The merges, as documents of one recipe file.
    pub recipes: Vec<Recipe>,
    /// Models on the canvas that no merge takes.
    pub loose: Vec<ModelRef>,
    /// The name of the merge that is written, where it was said; see [`Self::written`].
    pub output: Option<String>,
}

impl Composition {
    /// Reads the text of a recipe file; `None` while it has mistakes.
    pub fn read(text: &str, loose: &[ModelRef]) -> Option<Self> {
        if text.trim().is_empty() {
            return Some(Self {
                recipes: Vec::new(),
                loose: loose.to_vec(),
                output: None,
            });
        }
        Self::spelled(&parse(text), loose.to_vec())
    }

    /// What a text spells; `None` while it has mistakes.
    pub fn spelled(parsed: &Parsed, loose: Vec<ModelRef>) -> Option<Self> {
        let is_whole = !parsed.problems.iter().any(Problem::is_error);
        is_whole.then(|| {
            let mut out = Self {
                recipes: parsed.recipes.clone(),
                loose,
                output: None,
            };
            out.tidy_loose();
            out
        })
    }

    /// The text of the recipe file; empty without a merge.
    ///
    /// # Errors
    /// A sentence, if the recipes have no form as YAML.
    pub fn to_text(&self) -> Result<String, String> {
        if self.recipes.is_empty() {
            Ok(String::new())
        } else {
            to_yaml(&self.recipes)
        }
    }

    /// Puts a model on the canvas, unless it is there.
    pub fn add_model(&mut self, model: ModelRef) {
        self.loose.push(model);
        self.tidy_loose();
    }

    /// Puts a merge on the canvas and gives its number.
    pub fn add_merge(&mut self, method: &'static dyn Method) -> usize {
        if let [only] = &mut self.recipes[..]
            && only.name.is_none()
        {
            only.name = Some("merge-1".to_owned());
        }
        let name = (!self.recipes.is_empty()).then(|| self.free_name());
        let mut recipe = empty(method.description().name);
        recipe.name = name;
        self.recipes.push(recipe);
        let merge = self.recipes.len() - 1;
        self.fill_in(merge);
        merge
    }

    /// A merge of these models, with the base where the method wants one.
    pub fn merge_of(
        method: &'static dyn Method,
        models: &[ModelRef],
        base: Option<&ModelRef>,
    ) -> Self {
        let mut out = Self::default();
        let description = method.description();
        let mut recipe = empty(description.name);
        let (_, most) = description.models;
        let taken = &models[..models.len().min(most)];
        recipe.content = Content::Models(taken.iter().cloned().map(source).collect());
        recipe.base_model = match description.base {
            BaseRule::Required => base.cloned(),
            BaseRule::OneOfModels => taken.first().cloned(),
            BaseRule::Optional | BaseRule::Forbidden => None,
        };
        out.recipes.push(recipe);
        out.fill_in(0);
        models[taken.len()..]
            .iter()
            .for_each(|model| out.add_model(model.clone()));
        out
    }

    /// Takes nodes off the canvas; what they fed loses an input.
    pub fn remove(&mut self, nodes: &[NodeId]) {
        let names: Vec<ModelRef> = nodes.iter().filter_map(|n| self.reference(n)).collect();
        self.loose.retain(|model| !names.contains(model));
        for recipe in &mut self.recipes {
            for name in &names {
                forget(recipe, name);
            }
        }
        let mut merges: Vec<usize> = nodes.iter().filter_map(NodeId::merge).collect();
        merges.sort_unstable();
        merges.retain(|&merge| merge < self.recipes.len());
        for merge in merges.into_iter().rev() {
            let recipe = self.recipes.remove(merge);
            for model in recipe.models() {
                self.loose.push(model.clone());
            }
        }
        // A method whose base is one of its models goes on from another of them.
        (0..self.recipes.len()).for_each(|merge| self.fill_in(merge));
        self.tidy_loose();
    }

    /// Copies nodes: merges with all their settings, fed by the same models. Gives the copies.
    pub fn duplicate(&mut self, nodes: &[NodeId]) -> Vec<NodeId> {
        let merges: Vec<usize> = nodes.iter().filter_map(NodeId::merge).collect();
        let mut out = Vec::new();
        for merge in merges {
            let Some(mut copy) = self.recipes.get(merge).cloned() else {
                continue;
            };
            if let Some(only) = self.recipes.first_mut().filter(|r| r.name.is_none()) {
                only.name = Some("merge-1".to_owned());
            }
            copy.name = Some(self.free_name());
            self.recipes.push(copy);
            out.push(NodeId::Merge(self.recipes.len() - 1));
        }
        out
    }

    /// Changes the method of a merge; parameters that the new one knows stay.
    pub fn set_method(&mut self, merge: usize, method: &'static dyn Method) {
        let description = method.description();
        let Some(recipe) = self.recipes.get_mut(merge) else {
            return;
        };
        recipe.merge_method = description.name.to_owned();
        for_each_parameters(recipe, &mut |own| {
            own.retain(|(key, _)| description.parameters.iter().any(|p| p.key == key));
        });
        let first = match &recipe.content {
            Content::Models(models) => models.first().map(|s| s.model.clone()),
            Content::Slices(_) | Content::Modules(_) => None,
        };
        let listed = recipe
            .base_model
            .as_ref()
            .is_some_and(|base| sources(recipe).any(|s| s.model == *base));
        match description.base {
            BaseRule::Forbidden => recipe.base_model = None,
            BaseRule::OneOfModels if !listed => {
                if let Some(old) = recipe.base_model.take() {
                    self.loose.push(old);
                }
                if let Some(recipe) = self.recipes.get_mut(merge) {
                    recipe.base_model = first;
                }
            }
            _ => {}
        }
        self.fill_in(merge);
        self.tidy_loose();
    }

    /// The name that a node has in recipes.
    pub fn reference(&self, node: &NodeId) -> Option<ModelRef> {
        match node {
            NodeId::Model(model) => Some(model.clone()),
            NodeId::Merge(merge) => {
                let name = self.recipes.get(*merge)?.name.clone()?;
                Some(ModelRef::at(name))
            }
            NodeId::Output => None,
        }
    }

    /// Which merge a reference means, if it means one.
    pub fn merge_named(&self, model: &ModelRef) -> Option<usize> {
        let plain = model.adapter.is_none() && model.revision.is_none();
        self.recipes
            .iter()
            .position(|r| plain && r.name.as_deref() == Some(model.path.as_str()))
    }

    fn free_name(&self) -> String {
        let taken = |name: &String| self.recipes.iter().any(|r| r.name.as_ref() == Some(name));
        let mut number = self.recipes.len() + 1;
        loop {
            let name = format!("merge-{number}");
            if !taken(&name) {
                return name;
            }
            number += 1;
        }
    }

    /// Loose are the models that are neither taken by a merge nor made by one, each once.
    fn tidy_loose(&mut self) {
        let mut kept: Vec<ModelRef> = Vec::new();
        for model in std::mem::take(&mut self.loose) {
            let taken = self.recipes.iter().any(|r| r.models().contains(&&model));
            if !taken && !kept.contains(&model) && self.merge_named(&model).is_none() {
                kept.push(model);
            }
        }
        self.loose = kept;
    }
}

fn empty(method: &str) -> Recipe {
    Recipe {
        name: None,
        merge_method: method.to_owned(),
        base_model: None,
        content: Content::Models(Vec::new()),
        parameters: Vec::new(),
        dtype: None,
        out_dtype: None,
        tokenizer_source: None,
        tokenizer: None,
        chat_template: None,
        own: OwnOptions::default(),
    }
}

fn source(model: ModelRef) -> RecipeInput {
    RecipeInput {
        model,
        layer_range: None,
        parameters: Vec::new(),
    }
}

fn sources(recipe: &Recipe) -> impl Iterator<Item = &RecipeInput> {
    recipe.content.inputs().into_iter()
}

fn for_each_parameters(
    recipe: &mut Recipe,
    change: &mut dyn FnMut(&mut super::recipe::Parameters),
) {
    change(&mut recipe.parameters);
    if let Content::Modules(modules) = &mut recipe.content {
        modules.iter_mut().for_each(|m| change(&mut m.parameters));
    }
    for slice in recipe.content.slices_mut() {
        change(&mut slice.parameters);
    }
    for input in recipe.content.inputs_mut() {
        change(&mut input.parameters);
    }
}

fn forget(recipe: &mut Recipe, model: &ModelRef) {
    if recipe.base_model.as_ref() == Some(model) {
        recipe.base_model = None;
    }
    forget_input(&mut recipe.content, model);
}

fn forget_input(content: &mut Content, model: &ModelRef) {
    match content {
        Content::Models(models) => models.retain(|s| s.model != *model),
        Content::Slices(slices) => {
            for slice in slices.iter_mut() {
                slice.sources.retain(|s| s.model != *model);
                slice.base_model = slice.base_model.take().filter(|b| b != model);
            }
            slices.retain(|slice| !slice.sources.is_empty());
        }
        Content::Modules(modules) => {
            for module in modules {
                forget_input(&mut module.content, model);
            }
        }
    }
}

/// What a method of the registry is, by its name in a recipe.
fn description(recipe: &Recipe) -> Option<&'static Description> {
    super::methods::find(&recipe.merge_method).map(Method::description)
}

#[cfg(test)]
mod tests;
