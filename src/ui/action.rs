//! What a view asks for. A view reads the workbench and pushes actions; the app carries them
//! out between frames.

use std::path::PathBuf;

use super::dialogs::Filter;
use super::paper::{Format, Picture};
use crate::jobs::JobId;
use crate::merge::canvas::Composition;
use crate::study::{Command, DraftId, Evolution, EvolutionId, Import, ModelId};
use crate::workbench::Notice;
use crate::workbench::composing::Request;
use crate::workbench::merging::MergeId;

/// Something that the user asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// A change of the study.
    Study(Command),
    /// Another view.
    Go(View),
    /// Ask for folders of checkpoints to add.
    AskForModels,
    /// Ask for checkpoint files to add.
    AskForModelFiles,
    /// Ask for names of models that have no files here.
    AskForNames,
    /// Ask for a task to write scores of.
    AskForTask,
    /// Ask for a study to open.
    AskForStudy,
    /// Ask where to save the study from now on.
    AskWhereToSave,
    /// Ask where a model's files are now.
    AskForModelAgain(ModelId),
    /// Ask for tables and result files to import.
    AskForScores,
    /// Ask for a folder of result files to import.
    AskForResultFolder,
    /// Import the table on the clipboard.
    PasteScores,
    /// Take in a table.
    Import(Import),
    /// What is to become of a study that another program has, or has changed.
    Outside(Outside),
    /// Open this study.
    OpenStudy(PathBuf),
    /// Take this study off the list of recent ones.
    ForgetRecent(PathBuf),
    /// Start an empty study.
    NewStudy,
    /// Close the study.
    CloseStudy,
    /// Open a study that the program carries, by its key.
    OpenBundled(&'static str),
    /// Open it as it was at first.
    RestoreBundled(&'static str),
    /// Open the demo family.
    OpenDemo,
    /// Open the demo family as it was at first.
    RestoreDemo,
    /// Rename a model in its row.
    Rename(ModelId),
    /// Put a changed composition into a draft.
    EditDraft {
        /// Of which draft.
        id: DraftId,
        /// What it is now.
        composition: Box<Composition>,
        /// What was done, for the history: `Connect models`.
        title: String,
        /// Edits with the same key that follow each other are one step of undo.
        join: Option<String>,
    },
    /// Begin a draft by a template of these models, and show it on the canvas; `None` for the
    /// one that fits their number.
    Compose {
        /// Which of [`TEMPLATES`](crate::merge::canvas::TEMPLATES).
        template: Option<usize>,
        /// What is merged.
        models: Vec<ModelId>,
    },
    /// Begin a draft that is empty.
    ComposeNothing,
    /// Ask for a recipe or a merged folder, and put it on the canvas.
    AskForRecipe,
    /// Put the recipe that a model was made by back on the canvas.
    ReopenRecipe(ModelId),
    /// Work out what the draft on the canvas would make.
    LookAhead(Box<Request>),
    /// Ask for the folder that the draft on the canvas is written to, then write it.
    AskWhereToMerge,
    /// Write the draft on the canvas there.
    WriteMerge {
        /// The folder that is made.
        out: PathBuf,
        /// Whether a model that lies there is replaced.
        force: bool,
    },
    /// Stop a merge of the queue.
    CancelMerge(MergeId),
    /// Stop all merges that are written or wait for it.
    CancelMerges,
    /// Try a merge again that failed or was cancelled.
    RetryMerge(MergeId),
    /// Try a merge again, and replace the model that lies in its folder.
    ReplaceMerge(MergeId),
    /// Ask for another folder for a merge that failed, then try it again.
    AskWhereToMergeAgain(MergeId),
    /// Take what is done off the queue's list.
    ClearMerges,
    /// Put in a new evolution of the selected models or of the shown family, and show it.
    NewEvolution,
    /// Put in an evolution, and show it.
    AddEvolution(Box<Evolution>),
    /// Start an evolution, or let it go on.
    RunEvolution(EvolutionId),
    /// Stop an evolution after the child that is being made or judged.
    PauseEvolution(EvolutionId),
    /// Stop an evolution at once.
    StopEvolution(EvolutionId),
    /// Ask for the folder that an evolution's children are written to.
    AskForEvolutionFolder(EvolutionId),
    /// Judge models by the study's evaluator.
    Judge(Vec<ModelId>),
    /// Approve the study's command, and do what waited for it.
    ApproveCommand,
    /// Leave the study's command alone, and what waited for it.
    RefuseCommand,
    /// Show the window that says how models are judged.
    SetEvaluator,
    /// Read the task files of the built-in evaluator.
    ReadTaskFiles,
    /// Forget what the evaluator has said.
    ClearEvaluatorLog,
    /// Show what the evaluator says.
    ShowEvaluatorLog,
    /// Show what to merge next.
    SuggestNextMerge,
    /// Stop what is being judged.
    StopJudging,
    /// Ask for files of tasks for the built-in evaluator.
    AskForTaskFiles,
    /// Ask for the folder that the evaluator's program runs in.
    AskForCallFolder,
    /// Save now.
    Save,
    /// Measure what is not known of a base's family, or all of it anew.
    Measure {
        /// The base.
        base: ModelId,
        /// Forget what is known.
        anew: bool,
    },
    /// Measure what is not known of a base's family, and stay in this view.
    MeasureHere(ModelId),
    /// Stop a job.
    Cancel(JobId),
    /// Put a text on the clipboard, and say so: "{what} copied".
    Copy {
        /// The text.
        text: String,
        /// What it is, to begin a sentence with.
        what: String,
    },
    /// Say what was done, or why it could not be.
    Tell(Notice),
    /// Draw a picture beside the window, put it on the clipboard, and say so: "{what} copied".
    CopyPicture {
        /// The picture.
        picture: Picture,
        /// What it is, to begin a sentence with.
        what: String,
    },
    /// Ask where to write a file, then write it.
    Export(Export),
    /// Do something with the chart that is shown.
    Chart(ChartAsk),
    /// Show a file or folder in the file manager.
    Reveal(PathBuf),
    /// Show or hide the inspector.
    ToggleInspector,
    /// Light, dark, or as the system has it.
    SetTheme(eframe::egui::ThemePreference),
    /// Scale of everything, 1.0 being normal.
    SetZoom(f32),
    /// Forget kept results.
    ClearCache,
    /// Open the command palette.
    OpenPalette,
    /// Show the keyboard and what the program is.
    OpenHelp,
    /// End the program.
    Quit,
    /// Do what would stop merges, evolutions or evaluations: stop them first.
    StopWorkAnd(Box<Action>),
    /// Go on with them, and forget what would have stopped them.
    GoOnWorking,
}

/// What can be taken out of a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChartAsk {
    /// A file that scales.
    Svg,
    /// A picture as a file.
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
    /// Title of the dialog.
    pub title: String,
    /// The name that is proposed.
    pub name: String,
    /// Its kind.
    pub filter: Filter,
    /// What it will hold.
    pub content: Content,
}

/// What a file holds.
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

/// The views, in the order of the rail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum View {
    /// The table of models.
    #[default]
    Models,
    /// The matrix.
    Kinship,
    /// What the record says.
    Charts,
    /// Who descends from whom.
    Lineage,
    /// Compose a merge.
    Merge,
    /// Run generations.
    Evolution,
    /// Preferences of the program.
    Settings,
}

impl View {
    /// Every view.
    pub const ALL: [Self; 7] = [
        Self::Models,
        Self::Kinship,
        Self::Charts,
        Self::Lineage,
        Self::Merge,
        Self::Evolution,
        Self::Settings,
    ];

    /// The name on the rail.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Models => "Models",
            Self::Kinship => "Kinship",
            Self::Charts => "Charts",
            Self::Lineage => "Lineage",
            Self::Merge => "Merge",
            Self::Evolution => "Evolution",
            Self::Settings => "Settings",
        }
    }

    /// The icon on the rail.
    pub const fn icon(self) -> &'static str {
        use egui_phosphor::regular;
        match self {
            Self::Models => regular::TABLE,
            Self::Kinship => regular::GRID_FOUR,
            Self::Charts => regular::CHART_SCATTER,
            Self::Lineage => regular::TREE_STRUCTURE,
            Self::Merge => regular::GIT_MERGE,
            Self::Evolution => regular::DNA,
            Self::Settings => regular::GEAR_SIX,
        }
    }
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
    /// Decline that.
    ForgetBackup,
}
