//! The first screen: open models, open a study, look at the demo, or learn from the record.

mod picture;

use std::time::{SystemTime, UNIX_EPOCH};

use eframe::egui::{
    Align, FontId, Id, Layout, Pos2, Rect, Response, RichText, ScrollArea, Sense, Ui, UiBuilder,
    WidgetType, pos2, vec2,
};
use egui_phosphor::regular as icon;

use crate::ui::action::{Action, FileAction, ModelsAction};
use crate::ui::ask::Ask;
use crate::ui::ext::{ResponseExt, quiet};
use crate::ui::format;
use crate::ui::theme::{self, size, space};
use crate::ui::widgets::{icon_button, primary_button, row_ground, section_heading, text};
use crate::workbench::library::{Bundled, LIBRARY};
use crate::workbench::{Recent, Workbench};

/// From this width of the head on there is room for the picture beside its words.
const ROOM_FOR_PICTURE: f32 = 640.0;
/// From this width of the view on, recent studies and the record stand beside each other.
const TWO_COLUMNS: f32 = 900.0;
const WIDE: f32 = 960.0;
const NARROW: f32 = 560.0;
const ROW: f32 = 44.0;
/// Recent studies that a narrow window shows above the record.
const FEW: usize = 4;
/// About the height of what is always there; the room that is left lies above and below it.
const CONTENT: f32 = 430.0;
/// Room for the icon of a row and for the button at its end.
const ICON: f32 = 34.0;
const BUTTON: f32 = 32.0;

pub fn ui(ui: &mut Ui, bench: &Workbench, actions: &mut Vec<Action>) {
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        let room = ui.available_size();
        let is_wide = room.x >= TWO_COLUMNS;
        let width = if is_wide { WIDE } else { NARROW }.min(room.x - 2.0 * space::XL);
        let rows = recents_of(bench).len().saturating_sub(LIBRARY.len());
        let content = CONTENT + (ROW + space::S) * rows as f32;
        ui.add_space(((room.y - content) * 0.4).clamp(space::XL, 600.0));
        let at = ui.cursor().min + vec2(((room.x - width) / 2.0).round(), 0.0);
        column(ui, at, width, |ui| {
            head(ui, bench, actions);
            ui.add_space(space::XXL);
            if is_wide {
                two_columns(ui, bench, actions);
            } else {
                recents(ui, bench, FEW, actions);
                ui.add_space(space::XL);
                record(ui, actions);
            }
        });
        ui.add_space(space::XL);
    });
}

/// The name and the ways in, and beside them what the program is about.
fn head(ui: &mut Ui, bench: &Workbench, actions: &mut Vec<Action>) {
    let at = ui.cursor().min;
    let width = ui.available_width();
    if width >= ROOM_FOR_PICTURE {
        let corner = at + vec2(width - picture::SIZE.x, 0.0);
        let rect = Rect::from_min_size(corner, picture::SIZE);
        picture::ui(ui, rect);
        column(ui, at, width - picture::SIZE.x - space::XL, |ui| {
            words(ui, bench, actions);
        });
        let below = rect.bottom() - ui.cursor().top();
        ui.add_space(below.max(0.0));
    } else {
        words(ui, bench, actions);
    }
}

fn words(ui: &mut Ui, bench: &Workbench, actions: &mut Vec<Action>) {
    ui.label(theme::strong("Kinfolk").size(size::TITLE));
    ui.add_space(space::XS);
    let line = "See how your models are related before you merge them";
    ui.label(RichText::new(line).size(size::HEADING).weak());
    ui.add_space(space::XL);
    ways_in(ui, bench, actions);
    ui.add_space(space::S);
    let line = "Or drop folders of checkpoints, files of weights or tables of scores anywhere here";
    ui.weak(line);
}

fn two_columns(ui: &mut Ui, bench: &Workbench, actions: &mut Vec<Action>) {
    let at = ui.cursor().min;
    let width = (ui.available_width() - space::XXL) / 2.0;
    column(ui, at, width, |ui| recents(ui, bench, usize::MAX, actions));
    let at = at + vec2(width + space::XXL, 0.0);
    column(ui, at, width, |ui| record(ui, actions));
}

fn column(ui: &mut Ui, at: Pos2, width: f32, content: impl FnOnce(&mut Ui)) {
    let place = UiBuilder::new()
        .max_rect(Rect::from_min_size(at, vec2(width, 0.0)))
        .layout(Layout::top_down(Align::Min));
    ui.scope_builder(place, content);
}

/// The ways to begin. Whoever has nothing open yet sees the demo first.
fn ways_in(ui: &mut Ui, bench: &Workbench, actions: &mut Vec<Action>) {
    let is_first = bench.recents().is_empty();
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        if is_first {
            demo(ui, bench, actions, |ui| primary_button(ui, DEMO).clicked());
            ui.ask("Open models…", ModelsAction::AskForFolders, actions);
        } else if primary_button(ui, "Open models…").clicked() {
            actions.push(Action::Models(ModelsAction::AskForFolders));
        }
        ui.ask("Open study…", FileAction::AskToOpen, actions);
        ui.ask("Scan a folder…", ModelsAction::AskToScan, actions);
        if !is_first {
            demo(ui, bench, actions, |ui| ui.button(DEMO).clicked());
        }
    });
}

const DEMO: &str = "Explore the demo";

fn demo(
    ui: &mut Ui,
    bench: &Workbench,
    actions: &mut Vec<Action>,
    button: impl FnOnce(&mut Ui) -> bool,
) {
    let mut running = bench.jobs().running().iter();
    let is_unpacking = running.any(|job| job.title.contains("demo"));
    if ui.add_enabled_ui(!is_unpacking, button).inner {
        actions.push(Action::File(FileAction::OpenDemo));
    }
    if is_unpacking {
        ui.spinner();
    }
}

/// What was open lately, without what stands in the record anyway.
fn recents_of(bench: &Workbench) -> Vec<&Recent> {
    let is_own = |recent: &&Recent| bench.record_at(&recent.path).is_none();
    bench.recents().iter().filter(is_own).collect()
}

/// Draws the first `most` of them; a click shows the others.
fn recents(ui: &mut Ui, bench: &Workbench, most: usize, actions: &mut Vec<Action>) {
    heading(ui, "Recent studies");
    let recents = recents_of(bench);
    if recents.is_empty() {
        let line = "None yet. The demo is a family of seven small models with their base: \
                    one click shows what kinship looks like.";
        ui.weak(line);
        return;
    }
    let id = Id::new("all recent studies are shown");
    let most = if ui.data(|data| data.get_temp(id).unwrap_or(false)) {
        usize::MAX
    } else {
        most
    };
    for recent in recents.iter().take(most) {
        recent_ui(ui, recent, actions);
    }
    let hidden = recents.len().saturating_sub(most);
    if hidden > 0 && ui.link(format!("Show {hidden} more")).clicked() {
        ui.data_mut(|data| data.insert_temp(id, true));
    }
}

fn record(ui: &mut Ui, actions: &mut Vec<Action>) {
    heading(ui, "Learn from the record");
    for bundled in &LIBRARY {
        bundled_ui(ui, bundled, actions);
    }
}

fn heading(ui: &mut Ui, title: &str) {
    section_heading(ui, title);
    ui.add_space(space::XS);
}

fn recent_ui(ui: &mut Ui, recent: &Recent, actions: &mut Vec<Action>) {
    let name = format!("Open study {}", recent.name);
    let (rect, response) = row(ui, &name, icon::FOLDER_OPEN);
    let button = Rect::from_min_max(pos2(rect.right() - BUTTON, rect.top()), rect.max);
    inside(ui, button, Layout::left_to_right(Align::Center), |ui| {
        let name = format!("Take {} off the list", recent.name);
        if icon_button(ui, icon::X, &name).clicked() {
            actions.push(Action::File(FileAction::ForgetRecent(recent.path.clone())));
        }
    });
    let text_rect = Rect::from_min_max(rect.min, pos2(button.left() - space::S, rect.bottom()));
    let models = format::counted(recent.models, "model");
    let facts = format!("{models}  ·  {}", ago(recent.opened_secs));
    let font = FontId::monospace(size::SMALL);
    let path = recent.path.to_string_lossy();
    let path = text::fitted(ui.painter(), &path, &font, text_rect.width());
    let path = RichText::new(path).font(font).weak();
    two_lines(ui, text_rect, &recent.name, Some(&facts), path);
    if response.clicked() {
        actions.push(Action::File(FileAction::Open(recent.path.clone())));
    }
}

fn bundled_ui(ui: &mut Ui, bundled: &Bundled, actions: &mut Vec<Action>) {
    let name = format!("Open the record: {}", bundled.title);
    let (rect, response) = row(ui, &name, icon::CHART_SCATTER);
    let sentence = RichText::new(bundled.sentence).weak();
    two_lines(ui, rect, bundled.title, None, sentence);
    if response.clicked() {
        actions.push(Action::File(FileAction::OpenBundled(bundled.key)));
    }
}

/// A row to be clicked, with its icon; gives the room for its content.
fn row(ui: &mut Ui, name: &str, icon: &str) -> (Rect, Response) {
    let size = vec2(ui.available_width(), ROW);
    let (rect, room) = ui.allocate_exact_size(size, Sense::hover());
    // What lies under the pointer stands out on both sides, so that icons and headings align.
    let around = rect.expand2(vec2(space::S, 0.0));
    let response = ui.interact(around, room.id.with("row"), Sense::click());
    response.named(WidgetType::Button, name);
    row_ground(ui, &response, around, false);
    let rect = rect.shrink2(vec2(0.0, 4.0));
    inside(ui, rect, Layout::left_to_right(Align::Center), |ui| {
        cut_label(ui, RichText::new(icon).size(18.0).weak());
    });
    let content = Rect::from_min_max(pos2(rect.left() + ICON, rect.top()), rect.max);
    (content, response)
}

/// A name with facts at the end of its line, and a line below; both are cut where they do not
/// fit.
fn two_lines(ui: &mut Ui, rect: Rect, name: &str, facts: Option<&str>, below: RichText) {
    let half = rect.height() / 2.0;
    let upper = Rect::from_min_size(rect.min, vec2(rect.width(), half));
    let lower = upper.translate(vec2(0.0, half));
    inside(ui, upper, Layout::right_to_left(Align::Center), |ui| {
        if let Some(facts) = facts {
            cut_label(ui, quiet(facts));
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            cut_label(ui, theme::strong(name));
        });
    });
    inside(ui, lower, Layout::left_to_right(Align::Center), |ui| {
        cut_label(ui, below);
    });
}

fn inside(ui: &mut Ui, rect: Rect, layout: Layout, content: impl FnOnce(&mut Ui)) {
    let place = UiBuilder::new().max_rect(rect).layout(layout);
    let mut child = ui.new_child(place);
    content(&mut child);
}

/// A label that lets clicks through to what it lies on, cut where it does not fit.
fn cut_label(ui: &mut Ui, text: impl Into<eframe::egui::WidgetText>) {
    ui.add(
        eframe::egui::Label::new(text)
            .selectable(false)
            .truncate()
            .show_tooltip_when_elided(true),
    );
}

fn ago(then_secs: u64) -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    days_ago(now.saturating_sub(then_secs) / 86_400)
}

fn days_ago(days: u64) -> String {
    match days {
        0 => "today".to_owned(),
        1 => "yesterday".to_owned(),
        2..=30 => format!("{days} days ago"),
        31..=364 => format!("{} ago", format::counted((days / 30) as usize, "month")),
        _ => format!("{} ago", format::counted((days / 365) as usize, "year")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_as_people_say_them() {
        for (days, expected) in [
            (0, "today"),
            (1, "yesterday"),
            (9, "9 days ago"),
            (40, "1 month ago"),
            (800, "2 years ago"),
        ] {
            assert_eq!(days_ago(days), expected);
        }
    }
}
