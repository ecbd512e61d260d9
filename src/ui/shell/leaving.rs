//! Asks before something is done that would stop a merge that is being written.

use eframe::egui::{Context, Frame, Id, Label, Modal, RichText};

use crate::ui::action::Action;
use crate::ui::format;
use crate::ui::theme::{self, Tokens, size, space};
use crate::ui::widgets::primary_button;
use crate::workbench::Workbench;

/// Whether an action ends the work on merges: it closes their study, or the program.
pub fn ends_writing(action: &Action) -> bool {
    matches!(
        action,
        Action::CloseStudy
            | Action::NewStudy
            | Action::OpenStudy(_)
            | Action::OpenDemo
            | Action::RestoreDemo
            | Action::OpenBundled(_)
            | Action::RestoreBundled(_)
            | Action::Quit
    )
}

/// Draws the dialog; `action` is what waits.
pub fn leaving(ctx: &Context, bench: &Workbench, action: &Action, out: &mut Vec<Action>) {
    let open: Vec<&str> = bench
        .merges()
        .iter()
        .filter(|m| m.is_open())
        .map(|m| m.name.as_str())
        .collect();
    // It may have been finished meanwhile.
    if open.is_empty() {
        out.push(Action::GoOnWriting);
        out.push(action.clone());
        return;
    }
    let frame = Frame::popup(&ctx.global_style()).inner_margin(space::L);
    let modal = Modal::new(Id::new("leaving")).frame(frame).show(ctx, |ui| {
        ui.set_width(400.0);
        let title = format!("{} is being written", format::elide_middle(open[0], 32));
        ui.label(theme::strong(title).size(size::HEADING));
        let weak = Tokens::of(ui).text_weak;
        let more = match open.len() {
            1 => String::new(),
            n => format!("{} more wait for it. ", n - 1),
        };
        let text = format!("{more}What is finished of it is kept for another try.");
        ui.add(Label::new(RichText::new(text).color(weak)).wrap());
        ui.add_space(space::M);
        ui.horizontal(|ui| {
            if primary_button(ui, "Go on writing").clicked() {
                out.push(Action::GoOnWriting);
            }
            if ui.button("Stop and close").clicked() {
                out.push(Action::StopWritingAnd(Box::new(action.clone())));
            }
        });
    });
    if modal.should_close() {
        out.push(Action::GoOnWriting);
    }
}
