//! One parameter of a merge method as a control, made from the registry's data.
//!
//! A number has a slider over its usual range and a field that takes its whole range; a flag a
//! check box. What is not set shows its default, greyed. A curve and values by filter are shown
//! as such and edited elsewhere.

use eframe::egui::{
    Align, Align2, Button, DragValue, FontId, Label, Layout, Response, RichText, Sense, Slider,
    SliderClamping, Stroke, Ui, UiBuilder, Vec2, WidgetInfo, WidgetType, pos2, vec2,
};
use egui_phosphor::regular as icon;

use super::{focus_ring, icon_button};
use crate::merge::methods::{Parameter, ParameterKind};
use crate::merge::recipe::{Filtered, Setting, Value};
use crate::ui::ext::ResponseExt;
use crate::ui::format;
use crate::ui::theme::{Tokens, radius, size};

/// Widths of the columns of a row, in points.
const NAME: f32 = 68.0;
const SLIDER: f32 = 84.0;
const FIELD: f32 = 50.0;
/// What stands for values over the depth, where they are not edited here.
const BY_LAYER: &str = "by layer, as the text says";

pub struct ParameterEditor<'a> {
    pub parameter: &'a Parameter,
    pub setting: Option<&'a Setting>,
    /// What it says for all models at once, where this is one model's.
    pub inherited: Option<&'a Setting>,
    /// Its accessible name: `t of SLERP`, `weight of abacus in TIES`.
    pub name: &'a str,
    /// Whether its values over the depth can be edited somewhere.
    pub has_depth: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ParameterChange {
    Set(Value),
    Reset,
    /// To edit its values over the depth.
    OverDepth,
}

impl ParameterEditor<'_> {
    /// Draws the row. `hear` is told of the controls that may be dragged.
    pub fn ui(&self, ui: &mut Ui, hear: &mut dyn FnMut(&Response)) -> Option<ParameterChange> {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            self.name_ui(ui);
            let changed = self.value_ui(ui, hear);
            let depth = self.has_depth && self.over_depth_ui(ui);
            let reset = self.reset_ui(ui);
            changed
                .or(depth.then_some(ParameterChange::OverDepth))
                .or(reset.then_some(ParameterChange::Reset))
        })
        .inner
    }

    fn name_ui(&self, ui: &mut Ui) {
        let t = Tokens::of(ui);
        let parameter = self.parameter;
        let ink = match self.setting {
            Some(_) => t.text,
            None => t.text_weak,
        };
        let text = RichText::new(parameter.key).color(ink);
        let rect = ui
            .allocate_space(vec2(NAME, ui.spacing().interact_size.y))
            .1;
        let default = match parameter.default() {
            Some(value) => format!("\nDefault {}", format::full(Some(value))),
            None => "\nHas no default".to_owned(),
        };
        let left = Layout::left_to_right(Align::Center);
        ui.new_child(UiBuilder::new().max_rect(rect).layout(left))
            .add(Label::new(text).truncate().sense(Sense::hover()))
            .on_hover_text(format!("{}{default}", parameter.help));
    }

    fn value_ui(&self, ui: &mut Ui, hear: &mut dyn FnMut(&Response)) -> Option<ParameterChange> {
        let shown = self.setting.or(self.inherited);
        let over_depth = |r: Response| r.clicked().then_some(ParameterChange::OverDepth);
        match (shown, self.parameter.kind) {
            (Some(Setting::Filtered(_) | Setting::Value(Value::Gradient(_))), _)
                if !self.has_depth =>
            {
                ui.label(BY_LAYER);
                None
            }
            (Some(Setting::Filtered(items)), _) => over_depth(by_filter_ui(ui, items, self.name)),
            (Some(Setting::Value(Value::Gradient(points))), _) => {
                over_depth(sparkline_ui(ui, points, self.name))
            }
            (_, ParameterKind::Flag { default }) => flag_ui(
                ui,
                shown.map_or(default, |s| number(s) != Some(0.0)),
                self.name,
            ),
            (_, ParameterKind::Number { .. }) => self.number_ui(ui, shown.and_then(number), hear),
        }
    }

    fn number_ui(
        &self,
        ui: &mut Ui,
        given: Option<f64>,
        hear: &mut dyn FnMut(&Response),
    ) -> Option<ParameterChange> {
        let ParameterKind::Number {
            min,
            max,
            slider_range: (lo, hi),
            default,
        } = self.parameter.kind
        else {
            return None;
        };
        let name = self.name;
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
        hear(&slider);
        hear(&field);
        let has_changed = (slider.changed() || field.changed()) && before != Some(value);
        has_changed.then(|| ParameterChange::Set(Value::Number(tidy(value))))
    }

    fn over_depth_ui(&self, ui: &mut Ui) -> bool {
        icon_button(ui, icon::CHART_LINE, &format!("Over depth… {}", self.name)).clicked()
    }

    /// The way back to the default, where there is one.
    fn reset_ui(&self, ui: &mut Ui) -> bool {
        let t = Tokens::of(ui);
        let is_set = self.setting.is_some();
        let has_way_back = self.parameter.default().is_some() || self.inherited.is_some();
        if is_set && has_way_back {
            let words = format!("Back to default, {}", self.name);
            return icon_button(ui, icon::ARROW_COUNTER_CLOCKWISE, &words).clicked();
        }
        let (rect, mark) = ui.allocate_exact_size(vec2(26.0, 26.0), Sense::hover());
        if !is_set && !has_way_back {
            let (font, middle) = (FontId::proportional(size::BODY), Align2::CENTER_CENTER);
            ui.painter()
                .text(rect.center(), middle, icon::ASTERISK, font, t.warning);
            mark.on_hover_text("It has no default and must be given");
        }
        false
    }
}

fn number(setting: &Setting) -> Option<f64> {
    match setting {
        Setting::Value(Value::Number(value)) => Some(*value),
        Setting::Value(Value::Flag(flag)) => Some(f64::from(u8::from(*flag))),
        _ => None,
    }
}

/// The digits that adding floats leaves behind are not what the user asked for.
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

fn flag_ui(ui: &mut Ui, mut on: bool, name: &str) -> Option<ParameterChange> {
    let size = wide(ui);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_width(size.x);
        let word = if on { "yes" } else { "no" };
        let response = ui.checkbox(&mut on, word);
        response.named_selected(WidgetType::Checkbox, on, name);
        let is_changed = response.changed();
        is_changed.then_some(ParameterChange::Set(Value::Flag(on)))
    })
    .inner
}

/// The size of slider and field together.
fn wide(ui: &Ui) -> Vec2 {
    vec2(
        SLIDER + FIELD + ui.spacing().item_spacing.x,
        ui.spacing().interact_size.y,
    )
}

fn by_filter_ui(ui: &mut Ui, items: &[Filtered], name: &str) -> Response {
    let text = RichText::new("by filter").small();
    let button = ui.add_sized(wide(ui), Button::new(text));
    button.named(WidgetType::Button, format!("{name}, by filter"));
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
    let (rect, response) = ui.allocate_exact_size(wide(ui), Sense::click());
    response.named(WidgetType::Button, format!("{name}, a curve"));
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
