//! Tokens with a role and the chat template, the child's beside those of each model; where a
//! model differs from the child stands a mark.

use eframe::egui::{Rect, Response, Sense, Stroke, Ui, UiBuilder, WidgetType, vec2};
use egui_phosphor::regular as icon;

use super::cells::spelled;
use super::columns::{Columns, short};
use crate::merge::tokens::{CHAT_TEMPLATE, ROLES, Roles, TokensReport};
use crate::ui::ext::ResponseExt;
use crate::ui::format;
use crate::ui::theme::{self, ROW_HEIGHT, Tokens, space};
use crate::ui::widgets::{fold_toggle, text};

/// Height of a row of roles, in points.
const ROW: f32 = 24.0;

/// The rows of roles, and the one of chat templates, which unfolds them.
pub(super) fn ui(ui: &mut Ui, report: &TokensReport, columns: &Columns, has_templates: &mut bool) {
    for (key, what) in ROLES {
        let (row, _) = row_rect(ui);
        let (name, cells) = columns.cells(row);
        let title = key.trim_end_matches("_token");
        name_ui(ui, name, title, &format!("The token that {what}"));
        for (column, cell) in cells.into_iter().enumerate() {
            role_cell_ui(ui, report, (key, title), cell, columns, column);
        }
    }
    template_row_ui(ui, report, columns, has_templates);
}

fn row_rect(ui: &mut Ui) -> (Rect, Response) {
    ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover())
}

fn name_ui(ui: &Ui, rect: Rect, title: &str, help: &str) {
    let t = Tokens::of(ui);
    let inside = rect.shrink2(vec2(space::XS, 0.0));
    text::left(
        ui.painter(),
        inside,
        title,
        &theme::body_font(),
        t.text_weak,
    );
    let response = ui.interact(rect, ui.id().with(("role", title)), Sense::hover());
    response.on_hover_text(help);
}

/// The roles of a column.
fn roles_of<'r>(report: &'r TokensReport, columns: &Columns, column: usize) -> Option<&'r Roles> {
    match columns.model(column) {
        None => Some(&report.roles),
        Some(k) => report.models.get(k).map(|own| &own.roles),
    }
}

/// Whether a model differs from the child in a role.
fn is_conflict(report: &TokensReport, columns: &Columns, column: usize, key: &str) -> bool {
    let model = columns.model(column).and_then(|k| report.models.get(k));
    model.is_some_and(|own| {
        let mut conflicts = report.conflicts.iter();
        conflicts.any(|conflict| conflict.model == own.name && conflict.key == key)
    })
}

fn role_cell_ui(
    ui: &Ui,
    report: &TokensReport,
    (key, title): (&str, &str),
    cell: Rect,
    columns: &Columns,
    column: usize,
) {
    let role = roles_of(report, columns, column).and_then(|roles| roles.role(key));
    let words = match role {
        None => "–".to_owned(),
        Some(role) => match role.id {
            Some(id) => format!("{}  {id}", spelled(&role.token)),
            None => format!("{}  no number", spelled(&role.token)),
        },
    };
    let is_odd = is_conflict(report, columns, column, key);
    let help = if is_odd {
        other_than(report, columns, "token")
    } else {
        String::new()
    };
    let label = format!("{title} of {}: {words}", columns.titles[column]);
    cell_ui(ui, cell, (&words, is_odd, role.is_none()), &label, &help);
}

/// A cell: its words, whether they are marked, whether they say that there is nothing.
fn cell_ui(
    ui: &Ui,
    cell: Rect,
    (words, is_odd, is_nothing): (&str, bool, bool),
    label: &str,
    help: &str,
) {
    let t = Tokens::of(ui);
    let response = ui.interact(cell, ui.id().with(label), Sense::hover());
    response.named(WidgetType::Label, label);
    let (shown, ink) = match (is_odd, is_nothing) {
        (true, _) => (format!("{} {words}", icon::WARNING), t.warning),
        (false, true) => (words.to_owned(), t.text_weak),
        (false, false) => (words.to_owned(), t.text),
    };
    let inside = cell.shrink2(vec2(space::XS, 0.0));
    text::right(ui.painter(), inside, &shown, &theme::small_font(), ink);
    let hover = [words, help].into_iter().filter(|line| !line.is_empty());
    response.on_hover_text(hover.collect::<Vec<_>>().join("\n"));
}

fn template_row_ui(
    ui: &mut Ui,
    report: &TokensReport,
    columns: &Columns,
    has_templates: &mut bool,
) {
    let (row, _) = row_rect(ui);
    let (name, cells) = columns.cells(row);
    let t = Tokens::of(ui);
    let toggle = Rect::from_min_size(name.left_top(), vec2(ROW_HEIGHT, ROW));
    let place = UiBuilder::new().max_rect(toggle);
    ui.scope_builder(place, |ui| {
        fold_toggle(ui, "Chat templates side by side", has_templates);
    });
    let inside = name.with_min_x(toggle.right() + space::XS);
    text::left(
        ui.painter(),
        inside,
        "chat template",
        &theme::body_font(),
        t.text_weak,
    );
    for (column, cell) in cells.into_iter().enumerate() {
        let Some(roles) = roles_of(report, columns, column) else {
            continue;
        };
        let is_odd = is_conflict(report, columns, column, CHAT_TEMPLATE);
        let words = match &roles.chat_template {
            None => "–".to_owned(),
            Some(_) if columns.model(column).is_none() && !report.has_own_template => {
                let follows = report.follows();
                let name = follows.map_or("", |own| short(&own.name));
                format!("of {name}")
            }
            Some(_) if columns.model(column).is_none() => "of the recipe".to_owned(),
            // Where there is no column of the child, the model that it follows stands for it.
            Some(text) if is_followed(report, columns, column) => {
                format::counted(lines(text), "line")
            }
            Some(_) if roles.has_template_of(&report.roles) => "the same".to_owned(),
            Some(text) => format!("another, {}", format::counted(lines(text), "line")),
        };
        let help = if is_odd {
            other_than(report, columns, "template")
        } else {
            String::new()
        };
        let label = format!("chat template of {}: {words}", columns.titles[column]);
        let is_nothing = roles.chat_template.is_none();
        cell_ui(ui, cell, (&words, is_odd, is_nothing), &label, &help);
    }
    let line = Stroke::new(1.0, t.line);
    ui.painter().hline(row.x_range(), row.bottom() - 0.5, line);
}

/// What a mark says.
fn other_than(report: &TokensReport, columns: &Columns, what: &str) -> String {
    let whose = match (columns.has_child, report.follows()) {
        (false, Some(own)) => short(&own.name),
        _ => "the child",
    };
    format!("Another {what} than in {whose}")
}

fn is_followed(report: &TokensReport, columns: &Columns, column: usize) -> bool {
    !columns.has_child && columns.model(column) == Some(report.follows)
}

fn lines(text: &str) -> usize {
    text.trim().lines().count()
}
