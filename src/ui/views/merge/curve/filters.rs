//! Which tensors a value is for: all, attention, MLP, or those with a word in their name.

use eframe::egui::{Button, TextEdit, Ui, WidgetType};
use egui_phosphor::regular as icon;

use super::Edited;
use crate::merge::recipe::{Filtered, Setting, Value};
use crate::ui::ext::ResponseExt;
use crate::ui::format;
use crate::ui::widgets::icon_button;

/// Words that most tensor names have, with what they mean.
const KNOWN: [(&str, &str); 4] = [
    ("self_attn", "Attention"),
    ("mlp", "MLP"),
    ("norm", "Norms"),
    ("embed", "Embeddings"),
];

/// Draws the list; a click chooses whose value is drawn.
pub fn ui(ui: &mut Ui, edited: &Edited, setting: &mut Setting, selected: &mut usize) {
    match setting {
        Setting::Value(_) => {
            ui.label("The same for all tensors");
            *selected = 0;
        }
        Setting::Filtered(items) => {
            *selected = (*selected).min(items.len().saturating_sub(1));
            let mut gone = None;
            for (k, item) in items.iter_mut().enumerate() {
                if item_ui(ui, k, item, selected) {
                    gone = Some(k);
                }
            }
            if let Some(gone) = gone {
                items.remove(gone);
            }
            if let [only] = &items[..]
                && is_rest(only.filter.as_deref())
            {
                *setting = Setting::Value(only.value.clone());
            }
        }
    }
    ui.menu_button(format!("{}  Different for…", icon::PLUS), |ui| {
        for (word, title) in KNOWN {
            let button = Button::new(title);
            if ui.add_enabled(!has(setting, word), button).clicked() {
                add(setting, word, selected);
                ui.close();
            }
        }
        if ui.button("Names that hold…").clicked() {
            add(setting, "layers.0.", selected);
            ui.close();
        }
    })
    .response
    .named(
        WidgetType::Button,
        format!("Different {} for some tensors", edited.parameter.key),
    );
}

/// One row; says whether it is to go.
fn item_ui(ui: &mut Ui, k: usize, item: &mut Filtered, selected: &mut usize) -> bool {
    let mut is_gone = false;
    ui.horizontal(|ui| {
        let title = title(item.filter.as_deref());
        let shown = format!("{title}  {}", summary(&item.value));
        if ui.selectable_label(*selected == k, shown).clicked() {
            *selected = k;
        }
        let is_own = |f: &str| !KNOWN.iter().any(|(word, _)| *word == f) && f != "*";
        if let Some(filter) = &mut item.filter
            && *selected == k
            && is_own(filter)
        {
            let response = ui.add(TextEdit::singleline(filter).desired_width(80.0));
            response.named(WidgetType::TextEdit, "Part of the tensor's name");
        }
        let name = format!("Remove the value for {title}");
        is_gone = icon_button(ui, icon::X, &name).clicked();
    });
    is_gone
}

fn title(filter: Option<&str>) -> String {
    match filter {
        filter if is_rest(filter) => "All others".to_owned(),
        Some(word) => {
            let known = KNOWN.iter().find(|(own, _)| *own == word);
            known.map_or_else(|| format!("“{word}”"), |(_, title)| (*title).to_owned())
        }
        None => String::new(),
    }
}

fn summary(value: &Value) -> String {
    match value {
        Value::Number(number) => format::decimals(Some(*number), 2),
        Value::Flag(flag) => (if *flag { "yes" } else { "no" }).to_owned(),
        Value::Gradient(points) => format!("{} points", points.len()),
    }
}

fn is_rest(filter: Option<&str>) -> bool {
    matches!(filter, None | Some("*"))
}

fn has(setting: &Setting, word: &str) -> bool {
    match setting {
        Setting::Value(_) => false,
        Setting::Filtered(items) => items.iter().any(|i| i.filter.as_deref() == Some(word)),
    }
}

/// The first filter that fits wins, so a new one goes before the value for all others.
fn add(setting: &mut Setting, word: &str, selected: &mut usize) {
    if let Setting::Value(value) = setting {
        let rest = Filtered {
            filter: None,
            value: value.clone(),
        };
        *setting = Setting::Filtered(vec![rest]);
    }
    let Setting::Filtered(items) = setting else {
        return;
    };
    let rest = items.iter().position(|i| is_rest(i.filter.as_deref()));
    let at = rest.unwrap_or(items.len());
    let new = Filtered {
        filter: Some(word.to_owned()),
        value: rest.map_or(Value::Number(0.5), |k| items[k].value.clone()),
    };
    items.insert(at, new);
    *selected = at;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_filter_stands_before_the_rest() {
        let mut setting = Setting::Value(Value::Number(0.3));
        let mut selected = 9;
        add(&mut setting, "mlp", &mut selected);
        add(&mut setting, "self_attn", &mut selected);
        let Setting::Filtered(items) = &setting else {
            panic!("{setting:?}");
        };
        let filters: Vec<Option<&str>> = items.iter().map(|i| i.filter.as_deref()).collect();
        assert_eq!(filters, [Some("mlp"), Some("self_attn"), None]);
        assert!(items.iter().all(|i| i.value == Value::Number(0.3)));
        assert_eq!(selected, 1);
        assert!(has(&setting, "mlp") && !has(&setting, "norm"));
    }
}
