//! Two versions of a study that came from one, put together where they do not contradict each other.
//!
//! Models, drafts and evolutions are told apart by their ids, scores by their tasks: what only
//! one side has changed, added or taken out is taken over. What both have changed, each in
//! another way, is for the user to decide.

use serde_json::{Map, Value};

use super::doc::StudyDoc;

/// What `mine` and `theirs` make together of `base`, which both came from; `None` if both have
/// changed the same thing. How the study is looked at stays as it is in `mine`.
pub fn merged(base: &StudyDoc, mine: &StudyDoc, theirs: &StudyDoc) -> Option<StudyDoc> {
    let value = |doc| serde_json::to_value(doc).ok();
    let (base, mine, theirs) = (value(base)?, value(mine)?, value(theirs)?);
    let made = of_values("", Some(&base), Some(&mine), Some(&theirs))??;
    serde_json::from_value(made).ok()
}

/// The outer `None` is a conflict, the inner one an absent value.
fn of_values(
    name: &str,
    base: Option<&Value>,
    mine: Option<&Value>,
    theirs: Option<&Value>,
) -> Option<Option<Value>> {
    if mine == theirs || theirs == base || name == "view" {
        return Some(mine.cloned());
    }
    if mine == base {
        return Some(theirs.cloned());
    }
    match (base, mine?, theirs?) {
        (base, Value::Object(mine), Value::Object(theirs)) => {
            let base = base.and_then(Value::as_object);
            Some(Some(Value::Object(of_objects(base, mine, theirs)?)))
        }
        (base, Value::Array(mine), Value::Array(theirs)) => {
            let base = base.and_then(Value::as_array).map_or(&[][..], |b| b);
            Some(Some(Value::Array(of_lists(name, base, mine, theirs)?)))
        }
        // Counters: neither side may give out an id again that the other has used.
        (_, Value::Number(mine), Value::Number(theirs)) if name.starts_with("next_") => {
            Some(Some(mine.as_u64().max(theirs.as_u64()).into()))
        }
        _ => None,
    }
}

type Object = Map<String, Value>;

fn of_objects(base: Option<&Object>, mine: &Object, theirs: &Object) -> Option<Object> {
    let mut out = Object::new();
    let only_theirs = theirs.keys().filter(|key| !mine.contains_key(*key));
    for key in mine.keys().chain(only_theirs) {
        let base = base.and_then(|base| base.get(key));
        if let Some(value) = of_values(key, base, mine.get(key), theirs.get(key))? {
            out.insert(key.clone(), value);
        }
    }
    Some(out)
}

/// Lists whose items have names of their own; others are one thing, and in conflict here.
fn of_lists(name: &str, base: &[Value], mine: &[Value], theirs: &[Value]) -> Option<Vec<Value>> {
    let (base, mine, theirs) = (named(name, base)?, named(name, mine)?, named(name, theirs)?);
    let find = |list: &[(String, Value)], key: &str| {
        let found = list.iter().find(|(own, _)| own == key);
        found.map(|(_, value)| value.clone())
    };
    let mut out = Vec::new();
    let only_theirs = theirs.iter().filter(|(key, _)| find(&mine, key).is_none());
    for (key, _) in mine.iter().chain(only_theirs) {
        let (base, mine, theirs) = (find(&base, key), find(&mine, key), find(&theirs, key));
        let (base, mine, theirs) = (base.as_ref(), mine.as_ref(), theirs.as_ref());
        out.extend(of_values("", base, mine, theirs)?);
    }
    Some(out)
}

/// The items of a list with what tells them apart; `None` if nothing does.
fn named(list: &str, items: &[Value]) -> Option<Vec<(String, Value)>> {
    let key = match list {
        "models" | "drafts" | "evolutions" => "id",
        "scores" => "task",
        "steps" => "run",
        "pairs" => "models",
        _ => return None,
    };
    let mut out: Vec<(String, Value)> = Vec::new();
    for item in items {
        let own = item.get(key)?.to_string();
        if out.iter().any(|(other, _)| *other == own) {
            return None;
        }
        out.push((own, item.clone()));
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::super::{Model, ModelId, Score};
    use super::*;

    fn model(id: u32, scores: &[(&str, f64)]) -> Model {
        let score = |(task, value): &(&str, f64)| Score {
            task: (*task).to_owned(),
            value: *value,
            ..Score::default()
        };
        Model {
            id: ModelId(id),
            name: format!("m{id}"),
            scores: scores.iter().map(score).collect(),
            ..Model::default()
        }
    }

    fn doc(models: Vec<Model>) -> StudyDoc {
        StudyDoc {
            next_id: models.iter().map(|m| m.id.0 + 1).max().unwrap_or(0),
            models,
            ..StudyDoc::default()
        }
    }

    #[test]
    fn what_either_side_has_added_is_there() {
        let base = doc(vec![model(0, &[]), model(1, &[("a", 1.0)])]);
        let mine = doc(vec![
            model(0, &[("a", 2.0)]),
            model(1, &[("a", 1.0), ("b", 0.1)]),
        ]);
        let theirs = doc(vec![
            model(0, &[("c", 5.0)]),
            model(1, &[("a", 1.0)]),
            model(2, &[]),
        ]);
        let made = merged(&base, &mine, &theirs).unwrap();
        let expected = doc(vec![
            model(0, &[("a", 2.0), ("c", 5.0)]),
            model(1, &[("a", 1.0), ("b", 0.1)]),
            model(2, &[]),
        ]);
        assert_eq!(made, expected);
        assert_eq!(merged(&base, &base, &theirs), Some(theirs.clone()));
        assert_eq!(merged(&base, &mine, &base), Some(mine));
    }

    #[test]
    fn what_one_side_has_taken_out_is_gone_unless_the_other_changed_it() {
        let base = doc(vec![model(0, &[]), model(1, &[])]);
        let mut without = base.clone();
        without.models.pop();
        let mut noted = base.clone();
        noted.models[0].note = "kept".to_owned();
        let made = merged(&base, &without, &noted).unwrap();
        assert_eq!((made.models.len(), &*made.models[0].note), (1, "kept"));
        noted.models[1].note = "changed".to_owned();
        assert_eq!(merged(&base, &without, &noted), None);
        assert_eq!(merged(&base, &noted, &without), None);
    }

    #[test]
    fn what_both_have_changed_is_for_the_user_to_decide() {
        let base = doc(vec![model(0, &[("a", 1.0)])]);
        let mine = doc(vec![model(0, &[("a", 2.0)])]);
        let theirs = doc(vec![model(0, &[("a", 3.0)])]);
        assert_eq!(merged(&base, &mine, &theirs), None);
        // Two models under one id.
        let mut other = model(1, &[]);
        other.name = "another".to_owned();
        let mine = doc(vec![model(0, &[("a", 1.0)]), model(1, &[])]);
        let theirs = doc(vec![model(0, &[("a", 1.0)]), other]);
        assert_eq!(merged(&base, &mine, &theirs), None);
    }

    #[test]
    fn how_it_is_looked_at_stays() {
        let base = doc(vec![model(0, &[])]);
        let (mut mine, mut theirs) = (base.clone(), base.clone());
        mine.view.base = Some(ModelId(0));
        theirs.view.base = Some(ModelId(7));
        theirs.name = "theirs".to_owned();
        let made = merged(&base, &mine, &theirs).unwrap();
        assert_eq!((made.view.base, &*made.name), (Some(ModelId(0)), "theirs"));
    }
}
