//! Sweeps: a recipe merged and scored for every combination of some values of its parameters.
//!
//! A cell of the grid is a trial like the child of an evolution: it is done here or by the
//! workers of a cluster, its scores lie in the sweep's folder, and what was done is found again
//! by whoever starts the same sweep once more.

mod grid;
mod record;
mod running;
mod table;

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::trials::{Lead, Progress, Result as Found, Trial, Way, see_through};
use super::writing::warnings;
use crate::jobs::{Failure, Ticket};
use crate::merge::recipe::{Template, parse, to_yaml};
use crate::study::Evaluator;

pub use grid::{Axis, MOST_CELLS, cells, values_of};
pub(super) use running::Sweeping;
pub use running::{SweepRun, SweepState};
pub use table::{Row, RowState, Table};

/// What is swept, and how.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Sweep {
    /// What the recipe is called.
    pub name: String,
    /// The recipe, with whole paths.
    pub text: String,
    pub axes: Vec<Axis>,
    pub evaluator: Evaluator,
    /// Whether children stay when they have their scores.
    pub keep: bool,
}

/// A recipe with whole paths: those that start from `root`, or else from the `working` folder.
///
/// # Errors
/// The sentence about a text that is no recipe.
pub fn rooted(text: &str, root: &Path, working: Option<&Path>) -> Result<String, String> {
    let find = |path: &str| {
        let places = [Some(root), working].into_iter().flatten();
        let mut places = places.map(|folder| folder.join(path));
        let found = places.find(|place| place.exists())?;
        std::path::absolute(found).ok()
    };
    Template::read(text)?.with_whole_paths(&find).to_text()
}

impl Sweep {
    /// Its run in a folder: the same sweep goes on where it stopped.
    fn run(&self) -> String {
        // Texts have no way to fail.
        super::trials::hexadecimal(serde_json::to_string(self).unwrap_or_default())
    }

    /// The trials of its cells, whose children lie below `out`, with their values.
    ///
    /// Every recipe is planned here, so that what cannot be merged is told before the work starts.
    ///
    /// # Errors
    /// A path that leads nowhere, a value that the recipe does not take, a word that would change
    /// nothing: its cells would be alike.
    pub fn trials(
        &self,
        out: &Path,
        ticket: &Ticket,
    ) -> Result<Vec<(Vec<String>, Trial)>, Failure> {
        let template = Template::read(&self.text).map_err(Failure::Failed)?;
        let plain = template.to_text().map_err(Failure::Failed)?;
        let known = warnings(&parse(&plain)).unwrap_or_default();
        let run = self.run();
        let children = out.join("children").join(&run[..8]);
        let cells = cells(&self.axes).map_err(Failure::Failed)?;
        let mut all: Vec<(Vec<String>, Trial)> = Vec::new();
        for (k, values) in cells.into_iter().enumerate() {
            ticket.advance(0)?;
            let label = self.label(&values);
            let of_cell = |sentence: String| Failure::Failed(format!("{label}: {sentence}"));
            let mut own = template.clone();
            for (axis, value) in self.axes.iter().zip(&values) {
                own.set(&axis.path, value).map_err(of_cell)?;
            }
            let parsed = parse(&own.to_text().map_err(of_cell)?);
            let told = warnings(&parsed).map_err(|failure| named(failure, &label))?;
            if let Some(new) = told.iter().find(|own| !known.contains(own)) {
                return Err(of_cell(new.clone()));
            }
            // As it is written beside the child: a child that is there is known by it.
            let text = to_yaml(&parsed.recipes).map_err(of_cell)?;
            let folder = children.join(format!("{:03}-{}", k + 1, file_name(&label)));
            let trial = Trial::of_recipe(&run, &label, text, &folder, self.evaluator.clone());
            let trial = trial.map_err(|failure| named(failure, &label))?;
            let trial = if self.keep { trial } else { trial.not_kept() };
            all.push((values, trial));
        }
        Ok(all)
    }

    /// What a cell is called: the last words of the paths that tell them apart, with its values.
    pub fn label(&self, values: &[String]) -> String {
        let last = |path: &str| path.rsplit('.').next().unwrap_or(path).to_owned();
        let name = |axis: &Axis| {
            let same = |other: &&Axis| last(&other.path) == last(&axis.path);
            match self.axes.iter().filter(same).count() {
                1 => last(&axis.path),
                _ => axis.path.clone(),
            }
        };
        let parts = self.axes.iter().zip(values);
        let parts = parts.map(|(axis, value)| format!("{}={value}", name(axis)));
        parts.collect::<Vec<_>>().join(" ")
    }

    /// Goes through the grid. `on` hears the empty table first, and every change of it.
    ///
    /// # Errors
    /// As for [`Self::trials`]; a folder that cannot be written; cancellation, after which the same
    /// sweep goes on. A cell that fails is a row that says so.
    pub fn go_through(
        &self,
        out: &Path,
        way: Way<'_>,
        ticket: &Ticket,
        on: &(dyn Fn(Told<'_>) + Sync),
    ) -> Result<Table, Failure> {
        let (values, trials): (Vec<_>, Vec<Trial>) = self.trials(out, ticket)?.into_iter().unzip();
        let rows = trials.iter().zip(values);
        let mut table = Table {
            recipe: self.name.clone(),
            axes: self.axes.clone(),
            rows: rows.map(|(trial, values)| Row::of(trial, values)).collect(),
        };
        on(Told::Began(&table));
        let lead = Lead::open(out, &self.run(), &self.name).map_err(Failure::Failed)?;
        let told = |progress: Progress, arrived: Option<(usize, &Found)>| {
            if let Some((at, found)) = arrived {
                on(Told::Arrived(at, found));
            }
            on(Told::Progress(progress));
        };
        let found = see_through(lead.out(), &trials, way, ticket, &told)?;
        for (row, found) in table.rows.iter_mut().zip(&found) {
            row.take(found);
        }
        lead.end();
        Ok(table)
    }
}

/// What a sweep tells on the way.
#[derive(Clone, Copy)]
pub enum Told<'t> {
    Began(&'t Table),
    /// What came of a cell, by its place in the grid.
    Arrived(usize, &'t Found),
    Progress(Progress),
}

/// Where a sweep keeps what it finds unless it is told otherwise: beside its recipe.
pub fn usual_folder(recipe: &Path) -> PathBuf {
    let mut name = recipe.file_stem().unwrap_or_default().to_owned();
    name.push(".sweep");
    recipe.with_file_name(name)
}

fn named(failure: Failure, label: &str) -> Failure {
    match failure {
        Failure::Cancelled => Failure::Cancelled,
        Failure::Failed(sentence) => Failure::Failed(format!("{label}: {sentence}")),
    }
}

fn file_name(label: &str) -> String {
    const MOST: usize = 80;
    let plain = |c: char| match c.is_alphanumeric() || "-_.=".contains(c) {
        true => c,
        false => '-',
    };
    label.chars().map(plain).take(MOST).collect()
}
