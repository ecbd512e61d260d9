//! The task-vector methods of mergekit: one implementation, eight sets of choices.

use super::super::{BaseRule, Description, Parameter, ParameterScope, Prediction};
use super::{Sparsifier, TaskVectors};

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
const LAMBDA: Parameter = Parameter::number(
    "lambda",
    "What the merged change is multiplied by before it is added to the base",
    ParameterScope::Global,
    super::super::ANY,
    (0.0, 2.0),
    Some(1.0),
);
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

/// Task arithmetic.
pub static TASK_ARITHMETIC: TaskVectors = TaskVectors {
    description: &Description {
        name: "task_arithmetic",
        title: "Task arithmetic",
        help: "Adds the weighted changes of the models to the base",
        paper: Some((
            "Editing Models with Task Arithmetic",
            "https://arxiv.org/abs/2212.04089",
        )),
        base: BaseRule::Required,
        base_is_model: false,
        models: (0, usize::MAX),
        parameters: &[
            WEIGHT,
            DENSITY,
            normalize(false),
            rescale(false),
            LAMBDA,
            INT8_MASK,
        ],
        prediction: Prediction::Exact,
        prediction_error: 0.0,
    },
    sparsifier: None,
    consensus: false,
};

/// TIES.
pub static TIES: TaskVectors = TaskVectors {
    description: &Description {
        name: "ties",
        title: "TIES",
        help: "Keeps the largest changes, lets the models vote on each sign and merges those that agree",
        paper: Some((
            "TIES-Merging: Resolving Interference When Merging Models",
            "https://arxiv.org/abs/2306.01708",
        )),
        base: BaseRule::Required,
        base_is_model: false,
        models: (0, usize::MAX),
        parameters: &[
            WEIGHT,
            DENSITY,
            normalize(true),
            rescale(false),
            LAMBDA,
            INT8_MASK,
        ],
        prediction: Prediction::Estimate,
        prediction_error: 0.1,
    },
    sparsifier: Some(Sparsifier::Magnitude),
    consensus: true,
};

/// DARE.
pub static DARE_LINEAR: TaskVectors = TaskVectors {
    description: &Description {
        name: "dare_linear",
        title: "DARE",
        help: "Drops changes at random, enlarges the rest and adds them to the base",
        paper: Some((
            "Language Models are Super Mario: Absorbing Abilities from Homologous Models as a Free Lunch",
            "https://arxiv.org/abs/2311.03099",
        )),
        base: BaseRule::Required,
        base_is_model: false,
        models: (0, usize::MAX),
        parameters: &[
            WEIGHT,
            DENSITY,
            normalize(false),
            rescale(true),
            LAMBDA,
            INT8_MASK,
        ],
        prediction: Prediction::Estimate,
        prediction_error: 0.05,
    },
    sparsifier: Some(Sparsifier::Random),
    consensus: false,
};

/// DARE TIES.
pub static DARE_TIES: TaskVectors = TaskVectors {
    description: &Description {
        name: "dare_ties",
        title: "DARE TIES",
        help: "Drops changes at random, enlarges the rest and merges those that agree in sign",
        paper: Some((
            "Language Models are Super Mario: Absorbing Abilities from Homologous Models as a Free Lunch",
            "https://arxiv.org/abs/2311.03099",
        )),
        base: BaseRule::Required,
        base_is_model: false,
        models: (0, usize::MAX),
        parameters: &[
            WEIGHT,
            DENSITY,
            normalize(false),
            rescale(true),
            LAMBDA,
            INT8_MASK,
        ],
        prediction: Prediction::Estimate,
        prediction_error: 0.05,
    },
    sparsifier: Some(Sparsifier::Random),
    consensus: true,
};

/// Model Breadcrumbs.
pub static BREADCRUMBS: TaskVectors = TaskVectors {
    description: &Description {
        name: "breadcrumbs",
        title: "Model Breadcrumbs",
        help: "Drops the smallest and the very largest changes and adds the rest to the base",
        paper: Some((
            "Model Breadcrumbs: Scaling Multi-Task Model Merging with Sparse Masks",
            "https://arxiv.org/abs/2312.06795",
        )),
        base: BaseRule::Required,
        base_is_model: false,
        models: (0, usize::MAX),
        parameters: &[
            WEIGHT,
            DENSITY,
            GAMMA,
            normalize(false),
            rescale(false),
            LAMBDA,
            INT8_MASK,
        ],
        prediction: Prediction::Estimate,
        prediction_error: 0.1,
    },
    sparsifier: Some(Sparsifier::Outliers),
    consensus: false,
};

/// Breadcrumbs TIES.
pub static BREADCRUMBS_TIES: TaskVectors = TaskVectors {
    description: &Description {
        name: "breadcrumbs_ties",
        title: "Breadcrumbs TIES",
        help: "Drops the smallest and the very largest changes and merges those that agree in sign",
        paper: Some((
            "Model Breadcrumbs: Scaling Multi-Task Model Merging with Sparse Masks",
            "https://arxiv.org/abs/2312.06795",
        )),
        base: BaseRule::Required,
        base_is_model: false,
        models: (0, usize::MAX),
        parameters: &[
            WEIGHT,
            DENSITY,
            GAMMA,
            normalize(false),
            rescale(false),
            LAMBDA,
            INT8_MASK,
        ],
        prediction: Prediction::Estimate,
        prediction_error: 0.1,
    },
    sparsifier: Some(Sparsifier::Outliers),
    consensus: true,
};

/// DELLA.
pub static DELLA: TaskVectors = TaskVectors {
    description: &Description {
        name: "della",
        title: "DELLA",
        help: "Drops changes at random, small ones more often, and merges those that agree in sign",
        paper: Some((
            "DELLA-Merging: Reducing Interference in Model Merging through Magnitude-Based Sampling",
            "https://arxiv.org/abs/2406.11617",
        )),
        base: BaseRule::Required,
        base_is_model: false,
        models: (0, usize::MAX),
        parameters: &[
            WEIGHT,
            DENSITY,
            EPSILON,
            normalize(true),
            rescale(true),
            LAMBDA,
            INT8_MASK,
        ],
        prediction: Prediction::Estimate,
        prediction_error: 0.15,
    },
    sparsifier: Some(Sparsifier::Della),
    consensus: true,
};

/// DELLA linear.
pub static DELLA_LINEAR: TaskVectors = TaskVectors {
    description: &Description {
        name: "della_linear",
        title: "DELLA linear",
        help: "Drops changes at random, small ones more often, and adds the rest to the base",
        paper: Some((
            "DELLA-Merging: Reducing Interference in Model Merging through Magnitude-Based Sampling",
            "https://arxiv.org/abs/2406.11617",
        )),
        base: BaseRule::Required,
        base_is_model: false,
        models: (0, usize::MAX),
        parameters: &[
            WEIGHT,
            DENSITY,
            EPSILON,
            normalize(false),
            rescale(true),
            LAMBDA,
            INT8_MASK,
        ],
        prediction: Prediction::Estimate,
        prediction_error: 0.05,
    },
    sparsifier: Some(Sparsifier::Della),
    consensus: false,
};
