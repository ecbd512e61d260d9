//! What can be said of a recipe before any model is opened.

use super::recipe::{Expert, MoeRecipe};
use crate::merge::problem::Problem;
use crate::merge::recipe::Positions;

/// What a mixture is made for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// To be used as it comes out.
    #[default]
    Use,
    /// To be trained: then experts may be the same, and prompts too.
    Training,
}

/// Everything that is wrong with a recipe by itself.
pub fn problems(recipe: &MoeRecipe, positions: &Positions, purpose: Purpose) -> Vec<Problem> {
    let mut check = Check {
        recipe,
        positions,
        problems: Vec::new(),
    };
    check.counts();
    check.numbers();
    check.prompts();
    if purpose == Purpose::Use && recipe.gate_mode.reads_prompts() {
        check.sameness();
    }
    check.problems
}

struct Check<'a> {
    recipe: &'a MoeRecipe,
    positions: &'a Positions,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn error(&mut self, path: &str, sentence: impl Into<String>) {
        let place = self.positions.place(0, path);
        self.problems.push(Problem::error(place, sentence));
    }

    fn warning(&mut self, path: &str, sentence: impl Into<String>) {
        let place = self.positions.place(0, path);
        self.problems.push(Problem::warning(place, sentence));
    }

    fn counts(&mut self) {
        let (experts, per_token) = (self.recipe.experts.len(), self.recipe.per_token());
        if experts == 0 {
            self.error("experts", "a mixture needs experts, and there are none");
        } else if per_token < 1 {
            let sentence =
                format!("a token goes to at least one expert, and this says {per_token}");
            self.error("experts_per_token", sentence);
        } else if per_token > experts as i64 {
            let sentence = format!(
                "a token cannot go to {per_token} experts of {experts}; add experts, or lower \
                 `experts_per_token`"
            );
            self.error("experts_per_token", sentence);
        }
    }

    fn numbers(&mut self) {
        for (path, expert) in with_paths(self.recipe) {
            if expert.noise_scale.is_some_and(|scale| scale < 0.0) {
                let sentence = "a deviation below zero is none; noise is as strong either way";
                self.warning(&format!("{path}.noise_scale"), sentence);
            }
            if expert.residual_scale == Some(0.0) {
                let sentence = "times zero the expert adds nothing to any token";
                self.warning(&format!("{path}.residual_scale"), sentence);
            }
        }
    }

    fn prompts(&mut self) {
        let reads = self.recipe.gate_mode.reads_prompts();
        let mode = self.recipe.gate_mode.key();
        for (path, expert) in with_paths(self.recipe) {
            let has_any =
                !expert.positive_prompts.is_empty() || !expert.negative_prompts.is_empty();
            if !reads && has_any && is_routed(&path) {
                let sentence = format!("prompts have no effect with `gate_mode: {mode}`");
                let place = self.positions.place(0, &path);
                self.problems.push(Problem::ignored(place, sentence));
            }
            let is_bare = expert.positive_prompts.is_empty();
            if reads && is_bare && is_routed(&path) {
                let sentence = format!(
                    "the expert has no `positive_prompts`, from which `gate_mode: {mode}` makes \
                     its row of the router; give some, or take `gate_mode: random`"
                );
                self.error(&path, sentence);
            } else if is_bare && !expert.negative_prompts.is_empty() {
                let sentence = "negative prompts are taken from positive ones, and there are none";
                self.error(&path, sentence);
            }
        }
    }

    fn sameness(&mut self) {
        let experts = &self.recipe.experts;
        let Some((first, others)) = experts.split_first() else {
            return;
        };
        let prompts = |own: &Expert| (own.positive_prompts.clone(), own.negative_prompts.clone());
        let has_prompts = experts.iter().all(|own| !own.positive_prompts.is_empty());
        if has_prompts && others.iter().all(|own| prompts(own) == prompts(first)) {
            let sentence = match others {
                [] => {
                    "there is one expert alone, and the router has no choice; add others, or \
                       say that it is to be trained"
                }
                _ => {
                    "all experts have the same prompts, so that the router cannot tell them \
                      apart; give each its own"
                }
            };
            self.error("experts", sentence);
        } else if has_prompts {
            self.twins(&prompts);
        }
        let weights = |own: &Expert| {
            let (noise, scale) = (
                own.noise_scale.unwrap_or(0.0),
                own.residual_scale.unwrap_or(1.0),
            );
            (own.source_model.clone(), noise, scale)
        };
        let is_first = |own: &Expert| weights(own) == weights(first);
        if !others.is_empty()
            && others.iter().all(is_first)
            && first.noise_scale.unwrap_or(0.0) == 0.0
        {
            let sentence = "all experts are the same model, and their mixture gives what it gives; \
                            take other models, or say that it is to be trained";
            self.error("experts", sentence);
        }
    }

    /// Experts that the router cannot tell apart, among others that it can.
    fn twins<K: PartialEq>(&mut self, prompts: &impl Fn(&Expert) -> K) {
        for (k, own) in self.recipe.experts.iter().enumerate() {
            let earlier = self.recipe.experts[..k].iter();
            let mut same = earlier
                .enumerate()
                .filter(|(_, other)| prompts(other) == prompts(own));
            if let Some((first, _)) = same.next() {
                let sentence = format!(
                    "this expert has the prompts of experts[{first}], and the router cannot tell \
                     the two apart"
                );
                self.warning(&format!("experts[{k}]"), sentence);
            }
        }
    }
}

/// Whether a path is that of an expert that tokens are sent to.
fn is_routed(path: &str) -> bool {
    path.starts_with("experts")
}

/// Every expert with its place in the recipe.
pub(super) fn with_paths(recipe: &MoeRecipe) -> Vec<(String, &Expert)> {
    let routed = recipe.experts.iter().enumerate();
    let routed = routed.map(|(k, own)| (format!("experts[{k}]"), own));
    let shared = recipe.shared_experts.iter().enumerate();
    let shared = shared.map(|(k, own)| (format!("shared_experts[{k}]"), own));
    routed.chain(shared).collect()
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn said(text: &str, purpose: Purpose) -> Vec<String> {
        let parsed = parse(text);
        assert_eq!(parsed.text.problems, [], "{text}");
        let problems = problems(&parsed.recipe.unwrap(), &parsed.text.positions, purpose);
        problems.iter().map(ToString::to_string).collect()
    }

    fn recipe(head: &str, experts: &[(&str, &str)]) -> String {
        let expert = |(model, rest): &(&str, &str)| format!("- source_model: {model}\n  {rest}\n");
        let experts: String = experts.iter().map(expert).collect();
        format!("base_model: z\n{head}\nexperts:\n{experts}")
    }

    const P: &str = "positive_prompts: [p]";
    const Q: &str = "positive_prompts: [q]";

    #[test]
    fn what_makes_no_mixture_is_refused_and_what_is_trained_may_be_alike() {
        for (head, experts, wanted) in [
            ("", vec![("a", P), ("b", Q)], None),
            (
                "experts_per_token: 0",
                vec![("a", P), ("b", Q)],
                Some("at least one expert"),
            ),
            (
                "experts_per_token: 3",
                vec![("a", P), ("b", Q)],
                Some("3 experts of 2"),
            ),
            (
                "",
                vec![("a", P), ("b", "noise_scale: 0")],
                Some("no `positive_prompts`"),
            ),
            ("", vec![("a", P), ("b", P)], Some("the same prompts")),
            ("", vec![("a", P), ("a", Q)], Some("the same model")),
            ("", vec![("a", P)], Some("one expert alone")),
            (
                "gate_mode: random",
                vec![("a", "noise_scale: 0"), ("a", "noise_scale: 0")],
                None,
            ),
        ] {
            let found = said(&recipe(head, &experts), Purpose::Use);
            match wanted {
                None => assert_eq!(found, Vec::<String>::new()),
                Some(wanted) => assert!(found.iter().any(|own| own.contains(wanted)), "{found:?}"),
            }
        }
        for experts in [
            vec![("a", P), ("b", P)],
            vec![("a", P), ("a", Q)],
            vec![("a", P)],
        ] {
            let found = said(&recipe("", &experts), Purpose::Training);
            assert_eq!(found, Vec::<String>::new());
        }
    }

    #[test]
    fn one_model_with_other_noise_or_scale_is_another_expert() {
        for rest in ["noise_scale: 0.1", "residual_scale: 0.5"] {
            let other = format!("{Q}\n  {rest}");
            let found = said(&recipe("", &[("a", P), ("a", &other)]), Purpose::Use);
            assert_eq!(found, Vec::<String>::new());
        }
    }

    #[test]
    fn what_can_be_done_and_is_odd_is_a_warning() {
        let three = [("a", P), ("b", Q), ("c", P)];
        let found = said(&recipe("", &three), Purpose::Use);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("experts[2]: this expert has the prompts of experts[0]"));
        let found = said(
            &recipe("gate_mode: random", &[("a", P), ("b", Q)]),
            Purpose::Use,
        );
        assert!(found[0].contains("prompts have no effect"), "{found:?}");
    }
}
