//! What a click or a box on a figure selects in the study.

use crate::study::{Command, ModelId, Selection, Study, StudyDoc};
use crate::ui::action::Action;
use crate::ui::plot::Picked;

/// The selection that follows, if it is another one.
pub fn select(study: &Study, picked: &Picked) -> Option<Action> {
    let doc = study.doc();
    let of_points: Vec<Vec<ModelId>> = picked
        .points
        .iter()
        .map(|point| match point.models[..] {
            [] => by_name(doc, &point.label),
            _ => point.models.clone(),
        })
        .filter(|models| !models.is_empty())
        .collect();
    let before = study.selection();
    let after = match (&of_points[..], picked.adds) {
        ([], true) => return None,
        ([], false) if picked.points.len() == 1 => return None,
        ([], false) => Selection::Nothing,
        ([one], false) => single(one),
        ([one], true) if one.len() == 1 => before.toggled(one[0]),
        (several, adds) => union(if adds { before.models() } else { Vec::new() }, several),
    };
    (after != *before).then_some(Action::Study(Command::Select(after)))
}

fn single(models: &[ModelId]) -> Selection {
    match *models {
        [a, b] if a != b => Selection::Pair(a, b),
        [a, b] if a == b => Selection::Models(vec![a]),
        _ => Selection::Models(models.to_vec()),
    }
}

fn union(mut models: Vec<ModelId>, more: &[Vec<ModelId>]) -> Selection {
    for &id in more.iter().flatten() {
        if !models.contains(&id) {
            models.push(id);
        }
    }
    Selection::Models(models)
}

/// The models that a point is called after: one, or two with a cross between.
pub fn by_name(doc: &StudyDoc, label: &str) -> Vec<ModelId> {
    let find = |name: &str| doc.models.iter().find(|m| m.name == name).map(|m| m.id);
    if let Some(id) = find(label) {
        return vec![id];
    }
    let mut parts = label.split(" × ").map(find);
    match (parts.next().flatten(), parts.next().flatten(), parts.next()) {
        (Some(a), Some(b), None) => vec![a, b],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::{Color, Point};
    use crate::study::{ModelEdit, NewModel};

    fn study() -> Study {
        let mut study = Study::default();
        let new = ["a", "b", "c", "a × b"].map(|name| NewModel {
            name: name.to_owned(),
            ..NewModel::default()
        });
        study.apply(Command::Model(ModelEdit::Add(new.to_vec())));
        study.apply(Command::Select(Selection::Nothing));
        study
    }

    fn point(label: &str, models: &[u32]) -> Point {
        Point {
            x: 0.0,
            y: 0.0,
            color: Color::Quiet,
            label: label.to_owned(),
            details: Vec::new(),
            models: models.iter().copied().map(ModelId).collect(),
            short: String::new(),
            is_named: false,
        }
    }

    fn pick(study: &mut Study, points: &[Point], adds: bool) -> Selection {
        let picked = Picked {
            points: points.to_vec(),
            adds,
        };
        if let Some(Action::Study(command)) = select(study, &picked) {
            study.apply(command);
        }
        study.selection().clone()
    }

    fn models(ids: &[u32]) -> Selection {
        Selection::Models(ids.iter().copied().map(ModelId).collect())
    }

    #[test]
    fn a_model_a_pair_and_several_are_selected() {
        let mut study = study();
        let mut check = |points: &[Point], adds, expected| {
            assert_eq!(pick(&mut study, points, adds), expected);
        };
        check(&[point("x", &[1])], false, models(&[1]));
        let pair = Selection::Pair(ModelId(0), ModelId(2));
        check(&[point("x", &[0, 2])], false, pair);
        let several = [point("x", &[2]), point("y", &[1]), point("z", &[2])];
        check(&several, false, models(&[2, 1]));
        check(&[point("x", &[2])], true, models(&[1]));
        check(&[point("x", &[0, 2])], true, models(&[1, 0, 2]));
        check(&[], true, models(&[1, 0, 2]));
        check(&[], false, Selection::Nothing);
    }

    #[test]
    fn figures_of_others_select_by_name_and_never_by_accident() {
        let mut study = study();
        for (label, expected) in [
            ("c", models(&[2])),
            ("unknown", models(&[2])),
            ("c × a", Selection::Pair(ModelId(2), ModelId(0))),
            ("a × b", models(&[3])),
            ("c × c", models(&[2])),
        ] {
            let found = pick(&mut study, &[point(label, &[])], false);
            assert_eq!(found, expected, "{label}");
        }
    }
}
