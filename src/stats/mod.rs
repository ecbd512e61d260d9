//! Statistics of small samples, on plain numbers: no file, no thread, no study.
//!
//! A statistic that is not defined (too few points, all of them equal) is `None`, never NaN.
//! What is drawn at random comes from a seed and an index, so it is the same everywhere.

mod sample;

mod correlation;
mod draw;
mod interval;
mod permutation;
mod student;

mod outliers;
mod regression;
mod robust;

mod improvement;

mod generations;
mod stagnation;

pub(crate) use sample::quantile;
pub use sample::{Sample, extent, mean};

pub(crate) use draw::below;
pub(crate) use student::t_reach;

pub use correlation::{Correlation, pearson, spearman};
pub use interval::{Bootstrap, bootstrap_interval, fisher_interval};
pub use permutation::{Permutation, permutation_p};

pub use outliers::{OUTLIER_LIMIT, outliers};
pub use regression::{Line, least_squares};
pub use robust::{MOST_ROBUST, RobustLine, theil_sen};

pub use improvement::expected_improvement;

pub use generations::{Member, generations};
pub use stagnation::{Generation, Saturation, SaturationRule, best_so_far, gains, saturation};
