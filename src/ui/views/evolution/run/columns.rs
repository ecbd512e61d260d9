//! Generations as columns of cards: founders at the left, the newest in sight unless the user
//! has scrolled away. Only what is in sight is laid out.

use std::ops::Range;

use eframe::egui::{
    Color32, Pos2, Rect, Response, ScrollArea, Sense, Stroke, Ui, WidgetType,
    epaint::CubicBezierShape, pos2, vec2,
};

use super::RunContext;
use super::card::{self, SIZE, Stance};
use super::model::{Column, EvolutionModel, Planned, RunCard};
use crate::study::{Command, Selection};
use crate::text::{sentence_case, sentence_of};
use crate::ui::action::View;
use crate::ui::colormap::Scale;
use crate::ui::ext::{ResponseExt, UiExt};
use crate::ui::format;
use crate::ui::theme::{self, Tokens, space};
use crate::ui::views::family::title;
use crate::ui::widgets::{focus_ring, text};
use crate::workbench::evolving::{Doing, RunState};

const HEAD: f32 = 44.0;
/// From one card to the next.
const PITCH: [f32; 2] = [SIZE.x + 28.0, SIZE.y + 8.0];

/// Draws the columns in `height` points; `hovered` is the model under the pointer, by position.
pub fn columns_ui(
    ui: &mut Ui,
    context: RunContext<'_>,
    model: &EvolutionModel,
    hovered: &mut Option<usize>,
    height: f32,
) {
    let width = model.columns.len() as f32 * PITCH[0] - (PITCH[0] - SIZE.x);
    // The scroll bar floats; no card lies under it.
    let whole = vec2(width.max(1.0) + space::M, whole_height(model) - space::M);
    ScrollArea::both()
        .id_salt(("generations", context.id))
        .max_height(height)
        .min_scrolled_height(height)
        .auto_shrink(false)
        .stick_to_right(true)
        .show_viewport(ui, |ui, viewport| {
            let (rect, _) = ui.allocate_exact_size(whole, Sense::hover());
            let board = Board {
                context,
                model,
                corner: rect.min,
                state: context.bench.run_state(context.id),
                kin: hovered.and_then(|of| kin(model, of)),
                hovered: *hovered,
            };
            let at = board.cards_ui(ui, viewport);
            board.lines(ui);
            board.heads(ui, viewport);
            if at != *hovered {
                *hovered = at;
                ui.ctx().request_repaint();
            }
        });
}

/// Which models are kin of one; `None` where no other is, and none need step back.
fn kin(model: &EvolutionModel, of: usize) -> Option<Vec<bool>> {
    (of < model.cards.len())
        .then(|| model.kin(of))
        .filter(|kin| kin.iter().filter(|is_kin| **is_kin).count() > 1)
}

/// The height at which every generation is seen whole.
pub fn whole_height(model: &EvolutionModel) -> f32 {
    let rows = model.columns.iter().map(Column::len).max().unwrap_or(0);
    HEAD + rows as f32 * PITCH[1] + space::M
}

struct Board<'a> {
    context: RunContext<'a>,
    model: &'a EvolutionModel,
    corner: Pos2,
    state: RunState,
    /// Who is kin of the one under the pointer.
    kin: Option<Vec<bool>>,
    hovered: Option<usize>,
}

impl Board<'_> {
    fn place(&self, column: usize, row: usize) -> Rect {
        let at = vec2(column as f32 * PITCH[0], HEAD + row as f32 * PITCH[1]);
        Rect::from_min_size(self.corner + at, SIZE)
    }

    fn in_sight(&self, viewport: Rect) -> Range<usize> {
        let first = (viewport.left() / PITCH[0]).floor().max(0.0) as usize;
        let last = (viewport.right() / PITCH[0]).ceil().max(0.0) as usize;
        first..last.min(self.model.columns.len())
    }

    /// Draws what is in sight; the model under the pointer.
    fn cards_ui(&self, ui: &Ui, viewport: Rect) -> Option<usize> {
        let first = ((viewport.top() - HEAD) / PITCH[1]).floor().max(0.0) as usize;
        let last = ((viewport.bottom() - HEAD) / PITCH[1]).ceil().max(0.0) as usize;
        let mut at = None;
        for c in self.in_sight(viewport) {
            let column = &self.model.columns[c];
            for row in first..last.min(column.len()) {
                let rect = self.place(c, row);
                match column.made.get(row) {
                    Some(&k) if self.card_ui(ui, rect, k) => at = Some(k),
                    Some(_) => {}
                    None => self.planned_ui(ui, rect, column, row - column.made.len()),
                }
            }
        }
        at
    }

    /// Whether the pointer is over it.
    fn card_ui(&self, ui: &Ui, rect: Rect, k: usize) -> bool {
        let card = &self.model.cards[k];
        let selection = self.context.bench.study().selection();
        let is_selected = selection.contains(card.card.id);
        let id = ui.id().with(("model", card.card.id.0));
        let response = ui.interact(rect, id, Sense::click());
        let words = card.words();
        response.named_selected(WidgetType::Button, is_selected, &words);
        let stance = Stance {
            is_selected,
            is_hovered: response.hovered(),
            is_dimmed: self.kin.as_ref().is_some_and(|kin| !kin[k]),
            judging: self.judging(card),
        };
        card::card(ui, rect, card, self.model.scores, stance);
        focus_ring(ui, &response);
        self.clicked(ui, &response, card);
        let is_over = response.hovered();
        response.on_hover_ui(|ui| card_tip(ui, card));
        is_over
    }

    fn clicked(&self, ui: &Ui, response: &Response, card: &RunCard) {
        if !response.clicked() {
            return;
        }
        let adds = ui.input(|i| i.modifiers.command || i.modifiers.shift);
        let selection = match adds {
            true => self.context.bench.study().selection().toggled(card.card.id),
            false => Selection::Models(vec![card.card.id]),
        };
        self.context.push(Command::Select(selection));
        if response.double_clicked() {
            self.context.push(View::Models);
        }
    }

    /// How far the evaluation of a model is, if it is being judged.
    fn judging(&self, card: &RunCard) -> Option<f32> {
        match &self.state {
            RunState::Running(Doing::Evaluating { model, job }) if *model == card.card.id => {
                Some(self.context.fraction_of(*job).unwrap_or(0.0))
            }
            _ => None,
        }
    }

    fn planned_ui(&self, ui: &Ui, rect: Rect, column: &Column, number: usize) {
        let planned = &column.planned[number];
        let making = match &self.state {
            // One child is made at a time, in the order of the plan.
            RunState::Running(Doing::Merging { child, job }) if number == 0 => {
                Some((child.as_str(), self.context.fraction_of(*job)))
            }
            _ => None,
        };
        card::planned(ui, rect, planned, making);
        let id = ui.id().with(("planned", column.number, number));
        let response = ui.interact(rect, id, Sense::hover());
        let what = match making {
            Some((child, _)) => format!("{child}, being made"),
            None => "planned".to_owned(),
        };
        let generation = title(column.number).to_lowercase();
        let parents = planned.made_from.join(" and ");
        let words = format!("{what}, {generation}, from {parents}");
        response.named(WidgetType::Label, &words);
        response.on_hover_ui(|ui| planned_tip(ui, planned));
    }

    /// Lines from the parents of the model under the pointer, and to its children.
    fn lines(&self, ui: &Ui) {
        let Some(of) = self.hovered.filter(|&k| k < self.model.cards.len()) else {
            return;
        };
        for &parent in &self.model.cards[of].parents {
            self.line(ui, parent, of);
        }
        for (k, card) in self.model.cards.iter().enumerate() {
            if card.parents.contains(&of) {
                self.line(ui, of, k);
            }
        }
    }

    fn line(&self, ui: &Ui, from: usize, to: usize) {
        let t = Tokens::of(ui);
        let (Some(a), Some(b)) = (self.place_of(from), self.place_of(to)) else {
            return;
        };
        let (start, end) = (a.right_center(), b.left_center());
        let bend = vec2(((end.x - start.x) / 2.0).max(PITCH[0] - SIZE.x), 0.0);
        let kinship = self.model.cards[to].kinship();
        let color = match kinship {
            Some(_) => Scale::KINSHIP.color(kinship, t),
            None => t.line_strong,
        };
        let points = [start, start + bend, end - bend, end];
        for (width, color) in [(5.0, t.background), (2.5, color)] {
            let stroke = Stroke::new(width, color);
            let fill = Color32::TRANSPARENT;
            let curve = CubicBezierShape::from_points_stroke(points, false, fill, stroke);
            ui.painter().add(curve);
        }
    }

    fn place_of(&self, k: usize) -> Option<Rect> {
        let generation = self.model.cards[k].card.generation;
        let columns = &self.model.columns;
        let column = columns.iter().position(|c| c.number == generation)?;
        let row = columns[column].made.iter().position(|&m| m == k)?;
        Some(self.place(column, row))
    }

    /// The names of the generations stay in sight while their cards go by.
    fn heads(&self, ui: &Ui, viewport: Rect) {
        let t = Tokens::of(ui);
        let top = self.corner.y + viewport.top().max(0.0);
        let band = Rect::from_x_y_ranges(ui.clip_rect().x_range(), top..=top + HEAD - 4.0);
        ui.painter().rect_filled(band, 0, t.background);
        for c in self.in_sight(viewport) {
            let column = &self.model.columns[c];
            let left = self.corner.x + c as f32 * PITCH[0];
            let head = Rect::from_min_size(pos2(left, top), vec2(SIZE.x, HEAD - 6.0));
            let (a, b) = head.split_top_bottom_at_fraction(0.5);
            let (strong, small) = (theme::strong_font(), theme::small_font());
            let painter = ui.painter();
            let name = title(column.number);
            text::left(painter, a, &name, &strong, t.text);
            let words = head_words(column);
            text::left(painter, b, &words, &small, t.text_weak);
        }
    }
}

/// The best so far, and the kinship among the best.
fn head_words(column: &Column) -> String {
    let mut parts = Vec::new();
    if column.made.is_empty() {
        parts.push(format!("{} planned", column.planned.len()));
    }
    if column.best.is_some() && !column.made.is_empty() {
        parts.push(format!("best {}", format::score(column.best)));
    }
    if column.kinship.is_some() {
        parts.push(format!("kinship {}", format::kinship(column.kinship)));
    }
    parts.join(" · ")
}

fn card_tip(ui: &mut Ui, card: &RunCard) {
    ui.set_max_width(360.0);
    ui.label(theme::strong(&card.card.name));
    let mut lines = Vec::new();
    if let Some(rank) = card.rank {
        lines.push(format!("Number {rank} of those who are merged next"));
    }
    if let Some(words) = card.card.made_from() {
        lines.push(sentence_case(&words));
        let kinship = format::full(card.kinship());
        lines.push(format!("Kinship of its parents {kinship}"));
    }
    if !card.note.is_empty() {
        lines.push(card.note.clone());
    }
    lines.push(format!("Score {}", format::full(card.card.score)));
    if card.tasks.len() > 1 {
        let task =
            |(task, value): &(String, Option<f64>)| format!("{task} {}", format::full(*value));
        lines.extend(card.tasks.iter().map(task));
    }
    if card.has_no_files {
        lines.push("Its files are not here any more; its record is".to_owned());
    }
    for line in lines {
        ui.quiet(line);
    }
}

fn planned_tip(ui: &mut Ui, planned: &Planned) {
    ui.set_max_width(360.0);
    ui.label(theme::strong(planned.made_from.join(" × ")));
    let parents = planned.made_from.iter().map(String::as_str);
    ui.quiet(sentence_of(&planned.reason, parents));
    ui.quiet(format!("Kinship {}", format::full(planned.kinship)));
}
