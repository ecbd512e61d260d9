//! Slices as strips on the layer axis: cut, move, stretch, repeat, remove.

use super::super::recipe::{Content, ModelRef, Slice};
use super::{Composition, source};

/// Layers that a new strip has until its model's are known.
const LAYERS: i64 = 1;

/// A strip of all the layers that the longest strip so far reaches to.
pub(super) fn whole(model: ModelRef, others: &[Slice]) -> Slice {
    let ranges = others
        .iter()
        .flat_map(|s| &s.sources)
        .filter_map(|s| s.layer_range);
    let end = ranges.map(|[_, end]| end).max().unwrap_or(LAYERS);
    let mut own = source(model);
    own.layer_range = Some([0, end]);
    Slice {
        sources: vec![own],
        ..Slice::default()
    }
}

impl Composition {
    /// The strips of a merge; empty if it takes whole models.
    pub fn slices(&self, merge: usize) -> &[Slice] {
        match self.recipes.get(merge).map(|r| &r.content) {
            Some(Content::Slices(slices)) => slices,
            _ => &[],
        }
    }

    /// Turns whole models into strips of all `layers`: of each model one, stacked if the method
    /// takes one model, else side by side.
    pub fn into_slices(&mut self, merge: usize, layers: u32, stacked: bool) {
        let Some(recipe) = self.recipes.get_mut(merge) else {
            return;
        };
        let Content::Models(models) = &recipe.content else {
            return;
        };
        let mut sources = models.clone();
        for own in &mut sources {
            own.layer_range = Some([0, i64::from(layers)]);
        }
        let slice = |sources| Slice {
            sources,
            ..Slice::default()
        };
        recipe.content = Content::Slices(match stacked {
            true => sources.into_iter().map(|s| slice(vec![s])).collect(),
            false => vec![slice(sources)],
        });
    }

    /// Cuts a strip in two after `layers` of its layers; outside its length nothing happens.
    pub fn cut_slice(&mut self, merge: usize, slice: usize, layers: i64) {
        let Some(slices) = self.slices_mut(merge) else {
            return;
        };
        let Some(whole) = slices
            .get(slice)
            .filter(|s| 0 < layers && layers < length(s))
        else {
            return;
        };
        let (mut first, mut second) = (whole.clone(), whole.clone());
        for [start, end] in ranges(&mut first) {
            *end = *start + layers;
        }
        for [start, _] in ranges(&mut second) {
            *start += layers;
        }
        slices.splice(slice..=slice, [first, second]);
    }

    /// Moves a strip to another place in the stack.
    pub fn move_slice(&mut self, merge: usize, from: usize, to: usize) {
        let Some(slices) = self.slices_mut(merge) else {
            return;
        };
        if from < slices.len() && to < slices.len() {
            let slice = slices.remove(from);
            slices.insert(to, slice);
        }
    }

    /// Puts a copy of a strip behind it.
    pub fn repeat_slice(&mut self, merge: usize, slice: usize) {
        let Some(slices) = self.slices_mut(merge) else {
            return;
        };
        if let Some(copy) = slices.get(slice).cloned() {
            slices.insert(slice + 1, copy);
        }
    }

    /// Takes a strip away; its model stays on the canvas.
    pub fn remove_slice(&mut self, merge: usize, slice: usize) {
        let Some(slices) = self.slices_mut(merge).filter(|s| slice < s.len()) else {
            return;
        };
        let gone = slices.remove(slice);
        self.loose.extend(gone.sources.into_iter().map(|s| s.model));
        self.tidy_loose();
    }

    /// Sets the layers that a strip takes from each of its models: the first, and the one
    /// after the last. Shorter than one layer it does not get.
    pub fn set_slice_range(&mut self, merge: usize, slice: usize, range: [i64; 2]) {
        let [first, end] = range;
        let Some(strip) = self.slices_mut(merge).and_then(|s| s.get_mut(slice)) else {
            return;
        };
        if first >= 0 && end > first {
            for own in ranges(strip) {
                *own = range;
            }
        }
    }

    fn slices_mut(&mut self, merge: usize) -> Option<&mut Vec<Slice>> {
        match &mut self.recipes.get_mut(merge)?.content {
            Content::Slices(slices) => Some(slices),
            Content::Models(_) | Content::Modules(_) => None,
        }
    }
}

fn ranges(slice: &mut Slice) -> impl Iterator<Item = &mut [i64; 2]> {
    slice
        .sources
        .iter_mut()
        .filter_map(|s| s.layer_range.as_mut())
}

fn length(slice: &Slice) -> i64 {
    let range = slice.sources.first().and_then(|s| s.layer_range);
    range.map_or(0, |[first, end]| end - first)
}
