//! Carrying out what the views asked for: one arm an action, each a call into its owner.

use std::path::{Path, PathBuf};

use eframe::egui::{ColorImage, Context, ViewportCommand};

use super::action::{Action, Drawing, Export, Outside, View};
use super::app::App;
use super::charts::export;
use super::commands::{LEAST_ZOOM, MOST_ZOOM};
use super::dialogs::{Filter, PickKind, PickRequest, Picked, Purpose};
use super::shell;
use super::views::new_evolution;
use super::widgets::toast::ToastKind;
use crate::merge::composition::Composition;
use crate::study::{Command, Evaluator, Evolution, EvolutionEdit, EvolutionId, ModelEdit, ModelId};
use crate::workbench::merging::MergeId;

/// What an open dialog was for, beyond what the request itself says.
#[derive(Default)]
pub struct Asked {
    relocate: Option<ModelId>,
    export: Option<Export>,
    merge_again: Option<MergeId>,
    evolution: Option<EvolutionId>,
    /// What waits for a word about the work that it would stop.
    pub(super) leaving: Option<Action>,
    drawing: Option<Drawing>,
    last_dir: Option<PathBuf>,
}

const STUDIES: Filter = Filter {
    name: "Kinfolk studies",
    extensions: &["json"],
};
const TASKS: Filter = Filter {
    name: "Tasks",
    extensions: &["jsonl", "txt"],
};
const RECIPES: Filter = Filter {
    name: "mergekit recipes",
    extensions: &["yaml", "yml"],
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
        if self.is_busy() && shell::ends_work(&action) {
            self.asked.leaving = Some(action);
            return;
        }
        match action {
            Action::Study(Command::Evolution(EvolutionEdit::Judge(evaluator))) => {
                self.bench.judge_by(evaluator);
            }
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
            Action::Outside(outside) => match outside {
                Outside::TakeOver => self.bench.take_over(),
                Outside::Reload => self.bench.reload(),
                Outside::KeepMine => self.bench.keep_mine(),
                Outside::OpenBackup => self.bench.open_backup(),
                Outside::ForgetBackup => self.bench.forget_backup(),
            },
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
            Action::EditDraft {
                id,
                composition,
                title,
                join,
            } => self.bench.write_draft(id, &composition, &title, join),
            Action::Compose { template, models } => {
                self.bench.compose_template(template, &models);
                self.prefs.view = View::Merge;
            }
            Action::ComposeNothing => {
                self.bench.compose("New merge", &Composition::default());
                self.prefs.view = View::Merge;
            }
            Action::AskForRecipe => self.ask_for_files(Purpose::OpenRecipe, RECIPES, ctx),
            Action::ReopenRecipe(id) => {
                self.bench.reopen_recipe_of(id);
                self.prefs.view = View::Merge;
            }
            Action::LookAhead(request) => self.bench.look_ahead(*request),
            Action::AskWhereToMerge => self.ask_where_to_merge(None, ctx),
            Action::WriteMerge { out, force } => self.bench.queue_merge(&out, force),
            Action::CancelMerge(id) => self.bench.cancel_merge(id),
            Action::RetryMerge(id) => self.bench.retry_merge(id),
            Action::CancelMerges => self.bench.cancel_merges(),
            Action::ReplaceMerge(id) => self.bench.replace_merge(id),
            Action::AskWhereToMergeAgain(id) => self.ask_where_to_merge(Some(id), ctx),
            Action::ClearMerges => self.bench.clear_merges(),
            Action::NewEvolution => {
                let new = new_evolution(&self.bench);
                self.add_evolution(new);
            }
            Action::AddEvolution(new) => self.add_evolution(*new),
            Action::RunEvolution(id) => self.bench.run_evolution(id),
            Action::PauseEvolution(id) => self.bench.pause_evolution(id),
            Action::StopEvolution(id) => self.bench.stop_evolution(id),
            Action::AskForEvolutionFolder(id) => self.ask_for_evolution_folder(id, ctx),
            Action::Judge(models) => self.bench.judge_models(&models),
            Action::SetEvaluator => self.evolution.set_evaluator(),
            Action::ApproveCommand => self.bench.approve_asked(),
            Action::RefuseCommand => self.bench.refuse_asked(),
            Action::ReadTaskFiles => self.bench.read_task_files(),
            Action::ClearEvaluatorLog => self.bench.clear_evaluator_log(),
            Action::ShowEvaluatorLog => {
                self.prefs.view = View::Evolution;
                self.evolution.show_log();
            }
            Action::SuggestNextMerge => {
                self.prefs.view = View::Evolution;
                self.evolution.suggest();
            }
            Action::StopJudging => self.bench.stop_judging(),
            Action::AskForTaskFiles => self.ask_for_files(Purpose::TaskFiles, TASKS, ctx),
            Action::AskForCallFolder => {
                let title = "Choose the folder that the evaluator runs in";
                self.ask(Purpose::CallFolder, title, PickKind::OpenFolders, ctx);
            }
            Action::Save => self.bench.save(),
            Action::Measure { base, anew } => {
                self.bench.measure(base, anew);
                self.prefs.view = View::Kinship;
            }
            Action::MeasureHere(base) => self.bench.measure(base, false),
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
            Action::StopWorkAnd(action) => {
                self.asked.leaving = None;
                self.stop_work_and(*action, ctx);
            }
            Action::GoOnWorking => self.asked.leaving = None,
        }
    }

    /// The job takes a moment to hear that it is to stop; what was asked for need not wait.
    fn stop_work_and(&mut self, action: Action, ctx: &Context) {
        self.bench.cancel_merges();
        self.bench.forget_merges();
        self.bench.leave_evolutions();
        self.carry_out(action, ctx);
    }

    /// The window's own button to close it asks as well.
    pub(super) fn ask_before_closing(&mut self, ctx: &Context) {
        let is_closing = ctx.input(|input| input.viewport().close_requested());
        if is_closing && self.is_busy() {
            ctx.send_viewport_cmd(ViewportCommand::CancelClose);
            self.asked.leaving = Some(Action::Quit);
        }
    }

    /// Whether there is work that leaving the study would stop.
    pub(super) fn is_busy(&self) -> bool {
        self.bench.is_writing() || self.bench.is_evolving()
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
            let beside_models = || match purpose {
                Purpose::WriteMerge => self.folder_of_parents(),
                _ => None,
            };
            let is_users = |dir: &PathBuf| !dir.starts_with(&self.bench.folders().data);
            own()
                .filter(is_users)
                .or_else(|| beside_models().filter(is_users))
        });
        let request = PickRequest {
            purpose,
            title: title.to_owned(),
            kind,
            start_dir,
        };
        self.picker.start(request, ctx);
    }

    /// The folder that the first model of the draft on the canvas lies in.
    fn folder_of_parents(&self) -> Option<PathBuf> {
        let composition = self
            .bench
            .composition(self.bench.study().doc().shown_draft()?)?;
        let models = composition.recipes.iter().flat_map(|r| r.models());
        let mut paths = models.map(|model| PathBuf::from(&model.path));
        paths
            .find(|path| path.is_absolute())?
            .parent()
            .map(Path::to_owned)
    }

    fn ask_for_models(&mut self, ctx: &Context) {
        let title = "Add models: choose folders of checkpoints";
        self.ask(Purpose::OpenModels, title, PickKind::OpenFolders, ctx);
    }

    fn ask_for_files(&mut self, purpose: Purpose, filter: Filter, ctx: &Context) {
        let title = match purpose {
            Purpose::OpenStudy => "Open a study",
            Purpose::OpenRecipe => "Open a recipe",
            Purpose::TaskFiles => "Choose files of tasks",
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

    pub(super) fn ask_where_to_save(&mut self, ctx: &Context) {
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

    /// For the draft on the canvas, or again for a merge of the queue.
    fn ask_where_to_merge(&mut self, again: Option<MergeId>, ctx: &Context) {
        let draft = self.bench.study().doc().shown_draft();
        let failed = |id| self.bench.merges().iter().find(|m| m.id == id);
        let name = again.and_then(failed).map(|merge| merge.name.as_str());
        let name = file_name(name.or(draft.map(|d| d.name.as_str())).unwrap_or("merge"));
        self.asked.merge_again = again;
        let kind = PickKind::SaveFile {
            name,
            filters: Vec::new(),
        };
        let title = "Write the merge: name its folder";
        self.ask(Purpose::WriteMerge, title, kind, ctx);
    }

    fn add_evolution(&mut self, new: Evolution) {
        let edit = EvolutionEdit::Add(Box::new(new));
        self.bench.apply(Command::Evolution(edit));
        self.evolution.show_last();
        self.prefs.view = View::Evolution;
    }

    fn ask_for_evolution_folder(&mut self, id: EvolutionId, ctx: &Context) {
        self.asked.evolution = Some(id);
        let title = "Choose the folder that children are written to";
        self.ask(Purpose::EvolutionFolder, title, PickKind::OpenFolders, ctx);
    }

    fn take_evolution_folder(&mut self, folder: PathBuf) {
        let id = self.asked.evolution.take();
        let doc = self.bench.study().doc();
        if let Some(evolution) = id.and_then(|id| doc.evolution(id)) {
            let mut setup = evolution.setup.clone();
            setup.folder = Some(folder);
            let edit = EvolutionEdit::Change(evolution.id, Box::new(setup));
            self.bench.apply(Command::Evolution(edit));
        }
    }

    /// Files of tasks are put to those that there are; other evaluators give way.
    fn take_task_files(&mut self, paths: Vec<PathBuf>) {
        let known = self.bench.study().doc().evaluator.tasks();
        let mut tasks = known.map_or_else(Vec::new, <[PathBuf]>::to_vec);
        tasks.extend(paths);
        tasks.sort();
        tasks.dedup();
        self.bench.judge_by(Evaluator::BuiltIn { tasks });
    }

    fn take_call_folder(&mut self, folder: PathBuf) {
        if let Some(mut call) = self.bench.study().doc().evaluator.command().cloned() {
            call.folder = Some(folder);
            self.bench.judge_by(Evaluator::Command { call });
        }
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
            Purpose::OpenStudy => self.actions.push(Action::OpenStudy(first)),
            Purpose::OpenRecipe => {
                self.bench.open_recipe(&first);
                self.prefs.view = View::Merge;
            }
            Purpose::EvolutionFolder => self.take_evolution_folder(first),
            Purpose::TaskFiles => self.take_task_files(picked.paths),
            Purpose::CallFolder => self.take_call_folder(first),
            Purpose::WriteMerge => match self.asked.merge_again.take() {
                Some(id) => self.bench.redirect_merge(id, &first),
                None => self.bench.queue_merge(&first, false),
            },
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
