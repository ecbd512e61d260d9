//! The page: sections of pictures and tables.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Drawing, MergeRow, Report};
use crate::html::{escaped, numbers, page, table};
use crate::text;

/// What stands where there is no number.
const NONE: &str = "–";

/// What the words of the page mean.
const GLOSSARY: [(&str, &str); 5] = [
    (
        "Task vector",
        "The weights of a model minus those of the base it was fine-tuned from.",
    ),
    (
        "Kinship",
        "The similarity of two task vectors: Pearson correlation or cosine (1 is the same \
         direction, 0 unrelated, −1 opposed), or their Euclidean distance. It tells how related \
         two models are, and by itself little of what their merge will score.",
    ),
    (
        "Average",
        "The mean over the tasks that count, in points from 0 to 100.",
    ),
    (
        "Gain",
        "The average of a merge minus the mean of its parents' averages, in points.",
    ),
    (
        "Generation",
        "How many merges lie between a model and the fine-tunes that it descends from.",
    ),
];

/// The report as one file of HTML. Pictures lie in it as images, so that nothing in them is run.
pub fn html(report: &Report, drawings: &[Drawing]) -> String {
    let mut out = String::new();
    for text in [&report.about, &report.source] {
        if !text.is_empty() {
            let _ = write!(out, "<p class=\"text\">{}</p>", escaped(text));
        }
    }
    let facts: Vec<_> = (report.numbers.iter())
        .map(|(what, value)| (*what, escaped(value)))
        .collect();
    numbers(&mut out, &facts);
    sentences(&mut out, "What stands out", &report.findings);
    pictures(&mut out, drawings);
    models(&mut out, report);
    merges(&mut out, &report.merges);
    recipes(&mut out, &report.merges);
    evolutions(&mut out, report);
    sentences(&mut out, "To be borne in mind", &report.caveats);
    glossary(&mut out);
    let name = match report.name.trim() {
        "" => "Untitled study",
        name => name,
    };
    page(&escaped(name), "A study of model kinship by Kinfolk", &out)
}

fn sentences(out: &mut String, title: &str, all: &[String]) {
    if all.is_empty() {
        return;
    }
    let _ = write!(out, "<h2>{title}</h2><ul>");
    for sentence in all {
        let _ = write!(out, "<li>{}</li>", escaped(sentence));
    }
    out.push_str("</ul>");
}

fn pictures(out: &mut String, drawings: &[Drawing]) {
    let mut section = "";
    for drawing in drawings {
        if drawing.section != section {
            section = drawing.section;
            let _ = write!(out, "<h2>{section}</h2>");
        }
        let title = escaped(&drawing.title);
        let _ = write!(
            out,
            "<h3>{title}</h3><figure><img alt=\"{title}\" src=\"data:image/svg+xml;base64,{}\">\
             <figcaption>",
            STANDARD.encode(&drawing.svg)
        );
        for words in &drawing.words {
            let _ = write!(out, "<p class=\"weak\">{}</p>", escaped(words));
        }
        out.push_str("</figcaption></figure>");
    }
}

fn models(out: &mut String, report: &Report) {
    if report.models.is_empty() {
        return;
    }
    out.push_str("<h2>Models</h2>");
    let tasks: Vec<String> = report.tasks.iter().map(|task| escaped(task)).collect();
    let mut titles = vec!["", "Model", "Kind", "Base", "Average"];
    titles.extend(tasks.iter().map(String::as_str));
    let rows = report.models.iter().map(|row| {
        let mut cells = vec![
            row.rank.map_or_else(String::new, |rank| rank.to_string()),
            escaped(&row.name),
            row.role.to_owned(),
            escaped(&row.base),
            points(row.average),
        ];
        cells.extend(row.scores.iter().map(|&score| points(score)));
        cells
    });
    table(out, &titles, 4, rows);
}

fn merges(out: &mut String, merges: &[MergeRow]) {
    if merges.is_empty() {
        return;
    }
    out.push_str("<h2>Merges</h2>");
    let rows = merges.iter().map(|merge| {
        let kinship = merge.kinship.map_or_else(
            || NONE.to_owned(),
            |(value, measure)| format!("{} {measure}", text::number(value, 3)),
        );
        let gain = merge.gain.filter(|gain| gain.is_finite());
        [
            escaped(&merge.name),
            escaped(&text::list(&merge.parents)),
            escaped(&merge.method),
            kinship,
            points(merge.average),
            gain.map_or_else(|| NONE.to_owned(), |gain| text::signed(gain, 2)),
        ]
    });
    let titles = [
        "Merge",
        "Parents",
        "Method",
        "Parents' kinship",
        "Average",
        "Gain",
    ];
    table(out, &titles, 3, rows);
}

fn recipes(out: &mut String, merges: &[MergeRow]) {
    let with_recipe: Vec<&MergeRow> = merges.iter().filter(|m| !m.recipe.is_empty()).collect();
    if with_recipe.is_empty() {
        return;
    }
    out.push_str("<h2>Recipes</h2>");
    for merge in with_recipe {
        let _ = write!(
            out,
            "<details><summary>{}</summary><pre>{}</pre></details>",
            escaped(&merge.name),
            escaped(&merge.recipe)
        );
    }
}

fn evolutions(out: &mut String, report: &Report) {
    if report.evolutions.is_empty() {
        return;
    }
    out.push_str("<h2>Evolutions</h2>");
    let rows = report.evolutions.iter().map(|row| {
        let best = row.best.as_ref().map_or_else(
            || NONE.to_owned(),
            |(name, average)| format!("{}, {}", escaped(name), text::number(*average, 2)),
        );
        [
            escaped(&row.name),
            escaped(&row.strategy),
            best,
            row.founders.to_string(),
            row.children.to_string(),
            row.evaluations.to_string(),
        ]
    });
    let titles = [
        "Evolution",
        "Strategy",
        "Best",
        "Founders",
        "Children",
        "Evaluations",
    ];
    table(out, &titles, 3, rows);
}

fn glossary(out: &mut String) {
    out.push_str("<h2>What the words mean</h2>");
    for (word, meaning) in GLOSSARY {
        let _ = write!(out, "<p><b>{word}.</b> {meaning}</p>");
    }
}

fn points(value: Option<f64>) -> String {
    let value = value.filter(|value| value.is_finite());
    value.map_or_else(|| NONE.to_owned(), |value| text::number(value, 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_study_becomes_markup_or_is_fetched() {
        let evil = "<script>alert(1)</script>".to_owned();
        let report = Report {
            name: evil.clone(),
            about: evil.clone(),
            source: evil.clone(),
            findings: vec![evil.clone()],
            caveats: vec![evil.clone()],
            tasks: vec![evil.clone()],
            models: vec![super::super::ModelRow {
                name: evil.clone(),
                base: evil.clone(),
                ..Default::default()
            }],
            merges: vec![MergeRow {
                name: evil.clone(),
                parents: vec![evil.clone()],
                method: evil.clone(),
                recipe: evil.clone(),
                ..MergeRow::default()
            }],
            evolutions: vec![super::super::EvolutionRow {
                name: evil.clone(),
                strategy: evil.clone(),
                best: Some((evil.clone(), 1.0)),
                ..Default::default()
            }],
            ..Report::default()
        };
        let drawing = Drawing {
            section: "Charts",
            title: evil.clone(),
            words: vec![evil.clone()],
            svg: evil,
        };
        let page = html(&report, &[drawing]);
        assert_eq!(page.matches("&lt;script&gt;").count(), 20);
        assert!(!page.contains("<script") && !page.contains("http"));
    }
}
