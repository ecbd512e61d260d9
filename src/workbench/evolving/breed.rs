//! Making a child: its recipe, its folder, its place in the study.

use std::path::Path;
use std::time::Instant;

use super::What;
use crate::jobs::{Send, Ticket};
use crate::lineage::strategy::Pairing;
use crate::merge::composition::Composition;
use crate::merge::methods::{BaseRule, find};
use crate::merge::recipe::{ModelRef, Parsed, Recipe, parse, parse_way, to_yaml};
use crate::merge::run::GgufWanted;
use crate::study::{
    Child, ChildAdded, Evolution, EvolutionEdit, EvolutionId, FAMILY_BASE, Model, ModelId,
    NewChild, Step,
};
use crate::workbench::writing::{Target, folder_of_child, holds, write_recipe};
use crate::workbench::{ModelFiles, Workbench};

/// A child that is to be put into a run.
pub(super) struct Birth {
    pub step: Step,
    pub child: Child,
}

impl Workbench {
    /// Merges two models of a run, unless another run has made just that child.
    pub(super) fn breed(
        &mut self,
        evolution: &Evolution,
        generation: u32,
        number: u32,
        parents: [ModelId; 2],
        pairing: &Pairing,
    ) {
        let birth = match self.birth(evolution, generation, number, parents, pairing) {
            Ok(birth) => birth,
            Err(sentence) => return self.fail_run(evolution.id, &sentence),
        };
        let (step, child) = match birth.child {
            Child::New(child) => (birth.step, child),
            Child::Known(_) => return self.bear(evolution.id, birth, 0.0),
        };
        let id = evolution.id;
        let (maker, removal) = (evolution.token.clone(), self.folders.removal);
        let (name, out, text) = (child.name.clone(), child.path.clone(), child.recipe.clone());
        let title = format!("Merging {name}");
        let work = move |ticket: &Ticket, _: Send<'_, Self>| {
            let started = Instant::now();
            let target = Target {
                out: &out,
                gguf: &GgufWanted::default(),
                force: false,
                maker: &maker,
                removal,
            };
            // It is renamed into its place when it is whole.
            if !holds(&out, &text) {
                write_recipe(&parse(&text), &target, ticket)?;
            }
            Ok(started.elapsed().as_secs_f64())
        };
        let done =
            move |bench: &mut Self, seconds| bench.on_child_written(id, step, child, seconds);
        self.start_work(Some(id), What::Merge(name), title, work, done);
    }

    /// The child of two models of a run: one that another run has made, or what is to be merged.
    pub(super) fn birth(
        &self,
        evolution: &Evolution,
        generation: u32,
        number: u32,
        parents: [ModelId; 2],
        pairing: &Pairing,
    ) -> Result<Birth, String> {
        let step = Step {
            run: evolution.name.clone(),
            generation,
            number,
            exploration: pairing.explores,
        };
        let parents = self.in_order_of_name(parents);
        let recipe = self.recipe_of(evolution.setup.way(pairing.way), parents)?;
        let text = text_of(&recipe)?;
        let doc = self.doc();
        if let Some(known) = doc.made_by(&parents, &text)
            && self.checkpoint(known).is_some()
        {
            let model = doc.model(known).filter(|m| m.step(&step.run).is_some());
            if let Some(model) = model {
                // Putting it in would change nothing, and the same pair would come again.
                return Err(format!(
                    "{} is what its next pair makes, and is in it already; leave it out of the \
                     founders, or choose another way to merge",
                    model.name
                ));
            }
            let child = Child::Known(known);
            return Ok(Birth { step, child });
        }
        if let Some(sentence) = self.cannot_breed(evolution, parents) {
            return Err(sentence);
        }
        let stem = words_of(&evolution.name);
        let name = doc.free_name(&format!("{stem}-{generation}-{number}"));
        let folder = evolution.setup.folder.clone().unwrap_or_default();
        let child = Child::New(NewChild {
            path: folder_of_child(&folder, &name, &text),
            name,
            base: self.base_of_all(&parents),
            parents: parents.to_vec(),
            method: recipe.merge_method,
            recipe: text,
            note: self.sentence(&pairing.reason),
            ..NewChild::default()
        });
        Ok(Birth { step, child })
    }

    /// Parents stand in order of name, so that one pair has one recipe.
    fn in_order_of_name(&self, [a, b]: [ModelId; 2]) -> [ModelId; 2] {
        let doc = self.doc();
        let key = |id: ModelId| (doc.name_of(id), id);
        if key(b) < key(a) { [b, a] } else { [a, b] }
    }

    /// Why two models cannot be merged now.
    fn cannot_breed(&self, evolution: &Evolution, parents: [ModelId; 2]) -> Option<String> {
        let gone = |id: &&ModelId| {
            let files = self.files(**id);
            files.are_missing() || files.checkpoint().is_none()
        };
        if let Some(id) = parents.iter().find(gone) {
            let name = self.doc().name_of(*id);
            let why = match self.files(*id) {
                ModelFiles::Failed(sentence) => sentence.clone(),
                _ => "its files are gone".to_owned(),
            };
            return Some(format!(
                "{name} cannot be merged: {why}; find it again in Models, then resume"
            ));
        }
        self.no_room(evolution)
    }

    /// The recipe of a child by a way to merge.
    fn recipe_of(&self, way: &str, parents: [ModelId; 2]) -> Result<Recipe, String> {
        let models: Vec<ModelRef> = parents.iter().filter_map(|&p| self.reference(p)).collect();
        let base = self
            .base_of_all(&parents)
            .and_then(|base| self.reference(base));
        with_models(way, &models, base.as_ref())
    }

    /// Whether a model is what an evolution would make of the model's parents.
    pub(super) fn is_made_as_in(&self, evolution: &Evolution, model: &Model) -> bool {
        let Ok(parents) = <[ModelId; 2]>::try_from(&model.parents[..]) else {
            return false;
        };
        let is_own = |way: &str| {
            let text = self.recipe_of(way, parents).and_then(|r| text_of(&r));
            text.is_ok_and(|text| text == model.origin.recipe)
        };
        evolution.setup.ways().any(is_own)
    }

    /// Why the recipe of an evolution cannot be used, if so.
    pub(super) fn recipe_objection(&self, evolution: &Evolution) -> Option<String> {
        evolution.setup.ways().find_map(recipe_problem)
    }

    fn on_child_written(
        &mut self,
        evolution: EvolutionId,
        step: Step,
        child: NewChild,
        seconds: f64,
    ) {
        // The evolution may have been removed while its child was made.
        if self.doc().evolution(evolution).is_some() {
            let child = Child::New(child);
            self.bear(evolution, Birth { step, child }, seconds);
        }
    }

    /// Puts a child into a run.
    pub(super) fn bear(&mut self, evolution: EvolutionId, birth: Birth, seconds: f64) {
        self.evolve(EvolutionEdit::AddChild(Box::new(ChildAdded {
            evolution,
            step: birth.step,
            child: birth.child,
            seconds,
        })));
    }
}

/// Why a recipe without models cannot be the way to merge of an evolution, if so.
pub fn recipe_problem(recipe: &str) -> Option<String> {
    let two = [ModelRef::at("/a"), ModelRef::at("/b")];
    with_models(recipe, &two, Some(&ModelRef::at("/base"))).err()
}

/// The words of a name as the beginning of a file's.
fn words_of(name: &str) -> String {
    let name = name.to_lowercase();
    let words = name.split(|c: char| !c.is_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join("-")
}

/// The base of an evolution is asked for, and its models have none in common.
const NO_BASE: &str = "The way to merge takes the base of the family, and these models have none \
                       in common; set their base in Models, or choose another way to merge";

/// A recipe without models, with these models put in. A base that it names stays, or becomes the
/// family's where it means that one ([`FAMILY_BASE`], or its folder); a method whose base is one of
/// its models takes the first, and one that has none leaves it out.
fn with_models(
    recipe: &str,
    models: &[ModelRef],
    base: Option<&ModelRef>,
) -> Result<Recipe, String> {
    let Parsed {
        mut recipes,
        problems,
        ..
    } = parse_way(recipe);
    let Some(own) = recipes.pop().filter(|_| recipes.is_empty()) else {
        let why =
            "The way to merge must be one recipe; nested merges have no place in an evolution";
        return Err(why.to_owned());
    };
    let name = &own.merge_method;
    let unknown = || format!("The way to merge names no known method: {name:?}");
    let method = find(name).ok_or_else(unknown)?;
    let (least, most) = method.description().models;
    if !(least..=most).contains(&2) {
        let title = method.description().title;
        return Err(format!(
            "{title} does not merge two models; choose another method"
        ));
    }
    if let Some(problem) = problems.iter().find(|problem| problem.is_error()) {
        return Err(problem.headline());
    }
    let made = Composition::merge_of(method, models, base).recipes;
    let Some(mut merge) = made.into_iter().next() else {
        return Err("The way to merge makes nothing".to_owned());
    };
    let is_own = |key: &String| own.parameters.iter().any(|(k, _)| k == key);
    let may_name_base = matches!(
        method.description().base,
        BaseRule::Required | BaseRule::Optional
    );
    if let Some(named) = own.base_model.filter(|_| may_name_base) {
        merge.base_model = Some(match base {
            Some(base) if named.path == FAMILY_BASE || same_model(base, &named) => base.clone(),
            None if named.path == FAMILY_BASE => return Err(NO_BASE.to_owned()),
            _ => named,
        });
    }
    merge.parameters.retain(|(key, _)| !is_own(key));
    merge.parameters.extend(own.parameters);
    merge.dtype = own.dtype;
    merge.out_dtype = own.out_dtype;
    merge.tokenizer_source = own.tokenizer_source;
    merge.tokenizer = own.tokenizer;
    merge.chat_template = own.chat_template;
    merge.own = own.own;
    Ok(merge)
}

/// Whether a recipe's name of a model means one that has a path: the path itself, or the name of
/// its folder.
fn same_model(known: &ModelRef, named: &ModelRef) -> bool {
    let folder = |model: &ModelRef| Path::new(&model.path).file_name().map(ToOwned::to_owned);
    known == named || folder(known).is_some() && folder(known) == folder(named)
}

/// The text that a child's recipe is known by.
fn text_of(recipe: &Recipe) -> Result<String, String> {
    to_yaml(std::slice::from_ref(recipe))
}
