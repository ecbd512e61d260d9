//! The button that has models judged, wherever models are selected.

use eframe::egui::Ui;

use crate::study::ModelId;
use crate::ui::action::{Action, EvaluationAction};
use crate::workbench::Workbench;

/// A button called `words` that has `models` judged. Where the evaluator cannot, it leads to
/// the window that says how models are judged, and a `…` says so; why, is told on hover.
pub fn evaluate_button(
    ui: &mut Ui,
    bench: &Workbench,
    words: &str,
    models: &[ModelId],
    actions: &mut Vec<Action>,
) {
    if let Some(objection) = bench.evaluator_objection() {
        let button = ui.button(format!("{words}…")).on_hover_text(objection);
        if button.clicked() {
            actions.push(Action::Evaluation(EvaluationAction::ShowSetup));
        }
        return;
    }
    let objection = evaluate_objection(bench, models);
    ui.add_enabled_ui(objection.is_none(), |ui| {
        let button = ui.button(words);
        let button = match &objection {
            Some(objection) => button.on_disabled_hover_text(objection),
            None => button
                .on_hover_text("Have them judged as the study says, and write down the scores"),
        };
        if button.clicked() {
            actions.push(Action::Evaluation(EvaluationAction::Start(models.to_vec())));
        }
    });
}

/// Why these models cannot be judged now, if so.
pub fn evaluate_objection(bench: &Workbench, models: &[ModelId]) -> Option<String> {
    let waiting = bench.being_evaluated();
    if models.is_empty() {
        return Some("Select the models that are to be evaluated".to_owned());
    }
    if models.iter().all(|id| waiting.contains(id)) {
        return Some("This is being done, or waits for its turn".to_owned());
    }
    bench.files_objection(models)
}
