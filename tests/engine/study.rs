//! A user's afternoon, replayed: commands in, documents and effects out.

use std::path::PathBuf;

use kinfolk::kinship::{Measure, Metric};
use kinfolk::study::{
    BaseRef, Command, Effect, ModelEdit, ModelId, NewModel, Order, Role, Selection, Study, ViewEdit,
};

fn new(name: &str, base: Option<BaseRef>) -> NewModel {
    NewModel {
        name: name.to_owned(),
        path: Some(PathBuf::from("/m").join(name)),
        base,
    }
}

/// A base and two models of it.
fn family() -> Study {
    let mut study = Study::default();
    let base = Some(BaseRef::Added(0));
    let models = vec![new("base", None), new("a", base), new("b", base)];
    study.apply(Command::Model(ModelEdit::Add(models)));
    study
}

fn edit(study: &mut Study, edit: ModelEdit) -> Vec<Effect> {
    study.apply(Command::Model(edit))
}

fn names(study: &Study) -> Vec<&str> {
    study.doc().models.iter().map(|m| m.name.as_str()).collect()
}

#[test]
fn added_models_are_opened_and_saved() {
    let mut study = Study::default();
    let effects = edit(&mut study, ModelEdit::Add(vec![new("x", None)]));
    assert_eq!(effects, [Effect::Save, Effect::Open(ModelId(0))]);
}

#[test]
fn a_base_added_in_the_same_step_is_the_base() {
    let study = family();
    let roles: Vec<Role> = study
        .doc()
        .models
        .iter()
        .map(|m| study.doc().role(m))
        .collect();
    assert_eq!(roles, [Role::Base, Role::FineTune, Role::FineTune]);
    assert_eq!(study.doc().shown_base(), Some(ModelId(0)));
}

#[test]
fn a_name_that_is_taken_gets_a_number() {
    let mut study = family();
    edit(
        &mut study,
        ModelEdit::Add(vec![new("a", None), new("a", None)]),
    );
    assert_eq!(names(&study), ["base", "a", "b", "a 2", "a 3"]);
}

#[test]
fn a_removed_model_leaves_no_trace_and_comes_back_whole() {
    let mut study = family();
    edit(
        &mut study,
        ModelEdit::SetParents(ModelId(2), vec![ModelId(1)]),
    );
    let before = study.doc().clone();
    study.apply(Command::Select(Selection::Pair(ModelId(1), ModelId(2))));
    let effects = edit(&mut study, ModelEdit::Remove(vec![ModelId(1)]));
    assert_eq!(effects, [Effect::Save, Effect::Close(ModelId(1))]);
    assert_eq!(study.selection(), &Selection::Models(vec![ModelId(2)]));
    assert!(study.doc().model(ModelId(2)).unwrap().parents.is_empty());
    let effects = study.apply(Command::Undo);
    assert_eq!(study.doc(), &before);
    assert_eq!(effects, [Effect::Save, Effect::Open(ModelId(1))]);
}

#[test]
fn ids_are_never_used_again() {
    let mut study = family();
    edit(&mut study, ModelEdit::Remove(vec![ModelId(2)]));
    edit(&mut study, ModelEdit::Add(vec![new("c", None)]));
    assert_eq!(study.doc().models.last().unwrap().id, ModelId(3));
}

#[test]
fn letters_typed_into_one_name_are_one_step_of_undo() {
    let mut study = family();
    for name in ["n", "ne", "new"] {
        edit(&mut study, ModelEdit::Rename(ModelId(1), name.to_owned()));
    }
    edit(
        &mut study,
        ModelEdit::Rename(ModelId(2), "other".to_owned()),
    );
    study.apply(Command::Undo);
    assert_eq!(names(&study), ["base", "new", "b"]);
    study.apply(Command::Undo);
    assert_eq!(names(&study), ["base", "a", "b"]);
}

#[test]
fn undo_takes_back_everything_and_redo_brings_it_again() {
    let mut study = family();
    edit(
        &mut study,
        ModelEdit::Note(ModelId(1), "good at sums".to_owned()),
    );
    edit(&mut study, ModelEdit::SetBase(vec![ModelId(2)], None));
    study.apply(Command::RenameStudy("mine".to_owned()));
    let end = study.doc().clone();
    while study.history().undo_title().is_some() {
        study.apply(Command::Undo);
    }
    assert!(study.doc().models.is_empty());
    while study.history().redo_title().is_some() {
        study.apply(Command::Redo);
    }
    assert_eq!(study.doc(), &end);
}

#[test]
fn a_new_edit_forgets_what_was_undone() {
    let mut study = family();
    edit(&mut study, ModelEdit::Note(ModelId(1), "x".to_owned()));
    study.apply(Command::Undo);
    edit(&mut study, ModelEdit::Note(ModelId(2), "y".to_owned()));
    assert_eq!(study.history().redo_title(), None);
}

#[test]
fn how_a_study_is_looked_at_is_kept_and_not_undone() {
    let mut study = family();
    let measure = Measure {
        metric: Metric::EUCLIDEAN,
        ..Measure::default()
    };
    assert_eq!(
        study.apply(Command::View(ViewEdit::Measure(measure))),
        [Effect::Save]
    );
    study.apply(Command::View(ViewEdit::Order(Order::Name)));
    study.apply(Command::Undo);
    assert!(study.doc().models.is_empty(), "undo goes to the last edit");
    assert_eq!(study.doc().view.measure, measure);
    assert_eq!(study.doc().view.order, Order::Name);
}

#[test]
fn an_edit_that_changes_nothing_is_no_step_and_has_no_effect() {
    let mut study = family();
    let before = study.clone();
    assert!(edit(&mut study, ModelEdit::Rename(ModelId(1), "a".to_owned())).is_empty());
    assert!(edit(&mut study, ModelEdit::Remove(vec![ModelId(99)])).is_empty());
    assert_eq!(study, before);
}

#[test]
fn a_base_has_no_base_and_nobody_is_its_own_parent() {
    let mut study = family();
    edit(
        &mut study,
        ModelEdit::SetBase(vec![ModelId(0), ModelId(1), ModelId(2)], Some(ModelId(1))),
    );
    let doc = study.doc();
    assert_eq!(doc.model(ModelId(1)).unwrap().base, None);
    assert_eq!(doc.family(ModelId(1)), [ModelId(0), ModelId(2)]);
    edit(
        &mut study,
        ModelEdit::SetParents(ModelId(2), vec![ModelId(2), ModelId(0)]),
    );
    assert_eq!(study.doc().model(ModelId(2)).unwrap().parents, [ModelId(0)]);
}

#[test]
fn relocating_opens_the_new_place() {
    let mut study = family();
    let effects = edit(
        &mut study,
        ModelEdit::Relocate(ModelId(1), PathBuf::from("/n/a")),
    );
    assert_eq!(effects, [Effect::Save, Effect::Open(ModelId(1))]);
}
