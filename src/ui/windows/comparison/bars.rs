//! How a difference runs through the model: a bar a layer, and a bar a kind. A click on one
//! leaves its tensors in the table.

use eframe::egui::Ui;

use super::table::{Focus, shown};
use crate::diff::Group;
use crate::ui::colormap::Scale;
use crate::ui::theme::space;
use crate::ui::widgets::bars::{Bar, bars_ui};
use crate::ui::widgets::section_heading;

/// Draws the groups with their relative distance in percent.
pub(super) fn groups_ui(
    ui: &mut Ui,
    title: &str,
    groups: &[Group],
    focus: &mut Option<Focus>,
    of: fn(String) -> Focus,
) {
    section_heading(ui, title);
    let percent = |group: &Group| group.sums.relative().map(|share| 100.0 * share);
    let bars: Vec<Bar<'_>> = groups
        .iter()
        .map(|group| Bar {
            name: shown(&group.name),
            value: percent(group),
            predicted: false,
        })
        .collect();
    let most = groups.iter().filter_map(percent).fold(0.0, f64::max);
    let scale = Scale::Sequential { lo: 0.0, hi: most };
    let clicked = bars_ui(ui, &bars, scale, places(most));
    if let Some(group) = clicked.and_then(|k| groups.get(k)) {
        let new = of(group.name.clone());
        *focus = (focus.as_ref() != Some(&new)).then_some(new);
    }
    ui.add_space(space::S);
}

/// Decimals that tell the largest of some percentages in three figures.
fn places(most: f64) -> usize {
    match most {
        most if most >= 10.0 => 1,
        most if most >= 1.0 || most == 0.0 => 2,
        most if most >= 0.1 => 3,
        _ => 5,
    }
}
