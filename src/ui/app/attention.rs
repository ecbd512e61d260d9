//! Long work that ends while the user is elsewhere asks to be looked at, once: in the task bar,
//! and by a message of the desktop.

use eframe::egui::{Context, UserAttentionType, ViewportCommand};

use super::App;
use crate::workbench::Workbench;

/// Work that took less is not worth a call, in seconds.
const LONG_SECS: f64 = 30.0;

/// What is being done, from when nothing was to when nothing is.
#[derive(Default)]
pub(super) struct Attention {
    since: Option<f64>,
    /// The title of what was begun first.
    title: String,
}

impl Attention {
    /// Calls if long work has ended just now and the user is elsewhere; gives the title of it.
    pub(super) fn advance(&mut self, ctx: &Context, bench: &Workbench) -> Option<String> {
        let (now, is_focused) = ctx.input(|input| (input.time, input.focused));
        let ended = self.ended(now, working_on(bench))?;
        if is_focused {
            return None;
        }
        let call = UserAttentionType::Informational;
        ctx.send_viewport_cmd(ViewportCommand::RequestUserAttention(call));
        Some(ended)
    }

    /// The title of long work that has ended just now.
    fn ended(&mut self, now: f64, running: Option<&str>) -> Option<String> {
        if let Some(title) = running {
            if self.since.is_none() {
                self.since = Some(now);
                title.clone_into(&mut self.title);
            }
            return None;
        }
        let since = self.since.take()?;
        (now - since >= LONG_SECS).then(|| std::mem::take(&mut self.title))
    }
}

/// What is being done. Between two children of an evolution no job runs, and it still goes on.
fn working_on(bench: &Workbench) -> Option<&str> {
    let job = bench.jobs().running().iter().find(|job| !job.is_quiet);
    let is_busy = bench.is_evolving() || bench.is_writing();
    job.map(|job| &job.title[..])
        .or_else(|| is_busy.then_some("The work"))
}

impl App {
    /// Has the desktop tell that work has ended; `told` is what the window says of it.
    pub(super) fn tell_of_end(&mut self, title: &str, told: Option<String>) {
        if self.prefs.notifies {
            let text = told.unwrap_or_else(|| format!("{title}: done"));
            let study = &self.bench.study().doc().name;
            let heading = match study.is_empty() {
                true => "Kinfolk".to_owned(),
                false => format!("Kinfolk – {study}"),
            };
            self.bench.tell_desktop(heading, text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_long_work_calls() {
        let mut attention = Attention::default();
        assert_eq!(attention.ended(0.0, Some("short")), None);
        assert_eq!(attention.ended(5.0, None), None, "it was short");
        assert_eq!(attention.ended(10.0, Some("long")), None);
        assert_eq!(attention.ended(50.0, Some("the next")), None);
        assert_eq!(attention.ended(51.0, None), Some("long".to_owned()));
        assert_eq!(attention.ended(90.0, None), None, "once");
    }
}
