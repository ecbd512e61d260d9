//! How large the picture of many models is: the whole in sight, or a part of it nearer.

use eframe::egui::{Pos2, Rect, ScrollArea, Ui, Vec2, vec2};
use egui_phosphor::regular as icon;

use crate::ui::widgets::heatmap::MOST_CELLS_READ;
use crate::ui::widgets::icon_button;

/// One press of a button.
const STEP: f32 = 1.5;
/// Points of a cell beyond which nothing is gained.
const LARGEST_CELL: f32 = 60.0;

/// What the user has chosen. Kept for the view, and not for the study.
#[derive(Clone, Copy, Debug)]
pub struct Zoom {
    /// 1 for the whole.
    factor: f32,
    /// Where the picture is to be scrolled to when it is drawn next.
    offset: Option<Vec2>,
    /// Where it was scrolled to, and where the cells were on screen, when it was drawn last.
    drawn: (Vec2, Rect),
}

impl Default for Zoom {
    fn default() -> Self {
        Self {
            factor: 1.0,
            offset: None,
            drawn: (Vec2::ZERO, Rect::ZERO),
        }
    }
}

impl Zoom {
    /// How many times larger than the space a map of so many models is.
    pub fn of(&self, models: usize) -> f32 {
        match models > MOST_CELLS_READ {
            true => self.factor,
            false => 1.0,
        }
    }

    /// The area that the map is scrolled in.
    pub fn area(&mut self) -> ScrollArea {
        let area = ScrollArea::both().id_salt("kinship map");
        match self.offset.take() {
            Some(offset) => area.scroll_offset(offset),
            None => area,
        }
    }

    /// Notes where the map was drawn.
    pub fn drawn(&mut self, offset: Vec2, cells: Rect) {
        self.drawn = (offset, cells);
    }

    /// Pinching, and the wheel with Ctrl, over the cells.
    pub fn pinched(&mut self, ui: &Ui, models: usize) {
        let (by, at) = ui.input(|input| (input.zoom_delta(), input.pointer.hover_pos()));
        let at = at.filter(|at| self.drawn.1.contains(*at) && ui.clip_rect().contains(*at));
        if let Some(at) = at.filter(|_| by != 1.0 && models > MOST_CELLS_READ) {
            self.by(by, at, models);
            ui.ctx().request_repaint();
        }
    }

    /// Makes the picture larger, so that what is at a point of the screen stays there.
    fn by(&mut self, by: f32, at: Pos2, models: usize) {
        let (offset, cells) = self.drawn;
        let cell = cells.width().max(1.0) / models as f32;
        let most = (self.factor * LARGEST_CELL / cell).max(1.0);
        let new = (self.factor * by).clamp(1.0, most);
        let grows = new / self.factor - 1.0;
        self.factor = new;
        self.offset = Some((offset + (at - cells.min) * grows).max(Vec2::ZERO));
    }

    /// Shows some rows, by place on screen, as large as they can be in the space.
    pub fn show_rows(&mut self, rows: (usize, usize), models: usize, space: Vec2) {
        let cells = self.drawn.1;
        let count = rows.1.saturating_sub(rows.0).max(1) as f32;
        let whole = cells.size() / self.factor;
        self.factor = (models as f32 / count * 0.9).max(1.0);
        let middle = (rows.0 as f32 + count / 2.0) / models as f32;
        let at = whole * self.factor * middle;
        self.offset = Some((at - vec2(space.x, space.y) / 2.0).max(Vec2::ZERO));
    }

    /// Buttons, where there are so many models that the map is a picture.
    pub fn ui(&mut self, ui: &mut Ui, models: usize) {
        if models <= MOST_CELLS_READ {
            return;
        }
        let middle = self.drawn.1.intersect(ui.ctx().content_rect()).center();
        if icon_button(ui, icon::MAGNIFYING_GLASS_PLUS, "Zoom in").clicked() {
            self.by(STEP, middle, models);
        }
        ui.add_enabled_ui(self.factor > 1.0, |ui| {
            if icon_button(ui, icon::MAGNIFYING_GLASS_MINUS, "Zoom out").clicked() {
                self.by(1.0 / STEP, middle, models);
            }
            if icon_button(ui, icon::CORNERS_OUT, "Show the whole map").clicked() {
                (self.factor, self.offset) = (1.0, Some(Vec2::ZERO));
            }
        });
    }
}
