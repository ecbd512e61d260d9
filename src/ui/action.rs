//! What a view asks for. A view reads the workbench and pushes actions; the app carries them
//! out between frames.

use std::path::PathBuf;
use std::sync::Arc;

use super::dialogs::Filter;
use super::format::Decimals;
use super::paper::{Format, Picture};
use crate::jobs::JobId;
use crate::merge::composition::Composition;
use crate::moe::{MoeRecipe, Purpose};
use crate::store::hub::{HubName, Offer};
use crate::study::{ClusterChoice, Command, DraftId, Evolution, EvolutionId, Import, ModelId};
use crate::workbench::ancestry::AncestryRequest;
use crate::workbench::composing::PredictionOptions;
use crate::workbench::extracting::ExtractRequest;
use crate::workbench::merging::MergeId;
use crate::workbench::proving::ProofRequest;
use crate::workbench::sweeping::Sweep;
use crate::workbench::tokens::TokensOf;
use crate::workbench::transplanting::TransplantRequest;
use crate::workbench::{Notice, WriteOrder};

#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    Study(Command),
    Go(View),
    /// Show what predicts gain in the study.
    ShowPredictors,
    File(FileAction),
    /// What is to become of a study that another program has, or has changed.
    Outside(Outside),
    /// Add what lies at these places to the study.
    AddModels(Vec<PathBuf>),
    Models(ModelsAction),
    Stored(StoredAction),
    Import(ImportAction),
    Merge(MergeAction),
    Mixture(MixtureAction),
    Write(WriteAction),
    /// Say whose tokens are looked at.
    ShowTokens(Option<TokensOf>),
    Extract(ExtractAction),
    Proof(ProofAction),
    Ancestry(AncestryAction),
    Lineage(LineageAction),
    Evolution(EvolutionAction),
    Evaluation(EvaluationAction),
    Sweep(SweepAction),
    Cluster(ClusterAction),
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
    /// A new study with the models at these places.
    NewOf(Vec<PathBuf>),
    AskToOpen,
    Open(PathBuf),
    Save,
    AskWhereToSave,
    /// Write the study as a page for those who have no Kinfolk.
    Report,
    Close,
    ForgetRecent(PathBuf),
    /// Open a study that the program carries, by its key.
    OpenBundled(&'static str),
    RestoreBundled(&'static str),
    OpenDemo,
    /// Open the demo family as it was at first.
    RestoreDemo,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ModelsAction {
    AskForFolders,
    AskForFiles,
    AskForNames,
    /// Show what lies in the hub's cache.
    BrowseHub,
    /// Ask for the name of a model on a store or on the hub.
    AskForStored,
    /// Ask for folders, and show which models lie below them.
    AskToScan,
    AskForTask,
    AskWhereIs(ModelId),
    Rename(ModelId),
    /// Compare two models tensor by tensor, and show what came out.
    Compare(ModelId, ModelId),
    /// Ask whether two models are related at all.
    Relate(ModelId, ModelId),
    /// Show what came of the last such question.
    ShowRelation,
    /// Show the window that gives a model another model's tokenizer.
    Transplant(ModelId),
    /// Ask for the folder that a model with another tokenizer is written to, then write it.
    AskWhereToTransplant(TransplantRequest),
    /// Measure what is not known of a base's family, or all of it anew.
    Measure {
        base: ModelId,
        anew: bool,
    },
    /// Measure what is not known of a base's family, and stay in this view.
    MeasureHere(ModelId),
}

/// About a model of the hub that is not in its cache.
#[derive(Clone, Debug, PartialEq)]
pub enum StoredAction {
    /// Ask the hub what it has of it.
    Ask(HubName),
    /// Download it, and add it to the study.
    Download(Offer),
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
    /// Ask how and where the draft on the canvas is written, then write it.
    AskWhereToWrite,
    Cancel(MergeId),
    /// Stop all merges that are written or wait for it.
    CancelAll,
    Retry(MergeId),
    /// Try a merge again, and replace the model that lies in its folder.
    Replace(MergeId),
    AskWhereToWriteAgain(MergeId),
    ClearDone,
}

/// What the form is about that asks how and where something is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteWhat {
    /// The draft on the canvas.
    Merge,
    /// A merge of the queue that was not written.
    Again(MergeId),
    /// A model in another format.
    Convert(ModelId),
}

#[derive(Clone, Debug, PartialEq)]
pub enum WriteAction {
    /// Open the form.
    Ask(WriteWhat),
    /// Look at what an order would make.
    Check(WriteOrder),
    Start {
        what: WriteWhat,
        order: WriteOrder,
        /// Whether a model that lies there is replaced.
        force: bool,
    },
    /// Ask for the place, which is a file or a folder of this name.
    AskWhere {
        name: String,
        is_gguf: bool,
    },
    AskForTemplate,
    /// Put what a model was converted to into the study.
    AddConverted(ModelId),
    /// Forget what a model was converted to.
    ForgetConversion(ModelId),
}

#[derive(Clone, Debug, PartialEq)]
pub enum MixtureAction {
    /// Begin a mixture of these models, and show it.
    New(Vec<ModelId>),
    /// Show the one that was begun.
    Show,
    Hide,
    Edit(Box<MoeRecipe>, Purpose),
    /// Ask for the folder that it is written to, then write it.
    AskWhereToWrite,
    Write {
        out: PathBuf,
        /// Whether a model that lies there is replaced.
        force: bool,
    },
    Cancel,
}

#[derive(Clone, Debug, PartialEq)]
pub enum AncestryAction {
    /// Show of which models a model was made.
    Show(ModelId),
    /// Look at the weights for it.
    LookCloser(AncestryRequest),
}

/// What is to become of the lineage that the weights propose; parents with their children.
#[derive(Clone, Debug, PartialEq)]
pub enum LineageAction {
    /// Work one out.
    Propose,
    /// Write these into the record.
    Accept(Vec<[ModelId; 2]>),
    Dismiss(Vec<[ModelId; 2]>),
    /// Let go of all of it.
    Close,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ExtractAction {
    /// Ask how an adapter is to be extracted from a model.
    Ask(ModelId),
    /// Show the extraction that was asked for last.
    Show,
    /// Ask for the folder that the adapter is written to, then extract it.
    AskWhere(Box<ExtractRequest>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum ProofAction {
    /// Ask what is known of a model's making.
    Ask(ModelId),
    /// The same with these for its parents.
    AskWith(ModelId, Vec<ModelId>),
    /// Look for the recipe, or verify.
    Start(Box<ProofRequest>),
    /// Show the proof that was asked for last.
    Show,
    /// Put the recipe that was found on the canvas.
    OpenRecipe,
    /// Write the recipe that was found into the record.
    Record,
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
    /// Ask for the folder from which workers of a cluster take children.
    AskForCluster(EvolutionId),
}

#[derive(Clone, Debug, PartialEq)]
pub enum SweepAction {
    /// Ask what of a draft is swept; show the sweep that runs, if one does.
    Ask(DraftId),
    AskForCluster,
    Start(DraftId, Box<Sweep>, Option<ClusterChoice>),
    Show,
    Stop,
    /// Put the recipe of a cell on the canvas, under this name.
    OpenRecipe(String, String),
    AddToStudy,
    Close,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ClusterAction {
    /// Ask for a folder that workers of a cluster work in, and show it.
    AskToOpen,
    Open(PathBuf),
    /// Join its parts into a study.
    Join,
    Close,
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
    Set(Setting),
    /// Ask for a folder whose models are listed beside those of the hub's cache.
    AskForScannedFolder,
    /// Scale of everything, 1.0 being normal.
    SetZoom(f32),
    OpenPalette,
    OpenHelp,
    OpenGuide,
    TakeTour,
    /// Give the keyboard to the next pane of the window.
    NextPane,
    PreviousPane,
    Quit,
    /// Do what would stop merges, evolutions or evaluations: stop them first.
    StopWorkAnd(Box<Action>),
    /// Go on with them, and forget what would have stopped them.
    GoOnWorking,
}

/// A setting of the program with its new value.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    Decimals(Decimals),
    Threads(Option<usize>),
    Memory(Option<u64>),
    Notifies(bool),
    AddFolder(PathBuf),
    RemoveFolder(PathBuf),
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
                    | FileAction::Report
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
    Stored: StoredAction,
    Import: ImportAction,
    Merge: MergeAction,
    Mixture: MixtureAction,
    Write: WriteAction,
    Extract: ExtractAction,
    Proof: ProofAction,
    Ancestry: AncestryAction,
    Lineage: LineageAction,
    Evolution: EvolutionAction,
    Evaluation: EvaluationAction,
    Sweep: SweepAction,
    Cluster: ClusterAction,
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
    Later(Later),
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

    /// The report of a study of that name.
    pub fn report(name: &str, content: Content) -> Self {
        Self {
            title: "Save the report as a page".to_owned(),
            name: format!("{name}.html"),
            filter: Filter::PAGE,
            content,
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
            content: Content::later(move || picture.file(format)),
        }
    }
}

/// The content of a file that takes its time; two are equal if they are the same.
#[derive(Clone)]
pub struct Later(Arc<dyn Fn() -> Result<Vec<u8>, String> + Send + Sync>);

impl PartialEq for Later {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl std::fmt::Debug for Later {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Later")
    }
}

impl Content {
    pub fn later(make: impl Fn() -> Result<Vec<u8>, String> + Send + Sync + 'static) -> Self {
        Self::Later(Later(Arc::new(make)))
    }

    /// The bytes of the file; a picture is drawn now.
    ///
    /// # Errors
    /// A sentence, if there is nothing to draw.
    pub fn bytes(&self) -> Result<Vec<u8>, String> {
        match self {
            Self::Bytes(bytes) => Ok(bytes.clone()),
            Self::Later(later) => (later.0)(),
        }
    }
}

/// Names every view once: its variant, its title where that is another word, and its icon.
macro_rules! views {
    (@title $view:ident) => { stringify!($view) };
    (@title $view:ident $title:literal) => { $title };
    ($($(#[$about:meta])* $view:ident $(= $title:literal)?: $icon:ident),* $(,)?) => {
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub enum View {
            $($(#[$about])* $view),*
        }

        impl View {
            pub const ALL: [Self; [$(View::$view),*].len()] = [$(Self::$view),*];

            pub const fn title(self) -> &'static str {
                match self {
                    $(Self::$view => views!(@title $view $($title)?)),*
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
    Next = "Next merge": COMPASS,
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
