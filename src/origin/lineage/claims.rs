//! What a model's own files say of its parents, held against what its weights say.
//!
//! The card's `base_model` and the recipe that a merge leaves behind are claims: people copy
//! cards, and recipes name folders that have been replaced since. Names are looked for among the
//! models of the folder by their last part; a claim on a model that is not there is not checked.

use std::path::Path;

use super::Edge;
use crate::checkpoint::Checkpoint;
use crate::files;
use crate::merge::recipe::{Recipe, parse, recipe_in_card};
use crate::merge::write::RECIPE_NAME;
use crate::text::list;

/// Bytes of a model card that are looked at; its front matter comes first.
const CARD_BYTES: u64 = 64 << 10;

/// Whether the weights agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All that is named is a parent or an older ancestor.
    Confirmed,
    /// Parents were found, and what is named is not among them.
    Contradicted,
    /// Nothing was found either way.
    Undecided,
}

impl Verdict {
    /// The word for it in files.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Contradicted => "contradicted",
            Self::Undecided => "undecided",
        }
    }
}

/// What is said of a model's parents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The model.
    pub model: usize,
    /// The models named, as far as they are in the folder.
    pub parents: Vec<usize>,
    /// How they were merged, where a recipe says so.
    pub method: Option<String>,
    /// Whether the weights agree.
    pub verdict: Verdict,
    /// All of it in a sentence, without its stop.
    pub sentence: String,
}

/// The claims of all models, checked against `edges`.
pub fn claims(models: &[&Checkpoint], names: &[String], edges: &[Edge]) -> Vec<Claim> {
    let said = |(model, checkpoint): (usize, &&Checkpoint)| {
        let (parents, method) = said(checkpoint.folder());
        let mut parents: Vec<usize> = parents
            .iter()
            .filter_map(|parent| place(names, model, parent))
            .collect();
        parents.sort_unstable();
        parents.dedup();
        (!parents.is_empty()).then(|| checked(model, parents, method, names, edges))
    };
    models.iter().enumerate().filter_map(said).collect()
}

/// The names of parents that a folder's files give, and the method of a recipe.
fn said(folder: &Path) -> (Vec<String>, Option<String>) {
    let card = || files::read_text(&folder.join("README.md"), CARD_BYTES).ok();
    let own = files::read_text(&folder.join(RECIPE_NAME), CARD_BYTES).ok();
    let text = own.or_else(|| recipe_in_card(&card()?));
    let recipes = text.map_or(Vec::new(), |text| parse(&text).recipes);
    match &recipes[..] {
        [only] => (merged(only), Some(only.merge_method.to_string())),
        _ => (card_bases(folder), None),
    }
}

/// What a recipe merges: the models but for the base that only lends the origin of the changes.
fn merged(recipe: &Recipe) -> Vec<String> {
    let all: Vec<&str> = recipe
        .models()
        .iter()
        .map(|model| model.path.as_str())
        .collect();
    let base = recipe.base_model.as_ref().map(|model| model.path.as_str());
    let is_base = |path: &&&str| Some(**path) == base;
    let without: Vec<&str> = all.iter().filter(|path| !is_base(path)).copied().collect();
    let kept = if without.len() > 1 { without } else { all };
    kept.into_iter().map(ToOwned::to_owned).collect()
}

/// The model of this name among the others.
fn place(names: &[String], model: usize, wanted: &str) -> Option<usize> {
    let last = |name: &str| {
        let name = name.trim_end_matches(['/', '\\']);
        name.rsplit(['/', '\\'])
            .next()
            .unwrap_or(name)
            .to_lowercase()
    };
    let wanted = last(wanted);
    (0..names.len()).find(|&other| other != model && last(&names[other]) == wanted)
}

fn checked(
    model: usize,
    parents: Vec<usize>,
    method: Option<String>,
    names: &[String],
    edges: &[Edge],
) -> Claim {
    let found: Vec<usize> = edges
        .iter()
        .filter(|e| e.to == model)
        .map(|e| e.from)
        .collect();
    let older = ancestors(model, edges);
    let verdict = match (found.is_empty(), &method) {
        (true, _) => Verdict::Undecided,
        (false, None) if parents.iter().all(|p| older.contains(p)) => Verdict::Confirmed,
        (false, Some(_)) if parents.iter().all(|p| found.contains(p)) => Verdict::Confirmed,
        (false, _) => Verdict::Contradicted,
    };
    let named =
        |models: &[usize]| list(&models.iter().map(|&k| names[k].clone()).collect::<Vec<_>>());
    let says = match &method {
        Some(method) => format!(
            "The recipe of {} says {method} of {}",
            names[model],
            named(&parents)
        ),
        None => format!("The card of {} names {}", names[model], named(&parents)),
    };
    let agrees = match verdict {
        Verdict::Confirmed => "the weights say so too".to_owned(),
        Verdict::Contradicted => format!("the weights say {}", named(&found)),
        Verdict::Undecided => "the weights do not tell".to_owned(),
    };
    Claim {
        model,
        parents,
        method,
        verdict,
        sentence: format!("{says}; {agrees}"),
    }
}

/// All ancestors of a model.
fn ancestors(model: usize, edges: &[Edge]) -> Vec<usize> {
    let (mut out, mut open) = (Vec::new(), vec![model]);
    while let Some(child) = open.pop() {
        for edge in edges.iter().filter(|edge| edge.to == child) {
            if !out.contains(&edge.from) {
                out.push(edge.from);
                open.push(edge.from);
            }
        }
    }
    out
}

/// `base_model` of the front matter of README.md: one name, or a list of names.
pub fn card_bases(folder: &Path) -> Vec<String> {
    let Ok(text) = files::read_start(&folder.join("README.md"), CARD_BYTES) else {
        return Vec::new();
    };
    bases(&String::from_utf8_lossy(&text))
}

fn bases(card: &str) -> Vec<String> {
    let mut lines = card.trim_start_matches('\u{feff}').lines();
    if lines.next().is_none_or(|line| line.trim_end() != "---") {
        return Vec::new();
    }
    let front = lines.take_while(|line| line.trim_end() != "---");
    let plain = |name: &str| name.trim().trim_matches(['"', '\'']).to_owned();
    let mut lines = front.skip_while(|line| !line.starts_with("base_model:"));
    let first = lines
        .next()
        .map_or("", |line| line["base_model:".len()..].trim());
    let inline = first
        .trim_start_matches('[')
        .trim_end_matches(']')
        .split(',');
    let listed = lines.map_while(|line| line.trim_start().strip_prefix("- "));
    let all = inline.chain(listed).map(plain);
    all.filter(|name| !name.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::lineage::Bond;

    fn edge(from: usize, to: usize) -> Edge {
        Edge {
            from,
            to,
            share: None,
            confidence: 1.0,
            why: String::new(),
            bond: Bond::FineTune,
        }
    }

    #[test]
    fn a_card_may_name_an_older_ancestor() {
        let names: Vec<String> = ["base", "arith", "abacus", "mirror"]
            .map(str::to_owned)
            .into();
        let edges = [edge(0, 1), edge(1, 2), edge(0, 3)];
        let verdict = |model, parents, method: Option<&str>| {
            checked(model, parents, method.map(str::to_owned), &names, &edges).verdict
        };
        assert_eq!(verdict(2, vec![0], None), Verdict::Confirmed);
        assert_eq!(verdict(2, vec![3], None), Verdict::Contradicted);
        assert_eq!(verdict(2, vec![0, 1], Some("slerp")), Verdict::Contradicted);
        assert_eq!(verdict(0, vec![3], None), Verdict::Undecided);
    }

    #[test]
    fn the_bases_of_a_card_are_a_name_or_a_list_in_either_form() {
        let of = |front: &str| {
            bases(&format!(
                "---\nlicense: mit\n{front}\n---\n# base_model: no\n"
            ))
        };
        assert_eq!(of("base_model: org/a"), ["org/a"]);
        assert_eq!(
            of("base_model: [org/a, \"org/b\"]\ntags: [x]"),
            ["org/a", "org/b"]
        );
        assert_eq!(
            of("base_model:\n- org/a\n  - 'org/b'\ntags:\n- merge"),
            ["org/a", "org/b"]
        );
        assert_eq!(bases("---\r\nbase_model: org/a\r\n---\r\n"), ["org/a"]);
        assert!(of("tags:\n- merge").is_empty() && bases("base_model: org/a").is_empty());
    }

    #[test]
    fn names_are_found_by_their_last_part() {
        let names: Vec<String> = ["org/Base", "child"].map(str::to_owned).into();
        assert_eq!(place(&names, 1, "/models/base/"), Some(0));
        assert_eq!(place(&names, 0, "Base"), None);
    }
}
