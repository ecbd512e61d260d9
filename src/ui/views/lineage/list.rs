//! The same in words: every model by generation, for the keyboard and for screen readers.

use eframe::egui::{
    Align2, CornerRadius, Id, Key, Modifiers, Rect, Response, ScrollArea, Sense, Stroke,
    StrokeKind, Ui, WidgetInfo, WidgetType, pos2, vec2,
};

use super::model::LineageModel;
use super::pointer;
use crate::study::{ModelId, Selection};
use crate::ui::action::Action;
use crate::ui::ext::ResponseExt;
use crate::ui::format;
use crate::ui::theme::{self, Tokens, space};
use crate::ui::views::family::Card;
use crate::ui::widgets::{TypeAhead, row_ground, text};
use crate::workbench::Workbench;

const ROW: f32 = 24.0;
const HEAD: f32 = 30.0;

#[derive(Default)]
pub struct List {
    /// The model that gets the keyboard as soon as its row is there.
    go_to: Option<ModelId>,
    selection: Selection,
    typed: TypeAhead,
    /// The model whose row is to be in sight, because it was selected elsewhere.
    reveal: Option<ModelId>,
}

#[derive(Default)]
pub struct Touched {
    /// The model that was selected, or reached with the keys: it is to be in sight.
    pub reveal: Option<usize>,
    /// The model under the pointer, or with the keyboard.
    pub hovered: Option<usize>,
    /// The folded family that was clicked.
    pub opened: Option<usize>,
}

impl List {
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        bench: &Workbench,
        shown: &LineageModel,
        actions: &mut Vec<Action>,
    ) -> Touched {
        let mut touched = Touched::default();
        self.follow_selection(bench);
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            // The scroll bar floats; nothing lies under it.
            ui.set_max_width(ui.available_width() - space::M);
            for group in &shown.groups {
                head_ui(ui, &group.stage.title(), shown.count(&group.models));
                for &model in &group.models {
                    let response = self.row_ui(ui, bench, shown, model);
                    if response.clicked() && shown.cards[model].family.is_some() {
                        touched.opened = Some(model);
                    } else if response.clicked() {
                        actions.push(pointer::select(ui, bench, shown.cards[model].id));
                        touched.reveal = Some(model);
                    }
                    if response.has_focus() && touched.reveal.is_none() {
                        touched.reveal = self.walk(ui, shown, model, response.id);
                        touched.hovered.get_or_insert(model);
                    }
                    if response.hovered() {
                        touched.hovered = Some(model);
                        response.on_hover_ui(|ui| pointer::tooltip(ui, shown, model));
                    }
                }
            }
            ui.add_space(space::M);
        });
        touched
    }

    fn follow_selection(&mut self, bench: &Workbench) {
        let selection = bench.study().selection();
        if self.selection != *selection {
            self.selection = selection.clone();
            self.reveal = selection.models().last().copied();
        }
    }

    fn walk(&mut self, ui: &Ui, shown: &LineageModel, from: usize, holder: Id) -> Option<usize> {
        let to = match pointer::pressed_arrow(ui, holder) {
            Some(key) => pointer::walk_target(shown, Some(from), key)?,
            None => self.typed_row(ui, shown, from)?,
        };
        self.go_to = Some(shown.cards[to].id);
        ui.ctx().request_repaint();
        Some(to)
    }

    fn typed_row(&mut self, ui: &Ui, shown: &LineageModel, from: usize) -> Option<usize> {
        let order: Vec<usize> = shown.groups.iter().flat_map(|g| g.models.clone()).collect();
        let names: Vec<&str> = order.iter().map(|&m| &shown.cards[m].short[..]).collect();
        let at = order.iter().position(|&model| model == from);
        let row = self.typed.row(ui, at, &names)?;
        // The canvas has letters of its own.
        ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::F));
        Some(order[row])
    }

    fn row_ui(
        &mut self,
        ui: &mut Ui,
        bench: &Workbench,
        shown: &LineageModel,
        model: usize,
    ) -> Response {
        let card = &shown.cards[model];
        let size = vec2(ui.available_width(), ROW);
        let (_, rect) = ui.allocate_space(size);
        let id = Id::new("lineage row").with(card.id.0);
        let response = ui.interact(rect, id, Sense::click());
        let selection = bench.study().selection();
        let is_selected = card.ids().iter().any(|id| selection.contains(*id));
        response.widget_info(|| {
            WidgetInfo::selected(
                WidgetType::SelectableLabel,
                true,
                is_selected,
                card.words("average"),
            )
        });
        if self.go_to == Some(card.id) {
            self.go_to = None;
            response.request_focus();
            ui.scroll_to_rect(rect.expand(ROW), None);
        }
        if self.reveal == Some(card.id) {
            self.reveal = None;
            ui.scroll_to_rect(rect, None);
        }
        if ui.is_rect_visible(rect) {
            paint_row(ui, rect, card, &response, is_selected);
        }
        response
    }
}

fn head_ui(ui: &mut Ui, title: &str, count: usize) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), HEAD), Sense::hover());
    let count = format::counted(count, "model");
    response.named(WidgetType::Label, format!("{title}, {count}"));
    let (t, y) = (Tokens::of(ui), rect.bottom() - 10.0);
    let painter = ui.painter();
    let left = pos2(rect.left() + space::S, y);
    painter.text(
        left,
        Align2::LEFT_CENTER,
        title,
        theme::strong_font(),
        t.text,
    );
    let right = pos2(rect.right() - space::S, y);
    painter.text(
        right,
        Align2::RIGHT_CENTER,
        count,
        theme::small_font(),
        t.text_weak,
    );
}

fn paint_row(ui: &Ui, rect: Rect, card: &Card, response: &Response, is_selected: bool) {
    let (t, painter) = (Tokens::of(ui), ui.painter());
    row_ground(ui, response, rect, is_selected);
    let inside = rect.shrink2(vec2(space::S, 0.0));
    let font = theme::body_font();
    let score = format::score(card.score);
    let score = painter.text(
        inside.right_center(),
        Align2::RIGHT_CENTER,
        score,
        font,
        t.text_weak,
    );
    if card.is_best {
        // The mark that the canvas has for it; names in some scripts know no bold.
        let around = score.expand2(vec2(5.0, 1.0));
        let stroke = Stroke::new(1.25, t.text);
        let corner = CornerRadius::same(9);
        painter.rect_stroke(around, corner, stroke, StrokeKind::Inside);
    }
    let name = inside.with_max_x(score.left() - 5.0 - space::S);
    let font = if card.is_best {
        theme::strong_font()
    } else {
        theme::body_font()
    };
    text::left(painter, name, &card.short, &font, t.text);
}
