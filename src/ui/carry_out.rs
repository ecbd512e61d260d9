//! Carrying out what the views asked for: one arm an action, each a call into its owner.

use std::path::{Path, PathBuf};

use eframe::egui::{ColorImage, Context, ViewportCommand};

use super::action::{Action, Drawing, Export, View};
use super::app::App;
use super::charts::export;
use super::commands::{LEAST_ZOOM, MOST_ZOOM};
use super::dialogs::{Filter, PickKind, PickRequest, Picked, Purpose};
use super::widgets::toast::ToastKind;
use crate::study::{Command, ModelEdit, ModelId};

/// What an open dialog was for, beyond what the request itself says.
#[derive(Default)]
pub struct Asked {
    relocate: Option<ModelId>,
    export: Option<Export>,
    drawing: Option<Drawing>,
    last_dir: Option<PathBuf>,
}

const STUDIES: Filter = Filter {
    name: "Kinfolk studies",
    extensions: &["json"],
};
const SCORES: Filter = Filter {
    name: "Tables and results",
    extensions: &["csv", "tsv", "json", "txt", "md"],
};
const WEIGHTS: Filter = Filter {
    name: "Safetensors",
    extensions: &["safetensors"],
};

impl App {
    pub(super) fn carry_out(&mut self, action: Action, ctx: &Context) {
        match action {
            Action::Study(command) => self.bench.apply(command),
            Action::Go(view) => self.prefs.view = view,
            Action::AskForModels => self.ask_for_models(ctx),
            Action::AskForModelFiles => self.ask_for_files(Purpose::OpenModels, WEIGHTS, ctx),
            Action::AskForNames => {
                self.prefs.view = View::Models;
                self.models.ask_for_names();
            }
            Action::AskForTask => {
                self.prefs.view = View::Models;
                self.models.ask_for_task();
            }
            Action::AskForStudy => self.ask_for_files(Purpose::OpenStudy, STUDIES, ctx),
            Action::AskWhereToSave => self.ask_where_to_save(ctx),
            Action::AskForModelAgain(id) => self.ask_for_model_again(id, ctx),
            Action::AskForScores => self.ask_for_files(Purpose::ImportScores, SCORES, ctx),
            Action::AskForResultFolder => self.ask_for_result_folder(ctx),
            Action::PasteScores => {
                self.import.open_paste();
                ctx.send_viewport_cmd(ViewportCommand::RequestPaste);
            }
            Action::Import(import) => self.bench.import(import),
            Action::OpenStudy(path) => self.open_study(&path),
            Action::ForgetRecent(path) => self.bench.forget_recent(&path),
            Action::NewStudy => {
                self.bench.new_study();
                self.prefs.view = View::Models;
            }
            Action::CloseStudy => self.bench.close_study(),
            Action::OpenBundled(key) => {
                self.bench.open_bundled(key);
                self.prefs.view = View::Charts;
            }
            Action::RestoreBundled(key) => {
                self.bench.restore_bundled(key);
                self.prefs.view = View::Charts;
            }
            Action::OpenDemo => {
                self.bench.open_demo();
                self.prefs.view = View::Kinship;
            }
            Action::RestoreDemo => {
                self.bench.restore_demo();
                self.prefs.view = View::Kinship;
            }
            Action::Rename(id) => {
                self.prefs.view = View::Models;
                self.models.start_renaming(&self.bench, id);
            }
            Action::Save => self.bench.save(),
            Action::Measure { base, anew } => {
                self.bench.measure(base, anew);
                self.prefs.view = View::Kinship;
            }
            Action::Cancel(job) => self.bench.cancel(job),
            Action::Copy { text, what } => {
                ctx.copy_text(text);
                self.toasts
                    .push(ToastKind::Done, format!("{what} copied"), "");
            }
            Action::Tell(notice) => self.show_notice(notice),
            Action::CopyImage { image, what } => {
                ctx.copy_image((*image).clone());
                self.toasts
                    .push(ToastKind::Done, format!("{what} copied"), "");
            }
            Action::Export(export) => self.ask_where_to_export(export, ctx),
            Action::SaveDrawing(drawing) => self.ask_where_to_draw(drawing, ctx),
            Action::CopyDrawing(figure) => self.bench.draw(move || export::pixels(&figure)),
            Action::Chart(ask) => match self.charts.answer(ask, &self.bench, now(ctx)) {
                Ok(action) => self.carry_out(action, ctx),
                Err(sentence) => {
                    let title = "The chart could not be taken out";
                    self.toasts.push(ToastKind::Failed, title, sentence);
                }
            },
            Action::Reveal(path) => self.bench.reveal(&path),
            Action::ToggleInspector => self.prefs.inspector = !self.prefs.inspector,
            Action::SetTheme(theme) => {
                self.prefs.theme = theme;
                ctx.set_theme(theme);
            }
            Action::SetZoom(zoom) => {
                self.prefs.zoom = ((zoom * 10.0).round() / 10.0).clamp(LEAST_ZOOM, MOST_ZOOM);
                ctx.set_zoom_factor(self.prefs.zoom);
            }
            Action::ClearCache => self.bench.clear_cache(),
            Action::OpenPalette => self.palette.open(),
            Action::OpenHelp => self.help_is_open = true,
            Action::Quit => ctx.send_viewport_cmd(ViewportCommand::Close),
        }
    }

    fn open_study(&mut self, path: &Path) {
        self.bench.open_study(path);
        if self.prefs.view == View::Settings {
            self.prefs.view = View::Models;
        }
    }

    fn ask(&mut self, purpose: Purpose, title: &str, kind: PickKind, ctx: &Context) {
        let own = || self.bench.path().and_then(Path::parent).map(Path::to_owned);
        let start_dir = self.asked.last_dir.clone().or_else(|| {
            // The program's own folder is no place where anybody keeps models.
            own().filter(|dir| !dir.starts_with(&self.bench.folders().data))
        });
        let request = PickRequest {
            purpose,
            title: title.to_owned(),
            kind,
            start_dir,
        };
        self.picker.start(request, ctx);
    }

    fn ask_for_models(&mut self, ctx: &Context) {
        let title = "Add models: choose folders of checkpoints";
        self.ask(Purpose::OpenModels, title, PickKind::OpenFolders, ctx);
    }

    fn ask_for_files(&mut self, purpose: Purpose, filter: Filter, ctx: &Context) {
        let title = match purpose {
            Purpose::OpenStudy => "Open a study",
            Purpose::ImportScores => "Import scores: choose tables or result files",
            _ => "Add models: choose safetensors files",
        };
        self.ask(
            purpose,
            title,
            PickKind::OpenFiles {
                filters: vec![filter],
            },
            ctx,
        );
    }

    fn ask_for_result_folder(&mut self, ctx: &Context) {
        let title = "Import results: choose folders of lm-evaluation-harness";
        self.ask(Purpose::ImportScores, title, PickKind::OpenFolders, ctx);
    }

    fn ask_where_to_save(&mut self, ctx: &Context) {
        let stem = file_name(&self.bench.study().doc().name);
        let name = format!("{stem}{}", crate::study::file::ENDING);
        let kind = PickKind::SaveFile {
            name,
            filters: vec![STUDIES],
        };
        self.ask(Purpose::SaveStudy, "Save the study as", kind, ctx);
    }

    fn ask_for_model_again(&mut self, id: ModelId, ctx: &Context) {
        self.asked.relocate = Some(id);
        let title = format!("Find {} again", self.bench.study().doc().name_of(id));
        self.ask(Purpose::Relocate, &title, PickKind::OpenFolders, ctx);
    }

    fn ask_where_to_export(&mut self, export: Export, ctx: &Context) {
        let kind = PickKind::SaveFile {
            name: export.name.clone(),
            filters: vec![export.filter],
        };
        let title = export.title.clone();
        self.asked.export = Some(export);
        self.ask(Purpose::Export, &title, kind, ctx);
    }

    fn ask_where_to_draw(&mut self, drawing: Drawing, ctx: &Context) {
        let kind = PickKind::SaveFile {
            name: drawing.name.clone(),
            filters: vec![drawing.filter],
        };
        let title = drawing.title.clone();
        self.asked.drawing = Some(drawing);
        self.ask(Purpose::Draw, &title, kind, ctx);
    }

    /// A picture that was drawn to be copied.
    pub(super) fn copy_drawn(&mut self, ctx: &Context) {
        if let Some(picture) = self.bench.take_picture() {
            let image = ColorImage::from_rgba_unmultiplied(picture.size, &picture.rgba);
            ctx.copy_image(image);
            self.toasts
                .push(ToastKind::Done, "Chart picture copied", "");
        }
    }

    pub(super) fn take_picked(&mut self, picked: Picked) {
        let Some(first) = picked.paths.first().cloned() else {
            return;
        };
        self.asked.last_dir = first.parent().map(Path::to_owned);
        match picked.request.purpose {
            Purpose::OpenModels => self.bench.add_paths(picked.paths),
            Purpose::OpenStudy => self.open_study(&first),
            Purpose::ImportScores => self.bench.read_scores(picked.paths),
            Purpose::SaveStudy => self.bench.save_as(&first),
            Purpose::Relocate => {
                if let Some(id) = self.asked.relocate.take() {
                    self.bench
                        .apply(Command::Model(ModelEdit::Relocate(id, first)));
                }
            }
            Purpose::Draw => {
                if let Some(Drawing { figure, format, .. }) = self.asked.drawing.take() {
                    let draw = move || format.draw(&figure);
                    self.bench.write_drawn(&first, draw);
                }
            }
            Purpose::Export => {
                if let Some(export) = self.asked.export.take() {
                    self.bench.write_file(&first, &export.bytes);
                }
            }
        }
    }
}

fn now(ctx: &Context) -> f64 {
    ctx.input(|input| input.time)
}

/// A name without what file systems do not like.
fn file_name(name: &str) -> String {
    let safe = |c: char| {
        if c.is_alphanumeric() || "-_. ".contains(c) {
            c
        } else {
            '-'
        }
    };
    let name: String = name.trim().chars().map(safe).collect();
    if name.is_empty() {
        "study".to_owned()
    } else {
        name
    }
}
