//! How wide text is in our own faces: measured by the library that also draws it.
//!
//! Every sign is measured once, between two others, since blanks have no extent of their own.
//! Kerning is left out, which makes text a little narrower than it is measured.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use resvg::usvg::{Node, Options, Tree, fontdb};

use super::canvas::FAMILIES;
use crate::ui::fonts;

/// Our faces and no others: the same picture on every machine.
static FACES: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut faces = fontdb::Database::new();
    for face in fonts::FACES {
        faces.load_font_source(fontdb::Source::Binary(Arc::new(face)));
    }
    Arc::new(faces)
});

/// How pictures are read and drawn.
pub fn options() -> Options<'static> {
    Options {
        fontdb: Arc::clone(&FACES),
        font_family: "Kinfolk Sans".to_owned(),
        ..Options::default()
    }
}

/// Measures text.
pub struct Ruler;

/// The size at which text is measured, in points.
const SIZE: f32 = 100.0;

/// Widths of signs at that size, by whether they are semibold.
static KNOWN: Mutex<BTreeMap<(char, bool), f32>> = Mutex::new(BTreeMap::new());

impl Ruler {
    /// The width of `text` at a size in points.
    pub fn width(&mut self, text: &str, size: f32, is_strong: bool) -> f32 {
        // What was measured is right, also if another thread has failed beside it.
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let of_sign = |sign: char| {
            *known
                .entry((sign, is_strong))
                .or_insert_with(|| of_sign(sign, is_strong))
        };
        text.chars().map(of_sign).sum::<f32>() * size / SIZE
    }

    /// The widest of several texts.
    pub fn widest<'a>(&mut self, texts: impl IntoIterator<Item = &'a str>, size: f32) -> f32 {
        let widths = texts.into_iter().map(|text| self.width(text, size, false));
        widths.fold(0.0, f32::max)
    }

    /// `text` cut in the middle until it is at most `width` wide.
    pub fn elided(&mut self, text: &str, size: f32, width: f32) -> String {
        let mut count = text.chars().count();
        let mut out = text.to_owned();
        while count > 4 && self.width(&out, size, false) > width {
            count -= 1;
            out = crate::ui::format::elide_middle(text, count);
        }
        out
    }

    /// `text` in lines of at most `width`; a word that is longer has a line of its own.
    pub fn lines(&mut self, text: &str, size: f32, width: f32) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        for word in text.split(' ') {
            match out.last_mut() {
                Some(line) if self.width(&format!("{line} {word}"), size, false) <= width => {
                    line.push(' ');
                    line.push_str(word);
                }
                _ => out.push(word.to_owned()),
            }
        }
        out
    }
}

fn of_sign(sign: char, is_strong: bool) -> f32 {
    let alone = measured("HH", is_strong);
    (measured(&format!("H{sign}H"), is_strong) - alone).max(0.0)
}

fn measured(text: &str, is_strong: bool) -> f32 {
    let weight = if is_strong { "bold" } else { "normal" };
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\">\
         <text font-family=\"{}\" font-size=\"{SIZE}\" font-weight=\"{weight}\">{}</text></svg>",
        escaped(FAMILIES),
        escaped(text)
    );
    let Ok(tree) = Tree::from_str(&svg, &options()) else {
        return 0.0;
    };
    let mut width = 0.0f32;
    for node in tree.root().children() {
        if let Node::Text(text) = node {
            width = width.max(text.bounding_box().width());
        }
    }
    width
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_add_up_and_scale() {
        let mut ruler = Ruler;
        let digit = ruler.width("1", 8.0, false);
        assert!(digit > 3.0 && digit < 7.0, "{digit}");
        assert!((ruler.width("8888", 8.0, false) - 4.0 * digit).abs() < 0.1);
        assert!((ruler.width("8888", 16.0, false) - 8.0 * digit).abs() < 0.1);
        assert!(ruler.width("Wide", 8.0, true) > ruler.width("Wide", 8.0, false));
        assert!(ruler.width("模型", 8.0, false) > 12.0);
        assert!(ruler.width("<&\"", 8.0, false) > 5.0);
        assert_eq!(ruler.width("", 8.0, false), 0.0);
    }

    #[test]
    fn text_is_broken_and_cut_to_a_width() {
        let mut ruler = Ruler;
        let text = "r = −0.51 (95 % CI −0.82 … 0.03), p = 0.06, n = 14";
        let lines = ruler.lines(text, 8.0, 90.0);
        assert!(lines.len() > 1);
        assert_eq!(lines.join(" "), text);
        assert!(lines.iter().all(|l| ruler.width(l, 8.0, false) <= 90.0));
        let cut = ruler.elided("a-very-long-name-of-a-model", 8.0, 60.0);
        assert!(cut.contains('…') && ruler.width(&cut, 8.0, false) <= 60.0);
    }
}
