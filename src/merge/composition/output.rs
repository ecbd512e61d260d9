//! Which merge is written, where there are several.

use std::collections::BTreeSet;

use super::{Composition, Recipe};

impl Composition {
    /// The merge that is written: the one that was said to be, else the first of those that no
    /// other takes. So a merge that is put beside it takes nothing away, and one that is made
    /// from it comes in its place. `None` without a merge, and where each needs another.
    pub fn written(&self) -> Option<usize> {
        let said = (self.output.as_ref())
            .and_then(|name| (self.recipes.iter()).position(|r| r.name.as_ref() == Some(name)));
        said.or_else(|| {
            // Each recipe is looked at once: this is asked for every frame.
            let models = self.recipes.iter().flat_map(|r| r.models());
            let taken: BTreeSet<usize> = models.filter_map(|m| self.merge_named(m)).collect();
            (0..self.recipes.len()).find(|k| !taken.contains(k))
        })
    }

    /// Whether a merge is written, or something that is written is made from it.
    pub fn is_part(&self, merge: usize) -> bool {
        let written = self.written();
        written.is_some_and(|written| written == merge || self.needs(written, merge))
    }

    /// The recipes that the written merge needs, in their order.
    pub fn parts(&self) -> Vec<Recipe> {
        let all = self.recipes.iter().enumerate();
        let parts = all.filter(|(merge, _)| self.is_part(*merge));
        parts.map(|(_, recipe)| recipe.clone()).collect()
    }

    /// Says which merge is written.
    pub(super) fn write_merge(&mut self, merge: usize) {
        self.name_merge(merge);
        self.output = self.recipes.get(merge).and_then(|r| r.name.clone());
    }

    /// What was written now feeds `merge`: what that leads to is written from now on.
    pub(super) fn follow_output(&mut self, merge: usize) {
        let mut end = merge;
        // As many steps as there are merges; a ring, which a text may hold, ends too.
        for _ in 0..self.recipes.len() {
            let takes = |k: &usize| {
                let models = self.recipes[*k].models().into_iter();
                models.filter_map(|m| self.merge_named(m)).any(|m| m == end)
            };
            match (0..self.recipes.len()).find(takes) {
                Some(next) => end = next,
                None => break,
            }
        }
        self.output = None;
        if self.written() != Some(end) {
            self.write_merge(end);
        }
    }
}
