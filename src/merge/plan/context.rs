//! What is known while one step is planned: its models, opened when they are first named, and
//! what is wrong so far.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::problem::{Place, Problem};
use super::super::recipe::{AdapterRef, ModelRef, Parsed};
use super::headers::Headers;
use super::{Model, ModelSource, Step, Surroundings, locate};
use crate::checkpoint::{Checkpoint, Config, is_gguf_name};

/// What is known while one step is planned.
pub(crate) struct Context<'a> {
    pub(crate) parsed: &'a Parsed,
    surroundings: &'a Surroundings<'a>,
    pub(crate) document: usize,
    earlier: &'a [Step],
    /// The models, each once, in the order of their first mention.
    pub(crate) models: Vec<Model>,
    /// Their headers; `None` for one that could not be opened.
    pub(crate) headers: Vec<Option<Headers<'a>>>,
    pub(crate) problems: Vec<Problem>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        parsed: &'a Parsed,
        surroundings: &'a Surroundings<'a>,
        document: usize,
        earlier: &'a [Step],
    ) -> Self {
        Self {
            parsed,
            surroundings,
            document,
            earlier,
            models: Vec::new(),
            headers: Vec::new(),
            problems: Vec::new(),
        }
    }

    pub(crate) fn place(&self, path: &str) -> Place {
        self.parsed.positions.place(self.document, path)
    }

    pub(crate) fn problem(&mut self, problem: Problem) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    pub(crate) fn error(&mut self, path: &str, sentence: impl Into<String>) {
        let problem = Problem::error(self.place(path), sentence);
        self.problem(problem);
    }

    pub(crate) fn warning(&mut self, path: &str, sentence: impl Into<String>) {
        let problem = Problem::warning(self.place(path), sentence);
        self.problem(problem);
    }

    /// A step that comes before this one.
    pub(crate) fn earlier(&self, step: usize) -> Option<&'a Step> {
        self.earlier.get(step)
    }

    /// Whether the child is to be a GGUF file.
    pub(crate) fn writes_gguf(&self) -> bool {
        self.surroundings.out.is_some_and(is_gguf_name)
    }

    pub(crate) fn allows_crimes(&self) -> bool {
        self.surroundings.allow_crimes
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.problems.iter().any(Problem::is_error)
    }

    /// The model that the recipe names at `path`, opened when it is first mentioned.
    pub(crate) fn model(&mut self, reference: &ModelRef, path: &str) -> usize {
        if let Some(known) = self.models.iter().position(|m| &m.reference == reference) {
            return known;
        }
        let adapter = reference
            .adapter
            .as_ref()
            .and_then(|adapter| self.adapter(adapter, path));
        let (source, headers) = match self.earlier_step(reference) {
            Some(step) => (Some(ModelSource::Step(step)), self.headers_of_step(step)),
            None => self.open_model(reference, path),
        };
        if let (Some(headers), Some(adapter)) = (&headers, &adapter) {
            let missing = adapter
                .adapter()
                .map_or(Vec::new(), |a| a.targets_missing_in(headers));
            if let Some(first) = missing.first() {
                let sentence = format!(
                    "the adapter changes {} tensors that the model does not have, such as {first}; \
                     it was made for another model",
                    missing.len()
                );
                self.error(path, sentence);
            }
        }
        // A model that is not there stays in the table, so that indices are right; its problem
        // is an error, and the plan ends before anyone reads it.
        self.headers.push(headers);
        self.models.push(Model {
            reference: reference.clone(),
            source: source.unwrap_or(ModelSource::Step(usize::MAX)),
            adapter,
        });
        self.models.len() - 1
    }

    fn earlier_step(&self, reference: &ModelRef) -> Option<usize> {
        self.earlier
            .iter()
            .position(|step| step.name() == Some(reference.path.as_str()))
    }

    fn headers_of_step(&self, step: usize) -> Option<Headers<'a>> {
        let made = self.earlier.get(step)?;
        let config = config_of(self.earlier, step);
        let name = made.name().unwrap_or_default().to_owned();
        Some(Headers::of_step(name, made, &config))
    }

    fn open_model(
        &mut self,
        reference: &ModelRef,
        path: &str,
    ) -> (Option<ModelSource>, Option<Headers<'a>>) {
        let place = AdapterRef {
            path: reference.path.clone(),
            revision: reference.revision.clone(),
        };
        let Some(opened) = self.open(&place, path) else {
            return (None, None);
        };
        if opened.adapter().is_some() {
            let sentence = format!("{reference} is an adapter; write `base+{reference}`");
            self.error(path, sentence);
            return (None, None);
        }
        let headers = Headers::of_checkpoint(reference.to_string(), &opened);
        (Some(ModelSource::Opened(opened)), Some(headers))
    }

    fn adapter(&mut self, reference: &AdapterRef, path: &str) -> Option<Arc<Checkpoint>> {
        let opened = self.open(reference, path)?;
        if opened.adapter().is_none() {
            let sentence = format!("{} is not an adapter", reference.path);
            self.error(path, sentence);
            return None;
        }
        Some(opened)
    }

    fn open(&mut self, reference: &AdapterRef, path: &str) -> Option<Arc<Checkpoint>> {
        let Surroundings {
            root,
            working,
            hub,
            opened,
            ..
        } = *self.surroundings;
        let revision = reference.revision.as_deref();
        let open = |found: PathBuf| match opened.iter().find(|known| known.path() == found) {
            Some(known) => Ok(Arc::clone(known)),
            None => match Checkpoint::open(&found) {
                Ok(checkpoint) => Ok(Arc::new(checkpoint)),
                Err(error) => Err(error.to_string()),
            },
        };
        self.two_places(&reference.path, path);
        match locate(&reference.path, revision, root, working, hub).and_then(open) {
            Ok(checkpoint) => Some(checkpoint),
            Err(sentence) => {
                self.error(path, sentence);
                None
            }
        }
    }
}

impl Context<'_> {
    /// Says which model is taken where a path is right from both folders; mergekit would take
    /// the other.
    fn two_places(&mut self, path: &str, place: &str) {
        let Surroundings { root, working, .. } = *self.surroundings;
        let Some(working) = working.filter(|_| Path::new(path).is_relative()) else {
            return;
        };
        let real = |folder: &Path| folder.join(path).canonicalize().ok();
        if let (Some(taken), Some(other)) = (real(root), real(working))
            && taken != other
        {
            let sentence = format!(
                "`{path}` is both beside the recipe and in the working folder; the one beside the \
                 recipe is read: {}",
                taken.display()
            );
            self.warning(place, sentence);
        }
    }
}

/// The configuration that the child of a step has, as far as the plan reads it.
fn config_of(steps: &[Step], step: usize) -> Config {
    let Some(made) = steps.get(step) else {
        return Config::default();
    };
    match made.models.get(made.donor).map(|donor| &donor.source) {
        Some(ModelSource::Opened(checkpoint)) => checkpoint.config().clone(),
        // A step only names earlier ones.
        Some(ModelSource::Step(earlier)) if *earlier < step => config_of(steps, *earlier),
        _ => Config::default(),
    }
}
