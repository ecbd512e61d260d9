//! Models of the study written in another format, each as a job of its own.
//!
//! What comes out is not in the study until the user puts it there: it is the same model.

use std::path::{Path, PathBuf};

use super::writing::{Target, WriteOrder, write_recipe};
use super::{NoticeKind, Workbench};
use crate::jobs::{Failure, JobId, Ticket};
use crate::merge::convert::conversion;
use crate::merge::plan::Plan;
use crate::merge::recipe::{parse, to_yaml};
use crate::merge::run::Outcome;
use crate::study::{BaseRef, Command, ModelEdit, ModelId, NewModel};

/// A model that is being converted, or was.
#[derive(Clone, Debug, PartialEq)]
pub struct Conversion {
    pub of: ModelId,
    /// What the result is called.
    pub name: String,
    pub out: PathBuf,
    pub state: ConversionState,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ConversionState {
    /// It is being written by this job.
    Running(JobId),
    Done(Box<Outcome>),
    /// It failed, and why.
    Failed(String),
    Cancelled,
}

impl Workbench {
    /// Why a model cannot be converted now.
    pub fn convert_objection(&self, id: ModelId) -> Option<&'static str> {
        match self.checkpoint(id) {
            None => Some("It takes the files of the model"),
            Some(own) if own.adapter().is_some() => {
                Some("An adapter is nothing without its base; merge it into that")
            }
            Some(_) => None,
        }
    }

    /// The recipe that makes a model as it is, its weights in `dtype`.
    ///
    /// # Errors
    /// The sentence for the user.
    pub fn conversion_text(&self, id: ModelId, dtype: Option<&str>) -> Result<String, String> {
        let own = self.checkpoint(id);
        let own = own.ok_or("the model has no files that are open")?;
        to_yaml(&[conversion(own, own.path(), dtype)?])
    }

    /// What became of the last conversion of a model.
    pub fn conversion(&self, of: ModelId) -> Option<&Conversion> {
        self.session.conversions.iter().find(|own| own.of == of)
    }

    /// Whether a model is being written in another format.
    pub fn is_converting(&self) -> bool {
        self.conversions_running().next().is_some()
    }

    /// The models that are being written in another format.
    pub fn conversions_running(&self) -> impl Iterator<Item = &Conversion> {
        let is_running = |own: &&Conversion| matches!(own.state, ConversionState::Running(_));
        self.session.conversions.iter().filter(is_running)
    }

    /// Writes a model as an order says; `force` replaces what this program has made there.
    pub fn convert(&mut self, of: ModelId, order: WriteOrder, force: bool) {
        let order = order.absolute();
        if self.is_taken(&order.out) {
            let title = "Something is being written to this place already";
            return self.report_error(title, "choose another place");
        }
        let name = order.name().unwrap_or_default();
        let out = order.out.clone();
        let title = format!("Converting to {name}");
        let removal = self.folders.removal;
        let work = move |ticket: &Ticket| {
            let target = Target {
                out: &order.out,
                gguf: &order.gguf,
                force,
                maker: "",
                removal,
            };
            Ok(write_recipe(&parse(&order.text), &target, ticket)?)
        };
        let job = self.jobs.next_id();
        let ending = move |bench: &mut Self, result| bench.on_converted(of, job, result);
        self.jobs.spawn(title, work, ending);
        self.forget_conversion(of);
        self.session.conversions.push(Conversion {
            of,
            name,
            out,
            state: ConversionState::Running(job),
        });
    }

    fn is_taken(&self, out: &Path) -> bool {
        let merges = self.merges().iter();
        let mut merges = merges.filter(|m| m.is_open()).map(|m| &m.order.out);
        merges.any(|own| own == out) || self.conversions_running().any(|own| own.out == *out)
    }

    /// Takes the last conversion of a model off the list.
    pub fn forget_conversion(&mut self, of: ModelId) {
        self.session.conversions.retain(|own| own.of != of);
    }

    /// Asks every conversion to stop, and forgets what became of the others.
    pub fn cancel_conversions(&mut self) {
        for own in self.conversions_running() {
            if let ConversionState::Running(job) = own.state {
                self.jobs.cancel(job);
            }
        }
        self.session.conversions.clear();
    }

    /// Puts the result of a conversion into the study, beside the model that it is of.
    pub fn add_converted(&mut self, of: ModelId) {
        let Some(own) = self.conversion(of) else {
            return;
        };
        if !matches!(own.state, ConversionState::Done(_)) {
            return;
        }
        if self.is_in_study(&own.out) {
            let title = format!("{} is already in the study", own.name);
            return self.notify(NoticeKind::Note, title, "");
        }
        let base = self.doc().model(of).and_then(|model| model.base);
        let model = NewModel {
            name: own.name.clone(),
            path: Some(own.out.clone()),
            base: base.map(BaseRef::Known),
        };
        self.apply(Command::Model(ModelEdit::Add(vec![model])));
    }

    /// Whether a model of the study lies at this place.
    pub fn is_in_study(&self, out: &Path) -> bool {
        let mut paths = self.doc().models.iter().filter_map(|m| m.path.as_deref());
        paths.any(|path| path == out)
    }

    fn on_converted(&mut self, of: ModelId, job: JobId, result: Result<(Plan, Outcome), Failure>) {
        let of_model = self.doc().name_of(of).to_owned();
        let is_own = |own: &&mut Conversion| own.state == ConversionState::Running(job);
        let Some(own) = self.session.conversions.iter_mut().find(is_own) else {
            return;
        };
        let (title, detail, kind) = match result {
            Ok((_, made)) => {
                own.state = ConversionState::Done(Box::new(made));
                let detail = format!("Ask to convert {of_model} again to add it to the study");
                (format!("{} is written", own.name), detail, NoticeKind::Done)
            }
            Err(Failure::Cancelled) => {
                own.state = ConversionState::Cancelled;
                let title = format!("Writing {} was cancelled", own.name);
                (title, String::new(), NoticeKind::Note)
            }
            Err(Failure::Failed(sentence)) => {
                let sentence = crate::text::sentence_case(&sentence);
                own.state = ConversionState::Failed(sentence.clone());
                let title = format!("Writing {} failed", own.name);
                (title, sentence, NoticeKind::Failed)
            }
        };
        // Whoever looks at it sees what came of it.
        if self.session.watched_conversion != Some(of) {
            self.notify(kind, title, detail);
        }
        // Where it failed for files that are gone, the table is to say so too.
        self.look_at_disk();
    }

    /// Which conversion somebody looks at, who need not be told of its end.
    pub fn watch_conversion(&mut self, of: Option<ModelId>) {
        self.session.watched_conversion = of;
    }
}
