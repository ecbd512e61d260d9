//! The table itself: rows and columns that scroll, a header and names that stay.
//!
//! Only the cells within the window are drawn. The table is our own because names must stay in
//! sight while the columns of twenty tasks go by.

use eframe::egui::{
    Rangef, Rect, ScrollArea, Sense, Stroke, Ui, UiBuilder, Vec2, WidgetType, pos2, vec2,
};
use egui_phosphor::regular as icon;

use super::columns::Column;
use super::header::Header;
use super::model_table::Rows;
use super::{Asking, ModelsView, actions, cells, select};
use crate::study::{ModelId, Selection};
use crate::ui::action::Action;
use crate::ui::ext::ResponseExt;
use crate::ui::theme::{self, ROW_HEIGHT, Tokens, space};
use crate::ui::widgets::{icon_button, text};

const BOX: f32 = 28.0;
const PLUS: f32 = 34.0;
/// The share of the window that names have in any case, and the least of it in points.
const NAME_SHARE: f32 = 0.3;
const LEAST_NAME: f32 = 148.0;
/// Beside the name: the mark of files that are gone, and the edges of its cell.
const BESIDE_NAME: f32 = 32.0;
/// Room that the bar over several selected models covers.
const FOOT: f32 = 64.0;

/// Where the columns lie, in points from the left of the table.
struct Columns<'a> {
    columns: &'a [Column],
    ranges: Vec<Rangef>,
    width: f32,
}

impl<'a> Columns<'a> {
    /// `longest` is the width of the longest name.
    fn new(columns: &'a [Column], available: f32, longest: f32) -> Self {
        let others = columns.iter().filter(|column| **column != Column::Name);
        let others: f32 = others.map(|column| column.width().0).sum();
        // Names come first: they have what is left over, and a share in any case.
        let spare = available - BOX - PLUS - others;
        let name = longest
            .min(spare.max(available * NAME_SHARE))
            .max(LEAST_NAME);
        // What is left beside the last column that is seen whole is theirs, too.
        let mut seen = BOX + name;
        for column in columns.iter().filter(|column| **column != Column::Name) {
            if seen + column.width().0 > available {
                break;
            }
            seen += column.width().0;
        }
        let name = (name + (available - seen).max(0.0)).min(longest.max(name));
        let own_width = |column: &Column| match column {
            Column::Name => name,
            other => other.width().0,
        };
        let own = others + name;
        let shares: f32 = columns.iter().map(|c| c.width().1).sum();
        let left = (available - BOX - own - PLUS).max(0.0);
        let mut x = BOX;
        let range = |column: &Column| {
            let (own, share) = (own_width(column), column.width().1);
            let from = x;
            x += own + left * share / shares.max(1.0);
            Rangef::new(from, x)
        };
        let ranges = columns.iter().map(range).collect();
        Self {
            columns,
            ranges,
            width: x + PLUS,
        }
    }

    fn fixed(&self) -> f32 {
        self.ranges.first().map_or(BOX, |name| name.max)
    }

    /// More room in front of words that follow a number.
    fn lead(&self, c: usize) -> f32 {
        let after_number = c > 0 && self.columns[c - 1].is_number();
        if after_number && !self.columns[c].is_number() {
            space::S
        } else {
            0.0
        }
    }

    /// How far the columns have gone when the table was scrolled by `offset`: whole columns, so
    /// that none is cut where names stand over it.
    fn snapped(&self, offset: f32) -> f32 {
        let starts = self
            .ranges
            .iter()
            .skip(1)
            .map(|range| range.min - self.fixed());
        let next = starts.into_iter().find(|start| *start > offset - 1.0);
        next.unwrap_or(offset)
    }

    fn at(&self, x: f32) -> Option<usize> {
        self.ranges.iter().position(|range| range.contains(x))
    }
}

struct Place<'a> {
    columns: &'a Columns<'a>,
    /// Where the first row's header would be, had nothing been scrolled.
    origin: eframe::egui::Pos2,
    view: Rect,
}

impl Place<'_> {
    fn body(&self) -> Rect {
        self.view
            .with_min_x(self.view.left() + self.columns.fixed())
            .with_min_y(self.view.top() + ROW_HEIGHT)
    }

    fn fixed(&self) -> Rect {
        self.view
            .with_max_x(self.view.left() + self.columns.fixed())
            .with_min_y(self.view.top() + ROW_HEIGHT)
    }

    fn row(&self, r: usize) -> Rect {
        let top = self.origin.y + ROW_HEIGHT * (r as f32 + 1.0);
        Rect::from_min_max(
            pos2(self.view.left(), top),
            pos2(self.view.right(), top + ROW_HEIGHT),
        )
    }

    /// The cell of a column in a row; names stay at the left.
    fn cell(&self, c: usize, row: Rect) -> Rect {
        let left = if c == 0 {
            self.view.left()
        } else {
            self.origin.x
        };
        let range = self.columns.ranges[c];
        let gap = space::XS + self.columns.lead(c);
        let x = Rangef::new(left + range.min + gap, left + range.max - space::XS);
        Rect::from_x_y_ranges(x, row.y_range())
    }

    fn column_at(&self, x: f32) -> Option<usize> {
        if x < self.fixed().right() {
            return (x > self.view.left() + BOX).then_some(0);
        }
        self.columns.at(x - self.origin.x)
    }
}

impl ModelsView {
    pub(super) fn table(&mut self, ui: &mut Ui, rows: Rows<'_>, actions: &mut Vec<Action>) {
        let columns = Columns::new(rows.shown, ui.available_width(), longest_name(ui, rows));
        let height = ROW_HEIGHT * (rows.places.len() + 1) as f32 + FOOT;
        ScrollArea::both()
            .id_salt("models")
            .auto_shrink(false)
            .show_viewport(ui, |ui, viewport| {
                let origin = ui.max_rect().min;
                let size = vec2(columns.width, height);
                ui.advance_cursor_after_rect(Rect::from_min_size(origin, size));
                let view = Rect::from_min_size(origin + viewport.min.to_vec2(), viewport.size());
                let gone = columns.snapped(viewport.min.x) - viewport.min.x;
                let place = Place {
                    columns: &columns,
                    origin,
                    view,
                };
                self.reveal(ui, &place);
                let place = Place {
                    origin: origin - vec2(gone, 0.0),
                    ..place
                };
                self.rows_ui(ui, &place, rows, actions);
                self.header_ui(ui, &place, rows, actions);
            });
    }

    fn reveal(&mut self, ui: &Ui, place: &Place<'_>) {
        let Some(r) = self.scroll_to.take() else {
            return;
        };
        let top = place.origin.y + ROW_HEIGHT * r as f32;
        let y = Rangef::new(top, top + 2.0 * ROW_HEIGHT);
        let c = self.cursor.as_ref();
        let c = c.and_then(|key| place.columns.columns.iter().position(|c| c.key() == *key));
        let x = match c.filter(|&c| c > 0) {
            Some(c) => {
                let range = place.columns.ranges[c];
                let left = place.origin.x + range.min - place.columns.fixed();
                Rangef::new(left, place.origin.x + range.max)
            }
            None => Rangef::new(place.view.left(), place.view.left() + 1.0),
        };
        ui.scroll_to_rect(Rect::from_x_y_ranges(x, y), None);
    }

    fn rows_ui(
        &mut self,
        ui: &mut Ui,
        place: &Place<'_>,
        rows: Rows<'_>,
        actions: &mut Vec<Action>,
    ) {
        let first = ((place.view.top() - place.origin.y) / ROW_HEIGHT).max(0.0) as usize;
        let seen = (place.view.height() / ROW_HEIGHT) as usize + 2;
        let body = place.body();
        let fixed = place.fixed();
        let mut scrolled = child(ui, "body", body);
        let mut still = child(ui, "names", fixed);
        for (r, &k) in rows.places.iter().enumerate().skip(first).take(seen) {
            let Some(model) = rows.model(k) else { continue };
            let row = place.row(r);
            let visible = row.intersect(body.union(fixed));
            let response = ui.interact(visible, ui.id().with(("row", model.id)), Sense::click());
            let at = ui.input(|input| input.pointer.hover_pos());
            // A border belongs to one row.
            let is_in = at.is_some_and(|at| row.top() <= at.y && at.y < row.bottom());
            let is_pointed = is_in && response.contains_pointer();
            self.ground_ui(ui, rows, model.id, row, r, is_pointed);
            self.row_clicked(&response, place, rows, k, actions);
            for c in 1..place.columns.columns.len() {
                let cell = place.cell(c, row);
                if is_whole(cell, body) {
                    self.cell_ui(&mut scrolled, cell, place, rows, (c, k), actions);
                }
            }
            let x = still.max_rect().left();
            let check = Rect::from_x_y_ranges(x..=x + BOX, row.y_range());
            if check_ui(&mut still, check, rows, model.id, &model.name, actions) {
                // Rows are chosen now, no cell: what deletes means models again.
                self.cursor = None;
            }
            self.cell_ui(&mut still, place.cell(0, row), place, rows, (0, k), actions);
        }
        if place.view.left() > place.origin.x + 0.5 {
            let line = Stroke::new(1.0, Tokens::of(ui).line);
            let end = place.row(rows.places.len()).top().min(place.view.bottom());
            let range = Rangef::new(place.view.top(), end);
            ui.painter().vline(fixed.right(), range, line);
        }
    }

    fn ground_ui(&self, ui: &Ui, rows: Rows<'_>, id: ModelId, row: Rect, r: usize, hovered: bool) {
        let t = Tokens::of(ui);
        let fill = if rows.bench.study().selection().contains(id) {
            t.selection
        } else if hovered {
            t.hover
        } else if r.is_multiple_of(2) {
            return;
        } else {
            ui.visuals().faint_bg_color
        };
        ui.painter().rect_filled(row, 0, fill);
    }

    fn cell_ui(
        &mut self,
        ui: &mut Ui,
        rect: Rect,
        place: &Place<'_>,
        rows: Rows<'_>,
        (c, k): (usize, usize),
        actions: &mut Vec<Action>,
    ) {
        let column = &place.columns.columns[c];
        let Some(model) = rows.model(k) else { return };
        let writes = |task: &str| {
            let editing = self.editing.as_ref();
            editing.is_some_and(|e| e.id == model.id && e.task == task)
        };
        if c == 0 && self.renaming.as_ref().is_some_and(|r| r.id == model.id) {
            let builder = UiBuilder::new().max_rect(rect.shrink2(vec2(0.0, 1.0)));
            ui.scope_builder(builder, |ui| self.rename_ui(ui, actions));
        } else if column.task().is_some_and(writes) {
            self.edit_ui(ui, rect, rows, k);
        } else {
            cells::cell_ui(ui, rect, rows, column, k);
            if c > 0
                && self.cursor_row == Some(model.id)
                && self.cursor.as_ref() == Some(&column.key())
            {
                cells::cursor_ui(ui, rect);
            }
        }
    }

    fn row_clicked(
        &mut self,
        response: &eframe::egui::Response,
        place: &Place<'_>,
        rows: Rows<'_>,
        k: usize,
        actions: &mut Vec<Action>,
    ) {
        let Some(model) = rows.model(k) else { return };
        let pointer = response.interact_pointer_pos();
        let column = pointer
            .and_then(|at| place.column_at(at.x))
            .map(|c| &place.columns.columns[c]);
        if response.double_clicked() {
            match column {
                Some(Column::Name) => self.start_renaming(rows.bench, model.id),
                Some(column) => self.start_editing(rows, k, column),
                None => {}
            }
        } else if response.clicked() {
            self.cursor = column.map(Column::key);
            let ids = ids(rows);
            let selection = rows.bench.study().selection();
            actions.push(select(self.clicked(response, selection, model.id, &ids)));
        }
        response.context_menu(|ui| {
            if actions::row_menu(ui, rows.bench, model.id, actions) {
                self.start_renaming(rows.bench, model.id);
            }
        });
    }

    fn header_ui(
        &mut self,
        ui: &mut Ui,
        place: &Place<'_>,
        rows: Rows<'_>,
        actions: &mut Vec<Action>,
    ) {
        let t = Tokens::of(ui);
        let all = place.view.with_max_y(place.view.top() + ROW_HEIGHT);
        ui.painter().rect_filled(all, 0, t.background);
        let line = Stroke::new(1.0, t.line);
        ui.painter().hline(all.x_range(), all.bottom(), line);
        let fixed = all.with_max_x(place.fixed().right());
        let moving = all.with_min_x(fixed.right());
        let mut scrolled = child(ui, "headers", moving);
        let mut header = Header {
            doc: rows.bench.study().doc(),
            sorting: &mut self.sorting,
            asking: &mut self.asking,
            new_tasks: &mut self.new_tasks,
            actions,
        };
        for (c, column) in place.columns.columns.iter().enumerate().skip(1) {
            let cell = place.cell(c, all);
            if is_whole(cell, moving) {
                header.ui(&scrolled, cell, column);
            }
        }
        let still = child(ui, "header of names", fixed);
        header.ui(&still, place.cell(0, all), &Column::Name);
        let x = place.origin.x + place.columns.width - PLUS;
        let plus = Rect::from_min_size(pos2(x, all.top()), Vec2::splat(ROW_HEIGHT));
        if plus.intersects(moving) {
            let builder = UiBuilder::new().max_rect(plus);
            scrolled.scope_builder(builder, |ui| {
                if icon_button(ui, icon::PLUS, "Add task…").clicked() {
                    self.asking = Some(Asking::task());
                }
            });
        }
    }
}

/// Half a number is none: what is cut at an edge is not drawn, unless it is wider than the view.
fn is_whole(cell: Rect, view: Rect) -> bool {
    let inside = cell.left() > view.left() - 1.0 && cell.right() < view.right() + 1.0;
    inside || cell.width() > view.width() && cell.intersects(view)
}

/// The width that the longest name needs; letters are counted, and one name is measured.
fn longest_name(ui: &Ui, rows: Rows<'_>) -> f32 {
    let names = rows.places.iter().filter_map(|&k| rows.model(k));
    let longest = names.max_by_key(|model| model.name.chars().count());
    let width = |name: &str| text::width(ui, name, theme::strong_font());
    longest.map_or(0.0, |model| width(&model.name) * 1.04) + BESIDE_NAME
}

pub fn ids(rows: Rows<'_>) -> Vec<ModelId> {
    let models = rows.places.iter().filter_map(|&k| rows.model(k));
    models.map(|m| m.id).collect()
}

fn child(ui: &mut Ui, name: &str, rect: Rect) -> Ui {
    let mut child = ui.new_child(UiBuilder::new().id_salt(name).max_rect(rect));
    child.shrink_clip_rect(rect);
    child
}

/// The box that selects a row; says whether it was changed.
fn check_ui(
    ui: &mut Ui,
    rect: Rect,
    rows: Rows<'_>,
    id: ModelId,
    name: &str,
    actions: &mut Vec<Action>,
) -> bool {
    let selection: &Selection = rows.bench.study().selection();
    let mut checked = selection.contains(id);
    let builder = UiBuilder::new()
        .id_salt(("check", id))
        .max_rect(rect.with_min_x(rect.left() + space::XS))
        .layout(eframe::egui::Layout::left_to_right(
            eframe::egui::Align::Center,
        ));
    let was = checked;
    ui.scope_builder(builder, |ui| {
        // An outline, because the row under the pointer has the colour of the box.
        let outline = Stroke::new(1.0, Tokens::of(ui).line_strong);
        ui.visuals_mut().widgets.inactive.bg_stroke = outline;
        let response = ui.checkbox(&mut checked, "");
        response.named_selected(WidgetType::Checkbox, was, format!("Select {name}"));
        if response.changed() {
            actions.push(select(selection.toggled(id)));
        }
        response.changed()
    })
    .inner
}
