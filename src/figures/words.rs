//! Words of captions and labels.

use crate::study::{Model, StudyDoc};
use crate::text::number;

/// Two significant digits, for slopes of any size.
pub fn significant(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return number(0.0, 1);
    }
    let decimals = (1.0 - value.abs().log10().floor()).clamp(0.0, 8.0);
    number(value, decimals as usize)
}

/// `p = 0.064`, or `p < 0.001`.
pub fn p(value: f64) -> String {
    match value {
        v if v < 0.001 => "p < 0.001".to_owned(),
        v if v < 0.1 => format!("p = {v:.3}"),
        v => format!("p = {v:.2}"),
    }
}

/// From and to: `−0.82 … 0.03`.
pub fn interval((lo, hi): (f64, f64), decimals: usize) -> String {
    format!("{} … {}", number(lo, decimals), number(hi, decimals))
}

/// Where a study's data are from, else its name.
pub fn source(doc: &StudyDoc) -> String {
    match doc.source.as_str() {
        "" => doc.name.clone(),
        source => source.to_owned(),
    }
}

/// The words for a run; the study's own merges have no run's name.
pub fn run(name: &str) -> &str {
    if name.is_empty() { "This study" } else { name }
}

/// What a model is, for hover: its parents by name.
pub fn parents(doc: &StudyDoc, model: &Model) -> Option<(String, String)> {
    if model.parents.is_empty() {
        return None;
    }
    let mut names: Vec<&str> = model.parents.iter().map(|&id| doc.name_of(id)).collect();
    if model.origin.unnamed_parents {
        names.push("…");
    }
    Some(("Parents".to_owned(), names.join(" × ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_true_minus_signs_and_enough_digits() {
        assert_eq!(significant(-1.908), "−1.9");
        assert_eq!(significant(0.068_4), "0.068");
        assert_eq!(significant(123.4), "123");
        assert_eq!(p(0.0635), "p = 0.064");
        assert_eq!(p(0.000_01), "p < 0.001");
        assert_eq!(p(0.41), "p = 0.41");
        assert_eq!(interval((-0.82, 0.03), 2), "−0.82 … 0.03");
    }

    #[test]
    fn a_study_without_a_source_is_its_own() {
        let mut doc = StudyDoc {
            name: "Mine".to_owned(),
            ..StudyDoc::default()
        };
        assert_eq!(source(&doc), "Mine");
        doc.source = "a paper, Table 4".to_owned();
        assert_eq!(source(&doc), "a paper, Table 4");
    }
}
