//! What the merge costs: size on disk, memory, time.

use std::time::Duration;

use eframe::egui::Ui;

use super::super::Shown;
use super::line_ui;
use crate::merge::plan::Cost;
use crate::ui::format;
use crate::ui::widgets::section_heading;

/// Draws one line.
pub fn ui(ui: &mut Ui, shown: &Shown<'_>) {
    section_heading(ui, "Cost");
    let cost = shown.ahead.map(|ahead| ahead.cost);
    match cost.filter(|cost| cost.bytes_written > 0) {
        Some(cost) => line_ui(ui, &short(&cost)).on_hover_text(long(&cost)),
        None => line_ui(ui, format::UNDEFINED),
    };
}

fn short(cost: &Cost) -> String {
    let disk = format::bytes(cost.bytes_written);
    let memory = format::bytes(cost.peak_memory_bytes);
    format!("{disk}  ·  {memory} memory  ·  {}", time(cost))
}

fn long(cost: &Cost) -> String {
    format!(
        "Reads {}, writes {}, needs up to {} of memory and {}",
        format::bytes(cost.bytes_read),
        format::bytes(cost.bytes_written),
        format::bytes(cost.peak_memory_bytes),
        time(cost),
    )
}

fn time(cost: &Cost) -> String {
    match cost.seconds {
        under if under < 1.0 => "under 1 s".to_owned(),
        secs => format!("about {}", format::duration(Duration::from_secs_f64(secs))),
    }
}
