//! The kinship of a family: the matrix with its tree, and below it where two models differ.
//!
//! Whatever lasts (measure, order, family, selection) is asked for as a command. What is
//! worked out from a result is kept beside the key that it was worked out for, so a window
//! that stands still computes nothing.

mod controls;
mod detail;
mod map;
mod pair;
mod shown;
mod states;
mod tensors;

use eframe::egui::{CentralPanel, Margin, Panel, Ui, vec2};

use crate::study::ModelId;
use crate::ui::action::Action;
use crate::ui::ext::UiExt;
use crate::ui::theme::space;
use crate::workbench::{Family, Workbench};

pub(in crate::ui) use pair::{Named, why_undefined};

use detail::Detail;
use shown::{Kept, Shown};
use states::Stage;

/// Beyond this width, in points, the detail stands at the right, else below.
const WIDE: f32 = 1500.0;

/// The least height of the detail below the map, in points: a profile that can be read.
const LEAST_DETAIL: f32 = 150.0;

/// Height of the line that stands instead of the detail without a pair, in points.
const HINT: f32 = 28.0;

#[derive(Default)]
pub struct KinshipView {
    shown: Option<Shown>,
    kept: Kept,
    detail: Detail,
    /// Where a range that is selected with Shift begins.
    anchor: Option<ModelId>,
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
                let detail = &mut self.detail;
                match detail::pair(bench, shown) {
                    Some(pair) => detail_panel(ui, |ui| {
                        detail.ui(ui, bench, &family, shown, pair, actions);
                    }),
                    None => {
                        let hint = Panel::bottom("kinship hint").exact_size(HINT);
                        let frame = ui.pane(vec2(space::L, 0.0));
                        hint.resizable(false).frame(frame).show(ui, |ui| {
                            detail::hint_ui(ui, bench, &family, shown);
                        });
                    }
                }
                let anchor = &mut self.anchor;
                let margin = Margin {
                    bottom: space::M as i8,
                    ..vec2(space::L, 0.0).into()
                };
                let panel = CentralPanel::default().frame(ui.pane(margin));
                panel.show(ui, |ui| {
                    map::map_ui(ui, bench, &family, shown, anchor, actions);
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

fn detail_panel(ui: &mut Ui, content: impl FnOnce(&mut Ui)) {
    let available = ui.available_size();
    let frame = ui.pane(vec2(space::L, space::M));
    let panel = if available.x > WIDE {
        Panel::right("kinship detail right")
            .default_size(available.x * 0.45)
            .size_range(420.0..=available.x * 0.6)
    } else {
        Panel::bottom("kinship detail below")
            .default_size((available.y * 0.4).clamp(LEAST_DETAIL, 300.0))
            .size_range(LEAST_DETAIL..=(available.y * 0.6).max(LEAST_DETAIL))
    };
    panel.resizable(true).frame(frame).show(ui, content);
}
