//! Every token with its numbers: searched, filtered, sorted, and copied. Only the lines that are
//! seen are drawn; which lines there are is worked out once for each question.

use eframe::egui::{
    Align, Align2, Color32, Layout, Rect, Response, ScrollArea, Sense, Stroke, TextStyle, Ui,
    WidgetType, vec2,
};

use super::cells::{self, Ink, sentences, spelled};
use super::columns::{Columns, about};
use crate::merge::tokens::{TokenFilter, TokenOrder, TokenTable};
use crate::ui::action::Action;
use crate::ui::ext::{ResponseExt, UiExt};
use crate::ui::format;
use crate::ui::theme::{self, ROW_HEIGHT, Tokens, space};
use crate::ui::widgets::{Choice, choice, row_ground, search_field, sort_header, text};
use crate::workbench::tokens::TokensPage;

/// What is asked of the table.
type Question = (String, TokenFilter, (TokenOrder, bool));

#[derive(Default)]
pub(super) struct TableLook {
    query: String,
    filter: TokenFilter,
    order: TokenOrder,
    is_reversed: bool,
    kept: Option<(Question, Vec<u32>)>,
}

impl TableLook {
    pub fn forget_rows(&mut self) {
        self.kept = None;
    }

    /// Search and filter, and the heads of the columns, which sort.
    pub fn head_ui(
        &mut self,
        ui: &mut Ui,
        page: &TokensPage,
        columns: &Columns,
        actions: &mut Vec<Action>,
    ) {
        self.tools_ui(ui, page, columns, actions);
        ui.add_space(space::XS);
        let size = vec2(ui.available_width(), ROW_HEIGHT);
        let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
        let (name, cells) = columns.cells(rect);
        let of_token = ("Token", "As the tokenizer spells it");
        self.header_cell(ui, name, of_token, Align2::LEFT_CENTER, TokenOrder::Token);
        for (column, cell) in cells.into_iter().enumerate() {
            let model = columns.model(column);
            let words = (&*columns.titles[column], &*about(page, model));
            let order = model.map_or(TokenOrder::Child, TokenOrder::Model);
            ui.push_id(column, |ui| {
                self.header_cell(ui, cell, words, Align2::RIGHT_CENTER, order);
            });
        }
        let line = Stroke::new(1.0, Tokens::of(ui).line);
        ui.painter()
            .hline(rect.x_range(), rect.bottom() - 0.5, line);
    }

    pub fn rows_ui(
        &mut self,
        ui: &mut Ui,
        page: &TokensPage,
        columns: &Columns,
        actions: &mut Vec<Action>,
    ) {
        let (_, rows) = self.rows(&page.table);
        if rows.is_empty() {
            ui.add_space(space::S);
            let is_searched = !self.query.is_empty();
            ui.weak(match is_searched {
                true => "No token has this in it",
                false => "No token is of this kind",
            });
            return;
        }
        ScrollArea::vertical()
            .id_salt("tokens")
            .auto_shrink(false)
            .show_rows(ui, ROW_HEIGHT, rows.len(), |ui, range| {
                for row in rows.get(range).unwrap_or_default() {
                    row_ui(ui, &page.table, *row as usize, columns, actions);
                }
            });
    }

    /// Search, filter, how many there are, and the copy.
    fn tools_ui(
        &mut self,
        ui: &mut Ui,
        page: &TokensPage,
        columns: &Columns,
        actions: &mut Vec<Action>,
    ) {
        let width = ui.available_width();
        ui.horizontal(|ui| {
            let field = (width * 0.28).clamp(120.0, 240.0);
            search_field(ui, "Search tokens", &mut self.query, field);
            let labels: Vec<String> = (TokenFilter::ALL.iter().zip(page.counts))
                .map(|(filter, count)| {
                    format!("{} ({})", title(*filter), format::count(count as u64))
                })
                .collect();
            let options = TokenFilter::ALL.into_iter().zip(&labels);
            let options: Vec<Choice<'_, TokenFilter>> = options
                .map(|(filter, label)| Choice::new(filter, label, help(filter)))
                .collect();
            if let Some(new) = choice(ui, "Which tokens", self.filter, &options) {
                self.filter = new;
            }
            let shown = self.rows(&page.table).1.len();
            if shown != page.counts[0] {
                ui.quiet(format!("{} shown", format::count(shown as u64)));
            }
            match columns.hidden(width) {
                0 => {}
                n => drop(ui.quiet(format!("{n} more models have no room"))),
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let button = ui.button("Copy as table");
                if button.on_hover_text("The tokens that are shown").clicked() {
                    let (_, rows) = self.rows(&page.table);
                    actions.push(Action::copy("Tokens", as_table(&page.table, rows)));
                }
            });
        });
    }

    fn rows(&mut self, table: &TokenTable) -> &(Question, Vec<u32>) {
        let order = (self.order, self.is_reversed);
        let question = (self.query.clone(), self.filter, order);
        let kept = self.kept.take().filter(|(own, _)| *own == question);
        let kept = kept.unwrap_or_else(|| {
            let rows = table.listed(self.filter, &self.query, order);
            (question, rows)
        });
        self.kept.insert(kept)
    }

    fn header_cell(
        &mut self,
        ui: &Ui,
        rect: Rect,
        words: (&str, &str),
        align: Align2,
        order: TokenOrder,
    ) {
        let now = (self.order == order).then_some(self.is_reversed);
        if sort_header(ui, rect, words, align, now).clicked() {
            self.is_reversed = now == Some(false);
            self.order = order;
        }
    }
}

fn title(filter: TokenFilter) -> &'static str {
    match filter {
        TokenFilter::All => "All tokens",
        TokenFilter::New => "New in the child",
        TokenFilter::Alone => "In one model alone",
        TokenFilter::Moved => "At other numbers",
        TokenFilter::WithoutRow => "Without a row",
        TokenFilter::Added => "Added and special",
    }
}

fn help(filter: TokenFilter) -> &'static str {
    match filter {
        TokenFilter::All => "",
        TokenFilter::New => "They follow on the tokens that the child starts from",
        TokenFilter::Alone => "No other model has them",
        TokenFilter::Moved => "Some model has them at another number than the child",
        TokenFilter::WithoutRow => {
            "A tokenizer has them, and its embedding no row; in the child they are struck out"
        }
        TokenFilter::Added => "They are found in a text before words are split",
    }
}

fn ink(t: &Tokens, ink: Ink) -> Color32 {
    match ink {
        Ink::Plain => t.text,
        Ink::Weak => t.text_weak,
        Ink::Warning => t.warning,
    }
}

fn row_ui(
    ui: &mut Ui,
    table: &TokenTable,
    row: usize,
    columns: &Columns,
    actions: &mut Vec<Action>,
) {
    let Some(token) = table.rows.get(row) else {
        return;
    };
    let size = vec2(ui.available_width(), ROW_HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let t = Tokens::of(ui);
    row_ground(ui, &response, rect, false);
    let (name, cells) = columns.cells(rect);
    let mono = TextStyle::Monospace.resolve(ui.style());
    let inside = |cell: Rect| cell.shrink2(vec2(space::XS, 0.0));
    let words = spelled(&token.token);
    text::left(ui.painter(), inside(name), &words, &mono, t.text);
    let mut label = words.clone();
    let font = theme::body_font();
    for (column, cell) in cells.into_iter().enumerate() {
        let (words, own) = match columns.model(column) {
            None => cells::child(table, row),
            Some(k) => cells::model(table, row, k),
        };
        text::right(ui.painter(), inside(cell), &words, &font, ink(t, own));
        label = format!("{label} {words}");
    }
    response.named(WidgetType::Button, label);
    if response.clicked() {
        actions.push(Action::copy("Token", token.token.clone()));
    }
    hover_ui(response, table, row, &words);
}

fn hover_ui(response: Response, table: &TokenTable, row: usize, words: &str) {
    response.on_hover_ui(|ui| {
        ui.label(theme::strong(words));
        if table.has_child {
            let (child, _) = cells::child(table, row);
            ui.label(format!("Child: {child}"));
        }
        for sentence in sentences(table, row) {
            ui.label(sentence);
        }
        ui.quiet("Click to copy the token");
    });
}

/// The lines for a spreadsheet; tokens are quoted as in JSON, for they may hold tabs.
fn as_table(table: &TokenTable, rows: &[u32]) -> String {
    let child = table.has_child.then_some("Child");
    let names = table.names.iter().map(String::as_str);
    let head: Vec<&str> = ["Token"].into_iter().chain(child).chain(names).collect();
    let mut out = head.join("\t");
    for row in rows.iter().map(|row| *row as usize) {
        let Some(token) = table.rows.get(row) else {
            continue;
        };
        out.push('\n');
        out.push_str(&serde_json::Value::from(token.token.as_str()).to_string());
        if table.has_child {
            out.push('\t');
            out.push_str(&token.child.map_or_else(String::new, |id| id.to_string()));
        }
        for k in 0..table.names.len() {
            out.push('\t');
            out.push_str(&cells::model(table, row, k).0);
        }
    }
    out
}
