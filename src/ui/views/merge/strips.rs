//! Slices as strips on the layer axis: drag a strip along, drag its ends, cut it, repeat it.
//!
//! One row a slice, in the order in which they are stacked; a strip covers the layers that it
//! takes from its models. Every movement has a field or a button as well.

mod strip;

use eframe::egui::{DragValue, ScrollArea, Ui, WidgetInfo, WidgetType};
use egui_phosphor::regular as icon;

use super::DraftContext;
use crate::merge::composition::Composition;
use crate::ui::ext::UiExt;
use crate::ui::format;
use crate::ui::theme::{self, space};
use crate::ui::widgets::icon_button_if;

/// Width of a number field, in points.
const FIELD: f32 = 44.0;

#[derive(Default)]
pub struct Strips {
    selected: usize,
    drag: Option<strip::Drag>,
}

impl Strips {
    /// Whether a composition has strips to show.
    pub fn has_any(composition: &Composition) -> bool {
        first_merge(composition).is_some()
    }

    /// Draws the strips of the first merge that has some.
    pub fn ui(&mut self, ui: &mut Ui, shown: &DraftContext<'_>) {
        let Some(merge) = first_merge(shown.composition) else {
            return;
        };
        let slices = shown.composition.slices(merge);
        self.selected = self.selected.min(slices.len().saturating_sub(1));
        let lengths = slices.iter().map(strip::length);
        let total = lengths.fold(0, i64::saturating_add);
        ui.horizontal(|ui| {
            ui.label(theme::strong("Strips"));
            let layers = format::counted(total.max(0) as usize, "layer");
            let text = format!("{layers} stacked");
            ui.quiet(text);
            ui.add_space(space::S);
            self.buttons_ui(ui, shown, merge);
        });
        ScrollArea::vertical()
            .id_salt("strips")
            .auto_shrink(false)
            .show(ui, |ui| {
                let layers = Self::layers(shown, merge);
                ui.spacing_mut().item_spacing.y = space::XS;
                let indent = 2.0 * (FIELD + ui.spacing().item_spacing.x);
                strip::axis_ui(ui, indent, layers);
                for k in 0..slices.len() {
                    self.row_ui(ui, shown, merge, k, layers);
                }
            });
    }

    /// The length of the axis: what the models have, or the longest strip reaches to.
    fn layers(shown: &DraftContext<'_>, merge: usize) -> i64 {
        let known = shown.ahead.map_or(1, |ahead| ahead.layers) as i64;
        let slices = shown.composition.slices(merge).iter();
        let ends = slices.filter_map(strip::range).map(|[_, end]| end);
        ends.fold(known.max(1), i64::max)
    }

    fn row_ui(
        &mut self,
        ui: &mut Ui,
        shown: &DraftContext<'_>,
        merge: usize,
        k: usize,
        layers: i64,
    ) {
        let Some(slice) = shown.composition.slices(merge).get(k) else {
            return;
        };
        let Some(range) = strip::range(slice) else {
            ui.label("A strip without layers; give it a range in the text");
            return;
        };
        ui.horizontal(|ui| {
            let mut new = range;
            fields_ui(ui, k, &mut new);
            let row = strip::Row {
                index: k,
                names: slice.sources.iter().map(|s| s.model.short_name()).collect(),
                range,
                layers,
                is_selected: k == self.selected,
            };
            if let Some(dragged) = row.ui(ui, &mut self.drag) {
                new = dragged;
            }
            if row.was_clicked(ui) {
                self.selected = k;
            }
            if let Some(layers) = row.cut_at(ui) {
                shown.edit("Cut a strip", None, |c| c.cut_slice(merge, k, layers));
            }
            if new != range {
                let join = Some(format!("strip {merge} {k}"));
                shown.edit("Change a strip", join, |c| c.set_slice_range(merge, k, new));
            }
        });
    }

    fn buttons_ui(&mut self, ui: &mut Ui, shown: &DraftContext<'_>, merge: usize) {
        let k = self.selected;
        let slices = shown.composition.slices(merge);
        let length = slices.get(k).map_or(0, strip::length);
        if icon_button_if(ui, length > 1, icon::SCISSORS, "Cut the strip in half") {
            shown.edit("Cut a strip", None, |c| c.cut_slice(merge, k, length / 2));
        }
        if icon_button_if(ui, length > 0, icon::COPY_SIMPLE, "Repeat the strip") {
            shown.edit("Repeat a strip", None, |c| c.repeat_slice(merge, k));
        }
        if icon_button_if(ui, k > 0, icon::ARROW_UP, "Move the strip up") {
            shown.edit("Move a strip", None, |c| c.move_slice(merge, k, k - 1));
            self.selected = k - 1;
        }
        let is_last = k + 1 >= slices.len();
        if icon_button_if(ui, !is_last, icon::ARROW_DOWN, "Move the strip down") {
            shown.edit("Move a strip", None, |c| c.move_slice(merge, k, k + 1));
            self.selected = k + 1;
        }
        if icon_button_if(ui, slices.len() > 1, icon::TRASH, "Remove the strip") {
            shown.edit("Remove a strip", None, |c| c.remove_slice(merge, k));
        }
    }
}

fn first_merge(composition: &Composition) -> Option<usize> {
    (0..composition.recipes.len()).find(|&merge| !composition.slices(merge).is_empty())
}

/// First layer, and the layer after the last.
fn fields_ui(ui: &mut Ui, k: usize, range: &mut [i64; 2]) {
    let [first, end] = *range;
    for (at, bounds, words) in [
        (0, 0..=end - 1, "First layer"),
        (1, first + 1..=100_000, "End"),
    ] {
        let field = DragValue::new(&mut range[at]).range(bounds).speed(0.1);
        let response = ui.add_sized([FIELD, strip::HEIGHT], field);
        let value = range[at] as f64;
        let name = format!("{words} of strip {}", k + 1);
        response.widget_info(|| WidgetInfo {
            value: Some(value),
            ..WidgetInfo::labeled(WidgetType::DragValue, true, &name)
        });
    }
}
