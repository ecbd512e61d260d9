//! A comparison as one page that needs nothing else: tables, and pictures drawn in place.

use std::fmt::Write as _;

use super::text::{number, percent};
use super::{Diff, Group, TensorDiff};
use crate::html::{escaped, numbers, page, table};

/// The page.
pub fn html(diff: &Diff) -> String {
    let [a, b] = [&diff.models[0].name, &diff.models[1].name].map(|name| escaped(name));
    let mut out = String::new();
    summary(&mut out, diff);
    sides(&mut out, diff);
    bars(&mut out, "Difference by layer", &diff.layers);
    bars(&mut out, "Difference by kind", &diff.kinds);
    settings(&mut out, diff);
    files(&mut out, diff);
    tensors(&mut out, diff);
    left_out(&mut out, diff);
    let title = format!("{a} and {b}");
    page(&title, "Two models compared by Kinfolk", &out)
}

fn summary(out: &mut String, diff: &Diff) {
    let whole = &diff.whole;
    let facts = [
        ("of the weights' length apart", percent(whole.relative())),
        ("cosine of the weights", number(whole.cosine())),
        ("distance", number(Some(whole.distance()))),
        ("largest difference", number(Some(whole.largest))),
        (
            "of the numbers are equal",
            percent(Some(whole.equal as f64 / whole.count.max(1) as f64)),
        ),
    ];
    numbers(out, &facts);
    for note in &diff.renamings {
        let _ = write!(out, "<p class=\"weak\">{}</p>", escaped(note));
    }
}

fn sides(out: &mut String, diff: &Diff) {
    out.push_str("<h2>The models</h2>");
    let rows = diff.models.iter().map(|side| {
        [
            escaped(&side.name),
            side.form.to_owned(),
            escaped(&side.dtypes),
            side.layers.clone(),
            side.parameters.to_string(),
            side.bytes.to_string(),
        ]
    });
    table(
        out,
        &[
            "Model",
            "Form",
            "Stored as",
            "Layers",
            "Parameters",
            "Bytes",
        ],
        4,
        rows,
    );
}

/// Horizontal bars of the relative distance, one a group.
fn bars(out: &mut String, title: &str, groups: &[Group]) {
    const ROW: usize = 20;
    const LEFT: usize = 160;
    const WIDTH: usize = 760;
    let most = groups
        .iter()
        .filter_map(|g| g.sums.relative())
        .fold(0.0, f64::max);
    let height = ROW * groups.len() + 4;
    let _ = write!(
        out,
        "<h2>{title}</h2><svg role=\"img\" aria-label=\"{title}\" viewBox=\"0 0 1020 {height}\" width=\"100%\">"
    );
    for (k, group) in groups.iter().enumerate() {
        let share = group
            .sums
            .relative()
            .map_or(0.0, |own| own / most.max(f64::MIN_POSITIVE));
        let (y, width) = (k * ROW, share * WIDTH as f64);
        let _ = write!(
            out,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text><rect class=\"bar\" x=\"{LEFT}\" \
             y=\"{}\" width=\"{width:.1}\" height=\"12\" rx=\"2\"/><text x=\"{:.1}\" y=\"{}\">{}</text>",
            LEFT - 10,
            y + 14,
            escaped(&group.name),
            y + 4,
            LEFT as f64 + width + 8.0,
            y + 14,
            percent(group.sums.relative())
        );
    }
    out.push_str("</svg>");
}

fn settings(out: &mut String, diff: &Diff) {
    out.push_str("<h2>Configuration</h2>");
    if diff.settings.is_empty() {
        out.push_str("<p>Nothing that decides what is computed differs.</p>");
        return;
    }
    let rows = diff.settings.iter().map(|d| {
        let [a, b] = &d.values;
        [
            format!("<code>{}</code>", escaped(&d.what)),
            escaped(a),
            escaped(b),
        ]
    });
    let [a, b] = [&diff.models[0].name, &diff.models[1].name].map(|name| escaped(name));
    table(out, &["Setting", &a, &b], 3, rows);
}

fn files(out: &mut String, diff: &Diff) {
    out.push_str("<h2>Tokenizer and other files</h2>");
    let names = [&*diff.models[0].name, &*diff.models[1].name];
    let rows = diff.files.iter().map(|file| {
        let state = escaped(&file.state.words(names));
        [format!("<code>{}</code>", escaped(&file.name)), state]
    });
    table(out, &["File", "State"], 2, rows);
    let Some(tokens) = &diff.tokens else { return };
    let words = tokens.words(names);
    let words = words.map_or("all tokens have the same numbers".to_owned(), |w| {
        escaped(&w)
    });
    let _ = write!(out, "<p>Tokens: {words}</p>");
}

fn tensors(out: &mut String, diff: &Diff) {
    let mut all: Vec<&TensorDiff> = diff.tensors.iter().collect();
    let key = |t: &TensorDiff| t.sums.relative().unwrap_or(-1.0);
    all.sort_by(|a, b| key(b).total_cmp(&key(a)));
    let _ = write!(
        out,
        "<h2>Tensors</h2><details open><summary>{} tensors, the most different first</summary>",
        all.len()
    );
    let rows = all.iter().map(|t| {
        let [a, b] = t.dtypes.map(|dtype| dtype.name());
        let stored = if a == b {
            a.to_owned()
        } else {
            format!("{a} / {b}")
        };
        [
            format!("<code>{}</code>", escaped(&t.name)),
            stored,
            format!("{:?}", t.shape),
            percent(t.sums.relative()),
            number(t.sums.cosine()),
            number(Some(t.sums.largest)),
        ]
    });
    let titles = [
        "Tensor",
        "Stored as",
        "Shape",
        "Difference",
        "Cosine",
        "Largest",
    ];
    table(out, &titles, 3, rows);
    out.push_str("</details>");
}

fn left_out(out: &mut String, diff: &Diff) {
    if diff.left_out.is_empty() {
        return;
    }
    out.push_str("<h2>Not compared</h2>");
    let rows = diff.left_out.iter().map(|left| {
        [
            format!("<code>{}</code>", escaped(&left.tensor)),
            escaped(&left.reason),
        ]
    });
    table(out, &["Tensor", "Why"], 2, rows);
}
