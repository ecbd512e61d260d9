//! Where a merge begins: the templates, and the strip above the canvas.

use eframe::egui::{
    Align, Button, Frame, Label, Layout, Margin, PopupCloseBehavior, Response, RichText,
    ScrollArea, Sense, Stroke, StrokeKind, Ui, UiBuilder, Vec2, WidgetType,
    containers::menu::{MenuButton, MenuConfig},
    vec2,
};
use egui_phosphor::regular as icon;

use super::{DraftContext, Tab, ViewContext};
use crate::merge::composition::{TEMPLATES, Template};
use crate::study::{Command, DraftEdit, DraftId, Model, ModelId, Role, StudyDoc, ViewEdit};
use crate::ui::action::{MergeAction, MixtureAction, ModelsAction};
use crate::ui::ext::{ResponseExt, UiExt, quiet};
use crate::ui::format;
use crate::ui::theme::{self, Tokens, radius, size, space};
use crate::ui::widgets::{
    Choice, choice, empty_state, focus_ring, icon_button, icon_toggle, segmented, text_field,
};
use crate::workbench::Workbench;

/// The least size of a card, and how wide it may become, in points.
const CARD: Vec2 = vec2(236.0, 100.0);
const WIDEST: f32 = 340.0;
/// The longest name on the start page, in characters.
const LONGEST: usize = 28;

#[derive(Default)]
pub struct Start {
    /// What the user ticked here, and what was selected in the program then.
    ticked: Option<(Vec<ModelId>, Vec<ModelId>)>,
}

impl Start {
    /// The view without a draft: ways to begin one.
    pub fn ui(&mut self, ui: &mut Ui, view: &ViewContext<'_>) {
        if view.doc().models.is_empty() {
            let sentence = "A merge wants models. Add a base and its fine-tunes, or drop a recipe \
                            here.";
            if empty_state(ui, icon::GIT_MERGE, sentence, Some("Add models…")) {
                view.push(ModelsAction::AskForFolders);
            }
            return;
        }
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            let margin = Margin::symmetric(32, 24);
            Frame::new().inner_margin(margin).show(ui, |ui| {
                self.page_ui(ui, view);
            });
        });
    }

    fn page_ui(&mut self, ui: &mut Ui, view: &ViewContext<'_>) {
        ui.label(theme::strong("Compose a merge").size(size::TITLE));
        let line = "See which models the child resembles before it is written";
        ui.label(RichText::new(line).size(size::HEADING).weak());
        ui.add_space(space::L);
        let mut models = self.models(view);
        let before = models.clone();
        ui.horizontal_wrapped(|ui| {
            ui.label("Merge");
            models_ui(ui, view.doc(), &mut models);
        });
        if models != before {
            self.ticked = Some((models.clone(), view.bench.study().selection().models()));
        }
        ui.add_space(space::S);
        cards_ui(ui, view, &models);
        ui.add_space(space::L);
        ui.horizontal(|ui| {
            if ui.button("Start with an empty canvas").clicked() {
                view.push(MergeAction::ComposeNothing);
            }
            if ui.button("Open a recipe…").clicked() {
                view.push(MergeAction::AskForRecipe);
            }
            mixture_ui(ui, view, models);
        });
        ui.add_space(space::S);
        let hint = "Recipes are mergekit's YAML; the one in a merged folder does as well";
        ui.quiet(hint);
    }

    /// What the user ticked, until something else is selected in the program.
    fn models(&mut self, view: &ViewContext<'_>) -> Vec<ModelId> {
        let selected = view.bench.study().selection().models();
        self.ticked = self.ticked.take().filter(|(_, then)| *then == selected);
        let Some((mut models, _)) = self.ticked.clone() else {
            return to_merge(view.bench);
        };
        models.retain(|id| view.doc().model(*id).is_some());
        models
    }
}

fn cards_ui(ui: &mut Ui, view: &ViewContext<'_>, models: &[ModelId]) {
    let room = ui.available_width() + space::M;
    let most = (room / (CARD.x + space::M)).floor().max(1.0) as usize;
    // Rows of equal length, which take the width that there is.
    let rows = TEMPLATES.len().div_ceil(most);
    let columns = TEMPLATES.len().div_ceil(rows);
    let width = (room / columns as f32 - space::M).clamp(CARD.x.min(room - space::M), WIDEST);
    let numbered: Vec<(usize, &Template)> = TEMPLATES.iter().enumerate().collect();
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing = vec2(space::M, space::M);
        for row in numbered.chunks(columns) {
            ui.horizontal(|ui| {
                for (k, template) in row {
                    if template_ui(ui, template, models, width).clicked() {
                        view.push(MergeAction::Compose {
                            template: Some(*k),
                            models: fitting(template, models),
                        });
                    }
                }
            });
        }
    });
}

/// The models that are merged, to be ticked in a list that stays open.
fn models_ui(ui: &mut Ui, doc: &StudyDoc, models: &mut Vec<ModelId>) {
    let words = match models.len() {
        0 => "Choose models".to_owned(),
        _ => names(doc, models),
    };
    let stays = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    let button = Button::new(format!("{words}  {}", icon::CARET_DOWN));
    let (response, _) = MenuButton::from_button(button).config(stays).ui(ui, |ui| {
        ui.set_min_width(220.0);
        ScrollArea::vertical().max_height(420.0).show(ui, |ui| {
            for model in doc.models.iter().filter(|m| doc.role(m) != Role::Base) {
                let mut is_in = models.contains(&model.id);
                let name = format::elide_middle(&model.name, 40);
                if ui.checkbox(&mut is_in, name).changed() {
                    models.retain(|&id| id != model.id);
                    if is_in {
                        models.push(model.id);
                    }
                }
            }
        });
    });
    let name = format!("Models to merge: {words}");
    response.named(WidgetType::Button, &name);
}

/// What a merge that is begun now is of: what is selected, else the study's first fine-tunes.
/// A base is what others are merged on; it is merged itself only with other bases.
pub fn to_merge(bench: &Workbench) -> Vec<ModelId> {
    let doc = bench.study().doc();
    let all = bench.study().selection().models();
    let is_base = |id: &ModelId| doc.model(*id).is_some_and(|m| doc.role(m) == Role::Base);
    let (bases, mut selected): (Vec<ModelId>, Vec<ModelId>) = all.into_iter().partition(is_base);
    if selected.is_empty() {
        selected = bases;
    }
    if selected.len() > 1 {
        return selected;
    }
    let can = |m: &&Model| doc.role(m) != Role::Base && m.path.is_some();
    let one = selected.first().and_then(|&id| doc.model(id)).filter(can);
    let base = one.and_then(|m| m.base);
    let is_kin = |m: &&Model| one.is_none_or(|one| m.id != one.id && m.base == base);
    let others = doc.models.iter().filter(can).filter(is_kin);
    let all = one.into_iter().chain(others).map(|m| m.id);
    all.take(2).collect()
}

fn fitting(template: &Template, models: &[ModelId]) -> Vec<ModelId> {
    models.iter().copied().take(template.models.1).collect()
}

fn names(doc: &StudyDoc, models: &[ModelId]) -> String {
    let name = |&id| format::elide_middle(doc.name_of(id), LONGEST);
    let names: Vec<String> = models.iter().take(4).map(name).collect();
    match models.len() {
        n if n > 4 => format!("{} and {} more", names.join(", "), n - 4),
        _ => names.join(", "),
    }
}

fn template_ui(ui: &mut Ui, template: &Template, models: &[ModelId], width: f32) -> Response {
    let t = Tokens::of(ui);
    let is_possible = models.len() >= template.models.0;
    let (sense, ink) = match is_possible {
        true => (Sense::click(), t.text),
        false => (Sense::hover(), t.text_weak),
    };
    let (rect, response) = ui.allocate_exact_size(vec2(width, CARD.y), sense);
    let info = format!("{}: {}", template.title, template.help);
    response.named(WidgetType::Button, &info);
    let is_over = response.hovered() && is_possible;
    let fill = if is_over { t.hover } else { t.raised };
    let line = Stroke::new(1.0, t.line);
    ui.painter()
        .rect(rect, radius::CARD, fill, line, StrokeKind::Inside);
    focus_ring(ui, &response);
    let inner = UiBuilder::new()
        .max_rect(rect.shrink(space::M))
        .layout(Layout::top_down(Align::Min));
    // A child of its own: the card has its room already.
    let mut inside = ui.new_child(inner);
    let title = theme::strong(template.title).color(ink);
    inside.add(Label::new(title).selectable(false));
    let help = quiet(template.help);
    inside.add(Label::new(help).selectable(false).wrap());
    if is_possible {
        return response;
    }
    let least = format::counted(template.models.0, "model");
    response.on_hover_text(format!("Wants at least {least}"))
}

/// The strip above the canvas: which draft, new ones, templates.
pub fn strip_ui(ui: &mut Ui, shown: &DraftContext<'_>, child_is_open: &mut bool) {
    let doc = shown.doc();
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        if doc.drafts.len() > 1 {
            let labels: Vec<String> = doc.drafts.iter().map(|d| label(&d.name)).collect();
            let options = doc.drafts.iter().zip(&labels).map(|(draft, label)| Choice {
                value: draft.id,
                label,
                help: "",
            });
            let options: Vec<Choice<'_, DraftId>> = options.collect();
            if let Some(id) = choice(ui, "Merge on the canvas", shown.draft.id, &options) {
                shown.push(Command::View(ViewEdit::Draft(id)));
            }
        }
        let mut name = shown.draft.name.clone();
        if text_field(ui, "Name of the merge", "Name", &mut name, 170.0).changed() {
            let rename = DraftEdit::Rename(shown.draft.id, name);
            shown.push(Command::Draft(rename));
        }
        ui.menu_button(format!("{}  New merge", icon::PLUS), |ui| {
            new_menu(ui, shown);
        });
        let mut tab = shown.tab.get();
        let tabs = [(Tab::Recipe, "Recipe"), (Tab::Tokens, "Tokens")];
        if segmented(ui, "What is shown of the merge", &mut tab, &tabs) {
            shown.tab.set(tab);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            icon_toggle(ui, icon::SIDEBAR_SIMPLE, "The child's panel", child_is_open);
            if icon_button(ui, icon::TRASH, "Throw this merge away").clicked() {
                shown.push(Command::Draft(DraftEdit::Remove(shown.draft.id)));
            }
        });
    });
}

fn new_menu(ui: &mut Ui, view: &ViewContext<'_>) {
    let models = to_merge(view.bench);
    if !models.is_empty() {
        let words = format!("Of {}", names(view.doc(), &models));
        ui.quiet(words);
    }
    for (k, template) in TEMPLATES.iter().enumerate() {
        let is_possible = models.len() >= template.models.0;
        let response = ui.add_enabled(is_possible, Button::new(template.title));
        if response.on_hover_text(template.help).clicked() {
            view.push(MergeAction::Compose {
                template: Some(k),
                models: fitting(template, &models),
            });
            ui.close();
        }
    }
    ui.separator();
    if ui.button("Empty canvas").clicked() {
        view.push(MergeAction::ComposeNothing);
        ui.close();
    }
    if ui.button("Open a recipe…").clicked() {
        view.push(MergeAction::AskForRecipe);
        ui.close();
    }
    if mixture_ui(ui, view, models) {
        ui.close();
    }
}

/// The way to a mixture of these models; says whether it was taken.
fn mixture_ui(ui: &mut Ui, view: &ViewContext<'_>, models: Vec<ModelId>) -> bool {
    let button = Button::new("New mixture of experts…");
    let response = ui.add_enabled(models.len() > 1, button);
    let help = "One model in which every token goes through a few of these";
    let response = response.on_hover_text(help);
    let response = response.on_disabled_hover_text("Wants at least 2 models");
    let is_taken = response.clicked();
    if is_taken {
        view.push(MixtureAction::New(models));
    }
    is_taken
}

fn label(name: &str) -> String {
    format::elide_middle(if name.is_empty() { "Unnamed" } else { name }, 28)
}
