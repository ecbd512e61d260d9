//! The merge methods to choose from, made from the registry.

use eframe::egui::{Button, RichText, ScrollArea, Ui};

use crate::merge::methods::{BaseRule, Description, Method, REGISTRY};
use crate::ui::sketch;

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

pub fn methods_menu(ui: &mut Ui, current: Option<&str>) -> Option<&'static dyn Method> {
    ui.set_min_width(220.0);
    let list = ScrollArea::vertical().max_height(MOST_HEIGHT);
    let chosen = list.show(ui, |ui| {
        let mut chosen = None;
        for (title, rules) in GROUPS {
            ui.label(RichText::new(title).small().weak());
            let own = |d: &Description| rules.contains(&d.base);
            chosen = chosen.or(methods_ui(ui, current, own));
        }
        chosen
    });
    if chosen.inner.is_some() {
        ui.close();
    }
    chosen.inner
}

/// Lists those methods that are offered; the one that was chosen.
pub fn methods_ui(
    ui: &mut Ui,
    current: Option<&str>,
    is_offered: impl Fn(&Description) -> bool,
) -> Option<&'static dyn Method> {
    let mut chosen = None;
    for method in REGISTRY {
        if is_offered(method.description()) && method_ui(ui, *method, current) {
            chosen = Some(*method);
        }
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
            sketch::ui(ui, known.name);
            if let Some(paper) = paper {
                ui.label(RichText::new(paper).small().weak());
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
