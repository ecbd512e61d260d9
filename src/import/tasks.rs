//! Tasks of an import that the study does not know, and which of its tasks they are.

use std::collections::{BTreeMap, BTreeSet};

use super::Ready;
use crate::study::tasks::alike;
use crate::study::{StudyDoc, distinct};

/// A task of what is imported that the study does not know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewTask {
    pub name: String,
    /// The task of the study that it is taken for; `None` makes a task of it.
    pub same_as: Option<String>,
}

/// What the user said of new tasks, by their names; all others are taken for what is proposed.
pub type SameTasks = BTreeMap<String, Option<String>>;

/// Tasks of the study that none of what is imported is called, so that one of it may be them.
pub fn free_tasks(ready: &Ready, study: &StudyDoc) -> Vec<String> {
    let own: BTreeSet<&String> = tasks_of(ready).collect();
    let free = known_tasks(study).into_iter();
    free.filter(|task| !own.contains(task)).collect()
}

/// Gives the tasks of an import the names that the study has for them, and says what became of
/// each that it does not know.
pub fn settle(ready: &mut Ready, study: &StudyDoc, said: &SameTasks) {
    let known: BTreeSet<String> = known_tasks(study).into_iter().collect();
    let new = distinct(tasks_of(ready).filter(|task| !known.contains(*task)));
    if known.is_empty() || new.is_empty() {
        return;
    }
    let free = free_tasks(ready, study);
    let proposed: BTreeMap<String, String> = proposed(&free, &new);
    let mut taken: BTreeSet<String> = said.values().flatten().cloned().collect();
    let task = |name: String| {
        let same_as = match said.get(&name) {
            Some(said) => said.clone().filter(|task| free.contains(task)),
            // What the user took for another task is not proposed a second time.
            None => proposed
                .get(&name)
                .filter(|t| taken.insert((*t).clone()))
                .cloned(),
        };
        NewTask { name, same_as }
    };
    ready.new_tasks = new.into_iter().map(task).collect();
    rename(ready);
}

fn proposed(free: &[String], new: &[String]) -> BTreeMap<String, String> {
    let free: Vec<&str> = free.iter().map(String::as_str).collect();
    let new: Vec<&str> = new.iter().map(String::as_str).collect();
    alike(&free, &new).into_iter().collect()
}

fn rename(ready: &mut Ready) {
    let renamed = ready.new_tasks.iter();
    let renamed: BTreeMap<&String, &String> = renamed
        .filter_map(|t| Some((&t.name, t.same_as.as_ref()?)))
        .collect();
    for score in ready.import.entries.iter_mut().flat_map(|e| &mut e.scores) {
        if let Some(&into) = renamed.get(&score.task) {
            score.task.clone_from(into);
        }
    }
}

fn tasks_of(ready: &Ready) -> impl Iterator<Item = &String> {
    let scores = ready.import.entries.iter().flat_map(|entry| &entry.scores);
    scores.map(|score| &score.task)
}

fn known_tasks(study: &StudyDoc) -> Vec<String> {
    let scores = study.models.iter().flat_map(|model| &model.scores);
    distinct(scores.map(|score| &score.task))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::{Entry, Import, Model, Score};

    fn scores(tasks: &[&str]) -> Vec<Score> {
        let score = |task: &&str| Score {
            task: (*task).to_owned(),
            value: 50.0,
            ..Score::default()
        };
        tasks.iter().map(score).collect()
    }

    fn settled(known: &[&str], new: &[&str], said: &SameTasks) -> Ready {
        let study = StudyDoc {
            models: vec![Model {
                scores: scores(known),
                ..Model::default()
            }],
            ..StudyDoc::default()
        };
        let entry = Entry {
            scores: scores(new),
            ..Entry::default()
        };
        let mut ready = Ready {
            import: Import {
                entries: vec![entry],
                ..Import::default()
            },
            ..Ready::default()
        };
        settle(&mut ready, &study, said);
        ready
    }

    fn imported(ready: &Ready) -> Vec<&str> {
        tasks_of(ready).map(String::as_str).collect()
    }

    #[test]
    fn a_task_is_taken_for_the_one_that_is_alike() {
        let known = ["add (dev)", "sub (dev)"];
        let ready = settled(&known, &["dev_add", "sub (dev)", "mul"], &SameTasks::new());
        assert_eq!(imported(&ready), ["add (dev)", "sub (dev)", "mul"]);
        let same: Vec<_> = ready
            .new_tasks
            .iter()
            .map(|t| t.same_as.as_deref())
            .collect();
        assert_eq!(same, [Some("add (dev)"), None]);
    }

    #[test]
    fn what_the_user_says_goes_before_what_is_proposed() {
        let known = ["add (dev)", "sub (dev)"];
        let said = |pairs: &[(&str, Option<&str>)]| {
            let own = |(a, b): &(&str, Option<&str>)| ((*a).to_owned(), b.map(str::to_owned));
            pairs.iter().map(own).collect::<SameTasks>()
        };
        let new = said(&[("dev_add", None)]);
        assert_eq!(imported(&settled(&known, &["dev_add"], &new)), ["dev_add"]);
        let other = said(&[("plus", Some("add (dev)"))]);
        let ready = settled(&known, &["dev_add", "plus"], &other);
        assert_eq!(imported(&ready), ["dev_add", "add (dev)"]);
        // A name that the study no longer has, or that the import has itself, is nothing.
        let gone = said(&[("plus", Some("no such task"))]);
        assert_eq!(imported(&settled(&known, &["plus"], &gone)), ["plus"]);
    }

    #[test]
    fn the_first_scores_of_a_study_are_asked_nothing() {
        let ready = settled(&[], &["dev_add"], &SameTasks::new());
        assert!(ready.new_tasks.is_empty());
        assert_eq!(imported(&ready), ["dev_add"]);
    }
}
