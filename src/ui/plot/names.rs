//! Names beside points, so that none lies on another or on the words of a line.

use eframe::egui::{Painter, Pos2, Rect, Stroke, Vec2, pos2, vec2};
use egui_plot::{PlotPoint, PlotTransform};

use super::bounds::Home;
use super::ink::{self, Ink};
use super::spots::Spot;
use crate::figures::{Color, Layer, Marker, Panel, labels};
use crate::ui::theme::{self, space};
use crate::ui::widgets::text;

const WIDEST: f32 = 180.0;
/// What a name keeps off a selected point: its ring, less the gap that names keep anyway.
const RING: Vec2 = vec2(10.0, 10.0);

/// Writes the words of vertical lines, then the names of points around them.
pub fn paint(
    painter: &Painter,
    panel: &Panel,
    spots: &[Spot<'_>],
    ringed: &[Pos2],
    (home, transform): (&Home, &PlotTransform),
    ink: &Ink,
) {
    let t = ink.tokens;
    let corners = corners(panel, home, transform);
    let busy: Vec<Pos2> = spots.iter().map(|s| s.at).chain(corners).collect();
    let taken = vertical_words(painter, panel, &busy, transform, ink);
    let font = theme::small_font();
    let named: Vec<(&Spot<'_>, String)> = spots
        .iter()
        .filter(|spot| spot.point.is_named && !spot.point.written().is_empty())
        .map(|spot| {
            (
                spot,
                text::fitted(painter, spot.point.written(), &font, WIDEST),
            )
        })
        .collect();
    let size = |words: &String| {
        let galley = painter.layout_no_wrap(words.clone(), font.clone(), t.text);
        [galley.size().x, galley.size().y]
    };
    let anchors: Vec<[f32; 2]> = named.iter().map(|(spot, _)| spot.at.into()).collect();
    let sizes: Vec<[f32; 2]> = named.iter().map(|(_, words)| size(words)).collect();
    let points: Vec<[f32; 2]> = spots.iter().map(|spot| spot.at.into()).collect();
    let mut covered: Vec<[f32; 2]> = taken.into_iter().flat_map(outline).collect();
    covered.extend(
        ringed
            .iter()
            .flat_map(|&at| outline(Rect::from_center_size(at, RING))),
    );
    let frame = transform.frame();
    let frame = [frame.left(), frame.top(), frame.right(), frame.bottom()];
    let places = labels::place(&anchors, &sizes, (&points, &covered), frame);
    for (place, (_, words)) in places.into_iter().zip(named) {
        if let Some([x, y]) = place {
            let galley = painter.layout_no_wrap(words, font.clone(), t.text);
            ink::under(painter, Rect::from_min_size(pos2(x, y), galley.size()), t);
            painter.galley(pos2(x, y), galley, t.text);
        }
    }
}

/// Places along a rectangle, close enough that no name fits between them.
fn outline(rect: Rect) -> Vec<[f32; 2]> {
    let steps = (rect.width() / 8.0).ceil().max(1.0) as usize;
    (0..=steps)
        .flat_map(|k| {
            let x = rect.left() + rect.width() * k as f32 / steps as f32;
            [[x, rect.top()], [x, rect.center().y], [x, rect.bottom()]]
        })
        .collect()
}

/// Places along a line, near enough to each other that no words fit between them.
fn along(corners: &[Pos2]) -> Vec<Pos2> {
    const EVERY: f32 = 8.0;
    let part = |pair: &[Pos2]| -> Vec<Pos2> {
        let [from, to] = [pair[0], pair[1]];
        let steps = (from.distance(to) / EVERY).ceil().clamp(1.0, 500.0) as usize;
        let at = |k: usize| from.lerp(to, k as f32 / steps as f32);
        (0..=steps).map(at).collect()
    };
    corners.windows(2).flat_map(part).collect()
}

/// Places on the lines, which words at the top do well to leave free.
fn corners(panel: &Panel, home: &Home, transform: &PlotTransform) -> Vec<Pos2> {
    let place = |side, [x, y]: [f64; 2]| {
        transform.position_from_point(&PlotPoint::new(x, home.on_left(side, y)))
    };
    let lines = panel.layers.iter().filter_map(|layer| match layer {
        Layer::Line(line) => Some(line),
        _ => None,
    });
    lines
        .flat_map(|line| {
            let corners: Vec<Pos2> = line.points.iter().map(|&p| place(line.side, p)).collect();
            along(&corners)
        })
        .collect()
}

const WIDEST_WORDS: f32 = 300.0;
const ROW: f32 = 16.0;
/// A dash, and from one to the next.
const DASH: (f32, f32) = (7.0, 11.0);
/// The place of a shape before the words.
const SHAPE: f32 = 14.0;

fn places<'a>(
    panel: &'a Panel,
    transform: &PlotTransform,
) -> impl Iterator<Item = (f32, &'a str, &'a [(Marker, Color)])> {
    let range = transform.frame().x_range();
    let found = panel.layers.iter().filter_map(move |layer| match layer {
        Layer::Vertical { name, x, runs } => Some((*x, name.as_str(), &runs[..])),
        _ => None,
    });
    let on_screen = |x: f64| transform.position_from_point(&PlotPoint::new(x, 0.0)).x;
    let found: Vec<_> = found
        .map(|(x, name, runs)| (on_screen(x), name, runs))
        .collect();
    found
        .into_iter()
        .filter(move |(at, ..)| range.contains(*at))
}

pub fn vertical_lines(painter: &Painter, panel: &Panel, transform: &PlotTransform, ink: &Ink) {
    let frame = *transform.frame();
    for (x, _, runs) in places(panel, transform) {
        let colors: Vec<Color> = match runs {
            [] => vec![Color::Quiet],
            runs => runs.iter().map(|(_, color)| *color).collect(),
        };
        let count = (frame.height() / DASH.1).ceil() as usize;
        for (k, color) in (0..count).zip(colors.iter().cycle()) {
            let top = frame.top() + k as f32 * DASH.1;
            let bottom = (top + DASH.0).min(frame.bottom());
            painter.vline(x, top..=bottom, Stroke::new(1.5, ink.of(*color)));
        }
    }
}

/// Writes the words of the lines; what they cover.
fn vertical_words(
    painter: &Painter,
    panel: &Panel,
    busy: &[Pos2],
    transform: &PlotTransform,
    ink: &Ink,
) -> Vec<Rect> {
    let frame = transform.frame().shrink2(vec2(space::XS, 0.0));
    let font = theme::small_font();
    let t = ink.tokens;
    let mut taken: Vec<Rect> = Vec::new();
    for (at, name, runs) in places(panel, transform).filter(|(_, name, _)| !name.is_empty()) {
        let shapes = SHAPE * runs.len() as f32;
        let room = WIDEST_WORDS.min(frame.width() - shapes - 8.0);
        let words = text::fitted(painter, name, &font, room);
        let galley = painter.layout_no_wrap(words, font.clone(), t.text_weak);
        let size = galley.size() + vec2(shapes, 0.0);
        let rect = free_place(at, size, frame, busy, &taken);
        ink::under(painter, rect, t);
        for (k, (marker, color)) in runs.iter().enumerate() {
            let middle = rect.left_center() + vec2((k as f32 + 0.5) * SHAPE - 2.0, 0.0);
            ink::marker(painter, *marker, middle, 4.0, ink, *color);
        }
        painter.galley(rect.min + vec2(shapes, 0.0), galley, t.text_weak);
        taken.push(rect);
    }
    taken
}

/// A place beside a vertical line: as far up as there is one that covers nothing, at either
/// side; where all is full, the one that covers least, and never other words.
fn free_place(at: f32, size: Vec2, frame: Rect, busy: &[Pos2], taken: &[Rect]) -> Rect {
    let rows = ((frame.height() - 2.0) / ROW).max(1.0) as usize;
    let sides = [at + 5.0, at - 5.0 - size.x];
    let places = (0..rows).flat_map(|row| {
        let y = frame.top() + 2.0 + row as f32 * ROW;
        // Where neither side has room the words lie across the line.
        let most = (frame.right() - size.x).max(frame.left());
        sides.map(|x| Rect::from_min_size(pos2(x.clamp(frame.left(), most), y), size))
    });
    let inside = |r: &Rect| r.left() >= frame.left() && r.right() <= frame.right();
    let is_alone = |r: &Rect| !taken.iter().any(|other| other.intersects(r.expand(2.0)));
    let fits: Vec<Rect> = places.filter(|r| inside(r) && is_alone(r)).collect();
    let covered = |r: &&Rect| busy.iter().filter(|&&p| r.expand(5.0).contains(p)).count();
    // Of equals the first, which is the uppermost.
    let found = fits.iter().min_by_key(covered);
    found.copied().unwrap_or_else(|| {
        let x = (frame.right() - size.x).min(at + 5.0);
        Rect::from_min_size(pos2(x, frame.top() + 2.0), size)
    })
}
