//! From YAML to a recipe for a mixture of experts.

use super::recipe::{Expert, GateMode, MoeRecipe};
use crate::merge::problem::{Place, Problem, nearest};
use crate::merge::recipe::{At, Group, Parsed, Reader, documents};

/// What a recipe file holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MoeParsed {
    /// The recipe, if it could be made sense of.
    pub recipe: Option<MoeRecipe>,
    /// What is wrong with the text, and where everything stands in it.
    pub text: Parsed,
}

impl From<MoeRecipe> for MoeParsed {
    /// A recipe that was not read from a text.
    fn from(recipe: MoeRecipe) -> Self {
        Self {
            recipe: Some(recipe),
            text: Parsed::default(),
        }
    }
}

/// Reads the text of a recipe file, or of a model card that holds one; whatever is wrong with it
/// is in the result.
pub fn parse(text: &str) -> MoeParsed {
    let (mut recipes, mut text) = documents(text, Reader::default(), recipe);
    if recipes.len() > 1 {
        let sentence = "a mixture of experts is one document, and there are several";
        text.problems
            .push(Problem::error(Place::default(), sentence));
    }
    MoeParsed {
        recipe: (!recipes.is_empty()).then(|| recipes.swap_remove(0)),
        text,
    }
}

/// Whether a text is a recipe for a mixture of experts, be it with mistakes.
pub fn is_recipe(text: &str) -> bool {
    let is_one = |reader: &mut Reader, at: &At<'_>| {
        let keys = reader.group(at)?;
        (keys.has("experts") && !keys.has("merge_method")).then_some(())
    };
    let (found, _) = documents(text, Reader::default(), is_one);
    !found.is_empty()
}

fn recipe(reader: &mut Reader, at: &At<'_>) -> Option<MoeRecipe> {
    reader.note(at);
    let mut keys = reader.group(at)?;
    if keys.has("merge_method") && !keys.has("experts") {
        let sentence = "this is a recipe for a merge; carry it out with `kinfolk merge`";
        reader.error(at, sentence);
        return None;
    }
    let base = keys.take(reader, "base_model");
    if base.is_none() {
        reader.error(at, "the recipe names no `base_model`");
    }
    let base_model = base.and_then(|at| reader.model_ref(&at));
    let gate_mode = gate_mode(reader, &mut keys);
    let experts = keys.take(reader, "experts");
    if experts.is_none() {
        reader.error(at, "the recipe names no `experts`");
    }
    let experts = experts.map(|at| all(reader, &at)).unwrap_or_default();
    let shared_experts = keys.take(reader, "shared_experts");
    let shared_experts = shared_experts.map(|at| all(reader, &at));
    let experts_per_token = keys.take(reader, "experts_per_token");
    let recipe = MoeRecipe {
        base_model: base_model.unwrap_or_default(),
        gate_mode: gate_mode.unwrap_or_default(),
        architecture: reader.optional_text(&mut keys, "architecture"),
        experts,
        shared_experts: shared_experts.unwrap_or_default(),
        experts_per_token: experts_per_token.and_then(|at| reader.whole_number(&at)),
        dtype: reader.optional_text(&mut keys, "dtype"),
        own: reader.own_options(&mut keys),
    };
    reader.unknown(&keys);
    Some(recipe)
}

fn gate_mode(reader: &mut Reader, keys: &mut Group<'_>) -> Option<GateMode> {
    let at = keys.take(reader, "gate_mode")?;
    let word = reader.text(&at)?;
    let found = GateMode::ALL.into_iter().find(|own| own.key() == word);
    if found.is_none() {
        let names = || GateMode::ALL.into_iter().map(GateMode::key);
        let known: Vec<&str> = names().collect();
        let sentence = format!("there is no gate mode `{word}`; {} are", known.join(", "));
        let problem = Problem::error(reader.place(&at), sentence);
        let near = nearest(&word, names());
        reader.problems.push(problem.with_nearest(near));
    }
    found
}

fn all(reader: &mut Reader, at: &At<'_>) -> Vec<Expert> {
    let items = reader.list(at);
    let experts = items.iter().map(|at| expert(reader, at));
    experts.map(Option::unwrap_or_default).collect()
}

fn expert(reader: &mut Reader, at: &At<'_>) -> Option<Expert> {
    reader.note(at);
    let mut keys = reader.group(at)?;
    let source = keys.take(reader, "source_model");
    if source.is_none() {
        reader.error(at, "the expert names no `source_model`");
    }
    let source_model = source.and_then(|at| reader.model_ref(&at));
    let expert = Expert {
        source_model: source_model.unwrap_or_default(),
        positive_prompts: prompts(reader, &mut keys, "positive_prompts"),
        negative_prompts: prompts(reader, &mut keys, "negative_prompts"),
        noise_scale: number(reader, &mut keys, "noise_scale"),
        residual_scale: number(reader, &mut keys, "residual_scale"),
    };
    reader.unknown(&keys);
    Some(expert)
}

fn prompts(reader: &mut Reader, keys: &mut Group<'_>, key: &'static str) -> Vec<String> {
    let Some(at) = keys.take(reader, key) else {
        return Vec::new();
    };
    let items = reader.list(&at);
    items.iter().filter_map(|at| reader.text(at)).collect()
}

fn number(reader: &mut Reader, keys: &mut Group<'_>, key: &'static str) -> Option<f64> {
    let at = keys.take(reader, key)?;
    reader.number(&at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "base_model: a+lora\ngate_mode: cheap_embed\ndtype: bfloat16\n\
        experts_per_token: 1\narchitecture: qwen\nexperts:\n- source_model: b\n  \
        positive_prompts:\n  - 'yes'\n  - \"# one\\n\"\n  negative_prompts: [c]\n  \
        noise_scale: 0.5\n- source_model: b@main\n  residual_scale: 2\nshared_experts:\n\
        - source_model: c\nkinfolk: {seed: 7}\n";

    #[test]
    fn a_recipe_that_is_read_and_written_stays_what_it_is() {
        let parsed = parse(TEXT);
        assert_eq!(parsed.text.problems, []);
        let recipe = parsed.recipe.unwrap();
        assert_eq!(recipe.experts[0].positive_prompts, ["yes", "# one\n"]);
        assert_eq!(recipe.experts[1].residual_scale, Some(2.0));
        assert_eq!((recipe.per_token(), recipe.own.seed), (1, Some(7)));
        let again = parse(&recipe.to_yaml().unwrap());
        assert_eq!(again.text.problems, []);
        assert_eq!(again.recipe, Some(recipe));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let check = |text: &str, wanted: &str| {
            let problems = parse(text).text.problems;
            let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
            assert!(said.iter().any(|own| own.contains(wanted)), "{said:?}");
        };
        check(
            "base_model: a\ngate_mode: hiden\nexperts: []\n",
            "line 2, column 12: gate_mode: there is no gate mode `hiden`",
        );
        check(
            "base_model: a\ngate_mode: hiden\nexperts: []\n",
            "did you mean `hidden`?",
        );
        check("experts: []\n", "the recipe names no `base_model`");
        check("base_model: a\nmerge_method: ties\n", "`kinfolk merge`");
        check(
            "base_model: a\nexperts:\n- source_model: b\n  positive_prompts: salt\n",
            "line 4, column 21: experts[0].positive_prompts: expected a list, found text",
        );
        check(
            "base_model: a\nexperts:\n- source_model: b\n  weight: 1\n",
            "recipes have no key `weight` here",
        );
        check(
            "base_model: a\nexperts_per_token: 1.5\nexperts: []\n",
            "expected a whole number",
        );
    }
}
