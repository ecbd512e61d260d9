//! Short messages at the lower right: done, note, failed.
//!
//! What failed stays until it is dismissed; the rest goes after six seconds, by one timed
//! repaint, so that a still window stays still.

use std::time::Duration;

use eframe::egui::{
    Align, Align2, Area, Context, FontId, Frame, Id, Layout, Order, RichText, Stroke, Ui,
    WidgetType, vec2,
};
use egui_phosphor::regular as icon;

use super::button::icon_button;
use crate::ui::ext::{ResponseExt, UiExt};
use crate::ui::theme::{self, ROW_HEIGHT, Tokens, radius, space};

/// How long a toast stays that needs no answer.
const LIFE_SECS: f64 = 6.0;
/// No more than this many at once; the oldest that may go makes room.
const MOST: usize = 4;
const WIDTH: f32 = 340.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToastKind {
    /// Something long came to its end.
    Done,
    Note,
    /// Something went wrong; stays until dismissed.
    Failed,
}

#[derive(Clone, Debug)]
struct Toast {
    number: u64,
    kind: ToastKind,
    title: String,
    detail: String,
    /// What can be done about it at once.
    offer: Option<&'static str>,
    /// When it goes, in the time of the window; set when it is first shown.
    ends_at: Option<f64>,
}

#[derive(Clone, Debug, Default)]
pub struct Toasts {
    toasts: Vec<Toast>,
    pushed: u64,
}

impl Toasts {
    /// Shows a message and gives its number.
    pub fn push(
        &mut self,
        kind: ToastKind,
        title: impl Into<String>,
        detail: impl Into<String>,
    ) -> u64 {
        self.pushed += 1;
        self.toasts.push(Toast {
            number: self.pushed,
            kind,
            title: title.into(),
            detail: detail.into(),
            offer: None,
            ends_at: None,
        });
        if self.toasts.len() > MOST {
            let goes = self.toasts.iter().position(|t| t.kind != ToastKind::Failed);
            self.toasts.remove(goes.unwrap_or(0));
        }
        self.pushed
    }

    /// Puts a button into a message.
    pub fn offer(&mut self, number: u64, words: &'static str) {
        self.set_offer(number, Some(words));
    }

    pub fn take_offer_back(&mut self, number: u64) {
        self.set_offer(number, None);
    }

    fn set_offer(&mut self, number: u64, offer: Option<&'static str>) {
        let mut toasts = self.toasts.iter_mut();
        if let Some(toast) = toasts.find(|toast| toast.number == number) {
            toast.offer = offer;
        }
    }

    /// Takes a message back that is no longer so.
    pub fn withdraw(&mut self, title: &str) {
        self.toasts.retain(|toast| toast.title != title);
    }

    pub fn is_empty(&self) -> bool {
        self.toasts.is_empty()
    }

    /// Draws the toasts above everything at `corner`, and lets go what has ended. Gives the
    /// number of the one whose offer was taken.
    pub fn show(&mut self, ctx: &Context, corner: Align2) -> Option<u64> {
        let now = ctx.input(|i| i.time);
        for toast in self
            .toasts
            .iter_mut()
            .filter(|t| t.kind != ToastKind::Failed)
        {
            toast.ends_at.get_or_insert(now + LIFE_SECS);
        }
        self.toasts
            .retain(|toast| toast.ends_at.is_none_or(|end| end > now));
        let next = self.next_end(now)?;
        if let Some(wait) = next {
            ctx.request_repaint_after(wait);
        }
        let aside = if corner.x() == Align::Max {
            -space::L
        } else {
            0.0
        };
        let offset = vec2(aside, -space::L - ROW_HEIGHT);
        Area::new(Id::new("toasts"))
            .anchor(corner, offset)
            .order(Order::Foreground)
            .show(ctx, |ui| {
                ui.set_width(WIDTH);
                let mut taken = None;
                self.toasts.retain(|toast| match toast_ui(ui, toast) {
                    Answer::Stays => true,
                    Answer::Goes => false,
                    Answer::Taken => {
                        taken = Some(toast.number);
                        false
                    }
                });
                taken
            })
            .inner
    }

    /// How long until one ends; nothing if there are no toasts.
    fn next_end(&self, now: f64) -> Option<Option<Duration>> {
        let ends = self.toasts.iter().filter_map(|t| t.ends_at);
        let wait = ends.fold(f64::INFINITY, f64::min) - now;
        (!self.toasts.is_empty()).then(|| Duration::try_from_secs_f64(wait).ok())
    }
}

/// What the user did with a message.
#[derive(Clone, Copy, PartialEq)]
enum Answer {
    Stays,
    Goes,
    /// Its offer was taken, and it goes.
    Taken,
}

fn toast_ui(ui: &mut Ui, toast: &Toast) -> Answer {
    let t = Tokens::of(ui);
    let frame = Frame::new()
        .fill(t.raised)
        .stroke(Stroke::new(1.0, t.line))
        .corner_radius(radius::CARD)
        .shadow(ui.visuals().popup_shadow)
        .inner_margin(space::M);
    let shown = ui.push_id(toast.number, |ui| {
        frame.show(ui, |ui| content_ui(ui, toast, t))
    });
    let response = &shown.inner.response;
    response.named(
        WidgetType::Other,
        match toast.kind {
            ToastKind::Failed => format!("Failed: {}", toast.title),
            ToastKind::Done | ToastKind::Note => format!("Message: {}", toast.title),
        },
    );
    shown.inner.inner
}

fn content_ui(ui: &mut Ui, toast: &Toast, t: &Tokens) -> Answer {
    let mut answer = Answer::Stays;
    let (sign, color) = match toast.kind {
        ToastKind::Done => (icon::CHECK_CIRCLE, t.ok),
        ToastKind::Note => (icon::INFO, t.accent_text),
        ToastKind::Failed => (icon::WARNING_CIRCLE, t.error),
    };
    ui.horizontal_top(|ui| {
        ui.label(
            RichText::new(sign)
                .font(FontId::proportional(18.0))
                .color(color),
        );
        let text_width = WIDTH - 2.0 * space::M - 18.0 - ROW_HEIGHT - 2.0 * space::S;
        ui.allocate_ui_with_layout(vec2(text_width, 0.0), Layout::top_down(Align::Min), |ui| {
            ui.spacing_mut().item_spacing.y = space::XS;
            ui.set_width(text_width);
            ui.label(theme::strong(&toast.title));
            if !toast.detail.is_empty() {
                ui.quiet(&toast.detail);
            }
            if toast.offer.is_some_and(|words| ui.button(words).clicked()) {
                answer = Answer::Taken;
            }
        });
        if icon_button(ui, icon::X, "Dismiss").clicked() {
            answer = Answer::Goes;
        }
    });
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_four_stay_and_failures_stay_longest() {
        let mut toasts = Toasts::default();
        toasts.push(ToastKind::Failed, "no room", "");
        for i in 0..6 {
            toasts.push(ToastKind::Done, format!("merge {i}"), "");
        }
        let titles: Vec<_> = toasts.toasts.iter().map(|t| t.title.as_str()).collect();
        assert_eq!(titles, ["no room", "merge 3", "merge 4", "merge 5"]);
    }

    fn frame(ctx: &Context, toasts: &mut Toasts, time: f64) -> Duration {
        let input = eframe::egui::RawInput {
            time: Some(time),
            ..Default::default()
        };
        let output = ctx.run_ui(input, |ui| {
            toasts.show(ui.ctx(), Align2::RIGHT_BOTTOM);
        });
        let delay = output
            .viewport_output
            .values()
            .map(|v| v.repaint_delay)
            .min();
        output.drop_without_applying_deltas();
        delay.unwrap()
    }

    #[test]
    fn a_message_goes_after_six_seconds_and_a_failure_does_not() {
        let (ctx, mut toasts) = (Context::default(), Toasts::default());
        theme::apply(&ctx);
        toasts.push(ToastKind::Done, "merged", "");
        for i in 0..4 {
            frame(&ctx, &mut toasts, f64::from(i) * 0.5);
        }
        let wait = frame(&ctx, &mut toasts, 2.0);
        assert!(
            wait > Duration::from_secs(3) && wait < Duration::from_secs(5),
            "{wait:?}"
        );
        frame(&ctx, &mut toasts, 6.1);
        assert!(toasts.is_empty());
        toasts.push(ToastKind::Failed, "no room", "the disk is full");
        for i in 0..40 {
            frame(&ctx, &mut toasts, 7.0 + f64::from(i));
        }
        assert!(!toasts.is_empty());
        assert_eq!(frame(&ctx, &mut toasts, 60.0), Duration::MAX);
    }
}
