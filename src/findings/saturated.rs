//! Runs that have come to their plateau, by the rule of the charts.

use super::{Facts, Finding, Place};
use crate::stats::{Member, generations, saturation};
use crate::study::{Model, ModelFacts, Selection};
use crate::text::{counted, number};

pub fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let runs = facts.record.runs.iter();
    runs.filter_map(|run| finding(facts, run)).collect()
}

fn finding(facts: &Facts<'_>, run: &str) -> Option<Finding> {
    let rule = &facts.doc.view.charts.saturation;
    let rows = facts.doc.models.iter().zip(&facts.record.rows);
    let members: Vec<(&Model, &ModelFacts, u32)> = rows
        .filter_map(|(model, row)| Some((model, row, model.step(run)?.generation)))
        .collect();
    let member = |(_, row, generation): &(&Model, &ModelFacts, u32)| Member {
        generation: *generation,
        score: row.average,
    };
    let scored: Vec<Member> = members.iter().map(member).collect();
    let pair = |i: usize, j: usize| (facts.kinship)(members[i].0.id, members[j].0.id);
    let own = |i: usize| members[i].1.kinship.get(crate::kinship::Metric::DEFAULT);
    let generations = generations(&scored, rule.top, pair, own);
    let found = saturation(&generations, rule)?;
    let at = generations.iter().find(|g| g.number == found.confirmed_at);
    let kinship = at.and_then(|g| g.kinship_of_top)?;
    let evolution = facts.doc.evolutions.iter().any(|e| e.name == run);
    Some(Finding {
        key: format!("saturated {run}"),
        sentence: format!(
            "{} is saturated since generation {}: less than {} points gained in {}, kinship {} \
             among the best",
            if run.is_empty() { "The study" } else { run },
            found.from,
            number(rule.epsilon, 2),
            counted(rule.window.max(1), "generation"),
            number(kinship, 3)
        ),
        place: if evolution {
            Place::Evolution
        } else {
            Place::Charts
        },
        selection: Selection::Nothing,
    })
}
