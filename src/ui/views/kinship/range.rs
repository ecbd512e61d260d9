//! From where to where the colours go: a click on the legend.

use eframe::egui::{DragValue, Id, Popup, PopupCloseBehavior, Response, Sense, Ui, WidgetType};

use super::shown::Shown;
use crate::kinship::Metric;
use crate::study::{ColourRange, Command, ViewEdit};
use crate::ui::action::Action;
use crate::ui::ext::ResponseExt;
use crate::ui::theme::space;
use crate::ui::widgets::focus_ring;

/// The least that the two ends are apart.
const LEAST: f64 = 0.01;

/// Makes a legend the button of its range.
pub fn range_ui(ui: &Ui, legend: &Response, shown: &Shown, actions: &mut Vec<Action>) {
    let metric = shown.key.measure.metric;
    let id = Id::new("colour range");
    let button = ui.interact(legend.rect, id, Sense::click());
    button.named(WidgetType::Button, "Colour range");
    focus_ring(ui, &button);
    let about = format!("{}\nClick to set the range of the colours", metric.about());
    Popup::from_toggle_button_response(&button)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .show(|ui| choices_ui(ui, shown, metric, actions));
    button.on_hover_text(about);
}

fn choices_ui(ui: &mut Ui, shown: &Shown, metric: Metric, actions: &mut Vec<Action>) {
    let chosen = shown.key.range;
    let mut choose = |range: Option<(f64, f64)>| {
        let range = range.map(|(lo, hi)| ColourRange { metric, lo, hi });
        actions.push(Action::Study(Command::View(ViewEdit::Colours(range))));
    };
    for (title, range) in offered(metric) {
        if ui.selectable_label(chosen == range, title).clicked() {
            choose(range);
        }
    }
    ui.separator();
    let (mut lo, mut hi) = chosen.unwrap_or_else(|| shown.scale.range());
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        let (least, most) = metric.range;
        ui.label("From");
        let from = DragValue::new(&mut lo)
            .speed(0.01)
            .range(least..=hi - LEAST);
        let from = ui.add(from);
        from.named(WidgetType::DragValue, "First value of the colours");
        ui.label("to");
        let to = DragValue::new(&mut hi).speed(0.01).range(lo + LEAST..=most);
        let to = ui.add(to);
        to.named(WidgetType::DragValue, "Last value of the colours");
        if from.changed() || to.changed() {
            choose(Some((lo, hi)));
        }
    });
}

type Offered = (&'static str, Option<(f64, f64)>);

/// Besides its own range, those of similarities.
fn offered(metric: Metric) -> Vec<Offered> {
    let own = [("Usual range of the measure", None)];
    let similarity = [("0 to 1", Some((0.0, 1.0))), ("−1 to 1", Some((-1.0, 1.0)))];
    let fits = |(_, range): &Offered| range.is_none_or(|(lo, _)| lo >= metric.range.0);
    let similarity = similarity.into_iter().filter(|_| metric.is_similarity());
    own.into_iter().chain(similarity).filter(fits).collect()
}
