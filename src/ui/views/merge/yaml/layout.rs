//! The look of the text: keys, values, comments, and a ground under lines with a problem.

use eframe::egui::text::{LayoutJob, TextFormat};
use eframe::egui::{Align, Color32, FontId, Layout, RichText, Ui, WidgetType, vec2};

use super::super::DraftContext;
use crate::merge::problem::{Problem, Severity};
use crate::ui::ext::ResponseExt;
use crate::ui::theme::Tokens;

/// Width of the numbers of the lines, in points.
const NUMBERS: f32 = 26.0;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub line: usize,
    /// The worst of its problems.
    pub severity: Severity,
    /// All of them, a line each.
    pub sentences: String,
}

impl Mark {
    pub fn ink(&self, t: &Tokens) -> Color32 {
        match self.severity {
            Severity::Error => t.error,
            Severity::Warning => t.warning,
        }
    }

    pub fn ground(&self, t: &Tokens) -> Color32 {
        self.ink(t).gamma_multiply(0.2)
    }
}

/// Lines that have a problem, in the order of the text.
pub fn marks(shown: &DraftContext<'_>) -> Vec<Mark> {
    let problems = shown.ahead.filter(|_| !shown.is_stale || shown.is_broken);
    marks_of(problems.map_or(&[][..], |ahead| &ahead.problems))
}

fn marks_of(problems: &[Problem]) -> Vec<Mark> {
    let mut out: Vec<Mark> = Vec::new();
    for problem in problems {
        let Some(at) = problem.place.position else {
            continue;
        };
        let line = at.line as usize;
        match out.iter_mut().find(|mark| mark.line == line) {
            Some(mark) => {
                mark.severity = mark.severity.min(problem.severity);
                mark.sentences.push('\n');
                mark.sentences.push_str(&problem.headline());
            }
            None => out.push(Mark {
                line,
                severity: problem.severity,
                sentences: problem.headline(),
            }),
        }
    }
    out.sort_by_key(|mark| mark.line);
    out
}

pub fn job(text: &str, font: &FontId, t: &Tokens) -> LayoutJob {
    let mut job = LayoutJob::default();
    for line in text.split_inclusive('\n') {
        let mut push = |part: &str, color: Color32| {
            if !part.is_empty() {
                job.append(part, 0.0, TextFormat::simple(font.clone(), color));
            }
        };
        let (code, comment) = line.split_at(comment_at(line));
        match key_end(code) {
            Some(end) => {
                push(&code[..end], t.accent_text);
                push(&code[end..], t.text);
            }
            None => push(code, t.text),
        }
        push(comment, t.text_weak);
    }
    job
}

/// Where a comment begins: a # at the start or after a blank, outside quotes.
fn comment_at(line: &str) -> usize {
    let mut quote: Option<char> = None;
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '#') if before.is_whitespace() => return at,
            _ => {}
        }
        before = c;
    }
    line.len()
}

/// Where a key ends, its colon included.
fn key_end(code: &str) -> Option<usize> {
    let colon = code.find(':')?;
    let is_key = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | ' ' | '"' | '\'');
    let ends = !code[colon + 1..].starts_with(|c: char| !c.is_whitespace());
    (ends && code[..colon].chars().all(is_key)).then_some(colon + 1)
}

pub fn numbers_ui(ui: &mut Ui, text: &str, marks: &[Mark]) {
    let t = Tokens::of(ui);
    let lines = text.lines().count().max(1) + usize::from(text.ends_with('\n'));
    let down = Layout::top_down(Align::Max);
    ui.allocate_ui_with_layout(vec2(NUMBERS, 0.0), down, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for line in 1..=lines {
            let mark = marks.iter().find(|mark| mark.line == line);
            let ink = mark.map_or(t.text_weak, |mark| mark.ink(t));
            let number = RichText::new(line.to_string()).font(font()).color(ink);
            let label = ui.add(eframe::egui::Label::new(number).selectable(false));
            if let Some(mark) = mark {
                label.named(
                    WidgetType::Label,
                    format!("Line {line}: {}", mark.sentences),
                );
                label.on_hover_text(&mark.sentences);
            }
        }
    });
}

pub fn font() -> FontId {
    FontId::monospace(12.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_comments_are_told_apart() {
        assert_eq!(key_end("- model: a"), Some(8));
        assert_eq!(key_end("  t: 0.5"), Some(4));
        assert_eq!(key_end("- http://x"), None);
        assert_eq!(key_end("- 0.5"), None);
        assert_eq!(comment_at("t: 1 # half"), 5);
        assert_eq!(comment_at("t: \"a # b\""), 10);
        assert_eq!(comment_at("a#b"), 3);
    }

    #[test]
    fn a_line_has_one_mark_with_all_that_is_wrong_in_it() {
        let problem = |line, severity, sentence: &str| Problem {
            severity,
            sentence: sentence.to_owned(),
            place: crate::merge::problem::Place {
                position: Some(crate::merge::problem::Position { line, column: 1 }),
                ..Default::default()
            },
            nearest: None,
            fix: None,
            is_ignored: false,
        };
        let marks = marks_of(&[
            problem(4, Severity::Warning, "small"),
            problem(2, Severity::Error, "Other"),
            problem(4, Severity::Error, "grave"),
        ]);
        let found: Vec<(usize, Severity, &str)> = marks
            .iter()
            .map(|m| (m.line, m.severity, m.sentences.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                (2, Severity::Error, "Other"),
                (4, Severity::Error, "Small\nGrave")
            ]
        );
    }

    #[test]
    fn nothing_of_the_text_is_lost() {
        let text = "a: 1 # x\n\n- b: \"c # d\"\nlast";
        let t = Tokens::for_theme(eframe::egui::Theme::Light);
        let job = job(text, &font(), t);
        assert_eq!(job.text, text);
    }
}
