//! What is worth knowing of two models, worked out from a result.

use crate::checkpoint::Kind;
use crate::kinship::table::kind_words;
use crate::kinship::{Aggregate, Compared, Kinship, Measure, Metric, PairSums, Scope};
use crate::study::ModelId;
use crate::ui::format;
use crate::ui::views::kinship::{Named, why_undefined};
use crate::workbench::Measured;

/// All of it follows from the key.
pub struct PairStats {
    pub key: Key,
    /// For each metric: whole, and mean over tensors.
    pub values: Vec<(Metric, [Option<f64>; 2])>,
    pub reason: Option<String>,
    /// |δ| over the tensors that both share, as the distance is.
    pub norms: [Option<f64>; 2],
    pub compared: Compared,
    pub kinds: Vec<KindFacts>,
    pub left_out: Vec<String>,
    pub is_provisional: bool,
}

pub struct KindFacts {
    pub kind: Kind,
    /// Whole, and mean over tensors.
    pub values: [Option<f64>; 2],
    pub parameters: u64,
}

#[derive(Clone, PartialEq)]
pub struct Key {
    pub base: ModelId,
    pub revision: u64,
    pub metric: Metric,
    pub tied_twice: bool,
    pub places: [usize; 2],
    pub names: [String; 2],
    /// How many numbers the two have.
    pub sizes: [u64; 2],
}

impl PairStats {
    pub fn new(key: Key, measured: &Measured) -> Self {
        let kinship = measured.kinship();
        let [a, b] = key.places;
        let measure = |metric, aggregate, kind| Measure {
            metric,
            aggregate,
            scope: Scope {
                kind,
                tied_twice: key.tied_twice,
            },
        };
        let all = kinship.in_scope(Scope::default());
        let value = |metric, aggregate| kinship.value(&all, a, b, measure(metric, aggregate, None));
        let values: Vec<_> = Metric::ALL
            .iter()
            .map(|&metric| {
                (
                    metric,
                    Aggregate::ALL.map(|aggregate| value(metric, aggregate)),
                )
            })
            .collect();
        let undefined = values.iter().any(|(_, values)| values[0].is_none());
        let named = |k: usize| Named {
            place: Some(key.places[k]),
            name: &key.names[k],
        };
        let kinds = Kind::ALL.into_iter().filter_map(|kind| {
            let measure = |aggregate| measure(key.metric, aggregate, Some(kind));
            let tensors = kinship.in_scope(measure(Aggregate::Whole).scope);
            let parameters = shared_parameters(kinship, &tensors, a, b);
            (parameters > 0).then(|| KindFacts {
                kind,
                values: Aggregate::ALL
                    .map(|aggregate| kinship.value(&tensors, a, b, measure(aggregate))),
                parameters,
            })
        });
        Self {
            reason: undefined.then(|| why_undefined(kinship, &all, named(0), named(1))),
            norms: norms(&kinship.sums(&all, a, b, key.tied_twice)),
            compared: Compared::of(kinship, a, b, key.sizes),
            kinds: kinds.collect(),
            left_out: left_out(kinship, &key),
            is_provisional: measured.is_provisional(),
            values,
            key,
        }
    }

    /// The facts as lines for a spreadsheet, with every digit.
    pub fn as_table(&self) -> String {
        let [a, b] = &self.key.names;
        let mut lines = vec![format!("{a} × {b}\tWhole model\tMean over tensors")];
        for (metric, [whole, mean]) in &self.values {
            let (whole, mean) = (format::plain(*whole), format::plain(*mean));
            lines.push(format!("{}\t{whole}\t{mean}", metric.title));
        }
        for (name, norm) in self.key.names.iter().zip(self.norms) {
            lines.push(format!("|δ| {name}\t{}", format::plain(norm)));
        }
        lines.push(format!("Numbers compared\t{}", self.compared.numbers));
        let share = format::plain(Some(self.compared.share()));
        lines.push(format!("Share of the larger model\t{share}"));
        for kind in &self.kinds {
            let [whole, mean] = kind.values.map(format::plain);
            let metric = self.key.metric.title;
            lines.push(format!(
                "{metric}, {}\t{whole}\t{mean}",
                kind_words(kind.kind)
            ));
        }
        lines.join("\n")
    }
}

/// |δ| of both; `None` if they share nothing.
fn norms(sums: &PairSums) -> [Option<f64>; 2] {
    let norm = |square: f64| (sums.count > 0.0).then(|| square.sqrt());
    [norm(sums.square_a), norm(sums.square_b)]
}

fn shared_parameters(kinship: &Kinship, tensors: &[usize], a: usize, b: usize) -> u64 {
    let shared = tensors.iter().map(|&k| &kinship.tensors[k]);
    shared
        .filter(|t| t.pair(a, b).is_some())
        .map(|t| t.gram.count)
        .sum()
}

/// Tensors that one of the two lacks, or that could not be compared.
fn left_out(kinship: &Kinship, key: &Key) -> Vec<String> {
    let line = |l: &crate::checkpoint::LeftOut| {
        let who = match l.model {
            None => "all models",
            Some(model) => &key.names[key.places.iter().position(|&place| place == model)?],
        };
        Some(format!("{}, {who}: {}", l.tensor, l.reason))
    };
    kinship.left_out.iter().filter_map(line).collect()
}
