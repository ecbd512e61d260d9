//! The child between its parents, over the layers; the parents with each other behind it.

use eframe::egui::{Label, RichText, Ui, vec2};

use super::super::DraftContext;
use crate::kinship::Metric;
use crate::ui::format;
use crate::ui::widgets::profile::{Profile, Series};
use crate::ui::widgets::section_heading;
use crate::workbench::composing::{Child, NoChild};

/// Height of the legend and the plot, in points.
const HEIGHT: f32 = 156.0;
/// The most parents that get a line of their own.
const MOST: usize = 4;
/// The longest name in the legend, in characters.
const LONGEST: usize = 12;
/// The grey of the roles.
const GREY: usize = 7;
/// Where the vertical axis of a correlation may begin: in steps, so that it stays where it is
/// while a slider moves.
const FLOORS: [f64; 6] = [0.9, 0.75, 0.5, 0.0, -0.5, -1.0];

/// Draws the section; it is as high while nothing is known.
pub fn ui(ui: &mut Ui, shown: &DraftContext<'_>, metric: Metric) {
    section_heading(ui, "Over the layers");
    ui.allocate_ui(vec2(ui.available_width(), HEIGHT), |ui| {
        ui.set_min_height(HEIGHT);
        match (shown.child(), shown.ahead.map(|ahead| &ahead.child)) {
            (Some(child), _) => profile_ui(ui, shown, child, metric),
            (None, Some(Err(NoChild::Refused(sentence)))) => {
                let text = RichText::new(shown.view.bench.sentence(sentence)).weak();
                ui.add(Label::new(text).wrap());
            }
            _ => {
                ui.label(format::UNDEFINED);
            }
        }
    });
}

fn profile_ui(ui: &mut Ui, shown: &DraftContext<'_>, child: &Child, metric: Metric) {
    let lines = &child.profile.child[..child.profile.child.len().min(MOST)];
    let names: Vec<String> = lines
        .iter()
        .map(|(id, _)| format::elide_middle(shown.bench.short(*id), LONGEST))
        .collect();
    let mut series: Vec<Series<'_>> = Vec::new();
    for (role, (name, (_, values))) in names.iter().zip(lines).enumerate() {
        series.push(Series {
            name,
            role,
            values: values.clone(),
        });
    }
    if child.parents.len() > 1 {
        series.push(Series {
            name: "parents",
            role: GREY,
            values: child.profile.parents.clone(),
        });
    }
    Profile {
        id_salt: "child",
        x_name: "Layer",
        y_name: &metric.heading(),
        y_range: range(metric, &series),
        series: &series,
        decimals: 3,
    }
    .show(ui);
}

/// From the highest floor under all values to the greatest; `None` where there are no such
/// bounds, as of a distance.
fn range(metric: Metric, series: &[Series<'_>]) -> Option<(f64, f64)> {
    if metric.range.1 != 1.0 || !metric.is_similarity() {
        return None;
    }
    let values = series.iter().flat_map(|s| s.values.iter().flatten());
    let finite = values.copied().filter(|v| v.is_finite());
    let least = finite.fold(1.0, f64::min);
    let mut floors = FLOORS.into_iter();
    let floor = floors.find(|floor| *floor <= least).unwrap_or(-1.0);
    let air = (1.0 - floor) * 0.06;
    Some((floor - air, 1.0 + air))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_moves_in_steps() {
        let of = |values: &[f64]| {
            let series = [Series {
                name: "a",
                role: 0,
                values: values.iter().map(|v| Some(*v)).collect(),
            }];
            range(Metric::PEARSON, &series).map(|(lo, hi)| (lo < 0.5, lo < 0.0, hi > 1.0))
        };
        assert_eq!(of(&[0.95, 0.99]), of(&[0.91, 0.97]));
        assert_eq!(of(&[0.95, 0.99]), Some((false, false, true)));
        assert_eq!(of(&[0.3]), Some((true, true, true)));
        assert_eq!(range(Metric::EUCLIDEAN, &[]), None);
    }
}
