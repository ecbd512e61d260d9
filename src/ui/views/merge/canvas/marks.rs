//! What is wrong with a node: marks beside its title and its ports.

use eframe::egui::{Align2, FontId, Sense, Ui, WidgetType, vec2};
use egui_phosphor::regular as icon;

use super::env::Env;
use crate::merge::composition::{Composition, Port};
use crate::merge::problem::Problem;
use crate::merge::recipe::Content;
use crate::ui::ext::ResponseExt;
use crate::ui::theme::Tokens;

/// In place of the mark of problems: that nothing is written of a merge.
pub fn apart_ui(ui: &mut Ui, of: &str) {
    let (rect, response) = ui.allocate_exact_size(vec2(20.0, 20.0), Sense::hover());
    let (font, ink) = (FontId::proportional(16.0), Tokens::of(ui).text_weak);
    ui.painter()
        .text(rect.center(), Align2::CENTER_CENTER, icon::PLUGS, font, ink);
    response.named(
        WidgetType::Label,
        format!("{of} is not part of the output yet"),
    );
    response.on_hover_text(
        "Not part of the output yet: connect it to a merge that is, or to the output itself",
    );
}

pub fn own_problems(env: &Env<'_, '_>, merge: usize, port: Option<Port>) -> Vec<Problem> {
    // A mistake of the text belongs to no node of a composition that is older.
    let Some(ahead) = env.ahead.filter(|_| !env.is_broken) else {
        return Vec::new();
    };
    let is_here = |p: &&Problem| port.is_none() || port_of(env.composition, p) == port;
    let all = of_merge(&ahead.problems, merge).into_iter();
    all.filter(is_here).cloned().collect()
}

/// A mark with the sentences of problems. Without any its place is empty: nothing moves under
/// the pointer when a problem comes or goes.
pub fn mark_ui(ui: &mut Ui, problems: &[Problem], of: &str) {
    let (rect, response) = ui.allocate_exact_size(vec2(20.0, 20.0), Sense::hover());
    let Some(first) = problems.first() else {
        return;
    };
    let t = Tokens::of(ui);
    let (sign, ink, word) = match first.is_error() {
        true => (icon::WARNING_CIRCLE, t.error, "Error"),
        false => (icon::WARNING, t.warning, "Warning"),
    };
    let font = FontId::proportional(16.0);
    ui.painter()
        .text(rect.center(), Align2::CENTER_CENTER, sign, font, ink);
    let label = format!("{word} in {of}: {}", first.sentence);
    response.named(WidgetType::Label, &label);
    let sentences: Vec<&str> = problems.iter().map(|p| p.sentence.as_str()).collect();
    response.on_hover_text(sentences.join("\n"));
}

fn of_merge(problems: &[Problem], merge: usize) -> Vec<&Problem> {
    let own = problems.iter().filter(|p| p.place.document == merge);
    let mut out: Vec<&Problem> = own.collect();
    out.sort_by_key(|p| !p.is_error());
    out
}

/// The port that a problem of a merge is at, if it is at one.
fn port_of(composition: &Composition, problem: &Problem) -> Option<Port> {
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
            inputs.iter().position(|own| own == model).map(Port::Model)
        }
        _ => None,
    }
}

/// The numbers in the brackets of a path: `slices[2].sources[0]` has 2 and 0.
fn numbers(path: &str) -> Vec<usize> {
    let parts = path.split('[').skip(1);
    let number = |part: &str| part.split(']').next()?.parse().ok();
    parts.filter_map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merge::composition::TEMPLATES;
    use crate::merge::methods::find;
    use crate::merge::problem::Place as At;
    use crate::merge::recipe::ModelRef;

    fn at(document: usize, path: &str) -> Problem {
        let place = At {
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
        let mut templates = TEMPLATES.iter();
        let franken = templates.find(|t| t.title == "Frankenmerge").unwrap();
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
