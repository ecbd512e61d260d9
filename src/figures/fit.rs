//! Lines through points, and their numbers as one sentence.

use super::{Color, Dash, Layer, words};
use crate::stats::{
    Sample, extent, fisher_interval, least_squares, pearson, permutation_p, spearman, theil_sen,
};
use crate::study::chart::{FitBand, FitLine};
use crate::text::number;

const LEVEL: f64 = 0.95;
/// Up to this many points p is also counted by permutation.
const FEW: usize = 10;
/// The seed of what is drawn at random; with few points nothing is.
const SEED: u64 = 0;
const PIECES: u32 = 48;

/// The line and the band that are chosen, band first, over the range of the points.
pub fn layers(sample: &Sample, line: FitLine, band: FitBand) -> Vec<Layer> {
    let Some((lo, hi)) = extent(sample.x.iter().copied()) else {
        return Vec::new();
    };
    let straight = |name: &str, dash, at: &dyn Fn(f64) -> f64| {
        Layer::line(name, Color::Quiet, dash, vec![[lo, at(lo)], [hi, at(hi)]])
    };
    match line {
        FitLine::None => Vec::new(),
        FitLine::Robust => theil_sen(sample)
            .map(|fit| straight("Theil–Sen line", Dash::Dashed, &|x| fit.at(x)))
            .into_iter()
            .collect(),
        FitLine::LeastSquares => {
            let Some(fit) = least_squares(sample) else {
                return Vec::new();
            };
            let ends = |x: f64| match band {
                FitBand::None => None,
                FitBand::Confidence => Some(fit.confidence(x, LEVEL)),
                FitBand::Prediction => Some(fit.prediction(x, LEVEL)),
            };
            let at = |k: u32| lo + (hi - lo) * f64::from(k) / f64::from(PIECES);
            let points: Vec<[f64; 3]> = (0..=PIECES)
                .filter_map(|k| ends(at(k)).map(|(lower, upper)| [at(k), lower, upper]))
                .collect();
            let name = match band {
                FitBand::Prediction => "95 % for the next point",
                _ => "95 % for the line",
            };
            let area = (!points.is_empty()).then(|| Layer::Band {
                name: name.into(),
                color: Color::Quiet,
                points,
            });
            let line = straight("Least squares", Dash::Solid, &|x| fit.at(x));
            area.into_iter().chain([line]).collect()
        }
    }
}

/// Everything that is known of the sample as one sentence, always with its n.
pub fn caption(sample: &Sample) -> String {
    let n = sample.n();
    let Some(r) = pearson(sample) else {
        let why = if n < 3 {
            "too few points for a correlation"
        } else {
            "no correlation, as all values of one axis are the same"
        };
        return format!("n = {n}: {why}");
    };
    let interval = fisher_interval(r.r, n, LEVEL)
        .map(|ends| format!(" (95 % CI {})", words::interval(ends, 2)))
        .unwrap_or_default();
    let mut out = format!(
        "r = {}{interval}, {}, n = {n}",
        number(r.r, 2),
        words::p(r.p)
    );
    if let Some(chance) = permutation_p(sample, SEED).filter(|_| n <= FEW) {
        out += &format!("; by permutation {}", words::p(chance.p));
    }
    if let Some(ranks) = spearman(sample) {
        out += &format!("; Spearman {}, {}", number(ranks.r, 2), words::p(ranks.p));
    }
    if let Some(line) = least_squares(sample) {
        out += &format!("; slope {}", words::significant(line.slope));
    }
    if let Some(robust) = theil_sen(sample) {
        out += &format!("; robust slope {}", words::significant(robust.slope));
    }
    out
}

/// r, its interval, p and n alone.
pub fn short(sample: &Sample) -> String {
    let whole = caption(sample);
    whole.split(';').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(y: &[f64]) -> Sample {
        let pairs = y
            .iter()
            .enumerate()
            .map(|(k, &y)| (Some(k as f64), Some(y)));
        Sample::from_pairs(pairs)
    }

    #[test]
    fn a_caption_always_says_n() {
        assert_eq!(
            caption(&sample(&[])),
            "n = 0: too few points for a correlation"
        );
        assert_eq!(
            caption(&sample(&[1.0, 2.0])),
            "n = 2: too few points for a correlation"
        );
        let flat = caption(&sample(&[2.0; 5]));
        assert_eq!(
            flat,
            "n = 5: no correlation, as all values of one axis are the same"
        );
        let rising = caption(&sample(&[1.0, 3.0, 2.0, 5.0, 4.0]));
        assert!(
            rising.starts_with("r = 0.80 (95 % CI −0.28 … 0.99), p = 0.10, n = 5"),
            "{rising}"
        );
        assert!(rising.contains("by permutation p = ") && rising.contains("Spearman 0.80"));
    }

    #[test]
    fn few_points_have_no_line_and_a_band_lies_around_its_line() {
        assert!(layers(&sample(&[1.0]), FitLine::LeastSquares, FitBand::Confidence).is_empty());
        let found = layers(
            &sample(&[1.0, 3.0, 2.0, 5.0]),
            FitLine::LeastSquares,
            FitBand::Prediction,
        );
        let [Layer::Band { points, .. }, Layer::Line(line)] = &found[..] else {
            panic!("band and line");
        };
        let (first, last) = (points[0], points[points.len() - 1]);
        assert!(first[1] < line.points[0][1] && line.points[0][1] < first[2]);
        assert_eq!((first[0], last[0]), (0.0, 3.0));
    }
}
