//! Undo is a clone: the past is a list of documents, each with the name of the edit after it.

use super::doc::StudyDoc;

const MOST: usize = 200;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    past: Vec<Step>,
    future: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq)]
struct Step {
    doc: StudyDoc,
    title: String,
    join: Option<String>,
}

impl History {
    pub fn undo_title(&self) -> Option<&str> {
        self.past.last().map(|step| step.title.as_str())
    }

    /// How many steps can be undone.
    pub fn steps(&self) -> usize {
        self.past.len()
    }

    pub fn redo_title(&self) -> Option<&str> {
        self.future.last().map(|step| step.title.as_str())
    }

    pub(super) fn record(&mut self, before: StudyDoc, title: String, join: Option<String>) {
        self.future.clear();
        let joins = join.is_some() && self.past.last().is_some_and(|last| last.join == join);
        if joins {
            return;
        }
        let doc = before;
        self.past.push(Step { doc, title, join });
        if self.past.len() > MOST {
            self.past.remove(0);
        }
    }

    pub(super) fn undo(&mut self, doc: &mut StudyDoc) {
        swap(&mut self.past, &mut self.future, doc);
    }

    pub(super) fn redo(&mut self, doc: &mut StudyDoc) {
        swap(&mut self.future, &mut self.past, doc);
    }
}

/// Goes one step from one list to the other; how the study is looked at stays as it is.
fn swap(from: &mut Vec<Step>, to: &mut Vec<Step>, doc: &mut StudyDoc) {
    if let Some(step) = from.pop() {
        let view = doc.view.clone();
        let left = std::mem::replace(doc, StudyDoc { view, ..step.doc });
        to.push(Step {
            doc: left,
            title: step.title,
            join: None,
        });
    }
}
