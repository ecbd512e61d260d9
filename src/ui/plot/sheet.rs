//! A figure on paper: what the window shows, with its title, caption, notes and source.

use eframe::egui::{Frame, Label, RichText, Ui, pos2, vec2};

use super::{Drawing, TITLE, cells};
use crate::figures::{Figure, Panel};
use crate::study::Selection;
use crate::ui::ext::quiet;
use crate::ui::paper::{Ground, POINTS_PER_CM, Page, Sheet};
use crate::ui::theme::{self, space};

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
    drawing.print(ui, &|panel, width| height(panel, width, share));
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
fn height(panel: &Panel, width: f32, share: f32) -> f32 {
    let title = if panel.title.is_empty() { 0.0 } else { TITLE };
    let of_cells = |cells| cells::print_height(cells, width);
    title + panel.cells().map_or(width * share, of_cells)
}
