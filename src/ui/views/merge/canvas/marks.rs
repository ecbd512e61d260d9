//! Which node and which port a problem of the plan belongs to.

use crate::merge::composition::{Composition, Port};
use crate::merge::problem::Problem;
use crate::merge::recipe::Content;

pub fn of_merge(problems: &[Problem], merge: usize) -> Vec<&Problem> {
    let mut out: Vec<&Problem> = problems
        .iter()
        .filter(|p| p.place.document == merge)
        .collect();
    out.sort_by_key(|p| !p.is_error());
    out
}

/// The port that a problem of a merge is at, if it is at one.
pub fn port_of(composition: &Composition, problem: &Problem) -> Option<Port> {
    let path = problem.place.path.as_str();
    if path == "base_model" {
        return Some(Port::Base);
    }
    let numbers = numbers(path);
    let merge = problem.place.document;
    let recipe = composition.recipes.get(merge)?;
    match (&recipe.content, &numbers[..]) {
        (Content::Models(_), [model, ..]) if path.starts_with("models[") => {
            Some(Port::Model(*model))
        }
        (Content::Slices(slices), [slice, source, ..]) if path.starts_with("slices[") => {
            let model = &slices.get(*slice)?.sources.get(*source)?.model;
            let inputs = composition.inputs(merge);
            let at = inputs.iter().position(|own| own == model)?;
            Some(Port::Model(at))
        }
        _ => None,
    }
}

/// The numbers in the brackets of a path: `slices[2].sources[0]` has 2 and 0.
fn numbers(path: &str) -> Vec<usize> {
    path.split('[')
        .skip(1)
        .filter_map(|part| part.split(']').next()?.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merge::composition::TEMPLATES;
    use crate::merge::methods::find;
    use crate::merge::problem::Place;
    use crate::merge::recipe::ModelRef;

    fn at(document: usize, path: &str) -> Problem {
        let place = Place {
            document,
            path: path.to_owned(),
            position: None,
        };
        Problem::error(place, "something")
    }

    #[test]
    fn a_path_leads_to_its_port() {
        let models = ["a", "b"].map(ModelRef::at);
        let made = Composition::merge_of(find("slerp").unwrap(), &models, None);
        let port = |path: &str| port_of(&made, &at(0, path));
        assert_eq!(port("models[1].parameters.weight"), Some(Port::Model(1)));
        assert_eq!(port("base_model"), Some(Port::Base));
        assert_eq!(port("parameters.t"), None);
        assert_eq!(port(""), None);
        assert_eq!(port_of(&made, &at(7, "models[0]")), None);
    }

    #[test]
    fn a_source_of_a_slice_leads_to_its_model() {
        let franken = TEMPLATES
            .iter()
            .find(|t| t.title == "Frankenmerge")
            .unwrap();
        let made = franken.make(&["a", "b"].map(ModelRef::at), None, 8);
        let port = port_of(&made, &at(0, "slices[1].sources[0].layer_range"));
        assert_eq!(port, Some(Port::Model(1)));
    }

    #[test]
    fn errors_come_before_warnings() {
        let all = [Problem::warning(at(1, "").place, "w"), at(1, ""), at(0, "")];
        let own = of_merge(&all, 1);
        assert_eq!(own.len(), 2);
        assert!(own[0].is_error());
    }
}
