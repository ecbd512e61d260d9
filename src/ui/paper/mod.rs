//! Paper: anything that egui shows, drawn without a window, as a drawing or as pixels.
//!
//! What is saved is painted by the code that painted it on screen. A [`Page`] runs that code
//! on a sheet of its own; the [`Sheet`] keeps the shapes and writes them as SVG, or draws them
//! with our own rasteriser. One sheet is 300 dots per inch, and a centimetre has as many points
//! whatever is drawn, so that type of one size on screen has one size in print.

mod icon;
mod map;
mod number;
pub mod raster;
mod svg;

use std::sync::Arc;

use eframe::egui::epaint::ClippedShape;
use eframe::egui::{
    CentralPanel, Context, Frame, Pos2, RawInput, Rect, Theme, Ui, Vec2, ViewportId, vec2,
};
use image::RgbaImage;
use png::{BitDepth, ColorType, Encoder, EncodingError, PixelDimensions, Unit};
use raster::Raster;

use super::theme;

pub use map::{HeatMapPage, heat_map_page};

/// Pixels a point: type of 12 points is 7.9 points high in print, a line of 1.25 is 0.8.
pub const FINE: f32 = 2.75;
/// Dots per inch of a sheet that is drawn as finely.
const DPI: f32 = 300.0;
const CM_PER_INCH: f32 = 2.54;
/// Points a centimetre of paper.
pub const POINTS_PER_CM: f32 = DPI / CM_PER_INCH / FINE;
/// Frames after which sizes have settled and what appears has appeared.
const PASSES: u32 = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// Dark on white, for print.
    White,
    Theme(Theme),
}

#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// Width and height in points; rounded to whole pixels.
    pub size: Vec2,
    /// Pixels a point; less than [`FINE`] where a sheet would be too large.
    pub scale: f32,
    pub ground: Ground,
}

impl Page {
    pub const fn new(size: Vec2, ground: Ground) -> Self {
        Self {
            size,
            scale: FINE,
            ground,
        }
    }

    pub fn draw(&self, mut content: impl FnMut(&mut Ui)) -> Sheet {
        let size = (self.size * self.scale).round() / self.scale;
        let ctx = Context::default();
        match self.ground {
            Ground::White => theme::apply_paper(&ctx),
            Ground::Theme(theme) => {
                theme::apply(&ctx);
                ctx.set_theme(theme);
            }
        }
        let mut sheet = Sheet {
            shapes: Vec::new(),
            raster: Raster::default(),
            size,
            scale: self.scale,
            used: Rect::NOTHING,
            ctx: ctx.clone(),
        };
        for pass in 0..PASSES {
            let mut output = ctx.run_ui(input(size, self.scale, pass), |ui| {
                let frame = Frame::central_panel(ui.style());
                CentralPanel::default().frame(frame).show(ui, |ui| {
                    sheet.used = ui.scope(&mut content).response.rect;
                });
            });
            sheet.raster.update_textures(&mut output.textures_delta);
            sheet.shapes = output.shapes;
        }
        sheet
    }
}

pub struct Sheet {
    shapes: Vec<ClippedShape>,
    raster: Raster,
    ctx: Context,
    size: Vec2,
    scale: f32,
    used: Rect,
}

impl Sheet {
    /// The part of it that holds something.
    pub const fn used(&self) -> Rect {
        self.used
    }

    /// The sheet without what lies below and right of a place.
    #[must_use]
    pub fn cut(mut self, to: Pos2) -> Self {
        self.size = self.size.min(to.to_vec2());
        self
    }

    fn pixel_size(&self) -> [u32; 2] {
        let pixels = (self.size * self.scale).round();
        [pixels.x as u32, pixels.y as u32]
    }

    pub fn pixels(&self) -> RgbaImage {
        let primitives = self.ctx.tessellate(self.shapes.clone(), self.scale);
        self.raster.draw(&primitives, self.scale, self.pixel_size())
    }

    /// The sheet as a PNG file that says its resolution.
    ///
    /// # Errors
    /// A sentence, if it has no pixels.
    pub fn png(&self) -> Result<Vec<u8>, String> {
        encode_png(&self.pixels(), DPI * self.scale / FINE)
    }

    pub fn svg(&self) -> String {
        let pixels = self.pixel_size().map(|n| n as f32);
        let size = vec2(pixels[0], pixels[1]) / self.scale;
        svg::write(&self.shapes, size, &self.raster)
    }
}

fn input(size: Vec2, scale: f32, pass: u32) -> RawInput {
    let mut input = RawInput {
        screen_rect: Some(Rect::from_min_size(Pos2::ZERO, size)),
        time: Some(f64::from(pass)),
        ..RawInput::default()
    };
    input
        .viewports
        .entry(ViewportId::ROOT)
        .or_default()
        .native_pixels_per_point = Some(scale);
    input
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Svg,
    Png,
}

/// A sheet that is drawn when it is wanted, beside the window.
#[derive(Clone)]
pub struct Picture(Arc<dyn Fn() -> Result<Sheet, String> + Send + Sync>);

impl Picture {
    pub fn new(draw: impl Fn() -> Result<Sheet, String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(draw))
    }

    /// Draws it.
    ///
    /// # Errors
    /// A sentence, if there is nothing to draw.
    pub fn draw(&self) -> Result<Sheet, String> {
        (self.0)()
    }

    /// The content of a file with it.
    ///
    /// # Errors
    /// A sentence, if there is nothing to draw.
    pub fn file(&self, format: Format) -> Result<Vec<u8>, String> {
        let sheet = self.draw()?;
        match format {
            Format::Svg => Ok(sheet.svg().into_bytes()),
            Format::Png => sheet.png(),
        }
    }
}

impl PartialEq for Picture {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Picture")
    }
}

/// The file.
///
/// # Errors
/// A sentence, if the picture has no pixels.
fn encode_png(picture: &RgbaImage, dots_per_inch: f32) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let written = write_png(picture, dots_per_inch, &mut out);
    let sentence = |error| format!("The picture cannot be written: {error}");
    written.map(|()| out).map_err(sentence)
}

fn write_png(
    picture: &RgbaImage,
    dots_per_inch: f32,
    out: &mut Vec<u8>,
) -> Result<(), EncodingError> {
    let mut encoder = Encoder::new(out, picture.width(), picture.height());
    encoder.set_color(ColorType::Rgba);
    encoder.set_depth(BitDepth::Eight);
    let per_metre = (dots_per_inch / 0.0254).round() as u32;
    encoder.set_pixel_dims(Some(PixelDimensions {
        xppu: per_metre,
        yppu: per_metre,
        unit: Unit::Meter,
    }));
    encoder.write_header()?.write_image_data(picture)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::theme::Tokens;

    fn greeting(ground: Ground) -> RgbaImage {
        let page = Page {
            scale: 2.0,
            ..Page::new(vec2(120.0, 40.0), ground)
        };
        let sheet = page.draw(|ui| {
            ui.label("kinship 0.113");
        });
        sheet.pixels()
    }

    #[test]
    fn text_leaves_ink_in_the_colours_of_the_theme() {
        for theme in [Theme::Light, Theme::Dark] {
            let tokens = Tokens::for_theme(theme);
            let picture = greeting(Ground::Theme(theme));
            assert_eq!(picture.dimensions(), (240, 80));
            let ground = tokens.background.to_array();
            assert_eq!(picture.get_pixel(0, 0).0, ground);
            let inked = picture.pixels().filter(|p| p.0 != ground).count();
            assert!((200..4_000).contains(&inked), "{inked}");
        }
    }

    #[test]
    fn paper_is_white() {
        assert_eq!(greeting(Ground::White).get_pixel(0, 0).0, [255; 4]);
    }

    #[test]
    fn the_same_content_gives_the_same_bytes() {
        let dark = Ground::Theme(Theme::Dark);
        assert_eq!(greeting(dark), greeting(dark));
    }

    #[test]
    fn a_file_says_its_resolution() {
        let png = encode_png(&RgbaImage::new(3, 2), 300.0).unwrap();
        let reader = png::Decoder::new(std::io::Cursor::new(&png)).read_info();
        let dims = reader.unwrap().info().pixel_dims.unwrap();
        assert_eq!(
            (dims.xppu, dims.yppu, dims.unit),
            (11_811, 11_811, Unit::Meter)
        );
        let read = image::load_from_memory(&png).unwrap();
        assert_eq!((read.width(), read.height()), (3, 2));
    }

    #[test]
    fn a_picture_without_pixels_is_an_error() {
        let error = encode_png(&RgbaImage::new(0, 0), 300.0).unwrap_err();
        assert!(error.contains("cannot be written"), "{error}");
    }
}
