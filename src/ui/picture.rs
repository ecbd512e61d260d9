//! Pictures of a piece of the window, made without one.

use eframe::egui::{
    CentralPanel, Context, Frame, FullOutput, Pos2, RawInput, Rect, Theme, Ui, Vec2, ViewportId,
};
use eframe::egui::{RichText, vec2};
use image::RgbaImage;

use super::colormap::kinship_scale;
use super::raster::Raster;
use super::theme::{self, Tokens, size, space};
use super::widgets::heatmap::{HeatMap, Legend, MOST_CELLS_READ, Undefined};
use crate::kinship::{Join, Matrix, Metric, cluster};

/// Frames after which sizes have settled and what appears has appeared.
const PASSES: u32 = 4;

/// Draws `content` on the background of `theme`, at `scale` pixels a point.
pub fn picture(
    size_points: Vec2,
    scale: f32,
    theme: Theme,
    mut content: impl FnMut(&mut Ui),
) -> RgbaImage {
    let ctx = Context::default();
    theme::apply(&ctx);
    ctx.set_theme(theme);
    let mut raster = Raster::default();
    let mut shown = None;
    for pass in 0..PASSES {
        let mut output = ctx.run_ui(input(size_points, scale, pass), |ui| {
            CentralPanel::default()
                .frame(Frame::central_panel(ui.style()))
                .show(ui, &mut content);
        });
        raster.update_textures(&mut output.textures_delta);
        shown = Some(output);
    }
    shown
        .map(|output| draw(&raster, &ctx, output, size_points))
        .unwrap_or_default()
}

/// Draws the output of a frame whose textures `raster` has taken in.
pub fn draw(raster: &Raster, ctx: &Context, output: FullOutput, size_points: Vec2) -> RgbaImage {
    let scale = output.pixels_per_point;
    let pixels = (size_points * scale).round();
    let primitives = ctx.tessellate(output.shapes, scale);
    raster.draw(&primitives, scale, [pixels.x as u32, pixels.y as u32])
}

/// A kinship matrix as a picture that explains itself.
pub struct HeatMapPicture<'a> {
    /// What was measured.
    pub title: &'a str,
    /// A line under the map; may be empty.
    pub note: &'a str,
    /// Names of the models.
    pub labels: &'a [String],
    /// The values.
    pub matrix: &'a Matrix,
    /// What they are.
    pub metric: Metric,
    /// Rows from top to bottom.
    pub order: &'a [usize],
    /// The tree that belongs to that order.
    pub joins: &'a [Join],
    /// Whether the tree is drawn.
    pub has_tree: bool,
}

/// The matrix by relatedness, with its tree.
pub fn heat_map_picture(
    title: &str,
    labels: &[String],
    matrix: &Matrix,
    metric: Metric,
    theme: Theme,
) -> RgbaImage {
    let tree = cluster(matrix, metric);
    let picture = HeatMapPicture {
        title,
        note: "",
        labels,
        matrix,
        metric,
        order: &tree.order,
        joins: &tree.joins,
        has_tree: true,
    };
    picture.draw(theme)
}

/// Pixels a point in pictures that are saved.
const FINE: f32 = 2.0;

impl HeatMapPicture<'_> {
    /// Draws it as large as its models need, at two pixels a point.
    pub fn draw(&self, theme: Theme) -> RgbaImage {
        let mut used = Rect::NOTHING;
        let whole = picture(self.size(), FINE, theme, |ui| {
            let frame = Frame::new().inner_margin(space::S);
            let content = frame.show(ui, |ui| self.ui(ui)).response;
            used = content.rect.expand(space::S);
        });
        let pixels = (used.max.to_vec2() * FINE).round();
        image::imageops::crop_imm(&whole, 0, 0, pixels.x as u32, pixels.y as u32).to_image()
    }

    fn size(&self) -> Vec2 {
        let n = self.labels.len().max(2) as f32;
        let cells = if self.labels.len() > MOST_CELLS_READ {
            // Names need thirteen points each; beyond a hundred models they are left away.
            Vec2::splat((13.0 * n).clamp(880.0, 1300.0))
        } else {
            let width = (900.0 / n).clamp(44.0, 84.0);
            vec2(width, width * 0.68) * n
        };
        // Room for names, tree, title, legend and note around the cells.
        (cells + vec2(340.0, 220.0)).max(vec2(520.0, 0.0))
    }

    fn ui(&self, ui: &mut Ui) {
        let weak = Tokens::of(ui).text_weak;
        ui.label(theme::strong(self.title).size(size::HEADING));
        let scale = kinship_scale(self.metric, self.matrix);
        let everyone: Vec<usize> = (0..self.labels.len()).collect();
        let pairs = everyone.len() * everyone.len().saturating_sub(1) / 2;
        let is_whole = self.matrix.mean_of_defined(&everyone).1 == pairs;
        let legend = Legend {
            title: "",
            scale,
            undefined: (!is_whole).then_some(Undefined::among(everyone.len())),
        };
        legend.show(ui);
        let values = |a, b| self.matrix.get(a, b);
        ui.scope(|ui| {
            ui.set_max_height(ui.available_height() - space::XXL);
            HeatMap {
                scale,
                order: self.order,
                dendrogram: (self.has_tree && !self.joins.is_empty()).then_some(self.joins),
                ..HeatMap::new(self.labels, &values)
            }
            .show(ui);
        });
        if !self.note.is_empty() {
            ui.add_space(space::XS);
            ui.label(RichText::new(self.note).size(size::SMALL).color(weak));
        }
    }
}

/// A picture as the bytes of a PNG file; empty if it has no pixels.
pub fn png_bytes(picture: &RgbaImage) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    match picture.write_to(&mut bytes, image::ImageFormat::Png) {
        Ok(()) => bytes.into_inner(),
        Err(error) => {
            // Only an empty picture cannot be written to memory.
            log::warn!("PNG: {error}");
            Vec::new()
        }
    }
}

fn input(size_points: Vec2, scale: f32, pass: u32) -> RawInput {
    let mut input = RawInput {
        screen_rect: Some(Rect::from_min_size(Pos2::ZERO, size_points)),
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

#[cfg(test)]
mod tests {
    use super::*;
    use eframe::egui::vec2;

    fn greeting(theme: Theme) -> RgbaImage {
        picture(vec2(120.0, 40.0), 2.0, theme, |ui| {
            ui.label("kinship 0.113");
        })
    }

    #[test]
    fn text_leaves_ink_in_the_colours_of_the_theme() {
        for theme in [Theme::Light, Theme::Dark] {
            let tokens = Tokens::for_theme(theme);
            let picture = greeting(theme);
            assert_eq!(picture.dimensions(), (240, 80));
            let ground = tokens.background.to_array();
            assert_eq!(picture.get_pixel(0, 0).0, ground);
            let inked = picture.pixels().filter(|p| p.0 != ground).count();
            assert!((200..4_000).contains(&inked), "{inked}");
        }
    }

    #[test]
    fn the_same_content_gives_the_same_bytes() {
        assert_eq!(greeting(Theme::Dark), greeting(Theme::Dark));
    }
}
