//! Figures as files: SVG and PNG for print, CSV of exactly what is drawn.
//!
//! The sheet is 16 cm wide, wider for panels beside each other, dark on white. It is laid out
//! here, in points, and drawn with plotters' SVG backend; the PNG is the same SVG in pixels.
//! plotters' own charts were not used: they know no second axis beside a colour bar, no heat
//! map with values and no labels that keep off each other.

mod canvas;
mod frame;
mod ink;
mod legend;
mod marks;
mod page;
mod panel;
mod raster;
mod ruler;
mod table;
mod ticks;

use crate::charts::Figure;
use crate::workbench::Picture;

/// What a file with a drawing holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A drawing that scales.
    Svg,
    /// Pixels.
    Png,
}

impl Format {
    /// The content of the file.
    ///
    /// # Errors
    /// A sentence, if the figure cannot be drawn.
    pub fn draw(self, figure: &Figure) -> Result<Vec<u8>, String> {
        match self {
            Self::Svg => svg(figure).map(String::into_bytes),
            Self::Png => png(figure),
        }
    }
}

/// The figure as SVG, dark on white.
///
/// # Errors
/// A sentence, if there is nothing to draw.
pub fn svg(figure: &Figure) -> Result<String, String> {
    if figure.panels.is_empty() {
        return Err("There is nothing to draw".to_owned());
    }
    Ok(page::svg(figure))
}

/// The figure as PNG at 300 dots per inch, drawn from its SVG.
///
/// # Errors
/// A sentence, if it cannot be drawn.
pub fn png(figure: &Figure) -> Result<Vec<u8>, String> {
    raster::png(&svg(figure)?)
}

/// The figure as a picture in memory, at the same resolution.
///
/// # Errors
/// A sentence, if it cannot be drawn.
pub fn pixels(figure: &Figure) -> Result<Picture, String> {
    raster::pixels(&svg(figure)?)
}

/// Everything that is drawn as a table: one row a mark, in the order in which it is drawn.
pub fn csv(figure: &Figure) -> String {
    table::csv(figure)
}
