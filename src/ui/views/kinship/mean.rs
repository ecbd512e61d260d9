//! The mean over pairs in words: if one pair has no value, why, and the mean over the others.

use crate::kinship::{Kinship, Matrix};
use crate::ui::format;

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
    let named = |k: usize| format::elide_middle(&labels[k], 28);
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
