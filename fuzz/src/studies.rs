//! Studies: from text to what every view shows of them, and back to text.

use std::path::Path;

use kinfolk::figures::{self, Along, ChartData, Course};
use kinfolk::kinship::Metric;
use kinfolk::lineage::evolution::{Spent, next, summaries};
use kinfolk::lineage::strategy::{Member, Population, Round, STRATEGIES};
use kinfolk::lineage::{Graph, kin, lay_out};
use kinfolk::study::chart::{ChartChoices, ChartKind, FitLine, PointsAre, Quantity};
use kinfolk::study::file::{from_text, to_text};
use kinfolk::study::{Evolution, ModelId, StudyDoc, StudyFacts};
use kinfolk::workbench::library::bundled;

/// A study.
pub fn study(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let dir = Path::new("/studies/one");
    let Ok(doc) = from_text(text, dir) else {
        return;
    };
    assert_eq!(from_text(&to_text(&doc, dir), dir).as_ref(), Ok(&doc));
    let given = |a: ModelId, b: ModelId, metric: Metric| doc.given_kinship(a, b, metric);
    let record = StudyFacts::new(&doc, &given);
    doc.bases();
    doc.shown_base();
    drawn(&doc, &record);
    laid_out(&doc, &record);
    for evolution in &doc.evolutions {
        evolved(&doc, evolution);
    }
}

/// Every chart, with the choices of the study and with others.
fn drawn(doc: &StudyDoc, record: &StudyFacts) {
    let given = |a: ModelId, b: ModelId, metric: Metric| doc.given_kinship(a, b, metric);
    let pairs = doc.pair_rows(&given);
    let selected: Vec<ModelId> = doc.models.iter().map(|m| m.id).take(2).collect();
    let layers = |id: ModelId, _: Option<ModelId>| {
        let changes = [
            ("layer 0".to_owned(), f64::from(id.0)),
            ("head".to_owned(), 1e30),
        ];
        Some(changes.to_vec())
    };
    let mine = |_: &str| doc;
    let theirs = |key: &str| bundled(key);
    for bundled in [&mine as &figures::Bundled<'_>, &theirs] {
        let data = ChartData {
            doc,
            record,
            pairs: &pairs,
            kinship: &given,
            layers: &layers,
            selected: &selected,
            bundled,
        };
        for choices in choices(&doc.view.charts) {
            draw(&choices, &data);
        }
    }
}

fn choices(own: &ChartChoices) -> Vec<ChartChoices> {
    let mut out: Vec<ChartChoices> = figures::charts()
        .map(|chart| chart.kind)
        .chain([own.kind])
        .map(|kind| ChartChoices {
            kind,
            ..own.clone()
        })
        .collect();
    out.push(ChartChoices {
        kind: ChartKind::Scatter,
        points: PointsAre::Pairs,
        x: Quantity::Difference,
        y: Quantity::Kinship(Metric::EUCLIDEAN),
        line: FitLine::Robust,
        ..own.clone()
    });
    out.push(ChartChoices {
        kind: ChartKind::Scatter,
        x: Quantity::Generation,
        y: Quantity::Average,
        colour: Some(Quantity::AbsoluteGain),
        ..own.clone()
    });
    out
}

fn draw(choices: &ChartChoices, data: &ChartData<'_>) {
    let Ok(figure) = figures::build(choices, data) else {
        return;
    };
    for panel in &figure.panels {
        let bounds = panel.bounds();
        assert!(bounds.x.0.is_finite() && bounds.x.1.is_finite());
    }
    kinfolk::ui::plot::csv(&figure);
    kinfolk::ui::plot::sheet(&figure)
        .map(|sheet| sheet.svg())
        .ok();
}

/// The lineage as the view draws it.
fn laid_out(doc: &StudyDoc, record: &StudyFacts) {
    let at = |id: &ModelId| doc.models.iter().position(|m| m.id == *id);
    let edges = doc.models.iter().enumerate().flat_map(|(child, model)| {
        let parents = model.parents.iter().filter_map(at);
        parents.map(move |parent| [parent, child])
    });
    let rows = doc.models.iter().zip(&record.rows);
    let graph = Graph {
        generations: rows
            .map(|(model, row)| (!model.steps.is_empty()).then_some(row.generation))
            .collect(),
        edges: edges.collect(),
    };
    let layout = lay_out(&graph);
    assert!(layout.heights.iter().all(|height| height.is_finite()));
    if !doc.models.is_empty() {
        kin(&graph, doc.models.len() / 2);
    }
}

/// What an evolution shows, what it would do next, and what it would keep.
fn evolved(doc: &StudyDoc, evolution: &Evolution) {
    let models = doc.population(evolution);
    let members: Vec<Member> = models
        .iter()
        .map(|id| member(doc, evolution, &models, *id))
        .collect();
    let kinship = |a: usize, b: usize| doc.given_kinship(models[a], models[b], Metric::PEARSON);
    let population = Population {
        members: &members,
        kinship: &kinship,
        base: &[],
        measures: &[],
    };
    let setup = &evolution.setup;
    let spent = Spent {
        evaluations: evolution.evaluations,
        seconds: evolution.seconds,
    };
    let generations = summaries(&population, setup.choices.top);
    for strategy in STRATEGIES {
        next(&population, strategy, &setup.choices, &setup.rules, &spent);
        let last = population.last_generation();
        strategy.may_choose(&Round {
            population,
            generation: last + 1,
            choices: &setup.choices,
        });
    }
    let course = Course {
        name: &evolution.name,
        index: 0,
        is_shown: true,
        has_ended: evolution.ended.is_some(),
        members: &members,
        models: &models,
        generations: &generations,
        tau: setup.rules.tau,
    };
    for (along, _) in Along::ALL {
        figures::evolutions(std::slice::from_ref(&course), along, &|id| {
            doc.name_of(id).to_owned()
        })
        .ok();
    }
}

fn member(doc: &StudyDoc, evolution: &Evolution, models: &[ModelId], id: ModelId) -> Member {
    let Some(model) = doc.model(id) else {
        return Member::default();
    };
    let tasks = doc.selecting_tasks(evolution);
    let tasks: Vec<Option<f64>> = tasks.iter().map(|t| Some(model.score(t)?.value)).collect();
    let parents = model.parents.iter();
    Member {
        score: tasks.first().copied().flatten(),
        tasks,
        generation: model
            .step(&evolution.name)
            .map_or(0, |step| step.generation),
        parents: parents
            .filter_map(|p| models.iter().position(|m| m == p))
            .collect(),
        ..Member::default()
    }
}
