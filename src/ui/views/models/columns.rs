//! The columns of the table of models: title, width, cell and order, each in one line.

use std::cmp::Ordering;

use eframe::egui::{Align, Label, Layout, RichText, Sense, Ui};
use egui_extras::Column;
use egui_phosphor::regular as icon;

use super::text;
use crate::checkpoint::{Checkpoint, OnDisk};
use crate::study::{Model, Role};
use crate::ui::format;
use crate::ui::theme::{self, Tokens, size};
use crate::ui::widgets::role_chip;
use crate::workbench::{ModelFiles, Workbench};

/// One column.
pub struct TableColumn {
    /// The header.
    pub title: &'static str,
    width: f32,
    share: f32,
    /// Whether its cells are numbers, which stand at the right.
    is_number: bool,
    /// Draws a cell.
    pub cell: fn(&mut Ui, &Workbench, &Model),
    order: fn(&Workbench, &Model, &Model) -> Ordering,
}

/// All columns at their own width and what stands between them; in less, the table scrolls.
const LEAST_WIDTH: f32 = 748.0;

impl TableColumn {
    /// The width: its own, and of the columns with names a share of what is left.
    pub fn width(&self, left: f32) -> Column {
        Column::exact(self.width + self.share * left).clip(true)
    }
}

/// What is left of `available` when every column has its own width.
pub fn left_of(available: f32) -> f32 {
    (available - LEAST_WIDTH).max(0.0)
}

/// Every column, in the order on screen.
pub const COLUMNS: [TableColumn; 8] = [
    TableColumn {
        title: "Name",
        width: 120.0,
        share: 0.5,
        is_number: false,
        cell: name,
        order: by_name,
    },
    TableColumn {
        title: "Role",
        width: 88.0,
        share: 0.0,
        is_number: false,
        cell: role,
        order: by_role,
    },
    TableColumn {
        title: "Base",
        width: 76.0,
        share: 0.25,
        is_number: false,
        cell: base,
        order: by_base,
    },
    TableColumn {
        title: "Parents",
        width: 76.0,
        share: 0.25,
        is_number: false,
        cell: parents,
        order: by_parents,
    },
    TableColumn {
        title: "Type",
        width: 50.0,
        share: 0.0,
        is_number: false,
        cell: dtype,
        order: by_dtype,
    },
    TableColumn {
        title: "Parameters",
        width: 78.0,
        share: 0.0,
        is_number: true,
        cell: parameters,
        order: by_parameters,
    },
    TableColumn {
        title: "Size",
        width: 66.0,
        share: 0.0,
        is_number: true,
        cell: bytes,
        order: by_bytes,
    },
    TableColumn {
        title: "State",
        width: 98.0,
        share: 0.0,
        is_number: false,
        cell: state,
        order: by_state,
    },
];

/// The role colour of adapters, after those of [`Role`].
pub const ADAPTER_COLOUR: usize = 5;

/// Which column sorts, and whether the other way round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sorting {
    column: Option<usize>,
    reversed: bool,
}

impl Sorting {
    /// A header that sorts when it is clicked: up, down, and as they were added.
    pub fn header_ui(&mut self, ui: &mut Ui, column: usize) {
        let TableColumn {
            title, is_number, ..
        } = COLUMNS[column];
        let weak = Tokens::of(ui).text_weak;
        let own = self.column == Some(column);
        let arrow = match (own, self.reversed) {
            (false, _) => "",
            (true, false) => icon::CARET_UP,
            (true, true) => icon::CARET_DOWN,
        };
        let words = if arrow.is_empty() {
            title.to_owned()
        } else {
            format!("{title} {arrow}")
        };
        let words = RichText::new(words).size(size::SMALL).color(weak);
        let label = Label::new(words)
            .selectable(false)
            .sense(Sense::click())
            .truncate();
        let response = if is_number {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.add(label))
                .inner
        } else {
            ui.add(label)
        };
        response.widget_info(|| {
            let name = format!("Sort by {}", title.to_lowercase());
            eframe::egui::WidgetInfo::labeled(eframe::egui::WidgetType::Button, true, name)
        });
        if response.clicked() {
            *self = match (own, self.reversed) {
                (false, _) => Self {
                    column: Some(column),
                    reversed: false,
                },
                (true, false) => Self {
                    column: Some(column),
                    reversed: true,
                },
                (true, true) => Self::default(),
            };
        }
    }

    /// Puts models in order; equal ones stay as they were added.
    pub fn sort(&self, models: &mut [&Model], bench: &Workbench) {
        let Some(column) = self.column.and_then(|k| COLUMNS.get(k)) else {
            // Unsorted, families stand together, each behind its base.
            models.sort_by_key(|m| {
                let is_member = m.base.is_some();
                (m.base.unwrap_or(m.id), is_member)
            });
            return;
        };
        models.sort_by(|a, b| {
            let order = (column.order)(bench, a, b);
            if self.reversed {
                order.reverse()
            } else {
                order
            }
        });
    }
}

fn open<'a>(bench: &'a Workbench, model: &Model) -> Option<&'a Checkpoint> {
    bench.files(model.id).checkpoint().map(AsRef::as_ref)
}

fn name(ui: &mut Ui, _: &Workbench, model: &Model) {
    text(ui, theme::strong(&model.name)).on_hover_ui(|ui| {
        ui.label(&model.name);
        if !model.note.is_empty() {
            ui.label(&model.note);
        }
    });
}

fn by_name(_: &Workbench, a: &Model, b: &Model) -> Ordering {
    a.name.to_lowercase().cmp(&b.name.to_lowercase())
}

fn role(ui: &mut Ui, bench: &Workbench, model: &Model) {
    let role = bench.study().doc().role(model);
    let is_adapter = open(bench, model).is_some_and(|c| c.adapter().is_some());
    if is_adapter && role == Role::FineTune {
        role_chip(ui, "adapter", ADAPTER_COLOUR);
    } else {
        role_chip(ui, role.title(), role as usize);
    }
}

fn by_role(bench: &Workbench, a: &Model, b: &Model) -> Ordering {
    let doc = bench.study().doc();
    doc.role(a).cmp(&doc.role(b))
}

fn base_name(bench: &Workbench, model: &Model) -> String {
    model.base.map_or(String::new(), |id| {
        bench.study().doc().name_of(id).to_owned()
    })
}

fn base(ui: &mut Ui, bench: &Workbench, model: &Model) {
    or_dash(ui, &base_name(bench, model));
}

fn by_base(bench: &Workbench, a: &Model, b: &Model) -> Ordering {
    base_name(bench, a).cmp(&base_name(bench, b))
}

fn parent_names(bench: &Workbench, model: &Model) -> String {
    let doc = bench.study().doc();
    model
        .parents
        .iter()
        .map(|&id| doc.name_of(id))
        .collect::<Vec<_>>()
        .join(", ")
}

fn parents(ui: &mut Ui, bench: &Workbench, model: &Model) {
    or_dash(ui, &parent_names(bench, model));
}

fn by_parents(bench: &Workbench, a: &Model, b: &Model) -> Ordering {
    parent_names(bench, a).cmp(&parent_names(bench, b))
}

fn dtype(ui: &mut Ui, bench: &Workbench, model: &Model) {
    let dtypes = open(bench, model).map(Checkpoint::dtypes);
    or_dash(ui, dtypes.unwrap_or_default());
}

fn by_dtype(bench: &Workbench, a: &Model, b: &Model) -> Ordering {
    let key = |m| open(bench, m).map(Checkpoint::dtypes);
    key(a).cmp(&key(b))
}

fn parameters(ui: &mut Ui, bench: &Workbench, model: &Model) {
    number(
        ui,
        open(bench, model).map(|c| format::parameters(c.parameters())),
    );
}

fn by_parameters(bench: &Workbench, a: &Model, b: &Model) -> Ordering {
    let key = |m| open(bench, m).map(Checkpoint::parameters);
    key(a).cmp(&key(b))
}

fn bytes(ui: &mut Ui, bench: &Workbench, model: &Model) {
    number(
        ui,
        open(bench, model).map(|c| format::bytes(c.size_bytes())),
    );
}

fn by_bytes(bench: &Workbench, a: &Model, b: &Model) -> Ordering {
    let key = |m| open(bench, m).map(Checkpoint::size_bytes);
    key(a).cmp(&key(b))
}

/// How the files stand: the worst first.
fn condition(bench: &Workbench, model: &Model) -> (u8, String) {
    match bench.files(model.id) {
        ModelFiles::Failed(_) => (0, "not open".to_owned()),
        ModelFiles::Open {
            on_disk: OnDisk::Missing,
            ..
        } => (1, "files gone".to_owned()),
        ModelFiles::Open {
            on_disk: OnDisk::Changed,
            ..
        } => (2, "files changed".to_owned()),
        ModelFiles::Open { checkpoint, .. } if !checkpoint.problems().is_empty() => {
            (3, format::counted(checkpoint.problems().len(), "warning"))
        }
        ModelFiles::Opening => (4, "opening…".to_owned()),
        ModelFiles::None => (5, "no files".to_owned()),
        ModelFiles::Open { .. } => (6, "open".to_owned()),
    }
}

fn state(ui: &mut Ui, bench: &Workbench, model: &Model) {
    let t = Tokens::of(ui);
    let (rank, words) = condition(bench, model);
    let (ink, glyph) = match rank {
        0 | 1 => (t.error, icon::WARNING),
        2 | 3 => (t.warning, icon::WARNING),
        6 => (t.text_weak, icon::CHECK),
        _ => (t.text_weak, icon::MINUS),
    };
    let response = text(ui, RichText::new(format!("{glyph} {words}")).color(ink));
    let detail = match bench.files(model.id) {
        ModelFiles::Failed(sentence) => sentence.clone(),
        ModelFiles::Open { checkpoint, .. } => checkpoint.problems().join("\n"),
        _ => String::new(),
    };
    if !detail.is_empty() {
        response.on_hover_text(detail);
    }
}

fn by_state(bench: &Workbench, a: &Model, b: &Model) -> Ordering {
    condition(bench, a).cmp(&condition(bench, b))
}

fn or_dash(ui: &mut Ui, words: &str) {
    if words.is_empty() {
        let weak = Tokens::of(ui).text_weak;
        text(ui, RichText::new(format::UNDEFINED).color(weak));
    } else {
        text(ui, words).on_hover_text(words);
    }
}

fn number(ui: &mut Ui, words: Option<String>) {
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        or_dash(ui, &words.unwrap_or_default());
    });
}
