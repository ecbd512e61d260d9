//! The experts, a card each: the model, its prompts, noise and scale.

use std::collections::BTreeMap;

use eframe::egui::{Align, DragValue, Layout, Margin, TextEdit, Ui, WidgetInfo, WidgetType, vec2};
use egui_phosphor::regular as icon;

use super::Sheet;
use crate::moe::Expert;
use crate::ui::ext::{ResponseExt, UiExt};
use crate::ui::theme::{self, ROW_HEIGHT, space};
use crate::ui::widgets::{Choice, card, choice, icon_button, section_heading};

/// From this width on, in points, the numbers of an expert stand beside its model.
const ROOM_FOR_NUMBERS: f32 = 480.0;

/// Prompts that are wanted, and those that are not.
const KINDS: [(&str, &str, &str); 2] = [
    (
        "Prompts",
        "What goes to it, one prompt a line",
        "e.g. Solve the equation",
    ),
    ("Against", "What does not, may be empty", ""),
];

impl Sheet {
    pub(super) fn experts_ui(&mut self, ui: &mut Ui, texts: &mut BTreeMap<(usize, usize), String>) {
        let routed = self.recipe.experts.len();
        section_heading(ui, "Experts");
        if !self.recipe.gate_mode.reads_prompts() {
            ui.quiet("The router is random, and prompts have no effect");
        }
        let mut removed = None;
        for k in 0..routed {
            let name = format!("Expert {}", k + 1);
            if self.expert_ui(ui, k, &name, texts) {
                removed = Some(k);
            }
            ui.add_space(space::S);
        }
        if ui
            .button(format!("{}  Add an expert", icon::PLUS))
            .clicked()
        {
            // The numbers behind it move up.
            texts.clear();
            self.recipe.experts.push(Expert::default());
        }
        ui.add_space(space::M);
        self.shared_ui(ui, texts, &mut removed);
        if let Some(k) = removed {
            texts.clear();
            match k.checked_sub(routed) {
                None => drop(self.recipe.experts.remove(k)),
                Some(k) => drop(self.recipe.shared_experts.remove(k)),
            }
        }
    }

    /// What all tokens go through.
    fn shared_ui(
        &mut self,
        ui: &mut Ui,
        texts: &mut BTreeMap<(usize, usize), String>,
        removed: &mut Option<usize>,
    ) {
        section_heading(ui, "For all tokens");
        let (routed, shared) = (self.recipe.experts.len(), self.recipe.shared_experts.len());
        if shared == 0 {
            ui.quiet("Qwen2 MoE has a shared expert, DeepSeek MoE can have one");
            if ui
                .button(format!("{}  Add a shared expert", icon::PLUS))
                .clicked()
            {
                self.recipe.shared_experts.push(Expert::default());
            }
        }
        for k in routed..routed + shared {
            if self.expert_ui(ui, k, "Shared expert", texts) {
                *removed = Some(k);
            }
        }
    }

    /// Says whether it is to be taken out.
    fn expert_ui(
        &mut self,
        ui: &mut Ui,
        k: usize,
        name: &str,
        texts: &mut BTreeMap<(usize, usize), String>,
    ) -> bool {
        let routed = self.recipe.experts.len();
        let reads = self.recipe.gate_mode.reads_prompts();
        let models = &self.models;
        let own = match k.checked_sub(routed) {
            None => self.recipe.experts.get_mut(k),
            Some(k) => self.recipe.shared_experts.get_mut(k),
        };
        let Some(own) = own else {
            return false;
        };
        let mut is_removed = false;
        card(ui, |ui| {
            ui.set_width(ui.available_width());
            let has_room = ui.available_width() >= ROOM_FOR_NUMBERS;
            ui.horizontal(|ui| {
                ui.label(theme::strong(name));
                let (all, at) = models.with(&own.source_model);
                let options = all.iter().enumerate();
                let options = options.map(|(k, (own, name))| Choice::new(k, name, &own.path));
                let options: Vec<Choice<'_, usize>> = options.collect();
                if let Some(k) = choice(ui, &format!("Model of {name}"), at, &options) {
                    own.source_model = all[k].0.clone();
                }
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    is_removed =
                        icon_button(ui, icon::TRASH, &format!("Take out {name}")).clicked();
                    if has_room {
                        numbers_ui(ui, name, own);
                    }
                });
            });
            if !has_room {
                let right = Layout::right_to_left(Align::Center);
                let row = vec2(ui.available_width(), ROW_HEIGHT);
                ui.allocate_ui_with_layout(row, right, |ui| numbers_ui(ui, name, own));
            }
            if reads || !own.positive_prompts.is_empty() {
                sets_ui(ui, (k, name), own, texts);
            }
        });
        is_removed
    }
}

/// Both kinds of prompts of an expert.
fn sets_ui(
    ui: &mut Ui,
    (k, name): (usize, &str),
    expert: &mut Expert,
    texts: &mut BTreeMap<(usize, usize), String>,
) {
    ui.add_space(space::XS);
    let sets = [&mut expert.positive_prompts, &mut expert.negative_prompts];
    for ((kind, (title, caption, hint)), prompts) in KINDS.into_iter().enumerate().zip(sets) {
        let text = texts.entry((k, kind)).or_insert_with(|| shown(prompts));
        if read(text) != *prompts {
            *text = shown(prompts);
        }
        ui.quiet(caption);
        let label = format!("{title} of {name}");
        if prompts_ui(ui, &label, hint, text, kind == 0) {
            *prompts = read(text);
        }
    }
}

/// Noise and scale, from the right.
fn numbers_ui(ui: &mut Ui, name: &str, expert: &mut Expert) {
    for (title, help, value, default, speed) in [
        (
            "scale",
            "What the expert adds to a token is multiplied by this",
            &mut expert.residual_scale,
            1.0,
            0.01,
        ),
        (
            "noise",
            "Deviation of the normal noise that is added to its weights",
            &mut expert.noise_scale,
            0.0,
            0.001,
        ),
    ] {
        let mut number = value.unwrap_or(default);
        let least = if title == "noise" { 0.0 } else { f64::MIN };
        let field = DragValue::new(&mut number)
            .speed(speed)
            .range(least..=f64::MAX);
        let field = ui.add(field.max_decimals(4)).on_hover_text(help);
        field.named(WidgetType::DragValue, format!("{title} of {name}"));
        if field.changed() {
            *value = (number != default).then_some(number);
        }
        ui.quiet(title);
    }
}

/// A field for prompts; says whether it changed.
fn prompts_ui(ui: &mut Ui, label: &str, hint: &str, text: &mut String, is_main: bool) -> bool {
    let rows = text.split('\n').count();
    let (least, most) = if is_main { (2, 8) } else { (1, 4) };
    let edit = TextEdit::multiline(text)
        .hint_text(hint)
        .margin(Margin::symmetric(8, 4))
        .desired_width(f32::INFINITY)
        .desired_rows(rows.clamp(least, most));
    let response = ui.add(edit);
    let value = text.as_str();
    response.widget_info(|| WidgetInfo {
        label: Some(label.to_owned()),
        current_text_value: Some(value.to_owned()),
        ..WidgetInfo::new(WidgetType::TextEdit)
    });
    response.changed()
}

/// Prompts as lines; a line break within one is written out.
fn shown(prompts: &[String]) -> String {
    let line = |own: &String| own.replace('\\', "\\\\").replace('\n', "\\n");
    let lines: Vec<String> = prompts.iter().map(line).collect();
    lines.join("\n")
}

/// The prompts of lines; empty lines are none.
fn read(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(unescaped).collect()
}

fn unescaped(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (c, chars.clone().next()) {
            ('\\', Some('n')) => {
                chars.next();
                out.push('\n');
            }
            ('\\', Some('\\')) => {
                chars.next();
                out.push('\\');
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_are_lines_and_back() {
        for prompts in [
            vec!["one".to_owned(), "two words".to_owned()],
            vec!["with\na break".to_owned(), r"and a \ and \n".to_owned()],
            vec![],
        ] {
            assert_eq!(read(&shown(&prompts)), prompts);
        }
        // Who is about to write another line has not written it yet.
        assert_eq!(read("one\n\n"), ["one"]);
        assert_eq!(read("a\\b"), ["a\\b"]);
    }
}
