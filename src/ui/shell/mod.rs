//! What frames every view: the bar above, the rail on the left, the inspector on the right and
//! the status bar below.

mod approval;
mod drawer;
mod help;
mod leaving;
mod others;
mod rail;
mod status_bar;
mod top_bar;

use eframe::egui::{Align2, Area, Context, FontId, Id, Order, Stroke, StrokeKind, Ui};

use super::theme::{Tokens, radius, size, space};
use crate::workbench::{Workbench, opening};

pub use approval::Approval;
pub use drawer::drawer;
pub use help::help;
pub use leaving::leaving;
pub use others::{earlier_version, others_bar};
pub use rail::rail;
pub use status_bar::status_bar;
pub use top_bar::top_bar;

/// Says what will happen to files that are held over the window.
pub fn drop_target(ui: &Ui, bench: &Workbench) {
    let hovered = ui.input(|input| input.raw.hovered_files.len());
    if hovered == 0 {
        return;
    }
    let sentence = match (bench.is_open(), hovered) {
        _ if only_recipes(ui) => "Drop to put this recipe on the canvas".to_owned(),
        (true, 1) => "Drop to add this to the study".to_owned(),
        (true, n) => format!("Drop to add these {n} to the study"),
        (false, _) => "Drop to start a study with this".to_owned(),
    };
    overlay(ui.ctx(), &sentence);
}

fn only_recipes(ui: &Ui) -> bool {
    let is_recipe = |path: &std::path::PathBuf| opening::is_recipe(path);
    ui.input(|input| {
        let mut hovered = input.raw.hovered_files.iter();
        hovered.all(|file| file.path.as_ref().is_some_and(is_recipe))
    })
}

fn overlay(ctx: &Context, sentence: &str) {
    let t = Tokens::of(ctx);
    let area = Area::new(Id::new("drop target"))
        .order(Order::Foreground)
        .interactable(false);
    area.fixed_pos(ctx.content_rect().min).show(ctx, |ui| {
        let rect = ctx.content_rect();
        let painter = ui.painter();
        painter.rect_filled(rect, 0.0, t.background.gamma_multiply(0.85));
        let inner = rect.shrink(space::L);
        let stroke = Stroke::new(2.0, t.accent);
        painter.rect_stroke(inner, radius::CARD, stroke, StrokeKind::Inside);
        let font = FontId::proportional(size::TITLE);
        painter.text(rect.center(), Align2::CENTER_CENTER, sentence, font, t.text);
    });
}
