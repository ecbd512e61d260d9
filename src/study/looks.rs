//! The colour of every run, which is the same in every chart and never changes once it is given.

use std::collections::BTreeMap;

use super::doc::StudyDoc;
use super::evolution::Evolution;

impl StudyDoc {
    /// The colour of the next evolution: the first that no run has.
    pub(super) fn free_run_colour(&self) -> Option<u8> {
        let steps = self.models.iter().flat_map(|model| &model.steps);
        let runs = super::doc::distinct(steps.map(|step| &step.run));
        let taken = run_colours(&self.evolutions, &runs);
        let free = |colour: &u8| !taken.values().any(|&c| c == usize::from(*colour));
        (0..=u8::MAX).find(free)
    }
}

/// A number for every run and evolution by its name: that which its evolution has, else the first
/// that is free, in the order of the runs.
pub(super) fn run_colours(evolutions: &[Evolution], runs: &[String]) -> BTreeMap<String, usize> {
    let given = evolutions
        .iter()
        .filter_map(|e| Some((e.name.clone(), usize::from(e.colour?))));
    let mut out: BTreeMap<String, usize> = given.collect();
    let taken: Vec<usize> = out.values().copied().collect();
    let names = runs.iter().chain(evolutions.iter().map(|e| &e.name));
    let mut free = (0..).filter(|colour| !taken.contains(colour));
    for name in names {
        if !out.contains_key(name)
            && let Some(colour) = free.next()
        {
            out.insert(name.clone(), colour);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::{Model, Step};

    fn evolution(name: &str, colour: Option<u8>) -> Evolution {
        Evolution {
            name: name.to_owned(),
            colour,
            ..Evolution::default()
        }
    }

    fn in_run(name: &str) -> Model {
        Model {
            steps: vec![Step {
                run: name.to_owned(),
                ..Step::default()
            }],
            ..Model::default()
        }
    }

    #[test]
    fn a_colour_stays_when_another_run_begins() {
        let evolutions = [evolution("a", Some(0)), evolution("b", Some(1))];
        let of_b = |runs: &[&str]| {
            let runs: Vec<String> = runs.iter().map(ToString::to_string).collect();
            run_colours(&evolutions, &runs)["b"]
        };
        assert_eq!(of_b(&[]), 1);
        assert_eq!(of_b(&["b"]), 1);
        assert_eq!(of_b(&["own", "b", "a"]), 1);
    }

    #[test]
    fn a_new_evolution_takes_no_colour_from_what_is_there() {
        let mut doc = StudyDoc {
            models: vec![in_run("imported"), in_run("old")],
            evolutions: vec![evolution("old", None)],
            ..StudyDoc::default()
        };
        let runs = ["imported", "old"].map(str::to_owned);
        let before = run_colours(&doc.evolutions, &runs);
        assert_eq!((before["imported"], before["old"]), (0, 1));
        let colour = doc.free_run_colour();
        assert_eq!(colour, Some(2));
        doc.evolutions.push(evolution("new", colour));
        let after = run_colours(&doc.evolutions, &runs);
        assert_eq!((after["imported"], after["old"], after["new"]), (0, 1, 2));
    }
}
