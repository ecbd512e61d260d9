//! Colours, spacing, sizes: the one place where the look of the program is written down.
//!
//! A view takes a colour from [`Tokens::of`], a distance from [`space`] and a font from the text
//! styles; it never writes a literal. The greys are neutral and one accent marks what can be
//! acted on and what is selected, so that the data are the only colourful thing. Every text
//! colour reaches WCAG AA (4.5:1) on every background it may stand on; a test computes it.

mod style;

use eframe::egui::{Color32, Context, FontId, RichText, Theme, Ui};

use super::fonts;
pub use style::{apply, apply_paper};

/// Distances, in points: a scale of four.
pub mod space {
    /// Between parts of one control.
    pub const XS: f32 = 4.0;
    /// Between controls that belong together.
    pub const S: f32 = 8.0;
    pub const M: f32 = 12.0;
    pub const L: f32 = 16.0;
    pub const XL: f32 = 24.0;
    pub const XXL: f32 = 32.0;
}

pub mod size {
    /// Captions, ticks, chips.
    pub const SMALL: f32 = 12.0;
    pub const BODY: f32 = 13.5;
    pub const HEADING: f32 = 16.0;
    pub const TITLE: f32 = 22.0;
}

pub mod radius {
    /// Buttons, fields, cells.
    pub const CONTROL: u8 = 5;
    /// Cards, popups, windows.
    pub const CARD: u8 = 8;
}

/// Height of a table row and of a control, in points.
pub const ROW_HEIGHT: f32 = 26.0;
/// Height of the bar on top of the window, in points.
pub const TOP_BAR_HEIGHT: f32 = 40.0;
/// How long something takes that moves to explain itself, in seconds.
pub const ANIMATION_SECS: f32 = 0.12;

#[derive(Clone, Debug, PartialEq)]
pub struct Tokens {
    /// Whether these are the colours for a dark surrounding.
    pub dark: bool,
    pub background: Color32,
    /// Rail, inspector, bars.
    pub panel: Color32,
    pub raised: Color32,
    /// Buttons; seen on every other background.
    pub control: Color32,
    /// Inside text fields and the troughs of bars.
    pub field: Color32,
    /// Under the pointer.
    pub hover: Color32,
    pub line: Color32,
    /// Outlines of what can be acted on; 3:1 against the background.
    pub line_strong: Color32,
    pub text: Color32,
    /// Text that is looked up.
    pub text_weak: Color32,
    /// Fill of primary buttons, ring of focus, marks of selection.
    pub accent: Color32,
    /// The accent under the pointer.
    pub accent_hover: Color32,
    pub accent_text: Color32,
    pub on_accent: Color32,
    pub selection: Color32,
    /// Errors, and nothing else.
    pub error: Color32,
    /// Warnings and what is stale.
    pub warning: Color32,
    pub ok: Color32,
    pub shadow: Color32,
    /// Series and roles, told apart also by the colour-blind (Okabe and Ito, 2008). For dots and
    /// lines, never for text.
    pub roles: [Color32; 8],
}

pub(super) const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

static LIGHT: Tokens = LIGHT_TOKENS;

/// Paper: the light theme on white, in which nothing stands behind the figure.
static PAPER: Tokens = Tokens {
    background: rgb(0xFF_FFFF),
    ..LIGHT_TOKENS
};

const LIGHT_TOKENS: Tokens = Tokens {
    dark: false,
    background: rgb(0xF9_F9F8),
    panel: rgb(0xF1_F1EF),
    raised: rgb(0xFF_FFFF),
    control: rgb(0xFF_FFFF),
    field: rgb(0xFF_FFFF),
    hover: rgb(0xEA_EAE8),
    line: rgb(0xDD_DDDA),
    line_strong: rgb(0x8B_8B88),
    text: rgb(0x1D_1D1C),
    text_weak: rgb(0x60_605D),
    accent: rgb(0x2F_56C4),
    accent_hover: rgb(0x26_48A8),
    accent_text: rgb(0x27_4BB0),
    on_accent: rgb(0xFF_FFFF),
    selection: rgb(0xDD_E5FA),
    error: rgb(0xB3_261E),
    warning: rgb(0x85_5300),
    ok: rgb(0x1B_6B45),
    shadow: Color32::from_rgba_premultiplied(0, 0, 0, 36),
    // Blue, orange, green, purple, sky, vermillion, yellow (darker than the original, which
    // vanishes on white), grey.
    roles: [
        rgb(0x00_72B2),
        rgb(0xE6_9F00),
        rgb(0x00_9E73),
        rgb(0xCC_79A7),
        rgb(0x56_B4E9),
        rgb(0xD5_5E00),
        rgb(0xC2_AF00),
        rgb(0x70_7070),
    ],
};

static DARK: Tokens = Tokens {
    dark: true,
    background: rgb(0x18_1819),
    panel: rgb(0x1F_1F20),
    raised: rgb(0x29_292B),
    control: rgb(0x32_3235),
    field: rgb(0x12_1213),
    hover: rgb(0x3A_3A3C),
    line: rgb(0x3C_3C3F),
    line_strong: rgb(0x78_787C),
    text: rgb(0xE8_E8E6),
    text_weak: rgb(0xA6_A6A3),
    accent: rgb(0x86_A5FF),
    accent_hover: rgb(0x9D_B6FF),
    accent_text: rgb(0xA3_BAFF),
    on_accent: rgb(0x10_1525),
    selection: rgb(0x2B_3859),
    error: rgb(0xFF_8B80),
    warning: rgb(0xEF_B458),
    ok: rgb(0x5F_CE98),
    shadow: Color32::from_rgba_premultiplied(0, 0, 0, 120),
    roles: [
        rgb(0x2E_8FD0),
        rgb(0xE6_9F00),
        rgb(0x00_B384),
        rgb(0xCC_79A7),
        rgb(0x7C_C7F2),
        rgb(0xE0_6A10),
        rgb(0xF0_E442),
        rgb(0x9A_9A9A),
    ],
};

/// Something that knows which theme it is drawn in.
pub trait Themed {
    /// Whether the surrounding is dark, and what a view stands on.
    fn surrounding(&self) -> (bool, Color32);
}

impl Themed for Ui {
    fn surrounding(&self) -> (bool, Color32) {
        (self.visuals().dark_mode, self.visuals().panel_fill)
    }
}

impl Themed for Context {
    fn surrounding(&self) -> (bool, Color32) {
        let style = self.global_style();
        (self.theme() == Theme::Dark, style.visuals.panel_fill)
    }
}

impl Tokens {
    pub fn of(themed: &impl Themed) -> &'static Self {
        match themed.surrounding() {
            (true, _) => &DARK,
            (false, ground) if ground == PAPER.background => &PAPER,
            (false, _) => &LIGHT,
        }
    }

    pub fn for_theme(theme: Theme) -> &'static Self {
        match theme {
            Theme::Dark => &DARK,
            Theme::Light => &LIGHT,
        }
    }

    /// The colour of the `index`-th series or role, going round.
    pub fn role(&self, index: usize) -> Color32 {
        self.roles[index % self.roles.len()]
    }
}

pub fn theme_of(themed: &impl Themed) -> Theme {
    Theme::from_dark_mode(themed.surrounding().0)
}

/// Text that matters inside a view: same size, more weight.
pub fn strong(text: impl Into<String>) -> RichText {
    RichText::new(text).family(fonts::semibold())
}

/// The font of captions, ticks and chips.
pub fn small_font() -> FontId {
    FontId::proportional(size::SMALL)
}

pub fn body_font() -> FontId {
    FontId::proportional(size::BODY)
}

/// The body size in semibold.
pub fn strong_font() -> FontId {
    FontId::new(size::BODY, fonts::semibold())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::colormap::contrast_ratio;

    #[test]
    fn text_reaches_aa_on_every_background() {
        for tokens in [&LIGHT, &DARK] {
            let t = tokens;
            let texts = [t.text, t.text_weak, t.accent_text, t.error, t.warning, t.ok];
            for text in texts {
                for under in [t.background, t.panel, t.raised, t.control, t.field, t.hover] {
                    let ratio = contrast_ratio(text, under);
                    assert!(ratio >= 4.5, "{text:?} on {under:?}: {ratio:.2}");
                }
            }
            for (text, under) in [
                (t.on_accent, t.accent),
                (t.on_accent, t.accent_hover),
                (t.text, t.selection),
                (t.text_weak, t.selection),
                (t.accent_text, t.selection),
            ] {
                let ratio = contrast_ratio(text, under);
                assert!(ratio >= 4.5, "{text:?} on {under:?}: {ratio:.2}");
            }
        }
    }

    #[test]
    fn outlines_and_focus_are_visible() {
        for t in [&LIGHT, &DARK] {
            for under in [t.background, t.panel, t.raised] {
                assert!(contrast_ratio(t.accent, under) >= 3.0);
                assert!(contrast_ratio(t.line_strong, under) >= 2.9);
            }
        }
    }
}
