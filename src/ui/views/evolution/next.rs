//! What to merge next: suggestions with their reasons, for whoever evaluates here or elsewhere.

mod cards;
mod files;
mod shown;
mod table;

use eframe::egui::{Align, Label, Layout, RichText, Ui};
use egui_phosphor::regular as icon;

use crate::ui::action::Action;
use crate::ui::ext::UiExt;
use crate::ui::format;
use crate::ui::theme::{self, size, space};
use crate::ui::views::{GAIN_CAVEAT, ViewContext, evaluate_button, gain_meaning};
use crate::ui::widgets::{fold_toggle, icon_button};

use cards::Cards;
use shown::{Obstacle, Shown};
use table::Table;

/// What of the view the table takes at most while there are evolutions below it.
const SHARE: f32 = 0.58;
/// Below this height of the view they begin folded where there are evolutions below them, in
/// points.
const ROOM: f32 = 560.0;
const NAME: &str = "Next merge";

#[derive(Default)]
pub struct NextPart {
    /// Whether it is folded, once the user has said so.
    is_folded: Option<bool>,
    /// Whether all suggestions are listed.
    is_table: bool,
    shown: Option<Shown>,
    cards: Cards,
    table: Table,
    /// Whether it is to be brought into sight and to have the keyboard.
    is_asked_for: bool,
}

impl NextPart {
    /// Unfolds it and gives it the keyboard.
    pub fn open(&mut self) {
        self.is_folded = Some(false);
        self.is_asked_for = true;
    }

    pub fn ui(&mut self, ui: &mut Ui, view: &ViewContext<'_>) {
        let shown = match self.shown.take() {
            Some(shown) if shown.revision == view.bench.revision() => shown,
            _ => Shown::new(view.bench),
        };
        let has_more = !view.doc().evolutions.is_empty();
        // What is in sight: in what scrolls there is no end of room.
        let height = ui.available_height().min(ui.clip_rect().height());
        let is_tight = has_more && height < ROOM;
        // What runs says itself what comes next.
        let doc = view.doc();
        let is_evolving = doc.evolutions.iter().any(|e| doc.has_begun(e));
        let mut is_open = !self.is_folded.unwrap_or(is_tight || is_evolving);
        let was_open = is_open;
        let most = height * if has_more { SHARE } else { 1.0 };
        self.head_ui(ui, view, &shown, &mut is_open);
        if is_open != was_open {
            self.is_folded = Some(!is_open);
        }
        if is_open {
            self.body_ui(ui, view, &shown, most);
        }
        ui.add_space(space::XS);
        self.shown = Some(shown);
    }

    /// The heading; folded, with the first suggestion beside it.
    fn head_ui(&mut self, ui: &mut Ui, view: &ViewContext<'_>, shown: &Shown, is_open: &mut bool) {
        ui.horizontal(|ui| {
            let toggle = fold_toggle(ui, NAME, is_open);
            if std::mem::take(&mut self.is_asked_for) {
                toggle.request_focus();
                toggle.scroll_to_me(None);
            }
            ui.label(theme::strong(NAME).size(size::HEADING));
            if let (false, Some(first)) = (*is_open, shown.rows.first()) {
                let score = format::score(Some(first.score));
                let words = format!("{}, {score} expected", first.title());
                ui.weak(words);
            }
            if !*is_open || shown.rows.is_empty() {
                return;
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                self.exports_ui(ui, view, shown);
                gain_meaning(ui);
            });
        });
    }

    /// From right to left: more, as a table, as text.
    fn exports_ui(&mut self, ui: &mut Ui, view: &ViewContext<'_>, shown: &Shown) {
        if shown.rows.len() > cards::MOST {
            let words = if self.is_table { "Fewer" } else { "More" };
            if ui.button(words).clicked() {
                self.is_table = !self.is_table;
            }
        }
        if icon_button(ui, icon::FILE_CSV, "Save the suggestions as CSV…").clicked() {
            view.push(Action::Export(files::csv(&shown.rows)));
        }
        if icon_button(ui, icon::COPY, "Copy the suggestions").clicked() {
            let most = if self.is_table {
                usize::MAX
            } else {
                cards::MOST
            };
            view.push(Action::Copy {
                text: files::text(&shown.rows[..shown.rows.len().min(most)]),
                what: "Suggestions".to_owned(),
            });
        }
    }

    fn body_ui(&mut self, ui: &mut Ui, view: &ViewContext<'_>, shown: &Shown, most: f32) {
        if let Some(first) = shown.rows.first() {
            let caveat = GAIN_CAVEAT.trim_end_matches('.');
            // All rows of the table rest on the same merges; of the cards each says it.
            let words = match self.is_table {
                true => format!("{caveat}  ·  {}", files::record(first)),
                false => caveat.to_owned(),
            };
            ui.quiet(words);
        }
        if let Some(obstacle) = &shown.obstacle {
            obstacle_ui(ui, view, obstacle);
        }
        if shown.rows.is_empty() {
            return;
        }
        if self.is_table && shown.rows.len() > cards::MOST {
            self.table.ui(ui, view, &shown.rows, most);
        } else {
            self.cards.ui(ui, view, &shown.rows);
        }
    }
}

/// A sentence, and the buttons that get on.
fn obstacle_ui(ui: &mut Ui, view: &ViewContext<'_>, obstacle: &Obstacle) {
    ui.add(Label::new(RichText::new(&obstacle.sentence).weak()).wrap());
    let unscored = &obstacle.unscored;
    if obstacle.ways.is_empty() && unscored.is_empty() {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        for (words, action) in &obstacle.ways {
            if ui.button(*words).clicked() {
                view.push(action.clone());
            }
        }
        let words = match unscored.len() {
            0 => return,
            1 => "Evaluate".to_owned(),
            n => format!("Evaluate {}", format::counted(n, "model")),
        };
        evaluate_button(
            ui,
            view.bench,
            &words,
            unscored,
            &mut view.asked.borrow_mut(),
        );
    });
    ui.add_space(space::XS);
}
