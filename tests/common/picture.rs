//! Pictures of the window in tests, with no graphics card: our rasteriser behind kittest's door.

use eframe::egui::{Context, FullOutput, TexturesDelta};
use egui_kittest::{SnapshotOptions, TestRenderer};
use kinfolk::ui::paper::raster::Raster;

/// Draws what the harness shows.
#[derive(Default)]
pub struct Renderer(Raster);

impl TestRenderer for Renderer {
    fn handle_delta(&mut self, delta: &mut TexturesDelta) {
        self.0.update_textures(delta);
    }

    fn render(&mut self, ctx: &Context, output: &FullOutput) -> Result<image::RgbaImage, String> {
        let scale = ctx.pixels_per_point();
        let pixels = (ctx.content_rect().size() * scale).round();
        let primitives = ctx.tessellate(output.shapes.clone(), scale);
        Ok(self
            .0
            .draw(&primitives, scale, [pixels.x as u32, pixels.y as u32]))
    }
}

/// Where pictures are kept, and the one tolerance for all of them.
pub fn options() -> SnapshotOptions {
    SnapshotOptions::new()
        .output_path("tests/pictures")
        .threshold(0.6)
        .max_failed_pixels(0)
}
