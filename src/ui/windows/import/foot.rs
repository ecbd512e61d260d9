//! Under every stage: what will happen in words, what is wrong, and the two buttons.

use eframe::egui::{Key, Label, Modifiers, RichText, Sense, Ui};
use egui_phosphor::regular as icon;

use super::{Outcome, tasks};
use crate::import::{ImportError, Note, Preview, SameTasks, Source};
use crate::study::{Import, StudyDoc};
use crate::ui::ext::UiExt;
use crate::ui::format;
use crate::ui::theme::{self, ROW_HEIGHT, Tokens, size, space};
use crate::ui::widgets::primary_button;

pub(super) enum FooterAction {
    /// A pasted text was read.
    Read(Box<Source>),
    Import(Import),
    Cancel,
}

/// What the user did below the table.
#[derive(Default)]
pub(super) struct Foot {
    pub press: Option<FooterAction>,
    /// A line that an error names, to be brought into sight.
    pub go_to: Option<usize>,
}

/// The most that the list of errors and notes takes, in points.
const MOST_LIST: f32 = 104.0;
const LINE: f32 = 20.0;
const MOST_NAMES: usize = 6;

pub(super) fn height(outcome: &Outcome) -> f32 {
    let lines = match outcome {
        Ok((ready, preview)) => remarks(&ready.notes, preview).len(),
        Err(errors) => errors.len(),
    };
    let list = (lines as f32 * LINE).min(MOST_LIST);
    let tasks = match outcome {
        Ok((ready, preview)) => {
            let averages = tasks::averages(preview).map_or(0.0, |_| LINE + space::XS);
            tasks::height(ready) + averages
        }
        Err(_) => 0.0,
    };
    list + tasks + ROW_HEIGHT + LINE + 4.0 * space::S
}

/// Draws the foot; `and` is put behind the sentence: what becomes of the scale. What the user
/// says of new tasks goes to the map beside the study.
pub(super) fn foot_ui(
    ui: &mut Ui,
    outcome: &Outcome,
    and: &str,
    (doc, said): (&StudyDoc, &mut SameTasks),
) -> Foot {
    let mut foot = Foot::default();
    ui.separator();
    match outcome {
        Ok((ready, preview)) => {
            tasks::ui(ui, ready, doc, said);
            let sentence = preview.sentence();
            let words = if sentence.is_empty() {
                "Nothing would be imported".to_owned()
            } else {
                format!("{sentence}{and}")
            };
            ui.label(theme::strong(words));
            averages_ui(ui, preview);
            remarks_ui(ui, &remarks(&ready.notes, preview));
        }
        Err(errors) => {
            let n = format::counted(errors.len(), "error");
            let words = format!("{n}; nothing is imported until the file or the columns are right");
            ui.label(theme::strong(words).color(Tokens::of(ui).error));
            foot.go_to = errors_ui(ui, errors, MOST_LIST);
        }
    }
    ui.add_space(space::XS);
    foot.press = buttons_ui(ui, outcome);
    foot
}

fn averages_ui(ui: &mut Ui, preview: &Preview) {
    let Some((words, is_warning)) = tasks::averages(preview) else {
        return;
    };
    let t = Tokens::of(ui);
    let (glyph, ink) = match is_warning {
        true => (icon::WARNING, t.warning),
        false => (icon::CHECK, t.text_weak),
    };
    let words = RichText::new(format!("{glyph}  {words}")).color(ink);
    ui.add(Label::new(words).truncate());
}

fn buttons_ui(ui: &mut Ui, outcome: &Outcome) -> Option<FooterAction> {
    let import = outcome.as_ref().ok().map(|(ready, _)| &ready.import);
    let import = import.filter(|i| !(i.entries.is_empty() && i.pairs.is_empty()));
    let why_not = match outcome {
        Ok(_) => "There is nothing in it to import".to_owned(),
        Err(errors) => errors.first().map_or(String::new(), ToString::to_string),
    };
    let mut press = None;
    ui.horizontal(|ui| {
        let button = ui.add_enabled_ui(import.is_some(), |ui| primary_button(ui, "Import"));
        let button = button.inner.on_disabled_hover_text(why_not);
        let keys = ui.input_mut(|i| i.consume_key(Modifiers::COMMAND, Key::Enter));
        // Enter alone belongs to whatever has the focus; where nothing has, it means the button.
        let free = ui.memory(|m| m.focused().is_none());
        let keys = keys || free && ui.input_mut(|i| i.consume_key(Modifiers::NONE, Key::Enter));
        if let (true, Some(import)) = (button.clicked() || keys, import) {
            press = Some(FooterAction::Import(import.clone()));
        }
        if ui.button("Cancel").clicked() {
            press = Some(FooterAction::Cancel);
        }
    });
    press
}

/// Errors, each with its place; the line of the one that was clicked.
pub(super) fn errors_ui(ui: &mut Ui, errors: &[ImportError], height: f32) -> Option<usize> {
    let t = Tokens::of(ui);
    let mut clicked = None;
    ui.scrolled("errors", height, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        for error in errors {
            let words = format!("{}  {error}", icon::WARNING_CIRCLE);
            let words = RichText::new(words).color(t.error);
            let sense = if error.line > 0 {
                Sense::click()
            } else {
                Sense::hover()
            };
            let response = ui.add(Label::new(words).wrap().sense(sense));
            if response.clicked() {
                clicked = Some(error.line);
            }
        }
    });
    clicked
}

struct Remark {
    words: String,
    is_warning: bool,
}

/// Scores that would be overwritten, new models, and what was noticed while reading.
fn remarks(notes: &[Note], preview: &Preview) -> Vec<Remark> {
    let mut out = Vec::new();
    let mut alike = 0;
    for model in &preview.models {
        for over in &model.overwritten {
            let (old, new) = (format::score(Some(over.old)), format::score(Some(over.new)));
            if old == new {
                alike += 1;
                continue;
            }
            out.push(Remark {
                words: format!("{}, {}: {old} becomes {new}", model.name, over.task),
                is_warning: true,
            });
        }
    }
    let plain = |words: String| Remark {
        words,
        is_warning: false,
    };
    if alike > 0 {
        let scores = format::counted(alike, "score");
        let words = format!("{scores} change by less than is shown, in the third decimal or later");
        out.push(plain(words));
    }
    let note = |note: &Note| Remark {
        words: note.words.clone(),
        is_warning: note.leaves_out,
    };
    out.extend(notes.iter().map(note));
    let new = preview.models.iter().filter(|m| m.is_new).map(|m| &m.name);
    let new: Vec<&String> = new.chain(&preview.added_parents).collect();
    if !new.is_empty() {
        let shown: Vec<&str> = new.iter().take(MOST_NAMES).map(|n| n.as_str()).collect();
        let more = match new.len().saturating_sub(MOST_NAMES) {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        out.push(plain(format!("New: {}{more}", shown.join(", "))));
    }
    out
}

fn remarks_ui(ui: &mut Ui, remarks: &[Remark]) {
    let t = Tokens::of(ui);
    ui.scrolled("remarks", MOST_LIST, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        for remark in remarks {
            let (glyph, ink) = match remark.is_warning {
                true => (icon::WARNING, t.warning),
                false => (icon::INFO, t.text_weak),
            };
            let words = format!("{glyph}  {}", remark.words);
            ui.add(Label::new(RichText::new(words).size(size::SMALL).color(ink)).wrap());
        }
    });
}
