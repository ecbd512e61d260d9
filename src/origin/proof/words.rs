//! A recipe and its proof in words.

use super::case::Case;
use super::claim::{Claim, Extent};
use super::recipes::Candidate;
use super::trial::Score;
use crate::merge::methods;
use crate::merge::recipe::{Content, ModelRef, Parameters, Recipe, Setting, Value};
use crate::merge::run::Order;
use crate::text::{counted, list};

/// A recipe as people say it: "SLERP, t = 0.3, of arith and sorter".
pub fn recipe(case: &Case, recipe: &Recipe) -> String {
    let title = methods::find(&recipe.merge_method).map_or("", |method| method.description().title);
    let title = match recipe.merge_method.as_str() {
        "linear" => "a linear merge",
        _ => title,
    };
    let own = own_parameters(&recipe.parameters);
    let with = match own.is_empty() {
        true => String::new(),
        false => format!(", {},", own.join(", ")),
    };
    let of = match &recipe.content {
        Content::Models(models) => {
            let of_model = |input: &crate::merge::recipe::RecipeInput| {
                let own = own_parameters(&input.parameters);
                let name = name_of(case, &input.model);
                match own.is_empty() {
                    true => name,
                    false => format!("{name} ({})", own.join(", ")),
                }
            };
            list(&models.iter().map(of_model).collect::<Vec<_>>())
        }
        Content::Slices(slices) => {
            let of_slice = |slice: &crate::merge::recipe::Slice| {
                let source = slice.sources.first()?;
                let [from, to] = source.layer_range?;
                let name = name_of(case, &source.model);
                Some(match to - from {
                    1 => format!("layer {from} of {name}"),
                    _ => format!("layers {from} to {} of {name}", to - 1),
                })
            };
            list(&slices.iter().filter_map(of_slice).collect::<Vec<_>>())
        }
        Content::Modules(_) => String::new(),
    };
    let base = recipe.base_model.as_ref().filter(|_| !lists_base(recipe));
    let on = base.map_or(String::new(), |base| format!(" on {}", name_of(case, base)));
    format!("{title}{with} of {of}{on}")
}

fn lists_base(recipe: &Recipe) -> bool {
    let inputs = recipe.content.inputs();
    inputs
        .iter()
        .any(|input| Some(&input.model) == recipe.base_model.as_ref())
}

fn name_of(case: &Case, reference: &ModelRef) -> String {
    let person = case
        .people
        .iter()
        .find(|person| &person.reference == reference);
    person.map_or_else(|| reference.short_name(), |person| person.name.clone())
}

fn own_parameters(parameters: &Parameters) -> Vec<String> {
    parameters
        .iter()
        .map(|(key, setting)| parameter(key, setting))
        .collect()
}

fn parameter(key: &str, setting: &Setting) -> String {
    match setting {
        Setting::Value(Value::Flag(false)) => format!("without {key}"),
        Setting::Value(Value::Flag(true)) => key.to_owned(),
        Setting::Value(own) => format!("{key} = {}", value(own)),
        Setting::Filtered(items) => {
            let item = |item: &crate::merge::recipe::Filtered| {
                let of = item.filter.as_deref().unwrap_or("the rest");
                format!("{} for {of}", value(&item.value))
            };
            format!(
                "{key} = {}",
                items.iter().map(item).collect::<Vec<_>>().join("; ")
            )
        }
    }
}

fn value(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::Gradient(points) => {
            let points: Vec<String> = points.iter().map(f64::to_string).collect();
            format!("[{}]", points.join(", "))
        }
    }
}

/// A share in per cent that is never rounded up to 100: "99.98 %".
pub fn percent(share: f64) -> String {
    if share >= 1.0 {
        return "100 %".to_owned();
    }
    let hundredths = (share * 1e4).floor() / 100.0;
    format!("{hundredths:.2} %")
}

pub(super) fn claimed(
    case: &Case,
    claim: &Claim,
    score: &Score,
    extent: Extent,
    missing: &[String],
) -> String {
    let over = match extent {
        Extent::All => "all tensors".to_owned(),
        Extent::Sample => format!("a sample of {}", counted(score.tensors, "tensor")),
    };
    let mut text = format!(
        "{} is {}: {} of bytes equal over {over}",
        case.child_name,
        recipe(case, &claim.recipe),
        percent(score.share())
    );
    if claim.order == Order::Steps {
        text.push_str(
            ", made in mergekit's order of operations, which rounds after each; `kinfolk merge` \
             rounds once",
        );
    }
    if score.equal < score.bytes && score.near_share() >= 0.999 {
        text.push_str(&format!(
            ", and {} of the numbers that moved within one unit of the last place, as another \
             program's order of operations leaves them",
            percent(score.near_share())
        ));
    }
    if let Some(note) = &claim.note {
        text.push_str(&format!("; {note}"));
    }
    if !missing.is_empty() {
        text.push_str(&format!(
            "; {} of the child not made by it, such as {}",
            counted(missing.len(), "tensor"),
            missing[0]
        ));
    }
    for also in &claim.also {
        text.push_str(&format!(". The same bytes come from {also}"));
    }
    text
}

pub(super) fn nothing(
    case: &Case,
    nearest: Option<&(Candidate, Score, Vec<String>)>,
    relative: f64,
    roundings: f64,
) -> String {
    let name = &case.child_name;
    let mut text = format!("Nothing is claimed for {name}: ");
    let mean = percent(relative.min(1.0));
    if roundings < 8.0 {
        text.push_str(
            "a combination of the given models comes within rounding of it, but no method and numbers \
             make its bytes again; a parent may be missing, or it was changed after a merge",
        );
    } else {
        text.push_str(&format!(
            "the best combination of the given models leaves {mean} of its change unexplained; a \
             parent may be missing, or it was trained and not merged"
        ));
    }
    if let Some((candidate, score, _)) = nearest
        && score.relative() < 0.5
    {
        text.push_str(&format!(
            ". The nearest recipe tried, {}, makes {} of the bytes",
            recipe(case, &candidate.recipe),
            percent(score.share())
        ));
    }
    text
}
