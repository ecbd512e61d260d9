//! Who hears the keys: what lies over the views, a field of text, a view, the program.

use eframe::egui::Context;

use super::App;
use super::room::{has_inspector, is_roomy};
use crate::ui::action::{Action, View};
use crate::ui::commands;
use crate::ui::views::{Keys, MergeView};

impl App {
    pub(super) fn is_covered(&self) -> bool {
        self.picker.is_open()
            || self.leaving.is_some()
            || self.bench.asked_command().is_some()
            || self.bench.backup().is_some()
            || self.palette.is_open()
            || self.has_window()
    }

    /// Whether a window stands before the views.
    fn has_window(&self) -> bool {
        self.help_is_open || self.windows.is_any_open() || self.views.evolution.is_asking()
    }

    pub(super) fn pressed(&self, ctx: &Context) -> Vec<Action> {
        let draft = self.bench.study().doc().shown_draft();
        let is_on_canvas = self.prefs.view == View::Merge && draft.is_some();
        // On the canvas some mean its nodes, not the models of the study.
        let of_view = |shortcut: &_| is_on_canvas && MergeView::takes(shortcut);
        commands::pressed(ctx, &self.entries, self.keys, of_view)
    }

    /// Whether the inspector lies over the view now.
    pub(super) fn has_drawer(&self, ctx: &Context) -> bool {
        let can = self.bench.is_open() && has_inspector(self.prefs.view);
        can && self.drawer_is_open && !is_roomy(ctx)
    }

    /// What keys without a modifier mean in the next frame.
    pub(super) fn keys_now(&self, ctx: &Context, view: Option<View>) -> Keys {
        let is_taken = ctx.any_popup_open()
            || ctx.text_edit_focused()
            || self.has_window()
            || self.palette.is_open()
            || self.views.models.is_asking()
            || self.has_drawer(ctx)
            || self.bench.asked_command().is_some();
        if is_taken {
            Keys::Taken
        } else if view == Some(View::Models) && self.views.models.is_at_score(&self.bench) {
            Keys::Cell
        } else {
            Keys::Free
        }
    }
}
