//! The table by keyboard: arrows, typing, the clipboard.

use eframe::egui::{Event, Key, Modifiers, Ui};

use super::block::{self, Target};
use super::columns::Column;
use super::edit::{Editing, End};
use super::grid::ids;
use super::model_table::Rows;
use super::{ModelsView, select};
use crate::study::{Command, ModelId, RecordEdit, Selection};
use crate::ui::action::{Action, ImportAction};
use crate::ui::format;
use crate::workbench::{Notice, NoticeKind};

const PAGE: usize = 15;

impl ModelsView {
    /// Arrows, Home, End and the page keys move the selection, with Shift they widen it; left
    /// and right choose the cell. Enter and F2 write in it, and so does a digit; elsewhere F2
    /// renames.
    pub(super) fn keys(&mut self, ui: &Ui, rows: Rows<'_>, actions: &mut Vec<Action>) {
        let order = ids(rows);
        self.row_keys(ui, rows, &order, actions);
        self.column_keys(ui, rows, &order);
        let Some((k, column)) = self.cell(rows) else {
            if ui.input_mut(|i| i.consume_key(Modifiers::NONE, Key::F2))
                && let Some(id) = last_selected(rows)
            {
                self.start_renaming(rows.bench, id);
            }
            self.type_ahead(ui, rows, &order, actions);
            return;
        };
        self.cell_keys(ui, rows, k, &column, actions);
        if let Some(editing) = &self.editing {
            self.scroll_to = order.iter().position(|&id| id == editing.id);
        }
    }

    fn row_keys(&mut self, ui: &Ui, rows: Rows<'_>, order: &[ModelId], actions: &mut Vec<Action>) {
        let at = last_selected(rows).and_then(|id| order.iter().position(|&r| r == id));
        let last = order.len().saturating_sub(1);
        // A key that is pressed twice within one frame counts twice.
        let pressed = |key, modifiers| ui.input_mut(|i| i.count_and_consume_key(modifiers, key));
        let up = |by: usize, times: usize| at.map_or(0, |at| at.saturating_sub(by * times));
        let down = |by: usize, times: usize| at.map_or(by * (times - 1), |at| at + by * times);
        let steps: [(Key, &dyn Fn(usize) -> usize); 6] = [
            (Key::ArrowUp, &|times| up(1, times)),
            (Key::ArrowDown, &|times| down(1, times)),
            (Key::PageUp, &|times| up(PAGE, times)),
            (Key::PageDown, &|times| down(PAGE, times)),
            (Key::Home, &|_| 0),
            (Key::End, &|_| last),
        ];
        for (key, to) in steps {
            let widening = pressed(key, Modifiers::SHIFT);
            let widens = widening > 0;
            let times = widening + pressed(key, Modifiers::NONE);
            if times == 0 || order.is_empty() {
                continue;
            }
            let to = to(times).min(last);
            self.scroll_to = Some(to);
            let selection = if widens {
                self.range_to(order[to], order)
            } else {
                self.anchor = Some(order[to]);
                Selection::Models(vec![order[to]])
            };
            actions.push(select(selection));
        }
    }

    /// Letters that are typed lead to the next model whose name begins with them.
    fn type_ahead(
        &mut self,
        ui: &Ui,
        rows: Rows<'_>,
        order: &[ModelId],
        actions: &mut Vec<Action>,
    ) {
        let doc = rows.bench.study().doc();
        let names: Vec<&str> = order.iter().map(|&id| doc.name_of(id)).collect();
        let at = last_selected(rows).and_then(|id| order.iter().position(|&r| r == id));
        let found = self.typed.row(ui, at, &names).map(|row| &order[row]);
        if let Some(id) = found {
            self.scroll_to = order.iter().position(|r| r == id);
            self.anchor = Some(*id);
            actions.push(select(Selection::Models(vec![*id])));
        }
    }

    fn column_keys(&mut self, ui: &Ui, rows: Rows<'_>, order: &[ModelId]) {
        let Some(id) = last_selected(rows) else {
            return;
        };
        let pressed = |key| ui.input_mut(|i| i.count_and_consume_key(Modifiers::NONE, key));
        let times = |key| isize::try_from(pressed(key)).unwrap_or(1);
        let by = times(Key::ArrowRight) - times(Key::ArrowLeft);
        if by != 0 {
            self.go_by(rows.shown, by);
            self.scroll_to = order.iter().position(|&r| r == id);
        }
    }

    fn go_by(&mut self, shown: &[Column], by: isize) {
        let key = self.cursor.as_ref();
        let at = key.and_then(|key| shown.iter().position(|c| c.key() == *key));
        let to = at.unwrap_or(0).saturating_add_signed(by);
        let to = shown.get(to.min(shown.len().saturating_sub(1)));
        self.cursor = to.map(Column::key);
    }

    fn cell(&self, rows: Rows<'_>) -> Option<(usize, Column)> {
        let key = self.cursor.as_ref()?;
        let column = (rows.shown.iter()).find(|c| c.key() == *key && c.task().is_some())?;
        let id = last_selected(rows)?;
        let models = &rows.bench.study().doc().models;
        Some((models.iter().position(|m| m.id == id)?, column.clone()))
    }

    fn cell_keys(
        &mut self,
        ui: &Ui,
        rows: Rows<'_>,
        k: usize,
        column: &Column,
        actions: &mut Vec<Action>,
    ) {
        let (Some(model), Some(task)) = (rows.model(k), column.task()) else {
            return;
        };
        let pressed = |key| ui.input_mut(|i| i.consume_key(Modifiers::NONE, key));
        if pressed(Key::F2) || pressed(Key::Enter) {
            self.start_editing(rows, k, column);
        } else if pressed(Key::Delete) || pressed(Key::Backspace) {
            let selected = rows.bench.study().selection().models();
            let doc = rows.bench.study().doc();
            let scored = |id: &ModelId| doc.model(*id).is_some_and(|m| m.score(task).is_some());
            let cells = selected.into_iter().filter(scored);
            let cells: Vec<_> = cells.map(|id| (id, task.to_owned(), None)).collect();
            if cells.len() > 1 {
                let title = format!("{} cleared", format::counted(cells.len(), "score"));
                actions.push(tell(NoticeKind::Done, title, String::new()));
            }
            if !cells.is_empty() {
                actions.push(set(cells));
            }
        } else if let Some(text) = typed_number(ui) {
            self.editing = Some(Editing::typed(model.id, task, text));
        }
    }

    pub(super) fn start_editing(&mut self, rows: Rows<'_>, k: usize, column: &Column) {
        if let (Some(model), Some(task)) = (rows.model(k), column.task()) {
            self.cursor = Some(column.key());
            let value = model.score(task).map(|score| score.value);
            self.editing = Some(Editing::of(model.id, task, value));
        }
    }

    pub(super) fn end_editing(&mut self, rows: Rows<'_>, actions: &mut Vec<Action>) {
        let Some((editing, end)) = self.ended.take() else {
            return;
        };
        let name = rows.bench.study().doc().name_of(editing.id);
        match end {
            End::Cancelled => {}
            End::Refused(text) => {
                let text = format::elide_middle(text.trim(), 24);
                let title = format!("“{text}” is not a number");
                let detail = format!("{} of {name} stays as it was", editing.task);
                actions.push(tell(NoticeKind::Note, title, detail));
            }
            End::Taken(value, (columns, by)) => {
                let model = rows.bench.study().doc().model(editing.id);
                let old = model.and_then(|m| m.score(&editing.task)).map(|s| s.value);
                if old != value {
                    actions.push(set(vec![(editing.id, editing.task.clone(), value)]));
                }
                if columns != 0 {
                    self.go_by(rows.shown, columns);
                }
                let order = ids(rows);
                let at = order.iter().position(|&id| id == editing.id);
                let to = at.map(|at| at.saturating_add_signed(by));
                let to = to.map(|to| to.min(order.len().saturating_sub(1)));
                if (columns, by) != (0, 0) {
                    self.scroll_to = to;
                }
                if let Some(to) = to.filter(|_| by != 0) {
                    self.anchor = Some(order[to]);
                    actions.push(select(Selection::Models(vec![order[to]])));
                }
            }
        }
    }

    pub(super) fn clipboard(&mut self, ui: &Ui, rows: Rows<'_>, actions: &mut Vec<Action>) {
        let (copies, pasted) = ui.input(|i| {
            let copies = i.events.iter().any(|e| matches!(e, Event::Copy));
            let pasted = i.events.iter().find_map(|e| match e {
                Event::Paste(text) => Some(text.clone()),
                _ => None,
            });
            (copies, pasted)
        });
        if copies && !text_is_selected(ui) {
            self.copy(rows, actions);
        }
        if let Some(text) = pasted {
            self.paste(&text, rows, actions);
        }
    }

    fn copy(&self, rows: Rows<'_>, actions: &mut Vec<Action>) {
        let selection = rows.bench.study().selection();
        let is_selected = |k: &usize| {
            rows.model(*k)
                .is_some_and(|model| selection.contains(model.id))
        };
        let chosen: Vec<usize> = (rows.places.iter().copied()).filter(is_selected).collect();
        if !chosen.is_empty() {
            let what = format::counted(chosen.len(), "row");
            let text = block::copied(rows.shown, &chosen, rows);
            actions.push(Action::copy(what, text));
        }
    }

    fn paste(&self, text: &str, rows: Rows<'_>, actions: &mut Vec<Action>) {
        let selection = rows.bench.study().selection();
        let doc = rows.bench.study().doc();
        let named = |&k: &usize| Some((rows.model(k)?.id, rows.model(k)?.name.as_str()));
        let from_row = (rows.places.iter())
            .filter_map(named)
            .skip_while(|(id, _)| !selection.contains(*id));
        let targets: Vec<(ModelId, &str)> = from_row.collect();
        let Some((_, column)) = self.cell(rows).filter(|_| !targets.is_empty()) else {
            if block::is_scores(text) {
                let at = rows.shown.iter().find(|c| Some(c.key()) == self.cursor);
                let title = at.map_or("No cell is chosen to paste into".to_owned(), |column| {
                    format!("{} holds no scores to paste over", column.title())
                });
                let detail = "Click the cell of a score, then paste again".to_owned();
                actions.push(tell(NoticeKind::Note, title, detail));
            } else if block::is_table(text) {
                actions.push(Action::Import(ImportAction::Paste));
            }
            return;
        };
        let from = rows.shown.iter().position(|c| *c == column).unwrap_or(0);
        let target = Target {
            columns: &rows.shown[from..],
            rows: &targets,
        };
        match block::cells(text, &target) {
            Err(sentence) => {
                let title = "Nothing was pasted".to_owned();
                actions.push(tell(NoticeKind::Failed, title, sentence));
            }
            Ok(cells) => {
                let (title, detail) = pasted_words(doc, &cells);
                actions.push(set(cells));
                actions.push(tell(NoticeKind::Done, title, detail));
            }
        }
    }
}

fn pasted_words(doc: &crate::study::StudyDoc, cells: &block::Cells) -> (String, String) {
    let values: Vec<f64> = cells.iter().filter_map(|(.., value)| *value).collect();
    let had = |id: ModelId, task: &str| doc.model(id).is_some_and(|m| m.score(task).is_some());
    let cleared = cells
        .iter()
        .filter(|(id, task, value)| value.is_none() && had(*id, task))
        .count();
    let mut title = format!("{} pasted", format::counted(values.len(), "score"));
    if cleared > 0 {
        title = format!("{title}, {cleared} cleared");
    }
    let fractions = values.len() > 1 && values.iter().all(|v| v.abs() <= 1.0);
    let detail = if fractions {
        "All lie between −1 and 1; scores are in points, 0 to 100"
    } else {
        ""
    };
    (title, detail.to_owned())
}

fn last_selected(rows: Rows<'_>) -> Option<ModelId> {
    rows.bench.study().selection().models().last().copied()
}

/// What was typed, if a number could begin so.
fn typed_number(ui: &Ui) -> Option<String> {
    ui.input_mut(|i| {
        let text: String = i
            .events
            .iter()
            .filter_map(|event| match event {
                Event::Text(text) => Some(text.as_str()),
                _ => None,
            })
            .collect();
        let begins = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '−');
        text.starts_with(begins).then(|| {
            i.events.retain(|event| !matches!(event, Event::Text(_)));
            text
        })
    })
}

/// Whether words of the window are marked, which are meant to be copied then.
fn text_is_selected(ui: &Ui) -> bool {
    use eframe::egui::text_selection::LabelSelectionState;
    ui.ctx()
        .with_plugin(|labels: &mut LabelSelectionState| labels.has_selection())
        .unwrap_or(false)
}

fn set(cells: block::Cells) -> Action {
    Action::Study(Command::Record(RecordEdit::SetScores(cells)))
}

fn tell(kind: NoticeKind, title: String, detail: String) -> Action {
    Action::Tell(Notice {
        kind,
        title,
        detail,
    })
}
