//! Draws egui's triangles on the processor: pictures where there is no display.
//!
//! *Save as PNG* and the pictures in the tests come from here, and look as in the window:
//! premultiplied colours are blended in gamma space, as the window's renderer does, and an edge
//! shared by two triangles is drawn once (top-left rule, on a grid of 1/256 pixel). The result
//! does not depend on the machine. Paint callbacks are not drawn, since nothing here uses them.
//! Cost: the pixels covered, about 50 ms for a view of 900 × 600 in an optimised build.

use std::collections::BTreeMap;

use eframe::egui::epaint::{ImageDelta, Primitive, Vertex};
use eframe::egui::{
    ClippedPrimitive, Color32, ImageData, Mesh, Rect, TextureFilter, TextureId, TexturesDelta,
};
use image::RgbaImage;

/// Red, green, blue, alpha; premultiplied, 0 to 1.
type Rgba = [f32; 4];

fn rgba(color: Color32) -> Rgba {
    color.to_array().map(|v| f32::from(v) / 255.0)
}

#[derive(Default)]
pub struct Raster {
    textures: BTreeMap<TextureId, Texture>,
}

impl Raster {
    /// Takes in the new and changed textures, emptying the delta.
    ///
    /// What egui frees is kept until it is replaced: the shapes of this frame may still use it.
    pub fn update_textures(&mut self, delta: &mut TexturesDelta) {
        for (id, changes) in delta.set.drain() {
            for change in changes {
                self.update_texture(id, &change);
            }
        }
        delta.free.clear();
    }

    fn update_texture(&mut self, id: TextureId, change: &ImageDelta) {
        match (change.pos, self.textures.get_mut(&id)) {
            (Some(corner), Some(texture)) => texture.patch(corner, &change.image),
            (Some(_), None) => {}
            (None, _) => {
                let is_smooth = change.options.magnification == TextureFilter::Linear;
                self.textures
                    .insert(id, Texture::new(&change.image, is_smooth));
            }
        }
    }

    /// Draws onto a transparent canvas of `width` × `height` pixels.
    pub fn draw(
        &self,
        primitives: &[ClippedPrimitive],
        pixels_per_point: f32,
        [width, height]: [u32; 2],
    ) -> RgbaImage {
        let mut canvas = Canvas::new(width as usize, height as usize);
        for ClippedPrimitive {
            clip_rect,
            primitive,
        } in primitives
        {
            if let Primitive::Mesh(mesh) = primitive {
                let clip = canvas.clip(*clip_rect * pixels_per_point);
                self.draw_mesh(&mut canvas, mesh, pixels_per_point, clip);
            }
        }
        canvas.into_image()
    }

    pub fn texture(&self, id: TextureId) -> Option<RgbaImage> {
        let Texture { size, texels, .. } = self.textures.get(&id)?;
        let [width, height] = size.map(|n| n as u32);
        RgbaImage::from_raw(width, height, bytes(texels))
    }

    fn draw_mesh(&self, canvas: &mut Canvas, mesh: &Mesh, scale: f32, clip: Clip) {
        let Some(texture) = self.textures.get(&mesh.texture_id) else {
            return;
        };
        for indices in mesh.triangles() {
            let corners = indices.map(|i| mesh.vertices.get(i as usize).copied());
            if let [Some(a), Some(b), Some(c)] = corners
                && let Some(triangle) = Triangle::new([a, b, c], scale)
            {
                triangle.draw(canvas, texture, clip);
            }
        }
    }
}

struct Texture {
    size: [usize; 2],
    texels: Vec<Rgba>,
    is_smooth: bool,
}

impl Texture {
    fn new(ImageData::Color(image): &ImageData, is_smooth: bool) -> Self {
        let texels = image.pixels.iter().copied().map(rgba).collect();
        Self {
            size: image.size,
            texels,
            is_smooth,
        }
    }

    fn patch(&mut self, [left, top]: [usize; 2], ImageData::Color(image): &ImageData) {
        let [width, _] = image.size;
        for (row, source) in image.pixels.chunks_exact(width.max(1)).enumerate() {
            let start = (top + row) * self.size[0] + left;
            let Some(target) = self.texels.get_mut(start..start + width) else {
                return;
            };
            for (texel, color) in target.iter_mut().zip(source) {
                *texel = rgba(*color);
            }
        }
    }

    /// The texel at a place, or the nearest one on the edge.
    fn texel(&self, x: i64, y: i64) -> Rgba {
        let x = x.clamp(0, self.size[0] as i64 - 1) as usize;
        let y = y.clamp(0, self.size[1] as i64 - 1) as usize;
        self.texels
            .get(y * self.size[0] + x)
            .copied()
            .unwrap_or_default()
    }

    fn sample(&self, [u, v]: [f32; 2]) -> Rgba {
        let (x, y) = (u * self.size[0] as f32, v * self.size[1] as f32);
        if !self.is_smooth {
            return self.texel(x.floor() as i64, y.floor() as i64);
        }
        let (x, y) = (x - 0.5, y - 0.5);
        let (left, top) = (x.floor(), y.floor());
        let (across, down) = (x - left, y - top);
        let at = |dx, dy| self.texel(left as i64 + dx, top as i64 + dy);
        let upper = blend(at(0, 0), at(1, 0), across);
        blend(upper, blend(at(0, 1), at(1, 1), across), down)
    }
}

fn blend(a: Rgba, b: Rgba, share: f32) -> Rgba {
    std::array::from_fn(|i| a[i] + (b[i] - a[i]) * share)
}

/// A rectangle of pixels: first column and row, and the first ones outside.
#[derive(Clone, Copy)]
struct Clip {
    left: i64,
    top: i64,
    right: i64,
    bottom: i64,
}

struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<Rgba>,
}

impl Canvas {
    fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            pixels: vec![[0.0; 4]; width * height],
        }
    }

    fn clip(&self, rect: Rect) -> Clip {
        let within = |v: f32, most: usize| (v.round() as i64).clamp(0, most as i64);
        Clip {
            left: within(rect.left(), self.width),
            top: within(rect.top(), self.height),
            right: within(rect.right(), self.width),
            bottom: within(rect.bottom(), self.height),
        }
    }

    /// The pixels of one row between two columns, which must lie on the canvas.
    fn span(&mut self, row: i64, from: i64, until: i64) -> &mut [Rgba] {
        let start = row as usize * self.width;
        &mut self.pixels[start + from as usize..start + until as usize]
    }

    fn into_image(self) -> RgbaImage {
        let (width, height) = (self.width as u32, self.height as u32);
        RgbaImage::from_raw(width, height, bytes(&self.pixels)).unwrap_or_default()
    }
}

fn bytes(pixels: &[Rgba]) -> Vec<u8> {
    let byte = |v: f32| (v.clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
    pixels.iter().flat_map(|p| p.map(byte)).collect()
}

fn paint_over(pixel: &mut Rgba, color: Rgba) {
    let rest = 1.0 - color[3];
    for (below, above) in pixel.iter_mut().zip(color) {
        *below = above + *below * rest;
    }
}

/// Steps of the grid on which corners lie, in a pixel.
const GRID: i64 = 256;

/// A triangle that runs clockwise on screen, with colour and texture place at each corner.
struct Triangle {
    corners: [[i64; 2]; 3],
    colors: [Rgba; 3],
    places: [[f32; 2]; 3],
    /// Twice its area on the grid; positive.
    area: i64,
}

/// Twice the area of a triangle, positive if it runs clockwise on screen (y points down).
fn doubled_area([a, b, c]: [[i64; 2]; 3]) -> i64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

impl Triangle {
    fn new(mut vertices: [Vertex; 3], scale: f32) -> Option<Self> {
        let on_grid = |v: &Vertex| {
            [v.pos.x, v.pos.y].map(|p| (f64::from(p * scale) * GRID as f64).round() as i64)
        };
        let mut corners = vertices.each_ref().map(on_grid);
        if doubled_area(corners) < 0 {
            vertices.swap(1, 2);
            corners.swap(1, 2);
        }
        let area = doubled_area(corners);
        (area > 0).then(|| Self {
            corners,
            colors: vertices.map(|v| rgba(v.color)),
            places: vertices.map(|v| [v.uv.x, v.uv.y]),
            area,
        })
    }

    fn draw(&self, canvas: &mut Canvas, texture: &Texture, clip: Clip) {
        let [a, b, c] = self.colors;
        let [p, q, r] = self.places;
        let color = (a == b && b == c).then_some(a);
        let texel = (p == q && q == r).then(|| texture.sample(p));
        let rows = self.corners.map(|corner| corner[1]);
        let first = rows
            .into_iter()
            .fold(i64::MAX, i64::min)
            .div_euclid(GRID)
            .max(clip.top);
        let last = rows.into_iter().fold(i64::MIN, i64::max).div_euclid(GRID) + 1;
        for row in first..last.min(clip.bottom) {
            let (from, until) = self.columns(row, clip);
            if from >= until {
                continue;
            }
            for (pixel, column) in canvas.span(row, from, until).iter_mut().zip(from..) {
                if let (Some(color), Some(texel)) = (color, texel) {
                    paint_over(pixel, product(color, texel));
                    continue;
                }
                let weights = self.weights(column, row);
                let color = color.unwrap_or_else(|| weighted(self.colors, weights));
                let place = || texture.sample(weighted(self.places, weights));
                paint_over(pixel, product(color, texel.unwrap_or_else(place)));
            }
        }
    }

    /// The columns of a row whose pixel centres lie inside: each edge cuts off one side.
    fn columns(&self, row: i64, clip: Clip) -> (i64, i64) {
        let (mut from, mut until) = (clip.left, clip.right);
        for i in 0..3 {
            let [start, end] = [self.corners[i], self.corners[(i + 1) % 3]];
            let (dx, dy) = (end[0] - start[0], end[1] - start[1]);
            // A centre lies inside if offset + column · slope ≥ 0; a centre on an edge belongs to
            // the triangle only if the edge is a top or a left one.
            let is_top_left = dy < 0 || (dy == 0 && dx > 0);
            let y = row * GRID + GRID / 2 - start[1];
            let offset = dx * y - dy * (GRID / 2 - start[0]) - i64::from(!is_top_left);
            let slope = -dy * GRID;
            match slope.signum() {
                1 => from = from.max((-offset + slope - 1).div_euclid(slope)),
                -1 => until = until.min(offset.div_euclid(-slope) + 1),
                _ if offset < 0 => return (0, 0),
                _ => {}
            }
        }
        (from, until)
    }

    /// How much each corner counts at a pixel's centre.
    fn weights(&self, column: i64, row: i64) -> [f32; 3] {
        let centre = [column, row].map(|v| v * GRID + GRID / 2);
        let [a, b, c] = self.corners;
        let area = self.area as f32;
        [[centre, b, c], [a, centre, c], [a, b, centre]].map(|t| doubled_area(t) as f32 / area)
    }
}

fn product(a: Rgba, b: Rgba) -> Rgba {
    std::array::from_fn(|i| a[i] * b[i])
}

fn weighted<const N: usize>(values: [[f32; N]; 3], weights: [f32; 3]) -> [f32; N] {
    std::array::from_fn(|i| {
        (0..3)
            .map(|corner| values[corner][i] * weights[corner])
            .sum()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use eframe::egui::{ColorImage, TextureOptions, pos2, vec2};

    fn raster() -> Raster {
        let mut raster = Raster::default();
        let white = ColorImage::filled([2, 2], Color32::WHITE);
        let change = ImageDelta::full(white, TextureOptions::LINEAR);
        raster.update_texture(TextureId::default(), &change);
        raster
    }

    fn drawn(rects: &[(Rect, Color32)], scale: f32) -> RgbaImage {
        let mut mesh = Mesh::default();
        for (rect, color) in rects {
            mesh.add_colored_rect(*rect, *color);
        }
        let clip_rect = Rect::from_min_size(pos2(0.0, 0.0), vec2(100.0, 100.0));
        let primitive = ClippedPrimitive {
            clip_rect,
            primitive: Primitive::Mesh(mesh),
        };
        raster().draw(&[primitive], scale, [8, 6])
    }

    #[test]
    fn a_rectangle_covers_exactly_its_pixels() {
        let rect = Rect::from_min_max(pos2(1.0, 2.0), pos2(4.0, 3.0));
        let picture = drawn(&[(rect, Color32::RED)], 1.0);
        for (x, y, pixel) in picture.enumerate_pixels() {
            let inside = (1..4).contains(&x) && y == 2;
            let expected = if inside { [255, 0, 0, 255] } else { [0; 4] };
            assert_eq!(pixel.0, expected, "{x} {y}");
        }
        let larger = drawn(&[(rect, Color32::RED)], 2.0);
        assert_eq!(larger.pixels().filter(|p| p.0[3] > 0).count(), 12);
    }

    #[test]
    fn a_shared_edge_is_drawn_once() {
        // A translucent rectangle is two triangles; its diagonal must not be darker.
        let rect = Rect::from_min_max(pos2(0.0, 0.0), pos2(8.0, 6.0));
        let glass = Color32::from_rgba_premultiplied(64, 64, 64, 128);
        let picture = drawn(&[(rect, glass)], 1.0);
        assert!(picture.pixels().all(|p| p.0 == [64, 64, 64, 128]));
    }

    #[test]
    fn colours_are_blended_premultiplied() {
        let rect = Rect::from_min_max(pos2(0.0, 0.0), pos2(8.0, 6.0));
        let glass = Color32::from_rgba_premultiplied(0, 0, 128, 128);
        let picture = drawn(&[(rect, Color32::WHITE), (rect, glass)], 1.0);
        assert!(picture.pixels().all(|p| p.0 == [127, 127, 255, 255]));
    }
}
