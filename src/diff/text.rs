//! A comparison as lines for a terminal.

use super::{Diff, Group, Sums, TensorDiff};

/// Tensors that are listed, the most different first.
const TENSORS_SHOWN: usize = 20;
const LEFT_OUT_SHOWN: usize = 10;

/// All of it in short; the JSON has the rest.
pub fn lines(diff: &Diff) -> Vec<String> {
    let mut out = Vec::new();
    for side in &diff.models {
        out.push(format!(
            "{}: {}, {} parameters, {}, {}",
            side.name, side.form, side.parameters, side.layers, side.dtypes
        ));
    }
    out.extend(diff.renamings.iter().cloned());
    let whole = &diff.whole;
    out.push(format!(
        "{} of {} numbers are equal; distance {}, {} of the length of {}; cosine {}; largest \
         difference {}",
        whole.equal,
        whole.count,
        number(Some(whole.distance())),
        percent(whole.relative()),
        diff.models[0].name,
        number(whole.cosine()),
        number(Some(whole.largest)),
    ));
    if whole.not_finite > 0 {
        out.push(format!("{} numbers are NaN or infinite", whole.not_finite));
    }
    groups(&mut out, "by layer", &diff.layers);
    groups(&mut out, "by kind", &diff.kinds);
    tensors(&mut out, &diff.tensors);
    for setting in &diff.settings {
        let [a, b] = &setting.values;
        out.push(format!("config.json: {} is {a}, and {b}", setting.what));
    }
    let names = [&*diff.models[0].name, &*diff.models[1].name];
    for file in &diff.files {
        out.push(format!("{}: {}", file.name, file.state.words(names)));
    }
    if let Some(tokens) = diff.tokens.as_ref().and_then(|tokens| tokens.words(names)) {
        out.push(format!("tokens: {tokens}"));
    }
    for left in diff.left_out.iter().take(LEFT_OUT_SHOWN) {
        out.push(format!("not compared: {}: {}", left.tensor, left.reason));
    }
    let more = diff.left_out.len().saturating_sub(LEFT_OUT_SHOWN);
    if more > 0 {
        out.push(format!("not compared: {more} more; --json lists all"));
    }
    out
}

fn groups(out: &mut Vec<String>, title: &str, groups: &[Group]) {
    out.extend([String::new(), title.to_owned()]);
    let width = groups
        .iter()
        .map(|g| g.name.chars().count())
        .max()
        .unwrap_or(0);
    out.extend(
        groups
            .iter()
            .map(|group| row(&group.name, width, &group.sums)),
    );
}

fn tensors(out: &mut Vec<String>, tensors: &[TensorDiff]) {
    let mut odd: Vec<&TensorDiff> = tensors.iter().filter(|t| !t.sums.is_equal()).collect();
    odd.sort_by(|a, b| {
        b.sums
            .relative()
            .partial_cmp(&a.sums.relative())
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    let shown = &odd[..odd.len().min(TENSORS_SHOWN)];
    let title = format!(
        "{} of {} tensors differ{}",
        odd.len(),
        tensors.len(),
        if odd.len() > shown.len() {
            "; the most different"
        } else {
            ""
        }
    );
    out.extend([String::new(), title]);
    let width = shown
        .iter()
        .map(|t| t.name.chars().count())
        .max()
        .unwrap_or(0);
    out.extend(shown.iter().map(|t| row(&t.name, width, &t.sums)));
    out.push(String::new());
}

fn row(name: &str, width: usize, sums: &Sums) -> String {
    let pad = " ".repeat(width - name.chars().count());
    format!(
        "{name}{pad}  {:>9}  cosine {:>9}  distance {}",
        percent(sums.relative()),
        number(sums.cosine()),
        number(Some(sums.distance()))
    )
}

pub(super) fn percent(share: Option<f64>) -> String {
    share.map_or("–".to_owned(), |share| format!("{:.3} %", 100.0 * share))
}

pub(super) fn number(value: Option<f64>) -> String {
    match value {
        None => "–".to_owned(),
        Some(value) if value != 0.0 && value.abs() < 1e-3 => format!("{value:.2e}"),
        Some(value) => format!("{value:.6}"),
    }
}
