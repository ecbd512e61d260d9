//! Every edit of the record, done and undone.

use super::super::{Command, ModelEdit, Study};
use super::*;
use crate::kinship::Metric;

fn cells(cells: &[(u32, &str, Option<f64>)]) -> RecordEdit {
    let cell =
        |&(id, task, value): &(u32, &str, Option<f64>)| (ModelId(id), task.to_owned(), value);
    RecordEdit::SetScores(cells.iter().map(cell).collect())
}

/// Two models with a score each, which came from a file.
fn doc() -> StudyDoc {
    let model = |id, name: &str, value| Model {
        id: ModelId(id),
        name: name.to_owned(),
        scores: vec![Score {
            task: "gsm8k".to_owned(),
            value,
            stderr: Some(1.5),
            n: Some(1319),
            source: "results.json".to_owned(),
        }],
        ..Model::default()
    };
    StudyDoc {
        models: vec![model(0, "a", 50.0), model(1, "b", 60.0)],
        next_id: 2,
        ..StudyDoc::default()
    }
}

fn apply(edit: RecordEdit) -> StudyDoc {
    let mut doc = doc();
    edit.apply(&mut doc);
    doc
}

fn entry(model: &str) -> Entry {
    Entry {
        model: model.to_owned(),
        ..Entry::default()
    }
}

fn import(entries: Vec<Entry>, pairs: Vec<PairEntry>) -> RecordEdit {
    RecordEdit::Import(Import {
        title: "table.csv".to_owned(),
        entries,
        pairs,
    })
}

#[test]
fn a_typed_score_forgets_where_the_old_one_was_from() {
    let doc = apply(cells(&[(0, "gsm8k", Some(51.0)), (1, "gsm8k", Some(60.0))]));
    let [a, b] = [&doc.models[0].scores[0], &doc.models[1].scores[0]];
    assert_eq!((a.value, a.n, a.source.as_str()), (51.0, None, ""));
    assert_eq!(
        (b.value, b.n),
        (60.0, Some(1319)),
        "the same number typed again"
    );
}

#[test]
fn a_block_of_cells_fills_and_clears() {
    let doc = apply(cells(&[
        (0, "gsm8k", None),
        (0, "mmlu", Some(1.0)),
        (7, "mmlu", Some(2.0)),
    ]));
    assert!(doc.models[0].score("gsm8k").is_none());
    assert_eq!(doc.models[0].score("mmlu").map(|s| s.value), Some(1.0));
    assert_eq!(doc.models.len(), 2, "a model that is gone is not made");
}

#[test]
fn what_is_no_number_changes_nothing() {
    for value in [f64::NAN, f64::INFINITY] {
        assert_eq!(apply(cells(&[(0, "gsm8k", Some(value))])), doc());
        let bad = Entry {
            average: Some(value),
            gain: Some(value),
            kinship: [(Metric::PEARSON, value)].into_iter().collect(),
            scores: vec![Score {
                task: "x".to_owned(),
                value,
                ..Score::default()
            }],
            ..entry("a")
        };
        assert_eq!(apply(import(vec![bad], vec![])), doc());
    }
}

#[test]
fn a_task_gets_another_name_where_that_is_free() {
    let rename = |new: &str| RecordEdit::RenameTask("gsm8k".to_owned(), new.to_owned());
    let renamed = apply(rename("GSM8K"));
    assert!(renamed.models.iter().all(|m| m.score("GSM8K").is_some()));
    assert_eq!(apply(rename("")), doc());
    let mut taken = doc();
    cells(&[(1, "mmlu", Some(1.0))]).apply(&mut taken);
    let before = taken.clone();
    rename("mmlu").apply(&mut taken);
    assert_eq!(taken, before);
}

#[test]
fn a_renamed_task_keeps_whether_it_counts() {
    let mut doc = doc();
    RecordEdit::CountTask("gsm8k".to_owned(), false).apply(&mut doc);
    RecordEdit::RenameTask("gsm8k".to_owned(), "maths".to_owned()).apply(&mut doc);
    assert_eq!(doc.not_averaged, ["maths"]);
    // A task without scores is no task any more, whatever is left of its name.
    cells(&[
        (0, "maths", None),
        (1, "maths", None),
        (0, "new", Some(1.0)),
    ])
    .apply(&mut doc);
    RecordEdit::RenameTask("new".to_owned(), "maths".to_owned()).apply(&mut doc);
    assert!(doc.not_averaged.is_empty());
}

#[test]
fn a_removed_task_leaves_nothing_behind() {
    let mut doc = doc();
    RecordEdit::CountTask("gsm8k".to_owned(), false).apply(&mut doc);
    RecordEdit::RemoveTask("gsm8k".to_owned()).apply(&mut doc);
    assert!(doc.not_averaged.is_empty() && doc.models.iter().all(|m| m.scores.is_empty()));
}

#[test]
fn a_generation_is_set_in_its_run_alone() {
    let mut doc = doc();
    let set = |run: &str, generation| {
        RecordEdit::SetGeneration(vec![ModelId(0)], run.to_owned(), generation)
    };
    set("x", Some(1)).apply(&mut doc);
    set("y", Some(2)).apply(&mut doc);
    doc.models[0].steps[0].exploration = true;
    set("x", Some(3)).apply(&mut doc);
    let steps = &doc.models[0].steps;
    assert_eq!((steps[0].generation, steps[1].generation), (3, 2));
    assert!(steps[0].exploration);
    set("x", None).apply(&mut doc);
    assert_eq!(doc.models[0].steps.len(), 1);
    assert_eq!(doc.models[0].steps[0].run, "y");
}

#[test]
fn an_import_fills_in_models_by_name_and_adds_the_rest() {
    let child = Entry {
        parents: vec!["b".to_owned(), "new parent".to_owned(), "child".to_owned()],
        method: "slerp".to_owned(),
        gain: Some(0.5),
        ..entry("child")
    };
    let known = Entry {
        average: Some(55.0),
        scores: vec![Score {
            task: "mmlu".to_owned(),
            value: 1.0,
            source: "table.csv".to_owned(),
            ..Score::default()
        }],
        ..entry("a")
    };
    let doc = apply(import(vec![child, known], vec![]));
    let names: Vec<_> = doc.models.iter().map(|m| m.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "new parent", "child"]);
    let child = &doc.models[3];
    assert_eq!(
        child.parents,
        [ModelId(1), ModelId(2)],
        "never its own parent"
    );
    assert_eq!(
        (child.origin.method.as_str(), child.origin.gain),
        ("slerp", Some(0.5))
    );
    let a = &doc.models[0];
    assert_eq!(a.scores.len(), 2, "the old score stays");
    assert_eq!((a.origin.average, doc.next_id), (Some(55.0), 4));
}

#[test]
fn what_an_import_leaves_empty_stays() {
    let mut doc = doc();
    doc.models[0].note = "mine".to_owned();
    doc.models[0].parents = vec![ModelId(1)];
    doc.models[0].origin.method = "ties".to_owned();
    doc.models[0].origin.kinship.set(Metric::COSINE, Some(0.2));
    doc.models[0].origin.gain = Some(1.0);
    let before = doc.clone();
    import(vec![entry("a")], vec![]).apply(&mut doc);
    assert_eq!(doc, before);
    let more = Entry {
        kinship: [(Metric::PEARSON, 0.3)].into_iter().collect(),
        ..entry("a")
    };
    import(vec![more], vec![]).apply(&mut doc);
    let kinship = &doc.models[0].origin.kinship;
    assert_eq!(kinship.get(Metric::PEARSON), Some(0.3));
    assert_eq!(kinship.get(Metric::COSINE), Some(0.2));
}

#[test]
fn a_pair_is_filled_in_whichever_comes_first() {
    let pair = |a: &str, b: &str, group: &str| PairEntry {
        models: [a.to_owned(), b.to_owned()],
        group: group.to_owned(),
        ..PairEntry::default()
    };
    let with_kinship = PairEntry {
        kinship: [(Metric::PEARSON, 0.3)].into_iter().collect(),
        ..pair("a", "b", "t")
    };
    let with_difference = PairEntry {
        difference: Some(4.0),
        ..pair("b", "a", "t")
    };
    let doc = apply(import(
        vec![],
        vec![
            with_kinship,
            with_difference,
            pair("a", "a", "t"),
            pair("a", "c", "u"),
        ],
    ));
    assert_eq!(doc.pairs.len(), 2, "no pair of a model with itself");
    assert_eq!(doc.pairs[0].kinship.get(Metric::PEARSON), Some(0.3));
    assert_eq!(doc.pairs[0].difference, Some(4.0));
    assert_eq!(doc.pairs[1].models, [ModelId(0), ModelId(2)]);
    assert_eq!(doc.models.len(), 3);
}

#[test]
fn every_edit_is_one_step_of_undo() {
    let edits = [
        cells(&[(0, "gsm8k", Some(1.0)), (1, "new", Some(2.0))]),
        RecordEdit::CountTask("gsm8k".to_owned(), false),
        RecordEdit::RenameTask("gsm8k".to_owned(), "x".to_owned()),
        RecordEdit::RemoveTask("gsm8k".to_owned()),
        RecordEdit::SetMethod(ModelId(0), "ties".to_owned()),
        RecordEdit::SetGeneration(vec![ModelId(0), ModelId(1)], "r".to_owned(), Some(1)),
        RecordEdit::SetPublished(ModelId(0), "org/a".to_owned()),
        import(vec![entry("c")], vec![]),
    ];
    for edit in edits {
        let mut study = Study::new(doc());
        study.apply(Command::Record(edit.clone()));
        let after = study.doc().clone();
        assert_ne!(after, doc(), "{edit:?}");
        assert!(study.history().undo_title().is_some_and(|t| !t.is_empty()));
        study.apply(Command::Undo);
        assert_eq!(*study.doc(), doc(), "{edit:?}");
        study.apply(Command::Redo);
        assert_eq!(*study.doc(), after, "{edit:?}");
    }
}

#[test]
fn an_edit_that_changes_nothing_is_no_step() {
    let mut study = Study::new(doc());
    study.apply(Command::Record(RecordEdit::RemoveTask("none".to_owned())));
    study.apply(Command::Record(cells(&[(0, "gsm8k", Some(50.0))])));
    assert_eq!(study.history().undo_title(), None);
}

#[test]
fn letters_typed_one_after_the_other_are_one_step() {
    let mut study = Study::new(doc());
    for text in ["t", "ti", "tie"] {
        study.apply(Command::Record(RecordEdit::SetMethod(
            ModelId(0),
            text.to_owned(),
        )));
    }
    for text in ["W", "Wo"] {
        study.apply(Command::About(text.to_owned()));
    }
    study.apply(Command::Undo);
    assert_eq!(study.doc().about, "");
    assert_eq!(study.doc().models[0].origin.method, "tie");
    study.apply(Command::Undo);
    assert_eq!(*study.doc(), doc());
}

#[test]
fn a_merge_that_loses_a_parent_stays_a_merge_without_a_gain() {
    let mut doc = doc();
    let of_three = Entry {
        parents: ["a", "b", "c"].map(str::to_owned).to_vec(),
        ..entry("child")
    };
    import(vec![of_three], vec![]).apply(&mut doc);
    let fine_tune = Entry {
        parents: vec!["a".to_owned()],
        ..entry("tuned")
    };
    import(vec![fine_tune], vec![]).apply(&mut doc);
    let mut study = Study::new(doc);
    study.apply(Command::Model(ModelEdit::Remove(vec![ModelId(0)])));
    let named = |name: &str| study.doc().models.iter().find(|m| m.name == name);
    assert!(named("child").is_some_and(|m| m.origin.unnamed_parents && m.parents.len() == 2));
    assert!(named("tuned").is_some_and(|m| !m.origin.unnamed_parents));
}
