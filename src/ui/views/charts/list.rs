//! The list of charts: the user's own, then the paper's figures, one click each.

use eframe::egui::{
    Align2, Rect, RichText, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetInfo, WidgetType, vec2,
};

use super::{choose, sketch};
use crate::figures::{Chart, charts};
use crate::study::chart::{ChartChoices, ChartKind};
use crate::ui::action::Action;
use crate::ui::theme::{Tokens, radius, size, space};
use crate::ui::widgets::{Choice, choice, focus_ring, text};

const ITEM: f32 = 36.0;
const THUMB: [f32; 2] = [36.0, 26.0];
const PAPER: &str = "The paper";

pub fn list_ui(ui: &mut Ui, choices: &ChartChoices, actions: &mut Vec<Action>) {
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        for (group, is_printed) in [("This study", false), (PAPER, true)] {
            caption(ui, group);
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
        .map(|(chart, label)| Choice {
            value: chart.kind,
            label,
            help: chart.sentence,
        })
        .collect();
    if let Some(kind) = choice(ui, "Chart", choices.kind, &options) {
        actions.push(choose(ChartChoices {
            kind,
            ..choices.clone()
        }));
    }
}

fn caption(ui: &mut Ui, words: &str) {
    let weak = Tokens::of(ui).text_weak;
    ui.label(RichText::new(words).size(size::SMALL).color(weak));
}

fn item(ui: &mut Ui, chart: &Chart, is_current: bool) -> bool {
    let t = Tokens::of(ui);
    let width = ui.available_width() - space::S;
    let (rect, response) = ui.allocate_exact_size(vec2(width, ITEM), Sense::click());
    let name = chart.title;
    response.widget_info(|| WidgetInfo::selected(WidgetType::Button, true, is_current, name));
    let fill = match (is_current, response.hovered()) {
        (true, _) => Some(t.selection),
        (_, true) => Some(t.hover),
        _ => None,
    };
    let painter = ui.painter();
    if let Some(fill) = fill {
        painter.rect_filled(rect, radius::CONTROL, fill);
    }
    focus_ring(ui, &response);
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
    text::line_in(painter, room, Align2::LEFT_CENTER, name, &font, ink);
    response.on_hover_text(chart.sentence).clicked()
}
