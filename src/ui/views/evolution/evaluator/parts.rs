//! What the forms of all evaluators share.

use eframe::egui::{Label, RichText, Ui};

use crate::study::{Command, Evaluator, EvolutionEdit};
use crate::ui::action::Action;
use crate::ui::theme::Tokens;

/// Says who judges from now on.
pub fn judge_by(evaluator: Evaluator) -> Action {
    Action::Study(Command::Evolution(EvolutionEdit::SetEvaluator(evaluator)))
}

/// A weak sentence over the whole width.
pub fn sentence(ui: &mut Ui, words: &str) {
    let ink = Tokens::of(ui).text_weak;
    ui.add(Label::new(RichText::new(words).color(ink)).wrap());
}
