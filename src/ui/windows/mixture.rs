//! The window in which a mixture of experts is put together: its experts with their prompts, what
//! it is made of, what stands in its way, and the button that writes it.

mod experts;
mod foot;
mod settings;

use std::collections::BTreeMap;

use eframe::egui::{Context, Layout, Rect, ScrollArea, Ui, UiBuilder, Vec2, vec2};
use egui_phosphor::regular as icon;

use crate::merge::recipe::ModelRef;
use crate::study::StudyDoc;
use crate::ui::action::{Action, MixtureAction};
use crate::ui::ext::{UiExt, modal};
use crate::ui::format;
use crate::ui::theme::{self, ROW_HEIGHT, size, space};
use crate::ui::widgets::icon_button;
use crate::workbench::Workbench;
use crate::workbench::mixing::Mixture;

/// As large as is read at a glance; smaller where the window is.
const MOST: Vec2 = vec2(1120.0, 820.0);
/// Share of the width that the experts have.
const EXPERTS: f32 = 0.58;
/// The longest name of a model, in characters.
const LONGEST: usize = 36;

#[derive(Default)]
pub struct MixtureView {
    is_open: bool,
    /// The mixture that the texts are of.
    of: u64,
    /// What stands in the fields of prompts, by expert and kind: with the empty lines of somebody
    /// who is about to write one.
    texts: BTreeMap<(usize, usize), String>,
}

impl MixtureView {
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    pub fn open(&mut self) {
        self.is_open = true;
    }

    pub fn close(&mut self) {
        *self = Self::default();
    }

    pub fn ui(&mut self, ctx: &Context, bench: &Workbench, actions: &mut Vec<Action>) {
        if !self.is_open {
            return;
        }
        let Some(mixture) = bench.mixture() else {
            return self.close();
        };
        if self.of != mixture.number {
            self.of = mixture.number;
            self.texts.clear();
        }
        let all = ctx.content_rect().size() - Vec2::splat(2.0 * (space::L + space::L));
        let room = all.min(MOST);
        let mut stays = true;
        let modal = modal(ctx, "mixture", space::L).show(ctx, |ui| {
            ui.set_min_size(room);
            ui.set_max_size(room);
            stays = self.window_ui(ui, bench, mixture, actions);
        });
        // A click beside the window must not hide what is being written in it.
        let escaped = modal.should_close() && !modal.backdrop_response.clicked();
        if !stays || escaped {
            self.close();
        }
    }

    /// Says whether it stays open.
    fn window_ui(
        &mut self,
        ui: &mut Ui,
        bench: &Workbench,
        mixture: &Mixture,
        actions: &mut Vec<Action>,
    ) -> bool {
        let stays = head_ui(ui, mixture, actions);
        ui.separator();
        let below = ui.available_rect_before_wrap();
        let foot_height = ROW_HEIGHT + 2.0 * space::S;
        let (body, foot) = below.split_top_bottom_at_y(below.bottom() - foot_height);
        let (left, right) = body.split_left_right_at_fraction(EXPERTS);
        let right = right.with_min_x(right.left() + space::XL);
        let mut sheet = Sheet {
            models: Models::of(bench.study().doc(), bench),
            recipe: mixture.recipe.clone(),
            purpose: mixture.purpose,
        };
        let is_fixed = mixture.is_running();
        within(ui, left, "experts", |ui| {
            let area = ScrollArea::vertical().id_salt("experts").auto_shrink(false);
            area.show(ui, |ui| {
                // The scroll bar floats; nothing lies under it.
                ui.set_max_width(ui.available_width() - space::L);
                ui.add_enabled_ui(!is_fixed, |ui| sheet.experts_ui(ui, &mut self.texts));
            });
        });
        within(ui, right, "settings", |ui| {
            let area = ScrollArea::vertical()
                .id_salt("settings")
                .auto_shrink(false);
            area.show(ui, |ui| {
                ui.set_max_width(ui.available_width() - space::L);
                let checks = bench.mixture_checks();
                ui.add_enabled_ui(!is_fixed, |ui| sheet.settings_ui(ui, checks));
                settings::checks_ui(ui, checks);
            });
        });
        within(ui, foot, "foot", |ui| {
            ui.separator();
            foot::foot_ui(ui, bench, mixture, actions);
        });
        let is_changed = sheet.recipe != mixture.recipe || sheet.purpose != mixture.purpose;
        if is_changed {
            let (recipe, purpose) = (Box::new(sheet.recipe), sheet.purpose);
            actions.push(MixtureAction::Edit(recipe, purpose).into());
        }
        stays
    }
}

/// What is edited in a frame.
struct Sheet {
    models: Models,
    recipe: crate::moe::MoeRecipe,
    purpose: crate::moe::Purpose,
}

/// The study's models that have files, by name.
struct Models(Vec<(ModelRef, String)>);

impl Models {
    fn of(doc: &StudyDoc, bench: &Workbench) -> Self {
        let with_files = doc.models.iter().filter(|model| model.path.is_some());
        let named = with_files.filter_map(|model| {
            let name = format::elide_middle(&model.name, LONGEST);
            Some((bench.reference(model.id)?, name))
        });
        Self(named.collect())
    }

    /// All of them, and `own` if it is not among them, with the number of `own`.
    fn with(&self, own: &ModelRef) -> (Vec<(ModelRef, String)>, usize) {
        let mut all = self.0.clone();
        let at = all.iter().position(|(known, _)| known == own);
        let at = at.unwrap_or_else(|| {
            let name = match own.path.is_empty() {
                true => "Choose a model".to_owned(),
                false => format::elide_middle(&own.short_name(), LONGEST),
            };
            all.push((own.clone(), name));
            all.len() - 1
        });
        (all, at)
    }
}

fn within(ui: &mut Ui, rect: Rect, id: &str, content: impl FnOnce(&mut Ui)) {
    let place = UiBuilder::new().max_rect(rect).id_salt(id);
    ui.scope_builder(place, content);
}

/// Says whether the window stays open.
fn head_ui(ui: &mut Ui, mixture: &Mixture, actions: &mut Vec<Action>) -> bool {
    let mut stays = true;
    ui.horizontal(|ui| {
        ui.label(theme::strong("Mixture of experts").size(size::HEADING));
        if mixture.name != "Mixture of experts" {
            ui.add_space(space::XS);
            ui.weak(format::elide_middle(&mixture.name, LONGEST));
        }
        ui.with_layout(Layout::right_to_left(eframe::egui::Align::Center), |ui| {
            stays = !icon_button(ui, icon::X, "Close the mixture").clicked();
            let Ok(yaml) = mixture.recipe.to_yaml() else {
                return;
            };
            if icon_button(ui, icon::FLOPPY_DISK, "Save the recipe…").clicked() {
                actions.push(foot::saved(&mixture.name, &yaml));
            }
            if icon_button(ui, icon::COPY, "Copy the recipe").clicked() {
                actions.push(Action::copy("Recipe", yaml));
            }
        });
    });
    ui.quiet("Every token goes through a few of the experts; a router in each layer chooses which");
    stays
}
