//! A [`Figure`] in the window: panels in a grid under their legend, on egui_plot.
//!
//! The drawing knows the figure, the selection and the pointer, and nothing of the study: it
//! gives back what was picked. It is still when nothing moves.

mod bounds;
mod card;
mod cells;
mod csv;
mod hand;
mod ink;
mod legend;
mod names;
mod panel;
mod spots;

use eframe::egui::{
    Frame, Id, Label, Rect, RichText, ScrollArea, Sense, Ui, UiBuilder, pos2, vec2,
};

use crate::figures::{Figure, Panel};
use crate::study::Selection;
use crate::ui::ext::quiet;
use crate::ui::paper::{Ground, POINTS_PER_CM, Page, Sheet};
use crate::ui::theme::{self, space};
use crate::ui::widgets::text;

pub use bounds::{Home, value_words};
pub use cells::point_of;
pub use csv::csv;
pub use hand::{Hand, Picked};

/// The least size of a panel with axes, in points.
const LEAST: [f32; 2] = [190.0, 150.0];
const TITLE: f32 = 22.0;

pub struct Drawing<'a> {
    pub figure: &'a Figure,
    /// Parts its zoom from that of other figures.
    pub id_salt: &'a str,
    /// Points of selected models have a ring.
    pub selection: &'a Selection,
    /// Whether dragging draws a loop instead of a box.
    pub lasso: bool,
    pub reset: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Touched {
    /// Points that were clicked or enclosed.
    pub picked: Option<Picked>,
    /// Whether some panel shows another part than at first.
    pub is_zoomed: bool,
    /// Whether a frame has other room than before.
    has_moved: bool,
}

impl Drawing<'_> {
    pub fn show(&self, ui: &mut Ui, hand: &mut Hand) -> Touched {
        legend::legend_ui(ui, self.figure);
        let room = ui.available_size();
        let grid = Grid::new(self.figure, room.x);
        let least = grid.least_height(self.figure);
        if least <= room.y {
            return self.panels(ui, hand, &grid, room.y, true);
        }
        ScrollArea::vertical()
            .id_salt(("figure", self.id_salt))
            .auto_shrink(false)
            .show(ui, |ui| self.panels(ui, hand, &grid, least, false))
            .inner
    }

    /// Draws the figure for print: every panel as high as `height` says for its width.
    fn print(&self, ui: &mut Ui, height: &dyn Fn(&Panel, f32) -> f32) {
        legend::legend_ui(ui, self.figure);
        let width = ui.available_width();
        let grid = Grid::new(self.figure, width);
        let each = (width + space::L) / grid.columns as f32 - space::L;
        let heights = self.figure.panels.iter().map(|panel| height(panel, each));
        let highest = heights.fold(0.0, f32::max);
        let whole = grid.rows as f32 * (highest + space::M) - space::M;
        self.panels(ui, &mut Hand::default(), &grid, whole, false);
    }

    fn panels(
        &self,
        ui: &mut Ui,
        hand: &mut Hand,
        grid: &Grid,
        height: f32,
        has_wheel: bool,
    ) -> Touched {
        let width = ui.available_width();
        let (whole, _) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
        let mut touched = Touched::default();
        for (index, panel) in self.figure.panels.iter().enumerate() {
            let rect = grid.rect(whole, index);
            let of_panel = self.panel(ui, hand, (index, panel), rect, has_wheel);
            touched.picked = touched.picked.or(of_panel.picked);
            touched.is_zoomed |= of_panel.is_zoomed;
            touched.has_moved |= of_panel.has_moved;
        }
        // The figure is drawn again before numbers are seen on the name of their axis. This is
        // asked for once, at the end: axes of panels that are drawn after it take no room.
        if touched.has_moved {
            ui.ctx()
                .request_discard("the axes of a chart need another room");
        }
        touched
    }

    fn panel(
        &self,
        ui: &mut Ui,
        hand: &mut Hand,
        (index, panel): (usize, &Panel),
        rect: Rect,
        has_wheel: bool,
    ) -> Touched {
        let label = label(self.figure, panel);
        let mut rect = rect;
        if !panel.title.is_empty() {
            let title = rect.with_max_y(rect.top() + TITLE - space::XS);
            let (font, ink) = (theme::strong_font(), theme::Tokens::of(ui).text);
            text::left(ui.painter(), title, &panel.title, &font, ink);
            rect.min.y += TITLE;
        }
        if let Some(cells) = panel.cells() {
            return Touched {
                picked: cells::cells_ui(ui, panel, cells, rect, &label),
                ..Touched::default()
            };
        }
        let builder = UiBuilder::new()
            .max_rect(rect)
            .id_salt((self.id_salt, index));
        let view = panel::PanelView {
            panel,
            index,
            salt: Id::new("figure").with(self.id_salt),
            label: &label,
            selection: self.selection,
            lasso: self.lasso,
            reset: self.reset,
            has_wheel,
        };
        ui.scope_builder(builder, |ui| view.show(ui, hand)).inner
    }
}

/// What a screen reader says of a panel.
fn label(figure: &Figure, panel: &Panel) -> String {
    let parts = [&figure.title, &panel.title, &figure.caption];
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    parts.cloned().collect::<Vec<_>>().join(". ")
}

/// Panels beside and below each other; narrow windows get fewer columns.
struct Grid {
    columns: usize,
    rows: usize,
}

impl Grid {
    fn new(figure: &Figure, width: f32) -> Self {
        let least = |panel: &Panel| panel.cells().map_or(LEAST[0], cells::least_width);
        let widest = figure.panels.iter().map(least).fold(1.0, f32::max);
        let fits = ((width + space::L) / (widest + space::L)) as usize;
        let columns = figure.columns.min(fits).max(1);
        Self {
            columns,
            rows: figure.panels.len().div_ceil(columns).max(1),
        }
    }

    fn least_height(&self, figure: &Figure) -> f32 {
        let least = |panel: &Panel| {
            let title = if panel.title.is_empty() { 0.0 } else { TITLE };
            title + panel.cells().map_or(LEAST[1], cells::least_height)
        };
        let highest = figure.panels.iter().map(least).fold(0.0, f32::max);
        self.rows as f32 * (highest + space::M) - space::M
    }

    fn rect(&self, whole: Rect, index: usize) -> Rect {
        let part = |extent: f32, n: usize, gap: f32| (extent - gap * (n - 1) as f32) / n as f32;
        let width = part(whole.width(), self.columns, space::L);
        let height = part(whole.height(), self.rows, space::M);
        let (row, column) = (index / self.columns, index % self.columns);
        let corner = pos2(
            whole.left() + column as f32 * (width + space::L),
            whole.top() + row as f32 * (height + space::M),
        );
        Rect::from_min_size(corner, vec2(width, height))
    }
}

/// The width of a sheet in centimetres: more panels beside each other have more room.
const WIDTHS: [f32; 3] = [16.0, 22.0, 27.0];
/// The height of a plot, as a share of its width, for as many panels beside each other.
const HEIGHTS: [f32; 3] = [0.54, 0.72, 0.85];
/// The tallest sheet, in points; the part that is used is cut out of it.
const TALLEST: f32 = 20_000.0;

/// The figure on a sheet, dark on white.
///
/// # Errors
/// A sentence, if there is nothing to draw.
pub fn sheet(figure: &Figure) -> Result<Sheet, String> {
    if figure.panels.is_empty() {
        return Err("There is nothing to draw".to_owned());
    }
    let beside = figure
        .columns
        .clamp(1, figure.panels.len())
        .min(WIDTHS.len())
        - 1;
    let width = WIDTHS[beside] * POINTS_PER_CM;
    let page = Page::new(vec2(width, TALLEST), Ground::White);
    let sheet = page.draw(|ui| {
        Frame::new().inner_margin(space::S).show(ui, |ui| {
            figure_ui(ui, figure, HEIGHTS[beside]);
        });
    });
    let bottom = sheet.used().bottom() + space::S;
    Ok(sheet.cut(pos2(width, bottom)))
}

fn figure_ui(ui: &mut Ui, figure: &Figure, share: f32) {
    let line = |ui: &mut Ui, words: RichText| {
        ui.add(Label::new(words).wrap());
    };
    if !figure.title.is_empty() {
        line(ui, theme::strong(&figure.title));
    }
    let drawing = Drawing {
        figure,
        id_salt: "sheet",
        selection: &Selection::Nothing,
        lasso: false,
        reset: false,
    };
    drawing.print(ui, &|panel, width| print_height(panel, width, share));
    ui.add_space(space::XS);
    ui.spacing_mut().item_spacing.y = space::XS;
    if !figure.caption.is_empty() {
        line(ui, RichText::new(&figure.caption));
    }
    let source = format!("Source: {}", figure.source);
    let source = (!figure.source.is_empty()).then_some(&source);
    for words in figure.notes.iter().chain(source) {
        line(ui, quiet(words));
    }
}

/// The height of a panel of this width.
fn print_height(panel: &Panel, width: f32, share: f32) -> f32 {
    let title = if panel.title.is_empty() { 0.0 } else { TITLE };
    let of_cells = |cells| cells::print_height(cells, width);
    title + panel.cells().map_or(width * share, of_cells)
}
