//! Parameters: where each stands in a recipe, read and written by place.

use super::super::recipe::{Content, Parameters, Recipe, Setting};
use super::Composition;

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Of the merge.
    Merge,
    /// Of its n-th model.
    Model(usize),
    /// Of a slice.
    Slice(usize),
    /// Of a source of a slice: slice, source.
    Source(usize, usize),
}

impl Composition {
    /// The setting of a parameter, if the recipe has one there.
    pub fn setting(&self, merge: usize, place: Place, key: &str) -> Option<&Setting> {
        let all = parameters(self.recipes.get(merge)?, place)?;
        all.iter()
            .find_map(|(own, setting)| (own == key).then_some(setting))
    }

    /// Writes a setting, or takes it away.
    pub fn set(&mut self, merge: usize, place: Place, key: &str, setting: Option<Setting>) {
        let found = self
            .recipes
            .get_mut(merge)
            .and_then(|r| parameters_mut(r, place));
        let Some(all) = found else { return };
        let at = all.iter().position(|(own, _)| own == key);
        match (at, setting) {
            (Some(at), Some(setting)) => all[at].1 = setting,
            (Some(at), None) => {
                all.remove(at);
            }
            (None, Some(setting)) => all.push((key.to_owned(), setting)),
            (None, None) => {}
        }
    }
}

fn parameters(recipe: &Recipe, place: Place) -> Option<&Parameters> {
    match (place, &recipe.content) {
        (Place::Merge, _) => Some(&recipe.parameters),
        (Place::Model(k), Content::Models(models)) => Some(&models.get(k)?.parameters),
        (Place::Slice(k), Content::Slices(slices)) => Some(&slices.get(k)?.parameters),
        (Place::Source(k, i), Content::Slices(slices)) => {
            Some(&slices.get(k)?.sources.get(i)?.parameters)
        }
        _ => None,
    }
}

fn parameters_mut(recipe: &mut Recipe, place: Place) -> Option<&mut Parameters> {
    match (place, &mut recipe.content) {
        (Place::Merge, _) => Some(&mut recipe.parameters),
        (Place::Model(k), Content::Models(models)) => Some(&mut models.get_mut(k)?.parameters),
        (Place::Slice(k), Content::Slices(slices)) => Some(&mut slices.get_mut(k)?.parameters),
        (Place::Source(k, i), Content::Slices(slices)) => {
            Some(&mut slices.get_mut(k)?.sources.get_mut(i)?.parameters)
        }
        _ => None,
    }
}
