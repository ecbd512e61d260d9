//! Shapes as SVG: text stays text, so that it can be searched, selected and set anew.
//!
//! Coordinates are points of the page. A program without our typefaces sets the words in its
//! own and fits them into the width that they have here (`textLength`). Colours that change
//! along a mesh become a gradient where they change along one direction, else flat triangles.

mod mesh;
mod text;

use std::collections::BTreeMap;

use eframe::egui::epaint::{
    CircleShape, ClippedShape, ColorMode, CubicBezierShape, EllipseShape, PathStroke,
    QuadraticBezierShape, RectShape,
};
use eframe::egui::{Color32, Pos2, Rect, Shape, Stroke, StrokeKind, Vec2};

use super::POINTS_PER_CM;
use super::number::{number, rounded};
use super::raster::Raster;

/// The faces, best first: ours, what it was made from, and what other programs have.
const FAMILIES: &str = "Kinfolk Sans, Inter, &quot;Helvetica Neue&quot;, Arial, sans-serif";

/// The shapes on a sheet of `size` points as the text of an SVG file.
pub fn write(shapes: &[ClippedShape], size: Vec2, raster: &Raster) -> String {
    let mut writer = Writer {
        raster,
        definitions: String::new(),
        body: String::new(),
        clips: BTreeMap::new(),
        gradients: 0,
        clip: None,
        line: None,
    };
    let sheet = Rect::from_min_size(Pos2::ZERO, size);
    for ClippedShape { clip_rect, shape } in shapes {
        writer.shape(shape, clip_rect.intersect(sheet));
    }
    writer.end_line();
    let cm = |points: f32| format!("{}cm", number(points / POINTS_PER_CM));
    let [width, height] = [size.x, size.y].map(number);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"{FAMILIES}\" stroke-linejoin=\"round\" \
         style=\"font-variant-numeric: tabular-nums\" xml:space=\"preserve\">\n\
         <defs>\n{}</defs>\n{}</svg>\n",
        cm(size.x),
        cm(size.y),
        writer.definitions,
        writer.body
    )
}

/// A colour as the value of an attribute, and its opacity as another where it has one.
fn paint(attribute: &str, color: Color32) -> String {
    if color.a() == 0 {
        return format!(" {attribute}=\"none\"");
    }
    let [r, g, b, a] = color.to_srgba_unmultiplied();
    let opaque = format!(" {attribute}=\"#{r:02x}{g:02x}{b:02x}\"");
    if a == u8::MAX {
        return opaque;
    }
    let opacity = number(f32::from(a) / 255.0);
    format!("{opaque} {attribute}-opacity=\"{opacity}\"")
}

fn stroke(stroke: Stroke) -> String {
    if stroke.is_empty() {
        return String::new();
    }
    let width = number(stroke.width);
    format!("{} stroke-width=\"{width}\"", paint("stroke", stroke.color))
}

fn data(points: &[Pos2], is_closed: bool) -> String {
    let points: Vec<String> = points.iter().copied().map(at).collect();
    let end = if is_closed { "Z" } else { "" };
    format!("M{}{end}", points.join("L"))
}

fn at(point: Pos2) -> String {
    format!("{} {}", number(point.x), number(point.y))
}

fn place(rect: Rect) -> String {
    let (at, size) = (rect.min, rect.size());
    let [x, y, width, height] = [at.x, at.y, size.x, size.y].map(number);
    format!(" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"")
}

/// The stroke of a path in one colour: that in its middle, if it has several.
fn plain(stroke: &PathStroke, bounds: Rect) -> Stroke {
    let color = match &stroke.color {
        ColorMode::Solid(color) => *color,
        ColorMode::UV(color) => color(bounds, bounds.center()),
    };
    Stroke::new(stroke.width, color)
}

struct Writer<'a> {
    raster: &'a Raster,
    definitions: String,
    body: String,
    /// The numbers of the rectangles that something is cut to, by their attributes.
    clips: BTreeMap<String, usize>,
    gradients: usize,
    /// What is being written is cut to this.
    clip: Option<Rect>,
    /// Lines of one look, such as the dashes of a line, are one path: its attributes and data.
    line: Option<(String, String)>,
}

impl Writer<'_> {
    fn shape(&mut self, shape: &Shape, clip: Rect) {
        if let Shape::Vec(shapes) = shape {
            for shape in shapes {
                self.shape(shape, clip);
            }
            return;
        }
        let bounds = shape.visual_bounding_rect();
        if !bounds.is_finite() || !clip.is_positive() || !clip.intersects(bounds) {
            return;
        }
        let is_inside = clip.expand(0.01).contains_rect(bounds);
        self.clip = (!is_inside).then_some(clip);
        match shape {
            Shape::Noop | Shape::Callback(_) | Shape::Vec(_) => {}
            Shape::Circle(circle) => self.circle(circle),
            Shape::Ellipse(ellipse) => self.ellipse(ellipse),
            Shape::LineSegment { points, stroke } => self.line(points, *stroke),
            Shape::Path(path) => {
                let ink = plain(&path.stroke, bounds);
                if path.closed || path.fill != Color32::TRANSPARENT {
                    self.path(&data(&path.points, path.closed), path.fill, ink);
                } else {
                    self.line(&path.points, ink);
                }
            }
            Shape::Rect(rect) => self.rect(rect, clip),
            Shape::Text(text) => self.text(text),
            Shape::Mesh(mesh) => self.mesh(mesh),
            Shape::QuadraticBezier(curve) => self.quadratic(curve),
            Shape::CubicBezier(curve) => self.cubic(curve),
        }
    }

    /// The attribute that cuts what is being written; empty where nothing is cut.
    fn clipped(&mut self) -> String {
        let Some(clip) = self.clip else {
            return String::new();
        };
        let place = place(clip);
        let next = self.clips.len();
        let index = *self.clips.entry(place.clone()).or_insert(next);
        if index == next {
            self.definitions += &format!("<clipPath id=\"c{index}\"><rect{place}/></clipPath>\n");
        }
        format!(" clip-path=\"url(#c{index})\"")
    }

    fn element(&mut self, name: &str, attributes: &str) {
        self.end_line();
        let clip = self.clipped();
        self.body += &format!("<{name}{attributes}{clip}/>\n");
    }

    fn path(&mut self, data: &str, fill: Color32, ink: Stroke) {
        let look = paint("fill", fill) + &stroke(ink);
        self.element("path", &format!(" d=\"{data}\"{look}"));
    }

    /// A line, which goes on the path of the one before if it looks the same.
    fn line(&mut self, points: &[Pos2], ink: Stroke) {
        if ink.is_empty() {
            return;
        }
        let look = format!(" fill=\"none\"{}{}", stroke(ink), self.clipped());
        let own = data(points, false);
        match &mut self.line {
            // Where lines cross that can be seen through, each has to be drawn.
            Some((kept, data)) if *kept == look && ink.color.is_opaque() => *data += &own,
            _ => {
                self.end_line();
                self.line = Some((look, own));
            }
        }
    }

    fn end_line(&mut self) {
        if let Some((look, data)) = self.line.take() {
            self.body += &format!("<path d=\"{data}\"{look}/>\n");
        }
    }

    fn circle(&mut self, circle: &CircleShape) {
        let [x, y, r] = [circle.center.x, circle.center.y, circle.radius].map(number);
        let look = paint("fill", circle.fill) + &stroke(circle.stroke);
        self.element("circle", &format!(" cx=\"{x}\" cy=\"{y}\" r=\"{r}\"{look}"));
    }

    fn ellipse(&mut self, ellipse: &EllipseShape) {
        let (at, radius) = (ellipse.center, ellipse.radius);
        let [x, y, rx, ry] = [at.x, at.y, radius.x, radius.y].map(number);
        let look = paint("fill", ellipse.fill) + &stroke(ellipse.stroke);
        let turn = number(ellipse.angle.to_degrees());
        let attributes = format!(
            " cx=\"{x}\" cy=\"{y}\" rx=\"{rx}\" ry=\"{ry}\" transform=\"rotate({turn} {x} {y})\"{look}"
        );
        self.element("ellipse", &attributes);
    }

    fn rect(&mut self, shape: &RectShape, clip: Rect) {
        // A shadow has no place in print.
        if shape.blur_width > 0.0 {
            return;
        }
        let ink = shape.stroke;
        let outline = match shape.stroke_kind {
            _ if ink.is_empty() => shape.rect,
            StrokeKind::Inside => shape.rect.shrink(ink.width / 2.0),
            StrokeKind::Middle => shape.rect,
            StrokeKind::Outside => shape.rect.expand(ink.width / 2.0),
        };
        let radius = shape.corner_radius.average();
        let mut attributes = if ink.is_empty() && radius == 0.0 && shape.angle == 0.0 {
            // A plain rectangle is cut by its size.
            self.clip = None;
            place(outline.intersect(clip))
        } else {
            place(outline)
        };
        if radius > 0.0 {
            attributes += &format!(" rx=\"{}\"", number(radius));
        }
        if shape.angle != 0.0 {
            let [x, y] = [outline.center().x, outline.center().y].map(number);
            let turn = number(shape.angle.to_degrees());
            attributes += &format!(" transform=\"rotate({turn} {x} {y})\"");
        }
        let look = paint("fill", shape.fill) + &stroke(ink);
        self.element("rect", &(attributes + &look));
    }

    fn quadratic(&mut self, curve: &QuadraticBezierShape) {
        let [a, b, c] = curve.points.map(at);
        let end = if curve.closed { "Z" } else { "" };
        let ink = plain(&curve.stroke, curve.visual_bounding_rect());
        self.path(&format!("M{a}Q{b} {c}{end}"), curve.fill, ink);
    }

    fn cubic(&mut self, curve: &CubicBezierShape) {
        let [a, b, c, d] = curve.points.map(at);
        let end = if curve.closed { "Z" } else { "" };
        let ink = plain(&curve.stroke, curve.visual_bounding_rect());
        self.path(&format!("M{a}C{b} {c} {d}{end}"), curve.fill, ink);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::paper::{Ground, Page, Sheet};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use eframe::egui::{
        Align2, ColorImage, FontId, Mesh, Painter, TextureHandle, TextureOptions,
        epaint::TextShape, pos2, vec2,
    };
    use egui_phosphor::regular as icon;

    const GLASS: Color32 = Color32::from_rgba_premultiplied(0, 0, 64, 128);

    fn sheet(paint: impl Fn(&Painter)) -> String {
        let page = Page::new(vec2(200.0, 100.0), Ground::White);
        page.draw(|ui| paint(ui.painter())).svg()
    }

    /// The elements that follow the white ground, by name and attributes.
    fn elements(svg: &str) -> Vec<String> {
        roxmltree::Document::parse(svg).unwrap();
        let body = svg.split_once("</defs>").unwrap().1;
        let lines = body.lines().filter(|line| line.starts_with('<'));
        lines.skip(1).map(str::to_owned).collect()
    }

    fn one(paint: impl Fn(&Painter)) -> String {
        let svg = sheet(paint);
        elements(&svg).swap_remove(0)
    }

    #[test]
    fn circles_and_rectangles_have_fill_stroke_and_opacity() {
        let circle = one(|p| {
            p.circle(pos2(20.0, 30.0), 4.5, GLASS, Stroke::new(1.0, Color32::RED));
        });
        assert_eq!(
            circle,
            "<circle cx=\"20\" cy=\"30\" r=\"4.5\" fill=\"#000080\" fill-opacity=\"0.5\" \
             stroke=\"#ff0000\" stroke-width=\"1\"/>"
        );
        let rect = Rect::from_min_size(pos2(10.0, 20.0), vec2(30.0, 40.0));
        let inside = one(|p| {
            let stroke = Stroke::new(2.0, Color32::RED);
            p.rect(rect, 3, Color32::BLACK, stroke, StrokeKind::Inside);
        });
        assert!(
            inside.contains("x=\"11\" y=\"21\" width=\"28\" height=\"38\" rx=\"3\""),
            "{inside}"
        );
    }

    #[test]
    fn what_goes_beyond_its_clip_is_cut_and_what_lies_outside_is_left_out() {
        let clip = Rect::from_min_size(pos2(10.0, 10.0), vec2(50.0, 50.0));
        let svg = sheet(|painter| {
            let p = painter.with_clip_rect(clip);
            p.circle_filled(pos2(10.0, 10.0), 5.0, Color32::RED);
            p.circle_filled(pos2(30.0, 30.0), 5.0, Color32::RED);
            p.circle_filled(pos2(90.0, 90.0), 5.0, Color32::RED);
            let wide = Rect::from_min_size(pos2(40.0, 40.0), vec2(99.0, 9.0));
            p.rect_filled(wide, 0, GLASS);
        });
        let found = elements(&svg);
        assert_eq!(found.len(), 4, "{found:?}");
        assert!(found[0].contains("clip-path=\"url(#c0)\""));
        assert!(!found[1].contains("clip-path"));
        // A plain rectangle is cut by its size.
        assert!(found[2].contains("width=\"20\"") && !found[2].contains("clip-path"));
        assert_eq!(svg.matches("<clipPath").count(), 1);
    }

    #[test]
    fn lines_of_one_look_are_one_path() {
        let ink = Stroke::new(1.5, Color32::BLUE);
        let dashes = |p: &Painter, ink| {
            p.extend(Shape::dashed_line(
                &[pos2(10.0, 10.0), pos2(50.0, 10.0)],
                ink,
                6.0,
                4.0,
            ));
        };
        let found = one(|p| dashes(p, ink));
        assert_eq!(found.matches('M').count(), 4, "{found}");
        // What can be seen through would be darker where it crosses itself.
        let svg = sheet(|p| dashes(p, Stroke::new(1.5, GLASS)));
        let found = elements(&svg);
        assert_eq!(found.iter().filter(|e| e.starts_with("<path")).count(), 4);
    }

    #[test]
    fn text_is_escaped_and_has_its_width_and_place() {
        let font = FontId::proportional(12.0);
        let svg = sheet(|p| {
            let words = " <&\" 中文\u{7} שלום\u{202E} ";
            let (at, align) = (pos2(10.0, 50.0), Align2::LEFT_CENTER);
            p.text(at, align, words, font.clone(), Color32::BLACK);
        });
        let drawing = roxmltree::Document::parse(&svg).unwrap();
        let text = drawing
            .descendants()
            .find(|n| n.has_tag_name("text"))
            .unwrap();
        assert_eq!(text.text(), Some("<&\" 中文 שלום"));
        let number = |name: &str| text.attribute(name).unwrap().parse::<f32>().unwrap();
        assert!(number("x") > 10.0 && number("x") < 20.0);
        assert!(number("textLength") > 50.0 && number("textLength") < 150.0);
        assert_eq!(number("font-size"), 12.0);
    }

    #[test]
    fn turned_text_is_turned_about_its_place() {
        let found = sheet(|p| {
            let font = FontId::proportional(12.0);
            let galley = p.layout_no_wrap("up".into(), font, Color32::BLACK);
            let angle = -std::f32::consts::FRAC_PI_2;
            p.add(TextShape::new(pos2(20.0, 80.0), galley, Color32::BLACK).with_angle(angle));
        });
        assert!(
            found.contains("<g transform=\"translate(20 80) rotate(-90)\">"),
            "{found}"
        );
    }

    #[test]
    fn words_of_two_looks_are_two_texts_and_an_icon_is_an_outline() {
        let svg = sheet(|p| {
            let mut job = eframe::egui::text::LayoutJob::default();
            for (words, color) in [
                ("one ", Color32::RED),
                (icon::COMPASS, Color32::RED),
                ("two", Color32::BLUE),
            ] {
                let format = eframe::egui::TextFormat::simple(FontId::proportional(12.0), color);
                job.append(words, 0.0, format);
            }
            let galley = p.layout_job(job);
            p.galley(pos2(10.0, 10.0), galley, Color32::BLACK);
        });
        let found = elements(&svg);
        let starts: Vec<&str> = found.iter().map(|e| &e[..5]).collect();
        assert_eq!(starts, ["<text", "<path", "<text", "</svg"], "{found:?}");
        assert!(found[0].contains("#ff0000") && found[2].contains("#0000ff"));
    }

    #[test]
    fn a_strip_is_a_gradient_and_an_area_of_one_colour_one_path() {
        let mut strip = Mesh::default();
        for (x, color) in [
            (10.0, Color32::RED),
            (30.0, Color32::GREEN),
            (50.0, Color32::BLUE),
        ] {
            strip.colored_vertex(pos2(x, 10.0), color);
            strip.colored_vertex(pos2(x, 20.0), color);
        }
        for k in [0, 2] {
            strip.add_triangle(k, k + 1, k + 2);
            strip.add_triangle(k + 1, k + 3, k + 2);
        }
        let svg = sheet(|p| {
            p.add(Shape::mesh(strip.clone()));
        });
        assert_eq!(svg.matches("<stop ").count(), 3);
        assert!(svg.contains("<stop offset=\"0.5\" stop-color=\"#00ff00\"/>"));
        assert!(elements(&svg)[0].contains("fill=\"url(#g0)\""));
        let mut area = Mesh::default();
        for at in [
            pos2(10.0, 10.0),
            pos2(50.0, 14.0),
            pos2(10.0, 60.0),
            pos2(50.0, 50.0),
        ] {
            area.colored_vertex(at, GLASS);
        }
        area.add_triangle(0, 1, 2);
        area.add_triangle(1, 2, 3);
        let found = one(|p| {
            p.add(Shape::mesh(area.clone()));
        });
        assert_eq!(found.matches('Z').count(), 2);
        // Both run the same way round.
        assert!(found.contains("M50 14L50 50L10 60Z"), "{found}");
    }

    #[test]
    fn a_picture_travels_inside_the_drawing() {
        let page = Page::new(vec2(100.0, 100.0), Ground::White);
        let texture = std::cell::OnceCell::<TextureHandle>::new();
        let sheet: Sheet = page.draw(|ui| {
            let image = || ColorImage::filled([2, 2], Color32::RED);
            let load = || {
                ui.ctx()
                    .load_texture("map", image(), TextureOptions::NEAREST)
            };
            let id = texture.get_or_init(load).id();
            let place = Rect::from_min_size(pos2(10.0, 10.0), Vec2::splat(50.0));
            let whole = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
            ui.painter().image(id, place, whole, Color32::WHITE);
        });
        let svg = sheet.svg();
        let start = svg.find("base64,").unwrap() + 7;
        let data = &svg[start..start + svg[start..].find('"').unwrap()];
        let picture = image::load_from_memory(&STANDARD.decode(data).unwrap()).unwrap();
        assert_eq!(picture.to_rgba8().get_pixel(1, 1).0, [255, 0, 0, 255]);
    }
}
