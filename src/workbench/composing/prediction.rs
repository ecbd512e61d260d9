//! What a recipe would make: its plan, and the kinship of its child with all measured models.
//!
//! Cost: the plan goes over the headers, the kinship over the Gram matrices; for 20 models of
//! 300 tensors one or two milliseconds where the method is exact (`cargo bench --bench compose`).

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::family::{Family, Profile};
use super::gain::MergeKind;
use super::{Request, Swept};
use crate::checkpoint::{Checkpoint, Dtype};
use crate::kinship::Values;
use crate::merge::composition::Composition;
use crate::merge::plan::{Cost, Model, Plan, Surroundings, plan_of};
use crate::merge::predict::{PredictError, Predicted};
use crate::merge::problem::Problem;
use crate::merge::recipe::{Parsed, Setting, Value, parse};
use crate::parallel;
use crate::study::ModelId;

/// What is known of a child before it is made.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// What is wrong with the recipe, errors first.
    pub problems: Vec<Problem>,
    /// What the merge costs; all 0 with errors.
    pub cost: Cost,
    /// What becomes of the tokens, where their files could be read.
    pub tokens: Option<TokensSummary>,
    /// Layers that curves and strips are drawn over: the most that an input has.
    pub layers: usize,
    /// Its kinship, or why there is none.
    pub child: Result<Child, NoChild>,
    /// What kind of merge it is; `None` where gains say nothing of it.
    pub kind: Option<MergeKind>,
    /// Mean kinship over all pairs of its parents; known also of a child that cannot be predicted.
    pub of_parents: Values,
    /// The child's kinship for each value of the swept parameter.
    pub sweep: Vec<SweepPoint>,
}

/// The tokens of a child in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokensSummary {
    /// `None` where rows of the same number are merged, whatever their tokens.
    pub child: Option<ChildCounts>,
    /// Whether some model numbers its tokens otherwise than another.
    pub differ: bool,
    /// Roles of tokens and chat templates in which a model differs from the child.
    pub conflicts: usize,
}

/// How many tokens a child has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChildCounts {
    pub tokens: usize,
    pub rows: usize,
    /// Tokens that follow on those it starts from.
    pub new: usize,
}

impl TokensSummary {
    fn of(plan: &Plan) -> Option<Self> {
        let report = &plan.steps.last()?.tokens.as_ref()?.report;
        let child = report.child.as_ref().map(|own| ChildCounts {
            tokens: own.tokens,
            rows: own.rows,
            new: own.appended.len(),
        });
        let models = &report.models;
        Some(Self {
            child,
            differ: (models.iter()).any(|own| !own.alone.is_empty() || !own.moved.is_empty()),
            conflicts: report.conflicts.len(),
        })
    }
}

/// Why the child's kinship is not known.
#[derive(Clone, Debug, PartialEq)]
pub enum NoChild {
    /// The recipe is empty or has errors.
    NoRecipe,
    /// These models of the study have not been measured on this base.
    NotMeasured(Option<ModelId>, Vec<String>),
    Refused(String),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Child {
    pub base: ModelId,
    /// What it is made from, the base left out.
    pub parents: Vec<ModelId>,
    /// Its kinship with every measured model of the family.
    pub with: BTreeMap<ModelId, Values>,
    pub exact: bool,
    /// How far off a cosine or a Pearson correlation, and a distance as a share of itself, may
    /// be.
    pub error: f64,
    /// What is lost when it is written; `None` where its format keeps every digit.
    pub rounding: Option<Rounding>,
    pub profile: Profile,
}

/// What rounding to the format that is written takes of a child's kinship.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rounding {
    /// The format of most of its numbers.
    pub format: Dtype,
    /// About this share of each correlation.
    pub lost: f64,
}

/// The child's kinship for one value of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepPoint {
    pub value: f64,
    /// Kinship with every measured model.
    pub with: BTreeMap<ModelId, Values>,
}

const SWEEP: usize = 21;

pub fn predict(request: &Request) -> Prediction {
    if request.text.trim().is_empty() {
        return Prediction {
            problems: Vec::new(),
            cost: Cost::default(),
            tokens: None,
            layers: 0,
            child: Err(NoChild::NoRecipe),
            kind: None,
            of_parents: Values::default(),
            sweep: Vec::new(),
        };
    }
    let mut plan = planned(request, &request.parsed);
    if !plan.problems.is_empty() && !request.parsed.positions.are_known() {
        // The lines of the text are only asked for where something is wrong.
        plan = planned(request, &parse(&request.text));
    }
    let opened = plan.steps.iter().flat_map(|s| &s.models);
    let layers = opened.filter_map(|m| Some(m.checkpoint()?.layers())).max();
    let sweep = match &request.swept {
        Some(swept) if plan.is_sound() => sweep(request, swept),
        _ => Vec::new(),
    };
    let family = Family::of(request, &plan).filter(|_| plan.is_sound());
    let child = child(request, &plan, family.as_ref());
    let kind = match (&family, &child) {
        (_, Err(NoChild::Refused(_))) | (None, _) => None,
        (Some(family), _) => kind(&plan, family),
    };
    Prediction {
        layers: layers.unwrap_or(0),
        kind,
        of_parents: (family.as_ref()).map_or_else(Values::default, |f| f.of_parents(&plan)),
        child,
        sweep,
        tokens: TokensSummary::of(&plan),
        cost: plan.cost,
        problems: plan.problems,
    }
}

/// The kind of a merge in one step; merges of merges are of none.
fn kind(plan: &Plan, family: &Family<'_>) -> Option<MergeKind> {
    let [step] = &plan.steps[..] else { return None };
    let parents = family.parents(plan).len();
    Some(MergeKind::of(step.method.description().name, parents))
}

/// What the formats of the last step take of its child.
fn rounding(predicted: &Predicted<'_>, plan: &Plan) -> Option<Rounding> {
    let step = plan.steps.last()?;
    let format = |name: &str| step.tensor(name).map(|tensor| tensor.dtype);
    let largest = (step.tensors.iter()).max_by_key(|t| t.shape.iter().product::<usize>())?;
    largest.dtype.rounding_share()?;
    Some(Rounding {
        format: largest.dtype,
        lost: predicted.lost_to_rounding(&|name| format(name)?.rounding_share()),
    })
}

/// The child's kinship for values of one parameter, from one end of its range to the other.
pub fn sweep(request: &Request, swept: &Swept) -> Vec<SweepPoint> {
    let composition = Composition {
        recipes: request.parsed.recipes.clone(),
        ..Composition::default()
    };
    let (lo, hi) = swept.range;
    let value = |k: usize| lo + (hi - lo) * k as f64 / (SWEEP - 1) as f64;
    let point = |value: f64| {
        let mut own = composition.clone();
        let setting = Setting::Value(Value::Number(value));
        own.set(swept.merge, swept.place, &swept.key, Some(setting));
        let plan = planned(request, &Parsed::from(own.recipes));
        let family = Family::of(request, &plan)?;
        let predicted = family.predict(&plan).ok()?;
        Some(SweepPoint {
            value,
            with: family.with(&predicted),
        })
    };
    (0..SWEEP).map(value).filter_map(point).collect()
}

fn planned(request: &Request, parsed: &Parsed) -> Plan {
    let opened: Vec<Arc<Checkpoint>> = request.models.iter().map(|m| m.2.clone()).collect();
    let surroundings = Surroundings {
        root: Path::new("/"),
        working: None,
        hub: request.hub.as_deref(),
        out: None,
        intermediates: None,
        force: false,
        allow_crimes: false,
        threads: parallel::threads(),
        opened: &opened,
    };
    plan_of(parsed, request.output, &surroundings)
}

fn child(request: &Request, plan: &Plan, family: Option<&Family<'_>>) -> Result<Child, NoChild> {
    if !plan.is_sound() {
        return Err(NoChild::NoRecipe);
    }
    let Some(family) = family else {
        return Err(not_measured(request, plan));
    };
    let predicted = family.predict(plan).map_err(|why| match why {
        PredictError::NotMeasured(names) => NoChild::NotMeasured(Some(family.base), names),
        PredictError::Refused(sentence) => NoChild::Refused(sentence),
    })?;
    let parents = family.parents(plan);
    Ok(Child {
        base: family.base,
        with: family.with(&predicted),
        exact: predicted.exact,
        error: predicted.error,
        rounding: rounding(&predicted, plan),
        profile: family.profile(&predicted, &parents, request.metric),
        parents: parents.into_iter().map(|(id, _)| id).collect(),
    })
}

/// Nothing is measured that the recipe's models are in: which base to measure, and which models.
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
