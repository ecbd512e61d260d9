//! The architectures that a mixture can be of, as data: which models they take, how their experts
//! are stored, and what they are called.

/// An architecture of a mixture of experts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Architecture {
    /// Mistral's.
    Mixtral,
    /// The first one of DeepSeek.
    DeepSeek,
    /// That of Qwen 1.5 and Qwen 2, with a shared expert that has a gate of its own.
    Qwen2,
    /// That of Qwen 3.
    Qwen3,
}

/// What an architecture has beside its routed experts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SharedRule {
    /// Nothing.
    None,
    /// One expert for all tokens, or none; it has no gate, and so no prompts.
    AtMostOne,
    /// One expert for all tokens, with a gate of its own.
    One,
}

pub(super) struct Facts {
    /// On screen and in messages.
    pub(super) title: &'static str,
    /// Spellings in recipes, lower case and without signs; any beginning of one is read as well.
    spellings: &'static [&'static str],
    /// Families of the models that it can be made of, the usual first.
    pub(super) families: &'static [&'static str],
    pub(super) shared: SharedRule,
    /// Whether a layer's experts are two tensors, in place of three for each expert.
    pub(super) is_stacked: bool,
    /// What a layer calls its shared expert.
    pub(super) shared_name: &'static str,
    /// As in `config.json`.
    pub(super) class: &'static str,
    pub(super) model_type: &'static str,
}

impl Architecture {
    /// All of them, in the order in which one is looked for that fits.
    pub const ALL: [Self; 4] = [Self::Mixtral, Self::DeepSeek, Self::Qwen2, Self::Qwen3];

    /// What it is called.
    pub const fn title(self) -> &'static str {
        self.facts().title
    }

    /// As recipes have it.
    pub fn key(self) -> &'static str {
        self.facts().spellings.first().copied().unwrap_or_default()
    }

    /// Whether a recipe means it by a name before any other.
    pub fn is_called(self, name: &str) -> bool {
        Self::named(name).first() == Some(&self)
    }

    /// Whether its shared expert has a gate, and so prompts.
    pub fn gates_shared(self) -> bool {
        self.facts().shared == SharedRule::One
    }

    /// Those that a recipe may mean by a name.
    pub(super) fn named(name: &str) -> Vec<Self> {
        let plain = |c: &char| c.is_alphanumeric();
        let wanted: String = name.to_lowercase().chars().filter(plain).collect();
        let means = |own: &Self| {
            let mut spellings = own.facts().spellings.iter();
            !wanted.is_empty() && spellings.any(|own| own.starts_with(&wanted))
        };
        Self::ALL.into_iter().filter(means).collect()
    }

    /// Why models of a family do not make one, with shared experts of which it is told whether
    /// each has prompts; `None` if they do.
    pub(super) fn objection(self, family: &str, shared: &[bool]) -> Option<String> {
        let facts = self.facts();
        if !facts.families.contains(&family) {
            let families = facts.families.join(" or ");
            return Some(format!(
                "{} is made of models of type {families}",
                facts.title
            ));
        }
        let wanted = match (facts.shared, shared) {
            (SharedRule::None, []) | (SharedRule::AtMostOne, [] | [false]) => return None,
            (SharedRule::One, [true]) => return None,
            (SharedRule::None, _) => "no shared expert",
            (SharedRule::AtMostOne, [true]) => "a shared expert without prompts",
            (SharedRule::AtMostOne, _) => "at most one shared expert",
            (SharedRule::One, [false]) => "a shared expert with positive prompts",
            (SharedRule::One, _) => "exactly one shared expert, with prompts",
        };
        Some(format!("{} takes {wanted}", facts.title))
    }

    pub(super) const fn facts(self) -> &'static Facts {
        match self {
            Self::Mixtral => &Facts {
                title: "Mixtral",
                spellings: &["mixtral"],
                families: &["llama", "mistral"],
                shared: SharedRule::None,
                is_stacked: true,
                shared_name: "",
                class: "MixtralForCausalLM",
                model_type: "mixtral",
            },
            Self::DeepSeek => &Facts {
                title: "DeepSeek MoE",
                spellings: &["deepseek", "deepseekmoe"],
                families: &["llama", "mistral"],
                shared: SharedRule::AtMostOne,
                is_stacked: false,
                shared_name: "shared_experts",
                class: "DeepseekForCausalLM",
                model_type: "deepseek",
            },
            Self::Qwen2 => &Facts {
                title: "Qwen2 MoE",
                spellings: &["qwen", "qwenmoe", "qwen2moe"],
                families: &["qwen2", "llama", "mistral"],
                shared: SharedRule::One,
                is_stacked: false,
                shared_name: "shared_expert",
                class: "Qwen2MoeForCausalLM",
                model_type: "qwen2_moe",
            },
            Self::Qwen3 => &Facts {
                title: "Qwen3 MoE",
                spellings: &["qwen3", "qwen3moe"],
                families: &["qwen3"],
                shared: SharedRule::None,
                is_stacked: true,
                shared_name: "",
                class: "Qwen3MoeForCausalLM",
                model_type: "qwen3_moe",
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_by_their_beginnings() {
        use Architecture::{DeepSeek, Mixtral, Qwen2, Qwen3};
        for (name, wanted) in [
            ("MIXTRAL", vec![Mixtral]),
            ("deep", vec![DeepSeek]),
            ("DeepSeek MoE", vec![DeepSeek]),
            ("qwen", vec![Qwen2, Qwen3]),
            ("Qwen MoE", vec![Qwen2]),
            ("qwen3", vec![Qwen3]),
            ("switch", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(Architecture::named(name), wanted, "{name}");
        }
        for own in Architecture::ALL {
            assert!(Architecture::named(own.key()).contains(&own));
        }
    }

    #[test]
    fn each_takes_the_shared_experts_that_it_has_room_for() {
        let (none, bare, with_prompts, two) = ([], [false], [true], [false, false]);
        let shapes: [&[bool]; 4] = [&none, &bare, &with_prompts, &two];
        for (own, family, wanted) in [
            (Architecture::Mixtral, "llama", [true, false, false, false]),
            (
                Architecture::DeepSeek,
                "mistral",
                [true, true, false, false],
            ),
            (Architecture::Qwen2, "qwen2", [false, false, true, false]),
            (Architecture::Qwen3, "qwen3", [true, false, false, false]),
            (Architecture::Qwen3, "qwen2", [false; 4]),
        ] {
            let found = shapes.map(|shared| own.objection(family, shared).is_none());
            assert_eq!(found, wanted, "{own:?}");
        }
    }
}
