//! An opened checkpoint: what it is, what it holds, and the way to its numbers.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::adapter::{Adapter, Base};
use super::config::Config;
use super::dtype;
use super::error::CheckpointError;
use super::heads::Heads;
use super::identity::{Identity, OnDisk};
use super::locate::{self, Form, Located};
use super::names::Stack;
use super::opened::Opened;
use super::problems;
use super::renaming::{self, Named, Renamed};
use super::summary::Summary;
use super::tensor::Tensor;
use super::vocabulary::Vocabulary;
use super::weights::Weights;
use crate::store::{self, Folder};
use crate::text::{self, natural};

/// An opened model or adapter.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    path: PathBuf,
    folder: PathBuf,
    form: Form,
    config: Config,
    pub(super) files: Vec<Arc<Weights>>,
    tensors: Vec<Tensor>,
    summary: Summary,
    adapter: Option<Arc<Adapter>>,
    is_gguf: bool,
    identity: Identity,
    key: String,
    problems: Vec<String>,
    renamings: Vec<String>,
    /// Read when it is first asked for; views share it.
    vocabulary: Arc<OnceLock<Result<Option<Arc<Vocabulary>>, String>>>,
    /// Where it lies, if that is no path: its folder is a copy of what is small, then.
    elsewhere: Option<Arc<Folder>>,
}

impl Checkpoint {
    /// Opens what lies at a path, which is in the copy of `stored` where there is one.
    pub(super) fn open_at(path: &Path, stored: Option<&Folder>) -> Result<Self, CheckpointError> {
        let Located {
            form,
            folder,
            files,
            mut problems,
        } = locate::locate(path)?;
        let mut opened = Opened::open(&files, stored, &mut problems)?;
        let (mut config, config_file) = Config::read(&folder.join("config.json"), &mut problems);
        let is_gguf = opened.gguf.is_some();
        if let (Some(own), None) = (opened.gguf.clone(), &config_file) {
            config = own;
        }
        opened.resolve_quantised(&folder, &config)?;
        mark_prediction_layers(&mut opened.tensors, &config);
        let weight_files = opened.files.iter().map(|file| file.identity().clone());
        let identity = Identity {
            files: weight_files
                .chain(opened.extra)
                .chain(config_file)
                .collect(),
        };
        let key = identity.key_with_tokenizer(&folder);
        let mut checkpoint = Self {
            path: path.to_owned(),
            folder,
            form: match opened.adapter {
                Some(_) => Form::Adapter,
                None => form,
            },
            files: opened.files,
            summary: Summary::of(&opened.tensors, &config),
            tensors: opened.tensors,
            config,
            adapter: opened.adapter.map(Arc::new),
            is_gguf,
            key,
            identity,
            problems,
            renamings: Vec::new(),
            vocabulary: Arc::default(),
            elsewhere: None,
        };
        let found = problems::find(&problems::Facts {
            tensors: &checkpoint.tensors,
            config: &checkpoint.config,
            layers: checkpoint.summary.layers,
            is_adapter: checkpoint.adapter.is_some(),
        });
        checkpoint.problems.extend(found);
        Ok(checkpoint)
    }

    /// The same, opened by another name than that of where it lies.
    pub(super) fn called(self, name: &Path) -> Self {
        Self {
            path: name.to_owned(),
            ..self
        }
    }

    /// The same, as what lies in `folder` and was opened by the name `path`.
    pub(super) fn lying_in(self, path: &Path, folder: Folder) -> Self {
        let mut identity = self.identity;
        for file in &mut identity.files {
            if let Some(name) = folder.name_of(&file.path) {
                file.path = name;
            }
        }
        Self {
            path: path.to_owned(),
            key: identity.key_with_tokenizer(&self.folder),
            identity,
            elsewhere: Some(Arc::new(folder)),
            ..self
        }
    }

    /// Whether it lies on a store: its weights are read from there whenever they are needed.
    pub fn is_elsewhere(&self) -> bool {
        self.elsewhere.is_some()
    }

    /// The path that was opened, or the name of what lies on a store.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder that holds the configuration; within the hub cache, the snapshot's.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// "org/name" of a hub snapshot; else the folder's name, or the file's without its ending.
    pub fn suggested_name(&self) -> String {
        if let (true, Some(name)) = (self.is_elsewhere(), store::last_part(&self.path)) {
            return name;
        }
        if let Some(name) = locate::hub_name(&self.folder) {
            return name;
        }
        let stem = self.path.file_stem().unwrap_or_default();
        let is_file = self.form == Form::SingleFile || self.is_gguf && self.path.is_file();
        if is_file && stem != "model" && stem != "pytorch_model" {
            return stem.to_string_lossy().into_owned();
        }
        // "." and ".." have no name of their own.
        let named = self.folder.file_name().map(ToOwned::to_owned);
        let real = || Some(self.folder.canonicalize().ok()?.file_name()?.to_owned());
        named
            .or_else(real)
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    /// How it lies on disk.
    pub fn form(&self) -> Form {
        self.form
    }

    /// What its `config.json` says, if there is one.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// All tensors by name, `layers.2` before `layers.10`.
    pub fn tensors(&self) -> &[Tensor] {
        &self.tensors
    }

    /// The tensor called `name`.
    pub fn tensor(&self, name: &str) -> Option<&Tensor> {
        self.tensors
            .binary_search_by(|tensor| natural(&tensor.name, name))
            .ok()
            .map(|at| &self.tensors[at])
    }

    /// The same files with the names that `lead` has for what they hold, as far as one of the
    /// known renamings tells; itself where nothing has to be renamed.
    ///
    /// Everything that compares or merges models asks for this first.
    pub fn seen_as<'c>(&'c self, lead: &Self) -> Cow<'c, Self> {
        let renamed = match self.adapter {
            Some(_) => None,
            None => renaming::renamed(&self.named(), &lead.named()),
        };
        let Some(Renamed { tensors, notes }) = renamed else {
            return Cow::Borrowed(self);
        };
        Cow::Owned(Self {
            summary: Summary::of(&tensors, &self.config),
            tensors,
            renamings: notes,
            ..self.clone()
        })
    }

    fn named(&self) -> Named<'_> {
        Named {
            tensors: &self.tensors,
            family: self.config.model_type.as_deref(),
        }
    }

    /// What [`Self::seen_as`] has renamed, a sentence each.
    pub fn renamings(&self) -> &[String] {
        &self.renamings
    }

    /// The tokens that its tokenizer has; `None` without a tokenizer.
    ///
    /// # Errors
    /// A clause, where there is one that cannot be read.
    pub fn vocabulary(&self) -> Result<Option<&Arc<Vocabulary>>, &str> {
        let read = self
            .vocabulary
            .get_or_init(|| Ok(Vocabulary::read(&self.folder)?.map(Arc::new)));
        read.as_ref().map(Option::as_ref).map_err(String::as_str)
    }

    /// The same files with the tokens of another model, whose rows they have been given.
    #[must_use]
    pub fn with_tokens_of(&self, other: &Self) -> Self {
        Self {
            vocabulary: Arc::clone(&other.vocabulary),
            ..self.clone()
        }
    }

    /// The same files with `made` in the place of the tensors of these names, or beside the others.
    pub(super) fn with_tensors(&self, made: Vec<Tensor>) -> Self {
        let mut tensors = self.tensors.clone();
        for made in made {
            match tensors.binary_search_by(|own| natural(&own.name, &made.name)) {
                Ok(at) => tensors[at] = made,
                Err(at) => tensors.insert(at, made),
            }
        }
        Self {
            summary: Summary::of(&tensors, &self.config),
            tensors,
            ..self.clone()
        }
    }

    /// The adapter, if this is one.
    pub fn adapter(&self) -> Option<&Adapter> {
        self.adapter.as_deref()
    }

    /// Whether its weights lie in GGUF files.
    pub fn is_gguf(&self) -> bool {
        self.is_gguf
    }

    /// How many numbers are stored.
    pub fn parameters(&self) -> u64 {
        self.summary.parameters
    }

    /// Bytes of the safetensors files.
    pub fn size_bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size_bytes()).sum()
    }

    /// Names of the dtypes, the one with the most numbers first, such as "BF16, F32".
    pub fn dtypes(&self) -> &str {
        &self.summary.dtypes
    }

    /// The formats with scales of their own that weights are stored in, the most frequent first,
    /// such as "Q4_K, Q6_K and Q8_0"; `None` if there are none.
    pub fn quantised_as(&self) -> Option<String> {
        let quantised = self.tensors.iter().filter(|t| t.dtype.is_quantised());
        let counts = quantised.map(|t| (t.dtype, t.elements() as u64));
        let shares = dtype::by_share(counts).into_iter();
        let names: Vec<String> = shares.map(|(dtype, _)| dtype.to_string()).collect();
        (!names.is_empty()).then(|| text::list(&names))
    }

    /// The distance that quantisation alone has moved the model by, as far as it can be expected
    /// from the steps of its formats; `None` if it is not quantised. Reads some thousand numbers
    /// of every tensor.
    pub fn rounding(&self) -> Option<f64> {
        let quantised = || self.tensors.iter().filter(|t| t.dtype.is_quantised());
        quantised().next()?;
        let sums = quantised().filter_map(Tensor::rounding);
        Some(sums.sum::<f64>().sqrt())
    }

    /// How many distinct layers the names tell of, all stacks together but for optional ones.
    pub fn layers(&self) -> usize {
        self.summary.layers
    }

    /// "4 layers, 2 vision layers"
    pub fn layers_in_words(&self) -> String {
        let further = self.summary.further_layers.iter();
        let words = further.map(|(stack, n)| format!(", {n} {} layers", stack.title()));
        format!("{} layers{}", self.layers(), words.collect::<String>())
    }

    /// What is odd but does no harm, a sentence each.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// Whether the token embedding serves as output head too: no head is stored, and the
    /// configuration says so or says nothing.
    pub fn tied_embeddings(&self) -> bool {
        self.summary.tied_embeddings
    }

    /// Names these files as they were when they were opened; see
    /// [`Identity::key_with_tokenizer`].
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The files as they were when they were opened.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// What became of the files since, by asking the file system alone.
    ///
    /// A store is not asked; what it did not give is read again when it is opened anew.
    pub fn state_on_disk(&self) -> OnDisk {
        if self.is_elsewhere() && !self.is_whole() {
            return OnDisk::Changed;
        }
        self.identity.state()
    }

    /// Whether all that was read from the maps so far was there: false once a file was found cut
    /// short. Touches no file.
    pub fn is_whole(&self) -> bool {
        self.files.iter().all(|file| file.lost().is_none())
    }

    /// Tells the system that all weights will be read from front to back.
    pub fn advise_sequential(&self) {
        for file in &self.files {
            file.advise_sequential();
        }
    }
}

/// Layers beyond those that the configuration counts predict further tokens, where it says that
/// there are such: they are not part of the stack that gradients run over.
fn mark_prediction_layers(tensors: &mut [Tensor], config: &Config) {
    let extra = config.prediction_layers.filter(|&extra| extra > 0);
    let (Some(counted), Some(_)) = (config.num_hidden_layers, extra) else {
        return;
    };
    for tensor in tensors {
        let place = &mut tensor.place;
        let beyond = place.layer.is_some_and(|layer| layer as usize >= counted);
        if place.stack == Stack::Main && beyond {
            place.stack = Stack::Prediction;
        }
    }
}

impl Base for Checkpoint {
    fn shape_of(&self, name: &str) -> Option<Vec<usize>> {
        Some(self.tensor(name)?.shape.clone())
    }

    fn tied(&self) -> Option<bool> {
        let silent = self.tied_embeddings().then_some(true);
        self.config.tie_word_embeddings.or(silent)
    }

    fn heads(&self) -> Option<Heads> {
        self.config.heads()
    }
}
