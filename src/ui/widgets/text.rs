//! Measuring, cutting and placing single lines of text.

use eframe::egui::{Align2, Color32, FontId, Painter, Pos2, Rect, Ui};

use crate::ui::format::{self, elide_middle};

/// The width of a line, in points.
pub fn width(ui: &Ui, text: &str, font: FontId) -> f32 {
    width_by(ui.painter(), text, font)
}

fn width_by(painter: &Painter, text: &str, font: FontId) -> f32 {
    painter
        .layout_no_wrap(text.to_owned(), font, Color32::PLACEHOLDER)
        .size()
        .x
}

/// `text` with its middle cut out until it is at most `most` points wide.
pub fn fitted(painter: &Painter, text: &str, font: &FontId, most: f32) -> String {
    if width_by(painter, text, font.clone()) <= most {
        return text.to_owned();
    }
    let (mut fits, mut too_long) = (1, text.chars().count());
    while too_long - fits > 1 {
        let middle = usize::midpoint(fits, too_long);
        let is_short = width_by(painter, &elide_middle(text, middle), font.clone()) <= most;
        if is_short {
            fits = middle;
        } else {
            too_long = middle;
        }
    }
    elide_middle(text, fits)
}

/// `text` in letters of one width, with its start cut out until it is at most `most` points
/// wide: what tells tensors apart stands at the end of their names.
pub fn fitted_tail(painter: &Painter, text: &str, font: &FontId, most: f32) -> String {
    let letter = width_by(painter, "0000000000", font.clone()) / 10.0;
    let room = (most / letter.max(1.0)) as usize;
    let length = text.chars().count();
    if length <= room {
        return text.to_owned();
    }
    let tail = text.chars().skip(length - room.saturating_sub(1));
    std::iter::once('…').chain(tail).collect()
}

/// A line, cut to fit, vertically centred in `rect`; says whether it was cut.
pub fn line_in(
    painter: &Painter,
    rect: Rect,
    align: Align2,
    text: &str,
    font: &FontId,
    color: Color32,
) -> bool {
    let shown = fitted(painter, text, font, rect.width());
    let is_cut = shown != text;
    let at: Pos2 = align.pos_in_rect(&rect);
    painter.text(at, align, shown, font.clone(), color);
    is_cut
}

/// [`line_in`] from the left.
pub fn left(painter: &Painter, rect: Rect, text: &str, font: &FontId, ink: Color32) -> bool {
    line_in(painter, rect, Align2::LEFT_CENTER, text, font, ink)
}

/// [`line_in`] up to the right.
pub fn right(painter: &Painter, rect: Rect, text: &str, font: &FontId, ink: Color32) -> bool {
    line_in(painter, rect, Align2::RIGHT_CENTER, text, font, ink)
}

/// A tensor's name that fits: what nearly all names begin and end with goes first, then all
/// but the number of its layer, and only then more of the start.
pub fn fitted_tensor_name(painter: &Painter, name: &str, font: &FontId, most: f32) -> String {
    let fits = |shown: &str| fitted_tail(painter, shown, font, most) == shown;
    let in_layer = format::tensor_in_layer(name);
    match [name, format::tensor_name(name)]
        .into_iter()
        .find(|shown| fits(shown))
    {
        Some(shown) => shown.to_owned(),
        None if fits(&in_layer) => in_layer,
        None => {
            // The layer stays, and the end; of a last part that is too long, its beginning too.
            let (layer, rest) = in_layer.split_once(" · ").unwrap_or(("", &in_layer));
            let before = if layer.is_empty() {
                String::new()
            } else {
                format!("{layer} · ")
            };
            let room = most - width_by(painter, &before, font.clone());
            let last = rest.rsplit('.').next().unwrap_or(rest);
            before
                + &match fitted_tail(painter, last, font, room) == last {
                    true => fitted_tail(painter, rest, font, room),
                    false => fitted(painter, last, font, room),
                }
        }
    }
}
