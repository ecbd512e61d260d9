//! Which tasks of the study the tasks of a file are, where their names differ.

use eframe::egui::{Align, Label, Layout, Ui, vec2};

use crate::import::{NewTask, Preview, Ready, SameTasks, free_tasks};
use crate::study::StudyDoc;
use crate::ui::ext::UiExt;
use crate::ui::format;
use crate::ui::theme::{self, ROW_HEIGHT, space};
use crate::ui::widgets::{Choice, choice};

/// Room for a task and its choice, and for the task alone, in points.
const CELL: f32 = 350.0;
const NAME: f32 = 132.0;
/// The most lines in sight.
const MOST_LINES: usize = 3;
const HEAD: f32 = 24.0;
const AS_NEW: &str = "A new task";

/// How high the list is; nothing where every task is known.
pub fn height(ready: &Ready) -> f32 {
    if ready.new_tasks.is_empty() {
        return 0.0;
    }
    // As many columns as the narrowest window has, so that it is enough.
    let lines = ready.new_tasks.len().div_ceil(2).min(MOST_LINES);
    HEAD + lines as f32 * (ROW_HEIGHT + space::XS) + space::S
}

/// Draws the list; what the user says of a task goes to `said`.
pub fn ui(ui: &mut Ui, ready: &Ready, doc: &StudyDoc, said: &mut SameTasks) {
    if ready.new_tasks.is_empty() {
        return;
    }
    ui.label(theme::strong(heading(&ready.new_tasks)));
    let free = free_tasks(ready, doc);
    let columns = ((ui.available_width() / CELL) as usize).max(1);
    let most = MOST_LINES as f32 * (ROW_HEIGHT + space::XS);
    ui.scrolled("new tasks", most, |ui| {
        ui.spacing_mut().item_spacing.y = space::XS;
        for row in ready.new_tasks.chunks(columns) {
            ui.horizontal(|ui| row.iter().for_each(|task| cell(ui, task, &free, said)));
        }
    });
    ui.add_space(space::XS);
}

fn heading(tasks: &[NewTask]) -> String {
    let same = tasks.iter().filter(|task| task.same_as.is_some()).count();
    let new = tasks.len() - same;
    let taken = match same {
        1 => "1 task is taken for one of the study".to_owned(),
        n => format!("{n} tasks are taken for tasks of the study"),
    };
    match (same, new) {
        (0, n) => format!(
            "{} to the study; choose where one is known already",
            is_new(n)
        ),
        (_, 0) => format!("{taken}; change what is not so"),
        (_, n) => format!("{taken}, {}; change what is not so", is_new(n)),
    }
}

fn is_new(n: usize) -> String {
    let verb = if n == 1 { "is" } else { "are" };
    format!("{} {verb} new", format::counted(n, "task"))
}

fn cell(ui: &mut Ui, task: &NewTask, free: &[String], said: &mut SameTasks) {
    let left = Layout::left_to_right(Align::Center);
    ui.allocate_ui_with_layout(vec2(CELL - space::S, ROW_HEIGHT), left, |ui| {
        ui.set_min_width(CELL - space::S);
        ui.allocate_ui_with_layout(vec2(NAME, ROW_HEIGHT), left, |ui| {
            ui.set_min_width(NAME);
            ui.add(Label::new(&task.name).truncate())
                .on_hover_text(&task.name);
        });
        ui.quiet("is");
        let known = task.same_as.iter().chain(free);
        let known: Vec<&str> = known.map(String::as_str).collect();
        let mut options = vec![Choice::new(0, AS_NEW, "")];
        options.extend(
            known
                .iter()
                .enumerate()
                .map(|(k, name)| Choice::new(k + 1, name, "")),
        );
        let now = usize::from(task.same_as.is_some());
        let name = format!("{} is", task.name);
        if let Some(chosen) = choice(ui, &name, now, &options) {
            let same_as = chosen.checked_sub(1).map(|k| known[k].to_owned());
            said.insert(task.name.clone(), same_as);
        }
    });
}

/// Over what the averages will be, and whether that is to be warned of.
pub fn averages(preview: &Preview) -> Option<(String, bool)> {
    let sentence = preview.averages_sentence();
    (!sentence.is_empty()).then_some((sentence, preview.losing > 0))
}
