//! Changes of the evolutions, by the user and by the run itself.

use super::doc::StudyDoc;
use super::evolution::{Evaluator, Evolution, Setup};
use super::id::{EvolutionId, ModelId};
use super::model_edit::{NewChild, add_child};
use super::record::{PairRecord, Score, Step};
use super::record_edit::put_score;
use crate::lineage::evolution::Ended;
use crate::text;

#[derive(Clone, Debug, PartialEq)]
pub enum EvolutionEdit {
    SetEvaluator(Evaluator),
    /// Put one in; it gets an id, and a number behind its name if that is taken.
    Add(Box<Evolution>),
    Change(EvolutionId, Box<Setup>),
    Rename(EvolutionId, String),
    Note(EvolutionId, String),
    /// Take one out; its models stay, without their places in it.
    Remove(EvolutionId),
    /// Give one the token that its children's folders will carry, unless it has one.
    Sign(EvolutionId, String),
    /// Put the founders into generation 0.
    Begin(EvolutionId),
    AddChild(Box<ChildAdded>),
    Score(Box<Evaluation>),
    /// Say that one has ended, and why; `None` lets it go on.
    End(EvolutionId, Option<Ended>),
    /// The files of models were removed; what was known of their kinship is written down.
    Forget(Vec<ModelId>, Vec<PairRecord>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct ChildAdded {
    pub evolution: EvolutionId,
    pub step: Step,
    pub child: Child,
    pub seconds: f64,
}

/// What a birth puts in.
#[derive(Clone, Debug, PartialEq)]
pub enum Child {
    New(NewChild),
    /// One that another run has made from the same parents by the same recipe.
    Known(ModelId),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    pub model: ModelId,
    /// On what; the scores of other tasks stay.
    pub scores: Vec<Score>,
    pub evolution: Option<EvolutionId>,
    pub seconds: f64,
}

impl EvolutionEdit {
    /// What the history calls this edit.
    pub(super) fn title(&self) -> String {
        match self {
            Self::SetEvaluator(_) => "Set evaluator".to_owned(),
            Self::Add(evolution) => format!("Add evolution {}", evolution.name),
            Self::Change(..) => "Set up evolution".to_owned(),
            Self::Rename(..) => "Rename evolution".to_owned(),
            Self::Note(..) => "Edit note".to_owned(),
            Self::Remove(_) => "Remove evolution".to_owned(),
            Self::Score(evaluation) if evaluation.evolution.is_none() => {
                "Evaluate model".to_owned()
            }
            _ => "Run evolution".to_owned(),
        }
    }

    /// Edits with the same key that follow each other are one step of undo: what a run does
    /// is taken back as a whole.
    pub(super) fn join_key(&self) -> Option<String> {
        let run = |id: &EvolutionId| Some(format!("evolution {}", id.0));
        match self {
            Self::Change(id, _) => Some(format!("evolution setup {}", id.0)),
            Self::Rename(id, _) => Some(format!("evolution name {}", id.0)),
            Self::Note(id, _) => Some(format!("evolution note {}", id.0)),
            Self::SetEvaluator(_) => Some("evaluator".to_owned()),
            Self::Sign(id, _) | Self::Begin(id) | Self::End(id, _) => run(id),
            Self::AddChild(birth) => run(&birth.evolution),
            Self::Score(evaluation) => evaluation.evolution.as_ref().and_then(run),
            Self::Add(_) | Self::Remove(_) | Self::Forget(..) => None,
        }
    }

    pub(super) fn apply(self, doc: &mut StudyDoc) {
        match self {
            Self::SetEvaluator(evaluator) => doc.evaluator = evaluator,
            Self::Add(evolution) => add(doc, *evolution),
            Self::Change(id, setup) => with(doc, id, |e| e.setup = *setup),
            Self::Rename(id, name) => rename(doc, id, &name),
            Self::Note(id, note) => with(doc, id, |e| e.note = note),
            Self::Remove(id) => remove(doc, id),
            Self::Sign(id, token) => with(doc, id, |e| sign(e, token)),
            Self::Begin(id) => begin(doc, id),
            Self::AddChild(birth) => bear(doc, *birth),
            Self::Score(evaluation) => score(doc, *evaluation),
            Self::End(id, ended) => with(doc, id, |e| e.ended = ended),
            Self::Forget(models, pairs) => forget(doc, &models, pairs),
        }
    }
}

fn with(doc: &mut StudyDoc, id: EvolutionId, change: impl FnOnce(&mut Evolution)) {
    if let Some(evolution) = doc.evolutions.iter_mut().find(|e| e.id == id) {
        change(evolution);
    }
}

fn add(doc: &mut StudyDoc, evolution: Evolution) {
    let id = EvolutionId(doc.next_evolution);
    doc.next_evolution += 1;
    let name = doc.free_run_name(&evolution.name);
    let colour = doc.free_run_colour();
    doc.evolutions.push(Evolution {
        id,
        name,
        colour,
        token: String::new(),
        ..evolution
    });
}

fn sign(evolution: &mut Evolution, token: String) {
    if evolution.token.is_empty() {
        evolution.token = token;
    }
}

fn rename(doc: &mut StudyDoc, id: EvolutionId, name: &str) {
    let Some(old) = doc.evolution(id).map(|e| e.name.clone()) else {
        return;
    };
    if name.is_empty() || (name != old && doc.free_run_name(name) != name) {
        return;
    }
    for step in doc.models.iter_mut().flat_map(|m| &mut m.steps) {
        if step.run == old {
            name.clone_into(&mut step.run);
        }
    }
    with(doc, id, |e| name.clone_into(&mut e.name));
}

fn remove(doc: &mut StudyDoc, id: EvolutionId) {
    let Some(name) = doc.evolution(id).map(|e| e.name.clone()) else {
        return;
    };
    for model in &mut doc.models {
        model.steps.retain(|step| step.run != name);
    }
    doc.evolutions.retain(|e| e.id != id);
}

fn begin(doc: &mut StudyDoc, id: EvolutionId) {
    let Some(evolution) = doc.evolution(id).cloned() else {
        return;
    };
    for (k, founder) in evolution.setup.founders.iter().enumerate() {
        let step = Step {
            run: evolution.name.clone(),
            number: k as u32 + 1,
            ..Step::default()
        };
        join(doc, *founder, step);
    }
}

/// Puts a model into a run, unless it is there.
fn join(doc: &mut StudyDoc, id: ModelId, step: Step) {
    doc.with(id, |model| {
        if model.step(&step.run).is_none() {
            model.steps.push(step);
        }
    });
}

fn bear(doc: &mut StudyDoc, birth: ChildAdded) {
    let id = match birth.child {
        Child::Known(id) => id,
        Child::New(child) => add_child(doc, child),
    };
    join(doc, id, birth.step);
    with(doc, birth.evolution, |e| e.seconds += birth.seconds);
}

fn score(doc: &mut StudyDoc, evaluation: Evaluation) {
    for score in evaluation.scores {
        doc.with(evaluation.model, |model| put_score(model, score));
    }
    if let Some(id) = evaluation.evolution {
        with(doc, id, |e| {
            e.evaluations = e.evaluations.saturating_add(1);
            e.seconds += evaluation.seconds;
        });
    }
}

fn forget(doc: &mut StudyDoc, models: &[ModelId], pairs: Vec<PairRecord>) {
    for &id in models {
        doc.with(id, |model| model.path = None);
    }
    for pair in pairs {
        let [a, b] = pair.models;
        let same = |p: &PairRecord| p.models == [a, b] || p.models == [b, a];
        if !doc.pairs.iter().any(same) {
            doc.pairs.push(pair);
        }
    }
}

impl StudyDoc {
    /// `wanted`, with a number behind it if a run is already called so.
    pub fn free_run_name(&self, wanted: &str) -> String {
        let of_models = self.models.iter().flat_map(|m| &m.steps).map(|s| &s.run);
        let of_evolutions = self.evolutions.iter().map(|e| &e.name);
        let taken: Vec<&String> = of_models.chain(of_evolutions).collect();
        text::free_name(wanted, " ", |name| taken.iter().any(|own| *own == name))
    }

    /// A model that was made from these parents by this recipe.
    pub fn made_by(&self, parents: &[ModelId], recipe: &str) -> Option<ModelId> {
        let same = |m: &&super::Model| m.parents == parents && m.origin.recipe == recipe;
        self.models.iter().find(same).map(|m| m.id)
    }
}
