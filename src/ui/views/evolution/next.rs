//! What to merge next: suggestions with their reasons, for whoever evaluates here or elsewhere.

mod cards;
mod files;
mod shown;
mod states;
mod table;

use eframe::egui::{Align, Layout, RichText, Ui};
use egui_phosphor::regular as icon;

use crate::ui::action::Action;
use crate::ui::format;
use crate::ui::theme::{self, Tokens, size, space};
use crate::ui::views::{GAIN_CAVEAT, gain_meaning};
use crate::ui::widgets::{icon_button, icon_toggle};
use crate::workbench::Workbench;

use cards::Cards;
use shown::Shown;
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

    pub fn ui(&mut self, ui: &mut Ui, bench: &Workbench, actions: &mut Vec<Action>) {
        let shown = match self.shown.take() {
            Some(shown) if shown.revision == bench.revision() => shown,
            _ => Shown::new(bench),
        };
        let has_more = !bench.study().doc().evolutions.is_empty();
        // What is in sight: in what scrolls there is no end of room.
        let height = ui.available_height().min(ui.clip_rect().height());
        let is_tight = has_more && height < ROOM;
        // What runs says itself what comes next.
        let doc = bench.study().doc();
        let is_evolving = doc.evolutions.iter().any(|e| doc.has_begun(e));
        let mut is_open = !self.is_folded.unwrap_or(is_tight || is_evolving);
        let was_open = is_open;
        let most = height * if has_more { SHARE } else { 1.0 };
        self.head_ui(ui, &shown, &mut is_open, actions);
        if is_open != was_open {
            self.is_folded = Some(!is_open);
        }
        if is_open {
            self.body_ui(ui, bench, &shown, most, actions);
        }
        ui.add_space(space::XS);
        self.shown = Some(shown);
    }

    /// The heading; folded, with the first suggestion beside it.
    fn head_ui(
        &mut self,
        ui: &mut Ui,
        shown: &Shown,
        is_open: &mut bool,
        actions: &mut Vec<Action>,
    ) {
        let weak = Tokens::of(ui).text_weak;
        ui.horizontal(|ui| {
            let glyph = if *is_open {
                icon::CARET_DOWN
            } else {
                icon::CARET_RIGHT
            };
            let toggle = icon_toggle(ui, glyph, NAME, is_open);
            if std::mem::take(&mut self.is_asked_for) {
                toggle.request_focus();
                toggle.scroll_to_me(None);
            }
            ui.label(theme::strong(NAME).size(size::HEADING));
            if let (false, Some(first)) = (*is_open, shown.rows.first()) {
                let score = format::score(Some(first.score));
                let words = format!("{}, {score} expected", first.title());
                ui.label(RichText::new(words).color(weak));
            }
            if !*is_open || shown.rows.is_empty() {
                return;
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                self.exports_ui(ui, shown, actions);
                gain_meaning(ui);
            });
        });
    }

    /// From right to left: more, as a table, as text.
    fn exports_ui(&mut self, ui: &mut Ui, shown: &Shown, actions: &mut Vec<Action>) {
        if shown.rows.len() > cards::MOST {
            let words = if self.is_table { "Fewer" } else { "More" };
            if ui.button(words).clicked() {
                self.is_table = !self.is_table;
            }
        }
        if icon_button(ui, icon::FILE_CSV, "Save the suggestions as CSV…").clicked() {
            actions.push(Action::Export(files::csv(&shown.rows)));
        }
        if icon_button(ui, icon::COPY, "Copy the suggestions").clicked() {
            let rows = if self.is_table {
                &shown.rows[..]
            } else {
                &shown.rows[..shown.rows.len().min(cards::MOST)]
            };
            actions.push(Action::Copy {
                text: files::text(rows),
                what: "Suggestions".to_owned(),
            });
        }
    }

    fn body_ui(
        &mut self,
        ui: &mut Ui,
        bench: &Workbench,
        shown: &Shown,
        most: f32,
        actions: &mut Vec<Action>,
    ) {
        let weak = Tokens::of(ui).text_weak;
        if let Some(first) = shown.rows.first() {
            let caveat = GAIN_CAVEAT.trim_end_matches('.');
            // All rows of the table rest on the same merges; of the cards each says it.
            let words = match self.is_table {
                true => format!("{caveat}  ·  {}", files::record(first)),
                false => caveat.to_owned(),
            };
            ui.label(RichText::new(words).size(size::SMALL).color(weak));
        }
        states::ui(ui, bench, &shown.state, actions);
        if shown.rows.is_empty() {
            return;
        }
        if self.is_table && shown.rows.len() > cards::MOST {
            self.table.ui(ui, bench, &shown.rows, most, actions);
        } else {
            self.cards.ui(ui, bench, &shown.rows, actions);
        }
    }
}
