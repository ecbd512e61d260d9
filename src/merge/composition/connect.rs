//! Links: what may be connected, why not, and what a link does to the recipes.

use super::super::methods::{BaseRule, ParameterKind, ParameterScope};
use super::super::recipe::{Content, ModelRef, Setting, Value};
use super::{Composition, NodeId, Port, description, source};

impl Composition {
    /// Whether `from` may feed `port` of `to`.
    ///
    /// # Errors
    /// A sentence that says why not.
    pub fn may_connect(&self, from: &NodeId, to: &NodeId, port: Port) -> Result<(), String> {
        let merge = match (from, to) {
            (NodeId::Output, _) => return Err("Nothing comes out of the output".to_owned()),
            (_, NodeId::Model(_)) => {
                return Err("A model takes nothing; connect it to a merge".to_owned());
            }
            (NodeId::Model(_), NodeId::Output) => {
                return Err("What is written is a merge; put one between".to_owned());
            }
            (NodeId::Merge(_), NodeId::Output) => return Ok(()),
            (_, NodeId::Merge(merge)) => *merge,
        };
        let Some(recipe) = self.recipes.get(merge) else {
            return Err("This merge is gone".to_owned());
        };
        if let NodeId::Merge(other) = from
            && (*other == merge || self.needs(*other, merge))
        {
            return Err("A merge cannot be made from its own child".to_owned());
        }
        let Some(known) = description(recipe) else {
            return Ok(());
        };
        let reference = self.reference(from);
        let inputs = self.inputs(merge);
        match port {
            Port::Base if known.base == BaseRule::Forbidden => {
                Err(format!("{} takes no base", known.title))
            }
            Port::Base | Port::Output => Ok(()),
            Port::Model(k) => {
                if reference.is_some_and(|r| inputs.contains(&r)) {
                    return Err("This merge has that model already".to_owned());
                }
                let most = self.most_inputs(merge);
                if k >= inputs.len() && inputs.len() >= most {
                    return Err(format!("{} takes at most {most} models", known.title));
                }
                Ok(())
            }
        }
    }

    /// Connects, in place of what was there.
    ///
    /// # Errors
    /// As [`Self::may_connect`]; nothing is changed then.
    pub fn connect(&mut self, from: &NodeId, to: &NodeId, port: Port) -> Result<(), String> {
        self.may_connect(from, to, port)?;
        if let NodeId::Merge(other) = from {
            if *to == NodeId::Output {
                self.write_merge(*other);
                return Ok(());
            }
            self.name_merge(*other);
        }
        let was_written = self.written().map(NodeId::Merge);
        let (Some(reference), NodeId::Merge(merge)) = (self.reference(from), to) else {
            return Ok(());
        };
        let replaced = self.put(*merge, port, reference);
        self.loose.extend(replaced);
        self.fill_in(*merge);
        self.tidy_loose();
        if was_written.as_ref() == Some(from) {
            self.follow_output(*merge);
        }
        Ok(())
    }

    /// Takes a link away; a model that nothing else takes stays on the canvas.
    pub fn disconnect(&mut self, to: &NodeId, port: Port) {
        let NodeId::Merge(merge) = *to else { return };
        let gone = match port {
            Port::Base => self.recipes.get(merge).and_then(|r| r.base_model.clone()),
            Port::Model(k) => self.inputs(merge).get(k).cloned(),
            Port::Output => None,
        };
        let Some(recipe) = self.recipes.get_mut(merge) else {
            return;
        };
        match (port, &gone) {
            (Port::Base, _) => recipe.base_model = None,
            (Port::Model(_), Some(model)) => super::forget_input(&mut recipe.content, model),
            _ => {}
        }
        self.loose.extend(gone);
        self.fill_in(merge);
        self.tidy_loose();
    }

    /// Makes one of the models the base, for methods whose base is one of them.
    pub fn set_base_input(&mut self, merge: usize, input: usize) {
        let model = self.inputs(merge).get(input).cloned();
        if let Some(recipe) = self.recipes.get_mut(merge) {
            recipe.base_model = model;
        }
    }

    fn put(&mut self, merge: usize, port: Port, reference: ModelRef) -> Option<ModelRef> {
        let old = self.inputs(merge);
        let recipe = self.recipes.get_mut(merge)?;
        match (port, &mut recipe.content) {
            (Port::Base, _) => recipe.base_model.replace(reference),
            (Port::Model(k), Content::Models(models)) => match models.get_mut(k) {
                Some(own) => Some(std::mem::replace(&mut own.model, reference)),
                None => {
                    models.push(source(reference));
                    None
                }
            },
            (Port::Model(k), Content::Slices(slices)) => match old.get(k) {
                Some(replaced) => {
                    let all = slices.iter_mut().flat_map(|s| &mut s.sources);
                    for own in all.filter(|s| s.model == *replaced) {
                        own.model = reference.clone();
                    }
                    Some(replaced.clone())
                }
                None => {
                    slices.push(super::slices::whole(reference, slices));
                    None
                }
            },
            // A module's inputs are named in the text; from the canvas they can be exchanged.
            (Port::Model(k), content @ Content::Modules(_)) => {
                let Some(replaced) = old.get(k) else {
                    return Some(reference);
                };
                for own in content.inputs_mut() {
                    if own.model == *replaced {
                        own.model = reference.clone();
                    }
                }
                Some(replaced.clone())
            }
            (Port::Output, _) => None,
        }
    }

    /// Whether a merge is made from another, directly or not.
    pub(super) fn needs(&self, merge: usize, other: usize) -> bool {
        let mut open = vec![merge];
        let mut seen = vec![false; self.recipes.len()];
        while let Some(next) = open.pop() {
            let Some(recipe) = self.recipes.get(next).filter(|_| !seen[next]) else {
                continue;
            };
            seen[next] = true;
            open.extend(
                recipe
                    .models()
                    .into_iter()
                    .filter_map(|m| self.merge_named(m)),
            );
        }
        merge != other && seen.get(other) == Some(&true)
    }

    pub(super) fn name_merge(&mut self, merge: usize) {
        let name = self.free_name();
        if let Some(recipe) = self.recipes.get_mut(merge)
            && recipe.name.is_none()
        {
            recipe.name = Some(name);
        }
    }

    /// Gives parameters without a default the middle of their usual range, and a base to a
    /// method whose base is one of its models, so that a new merge can be predicted at once.
    pub(super) fn fill_in(&mut self, merge: usize) {
        let inputs = self.inputs(merge);
        let Some(recipe) = self.recipes.get_mut(merge) else {
            return;
        };
        let Some(known) = description(recipe) else {
            return;
        };
        if known.base == BaseRule::OneOfModels
            && recipe
                .base_model
                .as_ref()
                .is_none_or(|b| !inputs.contains(b))
        {
            recipe.base_model = inputs.first().cloned();
        }
        for parameter in known.parameters {
            let ParameterKind::Number {
                slider_range: (lo, hi),
                default: None,
                ..
            } = parameter.kind
            else {
                continue;
            };
            let usual = Setting::Value(Value::Number((lo + hi) / 2.0));
            let is_given = |own: &super::super::recipe::Parameters| {
                own.iter().any(|(key, _)| key == parameter.key)
            };
            let given_to_all = is_given(&recipe.parameters);
            match (parameter.scope, &mut recipe.content) {
                _ if given_to_all => {}
                (ParameterScope::PerModel, Content::Models(models)) => {
                    let base = recipe.base_model.clone();
                    for own in models {
                        let is_base = base.as_ref() == Some(&own.model) && !known.base_is_model;
                        if !is_base && !is_given(&own.parameters) {
                            own.parameters
                                .push((parameter.key.to_owned(), usual.clone()));
                        }
                    }
                }
                _ if inputs.is_empty() => {}
                _ => recipe.parameters.push((parameter.key.to_owned(), usual)),
            }
        }
    }
}
