//! Pointer, keyboard and assistive technology on the heat map.

use eframe::egui::{
    EventFilter, Id, Key, Pos2, Rect, Response, Sense, Ui, WidgetInfo, WidgetType, pos2,
};

use super::cut::{self, Cut};
use super::layout::{ColumnNames, Layout};
use super::{HeatMap, HeatMapResponse, bands};
use crate::ui::ext::{ResponseExt, UiExt};
use crate::ui::format;
use crate::ui::theme::{self};

/// What was touched, by place on screen.
pub(super) struct Touched {
    /// Row and column to mark: under the pointer, or current while the map has the keyboard.
    pub marked: Option<(usize, usize)>,
    /// Where the pointer is, while it is over the cells.
    pub pointer: Option<Pos2>,
    pub has_focus: bool,
    /// Where the tree is cut, if that can be changed.
    pub cut: Option<Cut>,
    pub response: HeatMapResponse,
}

pub(super) fn interact(map: &HeatMap<'_>, ui: &Ui, layout: &Layout) -> Touched {
    let id = map.id(ui);
    let base = ui.interact(layout.body(), id, Sense::click());
    let current = move_current(ui, &base, layout);
    describe(map, &base, current);
    let pointer = ui
        .input(|i| i.pointer.hover_pos())
        .filter(|p| ui.rect_contains_pointer(layout.cells) && layout.body().contains(*p));
    let under = pointer.and_then(|p| layout.cell_at(p));
    let mut chosen = chosen_on(&base, under, current);
    if map.is_picture() {
        // The lens tells what is under the pointer.
        picture_menu(map, &base, under);
    } else {
        chosen = cells(map, ui, layout, under).or(chosen);
    }
    let label = names(map, ui, layout);
    let cut = cut::interact(map, ui, layout);
    let (band, opened_band) = match layout.has_bands {
        true => bands::interact(map, ui, layout, id),
        false => (None, None),
    };
    if let Some(cell) = chosen {
        ui.data_mut(|d| d.insert_temp(id, cell));
    }
    let marked = under.or(base.has_focus().then_some(current));
    let pair = chosen.map(|cell| map.pair_at(cell));
    let on_diagonal = pair.filter(|(a, b)| a == b).map(|(a, _)| a);
    Touched {
        marked,
        pointer: under.and(pointer),
        has_focus: base.has_focus(),
        response: HeatMapResponse {
            hovered: marked.map(|cell| map.pair_at(cell)).filter(|(a, b)| a != b),
            clicked: pair.filter(|(a, b)| a != b),
            clicked_label: label.or(on_diagonal),
            clicked_band: band,
            opened_band,
            cells: None,
            cut: cut.as_ref().and_then(|cut| cut.asked),
        },
        cut,
    }
}

/// The current cell of the keyboard, after this frame's arrow keys.
fn move_current(ui: &Ui, base: &Response, layout: &Layout) -> (usize, usize) {
    let n = layout.n;
    let start = (1.min(n - 1), 0);
    let (row, column) = ui.data(|d| d.get_temp(base.id)).unwrap_or(start);
    let (mut row, mut column): (usize, usize) = (row.min(n - 1), column.min(n - 1));
    if !base.has_focus() {
        return (row, column);
    }
    let arrows = EventFilter {
        horizontal_arrows: true,
        vertical_arrows: true,
        ..EventFilter::default()
    };
    ui.memory_mut(|m| m.set_focus_lock_filter(base.id, arrows));
    let before = (row, column);
    ui.input(|i| {
        row = (row + i.num_presses(Key::ArrowDown)).min(n - 1);
        row = row.saturating_sub(i.num_presses(Key::ArrowUp));
        column = (column + i.num_presses(Key::ArrowRight)).min(n - 1);
        column = column.saturating_sub(i.num_presses(Key::ArrowLeft));
    });
    ui.data_mut(|d| d.insert_temp(base.id, (row, column)));
    if before != (row, column) {
        ui.scroll_to_rect(layout.revealed((row, column)), None);
    }
    (row, column)
}

fn describe(map: &HeatMap<'_>, base: &Response, current: (usize, usize)) {
    base.widget_info(|| {
        let cell = map.cell_label(map.pair_at(current));
        let label = if map.is_picture() {
            cell
        } else {
            format!("Heat map, at {cell}")
        };
        WidgetInfo::labeled(WidgetType::Other, true, label)
    });
}

/// The cell chosen on the map as a whole: by pointer, or by Enter and Space.
fn chosen_on(
    base: &Response,
    under: Option<(usize, usize)>,
    current: (usize, usize),
) -> Option<(usize, usize)> {
    let by_pointer = base.clicked_by(eframe::egui::PointerButton::Primary);
    match (base.clicked(), by_pointer) {
        (true, true) => under,
        (true, false) => Some(current),
        _ => None,
    }
}

/// One invisible element for each cell, so that it can be found and clicked by its label.
fn cells(
    map: &HeatMap<'_>,
    ui: &Ui,
    layout: &Layout,
    under: Option<(usize, usize)>,
) -> Option<(usize, usize)> {
    let mut chosen = None;
    for row in 0..layout.n {
        for column in (0..layout.n).filter(|&column| column != row) {
            let cell = (row, column);
            let pair = map.pair_at(cell);
            let rect = layout.cell_rect(cell).intersect(layout.body());
            let response = element(ui, rect, map.id(ui).with(pair));
            let is_selected = map
                .selected
                .is_some_and(|s| s == pair || s == (pair.1, pair.0));
            response.widget_info(|| {
                let label = map.cell_label(pair);
                WidgetInfo::selected(WidgetType::SelectableLabel, true, is_selected, label)
            });
            if response.clicked() {
                chosen = Some(cell);
            }
            if let Some(menu) = map.menu.filter(|_| !map.is_ghost(pair)) {
                response.context_menu(|ui| menu(ui, pair.0, pair.1));
            }
            if under == Some(cell) {
                response.on_hover_ui_at_pointer(|ui| pair_ui(map, ui, pair));
            }
        }
    }
    chosen
}

/// The menu of the pair that was under the pointer when it was opened.
fn picture_menu(map: &HeatMap<'_>, base: &Response, under: Option<(usize, usize)>) {
    let Some(menu) = map.menu else { return };
    let id = base.id.with("pair of the menu");
    if base.secondary_clicked() {
        let pair = under.map(|cell| map.pair_at(cell));
        let pair = pair.filter(|pair| pair.0 != pair.1 && !map.is_ghost(*pair));
        base.ctx.data_mut(|data| data.insert_temp(id, pair));
    }
    let pair: Option<(usize, usize)> = base.ctx.data(|data| data.get_temp(id)).flatten();
    if let Some((a, b)) = pair {
        base.context_menu(|ui| menu(ui, a, b));
    }
}

/// Both names and the full value.
pub(super) fn pair_ui(map: &HeatMap<'_>, ui: &mut Ui, (a, b): (usize, usize)) {
    ui.label(theme::strong(format!("{} × {}", map.name(a), map.name(b))));
    if map.value((a, b)).is_some() || map.is_undefined((a, b)) {
        ui.label(map.says((a, b)));
    }
    if let Some(note) = (map.note)(a, b) {
        ui.weak(note);
    }
    if map.is_ghost((a, b)) {
        ui.weak("Predicted");
    }
    if map.provisional {
        ui.weak("Still being measured");
    }
    if map.value((a, b)).is_some() {
        ui.quiet(format::full(map.value((a, b))));
    }
}

/// Names of rows and columns: the model that was clicked.
fn names(map: &HeatMap<'_>, ui: &Ui, layout: &Layout) -> Option<usize> {
    let mut clicked = None;
    let [rows, columns] = match map.is_picture() {
        true => layout.within(ui.clip_rect()),
        false => [0..layout.n, 0..layout.n],
    };
    for place in 0..layout.n {
        let (in_rows, in_columns) = (rows.contains(&place), columns.contains(&place));
        if !in_rows && !in_columns {
            continue;
        }
        let model = map.model_at(place);
        let name = &map.labels[model];
        let rects = [
            (in_rows && layout.row_names > 0.0 && !layout.has_bands).then(|| {
                (
                    layout.row_name_rect(place),
                    layout.rows_zone(),
                    name.clone(),
                )
            }),
            (in_columns && layout.column_names != ColumnNames::Hidden).then(|| {
                let grip = column_grip(layout, place);
                (grip, layout.columns_zone(), format!("Column {name}"))
            }),
        ];
        for (rect, zone, label) in rects.into_iter().flatten() {
            let rect = rect.intersect(zone);
            let response = element(ui, rect, map.id(ui).with((model, &label)));
            let is_selected = map.selected_models.contains(&model);
            response.named_selected(WidgetType::SelectableLabel, is_selected, &label);
            if response.clicked() {
                clicked = Some(model);
            }
            if let Some(menu) = map.name_menu.filter(|_| !map.ghosts.contains(&model)) {
                response.context_menu(|ui| menu(ui, model));
            }
            response.on_hover_text(map.name(model));
        }
    }
    clicked
}

/// Slanted names overlap as rectangles, so only their feet are grabbed.
fn column_grip(layout: &Layout, column: usize) -> Rect {
    let rect = layout.column_name_rect(column);
    let top = rect.top().max(rect.bottom() - 40.0);
    Rect::from_min_max(pos2(rect.left(), top), rect.right_bottom())
}

/// Clickable, but no stop for the tab key: the map as a whole is one.
fn element(ui: &Ui, rect: Rect, id: Id) -> Response {
    ui.interact(rect, id, Sense::CLICK)
}
