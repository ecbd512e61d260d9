//! The row above the canvas.

use eframe::egui::{Align, Layout, Ui, WidgetInfo, WidgetType};
use egui_phosphor::regular as icon;

use super::env::Env;
use super::menus;
use crate::ui::format;
use crate::ui::widgets::{icon_button, icon_toggle, methods_menu, segmented};

pub const ZOOM_STEP: f32 = 1.25;

/// Narrower than this, in points, the button that adds a merge is only a sign.
const ROOM_FOR_WORDS: f32 = 400.0;

pub fn ui(ui: &mut Ui, env: &mut Env<'_, '_>, as_list: &mut bool, has_shelf: &mut bool) {
    let is_fine = !env.shown.is_broken;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        if !*as_list {
            icon_toggle(ui, icon::SIDEBAR_SIMPLE, "List of models", has_shelf);
        }
        ui.add_enabled_ui(is_fine, |ui| add_ui(ui, env));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            segmented(
                ui,
                "Canvas or list",
                as_list,
                &[(false, "Canvas"), (true, "List")],
            );
            if !*as_list {
                zoom_ui(ui, env);
            }
        });
    });
}

fn add_ui(ui: &mut Ui, env: &mut Env<'_, '_>) {
    let label = match ui.available_width() < ROOM_FOR_WORDS {
        true => icon::PLUS.to_owned(),
        false => format!("{} Add merge", icon::PLUS),
    };
    let menu = ui.menu_button(label, |ui| methods_menu(ui, None));
    let response = menu.response.on_hover_text("Add merge");
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Button, true, "Add merge"));
    if let Some(method) = menu.inner.flatten() {
        menus::add_merge(env, method, None);
    }
}

fn zoom_ui(ui: &mut Ui, env: &mut Env<'_, '_>) {
    let zoom = env.look.to_global.scaling;
    if icon_button(ui, icon::CORNERS_OUT, "Fit  F").clicked() {
        env.look.fit();
    }
    if icon_button(ui, icon::MAGNIFYING_GLASS_PLUS, "Zoom in  +").clicked() {
        env.look.wants_zoom = Some(zoom * ZOOM_STEP);
    }
    let words = format::percent(f64::from(zoom));
    ui.add_sized([44.0, 20.0], eframe::egui::Label::new(words));
    if icon_button(ui, icon::MAGNIFYING_GLASS_MINUS, "Zoom out  −").clicked() {
        env.look.wants_zoom = Some(zoom / ZOOM_STEP);
    }
    let is_fine = !env.shown.is_broken;
    ui.add_enabled_ui(is_fine, |ui| {
        if icon_button(ui, icon::TREE_STRUCTURE, "Tidy layout  L").clicked() {
            menus::tidy(env);
        }
    });
}
