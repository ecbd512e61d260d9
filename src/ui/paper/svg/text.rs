//! Words: each row of one look is one `<text>`, as wide as egui set it.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::str::CharIndices;

use eframe::egui::epaint::TextShape;
use eframe::egui::epaint::text::Glyph;
use eframe::egui::text::{LayoutJob, LayoutSection, TextFormat};
use eframe::egui::{Color32, FontFamily, Pos2, Stroke};

use super::{Writer, number, paint};
use crate::ui::fonts;
use crate::ui::paper::icon::{is_icon, outline};

const MONOSPACE: &str = "Hack, &quot;DejaVu Sans Mono&quot;, Consolas, monospace";

/// Signs of one look in one row.
struct Run<'a> {
    section: usize,
    words: String,
    glyphs: &'a [Glyph],
}

impl Writer<'_> {
    pub(super) fn text(&mut self, shape: &TextShape) {
        let is_turned = shape.angle != 0.0;
        let origin = if is_turned {
            self.end_line();
            let [x, y, angle] = [shape.pos.x, shape.pos.y, shape.angle.to_degrees()].map(number);
            let clip = self.clipped();
            self.clip = None;
            let turn = format!("transform=\"translate({x} {y}) rotate({angle})\"");
            self.body += &format!("<g{clip}><g {turn}>\n");
            Pos2::ZERO
        } else {
            shape.pos
        };
        let job = &shape.galley.job;
        let mut signs = job.text.char_indices().peekable();
        for row in &shape.galley.rows {
            let own = of_row(&mut signs, &row.glyphs);
            if row.ends_with_newline {
                signs.next();
            }
            let corner = origin + row.pos.to_vec2();
            for run in runs(job, &own, &row.glyphs) {
                if let Some(section) = job.sections.get(run.section) {
                    self.run(&run, corner, &section.format, ink(shape, &section.format));
                }
            }
        }
        if is_turned {
            self.body += "</g></g>\n";
        }
    }

    fn run(&mut self, run: &Run<'_>, corner: Pos2, format: &TextFormat, ink: Color32) {
        let size = format.font_id.size;
        let words: String = run.words.trim().chars().filter_map(escaped).collect();
        let seen = run.glyphs.iter().filter(|glyph| !glyph.chr.is_whitespace());
        let (left, right) = seen.fold((f32::INFINITY, 0.0), |(left, right), glyph| {
            (glyph.pos.x.min(left), glyph.max_x().max(right))
        });
        let (Some(first), true) = (run.glyphs.first(), left < right && !words.is_empty()) else {
            return;
        };
        let at = corner + Pos2::new(left, first.pos.y).to_vec2();
        if is_icon(first.chr) {
            if let Some(data) = outline(first.chr, size, at.into()) {
                self.path(&data, ink, Stroke::NONE);
            }
            return;
        }
        let [x, y, size, width] = [at.x, at.y, size, right - left].map(number);
        let face = face(&format.font_id.family);
        let color = paint("fill", ink);
        self.end_line();
        let clip = self.clipped();
        self.body += &format!(
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\"{face} textLength=\"{width}\" \
             lengthAdjust=\"spacingAndGlyphs\"{color}{clip}>{words}</text>\n"
        );
    }
}

/// The signs of a text that stand in a row of these glyphs.
///
/// Glyphs are not counted: where a script runs from the right egui has more of them than signs,
/// and has them from the left. The text has the signs in the order in which they are read.
fn of_row(signs: &mut Peekable<CharIndices<'_>>, glyphs: &[Glyph]) -> Vec<(usize, char)> {
    let mut left: BTreeMap<char, usize> = BTreeMap::new();
    for glyph in glyphs {
        *left.entry(glyph.chr).or_default() += 1;
    }
    let mut out = Vec::new();
    while let Some(&(at, sign)) = signs.peek()
        && let Some(count) = left.get_mut(&sign).filter(|count| **count > 0)
    {
        *count -= 1;
        out.push((at, sign));
        signs.next();
    }
    out
}

/// Stretches of one section; an icon stands alone.
fn runs<'a>(job: &LayoutJob, signs: &[(usize, char)], glyphs: &'a [Glyph]) -> Vec<Run<'a>> {
    let section = |at: usize| {
        let is_before = |s: &LayoutSection| s.byte_range.start.0 <= at;
        job.sections.iter().rposition(is_before).unwrap_or_default()
    };
    let words = |signs: &[(usize, char)]| signs.iter().map(|&(_, sign)| sign).collect::<String>();
    if signs.len() != glyphs.len() {
        // Cut at the end of its room, or from the right: one look, as far as it can be said.
        let rest = &glyphs[signs.len().min(glyphs.len())..];
        let is_cut = rest.len() == 1 && rest[0].chr == '…';
        return vec![Run {
            section: signs.first().map_or(0, |&(at, _)| section(at)),
            words: words(signs) + if is_cut { "…" } else { "" },
            glyphs,
        }];
    }
    let mut rest = glyphs;
    let is_one = |a: &(usize, char), b: &(usize, char)| {
        section(a.0) == section(b.0) && !is_icon(a.1) && !is_icon(b.1)
    };
    let run = |same: &[(usize, char)]| {
        let (glyphs, after) = rest.split_at(same.len());
        rest = after;
        Run {
            section: section(same[0].0),
            words: words(same),
            glyphs,
        }
    };
    signs.chunk_by(is_one).map(run).collect()
}

/// A sign as it is written in XML. Signs that it does not allow, and those that would turn the
/// order of what follows, are left out.
fn escaped(sign: char) -> Option<String> {
    Some(match sign {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        '\t' => " ".to_owned(),
        '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FFFE}' | '\u{FFFF}' => return None,
        sign if sign.is_control() => return None,
        sign => sign.to_string(),
    })
}

/// The attributes of a face that is not the usual one.
fn face(family: &FontFamily) -> String {
    match family {
        FontFamily::Monospace => format!(" font-family=\"{MONOSPACE}\""),
        family if *family == fonts::semibold() => " font-weight=\"600\"".to_owned(),
        _ => String::new(),
    }
}

fn ink(shape: &TextShape, format: &TextFormat) -> Color32 {
    let own = match format.color {
        Color32::PLACEHOLDER => shape.fallback_color,
        color => color,
    };
    let ink = shape.override_text_color.unwrap_or(own);
    ink.gamma_multiply(shape.opacity_factor)
}
