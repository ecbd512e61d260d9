//! Asking for files and folders, and what is done with them.

use std::path::{Path, PathBuf};

use eframe::egui::Context;

use super::App;
use crate::study::{
    ClusterChoice, Command, Evaluator, EvolutionEdit, EvolutionId, ModelEdit, ModelId, file,
};
use crate::ui::action::{ClusterAction, Export, FileAction, Setting, WindowAction, WriteWhat};
use crate::ui::dialogs::{Filter, PickKind, PickRequest, Picked};
use crate::ui::windows::Place;
use crate::workbench::extracting::ExtractRequest;
use crate::workbench::hub_cache;
use crate::workbench::transplanting::TransplantRequest;

pub(super) enum Purpose {
    AddFolders,
    AddFiles,
    /// Search folders for models.
    Scan,
    OpenStudy,
    SaveStudy,
    /// Write a picture or a table of what is shown.
    Export(Export),
    ImportFiles,
    ImportFolders,
    /// Find a model again whose files have moved.
    Relocate(ModelId),
    OpenRecipe,
    /// Where the form that is open writes to.
    WritePlace {
        name: String,
        is_gguf: bool,
    },
    /// The GGUF file that another takes its metadata from.
    Template,
    /// Write a model with another tokenizer.
    WriteTransplant(TransplantRequest),
    WriteMixture,
    /// Extract an adapter.
    WriteAdapter(Box<ExtractRequest>),
    EvolutionFolder(EvolutionId),
    /// Where workers of a cluster take the children of an evolution from.
    EvolutionCluster(EvolutionId),
    SweepCluster,
    /// A folder that workers of a cluster work in.
    Cluster,
    TaskFiles,
    CallFolder,
    /// A folder whose models are listed beside those of the hub's cache.
    ScannedFolder,
}

const STUDIES: Filter = Filter::new("Kinfolk studies", &["json"]);
const TASKS: Filter = Filter::new("Tasks", &["jsonl", "txt"]);
const RECIPES: Filter = Filter::new("mergekit recipes", &["yaml", "yml", "md"]);
const SCORES: Filter = Filter::new("Tables and results", &["csv", "tsv", "json", "txt", "md"]);
const GGUF: Filter = Filter::new("GGUF files", &["gguf"]);
const WEIGHTS: Filter = Filter::new(
    "Weights: safetensors, GGUF, PyTorch",
    &["safetensors", "gguf", "bin", "pt", "pth", "ckpt"],
);

impl App {
    /// Asks for what serves a purpose; a dialog that is still open gives way.
    pub(super) fn ask(&mut self, purpose: Purpose, ctx: &Context) {
        let (title, kind) = self.words_of(&purpose);
        let request = PickRequest {
            title,
            kind,
            start_dir: self.start_dir(&purpose),
            places: self.places(),
        };
        self.purpose = Some(purpose);
        self.picker.start(request, ctx);
    }

    fn words_of(&self, purpose: &Purpose) -> (String, PickKind) {
        let doc = self.bench.study().doc();
        let files = |filter| PickKind::OpenFiles {
            filters: vec![filter],
        };
        let save = |name: &str, filter| PickKind::SaveFile {
            name: name.to_owned(),
            filters: vec![filter],
        };
        let (title, kind) = match purpose {
            Purpose::AddFolders => (
                "Add models: choose folders of checkpoints",
                PickKind::OpenFolders,
            ),
            Purpose::AddFiles => (
                "Add models: choose files of weights or adapters",
                files(WEIGHTS),
            ),
            Purpose::Scan => ("Scan folders for models", PickKind::OpenFolders),
            Purpose::OpenStudy => ("Open a study", files(STUDIES)),
            Purpose::SaveStudy => {
                let name = format!("{}{}", file_name(&doc.name), file::ENDING);
                ("Save the study as", save(&name, STUDIES))
            }
            Purpose::Export(export) => (&export.title[..], save(&export.name, export.filter)),
            Purpose::ImportFiles => (
                "Import scores: choose tables or result files",
                files(SCORES),
            ),
            Purpose::ImportFolders => (
                "Import results: choose folders of lm-evaluation-harness",
                PickKind::OpenFolders,
            ),
            Purpose::Relocate(id) => {
                let title = format!("Find {} again", doc.name_of(*id));
                let kind = match doc.model(*id).and_then(|model| model.path.as_deref()) {
                    Some(path) if is_weights(path) => files(WEIGHTS),
                    _ => PickKind::OpenFolders,
                };
                return (title, kind);
            }
            Purpose::OpenRecipe => ("Open a recipe", files(RECIPES)),
            Purpose::WritePlace { name, is_gguf } => {
                let name = file_name(name);
                match is_gguf {
                    true => (
                        "Write one GGUF file as",
                        save(&format!("{name}.gguf"), GGUF),
                    ),
                    false => ("Write a folder: name it", PickKind::SaveFolder { name }),
                }
            }
            Purpose::WriteTransplant(request) => {
                let [model, donor] =
                    [request.model, request.donor].map(|id| file_name(doc.name_of(id)));
                let name = format!("{model}-with-{donor}-tokens");
                let kind = PickKind::SaveFolder { name };
                ("Write the model: name its folder", kind)
            }
            Purpose::WriteMixture => {
                let name = self.bench.mixture().map_or("mixture", |own| &own.name);
                let kind = PickKind::SaveFolder {
                    name: file_name(name),
                };
                ("Write the mixture: name its folder", kind)
            }
            Purpose::Template => ("Choose a GGUF file of the same model", files(GGUF)),
            Purpose::WriteAdapter(request) => {
                let name = format!("{}-lora", file_name(doc.name_of(request.model)));
                let kind = PickKind::SaveFolder { name };
                ("Extract LoRA: name the folder of the adapter", kind)
            }
            Purpose::EvolutionFolder(_) => (
                "Choose the folder that children are written to",
                PickKind::OpenFolders,
            ),
            Purpose::EvolutionCluster(_) | Purpose::SweepCluster => (
                "Choose a folder that all workers see",
                PickKind::OpenFolders,
            ),
            Purpose::Cluster => ("Open a cluster folder", PickKind::OpenFolders),
            Purpose::TaskFiles => ("Choose files of tasks", files(TASKS)),
            Purpose::ScannedFolder => ("Choose folders that hold models", PickKind::OpenFolders),
            Purpose::CallFolder => (
                "Choose the folder that the evaluator runs in",
                PickKind::OpenFolders,
            ),
        };
        (title.to_owned(), kind)
    }

    /// Where a dialog starts: where the last one ended, else beside the study or the models.
    fn start_dir(&self, purpose: &Purpose) -> Option<PathBuf> {
        match purpose {
            Purpose::WritePlace { .. } => self.windows.writing.folder(),
            Purpose::WriteTransplant(request) => {
                let beside = || self.folder_of(request.model);
                self.usual_dir().or_else(beside)
            }
            Purpose::WriteAdapter(request) => {
                let beside = || self.folder_of(request.model);
                self.usual_dir().or_else(beside)
            }
            _ => self.usual_dir(),
        }
    }

    /// Folders that are likely to be wanted, as far as they are there.
    fn places(&self) -> Vec<(String, PathBuf)> {
        let study = self.bench.path().and_then(Path::parent);
        let named = [
            ("Hub cache", hub_cache()),
            ("Beside the study", study.map(Path::to_owned)),
            ("Last used", self.last_dir.clone()),
        ];
        let named = named.map(|(name, path)| Some((name.to_owned(), path?)));
        let own = self.prefs.folders.iter().map(|path| {
            let name = path.file_name().unwrap_or(path.as_os_str());
            (name.to_string_lossy().into_owned(), path.clone())
        });
        let all = named.into_iter().flatten().chain(own);
        let mut places: Vec<(String, PathBuf)> = Vec::new();
        for (name, path) in all.filter(|(_, path)| path.is_dir()) {
            if places.iter().all(|(_, known)| *known != path) {
                places.push((name, path));
            }
        }
        places
    }

    fn usual_dir(&self) -> Option<PathBuf> {
        let beside = || self.bench.path().and_then(Path::parent).map(Path::to_owned);
        (self.last_dir.clone()).or_else(|| beside().filter(|dir| self.is_of_user(dir)))
    }

    /// Models are not kept in the program's own folder.
    fn is_of_user(&self, dir: &Path) -> bool {
        !dir.starts_with(&self.bench.folders().data)
    }

    /// The folder and the name that the form begins with.
    pub(super) fn place_to_write(&self, what: WriteWhat) -> Place {
        let doc = self.bench.study().doc();
        let (name, beside) = match what {
            WriteWhat::Merge => {
                let draft = doc.shown_draft();
                let name = draft.map_or("merge", |draft| &draft.name[..]);
                (name, self.folder_of_parents())
            }
            WriteWhat::Again(id) => {
                let merge = self.bench.merges().iter().find(|m| m.id == id);
                let name = merge.map_or("merge", |merge| &merge.name[..]);
                let folder = merge.and_then(|merge| merge.order.out.parent());
                return Place {
                    name: file_name(name),
                    folder: folder.map(Path::to_owned),
                };
            }
            WriteWhat::Convert(id) => (doc.name_of(id), self.folder_of(id)),
        };
        let beside = || beside.filter(|dir| self.is_of_user(dir));
        Place {
            name: file_name(name),
            folder: self.usual_dir().or_else(beside),
        }
    }

    /// The folder that a model lies in.
    fn folder_of(&self, id: ModelId) -> Option<PathBuf> {
        let path = self.bench.study().doc().model(id)?.path.as_deref()?;
        path.parent().map(Path::to_owned)
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

    /// Does what the dialog was for; nothing where the user has cancelled it.
    pub(super) fn on_picked(&mut self, picked: Picked) {
        let (Some(purpose), Some(first)) = (self.purpose.take(), picked.paths.first().cloned())
        else {
            return;
        };
        self.last_dir = first.parent().map(Path::to_owned);
        match purpose {
            Purpose::AddFolders | Purpose::AddFiles => self.bench.add_paths(picked.paths),
            Purpose::Scan => {
                self.bench.scan_folders(picked.paths);
                self.windows.scan.open();
            }
            Purpose::OpenStudy => self.actions.push(FileAction::Open(first).into()),
            Purpose::OpenRecipe => {
                let kind = self.bench.open_recipe(&first);
                self.show_recipe(kind);
            }
            Purpose::WriteTransplant(request) => self.bench.transplant(request, &first),
            Purpose::EvolutionFolder(id) => self.set_evolution_folder(id, first),
            Purpose::EvolutionCluster(id) => self.set_evolution_cluster(id, first),
            Purpose::SweepCluster => self.windows.sweep.set_cluster(first),
            Purpose::Cluster => self.actions.push(ClusterAction::Open(first).into()),
            Purpose::TaskFiles => self.add_task_files(picked.paths),
            Purpose::CallFolder => self.set_call_folder(first),
            Purpose::ScannedFolder => {
                let folders = picked.paths.into_iter().map(Setting::AddFolder);
                let set = folders.map(|folder| WindowAction::Set(folder).into());
                self.actions.extend(set);
            }
            Purpose::WritePlace { .. } => self.windows.writing.set_place(&first),
            Purpose::Template => self.windows.writing.set_template(first),
            Purpose::WriteMixture => self.bench.write_mixture(&first, false),
            Purpose::WriteAdapter(request) => {
                self.bench.extract(*request, &first);
                self.windows.extraction.show();
            }
            Purpose::ImportFiles | Purpose::ImportFolders => self.bench.read_scores(picked.paths),
            Purpose::SaveStudy => self.bench.save_as(&first),
            Purpose::Relocate(id) => {
                let edit = ModelEdit::Relocate(id, first);
                self.bench.apply(Command::Model(edit));
            }
            Purpose::Export(export) => {
                self.bench
                    .write_file(&first, move || export.content.bytes());
            }
        }
    }

    fn set_evolution_folder(&mut self, id: EvolutionId, folder: PathBuf) {
        if let Some(evolution) = self.bench.study().doc().evolution(id) {
            let mut setup = evolution.setup.clone();
            setup.folder = Some(folder);
            let edit = EvolutionEdit::Change(id, Box::new(setup));
            self.bench.apply(Command::Evolution(edit));
        }
    }

    fn set_evolution_cluster(&mut self, id: EvolutionId, folder: PathBuf) {
        if let Some(evolution) = self.bench.study().doc().evolution(id) {
            let mut setup = evolution.setup.clone();
            let works = setup.cluster.as_ref().is_none_or(|own| own.works);
            setup.cluster = Some(ClusterChoice { folder, works });
            let edit = EvolutionEdit::Change(id, Box::new(setup));
            self.bench.apply(Command::Evolution(edit));
        }
    }

    /// Files of tasks are put to those that there are; other evaluators give way.
    fn add_task_files(&mut self, paths: Vec<PathBuf>) {
        let known = self.bench.study().doc().evaluator.tasks();
        let mut tasks = known.map_or_else(Vec::new, <[PathBuf]>::to_vec);
        tasks.extend(paths);
        tasks.sort();
        tasks.dedup();
        self.bench.set_evaluator(Evaluator::BuiltIn { tasks });
    }

    fn set_call_folder(&mut self, folder: PathBuf) {
        if let Some(mut call) = self.bench.study().doc().evaluator.command().cloned() {
            call.folder = Some(folder);
            self.bench.set_evaluator(Evaluator::Command { call });
        }
    }
}

/// Whether a model is a file of its own, not a folder.
fn is_weights(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|own| {
        let mut endings = WEIGHTS.extensions.iter();
        endings.any(|ending| own.eq_ignore_ascii_case(ending))
    })
}

/// A name without what file systems do not like.
pub(super) fn file_name(name: &str) -> String {
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
