//! What writing would make, looked at before it is begun: how large the result is, and what is
//! in the way. It is asked for while the user still chooses, and the answer is kept beside what
//! it was asked of.

use std::sync::Arc;

use super::Workbench;
use super::limits::memory_note;
use super::queue::Queue;
use super::writing::{WriteOrder, planned, without_options};
use crate::checkpoint::Checkpoint;
use crate::jobs::Failure;
use crate::merge::plan::Cost;
use crate::merge::recipe::parse;
use crate::merge::run::{GgufOptions, missing_companions};
use crate::merge::write::folder;
use crate::text::sentence_case;

/// What would come of an order.
#[derive(Clone, Debug, PartialEq)]
pub struct WriteCheck {
    /// Bytes of the weights that are written.
    pub bytes: u64,
    pub cost: Cost,
    /// How a GGUF file is made.
    pub gguf: Option<GgufOptions>,
    /// Whether a model that this program has made lies there, and would be replaced.
    pub replaces: bool,
    /// What the user should know, as sentences.
    pub notes: Vec<String>,
}

/// An order with the files that are open already.
#[derive(Clone)]
pub(super) struct CheckRequest {
    order: WriteOrder,
    opened: Vec<Arc<Checkpoint>>,
}

impl PartialEq for CheckRequest {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
            && self.opened.len() == other.opened.len()
            && (self.opened.iter().zip(&other.opened)).all(|(a, b)| Arc::ptr_eq(a, b))
    }
}

pub(super) type WriteChecks = Queue<CheckRequest, Result<WriteCheck, String>>;

impl Workbench {
    /// Looks at what an order would make, unless that is known or on its way.
    pub fn check_write(&mut self, order: WriteOrder) {
        let opened = self.session.models.values();
        let request = CheckRequest {
            order,
            opened: opened
                .filter_map(|files| files.checkpoint().cloned())
                .collect(),
        };
        self.session.write_checks.want_only(request);
        self.work_on(
            "Looking at what would be written",
            |own| &mut own.write_checks,
            |request, _| Ok(check(request)),
        );
    }

    /// What an order would make, or the sentence that says why nothing; `None` until that is
    /// known.
    pub fn write_check(&self, order: &WriteOrder) -> Option<&Result<WriteCheck, String>> {
        let (of, answer) = self.session.write_checks.answer()?;
        (of.order == *order).then_some(answer)
    }

    /// Forgets what was known: something may lie there by now.
    pub fn forget_write_check(&mut self) {
        self.session.write_checks.forget_answer();
    }
}

fn check(request: &CheckRequest) -> Result<WriteCheck, String> {
    let WriteOrder { text, out, gguf } = &request.order;
    let replaces = folder::may_replace(out);
    let plan = planned(&parse(text), out, replaces, &request.opened);
    let plan = plan.map_err(|failure| match failure {
        Failure::Failed(sentence) => sentence,
        Failure::Cancelled => String::new(),
    })?;
    let gguf = gguf.options(&plan, out);
    let gguf = gguf.map_err(|e| sentence_case(&without_options(&e)))?;
    let mut notes: Vec<String> = plan.problems.iter().map(|p| p.headline()).collect();
    notes.extend(memory_note(&plan.cost));
    if gguf.is_none() {
        notes.extend(missing_companions(&plan).map(sentence_case));
    }
    Ok(WriteCheck {
        bytes: (gguf.as_ref()).map_or(plan.cost.bytes_written, |gguf| gguf.bytes),
        cost: plan.cost,
        gguf,
        replaces,
        notes,
    })
}
