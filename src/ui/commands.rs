//! Every command of the program with its shortcut: the one list that the palette, the menu
//! and the keyboard are made from.

use eframe::egui::{Context, Key, KeyboardShortcut, Modifiers, ThemePreference};

use super::action::{Action, ChartAsk, View};
use super::views::{self, Keys, to_merge};
use crate::checkpoint::Kind;
use crate::figures;
use crate::kinship::{Aggregate, Measure, Metric, Scope};
use crate::merge::canvas::TEMPLATES;
use crate::study::chart::ChartChoices;
use crate::study::{Command, ModelEdit, Order, Selection, Study, ViewEdit};
use crate::workbench::Workbench;
use crate::workbench::evolving::RunState;
use crate::workbench::library::LIBRARY;

/// A command as it stands now.
pub struct Entry {
    /// What it does, as on its button.
    pub title: String,
    /// Where it belongs.
    pub group: &'static str,
    /// Its key.
    pub shortcut: Option<KeyboardShortcut>,
    /// Whether it can be done now.
    pub enabled: bool,
    /// What it asks for.
    pub action: Action,
}

const CTRL: Modifiers = Modifiers::COMMAND;
const CTRL_SHIFT: Modifiers = Modifiers::COMMAND.plus(Modifiers::SHIFT);

/// Every command, in the order of the menu.
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
    let mut out = Vec::new();
    for chart in figures::charts() {
        let choices = ChartChoices {
            kind: chart.kind,
            ..choices.clone()
        };
        let title = format!("Show {}", chart.title.to_lowercase());
        let edit = ViewEdit::Charts(Box::new(choices));
        let action = Action::Study(Command::View(edit));
        push(&mut out, "Chart", title, None, true, action);
    }
    for (ask, _, words) in ChartAsk::ALL {
        push(&mut out, "Chart", words, None, true, Action::Chart(ask));
    }
    out
}

/// A command for each model, to find it by name.
pub fn models(bench: &Workbench) -> Vec<Entry> {
    let select = |id| Action::Study(Command::Select(Selection::Models(vec![id])));
    let models = bench.study().doc().models.iter();
    models
        .map(|m| Entry {
            title: m.name.clone(),
            group: "Select model",
            shortcut: None,
            enabled: true,
            action: select(m.id),
        })
        .collect()
}

/// Takes the shortcuts that were pressed. While something on top or a field of text has the
/// keyboard, keys that mean something to it are left alone.
pub fn pressed(ctx: &Context, entries: &[Entry], keys: Keys) -> Vec<Action> {
    let free = |s: &KeyboardShortcut| {
        let of_text = s.modifiers.is_none()
            || matches!(
                s.logical_key,
                Key::Z | Key::Y | Key::A | Key::C | Key::X | Key::V
            );
        let of_cell = s.modifiers.is_none() && s.logical_key == Key::Delete;
        !(keys == Keys::Taken && of_text || keys == Keys::Cell && of_cell)
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

/// A shortcut as it is shown: `Ctrl Shift O`.
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

fn push(
    out: &mut Vec<Entry>,
    group: &'static str,
    title: impl Into<String>,
    shortcut: Option<(Modifiers, Key)>,
    enabled: bool,
    action: Action,
) {
    let shortcut = shortcut.map(|(modifiers, key)| KeyboardShortcut::new(modifiers, key));
    out.push(Entry {
        title: title.into(),
        group,
        shortcut,
        enabled,
        action,
    });
}

fn file_commands(out: &mut Vec<Entry>, bench: &Workbench) {
    let open = bench.is_open();
    push(
        out,
        "Study",
        "New study",
        Some((CTRL, Key::N)),
        true,
        Action::NewStudy,
    );
    push(
        out,
        "Study",
        "Open study…",
        Some((CTRL, Key::O)),
        true,
        Action::AskForStudy,
    );
    push(
        out,
        "Study",
        "Save",
        Some((CTRL, Key::S)),
        open,
        Action::Save,
    );
    push(
        out,
        "Study",
        "Save as…",
        Some((CTRL_SHIFT, Key::S)),
        open,
        Action::AskWhereToSave,
    );
    push(
        out,
        "Study",
        "Close study",
        Some((CTRL, Key::W)),
        open,
        Action::CloseStudy,
    );
    push(
        out,
        "Study",
        "Explore the demo",
        None,
        true,
        Action::OpenDemo,
    );
    push(
        out,
        "Study",
        "Restore the demo",
        None,
        true,
        Action::RestoreDemo,
    );
    library_commands(out, bench);
}

/// The studies that the program carries.
fn library_commands(out: &mut Vec<Entry>, bench: &Workbench) {
    for bundled in &LIBRARY {
        push(
            out,
            "Study",
            format!("Open the record: {}", bundled.title),
            None,
            true,
            Action::OpenBundled(bundled.key),
        );
    }
    if let Some(bundled) = bench.open_record() {
        push(
            out,
            "Study",
            format!("Restore the record: {}", bundled.title),
            None,
            true,
            Action::RestoreBundled(bundled.key),
        );
    }
}

fn edit_commands(out: &mut Vec<Entry>, study: &Study) {
    let undo = study.history().undo_title();
    let redo = study.history().redo_title();
    let title = |verb: &str, what: Option<&str>| match what {
        Some(what) => format!("{verb}: {}", what.to_lowercase()),
        None => verb.to_owned(),
    };
    push(
        out,
        "Edit",
        title("Undo", undo),
        Some((CTRL, Key::Z)),
        undo.is_some(),
        Action::Study(Command::Undo),
    );
    push(
        out,
        "Edit",
        title("Redo", redo),
        Some((CTRL_SHIFT, Key::Z)),
        redo.is_some(),
        Action::Study(Command::Redo),
    );
}

fn model_commands(out: &mut Vec<Entry>, bench: &Workbench) {
    let study = bench.study();
    let selected = study.selection().models();
    let some = !selected.is_empty();
    let all: Vec<_> = study.doc().models.iter().map(|m| m.id).collect();
    let select_all = Action::Study(Command::Select(Selection::Models(all.clone())));
    push(
        out,
        "Models",
        "Add models…",
        Some((CTRL_SHIFT, Key::O)),
        true,
        Action::AskForModels,
    );
    push(
        out,
        "Models",
        "Add model files…",
        None,
        true,
        Action::AskForModelFiles,
    );
    let open = bench.is_open();
    let by_name = Action::AskForNames;
    push(out, "Models", "Add models by name…", None, open, by_name);
    push(out, "Models", "Add task…", None, open, Action::AskForTask);
    push(
        out,
        "Models",
        "Select all models",
        Some((CTRL, Key::A)),
        !all.is_empty(),
        select_all,
    );
    push(
        out,
        "Models",
        "Select nothing",
        Some((Modifiers::NONE, Key::Escape)),
        some,
        Action::Study(Command::Select(Selection::Nothing)),
    );
    let base = study.doc().shown_base();
    let known = |base| bench.family(base).unmeasured() == 0;
    push(
        out,
        "Models",
        "Measure kinship",
        Some((CTRL, Key::M)),
        base.is_some_and(|b| bench.measuring(b).is_none() && !known(b)),
        Action::Measure {
            base: base.unwrap_or_default(),
            anew: false,
        },
    );
    push(
        out,
        "Models",
        "Measure kinship anew",
        None,
        base.is_some_and(|b| bench.measuring(b).is_none() && bench.measured(b).is_some()),
        Action::Measure {
            base: base.unwrap_or_default(),
            anew: true,
        },
    );
    if let [one] = selected[..] {
        let others = all
            .into_iter()
            .filter(|&id| id != one && bench.fits(one, id))
            .collect();
        let name = study.doc().name_of(one);
        let set_base = Action::Study(Command::Model(ModelEdit::SetBase(others, Some(one))));
        push(
            out,
            "Models",
            format!("Make {name} the base of all"),
            None,
            true,
            set_base,
        );
        push(
            out,
            "Models",
            format!("Rename {name}…"),
            None,
            true,
            Action::Rename(one),
        );
    }
    let remove = Action::Study(Command::Model(ModelEdit::Remove(selected)));
    push(
        out,
        "Models",
        "Remove from study",
        Some((Modifiers::NONE, Key::Delete)),
        some,
        remove,
    );
}

/// What is written down of models.
fn import_commands(out: &mut Vec<Entry>) {
    push(
        out,
        "Record",
        "Import scores…",
        Some((CTRL_SHIFT, Key::I)),
        true,
        Action::AskForScores,
    );
    push(
        out,
        "Record",
        "Import a folder of results…",
        None,
        true,
        Action::AskForResultFolder,
    );
    push(
        out,
        "Record",
        "Paste scores…",
        // Every key that means pasting arrives as a paste, never as a key.
        None,
        true,
        Action::PasteScores,
    );
}

/// Ways to begin a merge, and to write the one on the canvas.
fn merge_commands(out: &mut Vec<Entry>, bench: &Workbench) {
    let models = to_merge(bench);
    let compose = |template, most: usize| Action::Compose {
        template,
        models: models.iter().copied().take(most).collect(),
    };
    push(
        out,
        "Merge",
        "Compose merge of the selected models",
        Some((CTRL_SHIFT, Key::M)),
        bench.study().selection().models().len() > 1,
        compose(None, usize::MAX),
    );
    for (k, template) in TEMPLATES.iter().enumerate() {
        let (least, most) = template.models;
        let title = format!("New merge: {}", template.title);
        let can = models.len() >= least;
        push(out, "Merge", title, None, can, compose(Some(k), most));
    }
    let open = bench.is_open();
    push(
        out,
        "Merge",
        "New merge: empty canvas",
        None,
        open,
        Action::ComposeNothing,
    );
    push(
        out,
        "Merge",
        "Open a recipe…",
        Some((CTRL_SHIFT, Key::R)),
        true,
        Action::AskForRecipe,
    );
    push(
        out,
        "Merge",
        "Write merge…",
        Some((CTRL, Key::Enter)),
        bench.is_ready_to_write(),
        Action::AskWhereToMerge,
    );
    if let Some(draft) = bench.study().doc().shown_draft() {
        let copy = Action::Copy {
            text: draft.sheet.text.clone(),
            what: "Recipe".to_owned(),
        };
        push(out, "Merge", "Copy the recipe", None, true, copy);
    }
    if bench.is_writing() {
        let title = "Stop writing merges";
        push(out, "Merge", title, None, true, Action::CancelMerges);
    }
}

/// Evolutions by name: what each can be asked for as it stands.
fn run_commands(out: &mut Vec<Entry>, bench: &Workbench) {
    let group = "Evolution";
    let open = bench.is_open();
    push(
        out,
        group,
        "New evolution",
        None,
        open,
        Action::NewEvolution,
    );
    for evolution in &bench.study().doc().evolutions {
        let (id, name) = (evolution.id, &evolution.name);
        let mut can = |verb: &str, action| {
            push(out, group, format!("{verb} {name}"), None, true, action);
        };
        match bench.run_state(id) {
            RunState::Running(_) => {
                can("Pause evolution", Action::PauseEvolution(id));
                can("Stop evolution", Action::StopEvolution(id));
            }
            RunState::Waiting(_) => can("Pause evolution", Action::PauseEvolution(id)),
            RunState::Ready => can("Run evolution", Action::RunEvolution(id)),
            _ => can("Resume evolution", Action::RunEvolution(id)),
        }
    }
}

/// What to merge next, and who judges what was merged.
fn evolution_commands(out: &mut Vec<Entry>, bench: &Workbench) {
    let open = bench.is_open();
    let group = "Evolution";
    let next = Action::SuggestNextMerge;
    push(out, group, "Suggest next merge", None, open, next);
    let selected = bench.study().selection().models();
    let can = bench.evaluator_objection().is_none()
        && views::evaluate_objection(bench, &selected).is_none();
    let title = "Evaluate the selected models";
    push(out, group, title, None, can, Action::Judge(selected));
    let title = "Choose how models are judged…";
    push(out, group, title, None, open, Action::SetEvaluator);
    let title = "Show the evaluation log";
    push(out, group, title, None, open, Action::ShowEvaluatorLog);
    if !bench.being_judged().is_empty() {
        let title = "Stop evaluating";
        push(out, group, title, None, true, Action::StopJudging);
    }
}

/// How kinship is shown: each choice of the controls over the matrix.
fn kinship_commands(out: &mut Vec<Entry>, study: &Study) {
    let view = &study.doc().view;
    let some = !study.doc().models.is_empty();
    let mut choose = |title: String, edit: ViewEdit| {
        let action = Action::Study(Command::View(edit));
        push(out, "Kinship", title, None, some, action);
    };
    for metric in Metric::ALL {
        let measure = Measure {
            metric,
            ..view.measure
        };
        choose(
            format!("Measure by {}", metric.title()),
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
}

fn view_commands(out: &mut Vec<Entry>, bench: &Workbench, zoom: f32) {
    // As the rail says: the first view is 1.
    let numbers = [
        Key::Num1,
        Key::Num2,
        Key::Num3,
        Key::Num4,
        Key::Num5,
        Key::Num6,
        Key::Num7,
    ];
    for (view, key) in View::ALL.into_iter().zip(numbers) {
        let enabled = bench.is_open() || view == View::Settings;
        push(
            out,
            "View",
            view.title(),
            Some((CTRL, key)),
            enabled,
            Action::Go(view),
        );
    }
    let inspector = Action::ToggleInspector;
    push(
        out,
        "View",
        "Inspector",
        Some((CTRL, Key::I)),
        bench.is_open(),
        inspector,
    );
    let theme = Action::SetTheme;
    push(
        out,
        "View",
        "Light theme",
        None,
        true,
        theme(ThemePreference::Light),
    );
    push(
        out,
        "View",
        "Dark theme",
        None,
        true,
        theme(ThemePreference::Dark),
    );
    push(
        out,
        "View",
        "Theme of the system",
        None,
        true,
        theme(ThemePreference::System),
    );
    let larger = Action::SetZoom(zoom + 0.1);
    let smaller = Action::SetZoom(zoom - 0.1);
    push(
        out,
        "View",
        "Larger",
        Some((CTRL, Key::Plus)),
        zoom < MOST_ZOOM,
        larger,
    );
    push(
        out,
        "View",
        "Smaller",
        Some((CTRL, Key::Minus)),
        zoom > LEAST_ZOOM,
        smaller,
    );
    push(
        out,
        "View",
        "Normal size",
        Some((CTRL, Key::Num0)),
        true,
        Action::SetZoom(1.0),
    );
    push(
        out,
        "Program",
        "Search commands…",
        Some((CTRL, Key::K)),
        true,
        Action::OpenPalette,
    );
    push(
        out,
        "Program",
        "Keyboard and help",
        Some((NONE, Key::F1)),
        true,
        Action::OpenHelp,
    );
    push(
        out,
        "Program",
        "Quit",
        Some((CTRL, Key::Q)),
        true,
        Action::Quit,
    );
}

const NONE: Modifiers = Modifiers::NONE;
/// Bounds of the zoom, beyond which the window holds nothing, or nothing can be read.
pub const LEAST_ZOOM: f32 = 0.6;
/// See [`LEAST_ZOOM`].
pub const MOST_ZOOM: f32 = 2.5;
