//! The window as a whole: it hands the workbench to the views, collects what they ask for and
//! carries it out between frames. Nothing changes while a frame is being drawn.

mod actions;
mod attention;
mod events;
mod guard;
mod keys;
mod letters;
mod offer;
mod panes;
mod pick;
mod room;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::action::{Action, FileAction, View};
use super::commands::{self, Entry};
use super::dialogs::FilePicker;
use super::format;
use super::inspector::{self, Inspector};
use super::prefs::Prefs;
use super::shell;
use super::theme::{self};
use super::tour::Tour;
use super::trouble::{Doing, Trouble, guarded};
use super::views::{Keys, Views, welcome};
use super::widgets::palette::{Palette, PaletteEntry};
use super::widgets::toast::Toasts;
use super::windows::Windows;
use crate::ui::ext::UiExt;
use crate::workbench::Workbench;
use crate::workbench::opening::is_recipe;
use crate::workbench::tokens::TokensOf;
use attention::Attention;
use eframe::egui::{Align2, Context, Ui, UiBuilder, ViewportCommand};
use events::{held_keys, take_pasted_paths};
use guard::Probes;
use letters::Letters;
use offer::Past;
use panes::Panes;
use pick::Purpose;
use room::{has_inspector, has_inspector_beside, is_roomy, shown_view};

/// The longest that a program that judges is waited for when the window closes.
const MOST_LEAVING: std::time::Duration = std::time::Duration::from_secs(5);

pub struct App {
    bench: Workbench,
    /// The number of the session that the views have seen.
    session: u64,
    prefs: Prefs,
    palette: Palette,
    toasts: Toasts,
    picker: Box<dyn FilePicker>,
    purpose: Option<Purpose>,
    last_dir: Option<PathBuf>,
    /// What waits for a word about the work that it would stop.
    leaving: Option<Action>,
    help_is_open: bool,
    /// Whether the inspector lies over the view, where there is no room beside it.
    drawer_is_open: bool,
    /// The message that offers to undo, and the history that it is about.
    undoable: Option<(u64, Past)>,
    tour: Tour,
    panes: Panes,
    letters: Letters,
    attention: Attention,
    windows: Windows,
    views: Views,
    inspector: Inspector,
    approval: shell::Approval,
    /// Every command as it stands, made once a frame.
    entries: Vec<Entry>,
    actions: Vec<Action>,
    was_focused: bool,
    /// Whether the last frame left keys without a modifier to the program: what is open then
    /// is the first to hear them, and egui has closed it before anything else can ask.
    keys: Keys,
    /// The bug whose page is shown in place of the window.
    trouble: Option<Trouble>,
    signal: Arc<AtomicBool>,
    is_ending: bool,
    probes: Probes,
}

impl App {
    /// The window on a workbench; `paths` are studies and models to open at once.
    pub fn new(
        ctx: &Context,
        bench: Workbench,
        picker: Box<dyn FilePicker>,
        prefs: Prefs,
        paths: Vec<PathBuf>,
    ) -> Self {
        theme::apply(ctx);
        ctx.set_theme(prefs.theme);
        ctx.set_zoom_factor(prefs.zoom);
        // The program's own commands, which know their bounds, take these keys.
        ctx.options_mut(|options| options.zoom_with_keyboard = false);
        let mut app = Self {
            session: bench.session_number(),
            entries: commands::commands(&bench, prefs.zoom),
            bench,
            prefs,
            palette: Palette::default(),
            toasts: Toasts::default(),
            picker,
            purpose: None,
            last_dir: None,
            leaving: None,
            help_is_open: false,
            drawer_is_open: false,
            undoable: None,
            tour: Tour::default(),
            panes: Panes::default(),
            letters: Letters::default(),
            attention: Attention::default(),
            windows: Windows::default(),
            views: Views::default(),
            inspector: Inspector::default(),
            approval: shell::Approval::default(),
            actions: Vec::new(),
            was_focused: true,
            keys: Keys::Free,
            trouble: None,
            signal: Arc::default(),
            is_ending: false,
            probes: Probes::default(),
        };
        app.heed_prefs();
        app.open(paths);
        app
    }

    /// Has the settings that reach beyond the window heard of.
    fn heed_prefs(&mut self) {
        format::set_decimals(self.prefs.decimals);
        self.bench.set_limits(self.prefs.limits());
    }

    pub fn workbench(&self) -> &Workbench {
        &self.bench
    }

    /// The workbench, for tests that do what takes a user many clicks.
    #[doc(hidden)]
    pub fn workbench_mut(&mut self) -> &mut Workbench {
        &mut self.bench
    }

    pub fn prefs(&self) -> &Prefs {
        &self.prefs
    }

    /// Opens studies, models, tables and recipes; while something is written or judged, a study
    /// waits until the user has said whether it may be stopped.
    fn open(&mut self, paths: Vec<PathBuf>) {
        let (recipes, mut others): (Vec<_>, Vec<_>) = paths.into_iter().partition(|p| is_recipe(p));
        if self.is_busy()
            && let Some(at) = others.iter().position(|path| opens_study(path))
        {
            self.leaving = Some(Action::File(FileAction::Open(others.remove(at))));
        }
        let brings_study = others.iter().any(|path| opens_study(path));
        if !recipes.is_empty() && !brings_study && !self.bench.is_open() {
            // What is begun for the first of them would end the opening of the others.
            self.bench.new_study();
        }
        self.bench.open_paths(others);
        for recipe in &recipes {
            let kind = self.bench.open_recipe(recipe);
            self.show_recipe(kind);
        }
    }

    /// Everything between two frames: what jobs found, what the user asked for.
    fn advance(&mut self, ctx: &Context) {
        self.probes.working();
        self.bench.poll();
        self.look_at_disk_on_focus(ctx);
        self.take_drops_and_pastes(ctx);
        if let Some(picked) = self.picker.ui(ctx) {
            self.on_picked(picked);
        }
        self.open_import();
        self.ask_before_closing(ctx);
        self.entries = commands::commands(&self.bench, self.prefs.zoom);
        if !self.is_covered() {
            let pressed = self.pressed(ctx);
            self.actions.extend(pressed);
        }
        if !self.actions.is_empty() {
            for action in std::mem::take(&mut self.actions) {
                self.handle_action(action, ctx);
            }
            self.entries = commands::commands(&self.bench, self.prefs.zoom);
        }
        if self.views.evolution.is_asking() && self.bench.wants_task_files() {
            self.bench.read_task_files();
        }
        if self.session != self.bench.session_number() {
            self.session = self.bench.session_number();
            self.windows.study_opened();
            self.views.study_opened();
            self.inspector.study_opened();
            // Who opens models wants to see them first; a merge that was begun is gone on with.
            let has_no_draft = self.bench.study().doc().shown_draft().is_none();
            if self.bench.is_open() && self.prefs.view == View::Merge && has_no_draft {
                self.prefs.view = View::Models;
            }
        }
        if !self.windows.comparison.is_open() {
            self.bench.leave_comparison();
            if matches!(self.bench.tokens_shown(), Some(TokensOf::Pair(_))) {
                self.bench.show_tokens(None);
            }
        }
        match self.windows.transplant.wanted() {
            Some(request) => self.bench.look_at_transplant(request),
            None => self.bench.leave_transplant(),
        }
        self.bench
            .watch_conversion(self.windows.writing.conversion());
        if !self.windows.extraction.is_open() {
            self.bench.leave_extraction();
        }
        if !self.windows.proof.is_open() {
            self.bench.leave_proof();
        }
        if !self.windows.relation.is_open() {
            self.bench.leave_relation();
        }
        self.bench.watch_ancestry(self.windows.ancestry.is_open());
        self.copy_drawn(ctx);
        let notices = self.bench.take_notices();
        let told = notices.last().map(|notice| notice.title.clone());
        for notice in notices {
            self.show_notice(notice);
        }
        if let Some(ended) = self.attention.advance(ctx, &self.bench) {
            self.tell_of_end(&ended, told);
        }
        self.keep_offer();
        self.letters.advance(ctx, &mut self.bench);
        self.begin_tour();
        if is_roomy(ctx) {
            self.drawer_is_open = false;
        }
        self.ask_for_repaint(ctx);
    }

    /// The first study with something in it is shown around in, once.
    fn begin_tour(&mut self) {
        let has_models = !self.bench.study().doc().models.is_empty();
        if self.prefs.wants_tour && has_models && !self.is_covered() {
            self.prefs.wants_tour = false;
            self.tour.start();
        }
    }

    fn open_import(&mut self) {
        if !self.windows.import.is_open()
            && let Some(source) = self.bench.take_import_source()
        {
            self.windows.import.open(source);
        }
    }

    /// Idle means idle: only a running job and a save that is due wake the window by time.
    fn ask_for_repaint(&self, ctx: &Context) {
        if let Some(due) = self.bench.wants_poll_in() {
            ctx.request_repaint_after(due);
        }
        if !self.bench.jobs().running().is_empty() {
            ctx.request_repaint_after(std::time::Duration::from_millis(200));
        }
    }

    /// A user who comes back from elsewhere may have changed files there.
    fn look_at_disk_on_focus(&mut self, ctx: &Context) {
        let focused = ctx.input(|input| input.focused);
        if focused && !self.was_focused {
            self.bench.look_at_disk();
        }
        self.was_focused = focused;
    }

    fn take_drops_and_pastes(&mut self, ctx: &Context) {
        if self.picker.is_open() {
            return;
        }
        let dropped = ctx.input(|input| input.raw.dropped_files.clone());
        let mut paths: Vec<PathBuf> = dropped.iter().map(|file| file.path().to_owned()).collect();
        if !ctx.text_edit_focused() && !self.windows.import.is_open() {
            paths.extend(ctx.input_mut(|input| take_pasted_paths(&mut input.events)));
        }
        if !paths.is_empty() {
            self.open(paths);
        }
    }

    fn frame_ui(&mut self, ui: &mut Ui) {
        // What lies over the views is drawn after them, and is the only one to hear the keys.
        let has_drawer = self.has_drawer(ui.ctx());
        let held = if self.is_covered() || has_drawer {
            held_keys(ui.ctx())
        } else {
            Vec::new()
        };
        let actions = &mut self.actions;
        let is_beside = has_inspector_beside(&self.bench, &self.prefs, ui.ctx());
        let is_hidden = self.bench.is_open() && has_inspector(self.prefs.view) && !is_beside;
        shell::top_bar(ui, &self.bench, &self.entries, is_hidden, actions);
        shell::others_bar(ui, &self.bench, actions);
        shell::status_bar(ui, &self.bench, actions);
        let is_open = self.bench.is_open();
        let view = shown_view(is_open, self.prefs.view);
        self.panes.clear();
        if let Some(view) = view {
            let before = ui.available_rect_before_wrap();
            shell::rail(ui, is_open, view, actions);
            let right = ui.available_rect_before_wrap().left();
            self.panes.add(before.with_max_x(right));
        }
        let inspector = is_beside.then(|| inspector::pane(ui));
        self.panes.add(ui.available_rect_before_wrap());
        self.probes.drawing();
        eframe::egui::CentralPanel::default()
            .frame(ui.pane(0))
            .show(ui, |ui| match view {
                None => welcome::ui(ui, &self.bench, actions),
                Some(_) => (self.views).ui(ui, &self.bench, &self.prefs, self.keys, actions),
            });
        // Tab reaches the view first, and what stands beside it after that.
        if let Some(rect) = inspector {
            self.panes.add(rect);
            let mut inside = ui.new_child(UiBuilder::new().id_salt("inspector").max_rect(rect));
            (self.inspector).content_ui(&mut inside, &self.bench, self.prefs.view, actions);
        }
        shell::drop_target(ui, &self.bench);
        ui.input_mut(|input| input.events.extend(held));
        if has_drawer {
            let view = self.prefs.view;
            let content = |ui: &mut Ui| {
                (self.inspector).content_ui(ui, &self.bench, view, &mut self.actions);
            };
            self.drawer_is_open = shell::drawer(ui.ctx(), content);
        }
        if self.tour.is_on() && !self.is_covered() && self.bench.is_open() {
            self.tour.ui(ui.ctx(), &mut self.actions);
        }
        self.over_views_ui(ui.ctx());
        // Where the child's panel stands is the button that writes.
        let corner = match view {
            Some(View::Merge) => Align2::CENTER_BOTTOM,
            _ if self.windows.mixture.is_open() => Align2::CENTER_BOTTOM,
            _ => Align2::RIGHT_BOTTOM,
        };
        if let Some(number) = self.toasts.show(ui.ctx(), corner) {
            self.take_offer(number);
        }
        self.keys = self.keys_now(ui.ctx(), view);
    }

    fn over_views_ui(&mut self, ctx: &Context) {
        if !self.picker.is_open() {
            self.windows.ui(ctx, &self.bench, &mut self.actions);
        }
        if !self.picker.is_open() && !self.windows.import.is_open() {
            let evolution = &mut self.views.evolution;
            evolution.evaluator_ui(ctx, &self.bench, &mut self.actions);
        }
        self.palette_ui(ctx);
        if self.help_is_open {
            self.help_is_open = shell::help(ctx, &self.entries);
        }
        if let Some(action) = &self.leaving {
            shell::leaving(ctx, &self.bench, action, &mut self.actions);
        }
        self.approval.ui(ctx, &self.bench, &mut self.actions);
        if let Some(backup) = self.bench.backup() {
            shell::earlier_version(ctx, backup, &mut self.actions);
        }
    }

    fn palette_ui(&mut self, ctx: &Context) {
        if !self.palette.is_open() {
            return;
        }
        let mut more = Vec::new();
        if self.bench.is_open() && self.prefs.view == View::Charts {
            more.extend(commands::charts(self.bench.study()));
        }
        more.extend(commands::models(&self.bench));
        let entries: Vec<&Entry> = self.entries.iter().chain(&more).collect();
        let keys: Vec<String> = entries
            .iter()
            .map(|e| e.shortcut.as_ref().map_or(String::new(), commands::keys))
            .collect();
        let rows: Vec<PaletteEntry<'_>> = entries
            .iter()
            .zip(&keys)
            .map(|(entry, keys)| PaletteEntry {
                title: &entry.title,
                full: entry.full.as_deref().unwrap_or(&entry.title),
                group: entry.group,
                shortcut: keys,
                enabled: entry.enabled,
            })
            .collect();
        if let Some(selected) = self.palette.show(ctx, &rows) {
            self.actions.push(entries[selected].action.clone());
        }
    }

    /// Shows what lies in a hub's cache.
    pub fn browse_hub_at(&mut self, cache: PathBuf) {
        self.bench.look_into_hub_at(cache, &self.prefs.folders);
        self.windows.hub.open();
    }

    fn forget_views(&mut self) {
        self.palette = Palette::default();
        self.leaving = None;
        self.last_dir = None;
        self.help_is_open = false;
        self.windows.close();
        self.views = Views::default();
        self.inspector = Inspector::default();
    }

    fn title(&self) -> String {
        if self.bench.is_open() {
            format!("{} – Kinfolk", self.bench.study().doc().name)
        } else {
            "Kinfolk".to_owned()
        }
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        if self.ends_by_signal(ctx) {
            return;
        }
        if self.trouble.is_some() {
            return self.wait_in_trouble(ctx);
        }
        if let Err(caught) = guarded(|| self.advance(ctx)) {
            self.stop_at(&caught, Doing::Working, ctx);
        }
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        if self.trouble.is_some() {
            return self.trouble_ui(ui);
        }
        let title = self.title();
        if let Err(caught) = guarded(|| self.frame_ui(ui)) {
            let doing = Doing::Drawing(shown_view(self.bench.is_open(), self.prefs.view));
            return self.stop_at(&caught, doing, &ui.ctx().clone());
        }
        let ctx = ui.ctx();
        let shown = ctx.data(|data| data.get_temp::<String>(title_id()));
        if shown.as_ref() != Some(&title) {
            ctx.send_viewport_cmd(ViewportCommand::Title(title.clone()));
            ctx.data_mut(|data| data.insert_temp(title_id(), title));
        }
        if !self.actions.is_empty() {
            ctx.request_repaint();
        }
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        eframe::set_value(storage, eframe::APP_KEY, &self.prefs);
    }

    fn persist_egui_memory(&self) -> bool {
        false
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        // Whatever happens to the study, no program is left behind.
        guarded(|| self.bench.save_or_rescue()).ok();
        self.bench.end_jobs(MOST_LEAVING);
    }
}

/// Whether opening a path would put another study in place of the one that is open.
fn opens_study(path: &std::path::Path) -> bool {
    path.to_string_lossy().ends_with(crate::study::file::ENDING)
}

fn title_id() -> eframe::egui::Id {
    eframe::egui::Id::new("window title")
}
