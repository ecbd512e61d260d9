//! Changes of the drafts.

use super::doc::StudyDoc;
use super::draft::{Draft, DraftContent};
use super::id::DraftId;

/// A change of the drafts.
#[derive(Clone, Debug, PartialEq)]
pub enum DraftEdit {
    New(String, DraftContent),
    Remove(DraftId),
    Rename(DraftId, String),
    /// Put another sheet in place of the one there is.
    Write {
        id: DraftId,
        sheet: DraftContent,
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
            Self::Rename(id, name) => with(doc, id, |draft| draft.name = name),
            Self::Write { id, sheet, .. } => with(doc, id, |draft| draft.sheet = sheet),
        }
    }
}

fn with(doc: &mut StudyDoc, id: DraftId, change: impl FnOnce(&mut Draft)) {
    if let Some(draft) = doc.drafts.iter_mut().find(|draft| draft.id == id) {
        change(draft);
    }
}
