//! What can be taken out of the view: a picture, a table of who was made from whom.

use eframe::egui::{Frame, Theme, Ui, Vec2, vec2};

use super::camera::{self, Camera, PITCH};
use super::drawn::{self, ColourBy, Drawn};
use super::legend;
use super::look::State;
use super::model::LineageModel;
use crate::ui::action::Export;
use crate::ui::format;
use crate::ui::paper::{FINE, Ground, Page, Picture, Sheet};
use crate::ui::theme::{self, Tokens, size, space};

/// The most pixels of a picture: one of five hundred models is coarser, so that it can be held
/// in memory and looked at.
const MOST_PIXELS: f32 = 24e6;
const AROUND: Vec2 = vec2(48.0, 110.0);
const LEAST_WIDTH: f32 = 760.0;

/// Who was made from whom: a row for each parent.
pub fn csv(shown: &LineageModel) -> Export {
    let mut table = csv::Writer::from_writer(Vec::new());
    let head = ["parent", "child", "generation", "kinship", "measure"];
    let mut rows = vec![head.map(str::to_owned)];
    for card in &shown.cards {
        let relation = card.kinship.or(card.distance);
        for parent in &card.parents {
            rows.push([
                parent.clone(),
                card.name.clone(),
                card.generation.to_string(),
                format::plain(relation.map(|(value, _)| value)),
                relation.map_or(String::new(), |(_, m)| m.title.to_owned()),
            ]);
        }
    }
    for row in &rows {
        // Writing into memory does not fail.
        table.write_record(row).ok();
    }
    Export::table("lineage", "lineage", table.into_inner().unwrap_or_default())
}

pub fn picture(shown: &LineageModel, study: &str, colour: ColourBy, theme: Theme) -> Picture {
    let (shown, study) = (shown.clone(), study.to_owned());
    Picture::new(move || Ok(draw(&shown, &study, colour, theme)))
}

/// Everything at zoom 1, with title, heads of the columns and legend.
fn draw(shown: &LineageModel, study: &str, colour: ColourBy, theme: Theme) -> Sheet {
    let content = camera::extent(&shown.layout, PITCH, 0..shown.cards.len());
    let canvas = content.size() + vec2(PITCH.x - camera::PILL.x, 2.0 * space::XL);
    let canvas = canvas.max(vec2(LEAST_WIDTH, 0.0)) + vec2(0.0, drawn::HEADER_HEIGHT);
    let whole = canvas + AROUND;
    let page = Page {
        scale: (MOST_PIXELS / (whole.x * whole.y)).sqrt().min(FINE),
        ..Page::new(whole, Ground::Theme(theme))
    };
    let mut drawn = Drawn::new(shown, colour, PITCH, Tokens::for_theme(theme));
    drawn.mark(&vec![State::default(); shown.cards.len()]);
    page.draw(|ui| {
        Frame::new().inner_margin(space::M).show(ui, |ui| {
            head(ui, study, shown);
            let (rect, _) = ui.allocate_exact_size(canvas, eframe::egui::Sense::hover());
            let (strip, view) = rect.split_top_bottom_at_y(rect.top() + drawn::HEADER_HEIGHT);
            let camera = Camera::fit_exactly(content, view.size());
            let (meta, t) = (camera.frame(view.min), Tokens::of(ui));
            let frame = (&meta, camera.pitch);
            drawn::bands(ui.painter(), shown, frame, view, t);
            drawn.paint(ui.ctx(), ui.painter(), frame);
            drawn::paint_header(ui.painter(), shown, frame, strip, t);
            ui.add_space(space::S);
            legend::ui(ui, shown, colour);
        });
    })
}

fn head(ui: &mut Ui, study: &str, shown: &LineageModel) {
    ui.label(theme::strong(format!("Lineage of {study}")).size(size::HEADING));
    let merged = shown.groups.iter().filter(|g| g.stage.generation() > 0);
    let generations = match merged.count() {
        0 => String::new(),
        n => format!(" in {}", format::counted(n, "generation")),
    };
    let count = format::counted(shown.cards.len(), "model");
    let runs = match shown.key.runs.join(", ") {
        runs if runs.is_empty() => String::new(),
        runs => format!(", runs {runs}"),
    };
    ui.weak(format!("{count}{generations}{runs}"));
}
