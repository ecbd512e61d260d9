//! Where the results of documents are written, and whether they can be.

use std::path::{Component, Path, PathBuf};

use super::super::problem::{Place, Problem};
use super::{Plan, Surroundings, output};

/// The folder of a document's result below that of all named ones; `None` if it has none there.
pub(super) fn of(name: Option<&str>, folder: Option<&Path>) -> Option<PathBuf> {
    Some(folder?.join(name?))
}

/// What stands in the way of writing the results.
pub(super) fn problems(surroundings: &Surroundings<'_>, plan: &Plan) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut places: Vec<&Path> = Vec::new();
    for step in &plan.steps {
        let Some(place) = step.place.as_deref() else {
            continue;
        };
        let error = |sentence: String| {
            let place = Place {
                document: step.document,
                path: "name".to_owned(),
                position: None,
            };
            Problem::error(place, sentence)
        };
        if !step.name().is_some_and(is_plain) {
            let name = step.name().unwrap_or_default();
            let sentence = format!(
                "`{name}` is no name for a folder below that of the named documents; give it \
                 another"
            );
            problems.push(error(sentence));
        }
        places.push(place);
    }
    let is_last_placed = plan.steps.last().is_some_and(|step| step.place.is_some());
    places.extend(surroundings.out.filter(|_| !is_last_placed));
    for (k, place) in places.iter().enumerate() {
        let others = &places[k + 1..];
        let nested = |other: &&&Path| place.starts_with(other) || other.starts_with(place);
        if let Some(other) = others.iter().find(nested) {
            let (place, other) = (place.display(), other.display());
            let sentence = format!(
                "two results go to the same place, or one into the other: {place}, {other}"
            );
            problems.push(Problem::error(Place::default(), sentence));
        }
        problems.extend(output::problems(place, surroundings.force, plan));
    }
    problems.dedup();
    problems
}

/// Whether a name leads to a folder below the one that it is joined to, on any system.
fn is_plain(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    !name.is_empty()
        && !name.contains(['\\', ':'])
        && parts.all(|part| matches!(part, Component::Normal(_)))
}
