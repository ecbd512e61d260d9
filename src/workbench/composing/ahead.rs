//! What a recipe would make: its plan, and the kinship of its child with everybody.
//!
//! Cost: the plan goes over the headers, the kinship over the Gram matrices; for 20 models of
//! 300 tensors a few milliseconds where the method is exact (`cargo bench --bench compose`).

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::{Request, Swept};
use crate::checkpoint::Checkpoint;
use crate::kinship::store::Stored;
use crate::kinship::{Grain, Group, Measure, Metric};
use crate::merge::canvas::Composition;
use crate::merge::plan::{Cost, Model, Plan, Surroundings, plan};
use crate::merge::predict::{Predicted, Unforeseen, foresee};
use crate::merge::problem::Problem;
use crate::merge::recipe::{Setting, Value, parse};
use crate::study::ModelId;

/// What is known of a child before it is made.
#[derive(Clone, Debug, PartialEq)]
pub struct Ahead {
    /// What is wrong with the recipe, errors first.
    pub problems: Vec<Problem>,
    /// What the merge costs; all 0 with errors.
    pub cost: Cost,
    /// Layers that curves and strips are drawn over: the most that an input has.
    pub layers: usize,
    /// Its kinship, or why there is none.
    pub child: Result<Child, NoChild>,
    /// Mean kinship over all pairs of its parents, as [`Metric::ALL`]; known also of a child
    /// that cannot be foreseen.
    pub of_parents: [Option<f64>; 4],
    /// The child's kinship for each value of the swept parameter.
    pub sweep: Vec<SweepPoint>,
}

/// Why the child's kinship is not known.
#[derive(Clone, Debug, PartialEq)]
pub enum NoChild {
    /// The recipe is empty or has errors.
    NoRecipe,
    /// These models of the study have not been measured on this base.
    NotMeasured(Option<ModelId>, Vec<String>),
    /// The sentence for the user.
    Refused(String),
}

/// The child's kinship.
#[derive(Clone, Debug, PartialEq)]
pub struct Child {
    /// Whose family it is in.
    pub base: ModelId,
    /// What it is made from, the base left out.
    pub parents: Vec<ModelId>,
    /// Its kinship with every measured model of the family, as [`Metric::ALL`].
    pub with: BTreeMap<ModelId, [Option<f64>; 4]>,
    /// Whether that is exact.
    pub exact: bool,
    /// How far off a cosine or a Pearson correlation, and a distance as a share of itself, may
    /// be.
    pub error: f64,
    /// Over the layers.
    pub profile: Profile,
}

/// Kinship over the layers, in one measure.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// Names of the layers.
    pub layers: Vec<String>,
    /// Of the child with each parent.
    pub child: Vec<(ModelId, Vec<Option<f64>>)>,
    /// Of the parents with each other, mean over the pairs.
    pub parents: Vec<Option<f64>>,
}

/// The child's kinship for one value of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepPoint {
    /// The value.
    pub value: f64,
    /// Kinship with every measured model, as [`Metric::ALL`].
    pub with: BTreeMap<ModelId, [Option<f64>; 4]>,
}

/// Values of a sweep.
const SWEEP: usize = 21;

/// Works out what a request asks.
pub fn look_ahead(request: &Request) -> Ahead {
    let planned = planned(request, &request.text);
    let Some(plan) = planned else {
        return Ahead {
            problems: Vec::new(),
            cost: Cost::default(),
            layers: 0,
            child: Err(NoChild::NoRecipe),
            of_parents: [None; 4],
            sweep: Vec::new(),
        };
    };
    let opened = plan.steps.iter().flat_map(|s| &s.models);
    let layers = opened.filter_map(|m| Some(m.checkpoint()?.layers())).max();
    let sweep = match &request.swept {
        Some(swept) if plan.is_sound() => sweep(request, swept),
        _ => Vec::new(),
    };
    Ahead {
        layers: layers.unwrap_or(0),
        child: child(request, &plan),
        of_parents: of_parents(request, &plan),
        sweep,
        cost: plan.cost,
        problems: plan.problems,
    }
}

/// The child's kinship for values of one parameter, from one end of its range to the other.
pub fn sweep(request: &Request, swept: &Swept) -> Vec<SweepPoint> {
    let Some(composition) = Composition::read(&request.text, &[]) else {
        return Vec::new();
    };
    let (lo, hi) = swept.range;
    let value = |k: usize| lo + (hi - lo) * k as f64 / (SWEEP - 1) as f64;
    let point = |value: f64| {
        let mut own = composition.clone();
        let setting = Setting::Value(Value::Number(value));
        own.set(swept.merge, swept.place, &swept.key, Some(setting));
        let plan = planned(request, &own.to_text().ok()?)?;
        let family = Family::of(request, &plan)?;
        let predicted = family.foresee(&plan).ok()?;
        Some(SweepPoint {
            value,
            with: family.with(&predicted),
        })
    };
    (0..SWEEP).map(value).filter_map(point).collect()
}

fn planned(request: &Request, text: &str) -> Option<Plan> {
    if text.trim().is_empty() {
        return None;
    }
    let opened: Vec<Arc<Checkpoint>> = request.models.iter().map(|m| m.2.clone()).collect();
    let surroundings = Surroundings {
        root: Path::new("/"),
        hub: request.hub.as_deref(),
        out: None,
        force: false,
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        opened: &opened,
    };
    Some(plan(&parse(text), &surroundings))
}

fn child(request: &Request, plan: &Plan) -> Result<Child, NoChild> {
    if !plan.is_sound() {
        return Err(NoChild::NoRecipe);
    }
    let Some(family) = Family::of(request, plan) else {
        return Err(not_measured(request, plan));
    };
    let predicted = family.foresee(plan).map_err(|why| match why {
        Unforeseen::NotMeasured(names) => NoChild::NotMeasured(Some(family.base), names),
        Unforeseen::Refused(sentence) => NoChild::Refused(sentence),
    })?;
    let parents = family.parents(plan);
    Ok(Child {
        base: family.base,
        with: family.with(&predicted),
        exact: predicted.exact,
        error: predicted.error,
        profile: family.profile(&predicted, &parents, request.metric),
        parents: parents.into_iter().map(|(id, _)| id).collect(),
    })
}

fn of_parents(request: &Request, plan: &Plan) -> [Option<f64>; 4] {
    let Some(family) = Family::of(request, plan).filter(|_| plan.is_sound()) else {
        return [None; 4];
    };
    let parents = family.parents(plan);
    Metric::ALL.map(|metric| family.of_parents(&parents, metric))
}

/// Nothing is measured that the recipe's models are in: which base to measure, and whom.
fn not_measured(request: &Request, plan: &Plan) -> NoChild {
    let known = |m: &Model| {
        let key = m.adapter.as_ref().or(m.checkpoint())?.key();
        request.models.iter().find(|(_, _, c)| c.key() == key)
    };
    let models = || plan.steps.iter().flat_map(|s| &s.models);
    let base = models().find_map(|m| known(m)?.1);
    let names = models().filter(|m| m.checkpoint().is_some());
    NoChild::NotMeasured(base, names.map(|m| m.reference.short_name()).collect())
}

/// The measured family that a plan's models are in.
struct Family<'r> {
    base: ModelId,
    stored: &'r Stored,
    /// The study's model of each of the measured ones, where it is still there.
    ids: Vec<Option<ModelId>>,
}

impl<'r> Family<'r> {
    /// The one that has most of the plan's models.
    fn of(request: &'r Request, plan: &Plan) -> Option<Self> {
        let models = plan.steps.iter().flat_map(|s| &s.models);
        let keys: Vec<&str> = models
            .filter_map(|m| Some(m.adapter.as_ref().or(m.checkpoint())?.key()))
            .collect();
        let has = |stored: &Stored| {
            keys.iter()
                .filter(|k| stored.models.iter().any(|m| m == **k))
                .count()
        };
        let (base, stored) = request
            .measured
            .iter()
            .max_by_key(|(_, stored)| has(stored))?;
        if has(stored) == 0 {
            return None;
        }
        let id = |key: &String| {
            let of = |m: &&(ModelId, Option<ModelId>, Arc<Checkpoint>)| {
                m.2.key() == key && m.1 == Some(*base)
            };
            request.models.iter().find(of).map(|m| m.0)
        };
        Some(Self {
            base: *base,
            stored,
            ids: stored.models.iter().map(id).collect(),
        })
    }

    /// A model of a plan among the measured; the inner `None` is the base.
    fn index(&self, model: &Model) -> Option<Option<usize>> {
        let weights = model.checkpoint()?;
        let on_base = weights.key() == self.stored.base;
        let person = match &model.adapter {
            None if on_base => return Some(None),
            None => weights,
            Some(adapter) => on_base.then_some(adapter)?,
        };
        self.stored
            .models
            .iter()
            .position(|key| key == person.key())
            .map(Some)
    }

    fn foresee(&self, plan: &Plan) -> Result<Predicted, Unforeseen> {
        foresee(plan, &self.stored.kinship, &|model| self.index(model))
    }

    fn with(&self, predicted: &Predicted) -> BTreeMap<ModelId, [Option<f64>; 4]> {
        let each = predicted.with_each_by_all();
        self.ids
            .iter()
            .zip(each)
            .filter_map(|(id, values)| Some(((*id)?, values)))
            .collect()
    }

    /// What the child is made from, each once, the base left out.
    fn parents(&self, plan: &Plan) -> Vec<(ModelId, usize)> {
        let mut out = Vec::new();
        for model in plan.steps.iter().flat_map(|s| &s.models) {
            let Some(at) = self.index(model).flatten() else {
                continue;
            };
            let Some(id) = self.ids[at] else { continue };
            if !out.contains(&(id, at)) {
                out.push((id, at));
            }
        }
        out
    }

    fn of_parents(&self, parents: &[(ModelId, usize)], metric: Metric) -> Option<f64> {
        let kinship = &self.stored.kinship;
        let all = kinship.in_scope(Measure::default().scope);
        mean_of_pairs(parents, |a, b| kinship.value(&all, a, b, whole(metric)))
    }

    fn profile(
        &self,
        predicted: &Predicted,
        parents: &[(ModelId, usize)],
        metric: Metric,
    ) -> Profile {
        let kinship = &predicted.kinship;
        let child = kinship.models - 1;
        let in_layer = |g: &Group| {
            let first = g.tensors.first().and_then(|&k| kinship.tensors.get(k));
            first.is_some_and(|tensor| tensor.place.layer.is_some())
        };
        let mut groups = kinship.groups(Grain::Layer);
        groups.retain(in_layer);
        let line = |other: usize| {
            let values = groups
                .iter()
                .map(|g| kinship.value(&g.tensors, child, other, whole(metric)));
            values.collect()
        };
        let between = |tensors: &[usize]| {
            mean_of_pairs(parents, |a, b| kinship.value(tensors, a, b, whole(metric)))
        };
        Profile {
            child: parents.iter().map(|&(id, at)| (id, line(at))).collect(),
            parents: groups.iter().map(|g| between(&g.tensors)).collect(),
            layers: groups.into_iter().map(|g| g.name).collect(),
        }
    }
}

fn whole(metric: Metric) -> Measure {
    Measure {
        metric,
        ..Measure::default()
    }
}

fn mean_of_pairs(
    parents: &[(ModelId, usize)],
    value: impl Fn(usize, usize) -> Option<f64>,
) -> Option<f64> {
    let mut sum = 0.0;
    let mut pairs = 0;
    for (k, &(_, a)) in parents.iter().enumerate() {
        for &(_, b) in &parents[k + 1..] {
            sum += value(a, b)?;
            pairs += 1;
        }
    }
    (pairs > 0).then(|| sum / f64::from(pairs))
}
