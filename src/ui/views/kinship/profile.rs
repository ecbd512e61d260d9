//! The pair over the layers, and in a line what stands in no layer.

use eframe::egui::{Label, RichText, Ui};

use super::layers;
use super::pair::Pair;
use crate::checkpoint::{Kind, Stack};
use crate::kinship::table::kind_words;
use crate::ui::format;
use crate::ui::theme::{Tokens, size, space};
use crate::ui::widgets::profile::{Profile, Series};
use crate::ui::widgets::segmented;

/// Lower than this, in points, the lines have all the room: the inspector tells the kinds.
const ROOMY: f32 = 136.0;

/// Draws them into the space that is left; more may come while `provisional`.
pub fn profile_ui(ui: &mut Ui, pair: &Pair, stack: &mut Option<Stack>, provisional: bool) {
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
            role: layers::role(line.kind),
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

/// What the profile cannot show, in a line above it.
fn outside_ui(ui: &mut Ui, outside: &[(Kind, Option<f64>)]) {
    if outside.is_empty() {
        return;
    }
    let weak = Tokens::of(ui).text_weak;
    let values: Vec<String> = outside
        .iter()
        .map(|(kind, value)| format!("{} {}", kind_words(*kind), format::kinship(*value)))
        .collect();
    let text = format!("Outside layers: {}", values.join(", "));
    let full: Vec<String> = outside
        .iter()
        .map(|(kind, value)| format!("{} {}", kind_words(*kind), format::full(*value)))
        .collect();
    let text = RichText::new(text).size(size::SMALL).color(weak);
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
    let weak = Tokens::of(ui).text_weak;
    ui.vertical_centered(|ui| {
        ui.add_space((ui.available_height() / 2.0 - space::L).max(0.0));
        ui.add(Label::new(RichText::new(sentence).color(weak)).wrap());
    });
}
