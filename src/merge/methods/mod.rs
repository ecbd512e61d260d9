//! Merge methods: one file a method or family, one line in [`REGISTRY`].
//!
//! A method describes itself (name, title, paper, parameters as data); recipes are checked,
//! help is printed and sliders are made from that description, and no code outside this folder
//! knows a method by name.

pub use super::blocks::{AnyKernel, Kernel};
pub use super::error::MergeError;
pub use super::method::{
    BaseRule, Description, Method, Parameter, ParameterKind, ParameterScope, Prediction, Values,
};

mod arcee_fusion;
mod by_gram;
mod consensus;
mod karcher;
mod linear;
mod magmax;
mod model_stock;
mod multislerp;
mod nearswap;
mod nuslerp;
mod passthrough;
mod ram;
mod sce;
mod slerp;
mod spectral;
mod steps;
mod task_vectors;

/// Every method, in the order on screen.
pub const REGISTRY: &[&dyn Method] = &[
    &linear::Linear,
    &slerp::SLERP,
    &task_vectors::presets::TASK_ARITHMETIC,
    &task_vectors::presets::TIES,
    &task_vectors::presets::DARE_TIES,
    &task_vectors::presets::DARE_LINEAR,
    &task_vectors::presets::DELLA,
    &task_vectors::presets::DELLA_LINEAR,
    &task_vectors::presets::BREADCRUMBS,
    &task_vectors::presets::BREADCRUMBS_TIES,
    &model_stock::ModelStock,
    &nuslerp::NuSlerp,
    &multislerp::MULTISLERP,
    &karcher::KARCHER,
    &sce::Sce,
    &ram::RAM,
    &ram::RAMPLUS,
    &nearswap::NearSwap,
    &arcee_fusion::ArceeFusion,
    &spectral::TSV_M,
    &spectral::ISO_C,
    &spectral::WUDI,
    &magmax::MagMax,
    &consensus::Consensus,
    &passthrough::Passthrough,
];

/// The method that a recipe calls `name`.
pub fn find(name: &str) -> Option<&'static dyn Method> {
    REGISTRY
        .iter()
        .copied()
        .find(|method| method.description().name == name)
}
