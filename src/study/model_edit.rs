//! Changes of the models themselves: added, renamed, related, taken out.

use std::path::PathBuf;

use super::doc::{Model, StudyDoc};
use super::id::ModelId;
use super::record::{Origin, PredictedKinship, Score};
use super::record_edit::put_score;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewModel {
    /// Its name; a number is added if it is taken.
    pub name: String,
    pub path: Option<PathBuf>,
    pub base: Option<BaseRef>,
}

/// A base that may be added in the same step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BaseRef {
    Known(ModelId),
    /// The n-th of the models added together.
    Added(usize),
}

/// The child of a merge, to be added.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewChild {
    /// Its name; a number is added if it is taken.
    pub name: String,
    pub path: PathBuf,
    pub base: Option<ModelId>,
    pub parents: Vec<ModelId>,
    pub method: String,
    /// The recipe, in mergekit's YAML.
    pub recipe: String,
    pub predicted: Vec<PredictedKinship>,
    pub note: String,
}

/// A child with its scores; its files may be gone.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoredChild {
    pub child: NewChild,
    pub has_files: bool,
    pub scores: Vec<Score>,
}

/// What a model was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descent {
    pub child: ModelId,
    pub parents: Vec<ModelId>,
    /// What it descends from; `None` leaves that as it is.
    pub base: Option<ModelId>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ModelEdit {
    /// Put models in, and select them.
    Add(Vec<NewModel>),
    /// Put in what a merge has made, and select it.
    AddChild(Box<NewChild>),
    /// Put in what a sweep has made and scored.
    AddScored(Vec<ScoredChild>),
    /// Take models out; their files stay.
    Remove(Vec<ModelId>),
    Rename(ModelId, String),
    Note(ModelId, String),
    /// Say what models descend from.
    SetBase(Vec<ModelId>, Option<ModelId>),
    SetParents(ModelId, Vec<ModelId>),
    /// Say what several models were made from, and what they descend from.
    Descend(Vec<Descent>),
    /// Say where a model's checkpoint lies now.
    Relocate(ModelId, PathBuf),
    /// Leave models out of the matrix.
    Hide(Vec<ModelId>),
    /// Put models back into the matrix.
    Unhide(Vec<ModelId>),
}

impl ModelEdit {
    pub(super) fn title(&self) -> String {
        let count = |n: usize, verb: &str| match n {
            1 => format!("{verb} model"),
            n => format!("{verb} {n} models"),
        };
        match self {
            Self::Add(models) => count(models.len(), "Add"),
            Self::AddChild(child) => format!("Add {}", child.name),
            Self::AddScored(children) => count(children.len(), "Add"),
            Self::Remove(ids) => count(ids.len(), "Remove"),
            Self::Rename(..) => "Rename model".to_owned(),
            Self::Note(..) => "Edit note".to_owned(),
            Self::SetBase(..) => "Set base".to_owned(),
            Self::SetParents(..) => "Set parents".to_owned(),
            Self::Descend(descents) => match descents.len() {
                1 => "Accept proposed parents".to_owned(),
                n => format!("Accept proposed parents of {n} models"),
            },
            Self::Relocate(..) => "Find model again".to_owned(),
            Self::Hide(ids) => count(ids.len(), "Hide"),
            Self::Unhide(ids) => count(ids.len(), "Show"),
        }
    }

    /// Edits with the same key that follow each other are one step of undo.
    pub(super) fn join_key(&self) -> Option<String> {
        match self {
            Self::Rename(id, _) => Some(format!("rename {}", id.0)),
            Self::Note(id, _) => Some(format!("note {}", id.0)),
            _ => None,
        }
    }

    pub(super) fn apply(self, doc: &mut StudyDoc) {
        match self {
            Self::Add(models) => add(doc, models),
            Self::AddChild(child) => {
                add_child(doc, *child);
            }
            Self::AddScored(children) => {
                children.into_iter().for_each(|own| add_scored(doc, own));
            }
            Self::Remove(ids) => remove(doc, &ids),
            Self::Rename(id, name) => doc.with(id, |m| m.name = name),
            Self::Note(id, note) => doc.with(id, |m| m.note = note),
            Self::SetBase(ids, base) => set_base(doc, &ids, base),
            Self::SetParents(id, parents) => {
                doc.with(id, |m| {
                    m.parents = parents.into_iter().filter(|&p| p != id).collect();
                });
            }
            Self::Descend(descents) => descents.into_iter().for_each(|own| descend(doc, own)),
            Self::Relocate(id, path) => doc.with(id, |m| m.path = Some(path)),
            Self::Hide(ids) => ids
                .into_iter()
                .for_each(|id| doc.with(id, |m| m.is_hidden = true)),
            Self::Unhide(ids) => {
                ids.into_iter()
                    .for_each(|id| doc.with(id, |m| m.is_hidden = false));
            }
        }
    }
}

fn add(doc: &mut StudyDoc, models: Vec<NewModel>) {
    let first = doc.next_id;
    for new in models {
        let base = new.base.map(|base| match base {
            BaseRef::Known(id) => id,
            BaseRef::Added(n) => ModelId(first + n as u32),
        });
        doc.add(Model {
            name: doc.free_name(&new.name),
            path: new.path,
            base: base.filter(|base| base.0 != doc.next_id),
            ..Model::default()
        });
    }
}

pub(super) fn add_child(doc: &mut StudyDoc, child: NewChild) -> ModelId {
    doc.add(Model {
        name: doc.free_name(&child.name),
        path: Some(child.path),
        base: child.base,
        parents: child.parents,
        note: child.note,
        origin: Origin {
            method: child.method,
            recipe: child.recipe,
            predicted: child.predicted,
            ..Origin::default()
        },
        ..Model::default()
    })
}

fn add_scored(doc: &mut StudyDoc, own: ScoredChild) {
    let id = add_child(doc, own.child);
    doc.with(id, |model| {
        model.path.take_if(|_| !own.has_files);
        own.scores.into_iter().for_each(|s| put_score(model, s));
    });
}

fn remove(doc: &mut StudyDoc, ids: &[ModelId]) {
    doc.models.retain(|m| !ids.contains(&m.id));
    for evolution in &mut doc.evolutions {
        evolution.setup.founders.retain(|id| !ids.contains(id));
    }
    doc.pairs
        .retain(|p| !p.models.iter().any(|id| ids.contains(id)));
    for model in &mut doc.models {
        model.base = model.base.filter(|b| !ids.contains(b));
        let before = model.parents.len();
        model.parents.retain(|p| !ids.contains(p));
        model.origin.predicted.retain(|f| !ids.contains(&f.model));
        // It stays a merge, and its gain over those that are left would be another.
        model.origin.unnamed_parents |= before > 1 && model.parents.len() < before;
    }
}

fn descend(doc: &mut StudyDoc, descent: Descent) {
    let Descent {
        child,
        parents,
        base,
    } = descent;
    doc.with(child, |model| {
        model.parents = parents
            .into_iter()
            .filter(|&parent| parent != child)
            .collect();
        model.origin.unnamed_parents = false;
    });
    if base.is_some() {
        set_base(doc, &[child], base);
    }
}

/// A base has no base of its own: task vectors are taken in one step.
fn set_base(doc: &mut StudyDoc, ids: &[ModelId], base: Option<ModelId>) {
    for &id in ids.iter().filter(|&&id| Some(id) != base) {
        doc.with(id, |m| m.base = base);
    }
    if let Some(base) = base {
        doc.with(base, |m| m.base = None);
    }
}
