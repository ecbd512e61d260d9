//! The built-in evaluator: its files of tasks, and which of them count for the average.

use std::path::{Path, PathBuf};

use eframe::egui::{Align, Checkbox, Frame, Label, Layout, RichText, Stroke, Ui, vec2};
use egui_phosphor::regular as icon;

use super::{judge_by, path_ui, sentence};
use crate::study::{Command, Evaluator, RecordEdit};
use crate::ui::action::EvaluationAction;
use crate::ui::ext::UiExt;
use crate::ui::format;
use crate::ui::theme::{self, ROW_HEIGHT, Tokens, radius, space};
use crate::ui::views::ViewContext;
use crate::ui::widgets::{icon_button, text};
use crate::workbench::evolving::TaskRow;

const SUPPORTED: &str = "Kinfolk runs small models by itself, on the processor: those of the \
                         Llama, Mistral, Qwen2 and Qwen3 families, with their config.json and \
                         tokenizer.json.";
const FORMAT: &str = "A .jsonl file has an item a line: a prompt and its one right answer, or a \
                      text for a perplexity. A .txt file is one text.";

pub fn ui(ui: &mut Ui, view: &ViewContext<'_>, tasks: &[PathBuf]) {
    sentence(ui, SUPPORTED);
    sentence(ui, FORMAT);
    let read = view.bench.task_files();
    for (k, path) in tasks.iter().enumerate() {
        let file = read.and_then(|files| files.get(k));
        if file_ui(ui, view, path, file.map(|file| &file.tasks)) {
            let mut tasks = tasks.to_vec();
            tasks.retain(|other| other != path);
            judge_by(view, Evaluator::BuiltIn { tasks });
        }
    }
    ui.horizontal_wrapped(|ui| {
        if ui.button("Add tasks…").clicked() {
            view.push(EvaluationAction::AskForTaskFiles);
        }
        if tasks.is_empty() {
            proposed_ui(ui, view);
        }
    });
}

/// Offers the tasks that lie beside the models.
pub fn proposed_ui(ui: &mut Ui, view: &ViewContext<'_>) {
    let Some(proposed) = view.bench.proposed_tasks() else {
        return;
    };
    let files = format::counted(proposed.files, "task file");
    let folder = &proposed.folder;
    let short: PathBuf = folder
        .iter()
        .skip(folder.iter().count().saturating_sub(2))
        .collect();
    let words = format!("Use {files} in {}", short.display());
    let button = ui.button(format::elide_middle(&words, 60));
    if button.on_hover_text(folder.to_string_lossy()).clicked() {
        let tasks = vec![folder.clone()];
        judge_by(view, Evaluator::BuiltIn { tasks });
    }
}

type Read<'a> = Option<&'a Result<Vec<TaskRow>, String>>;

/// A file or folder with its tasks; whether it is to go.
fn file_ui(ui: &mut Ui, view: &ViewContext<'_>, path: &Path, read: Read<'_>) -> bool {
    let t = Tokens::of(ui);
    let frame = Frame::new()
        .stroke(Stroke::new(1.0, t.line))
        .corner_radius(radius::CONTROL)
        .inner_margin(space::S);
    let content = |ui: &mut Ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 2.0;
        let is_gone = head_ui(ui, path, read);
        match read {
            None => {
                ui.quiet("Being read…");
            }
            Some(Err(trouble)) => {
                let words = RichText::new(trouble).small().color(t.error);
                ui.add(Label::new(words).wrap());
            }
            Some(Ok(tasks)) => tasks_ui(ui, view, tasks),
        }
        is_gone
    };
    frame.show(ui, content).inner
}

fn head_ui(ui: &mut Ui, path: &Path, read: Read<'_>) -> bool {
    let line = vec2(ui.available_width(), ROW_HEIGHT);
    let content = |ui: &mut Ui| {
        let name = path.file_name().unwrap_or(path.as_os_str());
        let remove = format!("Remove {}", name.to_string_lossy());
        let is_gone = icon_button(ui, icon::X, &remove).clicked();
        if let Some(Ok(tasks)) = read {
            let items = tasks.iter().map(|task| task.items).sum();
            let (tasks, items) = (
                format::counted(tasks.len(), "task"),
                format::counted(items, "item"),
            );
            ui.quiet(format!("{tasks}, {items}"));
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| path_ui(ui, path));
        is_gone
    };
    ui.allocate_ui_with_layout(line, Layout::right_to_left(Align::Center), content)
        .inner
}

/// The tasks of a file, as many side by side as there is room for.
fn tasks_ui(ui: &mut Ui, view: &ViewContext<'_>, tasks: &[TaskRow]) {
    if tasks.is_empty() {
        ui.quiet("There are no tasks in it");
        return;
    }
    ui.quiet("Those with a tick count for the average");
    let wide = 196.0;
    let columns = ((ui.available_width() / wide) as usize).clamp(1, tasks.len().max(1));
    let rows = tasks.len().div_ceil(columns);
    ui.columns(columns, |uis| {
        for (ui, tasks) in uis.iter_mut().zip(tasks.chunks(rows)) {
            ui.spacing_mut().item_spacing.y = 2.0;
            for task in tasks {
                task_ui(ui, view, task);
            }
        }
    });
}

fn task_ui(ui: &mut Ui, view: &ViewContext<'_>, task: &TaskRow) {
    let doc = view.doc();
    let has_score = doc.models.iter().any(|m| m.score(&task.name).is_some());
    let is_left_out = doc.not_averaged.contains(&task.name);
    // It is left out by itself when it is first scored.
    let will_be = task.is_text && !has_score && !is_left_out;
    let mut counts = !is_left_out && !will_be;
    let (of_what, what) = match task.is_text {
        true => ("perplexity of ", "text"),
        false => ("", "item"),
    };
    let items = format::counted(task.items, what);
    let mut help = format!("{}, {of_what}{items}", task.name);
    if will_be {
        help += "; less is better, so it does not count for the average";
    }
    ui.add_enabled_ui(!will_be, |ui| {
        ui.horizontal(|ui| {
            let room = ui.available_width() - 80.0;
            let font = theme::body_font();
            let name = text::fitted(ui.painter(), &task.name, &font, room.max(60.0));
            let tick = ui.add(Checkbox::new(&mut counts, name));
            tick.widget_info(|| {
                let words = format!("Count {} for the average", task.name);
                eframe::egui::WidgetInfo::selected(
                    eframe::egui::WidgetType::Checkbox,
                    !will_be,
                    counts,
                    words,
                )
            });
            let tick = tick.on_hover_text(&help).on_disabled_hover_text(&help);
            if tick.changed() {
                let edit = RecordEdit::CountTask(task.name.clone(), counts);
                view.push(Command::Record(edit));
            }
            let n = format::count(task.items as u64);
            ui.quiet(n);
        });
    });
}
