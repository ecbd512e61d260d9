//! What a value of kinship means, in a word or two: a convention of this program, not of the
//! paper. Its limits are in the glossary.

use super::Metric;

/// From this value on two models are close kin.
pub const CLOSE: f64 = 0.8;
/// From this value on they are kin.
pub const KIN: f64 = 0.4;
/// From this value on, up or down, they have something to do with each other.
pub const RELATED: f64 = 0.1;

impl Metric {
    /// What a value means; `None` for a distance, whose size says little by itself.
    pub fn meaning(self, value: f64) -> Option<&'static str> {
        if !self.is_similarity() || !self.is_known() {
            return None;
        }
        match value {
            v if v >= CLOSE => Some("close kin"),
            v if v >= KIN => Some("kin"),
            v if v >= RELATED => Some("distant kin"),
            v if v > -RELATED => Some("unrelated"),
            v if v.is_nan() => None,
            _ => Some("opposed"),
        }
    }
}
