//! Asking for files and folders: by the desktop's own dialog, or by one inside the window.
//!
//! The desktop's dialog may be missing without a word (no portal, no zenity), or never answer.
//! So it is asked on a thread of its own while the window stays alive, an answer of "nothing"
//! within a blink is taken for "could not open", and the user can always go over to the built-in
//! dialog. Tests hand in a [`Scripted`] picker. The only part of the window with a thread.

mod in_app;
mod native;
mod request;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use eframe::egui::{Align2, Area, Context, Frame, Id, Order, vec2};

use super::theme::{self, space};
use crate::ui::ext::modal;
pub use in_app::InApp;
use native::Answer;
pub use request::{AskDesktop, FilePicker, Filter, PickKind, PickRequest, Picked};

/// Picks what a test has laid ready; cancels when nothing is left.
#[derive(Debug, Default)]
pub struct Scripted {
    answers: VecDeque<Vec<PathBuf>>,
    open: Option<PickRequest>,
}

impl Scripted {
    pub fn new(answers: impl IntoIterator<Item = Vec<PathBuf>>) -> Self {
        Self {
            answers: answers.into_iter().collect(),
            open: None,
        }
    }
}

impl FilePicker for Scripted {
    fn start(&mut self, request: PickRequest, _ctx: &Context) {
        self.open = Some(request);
    }

    fn ui(&mut self, _ctx: &Context) -> Option<Picked> {
        let request = self.open.take()?;
        Some(Picked {
            request,
            paths: self.answers.pop_front().unwrap_or_default(),
        })
    }

    fn is_open(&self) -> bool {
        self.open.is_some()
    }
}

/// "Nothing" sooner than this is not a person's answer.
const BLINK: Duration = Duration::from_millis(100);

const NO_DESKTOP_DIALOG: &str = "The desktop has no file dialog to offer; this is the built-in one";

/// The desktop's dialog where there is one, else the built-in one.
#[derive(Default)]
pub struct Desktop {
    ask: Option<AskDesktop>,
    waiting: Option<native::Waiting>,
    in_app: InApp,
    notice: Option<&'static str>,
}

impl Desktop {
    pub fn new() -> Self {
        let ask: AskDesktop = Arc::new(native::ask);
        Self {
            ask: native::is_there().then_some(ask),
            ..Self::default()
        }
    }

    /// Asks in a given way, for tests and unusual desktops.
    pub fn with_ask(ask: AskDesktop) -> Self {
        Self {
            ask: Some(ask),
            ..Self::default()
        }
    }

    fn start_in_app(&mut self, request: PickRequest, ctx: &Context, notice: Option<&'static str>) {
        self.waiting = None;
        self.notice = notice;
        self.in_app.start(request, ctx);
    }

    fn answer(&mut self, answer: Answer, ctx: &Context) -> Option<Picked> {
        let request = self.waiting.take()?.request;
        match answer {
            Answer { paths: None, after } if after < BLINK => {
                self.start_in_app(request, ctx, Some(NO_DESKTOP_DIALOG));
                None
            }
            Answer { paths, .. } => Some(Picked {
                request,
                paths: paths.unwrap_or_default(),
            }),
        }
    }
}

impl FilePicker for Desktop {
    fn start(&mut self, request: PickRequest, ctx: &Context) {
        let ask = self.ask.clone();
        match ask.map(|ask| native::Waiting::start(&request, ask, ctx)) {
            Some(Ok(waiting)) => self.waiting = Some(waiting),
            Some(Err(_)) | None => self.start_in_app(request, ctx, Some(NO_DESKTOP_DIALOG)),
        }
    }

    fn ui(&mut self, ctx: &Context) -> Option<Picked> {
        if let Some(answer) = self.waiting.as_ref().and_then(native::Waiting::poll) {
            return self.answer(answer, ctx);
        }
        if let Some(waiting) = &self.waiting {
            let request = waiting.request.clone();
            match waiting_ui(ctx, &request)? {
                Escape::BuiltIn => self.start_in_app(request, ctx, None),
                Escape::Cancel => {
                    self.waiting = None;
                    return Some(Picked {
                        request,
                        paths: Vec::new(),
                    });
                }
            }
        }
        if let (Some(notice), true) = (self.notice, self.in_app.is_open()) {
            notice_ui(ctx, notice);
        }
        self.in_app.ui(ctx)
    }

    fn is_open(&self) -> bool {
        self.waiting.is_some() || self.in_app.is_open()
    }
}

enum Escape {
    BuiltIn,
    Cancel,
}

/// Says what is waited for; a portal that never answers must not trap the user.
fn waiting_ui(ctx: &Context, request: &PickRequest) -> Option<Escape> {
    let shown = modal(ctx, "waiting for the desktop", space::L).show(ctx, |ui| {
        ui.set_width(380.0);
        ui.label(theme::strong(&request.title));
        ui.weak("Waiting for the desktop's dialog. If none has appeared, use the built-in one.");
        ui.add_space(space::S);
        ui.horizontal(|ui| {
            let built_in = ui.button("Use the built-in dialog instead").clicked();
            let cancel = ui.button("Cancel").clicked();
            match (built_in, cancel) {
                (true, _) => Some(Escape::BuiltIn),
                (_, true) => Some(Escape::Cancel),
                _ => None,
            }
        })
        .inner
    });
    let is_left = shown.backdrop_response.clicked() || !shown.should_close();
    shown.inner.or((!is_left).then_some(Escape::Cancel))
}

fn notice_ui(ctx: &Context, notice: &str) {
    Area::new(Id::new("file dialog notice"))
        .anchor(Align2::CENTER_BOTTOM, vec2(0.0, -space::L))
        .order(Order::Tooltip)
        .interactable(false)
        .show(ctx, |ui| {
            Frame::popup(ui.style()).show(ui, |ui| ui.label(notice));
        });
}

#[cfg(test)]
mod tests {
    use super::*;
    use eframe::egui::RawInput;

    fn request() -> PickRequest {
        PickRequest {
            title: "Open models".into(),
            kind: PickKind::OpenFolders,
            start_dir: None,
            places: Vec::new(),
        }
    }

    fn context() -> Context {
        let ctx = Context::default();
        theme::apply(&ctx);
        ctx
    }

    /// Steps until there is an answer or the built-in dialog is open.
    fn settled(picker: &mut Desktop, ctx: &Context) -> Option<Picked> {
        picker.start(request(), ctx);
        for _ in 0..2_000 {
            let mut answer = None;
            let frame = |ui: &mut eframe::egui::Ui| {
                answer = answer.take().or(picker.ui(ui.ctx()));
            };
            ctx.run_ui(RawInput::default(), frame)
                .drop_without_applying_deltas();
            if answer.is_some() || picker.in_app.is_open() {
                return answer;
            }
            std::thread::yield_now();
        }
        None
    }

    #[test]
    fn a_desktop_that_answers_is_believed() {
        let ask: AskDesktop = Arc::new(|_| Some(vec!["/models/abacus".into()]));
        let picked = settled(&mut Desktop::with_ask(ask), &context()).unwrap();
        assert_eq!(picked.paths, [PathBuf::from("/models/abacus")]);
        assert_eq!(picked.request, request());
    }

    #[test]
    fn nothing_within_a_blink_opens_the_built_in_dialog() {
        let mut picker = Desktop::with_ask(Arc::new(|_| None));
        assert_eq!(settled(&mut picker, &context()), None);
        assert!(picker.in_app.is_open() && picker.notice.is_some());
    }

    #[test]
    fn without_a_desktop_dialog_the_built_in_one_opens() {
        let mut picker = Desktop::default();
        assert_eq!(settled(&mut picker, &context()), None);
        assert!(picker.in_app.is_open());
    }

    #[test]
    fn scripted_answers_come_once_and_in_order() {
        let ctx = context();
        let mut picker = Scripted::new([vec!["a".into()], vec!["b".into()]]);
        assert_eq!(picker.ui(&ctx), None);
        for expected in [vec![PathBuf::from("a")], vec!["b".into()], vec![]] {
            picker.start(request(), &ctx);
            assert_eq!(picker.ui(&ctx).unwrap().paths, expected);
            assert!(!picker.is_open());
        }
    }
}
