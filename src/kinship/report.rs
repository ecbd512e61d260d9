//! A kinship result as the stable JSON shape of the command line.

use serde::Serialize;

use super::{Aggregate, Grain, Kinship, Matrix, Measure, Metric, Scope};

/// All of a result, with names; undefined values are `null`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Name of the base.
    pub base: String,
    /// Names of the models, in the order of every matrix.
    pub models: Vec<String>,
    /// Numbers of the base that were compared.
    pub parameters: u64,
    /// All tensors as one vector.
    pub whole: Matrices,
    /// Parameter-weighted mean of the tensors' values.
    pub mean_over_tensors: Matrices,
    /// n-model kinship: the mean of `whole` over all pairs.
    pub n_model: Means,
    /// By tensor, layer or kind, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<GroupReport>>,
    /// What was not compared.
    pub left_out: Vec<LeftOutReport>,
}

type Rows = Vec<Vec<Option<f64>>>;

/// The three measures of the paper, n × n.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Matrices {
    /// Pearson correlation.
    pub pearson: Rows,
    /// Signed cosine.
    pub cosine: Rows,
    /// Euclidean distance.
    pub euclidean: Rows,
}

/// The three measures as one number each.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Means {
    /// Pearson correlation.
    pub pearson: Option<f64>,
    /// Signed cosine.
    pub cosine: Option<f64>,
    /// Euclidean distance.
    pub euclidean: Option<f64>,
}

/// One group of tensors.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupReport {
    /// Tensor, layer or kind.
    pub name: String,
    /// Numbers of the base that were compared in it.
    pub parameters: u64,
    /// The measures over the group as one vector.
    #[serde(flatten)]
    pub matrices: Matrices,
}

/// Something that was not compared.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LeftOutReport {
    /// Name of the tensor.
    pub tensor: String,
    /// For which model; `null` for all.
    pub model: Option<String>,
    /// Why.
    pub reason: String,
}

/// Puts names on a result. `scope` says which tensors count.
pub fn report(
    kinship: &Kinship,
    base: &str,
    models: &[String],
    scope: Scope,
    by: Option<Grain>,
) -> Report {
    let tensors = kinship.in_scope(scope);
    let matrix = |metric, aggregate, tensors: &[usize]| {
        kinship.matrix_of(
            tensors,
            Measure {
                metric,
                aggregate,
                scope,
            },
        )
    };
    let matrices = |aggregate, tensors: &[usize]| Matrices {
        pearson: rows(&matrix(Metric::Pearson, aggregate, tensors)),
        cosine: rows(&matrix(Metric::Cosine, aggregate, tensors)),
        euclidean: rows(&matrix(Metric::Euclidean, aggregate, tensors)),
    };
    let everyone: Vec<usize> = (0..kinship.models).collect();
    let mean = |metric| matrix(metric, Aggregate::Whole, &tensors).mean_of_pairs(&everyone);
    let groups = by.map(|grain| {
        let groups = kinship.groups(grain).into_iter();
        let counted = |k: &usize| tensors.binary_search(k).is_ok();
        groups
            .map(|group| {
                (
                    group.name,
                    group
                        .tensors
                        .into_iter()
                        .filter(counted)
                        .collect::<Vec<_>>(),
                )
            })
            .filter(|(_, members)| !members.is_empty())
            .map(|(name, members)| GroupReport {
                name,
                parameters: members.iter().map(|&k| kinship.tensors[k].gram.count).sum(),
                matrices: matrices(Aggregate::Whole, &members),
            })
            .collect()
    });
    Report {
        base: base.to_owned(),
        models: models.to_vec(),
        parameters: tensors.iter().map(|&k| kinship.tensors[k].gram.count).sum(),
        whole: matrices(Aggregate::Whole, &tensors),
        mean_over_tensors: matrices(Aggregate::MeanOverTensors, &tensors),
        n_model: Means {
            pearson: mean(Metric::Pearson),
            cosine: mean(Metric::Cosine),
            euclidean: mean(Metric::Euclidean),
        },
        groups,
        left_out: left_out(kinship, models),
    }
}

fn rows(matrix: &Matrix) -> Rows {
    matrix.rows().map(<[_]>::to_vec).collect()
}

fn left_out(kinship: &Kinship, models: &[String]) -> Vec<LeftOutReport> {
    let with_name = |l: &crate::checkpoint::LeftOut| LeftOutReport {
        tensor: l.tensor.clone(),
        model: l.model.and_then(|k| models.get(k).cloned()),
        reason: l.reason.clone(),
    };
    kinship.left_out.iter().map(with_name).collect()
}
