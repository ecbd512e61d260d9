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

use super::chart::{Chart, Needs, SPREAD, Sketch};
use super::{ChartData, words};
use crate::study::chart::ChartKind;
use crate::study::{StudyDoc, StudyFacts};

pub static FIGURES: [Chart; 7] = [
    Chart {
        kind: ChartKind::Paper(2),
        title: "Figure 2",
        sentence: "Kinship and merge gain of community merges",
        sketch: &[Sketch::Points(4, &SPREAD)],
        build: |_, data| Ok(correlation::figure(&printed(data, "community")?)),
        ..FIGURE
    },
    Chart {
        kind: ChartKind::Paper(3),
        title: "Figure 3",
        sentence: "Performance and merge gain of two community paths",
        sketch: &[
            Sketch::Line(0, &[[0.0, 0.1], [0.5, 0.7], [1.0, 0.95]]),
            Sketch::Dashes(5, &[[0.0, 0.3], [0.5, 0.55], [1.0, 0.9]]),
        ],
        build: |_, data| Ok(generations::figure(&printed(data, "community")?)),
        ..FIGURE
    },
    Chart {
        kind: ChartKind::Paper(4),
        title: "Figure 4",
        sentence: "Kinship and performance along the two paths",
        sketch: &[
            Sketch::Line(3, &[[0.0, 0.2], [0.4, 0.3], [0.7, 0.85], [1.0, 0.95]]),
            Sketch::Dashes(7, &[[0.0, 0.1], [0.5, 0.7], [1.0, 0.9]]),
        ],
        build: |_, data| Ok(paths::pearson(&printed(data, "community")?)),
        ..FIGURE
    },
    Chart {
        kind: ChartKind::Paper(5),
        title: "Figure 5",
        sentence: "Greedy merging against merging with kinship",
        sketch: &[Sketch::Tree],
        study: Some("experiment"),
        build: |_, data| Ok(experiment::figure(&printed(data, "experiment")?)),
        ..FIGURE
    },
    Chart {
        kind: ChartKind::Paper(6),
        title: "Figure 6",
        sentence: "Change of weights by layer",
        sketch: &[Sketch::Cells(6, 3)],
        study: Some("experiment"),
        build: |_, _| weights::figure(),
        ..FIGURE
    },
    Chart {
        kind: ChartKind::Paper(7),
        title: "Figure 7",
        sentence: "Kinship matrices of three groups of models",
        sketch: &[Sketch::Cells(5, 5)],
        build: |_, data| Ok(groups::figure(&printed(data, "community")?)),
        ..FIGURE
    },
    Chart {
        kind: ChartKind::Paper(8),
        title: "Figure 8",
        sentence: "Three measures of kinship along the two paths",
        sketch: &[Sketch::Multiples],
        build: |_, data| Ok(paths::all_measures(&printed(data, "community")?)),
        ..FIGURE
    },
];

/// What all of them have.
const FIGURE: Chart = Chart {
    kind: ChartKind::Paper(0),
    title: "",
    sentence: "",
    meaning: [
        "This is a figure of the paper, drawn again from its tables and, where it has none, from readings of its drawings.",
        "The notes say where the paper's own numbers disagree; the printed value is kept.",
        "The same chart of your own models is a click away in the list.",
        "The paper's data are few, chosen by hand and evaluated once; take them as an example, not as a proof.",
    ],
    sketch: &[],
    controls: &[],
    needs: Needs::Nothing,
    study: Some("community"),
    build: |_, _| Err(String::new()),
};

/// The study of a key, as it was printed.
fn printed(data: &ChartData<'_>, key: &str) -> Result<Printed, String> {
    let doc = (data.bundled)(key);
    if doc.models.is_empty() {
        return Err("The paper's data are not in this build of the program".to_owned());
    }
    Ok(Printed::new(doc))
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
