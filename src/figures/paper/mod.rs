//! The figures of the paper that have data, drawn again: 2 to 8.
//!
//! Source: *Exploring Model Kinship for Merging Large Language Models*, arXiv 2410.12613. The
//! printed values are drawn, also where the paper's own scores give others; notes say so.

mod correlation;
mod experiment;
mod generations;
mod groups;
mod paths;
mod weights;

use super::{Bundled, Figure, LineMark, words};
use super::{Color, Dash, Side};
use crate::study::{StudyDoc, StudyFacts};

/// Number and title of each figure.
pub const PAPER: [(u8, &str); 7] = [
    (2, "Kinship and merge gain"),
    (3, "Two lines of merges"),
    (4, "Kinship and performance along the lines"),
    (5, "Greedy and kinship-guided merging"),
    (6, "Weight change of three merges"),
    (7, "Kinship within three groups"),
    (8, "Three measures along the lines"),
];

/// The figure of a number.
///
/// # Errors
/// A sentence, if there is no such figure, or if the study with its data is not carried.
pub fn build(number: u8, bundled: &Bundled<'_>) -> Result<Figure, String> {
    let (_, title) = PAPER
        .iter()
        .find(|(n, _)| *n == number)
        .ok_or("The paper's figures with data are 2 to 8; choose one of them")?;
    let study = |key| {
        let doc = bundled(key);
        if doc.models.is_empty() {
            return Err("The paper's data are not in this build of the program".to_owned());
        }
        Ok(Printed::new(doc))
    };
    let figure = match number {
        2 => correlation::figure(&study("community")?),
        3 => generations::figure(&study("community")?),
        4 => paths::pearson(&study("community")?),
        5 => experiment::figure(&study("experiment")?),
        6 => weights::figure()?,
        7 => groups::figure(&study("community")?),
        _ => paths::all_measures(&study("community")?),
    };
    Ok(Figure {
        title: format!("Figure {number} of the paper: {}", lower(title)),
        ..figure
    })
}

fn lower(title: &str) -> String {
    let mut letters = title.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().collect::<String>() + letters.as_str(),
        None => String::new(),
    }
}

/// A study as it was printed: scores are put aside, so that the averages are the reported ones.
struct Printed {
    doc: StudyDoc,
    record: StudyFacts,
}

impl Printed {
    fn new(doc: &StudyDoc) -> Self {
        let mut doc = doc.clone();
        for model in &mut doc.models {
            model.scores.clear();
        }
        let record = StudyFacts::new(&doc, &|_, _, _| None);
        Self { doc, record }
    }

    fn source(&self) -> String {
        words::source(&self.doc)
    }
}

/// The two lines of descent: name, how far the paper shifts it to the right so that the last
/// three steps of both stand above each other, and where it draws the start of saturation.
const PATHS: [(&str, u32, f64); 2] = [("Path 1", 0, 8.0), ("Path 2", 2, 11.0)];

/// A line without a side or a name of its own.
fn line(name: &str, color: Color, dash: Dash, points: Vec<[f64; 2]>) -> LineMark {
    LineMark {
        is_thin: false,
        name: name.to_owned(),
        color,
        dash,
        side: Side::Left,
        points,
    }
}
