//! What is wrong with the merge: each leads to its place, and some can be mended by a click.

use eframe::egui::{Button, RichText, Ui, WidgetType};
use egui_phosphor::regular as icon;

use super::super::DraftContext;
use crate::merge::problem::Problem;
use crate::ui::ext::ResponseExt;
use crate::ui::format;
use crate::ui::theme::{self, Tokens};
use crate::ui::widgets::scroll_list;

/// The most height that the list takes, in points; more is scroll_list.
const MOST: f32 = 132.0;

pub fn ui(ui: &mut Ui, shown: &DraftContext<'_>) {
    let problems = shown.ahead.map_or(&[][..], |ahead| &ahead.problems);
    heading_ui(ui, shown, problems);
    if problems.is_empty() {
        return;
    }
    scroll_list(ui, "problems", MOST, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        for problem in problems {
            problem_ui(ui, shown, problem);
        }
    });
}

/// One line, there in any case.
fn heading_ui(ui: &mut Ui, shown: &DraftContext<'_>, problems: &[Problem]) {
    let t = Tokens::of(ui);
    let errors = problems.iter().filter(|p| p.is_error()).count();
    let notes = problems.len() - errors;
    let (n_errors, n_notes) = (
        format::counted(errors, "error"),
        format::counted(notes, "note"),
    );
    let (mark, ink, words) = match (errors, notes) {
        (0, 0) if shown.composition.recipes.is_empty() => (icon::CIRCLE, t.text_weak, "–".into()),
        (0, 0) => (
            icon::CHECK_CIRCLE,
            t.text_weak,
            "Nothing stands in the way".into(),
        ),
        (0, _) => (icon::WARNING, t.warning, n_notes),
        (_, 0) => (icon::X_CIRCLE, t.error, n_errors),
        _ => (icon::X_CIRCLE, t.error, format!("{n_errors}, {n_notes}")),
    };
    ui.label(theme::strong(format!("{mark} {words}")).color(ink));
}

fn problem_ui(ui: &mut Ui, shown: &DraftContext<'_>, problem: &Problem) {
    let t = Tokens::of(ui);
    let ink = if problem.is_error() {
        t.error
    } else {
        t.warning
    };
    let sentence = match problem.place.position {
        Some(at) => format!("{} (line {})", problem.headline(), at.line),
        None => problem.headline(),
    };
    let text = RichText::new(sentence).small().color(ink);
    let response = ui.add(Button::new(text).frame(false).wrap());
    response.named(WidgetType::Button, format!("Show {}", problem.sentence));
    if response.on_hover_text("Show where").clicked() {
        shown
            .jump
            .set(problem.place.position.map(|p| p.line as usize));
    }
    if let Some((nearest, text)) = mended(&shown.draft.sheet.text, problem) {
        let words = format!("Replace by {nearest}");
        if ui.button(&words).clicked() {
            shown.write_text(text, &words, None);
        }
    }
}

/// The nearest valid name, and the text with it in place of the word that is wrong.
fn mended<'p>(text: &str, problem: &'p Problem) -> Option<(&'p str, String)> {
    let nearest = problem.nearest.as_deref()?;
    let at = problem.place.position?;
    let line = text.lines().nth(at.line as usize - 1)?;
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    // The place of a value is that of its key: the word that is wrong is quoted in the sentence.
    let wrong = problem.sentence.split('`').nth(1)?;
    if wrong.is_empty() || !wrong.chars().all(is_word) {
        return None;
    }
    let from = line.find(wrong)?;
    let before = text.split_inclusive('\n').take(at.line as usize - 1);
    let start: usize = before.map(str::len).sum();
    let mut out = text.to_owned();
    out.replace_range(start + from..start + from + wrong.len(), nearest);
    Some((nearest, out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merge::recipe::parse;

    #[test]
    fn a_misspelt_word_is_replaced_where_it_stands() {
        let text = "merge_method: slrep\nbase_model: a\nmodels:\n- model: a\n- model: b\nparameters: {t: 0.5}\n";
        let root = std::path::Path::new("/nowhere");
        let surroundings = crate::merge::plan::Surroundings {
            root,
            hub: None,
            out: None,
            force: false,
            threads: 1,
            opened: &[],
        };
        let plan = crate::merge::plan::plan(&parse(text), &surroundings);
        let problem = plan.problems.iter().find(|p| p.nearest.is_some()).unwrap();
        let (nearest, mended) = mended(text, problem).unwrap();
        assert_eq!(nearest, "slerp");
        assert_eq!(mended, text.replace("slrep", "slerp"));
    }
}
