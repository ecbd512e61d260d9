//! What the map shows, worked out from a result and kept until something it came from changes.

use crate::checkpoint::Kind;
use crate::kinship::{
    Aggregate, Join, Kinship, Matrix, Measure, Metric, PairValues, Scope, cluster_by, cut_into,
    groups, participation,
};
use crate::study::{ModelId, Order, TreeChoices};
use crate::text;
use crate::ui::colormap::{Scale, kinship_scale};
use crate::ui::format;
use crate::ui::widgets::heatmap::MOST_CELLS_READ;
use crate::workbench::{Family, Measured, Workbench};

/// How long a large family may show what it had while a measurement runs, in seconds.
const PATIENCE_SECS: f64 = 1.0;

/// More groups than this are not named beside a large map.
const MOST_CLUSTERS: usize = 12;

/// What everything in [`Shown`] follows from.
#[derive(Clone, PartialEq)]
pub struct Key {
    pub base: ModelId,
    pub models: Vec<ModelId>,
    /// Models of the family that the user has left out.
    pub hidden: Vec<ModelId>,
    pub labels: Vec<String>,
    /// The same where there is little room.
    pub short: Vec<String>,
    /// Where each model stands in the result.
    pub places: Vec<Option<usize>>,
    pub revision: u64,
    /// The measure; its kind is one that the family has.
    pub measure: Measure,
    /// How the tree is made and cut.
    pub tree: TreeChoices,
    /// Of the colours, where the user has set it.
    pub range: Option<(f64, f64)>,
    pub averages: Vec<Option<f64>>,
    pub generations: Vec<u32>,
    pub provisional: bool,
}

impl Key {
    pub fn new(bench: &Workbench, family: &Family, measured: &Measured) -> Self {
        let doc = bench.study().doc();
        let mut measure = doc.view.measure;
        let provisional = measured.is_provisional();
        let is_there = |kind: Kind| measured.kinship().has_kind(kind);
        // Another family may lack the kind; during a measurement it may still arrive.
        measure.scope.kind = measure.scope.kind.filter(|&k| provisional || is_there(k));
        let colours = doc.view.colours.filter(|r| r.metric == measure.metric);
        let row = |&id: &ModelId| bench.record().row(id);
        let average = |id: &ModelId| row(id)?.average.filter(|v| v.is_finite());
        let is_shown = |id: ModelId| !doc.model(id).is_some_and(|model| model.is_hidden);
        let pairs = family.models.iter().copied().zip(&family.measured);
        let (models, places): (Vec<ModelId>, Vec<Option<usize>>) =
            pairs.filter(|(id, _)| is_shown(*id)).unzip();
        Self {
            range: colours.map(|range| (range.lo, range.hi)),
            averages: models.iter().map(average).collect(),
            generations: (models.iter())
                .map(|id| row(id).map_or(0, |row| row.generation))
                .collect(),
            base: family.base,
            labels: models
                .iter()
                .map(|&id| doc.name_of(id).to_owned())
                .collect(),
            short: models
                .iter()
                .map(|&id| bench.short(id).to_owned())
                .collect(),
            hidden: family
                .models
                .iter()
                .copied()
                .filter(|&id| !is_shown(id))
                .collect(),
            models,
            places,
            revision: measured.revision(),
            measure,
            tree: doc.view.tree,
            provisional,
        }
    }
}

/// What the map shows. Models are named by their place in the family.
pub struct Shown {
    pub key: Key,
    at: f64,
    pub tensors: Vec<usize>,
    pub matrix: Matrix,
    pub joins: Vec<Join>,
    pub by_relatedness: Vec<usize>,
    pub by_name: Vec<usize>,
    by_score: Vec<usize>,
    by_generation: Vec<usize>,
    /// Relatives that stand beside each other, where there are too many models to name each.
    pub clusters: Vec<Vec<usize>>,
    /// What comes apart where the user has cut the tree; empty without a cut.
    pub cut: Vec<Vec<usize>>,
    /// In how many directions the models have changed, if all have a cosine.
    pub rank: Option<f64>,
    pub scale: Scale,
    /// Kinds that the result has, in the order on screen.
    pub kinds: Vec<Kind>,
    /// Numbers of the base that were compared.
    pub parameters: u64,
    /// Over all pairs of measured models.
    pub mean: Mean,
    pub has_undefined: bool,
}

impl Shown {
    pub fn new(key: Key, measured: &Measured, kept: &mut Kept, now: f64) -> Self {
        let kinship = measured.kinship();
        let tensors = kinship.in_scope(key.measure.scope);
        let values = kept.values(kinship, &tensors, &key);
        let matrix = Matrix::build(key.places.len(), |i, j| {
            values.get(key.measure.metric, key.places[i]?, key.places[j]?)
        });
        let tree = cluster_by(key.tree.linkage, &matrix, key.measure.metric);
        let cut = cut_into(&tree.order, &tree.joins, key.tree.clusters as usize);
        let known: Vec<usize> = (0..matrix.len())
            .filter(|&k| key.places[k].is_some())
            .collect();
        let cosines = Matrix::build(key.places.len(), |i, j| {
            values.get(Metric::COSINE, key.places[i]?, key.places[j]?)
        });
        let rank = participation(&cosines, &known).filter(|_| !key.provisional);
        let mut by_name: Vec<usize> = (0..matrix.len()).collect();
        by_name.sort_by(|&a, &b| text::by_name(&key.labels[a], &key.labels[b]));
        // Without a score last; equals stay in the order of their names.
        let score = |k: usize| key.averages[k].unwrap_or(f64::NEG_INFINITY);
        let mut by_score = by_name.clone();
        by_score.sort_by(|&a, &b| score(b).total_cmp(&score(a)));
        let mut by_generation = by_score.clone();
        by_generation.sort_by_key(|&k| key.generations[k]);
        let source = Source {
            matrix: &matrix,
            labels: &key.short,
            places: &key.places,
            tensors: &tensors,
            is_everything: key.measure.scope.kind.is_none(),
        };
        let mean = if key.provisional {
            Mean::default()
        } else {
            Mean::new(kinship, source, &known)
        };
        Self {
            at: now,
            has_undefined: !key.provisional && known.len() > 1 && mean.value().is_none(),
            mean,
            scale: kinship_scale(key.measure.metric, &matrix, key.range),
            kinds: Kind::ALL
                .into_iter()
                .filter(|&kind| kinship.has_kind(kind))
                .collect(),
            parameters: tensors.iter().map(|&k| kinship.tensors[k].gram.count).sum(),
            rank,
            clusters: groups(&tree.order, &tree.joins, MOST_CLUSTERS),
            cut,
            joins: tree.joins,
            by_relatedness: tree.order,
            by_name,
            by_score,
            by_generation,
            tensors,
            matrix,
            key,
        }
    }

    /// Whether what is shown may stand a little longer although more of it has arrived.
    pub fn may_wait(&self, key: &Key, measured: &Measured, now: f64) -> bool {
        let only_newer = self.key.revision != key.revision
            && self.key
                == Key {
                    revision: self.key.revision,
                    ..key.clone()
                };
        measured.is_provisional()
            && only_newer
            && key.models.len() > MOST_CELLS_READ
            && (0.0..PATIENCE_SECS).contains(&(now - self.at))
    }

    /// Changes with the values and their order.
    pub const fn stamp(&self, order: Order) -> (u64, usize) {
        (self.at.to_bits(), order as usize)
    }

    pub fn order(&self, order: Order) -> &[usize] {
        match order {
            Order::Relatedness => &self.by_relatedness,
            Order::Name => &self.by_name,
            Order::Score => &self.by_score,
            Order::Generation => &self.by_generation,
        }
    }

    /// The cluster of every model; empty without a cut.
    pub fn cluster_of(&self) -> Vec<usize> {
        let mut out = vec![
            0;
            if self.cut.is_empty() {
                0
            } else {
                self.key.models.len()
            }
        ];
        for (k, group) in self.cut.iter().enumerate() {
            group.iter().for_each(|&model| out[model] = k);
        }
        out
    }

    pub fn place_of(&self, id: ModelId) -> Option<usize> {
        self.key.models.iter().position(|&m| m == id)
    }

    pub fn known(&self) -> usize {
        self.key.places.iter().flatten().count()
    }
}

/// The values of all pairs by every metric, for each scope of one result that was looked at:
/// to change the metric costs nothing, and to come back to a scope does not either.
#[derive(Default)]
pub struct Kept {
    revision: u64,
    entries: Vec<((Scope, Aggregate), PairValues)>,
}

impl Kept {
    fn values(&mut self, kinship: &Kinship, tensors: &[usize], key: &Key) -> &PairValues {
        if self.revision != key.revision {
            self.entries.clear();
            self.revision = key.revision;
        }
        let Measure {
            scope, aggregate, ..
        } = key.measure;
        let wanted = (scope, aggregate);
        let at = self.entries.iter().position(|(has, _)| *has == wanted);
        let at = at.unwrap_or_else(|| {
            let new = kinship.pair_values(tensors, aggregate, scope.tied_twice);
            self.entries.push((wanted, new));
            self.entries.len() - 1
        });
        &self.entries[at].1
    }
}

impl<'a> From<&'a Shown> for Source<'a> {
    fn from(shown: &'a Shown) -> Self {
        Self {
            matrix: &shown.matrix,
            labels: &shown.key.short,
            places: &shown.key.places,
            tensors: &shown.tensors,
            is_everything: shown.key.measure.scope.kind.is_none(),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mean {
    /// Over the pairs that have a value.
    defined: Option<f64>,
    n_defined: usize,
    /// Why others have none; `None` if all have one.
    because: Option<String>,
}

/// What a mean is taken of. Models are named by their place in the family.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    pub matrix: &'a Matrix,
    pub labels: &'a [String],
    /// Where each model stands in the result.
    pub places: &'a [Option<usize>],
    pub tensors: &'a [usize],
    /// Whether the tensors are all there are.
    pub is_everything: bool,
}

impl Mean {
    pub fn new(kinship: &Kinship, source: Source<'_>, models: &[usize]) -> Self {
        let (defined, n_defined) = source.matrix.mean_of_defined(models);
        let pairs = models.len() * models.len().saturating_sub(1) / 2;
        let because = (n_defined < pairs).then(|| because(kinship, source, models));
        Self {
            defined,
            n_defined,
            because,
        }
    }

    /// The mean over all pairs; `None` if one has no value.
    pub fn value(&self) -> Option<f64> {
        self.defined.filter(|_| self.because.is_none())
    }

    /// The number, or why there is none and what there is instead.
    pub fn words(&self) -> String {
        let Some(because) = &self.because else {
            return format::kinship(self.defined);
        };
        let rest = match self.n_defined {
            0 => String::new(),
            1 => format!("; {} over the other pair", format::kinship(self.defined)),
            n => format!(
                "; {} over the other {}",
                format::kinship(self.defined),
                format::counted(n, "pair")
            ),
        };
        format!("{} because {because}{rest}", format::UNDEFINED)
    }
}

/// Why some pairs of `models` have no value.
fn because(kinship: &Kinship, source: Source<'_>, models: &[usize]) -> String {
    let Source {
        matrix,
        labels,
        places,
        ..
    } = source;
    let named = |k: usize| &labels[k];
    if let Some(&k) = models.iter().find(|&&k| places[k].is_none()) {
        return format!("{} is not measured yet", named(k));
    }
    // A model that has no value with itself has none with anybody.
    let alone = |&&k: &&usize| matrix.get(k, k).is_none();
    let culprits: Vec<usize> = models.iter().filter(alone).copied().collect();
    let undefined = (models.iter().enumerate())
        .flat_map(|(at, &a)| models[at + 1..].iter().map(move |&b| (a, b)))
        .filter(|&(a, b)| matrix.get(a, b).is_none());
    let others = undefined.filter(|(a, b)| !culprits.contains(a) && !culprits.contains(b));
    let others = others.count();
    let equal = |&k: &usize| {
        let place = places[k]?;
        let sums = kinship.sums(source.tensors, place, place, false);
        (sums.count > 0.0).then_some(sums.square_a == 0.0)
    };
    let here = if source.is_everything { "" } else { " here" };
    let all_equal = culprits.iter().all(|k| equal(k) == Some(true));
    match culprits[..] {
        [one] if others == 0 && all_equal => {
            format!("{} is equal to its base{here}", named(one))
        }
        [one] if others == 0 && equal(&one).is_none() => {
            format!("{} has no finite numbers{here}", named(one))
        }
        [one] if others == 0 => format!("{} changed all numbers alike{here}", named(one)),
        [a, b] if others == 0 && all_equal => format!(
            "{} and {} are equal to their base{here}",
            named(a),
            named(b)
        ),
        [_, ..] if others == 0 && all_equal => format!(
            "{} are equal to their base{here}",
            format::counted(culprits.len(), "model")
        ),
        [_, ..] if others == 0 => {
            format!(
                "{} have no value{here}",
                format::counted(culprits.len(), "model")
            )
        }
        _ => "some pairs have no value".to_owned(),
    }
}
