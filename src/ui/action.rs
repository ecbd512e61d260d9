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
use crate::workbench::extracting::ExtractRequest;
use crate::workbench::merging::MergeId;

#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    Study(Command),
    Go(View),
    File(FileAction),
    /// What is to become of a study that another program has, or has changed.
    Outside(Outside),
    Models(ModelsAction),
    Import(ImportAction),
    Merge(MergeAction),
    Extract(ExtractAction),
    Evolution(EvolutionAction),
    Evaluation(EvaluationAction),
    Window(WindowAction),
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
    Reveal(PathBuf),
    Cancel(JobId),
    ClearCache,
}

#[derive(Clone, Debug, PartialEq)]
pub enum FileAction {
    New,
    AskToOpen,
    Open(PathBuf),
    Save,
    AskWhereToSave,
    Close,
    ForgetRecent(PathBuf),
    /// Open a study that the program carries, by its key.
    OpenBundled(&'static str),
    RestoreBundled(&'static str),
    OpenDemo,
    /// Open the demo family as it was at first.
    RestoreDemo,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelsAction {
    AskForFolders,
    AskForFiles,
    AskForNames,
    AskForTask,
    AskWhereIs(ModelId),
    Rename(ModelId),
    /// Compare two models tensor by tensor, and show what came out.
    Compare(ModelId, ModelId),
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
    AskForFiles,
    AskForFolder,
    Paste,
    Take(Import),
}

#[derive(Clone, Debug, PartialEq)]
pub enum MergeAction {
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
    ComposeNothing,
    AskForRecipe,
    ReopenRecipe(ModelId),
    /// What is to be shown of what the draft on the canvas would make.
    ShowPrediction(PredictionOptions),
    /// Ask for the folder that the draft on the canvas is written to, then write it.
    AskWhereToWrite,
    Write {
        out: PathBuf,
        /// Whether a model that lies there is replaced.
        force: bool,
    },
    Cancel(MergeId),
    /// Stop all merges that are written or wait for it.
    CancelAll,
    Retry(MergeId),
    /// Try a merge again, and replace the model that lies in its folder.
    Replace(MergeId),
    AskWhereToWriteAgain(MergeId),
    ClearDone,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ExtractAction {
    /// Ask how an adapter is to be extracted from a model.
    Ask(ModelId),
    /// Show the extraction that was asked for last.
    Show,
    /// Ask for the folder that the adapter is written to, then extract it.
    AskWhere(Box<ExtractRequest>),
    /// Add the adapter in this folder to the study.
    Add(PathBuf),
}

#[derive(Clone, Debug, PartialEq)]
pub enum EvolutionAction {
    /// Put in a new evolution of the selected models or of the shown family, and show it.
    New,
    Add(Box<Evolution>),
    /// Start an evolution, or let it go on.
    Run(EvolutionId),
    /// Stop an evolution after the child that is being made or judged.
    Pause(EvolutionId),
    Stop(EvolutionId),
    AskForFolder(EvolutionId),
    SuggestNext,
}

#[derive(Clone, Debug, PartialEq)]
pub enum EvaluationAction {
    Start(Vec<ModelId>),
    Stop,
    ApproveCommand,
    RefuseCommand,
    ShowSetup,
    ClearLog,
    ShowLog,
    AskForTaskFiles,
    AskForFolder,
}

#[derive(Clone, Debug, PartialEq)]
pub enum WindowAction {
    ToggleInspector,
    SetTheme(eframe::egui::ThemePreference),
    /// Scale of everything, 1.0 being normal.
    SetZoom(f32),
    OpenPalette,
    OpenHelp,
    Quit,
    /// Do what would stop merges, evolutions or evaluations: stop them first.
    StopWorkAnd(Box<Action>),
    /// Go on with them, and forget what would have stopped them.
    GoOnWorking,
}

impl Action {
    /// Puts a text on the clipboard; `what` it is begins the message that says so.
    pub fn copy(what: impl Into<String>, text: impl Into<String>) -> Self {
        Self::Copy {
            text: text.into(),
            what: what.into(),
        }
    }

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
    Extract: ExtractAction,
    Evolution: EvolutionAction,
    Evaluation: EvaluationAction,
    Window: WindowAction,
    Chart: ChartAsk
);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChartAsk {
    Svg,
    Png,
    /// Everything that is drawn as a file.
    Csv,
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
    pub name: String,
    pub filter: Filter,
    pub content: Content,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Content {
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

/// Names every view once: its variant, which is its title too, and its icon.
macro_rules! views {
    ($($(#[$about:meta])* $view:ident: $icon:ident),* $(,)?) => {
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub enum View {
            $($(#[$about])* $view),*
        }

        impl View {
            pub const ALL: [Self; [$(View::$view),*].len()] = [$(Self::$view),*];

            pub const fn title(self) -> &'static str {
                match self {
                    $(Self::$view => stringify!($view)),*
                }
            }

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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outside {
    /// Write it from here on.
    TakeOver,
    /// Take what the other program wrote.
    Reload,
    /// Write over what the other program wrote.
    KeepMine,
    OpenBackup,
    ForgetBackup,
}
