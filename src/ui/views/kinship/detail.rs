//! Below the map: where the selected pair is alike and where it differs.

use eframe::egui::{Label, Rect, RichText, Ui, UiBuilder};

use super::layers::{self, Pile};
use super::map::in_family;
use super::profile::profile_ui;
use super::rows::{self, Row};
use super::shown::Shown;
use super::tensors::TensorList;
use super::why::{Named, why_undefined};
use crate::checkpoint::{Kind, Stack};
use crate::kinship::{Kinship, Measure};
use crate::study::ModelId;
use crate::ui::action::Action;
use crate::ui::format;
use crate::ui::theme::{self, space};
use crate::ui::widgets::{segmented, text};
use crate::workbench::{Family, Workbench};

/// From this width on profile and list stand side by side, in points.
const SIDE_BY_SIDE: f32 = 640.0;
/// From this height on they stand one above the other.
const STACKED: f32 = 420.0;

/// What the panel keeps while it is shown.
#[derive(Default)]
pub struct Detail {
    pair: Option<Pair>,
    list: TensorList,
    stack: Option<Stack>,
    /// Which of the two is shown where there is room for one only.
    part: Part,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Layers,
    Tensors,
}

/// Everything about a pair, and what it was worked out from.
pub struct Pair {
    pub key: PairKey,
    value: Option<f64>,
    /// Why there is no value.
    pub reason: Option<String>,
    pub piles: Vec<Pile>,
    /// The kinds that stand in no layer.
    pub outside: Vec<(Kind, Option<f64>)>,
    rows: Vec<Row>,
}

#[derive(Clone, Copy, PartialEq)]
pub struct PairKey {
    pub base: ModelId,
    pub revision: u64,
    pub measure: Measure,
    /// Places in the family and in the result.
    pub family: (usize, usize),
    pub result: (usize, usize),
}

/// The two selected models, as places in the family, if exactly two are and both are measured.
pub fn pair(bench: &Workbench, shown: &Shown) -> Option<(usize, usize)> {
    let selected = in_family(bench.study().selection(), shown);
    let [a, b] = selected[..] else { return None };
    let (a, b) = (shown.place_of(a)?, shown.place_of(b)?);
    [a, b]
        .iter()
        .all(|&k| shown.key.places[k].is_some())
        .then_some((a, b))
}

impl Detail {
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        bench: &Workbench,
        family: &Family,
        shown: &Shown,
        (a, b): (usize, usize),
        out: &mut Vec<Action>,
    ) {
        ui.set_min_size(ui.available_size());
        let places = [a, b].map(|k| shown.key.places[k]);
        let ([Some(result_a), Some(result_b)], Some(measured)) =
            (places, bench.measured(family.base))
        else {
            return;
        };
        let key = PairKey {
            base: family.base,
            revision: shown.key.revision,
            measure: shown.key.measure,
            family: (a, b),
            result: (result_a, result_b),
        };
        if self.pair.as_ref().is_none_or(|pair| pair.key != key) {
            self.pair = Some(Pair::new(key, measured.kinship(), shown));
        }
        self.pair_ui(ui, shown, out);
    }

    fn pair_ui(&mut self, ui: &mut Ui, shown: &Shown, out: &mut Vec<Action>) {
        let Some(pair) = &self.pair else { return };
        let (a, b) = pair.key.family;
        let names = [a, b].map(|k| shown.key.labels[k].as_str());
        let (list, stack) = (&mut self.list, &mut self.stack);
        let metric = pair.key.measure.metric;
        let provisional = shown.key.provisional;
        if let Some((left, right)) = split(ui) {
            ui.scope_builder(UiBuilder::new().max_rect(left).id_salt("profile"), |ui| {
                heading_ui(ui, names, pair);
                profile_ui(ui, pair, stack, provisional);
            });
            ui.scope_builder(UiBuilder::new().max_rect(right).id_salt("list"), |ui| {
                list.ui(ui, &pair.rows, metric, out);
            });
            return;
        }
        ui.horizontal(|ui| {
            let parts = [(Part::Layers, "Layers"), (Part::Tensors, "Tensors")];
            segmented(ui, "What is shown of the pair", &mut self.part, &parts);
            heading_ui(ui, names, pair);
        });
        match self.part {
            Part::Layers => profile_ui(ui, pair, stack, provisional),
            Part::Tensors => list.ui(ui, &pair.rows, metric, out),
        }
    }
}

impl Pair {
    fn new(key: PairKey, kinship: &Kinship, shown: &Shown) -> Self {
        let (measure, tensors) = (key.measure, &shown.tensors);
        let value = shown.matrix.get(key.family.0, key.family.1);
        let named = |family: usize, result: usize| Named {
            place: Some(result),
            name: &shown.key.labels[family],
        };
        let (a, b) = (
            named(key.family.0, key.result.0),
            named(key.family.1, key.result.1),
        );
        Self {
            value,
            reason: value
                .is_none()
                .then(|| why_undefined(kinship, tensors, a, b)),
            piles: layers::piles(kinship, tensors, key.result, measure),
            outside: layers::outside(kinship, tensors, key.result, measure),
            rows: rows::rows(kinship, tensors, key.result, measure),
            key,
        }
    }
}

fn heading_ui(ui: &mut Ui, names: [&str; 2], pair: &Pair) {
    let short = names.map(|name| format::elide_middle(name, 36));
    let metric = pair.key.measure.metric.title;
    let value = format!("{metric} {}", format::kinship(pair.value));
    ui.horizontal(|ui| {
        // The names give way to the value.
        let room = ui.available_width() - space::S;
        let value_width = text::width(ui, &value, theme::body_font());
        let name = theme::strong(format!("{} × {}", short[0], short[1]));
        ui.scope(|ui| {
            ui.set_max_width((room - value_width).max(48.0));
            ui.add(Label::new(name).truncate())
                .on_hover_text(format!("{} × {}", names[0], names[1]));
        });
        ui.add(Label::new(RichText::new(value)).truncate())
            .on_hover_text(format::full(pair.value));
    });
}

/// Room for profile and list: side by side, one above the other, or not for both.
fn split(ui: &Ui) -> Option<(Rect, Rect)> {
    let all = ui.available_rect_before_wrap();
    if all.height() >= STACKED && all.height() > all.width() {
        let (above, below) = all.split_top_bottom_at_fraction(0.42);
        Some((above, below.with_min_y(below.top() + space::L)))
    } else if all.width() >= SIDE_BY_SIDE {
        let (left, right) = all.split_left_right_at_fraction(0.49);
        Some((left, right.with_min_x(right.left() + space::XL)))
    } else {
        None
    }
}
