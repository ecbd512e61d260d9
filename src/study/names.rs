//! Short names of models: what tells a name from its neighbours is never what is cut.
//!
//! A child of an evolution is called after its run, generation and number, and that is long:
//! here it is `g5·1`, with the initial of its run where several runs have children. Of other long
//! names the first words, as far as another model's name begins with them as well, give way to
//! an ellipsis: `…second-try-layer-11`. No two models that are called differently have the same short name. The cost is
//! one sort of the names.

use std::collections::BTreeMap;

use super::doc::{Model, StudyDoc, distinct};
use super::id::ModelId;
use super::record::Step;

/// Names of at most so many letters stay as they are.
pub const LONGEST: usize = 24;
/// What is left of a name has at least so many letters, where it has them.
const LEAST: usize = 7;

/// The short name of every model of a study.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShortNames(BTreeMap<ModelId, String>);

impl ShortNames {
    pub fn of(doc: &StudyDoc) -> Self {
        let initials = Initials::of(doc);
        let names: Vec<&str> = doc.models.iter().map(|m| m.name.as_str()).collect();
        let shared = shared_starts(&names);
        // From the shortest way of writing a name to the name itself.
        let ways: Vec<Vec<String>> = (doc.models.iter().zip(&shared))
            .map(|(model, &shared)| {
                let mut ways: Vec<String> = initials.short(model).into_iter().collect();
                ways.extend(without_start(&model.name, shared));
                ways.push(model.name.clone());
                ways
            })
            .collect();
        let chosen = told_apart(&names, &ways);
        let ids = doc.models.iter().map(|m| m.id);
        Self(ids.zip(chosen).collect())
    }

    /// The short name of a model of this study.
    pub fn get(&self, id: ModelId) -> Option<&str> {
        self.0.get(&id).map(String::as_str)
    }
}

/// Longer ways are taken until no two models that are called differently are written alike.
fn told_apart(names: &[&str], ways: &[Vec<String>]) -> Vec<String> {
    let mut at = vec![0; names.len()];
    loop {
        let mut written: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (k, ways) in ways.iter().enumerate() {
            written.entry(&ways[at[k]]).or_default().push(k);
        }
        let alike = |all: &&Vec<usize>| all.iter().any(|&k| names[k] != names[all[0]]);
        let clashing = written.values().filter(alike).flatten().copied();
        let longer: Vec<usize> = clashing.filter(|&k| at[k] + 1 < ways[k].len()).collect();
        if longer.is_empty() {
            return at
                .iter()
                .zip(ways)
                .map(|(&k, ways)| ways[k].clone())
                .collect();
        }
        longer.into_iter().for_each(|k| at[k] += 1);
    }
}

/// What the children of each run have before their generation: nothing where one run alone has
/// children.
struct Initials(BTreeMap<String, String>);

impl Initials {
    fn of(doc: &StudyDoc) -> Self {
        let steps = doc.models.iter().filter_map(bred);
        let runs = distinct(steps.map(|step| &step.run));
        let initials = match runs.len() {
            0 | 1 => vec![String::new(); runs.len()],
            _ => initials(&runs),
        };
        Self(runs.into_iter().zip(initials).collect())
    }

    fn short(&self, model: &Model) -> Option<String> {
        let step = bred(model)?;
        let run = self.0.get(&step.run)?;
        let space = if run.is_empty() { "" } else { " " };
        Some(format!("{run}{space}g{}·{}", step.generation, step.number))
    }
}

/// The step that a model was named after when it was bred.
fn bred(model: &Model) -> Option<&Step> {
    let is_named_after = |step: &&Step| {
        let end = format!("-{}-{}", step.generation, step.number);
        step.number > 0 && !step.run.is_empty() && model.name.ends_with(&end)
    };
    let is_child = !model.parents.is_empty();
    model.steps.iter().filter(|_| is_child).find(is_named_after)
}

/// The fewest first letters of each run's words that tell them apart: `W`, or `Wk` and `Wt`;
/// numbers where no letters do.
fn initials(runs: &[String]) -> Vec<String> {
    let of_words = |run: &String, most: usize| -> String {
        let words = run.split(|c: char| !c.is_alphanumeric());
        let first = words.filter_map(|word| word.chars().next()).take(most);
        first.flat_map(char::to_uppercase).collect()
    };
    let found = (1..=4).map(|most| runs.iter().map(|run| of_words(run, most)).collect());
    let numbers = || (1..=runs.len()).map(|k| k.to_string()).collect();
    let are_good = |all: &Vec<String>| {
        all.iter().all(|one| !one.is_empty()) && distinct(all.iter()).len() == all.len()
    };
    found.into_iter().find(are_good).unwrap_or_else(numbers)
}

/// How many bytes of each long name, in whole words, another long name begins with as well.
fn shared_starts(names: &[&str]) -> Vec<usize> {
    let long = names.iter().filter(|name| is_long(name));
    let mut shared: BTreeMap<&str, usize> = long.map(|name| (*name, 0)).collect();
    let sorted: Vec<&str> = shared.keys().copied().collect();
    // Who shares most with a name stands next to it.
    for pair in sorted.windows(2) {
        let both = in_whole_words(pair[0], pair[1]);
        for name in pair {
            let most = shared.entry(name).or_default();
            *most = both.max(*most);
        }
    }
    let of = |name: &&str| shared.get(name).copied().unwrap_or(0);
    names.iter().map(of).collect()
}

fn is_long(name: &str) -> bool {
    name.chars().count() > LONGEST
}

fn in_whole_words(a: &str, b: &str) -> usize {
    let ends = |text: &str| -> Vec<usize> { starts_of_words(text).collect() };
    let (mine, theirs) = (ends(a), ends(b));
    let same = mine
        .iter()
        .zip(&theirs)
        .take_while(|(x, y)| x == y && a[..**x] == b[..**y]);
    same.last().map_or(0, |(end, _)| *end)
}

/// Where words begin but for the first, in bytes.
fn starts_of_words(text: &str) -> impl Iterator<Item = usize> {
    let is_between = |c: char| matches!(c, '-' | '_' | '.' | '/' | ' ');
    text.match_indices(is_between)
        .map(|(at, sign)| at + sign.len())
}

/// A name without as much of the start that it shares as makes it short, and with ever more of
/// that start.
fn without_start(name: &str, shared: usize) -> Vec<String> {
    let letters = |at: usize| name[at..].chars().count();
    let starts: Vec<usize> = starts_of_words(name)
        .filter(|&at| at <= shared && letters(at) >= LEAST)
        .collect();
    let short = starts.iter().position(|&at| letters(at) < LONGEST);
    let last = short.map_or(starts.len(), |at| at + 1);
    let cut = |at: &usize| format!("…{}", &name[*at..]);
    starts[..last].iter().rev().map(cut).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn doc(names: &[&str]) -> StudyDoc {
        let mut doc = StudyDoc::default();
        for name in names {
            doc.add(Model {
                name: (*name).to_owned(),
                ..Model::default()
            });
        }
        doc
    }

    fn short(doc: &StudyDoc) -> Vec<String> {
        let names = ShortNames::of(doc);
        let ids = doc.models.iter().map(|m| m.id);
        ids.map(|id| names.get(id).unwrap().to_owned()).collect()
    }

    fn bred_by(doc: &mut StudyDoc, run: &str, generation: u32, number: u32) {
        let stem = run.to_lowercase().replace([' ', ','], "-");
        doc.add(Model {
            name: format!("{stem}-{generation}-{number}"),
            parents: vec![ModelId(0), ModelId(1)],
            steps: vec![Step {
                run: run.to_owned(),
                generation,
                number,
                ..Step::default()
            }],
            ..Model::default()
        });
    }

    #[test]
    fn a_child_is_called_by_its_generation_and_number() {
        let mut doc = doc(&["abacus", "order"]);
        bred_by(&mut doc, "With kinship, five founders", 5, 1);
        assert_eq!(short(&doc), ["abacus", "order", "g5·1"]);
        bred_by(&mut doc, "Greedy", 5, 1);
        assert_eq!(short(&doc)[2..], ["W g5·1", "G g5·1"]);
        // Who gives it a name means that name.
        doc.models[2].name = "the winner".to_owned();
        assert_eq!(short(&doc)[2..], ["the winner", "g5·1"]);
    }

    #[test]
    fn runs_that_begin_alike_have_more_letters() {
        let mut doc = doc(&["abacus", "order"]);
        bred_by(&mut doc, "With kinship", 1, 1);
        bred_by(&mut doc, "With three founders", 1, 1);
        assert_eq!(short(&doc)[2..], ["WK g1·1", "WT g1·1"]);
    }

    #[test]
    fn long_names_lose_what_their_neighbours_have_too() {
        let names = [
            "experiment-26-slerp-of-two-with-lists-layer-8",
            "experiment-26-slerp-of-two-with-lists-layer-11",
            "experiment-26-slerp-of-three",
            "NeuralBeagle14-7B",
        ];
        let expected = [
            "…two-with-lists-layer-8",
            "…two-with-lists-layer-11",
            "…26-slerp-of-three",
            "NeuralBeagle14-7B",
        ];
        assert_eq!(short(&doc(&names)), expected);
    }

    #[test]
    fn no_more_is_cut_than_makes_a_name_short() {
        let names = [
            "experiment-with-kinship-instruct",
            "experiment-with-kinship-something",
            "experiment-without-it-instruct",
            "experiment-without-it-something",
        ];
        let short = short(&doc(&names));
        assert_eq!(short[0], "…with-kinship-instruct");
        assert_eq!(short[2], "…without-it-instruct");
    }

    proptest! {
        #[test]
        fn names_that_differ_stay_different(
            names in proptest::collection::vec("[ab1]{1,3}([-_.][abé中1]{1,12}){0,5}", 1..200)
        ) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let short = short(&doc(&names));
            let pairs: BTreeSet<(&str, &String)> = names.iter().copied().zip(&short).collect();
            let whole: BTreeSet<&str> = names.iter().copied().collect();
            let cut: BTreeSet<&String> = short.iter().collect();
            prop_assert_eq!(pairs.len(), whole.len());
            prop_assert_eq!(cut.len(), whole.len());
        }
    }
}
