//! The study's models at the edge of the canvas, to be dragged onto it.

use eframe::egui::{
    Area, CursorIcon, DragAndDrop, Frame, Id, Key, Margin, Order, ScrollArea, Sense, Stroke, Ui,
    WidgetType, vec2,
};

use super::env::{Env, MODEL};
use crate::merge::composition::NodeId;
use crate::merge::recipe::ModelRef;
use crate::study::{Model, ModelId};
use crate::text::by_name;
use crate::ui::ext::{ResponseExt, UiExt};
use crate::ui::format;
use crate::ui::theme::{self, ROW_HEIGHT, Tokens, radius, space};
use crate::ui::widgets::{focus_ring, search_field, text};
use crate::workbench::Workbench;

#[derive(Clone, Debug)]
pub struct Dragged {
    pub reference: ModelRef,
    name: String,
}

#[derive(Default)]
pub struct Shelf {
    filter: String,
}

impl Shelf {
    pub fn ui(&mut self, ui: &mut Ui, env: &mut Env<'_, '_>) {
        let bench = env.bench;
        let width = ui.available_width();
        search_field(ui, "Find a model", &mut self.filter, width);
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            // The scroll bar floats; nothing lies under it.
            ui.set_max_width(ui.available_width() - space::M);
            ui.spacing_mut().item_spacing.y = 1.0;
            // The scroll bar floats; nothing lies under it.
            ui.set_max_width(ui.available_width() - space::M);
            let groups = groups(bench, &self.filter);
            if groups.is_empty() {
                let words = match bench.study().doc().models.is_empty() {
                    true => "No models in the study yet",
                    false => "No model is called so",
                };
                ui.weak(words);
            }
            for (base, models) in groups {
                let words = match base {
                    Some(base) => format!("Family of {}", bench.short(base)),
                    None => "No base".to_owned(),
                };
                ui.quiet(format::elide_middle(&words, 26));
                for model in models {
                    row_ui(ui, env, model);
                }
                ui.add_space(space::S);
            }
        });
    }
}

/// Models by their base, a base at the head of its own family.
fn groups<'b>(bench: &'b Workbench, filter: &str) -> Vec<(Option<ModelId>, Vec<&'b Model>)> {
    let doc = bench.study().doc();
    let wanted = filter.trim().to_lowercase();
    let fits = |m: &&Model| m.name.to_lowercase().contains(&wanted);
    let mut out: Vec<(Option<ModelId>, Vec<&Model>)> = Vec::new();
    let bases = doc.bases();
    for base in bases.iter().copied().map(Some).chain([None]) {
        let is_own = |m: &&Model| match base {
            Some(base) => m.id == base || m.base == Some(base),
            None => m.base.is_none() && !bases.contains(&m.id),
        };
        let mut models: Vec<&Model> = doc.models.iter().filter(is_own).filter(fits).collect();
        models.sort_by(|a, b| {
            let is_base = |m: &Model| Some(m.id) == base;
            is_base(b)
                .cmp(&is_base(a))
                .then_with(|| by_name(&a.name, &b.name))
        });
        if !models.is_empty() {
            out.push((base, models));
        }
    }
    out
}

fn row_ui(ui: &mut Ui, env: &mut Env<'_, '_>, model: &Model) {
    let Some(reference) = env.bench.reference(model.id) else {
        return;
    };
    let t = Tokens::of(ui);
    let size = vec2(ui.available_width(), ROW_HEIGHT - 2.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    let label = format!("Add {} to the canvas", model.name);
    response.named(WidgetType::Button, &label);
    response.dnd_set_drag_payload(Dragged {
        reference: reference.clone(),
        name: env.bench.short(model.id).to_owned(),
    });
    if response.hovered() {
        ui.painter().rect_filled(rect, radius::CONTROL, t.hover);
        ui.ctx().set_cursor_icon(CursorIcon::Grab);
    }
    focus_ring(ui, &response);
    let composition = env.composition;
    let is_there = composition.loose.contains(&reference)
        || (composition.recipes.iter()).any(|r| r.models().contains(&&reference));
    let doc = env.doc();
    let dot = rect.left_center() + vec2(space::S, 0.0);
    let role = t.role(doc.role(model) as usize);
    ui.painter().circle_filled(dot, 3.5, role);
    let inside = rect
        .with_min_x(rect.left() + 18.0)
        .with_max_x(rect.right() - 4.0);
    let ink = if is_there { t.text_weak } else { t.text };
    let (font, painter) = (theme::body_font(), ui.painter());
    text::left(painter, inside, env.bench.short(model.id), &font, ink);
    let by_key = response.has_focus() && ui.input(|i| i.key_pressed(Key::Enter));
    if response.double_clicked() || by_key {
        env.edit_beside("Add model", &[], MODEL, |c| {
            c.add_model(reference.clone());
            Some(NodeId::Model(reference.clone()))
        });
    }
    let help = match is_there {
        true => "Is on the canvas",
        false => "Drag it onto the canvas, or press Enter",
    };
    response.on_hover_text(format!("{}\n{help}", model.name));
}

/// The name of what is dragged, at the pointer.
pub fn dragged_ui(ui: &Ui) {
    let Some(dragged) = DragAndDrop::payload::<Dragged>(ui.ctx()) else {
        return;
    };
    let Some(at) = ui.ctx().pointer_interact_pos() else {
        return;
    };
    let t = Tokens::of(ui);
    let frame = Frame::new()
        .fill(t.raised)
        .stroke(Stroke::new(1.5, t.accent))
        .corner_radius(radius::CARD)
        .inner_margin(Margin::symmetric(10, 6));
    Area::new(Id::new("dragged model"))
        .order(Order::Tooltip)
        .interactable(false)
        .fixed_pos(at + vec2(6.0, 6.0))
        .show(ui.ctx(), |ui| {
            frame.show(ui, |ui| ui.label(format::elide_middle(&dragged.name, 32)));
        });
}
