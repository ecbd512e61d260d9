//! Which runs the charts show.

use eframe::egui::{
    PopupCloseBehavior, ScrollArea, Ui, containers::menu::MenuButton, containers::menu::MenuConfig,
};
use egui_phosphor::regular as icon;

use super::choose;
use crate::study::chart::ChartChoices;
use crate::ui::action::Action;
use crate::ui::ext::ResponseExt;
use crate::ui::format;

/// A folded list of the study's runs with a check each; nothing where there is one run or none.
pub fn runs_ui(ui: &mut Ui, runs: &[String], choices: &ChartChoices, actions: &mut Vec<Action>) {
    if runs.len() < 2 {
        return;
    }
    let shown = shown(runs, &choices.runs);
    let words = match shown.len() {
        n if n == runs.len() => "All runs".to_owned(),
        1 => format::elide_middle(&shown[0], 24),
        n => format!("{n} of {} runs", runs.len()),
    };
    let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    let button = MenuButton::new(format!("{words}  {}", icon::CARET_DOWN)).config(config);
    let (response, _) = button.ui(ui, |ui| {
        ui.set_min_width(180.0);
        ScrollArea::vertical().max_height(320.0).show(ui, |ui| {
            for run in runs {
                let mut is_shown = shown.contains(run);
                if ui
                    .checkbox(&mut is_shown, format::elide_middle(run, 40))
                    .changed()
                {
                    let runs = toggled(runs, &shown, run);
                    actions.push(choose(ChartChoices {
                        runs,
                        ..choices.clone()
                    }));
                }
            }
        });
    });
    response.named(
        WidgetType::Button,
        format!("Runs: {}", words.to_lowercase()),
    );
}

/// The runs that are shown; an empty choice shows all.
fn shown(runs: &[String], chosen: &[String]) -> Vec<String> {
    let is_shown = |run: &&String| chosen.is_empty() || chosen.contains(run);
    let shown: Vec<String> = runs.iter().filter(is_shown).cloned().collect();
    if shown.is_empty() {
        runs.to_vec()
    } else {
        shown
    }
}

/// The choice with one run put in or taken out; the last one stays.
fn toggled(runs: &[String], shown: &[String], run: &String) -> Vec<String> {
    let is_left = |r: &&String| shown.contains(r) != (*r == run);
    let left: Vec<String> = runs.iter().filter(is_left).cloned().collect();
    match left.len() {
        0 => shown.to_vec(),
        n if n == runs.len() => Vec::new(),
        _ => left,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_shown_by_an_empty_choice_and_one_stays() {
        let runs = ["a", "b", "c"].map(String::from);
        let own = |names: &[&str]| names.iter().map(|&n| n.to_owned()).collect::<Vec<_>>();
        assert_eq!(shown(&runs, &[]), runs);
        assert_eq!(shown(&runs, &own(&["gone"])), runs);
        assert_eq!(toggled(&runs, &runs, &runs[1]), own(&["a", "c"]));
        assert_eq!(toggled(&runs, &own(&["a", "c"]), &runs[1]), own(&[]));
        assert_eq!(toggled(&runs, &own(&["a"]), &runs[0]), own(&["a"]));
    }
}
