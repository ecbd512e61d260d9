//! What a child is made from, in terms of a kinship.

use crate::merge::method::{Method, Values};

/// A recipe in terms of a kinship.
pub struct Wish<'w> {
    /// How the child is made.
    pub method: &'w dyn Method,
    /// What a tensor is made from, by its name; `None` if the child lacks it.
    pub parts: &'w (dyn Fn(&str) -> Option<Parts<'w>> + Sync),
}

/// What one tensor of a child is made from.
#[derive(Clone, Debug, PartialEq)]
pub struct Parts<'v> {
    /// The recipe's inputs: models of the kinship by index, or its base.
    pub inputs: Vec<Option<usize>>,
    /// Which input is the recipe's base.
    pub base: Option<usize>,
    /// The values of the parameters, in the order of `inputs`.
    pub values: &'v Values,
}
