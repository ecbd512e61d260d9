//! The sheet: plotters' SVG backend in points, with dashes, clipping and type.
//!
//! plotters draws at whole units, so a point is divided into twenty: a tenth of a dot at 300
//! dots per inch. Its text knows no baseline; what it adds above and scales by is undone here.

use eframe::egui::Color32;
use plotters::backend::{DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    FontDesc, FontFamily, FontStyle, FontTransform, RGBAColor, ShapeStyle, TextStyle,
};

use crate::charts::Dash;

/// Units a point.
const FINE: f32 = 20.0;
/// What plotters divides a size of type by.
const TYPE_SCALE: f64 = 1.24;
/// How far below its place plotters puts the baseline of text, in sizes of type.
const BASELINE: f32 = 0.76;
/// The faces, best first: ours, what it was made from, and what other programs have.
pub const FAMILIES: &str = "Kinfolk Sans, Inter, \"Helvetica Neue\", Arial, sans-serif";

/// A part of the sheet, in points, y downwards.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Area {
    /// The left edge.
    pub left: f32,
    /// The upper edge.
    pub top: f32,
    /// The right edge.
    pub right: f32,
    /// The lower edge.
    pub bottom: f32,
}

impl Area {
    /// From left to right.
    pub fn width(&self) -> f32 {
        self.right - self.left
    }

    /// From top to bottom.
    pub fn height(&self) -> f32 {
        self.bottom - self.top
    }

    /// Whether a point lies in it; its edges belong to it.
    pub fn has(&self, [x, y]: [f32; 2]) -> bool {
        const ROUNDING: f32 = 0.05;
        x >= self.left - ROUNDING
            && x <= self.right + ROUNDING
            && y >= self.top - ROUNDING
            && y <= self.bottom + ROUNDING
    }

    /// The part of a line that lies in it (Liang and Barsky, 1984).
    fn cut(&self, from: [f32; 2], to: [f32; 2]) -> Option<([f32; 2], [f32; 2])> {
        let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
        let (mut start, mut end) = (0.0f32, 1.0f32);
        for (step, room) in [
            (-dx, from[0] - self.left),
            (dx, self.right - from[0]),
            (-dy, from[1] - self.top),
            (dy, self.bottom - from[1]),
        ] {
            if step == 0.0 {
                if room < 0.0 {
                    return None;
                }
            } else if step < 0.0 {
                start = start.max(room / step);
            } else {
                end = end.min(room / step);
            }
        }
        let at = |t: f32| [from[0] + t * dx, from[1] + t * dy];
        (start <= end).then(|| (at(start), at(end)))
    }
}

/// Type: how large, how heavy, where it stands to its place, and whether it runs upwards.
#[derive(Clone, Copy)]
pub struct Type {
    /// Size in points.
    pub size: f32,
    /// Semibold.
    pub is_strong: bool,
    /// Which end stands at the place.
    pub align: HPos,
    /// Turned by a quarter, to be read from below.
    pub is_upward: bool,
    /// Its colour.
    pub color: Color32,
}

/// The sheet.
pub struct Canvas<'a> {
    backend: SVGBackend<'a>,
}

fn units([x, y]: [f32; 2]) -> (i32, i32) {
    ((x * FINE).round() as i32, (y * FINE).round() as i32)
}

fn rgba(color: Color32, alpha: f64) -> RGBAColor {
    RGBAColor(color.r(), color.g(), color.b(), alpha)
}

fn stroke(color: Color32, width: f32) -> ShapeStyle {
    ShapeStyle {
        color: rgba(color, 1.0),
        filled: false,
        stroke_width: (width * FINE).round().max(1.0) as u32,
    }
}

fn fill(color: Color32, alpha: f64) -> ShapeStyle {
    ShapeStyle {
        color: rgba(color, alpha),
        filled: true,
        stroke_width: 0,
    }
}

/// What `draw` draws on a white sheet of so many points, as SVG.
pub fn sheet(width: f32, height: f32, draw: impl FnOnce(&mut Canvas<'_>)) -> String {
    let mut text = String::new();
    let (w, h) = units([width, height]);
    {
        let backend = SVGBackend::with_string(&mut text, (w.max(1) as u32, h.max(1) as u32));
        let mut canvas = Canvas { backend };
        canvas.rect(
            Area {
                right: width,
                bottom: height,
                ..Area::default()
            },
            Color32::WHITE,
            1.0,
        );
        draw(&mut canvas);
        canvas.backend.present().ok();
    }
    with_print_size(&text, width, height)
}

/// plotters gives the sheet its units as size; a printer wants centimetres.
fn with_print_size(text: &str, width: f32, height: f32) -> String {
    let cm = |points: f32| format!("{:.3}cm", f64::from(points) / 72.0 * 2.54);
    let (w, h) = units([width, height]);
    let plain = format!("width=\"{w}\" height=\"{h}\" ");
    let sized = format!(
        "width=\"{}\" height=\"{}\" stroke-linejoin=\"round\" \
         style=\"font-variant-numeric: tabular-nums\" ",
        cm(width),
        cm(height)
    );
    text.replacen(&plain, &sized, 1)
}

/// Writing to memory cannot fail: what plotters reports is dropped here, in one place.
impl Canvas<'_> {
    /// A filled rectangle.
    pub fn rect(&mut self, area: Area, color: Color32, alpha: f64) {
        let (from, to) = (
            units([area.left, area.top]),
            units([area.right, area.bottom]),
        );
        self.backend
            .draw_rect(from, to, &fill(color, alpha), true)
            .ok();
    }

    /// The outline of a rectangle.
    pub fn outline(&mut self, area: Area, color: Color32, width: f32) {
        let Area {
            left,
            top,
            right,
            bottom,
        } = area;
        let corners = [
            [left, top],
            [right, top],
            [right, bottom],
            [left, bottom],
            [left, top],
        ];
        self.path(&corners, color, width);
    }

    /// A line through points, unclipped.
    pub fn path(&mut self, points: &[[f32; 2]], color: Color32, width: f32) {
        let points = points.iter().map(|&p| units(p));
        self.backend.draw_path(points, &stroke(color, width)).ok();
    }

    /// A filled shape.
    pub fn polygon(&mut self, points: &[[f32; 2]], color: Color32, alpha: f64) {
        let points = points.iter().map(|&p| units(p));
        self.backend.fill_polygon(points, &fill(color, alpha)).ok();
    }

    /// A filled circle with a rim.
    pub fn circle(&mut self, at: [f32; 2], radius: f32, color: Color32, rim: Color32) {
        let radius = (radius * FINE).round() as u32;
        self.backend
            .draw_circle(units(at), radius, &fill(color, 1.0), true)
            .ok();
        self.backend
            .draw_circle(units(at), radius, &stroke(rim, 0.5), false)
            .ok();
    }

    /// A line through points, dashed, and cut where it leaves `clip`.
    pub fn line(
        &mut self,
        points: &[[f32; 2]],
        dash: Dash,
        color: Color32,
        width: f32,
        clip: Area,
    ) {
        for piece in pieces(points, clip) {
            for part in dashes(&piece, dash) {
                self.path(&part, color, width);
            }
        }
    }

    /// Text whose baseline begins, ends or is centred at a place.
    pub fn text(&mut self, text: &str, at: [f32; 2], style: Type) {
        let weight = if style.is_strong {
            FontStyle::Bold
        } else {
            FontStyle::Normal
        };
        let size = f64::from(style.size * FINE) * TYPE_SCALE;
        let turn = if style.is_upward {
            FontTransform::Rotate270
        } else {
            FontTransform::None
        };
        let font = FontDesc::new(FontFamily::Name(FAMILIES), size, weight).transform(turn);
        let style_of_text = TextStyle {
            font,
            color: plotters::style::Color::to_backend_color(&rgba(style.color, 1.0)),
            pos: Pos::new(style.align, VPos::Top),
        };
        let rise = BASELINE * style.size;
        let [x, y] = at;
        let place = if style.is_upward {
            [x - rise, y]
        } else {
            [x, y - rise]
        };
        self.backend
            .draw_text(text, &style_of_text, units(place))
            .ok();
    }
}

/// The parts of a line that lie in `clip`; it breaks where it leaves.
fn pieces(points: &[[f32; 2]], clip: Area) -> Vec<Vec<[f32; 2]>> {
    let mut out: Vec<Vec<[f32; 2]>> = Vec::new();
    for pair in points.windows(2) {
        let Some((from, to)) = clip.cut(pair[0], pair[1]) else {
            continue;
        };
        match out.last_mut().filter(|line| line.last() == Some(&from)) {
            Some(line) => line.push(to),
            None => out.push(vec![from, to]),
        }
    }
    out
}

/// A line in dashes, whose lengths go on around its corners.
fn dashes(line: &[[f32; 2]], dash: Dash) -> Vec<Vec<[f32; 2]>> {
    let (on, off) = match dash {
        Dash::Solid => return vec![line.to_vec()],
        Dash::Dashed => (4.5, 2.5),
        Dash::Dotted => (1.1, 1.9),
    };
    let mut out = Vec::new();
    let (mut is_on, mut left) = (true, on);
    let mut current: Vec<[f32; 2]> = line.first().copied().into_iter().collect();
    for pair in line.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        loop {
            let length = (to[0] - from[0]).hypot(to[1] - from[1]);
            if length < left {
                left -= length;
                current.push(to);
                break;
            }
            let t = left / length;
            from = [
                from[0] + t * (to[0] - from[0]),
                from[1] + t * (to[1] - from[1]),
            ];
            current.push(from);
            if is_on {
                out.push(std::mem::take(&mut current));
            }
            current = vec![from];
            is_on = !is_on;
            left = if is_on { on } else { off };
        }
    }
    if is_on && current.len() > 1 {
        out.push(current);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIP: Area = Area {
        left: 0.0,
        top: 0.0,
        right: 10.0,
        bottom: 10.0,
    };

    #[test]
    fn a_line_is_cut_where_it_leaves() {
        let points = [[-5.0, 5.0], [5.0, 5.0], [5.0, 20.0], [9.0, 5.0]];
        let found = pieces(&points, CLIP);
        assert_eq!(found[0], [[0.0, 5.0], [5.0, 5.0], [5.0, 10.0]]);
        assert_eq!(found.len(), 2);
        assert!(pieces(&[[20.0, 20.0], [30.0, 30.0]], CLIP).is_empty());
    }

    #[test]
    fn dashes_go_on_around_corners() {
        let found = dashes(&[[0.0, 0.0], [3.0, 0.0], [3.0, 10.0]], Dash::Dashed);
        assert_eq!(found[0], [[0.0, 0.0], [3.0, 0.0], [3.0, 1.5]]);
        assert_eq!(found[1][0], [3.0, 4.0]);
        assert_eq!(dashes(&[[0.0, 0.0], [1.0, 0.0]], Dash::Solid).len(), 1);
    }

    #[test]
    fn text_is_escaped_and_the_sheet_has_its_size_in_print() {
        let style = Type {
            size: 8.0,
            is_strong: false,
            align: HPos::Left,
            is_upward: false,
            color: Color32::BLACK,
        };
        let svg = sheet(72.0, 36.0, |canvas| {
            canvas.text("<&\" 中文", [1.0, 9.0], style);
        });
        assert!(svg.contains("width=\"2.540cm\" height=\"1.270cm\""));
        assert!(svg.contains("&lt;&amp;&quot; 中文"));
    }
}
