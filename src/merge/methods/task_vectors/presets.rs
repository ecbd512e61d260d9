//! The task-vector methods of mergekit: one implementation, eight sets of choices.

use super::TaskVectors;
use super::mask::Sparsifier;
use crate::merge::method::{BaseRule, Description, Parameter, ParameterScope, Prediction};

/// How much of a task vector there is in the child.
const WEIGHT: Parameter = Parameter::weight("How much of the model's change there is in the child");
const DENSITY: Parameter = Parameter::number(
    "density",
    "Share of the model's changes that is kept",
    ParameterScope::PerModel,
    [0.0, 1.0],
    (0.1, 1.0),
    Some(1.0),
);
const GAMMA: Parameter = Parameter::number(
    "gamma",
    "Share of the largest changes that is dropped as outliers",
    ParameterScope::PerModel,
    [0.0, 1.0],
    (0.0, 0.1),
    Some(0.01),
);
const EPSILON: Parameter = Parameter::number(
    "epsilon",
    "How far the chance to be kept goes below and above the density, by size of the change",
    ParameterScope::PerModel,
    [0.0, 1.0],
    (0.0, 0.3),
    Some(0.15),
);
const LAMBDA: Parameter = Parameter::LAMBDA;
const INT8_MASK: Parameter = Parameter::flag(
    "int8_mask",
    "Changes no number; kept for recipes that have it",
    false,
);

const fn normalize(default: bool) -> Parameter {
    Parameter::flag("normalize", "Divide by the sum of the weights", default)
}

const fn rescale(default: bool) -> Parameter {
    Parameter::flag(
        "rescale",
        "Enlarge what is kept so that the sum of its magnitudes is that of all",
        default,
    )
}

const fn plain(normalized: bool, rescaled: bool) -> [Parameter; 6] {
    let (normalize, rescale) = (normalize(normalized), rescale(rescaled));
    [WEIGHT, DENSITY, normalize, rescale, LAMBDA, INT8_MASK]
}

const fn with(own: Parameter, normalized: bool, rescaled: bool) -> [Parameter; 7] {
    let (normalize, rescale) = (normalize(normalized), rescale(rescaled));
    [WEIGHT, DENSITY, own, normalize, rescale, LAMBDA, INT8_MASK]
}

const ADDED: &[Parameter] = &plain(false, false);
const VOTED: &[Parameter] = &plain(true, false);
const ENLARGED: &[Parameter] = &plain(false, true);
const TRIMMED: &[Parameter] = &with(GAMMA, false, false);
const RANKED: &[Parameter] = &with(EPSILON, false, true);
const RANKED_AND_VOTED: &[Parameter] = &with(EPSILON, true, true);

type Paper = (&'static str, &'static str);

const TASK_ARITHMETIC_PAPER: Paper = (
    "Editing Models with Task Arithmetic",
    "https://arxiv.org/abs/2212.04089",
);
const TIES_PAPER: Paper = (
    "TIES-Merging: Resolving Interference When Merging Models",
    "https://arxiv.org/abs/2306.01708",
);
const DARE_PAPER: Paper = (
    "Language Models are Super Mario: Absorbing Abilities from Homologous Models as a Free Lunch",
    "https://arxiv.org/abs/2311.03099",
);
const BREADCRUMBS_PAPER: Paper = (
    "Model Breadcrumbs: Scaling Multi-Task Model Merging with Sparse Masks",
    "https://arxiv.org/abs/2312.06795",
);
const DELLA_PAPER: Paper = (
    "DELLA-Merging: Reducing Interference in Model Merging through Magnitude-Based Sampling",
    "https://arxiv.org/abs/2406.11617",
);

/// A prediction that is off by nothing is exact.
const fn preset(
    name: &'static str,
    title: &'static str,
    help: &'static str,
    paper: Paper,
    parameters: &'static [Parameter],
    prediction_error: f64,
) -> Description {
    Description {
        name,
        title,
        help,
        paper: Some(paper),
        base: BaseRule::Required,
        base_is_model: false,
        models: (0, usize::MAX),
        fewest_of_old: None,
        parameters,
        prediction: match prediction_error > 0.0 {
            true => Prediction::Estimate,
            false => Prediction::Exact,
        },
        prediction_error,
    }
}

/// Task arithmetic.
pub static TASK_ARITHMETIC: TaskVectors = TaskVectors {
    description: &preset(
        "task_arithmetic",
        "Task arithmetic",
        "Adds the weighted changes of the models to the base",
        TASK_ARITHMETIC_PAPER,
        ADDED,
        0.0,
    ),
    sparsifier: None,
    consensus: false,
};

/// TIES.
pub static TIES: TaskVectors = TaskVectors {
    description: &preset(
        "ties",
        "TIES",
        "Keeps the largest changes, lets the models vote on each sign and merges those that agree",
        TIES_PAPER,
        VOTED,
        0.1,
    ),
    sparsifier: Some(Sparsifier::Magnitude),
    consensus: true,
};

/// DARE.
pub static DARE_LINEAR: TaskVectors = TaskVectors {
    description: &preset(
        "dare_linear",
        "DARE",
        "Drops changes at random, enlarges the rest and adds them to the base",
        DARE_PAPER,
        ENLARGED,
        0.05,
    ),
    sparsifier: Some(Sparsifier::Random),
    consensus: false,
};

/// DARE TIES.
pub static DARE_TIES: TaskVectors = TaskVectors {
    description: &preset(
        "dare_ties",
        "DARE TIES",
        "Drops changes at random, enlarges the rest and merges those that agree in sign",
        DARE_PAPER,
        ENLARGED,
        0.05,
    ),
    sparsifier: Some(Sparsifier::Random),
    consensus: true,
};

/// Model Breadcrumbs.
pub static BREADCRUMBS: TaskVectors = TaskVectors {
    description: &preset(
        "breadcrumbs",
        "Model Breadcrumbs",
        "Drops the smallest and the very largest changes and adds the rest to the base",
        BREADCRUMBS_PAPER,
        TRIMMED,
        0.1,
    ),
    sparsifier: Some(Sparsifier::Outliers),
    consensus: false,
};

/// Breadcrumbs TIES.
pub static BREADCRUMBS_TIES: TaskVectors = TaskVectors {
    description: &preset(
        "breadcrumbs_ties",
        "Breadcrumbs TIES",
        "Drops the smallest and the very largest changes and merges those that agree in sign",
        BREADCRUMBS_PAPER,
        TRIMMED,
        0.1,
    ),
    sparsifier: Some(Sparsifier::Outliers),
    consensus: true,
};

/// DELLA.
pub static DELLA: TaskVectors = TaskVectors {
    description: &preset(
        "della",
        "DELLA",
        "Drops changes at random, small ones more often, and merges those that agree in sign",
        DELLA_PAPER,
        RANKED_AND_VOTED,
        0.15,
    ),
    sparsifier: Some(Sparsifier::Della),
    consensus: true,
};

/// DELLA linear.
pub static DELLA_LINEAR: TaskVectors = TaskVectors {
    description: &preset(
        "della_linear",
        "DELLA linear",
        "Drops changes at random, small ones more often, and adds the rest to the base",
        DELLA_PAPER,
        RANKED,
        0.05,
    ),
    sparsifier: Some(Sparsifier::Della),
    consensus: false,
};
