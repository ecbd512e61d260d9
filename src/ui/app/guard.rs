//! What happens to the window when a bug or a signal would have ended it: the study is saved,
//! and where the program can go on, the user says how.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use eframe::egui::{Context, Ui, ViewportCommand};

use super::App;
use super::pick::Purpose;
use crate::ui::action::View;
use crate::ui::trouble::{Caught, Doing, Saved, Trouble, Way, guarded};
use crate::workbench::NoticeKind;

/// What a test has called in the midst of a frame.
#[derive(Clone, Copy, Default)]
pub(super) struct Probes {
    drawing: Option<fn()>,
    working: Option<fn()>,
}

impl Probes {
    pub(super) fn drawing(self) {
        self.drawing.into_iter().for_each(|called| called());
    }

    pub(super) fn working(self) {
        self.working.into_iter().for_each(|called| called());
    }
}

impl App {
    /// From here on the window saves and closes, without a question, once `signal` is set: the
    /// system asked the program to end, or a user at a terminal did.
    pub fn end_on(&mut self, signal: Arc<AtomicBool>) {
        self.signal = signal;
    }

    /// Calls these while a frame is drawn and before it, for tests of what a bug there does.
    #[doc(hidden)]
    pub fn call_in_frames(&mut self, drawing: Option<fn()>, working: Option<fn()>) {
        self.probes = Probes { drawing, working };
    }

    /// Whether the program was asked to end by a signal; then it is on its way out.
    pub(super) fn ends_by_signal(&mut self, ctx: &Context) -> bool {
        if !self.signal.load(Ordering::Relaxed) {
            return false;
        }
        if !self.is_ending {
            self.is_ending = true;
            // Here as well as on the way out, which may take its time to end programs.
            guarded(|| self.bench.save_if_changed()).ok();
            ctx.send_viewport_cmd(ViewportCommand::Close);
        }
        true
    }

    pub(super) fn stop_at(&mut self, caught: &Caught, doing: Doing, ctx: &Context) {
        let saved = guarded(|| self.save_now()).unwrap_or_else(|again| Saved::Not(again.message));
        self.actions.clear();
        self.trouble = Some(Trouble::new(caught, doing, saved));
        if doing != Doing::Working {
            // The page is drawn in another pass; what there is of the view is never seen.
            ctx.request_discard("a bug stopped the drawing of this frame");
        }
        ctx.request_repaint();
    }

    /// Commands change a copy of the document, so what there is to save is always whole.
    fn save_now(&mut self) -> Saved {
        let Some(path) = self.bench.path() else {
            return Saved::NoStudy;
        };
        let path = path.display().to_string();
        self.bench.save_if_changed();
        let mut told = self.bench.take_notices().into_iter();
        let why = told.rfind(|notice| notice.kind == NoticeKind::Failed);
        match (self.bench.save_failed(), why) {
            (false, _) => Saved::At(path),
            (true, Some(notice)) => Saved::Not(notice.detail),
            (true, None) => Saved::Not(path),
        }
    }

    /// Everything between two frames while the page is shown: no job is heard and no command
    /// carried out.
    pub(super) fn wait_in_trouble(&mut self, ctx: &Context) {
        let Some(picked) = self.picker.ui(ctx) else {
            return;
        };
        if !picked.paths.is_empty() {
            self.on_picked(picked);
            let saved = self.save_now();
            if let Some(trouble) = &mut self.trouble {
                trouble.saved = saved;
            }
        }
    }

    /// Draws the page. A bug in here ends the program: there is nothing left to show it on.
    pub(super) fn trouble_ui(&mut self, ui: &mut Ui) {
        let Some(trouble) = &mut self.trouble else {
            return;
        };
        match trouble.ui(ui) {
            None => return,
            Some(Way::Back) => self.go_back(ui.ctx()),
            Some(Way::SaveAs) => self.ask(Purpose::SaveStudy, ui.ctx()),
            Some(Way::Copy) => {
                ui.ctx().copy_text(trouble.report.clone());
                trouble.is_copied = true;
            }
            Some(Way::Quit) => ui.ctx().send_viewport_cmd(ViewportCommand::Close),
        }
        ui.ctx().request_repaint();
    }

    /// Back to the window: to another view, and with nothing left of what the views kept.
    fn go_back(&mut self, ctx: &Context) {
        let Some(trouble) = self.trouble.take() else {
            return;
        };
        self.forget_views();
        ctx.data_mut(|kept| kept.clear());
        self.prefs.view = match trouble.doing {
            Doing::Drawing(Some(view)) if view != View::Models && self.bench.is_open() => {
                View::Models
            }
            Doing::Drawing(_) => View::Settings,
            Doing::Working => self.prefs.view,
        };
        if trouble.doing == Doing::Working && matches!(trouble.saved, Saved::At(_)) {
            self.reopen();
        }
    }

    /// What was taken in when the bug struck is lost: jobs are ended, and the study is read as
    /// it was saved.
    fn reopen(&mut self) {
        if let Some(path) = self.bench.path().map(Path::to_owned) {
            let opened = guarded(|| self.bench.open_study(&path));
            if let Err(caught) = opened {
                log::warn!("the study could not be opened again: {}", caught.message);
            }
        }
    }
}
