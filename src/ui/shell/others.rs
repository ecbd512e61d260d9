//! What other programs do with the study: a bar while one of them has it or has changed it, and
//! the offer of an earlier version of a study that cannot be read.

use std::time::SystemTime;

use eframe::egui::{Align, Color32, Context, Frame, Label, Layout, Margin, Panel, RichText, Ui};
use egui_phosphor::regular as icon;

use crate::ui::action::{Action, FileAction, Outside};
use crate::ui::ask::Ask;
use crate::ui::colormap::mix;
use crate::ui::ext::modal;
use crate::ui::format;
use crate::ui::theme::{self, ROW_HEIGHT, Tokens, size, space};
use crate::ui::widgets::primary_button;
use crate::workbench::{Backup, Workbench, ago};

struct Notice {
    glyph: &'static str,
    sentence: String,
    ways: Vec<(&'static str, &'static str, Action)>,
}

pub fn others_bar(ui: &mut Ui, bench: &Workbench, actions: &mut Vec<Action>) {
    let Some(notice) = conflict(bench).or_else(|| read_only(bench)) else {
        return;
    };
    let t = Tokens::of(ui);
    let frame = Frame::new()
        .fill(ground(t))
        .inner_margin(Margin::symmetric(12, 4));
    Panel::top("others").frame(frame).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.set_min_height(ROW_HEIGHT);
            ui.label(
                RichText::new(notice.glyph)
                    .color(t.warning)
                    .size(size::HEADING),
            );
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                for (title, help, action) in notice.ways.into_iter().rev() {
                    if ui.button(title).on_hover_text(help).clicked() {
                        actions.push(action);
                    }
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let sentence = RichText::new(&notice.sentence).color(t.text);
                    let sentence = Label::new(sentence).truncate();
                    ui.add(sentence).on_hover_text(&notice.sentence);
                });
            });
        });
    });
}

/// The colour of a panel with a breath of the warning's, opaque: nothing lies under a panel.
fn ground(t: &Tokens) -> Color32 {
    mix(t.panel, t.warning, 0.14)
}

fn conflict(bench: &Workbench) -> Option<Notice> {
    bench.has_conflict().then(|| Notice {
        glyph: icon::WARNING,
        sentence: "Another program has changed this study, and so have you. Nothing is saved \
                   until you decide."
            .to_owned(),
        ways: vec![
            (
                "Reload",
                "Take what the other program wrote; yours is kept in a file beside it",
                Action::Outside(Outside::Reload),
            ),
            (
                "Keep mine",
                "Write yours over it; what the other program wrote is kept in a file beside it",
                Action::Outside(Outside::KeepMine),
            ),
            (
                "Save as…",
                "Keep both: yours goes on as another study",
                Action::File(FileAction::AskWhereToSave),
            ),
        ],
    })
}

fn read_only(bench: &Workbench) -> Option<Notice> {
    let owner = bench.opened_by()?;
    let since = ago(owner.minutes(SystemTime::now()));
    Some(Notice {
        glyph: icon::LOCK_SIMPLE,
        sentence: format!(
            "Read-only: {} has this study open (since {since})",
            owner.words()
        ),
        ways: vec![
            (
                "Save as…",
                "Go on with a copy of your own",
                Action::File(FileAction::AskWhereToSave),
            ),
            (
                "Take over",
                "Write it from here on; the other program is told when it next saves",
                Action::Outside(Outside::TakeOver),
            ),
        ],
    })
}

pub fn earlier_version(ctx: &Context, backup: &Backup, actions: &mut Vec<Action>) {
    let modal = modal(ctx, "earlier version", space::L).show(ctx, |ui| {
        ui.set_width(420.0);
        ui.label(theme::strong("This study cannot be read").size(size::HEADING));
        let minutes = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |now| now.as_secs().saturating_sub(backup.secs) / 60);
        let models = format::counted(backup.models, "model");
        let sentence = format!(
            "An earlier version from {}, with {models}, is kept. The damaged file stays beside it.",
            ago(minutes)
        );
        ui.weak(sentence);
        ui.add_space(space::M);
        ui.horizontal(|ui| {
            if primary_button(ui, "Open the earlier version").clicked() {
                actions.push(Action::Outside(Outside::OpenBackup));
            }
            ui.ask("Not now", Action::Outside(Outside::ForgetBackup), actions);
        });
    });
    if modal.should_close() {
        actions.push(Action::Outside(Outside::ForgetBackup));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::colormap::contrast_ratio;
    use eframe::egui::Theme;

    #[test]
    fn the_bar_is_read_in_both_themes() {
        for theme in [Theme::Light, Theme::Dark] {
            let t = Tokens::for_theme(theme);
            for ink in [t.text, t.warning] {
                let ratio = contrast_ratio(ink, ground(t));
                assert!(ratio >= 4.5, "{theme:?}: {ratio}");
            }
        }
    }
}
