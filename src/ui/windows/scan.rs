//! The models below folders, sorted into families, to be ticked and opened.

use std::collections::BTreeSet;
use std::path::PathBuf;

use eframe::egui::{
    Align, Checkbox, Context, Label, Layout, RichText, ScrollArea, Ui, WidgetType, vec2,
};
use egui_phosphor::regular as icon;

use super::job::job_ui;
use crate::text::{counted, list, sentence_case};
use crate::ui::action::{Action, FileAction};
use crate::ui::ext::{ResponseExt, UiExt, modal};
use crate::ui::format;
use crate::ui::theme::{self, ROW_HEIGHT, size, space};
use crate::ui::widgets::{icon_button, primary_button};
use crate::workbench::Workbench;
use crate::workbench::scanning::{FoundFamily, FoundModel, ScanState, Scanned};

/// The window where there is room, in points.
const SIZE: [f32; 2] = [860.0, 600.0];
const NUMBER: f32 = 84.0;
const BASE: f32 = 200.0;

/// The list, when it is open.
#[derive(Default)]
pub struct ScanView {
    is_open: bool,
    ticked: BTreeSet<PathBuf>,
}

/// A line of the list.
#[derive(Clone, Copy)]
enum Row<'s> {
    Family(usize, &'s FoundFamily),
    Model(&'s FoundFamily, usize, &'s FoundModel),
    BrokenHead(usize),
    Broken(&'s PathBuf, &'s str),
}

impl ScanView {
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
        let mut stays = true;
        let modal = modal(ctx, "scan", space::L).show(ctx, |ui| {
            let room = ctx.content_rect().size() - vec2(space::XXL, space::XXL);
            ui.set_width(room.x.min(SIZE[0]));
            stays = head_ui(ui, bench.scanned());
            match bench.scanned() {
                ScanState::NotScanned => {
                    ui.weak("The scan was cancelled");
                }
                ScanState::Scanning(job) => {
                    let title = ("Scanning folders", *job);
                    let then = "Found models are shown here when this window is opened again";
                    stays &= job_ui(ui, bench, title, then, actions);
                }
                ScanState::Failed(sentence) => {
                    ui.label(sentence_case(sentence));
                }
                ScanState::Found { scanned, .. } => {
                    let is_answered =
                        self.found_ui(ui, bench, scanned, room.y.min(SIZE[1]), actions);
                    stays &= !is_answered;
                }
            }
        });
        if !stays || modal.should_close() {
            self.is_open = false;
        }
    }

    /// Whether the user has said what is to be done.
    fn found_ui(
        &mut self,
        ui: &mut Ui,
        bench: &Workbench,
        scanned: &Scanned,
        room: f32,
        actions: &mut Vec<Action>,
    ) -> bool {
        for note in &scanned.notes {
            ui.add(Label::new(RichText::new(note).weak()).wrap());
        }
        let rows = rows(scanned);
        if rows.is_empty() {
            ui.label("No models lie below these folders");
            return false;
        }
        ScrollArea::vertical()
            .max_height((room - 150.0).max(120.0))
            .auto_shrink([false, true])
            .show_rows(ui, ROW_HEIGHT, rows.len(), |ui, shown| {
                for row in &rows[shown] {
                    self.row_ui(ui, *row);
                }
            });
        ui.add_space(space::M);
        self.foot_ui(ui, bench, scanned, actions)
    }

    fn row_ui(&mut self, ui: &mut Ui, row: Row<'_>) {
        let width = ui.available_width() - space::L;
        let layout = Layout::left_to_right(Align::Center);
        ui.allocate_ui_with_layout(vec2(width, ROW_HEIGHT), layout, |ui| match row {
            Row::Family(number, family) => self.family_ui(ui, number, family),
            Row::Model(family, at, model) => self.model_ui(ui, family, at, model),
            Row::BrokenHead(count) => {
                let words = format!("{} cannot be opened", counted(count, "model"));
                ui.label(theme::strong(words));
            }
            Row::Broken(path, reason) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let words = format!("{}  {name}: {}", icon::WARNING, sentence_case(reason));
                let label = Label::new(RichText::new(words).weak()).truncate();
                ui.add(label).on_hover_text(path.to_string_lossy());
            }
        });
    }

    fn family_ui(&mut self, ui: &mut Ui, number: usize, family: &FoundFamily) {
        let paths = || family.models.iter().map(|model| &model.path);
        let ticked = paths().filter(|path| self.ticked.contains(*path)).count();
        let mut is_whole = ticked == family.models.len();
        let is_part = ticked > 0 && !is_whole;
        let tick = Checkbox::without_text(&mut is_whole).indeterminate(is_part);
        let tick = ui.add(tick);
        tick.named_selected(
            WidgetType::Checkbox,
            is_whole,
            format!("Choose family {number}"),
        );
        if tick.changed() {
            let paths: Vec<PathBuf> = paths().cloned().collect();
            paths.into_iter().for_each(|path| self.set(path, is_whole));
        }
        ui.label(theme::strong(format!("Family {number}")));
        let count = counted(family.models.len(), "model");
        let base = match (family.base, family.models.first()) {
            (Some(reason), Some(base)) => {
                format!("{count}; base {}, {}", base.name, reason.words())
            }
            _ if family.models.len() > 1 => format!("{count}; base not known"),
            _ => count,
        };
        ui.add(Label::new(RichText::new(base).weak()).truncate());
    }

    fn model_ui(&mut self, ui: &mut Ui, family: &FoundFamily, at: usize, model: &FoundModel) {
        ui.add_space(space::L);
        let before = self.ticked.contains(&model.path);
        let mut is_ticked = before;
        let tick = ui.add(Checkbox::without_text(&mut is_ticked));
        tick.named_selected(
            WidgetType::Checkbox,
            is_ticked,
            format!("Choose {}", model.name),
        );
        if is_ticked != before {
            self.set(model.path.clone(), is_ticked);
        }
        let names = (ui.available_width() - 2.0 * NUMBER - BASE).max(120.0);
        cell(ui, names, Align::Min, |ui| {
            let name = ui.add(Label::new(&model.name).truncate());
            name.on_hover_text(model.path.to_string_lossy());
        });
        for words in [
            format::parameters(model.parameters),
            format::bytes(model.bytes),
        ] {
            cell(ui, NUMBER, Align::Max, |ui| {
                ui.weak(words);
            });
        }
        let words = match (family.base, at) {
            (Some(_), 0) => "base".to_owned(),
            _ => list(&model.claims),
        };
        cell(ui, BASE, Align::Min, |ui| {
            ui.add_space(space::M);
            let base = ui.add(Label::new(RichText::new(&words).weak()).truncate());
            if !model.claims.is_empty() {
                let claims = list(&model.claims);
                base.on_hover_text(format!("Its card names {claims} as its base"));
            }
        });
    }

    fn set(&mut self, path: PathBuf, is_ticked: bool) {
        if is_ticked {
            self.ticked.insert(path);
        } else {
            self.ticked.remove(&path);
        }
    }

    /// How many are ticked, what they weigh, and what can be done with them.
    fn foot_ui(
        &self,
        ui: &mut Ui,
        bench: &Workbench,
        scanned: &Scanned,
        actions: &mut Vec<Action>,
    ) -> bool {
        let all = scanned.families.iter().flat_map(|family| &family.models);
        let ticked: Vec<&FoundModel> = all.filter(|m| self.ticked.contains(&m.path)).collect();
        let paths = || ticked.iter().map(|model| model.path.clone()).collect();
        let mut is_answered = false;
        ui.horizontal(|ui| {
            let words = match ticked.len() {
                0 => counted(scanned.models(), "model"),
                n => {
                    let bytes = ticked.iter().map(|model| model.bytes).sum();
                    format!("{}, {}", counted(n, "model"), format::bytes(bytes))
                }
            };
            ui.quiet(words);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.add_enabled_ui(!ticked.is_empty(), |ui| {
                    if primary_button(ui, "Open as a study").clicked() {
                        actions.push(FileAction::NewOf(paths()).into());
                        is_answered = true;
                    }
                    if bench.is_open() && ui.button("Add to the study").clicked() {
                        actions.push(Action::AddModels(paths()));
                        is_answered = true;
                    }
                });
            });
        });
        is_answered
    }
}

fn rows(scanned: &Scanned) -> Vec<Row<'_>> {
    let mut out = Vec::new();
    for (number, family) in scanned.families.iter().enumerate() {
        out.push(Row::Family(number + 1, family));
        let models = family.models.iter().enumerate();
        out.extend(models.map(|(at, model)| Row::Model(family, at, model)));
    }
    if !scanned.broken.is_empty() {
        out.push(Row::BrokenHead(scanned.broken.len()));
    }
    let broken = scanned.broken.iter();
    out.extend(broken.map(|(path, reason)| Row::Broken(path, reason)));
    out
}

fn head_ui(ui: &mut Ui, state: &ScanState) -> bool {
    let mut stays = true;
    ui.horizontal(|ui| {
        ui.label(theme::strong("Models in folders").size(size::HEADING));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            stays = !icon_button(ui, icon::X, "Close the scan").clicked();
        });
    });
    if let ScanState::Found { folders, .. } = state {
        let folders: Vec<String> = folders.iter().map(|f| f.to_string_lossy().into()).collect();
        ui.quiet(format::elide_middle(&list(&folders), 90));
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
