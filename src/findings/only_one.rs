//! Tasks that one model can do and no other.

use std::collections::BTreeMap;

use super::{Facts, Finding, Place, key, some_of};
use crate::study::{ModelId, Selection};
use crate::text::number;

/// The fewest models with a score on a task.
const LEAST: usize = 4;
/// What the one scores at least, and what the next has of it at most.
const CAN: f64 = 50.0;
const SHARE: f64 = 0.6;

/// A task with the one that can do it, its score and the next one's, in points.
struct Alone<'a> {
    task: &'a str,
    model: ModelId,
    score: f64,
    next: f64,
}

pub fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let counts = |task: &&String| !facts.doc.not_averaged.contains(task);
    let tasks = facts.record.tasks.iter().filter(counts);
    let mut by_model: BTreeMap<ModelId, Vec<Alone<'_>>> = BTreeMap::new();
    for alone in tasks.filter_map(|task| alone(facts, task)) {
        by_model.entry(alone.model).or_default().push(alone);
    }
    by_model
        .values()
        .map(|tasks| finding(facts, tasks))
        .collect()
}

fn alone<'a>(facts: &Facts<'_>, task: &'a str) -> Option<Alone<'a>> {
    let models = facts.doc.models.iter();
    let mut scores: Vec<(f64, ModelId)> = models
        .filter_map(|m| Some((m.score(task)?.value, m.id)))
        .collect();
    scores.sort_by(|(a, x), (b, y)| b.total_cmp(a).then(x.cmp(y)));
    let [(score, model), (next, _), ..] = scores[..] else {
        return None;
    };
    let is_alone = scores.len() >= LEAST && score >= CAN && next <= SHARE * score;
    is_alone.then_some(Alone {
        task,
        model,
        score,
        next,
    })
}

fn finding(facts: &Facts<'_>, tasks: &[Alone<'_>]) -> Finding {
    let model = tasks[0].model;
    let names: Vec<&str> = tasks.iter().map(|alone| alone.task).collect();
    let gap = |alone: &&Alone<'_>| alone.score - alone.next;
    let widest = tasks
        .iter()
        .max_by(|a, b| gap(a).total_cmp(&gap(b)))
        .unwrap_or(&tasks[0]);
    let of = if tasks.len() > 1 {
        format!(" on {}", widest.task)
    } else {
        String::new()
    };
    Finding {
        key: format!("{} {}", key("only one", &[model]), names.join("\n")),
        sentence: format!(
            "Only {} can do {}: {}{of}, the next has {}",
            facts.name(model),
            some_of(&names),
            number(widest.score, 2),
            number(widest.next, 2)
        ),
        place: Place::Models,
        selection: Selection::Models(vec![model]),
    }
}
