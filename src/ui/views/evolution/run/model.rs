//! What is drawn of one evolution, worked out once and kept until it changes.

use crate::kinship::Metric;
use crate::lineage::{self, Graph};
use crate::study::{Evolution, EvolutionId, ModelId, StudyDoc};
use crate::ui::colormap::Scale;
use crate::ui::views::family::{self, Card};
use crate::workbench::Workbench;
use crate::workbench::evolving::EvolutionView as Standing;

use super::{RunContext, recipe};
use crate::ui::views::evolution::summaries::RunSummary;

pub struct EvolutionModel {
    key: (u64, EvolutionId),
    /// How two are merged, in a word or two.
    pub method: String,
    /// Its models: founders, then children by generation and number.
    pub cards: Vec<RunCard>,
    pub columns: Vec<Column>,
    /// From a little below the least to the greatest score; `None` without scores.
    pub scores: Option<Scale>,
    graph: Graph,
}

#[derive(Clone, Debug, PartialEq)]
pub struct RunCard {
    /// Scored by what selects; founders descend from nothing here.
    pub card: Card,
    /// Its scores on the tasks that select.
    pub tasks: Vec<(String, Option<f64>)>,
    pub parents: Vec<usize>,
    /// Their names where there is little room.
    pub descent: String,
    /// Its place among those who are merged next, from 1.
    pub rank: Option<usize>,
    pub note: String,
    /// Whether its files are gone, or were removed.
    pub has_no_files: bool,
}

pub struct Column {
    pub number: u32,
    pub made: Vec<usize>,
    /// What is still to be made of it.
    pub planned: Vec<Planned>,
    /// The best of all after it, in points.
    pub best: Option<f64>,
    /// Mean kinship among the best after it.
    pub kinship: Option<f64>,
}

/// A merge that is still to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    pub made_from: Vec<String>,
    /// The same where there is little room.
    pub descent: String,
    pub kinship: Option<f64>,
    pub explores: bool,
    pub reason: String,
}

impl EvolutionModel {
    /// What is drawn now; what was worked out before is kept if nothing has changed.
    pub fn now(context: RunContext<'_>, evolution: &Evolution, last: Option<Self>) -> Self {
        let key = (context.bench.revision(), context.id);
        match last.filter(|model| model.key == key) {
            Some(model) => model,
            None => Self::new(key, context, evolution),
        }
    }

    fn new(key: (u64, EvolutionId), context: RunContext<'_>, evolution: &Evolution) -> Self {
        let bench = context.bench;
        let run = context.summary();
        let cards = |run: &RunSummary| cards(bench, evolution, &run.tasks, &run.standing);
        let cards = run.map_or_else(Vec::new, cards);
        let edges = cards.iter().enumerate().flat_map(|(child, card)| {
            let parents = card.parents.iter();
            parents.map(move |&parent| [parent, child])
        });
        Self {
            key,
            method: recipe::ways(&evolution.setup),
            columns: run.map_or_else(Vec::new, |run| columns(bench, evolution, &run.standing)),
            scores: scores(&cards),
            graph: Graph {
                generations: cards.iter().map(|c| Some(c.card.generation)).collect(),
                edges: edges.collect(),
            },
            cards,
        }
    }

    /// One entry a model: whether it is the given one, an ancestor or a descendant of it.
    pub fn kin(&self, of: usize) -> Vec<bool> {
        lineage::kin(&self.graph, of)
    }
}

fn cards(
    bench: &Workbench,
    evolution: &Evolution,
    tasks: &[String],
    standing: &Standing,
) -> Vec<RunCard> {
    let doc = bench.study().doc();
    let last = standing.generations.last();
    let selection = last.map_or(&[][..], |generation| &generation.selection[..]);
    let mut children = vec![0; standing.models.len()];
    for &parent in standing.members.iter().flat_map(|m| &m.parents) {
        children[parent] += 1;
    }
    let card = |k: usize| {
        let (id, member) = (standing.models[k], &standing.members[k]);
        let model = doc.model(id)?;
        let mut card = Card::new(bench, model, bench.record().row(id)?);
        card.generation = member.generation;
        card.score = member.score.filter(|s| s.is_finite());
        card.children = children[k];
        card.explores = model.step(&evolution.name).is_some_and(|s| s.exploration);
        let is_child = member.generation > 0;
        let parents: &[ModelId] = if is_child { &model.parents } else { &[] };
        if !is_child {
            card.parents.clear();
            card.unnamed_parents = false;
            (card.kinship, card.distance) = (None, None);
        }
        let score = |task: &String| (task.clone(), model.score(task).map(|s| s.value));
        Some(RunCard {
            card,
            tasks: tasks.iter().map(score).collect(),
            parents: match is_child {
                true => member.parents.clone(),
                false => Vec::new(),
            },
            descent: descent(doc, &evolution.name, parents),
            rank: selection.iter().position(|&s| s == k).map(|at| at + 1),
            note: model.note.clone(),
            has_no_files: model.path.is_none() || bench.files(id).are_missing(),
        })
    };
    let mut out: Vec<RunCard> = (0..standing.models.len()).filter_map(card).collect();
    family::mark_best(out.iter_mut().map(|run| &mut run.card));
    out
}

/// Parents in short: a child of the same run goes by its generation and number, `2-1`.
fn descent(doc: &StudyDoc, run: &str, parents: &[ModelId]) -> String {
    let short = |id: &ModelId| {
        let step = doc.model(*id).and_then(|model| model.step(run));
        match step.filter(|step| step.generation > 0) {
            Some(step) => format!("{}-{}", step.generation, step.number),
            None => doc.name_of(*id).to_owned(),
        }
    };
    parents.iter().map(short).collect::<Vec<_>>().join(" × ")
}

fn columns(bench: &Workbench, evolution: &Evolution, standing: &Standing) -> Vec<Column> {
    let generation = |k: &usize| standing.members[*k].generation;
    let column = |number, best, kinship| Column {
        number,
        made: (0..standing.members.len())
            .filter(|k| generation(k) == number)
            .collect(),
        planned: Vec::new(),
        best,
        kinship,
    };
    let made = standing.generations.iter();
    let mut out: Vec<Column> = made.map(|g| column(g.number, g.best, g.kinship)).collect();
    let Some((number, merges)) = bench.upcoming_merges(evolution, standing) else {
        return out;
    };
    if out.iter().all(|column| column.number != number) {
        out.push(column(number, None, None));
    }
    let doc = bench.study().doc();
    let planned = merges.into_iter().map(|pairing| {
        let parents = pairing.parents.map(|k| standing.models[k]);
        Planned {
            made_from: parents.map(|id| doc.name_of(id).to_owned()).to_vec(),
            descent: descent(doc, &evolution.name, &parents),
            kinship: bench.known_kinship(parents[0], parents[1]),
            explores: pairing.explores,
            reason: pairing.reason,
        }
    });
    if let Some(column) = out.iter_mut().find(|column| column.number == number) {
        column.planned = planned.collect();
    }
    out
}

/// Bars begin below the least score, so that differences are seen.
fn scores(cards: &[RunCard]) -> Option<Scale> {
    let (lo, hi) = family::range(cards.iter().map(|run| &run.card))?;
    Some(Scale::Sequential {
        lo: lo - 0.25 * (hi - lo).max(1e-9),
        hi,
    })
}

impl RunCard {
    /// All that the picture says of it, in words.
    pub fn words(&self) -> String {
        let words = self.card.words("score");
        match self.rank {
            Some(rank) => format!("{words}, number {rank} of the selection"),
            None => words,
        }
    }

    /// Kinship of its parents in the default measure.
    pub fn kinship(&self) -> Option<f64> {
        let (value, metric) = self.card.kinship?;
        (metric == Metric::DEFAULT).then_some(value)
    }
}

impl Column {
    pub const fn len(&self) -> usize {
        self.made.len() + self.planned.len()
    }
}

#[cfg(test)]
mod tests {
    use super::descent;
    use crate::study::{Model, ModelId, Step, StudyDoc};

    #[test]
    fn children_of_the_run_go_by_their_numbers() {
        let step = Step {
            run: "With kinship".to_owned(),
            generation: 2,
            number: 1,
            ..Step::default()
        };
        let model = |id, name: &str, steps| Model {
            id: ModelId(id),
            name: name.to_owned(),
            steps,
            ..Model::default()
        };
        let doc = StudyDoc {
            models: vec![
                model(0, "renamed by the user", vec![step]),
                model(1, "abacus", Vec::new()),
            ],
            ..StudyDoc::default()
        };
        let parents = [ModelId(0), ModelId(1)];
        assert_eq!(descent(&doc, "With kinship", &parents), "2-1 × abacus");
        let others = "renamed by the user × abacus";
        assert_eq!(descent(&doc, "Greedy", &parents), others);
    }
}
