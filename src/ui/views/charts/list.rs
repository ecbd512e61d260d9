//! The list of charts: the user's own, then the paper's figures, one click each.

use eframe::egui::{
    Align2, Rect, RichText, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetInfo, WidgetType, vec2,
};

use super::{choose, sketch};
use crate::figures::{Chart, charts};
use crate::study::chart::{ChartChoices, ChartKind};
use crate::ui::action::Action;
use crate::ui::ext::{ResponseExt, UiExt};
use crate::ui::theme::{Tokens, radius, size, space};
use crate::ui::widgets::{Choice, choice, row_ground, text};

const ITEM: f32 = 36.0;
const THUMB: [f32; 2] = [36.0, 26.0];
const PAPER: &str = "The paper";

pub fn list_ui(ui: &mut Ui, choices: &ChartChoices, actions: &mut Vec<Action>) {
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        for (group, is_printed) in [("This study", false), (PAPER, true)] {
            ui.quiet(group);
            for chart in charts().filter(|chart| chart.study.is_some() == is_printed) {
                if item(ui, chart, choices.kind == chart.kind) {
                    actions.push(choose(ChartChoices {
                        kind: chart.kind,
                        ..choices.clone()
                    }));
                }
            }
            ui.add_space(space::S);
        }
    });
}

/// The same as a menu, where there is no room for a list.
pub fn menu_ui(ui: &mut Ui, choices: &ChartChoices, actions: &mut Vec<Action>) {
    let name = |chart: &Chart| match chart.study {
        Some(_) => format!("{PAPER}, {}", chart.title.to_lowercase()),
        None => chart.title.to_owned(),
    };
    let names: Vec<String> = charts().map(name).collect();
    let options: Vec<Choice<'_, ChartKind>> = charts()
        .zip(&names)
        .map(|(chart, label)| Choice::new(chart.kind, label, chart.sentence))
        .collect();
    if let Some(kind) = choice(ui, "Chart", choices.kind, &options) {
        actions.push(choose(ChartChoices {
            kind,
            ..choices.clone()
        }));
    }
}

fn item(ui: &mut Ui, chart: &Chart, is_current: bool) -> bool {
    let t = Tokens::of(ui);
    let width = ui.available_width() - space::S;
    let (rect, response) = ui.allocate_exact_size(vec2(width, ITEM), Sense::click());
    let name = chart.title;
    response.named_selected(WidgetType::Button, is_current, name);
    row_ground(ui, &response, rect, is_current);
    let painter = ui.painter();
    let thumb = Rect::from_center_size(
        rect.left_center() + vec2(THUMB[0] / 2.0 + 5.0, 0.0),
        THUMB.into(),
    );
    let line = Stroke::new(1.0, if is_current { t.line_strong } else { t.line });
    painter.rect(thumb, 3, t.raised, line, StrokeKind::Inside);
    sketch::paint(painter, thumb.shrink(4.0), chart.sketch, t);
    let room = rect
        .with_min_x(thumb.right() + space::S)
        .shrink2(vec2(2.0, 0.0));
    let ink = if is_current || response.hovered() {
        t.text
    } else {
        t.text_weak
    };
    let font = eframe::egui::FontId::proportional(size::SMALL + 0.5);
    text::left(painter, room, name, &font, ink);
    response.on_hover_text(chart.sentence).clicked()
}
