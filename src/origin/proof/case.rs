//! What a proof is about: a child, its base, and the models that it may have been made from.

use std::path::Path;
use std::sync::Arc;

use crate::checkpoint::{Checkpoint, Dtype, TensorLocation};
use crate::merge::plan::TensorInput;
use crate::merge::recipe::ModelRef;
use crate::merge::run::Opened;

/// A model as a recipe names it, with its files.
#[derive(Clone)]
pub struct Person {
    /// What people call it.
    pub name: String,
    /// As in the recipe.
    pub reference: ModelRef,
    /// Its weights, or those that its adapter changes.
    pub weights: Arc<Checkpoint>,
    /// The LoRA adapter on them.
    pub adapter: Option<Arc<Checkpoint>>,
}

/// A child and its possible parents.
#[derive(Clone)]
pub struct Case {
    /// The folder that the paths of references start from.
    pub root: std::path::PathBuf,
    /// What people call the child.
    pub child_name: String,
    /// The child, with the tensor names of the base.
    pub child: Arc<Checkpoint>,
    /// The base first, then the parents.
    pub people: Vec<Person>,
}

/// The base among [`Case::people`].
pub const BASE: usize = 0;

/// A tensor that the child and all people have in one shape.
#[derive(Clone, Debug)]
pub struct Lined {
    /// Its name in the child.
    pub name: String,
    /// Its layer and kind.
    pub place: TensorLocation,
    /// Its dimensions.
    pub shape: Vec<usize>,
    /// Its format in the child.
    pub dtype: Dtype,
    /// People in their order, then the child.
    pub inputs: Vec<TensorInput>,
}

impl Lined {
    /// How many numbers it has.
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }
}

impl Case {
    /// A case of opened models; people without the base's names for their tensors are seen with
    /// them.
    ///
    /// # Errors
    /// A sentence if the child is an adapter, or if its bytes cannot be compared.
    pub fn new(
        root: &Path,
        (child_name, child): (String, &Checkpoint),
        people: Vec<Person>,
    ) -> Result<Self, String> {
        if child.adapter().is_some() {
            return Err(format!(
                "{child_name} is an adapter, and only whole models are merges; give the model \
                 that it was merged into"
            ));
        }
        if let Some(formats) = child.quantised_as() {
            return Err(format!(
                "{child_name} is quantised ({formats}), so that its bytes say nothing of a merge; \
                 give the model that was quantised"
            ));
        }
        let base = people.first().map(|base| Arc::clone(&base.weights));
        let Some(base) = base else {
            return Err("there is no base".to_owned());
        };
        Ok(Self {
            root: root.to_owned(),
            child_name,
            child: Arc::new(child.seen_as(&base).into_owned()),
            people,
        })
    }

    /// The parents, as numbers of people.
    pub fn parents(&self) -> std::ops::Range<usize> {
        1..self.people.len()
    }

    /// Everything that [`Lined::inputs`] names.
    pub(crate) fn opened(&self) -> Opened {
        let base = &self.people[BASE].weights;
        let people = self.people.iter().map(|person| {
            let weights = Arc::new(person.weights.seen_as(base).into_owned());
            (weights, person.adapter.clone())
        });
        people.chain([(Arc::clone(&self.child), None)]).collect()
    }

    /// The tensors that all have in one shape, in the order of the child.
    pub(crate) fn lined(&self, opened: &Opened) -> Vec<Lined> {
        let tensors = self.child.tensors().iter();
        let lined = tensors.filter(|own| own.numbers().is_some() && own.elements() > 0);
        let lined = lined.filter_map(|own| {
            let input = |(model, (weights, _)): (usize, &(Arc<Checkpoint>, _))| {
                let tensor = weights.tensor(&own.name)?;
                let is_alike = tensor.shape == own.shape && tensor.numbers().is_some();
                is_alike.then(|| TensorInput {
                    model,
                    tensor: tensor.name.clone(),
                    dtype: tensor.dtype,
                })
            };
            Some(Lined {
                name: own.name.clone(),
                place: own.place,
                shape: own.shape.clone(),
                dtype: own.dtype,
                inputs: opened
                    .iter()
                    .enumerate()
                    .map(input)
                    .collect::<Option<_>>()?,
            })
        });
        lined.collect()
    }

    /// The format that most numbers of the child are stored in.
    pub fn child_dtype(&self) -> Option<Dtype> {
        let largest = self
            .child
            .tensors()
            .iter()
            .max_by_key(|own| own.elements())?;
        Some(largest.dtype)
    }
}

/// The last place of a number of this size: the distance to the next number of the format.
pub(crate) fn last_place(dtype: Dtype, x: f64) -> f64 {
    let x = x.abs();
    if x < f64::from(f32::MIN_POSITIVE) {
        return f64::from(f32::MIN_POSITIVE);
    }
    epsilon(dtype) * x.log2().floor().exp2()
}

/// The distance from 1 to the next number of the format.
pub(crate) fn epsilon(dtype: Dtype) -> f64 {
    // The share is ε²/10 over the mean square of a mantissa, 3/(2 ln 2).
    let squared = dtype
        .rounding_share()
        .map(|share| share * 10.0 * 1.5 / std::f64::consts::LN_2);
    squared.map_or(f64::from(f32::EPSILON), f64::sqrt)
}
