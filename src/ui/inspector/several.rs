//! The inspector of several models: how related they are among each other, and how they score.

use eframe::egui::{ScrollArea, Ui};

use crate::kinship::Metric;
use crate::study::ModelId;
use crate::ui::action::Action;
use crate::ui::ext::UiExt;
use crate::ui::format;
use crate::ui::inspector::model::model_link;
use crate::ui::theme::{self, ROW_HEIGHT, size, space};
use crate::ui::views::{compare_button, known_kinship, selection_actions};
use crate::ui::widgets::fact_ui;
use crate::workbench::Workbench;

/// Beyond this many models their pairs are not gone through.
const MOST: usize = 60;

struct Summary {
    /// Kinship of every pair for which it is known: its mean, and of how many.
    kinship: Option<(f64, usize)>,
    /// Of the pairs that are known, how many were measured.
    measured: usize,
    pairs: usize,
    /// Averages: mean, least and highest, and of how many models.
    average: Option<(f64, f64, f64, usize)>,
}

pub fn several_ui(ui: &mut Ui, bench: &Workbench, ids: &[ModelId], actions: &mut Vec<Action>) {
    let title = format::counted(ids.len(), "model");
    ui.label(theme::strong(format!("{title} selected")).size(size::HEADING));
    let key = (bench.revision(), ids.to_vec());
    let id = "summary of the selected models";
    let kept = ui.remembered(id, key, |_| Summary::new(bench, ids));
    let summary = &kept.1;
    ui.add_space(space::XS);
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        summary_ui(ui, summary, ids.len());
    });
    ui.add_space(space::S);
    ui.horizontal_wrapped(|ui| {
        selection_actions(ui, bench, ids, actions);
        if let [a, b] = ids[..] {
            compare_button(ui, bench, (a, b), actions);
        }
    });
    ui.add_space(space::S);
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical()
        .auto_shrink(false)
        .show_rows(ui, ROW_HEIGHT, ids.len(), |ui, rows| {
            // The scroll bar floats; nothing lies under it.
            ui.set_max_width(ui.available_width() - space::L);
            for &id in &ids[rows] {
                let average = bench.record().row(id).and_then(|row| row.average);
                let note = format::score(average);
                model_link(ui, bench, id, &note, actions);
            }
        });
}

fn summary_ui(ui: &mut Ui, summary: &Summary, models: usize) {
    if let Some((mean, n)) = summary.kinship {
        let known = match summary.measured {
            0 => "as reported",
            m if m == n => "measured",
            _ => "measured and as reported",
        };
        let hover = format!(
            "{}\n{}, mean of {n} of {}, {known}",
            format::full(Some(mean)),
            Metric::DEFAULT.title,
            format::counted(summary.pairs, "pair")
        );
        let name = format!(
            "Mean kinship, {n} of {}",
            format::counted(summary.pairs, "pair")
        );
        fact_ui(ui, &name, &format::kinship(Some(mean)), &hover);
    }
    if let Some((mean, least, most, n)) = summary.average {
        let hover = format!(
            "{}\nOf the {} that have an average",
            format::full(Some(mean)),
            format::counted(n, "model")
        );
        let name = if n == models {
            "Mean of the averages".to_owned()
        } else {
            format!("Mean of the averages, {n} of {models}")
        };
        fact_ui(ui, &name, &format::score(Some(mean)), &hover);
        if n < 2 {
            return;
        }
        let range = format!(
            "{} to {}",
            format::score(Some(least)),
            format::score(Some(most))
        );
        fact_ui(ui, "Lowest and highest average", &range, "");
    }
}

impl Summary {
    fn new(bench: &Workbench, ids: &[ModelId]) -> Self {
        let pairs = (0..ids.len()).flat_map(|i| (0..i).map(move |j| (ids[i], ids[j])));
        let known: Vec<(f64, bool)> = if ids.len() > MOST {
            Vec::new()
        } else {
            pairs
                .filter_map(|(a, b)| known_kinship(bench, a, b, Metric::DEFAULT))
                .collect()
        };
        let record = bench.record();
        let averages: Vec<f64> = record
            .rows
            .iter()
            .filter(|row| ids.contains(&row.id))
            .filter_map(|row| row.average)
            .collect();
        let values: Vec<f64> = known.iter().map(|(value, _)| *value).collect();
        Self {
            kinship: mean(&values).map(|mean| (mean, values.len())),
            measured: known.iter().filter(|(_, is_measured)| *is_measured).count(),
            pairs: ids.len() * ids.len().saturating_sub(1) / 2,
            average: mean(&averages).map(|mean| {
                let least = averages.iter().copied().fold(f64::INFINITY, f64::min);
                let most = averages.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                (mean, least, most, averages.len())
            }),
        }
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}
