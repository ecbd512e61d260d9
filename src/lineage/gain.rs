//! What a merge may be expected to gain, from merges whose parents' kinship is known: the
//! least-squares line of gain over kinship.

use crate::stats::{Line, Sample, extent, least_squares, pearson};

/// Fewer merges than this say little of the next one.
pub const ENOUGH: usize = 8;

/// The part of merges like these that lies in the interval.
const LEVEL: f64 = 0.95;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Known {
    /// Mean Pearson correlation of its parents' task vectors.
    pub kinship: f64,
    /// Its score less the mean of its parents', in points.
    pub gain: f64,
}

/// Gain as it follows kinship among known merges.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GainLine {
    line: Line,
    pub n: usize,
    pub r: f64,
    pub p: f64,
    /// The lowest and the highest kinship among them: beyond it no merge is known, and the line
    /// is not followed.
    pub range: (f64, f64),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expected {
    /// On the line, in points.
    pub value: f64,
    /// Where 95 of 100 such merges lie, in points, if they are like the known ones.
    pub interval: (f64, f64),
}

impl GainLine {
    /// The line through merges; `None` for fewer than `least` (three at any rate), and where
    /// all have the same kinship or the same gain.
    pub fn through(merges: &[Known], least: usize) -> Option<Self> {
        let pairs = merges.iter().map(|m| (Some(m.kinship), Some(m.gain)));
        let sample = Sample::from_pairs(pairs);
        if sample.n() < least {
            return None;
        }
        let line = least_squares(&sample)?;
        let correlation = pearson(&sample)?;
        Some(Self {
            line,
            n: sample.n(),
            r: correlation.r,
            p: correlation.p,
            range: extent(sample.x.iter().copied())?,
        })
    }

    /// The gain on the line, in points; beyond the kinship of known merges, that at the nearest
    /// of them. A line through late merges of near copies, followed to strangers, would promise
    /// twenty points.
    pub fn at(&self, kinship: f64) -> f64 {
        self.line.at(self.nearest(kinship))
    }

    /// The nearest kinship at which a merge is known.
    pub fn nearest(&self, kinship: f64) -> f64 {
        kinship.clamp(self.range.0, self.range.1)
    }

    /// The gain on the line, and where the next merge may lie: beyond the known merges, from what
    /// holds at the nearest of them to what the line would say.
    pub fn expected(&self, kinship: f64) -> Expected {
        let near = self.line.prediction(self.nearest(kinship), LEVEL);
        let far = self.line.prediction(kinship, LEVEL);
        Expected {
            value: self.at(kinship),
            interval: (near.0.min(far.0), near.1.max(far.1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(pairs: &[(f64, f64)]) -> Vec<Known> {
        let known = |&(kinship, gain)| Known { kinship, gain };
        pairs.iter().map(known).collect()
    }

    #[test]
    fn a_line_says_what_it_rests_on() {
        let merges = known(&[(0.0, 4.0), (0.5, 2.5), (1.0, 0.0), (0.5, 1.5)]);
        let line = GainLine::through(&merges, 3).unwrap();
        assert_eq!(line.n, 4);
        assert!(line.r < -0.9 && (line.at(0.5) - 2.0).abs() < 1e-12);
        let expected = line.expected(0.5);
        assert!(expected.interval.0 < 2.0 && expected.interval.1 > 2.0);
    }

    #[test]
    fn the_line_is_not_followed_to_where_nobody_has_merged() {
        let merges = known(&[(0.9, 2.0), (0.95, 1.0), (0.99, 0.2), (0.98, 0.5)]);
        let line = GainLine::through(&merges, 3).unwrap();
        assert_eq!(line.range, (0.9, 0.99));
        assert_eq!(line.at(0.03), line.at(0.9));
        assert!(line.at(0.03) < 3.0, "{}", line.at(0.03));
        let (far, near) = (line.expected(0.03).interval, line.expected(0.9).interval);
        assert!(
            far.1 > near.1 + 10.0,
            "what lies there is not known: {far:?}, {near:?}"
        );
    }

    #[test]
    fn too_few_merges_have_no_line() {
        let merges = known(&[(0.0, 4.0), (0.5, 2.5), (1.0, 0.0)]);
        assert_eq!(GainLine::through(&merges, 4), None);
        assert_eq!(GainLine::through(&merges[..2], 0), None);
        assert_eq!(GainLine::through(&known(&[(f64::NAN, 1.0); 9]), 8), None);
    }
}
