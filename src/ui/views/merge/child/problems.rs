//! What is wrong with the merge: each leads to its place, and some can be mended by a click.

use eframe::egui::{Button, RichText, ScrollArea, Ui, WidgetInfo, WidgetType};
use egui_phosphor::regular as icon;

use super::super::{DraftContext, Jump};
use crate::merge::problem::Problem;
use crate::study::{Command, DraftContent, DraftEdit};
use crate::ui::action::Action;
use crate::ui::theme::{Tokens, size, space};
use crate::ui::{format, theme};

/// The most height that the list takes, in points; more is scrolled.
const MOST: f32 = 132.0;

/// Draws the list under its count.
pub fn ui(
    ui: &mut Ui,
    shown: &DraftContext<'_>,
    jump: &mut Option<Jump>,
    actions: &mut Vec<Action>,
) {
    let problems = shown.ahead.map_or(&[][..], |ahead| &ahead.problems);
    heading_ui(ui, shown, problems);
    if problems.is_empty() {
        return;
    }
    ScrollArea::vertical()
        .id_salt("problems")
        .max_height(MOST)
        .min_scrolled_height(MOST)
        .auto_shrink([false, true])
        .show(ui, |ui| {
            ui.set_max_width(ui.available_width() - space::M);
            ui.spacing_mut().item_spacing.y = 2.0;
            for problem in problems {
                problem_ui(ui, shown, problem, jump, actions);
            }
        });
}

/// One line, there in any case.
fn heading_ui(ui: &mut Ui, shown: &DraftContext<'_>, problems: &[Problem]) {
    let t = Tokens::of(ui);
    let errors = problems.iter().filter(|p| p.is_error()).count();
    let notes = problems.len() - errors;
    let (mark, ink, words) = match (errors, notes) {
        (0, 0) if shown.composition.recipes.is_empty() => (icon::CIRCLE, t.text_weak, "–".into()),
        (0, 0) => (
            icon::CHECK_CIRCLE,
            t.text_weak,
            "Nothing stands in the way".to_owned(),
        ),
        (0, n) => (icon::WARNING, t.warning, format::counted(n, "note")),
        (n, 0) => (icon::X_CIRCLE, t.error, format::counted(n, "error")),
        (n, m) => {
            let both = format!(
                "{}, {}",
                format::counted(n, "error"),
                format::counted(m, "note")
            );
            (icon::X_CIRCLE, t.error, both)
        }
    };
    ui.label(theme::strong(format!("{mark} {words}")).color(ink));
}

fn problem_ui(
    ui: &mut Ui,
    shown: &DraftContext<'_>,
    problem: &Problem,
    jump: &mut Option<Jump>,
    actions: &mut Vec<Action>,
) {
    let t = Tokens::of(ui);
    let ink = if problem.is_error() {
        t.error
    } else {
        t.warning
    };
    let text = RichText::new(sentence(problem))
        .size(size::SMALL)
        .color(ink);
    let button = Button::new(text).frame(false).wrap();
    let response = ui.add(button);
    response.widget_info(|| {
        let name = format!("Show {}", problem.sentence);
        WidgetInfo::labeled(WidgetType::Button, true, name)
    });
    if response.on_hover_text("Show where").clicked() {
        *jump = Some(Jump {
            merge: problem.place.document,
            line: problem.place.position.map(|p| p.line as usize),
        });
    }
    if let Some((nearest, text)) = mended(&shown.draft.sheet.text, problem)
        && ui.button(format!("Replace by {nearest}")).clicked()
    {
        actions.push(write(shown, text, format!("Replace by {nearest}")));
    }
}

fn write(shown: &DraftContext<'_>, text: String, title: String) -> Action {
    let sheet = DraftContent {
        text,
        ..shown.draft.sheet.clone()
    };
    Action::Study(Command::Draft(DraftEdit::Write {
        id: shown.draft.id,
        sheet,
        title,
        join: None,
    }))
}

fn sentence(problem: &Problem) -> String {
    match problem.place.position {
        Some(at) => format!("{} (line {})", problem.headline(), at.line),
        None => problem.headline(),
    }
}

/// The nearest valid name, and the text with it in place of the word that is wrong.
fn mended<'p>(text: &str, problem: &'p Problem) -> Option<(&'p str, String)> {
    let nearest = problem.nearest.as_deref()?;
    let at = problem.place.position?;
    let line = text.lines().nth(at.line as usize - 1)?;
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    // The place of a value is that of its key: the word that is wrong is quoted in the sentence.
    let wrong = problem
        .sentence
        .split('`')
        .nth(1)
        .filter(|w| !w.is_empty() && w.chars().all(is_word))?;
    let from = line.find(wrong)?;
    let start: usize = text
        .split_inclusive('\n')
        .take(at.line as usize - 1)
        .map(str::len)
        .sum();
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
            allow_crimes: false,
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
