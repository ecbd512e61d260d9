//! A kinship result as the stable JSON shape of the command line.

use serde::{Deserialize, Serialize, Serializer};

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
    /// Numbers that each pair was compared over, n × n; on the diagonal a model and the base.
    pub compared: Vec<Vec<u64>>,
    /// The same as a share of the numbers of the larger of the two.
    pub compared_share: Vec<Vec<f64>>,
    /// All tensors as one vector.
    pub whole: Matrices,
    /// Parameter-weighted mean of the tensors' values.
    pub mean_over_tensors: Matrices,
    /// n-model kinship: the mean of `whole` over all pairs.
    pub n_model: Means,
    /// In how many directions the models have changed: the participation ratio of the eigenvalues
    /// of their cosines.
    pub effective_rank: Option<f64>,
    /// By tensor, layer or kind, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<GroupReport>>,
    /// What was not compared.
    pub left_out: Vec<LeftOutReport>,
    /// How far quantisation alone has moved the base and the models, where they are quantised.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rounding: Vec<RoundingReport>,
}

/// How far rounding to few bits has moved a model: below that, distances say nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoundingReport {
    /// Name of the model, or of the base.
    pub model: String,
    /// The formats of its weights.
    pub formats: String,
    /// The distance to expect; estimated from a sample where the model is large.
    pub distance: f64,
}

type Rows = Vec<Vec<Option<f64>>>;

/// One matrix a measure, n × n, by its key.
pub type Matrices = ByMetric<Rows>;

/// One number a measure, by its key.
pub type Means = ByMetric<Option<f64>>;

/// Something for each measure that does not follow from another one, in the order on screen.
#[derive(Clone, Debug, PartialEq)]
pub struct ByMetric<T>(pub Vec<(Metric, T)>);

impl<T> ByMetric<T> {
    fn new(of: impl Fn(Metric) -> T) -> Self {
        Self(Metric::independent().map(|m| (m, of(m))).collect())
    }

    /// What stands there for a measure.
    pub fn get(&self, metric: Metric) -> Option<&T> {
        let found = self.0.iter().find(|(own, _)| *own == metric);
        found.map(|(_, value)| value)
    }
}

impl<T: Serialize> Serialize for ByMetric<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(metric, value)| (metric, value)))
    }
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

/// A model as a report names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Its name.
    pub name: String,
    /// How many numbers it has; for an adapter, those of its base.
    pub parameters: u64,
}

/// Puts names on a result. `scope` says which tensors count.
pub fn report(
    kinship: &Kinship,
    base: &str,
    measured: &[Measured],
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
    let matrices = |aggregate, tensors: &[usize]| {
        Matrices::new(|metric| rows(&matrix(metric, aggregate, tensors)))
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
    let pairs = |of: &dyn Fn(usize, usize) -> u64| -> Vec<Vec<u64>> {
        let row = |a: usize| everyone.iter().map(|&b| of(a, b)).collect();
        everyone.iter().map(|&a| row(a)).collect()
    };
    let compared = pairs(&|a, b| kinship.sums(&tensors, a, b, false).count as u64);
    let share = |a: usize, b: usize| {
        let whole = measured[a].parameters.max(measured[b].parameters);
        compared[a][b] as f64 / whole.max(1) as f64
    };
    let models: Vec<String> = measured.iter().map(|m| m.name.clone()).collect();
    Report {
        base: base.to_owned(),
        compared_share: everyone
            .iter()
            .map(|&a| everyone.iter().map(|&b| share(a, b)).collect())
            .collect(),
        compared,
        parameters: tensors.iter().map(|&k| kinship.tensors[k].gram.count).sum(),
        whole: matrices(Aggregate::Whole, &tensors),
        mean_over_tensors: matrices(Aggregate::MeanOverTensors, &tensors),
        n_model: Means::new(mean),
        effective_rank: kinship.effective_rank(&everyone, scope),
        groups,
        left_out: left_out(kinship, &models),
        models,
        rounding: Vec::new(),
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
