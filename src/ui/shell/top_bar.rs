//! The bar above: menu, study, undo and redo, search, theme and help.

use eframe::egui::{
    Align, Align2, Button, FontId, Layout, MenuBar, Panel, Rect, RichText, Sense, Stroke,
    StrokeKind, ThemePreference, Ui, UiBuilder, WidgetType, containers::menu::MenuButton, pos2,
    vec2,
};
use egui_phosphor::regular as icon;

use crate::study::Command;
use crate::ui::action::{Action, FileAction, WindowAction};
use crate::ui::commands::{self, Entry};
use crate::ui::ext::{ResponseExt, UiExt};
use crate::ui::format;
use crate::ui::theme::{self, ROW_HEIGHT, TOP_BAR_HEIGHT, Tokens, radius, size, space};
use crate::ui::tour::{self, Anchor};
use crate::ui::widgets::{
    focus_ring, icon_button, key_caps, key_caps_width, submenu, text, text_field,
};
use crate::workbench::{Recent, Workbench};

/// What menu, undo and redo take beside a study's name, in points.
const BESIDE_NAME: f32 = 140.0;
/// The most recent studies that the menu lists.
const RECENTS: usize = 6;
/// The least and the most that the name gets.
const NAME: (f32, f32) = (120.0, 420.0);

fn search_width(bar: f32) -> f32 {
    (bar * 0.3).clamp(200.0, 380.0)
}

/// Draws the bar; `hides_inspector` says whether the view's inspector is to be asked for.
pub fn top_bar(
    ui: &mut Ui,
    bench: &Workbench,
    entries: &[Entry],
    hides_inspector: bool,
    actions: &mut Vec<Action>,
) {
    let frame = ui.pane(vec2(8.0, 0.0)).fill(Tokens::of(ui).panel);
    Panel::top("top bar")
        .exact_size(TOP_BAR_HEIGHT)
        .frame(frame)
        .show(ui, |ui| {
            let whole = ui.max_rect();
            MenuBar::new().ui(ui, |ui| {
                ui.set_min_height(TOP_BAR_HEIGHT - 2.0);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    main_menu(ui, entries, actions);
                    if bench.is_open() {
                        study_menu(ui, bench, name_room(whole.width()), actions);
                        undo_redo(ui, entries, actions);
                    }
                    search(ui, whole, actions);
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        right(ui, hides_inspector, actions);
                    });
                });
            });
        });
}

fn main_menu(ui: &mut Ui, entries: &[Entry], actions: &mut Vec<Action>) {
    let button = Button::new(RichText::new(icon::LIST).size(18.0)).frame(false);
    let (response, _) = MenuButton::from_button(button).ui(ui, |ui| {
        ui.set_min_width(140.0);
        for group in entries.chunk_by(|a, b| a.group == b.group) {
            submenu(ui, group[0].group, |ui| {
                ui.set_min_width(250.0);
                group.iter().for_each(|entry| entry_ui(ui, entry, actions));
            });
        }
    });
    response.named(WidgetType::Button, "Menu");
    focus_ring(ui, &response);
}

fn entry_ui(ui: &mut Ui, entry: &Entry, actions: &mut Vec<Action>) {
    let keys = entry
        .shortcut
        .as_ref()
        .map(commands::keys)
        .unwrap_or_default();
    let button = Button::new(entry.title.as_str()).shortcut_text(keys);
    if ui.add_enabled(entry.enabled, button).clicked() {
        actions.push(entry.action.clone());
        ui.close();
    }
}

fn name_room(bar: f32) -> f32 {
    let left = (bar - search_width(bar)) / 2.0;
    (left - BESIDE_NAME).clamp(NAME.0, NAME.1)
}

fn study_menu(ui: &mut Ui, bench: &Workbench, room: f32, actions: &mut Vec<Action>) {
    let name = &bench.study().doc().name;
    let shown = text::fitted(ui.painter(), name, &theme::strong_font(), room);
    let is_cut = shown != *name;
    let label = format!("{shown} {}", icon::CARET_DOWN);
    let button = Button::new(theme::strong(&label)).frame(false);
    let (response, _) = MenuButton::from_button(button).ui(ui, |ui| {
        ui.set_min_width(300.0);
        ui.label(RichText::new("Name of the study").size(size::SMALL));
        let mut edited = name.clone();
        ui.scope(|ui| {
            // On the ground of a menu a field is seen by its outline.
            let line = Stroke::new(1.0, Tokens::of(ui).line_strong);
            ui.visuals_mut().widgets.inactive.bg_stroke = line;
            if text_field(ui, "Study name", "", &mut edited, 280.0).changed() {
                actions.push(Action::Study(Command::RenameStudy(edited)));
            }
        });
        if let Some(path) = bench.path() {
            let shown = format::elide_middle(&path.to_string_lossy(), 44);
            ui.label(RichText::new(shown).monospace().size(size::SMALL).weak())
                .on_hover_text(path.to_string_lossy());
        }
        ui.separator();
        let path = bench.path().map(|path| Action::Reveal(path.to_owned()));
        let choices = [
            ("Save as…", Some(Action::File(FileAction::AskWhereToSave))),
            (
                "Save a report…",
                bench.is_open().then_some(Action::File(FileAction::Report)),
            ),
            ("Show in the file manager", path),
            ("Close study", Some(Action::File(FileAction::Close))),
        ];
        for (title, action) in choices {
            if ui
                .add_enabled(action.is_some(), Button::new(title))
                .clicked()
            {
                actions.extend(action);
                ui.close();
            }
        }
        recents_ui(ui, bench, actions);
    });
    let info = format!("Study {name}");
    response.named(WidgetType::Button, &info);
    focus_ring(ui, &response);
    if is_cut {
        response.on_hover_text(name);
    }
    if bench.save_failed() {
        let words = RichText::new(format!("{} Not saved", icon::WARNING)).size(size::SMALL);
        let button = Button::new(words.color(Tokens::of(ui).warning)).frame(false);
        let why = "The study's file cannot be written. Click to save it elsewhere.";
        if ui.add(button).on_hover_text(why).clicked() {
            actions.push(Action::File(FileAction::AskWhereToSave));
        }
    }
}

/// Other studies that were open lately, a click each.
fn recents_ui(ui: &mut Ui, bench: &Workbench, actions: &mut Vec<Action>) {
    let is_other = |recent: &&Recent| bench.path() != Some(&*recent.path);
    let others: Vec<&Recent> = (bench.recents().iter().filter(is_other))
        .take(RECENTS)
        .collect();
    if others.is_empty() {
        return;
    }
    ui.separator();
    ui.label(RichText::new("Recent studies").size(size::SMALL));
    for recent in others {
        let shown = format::elide_middle(&recent.name, 40);
        let button = ui.button(shown);
        button.named(WidgetType::Button, format!("Open study {}", recent.name));
        if button
            .on_hover_text(recent.path.to_string_lossy())
            .clicked()
        {
            actions.push(Action::File(FileAction::Open(recent.path.clone())));
            ui.close();
        }
    }
}

fn undo_redo(ui: &mut Ui, entries: &[Entry], actions: &mut Vec<Action>) {
    for (wanted, glyph) in [
        (Command::Undo, icon::ARROW_COUNTER_CLOCKWISE),
        (Command::Redo, icon::ARROW_CLOCKWISE),
    ] {
        let wanted = Action::Study(wanted);
        if let Some(entry) = entries.iter().find(|e| e.action == wanted) {
            let clicked = ui
                .add_enabled_ui(entry.enabled, |ui| {
                    icon_button(ui, glyph, &entry.title).clicked()
                })
                .inner;
            if clicked {
                actions.push(wanted);
            }
        }
    }
}

fn search(ui: &mut Ui, whole: Rect, actions: &mut Vec<Action>) {
    let width = search_width(whole.width());
    let rect = Rect::from_center_size(whole.center(), vec2(width, ROW_HEIGHT));
    if rect.left() < ui.cursor().left() + space::S {
        return;
    }
    let t = Tokens::of(ui);
    let response = ui.interact(rect, ui.id().with("search"), Sense::click());
    response.named(WidgetType::Button, "Search commands and models");
    tour::mark(ui, Anchor::Search, rect);
    let stroke = if response.hovered() {
        t.line_strong
    } else {
        t.line
    };
    let painter = ui.painter();
    painter.rect_filled(rect, radius::CONTROL, t.field);
    painter.rect_stroke(
        rect,
        radius::CONTROL,
        Stroke::new(1.0, stroke),
        StrokeKind::Inside,
    );
    let font = FontId::proportional(size::BODY);
    let words = if width < 300.0 {
        "Search"
    } else {
        "Search commands and models"
    };
    let text = format!("{}  {words}", icon::MAGNIFYING_GLASS);
    let at = rect.left_center() + vec2(space::S, 0.0);
    painter.text(at, Align2::LEFT_CENTER, text, font, t.text_weak);
    focus_ring(ui, &response);
    let keys = "Ctrl K";
    let at = rect.right() - space::S - key_caps_width(ui, keys);
    let place = Rect::from_min_max(pos2(at, rect.top()), rect.max);
    let place = UiBuilder::new()
        .max_rect(place)
        .layout(Layout::left_to_right(Align::Center));
    ui.scope_builder(place, |ui| key_caps(ui, keys));
    if response.clicked() {
        actions.push(Action::Window(WindowAction::OpenPalette));
    }
}

fn right(ui: &mut Ui, hides_inspector: bool, actions: &mut Vec<Action>) {
    let inspector = icon::SQUARE_SPLIT_HORIZONTAL;
    if hides_inspector && icon_button(ui, inspector, "Inspector  Ctrl I").clicked() {
        actions.push(Action::Window(WindowAction::ToggleInspector));
    }
    if icon_button(ui, icon::QUESTION, "Keyboard and help").clicked() {
        actions.push(Action::Window(WindowAction::OpenHelp));
    }
    let dark = Tokens::of(ui).dark;
    let (glyph, name, to) = if dark {
        (icon::SUN, "Light theme", ThemePreference::Light)
    } else {
        (icon::MOON, "Dark theme", ThemePreference::Dark)
    };
    if icon_button(ui, glyph, name).clicked() {
        actions.push(Action::Window(WindowAction::SetTheme(to)));
    }
}
