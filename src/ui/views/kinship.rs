//! The kinship of a family: the matrix with its tree, and beside it where two models differ.
//!
//! Whatever lasts (measure, order, family, selection) is asked for as a command. What is
//! worked out from a result is kept beside the key that it was worked out for, so a window
//! that stands still computes nothing.

mod clusters;
mod controls;
mod detail;
mod ghost;
mod map;
mod menus;
mod pair;
mod range;
mod shown;
mod states;
mod tensors;
mod zoom;

use eframe::egui::{CentralPanel, Margin, Panel, Ui, vec2};

use crate::study::ModelId;
use crate::ui::action::Action;
use crate::ui::ext::UiExt;
use crate::ui::theme::space;
use crate::workbench::{Family, Workbench};

pub(in crate::ui) use pair::{Named, why_undefined};

use detail::{Detail, Fold};
use shown::{Kept, Shown};
use states::Stage;
use zoom::Zoom;

/// Beyond this width, in points, the detail stands at the right, else below.
const WIDE: f32 = 1200.0;
/// Of more models than this the map needs the whole height, unless the user unfolds the detail.
const MANY: usize = 20;
/// In a view lower than this too, in points.
const LOW: f32 = 400.0;

/// The least height of the detail below the map, in points: a profile that can be read.
const LEAST_DETAIL: f32 = 150.0;

/// Height of the line that stands for the folded detail, in points.
const HINT: f32 = 32.0;

#[derive(Default)]
pub struct KinshipView {
    shown: Option<Shown>,
    kept: Kept,
    detail: Detail,
    /// Whether the detail is folded, once the user has said so.
    folded: Option<bool>,
    /// Where a range that is selected with Shift begins.
    anchor: Option<ModelId>,
    zoom: Zoom,
}

impl KinshipView {
    pub fn ui(&mut self, ui: &mut Ui, bench: &Workbench, actions: &mut Vec<Action>) {
        let Some(base) = bench.study().doc().shown_base() else {
            states::no_base_ui(ui, bench, actions);
            return;
        };
        let family = bench.family(base);
        self.bring_up_to_date(ui, bench, &family);
        let controls = Panel::top("kinship controls");
        ui.strip(controls, vec2(space::L, space::M), |ui| {
            controls::controls_ui(ui, bench, &family, self.shown.as_ref(), actions);
            states::banners_ui(ui, bench, &family, actions);
        });
        match (states::stage(bench, &family), &self.shown) {
            (Stage::Matrix, Some(shown)) => {
                let (detail, folded) = (&mut self.detail, &mut self.folded);
                detail_panel(ui, shown.key.models.len(), folded, |ui, fold| {
                    detail.ui(ui, bench, &family, shown, fold, actions);
                });
                let (anchor, zoom) = (&mut self.anchor, &mut self.zoom);
                let margin = Margin {
                    bottom: space::M as i8,
                    ..vec2(space::L, 0.0).into()
                };
                let panel = CentralPanel::default().frame(ui.pane(margin));
                panel.show(ui, |ui| {
                    map::map_ui(ui, bench, &family, shown, (anchor, zoom), actions);
                });
            }
            (stage, shown) => states::stage_ui(ui, bench, &family, &stage, shown.as_ref(), actions),
        }
    }

    /// Works out what is shown, unless it is known already.
    ///
    /// While a measurement runs there is something new many times a second; large families
    /// then wait a little, so that the window stays quick.
    fn bring_up_to_date(&mut self, ui: &Ui, bench: &Workbench, family: &Family) {
        let Some(measured) = bench.measured(family.base) else {
            self.shown = None;
            return;
        };
        let now = ui.input(|input| input.time);
        let key = shown::Key::new(bench, family, measured);
        let holds = self
            .shown
            .as_ref()
            .is_some_and(|shown| shown.key == key || shown.may_wait(&key, measured, now));
        if !holds {
            self.shown = Some(Shown::new(key, measured, &mut self.kept, now));
        }
    }
}

/// The place of the detail, which is there whether or not a pair is selected: a click on the
/// map moves nothing.
fn detail_panel(
    ui: &mut Ui,
    models: usize,
    folded: &mut Option<bool>,
    content: impl FnOnce(&mut Ui, &mut Fold),
) {
    let available = ui.available_size();
    let is_wide = available.x > WIDE;
    let usual = !is_wide && (models > MANY || available.y < LOW);
    let mut fold = Fold {
        is_open: !folded.unwrap_or(usual),
    };
    let was_open = fold.is_open;
    let panel = match (fold.is_open, is_wide) {
        (false, _) => Panel::bottom("kinship detail folded")
            .exact_size(HINT)
            .resizable(false),
        (true, true) => Panel::right("kinship detail right")
            .default_size(available.x * 0.42)
            .size_range(420.0..=available.x * 0.6)
            .resizable(true),
        (true, false) => Panel::bottom("kinship detail below")
            .default_size((available.y * 0.4).clamp(LEAST_DETAIL, 300.0))
            .size_range(LEAST_DETAIL..=(available.y * 0.6).max(LEAST_DETAIL))
            .resizable(true),
    };
    let margin = match fold.is_open {
        true => vec2(space::L, space::S),
        false => vec2(space::L, 0.0),
    };
    let frame = ui.pane(margin);
    panel.frame(frame).show(ui, |ui| content(ui, &mut fold));
    if fold.is_open != was_open {
        *folded = Some(!fold.is_open);
    }
}
