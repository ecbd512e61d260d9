//! Messages that offer to undo what they tell of, for as long as that is the last change.

use super::App;
use crate::study::Command;
use crate::ui::action::Action;
use crate::ui::widgets::toast::ToastKind;
use crate::workbench::{Notice, NoticeKind, Workbench};

/// How far a study's history has come.
#[derive(PartialEq)]
pub(super) struct Past {
    session: u64,
    steps: usize,
    last: Option<String>,
}

impl Past {
    fn of(bench: &Workbench) -> Self {
        let history = bench.study().history();
        Self {
            session: bench.session_number(),
            steps: history.steps(),
            last: history.undo_title().map(str::to_owned),
        }
    }
}

impl App {
    pub(super) fn show_notice(&mut self, notice: Notice) {
        let kind = match notice.kind {
            NoticeKind::Done | NoticeKind::Changed => ToastKind::Done,
            NoticeKind::Note => ToastKind::Note,
            NoticeKind::Failed => ToastKind::Failed,
            NoticeKind::Over => return self.toasts.withdraw(&notice.title),
        };
        let number = self.toasts.push(kind, notice.title, notice.detail);
        if notice.kind == NoticeKind::Changed {
            self.toasts.offer(number, "Undo");
            self.undoable = Some((number, Past::of(&self.bench)));
        }
    }

    /// Takes the offer back to undo what is no longer the last change.
    pub(super) fn keep_offer(&mut self) {
        let is_over = |(_, past): &mut (u64, Past)| *past != Past::of(&self.bench);
        if let Some((number, _)) = self.undoable.take_if(is_over) {
            self.toasts.take_offer_back(number);
        }
    }

    /// Does what was offered in a message.
    pub(super) fn take_offer(&mut self, number: u64) {
        if self
            .undoable
            .as_ref()
            .is_some_and(|(own, _)| *own == number)
        {
            self.actions.push(Action::Study(Command::Undo));
        }
    }
}
