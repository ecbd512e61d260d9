//! The typefaces: one sans family with tabular digits, one monospace, icons, and a CJK fallback.
//!
//! egui cannot switch OpenType features, so the tabular digits are built into the font files;
//! `resources/fonts/PROVENANCE.md` tells how. Semibold is a family of its own, since egui has no
//! weights. The icons of [`egui_phosphor`] are in every family and can stand inside a label.

use std::collections::BTreeSet;
use std::sync::Arc;

use eframe::egui::{Context, FontData, FontDefinitions, FontFamily, FontId};

use crate::workbench::Face;

const REGULAR: &[u8] = include_bytes!("../../resources/fonts/KinfolkSans-Regular.otf");
const SEMIBOLD: &[u8] = include_bytes!("../../resources/fonts/KinfolkSans-SemiBold.otf");
const CJK: &[u8] = include_bytes!("../../resources/fonts/DroidSansFallback.ttf");

const SEMIBOLD_NAME: &str = "kinfolk-semibold";

/// The family of headings and of what is important inside a view.
pub fn semibold() -> FontFamily {
    FontFamily::Name(SEMIBOLD_NAME.into())
}

/// Gives the window its fonts; once, at the start.
pub fn install(ctx: &Context) {
    ctx.set_fonts(definitions());
}

/// Gives the window more faces, for letters that its own do not have.
pub fn install_more(ctx: &Context, more: &[Face]) {
    let mut fonts = definitions();
    for face in more {
        let data = FontData::from_owned(face.bytes.to_vec());
        fonts.font_data.insert(face.name.clone(), Arc::new(data));
        for names in fonts.families.values_mut() {
            names.push(face.name.clone());
        }
    }
    ctx.set_fonts(fonts);
}

/// The letters of texts that no face of the window has.
pub fn missing<'t>(ctx: &Context, texts: impl Iterator<Item = &'t str>) -> BTreeSet<char> {
    let font = FontId::default();
    let letters: BTreeSet<char> = texts.flat_map(str::chars).filter(is_seen).collect();
    let mut letters: Vec<char> = letters.into_iter().collect();
    ctx.fonts_mut(|fonts| letters.retain(|letter| !fonts.has_glyph(&font, *letter)));
    letters.into_iter().collect()
}

/// Whether a letter is drawn, and not one that only joins others or turns them round.
fn is_seen(letter: &char) -> bool {
    let joins = matches!(letter, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{FE00}'..='\u{FE0F}');
    !letter.is_ascii() && !letter.is_control() && !joins
}

pub fn definitions() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    fonts.font_data.remove("Ubuntu-Light");
    let icons = egui_phosphor::Variant::Regular.font_bytes();
    for (name, bytes) in [
        ("kinfolk-sans", REGULAR),
        (SEMIBOLD_NAME, SEMIBOLD),
        ("phosphor", icons),
        ("cjk", CJK),
    ] {
        let data = Arc::new(FontData::from_static(bytes));
        fonts.font_data.insert(name.into(), data);
    }
    for (family, first) in [
        (FontFamily::Proportional, ["kinfolk-sans"].as_slice()),
        (semibold(), &[SEMIBOLD_NAME, "kinfolk-sans"]),
        (FontFamily::Monospace, &["Hack", "kinfolk-sans"]),
    ] {
        let fallbacks = [
            "phosphor",
            "Hack",
            "NotoEmoji-Regular",
            "emoji-icon-font",
            "cjk",
        ];
        let names = first.iter().chain(&fallbacks).map(|&n| n.to_owned());
        fonts.families.insert(family, names.collect());
    }
    fonts
}

#[cfg(test)]
mod tests {
    use super::*;
    use eframe::egui::Color32;

    fn width(ctx: &Context, family: FontFamily, text: &str) -> f32 {
        ctx.fonts_mut(|fonts| {
            let font = FontId::new(13.5, family);
            fonts
                .layout_no_wrap(text.into(), font, Color32::WHITE)
                .size()
                .x
        })
    }

    fn with_fonts(check: impl Fn(&Context)) {
        let ctx = Context::default();
        install(&ctx);
        let input = eframe::egui::RawInput::default();
        ctx.run_ui(input, |ui| check(ui.ctx()))
            .drop_without_applying_deltas();
    }

    #[test]
    fn digits_are_tabular_in_both_weights() {
        with_fonts(|ctx| {
            for family in [FontFamily::Proportional, semibold()] {
                let wide = width(ctx, family.clone(), "0.888");
                assert!((wide - width(ctx, family.clone(), "1.111")).abs() < 0.01);
                assert!((wide - width(ctx, family, "7.777")).abs() < 0.01);
            }
        });
    }

    #[test]
    fn another_face_brings_the_letters_that_were_missing() {
        let bytes = include_bytes!("../../resources/fonts/DroidSansFallback.ttf");
        let face = Face {
            name: "more".to_owned(),
            bytes: bytes.to_vec().into(),
        };
        let ctx = Context::default();
        let mut bare = definitions();
        for names in bare.families.values_mut() {
            names.retain(|name| name != "cjk");
        }
        ctx.set_fonts(bare);
        let run = |check: &dyn Fn(&Context)| {
            let input = eframe::egui::RawInput::default();
            ctx.run_ui(input, |ui| check(ui.ctx()))
                .drop_without_applying_deltas();
        };
        let names = || ["a\u{200D}b", "模型"].into_iter();
        run(&|ctx| assert_eq!(missing(ctx, names()), BTreeSet::from(['模', '型'])));
        install_more(&ctx, &[face]);
        run(&|ctx| assert_eq!(missing(ctx, names()), BTreeSet::new()));
    }

    #[test]
    fn every_sign_the_program_shows_has_a_glyph() {
        with_fonts(|ctx| {
            // Not the monospace family: egui takes a glyph of the face that has the replacement
            // sign for missing, and there that face is Hack itself.
            for family in [FontFamily::Proportional, semibold()] {
                let font = FontId::new(13.5, family);
                let missing = |text: &str| -> String {
                    let has = |c: &char| ctx.fonts_mut(|f| f.has_glyph(&font, *c));
                    text.chars().filter(|c| !has(c)).collect()
                };
                assert_eq!(missing("δθ‖×−…–→↑↓●○±²≤≥≈ÄéßЖЯαω中文モデル모델"), "");
                assert_eq!(missing(egui_phosphor::regular::TREE), "");
            }
        });
    }
}
