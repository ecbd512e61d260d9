//! The models of the hub's cache, to be ticked and added.

use std::collections::BTreeSet;
use std::path::PathBuf;

use eframe::egui::{
    Align, Checkbox, Context, Label, Layout, ScrollArea, Ui, Vec2, WidgetType, vec2,
};
use egui_phosphor::regular as icon;

use crate::ui::action::{Action, ModelsAction};
use crate::ui::ext::{ResponseExt, UiExt, modal};
use crate::ui::format;
use crate::ui::theme::{self, ROW_HEIGHT, size, space};
use crate::ui::widgets::{icon_button, primary_button, search_field};
use crate::workbench::Workbench;
use crate::workbench::hub::{HubModel, HubState};

/// The window where there is room, in points.
const SIZE: [f32; 2] = [860.0, 560.0];
const NUMBER: f32 = 84.0;
const BASE: f32 = 200.0;

/// The list, when it is open.
#[derive(Default)]
pub struct HubView {
    is_open: bool,
    query: String,
    /// Folders of the models that are ticked.
    ticked: BTreeSet<PathBuf>,
}

impl HubView {
    pub fn open(&mut self) {
        *self = Self {
            is_open: true,
            ..Self::default()
        };
    }

    pub fn is_open(&self) -> bool {
        self.is_open
    }

    pub fn close(&mut self) {
        self.is_open = false;
    }

    pub fn ui(&mut self, ctx: &Context, bench: &Workbench, actions: &mut Vec<Action>) {
        if !self.is_open {
            return;
        }
        let (mut stays, mut wanted, mut is_scan_wanted) = (true, None, false);
        let modal = modal(ctx, "hub", space::L).show(ctx, |ui| {
            let room = ctx.content_rect().size() - Vec2::splat(4.0 * space::L);
            ui.set_width(room.x.min(SIZE[0]));
            stays = head_ui(ui, bench.hub());
            match bench.hub() {
                HubState::NotLooked | HubState::Looking => {
                    ui.horizontal(|ui| {
                        ui.spinner();
                        ui.weak("Looking into the cache");
                    });
                }
                HubState::Failed(sentence) => {
                    ui.label(crate::text::sentence_case(sentence));
                }
                HubState::Listed { models, .. } if models.is_empty() => {
                    let words = "No models are in this folder. transformers and the hub's tools \
                                 download to it; set HF_HOME to use another one, or scan a folder.";
                    ui.add(Label::new(words).wrap());
                    ui.add_space(space::S);
                    is_scan_wanted = ui.button("Scan a folder for models…").clicked();
                }
                HubState::Listed { models, .. } => {
                    wanted = self.models_ui(ui, models, room.y.min(SIZE[1]));
                }
            }
        });
        if !stays || wanted.is_some() || is_scan_wanted || modal.should_close() {
            self.is_open = false;
        }
        if is_scan_wanted {
            actions.push(ModelsAction::AskToScan.into());
        }
        actions.extend(wanted.map(Action::AddModels));
    }

    fn models_ui(&mut self, ui: &mut Ui, models: &[HubModel], room: f32) -> Option<Vec<PathBuf>> {
        search_field(ui, "Search the cache", &mut self.query, 260.0);
        ui.add_space(space::S);
        let query = self.query.trim().to_lowercase();
        let is_meant = |model: &&HubModel| {
            let texts = [&model.name, &model.title, &model.base];
            texts
                .iter()
                .any(|text| text.to_lowercase().contains(&query))
        };
        let shown: Vec<&HubModel> = models.iter().filter(is_meant).collect();
        if shown.is_empty() {
            ui.weak("Nothing of that name lies in the cache");
        }
        ScrollArea::vertical()
            .max_height((room - 150.0).max(120.0))
            .auto_shrink([false, true])
            .show_rows(ui, ROW_HEIGHT, shown.len(), |ui, rows| {
                for model in &shown[rows] {
                    self.row_ui(ui, model);
                }
            });
        ui.add_space(space::M);
        self.foot_ui(ui, models)
    }

    fn row_ui(&mut self, ui: &mut Ui, model: &HubModel) {
        let mut is_ticked = self.ticked.contains(&model.folder);
        let before = is_ticked;
        ui.allocate_ui_with_layout(
            vec2(ui.available_width() - space::L, ROW_HEIGHT),
            Layout::left_to_right(Align::Center),
            |ui| {
                let tick = Checkbox::without_text(&mut is_ticked);
                let tick = ui.add_enabled(model.state.is_ok(), tick);
                tick.named_selected(
                    WidgetType::Checkbox,
                    is_ticked,
                    format!("Add {}", model.name),
                );
                let names = (ui.available_width() - 2.0 * NUMBER - BASE).max(120.0);
                cell(ui, names, Align::Min, |ui| {
                    let name = ui.add(Label::new(&model.name).truncate());
                    if !model.title.is_empty() {
                        name.on_hover_text(&model.title);
                    }
                });
                match &model.state {
                    Ok(known) => {
                        let numbers = [
                            format::parameters(known.parameters),
                            format::bytes(known.bytes),
                        ];
                        for words in numbers {
                            cell(ui, NUMBER, Align::Max, |ui| {
                                ui.weak(words);
                            });
                        }
                        cell(ui, BASE, Align::Min, |ui| {
                            ui.add_space(space::M);
                            let base = ui.add(
                                Label::new(eframe::egui::RichText::new(&model.base).weak())
                                    .truncate(),
                            );
                            base.on_hover_text(format!(
                                "Its card names {} as its base",
                                model.base
                            ));
                        });
                    }
                    Err(sentence) => {
                        let words = crate::text::sentence_case(sentence);
                        let label = format!("{}  {words}", icon::WARNING);
                        let label = eframe::egui::RichText::new(label).weak();
                        ui.add(Label::new(label).truncate()).on_hover_text(words);
                    }
                }
            },
        );
        if is_ticked != before {
            if is_ticked {
                self.ticked.insert(model.folder.clone());
            } else {
                self.ticked.remove(&model.folder);
            }
        }
    }

    /// How many are ticked, what they weigh, and the button that adds them.
    fn foot_ui(&mut self, ui: &mut Ui, models: &[HubModel]) -> Option<Vec<PathBuf>> {
        let ticked = models.iter().filter(|m| self.ticked.contains(&m.folder));
        let ticked: Vec<&HubModel> = ticked.collect();
        let sizes = ticked.iter().filter_map(|m| m.state.as_ref().ok());
        let bytes: u64 = sizes.map(|size| size.bytes).sum();
        let mut wanted = None;
        ui.horizontal(|ui| {
            if ticked.is_empty() {
                ui.quiet(format::counted(models.len(), "model"));
            } else {
                let count = format::counted(ticked.len(), "model");
                ui.quiet(format!("{count}, {}", format::bytes(bytes)));
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.add_enabled_ui(!ticked.is_empty(), |ui| {
                    if primary_button(ui, "Add to the study").clicked() {
                        wanted = Some(ticked.iter().map(|m| m.folder.clone()).collect());
                    }
                });
            });
        });
        wanted
    }
}

fn head_ui(ui: &mut Ui, state: &HubState) -> bool {
    let mut stays = true;
    ui.horizontal(|ui| {
        ui.label(theme::strong("Models in the hub's cache").size(size::HEADING));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            stays = !icon_button(ui, icon::X, "Close the hub's cache").clicked();
        });
    });
    if let HubState::Listed { cache, .. } = state {
        ui.quiet(format::elide_middle(&cache.to_string_lossy(), 90));
    }
    ui.add_space(space::S);
    stays
}

fn cell(ui: &mut Ui, width: f32, align: Align, content: impl FnOnce(&mut Ui)) {
    let layout = match align {
        Align::Max => Layout::right_to_left(Align::Center),
        _ => Layout::left_to_right(Align::Center),
    };
    ui.allocate_ui_with_layout(vec2(width, ROW_HEIGHT), layout, |ui| {
        ui.set_width(width);
        content(ui);
    });
}
