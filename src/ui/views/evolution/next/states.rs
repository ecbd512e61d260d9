//! What stands in place of suggestions, or above them: a sentence and the button that gets on.

use eframe::egui::{Label, RichText, Ui};

use super::shown::State;
use crate::study::ModelId;
use crate::ui::action::{Action, ImportAction, ModelsAction, View};
use crate::ui::format;
use crate::ui::theme::{Tokens, space};
use crate::ui::views::evaluate_button;
use crate::workbench::Workbench;

/// A way on, as a button.
struct Way {
    words: &'static str,
    action: Action,
}

/// Draws the state, if there is anything to say.
pub fn ui(ui: &mut Ui, bench: &Workbench, state: &State, actions: &mut Vec<Action>) {
    let Some((sentence, ways)) = words(bench, state) else {
        return;
    };
    let weak = Tokens::of(ui).text_weak;
    ui.add(Label::new(RichText::new(sentence).color(weak)).wrap());
    let unscored = unscored(bench, state);
    if ways.is_empty() && unscored.is_empty() {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        for way in ways {
            if ui.button(way.words).clicked() {
                actions.push(way.action);
            }
        }
        if !unscored.is_empty() {
            let words = match unscored.len() {
                1 => "Evaluate".to_owned(),
                n => format!("Evaluate {}", format::counted(n, "model")),
            };
            evaluate_button(ui, bench, &words, &unscored, actions);
        }
    });
    ui.add_space(space::XS);
}

/// The models that scores are missing of, where that is what is missing.
fn unscored(bench: &Workbench, state: &State) -> Vec<ModelId> {
    let lacks = matches!(
        state,
        State::NoScores | State::OneScore(_) | State::AllMerged
    );
    if !lacks {
        return Vec::new();
    }
    let record = bench.record();
    let models = &bench.suggestions().models;
    let has_none = |id: &&ModelId| record.row(**id).is_none_or(|row| row.average.is_none());
    models.iter().filter(has_none).copied().collect()
}

fn words(bench: &Workbench, state: &State) -> Option<(String, Vec<Way>)> {
    let name = |id: &ModelId| format::elide_middle(bench.study().doc().name_of(*id), 40);
    let way = |words, action| vec![Way { words, action }];
    let models = || way("Go to models", Action::Go(View::Models));
    let add = || way("Add models…", Action::Models(ModelsAction::AskForFolders));
    let import = || way("Import scores…", Action::Import(ImportAction::AskForFiles));
    let (sentence, ways) = match state {
        State::Full => return None,
        State::Empty => (
            "With models and their scores, the merges that promise most are listed here".to_owned(),
            add(),
        ),
        State::Alone => ("A merge takes two models; add another".to_owned(), add()),
        State::NoScores if has_some_scores(bench, None) => (
            "No model has a score on every task that counts, so there is no average to go by. \
             Fill in what is missing, or count fewer tasks in Models."
                .to_owned(),
            import().into_iter().chain(models()).collect(),
        ),
        State::NoScores => (
            "No model has a score yet. Import what you have, type scores into the table of \
             models, or have the models evaluated."
                .to_owned(),
            import(),
        ),
        State::OneScore(id) if has_some_scores(bench, Some(*id)) => (
            format!(
                "Only {} has a score on every task that counts, so only it has an average. Fill \
                 in what is missing of the others, or count fewer tasks in Models.",
                name(id)
            ),
            import().into_iter().chain(models()).collect(),
        ),
        State::OneScore(id) => (
            format!(
                "Only {} has a score. A merge is suggested between two models that have one.",
                name(id)
            ),
            import(),
        ),
        State::AllMerged => (
            "Every pair of models with scores has been merged. Add models, or score the merges \
             to go on with them."
                .to_owned(),
            add(),
        ),
        State::Copies => (
            "All pairs that are left are near copies of each other, and two equal models cannot \
             gain. Add models that differ."
                .to_owned(),
            add(),
        ),
        State::NotMeasured(base) => (
            "Kinship is not measured of every pair yet; where it is missing, scores alone decide"
                .to_owned(),
            way(
                "Measure kinship",
                Action::Models(ModelsAction::MeasureHere(*base)),
            ),
        ),
        State::Measuring => (
            "Kinship is being measured; the order may change".to_owned(),
            Vec::new(),
        ),
        State::BaseMissing(base) => (
            format!(
                "The files of the base {} cannot be read, so kinship is not known and scores \
                 alone decide",
                name(base)
            ),
            way(
                "Find the base again…",
                Action::Models(ModelsAction::AskWhereIs(*base)),
            ),
        ),
        State::NoBase => (
            "No base is chosen, so kinship cannot be measured and scores alone decide. Set the \
             base in the table of models."
                .to_owned(),
            models(),
        ),
        State::NoFiles => (
            "These models have no files here: kinship is as reported, and a merge is composed \
             by name"
                .to_owned(),
            Vec::new(),
        ),
    };
    Some((sentence, ways))
}

/// Whether any model has a score, other than `but`.
fn has_some_scores(bench: &Workbench, but: Option<ModelId>) -> bool {
    let models = &bench.suggestions().models;
    let record = bench.record();
    let has = |id: &ModelId| {
        let row = record.row(*id);
        row.is_some_and(|row| row.scores.iter().any(Option::is_some))
    };
    models.iter().any(|id| Some(*id) != but && has(id))
}
