//! What a study file may say in numbers.
//!
//! Files come from strangers, and a number is a size before long: a generation becomes a
//! column, an id the one before the next. What cannot be meant is brought to the nearest number
//! that can, so that the study opens; ids that leave no room for another model are refused.

use super::doc::{Model, StudyDoc};
use super::evolution::Evolution;
use super::record::Score;
use crate::kinship::Values;

/// The highest id of a model, draft or evolution; ids are never used again, and those above it
/// are room for what will be added.
pub const MOST_ID: u32 = 4_000_000_000;

/// The last generation of a run.
pub const MOST_GENERATION: u32 = 1_000_000;

/// The highest number in a generation.
const MOST_NUMBER: u32 = 1_000_000;

/// The farthest from the middle of the canvas that a node lies, in points: a step of one point
/// still counts there, and is lost in much larger numbers.
pub const MOST_PLACE: f32 = 1e6;

/// The longest that an evolution has taken, in seconds: thirty thousand years.
const MOST_SECONDS: f64 = 1e12;

/// The most of the best that are merged with each other; their pairs are twice as many digits.
const MOST_TOP: usize = 1_000_000;

/// The largest score, kinship or limit, either way: sums and squares of such numbers are still
/// numbers, and axes over them have marks that differ.
pub const MOST_VALUE: f64 = 1e12;

/// The first id of a document that is too high, and what it is of.
pub(super) fn too_high(doc: &StudyDoc) -> Option<(&'static str, u32)> {
    let models = doc.models.iter().map(|m| m.id.0).chain([doc.next_id]);
    let drafts = doc.drafts.iter().map(|d| d.id.0).chain([doc.next_draft]);
    let evolutions = doc.evolutions.iter().map(|e| e.id.0);
    let evolutions = evolutions.chain([doc.next_evolution]);
    let all = (models.map(|id| ("model", id)))
        .chain(drafts.map(|id| ("draft", id)))
        .chain(evolutions.map(|id| ("evolution", id)));
    all.into_iter().find(|&(_, id)| id > MOST_ID)
}

/// Brings every other number of a document to what can be meant.
pub(super) fn bound(doc: &mut StudyDoc) {
    doc.models.iter_mut().for_each(model);
    for pair in &mut doc.pairs {
        kinship(&mut pair.kinship);
        maybe(&mut pair.difference);
    }
    for (_, place) in doc.drafts.iter_mut().flat_map(|d| &mut d.sheet.places) {
        *place = bounded_place(*place);
    }
    doc.evolutions.iter_mut().for_each(evolution);
    let colours = &mut doc.view.colours;
    *colours = colours.filter(|range| range.is_sound() && range.hi.abs() <= MOST_VALUE);
    let saturation = &mut doc.view.charts.saturation;
    saturation.top = saturation.top.min(MOST_TOP);
    saturation.window = saturation.window.min(MOST_GENERATION as usize);
    value(&mut saturation.epsilon);
    value(&mut saturation.tau);
}

fn model(model: &mut Model) {
    for step in &mut model.steps {
        step.generation = step.generation.min(MOST_GENERATION);
        step.number = step.number.min(MOST_NUMBER);
    }
    model.scores.iter_mut().for_each(score);
    let origin = &mut model.origin;
    kinship(&mut origin.kinship);
    maybe(&mut origin.average);
    maybe(&mut origin.gain);
    for predicted in &mut origin.predicted {
        kinship(&mut predicted.kinship);
        value(&mut predicted.error);
    }
}

fn score(score: &mut Score) {
    value(&mut score.value);
    score.stderr = score.stderr.filter(|&error| is_error(error));
}

/// Whether a number can be a standard error.
pub fn is_error(number: f64) -> bool {
    (0.0..=MOST_VALUE).contains(&number)
}

fn kinship(kinship: &mut Values) {
    kinship.change(|number| {
        let mut number = Some(number);
        maybe(&mut number);
        number
    });
}

fn maybe(number: &mut Option<f64>) {
    *number = number.filter(|number| !number.is_nan());
    number.iter_mut().for_each(value);
}

fn value(number: &mut f64) {
    *number = match number.is_nan() {
        true => 0.0,
        false => number.clamp(-MOST_VALUE, MOST_VALUE),
    };
}

/// A place on the canvas that can be drawn; what is not a number is the middle.
pub fn bounded_place(place: [f32; 2]) -> [f32; 2] {
    place.map(|at| match at.is_nan() {
        true => 0.0,
        false => at.clamp(-MOST_PLACE, MOST_PLACE),
    })
}

fn evolution(evolution: &mut Evolution) {
    evolution.seconds = match evolution.seconds.is_nan() {
        true => 0.0,
        false => evolution.seconds.clamp(0.0, MOST_SECONDS),
    };
    let choices = &mut evolution.setup.choices;
    choices.top = choices.top.min(MOST_TOP);
    let rules = &mut evolution.setup.rules;
    maybe(&mut rules.tau);
    if let Some(rule) = &mut rules.no_gain {
        value(&mut rule.points);
    }
}
