//! The window as a whole: it hands the workbench to the views, collects what they ask for and
//! carries it out between frames. Nothing changes while a frame is being drawn.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::action::{Action, View};
use super::carry_out::Asked;
use super::commands::{self, Entry};
use super::dialogs::FilePicker;
use super::guard::Probes;
use super::inspector::Inspector;
use super::prefs::Prefs;
use super::shell;
use super::theme::{self, Tokens};
use super::trouble::{Doing, Trouble, guarded};
use super::views::{
    ChartsView, EvolutionView, Keys, KinshipView, LineageView, MergeView, ModelsView, settings,
    welcome,
};
use super::widgets::palette::{Palette, PaletteEntry};
use super::widgets::toast::{ToastKind, Toasts};
use super::windows::ImportView;
use crate::workbench::{Notice, NoticeKind, Workbench};
use eframe::egui::{Align2, Context, Event, Frame, Ui, ViewportCommand};

/// Below this width of the window there is no room for an inspector beside a view.
const ROOM_FOR_INSPECTOR: f32 = 900.0;

/// The longest that a program that judges is waited for when the window closes.
const MOST_LEAVING: std::time::Duration = std::time::Duration::from_secs(5);

/// The program's window.
pub struct App {
    pub(super) bench: Workbench,
    pub(super) prefs: Prefs,
    pub(super) palette: Palette,
    pub(super) toasts: Toasts,
    pub(super) picker: Box<dyn FilePicker>,
    pub(super) asked: Asked,
    pub(super) help_is_open: bool,
    pub(super) import: ImportView,
    pub(super) models: ModelsView,
    kinship: KinshipView,
    pub(super) charts: ChartsView,
    lineage: LineageView,
    merge: MergeView,
    pub(super) evolution: EvolutionView,
    inspector: Inspector,
    approval: shell::Approval,
    pub(super) actions: Vec<Action>,
    was_focused: bool,
    /// Whether the last frame left keys without a modifier to the program: what is open then
    /// is the first to hear them, and egui has closed it before anybody else can ask.
    keys: Keys,
    /// The bug whose page is shown in place of the window.
    pub(super) trouble: Option<Trouble>,
    pub(super) signal: Arc<AtomicBool>,
    pub(super) is_ending: bool,
    pub(super) probes: Probes,
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
            bench,
            prefs,
            palette: Palette::default(),
            toasts: Toasts::default(),
            picker,
            asked: Asked::default(),
            help_is_open: false,
            import: ImportView::default(),
            models: ModelsView::default(),
            kinship: KinshipView::default(),
            charts: ChartsView::default(),
            lineage: LineageView::default(),
            merge: MergeView::default(),
            evolution: EvolutionView::default(),
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
        app.open(paths);
        app
    }

    /// The workbench, for tests.
    pub fn workbench(&self) -> &Workbench {
        &self.bench
    }

    /// The workbench, for tests that do what takes a user many clicks.
    #[doc(hidden)]
    pub fn workbench_mut(&mut self) -> &mut Workbench {
        &mut self.bench
    }

    /// What is remembered, for tests.
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
            self.asked.leaving = Some(Action::OpenStudy(others.remove(at)));
        }
        self.bench.open_paths(others);
        for recipe in &recipes {
            self.bench.open_recipe(recipe);
            self.prefs.view = View::Merge;
        }
    }

    /// Everything between two frames: what jobs found, what the user asked for.
    fn advance(&mut self, ctx: &Context) {
        self.probes.working();
        self.bench.poll();
        self.look_at_disk_on_focus(ctx);
        self.take_drops_and_pastes(ctx);
        if let Some(picked) = self.picker.ui(ctx) {
            self.take_picked(picked);
        }
        let mut entries = commands::commands(&self.bench, self.prefs.zoom);
        if self.prefs.view == View::Merge && self.bench.study().doc().shown_draft().is_some() {
            // On the canvas these mean its nodes, not the models of the study.
            entries.retain(|entry| !entry.shortcut.as_ref().is_some_and(MergeView::takes));
        }
        self.open_import();
        self.ask_before_closing(ctx);
        let asks = self.picker.is_open()
            || self.asked.leaving.is_some()
            || self.bench.asked_command().is_some();
        let on_top = self.palette.is_open() || asks || self.help_is_open;
        if !on_top && !self.import.is_open() && !self.evolution.is_asking() {
            self.actions
                .extend(commands::pressed(ctx, &entries, self.keys));
        }
        for action in std::mem::take(&mut self.actions) {
            self.carry_out(action, ctx);
        }
        self.copy_drawn(ctx);
        for notice in self.bench.take_notices() {
            self.show_notice(notice);
        }
        self.ask_for_repaint(ctx);
    }

    pub(super) fn show_notice(&mut self, notice: Notice) {
        let kind = match notice.kind {
            NoticeKind::Done => ToastKind::Done,
            NoticeKind::Note => ToastKind::Note,
            NoticeKind::Failed => ToastKind::Failed,
        };
        self.toasts.push(kind, notice.title, notice.detail);
    }

    /// What was read comes to the import window, one after the other.
    fn open_import(&mut self) {
        if !self.import.is_open()
            && let Some(source) = self.bench.take_import_source()
        {
            self.import.open(source);
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
        if !ctx.text_edit_focused() && !self.import.is_open() {
            paths.extend(ctx.input_mut(|input| take_pasted_paths(&mut input.events)));
        }
        if !paths.is_empty() {
            self.open(paths);
        }
    }

    fn frame_ui(&mut self, ui: &mut Ui) {
        let t = Tokens::of(ui);
        let out = &mut self.actions;
        let keys = self.keys;
        let entries = commands::commands(&self.bench, self.prefs.zoom);
        shell::top_bar(ui, &self.bench, &entries, out);
        shell::others_bar(ui, &self.bench, out);
        shell::status_bar(ui, &self.bench, out);
        let view = self.shown_view();
        if let Some(view) = view {
            shell::rail(ui, self.bench.is_open(), view, &mut self.actions);
        }
        let out = &mut self.actions;
        // The child's panel stands where the inspector stands elsewhere.
        let without = matches!(self.prefs.view, View::Settings | View::Merge);
        let study_view = self.bench.is_open() && !without;
        let roomy = ui.ctx().content_rect().width() >= ROOM_FOR_INSPECTOR;
        if study_view && self.prefs.inspector && roomy {
            self.inspector.ui(ui, &self.bench, out);
        }
        self.probes.drawing();
        let frame = Frame::new().fill(t.background);
        eframe::egui::CentralPanel::default()
            .frame(frame)
            .show(ui, |ui| match view {
                None => welcome::ui(ui, &self.bench, out),
                Some(View::Models) => self.models.ui(ui, &self.bench, keys, out),
                Some(View::Kinship) => self.kinship.ui(ui, &self.bench, out),
                Some(View::Charts) => self.charts.ui(ui, &self.bench, out),
                Some(View::Merge) => self.merge.ui(ui, &self.bench, out),
                Some(View::Evolution) => self.evolution.ui(ui, &self.bench, out),
                Some(View::Lineage) => self.lineage.ui(ui, &self.bench, out),
                Some(View::Settings) => settings::ui(ui, &self.bench, &self.prefs, out),
            });
        shell::drop_target(ui, &self.bench);
        self.import.ui(ui.ctx(), &self.bench, &mut self.actions);
        if !self.picker.is_open() && !self.import.is_open() {
            let out = &mut self.actions;
            self.evolution.evaluator_ui(ui.ctx(), &self.bench, out);
        }
        self.palette_ui(ui.ctx(), entries);
        if self.help_is_open {
            self.help_is_open = shell::help(ui.ctx(), &commands::commands(&self.bench, 1.0));
        }
        if let Some(action) = &self.asked.leaving {
            shell::leaving(ui.ctx(), &self.bench, action, &mut self.actions);
        }
        self.approval.ui(ui.ctx(), &self.bench, &mut self.actions);
        if let Some(backup) = self.bench.backup() {
            shell::earlier_version(ui.ctx(), backup, &mut self.actions);
        }
        // Where the child's panel stands is the button that writes.
        let corner = match view {
            Some(View::Merge) => Align2::CENTER_BOTTOM,
            _ => Align2::RIGHT_BOTTOM,
        };
        self.toasts.show(ui.ctx(), corner);
        let taken = ui.ctx().any_popup_open() || ui.ctx().text_edit_focused() || self.help_is_open;
        let at_score = view == Some(View::Models) && self.models.is_at_score(&self.bench);
        self.keys = if taken
            || self.import.is_open()
            || self.evolution.is_asking()
            || self.palette.is_open()
            || self.models.is_asking()
            || self.bench.asked_command().is_some()
        {
            Keys::Taken
        } else if at_score {
            Keys::Cell
        } else {
            Keys::Free
        };
    }

    /// The view that is shown; `None` for the welcome screen.
    fn shown_view(&self) -> Option<View> {
        (self.bench.is_open() || self.prefs.view == View::Settings).then_some(self.prefs.view)
    }

    fn palette_ui(&mut self, ctx: &Context, mut entries: Vec<Entry>) {
        if !self.palette.is_open() {
            return;
        }
        if self.bench.is_open() && self.prefs.view == View::Charts {
            entries.extend(commands::charts(self.bench.study()));
        }
        entries.extend(commands::models(&self.bench));
        let keys: Vec<String> = entries
            .iter()
            .map(|e| e.shortcut.as_ref().map_or(String::new(), commands::keys))
            .collect();
        let rows: Vec<PaletteEntry<'_>> = entries
            .iter()
            .zip(&keys)
            .map(|(entry, keys)| PaletteEntry {
                title: &entry.title,
                group: entry.group,
                shortcut: keys,
                enabled: entry.enabled,
            })
            .collect();
        if let Some(chosen) = self.palette.show(ctx, &rows) {
            self.actions.push(entries.swap_remove(chosen).action);
        }
    }

    /// Forgets what the views keep.
    pub(super) fn forget_views(&mut self) {
        self.palette = Palette::default();
        self.asked = Asked::default();
        self.help_is_open = false;
        self.import = ImportView::default();
        self.models = ModelsView::default();
        self.kinship = KinshipView::default();
        self.charts = ChartsView::default();
        self.lineage = LineageView::default();
        self.merge = MergeView::default();
        self.evolution = EvolutionView::default();
        self.inspector = Inspector::default();
    }

    /// The title of the window: the study, and whether it is saved.
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
            let doing = Doing::Drawing(self.shown_view());
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

/// Whether a path is that of a recipe.
pub(super) fn is_recipe(path: &std::path::Path) -> bool {
    let ending = path.extension().and_then(|e| e.to_str());
    ending.is_some_and(|e| e.eq_ignore_ascii_case("yaml") || e.eq_ignore_ascii_case("yml"))
}

/// Whether opening a path would put another study in place of the one that is open.
fn opens_study(path: &std::path::Path) -> bool {
    path.to_string_lossy().ends_with(crate::study::file::ENDING)
}

fn title_id() -> eframe::egui::Id {
    eframe::egui::Id::new("window title")
}

/// The paths in pasted texts, which nobody else hears of then; all other texts are left to the
/// view, which may have cells for them.
fn take_pasted_paths(events: &mut Vec<Event>) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    events.retain(|event| {
        let Event::Paste(text) = event else {
            return true;
        };
        let found = pasted_paths(text);
        let is_taken = !found.is_empty();
        paths.extend(found);
        !is_taken
    });
    paths
}

/// Paths in a pasted text, one a line, with or without quotes or `file://`.
///
/// A text in which some line is no existing path is no list of paths and gives none.
pub(super) fn pasted_paths(text: &str) -> Vec<PathBuf> {
    let line = |line: &str| {
        let line = line.trim().trim_matches(['"', '\'']);
        let plain = line.strip_prefix("file://").unwrap_or(line);
        PathBuf::from(plain)
    };
    let lines: Vec<PathBuf> = text
        .lines()
        .filter(|l| !l.trim().is_empty())
        .map(line)
        .collect();
    if lines.iter().all(|path| path.is_absolute()) {
        lines
    } else {
        Vec::new()
    }
}
