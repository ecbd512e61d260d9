//! The names beside the rows and over the columns, which stay in sight while cells scroll.

use eframe::egui::epaint::TextShape;
use eframe::egui::text::LayoutJob;
use eframe::egui::{Align2, Color32, Painter, Pos2, Rect, Shape, vec2};

use super::HeatMap;
use super::bands;
use super::layout::{ColumnNames, Layout};
use crate::ui::theme::{self, Tokens, size, space};
use crate::ui::widgets::text;

/// Names of what is selected or marked stand out.
pub(super) fn paint(
    map: &HeatMap<'_>,
    painter: &Painter,
    layout: &Layout,
    t: &Tokens,
    marked: Option<(usize, usize)>,
) {
    ground(painter, layout, t);
    if layout.has_bands {
        bands::paint(map, painter, layout, t);
    }
    let within = |zone: Rect| painter.with_clip_rect(painter.clip_rect().intersect(zone));
    let (rows, columns) = (within(layout.rows_zone()), within(layout.columns_zone()));
    let [in_rows, in_columns] = match map.is_picture() {
        true => layout.within(painter.clip_rect()),
        false => [0..layout.n, 0..layout.n],
    };
    for place in (0..layout.n).filter(|k| in_rows.contains(k) || in_columns.contains(k)) {
        let model = map.model_at(place);
        let is_selected = map.selected_models.contains(&model);
        let ink = |is_marked: bool| match (is_selected, is_marked) {
            (true, _) => t.accent_text,
            (_, true) => t.text,
            _ if marked.is_some() => t.text_weak,
            _ => t.text,
        };
        let is_named = in_rows.contains(&place) && layout.row_names > 0.0 && !layout.has_bands;
        // Where every name has no room, every second or third has.
        if is_named && place.is_multiple_of(layout.name_each) {
            let ink = ink(marked.is_some_and(|(row, _)| row == place));
            row_name(
                map,
                &rows,
                layout,
                place,
                is_selected.then_some(t.selection),
                ink,
            );
        }
        let ink = ink(marked.is_some_and(|(_, column)| column == place));
        column_name(map, &columns, layout, place, ink);
    }
}

fn row_name(
    map: &HeatMap<'_>,
    painter: &Painter,
    layout: &Layout,
    place: usize,
    under: Option<Color32>,
    ink: Color32,
) {
    let rect = layout.row_name_rect(place);
    let middle = rect.center();
    let line = vec2(rect.width(), rect.height().max(size::SMALL));
    let rect = Rect::from_center_size(middle, line);
    if let Some(fill) = under {
        painter.rect_filled(rect.shrink2(vec2(0.0, 1.0)), theme::radius::CONTROL, fill);
    }
    // Next to the tree names stand at their leaves, else at their row.
    let align = if layout.dendrogram > 0.0 {
        Align2::LEFT_CENTER
    } else {
        Align2::RIGHT_CENTER
    };
    let room = rect.shrink2(vec2(space::XS, 0.0));
    let name = &map.labels[map.model_at(place)];
    text::line_in(painter, room, align, name, &theme::small_font(), ink);
}

fn column_name(map: &HeatMap<'_>, painter: &Painter, layout: &Layout, place: usize, ink: Color32) {
    if layout.column_names == ColumnNames::Hidden {
        return;
    }
    let font = theme::small_font();
    let name = &map.labels[map.model_at(place)];
    let foot = layout.cell_rect((0, place)).center_top() + vec2(0.0, layout.pinned().y - space::XS);
    let shown = text::fitted(painter, name, &font, layout.column_name_width);
    match layout.column_names {
        ColumnNames::Level => {
            painter.text(foot, Align2::CENTER_BOTTOM, shown, font, ink);
        }
        ColumnNames::Slanted => turned(painter, foot, -45.0, shown, ink),
        ColumnNames::Vertical => turned(painter, foot, -90.0, shown, ink),
        ColumnNames::Hidden => {}
    }
}

/// A line that starts at `foot`, centred on it across its direction.
fn turned(painter: &Painter, foot: Pos2, degrees: f32, shown: String, ink: Color32) {
    let job = LayoutJob::simple_singleline(shown, theme::small_font(), ink);
    let galley = painter.layout_job(job);
    let angle = degrees.to_radians();
    let across = vec2(-angle.sin(), angle.cos()) * (galley.size().y / 2.0);
    painter.add(Shape::Text(
        TextShape::new(foot - across, galley, ink).with_angle(angle),
    ));
}

/// The ground of names that stand over cells.
fn ground(painter: &Painter, layout: &Layout, t: &Tokens) {
    let (whole, body) = (layout.cells.expand(space::XS), layout.body());
    let left = layout.row_name_rect(0).left() - space::XS;
    if layout.pinned().x > 0.0 {
        let ground = whole.with_min_x(left).with_max_x(body.left());
        painter.rect_filled(ground, 0, t.background);
    }
    if layout.pinned().y > 0.0 {
        let top = layout.column_name_rect(0).top() - space::XS;
        let ground = whole.with_min_y(top).with_max_y(body.top());
        let ground = ground.with_min_x(left.min(ground.left()));
        painter.rect_filled(ground, 0, t.background);
    }
}
