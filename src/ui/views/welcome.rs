//! The first screen: open models, open a study, or look at the demo.

use std::time::{SystemTime, UNIX_EPOCH};

use eframe::egui::{
    Align, Frame, Layout, RichText, ScrollArea, Sense, Ui, UiBuilder, WidgetInfo, WidgetType, vec2,
};
use egui_phosphor::regular as icon;

use crate::ui::action::Action;
use crate::ui::format;
use crate::ui::theme::{self, Tokens, radius, size, space};
use crate::ui::widgets::{focus_ring, icon_button, primary_button, section_heading};
use crate::workbench::{Recent, Workbench};

const WIDTH: f32 = 560.0;
const RECENT_HEIGHT: f32 = 44.0;

/// Draws the screen.
pub fn ui(ui: &mut Ui, bench: &Workbench, out: &mut Vec<Action>) {
    let t = Tokens::of(ui);
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        let above = (ui.available_height() * 0.2).clamp(space::XL, 200.0);
        ui.add_space(above);
        ui.vertical_centered(|ui| {
            let width = WIDTH.min(ui.available_width() - 2.0 * space::L);
            let rect = eframe::egui::Rect::from_min_size(
                ui.cursor().min + vec2((ui.available_width() - width) / 2.0, 0.0),
                vec2(width, 10.0),
            );
            let place = UiBuilder::new()
                .max_rect(rect)
                .layout(Layout::top_down(Align::Min));
            ui.scope_builder(place, |ui| {
                ui.label(theme::strong("Kinfolk").size(size::TITLE));
                ui.add_space(space::XS);
                let line = "See how your models are related before you merge them";
                ui.label(RichText::new(line).size(size::HEADING).color(t.text_weak));
                ui.add_space(space::XL);
                ways_in(ui, bench, out);
                ui.add_space(space::S);
                ui.label(
                    RichText::new("Or drop checkpoint folders and safetensors files anywhere here")
                        .color(t.text_weak),
                );
                ui.add_space(space::XL);
                recents(ui, bench.recents(), out);
            });
        });
    });
}

fn ways_in(ui: &mut Ui, bench: &Workbench, out: &mut Vec<Action>) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        if primary_button(ui, "Open models…").clicked() {
            out.push(Action::AskForModels);
        }
        if ui.button("Open study…").clicked() {
            out.push(Action::AskForStudy);
        }
        let unpacking = bench
            .jobs()
            .running()
            .iter()
            .any(|job| job.title.contains("demo"));
        ui.add_enabled_ui(!unpacking, |ui| {
            if ui.button("Explore the demo").clicked() {
                out.push(Action::OpenDemo);
            }
        });
        if unpacking {
            ui.spinner();
        }
    });
}

fn recents(ui: &mut Ui, recents: &[Recent], out: &mut Vec<Action>) {
    section_heading(ui, "Recent studies");
    ui.add_space(space::XS);
    if recents.is_empty() {
        let weak = Tokens::of(ui).text_weak;
        let line = "None yet. The demo is a family of seven small models with their base: \
                    one click shows what kinship looks like.";
        ui.label(RichText::new(line).color(weak));
        return;
    }
    for recent in recents {
        recent_ui(ui, recent, out);
    }
}

fn recent_ui(ui: &mut Ui, recent: &Recent, out: &mut Vec<Action>) {
    let t = Tokens::of(ui);
    let size = vec2(ui.available_width(), RECENT_HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| {
        WidgetInfo::labeled(
            WidgetType::Button,
            true,
            format!("Open study {}", recent.name),
        )
    });
    if response.hovered() {
        ui.painter().rect_filled(rect, radius::CONTROL, t.hover);
    }
    focus_ring(ui, &response);
    let place = UiBuilder::new()
        .max_rect(rect.shrink2(vec2(space::S, 0.0)))
        .layout(Layout::left_to_right(Align::Center));
    ui.scope_builder(place, |ui| {
        ui.label(
            RichText::new(icon::FOLDER_OPEN)
                .size(18.0)
                .color(t.text_weak),
        );
        Frame::new().show(ui, |ui| {
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing.y = 1.0;
                ui.add_space(3.0);
                quiet(ui, theme::strong(format::elide_middle(&recent.name, 40)));
                let path = format::elide_middle(&recent.path.to_string_lossy(), 60);
                quiet(
                    ui,
                    RichText::new(path)
                        .monospace()
                        .size(size::SMALL)
                        .color(t.text_weak),
                );
            });
        });
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let name = format!("Take {} off the list", recent.name);
            if icon_button(ui, icon::X, &name).clicked() {
                out.push(Action::ForgetRecent(recent.path.clone()));
            }
            let when = ago(recent.opened_secs);
            let models = format::counted(recent.models, "model");
            let text = format!("{models}  ·  {when}");
            quiet(ui, RichText::new(text).size(size::SMALL).color(t.text_weak));
        });
    });
    if response.clicked() {
        out.push(Action::OpenStudy(recent.path.clone()));
    }
}

/// A label that lets clicks through to what it lies on.
fn quiet(ui: &mut Ui, text: impl Into<eframe::egui::WidgetText>) {
    ui.add(eframe::egui::Label::new(text).selectable(false));
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
