//! Colours for values: kinship on a sequential map, signed measures on a diverging one.
//!
//! Both maps are a few control points joined in OKLab (Ottosson, 2020), so that equal steps of
//! value look like equal steps of colour. A value has the same colour whatever else is shown:
//! what is below 0 has a map of its own that goes the other way. The sequential one follows viridis (Smith and van der
//! Walt, 2015), whose lightness only rises; the diverging one goes from blue over the grey of the
//! theme to orange, which no common colour blindness confuses. Bright always means related, so
//! distances run the other way. A missing value is neither: it has the quiet grey of the theme,
//! and whoever draws it hatches it, since zero on the diverging map is quiet too.

use eframe::egui::{Color32, Mesh, Rect, Shape, pos2};

use super::theme::{Tokens, rgb};
use super::ticks::{MOST_STEPS, round_step};
use crate::kinship::{Matrix, Metric, ScaleKind};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale {
    /// From `lo`, dark, to `hi`, bright.
    Sequential { lo: f64, hi: f64 },
    /// From `lo`, bright, to `hi`, dark.
    Distance { lo: f64, hi: f64 },
    /// Centred at 0: blue below, orange above, full at ±`limit`.
    Diverging { limit: f64 },
    /// Kinship that may be opposite: above 0 as [`Self::KINSHIP`], below 0 from the same dark
    /// end to a bright red.
    Signed { lo: f64, hi: f64 },
    /// Scores, from `lo` to `hi`, in one hue: what is coloured by kinship beside them is not
    /// taken for a score.
    Score { lo: f64, hi: f64 },
}

impl Scale {
    /// Kinship, from 0 to 1.
    pub const KINSHIP: Self = Self::Sequential { lo: 0.0, hi: 1.0 };

    /// What the first and the last value mean.
    pub const fn ends(self) -> [&'static str; 2] {
        match self {
            Self::Sequential { .. } => ["unrelated", "related"],
            Self::Distance { .. } => ["related", "unrelated"],
            Self::Diverging { .. } | Self::Signed { .. } => ["opposite", "related"],
            Self::Score { .. } => ["low", "high"],
        }
    }

    pub fn range(self) -> (f64, f64) {
        match self {
            Self::Sequential { lo, hi }
            | Self::Distance { lo, hi }
            | Self::Signed { lo, hi }
            | Self::Score { lo, hi } => (lo, hi),
            Self::Diverging { limit } => (-limit, limit),
        }
    }

    /// The place of a value in the scale, 0 to 1; values outside are held at the ends.
    pub fn position(self, value: f64) -> f64 {
        let (lo, hi) = self.range();
        if hi > lo {
            ((value - lo) / (hi - lo)).clamp(0.0, 1.0)
        } else {
            0.5
        }
    }

    /// The colour at a share of the scale, 0 to 1.
    pub fn at(self, share: f64, tokens: &Tokens) -> Color32 {
        let (lo, hi) = self.range();
        self.color(Some(lo + (hi - lo) * share), tokens)
    }

    /// The colour of a value; missing and NaN get the quiet grey of the theme.
    pub fn color(self, value: Option<f64>, tokens: &Tokens) -> Color32 {
        let Some(value) = value.filter(|v| !v.is_nan()) else {
            return tokens.hover;
        };
        let at = self.position(value) as f32;
        match self {
            Self::Sequential { .. } => along(&SEQUENTIAL.map(rgb), at),
            Self::Distance { .. } => along(&SEQUENTIAL.map(rgb), 1.0 - at),
            Self::Diverging { .. } if tokens.dark => along(&DIVERGING_DARK.map(rgb), at),
            Self::Diverging { .. } => along(&DIVERGING_LIGHT.map(rgb), at),
            Self::Signed { lo, hi } => {
                let (lo, hi) = (lo.min(0.0), hi.max(f64::MIN_POSITIVE));
                match value < 0.0 {
                    true => along(&OPPOSITE.map(rgb), (value / lo) as f32),
                    false => along(&SEQUENTIAL.map(rgb), (value / hi) as f32),
                }
            }
            Self::Score { .. } if tokens.dark => along(&SCORE_DARK.map(rgb), at),
            Self::Score { .. } => along(&SCORE_LIGHT.map(rgb), at),
        }
    }
}

const STRIP_STEPS: u32 = 64;

/// A strip of the colours at each share of a scale, from left to right.
pub fn gradient(strip: Rect, color: impl Fn(f64) -> Color32) -> Shape {
    let mut mesh = Mesh::default();
    for k in 0..=STRIP_STEPS {
        let share = k as f32 / STRIP_STEPS as f32;
        let x = strip.left() + strip.width() * share;
        for y in [strip.top(), strip.bottom()] {
            mesh.colored_vertex(pos2(x, y), color(f64::from(share)));
        }
    }
    for k in 0..STRIP_STEPS {
        mesh.add_triangle(2 * k, 2 * k + 1, 2 * k + 2);
        mesh.add_triangle(2 * k + 1, 2 * k + 3, 2 * k + 2);
    }
    Shape::mesh(mesh)
}

/// The colours for a whole matrix.
///
/// Similarities have one map, from 0 to 1 and on to −1 where some pairs are clearly opposite: a
/// value has the same colour either way. `chosen` is the range that the user has set. Distances go from the least to the greatest of two different models, widened to round
/// numbers; two models alone go from 0.
pub fn kinship_scale(metric: Metric, matrix: &Matrix, chosen: Option<(f64, f64)>) -> Scale {
    let pairs = (0..matrix.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
    let values = pairs.filter_map(|(i, j)| matrix.get(i, j).filter(|v| v.is_finite()));
    let (lo, hi) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| {
        (v.min(lo), v.max(hi))
    });
    let (least, most) = metric.range;
    match metric.scale {
        ScaleKind::Reversed if let Some((lo, hi)) = chosen => Scale::Distance { lo, hi },
        _ if let Some((lo, hi)) = chosen => similarity(lo, hi),
        ScaleKind::Diverging if lo < CLEARLY_OPPOSITE => similarity(least, most),
        ScaleKind::Diverging => similarity(0.0, most),
        ScaleKind::Sequential if least.is_finite() && most.is_finite() => Scale::Sequential {
            lo: least,
            hi: most,
        },
        ScaleKind::Sequential if lo < hi => Scale::Sequential { lo, hi },
        ScaleKind::Sequential => Scale::KINSHIP,
        ScaleKind::Reversed if hi <= 0.0 => Scale::Distance { lo: 0.0, hi: 1.0 },
        ScaleKind::Reversed => round_range(if lo < hi { lo } else { 0.0 }, hi),
    }
}

/// Values a little below zero are unrelated, not opposite.
const CLEARLY_OPPOSITE: f64 = -0.05;

fn similarity(lo: f64, hi: f64) -> Scale {
    match lo < 0.0 {
        true => Scale::Signed { lo, hi },
        false => Scale::Sequential { lo, hi },
    }
}

fn round_range(lo: f64, hi: f64) -> Scale {
    let step = round_step(hi - lo, MOST_STEPS);
    Scale::Distance {
        lo: (lo / step).floor() * step,
        hi: (hi / step).ceil() * step,
    }
}

/// Nine points of viridis, without its darkest end, which is lost on a dark background.
const SEQUENTIAL: [u32; 9] = [
    0x48_2173, 0x43_3E85, 0x38_588C, 0x2D_708E, 0x25_858E, 0x1E_9B8A, 0x4E_C36B, 0xA2_DA37,
    0xFD_E725,
];
/// From the dark end of [`SEQUENTIAL`] to what is as bright as its bright end, and red.
const OPPOSITE: [u32; 5] = [0x48_2173, 0x7D_1F6B, 0xB5_2F58, 0xE3_5B4C, 0xFB_9B7A];
const SCORE_LIGHT: [u32; 4] = [0xD3_E3F1, 0x86_B5DA, 0x2B_7DB8, 0x0B_3C66];
const SCORE_DARK: [u32; 4] = [0x1C_3144, 0x24_618F, 0x4A_A3DB, 0xC9_E8FB];
const DIVERGING_LIGHT: [u32; 5] = [0x1B_5A9A, 0x7F_B2DC, 0xEF_EFED, 0xEB_A86A, 0xA8_4A06];
const DIVERGING_DARK: [u32; 5] = [0x6F_BAF2, 0x33_6A9C, 0x2C_2C2E, 0x9C_5A25, 0xF5_A663];

/// The colour at `at` in 0..=1 along evenly spaced control points, joined in OKLab.
fn along(points: &[Color32], at: f32) -> Color32 {
    let steps = points.len() - 1;
    let place = at.clamp(0.0, 1.0) * steps as f32;
    let first = (place as usize).min(steps - 1);
    let (a, b) = (oklab(points[first]), oklab(points[first + 1]));
    let t = place - first as f32;
    from_oklab(std::array::from_fn(|i| a[i] + (b[i] - a[i]) * t))
}

/// `color` moved towards `other` by `amount` in 0..=1, in OKLab.
pub fn mix(color: Color32, other: Color32, amount: f32) -> Color32 {
    along(&[color, other], amount)
}

/// Black or white, whichever is read more easily on `background`.
pub fn text_on(background: Color32) -> Color32 {
    let (black, white) = (Color32::from_gray(16), Color32::WHITE);
    let on_black = contrast_ratio(black, background);
    if on_black > contrast_ratio(white, background) {
        black
    } else {
        white
    }
}

/// The contrast ratio of two opaque colours, 1 to 21, by WCAG 2.1.
pub fn contrast_ratio(a: Color32, b: Color32) -> f32 {
    let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
    a.max(b) / a.min(b)
}

fn luminance(color: Color32) -> f32 {
    let [r, g, b] = linear(color);
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

fn linear(color: Color32) -> [f32; 3] {
    [color.r(), color.g(), color.b()].map(|v| {
        let v = f32::from(v) / 255.0;
        if v <= 0.040_45 {
            v / 12.92
        } else {
            ((v + 0.055) / 1.055).powf(2.4)
        }
    })
}

fn encoded(linear: f32) -> u8 {
    let v = linear.clamp(0.0, 1.0);
    let v = if v <= 0.003_130_8 {
        v * 12.92
    } else {
        1.055 * v.powf(1.0 / 2.4) - 0.055
    };
    (v * 255.0).round() as u8
}

/// Lightness, green-red, blue-yellow.
fn oklab(color: Color32) -> [f32; 3] {
    let [r, g, b] = linear(color);
    let l = (0.412_221_46 * r + 0.536_332_55 * g + 0.051_445_995 * b).cbrt();
    let m = (0.211_903_5 * r + 0.680_699_5 * g + 0.107_396_96 * b).cbrt();
    let s = (0.088_302_46 * r + 0.281_718_85 * g + 0.629_978_7 * b).cbrt();
    [
        0.210_454_26 * l + 0.793_617_8 * m - 0.004_072_047 * s,
        1.977_998_5 * l - 2.428_592_2 * m + 0.450_593_7 * s,
        0.025_904_037 * l + 0.782_771_77 * m - 0.808_675_77 * s,
    ]
}

fn from_oklab([lightness, a, b]: [f32; 3]) -> Color32 {
    let l = (lightness + 0.396_337_78 * a + 0.215_803_76 * b).powi(3);
    let m = (lightness - 0.105_561_346 * a - 0.063_854_17 * b).powi(3);
    let s = (lightness - 0.089_484_18 * a - 1.291_485_5 * b).powi(3);
    Color32::from_rgb(
        encoded(4.076_741_7 * l - 3.307_711_6 * m + 0.230_969_94 * s),
        encoded(-1.268_438 * l + 2.609_757_4 * m - 0.341_319_38 * s),
        encoded(-0.004_196_086 * l - 0.703_418_6 * m + 1.707_614_7 * s),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use eframe::egui::Theme;

    fn tokens() -> &'static Tokens {
        Tokens::for_theme(Theme::Light)
    }

    fn steps(scale: Scale, tokens: &Tokens) -> Vec<Color32> {
        let (lo, hi) = scale.range();
        let at = |i: i32| lo + (hi - lo) * f64::from(i) / 200.0;
        (0..=200)
            .map(|i| scale.color(Some(at(i)), tokens))
            .collect()
    }

    #[test]
    fn sequential_lightness_only_rises() {
        let colors = steps(Scale::KINSHIP, tokens());
        for pair in colors.windows(2) {
            assert!(oklab(pair[1])[0] > oklab(pair[0])[0] - 0.002, "{pair:?}");
        }
        assert!(oklab(colors[200])[0] - oklab(colors[0])[0] > 0.5);
    }

    #[test]
    fn bright_is_related_for_distances_too() {
        let near_and_far = Matrix::build(3, |i, j| Some(if i + j == 1 { 0.2 } else { 7.3 }));
        let scale = kinship_scale(Metric::EUCLIDEAN, &near_and_far, None);
        assert_eq!(scale, Scale::Distance { lo: 0.0, hi: 8.0 });
        assert_eq!(scale.ends(), ["related", "unrelated"]);
        let lightness = |value| oklab(scale.color(Some(value), tokens()))[0];
        assert!(lightness(0.2) > lightness(7.3) + 0.4);
        let related = Scale::KINSHIP.color(Some(1.0), tokens());
        assert_eq!(scale.color(Some(0.0), tokens()), related);
    }

    #[test]
    fn values_are_readable_on_every_colour() {
        for theme in [Theme::Light, Theme::Dark] {
            let tokens = Tokens::for_theme(theme);
            let signed = Scale::Signed { lo: -1.0, hi: 1.0 };
            for scale in [Scale::KINSHIP, Scale::Diverging { limit: 0.3 }, signed] {
                for color in steps(scale, tokens) {
                    assert!(contrast_ratio(text_on(color), color) >= 4.0, "{color:?}");
                }
            }
        }
    }

    #[test]
    fn missing_and_nan_are_grey_and_outliers_are_held() {
        let scale = Scale::KINSHIP;
        assert_eq!(scale.color(None, tokens()), tokens().hover);
        assert_eq!(scale.color(Some(f64::NAN), tokens()), tokens().hover);
        assert_eq!(
            scale.color(Some(7.0), tokens()),
            scale.color(Some(1.0), tokens())
        );
        assert_eq!(Scale::Diverging { limit: 0.0 }.position(0.0), 0.5);
    }

    #[test]
    fn a_pair_keeps_its_colour_whatever_the_others_are() {
        for metric in [Metric::PEARSON, Metric::COSINE, Metric::ABSOLUTE_COSINE] {
            let with = |other: f64| {
                let matrix = Matrix::build(3, |i, j| Some(if i + j == 1 { 0.4 } else { other }));
                kinship_scale(metric, &matrix, None)
            };
            let least = metric.range.0.max(-0.9);
            let (one, other) = (with(0.9), with(least));
            for value in [0.0, 0.2, 0.4, 1.0] {
                let color = |scale: Scale| scale.color(Some(value), tokens());
                assert_eq!(color(one), color(other), "{value} by {}", metric.title);
            }
        }
        let opposed = Matrix::build(2, |_, _| Some(-0.9));
        let scale = kinship_scale(Metric::PEARSON, &opposed, None);
        assert_eq!(scale, Scale::Signed { lo: -1.0, hi: 1.0 });
        assert_ne!(
            scale.color(Some(-0.9), tokens()),
            scale.color(Some(0.0), tokens())
        );
        let by_hand = kinship_scale(Metric::PEARSON, &opposed, Some((0.5, 0.9)));
        assert_eq!(by_hand, Scale::Sequential { lo: 0.5, hi: 0.9 });
    }

    #[test]
    fn oklab_goes_there_and_back() {
        for color in [
            rgb(0x00_0000),
            rgb(0xFF_FFFF),
            rgb(0x12_ABEF),
            rgb(0xF0_E442),
        ] {
            assert_eq!(from_oklab(oklab(color)), color);
        }
    }
}
