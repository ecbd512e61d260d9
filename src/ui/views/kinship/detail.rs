//! Beside the map: where the selected pair is alike and where it differs. It has its place
//! whether or not a pair is selected, and folds into a line.

use eframe::egui::{Align, Label, Layout, Rect, RichText, Ui, UiBuilder, vec2};
use egui_phosphor::regular as icon;

use super::map::{in_family, small_share};
use super::pair::{self, Pair, PairKey};
use super::shown::{Mean, Shown};
use super::tensors::TensorList;
use crate::checkpoint::{Kind, Stack};
use crate::kinship::table::kind_words;
use crate::ui::action::Action;
use crate::ui::ext::quiet;
use crate::ui::format;
use crate::ui::theme::{self, ROW_HEIGHT, Tokens, space};
use crate::ui::widgets::profile::{Profile, Series};
use crate::ui::widgets::{icon_button, segmented, text};
use crate::workbench::{Family, Workbench};

/// From this width on profile and list stand side by side, in points.
const SIDE_BY_SIDE: f32 = 640.0;
/// From this height on they stand one above the other.
const STACKED: f32 = 420.0;

#[derive(Default)]
pub struct Detail {
    pair: Option<Pair>,
    /// How little of the two was compared, where that has to be said.
    part_compared: Option<String>,
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

/// The two selected models, as places in the family, if exactly two are and both are measured.
fn pair(bench: &Workbench, shown: &Shown) -> Option<(usize, usize)> {
    let selected = in_family(bench.study().selection(), shown);
    let [a, b] = selected[..] else { return None };
    let (a, b) = (shown.place_of(a)?, shown.place_of(b)?);
    [a, b]
        .iter()
        .all(|&k| shown.key.places[k].is_some())
        .then_some((a, b))
}

/// Whether the detail is open, which its own button changes.
pub struct Fold {
    pub is_open: bool,
}

impl Detail {
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        bench: &Workbench,
        family: &Family,
        shown: &Shown,
        fold: &mut Fold,
        actions: &mut Vec<Action>,
    ) {
        ui.set_min_size(ui.available_size());
        self.bring_up_to_date(bench, family, shown);
        let is_open = fold.is_open;
        self.head_ui(ui, bench, family, shown, fold);
        match &self.pair {
            Some(_) if is_open => self.pair_ui(ui, shown, actions),
            None if is_open => {
                ui.add_space((ui.available_height() / 2.0 - space::XL).max(0.0));
                ui.vertical_centered(|ui| hint_ui(ui, bench, family, shown));
            }
            _ => {}
        }
    }

    /// The pair that is selected, worked out once.
    fn bring_up_to_date(&mut self, bench: &Workbench, family: &Family, shown: &Shown) {
        let (Some((a, b)), Some(measured)) = (pair(bench, shown), bench.measured(family.base))
        else {
            self.pair = None;
            return;
        };
        let places = [a, b].map(|k| shown.key.places[k]);
        let [Some(result_a), Some(result_b)] = places else {
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
            let ids = [a, b].map(|k| shown.key.models[k]);
            let is_whole = shown.key.measure.scope.kind.is_none() && !shown.key.provisional;
            let part = is_whole.then(|| small_share(bench, family.base, ids[0], ids[1]));
            self.part_compared = part.flatten().map(|share| format!("over {share}"));
        }
    }

    /// What is shown, and at the right the button that folds it.
    fn head_ui(
        &mut self,
        ui: &mut Ui,
        bench: &Workbench,
        family: &Family,
        shown: &Shown,
        fold: &mut Fold,
    ) {
        let line = vec2(ui.available_width(), ROW_HEIGHT);
        ui.allocate_ui_with_layout(line, Layout::right_to_left(Align::Center), |ui| {
            let (glyph, words) = match fold.is_open {
                true => (icon::CARET_DOWN, "Fold where they differ"),
                false => (icon::CARET_UP, "Show where they differ"),
            };
            if icon_button(ui, glyph, words).clicked() {
                fold.is_open = !fold.is_open;
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                match &self.pair {
                    Some(pair) => {
                        let (a, b) = pair.key.family;
                        let names = [a, b].map(|k| shown.key.labels[k].as_str());
                        let short = [a, b].map(|k| shown.key.short[k].as_str());
                        heading_ui(ui, (names, short), pair, self.part_compared.as_deref());
                    }
                    None if fold.is_open => {
                        ui.label(theme::strong("Where two models differ"));
                    }
                    None => hint_ui(ui, bench, family, shown),
                }
            });
        });
    }

    fn pair_ui(&mut self, ui: &mut Ui, shown: &Shown, actions: &mut Vec<Action>) {
        let Some(pair) = &self.pair else { return };
        let (list, stack) = (&mut self.list, &mut self.stack);
        let metric = pair.key.measure.metric;
        let provisional = shown.key.provisional;
        if let Some((left, right)) = split(ui) {
            ui.scope_builder(UiBuilder::new().max_rect(left).id_salt("profile"), |ui| {
                profile_ui(ui, pair, stack, provisional);
            });
            ui.scope_builder(UiBuilder::new().max_rect(right).id_salt("list"), |ui| {
                list.ui(ui, &pair.rows, metric, actions);
            });
            return;
        }
        let parts = [(Part::Layers, "Layers"), (Part::Tensors, "Tensors")];
        segmented(ui, "What is shown of the pair", &mut self.part, &parts);
        match self.part {
            Part::Layers => profile_ui(ui, pair, stack, provisional),
            Part::Tensors => list.ui(ui, &pair.rows, metric, actions),
        }
    }
}

fn heading_ui(
    ui: &mut Ui,
    (names, short): ([&str; 2], [&str; 2]),
    pair: &Pair,
    part: Option<&str>,
) {
    let metric = pair.key.measure.metric.title;
    let value = format!("{metric} {}", format::kinship(pair.value));
    ui.horizontal(|ui| {
        // The names give way to the value.
        let room = ui.available_width() - space::S;
        let words = part.map_or_else(|| value.clone(), |part| format!("{value}  {part}"));
        let value_width = text::width(ui, &words, theme::body_font());
        let name = theme::strong(format!("{} × {}", short[0], short[1]));
        ui.scope(|ui| {
            ui.set_max_width((room - value_width).max(48.0));
            ui.add(Label::new(name).truncate())
                .on_hover_text(format!("{} × {}", names[0], names[1]));
        });
        ui.add(Label::new(RichText::new(value)).truncate())
            .on_hover_text(format::full(pair.value));
        if let Some(part) = part {
            let part = RichText::new(part).color(Tokens::of(ui).warning);
            let help = "That is how much of the larger model both have, and was compared";
            ui.add(Label::new(part).truncate()).on_hover_text(help);
        }
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

fn hint_ui(ui: &mut Ui, bench: &Workbench, family: &Family, shown: &Shown) {
    let t = Tokens::of(ui);
    let selected = in_family(bench.study().selection(), shown);
    let places: Vec<usize> = (selected.iter())
        .filter_map(|&id| shown.place_of(id))
        .collect();
    let mean = (places.len() > 2).then(|| mean_of(bench, family, shown, &places));
    let (sentence, ink) = match &mean {
        Some(mean) => (several(shown, &places, mean), t.text),
        None => (wanted(shown, &places), t.text_weak),
    };
    let label = ui.add(Label::new(RichText::new(sentence).color(ink)).truncate());
    if let Some(mean) = mean {
        label.on_hover_text(format::full(mean.value()));
    }
}

fn wanted(shown: &Shown, places: &[usize]) -> String {
    let name = |k: usize| &shown.key.short[k];
    let is_missing = |k: &&usize| shown.key.places[**k].is_none();
    match (places, places.iter().find(is_missing)) {
        ([_, _], Some(&missing)) => format!("{} is not measured yet", name(missing)),
        ([one], _) => format!(
            "Select one more model to see where it differs from {}",
            name(*one)
        ),
        _ => "Select two models to see where they differ".to_owned(),
    }
}

fn mean_of(bench: &Workbench, family: &Family, shown: &Shown, places: &[usize]) -> Mean {
    match bench.measured(family.base) {
        Some(measured) => Mean::new(measured.kinship(), shown.into(), places),
        None => Mean::default(),
    }
}

fn several(shown: &Shown, places: &[usize], mean: &Mean) -> String {
    let what = if shown.key.measure.metric.is_similarity() {
        "Kinship"
    } else {
        "Distance"
    };
    let n = places.len();
    let pairs = format::counted(n * (n - 1) / 2, "pair");
    let rest = match mean.value() {
        _ if shown.key.provisional => ", still being measured".to_owned(),
        Some(_) => format!(" (mean of {pairs})"),
        None => String::new(),
    };
    format!("{what} of these {n} models: {}{rest}", mean.words())
}

/// Lower than this, in points, the lines have all the room: the inspector tells the kinds.
const ROOMY: f32 = 136.0;

fn profile_ui(ui: &mut Ui, pair: &Pair, stack: &mut Option<Stack>, provisional: bool) {
    if ui.available_height() >= ROOMY {
        outside_ui(ui, &pair.outside);
    }
    let options: Vec<(Stack, &str)> = pair
        .piles
        .iter()
        .map(|pile| (pile.stack, stack_title(pile.stack)))
        .collect();
    let Some(&(first, _)) = options.first() else {
        hint(ui, without_layers(provisional));
        return;
    };
    let mut current = stack
        .filter(|stack| options.iter().any(|option| option.0 == *stack))
        .unwrap_or(first);
    if options.len() > 1 {
        segmented(ui, "Part of the model", &mut current, &options);
        *stack = Some(current);
    }
    let Some(pile) = pair.piles.iter().find(|pile| pile.stack == current) else {
        return;
    };
    let values = pile.lines.iter().flat_map(|line| line.values.iter());
    if !values.flatten().any(|value| value.is_finite()) {
        hint(ui, &without_values(pair, provisional));
        return;
    }
    let series: Vec<Series<'_>> = pile
        .lines
        .iter()
        .map(|line| Series {
            name: kind_words(line.kind),
            role: pair::role(line.kind),
            values: line.values.clone(),
        })
        .collect();
    Profile {
        id_salt: "kinship",
        x_name: "Layer",
        y_name: pair.key.measure.metric.title,
        series: &series,
        y_range: None,
        decimals: 3,
    }
    .show(ui);
}

fn stack_title(stack: Stack) -> &'static str {
    match stack {
        Stack::Main => "Layers",
        Stack::Encoder => "Encoder",
        Stack::Decoder => "Decoder",
        Stack::Vision => "Vision",
        Stack::Audio => "Audio",
        Stack::Prediction => "Prediction",
    }
}

fn outside_ui(ui: &mut Ui, outside: &[(Kind, Option<f64>)]) {
    if outside.is_empty() {
        return;
    }
    let values: Vec<String> = outside
        .iter()
        .map(|(kind, value)| format!("{} {}", kind_words(*kind), format::kinship(*value)))
        .collect();
    let text = format!("Outside layers: {}", values.join(", "));
    let full: Vec<String> = outside
        .iter()
        .map(|(kind, value)| format!("{} {}", kind_words(*kind), format::full(*value)))
        .collect();
    let text = quiet(text);
    ui.add(Label::new(text).truncate())
        .on_hover_text(full.join("\n"));
}

const fn without_layers(provisional: bool) -> &'static str {
    if provisional {
        "No layer measured yet"
    } else {
        "No tensor here has a layer in its name"
    }
}

fn without_values(pair: &Pair, provisional: bool) -> String {
    match &pair.reason {
        _ if provisional => without_layers(true).to_owned(),
        Some(reason) => format!("{reason}, so no layer has a value"),
        None => "No layer has a value here".to_owned(),
    }
}

fn hint(ui: &mut Ui, sentence: &str) {
    ui.vertical_centered(|ui| {
        ui.add_space((ui.available_height() / 2.0 - space::L).max(0.0));
        ui.add(Label::new(RichText::new(sentence).weak()).wrap());
    });
}
