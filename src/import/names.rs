//! Which model of a study a name in a table means.

use std::collections::{BTreeMap, BTreeSet};

use super::Note;

/// The names of a table, and what they are called in the study.
#[derive(Debug, Default)]
pub(super) struct Names {
    to: BTreeMap<String, String>,
}

impl Names {
    /// Matches the names of a table: exactly, else by the last part of their path or without
    /// case, if that leaves no doubt. Parents are also looked for among the table's own models.
    pub(super) fn new(study: &[&str], models: &[&str], parents: &[&str]) -> Self {
        let mut to = matched(study, models.iter().chain(parents).copied());
        let own: Vec<&str> = models
            .iter()
            .filter(|m| !to.contains_key(**m))
            .copied()
            .collect();
        let strangers: Vec<&str> = parents
            .iter()
            .filter(|p| !to.contains_key(**p) && !study.contains(p) && !own.contains(p))
            .copied()
            .collect();
        to.extend(matched(&own, strangers.into_iter()));
        Self { to }
    }

    /// What a name is called in the study; itself, if the study does not know it.
    pub(super) fn of(&self, name: &str) -> String {
        self.to.get(name).map_or(name, String::as_str).to_owned()
    }

    /// A sentence for every name that was matched without being the same.
    pub(super) fn notes(&self) -> Vec<Note> {
        let sentence =
            |(from, to): (&String, &String)| Note::info(format!("{from} is taken for {to}"));
        self.to.iter().map(sentence).collect()
    }
}

/// Names that are not in `known` as they are, but mean one of it.
fn matched<'a>(known: &[&str], names: impl Iterator<Item = &'a str>) -> BTreeMap<String, String> {
    let names: BTreeSet<&str> = names.collect();
    let exact = |name: &str| known.contains(&name);
    let mut wanted: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for &name in names.iter().filter(|name| !exact(name)) {
        if let Some(one) = one_like(known, name) {
            wanted.entry(one).or_default().push(name);
        }
    }
    // Two names of a table are two models, however alike they look.
    wanted.retain(|one, from| from.len() == 1 && !names.contains(one));
    let pairs = wanted.into_iter().flat_map(|(one, from)| {
        let pair = |name: &str| (name.to_owned(), one.to_owned());
        from.into_iter().map(pair).collect::<Vec<_>>()
    });
    pairs.collect()
}

/// The only known name that is like this one, by the strictest way that finds any.
fn one_like<'a>(known: &[&'a str], name: &str) -> Option<&'a str> {
    let last = |name: &str| name.rsplit('/').next().unwrap_or(name).to_owned();
    let ways: [&dyn Fn(&str) -> String; 3] = [&last, &|name| name.to_lowercase(), &|name| {
        last(name).to_lowercase()
    }];
    for way in ways {
        let alike = |other: &&&str| way(other) == way(name) && may_be_same(other, name);
        let mut found = known.iter().filter(alike);
        match (found.next(), found.next()) {
            (Some(one), None) => return Some(one),
            (Some(_), Some(_)) => return None,
            _ => {}
        }
    }
    None
}

/// Two names that both say whose they are must say the same.
fn may_be_same(a: &str, b: &str) -> bool {
    match (a.rsplit_once('/'), b.rsplit_once('/')) {
        (Some((a, _)), Some((b, _))) => a.eq_ignore_ascii_case(b),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(study: &[&str], name: &str) -> String {
        Names::new(study, &[name], &[]).of(name)
    }

    #[test]
    fn a_name_is_matched_by_its_last_part_or_without_case() {
        assert_eq!(
            of(&["openchat-3.5"], "openchat/openchat-3.5"),
            "openchat-3.5"
        );
        assert_eq!(of(&["org/M7"], "M7"), "org/M7");
        assert_eq!(of(&["zephyr"], "Zephyr"), "zephyr");
        assert_eq!(of(&["zephyr"], "HF/Zephyr"), "zephyr");
        assert_eq!(of(&["zephyr"], "zephyr-7b"), "zephyr-7b");
    }

    #[test]
    fn doubt_leaves_a_name_as_it_is() {
        assert_eq!(of(&["a/M7", "b/M7"], "M7"), "M7");
        assert_eq!(of(&["Zephyr", "ZEPHYR"], "zephyr"), "zephyr");
        assert_eq!(of(&["a/M7"], "b/M7"), "b/M7");
        // The strictest way decides.
        assert_eq!(of(&["M7", "m7"], "org/M7"), "M7");
    }

    #[test]
    fn two_names_of_a_table_are_two_models() {
        let names = Names::new(&["M7"], &["a/M7", "b/M7"], &[]);
        assert_eq!(names.of("a/M7"), "a/M7");
        let names = Names::new(&["M7"], &["M7", "b/M7"], &[]);
        assert_eq!(names.of("b/M7"), "b/M7");
        assert!(names.notes().is_empty());
    }

    #[test]
    fn parents_are_found_among_the_models_of_the_table() {
        let names = Names::new(&[], &["org/M7", "child"], &["M7", "stranger"]);
        assert_eq!(names.of("M7"), "org/M7");
        assert_eq!(names.of("stranger"), "stranger");
        let expected = Note::info("M7 is taken for org/M7".to_owned());
        assert_eq!(names.notes(), [expected]);
    }
}
