//! Merges from elsewhere put beside those that are there.

use super::super::recipe::{ModelRef, Recipe};
use super::{Composition, NodeId};

impl Composition {
    /// Puts the merges of another composition beside its own; a name that is taken gets another,
    /// also where the new merges feed each other. Gives the new nodes.
    pub fn insert(&mut self, other: Self) -> Vec<NodeId> {
        let first = self.recipes.len();
        if let Some(only) = self.recipes.first_mut().filter(|r| r.name.is_none()) {
            only.name = Some("merge-1".to_owned());
        }
        let mut new = other.recipes;
        for at in 0..new.len() {
            let old = new[at].name.clone();
            let is_alone = first == 0 && new.len() == 1;
            let taken = |name: &str| {
                let there = self.recipes.iter().chain(&new[..at]);
                there.into_iter().any(|r| r.name.as_deref() == Some(name))
            };
            match &old {
                Some(name) if !taken(name) => {}
                None if is_alone => {}
                _ => {
                    let name = free_name(|name| {
                        taken(name) || new[at..].iter().any(|r| r.name.as_deref() == Some(name))
                    });
                    if let Some(old) = old {
                        let (from, to) = (ModelRef::at(old), ModelRef::at(name.clone()));
                        new.iter_mut().for_each(|r| rename(r, &from, &to));
                    }
                    new[at].name = Some(name);
                }
            }
        }
        self.recipes.extend(new);
        self.loose.extend(other.loose);
        self.tidy_loose();
        (first..self.recipes.len()).map(NodeId::Merge).collect()
    }
}

fn free_name(taken: impl Fn(&str) -> bool) -> String {
    let mut number = 1;
    loop {
        let name = format!("merge-{number}");
        if !taken(&name) {
            return name;
        }
        number += 1;
    }
}

fn rename(recipe: &mut Recipe, from: &ModelRef, to: &ModelRef) {
    let change = |model: &mut ModelRef| {
        if model == from {
            *model = to.clone();
        }
    };
    recipe.base_model.iter_mut().for_each(change);
    for slice in recipe.content.slices_mut() {
        slice.base_model.iter_mut().for_each(change);
    }
    for input in recipe.content.inputs_mut() {
        change(&mut input.model);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merge::composition::Port;
    use crate::merge::methods::find;

    #[test]
    fn copies_feed_each_other_and_not_what_they_were_copied_from() {
        let models = ["a", "b"].map(ModelRef::at);
        let mut made = Composition::merge_of(find("slerp").unwrap(), &models, None);
        let outer = NodeId::Merge(made.add_merge(find("linear").unwrap()));
        made.connect(&NodeId::Merge(0), &outer, Port::Model(0))
            .unwrap();
        let copy = made.clone();
        let new = made.insert(copy);
        assert_eq!(new, [NodeId::Merge(2), NodeId::Merge(3)]);
        let names: Vec<_> = made.recipes.iter().map(|r| r.name.clone()).collect();
        let mut each = names.clone();
        each.sort();
        each.dedup();
        assert_eq!(each.len(), 4, "{names:?}");
        let fed = made.graph().links.into_iter().find(|l| l.to == new[1]);
        assert_eq!(fed.unwrap().from, new[0]);
        let text = made.to_text().unwrap();
        assert_eq!(Composition::read(&text, &made.loose), Some(made));
    }

    #[test]
    fn the_first_merge_needs_no_name() {
        let models = ["a", "b"].map(ModelRef::at);
        let made = Composition::merge_of(find("slerp").unwrap(), &models, None);
        let mut empty = Composition::default();
        empty.insert(made.clone());
        assert_eq!(empty, made);
    }
}
