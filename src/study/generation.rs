//! The generation of every model, from its runs or from its parents.
//!
//! Parents are worked off in order of descent (Kahn 1962), so the cost is one look at every
//! parent link; parents that were given by hand may form a ring, which is cut where it begins
//! in the study.

use std::collections::{BTreeMap, VecDeque};

use super::doc::{Model, StudyDoc};
use super::id::ModelId;

impl StudyDoc {
    /// The generation of every model, in the order of the study: that of its first run, or one
    /// more than its parents'. A fine-tune of one parent stays in its parent's generation; a
    /// merge whose parents are not named is in the first. In a ring of parents, the first model
    /// of the study is taken as if its parents in the ring were unknown.
    pub fn generations(&self) -> Vec<u32> {
        let links = Links::of(self);
        let mut known: Vec<Option<u32>> = vec![None; self.models.len()];
        let mut waits_for: Vec<usize> = links.parents.iter().map(Vec::len).collect();
        let mut ready: VecDeque<usize> = (0..waits_for.len())
            .filter(|&k| waits_for[k] == 0)
            .collect();
        let mut first_open = 0;
        loop {
            while let Some(k) = ready.pop_front() {
                if known[k].is_some() {
                    continue;
                }
                let of_parents = links.parents[k].iter().filter_map(|&p| known[p]);
                known[k] = Some(generation(&self.models[k], of_parents.max()));
                for &child in &links.children[k] {
                    waits_for[child] -= 1;
                    if waits_for[child] == 0 {
                        ready.push_back(child);
                    }
                }
            }
            // What is left waits for itself.
            while known.get(first_open).is_some_and(Option::is_some) {
                first_open += 1;
            }
            if first_open == known.len() {
                return known.into_iter().flatten().collect();
            }
            ready.push_back(first_open);
        }
    }
}

/// Which models descend from which, by position in the study.
struct Links {
    parents: Vec<Vec<usize>>,
    children: Vec<Vec<usize>>,
}

impl Links {
    fn of(doc: &StudyDoc) -> Self {
        let places = doc.models.iter().enumerate().map(|(k, m)| (m.id, k));
        let at: BTreeMap<ModelId, usize> = places.collect();
        let mut out = Self {
            parents: Vec::new(),
            children: vec![Vec::new(); doc.models.len()],
        };
        for (k, model) in doc.models.iter().enumerate() {
            let parents: Vec<usize> = model
                .parents
                .iter()
                .filter_map(|p| at.get(p).copied())
                .collect();
            for &parent in &parents {
                out.children[parent].push(k);
            }
            out.parents.push(parents);
        }
        out
    }
}

fn generation(model: &Model, of_parents: Option<u32>) -> u32 {
    if let Some(step) = model.steps.first() {
        return step.generation;
    }
    let more = u32::from(model.is_merge());
    of_parents.unwrap_or(0).saturating_add(more)
}

#[cfg(test)]
mod tests {
    use super::super::{Origin, Step};
    use super::*;

    /// Models 0, 1, … with these parents.
    fn doc(parents: &[&[u32]]) -> StudyDoc {
        let model = |(k, parents): (usize, &&[u32])| Model {
            id: ModelId(k as u32),
            parents: parents.iter().map(|&p| ModelId(p)).collect(),
            ..Model::default()
        };
        StudyDoc {
            models: parents.iter().enumerate().map(model).collect(),
            ..StudyDoc::default()
        }
    }

    fn check(parents: &[&[u32]], expected: &[u32]) {
        assert_eq!(doc(parents).generations(), expected, "{parents:?}");
    }

    #[test]
    fn a_merge_is_one_more_than_the_later_of_its_parents() {
        check(&[], &[]);
        check(&[&[], &[], &[0, 1]], &[0, 0, 1]);
        check(&[&[], &[], &[0, 1], &[2, 0]], &[0, 0, 1, 2]);
        // A diamond: 2 and 3 from 0 and 1, and 4 from both.
        check(&[&[], &[], &[0, 1], &[0, 1], &[2, 3]], &[0, 0, 1, 1, 2]);
        // Children that stand before their parents.
        check(&[&[1, 2], &[2, 3], &[], &[]], &[2, 1, 0, 0]);
    }

    #[test]
    fn a_fine_tune_stays_in_the_generation_of_its_parent() {
        check(&[&[], &[], &[0, 1], &[2], &[3, 0]], &[0, 0, 1, 1, 2]);
    }

    #[test]
    fn a_parent_that_is_gone_counts_for_nothing() {
        check(&[&[], &[0, 77]], &[0, 1]);
    }

    #[test]
    fn a_ring_is_cut_where_it_begins() {
        // 2 and 3 are each other's parents; 4 descends from the ring.
        check(&[&[], &[], &[0, 3], &[1, 2], &[3, 0]], &[0, 0, 1, 2, 3]);
        check(&[&[1, 2], &[2, 0], &[0, 1]], &[1, 2, 3]);
        // A model that is its own parent, as a file written by hand may say.
        check(&[&[0, 0]], &[1]);
        check(&[&[0]], &[0]);
    }

    #[test]
    fn a_run_says_more_than_the_parents() {
        let mut doc = doc(&[&[], &[], &[0, 1], &[2, 0]]);
        let steps = [("Path 1", 7), ("Path 2", 5)];
        doc.models[2].steps = steps
            .map(|(run, generation)| Step {
                run: run.to_owned(),
                generation,
                ..Step::default()
            })
            .to_vec();
        assert_eq!(doc.generations(), [0, 0, 7, 8]);
    }

    #[test]
    fn a_merge_of_unnamed_parents_is_in_the_first_generation() {
        let mut doc = doc(&[&[]]);
        doc.models[0].origin = Origin {
            unnamed_parents: true,
            ..Origin::default()
        };
        assert_eq!(doc.generations(), [1]);
    }

    /// Each from the two before it, and the same turned round, so that all wait for all.
    #[test]
    fn a_long_line_takes_no_long_time() {
        let n = 20_000u32;
        let generations = |parents: &dyn Fn(u32) -> Option<[u32; 2]>| {
            let all: Vec<Option<[u32; 2]>> = (0..n).map(parents).collect();
            let all: Vec<&[u32]> = all
                .iter()
                .map(Option::as_slice)
                .map(<[_]>::as_flattened)
                .collect();
            doc(&all).generations()
        };
        let forward = generations(&|k| (k >= 2).then(|| [k - 1, k - 2]));
        assert_eq!(forward[n as usize - 1], n - 2);
        let mut turned = generations(&|k| (k < n - 2).then_some([k + 1, k + 2]));
        turned.reverse();
        assert_eq!(turned, forward);
    }
}
