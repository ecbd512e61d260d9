//! Where the columns of roles and tokens stand: a name, the child, and each model.

use eframe::egui::{Rect, pos2, vec2};

use crate::ui::format;
use crate::ui::theme::space;
use crate::workbench::tokens::TokensPage;

/// The least and the most that a column of numbers takes, in points.
const LEAST: f32 = 84.0;
const MOST: f32 = 190.0;
/// The share of the width that names take.
const NAMES: f32 = 0.3;
const LEAST_NAMES: f32 = 120.0;
/// Beyond it the eye loses the row on the way to the numbers.
const MOST_NAMES: f32 = 420.0;
const SCROLL_BAR: f32 = space::M;

/// The titles of the columns behind the name, and how wide each is.
pub(super) struct Columns {
    pub titles: Vec<String>,
    /// Whether the first of them is the child.
    pub has_child: bool,
    width: f32,
    /// The width of all of them.
    pub whole: f32,
}

impl Columns {
    pub fn new(page: &TokensPage, width: f32) -> Self {
        let report = &page.report;
        let has_child = page.table.has_child;
        let child = has_child.then(|| "Child".to_owned());
        let models = report.models.iter().map(|own| short(&own.name).to_owned());
        let titles: Vec<String> = child.into_iter().chain(models).collect();
        let room = width - SCROLL_BAR;
        let names = (room * NAMES).clamp(LEAST_NAMES, MOST_NAMES);
        let each = (room - names) / titles.len().max(1) as f32;
        let each = each.clamp(LEAST, MOST);
        let whole = names + each * titles.len() as f32 + SCROLL_BAR;
        Self {
            titles,
            has_child,
            width: each,
            whole: whole.min(width),
        }
    }

    /// The model of a column; `None` for the child's.
    pub fn model(&self, column: usize) -> Option<usize> {
        column.checked_sub(usize::from(self.has_child))
    }

    /// The place of the name, and those of the columns; what there is no room for is left out.
    pub fn cells(&self, row: Rect) -> (Rect, Vec<Rect>) {
        let row = row.with_max_x(row.right() - SCROLL_BAR);
        let room = (row.width() - LEAST_NAMES).max(0.0);
        let count = ((room / self.width) as usize).min(self.titles.len());
        let left = row.right() - self.width * count as f32;
        let cell = |k: usize| {
            let from = left + self.width * k as f32;
            Rect::from_min_max(pos2(from, row.top()), pos2(from + self.width, row.bottom()))
        };
        (row.with_max_x(left), (0..count).map(cell).collect())
    }

    /// How many columns there is no room for.
    pub fn hidden(&self, width: f32) -> usize {
        let row = Rect::from_min_size(pos2(0.0, 0.0), vec2(width, 0.0));
        self.titles.len() - self.cells(row).1.len()
    }
}

/// What a model or the child has, in words.
pub(super) fn about(page: &TokensPage, model: Option<usize>) -> String {
    let count = |n: usize, noun: &str| {
        let plural = if n == 1 { "" } else { "s" };
        format!("{} {noun}{plural}", format::count(n as u64))
    };
    match (model, &page.report.child) {
        (None, Some(child)) => format!(
            "{} in {}; {} new, {} struck out, {} that fill up",
            count(child.tokens, "token"),
            count(child.rows, "row"),
            format::count(child.appended.len() as u64),
            format::count(child.struck.len() as u64),
            count(child.padding, "row"),
        ),
        (None, None) => "The child".to_owned(),
        (Some(k), _) => page.report.models.get(k).map_or_else(String::new, |own| {
            let rows = match own.rows {
                usize::MAX => String::new(),
                rows => format!(" in {}", count(rows, "row")),
            };
            let tokens = count(own.tokens, "token");
            let alone = format::count(own.alone.len() as u64);
            format!(
                "{}\n{tokens}{rows}; {alone} that no other model has",
                own.name
            )
        }),
    }
}

/// The end of a path: what a model is called.
pub(super) fn short(name: &str) -> &str {
    let name = name.trim_end_matches(['/', '\\']);
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_have_no_room_are_left_out_and_counted() {
        let columns = Columns {
            titles: vec!["Child".into(), "a".into(), "b".into()],
            has_child: true,
            width: 100.0,
            whole: 512.0,
        };
        let row = |width: f32| Rect::from_min_size(pos2(0.0, 0.0), vec2(width, 26.0));
        let (name, cells) = columns.cells(row(512.0));
        assert_eq!((name.width(), cells.len()), (200.0, 3));
        assert_eq!(cells[2].right(), 500.0);
        assert_eq!(columns.hidden(340.0), 1);
        assert_eq!(columns.model(0), None);
        assert_eq!(columns.model(2), Some(1));
    }

    #[test]
    fn a_path_is_called_by_its_end() {
        assert_eq!(short("/models/org/name/"), "name");
        assert_eq!(short("name"), "name");
    }
}
