//! Carrying out what the views asked for: one arm an action, each a call into its owner.

use eframe::egui::{ColorImage, Context, ViewportCommand};

use super::App;
use super::pick::Purpose;
use crate::merge::composition::Composition;
use crate::study::{Command, Evolution, EvolutionEdit};
use crate::ui::action::{
    Action, AncestryAction, ClusterAction, Content, EvaluationAction, EvolutionAction, Export,
    ExtractAction, FileAction, ImportAction, LineageAction, MergeAction, MixtureAction,
    ModelsAction, Outside, ProofAction, StoredAction, SweepAction, View, WindowAction, WriteAction,
    WriteWhat,
};
use crate::ui::commands::{LEAST_ZOOM, MOST_ZOOM};
use crate::ui::paper::Sheet;
use crate::ui::report::Pages;
use crate::ui::views::new_evolution;
use crate::ui::widgets::toast::ToastKind;
use crate::workbench::Picture;
use crate::workbench::composing::RecipeKind;

impl App {
    pub(super) fn handle_action(&mut self, action: Action, ctx: &Context) {
        if self.is_busy() && action.ends_work() {
            self.leaving = Some(action);
            return;
        }
        match action {
            Action::Study(Command::Evolution(EvolutionEdit::SetEvaluator(evaluator))) => {
                self.bench.set_evaluator(evaluator);
            }
            Action::Study(command) => self.bench.apply(command),
            Action::Go(view) => {
                self.prefs.view = view;
                if view == View::Settings {
                    self.bench.look_at_cache();
                }
            }
            Action::ShowPredictors => {
                self.prefs.view = View::Next;
                self.views.next.show_predictors();
            }
            Action::File(action) => self.handle_file(action, ctx),
            Action::Outside(outside) => self.handle_outside(outside),
            Action::AddModels(paths) => self.bench.add_paths(paths),
            Action::Models(action) => self.handle_models(action, ctx),
            Action::Stored(StoredAction::Ask(name)) => self.bench.ask_the_hub(name),
            Action::Stored(StoredAction::Download(offer)) => self.bench.download(offer),
            Action::Import(action) => self.handle_import(action, ctx),
            Action::Merge(action) => self.handle_merge(action, ctx),
            Action::Mixture(action) => self.handle_mixture(action, ctx),
            Action::Write(action) => self.handle_write(action, ctx),
            Action::ShowTokens(of) => self.bench.show_tokens(of),
            Action::Lineage(action) => self.handle_lineage(action),
            Action::Extract(action) => self.handle_extract(action, ctx),
            Action::Proof(action) => self.handle_proof(action),
            Action::Ancestry(action) => self.handle_ancestry(action),
            Action::Evolution(action) => self.handle_evolution(action, ctx),
            Action::Evaluation(action) => self.handle_evaluation(action, ctx),
            Action::Sweep(action) => self.handle_sweep(action, ctx),
            Action::Cluster(action) => self.handle_cluster(action, ctx),
            Action::Window(action) => self.handle_window(action, ctx),
            Action::Chart(ask) => {
                let now = ctx.input(|input| input.time);
                match self.views.charts.answer(ask, &self.bench, now) {
                    Ok(action) => self.handle_action(action, ctx),
                    Err(sentence) => {
                        let title = "The chart could not be taken out";
                        self.toasts.push(ToastKind::Failed, title, sentence);
                    }
                }
            }
            Action::Export(export) => self.ask(Purpose::Export(export), ctx),
            Action::CopyPicture { picture, what } => {
                self.bench.draw(move || Ok(drawn(what, &picture.draw()?)));
            }
            Action::Copy { text, what } => {
                ctx.copy_text(text);
                self.tell_copied(&what);
            }
            Action::Tell(notice) => self.show_notice(notice),
            Action::Reveal(path) => self.bench.reveal(&path),
            Action::Cancel(job) => self.bench.cancel(job),
            Action::ClearCache => self.bench.clear_cache(),
        }
    }

    fn tell_copied(&mut self, what: &str) {
        let title = format!("{what} copied");
        self.toasts.push(ToastKind::Done, title, "");
    }

    pub(super) fn copy_drawn(&mut self, ctx: &Context) {
        if let Some(picture) = self.bench.take_picture() {
            let image = ColorImage::from_rgba_unmultiplied(picture.size, &picture.rgba);
            ctx.copy_image(image);
            self.tell_copied(&picture.what);
        }
    }

    fn handle_file(&mut self, action: FileAction, ctx: &Context) {
        match action {
            FileAction::New => {
                self.bench.new_study();
                self.prefs.view = View::Models;
            }
            FileAction::NewOf(paths) => {
                self.bench.new_study();
                self.bench.add_paths(paths);
                self.prefs.view = View::Models;
            }
            FileAction::AskToOpen => self.ask(Purpose::OpenStudy, ctx),
            FileAction::Open(path) => {
                self.bench.open_study(&path);
                if self.prefs.view == View::Settings {
                    self.prefs.view = View::Models;
                }
            }
            FileAction::Save => self.bench.save(),
            FileAction::AskWhereToSave => self.ask(Purpose::SaveStudy, ctx),
            FileAction::Report => {
                let name = super::pick::file_name(&self.bench.study().doc().name);
                let pages = Pages::of(&self.bench);
                let page = Content::later(move || pages.html().map(String::into_bytes));
                let report = Export::report(&name, page);
                self.ask(Purpose::Export(report), ctx);
            }
            FileAction::Close => self.bench.close_study(),
            FileAction::ForgetRecent(path) => self.bench.forget_recent(&path),
            FileAction::OpenBundled(key) => {
                self.bench.open_bundled(key);
                self.prefs.view = View::Charts;
            }
            FileAction::RestoreBundled(key) => {
                self.bench.restore_bundled(key);
                self.prefs.view = View::Charts;
            }
            FileAction::OpenDemo => {
                self.bench.open_demo();
                self.prefs.view = View::Kinship;
            }
            FileAction::RestoreDemo => {
                self.bench.restore_demo();
                self.prefs.view = View::Kinship;
            }
        }
    }

    fn handle_outside(&mut self, outside: Outside) {
        match outside {
            Outside::TakeOver => self.bench.take_over(),
            Outside::Reload => self.bench.reload(),
            Outside::KeepMine => self.bench.keep_mine(),
            Outside::OpenBackup => self.bench.open_backup(),
            Outside::ForgetBackup => self.bench.forget_backup(),
        }
    }

    fn handle_models(&mut self, action: ModelsAction, ctx: &Context) {
        match action {
            ModelsAction::AskForFolders => self.ask(Purpose::AddFolders, ctx),
            ModelsAction::AskForFiles => self.ask(Purpose::AddFiles, ctx),
            ModelsAction::BrowseHub => {
                self.bench.look_into_hub(&self.prefs.folders);
                self.windows.hub.open();
            }
            ModelsAction::AskForStored => {
                self.bench.forget_offer();
                self.windows.stored.open();
            }
            ModelsAction::AskToScan => self.ask(Purpose::Scan, ctx),
            ModelsAction::AskForNames => {
                self.prefs.view = View::Models;
                self.views.models.ask_for_names();
            }
            ModelsAction::AskForTask => {
                self.prefs.view = View::Models;
                self.views.models.ask_for_task();
            }
            ModelsAction::AskWhereIs(id) => self.ask(Purpose::Relocate(id), ctx),
            ModelsAction::Rename(id) => {
                self.prefs.view = View::Models;
                self.views.models.start_renaming(&self.bench, id);
            }
            ModelsAction::Compare(a, b) => {
                self.bench.compare(a, b);
                self.windows.comparison.open();
            }
            ModelsAction::Relate(a, b) => {
                self.bench.relate(a, b);
                self.windows.relation.show();
            }
            ModelsAction::ShowRelation => self.windows.relation.show(),
            ModelsAction::Transplant(id) => {
                self.bench.leave_transplant();
                self.windows.transplant.open(&self.bench, id);
            }
            ModelsAction::AskWhereToTransplant(request) => {
                self.ask(Purpose::WriteTransplant(request), ctx);
            }
            ModelsAction::Measure { base, anew } => {
                self.bench.measure(base, anew);
                self.prefs.view = View::Kinship;
            }
            ModelsAction::MeasureHere(base) => self.bench.measure(base, false),
        }
    }

    fn handle_import(&mut self, action: ImportAction, ctx: &Context) {
        match action {
            ImportAction::AskForFiles => self.ask(Purpose::ImportFiles, ctx),
            ImportAction::AskForFolder => self.ask(Purpose::ImportFolders, ctx),
            ImportAction::Paste => {
                self.windows.import.open_paste();
                ctx.send_viewport_cmd(ViewportCommand::RequestPaste);
            }
            ImportAction::Take(import) => self.bench.import(import),
        }
    }

    fn handle_merge(&mut self, action: MergeAction, ctx: &Context) {
        match action {
            MergeAction::Edit {
                id,
                composition,
                title,
                join,
            } => self.bench.write_draft(id, &composition, &title, join),
            MergeAction::Compose { template, models } => {
                self.bench.compose_template(template, &models);
                self.prefs.view = View::Merge;
            }
            MergeAction::ComposeNothing => {
                self.bench.compose("New merge", &Composition::default());
                self.prefs.view = View::Merge;
            }
            MergeAction::AskForRecipe => self.ask(Purpose::OpenRecipe, ctx),
            MergeAction::ReopenRecipe(id) => {
                let kind = self.bench.reopen_recipe_of(id);
                self.show_recipe(kind);
            }
            MergeAction::ShowPrediction(options) => self.bench.set_prediction_options(options),
            MergeAction::AskWhereToWrite => self.ask_how_to_write(WriteWhat::Merge),
            MergeAction::Cancel(id) => self.bench.cancel_merge(id),
            MergeAction::CancelAll => self.bench.cancel_merges(),
            MergeAction::Retry(id) => self.bench.retry_merge(id),
            MergeAction::Replace(id) => self.bench.replace_merge(id),
            MergeAction::AskWhereToWriteAgain(id) => self.ask_how_to_write(WriteWhat::Again(id)),
            MergeAction::ClearDone => self.bench.clear_merges(),
        }
    }

    fn handle_mixture(&mut self, action: MixtureAction, ctx: &Context) {
        match action {
            MixtureAction::New(models) => {
                self.bench.new_mixture(&models);
                self.windows.mixture.open();
            }
            MixtureAction::Show => self.windows.mixture.open(),
            MixtureAction::Hide => self.windows.mixture.close(),
            MixtureAction::Edit(recipe, purpose) => self.bench.edit_mixture(*recipe, purpose),
            MixtureAction::AskWhereToWrite => self.ask(Purpose::WriteMixture, ctx),
            MixtureAction::Write { out, force } => self.bench.write_mixture(&out, force),
            MixtureAction::Cancel => self.bench.cancel_mixture(),
        }
    }

    /// Shows a recipe that was opened where it is worked on.
    pub(super) fn show_recipe(&mut self, kind: RecipeKind) {
        match kind {
            RecipeKind::Merge => self.prefs.view = View::Merge,
            RecipeKind::Mixture if self.bench.mixture().is_some() => self.windows.mixture.open(),
            RecipeKind::Mixture => {}
        }
    }

    fn handle_write(&mut self, action: WriteAction, ctx: &Context) {
        match action {
            WriteAction::Ask(what) => self.ask_how_to_write(what),
            WriteAction::Check(order) => self.bench.check_write(order),
            WriteAction::Start { what, order, force } => match what {
                WriteWhat::Merge => self.bench.queue_order(order, force),
                WriteWhat::Again(id) => self.bench.redirect_merge(id, order, force),
                WriteWhat::Convert(id) => self.bench.convert(id, order, force),
            },
            WriteAction::AskWhere { name, is_gguf } => {
                self.ask(Purpose::WritePlace { name, is_gguf }, ctx);
            }
            WriteAction::AskForTemplate => self.ask(Purpose::Template, ctx),
            WriteAction::AddConverted(id) => {
                self.bench.add_converted(id);
                self.bench.forget_conversion(id);
            }
            WriteAction::ForgetConversion(id) => self.bench.forget_conversion(id),
        }
    }

    /// Opens the form that asks how and where something is written.
    fn ask_how_to_write(&mut self, what: WriteWhat) {
        let place = self.place_to_write(what);
        self.bench.forget_write_check();
        self.windows.writing.open(what, &self.bench, place);
    }

    fn handle_ancestry(&mut self, action: AncestryAction) {
        match action {
            AncestryAction::Show(id) => self.windows.ancestry.show(&self.bench, id),
            AncestryAction::LookCloser(request) => self.bench.look_closer(request),
        }
    }

    fn handle_lineage(&mut self, action: LineageAction) {
        match action {
            LineageAction::Propose => {
                self.prefs.view = View::Lineage;
                self.bench.propose_lineage();
            }
            LineageAction::Accept(edges) => self.bench.accept_proposed(&edges),
            LineageAction::Dismiss(edges) => self.bench.dismiss_proposed(&edges),
            LineageAction::Close => self.bench.close_proposal(),
        }
    }

    fn handle_extract(&mut self, action: ExtractAction, ctx: &Context) {
        match action {
            ExtractAction::Ask(id) => self.windows.extraction.ask(&self.bench, id),
            ExtractAction::Show => self.windows.extraction.show(),
            ExtractAction::AskWhere(request) => self.ask(Purpose::WriteAdapter(request), ctx),
        }
    }

    fn handle_proof(&mut self, action: ProofAction) {
        match action {
            ProofAction::Ask(id) => self.windows.proof.ask(&self.bench, id, None),
            ProofAction::AskWith(id, parents) => {
                self.windows.ancestry.close();
                self.windows.proof.ask(&self.bench, id, Some(&parents));
            }
            ProofAction::Start(request) => {
                self.bench.begin_proof(*request);
                self.windows.proof.show();
            }
            ProofAction::Show => self.windows.proof.show(),
            ProofAction::Record => self.bench.record_proof(),
            ProofAction::OpenRecipe => {
                self.bench.open_proved_recipe();
                self.windows.proof.close();
                self.prefs.view = View::Merge;
            }
        }
    }

    fn handle_evolution(&mut self, action: EvolutionAction, ctx: &Context) {
        match action {
            EvolutionAction::New => {
                let new = new_evolution(&self.bench);
                self.add_evolution(new);
            }
            EvolutionAction::Add(new) => self.add_evolution(*new),
            EvolutionAction::Run(id) => self.bench.run_evolution(id),
            EvolutionAction::Pause(id) => self.bench.pause_evolution(id),
            EvolutionAction::Stop(id) => self.bench.stop_evolution(id),
            EvolutionAction::AskForFolder(id) => self.ask(Purpose::EvolutionFolder(id), ctx),
            EvolutionAction::AskForCluster(id) => self.ask(Purpose::EvolutionCluster(id), ctx),
        }
    }

    fn handle_sweep(&mut self, action: SweepAction, ctx: &Context) {
        match action {
            SweepAction::Ask(draft) => self.windows.sweep.ask(&self.bench, draft),
            SweepAction::AskForCluster => self.ask(Purpose::SweepCluster, ctx),
            SweepAction::Start(draft, sweep, cluster) => {
                self.bench.start_sweep(draft, *sweep, cluster);
                self.windows.sweep.show();
            }
            SweepAction::Show => self.windows.sweep.show(),
            SweepAction::Stop => self.bench.stop_sweep(),
            SweepAction::OpenRecipe(name, text) => {
                let kind = self.bench.reopen_recipe(&name, &text);
                self.windows.sweep.close();
                self.show_recipe(kind);
            }
            SweepAction::AddToStudy => self.bench.add_sweep_to_study(),
            SweepAction::Close => self.windows.sweep.close(),
        }
    }

    fn handle_cluster(&mut self, action: ClusterAction, ctx: &Context) {
        match action {
            ClusterAction::AskToOpen => self.ask(Purpose::Cluster, ctx),
            ClusterAction::Open(folder) => {
                self.bench.watch_cluster(&folder);
                self.windows.cluster.open();
            }
            ClusterAction::Join => {
                self.bench.join_cluster();
                self.prefs.view = View::Kinship;
            }
            ClusterAction::Close => self.bench.close_cluster(),
        }
    }

    fn add_evolution(&mut self, new: Evolution) {
        let edit = EvolutionEdit::Add(Box::new(new));
        self.bench.apply(Command::Evolution(edit));
        self.views.evolution.show_last();
        self.prefs.view = View::Evolution;
    }

    fn handle_evaluation(&mut self, action: EvaluationAction, ctx: &Context) {
        match action {
            EvaluationAction::Start(models) => self.bench.evaluate_models(&models),
            EvaluationAction::Stop => self.bench.stop_evaluating(),
            EvaluationAction::ApproveCommand => self.bench.approve_asked(),
            EvaluationAction::RefuseCommand => self.bench.refuse_asked(),
            EvaluationAction::ShowSetup => self.views.evolution.set_evaluator(),
            EvaluationAction::ClearLog => self.bench.clear_evaluator_log(),
            EvaluationAction::ShowLog => {
                self.prefs.view = View::Evolution;
                self.views.evolution.show_log();
            }
            EvaluationAction::AskForTaskFiles => self.ask(Purpose::TaskFiles, ctx),
            EvaluationAction::AskForFolder => self.ask(Purpose::CallFolder, ctx),
        }
    }

    fn handle_window(&mut self, action: WindowAction, ctx: &Context) {
        match action {
            WindowAction::ToggleInspector => match super::room::is_roomy(ctx) {
                true => self.toggle_inspector(ctx),
                false => self.drawer_is_open = !self.drawer_is_open,
            },
            WindowAction::SetTheme(theme) => {
                self.prefs.theme = theme;
                ctx.set_theme(theme);
            }
            WindowAction::Set(setting) => {
                self.prefs.set(setting);
                self.heed_prefs();
            }
            WindowAction::AskForScannedFolder => self.ask(Purpose::ScannedFolder, ctx),
            WindowAction::SetZoom(zoom) => {
                self.prefs.zoom = ((zoom * 10.0).round() / 10.0).clamp(LEAST_ZOOM, MOST_ZOOM);
                ctx.set_zoom_factor(self.prefs.zoom);
            }
            WindowAction::OpenPalette => self.palette.open(),
            WindowAction::OpenHelp => self.help_is_open = true,
            WindowAction::OpenGuide => self.windows.guide.open(),
            WindowAction::NextPane => self.panes.go(ctx, true),
            WindowAction::PreviousPane => self.panes.go(ctx, false),
            WindowAction::TakeTour => {
                self.prefs.view = View::Kinship;
                self.tour.start();
            }
            WindowAction::Quit => ctx.send_viewport_cmd(ViewportCommand::Close),
            WindowAction::StopWorkAnd(action) => {
                self.leaving = None;
                self.stop_work_and(*action, ctx);
            }
            WindowAction::GoOnWorking => self.leaving = None,
        }
    }

    fn toggle_inspector(&mut self, ctx: &Context) {
        let is_there = super::room::has_inspector_beside(&self.bench, &self.prefs, ctx);
        if super::room::is_about_alone(&self.bench, self.prefs.view) {
            self.prefs.about = !is_there;
            self.prefs.inspector |= !is_there;
        } else {
            self.prefs.inspector = !is_there;
        }
    }

    /// The job takes a moment to hear that it is to stop; what was asked for need not wait.
    fn stop_work_and(&mut self, action: Action, ctx: &Context) {
        self.bench.cancel_transplant();
        self.bench.cancel_merges();
        self.bench.forget_merges();
        self.bench.cancel_conversions();
        self.bench.abandon_evolutions();
        self.bench.stop_sweep();
        self.handle_action(action, ctx);
    }

    /// The window's own button to close it asks as well.
    pub(super) fn ask_before_closing(&mut self, ctx: &Context) {
        let is_closing = ctx.input(|input| input.viewport().close_requested());
        if is_closing && self.is_busy() {
            ctx.send_viewport_cmd(ViewportCommand::CancelClose);
            self.leaving = Some(Action::Window(WindowAction::Quit));
        }
    }

    /// Whether there is work that leaving the study would stop.
    pub(super) fn is_busy(&self) -> bool {
        self.bench.is_writing()
            || self.bench.is_converting()
            || self.bench.is_transplanting()
            || self.bench.is_evolving()
            || self.bench.is_sweeping()
    }
}

fn drawn(what: String, sheet: &Sheet) -> Picture {
    let pixels = sheet.pixels();
    let size = [pixels.width() as usize, pixels.height() as usize];
    let rgba = pixels.into_raw();
    Picture { what, size, rgba }
}
