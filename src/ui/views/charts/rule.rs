//! When an evolution counts as saturated: the four numbers of the rule.

use eframe::egui::{
    DragValue, Grid, PopupCloseBehavior, Response, RichText, Ui, WidgetInfo, WidgetType,
    containers::menu::MenuButton, containers::menu::MenuConfig,
};
use egui_phosphor::regular as icon;

use super::choose;
use crate::stats::SaturationRule;
use crate::study::chart::ChartChoices;
use crate::ui::action::Action;
use crate::ui::ext::{ResponseExt, UiExt};
use crate::ui::theme::{Tokens, size, space};

const RULE: &str = "Saturation rule";
const SENTENCE: &str = "Saturated from the generation after which the best gained less than the \
                        least gain in each of the given number of generations, while the kinship \
                        among the best was above the limit";

pub fn rule_ui(ui: &mut Ui, choices: &ChartChoices, actions: &mut Vec<Action>) {
    let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    let button = MenuButton::new(format!("{RULE}  {}", icon::CARET_DOWN)).config(config);
    let (response, _) = button.ui(ui, |ui| {
        ui.set_max_width(300.0);
        ui.quiet(SENTENCE);
        ui.add_space(space::XS);
        let mut rule = choices.saturation;
        Grid::new("saturation rule")
            .num_columns(2)
            .show(ui, |ui| form(ui, &mut rule));
        ui.add_space(space::XS);
        let is_default = rule == SaturationRule::default();
        if ui
            .add_enabled(!is_default, eframe::egui::Button::new("Reset to defaults"))
            .clicked()
        {
            rule = SaturationRule::default();
        }
        if rule != choices.saturation {
            actions.push(choose(ChartChoices {
                saturation: rule,
                ..choices.clone()
            }));
        }
    });
    response.named(WidgetType::Button, RULE);
}

fn form(ui: &mut Ui, rule: &mut SaturationRule) {
    let epsilon = DragValue::new(&mut rule.epsilon)
        .range(0.0..=20.0)
        .speed(0.05);
    line(ui, "Least gain ε, points", |ui| {
        ui.add(epsilon.max_decimals(2))
    });
    let window = DragValue::new(&mut rule.window).range(1..=20).speed(0.1);
    line(ui, "Generations w", |ui| ui.add(window));
    let tau = DragValue::new(&mut rule.tau).range(-1.0..=1.0).speed(0.005);
    line(ui, "Kinship limit τ", |ui| ui.add(tau.max_decimals(3)));
    let top = DragValue::new(&mut rule.top).range(2..=20).speed(0.1);
    line(ui, "Best models k", |ui| ui.add(top));
}

fn line(ui: &mut Ui, name: &str, field: impl FnOnce(&mut Ui) -> Response) {
    let label = ui.label(name);
    field(ui).labelled_by(label.id);
    ui.end_row();
}
