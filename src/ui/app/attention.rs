//! Long work that ends while the user is elsewhere asks to be looked at, once.

use eframe::egui::{Context, UserAttentionType, ViewportCommand};

/// Work that took less is not worth a call, in seconds.
const LONG_SECS: f64 = 30.0;

/// When what is being done now was begun, in the time of the window.
#[derive(Default)]
pub(super) struct Attention {
    since: Option<f64>,
}

impl Attention {
    pub(super) fn advance(&mut self, ctx: &Context, is_working: bool) {
        let (now, is_focused) = ctx.input(|input| (input.time, input.focused));
        if self.is_called_for(now, is_working) && !is_focused {
            let call = UserAttentionType::Informational;
            ctx.send_viewport_cmd(ViewportCommand::RequestUserAttention(call));
        }
    }

    /// Whether long work has ended just now.
    fn is_called_for(&mut self, now: f64, is_working: bool) -> bool {
        if is_working {
            self.since.get_or_insert(now);
            return false;
        }
        self.since
            .take()
            .is_some_and(|since| now - since >= LONG_SECS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_long_work_calls() {
        let mut attention = Attention::default();
        assert!(!attention.is_called_for(0.0, true));
        assert!(!attention.is_called_for(5.0, false), "it was short");
        assert!(!attention.is_called_for(10.0, true));
        assert!(!attention.is_called_for(50.0, true));
        assert!(attention.is_called_for(51.0, false));
        assert!(!attention.is_called_for(90.0, false), "once");
    }
}
