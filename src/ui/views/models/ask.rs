//! Small questions: names of models without files, the name of a task.

use std::collections::BTreeSet;

use eframe::egui::{Button, Context, Key, Margin, TextEdit, Ui, WidgetType};

use crate::study::{Command, ModelEdit, NewModel, RecordEdit, StudyDoc};
use crate::ui::action::Action;
use crate::ui::ext::{ResponseExt, modal};
use crate::ui::format;
use crate::ui::theme::{self, size, space};
use crate::ui::widgets::{primary_button, text_field};

pub struct Asking {
    about: About,
    text: String,
    is_new: bool,
}

enum About {
    Names,
    NewTask,
    Rename(String),
}

pub enum Answer {
    Cancelled,
    Do(Action),
    NewTask(String),
    /// A task is called otherwise: old and new name.
    Rename(String, String),
}

const WIDTH: f32 = 400.0;

impl Asking {
    pub fn names() -> Self {
        Self::new(About::Names, "")
    }

    pub fn task() -> Self {
        Self::new(About::NewTask, "")
    }

    pub fn rename(task: &str) -> Self {
        Self::new(About::Rename(task.to_owned()), task)
    }

    fn new(about: About, text: &str) -> Self {
        Self {
            about,
            text: text.to_owned(),
            is_new: true,
        }
    }

    /// Draws the question over everything; the answer, once there is one. `tasks` are taken.
    pub fn ui(&mut self, ctx: &Context, doc: &StudyDoc, tasks: &[String]) -> Option<Answer> {
        let modal = modal(ctx, "question", space::XL).show(ctx, |ui| {
            ui.set_width(WIDTH);
            match &self.about {
                About::Names => self.names_ui(ui, doc),
                About::NewTask | About::Rename(_) => self.task_ui(ui, tasks),
            }
        });
        let closed = modal.should_close().then_some(Answer::Cancelled);
        modal.inner.or(closed)
    }

    fn names_ui(&mut self, ui: &mut Ui, doc: &StudyDoc) -> Option<Answer> {
        heading(ui, "Add models by name");
        ui.weak("For models whose files are elsewhere, or nowhere. One name a line.");
        ui.add_space(space::S);
        let field = TextEdit::multiline(&mut self.text)
            .hint_text("e.g.\nopenchat-3.5\nneural-chat-7b")
            .desired_rows(6)
            .margin(Margin::symmetric(8, 4))
            .desired_width(f32::INFINITY);
        let response = ui.add(field);
        response.named(WidgetType::TextEdit, "Names");
        if std::mem::take(&mut self.is_new) {
            response.request_focus();
        }
        let (new, known) = new_names(doc, &self.text);
        let note = match known {
            0 => String::new(),
            1 => "One of them is in the study already".to_owned(),
            n => format!("{n} of them are in the study already"),
        };
        ui.weak(&note);
        let verb = match new.len() {
            0 => "Add".to_owned(),
            n => format!("Add {}", format::counted(n, "model")),
        };
        let by_key = ui.input(|i| i.modifiers.command && i.key_pressed(Key::Enter));
        let answer = buttons_ui(ui, &verb, !new.is_empty(), by_key)?;
        Some(if answer {
            let models = new.into_iter().map(|name| NewModel {
                name,
                ..NewModel::default()
            });
            let add = ModelEdit::Add(models.collect());
            Answer::Do(Action::Study(Command::Model(add)))
        } else {
            Answer::Cancelled
        })
    }

    fn task_ui(&mut self, ui: &mut Ui, tasks: &[String]) -> Option<Answer> {
        let (title, verb) = match &self.about {
            About::Rename(task) => (
                format!("Rename {}", format::elide_middle(task, 32)),
                "Rename",
            ),
            _ => ("Add a task".to_owned(), "Add task"),
        };
        heading(ui, &title);
        let hint = "e.g. gsm8k";
        let response = text_field(ui, "Name of the task", hint, &mut self.text, WIDTH);
        if std::mem::take(&mut self.is_new) {
            response.request_focus();
        }
        let name = self.text.trim().to_owned();
        let own = matches!(&self.about, About::Rename(old) if *old == name);
        let is_taken = !own && tasks.contains(&name);
        ui.weak(if is_taken {
            "There is a task of this name"
        } else {
            ""
        });
        let by_key = response.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
        let can = !name.is_empty() && !is_taken && !own;
        if by_key && !can {
            response.request_focus();
        }
        let answer = buttons_ui(ui, verb, can, by_key)?;
        Some(match (&self.about, answer) {
            (_, false) => Answer::Cancelled,
            (About::Rename(old), true) => Answer::Rename(old.clone(), name),
            (_, true) => Answer::NewTask(name),
        })
    }
}

fn heading(ui: &mut Ui, title: &str) {
    ui.label(theme::strong(title).size(size::HEADING));
    ui.add_space(space::XS);
}

fn buttons_ui(ui: &mut Ui, verb: &str, can: bool, by_key: bool) -> Option<bool> {
    ui.add_space(space::S);
    ui.horizontal(|ui| {
        let button = ui.add_enabled_ui(can, |ui| primary_button(ui, verb)).inner;
        let goes = can && (button.clicked() || by_key);
        let stops = ui.add(Button::new("Cancel")).clicked();
        if goes {
            Some(true)
        } else {
            stops.then_some(false)
        }
    })
    .inner
}

/// Names in a text, one a line, that the study lacks, each once; and how many it has.
fn new_names(doc: &StudyDoc, text: &str) -> (Vec<String>, usize) {
    let there: BTreeSet<&str> = doc.models.iter().map(|m| m.name.as_str()).collect();
    let mut seen = BTreeSet::new();
    let names = text.lines().map(str::trim);
    let names: Vec<&str> = names.filter(|n| !n.is_empty() && seen.insert(*n)).collect();
    let (known, new): (Vec<&str>, Vec<&str>) = names.iter().partition(|n| there.contains(**n));
    (
        new.into_iter().map(ToOwned::to_owned).collect(),
        known.len(),
    )
}

/// Writes a task under another name, in the study if it has scores.
pub fn rename(old: &str, new: &str, new_tasks: &mut [String]) -> Action {
    for task in new_tasks.iter_mut().filter(|task| *task == old) {
        new.clone_into(task);
    }
    let edit = RecordEdit::RenameTask(old.to_owned(), new.to_owned());
    Action::Study(Command::Record(edit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::Model;

    #[test]
    fn names_are_taken_line_by_line_and_each_once() {
        let doc = StudyDoc {
            models: vec![Model {
                name: "there".to_owned(),
                ..Model::default()
            }],
            ..StudyDoc::default()
        };
        let (new, known) = new_names(&doc, " a b \r\n\nthere\n模型\na b");
        assert_eq!(new, ["a b", "模型"]);
        assert_eq!(known, 1);
    }
}
