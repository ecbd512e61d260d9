//! The values that the parameters of a method have for one tensor.
//!
//! Searched from the source outwards, as in mergekit; parameters of a model look at the name
//! that the tensor has in that model, parameters of the merge at its name in the child.

use std::collections::BTreeMap;

use super::super::method::{Description, Parameter, ParameterScope, Values};
use super::super::recipe::{Parameters, Recipe, evaluate_first};
use super::diagnostics::Diagnostics;
use super::lineup::ResolvedInput;
use super::shape::{Part, PartSource};

/// One tensor, as far as parameters depend on it.
pub(super) struct ParameterLookup<'a> {
    pub(super) recipe: &'a Recipe,
    pub(super) method: &'static Description,
    pub(super) part: &'a Part<'a>,
    pub(super) name: &'a str,
    /// Where it stands among the layers, 0 to 1.
    pub(super) t: f64,
}

impl ParameterLookup<'_> {
    /// All values; `inputs` are the sources that take part.
    pub(super) fn values(
        &self,
        inputs: &[ResolvedInput<'_>],
        diagnostics: &mut Diagnostics,
    ) -> Values {
        let of_scope = |scope| {
            let parameters = self.method.parameters.iter();
            parameters.filter(move |own| own.scope == scope)
        };
        let mut values = Values {
            version: self.recipe.own.version,
            ..Values::default()
        };
        for own in of_scope(ParameterScope::Global) {
            let outer = [
                self.part.parameters,
                self.of_module(),
                Some(&self.recipe.parameters),
            ];
            let levels = outer.into_iter().flatten().map(|level| (level, self.name));
            match evaluate_first(own.key, levels, self.t).or(own.default()) {
                Some(value) => {
                    values.global.insert(own.key, value);
                }
                None => self.missing("parameters", own, "", diagnostics),
            }
        }
        for input in inputs {
            let is_base = self.part.base == Some(input.source);
            let source = &self.part.sources[input.source];
            let mut of_input = BTreeMap::new();
            for own in of_scope(ParameterScope::PerModel) {
                match self.of_source(own, source, &input.requested) {
                    Some(value) => {
                        of_input.insert(own.key, value);
                    }
                    None if is_base => {}
                    None => {
                        let of = format!(" of {}", source.reference);
                        self.missing(&source.path, own, &of, diagnostics);
                    }
                }
            }
            values.per_input.push(of_input);
        }
        values
    }

    fn of_module(&self) -> Option<&Parameters> {
        self.part.module.map(|(_, parameters)| parameters)
    }

    fn of_source(&self, own: &Parameter, source: &PartSource<'_>, name: &str) -> Option<f64> {
        let levels = [
            source.parameters,
            self.part.parameters,
            self.of_module(),
            Some(&self.recipe.parameters),
        ];
        let levels = levels.into_iter().flatten().map(|level| (level, name));
        evaluate_first(own.key, levels, self.t).or(own.default())
    }

    fn missing(&self, path: &str, own: &Parameter, of: &str, diagnostics: &mut Diagnostics) {
        let (method, key) = (self.method.name, own.key);
        let what = format!("{method} needs the parameter `{key}`{of}");
        diagnostics.unset(path, what, self.name);
    }
}
