//! The table of models: a study's first view, and the place where scores are written down.

mod actions;
mod ask;
mod averages;
mod block;
mod cells;
mod columns;
mod edit;
mod grid;
mod header;
mod keys;
mod model_table;

use eframe::egui::{Align, Frame, Key, Layout, Margin, Rect, TextEdit, Ui, vec2};
use egui_phosphor::regular as icon;

use crate::study::{Command, Model, ModelEdit, ModelId, Selection, ViewEdit};
use crate::ui::action::{Action, ImportAction, ModelsAction};
use crate::ui::ask::Ask;
use crate::ui::theme::space;
use crate::ui::views::rows::{clicked_row, range};
use crate::ui::widgets::{TypeAhead, empty_state, icon_button, search_field};
use crate::workbench::Workbench;

pub use actions::{
    ancestry_button, base_menu, compare_button, compose, compose_by, convert_button,
    extract_button, merge_menu, proof_buttons, relate_button, selection_actions,
};
pub use block::score as read_number;
pub use cells::{ADAPTER_COLOUR, bar, place, score_lines};
pub use model_table::kinship;

use ask::{Answer, Asking};
use columns::{Column, Listed};
use edit::{Editing, End};
use model_table::{ModelTable, Rows, Sorting};

#[derive(Default)]
pub struct ModelsView {
    filter: String,
    sorting: Sorting,
    renaming: Option<Renaming>,
    editing: Option<Editing>,
    /// A score that has been written, to be taken in after the rows are drawn.
    ended: Option<(Editing, End)>,
    asking: Option<Asking>,
    /// Tasks that were added and have no score yet.
    new_tasks: Vec<String>,
    /// The column that the keyboard is at, by its key; its row is the last selected one.
    cursor: Option<String>,
    cursor_row: Option<ModelId>,
    /// Where a range that is selected with Shift begins.
    anchor: Option<ModelId>,
    /// The row that the keyboard went to, to be brought into sight.
    scroll_to: Option<usize>,
    typed: TypeAhead,
    table: ModelTable,
}

/// Whether keys without a modifier mean the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    Free,
    /// They do, and what deletes means the cell of a score.
    Cell,
    /// Something on top, or a field of text, has them.
    Taken,
}

struct Renaming {
    id: ModelId,
    text: String,
    is_new: bool,
}

impl ModelsView {
    pub fn ui(&mut self, ui: &mut Ui, bench: &Workbench, keys: Keys, actions: &mut Vec<Action>) {
        self.asking_ui(ui, bench, actions);
        if bench.study().doc().models.is_empty() {
            self.empty_ui(ui, actions);
            return;
        }
        // Taken out while it is read and the view is changed.
        let mut table = std::mem::take(&mut self.table);
        table.bring_up_to_date(bench, &self.new_tasks);
        let all = Rows {
            bench,
            table: &table,
            shown: &table.shown(),
            places: &[],
        };
        let places = self.places(all);
        let rows = Rows {
            places: &places,
            ..all
        };
        self.full_ui(ui, rows, keys, actions);
        self.table = table;
    }

    fn full_ui(&mut self, ui: &mut Ui, rows: Rows<'_>, keys: Keys, actions: &mut Vec<Action>) {
        self.cursor_row = rows.bench.study().selection().models().last().copied();
        let view = ui.max_rect();
        let margin = Margin::symmetric(16, 12);
        Frame::new().inner_margin(margin).show(ui, |ui| {
            self.strip(ui, rows, actions);
            ui.add_space(space::XS);
            averages::averages_ui(ui, rows.bench, actions);
            if keys != Keys::Taken && self.editing.is_none() && self.asking.is_none() {
                self.keys(ui, rows, actions);
                self.clipboard(ui, rows, actions);
            }
            if rows.places.is_empty() {
                self.nothing_left_ui(ui);
            } else {
                self.table(ui, rows, actions);
            }
            if let Some(end) = self.editing.as_mut().and_then(Editing::out_of_sight) {
                self.ended = self.editing.take().map(|editing| (editing, end));
            }
            self.end_editing(rows, actions);
        });
        actions::selection_bar(ui, view, rows.bench, actions);
    }

    fn empty_ui(&mut self, ui: &mut Ui, actions: &mut Vec<Action>) {
        let sentence = "No models yet. Add a base and its fine-tunes: folders of checkpoints, \
                        files of weights (safetensors, GGUF, PyTorch) or adapters. You can also \
                        drop them here, or paste their paths. Models without files are added by \
                        name.";
        if empty_state(ui, icon::STACK, sentence, Some("Add models…")) {
            actions.push(Action::Models(ModelsAction::AskForFolders));
        }
        ui.vertical_centered(|ui| {
            if ui.button("Add by name…").clicked() {
                self.ask_for_names();
            }
        });
    }

    pub fn ask_for_names(&mut self) {
        self.asking = Some(Asking::names());
    }

    pub fn ask_for_task(&mut self) {
        self.asking = Some(Asking::task());
    }

    pub fn is_asking(&self) -> bool {
        self.asking.is_some()
    }

    pub fn is_at_score(&self, bench: &Workbench) -> bool {
        let is_at = |c: &Listed| c.is_shown && Some(&c.key) == self.cursor.as_ref();
        let column = self.table.columns.iter().find(|c| is_at(c));
        column.is_some_and(|c| c.column.task().is_some())
            && !bench.study().selection().models().is_empty()
    }

    /// Another study was opened: tasks without scores belong to the one that they were added to.
    pub fn study_opened(&mut self) {
        self.new_tasks.clear();
        self.editing = None;
        self.cursor = None;
    }

    fn asking_ui(&mut self, ui: &Ui, bench: &Workbench, actions: &mut Vec<Action>) {
        let Some(asking) = &mut self.asking else {
            return;
        };
        let record = bench.record();
        let tasks: Vec<String> = record
            .tasks
            .iter()
            .chain(&self.new_tasks)
            .cloned()
            .collect();
        let Some(answer) = asking.ui(ui.ctx(), bench.study().doc(), &tasks) else {
            return;
        };
        self.asking = None;
        match answer {
            Answer::Cancelled => {}
            Answer::Do(action) => actions.push(action),
            Answer::NewTask(task) => {
                let key = Column::Task(task.clone()).key();
                self.new_tasks.push(task);
                self.cursor = Some(key);
                let at = bench.study().selection().models().last().copied();
                let models = &bench.study().doc().models;
                self.scroll_to = models.iter().position(|m| Some(m.id) == at);
            }
            Answer::Rename(old, new) => {
                self.cursor = Some(Column::Task(new.clone()).key());
                actions.push(ask::rename(&old, &new, &mut self.new_tasks));
            }
        }
    }

    /// The models that the filter leaves, in the order of the sorting.
    fn places(&self, rows: Rows<'_>) -> Vec<usize> {
        let filter = self.filter.to_lowercase();
        let matches = |k: &usize, m: &Model| {
            let role = rows.table.roles.get(*k).map_or("", |role| role.title());
            let parents = rows.table.parents.get(*k).map_or("", String::as_str);
            let words = [&m.name, &m.note, &m.origin.method, &m.published];
            let words = words.into_iter().map(String::as_str);
            let runs = m.steps.iter().map(|step| step.run.as_str());
            let mut all = words.chain(runs).chain([role, parents]);
            all.any(|s| s.to_lowercase().contains(&filter))
        };
        let models = rows.bench.study().doc().models.iter().enumerate();
        let mut places: Vec<usize> = models
            .filter(|(k, m)| filter.is_empty() || matches(k, m))
            .map(|(k, _)| k)
            .collect();
        self.sorting.sort(&mut places, rows);
        places
    }

    fn strip(&mut self, ui: &mut Ui, rows: Rows<'_>, actions: &mut Vec<Action>) {
        ui.horizontal(|ui| {
            let has_room = ui.available_width() > 560.0;
            let folded = columns::folded(&rows.table.columns);
            let has_folded = ui.available_width() > 740.0 && !folded.is_empty();
            // Buttons, and room for how many the filter leaves, so that typing moves nothing.
            let taken = if has_room { 556.0 } else { 430.0 };
            let taken = if has_folded { taken + 92.0 } else { taken };
            let width = (ui.available_width() - taken).clamp(90.0, 220.0);
            if ui.button(format!("{}  Add models…", icon::PLUS)).clicked() {
                actions.push(Action::Models(ModelsAction::AskForFolders));
            }
            if has_room && ui.button("Import scores…").clicked() {
                actions.push(Action::Import(ImportAction::AskForFiles));
            }
            ui.menu_button(format!("More  {}", icon::CARET_DOWN), |ui| {
                self.more_ui(ui, actions);
            });
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let title = format!("Columns  {}", icon::CARET_DOWN);
                let doc = rows.bench.study().doc();
                eframe::egui::containers::menu::MenuButton::new(title)
                    .config(
                        eframe::egui::containers::menu::MenuConfig::new()
                            .close_behavior(eframe::egui::PopupCloseBehavior::CloseOnClickOutside),
                    )
                    .ui(ui, |ui| header::columns_menu(ui, doc, rows.table, actions));
                if has_folded {
                    folded_ui(ui, folded, actions);
                }
                self.filter_ui(ui, width);
                if !self.filter.is_empty() && icon_button(ui, icon::X, "Clear the filter").clicked()
                {
                    self.filter.clear();
                }
                let (shown, all) = (rows.places.len(), doc.models.len());
                if shown < all {
                    ui.weak(format!("{shown} of {all}"));
                }
            });
        });
    }

    /// The filter; Escape empties it.
    fn filter_ui(&mut self, ui: &mut Ui, width: f32) {
        let field = search_field(ui, "Filter models", &mut self.filter, width);
        let escaped = field.lost_focus() && ui.input(|i| i.key_pressed(Key::Escape));
        if escaped {
            self.filter.clear();
        }
        let help = "Names, roles, parents, runs, methods and notes";
        if self.filter.is_empty() && !field.has_focus() {
            field.on_hover_text(help);
        }
    }

    fn nothing_left_ui(&mut self, ui: &mut Ui) {
        let shown = crate::ui::format::elide_middle(self.filter.trim(), 40);
        let sentence = format!("No model goes by “{shown}”");
        if empty_state(ui, icon::FUNNEL, &sentence, Some("Clear the filter")) {
            self.filter.clear();
        }
    }

    fn more_ui(&mut self, ui: &mut Ui, actions: &mut Vec<Action>) {
        ui.menu_ask("Add files…", ModelsAction::AskForFiles, actions);
        ui.menu_ask("From the hub's cache…", ModelsAction::BrowseHub, actions);
        ui.menu_ask(
            "From a store or the hub…",
            ModelsAction::AskForStored,
            actions,
        );
        ui.menu_ask("Scan a folder…", ModelsAction::AskToScan, actions);
        if ui.button("Add by name…").clicked() {
            self.ask_for_names();
            ui.close();
        }
        ui.separator();
        ui.menu_ask("Import scores…", ImportAction::AskForFiles, actions);
        if ui.button("Import a folder of results…").clicked() {
            actions.push(Action::Import(ImportAction::AskForFolder));
            ui.close();
        }
        ui.menu_ask("Paste scores…", ImportAction::Paste, actions);
        ui.separator();
        if ui.button("Add task…").clicked() {
            self.ask_for_task();
            ui.close();
        }
    }

    pub fn start_renaming(&mut self, bench: &Workbench, id: ModelId) {
        let text = bench.study().doc().name_of(id).to_owned();
        self.renaming = Some(Renaming {
            id,
            text,
            is_new: true,
        });
    }

    /// All rows from where the range began to this one, which comes last.
    fn range_to(&self, id: ModelId, rows: &[ModelId]) -> Selection {
        let mut models = range(rows, self.anchor, id);
        if models.first() == Some(&id) {
            models.reverse();
        }
        Selection::Models(models)
    }

    fn clicked(
        &mut self,
        response: &eframe::egui::Response,
        selection: &Selection,
        id: ModelId,
        rows: &[ModelId],
    ) -> Selection {
        let modifiers = response.ctx.input(|i| i.modifiers);
        if modifiers.shift {
            return self.range_to(id, rows);
        }
        clicked_row(selection, rows, &mut self.anchor, id, modifiers)
    }

    fn edit_ui(&mut self, ui: &mut Ui, rect: Rect, rows: Rows<'_>, k: usize) {
        let (Some(mut editing), Some(model)) = (self.editing.take(), rows.model(k)) else {
            return;
        };
        let label = format!("{} of {}", editing.task, model.name);
        match editing.ui(ui, rect, &label) {
            Some(end) => self.ended = Some((editing, end)),
            None => self.editing = Some(editing),
        }
    }

    fn rename_ui(&mut self, ui: &mut Ui, actions: &mut Vec<Action>) {
        let Some(renaming) = &mut self.renaming else {
            return;
        };
        let field = TextEdit::singleline(&mut renaming.text)
            .vertical_align(Align::Center)
            .margin(vec2(space::XS, 0.0));
        let response = ui.add_sized(ui.available_size(), field);
        if std::mem::take(&mut renaming.is_new) {
            response.request_focus();
        }
        if response.lost_focus() {
            let cancelled = ui.input(|i| i.key_pressed(Key::Escape));
            let name = renaming.text.trim().to_owned();
            if !cancelled && !name.is_empty() {
                actions.push(edit(ModelEdit::Rename(renaming.id, name)));
            }
            self.renaming = None;
        }
    }
}

/// Tasks that do not count, folded away; a click unfolds them.
fn folded_ui(ui: &mut Ui, folded: Vec<String>, actions: &mut Vec<Action>) {
    let title = format!("+ {}", crate::ui::format::counted(folded.len(), "task"));
    let help = "Tasks that do not count for the average are folded away; click to show them. \
                “Usual columns” in the menu of columns folds them again.";
    if ui.button(title).on_hover_text(help).clicked() {
        let unfold = |key| Action::Study(Command::View(ViewEdit::Column(key, Some(true))));
        actions.extend(folded.into_iter().map(unfold));
    }
}

fn select(selection: Selection) -> Action {
    Action::Study(Command::Select(selection))
}

fn edit(edit: ModelEdit) -> Action {
    Action::Study(Command::Model(edit))
}
