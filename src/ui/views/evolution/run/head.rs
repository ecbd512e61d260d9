//! The name of an evolution, its note, and what can be done with it as a whole.

use eframe::egui::{
    Align, Key, Label, Layout, Response, Ui, WidgetType, containers::menu::MenuButton,
};
use egui_phosphor::regular as icon;

use super::RunContext;
use crate::lineage::strategy::{STRATEGIES, strategy};
use crate::study::{Command, Evolution, EvolutionEdit, EvolutionId};
use crate::ui::action::{Action, EvolutionAction};
use crate::ui::ext::{ResponseExt, quiet};
use crate::ui::format;
use crate::ui::theme::{self, size};
use crate::ui::views::evolution::new;
use crate::ui::widgets::text_field;
use crate::workbench::{Notice, NoticeKind};

/// What the buttons at the right need, in points.
const BUTTONS: f32 = 300.0;
/// What of a note can be read at least, in points.
const LEAST_NOTE: f32 = 60.0;

#[derive(Clone, Debug, PartialEq)]
pub enum Editing {
    Name(String),
    Note(String),
}

/// Draws the line; `is_folded` is that of the set-up.
pub fn head_ui(
    ui: &mut Ui,
    context: RunContext<'_>,
    (evolution, method): (&Evolution, &str),
    (editing, is_folded): (&mut Option<(EvolutionId, Editing)>, &mut bool),
) {
    ui.horizontal(|ui| {
        let own = editing.take_if(|(id, _)| *id == evolution.id);
        match own {
            Some((_, Editing::Name(mut name))) => {
                let width = (ui.available_width() - BUTTONS).clamp(120.0, 420.0);
                let field = text_field(ui, "Name of the evolution", "", &mut name, width);
                match typing(&field, ui) {
                    Typing::Open => *editing = Some((evolution.id, Editing::Name(name))),
                    Typing::Done => rename(context, evolution, name.trim()),
                    Typing::GivenUp => {}
                }
            }
            other => {
                *editing = other.map(|(_, editing)| (evolution.id, editing));
                name_ui(ui, evolution);
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            more_ui(ui, context, evolution, editing);
            duplicate_ui(ui, context, evolution);
            let caret = match *is_folded {
                true => icon::CARET_RIGHT,
                false => icon::CARET_DOWN,
            };
            let button = ui.button(format!("Set-up  {caret}"));
            button.named_selected(WidgetType::Button, !*is_folded, "Set-up");
            if button.clicked() {
                *is_folded = !*is_folded;
            }
        });
    });
    note_ui(ui, context, evolution, editing);
    if *is_folded {
        summary_ui(ui, evolution, method);
    }
}

fn name_ui(ui: &mut Ui, evolution: &Evolution) {
    let words = theme::strong(&evolution.name).size(size::HEADING);
    ui.scope(|ui| {
        ui.set_max_width((ui.available_width() - BUTTONS).max(80.0));
        ui.add(Label::new(words).truncate())
            .on_hover_text(&evolution.name);
        let note = &evolution.note;
        if !note.is_empty() && ui.available_width() >= LEAST_NOTE {
            ui.add(Label::new(quiet(note)).truncate())
                .on_hover_text(note);
        }
    });
}

/// What becomes of a field.
enum Typing {
    Open,
    Done,
    GivenUp,
}

/// A field that was just opened gets the keyboard; Escape leaves everything as it was.
fn typing(field: &Response, ui: &Ui) -> Typing {
    if ui.input(|i| i.key_pressed(Key::Escape)) {
        return Typing::GivenUp;
    }
    if field.lost_focus() {
        return Typing::Done;
    }
    if !field.has_focus() {
        field.request_focus();
    }
    Typing::Open
}

fn rename(context: RunContext<'_>, evolution: &Evolution, name: &str) {
    if name.is_empty() || name == evolution.name {
        return;
    }
    if context.doc().free_run_name(name) == name {
        let edit = EvolutionEdit::Rename(evolution.id, name.to_owned());
        return context.push(Command::Evolution(edit));
    }
    context.push(Action::Tell(Notice {
        kind: NoticeKind::Failed,
        title: format!("There is a run called {name} already"),
        detail: "Choose another name".to_owned(),
    }));
}

fn note_ui(
    ui: &mut Ui,
    context: RunContext<'_>,
    evolution: &Evolution,
    editing: &mut Option<(EvolutionId, Editing)>,
) {
    if let Some((_, Editing::Note(mut note))) =
        editing.take_if(|(id, e)| *id == evolution.id && matches!(e, Editing::Note(_)))
    {
        let width = ui.available_width().min(640.0);
        let field = text_field(ui, "Note", "What is to be known of it", &mut note, width);
        match typing(&field, ui) {
            Typing::Open => *editing = Some((evolution.id, Editing::Note(note))),
            Typing::Done if note != evolution.note => {
                let edit = EvolutionEdit::Note(evolution.id, note);
                context.push(Command::Evolution(edit));
            }
            Typing::Done | Typing::GivenUp => {}
        }
    }
}

/// The set-up in one line, where it is folded.
fn summary_ui(ui: &mut Ui, evolution: &Evolution, method: &str) {
    let setup = &evolution.setup;
    let title =
        strategy(&setup.strategy).map_or(setup.strategy.as_str(), |s| s.description().title);
    let parts = [
        format::counted(setup.founders.len(), "founder"),
        method.to_owned(),
        format!("the {} best", setup.choices.top),
        title.to_owned(),
    ];
    ui.add(Label::new(quiet(parts.join("  ·  "))).truncate());
}

/// Another run with the same founders, to be compared with this one.
fn duplicate_ui(ui: &mut Ui, context: RunContext<'_>, evolution: &Evolution) {
    let button = MenuButton::new(format!("Duplicate  {}", icon::CARET_DOWN));
    let (response, _) = button.ui(ui, |ui| {
        let add = |by: &str| {
            let new = new::compared(context.bench, evolution, by);
            context.push(EvolutionAction::Add(Box::new(new)));
        };
        if ui.button("With the same strategy").clicked() {
            add(&evolution.setup.strategy);
        }
        ui.separator();
        let words = quiet("To compare, with strategy");
        ui.label(words);
        let others = STRATEGIES.iter().map(|s| s.description());
        for known in others.filter(|known| known.name != evolution.setup.strategy) {
            if ui.button(known.title).on_hover_text(known.help).clicked() {
                add(known.name);
            }
        }
    });
    response.named(WidgetType::Button, "Duplicate");
    response.on_hover_text("Another run of the same founders");
}

fn more_ui(
    ui: &mut Ui,
    context: RunContext<'_>,
    evolution: &Evolution,
    editing: &mut Option<(EvolutionId, Editing)>,
) {
    let button = MenuButton::new(icon::DOTS_THREE);
    let (response, _) = button.ui(ui, |ui| {
        if ui.button("Rename").clicked() {
            *editing = Some((evolution.id, Editing::Name(evolution.name.clone())));
        }
        if ui.button("Edit note").clicked() {
            *editing = Some((evolution.id, Editing::Note(evolution.note.clone())));
        }
        if let Some(folder) = &evolution.setup.folder
            && ui.button("Show its folder").clicked()
        {
            context.push(Action::Reveal(folder.clone()));
        }
        ui.separator();
        if ui.button("Remove from study").clicked() {
            remove(context, evolution);
        }
    });
    response.named(WidgetType::Button, "More of this evolution");
    response.on_hover_text("Rename, note, remove");
}

fn remove(context: RunContext<'_>, evolution: &Evolution) {
    let edit = EvolutionEdit::Remove(evolution.id);
    context.push(EvolutionAction::Stop(evolution.id));
    context.push(Command::Evolution(edit));
    context.push(Action::Tell(Notice {
        kind: NoticeKind::Note,
        title: format!("{} removed from the study", evolution.name),
        detail: "Its models and their files stay; undo brings it back".to_owned(),
    }));
}
