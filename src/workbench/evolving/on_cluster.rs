//! Children that other processes merge and judge.
//!
//! A generation is handed out as a whole and taken in as a whole, in the order of its numbers: what
//! the run decides next is what one process would have decided, whoever was first. A run that
//! was broken off hands out the same trials again, and those that are done are found done.

use std::path::Path;
use std::sync::Arc;

use super::What;
use super::breed::Birth;
use super::evaluating::EvaluationDone;
use crate::jobs::{Failure, Send, Ticket};
use crate::lineage::evolution::batch;
use crate::lineage::strategy::{Pairing, Strategy};
use crate::study::{Child, Evaluation, Evaluator, Evolution, EvolutionId, ModelId, NewChild, Step};
use crate::workbench::Workbench;
use crate::workbench::approval::Asker;
use crate::workbench::trials::{
    Lead, Outcome, Progress, Result as Found, Trial, Way, permit, see_through,
};

/// What is done by a cluster for a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OnCluster {
    pub progress: Progress,
    /// What was judged last, with the mean of its scores.
    pub last: Option<(String, Option<f64>)>,
}

/// What is handed out: a child to be merged and judged, or a model to be judged.
enum Judged {
    Born(Step, Box<NewChild>),
    Known(ModelId),
}

impl Workbench {
    /// How far the batch is that a cluster works on.
    pub fn on_cluster(&self) -> &OnCluster {
        &self.session.evolving.on_cluster
    }

    /// Hands out the merges of a generation that are due, as far as they can be made.
    pub(super) fn breed_on_cluster(
        &mut self,
        evolution: &Evolution,
        strategy: &dyn Strategy,
        models: &[ModelId],
    ) {
        let (generation, due) = self.due(evolution, strategy, models);
        let mut births = Vec::new();
        for (number, pairing) in due {
            let parents = pairing.parents.map(|k| models[k]);
            let birth = match self.birth(evolution, generation, number, parents, &pairing) {
                Ok(birth) => birth,
                Err(sentence) if births.is_empty() => {
                    return self.fail_run(evolution.id, &sentence);
                }
                // It is told when those before it are in.
                Err(_) => break,
            };
            match birth.child {
                Child::New(child) => births.push((birth.step, child)),
                // What another run has made is put in by itself.
                Child::Known(_) if births.is_empty() => {
                    return self.bear(evolution.id, birth, 0.0);
                }
                Child::Known(_) => break,
            }
        }
        if births.is_empty() {
            // It would be asked for the same for ever.
            let sentence = "it has nothing to hand out; this is a bug in Kinfolk, and nothing was \
                            lost";
            return self.fail_run(evolution.id, sentence);
        }
        births.truncate(self.room_for(evolution));
        let names = births.iter().map(|(_, child)| child.name.clone());
        let names = names.collect();
        let order = births.into_iter();
        let order = order.map(|(step, child)| Judged::Born(step, Box::new(child)));
        self.hand_out(evolution, names, order.collect());
    }

    /// Hands out models that have no scores yet.
    pub(super) fn judge_on_cluster(&mut self, evolution: &Evolution, unscored: &[ModelId]) {
        if let Some(sentence) = self.files_objection(unscored) {
            return self.fail_run(evolution.id, &sentence);
        }
        let doc = self.doc();
        let names = unscored.iter().map(|id| doc.name_of(*id).to_owned());
        let names = names.collect();
        let order = unscored.iter().map(|id| Judged::Known(*id)).collect();
        self.hand_out(evolution, names, order);
    }

    fn due(
        &self,
        evolution: &Evolution,
        strategy: &dyn Strategy,
        models: &[ModelId],
    ) -> (u32, Vec<(u32, Pairing)>) {
        let members = self.members(evolution, models);
        let setup = &evolution.setup;
        let due = self.with_population((evolution, models), &members, |population| {
            let spent = super::view::spent(evolution);
            batch(population, strategy, &setup.asked(), &setup.rules, &spent)
        });
        due.unwrap_or_default()
    }

    /// Opens the run in its folder, unless it is open; whether it is.
    fn lead(&mut self, evolution: &Evolution, out: &Path) -> bool {
        let known = self.session.evolving.leads.get(&evolution.id);
        if known.is_some_and(|lead| lead.out() == out) {
            return true;
        }
        match Lead::open(out, &evolution.token, &evolution.name) {
            Ok(lead) => {
                self.session.evolving.leads.insert(evolution.id, lead);
                true
            }
            Err(sentence) => {
                self.fail_run(evolution.id, &sentence);
                false
            }
        }
    }

    fn hand_out(&mut self, evolution: &Evolution, names: Vec<String>, order: Vec<Judged>) {
        let id = evolution.id;
        let Some(cluster) = evolution.setup.cluster.clone() else {
            return;
        };
        if self.doc().evaluator.command().is_some() && !self.folder_is_there() {
            self.save_if_changed();
        }
        if self.asks_first(Asker::Evolution(id)) {
            return self.stop_run(id);
        }
        let out = std::path::absolute(&cluster.folder).unwrap_or(cluster.folder);
        if !self.lead(evolution, &out) {
            return;
        }
        self.session.evolving.log.clear();
        self.session.evolving.on_cluster = OnCluster::default();
        let evaluator = self.placed(self.doc().evaluator.clone());
        let makes = self.makers(&order, &names, &Making::new(&evolution.token, evaluator));
        let title = format!("{} on a cluster", evolution.name);
        let folders = self.folders.clone();
        let all = names.clone();
        let work = move |ticket: &Ticket, send: Send<'_, Self>| {
            let trials = makes.into_iter().map(|make| {
                ticket.advance(0)?;
                make()
            });
            let trials = trials.collect::<Result<Vec<Trial>, Failure>>()?;
            let on = |progress: Progress, arrived: Option<(usize, &Found)>| {
                let last = arrived.map(|(at, one)| (all[at].clone(), mean_of(one)));
                send(Box::new(move |bench: &mut Self| {
                    let own = &mut bench.session.evolving.on_cluster;
                    own.progress = progress;
                    own.last = last.or(own.last.take());
                }));
            };
            // The command was approved here before anything was handed out.
            let allows = permit(&folders, true);
            let way = match cluster.works {
                true => Way::Here(&allows),
                false => Way::Workers,
            };
            see_through(&out, &trials, way, ticket, &on)
        };
        let judged: Vec<ModelId> = (order.iter())
            .filter_map(|own| match own {
                Judged::Known(model) => Some(*model),
                Judged::Born(..) => None,
            })
            .collect();
        let what = What::Batch { names, judged };
        let done = move |bench: &mut Self, found: Vec<Found>| bench.take_batch_in(id, order, found);
        self.start_work(Some(id), what, title, work, done);
    }

    /// How each trial is made, in a job: plans read headers.
    fn makers(&self, order: &[Judged], names: &[String], make: &Making) -> Vec<Make> {
        let one = |(judged, name): (&Judged, &String)| -> Make {
            let (name, make) = (name.clone(), make.clone());
            match judged {
                Judged::Born(_, child) => {
                    let (recipe, out) = (child.recipe.clone(), child.path.clone());
                    Box::new(move || {
                        let (run, evaluator) = make.of();
                        Trial::of_recipe(&run, &name, recipe, &out, evaluator)
                    })
                }
                Judged::Known(model) => {
                    let model = self.checkpoint(*model).map(Arc::clone);
                    Box::new(move || {
                        let (run, evaluator) = make.of();
                        let gone = || Failure::Failed(format!("{name} is not open"));
                        let model = model.ok_or_else(gone)?;
                        Trial::of_model(&run, &name, &model, evaluator)
                    })
                }
            }
        };
        order.iter().zip(names).map(one).collect()
    }

    /// Takes in what came of a batch, in its order; the first failure stops the run.
    fn take_batch_in(&mut self, id: EvolutionId, order: Vec<Judged>, found: Vec<Found>) {
        let mut judged = Vec::new();
        let mut failed = None;
        for (own, one) in order.into_iter().zip(found) {
            // The evolution may have been removed while its children were made.
            if self.doc().evolution(id).is_none() {
                return;
            }
            let outcome = match one {
                Ok(outcome) => outcome,
                Err(sentence) => {
                    failed = Some(sentence);
                    break;
                }
            };
            let model = match own {
                Judged::Known(model) => model,
                Judged::Born(step, child) => {
                    let model = ModelId(self.doc().next_id);
                    let child = Child::New(*child);
                    self.bear(id, Birth { step, child }, outcome.merge_seconds);
                    model
                }
            };
            judged.push((model, outcome));
        }
        for (model, outcome) in judged {
            self.on_evaluated(done(model, id, outcome));
        }
        if let Some(sentence) = failed {
            self.fail_run(id, &sentence);
        }
    }
}

type Make = Box<dyn FnOnce() -> Result<Trial, Failure> + std::marker::Send>;

/// What all trials of a batch have in common.
#[derive(Clone)]
struct Making {
    run: String,
    evaluator: Evaluator,
}

impl Making {
    fn new(run: &str, evaluator: Evaluator) -> Self {
        let run = run.to_owned();
        Self { run, evaluator }
    }

    fn of(self) -> (String, Evaluator) {
        (self.run, self.evaluator)
    }
}

fn done(model: ModelId, evolution: EvolutionId, outcome: Outcome) -> EvaluationDone {
    EvaluationDone {
        evaluation: Evaluation {
            model,
            scores: outcome.scores,
            evolution: Some(evolution),
            seconds: outcome.evaluate_seconds,
        },
        no_points: outcome.no_points,
    }
}

fn mean_of(found: &Found) -> Option<f64> {
    let outcome = found.as_ref().ok()?;
    let counted = outcome.scores.iter();
    let counted = counted.filter(|score| !outcome.no_points.contains(&score.task));
    let values: Vec<f64> = counted.map(|score| score.value).collect();
    crate::stats::mean(&values)
}
