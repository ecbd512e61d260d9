//! What follows from a record, on studies small enough to work out by hand.

use super::super::record::{Origin, Score, Step};
use super::*;

const NONE: &MeasuredKinship<'static> = &|_, _, _| None;

fn model(id: u32, parents: &[u32], scores: &[(&str, f64)]) -> Model {
    Model {
        id: ModelId(id),
        name: format!("m{id}"),
        parents: parents.iter().map(|&p| ModelId(p)).collect(),
        scores: scores
            .iter()
            .map(|&(task, value)| Score {
                task: task.to_owned(),
                value,
                ..Score::default()
            })
            .collect(),
        ..Model::default()
    }
}

fn study(models: Vec<Model>) -> StudyDoc {
    StudyDoc {
        next_id: models.len() as u32,
        models,
        ..StudyDoc::default()
    }
}

fn reported(id: u32, parents: &[u32], average: Option<f64>, gain: Option<f64>) -> Model {
    Model {
        origin: Origin {
            average,
            gain,
            ..Origin::default()
        },
        ..model(id, parents, &[])
    }
}

fn averages(doc: &StudyDoc) -> Vec<Option<f64>> {
    let rows = StudyFacts::new(doc, NONE).rows;
    rows.iter().map(|row| row.average).collect()
}

fn gain_of(doc: &StudyDoc, at: usize) -> Option<f64> {
    StudyFacts::new(doc, NONE).rows[at].gain
}

#[test]
fn an_empty_study_has_an_empty_record() {
    assert_eq!(StudyFacts::new(&study(vec![]), NONE), StudyFacts::default());
    assert_eq!(StudyFacts::default().best(), None);
}

#[test]
fn the_average_wants_every_task_that_counts() {
    let mut doc = study(vec![
        model(0, &[], &[("a", 40.0), ("b", 60.0)]),
        model(1, &[], &[("b", 70.0)]),
        model(2, &[], &[("b", 20.0), ("a", 30.0), ("c", 99.0)]),
        model(3, &[], &[]),
    ]);
    assert_eq!(averages(&doc), [None, None, Some(149.0 / 3.0), None]);
    doc.not_averaged = vec!["c".to_owned()];
    assert_eq!(averages(&doc), [Some(50.0), None, Some(25.0), None]);
    doc.not_averaged.push("a".to_owned());
    assert_eq!(averages(&doc), [Some(60.0), Some(70.0), Some(20.0), None]);
    let record = StudyFacts::new(&doc, NONE);
    assert_eq!(record.tasks, ["a", "b", "c"]);
    assert_eq!(record.rows[1].scores, [None, Some(70.0), None]);
}

#[test]
fn a_reported_average_fills_in_where_scores_do_not_suffice() {
    let mut doc = study(vec![
        reported(0, &[], Some(61.5), None),
        model(1, &[], &[("a", 40.0)]),
    ]);
    assert_eq!(averages(&doc), [Some(61.5), Some(40.0)]);
    doc.models[1].origin.average = Some(45.0);
    assert_eq!(averages(&doc), [Some(61.5), Some(40.0)], "scores say more");
}

#[test]
fn equals_share_a_rank_and_the_next_is_skipped() {
    let with = |id, value| model(id, &[], &[("a", value)]);
    let mut models = vec![with(0, 50.0), with(1, 70.0), with(2, 70.0), with(3, 10.0)];
    models.push(model(4, &[], &[]));
    let record = StudyFacts::new(&study(models), NONE);
    let ranks: Vec<_> = record.rows.iter().map(|row| row.rank).collect();
    assert_eq!(ranks, [Some(3), Some(1), Some(1), Some(4), None]);
    assert_eq!(record.best().map(|row| row.id), Some(ModelId(1)));
}

#[test]
fn gain_is_the_average_over_the_mean_of_the_parents() {
    let with = |id, parents: &[u32], value| model(id, parents, &[("a", value)]);
    let doc = study(vec![
        with(0, &[], 60.0),
        with(1, &[], 70.0),
        with(2, &[], 80.0),
        with(3, &[0, 1], 66.0),
        with(4, &[0, 1, 2], 69.0),
        with(5, &[0], 90.0),
    ]);
    let gains: Vec<_> = (0..6).map(|at| gain_of(&doc, at)).collect();
    assert_eq!(gains, [None, None, None, Some(1.0), Some(-1.0), None]);
    let children: Vec<_> = StudyFacts::new(&doc, NONE)
        .rows
        .iter()
        .map(|row| row.children)
        .collect();
    assert_eq!(children, [3, 2, 1, 0, 0, 0]);
}

#[test]
fn gain_is_as_reported_where_it_cannot_be_worked_out() {
    let mut doc = study(vec![
        reported(0, &[], Some(60.0), None),
        reported(1, &[], None, None),
        reported(2, &[0, 1], Some(65.0), Some(2.5)),
        reported(3, &[0, 1], Some(65.0), None),
        reported(4, &[0, 2], None, Some(0.5)),
    ]);
    assert_eq!(gain_of(&doc, 2), Some(2.5), "a parent has no average");
    assert_eq!(gain_of(&doc, 3), None);
    assert_eq!(gain_of(&doc, 4), Some(0.5), "it has none itself");
    doc.models[1].origin.average = Some(68.0);
    assert_eq!(gain_of(&doc, 3), Some(1.0));
    doc.models[3].origin.unnamed_parents = true;
    assert_eq!(gain_of(&doc, 3), None, "the others may have any average");
    doc.models[3].parents.push(ModelId(99));
    doc.models[3].origin.unnamed_parents = false;
    assert_eq!(gain_of(&doc, 3), None, "a parent is gone");
}

#[test]
fn a_report_that_does_not_follow_is_told() {
    let mut doc = study(vec![
        model(0, &[], &[("a", 60.0)]),
        model(1, &[], &[("a", 70.0)]),
        model(2, &[0, 1], &[("a", 64.0)]),
    ]);
    let conflicts = |doc: &StudyDoc| StudyFacts::new(doc, NONE).rows[2].conflicts.clone();
    doc.models[2].origin.average = Some(64.01);
    doc.models[2].origin.gain = Some(-1.01);
    assert!(conflicts(&doc).is_empty(), "cut after the second decimal");
    doc.models[2].origin.average = Some(64.5);
    doc.models[2].origin.gain = Some(1.0);
    assert_eq!(
        conflicts(&doc),
        [
            "The average is reported as 64.50; the scores give 64.00",
            "The merge gain is reported as +1.00; the averages give −1.00",
        ]
    );
    assert_eq!(gain_of(&doc, 2), Some(-1.0), "what follows is shown");
}

fn pair(a: u32, b: u32, pearson: f64, group: &str) -> PairRecord {
    PairRecord {
        models: [ModelId(a), ModelId(b)],
        kinship: [(Metric::PEARSON, pearson)].into_iter().collect(),
        group: group.to_owned(),
        ..PairRecord::default()
    }
}

#[test]
fn kinship_of_many_parents_is_the_mean_over_their_pairs() {
    let mut doc = study(vec![
        model(0, &[], &[]),
        model(1, &[], &[]),
        model(2, &[], &[]),
        model(3, &[0, 1, 2], &[]),
    ]);
    doc.pairs = vec![pair(0, 1, 0.25, ""), pair(2, 0, 0.5, "")];
    let kinship = |doc: &StudyDoc, measured: &MeasuredKinship<'_>| {
        StudyFacts::new(doc, measured).rows[3].kinship.clone()
    };
    assert_eq!(
        kinship(&doc, NONE).get(Metric::PEARSON),
        None,
        "one is missing"
    );
    doc.pairs.push(pair(1, 2, 0.75, ""));
    assert_eq!(kinship(&doc, NONE).get(Metric::PEARSON), Some(0.5));
    assert!(!kinship(&doc, NONE).is_measured);
    doc.models[3].origin.kinship.set(Metric::PEARSON, Some(0.9));
    assert_eq!(
        kinship(&doc, NONE).get(Metric::PEARSON),
        Some(0.9),
        "what was reported of the merge itself comes first"
    );
    let by_id = |a: ModelId, b: ModelId, metric: Metric| {
        (metric == Metric::PEARSON).then_some(f64::from(a.0 + b.0))
    };
    let measured = kinship(&doc, &by_id);
    assert_eq!(measured.get(Metric::PEARSON), Some(2.0), "(1 + 2 + 3) / 3");
    assert_eq!(measured.get(Metric::COSINE), None);
    assert!(measured.is_measured);
    doc.models[3].origin.unnamed_parents = true;
    let of_some = kinship(&doc, &by_id);
    assert_eq!(of_some.get(Metric::PEARSON), Some(0.9));
    assert!(!of_some.is_measured, "not all pairs are known");
}

#[test]
fn a_negative_cosine_has_a_magnitude() {
    let mut child = model(2, &[0, 1], &[]);
    child.origin.kinship.set(Metric::COSINE, Some(-0.4));
    let doc = study(vec![model(0, &[], &[]), model(1, &[], &[]), child]);
    let kinship = StudyFacts::new(&doc, NONE).rows[2].kinship.clone();
    assert_eq!(kinship.get(Metric::COSINE), Some(-0.4));
    assert_eq!(kinship.get(Metric::ABSOLUTE_COSINE), Some(0.4));
}

#[test]
fn kinship_of_a_pair_is_known_from_its_merge_too() {
    let mut child = model(2, &[1, 0], &[]);
    child.origin.kinship.set(Metric::EUCLIDEAN, Some(7.0));
    let mut doc = study(vec![model(0, &[], &[]), model(1, &[], &[]), child]);
    let (a, b) = (ModelId(0), ModelId(1));
    assert_eq!(doc.given_kinship(a, b, Metric::EUCLIDEAN), Some(7.0));
    assert_eq!(doc.given_kinship(a, ModelId(2), Metric::EUCLIDEAN), None);
    doc.models[2].origin.unnamed_parents = true;
    assert_eq!(doc.given_kinship(a, b, Metric::EUCLIDEAN), None);
}

#[test]
fn the_difference_is_over_common_tasks_that_count() {
    let mut doc = study(vec![
        model(0, &[], &[("a", 10.0), ("b", 50.0), ("c", 1.0)]),
        model(1, &[], &[("b", 40.0), ("a", 14.0)]),
        model(2, &[0, 1], &[("d", 1.0)]),
    ]);
    let (a, b, c) = (ModelId(0), ModelId(1), ModelId(2));
    assert_eq!(doc.performance_difference(a, b), Some(7.0));
    assert_eq!(doc.performance_difference(b, a), Some(7.0));
    assert_eq!(doc.performance_difference(a, c), None);
    assert_eq!(StudyFacts::new(&doc, NONE).rows[2].difference, Some(7.0));
    doc.not_averaged = vec!["a".to_owned()];
    assert_eq!(doc.performance_difference(a, b), Some(10.0));
}

#[test]
fn a_pair_stands_in_the_list_once_for_each_table() {
    let mut doc = study(vec![
        model(0, &[], &[("a", 10.0)]),
        model(1, &[], &[("a", 14.0)]),
        model(2, &[], &[]),
    ]);
    doc.pairs = vec![pair(1, 0, 0.3, "x"), pair(1, 0, 0.4, "y")];
    doc.pairs[1].difference = Some(9.0);
    let measured =
        |_: ModelId, _: ModelId, metric: Metric| (metric == Metric::COSINE).then_some(0.1);
    let rows = doc.pair_rows(&measured);
    let seen: Vec<_> = rows
        .iter()
        .map(|row| {
            let [a, b] = row.models.map(|id| id.0);
            (
                a,
                b,
                row.group.as_str(),
                row.kinship.is_measured,
                row.difference,
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (1, 0, "x", false, Some(4.0)),
            (1, 0, "y", false, Some(9.0)),
            (0, 2, "", true, None),
            (1, 2, "", true, None),
        ]
    );
    assert_eq!(rows[0].kinship.get(Metric::PEARSON), Some(0.3));
    assert_eq!(rows[2].kinship.get(Metric::COSINE), Some(0.1));
    assert_eq!(doc.pair_rows(NONE).len(), 2);
}

#[test]
fn runs_stand_in_the_order_in_which_they_appear() {
    let step = |run: &str| Step {
        run: run.to_owned(),
        ..Step::default()
    };
    let mut doc = study(vec![model(0, &[], &[]), model(1, &[], &[])]);
    doc.models[0].steps = vec![step("second"), step("first")];
    doc.models[1].steps = vec![step("first"), step("third")];
    assert_eq!(
        StudyFacts::new(&doc, NONE).runs,
        ["second", "first", "third"]
    );
}

/// Five hundred models in one long line of merges, against the definition.
#[test]
fn a_large_study_is_worked_out_right() {
    let n = 500u32;
    let value = |k: u32| 40.0 + f64::from(k * 7919 % 1000) / 50.0;
    let models: Vec<Model> = (0..n)
        .map(|k| {
            let parents: &[u32] = if k < 2 { &[] } else { &[k - 1, k / 2] };
            model(k, parents, &[("a", value(k)), ("b", value(k) + 2.0)])
        })
        .collect();
    let record = StudyFacts::new(&study(models), NONE);
    for k in 2..n {
        let row = &record.rows[k as usize];
        let expected = value(k) - (value(k - 1) + value(k / 2)) / 2.0;
        assert!((row.gain.unwrap() - expected).abs() < 1e-9, "{k}");
        assert_eq!(row.generation, k - 1);
    }
}
