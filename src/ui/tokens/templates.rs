//! The chat templates side by side, each once, with the models that have it; lines that the
//! child's does not have are marked.

use std::collections::BTreeSet;

use eframe::egui::text::LayoutJob;
use eframe::egui::{FontId, Label, ScrollArea, TextFormat, Ui};

use super::columns::short;
use crate::merge::tokens::TokensReport;
use crate::ui::ext::UiExt;
use crate::ui::theme::{self, Tokens, size, space};

/// Height of the texts, in points.
const HEIGHT: f32 = 150.0;
const LEAST_WIDTH: f32 = 220.0;

/// A template with whose it is.
struct Shown<'r> {
    text: &'r str,
    owners: Vec<&'r str>,
}

pub(super) fn ui(ui: &mut Ui, report: &TokensReport) {
    let shown = templates(report);
    ui.add_space(space::XS);
    if shown.is_empty() {
        ui.quiet("No model has a chat template");
        ui.add_space(space::XS);
        return;
    }
    let of_child: BTreeSet<&str> = shown[0].text.lines().map(str::trim).collect();
    let gaps = space::M * (shown.len() - 1) as f32;
    let width = ((ui.available_width() - gaps) / shown.len() as f32).max(LEAST_WIDTH);
    ScrollArea::horizontal()
        .id_salt("templates")
        .show(ui, |ui| {
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = space::M;
                for (k, own) in shown.iter().enumerate() {
                    ui.vertical(|ui| {
                        ui.set_width(width);
                        let owners = own.owners.join(", ");
                        let heading = Label::new(theme::strong(&owners).size(size::SMALL));
                        ui.add(heading.truncate()).on_hover_text(&owners);
                        ui.add_space(space::XS);
                        text_ui(ui, k, own.text, &of_child);
                    });
                }
            });
        });
    ui.add_space(space::XS);
}

/// The child's first.
fn templates(report: &TokensReport) -> Vec<Shown<'_>> {
    let mut out: Vec<Shown<'_>> = Vec::new();
    let child = report
        .roles
        .chat_template
        .as_deref()
        .map(|text| ("child", text));
    let models = report.models.iter().filter_map(|own| {
        let text = own.roles.chat_template.as_deref()?;
        Some((short(&own.name), text))
    });
    // Two models beside each other have no child.
    let child = child.filter(|_| report.child.is_some() || report.has_own_template);
    for (name, text) in child.into_iter().chain(models) {
        match out.iter_mut().find(|own| own.text.trim() == text.trim()) {
            Some(own) => own.owners.push(name),
            None => out.push(Shown {
                text,
                owners: vec![name],
            }),
        }
    }
    out
}

fn text_ui(ui: &mut Ui, k: usize, text: &str, of_child: &BTreeSet<&str>) {
    let t = Tokens::of(ui);
    let mut job = LayoutJob::default();
    job.wrap.max_width = ui.available_width() - space::M;
    let font = FontId::monospace(size::SMALL);
    for line in text.trim().lines() {
        let is_other = k > 0 && !line.trim().is_empty() && !of_child.contains(line.trim());
        let ink = if is_other { t.warning } else { t.text_weak };
        job.append(line, 0.0, TextFormat::simple(font.clone(), ink));
        job.append("\n", 0.0, TextFormat::simple(font.clone(), ink));
    }
    ScrollArea::vertical()
        .id_salt(("template", k))
        .max_height(HEIGHT)
        .min_scrolled_height(HEIGHT)
        .show(ui, |ui| {
            ui.add(Label::new(job).selectable(true));
        });
}
