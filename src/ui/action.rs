//! What a view asks for. A view reads the workbench and pushes actions; the app carries them
//! out between frames.

use std::path::PathBuf;

use super::dialogs::Filter;
use super::paper::{Format, Picture};
use crate::jobs::JobId;
use crate::merge::composition::Composition;
use crate::study::{Command, DraftId, Evolution, EvolutionId, Import, ModelId};
use crate::workbench::Notice;
use crate::workbench::composing::PredictionOptions;
use crate::workbench::merging::MergeId;

/// Something that the user asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// A change of the study.
    Study(Command),
    Go(View),
    File(FileAction),
    /// What is to become of a study that another program has, or has changed.
    Outside(Outside),
    /// About models and their kinship.
    Models(ModelsAction),
    Import(ImportAction),
    Merge(MergeAction),
    Evolution(EvolutionAction),
    Evaluation(EvaluationAction),
    /// About the window and the program.
    Window(WindowAction),
    /// Do something with the chart that is shown.
    Chart(ChartAsk),
    /// Ask where to write a file, then write it.
    Export(Export),
    /// Draw a picture beside the window, put it on the clipboard, and say so: "{what} copied".
    CopyPicture {
        picture: Picture,
        /// What it is, to begin a sentence with.
        what: String,
    },
    /// Put a text on the clipboard, and say so: "{what} copied".
    Copy {
        text: String,
        /// What it is, to begin a sentence with.
        what: String,
    },
    /// Say what was done, or why it could not be.
    Tell(Notice),
    /// Show a file or folder in the file manager.
    Reveal(PathBuf),
    Cancel(JobId),
    ClearCache,
}

#[derive(Clone, Debug, PartialEq)]
pub enum FileAction {
    /// Start an empty study.
    New,
    AskToOpen,
    Open(PathBuf),
    Save,
    /// Ask where to save the study from now on.
    AskWhereToSave,
    Close,
    /// Take this study off the list of recent ones.
    ForgetRecent(PathBuf),
    /// Open a study that the program carries, by its key.
    OpenBundled(&'static str),
    /// Open it as it was at first.
    RestoreBundled(&'static str),
    OpenDemo,
    /// Open the demo family as it was at first.
    RestoreDemo,
}

/// About models and their kinship.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelsAction {
    /// Ask for folders of checkpoints to add.
    AskForFolders,
    /// Ask for checkpoint files to add.
    AskForFiles,
    /// Ask for names of models that have no files here.
    AskForNames,
    /// Ask for a task to write scores of.
    AskForTask,
    /// Ask where a model's files are now.
    AskWhereIs(ModelId),
    Rename(ModelId),
    /// Measure what is not known of a base's family, or all of it anew.
    Measure {
        base: ModelId,
        anew: bool,
    },
    /// Measure what is not known of a base's family, and stay in this view.
    MeasureHere(ModelId),
}

#[derive(Clone, Debug, PartialEq)]
pub enum ImportAction {
    /// Ask for tables and result files to import.
    AskForFiles,
    /// Ask for a folder of result files to import.
    AskForFolder,
    /// Import the table on the clipboard.
    Paste,
    Take(Import),
}

#[derive(Clone, Debug, PartialEq)]
pub enum MergeAction {
    /// Put a changed composition into a draft.
    Edit {
        id: DraftId,
        composition: Box<Composition>,
        /// What was done, for the history: `Connect models`.
        title: String,
        /// Edits with the same key that follow each other are one step of undo.
        join: Option<String>,
    },
    /// Begin a draft by a template of these models, and show it on the canvas; `None` for the
    /// one that fits their number.
    Compose {
        /// Which of [`TEMPLATES`](crate::merge::composition::TEMPLATES).
        template: Option<usize>,
        models: Vec<ModelId>,
    },
    /// Begin a draft that is empty.
    ComposeNothing,
    /// Ask for a recipe or a merged folder, and put it on the canvas.
    AskForRecipe,
    /// Put the recipe that a model was made by back on the canvas.
    ReopenRecipe(ModelId),
    /// What is to be shown of what the draft on the canvas would make.
    ShowPrediction(PredictionOptions),
    /// Ask for the folder that the draft on the canvas is written to, then write it.
    AskWhereToWrite,
    /// Write the draft on the canvas there.
    Write {
        /// The folder that is made.
        out: PathBuf,
        /// Whether a model that lies there is replaced.
        force: bool,
    },
    /// Stop a merge of the queue.
    Cancel(MergeId),
    /// Stop all merges that are written or wait for it.
    CancelAll,
    /// Try a merge again that failed or was cancelled.
    Retry(MergeId),
    /// Try a merge again, and replace the model that lies in its folder.
    Replace(MergeId),
    /// Ask for another folder for a merge that failed, then try it again.
    AskWhereToWriteAgain(MergeId),
    /// Take what is done off the queue's list.
    ClearDone,
}

#[derive(Clone, Debug, PartialEq)]
pub enum EvolutionAction {
    /// Put in a new evolution of the selected models or of the shown family, and show it.
    New,
    /// Put in an evolution, and show it.
    Add(Box<Evolution>),
    /// Start an evolution, or let it go on.
    Run(EvolutionId),
    /// Stop an evolution after the child that is being made or judged.
    Pause(EvolutionId),
    /// Stop an evolution at once.
    Stop(EvolutionId),
    /// Ask for the folder that an evolution's children are written to.
    AskForFolder(EvolutionId),
    /// Show what to merge next.
    SuggestNext,
}

#[derive(Clone, Debug, PartialEq)]
pub enum EvaluationAction {
    /// Evaluate models by the study's evaluator.
    Start(Vec<ModelId>),
    /// Stop what is being evaluated.
    Stop,
    /// Approve the study's command, and do what waited for it.
    ApproveCommand,
    /// Leave the study's command alone, and what waited for it.
    RefuseCommand,
    /// Show the window that says how models are judged.
    ShowSetup,
    /// Forget what the evaluator has said.
    ClearLog,
    /// Show what the evaluator says.
    ShowLog,
    /// Ask for files of tasks for the built-in evaluator.
    AskForTaskFiles,
    /// Ask for the folder that the evaluator's program runs in.
    AskForFolder,
}

/// About the window and the program.
#[derive(Clone, Debug, PartialEq)]
pub enum WindowAction {
    /// Show or hide the inspector.
    ToggleInspector,
    /// Light, dark, or as the system has it.
    SetTheme(eframe::egui::ThemePreference),
    /// Scale of everything, 1.0 being normal.
    SetZoom(f32),
    OpenPalette,
    /// Show the keyboard and what the program is.
    OpenHelp,
    Quit,
    /// Do what would stop merges, evolutions or evaluations: stop them first.
    StopWorkAnd(Box<Action>),
    /// Go on with them, and forget what would have stopped them.
    GoOnWorking,
}

impl Action {
    /// Whether it ends the work on a study: it closes it, or the program.
    pub fn ends_work(&self) -> bool {
        match self {
            Self::File(action) => !matches!(
                action,
                FileAction::AskToOpen
                    | FileAction::Save
                    | FileAction::AskWhereToSave
                    | FileAction::ForgetRecent(_)
            ),
            Self::Window(action) => *action == WindowAction::Quit,
            _ => false,
        }
    }
}

macro_rules! rooms {
    ($($room:ident: $action:ty),*) => {
        $(impl From<$action> for Action {
            fn from(action: $action) -> Self {
                Self::$room(action)
            }
        })*
    };
}

rooms!(
    Study: Command,
    Go: View,
    File: FileAction,
    Models: ModelsAction,
    Import: ImportAction,
    Merge: MergeAction,
    Evolution: EvolutionAction,
    Evaluation: EvaluationAction,
    Window: WindowAction,
    Chart: ChartAsk
);

/// What can be taken out of a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChartAsk {
    Svg,
    Png,
    /// Everything that is drawn as a file.
    Csv,
    /// A picture on the clipboard.
    Picture,
    /// Everything that is drawn on the clipboard.
    Table,
}

impl ChartAsk {
    /// Each with its words in the menu of a chart, and among all commands.
    pub const ALL: [(Self, &'static str, &'static str); 5] = [
        (Self::Svg, "Save as SVG…", "Save chart as SVG…"),
        (Self::Png, "Save as PNG…", "Save chart as PNG…"),
        (Self::Csv, "Save as CSV…", "Save chart as CSV…"),
        (Self::Picture, "Copy picture", "Copy chart as picture"),
        (Self::Table, "Copy table", "Copy chart as table"),
    ];
}

/// A file to be written where the user says.
#[derive(Clone, Debug, PartialEq)]
pub struct Export {
    pub title: String,
    /// The name that is proposed.
    pub name: String,
    pub filter: Filter,
    pub content: Content,
}

#[derive(Clone, PartialEq)]
pub enum Content {
    /// These bytes.
    Bytes(Vec<u8>),
    /// What is drawn once it is wanted, beside the window.
    Drawn(Picture, Format),
}

impl Export {
    /// A table of `what`, which is called `stem`.
    pub fn table(what: &str, stem: &str, csv: Vec<u8>) -> Self {
        Self {
            title: format!("Save {what} as CSV"),
            name: format!("{stem}.csv"),
            filter: Filter::CSV,
            content: Content::Bytes(csv),
        }
    }

    /// A picture of `what`, which is called `stem`.
    pub fn picture(what: &str, stem: &str, picture: Picture, format: Format) -> Self {
        let (words, filter) = match format {
            Format::Svg => ("SVG", Filter::SVG),
            Format::Png => ("PNG", Filter::PNG),
        };
        Self {
            title: format!("Save {what} as {words}"),
            name: format!("{stem}.{}", words.to_lowercase()),
            filter,
            content: Content::Drawn(picture, format),
        }
    }
}

impl Content {
    /// The bytes of the file; a picture is drawn now.
    ///
    /// # Errors
    /// A sentence, if there is nothing to draw.
    pub fn bytes(&self) -> Result<Vec<u8>, String> {
        match self {
            Self::Bytes(bytes) => Ok(bytes.clone()),
            Self::Drawn(picture, format) => picture.file(*format),
        }
    }
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::Drawn(_, format) => write!(f, "{format:?}"),
        }
    }
}

/// Names every view once: its variant, which is its title too, and its icon.
macro_rules! views {
    ($($(#[$about:meta])* $view:ident: $icon:ident),* $(,)?) => {
        /// The views, in the order of the rail.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub enum View {
            $($(#[$about])* $view),*
        }

        impl View {
            pub const ALL: [Self; [$(View::$view),*].len()] = [$(Self::$view),*];

            /// The name on the rail.
            pub const fn title(self) -> &'static str {
                match self {
                    $(Self::$view => stringify!($view)),*
                }
            }

            /// The icon on the rail.
            pub const fn icon(self) -> &'static str {
                match self {
                    $(Self::$view => egui_phosphor::regular::$icon),*
                }
            }
        }
    };
}

views! {
    #[default]
    Models: TABLE,
    Kinship: GRID_FOUR,
    Charts: CHART_SCATTER,
    Lineage: TREE_STRUCTURE,
    Merge: GIT_MERGE,
    Evolution: DNA,
    Settings: GEAR_SIX,
}

/// What is to become of a study that another program has, or has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outside {
    /// Write it from here on.
    TakeOver,
    /// Take what the other program wrote.
    Reload,
    /// Write over what the other program wrote.
    KeepMine,
    /// Open the earlier version of a study that cannot be read.
    OpenBackup,
    ForgetBackup,
}
