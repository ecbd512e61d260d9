//! What the page says, worked out from the advice. Pure.

use crate::advice::{Advice, Assessed, How, WayGain};
use crate::figures::Prediction;
use crate::study::ModelId;
use crate::text::{counted, number, signed};
use crate::ui::format;
use crate::workbench::Workbench;
use crate::workbench::suggesting::Suggested;

pub struct Lines {
    /// What is to be read first: what predicts, what kinship adds, what methods gained.
    pub sentences: Vec<String>,
    pub predictors: Vec<Line>,
    /// Models that are parents of known merges, and the words of the choice of each.
    pub parents: Vec<(ModelId, String)>,
    predictions: Vec<Prediction>,
}

/// A predictor, held out one way.
pub struct Line {
    pub assessed: Assessed,
    pub is_used: bool,
}

pub const fn held_out(how: How) -> &'static str {
    match how {
        How::RandomFolds => "All pairs",
        How::LeaveOneModelOut => "Partners of a new model",
    }
}

pub const fn explained(how: How) -> &'static str {
    match how {
        How::RandomFolds => {
            "Merges held out at random: how well other pairs of these models are told"
        }
        How::LeaveOneModelOut => {
            "All merges of one model held out at a time: how well a model’s first partners are told"
        }
    }
}

impl Lines {
    pub fn new(bench: &Workbench) -> Self {
        let suggested = bench.suggestions();
        let advice = &suggested.advice;
        let predictions = predictions(bench, suggested);
        Self {
            sentences: sentences(suggested),
            predictors: advice
                .predictors
                .iter()
                .filter_map(|p| line(advice, p))
                .collect(),
            parents: parents(bench, &predictions),
            predictions,
        }
    }

    /// Predictors that were held out this way, the best rank correlation first.
    pub fn by(&self, how: How) -> Vec<&Line> {
        let own = self.predictors.iter().filter(|l| l.assessed.how == how);
        let mut out: Vec<&Line> = own.collect();
        let rank = |line: &Line| line.assessed.spearman.unwrap_or(f64::NEG_INFINITY);
        out.sort_by(|a, b| rank(b).total_cmp(&rank(a)));
        out
    }

    /// The merges of one parent, or all.
    pub fn predictions_of(&self, parent: Option<ModelId>) -> Vec<Prediction> {
        let is_meant = |p: &&Prediction| parent.is_none_or(|id| p.models.contains(&id));
        self.predictions.iter().filter(is_meant).cloned().collect()
    }

    /// The table in words, one predictor a line.
    pub fn text(&self) -> String {
        let mut out = self.sentences.join("\n");
        for how in How::ALL {
            out.push_str(&format!("\n\n{} ({})", held_out(how), how.title()));
            for line in self.by(how) {
                out.push_str(&format!("\n{}", line.spoken()));
            }
        }
        out
    }

    pub fn csv(&self) -> Vec<u8> {
        let mut table = csv::Writer::from_writer(Vec::new());
        // Writing into memory does not fail.
        let head = ["predictor", "title", "how", "spearman", "r", "n", "used"];
        table.write_record(head).ok();
        for Line { assessed, is_used } in &self.predictors {
            let row = [
                assessed.key.clone(),
                assessed.title.clone(),
                assessed.how.title().to_owned(),
                format::plain(assessed.spearman),
                format::plain(assessed.r),
                assessed.n.to_string(),
                is_used.to_string(),
            ];
            table.write_record(row).ok();
        }
        table.into_inner().unwrap_or_default()
    }
}

impl Line {
    /// All of it, for those who hear it and for the clipboard.
    pub fn spoken(&self) -> String {
        let Assessed {
            title,
            spearman,
            r,
            n,
            ..
        } = &self.assessed;
        let used = if self.is_used { ", used" } else { "" };
        format!(
            "{title}: rank correlation {}, r {}, n {n}{used}",
            format::decimals(*spearman, 2),
            format::decimals(*r, 2)
        )
    }
}

fn line(advice: &Advice, assessed: &Assessed) -> Option<Line> {
    (assessed.n > 0).then(|| Line {
        is_used: advice.used.as_ref() == Some(&assessed.key),
        assessed: assessed.clone(),
    })
}

fn sentences(suggested: &Suggested) -> Vec<String> {
    let advice = &suggested.advice;
    let mut out = vec![advice.sentence()];
    out.extend(advice.kinship_sentence());
    out.extend(advice.ways.iter().map(|gain| way(suggested, gain)));
    out
}

/// What another way to merge gained against the usual one.
fn way(suggested: &Suggested, gain: &WayGain) -> String {
    let [own, usual] = [gain.way, 0].map(|k| suggested.ways[k].title());
    let merges = counted(gain.n, "merge");
    let mean = signed(gain.difference, 2);
    match gain.interval {
        [low, high] if low.is_finite() => format!(
            "{own} against {usual}: {mean} points a merge (90 %: {} to {}, {merges})",
            number(low, 2),
            number(high, 2)
        ),
        _ => format!("{own} against {usual}: {mean} points in {merges}"),
    }
}

fn predictions(bench: &Workbench, suggested: &Suggested) -> Vec<Prediction> {
    let held_out = suggested.advice.held_out.iter();
    let one = |held: &crate::advice::HeldOut| {
        let models = held.parents.map(|k| suggested.models[k]);
        Prediction {
            label: models.map(|id| bench.short(id)).join(" × "),
            models,
            predicted: held.predicted,
            real: held.real,
            half: held.half,
        }
    };
    held_out.map(one).collect()
}

fn parents(bench: &Workbench, of: &[Prediction]) -> Vec<(ModelId, String)> {
    let mut ids: Vec<ModelId> = of.iter().flat_map(|one| one.models).collect();
    ids.sort_unstable();
    ids.dedup();
    let words = |id: ModelId| format!("Children of {}", bench.short(id));
    ids.into_iter().map(|id| (id, words(id))).collect()
}
