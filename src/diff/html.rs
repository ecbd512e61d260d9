//! A comparison as one page that needs nothing else: tables, and pictures drawn in place.

use std::fmt::Write as _;

use super::text::{number, percent};
use super::{Diff, Group, TensorDiff};

const STYLE: &str = "
:root{color-scheme:light dark;--ink:#1f2328;--weak:#646c76;--line:#d8dde3;--fill:#2f6fde;--page:#fff}
@media(prefers-color-scheme:dark){:root{--ink:#e3e6ea;--weak:#949ca6;--line:#363c44;--fill:#6ea1ff;--page:#16191d}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page);max-width:1080px;margin:40px auto;padding:0 24px}
h1{font-size:24px;font-weight:600;margin:0 0 4px}h2{font-size:17px;font-weight:600;margin:36px 0 10px}
p{margin:4px 0}.weak{color:var(--weak)}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:5px 14px 5px 0;border-bottom:1px solid var(--line);vertical-align:top}
th{color:var(--weak);font-weight:500}.n{text-align:right}td code{font:13px ui-monospace,monospace}
svg text{fill:var(--weak);font:12px system-ui,sans-serif}svg .bar{fill:var(--fill)}
.big{display:flex;gap:40px;margin:20px 0;flex-wrap:wrap}.big b{display:block;font-size:24px;font-weight:600}
details{margin-top:8px}summary{cursor:pointer;color:var(--weak)}";

/// The page.
pub fn html(diff: &Diff) -> String {
    let [a, b] = [&diff.models[0].name, &diff.models[1].name].map(|name| escaped(name));
    let mut out = String::new();
    let title = format!("{a} and {b}");
    // Writing to a text cannot fail.
    let _ = write!(
        out,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style></head><body>\
         <h1>{title}</h1><p class=\"weak\">Two models compared by Kinfolk</p>"
    );
    summary(&mut out, diff);
    sides(&mut out, diff);
    bars(&mut out, "Difference by layer", &diff.layers);
    bars(&mut out, "Difference by kind", &diff.kinds);
    settings(&mut out, diff);
    files(&mut out, diff);
    tensors(&mut out, diff);
    left_out(&mut out, diff);
    out.push_str("</body></html>\n");
    out
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
    out.push_str("<div class=\"big\">");
    for (what, value) in facts {
        let _ = write!(
            out,
            "<div><b>{value}</b><span class=\"weak\">{what}</span></div>"
        );
    }
    out.push_str("</div>");
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
    let titles = ["Tensor", "Stored as", "Shape", "Apart", "Cosine", "Largest"];
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

/// A table whose columns from `numbers` on are right-aligned; the cells are HTML.
fn table<const N: usize>(
    out: &mut String,
    titles: &[&str],
    numbers: usize,
    rows: impl Iterator<Item = [String; N]>,
) {
    let class = |column: usize| {
        if column >= numbers {
            " class=\"n\""
        } else {
            ""
        }
    };
    out.push_str("<table><thead><tr>");
    for (k, title) in titles.iter().enumerate() {
        let _ = write!(out, "<th{}>{title}</th>", class(k));
    }
    out.push_str("</tr></thead><tbody>");
    for row in rows {
        out.push_str("<tr>");
        for (k, cell) in row.iter().enumerate() {
            let _ = write!(out, "<td{}>{cell}</td>", class(k));
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table>");
}

/// Names come from strangers' files.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_become_markup() {
        assert_eq!(
            escaped("<img src=x onerror='y'>&\u{1b}"),
            "&lt;img src=x onerror=&#39;y&#39;&gt;&amp;\u{fffd}"
        );
    }
}
