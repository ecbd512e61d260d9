//! The headers of the table: they sort, and what else can be done with a column is in their
//! menu.

use eframe::egui::{Align2, Frame, Margin, Rect, Sense, Ui, WidgetType};
use egui_phosphor::regular as icon;

use super::Asking;
use super::columns::{Column, Listed};
use super::model_table::{ModelTable, Sorting};
use crate::study::{Command, RecordEdit, StudyDoc, ViewEdit};
use crate::ui::action::Action;
use crate::ui::ext::{ResponseExt, UiExt};
use crate::ui::theme::{self, Tokens};
use crate::ui::widgets::{focus_ring, text};

pub struct Header<'a> {
    pub doc: &'a StudyDoc,
    pub sorting: &'a mut Sorting,
    pub asking: &'a mut Option<Asking>,
    pub new_tasks: &'a mut Vec<String>,
    pub actions: &'a mut Vec<Action>,
}

impl Header<'_> {
    pub fn ui(&mut self, ui: &Ui, rect: Rect, column: &Column) {
        let key = column.key();
        let response = ui.interact(rect, ui.id().with(("header", &key)), Sense::click());
        let name = format!("Sort by {}", lower_case(column));
        response.named(WidgetType::Button, &name);
        self.title_ui(ui, rect, column, &key, response.hovered());
        focus_ring(ui, &response);
        if response.clicked() {
            self.sorting.clicked(&key, Sorting::first(column));
        }
        response.context_menu(|ui| self.menu_ui(ui, column, &key));
        let help = self.help(column);
        response.explained(&column.title(), &help);
    }

    fn title_ui(&self, ui: &Ui, rect: Rect, column: &Column, key: &str, hovered: bool) {
        let t = Tokens::of(ui);
        let arrow = match (
            self.sorting.column.as_deref() == Some(key),
            self.sorting.reversed,
        ) {
            (false, _) => "",
            (true, false) => icon::CARET_UP,
            (true, true) => icon::CARET_DOWN,
        };
        let counts = column.task().is_none_or(|task| self.counts(task));
        let ink = if counts || hovered {
            t.text
        } else {
            t.text_weak
        };
        let align = if column.is_number() {
            Align2::RIGHT_CENTER
        } else {
            Align2::LEFT_CENTER
        };
        let font = theme::small_font();
        let room = if arrow.is_empty() { 0.0 } else { 15.0 };
        let title = text::fitted(ui.painter(), &column.title(), &font, rect.width() - room);
        let words = if arrow.is_empty() {
            title
        } else {
            format!("{title} {arrow}")
        };
        let at = align.pos_in_rect(&rect);
        ui.painter().text(at, align, words, font, ink);
    }

    fn counts(&self, task: &str) -> bool {
        !self.doc.not_averaged.iter().any(|t| t == task)
    }

    fn help(&self, column: &Column) -> String {
        match column {
            Column::Task(task) if self.counts(task) => format!("{task}, score in points"),
            Column::Task(task) => {
                format!("{task}, score in points\nDoes not count for the average")
            }
            other => other.help().into_owned(),
        }
    }

    fn menu_ui(&mut self, ui: &mut Ui, column: &Column, key: &str) {
        let sortings = [
            ("Sort, smallest first", Sorting::by(key, false)),
            ("Sort, largest first", Sorting::by(key, true)),
            ("Do not sort", Sorting::default()),
        ];
        for (title, sorting) in sortings {
            if ui.button(title).clicked() {
                *self.sorting = sorting;
                ui.close();
            }
        }
        if let Some(task) = column.task() {
            ui.separator();
            self.task_menu_ui(ui, task);
        }
        if *column != Column::Name {
            ui.separator();
            if ui.button("Hide column").clicked() {
                let hide = ViewEdit::Column(key.to_owned(), Some(false));
                self.actions.push(Action::Study(Command::View(hide)));
                ui.close();
            }
        }
    }

    fn task_menu_ui(&mut self, ui: &mut Ui, task: &str) {
        let mut edit = |edit| self.actions.push(Action::Study(Command::Record(edit)));
        let mut counts = !self.doc.not_averaged.iter().any(|t| t == task);
        if ui.checkbox(&mut counts, "Count for the average").changed() {
            edit(RecordEdit::CountTask(task.to_owned(), counts));
            ui.close();
        }
        if ui.button("Rename task…").clicked() {
            *self.asking = Some(Asking::rename(task));
            ui.close();
        }
        if ui.button("Remove task").clicked() {
            edit(RecordEdit::RemoveTask(task.to_owned()));
            self.new_tasks.retain(|t| t != task);
            ui.close();
        }
    }
}

/// The title as it stands within a sentence; names of tasks keep their letters.
fn lower_case(column: &Column) -> String {
    match column {
        Column::Task(task) => task.clone(),
        other => other.title().to_lowercase(),
    }
}

/// What the menu of columns leaves of the window's height, in points.
const MENU_LEAVES: f32 = 250.0;
const MOST_MENU: f32 = 460.0;
/// Room at the right of its rows for the scroll bar.
const GUTTER: Margin = Margin {
    left: 0,
    right: 14,
    top: 0,
    bottom: 0,
};

pub fn columns_menu(ui: &mut Ui, doc: &StudyDoc, table: &ModelTable, actions: &mut Vec<Action>) {
    let mut view = |edit| actions.push(Action::Study(Command::View(edit)));
    // Twenty tasks are more than a window is high.
    let height = (ui.ctx().content_rect().height() - MENU_LEAVES).min(MOST_MENU);
    let area = eframe::egui::ScrollArea::vertical().max_height(height);
    area.show(ui, |ui| {
        // The scroll bar floats; nothing lies under it.
        Frame::new()
            .inner_margin(GUTTER)
            .show(ui, |ui| columns_ui(ui, table, &mut view));
    });
    ui.separator();
    let is_changed = doc.view.columns != crate::study::ColumnChoices::default();
    let usual = eframe::egui::Button::new("Usual columns");
    if ui.add_enabled(is_changed, usual).clicked() {
        view(ViewEdit::UsualColumns);
        ui.close();
    }
}

/// Columns with something to show, then those that are empty.
fn columns_ui(ui: &mut Ui, table: &ModelTable, view: &mut impl FnMut(ViewEdit)) {
    let listed = table
        .columns
        .iter()
        .filter(|own| own.column != Column::Name);
    let (empty, full): (Vec<&Listed>, Vec<&Listed>) = listed.partition(|own| own.is_empty());
    full.into_iter().for_each(|own| choice_ui(ui, own, view));
    if !empty.is_empty() {
        ui.quiet("Empty");
        empty.into_iter().for_each(|own| choice_ui(ui, own, view));
    }
}

fn choice_ui(ui: &mut Ui, listed: &Listed, view: &mut impl FnMut(ViewEdit)) {
    let mut shown = listed.is_shown;
    let title = crate::ui::format::elide_middle(&listed.column.title(), 32);
    if ui.checkbox(&mut shown, title).changed() {
        let choice = (shown != listed.is_usual).then_some(shown);
        view(ViewEdit::Column(listed.key.clone(), choice));
    }
}
