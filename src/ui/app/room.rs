//! What has room in the window: the view that is shown, and the inspector beside it.

use eframe::egui::Context;

use crate::study::Selection;
use crate::ui::action::View;
use crate::ui::prefs::Prefs;
use crate::workbench::Workbench;

/// Below this width of the window there is no room for an inspector beside a view.
const ROOM_FOR_INSPECTOR: f32 = 900.0;

/// The child's panel stands where the inspector stands elsewhere.
pub(super) fn has_inspector(view: View) -> bool {
    !matches!(view, View::Settings | View::Merge)
}

pub(super) fn is_roomy(ctx: &Context) -> bool {
    ctx.content_rect().width() >= ROOM_FOR_INSPECTOR
}

/// Whether the inspector stands beside the view.
pub(super) fn has_inspector_beside(bench: &Workbench, prefs: &Prefs, ctx: &Context) -> bool {
    let is_wanted = prefs.inspector && (prefs.about || !is_about_alone(bench, prefs.view));
    bench.is_open() && has_inspector(prefs.view) && is_roomy(ctx) && is_wanted
}

/// Whether the inspector had nothing but words about the study to show, in a view that needs
/// its room. Where a click on a picture selects, its place stays: the picture must not move.
pub(super) fn is_about_alone(bench: &Workbench, view: View) -> bool {
    let needs_room = matches!(view, View::Models | View::Evolution | View::Next);
    let study = bench.study();
    let is_any = !study.doc().models.is_empty();
    needs_room && is_any && *study.selection() == Selection::Nothing
}

/// The view that is shown; `None` for the welcome screen.
pub(super) fn shown_view(is_open: bool, view: View) -> Option<View> {
    (is_open || view == View::Settings).then_some(view)
}
