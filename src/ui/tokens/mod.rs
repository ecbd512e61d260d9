//! The tokens of some models beside each other: those with a role, the chat templates, and every
//! token with its numbers. It is drawn for a merge, with a column for the child, and for a pair.

mod cells;
mod columns;
mod roles;
mod table;
mod templates;

use std::sync::Arc;

use eframe::egui::Ui;

use crate::ui::action::Action;
use crate::workbench::tokens::TokensPage;
use columns::Columns;
use table::TableLook;

/// What is looked at of a page, which may be lost.
#[derive(Default)]
pub struct TokensLook {
    /// The page that the rest is of.
    of: Option<Arc<TokensPage>>,
    table: TableLook,
    /// Whether the chat templates are unfolded.
    has_templates: bool,
}

impl TokensLook {
    /// Draws a page over the room that there is.
    pub fn ui(&mut self, ui: &mut Ui, page: &Arc<TokensPage>, actions: &mut Vec<Action>) {
        if !self.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, page)) {
            self.of = Some(Arc::clone(page));
            self.table.forget_rows();
        }
        ui.spacing_mut().item_spacing.y = 0.0;
        let columns = Columns::new(page, ui.available_width());
        let report = &page.report;
        ui.scope(|ui| {
            ui.set_max_width(columns.whole);
            self.table.head_ui(ui, page, &columns, actions);
            roles::ui(ui, report, &columns, &mut self.has_templates);
        });
        if self.has_templates {
            templates::ui(ui, report);
        }
        ui.scope(|ui| {
            ui.set_max_width(columns.whole);
            self.table.rows_ui(ui, page, &columns, actions);
        });
    }
}
