//! Every command of the program with its shortcut: the one list that the palette, the menu
//! and the keyboard are made from.

use eframe::egui::{Context, Key, KeyboardShortcut, Modifiers, ThemePreference};

use super::action::{
    Action, AncestryAction, ChartAsk, ClusterAction, EvaluationAction, EvolutionAction,
    ExtractAction, FileAction, ImportAction, LineageAction, MergeAction, MixtureAction,
    ModelsAction, ProofAction, SweepAction, View, WindowAction, WriteAction, WriteWhat,
};
use super::views::{self, Keys, PREDICTORS, to_merge};
use super::windows::transplant_donors;
use crate::checkpoint::Kind;
use crate::figures;
use crate::kinship::{Aggregate, Measure, Metric, Scope};
use crate::merge::composition::TEMPLATES;
use crate::study::chart::ChartChoices;
use crate::study::{Command, ModelEdit, Order, Selection, Study, ViewEdit};
use crate::workbench::Workbench;
use crate::workbench::evolving::RunState;
use crate::workbench::library::LIBRARY;

pub struct Entry {
    /// What it does, as on its button.
    pub title: String,
    /// What it is called whatever it would do now: "Undo" for "Undo: add model".
    pub name: Option<&'static str>,
    /// The title at full length, where it is shortened.
    pub full: Option<String>,
    pub group: &'static str,
    pub shortcut: Option<KeyboardShortcut>,
    pub enabled: bool,
    pub action: Action,
}

impl Entry {
    fn new(group: &'static str, title: impl Into<String>, action: impl Into<Action>) -> Self {
        Self {
            title: title.into(),
            name: None,
            full: None,
            group,
            shortcut: None,
            enabled: true,
            action: action.into(),
        }
    }

    fn key(mut self, modifiers: Modifiers, key: Key) -> Self {
        self.shortcut = Some(KeyboardShortcut::new(modifiers, key));
        self
    }

    fn when(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self
    }
}

const NONE: Modifiers = Modifiers::NONE;
const CTRL: Modifiers = Modifiers::COMMAND;
const CTRL_SHIFT: Modifiers = Modifiers::COMMAND.plus(Modifiers::SHIFT);

/// Bounds of the zoom, beyond which the window holds nothing, or nothing can be read.
pub const LEAST_ZOOM: f32 = 0.6;
pub const MOST_ZOOM: f32 = 2.5;

pub fn commands(bench: &Workbench, zoom: f32) -> Vec<Entry> {
    let mut out = Vec::new();
    file_commands(&mut out, bench);
    edit_commands(&mut out, bench.study());
    model_commands(&mut out, bench);
    import_commands(&mut out);
    kinship_commands(&mut out, bench.study());
    merge_commands(&mut out, bench);
    run_commands(&mut out, bench);
    evolution_commands(&mut out, bench);
    view_commands(&mut out, bench, zoom);
    out
}

/// What can be done while charts are shown: each chart, and what can be taken out of it.
pub fn charts(study: &Study) -> Vec<Entry> {
    let choices = &study.doc().view.charts;
    let show = |chart: &figures::Chart| {
        let choices = ChartChoices {
            kind: chart.kind,
            ..choices.clone()
        };
        let title = format!("Show {}", chart.title.to_lowercase());
        let edit = ViewEdit::Charts(Box::new(choices));
        Entry::new("Chart", title, Command::View(edit))
    };
    let take_out = |(ask, _, words): (ChartAsk, _, _)| Entry::new("Chart", words, ask);
    let shown = figures::charts().map(show);
    shown
        .chain(ChartAsk::ALL.into_iter().map(take_out))
        .collect()
}

/// A command for each model, to find it by name.
pub fn models(bench: &Workbench) -> Vec<Entry> {
    let select = |id| Command::Select(Selection::Models(vec![id]));
    let models = bench.study().doc().models.iter();
    let entry = |m: &crate::study::Model| Entry {
        full: Some(m.name.clone()),
        ..Entry::new("Select model", bench.short(m.id), select(m.id))
    };
    models.map(entry).collect()
}

/// Takes the shortcuts that were pressed, but for those that the view means otherwise. While
/// something on top or a field of text has the keyboard, keys that mean something to it are left
/// alone.
pub fn pressed(
    ctx: &Context,
    entries: &[Entry],
    keys: Keys,
    of_view: impl Fn(&KeyboardShortcut) -> bool,
) -> Vec<Action> {
    let free = |s: &KeyboardShortcut| {
        // Who writes in a field wants to get out of it, too.
        let leads_out = s.logical_key == Key::F6;
        let of_text = s.modifiers.is_none() && !leads_out
            || matches!(
                s.logical_key,
                Key::Z | Key::Y | Key::A | Key::C | Key::X | Key::V
            );
        let of_cell = s.modifiers.is_none() && s.logical_key == Key::Delete;
        !(keys == Keys::Taken && of_text || keys == Keys::Cell && of_cell || of_view(s))
    };
    let mut with_keys: Vec<&Entry> = entries
        .iter()
        .filter(|e| e.enabled && e.shortcut.as_ref().is_some_and(free))
        .collect();
    // The one with more modifiers is asked first, or Ctrl O would swallow Ctrl Shift O.
    with_keys.sort_by_key(|e| !e.shortcut.is_some_and(|s| s.modifiers.shift));
    ctx.input_mut(|input| {
        let taken = with_keys
            .into_iter()
            .filter(|e| e.shortcut.is_some_and(|s| input.consume_shortcut(&s)));
        taken.map(|e| e.action.clone()).collect()
    })
}

pub fn keys(shortcut: &KeyboardShortcut) -> String {
    let m = shortcut.modifiers;
    let mut parts = Vec::new();
    if m.command || m.ctrl {
        parts.push(if cfg!(target_os = "macos") {
            "⌘"
        } else {
            "Ctrl"
        });
    }
    if m.shift {
        parts.push("Shift");
    }
    parts.push(match shortcut.logical_key {
        Key::Plus => "+",
        Key::Minus => "−",
        Key::Delete => "Del",
        key => key.name(),
    });
    parts.join(" ")
}

fn file_commands(out: &mut Vec<Entry>, bench: &Workbench) {
    let (group, open) = ("Study", bench.is_open());
    out.extend([
        Entry::new(group, "New study", FileAction::New).key(CTRL, Key::N),
        Entry::new(group, "Open study…", FileAction::AskToOpen).key(CTRL, Key::O),
        (Entry::new(group, "Save", FileAction::Save).key(CTRL, Key::S)).when(open),
        (Entry::new(group, "Save as…", FileAction::AskWhereToSave).key(CTRL_SHIFT, Key::S))
            .when(open),
        Entry::new(group, "Save a report…", FileAction::Report).when(open),
        (Entry::new(group, "Close study", FileAction::Close).key(CTRL, Key::W)).when(open),
        Entry::new(group, "Explore the demo", FileAction::OpenDemo),
        Entry::new(group, "Restore the demo", FileAction::RestoreDemo),
    ]);
    // The studies that the program carries.
    out.extend(LIBRARY.iter().map(|bundled| {
        let title = format!("Open the record: {}", bundled.title);
        Entry::new(group, title, FileAction::OpenBundled(bundled.key))
    }));
    out.extend(bench.open_record().map(|bundled| {
        let title = format!("Restore the record: {}", bundled.title);
        Entry::new(group, title, FileAction::RestoreBundled(bundled.key))
    }));
}

fn edit_commands(out: &mut Vec<Entry>, study: &Study) {
    let history = study.history();
    let entry = |verb: &'static str, what: Option<&str>, command, modifiers| {
        let title = match what {
            Some(what) => format!("{verb}: {}", what.to_lowercase()),
            None => verb.to_owned(),
        };
        let entry = Entry {
            name: Some(verb),
            ..Entry::new("Edit", title, command)
        };
        entry.key(modifiers, Key::Z).when(what.is_some())
    };
    out.extend([
        entry("Undo", history.undo_title(), Command::Undo, CTRL),
        entry("Redo", history.redo_title(), Command::Redo, CTRL_SHIFT),
    ]);
}

fn model_commands(out: &mut Vec<Entry>, bench: &Workbench) {
    let (group, study, open) = ("Models", bench.study(), bench.is_open());
    let selected = study.selection().models();
    let some = !selected.is_empty();
    let all: Vec<_> = study.doc().models.iter().map(|m| m.id).collect();
    let select_all = Command::Select(Selection::Models(all.clone()));
    let select_nothing = Command::Select(Selection::Nothing);
    let shown = study.doc().shown_base();
    let base = shown.unwrap_or_default();
    let can_measure = shown.is_some() && bench.measuring(base).is_none();
    let measure = |anew| ModelsAction::Measure { base, anew };
    out.extend([
        Entry::new(group, "Add models…", ModelsAction::AskForFolders).key(CTRL_SHIFT, Key::O),
        Entry::new(group, "Add model files…", ModelsAction::AskForFiles),
        Entry::new(
            group,
            "Add models from the hub's cache…",
            ModelsAction::BrowseHub,
        ),
        Entry::new(
            group,
            "Add models from a store or the hub…",
            ModelsAction::AskForStored,
        ),
        Entry::new(group, "Scan a folder for models…", ModelsAction::AskToScan),
        Entry::new(group, "Open a cluster folder…", ClusterAction::AskToOpen),
        Entry::new(group, "Add models by name…", ModelsAction::AskForNames).when(open),
        Entry::new(group, "Add task…", ModelsAction::AskForTask).when(open),
        (Entry::new(group, "Select all models", select_all).key(CTRL, Key::A))
            .when(!all.is_empty()),
        (Entry::new(group, "Select nothing", select_nothing).key(NONE, Key::Escape)).when(some),
        (Entry::new(group, "Measure kinship", measure(false)).key(CTRL, Key::M))
            .when(can_measure && bench.family(base).unmeasured() > 0),
        Entry::new(group, "Measure kinship anew", measure(true))
            .when(can_measure && bench.measured(base).is_some()),
        Entry::new(group, "Propose a lineage…", LineageAction::Propose)
            .when(bench.propose_objection().is_none()),
    ]);
    if let [one] = selected[..] {
        let fits = |&id: &_| id != one && bench.fits(one, id);
        let others = all.into_iter().filter(fits).collect();
        let name = study.doc().name_of(one);
        let set_base = Command::Model(ModelEdit::SetBase(others, Some(one)));
        let can_transplant = bench.transplant_objection(one).is_none()
            && transplant_donors(bench, one).next().is_some();
        let convert = WriteAction::Ask(WriteWhat::Convert(one));
        let can_convert = bench.convert_objection(one).is_none();
        out.extend([
            Entry::new(group, format!("Convert {name}…"), convert).when(can_convert),
            Entry::new(group, format!("Make {name} the base of all"), set_base),
            Entry::new(group, format!("Rename {name}…"), ModelsAction::Rename(one)),
            Entry::new(
                group,
                format!("Transplant a tokenizer to {name}…"),
                ModelsAction::Transplant(one),
            )
            .when(can_transplant),
            Entry::new(
                group,
                format!("Extract LoRA from {name}…"),
                ExtractAction::Ask(one),
            )
            .when(bench.extract_objection(one).is_none()),
            Entry::new(
                group,
                format!("Ancestry of {name}…"),
                AncestryAction::Show(one),
            )
            .when(bench.ancestry_objection(one).is_none()),
        ]);
    }
    if let [a, b] = selected[..] {
        let names = [a, b].map(|id| study.doc().name_of(id));
        let title = format!("Compare {} and {} tensor by tensor…", names[0], names[1]);
        let can = bench.compare_objection(a, b).is_none();
        out.push(Entry::new(group, title, ModelsAction::Compare(a, b)).when(can));
        let title = format!("Are {} and {} related?", names[0], names[1]);
        let can = bench.relate_objection(a, b).is_none();
        out.push(Entry::new(group, title, ModelsAction::Relate(a, b)).when(can));
    }
    if let [one] = selected[..] {
        let name = study.doc().name_of(one);
        let title = format!("Prove how {name} was made…");
        let can = bench.prove_objection(one).is_none();
        out.push(Entry::new(group, title, ProofAction::Ask(one)).when(can));
    }
    let last: [(bool, &str, Action); 3] = [
        (
            bench.proof().is_some(),
            "Show the last proof",
            ProofAction::Show.into(),
        ),
        (
            bench.relation().is_some(),
            "Show whether the last two are related",
            ModelsAction::ShowRelation.into(),
        ),
        (
            bench.extraction().is_some(),
            "Show the extracted adapter",
            ExtractAction::Show.into(),
        ),
    ];
    let there = last.into_iter().filter(|(is_there, ..)| *is_there);
    out.extend(there.map(|(_, title, action)| Entry::new(group, title, action)));
    let remove = Command::Model(ModelEdit::Remove(selected));
    out.push((Entry::new(group, "Remove from study", remove).key(NONE, Key::Delete)).when(some));
}

/// What is written down of models.
fn import_commands(out: &mut Vec<Entry>) {
    let group = "Record";
    out.extend([
        Entry::new(group, "Import scores…", ImportAction::AskForFiles).key(CTRL_SHIFT, Key::I),
        Entry::new(
            group,
            "Import a folder of results…",
            ImportAction::AskForFolder,
        ),
        // Every key that means pasting arrives as a paste, never as a key.
        Entry::new(group, "Paste scores…", ImportAction::Paste),
    ]);
}

fn merge_commands(out: &mut Vec<Entry>, bench: &Workbench) {
    let (group, models) = ("Merge", to_merge(bench));
    // Its base may be among them.
    let selected = bench.study().selection().models();
    let compose = |template, most: usize| MergeAction::Compose {
        template,
        models: models.iter().copied().take(most).collect(),
    };
    let title = "Compose merge of the selected models";
    out.push(
        (Entry::new(group, title, compose(None, usize::MAX)).key(CTRL_SHIFT, Key::M))
            .when(selected.len() > 1),
    );
    out.extend(TEMPLATES.iter().enumerate().map(|(k, template)| {
        let (least, most) = template.models;
        let title = format!("New merge: {}", template.title);
        Entry::new(group, title, compose(Some(k), most)).when(models.len() >= least)
    }));
    out.extend([
        Entry::new(
            group,
            "New merge: empty canvas",
            MergeAction::ComposeNothing,
        )
        .when(bench.is_open()),
        Entry::new(
            group,
            "New mixture of experts…",
            MixtureAction::New(selected.clone()),
        )
        .when(selected.len() > 1),
        Entry::new(group, "Open a recipe…", MergeAction::AskForRecipe).key(CTRL_SHIFT, Key::R),
        (Entry::new(group, "Write merge…", MergeAction::AskWhereToWrite).key(CTRL, Key::Enter))
            .when(bench.is_ready_to_write()),
    ]);
    if let Some(draft) = bench.study().doc().shown_draft() {
        let copy = Action::copy("Recipe", draft.sheet.text.clone());
        out.push(Entry::new(group, "Copy the recipe", copy));
        let sweep = SweepAction::Ask(draft.id);
        out.push(Entry::new(group, "Sweep the recipe…", sweep).when(bench.is_ready_to_write()));
    }
    if bench.sweep().is_some() {
        out.push(Entry::new(group, "Show the sweep", SweepAction::Show));
    }
    if bench.mixture().is_some() {
        let title = "Show the mixture of experts";
        out.push(Entry::new(group, title, MixtureAction::Show));
    }
    if bench.is_writing() {
        out.push(Entry::new(
            group,
            "Stop writing merges",
            MergeAction::CancelAll,
        ));
    }
}

/// Evolutions by name: what each can be asked for as it stands.
fn run_commands(out: &mut Vec<Entry>, bench: &Workbench) {
    let group = "Evolution";
    out.push(Entry::new(group, "New evolution", EvolutionAction::New).when(bench.is_open()));
    for evolution in &bench.study().doc().evolutions {
        let id = evolution.id;
        let run = EvolutionAction::Run(id);
        let pause = ("Pause evolution", EvolutionAction::Pause(id));
        let can = match bench.run_state(id) {
            RunState::Running(_) => vec![pause, ("Stop evolution", EvolutionAction::Stop(id))],
            RunState::Waiting(_) => vec![pause],
            RunState::Ready => vec![("Run evolution", run)],
            _ => vec![("Resume evolution", run)],
        };
        let entry =
            |(verb, action)| Entry::new(group, format!("{verb} {}", evolution.name), action);
        out.extend(can.into_iter().map(entry));
    }
}

/// What to merge next, and who judges what was merged.
fn evolution_commands(out: &mut Vec<Entry>, bench: &Workbench) {
    let (group, open) = ("Evolution", bench.is_open());
    let selected = bench.study().selection().models();
    let can = bench.evaluator_objection().is_none()
        && views::evaluate_objection(bench, &selected).is_none();
    let start = EvaluationAction::Start(selected);
    out.extend([
        Entry::new(group, "Suggest next merge", View::Next).when(open),
        Entry::new(group, "Evaluate the selected models", start).when(can),
        Entry::new(
            group,
            "Choose how models are judged…",
            EvaluationAction::ShowSetup,
        )
        .when(open),
        Entry::new(group, "Show the evaluation log", EvaluationAction::ShowLog).when(open),
    ]);
    if !bench.being_evaluated().is_empty() {
        out.push(Entry::new(group, "Stop evaluating", EvaluationAction::Stop));
    }
}

/// How kinship is shown: each choice of the controls over the matrix.
fn kinship_commands(out: &mut Vec<Entry>, study: &Study) {
    let view = &study.doc().view;
    let some = !study.doc().models.is_empty();
    let mut choose = |title: String, edit: ViewEdit| {
        out.push(Entry::new("Kinship", title, Command::View(edit)).when(some));
    };
    for &metric in Metric::ALL {
        let measure = Measure {
            metric,
            ..view.measure
        };
        choose(
            format!("Measure by {}", metric.title),
            ViewEdit::Measure(measure),
        );
    }
    for aggregate in Aggregate::ALL {
        let measure = Measure {
            aggregate,
            ..view.measure
        };
        choose(aggregate.title().to_owned(), ViewEdit::Measure(measure));
    }
    for kind in std::iter::once(None).chain(Kind::ALL.into_iter().map(Some)) {
        let scope = Scope {
            kind,
            ..view.measure.scope
        };
        let title = kind.map_or("all".to_owned(), |kind| kind.title().to_owned());
        let measure = Measure {
            scope,
            ..view.measure
        };
        choose(format!("Show {title} tensors"), ViewEdit::Measure(measure));
    }
    for order in Order::ALL {
        choose(
            format!("Order {}", order.title().to_lowercase()),
            ViewEdit::Order(order),
        );
    }
    let hidden = study.doc().models.iter().filter(|model| model.is_hidden);
    let hidden: Vec<_> = hidden.map(|model| model.id).collect();
    let is_any = !hidden.is_empty();
    let show = Command::Model(ModelEdit::Unhide(hidden));
    out.push(Entry::new("Kinship", "Show hidden models", show).when(is_any));
}

fn view_commands(out: &mut Vec<Entry>, bench: &Workbench, zoom: f32) {
    let (group, open) = ("View", bench.is_open());
    // As the rail says: the first view is 1.
    let numbers = (1..=9).filter_map(|n: u8| Key::from_name(&n.to_string()));
    out.extend(View::ALL.into_iter().zip(numbers).map(|(view, key)| {
        (Entry::new(group, view.title(), view).key(CTRL, key)).when(open || view == View::Settings)
    }));
    out.push(Entry::new(group, PREDICTORS, Action::ShowPredictors).when(open));
    let forget = Command::View(ViewEdit::ForgetDismissed);
    let some = !bench.study().doc().view.dismissed.is_empty();
    out.push(Entry::new(group, "Show dismissed findings", forget).when(some));
    let (theme, zoomed) = (WindowAction::SetTheme, WindowAction::SetZoom);
    out.extend([
        (Entry::new(group, "Inspector", WindowAction::ToggleInspector).key(CTRL, Key::I))
            .when(open),
        Entry::new(group, "Light theme", theme(ThemePreference::Light)),
        Entry::new(group, "Dark theme", theme(ThemePreference::Dark)),
        Entry::new(group, "Theme of the system", theme(ThemePreference::System)),
        (Entry::new(group, "Larger", zoomed(zoom + 0.1)).key(CTRL, Key::Plus))
            .when(zoom < MOST_ZOOM),
        (Entry::new(group, "Smaller", zoomed(zoom - 0.1)).key(CTRL, Key::Minus))
            .when(zoom > LEAST_ZOOM),
        Entry::new(group, "Normal size", zoomed(1.0)).key(CTRL, Key::Num0),
        Entry::new(group, "Next pane", WindowAction::NextPane).key(NONE, Key::F6),
        Entry::new(group, "Previous pane", WindowAction::PreviousPane)
            .key(Modifiers::SHIFT, Key::F6),
    ]);
    let group = "Program";
    out.extend([
        Entry::new(group, "Search commands…", WindowAction::OpenPalette).key(CTRL, Key::K),
        Entry::new(group, "Keyboard and help", WindowAction::OpenHelp).key(NONE, Key::F1),
        Entry::new(group, "Guide", WindowAction::OpenGuide).key(Modifiers::SHIFT, Key::F1),
        Entry::new(group, "Take the tour", WindowAction::TakeTour).when(open),
        Entry::new(group, "Quit", WindowAction::Quit).key(CTRL, Key::Q),
    ]);
}
