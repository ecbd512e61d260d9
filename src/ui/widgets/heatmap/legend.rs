//! The strip of colours with its numbers, without which a heat map means nothing.

use eframe::egui::{Align2, Painter, Pos2, Rect, Response, Sense, Ui, WidgetType, pos2, vec2};

use super::{MOST_CELLS_READ, paint};
use crate::ui::colormap::{Scale, gradient};
use crate::ui::ext::ResponseExt;
use crate::ui::theme::{self, Tokens, size, space};
use crate::ui::ticks::{MOST_STEPS, short, ticks};
use crate::ui::widgets::text;

/// Width of the strip, in points, and what it may shrink to.
const STRIP: f32 = 200.0;
const LEAST_STRIP: f32 = 120.0;
const THICKNESS: f32 = 8.0;
/// The chip of what is undefined.
const CHIP: f32 = 16.0;
const UNDEFINED: &str = "undefined";

/// How pairs without a value look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undefined {
    /// As cells with thin lines.
    Hatched,
    /// As plain grey, in a picture.
    Plain,
}

impl Undefined {
    /// As in a map of so many models.
    pub const fn among(models: usize) -> Self {
        if models > MOST_CELLS_READ {
            Self::Plain
        } else {
            Self::Hatched
        }
    }
}

/// A titled strip with round ticks, the meaning of its ends, and the look of what is undefined.
#[derive(Clone, Copy, Debug)]
pub struct Legend<'a> {
    /// What the values are; may be empty.
    pub title: &'a str,
    pub scale: Scale,
    /// How undefined pairs look; `None` where there are none.
    pub undefined: Option<Undefined>,
}

impl Legend<'_> {
    /// Room that the legend takes in full, in points.
    pub fn width(&self, ui: &Ui) -> f32 {
        self.around(ui) + STRIP
    }

    /// Draws it; the strip shrinks where there is little room.
    pub fn show(&self, ui: &mut Ui) -> Response {
        let around = self.around(ui);
        let strip = (ui.available_width() - around).clamp(LEAST_STRIP, STRIP);
        let height = THICKNESS + 2.0 + size::SMALL + space::S;
        let (rect, response) = ui.allocate_exact_size(vec2(around + strip, height), Sense::hover());
        let (t, painter) = (Tokens::of(ui), ui.painter());
        let mut at = pos2(rect.left(), rect.top() + 2.0 + THICKNESS / 2.0);
        let write = |at: &mut Pos2, line: &str, ink| {
            if !line.is_empty() {
                let font = theme::small_font();
                let drawn = painter.text(*at, Align2::LEFT_CENTER, line, font, ink);
                at.x = drawn.right() + space::S;
            }
        };
        let [first, last] = self.scale.ends();
        write(&mut at, self.title, t.text);
        write(&mut at, first, t.text_weak);
        let corner = pos2(at.x, rect.top() + 2.0);
        let strip = Rect::from_min_size(corner, vec2(strip, THICKNESS));
        painter.add(gradient(strip, |share| self.scale.at(share, t)));
        ticks_ui(painter, strip, self.scale, t);
        at.x = strip.right() + space::S;
        write(&mut at, last, t.text_weak);
        if let Some(undefined) = self.undefined {
            at.x += space::S;
            let chip = Rect::from_min_size(pos2(at.x, corner.y - 2.0), vec2(CHIP, CHIP * 0.75));
            match undefined {
                Undefined::Hatched => paint::hatch(painter, chip, t),
                Undefined::Plain => {
                    painter.rect_filled(chip, 2, paint::plain_undefined(t));
                }
            }
            at.x = chip.right() + space::XS;
            write(&mut at, UNDEFINED, t.text_weak);
        }
        response.named(WidgetType::Image, self.label());
        response
    }

    fn label(&self) -> String {
        let ((lo, hi), [first, last]) = (self.scale.range(), self.scale.ends());
        let (lo, hi) = (short(lo), short(hi));
        let undefined = self.undefined.map_or("", |_| ", with undefined pairs");
        format!(
            "Legend {}, {lo} {first} to {hi} {last}{undefined}",
            self.title
        )
    }

    fn around(&self, ui: &Ui) -> f32 {
        let width = |line: &str| text::width(ui, line, theme::small_font());
        let [first, last] = self.scale.ends();
        let title = if self.title.is_empty() {
            0.0
        } else {
            width(self.title) + space::S
        };
        let undefined = match self.undefined {
            Some(_) => 2.0 * space::S + CHIP + space::XS + width(UNDEFINED),
            None => 0.0,
        };
        title + width(first) + width(last) + 2.0 * space::S + undefined
    }
}

/// Numbers under the strip, as many as have room.
fn ticks_ui(painter: &Painter, strip: Rect, scale: Scale, t: &Tokens) {
    let (lo, hi) = scale.range();
    let most = if strip.width() < STRIP { 2 } else { MOST_STEPS };
    for mark in ticks((lo, hi), false, most) {
        let value = mark.value;
        let share = scale.position(value) as f32;
        let at = pos2(strip.left() + strip.width() * share, strip.bottom() + 3.0);
        let font = theme::small_font();
        painter.text(at, Align2::CENTER_TOP, short(value), font, t.text_weak);
    }
}
