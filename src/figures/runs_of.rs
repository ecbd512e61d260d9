//! The runs that a chart shows, and what of their models it needs.

use super::{ChartData, Color, Dash, Marker};
use crate::study::chart::ChartChoices;
use crate::study::{Model, ModelFacts, StudyDoc, StudyFacts};

/// A run with its look, which is the same in every chart.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// Its name; empty for the study's own merges.
    pub name: &'a str,
    /// Its colour, which no other run of the study has.
    pub index: usize,
}

impl Run<'_> {
    pub const fn color(&self) -> Color {
        Color::Series(self.index)
    }

    /// How its line is drawn, so that one on another shows both.
    pub const fn dash(&self) -> Dash {
        [Dash::Solid, Dash::Dashed, Dash::Dotted][self.index % 3]
    }

    pub const fn marker(&self) -> Marker {
        Marker::SERIES[self.index % Marker::SERIES.len()]
    }
}

pub struct InRun<'a> {
    pub model: &'a Model,
    pub row: &'a ModelFacts,
    pub generation: u32,
}

/// The chosen runs, or all.
pub fn chosen<'a>(choices: &ChartChoices, data: &ChartData<'a>) -> Vec<Run<'a>> {
    let run = |name: &'a String| Run {
        name,
        index: data.record.run_colour(name),
    };
    (data.record.runs.iter().map(run))
        .filter(|run| choices.runs.is_empty() || choices.runs.iter().any(|r| r == run.name))
        .collect()
}

/// The models of a run, in the order of the study.
pub fn members<'a>(run: &str, doc: &'a StudyDoc, record: &'a StudyFacts) -> Vec<InRun<'a>> {
    let rows = doc.models.iter().zip(&record.rows);
    rows.filter_map(|(model, row)| {
        let step = model.step(run)?;
        Some(InRun {
            model,
            row,
            generation: step.generation,
        })
    })
    .collect()
}

/// What to do where nothing belongs to a run.
pub fn none(choices: &ChartChoices) -> String {
    if choices.runs.is_empty() {
        "No model belongs to a run yet; set a run and a generation in the models view, or import a table that has them".to_owned()
    } else {
        "None of the chosen runs is in this study; choose others, or all".to_owned()
    }
}
