//! A mixture of experts: edited, checked beside the window as it changes, and written as a job.
//!
//! There is one at a time. Its recipe is kept with the study and can be saved as a file of its
//! own; what is being done with it is not kept.

use std::path::{Path, PathBuf};

use super::queue::Queue;
use super::{NoticeKind, Workbench, hub_cache};
use crate::files::Removal;
use crate::jobs::{Failure, JobId, Ticket};
use crate::merge::plan::Surroundings;
use crate::merge::problem::{Place, Problem};
use crate::merge::recipe::ModelRef;
use crate::merge::run::RunError;
use crate::merge::write::folder;
use crate::moe::{
    Expert, MoeOptions, MoeOutcome, MoeParsed, MoePlan, MoeRecipe, Prompts, Purpose, parse, plan,
    run,
};
use crate::parallel;
use crate::study::{Command, MixtureSheet, ModelEdit, ModelId, NewChild};

/// A mixture that is put together.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixture {
    /// Another one with every mixture that is begun.
    pub number: u64,
    pub name: String,
    pub recipe: MoeRecipe,
    pub purpose: Purpose,
    pub state: MixtureState,
}

/// How far it is.
#[derive(Clone, Debug, PartialEq)]
pub enum MixtureState {
    Draft,
    /// It is being written by this job.
    Running(JobId),
    /// It is written, and in the study.
    Done {
        child: ModelId,
        made: Box<MoeOutcome>,
    },
    /// A model lies in the folder, which may be replaced.
    InTheWay(PathBuf),
    /// Why it is not written; nothing was left behind but finished shards.
    Failed(String),
    Cancelled,
}

/// What was found out about a mixture without writing it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MixtureChecks {
    /// Errors first.
    pub problems: Vec<Problem>,
    /// What it would be, if nothing stands in its way.
    pub facts: Option<MixtureFacts>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct MixtureFacts {
    /// Its architecture, as on screen.
    pub architecture: &'static str,
    /// The format of its numbers, such as "BF16".
    pub dtype: &'static str,
    pub tensors: usize,
    pub bytes_written: u64,
    pub per_token: i64,
    /// Tokens of all prompts; `None` where none are read.
    pub prompt_tokens: Option<usize>,
}

type Request = (MoeRecipe, Purpose);

#[derive(Default)]
pub(super) struct Mixing {
    last_number: u64,
    sheet: Option<Mixture>,
    checks: Queue<Request, MixtureChecks>,
}

/// Files of weights are parted at this size, as mergekit and the hub have it.
const SHARD_BYTES: u64 = 5_000_000_000;

impl Workbench {
    /// The mixture that is put together, if any.
    pub fn mixture(&self) -> Option<&Mixture> {
        self.session.mixing.sheet.as_ref()
    }

    /// What was found out about it; `None` while it is looked at.
    pub fn mixture_checks(&self) -> Option<&MixtureChecks> {
        let own = &self.session.mixing;
        let sheet = own.sheet.as_ref()?;
        let ((recipe, purpose), answer) = own.checks.answer()?;
        (*recipe == sheet.recipe && *purpose == sheet.purpose).then_some(answer)
    }

    /// Begins a mixture of these models; bases among them are its base.
    pub fn new_mixture(&mut self, models: &[ModelId]) {
        let doc = self.doc();
        let is_base = |id: &ModelId| doc.models.iter().any(|m| m.base == Some(*id));
        let (bases, experts): (Vec<ModelId>, Vec<ModelId>) =
            models.iter().partition(|id| is_base(id));
        let own_base = experts.iter().find_map(|&id| doc.model(id)?.base);
        let base = bases
            .first()
            .copied()
            .or(own_base)
            .or(experts.first().copied());
        let expert = |id: &ModelId| {
            Some(Expert {
                source_model: self.reference(*id)?,
                ..Expert::default()
            })
        };
        let recipe = MoeRecipe {
            base_model: base.and_then(|id| self.reference(id)).unwrap_or_default(),
            experts: experts.iter().filter_map(expert).collect(),
            ..MoeRecipe::default()
        };
        self.begin_mixture("Mixture of experts", recipe);
    }

    pub(super) fn begin_mixture(&mut self, name: &str, recipe: MoeRecipe) {
        self.cancel_mixture();
        let own = &mut self.session.mixing;
        own.last_number += 1;
        own.sheet = Some(Mixture {
            number: own.last_number,
            name: name.to_owned(),
            recipe,
            purpose: Purpose::default(),
            state: MixtureState::Draft,
        });
        self.keep_mixture(None);
        self.check_mixture();
    }

    /// Writes the mixture into the study.
    fn keep_mixture(&mut self, join: Option<String>) {
        if let Some(sheet) = self.mixture().and_then(kept) {
            self.apply(Command::Mixture { sheet, join });
        }
    }

    /// Goes on with the mixture that the study has, unless it is at hand.
    pub(super) fn take_up_mixture(&mut self) {
        let wanted = self.doc().mixture.clone();
        if wanted == self.mixture().and_then(kept) {
            return;
        }
        self.cancel_mixture();
        let own = &mut self.session.mixing;
        own.last_number += 1;
        own.sheet = wanted.and_then(|sheet| read(own.last_number, sheet));
        self.check_mixture();
    }

    /// Puts a changed recipe in its place, unless it is being written.
    pub fn edit_mixture(&mut self, recipe: MoeRecipe, purpose: Purpose) {
        let Some(sheet) = &mut self.session.mixing.sheet else {
            return;
        };
        if !matches!(sheet.state, MixtureState::Running(_)) {
            let join = without_prompts(&recipe) == without_prompts(&sheet.recipe);
            let join = join.then(|| format!("prompts of mixture {}", sheet.number));
            sheet.recipe = recipe;
            sheet.purpose = purpose;
            sheet.state = MixtureState::Draft;
            self.keep_mixture(join);
            self.check_mixture();
        }
    }

    /// Looks at the mixture once more, unless that is done or being done.
    fn check_mixture(&mut self) {
        let own = &mut self.session.mixing;
        if let Some(sheet) = &own.sheet {
            let request = (sheet.recipe.clone(), sheet.purpose);
            own.checks.want_only(request);
        }
        let checks = |(recipe, purpose): &Request, _: &Ticket| Ok(checked(recipe, *purpose));
        self.work_on("Checking the mixture", |own| &mut own.mixing.checks, checks);
    }

    /// Whether the mixture was looked at as it is now, and nothing stands in its way.
    pub fn mixture_is_ready(&self) -> bool {
        let is_open = self.mixture().is_some_and(|m| !m.is_running());
        is_open && self.mixture_checks().is_some_and(|own| own.facts.is_some())
    }

    /// Writes the mixture into `out`.
    pub fn write_mixture(&mut self, out: &Path, force: bool) {
        let removal = self.folders.removal;
        let out = std::path::absolute(out).unwrap_or_else(|_| out.to_owned());
        let Some(sheet) = self
            .session
            .mixing
            .sheet
            .as_mut()
            .filter(|m| !m.is_running())
        else {
            return;
        };
        if let Some(name) = out.file_name() {
            sheet.name = name.to_string_lossy().into_owned();
        }
        let title = format!("Writing {}", sheet.name);
        let (recipe, purpose) = (sheet.recipe.clone(), sheet.purpose);
        let job = self.jobs.next_id();
        sheet.state = MixtureState::Running(job);
        let target = out.clone();
        let work = move |ticket: &Ticket| written(recipe, purpose, &target, force, removal, ticket);
        let ending = move |bench: &mut Self, result| bench.on_mixture_ended(job, out, result);
        self.jobs.spawn(title, work, ending);
    }

    /// Stops writing it.
    pub fn cancel_mixture(&self) {
        if let Some(MixtureState::Running(job)) = self.mixture().map(|own| &own.state) {
            self.jobs.cancel(*job);
        }
    }

    /// Whether a mixture is being written.
    pub fn is_mixing(&self) -> bool {
        self.mixture().is_some_and(Mixture::is_running)
    }

    fn on_mixture_ended(
        &mut self,
        job: JobId,
        out: PathBuf,
        result: Result<Option<MoeOutcome>, Failure>,
    ) {
        let is_its = |own: &&mut Mixture| own.state == MixtureState::Running(job);
        let Some(sheet) = self.session.mixing.sheet.as_mut().filter(is_its) else {
            return;
        };
        let name = sheet.name.clone();
        match result {
            Ok(Some(made)) => self.on_mixture_done(made),
            Ok(None) => {
                sheet.state = MixtureState::InTheWay(out);
                let detail = "A model lies in this folder already";
                self.report_error(format!("Writing {name} failed"), detail);
            }
            Err(Failure::Cancelled) => sheet.state = MixtureState::Cancelled,
            Err(Failure::Failed(sentence)) => {
                let words = self.sentence(&sentence);
                if let Some(sheet) = &mut self.session.mixing.sheet {
                    sheet.state = MixtureState::Failed(words);
                }
                self.report_error(format!("Writing {name} failed"), sentence);
            }
        }
    }

    /// Puts a mixture into the study, as a child of its experts.
    fn on_mixture_done(&mut self, made: MoeOutcome) {
        let Some(sheet) = self.mixture().cloned() else {
            return;
        };
        let mut parents = Vec::new();
        for expert in sheet.recipe.all_experts() {
            let known = self.model_of(&expert.source_model);
            parents.extend(known.filter(|id| !parents.contains(id)));
        }
        let child = NewChild {
            name: sheet.name.clone(),
            path: made.out.clone(),
            // Its weights are not those of its base in other numbers.
            base: None,
            parents,
            method: "mixture of experts".to_owned(),
            recipe: sheet.recipe.to_yaml().unwrap_or_default(),
            predicted: Vec::new(),
            note: String::new(),
        };
        let id = ModelId(self.doc().next_id);
        self.apply(Command::Model(ModelEdit::AddChild(Box::new(child))));
        let detail = made.warnings.join(". ");
        if let Some(own) = &mut self.session.mixing.sheet {
            own.state = MixtureState::Done {
                child: id,
                made: Box::new(made),
            };
        }
        let title = format!("{} is written", sheet.name);
        let detail = crate::text::sentence_case(&detail);
        self.notify(NoticeKind::Done, title, detail);
    }
}

impl Mixture {
    pub fn is_running(&self) -> bool {
        matches!(self.state, MixtureState::Running(_))
    }
}

/// As the study keeps it; `None` if its recipe cannot be written.
fn kept(mixture: &Mixture) -> Option<MixtureSheet> {
    Some(MixtureSheet {
        name: mixture.name.clone(),
        recipe: mixture.recipe.to_yaml().ok()?,
        is_for_training: mixture.purpose == Purpose::Training,
    })
}

/// What a study has kept; `None` if it is no recipe.
fn read(number: u64, sheet: MixtureSheet) -> Option<Mixture> {
    let purpose = match sheet.is_for_training {
        true => Purpose::Training,
        false => Purpose::Use,
    };
    Some(Mixture {
        number,
        name: sheet.name,
        recipe: parse(&sheet.recipe).recipe?,
        purpose,
        state: MixtureState::Draft,
    })
}

/// What is left of a recipe without the texts that are typed into it.
fn without_prompts(recipe: &MoeRecipe) -> MoeRecipe {
    let mut bare = recipe.clone();
    for expert in bare.experts.iter_mut().chain(&mut bare.shared_experts) {
        expert.positive_prompts.clear();
        expert.negative_prompts.clear();
    }
    bare
}

/// Models are named by whole paths, or by their names on the hub.
fn planned(recipe: MoeRecipe, purpose: Purpose, out: Option<&Path>, force: bool) -> MoePlan {
    let hub = hub_cache();
    let surroundings = Surroundings {
        root: Path::new("/"),
        working: None,
        hub: hub.as_deref(),
        out,
        intermediates: None,
        force,
        allow_crimes: false,
        threads: parallel::threads(),
        opened: &[],
    };
    plan(&MoeParsed::from(recipe), &surroundings, purpose)
}

fn checked(recipe: &MoeRecipe, purpose: Purpose) -> MixtureChecks {
    // What names no model at all is said in words, and not looked for on the disk.
    let problems = nameless(recipe);
    if !problems.is_empty() {
        let facts = None;
        return MixtureChecks { problems, facts };
    }
    let plan = planned(recipe.clone(), purpose, None, false);
    let MoePlan {
        mut problems,
        child,
    } = plan;
    let Some(child) = child else {
        let facts = None;
        return MixtureChecks { problems, facts };
    };
    let mut prompt_tokens = None;
    if child.recipe.gate_mode.reads_prompts() {
        match Prompts::read(&child) {
            Ok(prompts) => prompt_tokens = Some(prompts.tokens.iter().map(Vec::len).sum()),
            Err(sentence) => {
                problems.insert(0, Problem::error(Place::default(), sentence));
                let facts = None;
                return MixtureChecks { problems, facts };
            }
        }
    }
    let facts = Some(MixtureFacts {
        architecture: child.architecture.title(),
        dtype: child.dtype.name(),
        tensors: child.tensors.len(),
        bytes_written: child.cost.bytes_written,
        per_token: child.recipe.per_token(),
        prompt_tokens,
    });
    MixtureChecks { problems, facts }
}

fn nameless(recipe: &MoeRecipe) -> Vec<Problem> {
    let is_nameless = |model: &ModelRef| model.path.is_empty();
    let place = |path: &str| Place {
        path: path.to_owned(),
        ..Place::default()
    };
    let mut out = Vec::new();
    if is_nameless(&recipe.base_model) {
        let sentence = "choose the base";
        out.push(Problem::error(place("base_model"), sentence));
    }
    for (k, expert) in recipe.all_experts().enumerate() {
        if is_nameless(&expert.source_model) {
            let sentence = "choose a model for each expert";
            out.push(Problem::error(place(&format!("experts[{k}]")), sentence));
            break;
        }
    }
    out
}

/// What came out; `None` if a model lies in the folder that may be replaced, and nothing else is
/// wrong.
fn written(
    recipe: MoeRecipe,
    purpose: Purpose,
    out: &Path,
    force: bool,
    removal: Removal,
    ticket: &Ticket,
) -> Result<Option<MoeOutcome>, Failure> {
    let is_in_the_way = !force && folder::may_replace(out);
    let plan = planned(recipe, purpose, Some(out), force || is_in_the_way);
    if let Some(problem) = plan.problems.iter().find(|own| own.is_error()) {
        return Err(Failure::Failed(problem.headline()));
    }
    let Some(child) = plan.child.filter(|_| !is_in_the_way) else {
        return Ok(None);
    };
    let options = MoeOptions {
        out: out.to_owned(),
        shard_bytes: SHARD_BYTES,
        force,
        seed: None,
        removal,
    };
    match run(&child, &options, ticket) {
        Ok(made) => Ok(Some(made)),
        Err(RunError::Cancelled(cancelled)) => Err(cancelled.into()),
        Err(RunError::Failed(sentence)) => Err(Failure::Failed(sentence)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mixture_comes_back_as_it_was_even_unfinished() {
        let expert = |path: &str, prompt: &str| Expert {
            source_model: ModelRef {
                path: path.to_owned(),
                ..ModelRef::default()
            },
            positive_prompts: vec![prompt.to_owned()],
            ..Expert::default()
        };
        let mixture = Mixture {
            number: 7,
            name: "four".to_owned(),
            recipe: MoeRecipe {
                base_model: expert("/m/base", "").source_model,
                experts: vec![expert("/m/a b", "salt: \"x\"\n2"), expert("", "")],
                experts_per_token: Some(1),
                ..MoeRecipe::default()
            },
            purpose: Purpose::Training,
            state: MixtureState::Draft,
        };
        let again = read(7, kept(&mixture).unwrap()).unwrap();
        assert_eq!(again, mixture);
    }
}
