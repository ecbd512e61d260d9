//! A program that judges: its line, where it runs, what is set for it, how long it may take.

use eframe::egui::{
    Align, DragValue, FontId, Key, Label, Layout, Margin, Modifiers, RichText, TextEdit, Ui,
    WidgetInfo, WidgetType, vec2,
};
use egui_phosphor::regular as icon;

use super::{judge_by, path_ui, sentence};
use crate::evaluate::command::Call;
use crate::study::Evaluator;
use crate::ui::action::EvaluationAction;
use crate::ui::ext::ResponseExt;
use crate::ui::theme::{self, ROW_HEIGHT, Tokens, size, space};
use crate::ui::views::ViewContext;
use crate::ui::widgets::{icon_button, text, text_field};

const ABOUT: &str = "Any program that judges a model, run without a shell: {model} stands for \
                     the model’s folder, {output} for an empty folder that it writes its results \
                     to, as lm-evaluation-harness does or as JSON {\"task\": score}.";
/// Minutes that a limit begins with.
const USUAL_LIMIT: u32 = 60;
const MOST_MINUTES: u32 = 60 * 24 * 30;
const LINE: &str = "Command line";

/// What is typed, as long as it differs from what the study has.
#[derive(Default)]
pub struct Program {
    /// The line as it is typed, and the call that it was last in step with.
    line: String,
    of: Option<Call>,
    /// Why the line is no call.
    trouble: Option<String>,
    name: String,
    value: String,
}

impl Program {
    /// Draws the set-up; every change goes to the study at once.
    pub fn ui(&mut self, ui: &mut Ui, view: &ViewContext<'_>, call: &Call) {
        // What has changed elsewhere, by undo or by another field, is written into the line.
        if self.of.as_ref() != Some(call) {
            self.write(call);
        }
        sentence(ui, ABOUT);
        let mut new = call.clone();
        self.line_ui(ui, &mut new);
        folder_ui(ui, view, &mut new);
        limit_ui(ui, &mut new);
        self.variables_ui(ui, &mut new);
        if new != *call {
            self.of = Some(new.clone());
            judge_by(view, Evaluator::Command { call: new });
        }
    }

    fn write(&mut self, call: &Call) {
        self.line = call.to_line();
        self.of = Some(call.clone());
        self.trouble = None;
    }

    fn line_ui(&mut self, ui: &mut Ui, call: &mut Call) {
        ui.horizontal(|ui| {
            ui.label(theme::strong(LINE));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let button = ui.button("Fill in lm_eval");
                let help = "A line for lm-evaluation-harness, with tasks of the paper; change \
                            them as you like";
                if button.on_hover_text(help).clicked() {
                    set_line(call, Call::lm_eval());
                    self.write(call);
                }
            });
        });
        let edit = TextEdit::multiline(&mut self.line)
            .hint_text("judge --model {model} --out {output}")
            .font(FontId::monospace(size::SMALL + 0.5))
            .desired_rows(3)
            .desired_width(f32::INFINITY)
            .margin(Margin::symmetric(8, 5))
            // A line has no end; Enter means what it means in the window.
            .return_key(None);
        let response = ui.add(edit);
        let value = self.line.clone();
        response.widget_info(|| WidgetInfo {
            label: Some(LINE.to_owned()),
            current_text_value: Some(value.clone()),
            ..WidgetInfo::new(WidgetType::TextEdit)
        });
        if response.changed() {
            match Call::parse(&self.line) {
                Ok(read) => {
                    set_line(call, read);
                    self.trouble = None;
                }
                Err(sentence) => self.trouble = Some(sentence),
            }
        }
        if response.has_focus() && ui.input_mut(|i| i.consume_key(Modifiers::NONE, Key::Enter)) {
            response.surrender_focus();
        }
        let error = Tokens::of(ui).error;
        if let Some(sentence) = &self.trouble {
            let words = RichText::new(format!("{sentence}. Until then the last line counts."));
            ui.add(Label::new(words.small().color(error)).wrap());
        }
    }

    /// What stands before the program in the line, one a row.
    fn variables_ui(&mut self, ui: &mut Ui, call: &mut Call) {
        row_ui(ui, "Variables", |ui| {
            ui.weak("set for it beside those of Kinfolk");
        });
        let before = call.variables.clone();
        let mut gone = None;
        for (k, (name, value)) in call.variables.iter_mut().enumerate() {
            ui.horizontal(|ui| {
                let font = FontId::monospace(size::SMALL);
                let shown = text::fitted(ui.painter(), name, &font, NAME_WIDTH);
                let label = Label::new(RichText::new(shown).font(font));
                left_ui(ui, NAME_WIDTH, label);
                let width = ui.available_width() - ROW_HEIGHT - space::S;
                text_field(ui, &format!("Value of {name}"), "empty", value, width);
                if icon_button(ui, icon::X, &format!("Remove {name}")).clicked() {
                    gone = Some(k);
                }
            });
        }
        if let Some(k) = gone {
            call.variables.remove(k);
        }
        self.new_variable_ui(ui, call);
        if call.variables != before {
            self.write(call);
        }
    }

    fn new_variable_ui(&mut self, ui: &mut Ui, call: &mut Call) {
        ui.horizontal(|ui| {
            let (label, hint) = ("Name of a new variable", "CUDA_VISIBLE_DEVICES");
            let name = text_field(ui, label, hint, &mut self.name, NAME_WIDTH);
            if name.changed() {
                self.name.retain(|c| c.is_ascii_alphanumeric() || c == '_');
                let kept = self.name.trim_start_matches(|c: char| c.is_ascii_digit());
                self.name = kept.to_owned();
            }
            let width = ui.available_width() - ADD_WIDTH - space::S;
            let value = text_field(ui, "Value of the new variable", "0", &mut self.value, width);
            let can = !self.name.is_empty();
            let entered = (name.lost_focus() || value.lost_focus())
                && ui.input(|i| i.key_pressed(Key::Enter));
            let add = ui.add_enabled_ui(can, |ui| ui.button("Add")).inner;
            let add = add.on_disabled_hover_text("A variable needs a name");
            if can && (add.clicked() || entered) {
                let value = std::mem::take(&mut self.value);
                let name = std::mem::take(&mut self.name);
                call.variables.retain(|(other, _)| *other != name);
                call.variables.push((name, value));
            }
        });
    }
}

const NAME_WIDTH: f32 = 190.0;
/// Width of the button that adds a variable, in points.
const ADD_WIDTH: f32 = 46.0;
const LABEL_WIDTH: f32 = 96.0;

/// Takes what a line says of a call; the rest stays.
fn set_line(call: &mut Call, line: Call) {
    call.program = line.program;
    call.arguments = line.arguments;
    call.variables = line.variables;
}

/// A name at the left, controls beside it.
fn row_ui(ui: &mut Ui, name: &str, content: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        left_ui(ui, LABEL_WIDTH, Label::new(name));
        content(ui);
    });
}

/// A label as wide as those below and above it.
fn left_ui(ui: &mut Ui, width: f32, label: Label) {
    let size = vec2(width, ROW_HEIGHT);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_width(width);
        ui.add(label);
    });
}

fn folder_ui(ui: &mut Ui, view: &ViewContext<'_>, call: &mut Call) {
    row_ui(ui, "Runs in", |ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if call.folder.is_some()
                && icon_button(ui, icon::X, "Run in the folder of the study").clicked()
            {
                call.folder = None;
            }
            if ui.button("Choose folder…").clicked() {
                view.push(EvaluationAction::AskForFolder);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                match &call.folder {
                    Some(folder) => {
                        path_ui(ui, folder);
                    }
                    None => {
                        ui.weak("the folder of the study");
                    }
                }
            });
        });
    });
}

fn limit_ui(ui: &mut Ui, call: &mut Call) {
    row_ui(ui, "Time limit", |ui| {
        let mut has_limit = call.limit_minutes.is_some();
        if ui.checkbox(&mut has_limit, "End it after").changed() {
            call.limit_minutes = has_limit.then_some(USUAL_LIMIT);
        }
        let mut minutes = call.limit_minutes.unwrap_or(USUAL_LIMIT);
        ui.add_enabled_ui(has_limit, |ui| {
            let response = ui.add(DragValue::new(&mut minutes).range(1..=MOST_MINUTES));
            response.named(WidgetType::DragValue, "Minutes until it is ended");
            if response.changed() {
                call.limit_minutes = Some(minutes);
            }
            ui.label("minutes for each model");
        });
    });
}
