//! The map with its legend and caption, and what clicks on it select.

use std::cell::RefCell;
use std::collections::BTreeSet;

use eframe::egui::{
    Align, Align2, Button, Label, Layout, Popup, PopupCloseBehavior, Rect, Response, RichText,
    ScrollArea, Sense, Ui, WidgetType, vec2,
};
use egui_phosphor::regular as icon;

use super::controls::caption;
use super::ghost::Ghost;
use super::menus::{self, meaning, pair_menu, select};
use super::pair::{Named, why_undefined};
use super::range::range_ui;
use super::shown::Shown;
use super::states::{RUNNING_WIDTH, running_ui};
use super::zoom::Zoom;
use crate::kinship::{Kinship, table};
use crate::study::{Command, ModelId, Order, Selection, TreeChoices, ViewEdit};
use crate::text::{family_word, first_of};
use crate::ui::action::{Action, View};
use crate::ui::ext::{ResponseExt, quiet};
use crate::ui::format;
use crate::ui::theme::{self, ROW_HEIGHT, Tokens, radius, size, space};
use crate::ui::views::rows::clicked_row;
use crate::ui::widgets::heatmap::{Band, HeatMap, Legend, Undefined};
use crate::ui::widgets::text;
use crate::workbench::{Family, Workbench};

/// Height of the caption under the map, with the gap above it.
const CAPTION: f32 = 32.0;
/// Where there is less height than this, in points, the map needs the caption's room.
const LEAST_WITH_CAPTION: f32 = 140.0;
/// The longest beginning of names that stands for a group, in letters, and the most names of a
/// group that a hover lists.
const LONGEST_WORD: usize = 18;
const MOST_NAMES: usize = 24;
/// Width that the count of left-out tensors may need beside it.
const LEFT_OUT: f32 = 184.0;
/// The same for the button that shows hidden models.
const HIDDEN: f32 = 110.0;

pub fn map_ui(
    ui: &mut Ui,
    bench: &Workbench,
    family: &Family,
    shown: &Shown,
    (anchor, zoom): (&mut Option<ModelId>, &mut Zoom),
    actions: &mut Vec<Action>,
) {
    let Some(measured) = bench.measured(family.base) else {
        return;
    };
    let kinship = measured.kinship();
    legend_row(ui, bench, family, shown, zoom, actions);
    let has_caption = ui.available_height() >= LEAST_WITH_CAPTION;
    let caption_height = if has_caption { CAPTION } else { 0.0 };
    ui.scope(|ui| {
        ui.set_max_height((ui.available_height() - caption_height).max(1.0));
        zoom.pinched(ui, shown.key.models.len());
        let area = zoom.area().show(ui, |ui| {
            heat_map_ui(
                ui,
                bench,
                family,
                shown,
                (&mut *anchor, &mut *zoom),
                actions,
            )
        });
        if let Some(cells) = area.inner {
            zoom.drawn(area.state.offset, cells);
        }
    });
    if has_caption {
        caption_row(ui, kinship, shown, actions);
    }
}

/// The legend, and at its right what is being measured; where there is no room for both, that
/// alone. The row is there in any case, so that the map stays where it is.
fn legend_row(
    ui: &mut Ui,
    bench: &Workbench,
    family: &Family,
    shown: &Shown,
    zoom: &mut Zoom,
    actions: &mut Vec<Action>,
) {
    let metric = shown.key.measure.metric;
    let legend = Legend {
        title: metric.title,
        scale: shown.scale,
        undefined: (shown.has_undefined).then_some(Undefined::among(shown.key.models.len())),
    };
    let room = vec2(ui.available_width(), ROW_HEIGHT + space::XS);
    let is_running = bench.measuring(family.base).is_some();
    let fits = legend.width(ui) + RUNNING_WIDTH <= room.x;
    ui.allocate_ui_with_layout(room, Layout::left_to_right(Align::Min), |ui| {
        ui.set_min_height(room.y);
        if !is_running || fits {
            if metric.is_known() {
                let legend = legend.show(ui);
                range_ui(ui, &legend, shown, actions);
                zoom.ui(ui, shown.key.models.len());
            } else {
                ui.label(metric.about());
            }
        }
        running_ui(ui, bench, family, actions);
    });
}

fn heat_map_ui(
    ui: &mut Ui,
    bench: &Workbench,
    family: &Family,
    shown: &Shown,
    (anchor, zoom): (&mut Option<ModelId>, &mut Zoom),
    actions: &mut Vec<Action>,
) -> Option<Rect> {
    let kinship = bench.measured(family.base).map(|m| m.kinship())?;
    let sight = ui.available_size();
    let order = bench.study().doc().view.order;
    let selection = bench.study().selection();
    let selected = in_family(selection, shown);
    let places: Vec<usize> = selected
        .iter()
        .filter_map(|&id| shown.place_of(id))
        .collect();
    let pair = match places[..] {
        [a, b] => Some((a, b)),
        _ => None,
    };
    let named = |k: usize| Named {
        place: shown.key.places[k],
        name: &shown.key.labels[k],
    };
    let ghost = Ghost::of(bench, shown);
    let place = ghost.as_ref().map(Ghost::place);
    let is_ghost = |a: usize, b: usize| place.is_some_and(|ghost| a == ghost || b == ghost);
    let note = |a: usize, b: usize| {
        if is_ghost(a, b) {
            return Some("The child on the canvas; click to go there".to_owned());
        }
        let undefined = shown.matrix.get(a, b).is_none() && !shown.key.provisional;
        if undefined {
            return Some(why_undefined(kinship, &shown.tensors, named(a), named(b)));
        }
        let (a, b) = (shown.key.models[a], shown.key.models[b]);
        if let Some(gone) = [a, b].into_iter().find(|&id| is_gone(bench, id)) {
            let name = bench.short(gone);
            return Some(format!(
                "As it was measured before the files of {name} went"
            ));
        }
        let share = small_share(bench, family.base, a, b)?;
        Some(format!("Over {share} of the larger model"))
    };
    // While values arrive there may be no tree yet; its place is kept.
    let may_have_tree = shown.key.provisional || !shown.joins.is_empty();
    let has_tree = order == Order::Relatedness && may_have_tree;
    let value = |a: usize, b: usize| match &ghost {
        Some(ghost) if is_ghost(a, b) => ghost.value(a, b),
        _ => shown.matrix.get(a, b),
    };
    let labels = ghost.as_ref().map_or(&shown.key.short, |g| &g.labels);
    let joins = match &ghost {
        Some(ghost) => ghost.beside(&shown.joins),
        None => shown.joins.clone(),
    };
    let rows: Vec<usize> = shown.order(order).iter().copied().chain(place).collect();
    let asked = RefCell::new(Vec::new());
    let menu = |ui: &mut Ui, a: usize, b: usize| {
        pair_menu(ui, bench, shown, (a, b), &mut asked.borrow_mut());
    };
    let name_menu = |ui: &mut Ui, model: usize| {
        menus::name_menu(ui, bench, shown, model, &mut asked.borrow_mut());
    };
    let meaning = |a: usize, b: usize| match is_ghost(a, b) {
        true => None,
        false => meaning(bench, shown, (a, b)),
    };
    let clusters = match has_tree && ghost.is_none() {
        true => shown.cluster_of(),
        false => Vec::new(),
    };
    let bands = match order {
        Order::Relatedness => bands(shown),
        _ => Vec::new(),
    };
    let touched = HeatMap {
        id_salt: "kinship",
        scale: shown.scale,
        provisional: shown.key.provisional,
        selected: pair,
        selected_models: &places,
        order: &rows,
        dendrogram: has_tree.then_some(&joins),
        measured: &|k| place == Some(k) || shown.key.places[k].is_some(),
        names: &shown.key.labels,
        bands: &bands,
        clusters: &clusters,
        can_cut: has_tree && ghost.is_none() && !shown.key.provisional,
        meaning: &meaning,
        note: &note,
        menu: Some(&menu),
        name_menu: Some(&name_menu),
        ghosts: place.as_slice(),
        stamp: ghost.is_none().then(|| shown.stamp(order)),
        zoom: zoom.of(shown.key.models.len()),
        ..HeatMap::new(labels, &value)
    }
    .show(ui);
    actions.append(&mut asked.into_inner());
    let touches = |pair: Option<(usize, usize)>| pair.is_some_and(|(a, b)| is_ghost(a, b));
    if touches(touched.clicked) || touches(touched.clicked_label.map(|k| (k, k))) {
        actions.push(Action::Go(View::Merge));
        return touched.cells;
    }
    if let Some(band) = touched.opened_band.and_then(|k| bands.get(k)) {
        zoom.show_rows(band.rows, shown.key.models.len(), sight);
    }
    if let Some(count) = touched.cut {
        let tree = TreeChoices {
            clusters: count as u32,
            ..shown.key.tree
        };
        actions.push(Command::View(ViewEdit::Tree(tree)).into());
    }
    let id = |k: usize| shown.key.models[k];
    if let Some(group) = touched.clicked_band.and_then(|k| shown.clusters.get(k)) {
        let ids = group.iter().map(|&k| id(k)).collect();
        actions.push(select(Selection::Models(ids)));
    }
    if let Some((a, b)) = touched.clicked {
        *anchor = Some(id(a));
        actions.push(select(Selection::Pair(id(a), id(b))));
    }
    if let Some(clicked) = touched.clicked_label {
        let modifiers = ui.input(|input| input.modifiers);
        let rows: Vec<ModelId> = shown.order(order).iter().map(|&k| id(k)).collect();
        actions.push(select(clicked_row(
            selection,
            &rows,
            anchor,
            id(clicked),
            modifiers,
        )));
    }
    touched.cells
}

/// Whether a model's kinship is known only from before.
fn is_gone(bench: &Workbench, id: ModelId) -> bool {
    bench.files(id).checkpoint().is_none()
}

/// How little of two models was compared, where that has to be said.
pub fn small_share(bench: &Workbench, base: ModelId, a: ModelId, b: ModelId) -> Option<String> {
    let share = bench.compared(base, a, b)?.small_share()?;
    Some(format::share(share))
}

/// The groups of relatives as they stand from top to bottom, by what their names begin with.
fn bands(shown: &Shown) -> Vec<Band> {
    let mut from = 0;
    let band = |group: &Vec<usize>| {
        let names: Vec<&String> = group.iter().map(|&k| &shown.key.labels[k]).collect();
        let rows = (from, from + group.len());
        from = rows.1;
        Band {
            rows,
            label: band_name(&names, &shown.key.short[group[0]]),
            names: first_of(&names, MOST_NAMES).replace(", ", "\n"),
        }
    };
    shown.clusters.iter().map(band).collect()
}

/// `8 × NeuralBeagle14` where most names begin alike, else the first and how many more there are.
fn band_name(names: &[&String], first: &str) -> String {
    let words: Vec<&str> = names.iter().map(|name| family_word(name)).collect();
    let count = |wanted: &&str| words.iter().filter(|own| *own == wanted).count();
    let most = words.iter().max_by_key(|word| count(word));
    let most = most.filter(|word| 2 * count(word) > names.len());
    match (names.len(), most) {
        (1, _) => first.to_owned(),
        (n, Some(word)) => format!("{n} × {}", format::elide_middle(word, LONGEST_WORD)),
        (n, None) => format!("{} + {}", format::elide_middle(first, LONGEST_WORD), n - 1),
    }
}

/// The selected models of the family, in the order in which they were selected.
pub fn in_family(selection: &Selection, shown: &Shown) -> Vec<ModelId> {
    let mut models = selection.models();
    models.retain(|&id| shown.place_of(id).is_some());
    models
}

fn caption_row(ui: &mut Ui, kinship: &Kinship, shown: &Shown, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        let text = format!(
            "{}, {}",
            caption(shown),
            table::words_within(shown.key.measure)
        );
        let caption_text = text.clone();
        let text = quiet(text);
        let has_left_out = !shown.key.provisional && !kinship.left_out.is_empty();
        let of_hidden = if shown.key.hidden.is_empty() {
            0.0
        } else {
            HIDDEN
        };
        let reserved = of_hidden + if has_left_out { LEFT_OUT } else { 0.0 };
        let caption = |ui: &mut Ui| {
            ui.set_max_width((ui.available_width() - reserved).max(1.0));
            ui.add(Label::new(text).truncate())
        };
        let label = ui.scope(caption).inner;
        label.on_hover_text(match shown.mean.value() {
            Some(mean) => format!("Mean over all pairs: {mean}"),
            None => caption_text,
        });
        if has_left_out {
            left_out_ui(ui, kinship, shown, actions);
        }
        menus::hidden_ui(ui, shown, actions);
    });
}

const LIST_WIDTH: f32 = 720.0;
const MOST_ROWS_SEEN: usize = 12;

struct Row<'a> {
    tensor: &'a str,
    model: &'a str,
    reason: &'a str,
}

impl Row<'_> {
    fn copied(&self) -> String {
        format!("{}\t{}\t{}", self.tensor, self.model, self.reason)
    }
}

pub fn left_out_ui(ui: &mut Ui, kinship: &Kinship, shown: &Shown, actions: &mut Vec<Action>) {
    if kinship.left_out.is_empty() {
        return;
    }
    let rows = rows(kinship, shown);
    let tensors: BTreeSet<&str> = rows.iter().map(|row| row.tensor).collect();
    if tensors.is_empty() {
        return;
    }
    let warning = Tokens::of(ui).warning;
    let label = format!("{} left out", format::counted(tensors.len(), "tensor"));
    let shown = format!("{} {label} {}", icon::WARNING, icon::CARET_RIGHT);
    let text = RichText::new(shown).size(size::SMALL).color(warning);
    let button = ui.add(Button::new(text).frame(false));
    button.named(WidgetType::Button, &label);
    Popup::from_toggle_button_response(&button)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .show(|ui| list_ui(ui, &rows, actions));
}

fn rows<'a>(kinship: &'a Kinship, shown: &'a Shown) -> Vec<Row<'a>> {
    let name = |model: Option<usize>| match model {
        None => Some("all models"),
        Some(_) => {
            let at = shown.key.places.iter().position(|&place| place == model)?;
            Some(shown.key.labels[at].as_str())
        }
    };
    let row = |left_out: &'a crate::checkpoint::LeftOut| {
        Some(Row {
            tensor: &left_out.tensor,
            model: name(left_out.model)?,
            reason: &left_out.reason,
        })
    };
    kinship.left_out.iter().filter_map(row).collect()
}

fn list_ui(ui: &mut Ui, rows: &[Row<'_>], actions: &mut Vec<Action>) {
    let width = LIST_WIDTH.min(ui.ctx().content_rect().width() - 2.0 * space::XXL);
    ui.set_width(width);
    ui.horizontal(|ui| {
        ui.label(theme::strong("Left out of the comparison"));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.button("Copy list").clicked() {
                let lines: Vec<String> = rows.iter().map(Row::copied).collect();
                actions.push(Action::copy("List", lines.join("\n")));
            }
        });
    });
    ui.spacing_mut().item_spacing.y = 0.0;
    let height = rows.len().min(MOST_ROWS_SEEN) as f32 * ROW_HEIGHT;
    ScrollArea::vertical()
        .max_height(height)
        .min_scrolled_height(height)
        .auto_shrink(false)
        .show_rows(ui, ROW_HEIGHT, rows.len(), |ui, range| {
            for row in range.filter_map(|k| rows.get(k)) {
                if row_ui(ui, row).clicked() {
                    actions.push(Action::copy("Line", row.copied()));
                }
            }
        });
}

fn row_ui(ui: &mut Ui, row: &Row<'_>) -> Response {
    let size = vec2(ui.available_width(), ROW_HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let t = Tokens::of(ui);
    if response.hovered() {
        ui.painter().rect_filled(rect, radius::CONTROL, t.hover);
    }
    let mono = eframe::egui::TextStyle::Monospace.resolve(ui.style());
    let small = theme::small_font();
    let cells = [
        (0.0, 0.48, row.tensor, &mono, t.text),
        (0.48, 0.68, row.model, &small, t.text),
        (0.68, 1.0, row.reason, &small, t.text_weak),
    ];
    for (from, to, text, font, ink) in cells {
        let cell = rect
            .with_min_x(rect.left() + rect.width() * from)
            .with_max_x(rect.left() + rect.width() * to)
            .shrink2(vec2(space::XS, 0.0));
        let painter = ui.painter();
        let is_tensor = from == 0.0;
        let shown = if is_tensor {
            text::fitted_tail(painter, text, font, cell.width())
        } else {
            text::fitted(painter, text, font, cell.width())
        };
        painter.text(
            cell.left_center(),
            Align2::LEFT_CENTER,
            shown,
            font.clone(),
            ink,
        );
    }
    let label = format!("{}, {}: {}", row.tensor, row.model, row.reason);
    response.named(WidgetType::Button, &label);
    response.on_hover_text(format!("{label}\nClick to copy"))
}
