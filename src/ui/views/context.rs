//! What every part of a view is drawn with.

use std::cell::RefCell;

use crate::study::StudyDoc;
use crate::ui::action::Action;
use crate::workbench::Workbench;

/// The workbench that is shown, and what is asked for while it is drawn.
pub struct ViewContext<'a> {
    pub bench: &'a Workbench,
    pub(super) asked: RefCell<Vec<Action>>,
}

impl<'a> ViewContext<'a> {
    /// Draws by `part`; what it asks for goes to `actions`.
    pub fn draw<R>(
        bench: &'a Workbench,
        actions: &mut Vec<Action>,
        part: impl FnOnce(&Self) -> R,
    ) -> R {
        let asked = RefCell::default();
        let context = Self { bench, asked };
        let drawn = part(&context);
        actions.append(&mut context.asked.into_inner());
        drawn
    }

    pub fn push(&self, action: impl Into<Action>) {
        self.asked.borrow_mut().push(action.into());
    }

    pub fn doc(&self) -> &'a StudyDoc {
        self.bench.study().doc()
    }
}
