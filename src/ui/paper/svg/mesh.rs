//! Triangles with a colour at each corner.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use eframe::egui::{Color32, Mesh, Pos2, Rect, Stroke, TextureId};

use super::{Writer, data, paint, place, rounded};
use crate::ui::paper::encode_png;

/// What covers the seam between two triangles, in points.
const SEAM: f32 = 0.3;

impl Writer<'_> {
    pub(super) fn mesh(&mut self, mesh: &Mesh) {
        if mesh.texture_id != TextureId::default() {
            return self.image(mesh.calc_bounds(), mesh.texture_id);
        }
        if let Some(stops) = stops(mesh) {
            return self.strip(mesh, &stops);
        }
        let corner = |k: u32| mesh.vertices.get(k as usize).map(|v| (v.pos, v.color));
        let triangles = mesh
            .triangles()
            .filter_map(|[a, b, c]| Some([corner(a)?, corner(b)?, corner(c)?]));
        let triangles: Vec<[(Pos2, Color32); 3]> = triangles.collect();
        match triangles.as_slice() {
            [] => {}
            [[(_, color), ..], ..] if mesh.vertices.iter().all(|v| v.color == *color) => {
                self.area(&triangles, *color);
            }
            _ => triangles
                .iter()
                .for_each(|triangle| self.triangle(triangle)),
        }
    }

    /// A picture, such as a map of more cells than can be read: one pixel a cell.
    fn image(&mut self, rect: Rect, texture: TextureId) {
        let Some(Ok(png)) = (self.raster.texture(texture)).map(|it| encode_png(&it, 300.0)) else {
            return;
        };
        let attributes = format!(
            "{} preserveAspectRatio=\"none\" image-rendering=\"pixelated\" \
             href=\"data:image/png;base64,{}\"",
            place(rect),
            STANDARD.encode(png)
        );
        self.element("image", &attributes);
    }

    /// Triangles of one colour as one path, in which no seam is seen.
    fn area(&mut self, triangles: &[[(Pos2, Color32); 3]], color: Color32) {
        let outline = |&[a, b, c]: &[(Pos2, Color32); 3]| {
            // All run the same way round, so that edges that two share cancel each other.
            let (ab, ac) = (b.0 - a.0, c.0 - a.0);
            let turn = ab.x * ac.y - ab.y * ac.x;
            let points = if turn < 0.0 { [a, c, b] } else { [a, b, c] };
            data(&points.map(|corner| corner.0), true)
        };
        let all: String = triangles.iter().map(outline).collect();
        self.path(&all, color, Stroke::NONE);
    }

    fn triangle(&mut self, [a, b, c]: &[(Pos2, Color32); 3]) {
        let color = mean([a.1, b.1, c.1]);
        let seam = if color.is_opaque() { SEAM } else { 0.0 };
        let outline = data(&[a.0, b.0, c.0], true);
        self.path(&outline, color, Stroke::new(seam, color));
    }

    fn strip(&mut self, mesh: &Mesh, stops: &[(f32, Color32)]) {
        let bounds = mesh.calc_bounds();
        let stop = |&(x, color): &(f32, Color32)| {
            let offset = rounded((x - bounds.left()) / bounds.width(), 1e4);
            let color = paint("stop", color).replace("stop=", "stop-color=");
            format!("<stop offset=\"{offset}\"{color}/>")
        };
        let stops: String = stops.iter().map(stop).collect();
        let index = self.gradients;
        self.gradients += 1;
        self.definitions += &format!("<linearGradient id=\"g{index}\">{stops}</linearGradient>\n");
        let attributes = format!("{} fill=\"url(#g{index})\"", place(bounds));
        self.element("rect", &attributes);
    }
}

/// The colours along a strip from left to right, each with its place; `None` if the mesh is not
/// one.
fn stops(mesh: &Mesh) -> Option<Vec<(f32, Color32)>> {
    let bounds = mesh.calc_bounds();
    let is_edge = |at: Pos2| at.y == bounds.top() || at.y == bounds.bottom();
    if !bounds.is_positive() || !mesh.vertices.iter().all(|v| is_edge(v.pos)) {
        return None;
    }
    let mut out: Vec<(f32, Color32)> = mesh.vertices.iter().map(|v| (v.pos.x, v.color)).collect();
    out.sort_by(|a, b| a.0.total_cmp(&b.0));
    let is_one = |pair: &[(f32, Color32)]| pair.len() == 2 && pair[0] == pair[1];
    out.chunks(2).all(is_one).then(|| {
        out.dedup();
        out
    })
}

fn mean(colors: [Color32; 3]) -> Color32 {
    let channel = |k: usize| {
        let sum: u16 = colors.iter().map(|c| u16::from(c.to_array()[k])).sum();
        (sum / 3) as u8
    };
    let [r, g, b, a] = [0, 1, 2, 3].map(channel);
    Color32::from_rgba_premultiplied(r, g, b, a)
}
