//! How each cell of the table is drawn, and what hovering over it tells.

use eframe::egui::{
    Align, Align2, Color32, Id, Label, Layout, Rect, Response, RichText, Sense, Ui, UiBuilder,
    WidgetText, WidgetType, pos2, vec2,
};
use egui_phosphor::regular as icon;

use super::columns::Column;
use super::model_table::{Rows, Value, condition};
use crate::kinship::Metric;
use crate::study::{Model, ModelFacts, Role, Score};
use crate::ui::ext::ResponseExt;
use crate::ui::format;
use crate::ui::theme::{self, Tokens, space};
use crate::ui::widgets::role_chip;
use crate::ui::widgets::text::fitted;
use crate::workbench::{ModelFiles, Workbench};

/// The role colour of adapters, after those of [`Role`].
pub const ADAPTER_COLOUR: usize = 5;

pub fn cell_ui(ui: &mut Ui, rect: Rect, rows: Rows<'_>, column: &Column, k: usize) {
    let Some(model) = rows.model(k) else { return };
    match column {
        Column::Name => words(ui, rect, |ui| name(ui, rows.bench, model)),
        Column::Role => words(ui, rect, |ui| role(ui, rows, k)),
        Column::State => words(ui, rect, |ui| state(ui, rows, model)),
        Column::Parents => words(ui, rect, |ui| parents(ui, rows, k)),
        Column::Run | Column::Method | Column::Base | Column::Type => {
            let value = rows.value(column, k).plain();
            words(ui, rect, |ui| {
                let response = or_dash(ui, &value);
                if !value.is_empty() {
                    response.on_hover_text(&value);
                }
            });
        }
        Column::Average => average(ui, rect, rows, k),
        Column::Gain => gain(ui, rect, rows, k),
        number => {
            let shown = shown(rows, number, k);
            let ink = ink(ui, rows, number, k);
            let label = format!("{}, {} {shown}", model.name, number.title());
            let response = number_ui(ui, rect, (model.id.0, number), &shown, ink, label);
            hover(response, rows, number, k);
        }
    }
}

pub fn shown(rows: Rows<'_>, column: &Column, k: usize) -> String {
    let number = match rows.value(column, k) {
        Value::Number(number) => number,
        _ => return format::UNDEFINED.to_owned(),
    };
    match column {
        Column::Generation => format::decimals(Some(number), 0),
        Column::BestKinship(_) | Column::ParentsKinship(_) => format::kinship(Some(number)),
        Column::Gain => format::signed(Some(number), 2),
        Column::Parameters => format::parameters(number as u64),
        Column::Size => format::bytes(number as u64),
        _ => format::score(Some(number)),
    }
}

/// What was only reported stands in weaker ink than what was measured; so does what is missing.
fn ink(ui: &Ui, rows: Rows<'_>, column: &Column, k: usize) -> Color32 {
    let t = Tokens::of(ui);
    let is_weak = match column {
        Column::BestKinship(by) => {
            let known = rows.table.best_kinship(k, *by);
            known.is_none_or(|(_, is_measured)| !is_measured)
        }
        Column::ParentsKinship(_) => rows.row(k).is_none_or(|row| !row.kinship.is_measured),
        Column::Gain => rows
            .row(k)
            .is_none_or(|row| row.gain_is_reported || row.gain.is_none()),
        _ => rows.value(column, k) == Value::Undefined,
    };
    if is_weak { t.text_weak } else { t.text }
}

fn hover(response: Response, rows: Rows<'_>, column: &Column, k: usize) {
    if !response.hovered() {
        return;
    }
    let lines = hover_lines(rows, column, k);
    if !lines.is_empty() {
        response.on_hover_text(lines.join("\n"));
    }
}

fn hover_lines(rows: Rows<'_>, column: &Column, k: usize) -> Vec<String> {
    let (Some(model), Some(row)) = (rows.model(k), rows.row(k)) else {
        return Vec::new();
    };
    match column {
        Column::Task(task) => model.score(task).map_or(Vec::new(), score_lines),
        Column::BestKinship(by) => match rows.table.best_kinship(k, *by) {
            Some((value, is_measured)) => vec![
                format::full(Some(value)),
                measured_words(is_measured).to_owned(),
            ],
            None if rows.table.best == Some(model.id) => vec!["This is the best".to_owned()],
            None => vec!["Neither measured nor reported".to_owned()],
        },
        Column::ParentsKinship(_) => {
            let mut lines: Vec<String> = Metric::ALL
                .iter()
                .filter_map(|&metric| {
                    let value = row.kinship.get(metric)?;
                    Some(format!("{} {}", metric.title, format::full(Some(value))))
                })
                .collect();
            if !lines.is_empty() {
                lines.push(measured_words(row.kinship.is_measured).to_owned());
            }
            lines
        }
        Column::Generation => {
            let steps = model.steps.iter().map(|step| {
                let run = if step.run.is_empty() {
                    "Own merges"
                } else {
                    &step.run
                };
                format!("{run}, generation {}", step.generation)
            });
            steps.collect()
        }
        _ => match rows.value(column, k) {
            Value::Number(number) if *column == Column::Parameters => {
                vec![format::count(number as u64)]
            }
            Value::Number(number) if *column == Column::Size => {
                vec![format!("{} bytes", format::count(number as u64))]
            }
            Value::Number(number) => vec![format::full(Some(number))],
            _ => Vec::new(),
        },
    }
}

fn measured_words(is_measured: bool) -> &'static str {
    if is_measured {
        "Measured"
    } else {
        "As reported"
    }
}

pub fn score_lines(score: &Score) -> Vec<String> {
    let mut first = format::full(Some(score.value));
    if let Some(stderr) = score.stderr {
        first = format!("{first} ± {}", format::full(Some(stderr)));
    }
    let n = score.n.map(|n| format!("n = {}", format::count(n)));
    let source = (!score.source.is_empty()).then(|| score.source.clone());
    std::iter::once(first).chain(n).chain(source).collect()
}

/// A cell for words: what is drawn lies within it, and is cut at its end.
fn words(ui: &mut Ui, rect: Rect, content: impl FnOnce(&mut Ui)) {
    let builder = UiBuilder::new()
        .max_rect(rect)
        .layout(Layout::left_to_right(Align::Center));
    let mut cell = ui.new_child(builder);
    cell.shrink_clip_rect(rect);
    content(&mut cell);
}

fn number_ui(
    ui: &Ui,
    rect: Rect,
    (row, column): (u32, &Column),
    shown: &str,
    ink: Color32,
    label: impl AsRef<str>,
) -> Response {
    let id = match column {
        Column::Task(task) => ui.id().with((row, "task", task)),
        other => ui.id().with((row, other.title())),
    };
    let response = ui.interact(rect, id, Sense::hover());
    response.named(WidgetType::Label, label.as_ref());
    let painter = ui.painter_at(rect.expand(1.0));
    let at = rect.right_center();
    painter.text(at, Align2::RIGHT_CENTER, shown, theme::body_font(), ink);
    response
}

const AVERAGE_NUMBER: f32 = 48.0;
const BAR_HEIGHT: f32 = 8.0;

/// A bar, and the number; of a model that lacks scores the mean over those that it has, in weaker
/// ink and with their count in place of the bar.
fn average(ui: &Ui, rect: Rect, rows: Rows<'_>, k: usize) {
    let (Some(model), Some(row)) = (rows.model(k), rows.row(k)) else {
        return;
    };
    let t = Tokens::of(ui);
    let shown = format::score(row.average.or(row.partial.map(|partial| partial.mean)));
    let ink = if row.average.is_some() {
        t.text
    } else {
        t.text_weak
    };
    let over = row
        .partial
        .map(|partial| format!("{} of {}", partial.known, partial.of));
    let label = match &over {
        Some(over) => format!("{}, Average {shown} over {over} tasks", model.name),
        None => format!("{}, Average {shown}", model.name),
    };
    let cell = (model.id.0, &Column::Average);
    let response = number_ui(ui, rect, cell, &shown, ink, label);
    if let Some(over) = over {
        let at = pos2(rect.right() - AVERAGE_NUMBER, rect.center().y);
        let painter = ui.painter_at(rect.expand(1.0));
        painter.text(
            at,
            Align2::RIGHT_CENTER,
            over,
            theme::small_font(),
            t.text_weak,
        );
    }
    if let Some(average) = row.average {
        let right = rect.right() - AVERAGE_NUMBER;
        let trough = Rect::from_min_max(
            pos2(rect.left() + space::S, rect.center().y - BAR_HEIGHT / 2.0),
            pos2(right, rect.center().y + BAR_HEIGHT / 2.0),
        );
        bar(ui, trough, share_of(average, rows));
    }
    if response.hovered() {
        response.on_hover_text(average_words(rows, model, k).join("\n"));
    }
}

/// How far a bar goes. Bars begin below the least average, so that differences are seen.
fn share_of(average: f64, rows: Rows<'_>) -> f32 {
    let all = rows
        .bench
        .record()
        .rows
        .iter()
        .filter_map(|row| row.average);
    let (lo, hi) = all.fold((average, average), |(lo, hi), v| (lo.min(v), hi.max(v)));
    let from = lo - 0.25 * (hi - lo);
    let share = if hi > lo {
        (average - from) / (hi - from)
    } else {
        average / 100.0
    };
    share.clamp(0.0, 1.0) as f32
}

/// A bar in its trough; `share` is 0 to 1.
pub fn bar(ui: &Ui, trough: Rect, share: f32) {
    let t = Tokens::of(ui);
    let painter = ui.painter();
    painter.rect_filled(trough, 2, if t.dark { t.field } else { t.hover });
    let filled = vec2(trough.width() * share, trough.height());
    painter.rect_filled(Rect::from_min_size(trough.min, filled), 2, t.accent);
}

fn average_words(rows: Rows<'_>, model: &Model, k: usize) -> Vec<String> {
    let (doc, record) = (rows.bench.study().doc(), rows.bench.record());
    let counted = record
        .tasks
        .iter()
        .filter(|t| !doc.not_averaged.contains(t));
    let (has, lacks): (Vec<&String>, Vec<&String>) =
        counted.partition(|task| model.score(task).is_some());
    let Some(row) = rows.row(k) else {
        return Vec::new();
    };
    let Some(average) = row.average else {
        if has.is_empty() {
            return vec!["No scores yet".to_owned()];
        }
        let lacking: Vec<&str> = lacks.iter().map(|t| t.as_str()).collect();
        let missing = format!("Scores are missing for {}", lacking.join(", "));
        let over = row.partial.map(|partial| {
            let mean = format::full(Some(partial.mean));
            format!(
                "{mean} over {} of {} tasks, which is no average to compare",
                partial.known, partial.of
            )
        });
        return over.into_iter().chain([missing]).collect();
    };
    let first = if lacks.is_empty() && !has.is_empty() {
        format!(
            "{}, mean of {}",
            format::full(Some(average)),
            format::counted(has.len(), "task")
        )
    } else {
        format!("{}, as reported", format::full(Some(average)))
    };
    let rated = record.rows.iter().filter(|r| r.rank.is_some()).count();
    let rank = row.rank.map(|rank| place(rank, rated));
    std::iter::once(first)
        .chain(rank)
        .chain(row.conflicts.iter().cloned())
        .collect()
}

/// A rank among this many: `3rd of 12`.
pub fn place(rank: usize, of: usize) -> String {
    let ending = match (rank % 10, rank % 100) {
        (1, n) if n != 11 => "st",
        (2, n) if n != 12 => "nd",
        (3, n) if n != 13 => "rd",
        _ => "th",
    };
    format!("{rank}{ending} of {of}")
}

fn gain(ui: &Ui, rect: Rect, rows: Rows<'_>, k: usize) {
    let (Some(model), Some(row)) = (rows.model(k), rows.row(k)) else {
        return;
    };
    let t = Tokens::of(ui);
    let shown = shown(rows, &Column::Gain, k);
    let ink = ink(ui, rows, &Column::Gain, k);
    let warns = if row.conflicts.is_empty() {
        ""
    } else {
        ", disagrees with what was reported"
    };
    let label = format!("{}, Gain {shown}{warns}", model.name);
    let cell = (model.id.0, &Column::Gain);
    let response = number_ui(ui, rect, cell, &shown, ink, label);
    if !row.conflicts.is_empty() {
        let painter = ui.painter_at(rect.expand(1.0));
        let at = rect.left_center();
        let font = theme::body_font();
        painter.text(at, Align2::LEFT_CENTER, icon::WARNING, font, t.warning);
    }
    if response.hovered() && (row.gain.is_some() || !row.conflicts.is_empty()) {
        response.on_hover_text(gain_words(row).join("\n"));
    }
}

fn gain_words(row: &ModelFacts) -> Vec<String> {
    let how = match row.gain {
        None => None,
        Some(_) if row.gain_is_reported => Some("As reported"),
        Some(_) => Some("Its average minus the mean average of its parents"),
    };
    let value = row.gain.map(|gain| format::full(Some(gain)));
    let lines = value.into_iter().chain(how.map(ToOwned::to_owned));
    lines.chain(row.conflicts.iter().cloned()).collect()
}

fn text(ui: &mut Ui, text: impl Into<WidgetText>) -> Response {
    let label = Label::new(text).truncate().selectable(false);
    // What cells tell on hovering holds the whole text already.
    ui.add(label.show_tooltip_when_elided(false))
}

fn name(ui: &mut Ui, bench: &Workbench, model: &Model) {
    missing_ui(ui, bench, model);
    let (font, room) = (theme::strong_font(), ui.available_width());
    let whole = fitted(ui.painter(), &model.name, &font, room);
    let shown = match whole == model.name {
        true => whole,
        false => fitted(ui.painter(), bench.short(model.id), &font, room),
    };
    let response = text(ui, theme::strong(shown));
    response.named(WidgetType::Label, &model.name);
    response.on_hover_ui(|ui| {
        ui.label(&model.name);
        if !model.note.is_empty() {
            ui.label(&model.note);
        }
    });
}

/// A mark before the name of a model whose files are gone or cannot be read.
fn missing_ui(ui: &mut Ui, bench: &Workbench, model: &Model) {
    let words = match bench.files(model.id) {
        ModelFiles::Failed(sentence) => sentence.clone(),
        files if files.are_missing() => "Its files are gone".to_owned(),
        _ => return,
    };
    let mark = RichText::new(icon::WARNING).color(Tokens::of(ui).warning);
    let response = ui.add(Label::new(mark));
    response.named(
        WidgetType::Label,
        format!("{}, its files are gone", model.name),
    );
    response.on_hover_text(words);
}

/// The parents as far as they fit, and each in a line of its own on hovering.
fn parents(ui: &mut Ui, rows: Rows<'_>, k: usize) {
    let names = rows.value(&Column::Parents, k).plain();
    let response = or_dash(ui, &names);
    if let Some(model) = rows.model(k).filter(|_| !names.is_empty()) {
        let doc = rows.bench.study().doc();
        let mut lines: Vec<&str> = model.parents.iter().map(|&id| doc.name_of(id)).collect();
        if model.origin.unnamed_parents {
            lines.push(if lines.is_empty() {
                "Its parents are not named"
            } else {
                "and others that are not named"
            });
        }
        response.on_hover_text(lines.join("\n"));
    }
}

fn role(ui: &mut Ui, rows: Rows<'_>, k: usize) {
    let role = rows.table.roles.get(k).copied().unwrap_or(Role::NoBase);
    let is_adapter = rows.open(k).is_some_and(|c| c.adapter().is_some());
    if is_adapter && role == Role::FineTune {
        role_chip(ui, "adapter", ADAPTER_COLOUR);
    } else {
        role_chip(ui, role.title(), role as usize);
    }
}

fn state(ui: &mut Ui, rows: Rows<'_>, model: &Model) {
    let t = Tokens::of(ui);
    let (rank, words) = condition(rows.bench, model.id);
    let (ink, glyph) = match rank {
        0 | 1 => (t.error, icon::WARNING),
        2 | 3 => (t.warning, icon::WARNING),
        6 => (t.text_weak, icon::CHECK),
        _ => (t.text_weak, icon::MINUS),
    };
    let response = text(ui, RichText::new(format!("{glyph} {words}")).color(ink));
    let detail = match rows.bench.files(model.id) {
        ModelFiles::Failed(sentence) => sentence.clone(),
        ModelFiles::Open { checkpoint, .. } => checkpoint.problems().join("\n"),
        _ => String::new(),
    };
    if !detail.is_empty() {
        response.on_hover_text(detail);
    }
}

fn or_dash(ui: &mut Ui, words: &str) -> Response {
    if words.is_empty() {
        text(ui, RichText::new(format::UNDEFINED).weak())
    } else {
        text(ui, words)
    }
}

pub fn cursor_ui(ui: &Ui, rect: Rect) {
    let ring = eframe::egui::Stroke::new(1.5, Tokens::of(ui).accent);
    let rect = rect.expand2(vec2(space::XS, -1.0));
    ui.painter()
        .rect_stroke(rect, 3, ring, eframe::egui::StrokeKind::Inside);
}

pub fn editor_id() -> Id {
    Id::new("score being written")
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn places_are_spoken() {
        let places = [1, 2, 3, 4, 11, 12, 13, 21, 22, 103, 112];
        let spoken: Vec<String> = places.iter().map(|&p| place(p, 200)).collect();
        assert_eq!(
            spoken.join(" ").replace(" of 200", ""),
            "1st 2nd 3rd 4th 11th 12th 13th 21st 22nd 103rd 112th"
        );
    }
}
