//! One parameter as a control, made from the registry's data.
//!
//! A number has a slider over its usual range and a field that takes its whole range; a flag a
//! check box. What is not set shows its default, greyed. A curve and values by filter are shown
//! as such and edited below the canvas.

use eframe::egui::{
    Align, Button, DragValue, Label, Layout, Response, RichText, Sense, Slider, SliderClamping,
    Stroke, Ui, WidgetInfo, WidgetType, pos2, vec2,
};
use egui_phosphor::regular as icon;

use super::env::Env;
use crate::merge::composition::Place;
use crate::merge::methods::{Parameter, ParameterKind};
use crate::merge::recipe::{Filtered, Setting, Value};
use crate::ui::format;
use crate::ui::theme::{Tokens, radius, size};
use crate::ui::views::merge::Focus;
use crate::ui::widgets::{focus_ring, icon_button};

/// Widths of the columns of a row, in points.
const NAME: f32 = 68.0;
const SLIDER: f32 = 84.0;
const FIELD: f32 = 50.0;

/// Whose parameter it is.
#[derive(Clone)]
pub struct At {
    /// Of which merge.
    pub merge: usize,
    /// Where it stands.
    pub place: Place,
    /// Whose, for its accessible name: `SLERP`, `abacus in TIES`.
    pub owner: String,
}

/// Draws the row.
pub fn parameter_ui(ui: &mut Ui, env: &mut Env<'_, '_>, at: &At, parameter: &Parameter) {
    let setting = env
        .composition()
        .setting(at.merge, at.place, parameter.key)
        .cloned();
    let name = format!("{} of {}", parameter.key, at.owner);
    let place = format!("{:?}", at.place);
    ui.push_id((at.merge, place, parameter.key), |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            name_ui(ui, parameter, setting.is_some());
            value_ui(ui, env, at, parameter, setting.as_ref(), &name);
            over_depth_ui(ui, env, at, parameter, &name);
            reset_ui(ui, env, at, parameter, setting.is_some(), &name);
        });
    });
}

fn name_ui(ui: &mut Ui, parameter: &Parameter, is_set: bool) {
    let t = Tokens::of(ui);
    let ink = if is_set { t.text } else { t.text_weak };
    let text = RichText::new(parameter.key).color(ink);
    let rect = ui
        .allocate_space(vec2(NAME, ui.spacing().interact_size.y))
        .1;
    let default = match parameter.default() {
        Some(value) => format!("\nDefault {}", format::full(Some(value))),
        None => "\nHas no default".to_owned(),
    };
    let help = format!("{}{default}", parameter.help);
    let mut inner = ui.new_child(
        eframe::egui::UiBuilder::new()
            .max_rect(rect)
            .layout(Layout::left_to_right(Align::Center)),
    );
    inner
        .add(Label::new(text).truncate().sense(Sense::hover()))
        .on_hover_text(help);
}

fn value_ui(
    ui: &mut Ui,
    env: &mut Env<'_, '_>,
    at: &At,
    parameter: &Parameter,
    setting: Option<&Setting>,
    name: &str,
) {
    let inherited = inherited(env, at, parameter);
    let shown = setting.or(inherited.as_ref());
    match (shown, parameter.kind) {
        (Some(Setting::Filtered(items)), _) => {
            if by_filter_ui(ui, items, name).clicked() {
                focus(env, at, parameter);
            }
        }
        (Some(Setting::Value(Value::Gradient(points))), _) => {
            if sparkline_ui(ui, points, name).clicked() {
                focus(env, at, parameter);
            }
        }
        (_, ParameterKind::Flag { default }) => {
            let on = shown.map_or(default, |s| number(s) != Some(0.0));
            flag_ui(ui, env, at, parameter, on, name);
        }
        (_, ParameterKind::Number { .. }) => {
            number_ui(ui, env, at, parameter, shown.and_then(number), name);
        }
    }
}

/// A parameter of a model that the recipe gives to all at once.
fn inherited(env: &Env<'_, '_>, at: &At, parameter: &Parameter) -> Option<Setting> {
    let for_all = env
        .composition()
        .setting(at.merge, Place::Merge, parameter.key);
    for_all.filter(|_| at.place != Place::Merge).cloned()
}

fn number(setting: &Setting) -> Option<f64> {
    match setting {
        Setting::Value(Value::Number(value)) => Some(*value),
        Setting::Value(Value::Flag(flag)) => Some(f64::from(u8::from(*flag))),
        _ => None,
    }
}

fn number_ui(
    ui: &mut Ui,
    env: &mut Env<'_, '_>,
    at: &At,
    parameter: &Parameter,
    given: Option<f64>,
    name: &str,
) {
    let ParameterKind::Number {
        min,
        max,
        slider_range: (lo, hi),
        default,
    } = parameter.kind
    else {
        return;
    };
    let before = given.or(default);
    let mut value = before.unwrap_or((lo + hi) / 2.0);
    ui.spacing_mut().slider_width = SLIDER;
    let slider = Slider::new(&mut value, lo..=hi)
        .show_value(false)
        .clamping(SliderClamping::Never)
        .step_by((hi - lo) / 100.0);
    let slider = ui.add(slider);
    let shown = value;
    slider.widget_info(|| WidgetInfo::slider(true, shown, name));
    let field = DragValue::new(&mut value)
        .range(min..=max)
        .speed((hi - lo) / 200.0)
        .max_decimals(4)
        .custom_formatter(|value, _| short(value))
        .custom_parser(read_number);
    let field = ui.add_sized(vec2(FIELD, ui.spacing().interact_size.y), field);
    field.widget_info(|| WidgetInfo {
        value: Some(value),
        ..WidgetInfo::labeled(WidgetType::DragValue, true, format!("{name}, number"))
    });
    env.look.hear(&slider);
    env.look.hear(&field);
    if (slider.changed() || field.changed()) && before != Some(value) {
        set(env, at, parameter, Some(Value::Number(tidy(value))));
    }
}

/// The tail that comes of adding floats is no wish of the user's.
fn tidy(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

fn short(value: f64) -> String {
    let text = format::decimals(Some(value), 4);
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

fn read_number(text: &str) -> Option<f64> {
    let plain = text.trim().replace('−', "-").replace(',', ".");
    plain.parse::<f64>().ok().filter(|v| v.is_finite())
}

fn flag_ui(
    ui: &mut Ui,
    env: &mut Env<'_, '_>,
    at: &At,
    parameter: &Parameter,
    mut on: bool,
    name: &str,
) {
    let width = SLIDER + FIELD + ui.spacing().item_spacing.x;
    let size = vec2(width, ui.spacing().interact_size.y);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_width(width);
        let word = if on { "yes" } else { "no" };
        let response = ui.checkbox(&mut on, word);
        response.widget_info(|| WidgetInfo::selected(WidgetType::Checkbox, true, on, name));
        if response.changed() {
            set(env, at, parameter, Some(Value::Flag(on)));
        }
    });
}

fn by_filter_ui(ui: &mut Ui, items: &[Filtered], name: &str) -> Response {
    let size = vec2(
        SLIDER + FIELD + ui.spacing().item_spacing.x,
        ui.spacing().interact_size.y,
    );
    let text = RichText::new("by filter").small();
    let button = ui.add_sized(size, Button::new(text));
    button.widget_info(|| {
        WidgetInfo::labeled(WidgetType::Button, true, format!("{name}, by filter"))
    });
    let line = |item: &Filtered| {
        let filter = item.filter.as_deref().unwrap_or("all others");
        format!("{filter}: {}", in_words(&item.value))
    };
    button.on_hover_text(items.iter().map(line).collect::<Vec<_>>().join("\n"))
}

fn in_words(value: &Value) -> String {
    match value {
        Value::Number(number) => short(*number),
        Value::Flag(flag) => (if *flag { "yes" } else { "no" }).to_owned(),
        Value::Gradient(points) => {
            let points: Vec<String> = points.iter().map(|p| short(*p)).collect();
            points.join(", ")
        }
    }
}

fn sparkline_ui(ui: &mut Ui, points: &[f64], name: &str) -> Response {
    let size = vec2(
        SLIDER + FIELD + ui.spacing().item_spacing.x,
        ui.spacing().interact_size.y,
    );
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response
        .widget_info(|| WidgetInfo::labeled(WidgetType::Button, true, format!("{name}, a curve")));
    let t = Tokens::of(ui);
    let fill = if response.hovered() { t.hover } else { t.field };
    let painter = ui.painter();
    painter.rect_filled(rect, radius::CONTROL, fill);
    let inside = rect.shrink2(vec2(6.0, 5.0));
    let lo = points.iter().copied().fold(0.0, f64::min);
    let hi = points.iter().copied().fold(1.0, f64::max);
    let point = |(k, value): (usize, &f64)| {
        let x = k as f32 / points.len().saturating_sub(1).max(1) as f32;
        let y = ((value - lo) / (hi - lo)) as f32;
        pos2(
            inside.left() + inside.width() * x,
            inside.bottom() - inside.height() * y,
        )
    };
    let line: Vec<_> = points.iter().enumerate().map(point).collect();
    painter.line(line, Stroke::new(1.5, t.accent));
    focus_ring(ui, &response);
    response.on_hover_text(in_words(&Value::Gradient(points.to_vec())))
}

fn over_depth_ui(ui: &mut Ui, env: &mut Env<'_, '_>, at: &At, parameter: &Parameter, name: &str) {
    let response = icon_button(ui, icon::CHART_LINE, &format!("Over depth… {name}"));
    if response.clicked() {
        focus(env, at, parameter);
    }
}

fn focus(env: &mut Env<'_, '_>, at: &At, parameter: &Parameter) {
    *env.focus = Some(Focus {
        merge: at.merge,
        place: at.place,
        key: parameter.key.to_owned(),
    });
}

/// The way back to the default, where there is one.
fn reset_ui(
    ui: &mut Ui,
    env: &mut Env<'_, '_>,
    at: &At,
    parameter: &Parameter,
    is_set: bool,
    name: &str,
) {
    let t = Tokens::of(ui);
    let has_way_back = parameter.default().is_some() || inherited(env, at, parameter).is_some();
    if is_set && has_way_back {
        let words = format!("Back to default, {name}");
        if icon_button(ui, icon::ARROW_COUNTER_CLOCKWISE, &words).clicked() {
            set(env, at, parameter, None);
        }
        return;
    }
    let (rect, mark) = ui.allocate_exact_size(vec2(26.0, 26.0), Sense::hover());
    if !is_set && parameter.default().is_none() && inherited(env, at, parameter).is_none() {
        let font = eframe::egui::FontId::proportional(size::BODY);
        let centre = eframe::egui::Align2::CENTER_CENTER;
        ui.painter()
            .text(rect.center(), centre, icon::ASTERISK, font, t.warning);
        mark.on_hover_text("It has no default and must be given");
    }
}

fn set(env: &mut Env<'_, '_>, at: &At, parameter: &Parameter, value: Option<Value>) {
    let title = match value {
        Some(_) => format!("Change {}", parameter.key),
        None => format!("Reset {}", parameter.key),
    };
    let is_step = matches!(value, Some(Value::Number(_)));
    let what = format!("{} {} {:?}", parameter.key, at.merge, at.place);
    let join = env.look.join(&what).filter(|_| is_step);
    env.edit(&title, join, |c| {
        c.set(at.merge, at.place, parameter.key, value.map(Setting::Value));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_read_back() {
        for (value, text) in [(0.5, "0.5"), (-0.25, "−0.25"), (2.0, "2"), (0.0, "0")] {
            assert_eq!(short(value), text);
            assert_eq!(read_number(text), Some(value));
        }
        assert_eq!(read_number("0,5"), Some(0.5));
        assert_eq!(read_number("NaN"), None);
        assert_eq!(read_number("half"), None);
        assert_eq!(tidy(0.1 + 0.2), 0.3);
    }
}
