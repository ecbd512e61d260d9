//! The merge methods to choose from, made from the registry.

use eframe::egui::{Button, RichText, ScrollArea, Ui};

use crate::merge::methods::{BaseRule, Description, Method, REGISTRY};
use crate::ui::theme::Tokens;

/// Height of the menu before it scrolls, in points.
const MOST_HEIGHT: f32 = 420.0;

/// Methods belong together by what they need of a base.
const GROUPS: [(&str, &[BaseRule]); 3] = [
    (
        "Merge whole models",
        &[BaseRule::Optional, BaseRule::Forbidden],
    ),
    ("Start from one of the models", &[BaseRule::OneOfModels]),
    ("Merge changes since a base", &[BaseRule::Required]),
];

/// Lists those methods that are offered, in `height` points at most; the one that was chosen.
pub fn methods_ui(
    ui: &mut Ui,
    current: Option<&str>,
    height: f32,
    is_offered: impl Fn(&Description) -> bool,
) -> Option<&'static dyn Method> {
    let mut chosen = None;
    let list = ScrollArea::vertical().id_salt("methods").max_height(height);
    list.show(ui, |ui| {
        for (title, rules) in GROUPS {
            let weak = Tokens::of(ui).text_weak;
            ui.label(RichText::new(title).small().color(weak));
            for method in REGISTRY {
                let known = method.description();
                let is_here = rules.contains(&known.base) && is_offered(known);
                if is_here && method_ui(ui, *method, current) {
                    chosen = Some(*method);
                }
            }
        }
    });
    chosen
}

/// The menu of all methods; the one that was chosen.
pub fn methods_menu(ui: &mut Ui, current: Option<&str>) -> Option<&'static dyn Method> {
    ui.set_min_width(220.0);
    let chosen = methods_ui(ui, current, MOST_HEIGHT, |_| true);
    if chosen.is_some() {
        ui.close();
    }
    chosen
}

fn method_ui(ui: &mut Ui, method: &dyn Method, current: Option<&str>) -> bool {
    let known = method.description();
    let is_current = current == Some(known.name);
    let button = ui.add(Button::selectable(is_current, known.title));
    let paper = known.paper.map(|(title, _)| title);
    button
        .on_hover_ui(|ui| {
            ui.label(known.help);
            if let Some(paper) = paper {
                let weak = Tokens::of(ui).text_weak;
                ui.label(RichText::new(paper).small().color(weak));
            }
        })
        .clicked()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_is_in_one_group() {
        for method in REGISTRY {
            let own = method.description().base;
            let groups = GROUPS.iter().filter(|(_, rules)| rules.contains(&own));
            assert_eq!(groups.count(), 1, "{}", method.description().name);
        }
    }
}
