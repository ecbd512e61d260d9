//! The outline of an icon: no other program has our icons among its typefaces.

use skrifa::instance::{LocationRef, Size};
use skrifa::outline::{DrawSettings, OutlinePen};
use skrifa::{FontRef, MetadataProvider};

use super::number::number;

/// Whether a sign is one of the icons, which stand in the private use area.
pub const fn is_icon(sign: char) -> bool {
    matches!(sign, '\u{E000}'..='\u{F8FF}')
}

/// The outline of an icon as the data of a path, its baseline beginning at (`x`, `y`).
pub fn outline(sign: char, size: f32, [x, y]: [f32; 2]) -> Option<String> {
    let font = FontRef::new(egui_phosphor::Variant::Regular.font_bytes()).ok()?;
    let glyph = font.outline_glyphs().get(font.charmap().map(sign)?)?;
    let mut pen = Pen {
        data: String::new(),
        origin: [x, y],
    };
    let settings = DrawSettings::unhinted(Size::new(size), LocationRef::default());
    glyph.draw(settings, &mut pen).ok()?;
    Some(pen.data)
}

struct Pen {
    data: String,
    origin: [f32; 2],
}

impl Pen {
    fn add(&mut self, command: char, places: &[[f32; 2]]) {
        self.data.push(command);
        for (k, [x, y]) in places.iter().enumerate() {
            if k > 0 {
                self.data.push(' ');
            }
            let [left, base] = self.origin;
            self.data += &format!("{} {}", number(left + x), number(base - y));
        }
    }
}

impl OutlinePen for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.add('M', &[[x, y]]);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.add('L', &[[x, y]]);
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        self.add('Q', &[[cx, cy], [x, y]]);
    }

    fn curve_to(&mut self, ax: f32, ay: f32, bx: f32, by: f32, x: f32, y: f32) {
        self.add('C', &[[ax, ay], [bx, by], [x, y]]);
    }

    fn close(&mut self) {
        self.data.push('Z');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui_phosphor::regular as icon;

    #[test]
    fn every_icon_has_an_outline_and_no_letter_is_an_icon() {
        for name in [icon::COMPASS, icon::HOURGLASS, icon::TREE] {
            let sign = name.chars().next().unwrap();
            assert!(is_icon(sign));
            let data = outline(sign, 14.0, [5.0, 20.0]).unwrap();
            assert!(data.starts_with('M') && data.ends_with('Z'), "{data}");
        }
        assert!(!"aΩ模é−…".chars().any(is_icon));
        assert_eq!(outline('模', 14.0, [0.0, 0.0]), None);
    }
}
