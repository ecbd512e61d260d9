//! All that `kinfolk stats` finds out, in the stable shape of its JSON.

use serde::Serialize;

use crate::stats::{
    Sample, bootstrap_interval, fisher_interval, least_squares, pearson, permutation_p, spearman,
    theil_sen,
};

const LEVEL: f64 = 0.95;

const DRAWS: usize = 9_999;

/// Up to this many points samples and pairings are drawn; beyond it they take long, and say no
/// more than the formulas.
pub const MOST_DRAWN: usize = 10_000;

pub type Interval = Option<[f64; 2]>;

/// The result as JSON; what is not defined is `null`.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    pub x: String,
    pub y: String,
    pub n: usize,
    pub missing: usize,
    pub seed: u64,
    pub pearson: PearsonReport,
    pub spearman: SpearmanReport,
    pub permutation: PermutationReport,
    pub bootstrap: BootstrapReport,
    pub line: LineReport,
    pub robust_line: RobustReport,
}

#[derive(Debug, Default, Serialize)]
pub struct PearsonReport {
    pub r: Option<f64>,
    pub p: Option<f64>,
    pub ci: Interval,
}

#[derive(Debug, Default, Serialize)]
pub struct SpearmanReport {
    pub r: Option<f64>,
    pub p: Option<f64>,
}

#[derive(Debug, Default, Serialize)]
pub struct PermutationReport {
    pub p: Option<f64>,
    pub pairings: Option<usize>,
    pub exact: Option<bool>,
}

#[derive(Debug, Default, Serialize)]
pub struct BootstrapReport {
    pub ci: Interval,
    pub draws: Option<usize>,
    pub undefined: Option<usize>,
}

#[derive(Debug, Default, Serialize)]
pub struct LineReport {
    pub slope: Option<f64>,
    pub intercept: Option<f64>,
    pub slope_ci: Interval,
    pub p: Option<f64>,
    pub residual: Option<f64>,
}

#[derive(Debug, Default, Serialize)]
pub struct RobustReport {
    pub slope: Option<f64>,
    pub intercept: Option<f64>,
    pub slope_ci: Interval,
}

/// Works all of it out; `x` and `y` are the names of the two.
pub fn report(x: &str, y: String, sample: &Sample, seed: u64) -> Report {
    let drawn = Some(sample).filter(|sample| sample.n() <= MOST_DRAWN);
    let permutation = drawn.and_then(|sample| of_permutation(sample, seed));
    let bootstrap = drawn.and_then(|sample| of_bootstrap(sample, seed));
    Report {
        x: x.to_owned(),
        y,
        n: sample.n(),
        missing: sample.missing,
        seed,
        pearson: of_pearson(sample).unwrap_or_default(),
        spearman: of_spearman(sample).unwrap_or_default(),
        permutation: permutation.unwrap_or_default(),
        bootstrap: bootstrap.unwrap_or_default(),
        line: of_line(sample).unwrap_or_default(),
        robust_line: of_robust(sample).unwrap_or_default(),
    }
}

fn of_pearson(sample: &Sample) -> Option<PearsonReport> {
    let found = pearson(sample)?;
    Some(PearsonReport {
        r: Some(found.r),
        p: Some(found.p),
        ci: fisher_interval(found.r, found.n, LEVEL).map(<[f64; 2]>::from),
    })
}

fn of_spearman(sample: &Sample) -> Option<SpearmanReport> {
    let found = spearman(sample)?;
    Some(SpearmanReport {
        r: Some(found.r),
        p: Some(found.p),
    })
}

fn of_permutation(sample: &Sample, seed: u64) -> Option<PermutationReport> {
    let found = permutation_p(sample, seed)?;
    Some(PermutationReport {
        p: Some(found.p),
        pairings: Some(found.pairings),
        exact: Some(found.is_exact),
    })
}

fn of_bootstrap(sample: &Sample, seed: u64) -> Option<BootstrapReport> {
    let statistic = |sample: &Sample| pearson(sample).map(|c| c.r);
    let found = bootstrap_interval(sample, statistic, LEVEL, DRAWS, seed)?;
    Some(BootstrapReport {
        ci: Some([found.low, found.high]),
        draws: Some(found.draws),
        undefined: Some(found.undefined),
    })
}

fn of_line(sample: &Sample) -> Option<LineReport> {
    let line = least_squares(sample)?;
    Some(LineReport {
        slope: Some(line.slope),
        intercept: Some(line.intercept),
        slope_ci: Some(line.slope_interval(LEVEL).into()),
        p: Some(line.slope_p),
        residual: Some(line.residual),
    })
}

fn of_robust(sample: &Sample) -> Option<RobustReport> {
    let line = theil_sen(sample)?;
    Some(RobustReport {
        slope: Some(line.slope),
        intercept: Some(line.intercept),
        slope_ci: Some(line.slope_interval.into()),
    })
}
