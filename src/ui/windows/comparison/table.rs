//! The tensors of both models, those that differ most first.

use eframe::egui::{
    Align, Align2, Layout, Rect, Response, ScrollArea, Sense, Stroke, TextStyle, Ui, WidgetType,
    vec2,
};
use egui_phosphor::regular as icon;

use super::head::significant;
use crate::checkpoint::Kind;
use crate::diff::{Diff, TensorDiff};
use crate::kinship::table::kind_words;
use crate::ui::action::Action;
use crate::ui::ext::{ResponseExt, UiExt};
use crate::ui::format;
use crate::ui::theme::{self, ROW_HEIGHT, Tokens, space};
use crate::ui::widgets::{row_ground, search_field, section_heading, sort_header, text};

/// Widths of the columns behind the name, in points.
const STORED: f32 = 116.0;
const SHAPE: f32 = 100.0;
const NUMBER: f32 = 78.0;
const SCROLL_BAR: f32 = space::M;
/// Below this width the columns of what is stored give way to the names.
const ROOMY: f32 = 620.0;

/// The group that a click on a bar leaves in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Focus {
    Layer(String),
    Kind(String),
}

impl Focus {
    fn name(&self) -> &str {
        match self {
            Self::Layer(name) | Self::Kind(name) => shown(name),
        }
    }

    fn holds(&self, tensor: &TensorDiff) -> bool {
        match self {
            Self::Layer(name) => tensor.layer_name() == *name,
            Self::Kind(name) => tensor.place.kind.title() == name,
        }
    }
}

/// As kinds are written everywhere on screen.
pub(super) fn shown(name: &str) -> &str {
    let kind = Kind::ALL.into_iter().find(|kind| kind.title() == name);
    kind.map_or(name, |kind| kind_words(kind))
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
enum By {
    /// In the order of the model.
    Place,
    #[default]
    Difference,
    Cosine,
    Largest,
}

#[derive(Default)]
pub(super) struct TensorTable {
    query: String,
    by: By,
    reversed: bool,
    kept: Option<Kept>,
}

/// Rows of one query, so that a frame does not search again.
struct Kept {
    of: (String, By, bool, Option<Focus>),
    rows: Vec<usize>,
}

impl TensorTable {
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        diff: &Diff,
        focus: &mut Option<Focus>,
        actions: &mut Vec<Action>,
    ) {
        section_heading(ui, "Tensors");
        self.tools_ui(ui, diff, focus, actions);
        ui.spacing_mut().item_spacing.y = 0.0;
        let columns = self.header_ui(ui);
        let rows = self.rows(diff, focus.as_ref()).to_vec();
        if rows.is_empty() {
            ui.add_space(space::S);
            ui.weak("No tensor has this in its name");
            return;
        }
        ScrollArea::vertical()
            .id_salt("compared tensors")
            .auto_shrink(false)
            .show_rows(ui, ROW_HEIGHT, rows.len(), |ui, range| {
                for tensor in range.filter_map(|k| diff.tensors.get(*rows.get(k)?)) {
                    if row_ui(ui, tensor, columns).clicked() {
                        actions.push(Action::copy("Tensor name", tensor.name.clone()));
                    }
                }
            });
    }

    /// Search, what a bar has left, and the copy.
    fn tools_ui(
        &mut self,
        ui: &mut Ui,
        diff: &Diff,
        focus: &mut Option<Focus>,
        actions: &mut Vec<Action>,
    ) {
        ui.horizontal(|ui| {
            search_field(ui, "Search tensors", &mut self.query, 220.0);
            if let Some(group) = focus.as_ref().map(|focus| focus.name().to_owned()) {
                let words = format!("{group}  {}", icon::X);
                let button = ui.button(words);
                button.named(WidgetType::Button, format!("Show all, not {group} alone"));
                if button.clicked() {
                    *focus = None;
                }
            }
            let shown = self.rows(diff, focus.as_ref()).len();
            let all = format::counted(diff.tensors.len(), "tensor");
            ui.quiet(match shown {
                n if n == diff.tensors.len() => all,
                n => format!("{} of {all}", format::count(n as u64)),
            });
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let button = ui.button("Copy as table");
                let button = button.on_hover_text("The rows that are shown, with every digit");
                if button.clicked() {
                    let rows = self.rows(diff, focus.as_ref());
                    actions.push(Action::copy("Comparison", as_table(diff, rows)));
                }
            });
        });
    }

    fn rows(&mut self, diff: &Diff, focus: Option<&Focus>) -> &[usize] {
        let query = self.query.trim().to_lowercase();
        let of = (query, self.by, self.reversed, focus.cloned());
        let kept = self.kept.take().filter(|kept| kept.of == of);
        let kept = kept.unwrap_or_else(|| Kept {
            rows: sorted(&diff.tensors, &of.0, focus, (self.by, self.reversed)),
            of,
        });
        &self.kept.insert(kept).rows
    }

    fn header_ui(&mut self, ui: &mut Ui) -> Columns {
        let size = vec2(ui.available_width(), ROW_HEIGHT);
        let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
        let columns = Columns::of(rect.width());
        let cells = columns.cells(rect);
        let (left, right) = (Align2::LEFT_CENTER, Align2::RIGHT_CENTER);
        let name = ("Tensor", "In the order of the first model");
        self.header_cell(ui, cells.name, name, left, By::Place);
        let t = Tokens::of(ui);
        for (cell, title) in cells.stored.iter().zip(["Stored as", "Shape"]) {
            let inside = cell.shrink2(vec2(space::XS, 0.0));
            text::left(
                ui.painter(),
                inside,
                title,
                &theme::small_font(),
                t.text_weak,
            );
        }
        let numbers = [
            (
                "Diff., %",
                "‖a − b‖ / ‖a‖, the most different first",
                By::Difference,
            ),
            (
                "Cosine",
                "Cosine of the weights, the least first",
                By::Cosine,
            ),
            ("Largest", "Largest difference of two numbers", By::Largest),
        ];
        for (cell, (title, help, by)) in cells.numbers.iter().zip(numbers) {
            self.header_cell(ui, *cell, (title, help), right, by);
        }
        let line = Stroke::new(1.0, t.line);
        ui.painter()
            .hline(rect.x_range(), rect.bottom() - 0.5, line);
        columns
    }

    fn header_cell(&mut self, ui: &Ui, rect: Rect, words: (&str, &str), align: Align2, by: By) {
        let order = (self.by == by).then_some(self.reversed);
        if sort_header(ui, rect, words, align, order).clicked() {
            self.reversed = order == Some(false);
            self.by = by;
        }
    }
}

/// The tensors with this in their name, in an order; what has no value comes last.
fn sorted(
    tensors: &[TensorDiff],
    query: &str,
    focus: Option<&Focus>,
    (by, reversed): (By, bool),
) -> Vec<usize> {
    let fits = |tensor: &TensorDiff| {
        let is_named = query.is_empty() || tensor.name.to_lowercase().contains(query);
        is_named && focus.is_none_or(|focus| focus.holds(tensor))
    };
    let sign = if reversed { -1.0 } else { 1.0 };
    let rank = |k: usize| -> f64 {
        let sums = &tensors[k].sums;
        let value = match by {
            By::Place => Some(k as f64),
            By::Difference => sums.relative().map(|apart| -apart),
            By::Cosine => sums.cosine(),
            By::Largest => Some(-sums.largest),
        };
        value.map_or(f64::INFINITY, |value| sign * value)
    };
    let mut rows: Vec<usize> = (0..tensors.len()).filter(|&k| fits(&tensors[k])).collect();
    rows.sort_by(|&a, &b| rank(a).total_cmp(&rank(b)));
    rows
}

/// Which columns there is room for.
#[derive(Clone, Copy)]
struct Columns {
    has_stored: bool,
}

struct Cells {
    name: Rect,
    /// Formats and shape, where there is room.
    stored: Vec<Rect>,
    numbers: [Rect; 3],
}

impl Columns {
    fn of(width: f32) -> Self {
        Self {
            has_stored: width >= ROOMY,
        }
    }

    fn cells(self, rect: Rect) -> Cells {
        let mut rest = rect.with_max_x(rect.right() - SCROLL_BAR);
        let mut take = |width: f32| {
            let (left, right) = rest.split_left_right_at_x(rest.right() - width);
            rest = left;
            right
        };
        let (largest, cosine, apart) = (take(NUMBER), take(NUMBER), take(NUMBER));
        let stored = if self.has_stored {
            let shape = take(SHAPE);
            vec![take(STORED), shape]
        } else {
            Vec::new()
        };
        Cells {
            name: rest,
            stored,
            numbers: [apart, cosine, largest],
        }
    }
}

fn row_ui(ui: &mut Ui, tensor: &TensorDiff, columns: Columns) -> Response {
    let size = vec2(ui.available_width(), ROW_HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let t = Tokens::of(ui);
    row_ground(ui, &response, rect, false);
    let cells = columns.cells(rect);
    let inside = |cell: Rect| cell.shrink2(vec2(space::XS, 0.0));
    let mono = TextStyle::Monospace.resolve(ui.style());
    let (body, small, painter) = (theme::body_font(), theme::small_font(), ui.painter());
    let room = inside(cells.name);
    let name = text::fitted_tensor_name(painter, &tensor.name, &mono, room.width());
    painter.text(room.left_center(), Align2::LEFT_CENTER, name, mono, t.text);
    let stored = [stored(tensor), shape(tensor)];
    for (cell, words) in cells.stored.iter().zip(&stored) {
        text::left(painter, inside(*cell), words, &small, t.text_weak);
    }
    let numbers = numbers(tensor);
    let ink = if tensor.sums.is_equal() {
        t.text_weak
    } else {
        t.text
    };
    for (cell, words) in cells.numbers.iter().zip(&numbers) {
        text::right(painter, inside(*cell), words, &body, ink);
    }
    response.named(
        WidgetType::Button,
        format!("{} {}", tensor.name, numbers.join(" ")),
    );
    response.on_hover_ui(|ui| {
        ui.label(theme::strong(&tensor.name));
        ui.label(format!("{}, {}", stored[0], stored[1]));
        for line in full(tensor) {
            ui.label(line);
        }
        ui.weak("Click to copy the name");
    })
}

fn stored(tensor: &TensorDiff) -> String {
    let [a, b] = tensor.dtypes.map(|dtype| dtype.name());
    if a == b {
        a.to_owned()
    } else {
        format!("{a} / {b}")
    }
}

fn shape(tensor: &TensorDiff) -> String {
    let dims: Vec<String> = tensor.shape.iter().map(ToString::to_string).collect();
    match dims.len() {
        0 => "scalar".to_owned(),
        _ => dims.join(" × "),
    }
}

fn numbers(tensor: &TensorDiff) -> [String; 3] {
    let sums = &tensor.sums;
    if sums.is_equal() {
        let cosine = format::decimals(sums.cosine(), 5);
        return ["equal".to_owned(), cosine, "0".to_owned()];
    }
    let apart = sums.relative().map(|apart| 100.0 * apart);
    [
        apart.map_or(format::UNDEFINED.to_owned(), significant),
        format::decimals(sums.cosine(), 5),
        significant(sums.largest),
    ]
}

fn full(tensor: &TensorDiff) -> Vec<String> {
    let sums = &tensor.sums;
    let mut out = vec![
        format!("Distance {}", format::full(Some(sums.distance()))),
        format!(
            "Of the length in the first {}",
            format::full(sums.relative())
        ),
        format!("Cosine {}", format::full(sums.cosine())),
        format!("Largest difference {}", format::full(Some(sums.largest))),
        format!(
            "{} of {} numbers are equal",
            format::count(sums.equal),
            format::count(sums.count)
        ),
    ];
    if sums.not_finite > 0 {
        let n = format::count(sums.not_finite);
        out.push(format!("{n} are NaN or infinite, and left out"));
    }
    out
}

/// The rows for a spreadsheet, with every digit.
fn as_table(diff: &Diff, rows: &[usize]) -> String {
    let head = "Tensor\tStored as\tShape\tNumbers\tEqual\tDistance\tOf its length\tCosine\tLargest";
    let row = |tensor: &TensorDiff| {
        let sums = &tensor.sums;
        [
            tensor.name.clone(),
            stored(tensor),
            shape(tensor),
            sums.count.to_string(),
            sums.equal.to_string(),
            format::plain(Some(sums.distance())),
            format::plain(sums.relative()),
            format::plain(sums.cosine()),
            format::plain(Some(sums.largest)),
        ]
        .join("\t")
    };
    let rows = rows.iter().filter_map(|&k| diff.tensors.get(k)).map(row);
    let lines: Vec<String> = std::iter::once(head.to_owned()).chain(rows).collect();
    lines.join("\n")
}
