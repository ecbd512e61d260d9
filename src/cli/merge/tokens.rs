//! What is printed of the tokens of a plan: a line for the child and one for each model; the whole
//! is in the JSON.

use std::collections::BTreeSet;

use crate::merge::tokens::{ModelTokens, NewRow, Origin, Roles, StepTokens, TokensReport};

/// New rows that are named.
const MOST: usize = 8;

/// The lines; none where all models have the same tokens and the recipe says nothing of them.
pub fn lines(tokens: &StepTokens) -> Vec<String> {
    let report = &tokens.report;
    let is_odd = |own: &ModelTokens| {
        !own.alone.is_empty() || !own.moved.is_empty() || !own.without_row.is_empty()
    };
    if report.child.is_none() && !report.models.iter().any(is_odd) {
        return Vec::new();
    }
    let mut out = vec![child(report)];
    let width = report
        .models
        .iter()
        .map(|own| own.name.len())
        .max()
        .unwrap_or(0);
    out.extend(report.models.iter().map(|own| model(own, width)));
    out.extend(new_rows(report));
    out
}

fn child(report: &TokensReport) -> String {
    let Some(child) = &report.child else {
        return "tokens: rows of the same number are merged".to_owned();
    };
    let mut words = vec![format!("tokens: {} in {} rows", child.tokens, child.rows)];
    let counts = [
        (child.appended.len(), "new"),
        (child.struck.len(), "struck out"),
        (child.padding, "rows that fill up"),
    ];
    let some = counts.iter().filter(|(count, _)| *count > 0);
    words.extend(some.map(|(count, what)| format!("{count} {what}")));
    words.extend(roles(&report.roles));
    if report.has_own_template {
        words.push("the recipe's chat template".to_owned());
    }
    words.join(", ")
}

fn model(own: &ModelTokens, width: usize) -> String {
    let counts = [
        (own.alone.len(), "alone"),
        (own.moved.len(), "at other numbers than the child"),
        (own.without_row.len(), "without a row"),
    ];
    let mut words = vec![format!("{} tokens", own.tokens)];
    let some = counts.iter().filter(|(count, _)| *count > 0);
    words.extend(some.map(|(count, what)| format!("{count} {what}")));
    words.extend(roles(&own.roles));
    format!("  {:<width$}  {}", own.name, words.join(", "))
}

/// Each token with a role, and its number.
fn roles(roles: &Roles) -> impl Iterator<Item = String> {
    roles.tokens.iter().map(|role| {
        let id = role.id.map_or("none".to_owned(), |id| id.to_string());
        format!(
            "{} {} ({id})",
            role.key.trim_end_matches("_token"),
            role.token
        )
    })
}

/// Where the first rows come from that some model does not have.
fn new_rows(report: &TokensReport) -> Vec<String> {
    let mut out = Vec::new();
    let child = report.child.as_ref();
    let appended: BTreeSet<&String> = child.iter().flat_map(|child| &child.appended).collect();
    // What is new to the child before what some model lacks.
    let (new, lacking): (Vec<&NewRow>, Vec<&NewRow>) =
        (report.rows.iter()).partition(|row| appended.contains(&row.token));
    for row in new.into_iter().chain(lacking).take(MOST) {
        let from = row.from.iter().enumerate().filter_map(|(k, origin)| {
            let name = |k: usize| report.models.get(k).map_or("", |own| own.name.as_str());
            let origin = match (*origin)? {
                Origin::Own(number) => format!("its row {number}"),
                Origin::Other(other, number) => format!("row {number} of {}", name(other)),
                Origin::Mean => "the mean of those that have it".to_owned(),
                Origin::Zero => "zeros".to_owned(),
            };
            Some(format!("{}: {origin}", name(k)))
        });
        let from: Vec<String> = from.collect();
        out.push(format!("  {} {:?}  {}", row.id, row.token, from.join("; ")));
    }
    if report.rows.len() > MOST {
        let more = report.rows.len() - MOST;
        out.push(format!(
            "  and {more} more rows that some model takes from elsewhere (--json lists them)"
        ));
    }
    out
}
