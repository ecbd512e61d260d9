//! A plot that stays where it is, with named axes.

use eframe::egui::{Color32, Id, RichText, Ui};
use egui_plot::{AxisHints, Plot};

use crate::ui::theme::{self, Tokens};

/// A plot that the pointer neither moves nor zooms; `names` are those of its axes.
pub fn still_plot(ui: &Ui, id: &str, height: f32, names: [&str; 2]) -> Plot<'static> {
    let t = Tokens::of(ui);
    let axis = |hints: AxisHints<'static>, name: &str| {
        hints
            .label(RichText::new(name).small().color(t.text_weak))
            .tick_label_font(theme::small_font())
            .tick_label_color(t.text_weak)
            .label_spacing(8.0..=16.0)
    };
    Plot::new(Id::new(id))
        .height(height)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_double_click_reset(false)
        .allow_axis_zoom_drag(false)
        .show_background(false)
        .grid_color(t.line)
        .grid_fade(0.0)
        .cursor_color(Color32::TRANSPARENT)
        .label_formatter(|_| None)
        .custom_x_axes(vec![axis(AxisHints::new_x(), names[0])])
        .custom_y_axes(vec![axis(AxisHints::new_y(), names[1])])
}
