//! What a click on a model means, what is said of it under the pointer, and its menu.

use eframe::egui::{Button, EventFilter, Id, Key, Modifiers, Ui};

use super::model::LineageModel;
use crate::lineage::{ancestors, descendants};
use crate::study::{Command, ModelId, Selection};
use crate::text::{first_of, sentence_case};
use crate::ui::action::{Action, View};
use crate::ui::format;
use crate::ui::theme::{self};
use crate::workbench::Workbench;

/// Names of a folded family that are told.
const MOST_NAMES: usize = 12;

/// Plain: this one; with Ctrl or Shift: this one more or less.
pub fn select(ui: &Ui, bench: &Workbench, id: ModelId) -> Action {
    let adds = ui.input(|input| input.modifiers.command || input.modifiers.shift);
    selected(if adds {
        bench.study().selection().toggled(id)
    } else {
        Selection::Models(vec![id])
    })
}

pub fn selected(selection: Selection) -> Action {
    Action::Study(Command::Select(selection))
}

/// Several models, or nothing.
pub fn select_all(ids: Vec<ModelId>) -> Action {
    selected(if ids.is_empty() {
        Selection::Nothing
    } else {
        Selection::Models(ids)
    })
}

pub fn tooltip(ui: &mut Ui, shown: &LineageModel, model: usize) {
    let card = &shown.cards[model];
    ui.label(theme::strong(&card.name));
    if !card.folded.is_empty() {
        let names: Vec<&String> = card.folded.iter().map(|(_, name)| name).collect();
        ui.label(first_of(&names, MOST_NAMES).replace(", ", "\n"));
        ui.weak("Click to open");
        return;
    }
    let mut groups = shown.groups.iter();
    let own = groups.find(|group| group.models.contains(&model));
    let mut line: Vec<String> = own.map(|group| group.stage.of_one()).into_iter().collect();
    if card.is_best {
        line.push("best of its generation".to_owned());
    }
    if card.explores {
        line.push("made to explore".to_owned());
    }
    ui.weak(line.join(", "));
    if let Some(words) = card.made_from() {
        ui.label(sentence_case(&words));
    }
    let mut facts = vec![format!("Average {}", format::score(card.score))];
    if card.gain.is_some() {
        facts.push(format!("merge gain {}", format::signed(card.gain, 2)));
    }
    facts.extend(card.relation());
    if card.children > 0 {
        facts.push(format!("used {}", times(card.children)));
    }
    ui.label(facts.join(", "));
    if !card.runs.iter().all(String::is_empty) {
        ui.weak(card.runs.join(", "));
    }
    if shown.layout.moved.contains(&model) {
        ui.weak("Drawn further right, because a parent stands there");
    }
}

fn times(n: usize) -> String {
    match n {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        n => format!("{n} times"),
    }
}

pub fn menu(ui: &mut Ui, shown: &LineageModel, model: usize, actions: &mut Vec<Action>) {
    let ids = shown.cards[model].ids();
    for view in [View::Models, View::Kinship, View::Charts] {
        if ui.button(format!("Open in {}", view.title())).clicked() {
            actions.extend([select_all(ids.clone()), Action::Go(view)]);
            ui.close();
        }
    }
    ui.separator();
    let of = |mask: Vec<bool>| -> Vec<usize> {
        (0..mask.len()).filter(|&m| mask[m] && m != model).collect()
    };
    let parents = shown.parents(model);
    for (title, models) in [
        ("Select parents", parents.clone()),
        ("Select children", shown.children(model)),
        ("Select ancestors", of(ancestors(&shown.graph, model))),
        ("Select descendants", of(descendants(&shown.graph, model))),
    ] {
        let button = Button::new(title);
        if ui.add_enabled(!models.is_empty(), button).clicked() {
            actions.push(select_all(shown.ids(models)));
            ui.close();
        }
    }
    ui.separator();
    let pair = match parents[..] {
        [a, b] => Some((shown.cards[a].id, shown.cards[b].id)),
        _ => None,
    };
    let button = ui.add_enabled(pair.is_some(), Button::new("Compare parents"));
    let button = button.on_disabled_hover_text("It has no two parents here");
    if let (true, Some((a, b))) = (button.clicked(), pair) {
        actions.push(selected(Selection::Pair(a, b)));
        ui.close();
    }
}

/// The keys that walk; while `holder` has the keyboard they are not egui's.
pub fn pressed_arrow(ui: &Ui, holder: Id) -> Option<Key> {
    let arrows = EventFilter {
        horizontal_arrows: true,
        vertical_arrows: true,
        ..EventFilter::default()
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(holder, arrows));
    let keys = [
        Key::ArrowUp,
        Key::ArrowDown,
        Key::ArrowLeft,
        Key::ArrowRight,
    ];
    ui.input_mut(|input| {
        let is_pressed = |key: &Key| input.consume_key(Modifiers::NONE, *key);
        keys.into_iter().find(is_pressed)
    })
}

/// The model that a key leads to from `at`; the first one from nowhere.
pub fn walk_target(shown: &LineageModel, at: Option<usize>, key: Key) -> Option<usize> {
    let order: Vec<usize> = shown.groups.iter().flat_map(|g| g.models.clone()).collect();
    let Some(at) = at else {
        return order.first().copied();
    };
    let place = order.iter().position(|&m| m == at)?;
    match key {
        Key::ArrowUp => order.get(place.checked_sub(1)?).copied(),
        Key::ArrowDown => order.get(place + 1).copied(),
        Key::ArrowLeft => shown.parents(at).first().copied(),
        Key::ArrowRight => shown.children(at).first().copied(),
        _ => None,
    }
}
