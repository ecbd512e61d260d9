//! Merges that are being composed: a recipe's text, and where its nodes lie on the canvas.
//!
//! The text is the truth. It may hold a mistake while somebody types; it is kept all the same.

use serde::{Deserialize, Serialize};

use super::doc::StudyDoc;

/// Names one draft of a study for good.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct DraftId(pub u32);

/// A merge that is being composed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Draft {
    /// Its id.
    pub id: DraftId,
    /// What the child will be called, unless the user says otherwise when it is written.
    pub name: String,
    /// What is on the canvas.
    #[serde(flatten)]
    pub sheet: Sheet,
}

/// What is on the canvas of a draft.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sheet {
    /// The recipe, in mergekit's YAML. Paths of the study's models are absolute.
    pub text: String,
    /// Models on the canvas that no merge takes, as recipes name them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub loose: Vec<String>,
    /// Where nodes lie, by their key; a node without a place gets one from the layout.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<(String, [f32; 2])>,
}

/// A change of the drafts.
#[derive(Clone, Debug, PartialEq)]
pub enum DraftEdit {
    /// Begin one, and show it.
    New(String, Sheet),
    /// Throw one away.
    Remove(DraftId),
    /// Call one otherwise.
    Rename(DraftId, String),
    /// Put another sheet in place of the one there is.
    Write {
        /// Of which draft.
        id: DraftId,
        /// What it is now.
        sheet: Sheet,
        /// What was done, for the history: `Connect models`.
        title: String,
        /// Edits with the same key that follow each other are one step of undo.
        join: Option<String>,
    },
}

impl DraftEdit {
    pub(super) fn title(&self) -> String {
        match self {
            Self::New(..) => "New merge".to_owned(),
            Self::Remove(_) => "Remove merge".to_owned(),
            Self::Rename(..) => "Rename merge".to_owned(),
            Self::Write { title, .. } => title.clone(),
        }
    }

    pub(super) fn join_key(&self) -> Option<String> {
        match self {
            Self::Rename(id, _) => Some(format!("draft name {}", id.0)),
            Self::Write { id, join, .. } => join.as_ref().map(|key| format!("{} {key}", id.0)),
            _ => None,
        }
    }

    pub(super) fn apply(self, doc: &mut StudyDoc) {
        match self {
            Self::New(name, sheet) => {
                let id = DraftId(doc.next_draft);
                doc.next_draft += 1;
                doc.drafts.push(Draft { id, name, sheet });
                doc.view.draft = Some(id);
            }
            Self::Remove(id) => doc.drafts.retain(|draft| draft.id != id),
            Self::Rename(id, name) => {
                if let Some(draft) = doc.draft_mut(id) {
                    draft.name = name;
                }
            }
            Self::Write { id, sheet, .. } => {
                if let Some(draft) = doc.draft_mut(id) {
                    draft.sheet = sheet;
                }
            }
        }
    }
}

impl StudyDoc {
    /// The draft of an id.
    pub fn draft(&self, id: DraftId) -> Option<&Draft> {
        self.drafts.iter().find(|draft| draft.id == id)
    }

    /// The draft on the canvas: the chosen one, or the last.
    pub fn shown_draft(&self) -> Option<&Draft> {
        let chosen = self.view.draft.and_then(|id| self.draft(id));
        chosen.or_else(|| self.drafts.last())
    }

    fn draft_mut(&mut self, id: DraftId) -> Option<&mut Draft> {
        self.drafts.iter_mut().find(|draft| draft.id == id)
    }
}
