//! How far a running measurement is.

use eframe::egui::{Align, Label, Layout, RichText, Ui, vec2};

use crate::ui::action::Action;
use crate::ui::format;
use crate::ui::theme::{ROW_HEIGHT, Tokens, size};
use crate::ui::widgets::progress_bar;
use crate::workbench::{Family, Workbench};

/// The room that the line needs, in points.
pub const WIDTH: f32 = 340.0;
const BAR: f32 = 120.0;
const PERCENT: f32 = 44.0;

/// The job that measures the family, if one runs, at the right end of the line.
pub fn running_ui(ui: &mut Ui, bench: &Workbench, family: &Family, out: &mut Vec<Action>) {
    let Some(id) = bench.measuring(family.base) else {
        return;
    };
    let job = bench.jobs().get(id);
    // Bytes are known beforehand, so they tell more than tensors, some of which are huge.
    let fraction = job.and_then(|job| job.ticket.progress().fraction());
    let fraction = fraction.unwrap_or(0.0);
    let weak = Tokens::of(ui).text_weak;
    let room = vec2(ui.available_width(), ROW_HEIGHT);
    ui.allocate_ui_with_layout(room, Layout::right_to_left(Align::Center), |ui| {
        if ui.button("Cancel").clicked() {
            out.push(Action::Cancel(id));
        }
        let percent = RichText::new(format::percent(fraction)).color(weak);
        ui.add_sized([PERCENT, ROW_HEIGHT], Label::new(percent.size(size::SMALL)));
        progress_bar(ui, "Measuring kinship", fraction as f32, BAR);
        ui.label("Measuring kinship");
    });
}
