//! Composing a merge: what the draft on the canvas would make, worked out beside the window.
//!
//! A request is a snapshot; an answer is kept beside its request, so an answer is stale when
//! the requests differ. While one is worked out the latest other one waits, and those between
//! are never looked at: a slider may move as fast as it likes.

mod ahead;
mod gain;
mod import;
mod unborn;

use std::path::PathBuf;
use std::sync::Arc;

use super::Workbench;
use super::events::Outcome;
use crate::checkpoint::Checkpoint;
use crate::kinship::Metric;
use crate::kinship::store::Stored;
use crate::merge::canvas::{Composition, Place, TEMPLATES, Template};
use crate::merge::recipe::ModelRef;
use crate::study::{Command, Draft, DraftEdit, DraftId, ModelId, Sheet};

pub(super) use gain::known_merges;
pub use gain::{ExpectedGain, GainSource};

pub use unborn::Unborn;

pub use ahead::{Ahead, Child, NoChild, Profile, SweepPoint, look_ahead, sweep};

/// What is to be looked at.
#[derive(Clone)]
pub struct Request {
    /// The recipe's text.
    pub text: String,
    /// Every model of the study with files, its base, and its files.
    pub models: Vec<(ModelId, Option<ModelId>, Arc<Checkpoint>)>,
    /// Those whose files are gone.
    pub missing: Vec<ModelId>,
    /// What is measured, by base.
    pub measured: Vec<(ModelId, Arc<Stored>)>,
    /// The measure of the profile over the layers.
    pub metric: Metric,
    /// The hub's cache.
    pub hub: Option<PathBuf>,
    /// A parameter whose values are tried one after the other.
    pub swept: Option<Swept>,
}

/// A parameter that is swept.
#[derive(Clone, Debug, PartialEq)]
pub struct Swept {
    /// Of which merge.
    pub merge: usize,
    /// Where it stands.
    pub place: Place,
    /// Its name.
    pub key: String,
    /// From and to.
    pub range: (f64, f64),
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Request({:?}, {} models)", self.text, self.models.len())
    }
}

impl PartialEq for Request {
    fn eq(&self, other: &Self) -> bool {
        let same_files =
            |a: &(ModelId, Option<ModelId>, Arc<Checkpoint>),
             b: &(ModelId, Option<ModelId>, Arc<Checkpoint>)| {
                a.0 == b.0 && a.1 == b.1 && Arc::ptr_eq(&a.2, &b.2)
            };
        let same_sums = |a: &(ModelId, Arc<Stored>), b: &(ModelId, Arc<Stored>)| {
            a.0 == b.0 && Arc::ptr_eq(&a.1, &b.1)
        };
        self.text == other.text
            && self.metric == other.metric
            && self.missing == other.missing
            && self.hub == other.hub
            && self.swept == other.swept
            && self.models.len() == other.models.len()
            && self
                .models
                .iter()
                .zip(&other.models)
                .all(|(a, b)| same_files(a, b))
            && self.measured.len() == other.measured.len()
            && self
                .measured
                .iter()
                .zip(&other.measured)
                .all(|(a, b)| same_sums(a, b))
    }
}

pub(super) const LOOKING_AHEAD: &str = "Looking ahead";

/// What is asked for, what is being worked out, and what is known.
#[derive(Default)]
pub(super) struct Composing {
    wanted: Option<Request>,
    running: bool,
    pub(super) answer: Option<(Request, Ahead)>,
}

/// The most characters that a model's name has in that of a merge.
const LONGEST: usize = 32;

fn shortened(name: &str) -> String {
    let start: String = name.chars().take(LONGEST).collect();
    start.trim_end().to_owned()
}

impl Workbench {
    /// The request for the draft on the canvas; `None` without one.
    pub fn request(&self, swept: Option<Swept>, metric: Metric) -> Option<Request> {
        let doc = self.study().doc();
        let draft = doc.shown_draft()?;
        let open =
            |m: &crate::study::Model| Some((m.id, m.base, self.files(m.id).checkpoint()?.clone()));
        Some(Request {
            text: draft.sheet.text.clone(),
            models: doc.models.iter().filter_map(open).collect(),
            missing: (doc.models.iter().map(|m| m.id))
                .filter(|&id| self.files(id).are_missing())
                .collect(),
            measured: self.all_measured(),
            metric,
            hub: super::hub_cache(),
            swept,
        })
    }

    /// Works out what a request asks, unless that is known or on its way.
    pub fn look_ahead(&mut self, request: Request) {
        let known = self
            .composing
            .answer
            .as_ref()
            .is_some_and(|(of, _)| *of == request);
        if known || self.composing.wanted.as_ref() == Some(&request) {
            return;
        }
        self.composing.wanted = Some(request);
        self.look_at_wanted();
    }

    /// What is known of the draft on the canvas, and whether it is of this request or older.
    pub fn ahead(&self, request: &Request) -> Option<(&Ahead, bool)> {
        let (of, ahead) = self.composing.answer.as_ref()?;
        Some((ahead, of == request))
    }

    fn look_at_wanted(&mut self) {
        if self.composing.running {
            return;
        }
        let Some(request) = self.composing.wanted.clone() else {
            return;
        };
        self.composing.running = true;
        self.jobs.spawn_quietly(LOOKING_AHEAD, move |_, _| {
            let ahead = look_ahead(&request);
            Ok(Outcome::Ahead(Box::new((request, ahead))))
        });
    }

    /// Takes in an answer, and goes on with what was asked meanwhile.
    pub(super) fn take_ahead(&mut self, request: Request, ahead: Ahead) {
        self.composing.running = false;
        if self.composing.wanted.as_ref() == Some(&request) {
            self.composing.wanted = None;
        }
        self.composing.answer = Some((request, ahead));
        self.look_at_wanted();
    }

    /// A job that looked ahead has failed: nothing waits for it.
    pub(super) fn ahead_failed(&mut self) {
        self.composing.running = false;
        self.composing.wanted = None;
    }

    /// Begins a draft of these models, by a composition made from them; shows it.
    pub fn compose(&mut self, name: &str, composition: &Composition) {
        let name = self.free_draft_name(name);
        let text = match composition.to_text() {
            Ok(text) => text,
            Err(sentence) => return self.fail("The merge could not be composed", sentence),
        };
        let sheet = Sheet {
            text,
            loose: composition.loose.iter().map(ToString::to_string).collect(),
            places: Vec::new(),
        };
        self.apply(Command::Draft(DraftEdit::New(name, sheet)));
    }

    /// The name itself, or with a number behind it if a draft or a model has it already.
    fn free_draft_name(&self, name: &str) -> String {
        let doc = self.study().doc();
        let is_taken = |name: &str| {
            doc.drafts.iter().any(|d| d.name == name) || doc.models.iter().any(|m| m.name == name)
        };
        if !is_taken(name) {
            return name.to_owned();
        }
        let numbered = (2u32..).map(|n| format!("{name}-{n}"));
        numbered
            .into_iter()
            .find(|name| !is_taken(name))
            .unwrap_or_default()
    }

    /// Begins a draft by a template of these models; `None` for the one that fits them best.
    /// Bases among the models are what the template's base is, not what it merges.
    pub fn compose_template(&mut self, template: Option<usize>, models: &[ModelId]) {
        let doc = self.study().doc();
        let is_base = |id: &ModelId| doc.models.iter().any(|m| m.base == Some(*id));
        let (bases, merged): (Vec<ModelId>, Vec<ModelId>) =
            models.iter().partition(|id| is_base(id));
        // Two bases alone are models like others.
        let merged = if merged.is_empty() {
            bases.clone()
        } else {
            merged
        };
        let base = bases.first().copied().filter(|b| !merged.contains(b));
        let base = base.or_else(|| merged.iter().find_map(|&id| doc.model(id)?.base));
        let fits = |t: &&Template| (t.models.0..=t.models.1).contains(&merged.len());
        let best = || {
            TEMPLATES
                .iter()
                .find(|t| fits(t) && (!t.wants_base || base.is_some()))
        };
        let chosen = template.and_then(|k| TEMPLATES.get(k)).or_else(best);
        let Some(template) = chosen else {
            let composition = Composition {
                recipes: Vec::new(),
                loose: merged.iter().filter_map(|&id| self.reference(id)).collect(),
            };
            return self.compose("New merge", &composition);
        };
        let references: Vec<ModelRef> =
            merged.iter().filter_map(|&id| self.reference(id)).collect();
        let layers = merged
            .iter()
            .filter_map(|&id| Some(self.files(id).checkpoint()?.layers()));
        let layers = layers.max().unwrap_or(1) as u32;
        let base = base.and_then(|id| self.reference(id));
        let names: Vec<&str> = merged.iter().map(|&id| doc.name_of(id)).collect();
        // It becomes the name of a folder, which may not be of any length.
        let names: Vec<String> = names.iter().map(|name| shortened(name)).collect();
        let name = match &names[..] {
            [] => template.title.to_owned(),
            [one] => format!("{one} merge"),
            [one, two] => format!("{one}-{two}"),
            [one, ..] => format!("{one} and {} others", names.len() - 1),
        };
        let composition = template.make(&references, base.as_ref(), layers);
        self.compose(&name, &composition);
    }

    /// Puts the recipe that a model was made by back on the canvas.
    pub fn reopen_recipe_of(&mut self, id: ModelId) {
        let Some(model) = self.study().doc().model(id).cloned() else {
            return;
        };
        match (&model.path, model.origin.recipe.as_str()) {
            (Some(path), "") => self.open_recipe(path),
            (None, "") => self.fail(
                "There is no recipe",
                "this model was not made here, and has no files",
            ),
            (_, text) => self.reopen_recipe(&model.name, text),
        }
    }

    /// How recipes name a model of the study: by its path, or by name if it has no files.
    pub fn reference(&self, id: ModelId) -> Option<ModelRef> {
        let model = self.study().doc().model(id)?;
        let path = match &model.path {
            Some(path) => path.to_string_lossy().into_owned(),
            None if model.published.is_empty() => model.name.clone(),
            None => model.published.clone(),
        };
        let base = model
            .base
            .and_then(|base| self.study().doc().model(base)?.path.clone());
        let is_adapter = self
            .files(id)
            .checkpoint()
            .is_some_and(|c| c.adapter().is_some());
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
        let models = &self.study().doc().models;
        let known = models.iter().map(|m| m.id);
        known
            .into_iter()
            .find(|&id| self.reference(id).as_ref() == Some(reference))
    }

    /// The composition of a draft; `None` while its text has a mistake.
    pub fn composition(draft: &Draft) -> Option<Composition> {
        let loose: Vec<ModelRef> = draft
            .sheet
            .loose
            .iter()
            .map(|text| ModelRef::parse(text).unwrap_or_else(|_| ModelRef::at(text.clone())))
            .collect();
        Composition::read(&draft.sheet.text, &loose)
    }

    /// Puts a changed composition into a draft; nodes stay where they are.
    pub fn write_draft(
        &mut self,
        id: DraftId,
        composition: &Composition,
        title: &str,
        join: Option<String>,
    ) {
        let Some(draft) = self.study().doc().draft(id) else {
            return;
        };
        let text = match composition.to_text() {
            Ok(text) => text,
            Err(sentence) => return self.fail("The recipe could not be written", sentence),
        };
        let sheet = Sheet {
            text,
            loose: composition.loose.iter().map(ToString::to_string).collect(),
            places: draft.sheet.places.clone(),
        };
        self.apply(Command::Draft(DraftEdit::Write {
            id,
            sheet,
            title: title.to_owned(),
            join,
        }));
    }
}
