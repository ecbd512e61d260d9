//! A kinship matrix as a table for spreadsheets and scripts, with every digit.

use super::{Aggregate, Matrix, Measure};
use crate::checkpoint::Kind;

/// The matrix as CSV: `model,abacus,…` and a row a model. Undefined values are empty.
///
/// What was measured stands in the name of the file, see [`file_stem`], so that a spreadsheet
/// reads the whole of it as a table. `order` gives the rows, and the columns alike.
pub fn csv(labels: &[String], matrix: &Matrix, order: &[usize]) -> String {
    write(b',', "model", labels, matrix, order)
}

/// The matrix parted by tabs, as spreadsheets paste it; `corner` says what it is.
pub fn tsv(corner: &str, labels: &[String], matrix: &Matrix, order: &[usize]) -> String {
    write(b'\t', corner, labels, matrix, order)
}

/// What a file of this measure is called, such as `kinship-pearson-whole`.
pub fn file_stem(measure: Measure) -> String {
    let metric = measure.metric.key.replace('_', "-");
    let aggregate = match measure.aggregate {
        Aggregate::Whole => "whole",
        Aggregate::MeanOverTensors => "mean-over-tensors",
    };
    let kind = measure.scope.kind.map(|kind| format!("-{}", kind.title()));
    format!("kinship-{metric}-{aggregate}{}", kind.unwrap_or_default())
}

/// A measure in words that begin a sentence, such as `Pearson over the whole model`.
pub fn words(measure: Measure) -> String {
    format!("{} {}", measure.metric.title, of_tensors(measure))
}

/// The same after a comma: only names of people keep their capital.
pub fn words_within(measure: Measure) -> String {
    format!("{} {}", measure.metric.name, of_tensors(measure))
}

fn of_tensors(measure: Measure) -> String {
    match (measure.aggregate, measure.scope.kind) {
        (Aggregate::Whole, None) => "over the whole model".to_owned(),
        (Aggregate::Whole, Some(kind)) => format!("over all {} tensors as one", kind_words(kind)),
        (Aggregate::MeanOverTensors, None) => "as the mean over tensors".to_owned(),
        (Aggregate::MeanOverTensors, Some(kind)) => {
            format!("as the mean over {} tensors", kind_words(kind))
        }
    }
}

/// A kind within a sentence.
pub fn kind_words(kind: Kind) -> &'static str {
    match kind {
        Kind::Mlp => "MLP",
        other => other.title(),
    }
}

fn write(
    delimiter: u8,
    corner: &str,
    labels: &[String],
    matrix: &Matrix,
    order: &[usize],
) -> String {
    let mut out = csv::WriterBuilder::new()
        .delimiter(delimiter)
        .from_writer(Vec::new());
    let label = |&k: &usize| labels.get(k).cloned().unwrap_or_default();
    let number = |value: Option<f64>| value.map(|v| v.to_string()).unwrap_or_default();
    let mut rows = vec![vec![corner.to_owned()]];
    rows[0].extend(order.iter().map(label));
    for row in order {
        let values = order.iter().map(|&column| number(matrix.get(*row, column)));
        rows.push(std::iter::once(label(row)).chain(values).collect());
    }
    for row in rows {
        // Writing to memory, and rows of one length: neither can fail.
        out.write_record(row).ok();
    }
    let bytes = out.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinship::Metric;

    fn labels() -> Vec<String> {
        ["a", "b, c", "中文"].map(String::from).to_vec()
    }

    #[test]
    fn values_keep_all_digits_and_undefined_is_empty() {
        let matrix = Matrix::build(3, |i, j| ((i, j) != (0, 2)).then_some((i + j) as f64 / 3.0));
        assert_eq!(
            csv(&labels(), &matrix, &[2, 0, 1]),
            "model,中文,a,\"b, c\"\n中文,1.3333333333333333,,1\na,,0,0.3333333333333333\n\
             \"b, c\",1,0.3333333333333333,0.6666666666666666\n"
        );
        let pasted = tsv("Pearson", &labels(), &matrix, &[0, 1]);
        assert!(pasted.starts_with("Pearson\ta\tb, c\na\t0\t0.333"));
        assert_eq!(csv(&[], &Matrix::default(), &[]), "model\n");
    }

    #[test]
    fn a_file_is_called_after_its_measure() {
        let mut measure = Measure::default();
        assert_eq!(file_stem(measure), "kinship-pearson-whole");
        assert_eq!(words(measure), "Pearson over the whole model");
        measure.metric = Metric::ABSOLUTE_COSINE;
        measure.aggregate = Aggregate::MeanOverTensors;
        measure.scope.kind = Some(Kind::Mlp);
        assert_eq!(
            file_stem(measure),
            "kinship-absolute-cosine-mean-over-tensors-mlp"
        );
        assert_eq!(
            words_within(measure),
            "absolute cosine as the mean over MLP tensors"
        );
    }
}
