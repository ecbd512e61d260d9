//! The tokens of a merge or of two models, listed while somebody looks at them.
//!
//! A list follows what it is of by itself. It is asked for by what decides it alone: a slider
//! that moves a parameter of the merge makes no new list.

use std::path::Path;
use std::sync::Arc;

use super::Workbench;
use super::hub_cache;
use super::queue::Queue;
use crate::checkpoint::Checkpoint;
use crate::merge::plan::{Plan, Surroundings, plan};
use crate::merge::problem::Problem;
use crate::merge::recipe::{Content, Parsed, Recipe};
use crate::merge::tokens::{StepTokens, TokenFilter, TokenTable, TokensReport, pair};
use crate::parallel;
use crate::study::{DraftId, ModelId};
use crate::text::sentence_case;

/// Whose tokens are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokensOf {
    /// Those of the draft on the canvas, which is this one: of the document with this number, or of
    /// the last merge.
    Draft(DraftId, Option<usize>),
    /// Those of two models, which need not fit each other.
    Pair([ModelId; 2]),
}

/// A list, and what is said of it.
#[derive(Debug)]
pub struct TokensPage {
    pub report: TokensReport,
    pub table: TokenTable,
    /// How many tokens each filter lets through.
    pub counts: [usize; TokenFilter::ALL.len()],
    /// Which document of a recipe it is of.
    pub document: usize,
}

/// A page, or the sentence that says why there is none.
pub type Listed = Result<Arc<TokensPage>, String>;

/// What is looked at, what is asked for, and what is known.
#[derive(Default)]
pub(super) struct Listing {
    shown: Option<TokensOf>,
    /// The state of the workbench that `current` is of.
    seen: Option<u64>,
    current: Option<Request>,
    queue: Queue<Request, Listed>,
}

#[derive(Clone)]
struct Request {
    of: TokensOf,
    what: What,
    /// Files that are open already.
    opened: Vec<Arc<Checkpoint>>,
}

#[derive(Clone)]
enum What {
    Recipes {
        parsed: Arc<Parsed>,
        /// The same without what tokens do not depend on.
        bare: Vec<Recipe>,
    },
    Pair([Named; 2]),
}

/// A model with what it is called.
type Named = (String, Arc<Checkpoint>);

impl PartialEq for Request {
    fn eq(&self, other: &Self) -> bool {
        let same_what = match (&self.what, &other.what) {
            (What::Recipes { bare: a, .. }, What::Recipes { bare: b, .. }) => a == b,
            (What::Pair(a), What::Pair(b)) => {
                let same = |(a, b): (&Named, &Named)| a.0 == b.0 && Arc::ptr_eq(&a.1, &b.1);
                a.iter().zip(b).all(same)
            }
            _ => false,
        };
        let files = |own: &Self| own.opened.iter().map(Arc::as_ptr).collect::<Vec<_>>();
        self.of == other.of && same_what && files(self) == files(other)
    }
}

impl Workbench {
    /// Says whose tokens are looked at; `None` if nobody looks at any.
    pub fn show_tokens(&mut self, of: Option<TokensOf>) {
        let own = &mut self.session.tokens;
        if own.shown != of {
            own.shown = of;
            own.seen = None;
            self.list_tokens_if_changed();
        }
    }

    /// Whose tokens are looked at.
    pub fn tokens_shown(&self) -> Option<TokensOf> {
        self.session.tokens.shown
    }

    /// What was listed last of what is looked at, and whether it is of that as it is now; else
    /// it is on its way.
    pub fn tokens(&self) -> Option<(&Listed, bool)> {
        let own = &self.session.tokens;
        let (of, answer) = own.queue.answer()?;
        let is_shown = own.shown == Some(of.of);
        is_shown.then_some((answer, own.current.as_ref() == Some(of)))
    }

    pub(super) fn list_tokens_if_changed(&mut self) {
        let now = Some(self.last_revision);
        if self.session.tokens.seen == now {
            return;
        }
        let current = self.tokens_request();
        let own = &mut self.session.tokens;
        own.seen = now;
        own.current.clone_from(&current);
        match current {
            Some(request) => own.queue.want_only(request),
            None => own.queue.retain_wanted(|_| false),
        }
        self.work_on(
            "Listing tokens",
            |own| &mut own.tokens.queue,
            |request, _| Ok(page(request)),
        );
    }

    fn tokens_request(&self) -> Option<Request> {
        let of = self.session.tokens.shown?;
        let doc = self.doc();
        let what = match of {
            TokensOf::Draft(id, _) => {
                let draft = doc.shown_draft().filter(|draft| draft.id == id)?;
                let parsed = self.reading(&draft.sheet.text);
                let bare = parsed.recipes.iter().map(bare).collect();
                What::Recipes { parsed, bare }
            }
            TokensOf::Pair([a, b]) => {
                let own = |id: ModelId| {
                    let checkpoint = self.checkpoint(id)?;
                    Some((doc.name_of(id).to_owned(), Arc::clone(checkpoint)))
                };
                What::Pair([own(a)?, own(b)?])
            }
        };
        let opened = match of {
            TokensOf::Draft(..) => doc.models.iter().filter_map(|m| self.checkpoint(m.id)),
            TokensOf::Pair(_) => {
                return Some(Request {
                    of,
                    what,
                    opened: Vec::new(),
                });
            }
        };
        Some(Request {
            of,
            what,
            opened: opened.cloned().collect(),
        })
    }
}

/// A recipe without its parameters.
fn bare(recipe: &Recipe) -> Recipe {
    let mut out = recipe.clone();
    out.parameters.clear();
    if let Content::Modules(modules) = &mut out.content {
        modules.iter_mut().for_each(|own| own.parameters.clear());
    }
    let slices = out.content.slices_mut().into_iter();
    slices.for_each(|own| own.parameters.clear());
    let inputs = out.content.inputs_mut().into_iter();
    inputs.for_each(|own| own.parameters.clear());
    out
}

fn page(request: &Request) -> Listed {
    match &request.what {
        What::Pair([(a, of_a), (b, of_b)]) => {
            let step = pair([(a, of_a), (b, of_b)]).map_err(|e| sentence_case(&e))?;
            Ok(listed(&step, 0))
        }
        What::Recipes { parsed, .. } => {
            let hub = hub_cache();
            let plan = plan(
                parsed,
                &Surroundings {
                    root: Path::new("/"),
                    working: None,
                    hub: hub.as_deref(),
                    out: None,
                    intermediates: None,
                    force: false,
                    allow_crimes: false,
                    threads: parallel::threads(),
                    opened: &request.opened,
                },
            );
            let wanted = match request.of {
                TokensOf::Draft(_, document) => document,
                TokensOf::Pair(_) => None,
            };
            let step = match wanted {
                Some(document) => plan.steps.iter().find(|step| step.document == document),
                None => plan.steps.last(),
            };
            let tokens = step.and_then(|step| Some((step.tokens.as_ref()?, step.document)));
            match tokens {
                Some((tokens, document)) => Ok(listed(tokens, document)),
                None => Err(why_none(&plan)),
            }
        }
    }
}

fn listed(step: &StepTokens, document: usize) -> Arc<TokensPage> {
    let table = TokenTable::new(step);
    Arc::new(TokensPage {
        report: step.report.clone(),
        counts: table.counts(),
        table,
        document,
    })
}

/// What is wrong with the tokens, else with the recipe, else that there are none.
fn why_none(plan: &Plan) -> String {
    let is_of_tokens = |problem: &&Problem| problem.place.path.starts_with("tokenizer");
    let first = plan.errors().find(is_of_tokens).or(plan.errors().next());
    first.map_or_else(
        || "The models have no tokenizer beside their weights that is read".to_owned(),
        |problem| problem.headline(),
    )
}
