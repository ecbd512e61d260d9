//! The words of the field that stand on screen: one sentence each, the formula and the range
//! where there is one. Hover cards, the help and `resources/glossary.md` come from this list;
//! measures of kinship bring their own.

use crate::kinship::Metric;

/// A word and what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// As it stands on screen.
    pub title: &'static str,
    /// What else it is called on screen.
    pub names: &'static [&'static str],
    /// What it is, in one sentence without a full stop.
    pub sentence: &'static str,
    /// How it is worked out; may be empty.
    pub formula: &'static str,
    /// Which values it takes and what they mean; may be empty.
    pub range: &'static str,
}

const BASE: Term = Term {
    title: "Base",
    names: &["Base model"],
    sentence: "The model that others were fine-tuned from, and that their changes are measured from",
    formula: "",
    range: "",
};

const FINE_TUNE: Term = Term {
    title: "Fine-tune",
    names: &["Fine-tunes"],
    sentence: "A model that was trained further from a base, on other data",
    formula: "",
    range: "",
};

const TASK_VECTOR: Term = Term {
    title: "Task vector δ",
    names: &["Task vector", "Changes from the base"],
    sentence: "What training changed: the weights of a model minus those of its base, taken as one \
               long vector",
    formula: "δ = W(model) − W(base)",
    range: "",
};

const LENGTH: Term = Term {
    title: "Length |δ|",
    names: &["|δ|"],
    sentence: "How far a model is from its base",
    formula: "|δ| = √Σ δ²",
    range: "0 for a copy of the base; no upper limit",
};

const KINSHIP: Term = Term {
    title: "Kinship",
    names: &[
        "Kinship to best",
        "Nearest",
        "Farthest",
        "Mean kinship",
        "Kinship as reported",
    ],
    sentence: "How similar the task vectors of two models are, which tells whether a merge of the \
               two can still bring something new",
    formula: "A similarity of δ₁ and δ₂, by the measure that is chosen",
    range: "close kin from 0.8, kin from 0.4, distant kin from 0.1, unrelated around 0, opposed \
            below −0.1; these limits are a convention of Kinfolk",
};

const KINSHIP_OF_PARENTS: Term = Term {
    title: "Kinship of parents",
    names: &[],
    sentence: "The kinship of the models that a merge was made from, as the mean over their pairs",
    formula: "",
    range: "",
};

const WHOLE_MODEL: Term = Term {
    title: "Whole model",
    names: &["Whole"],
    sentence: "All tensors taken as one vector, as the paper defines kinship",
    formula: "",
    range: "",
};

const BY_TENSOR: Term = Term {
    title: "Mean over tensors",
    names: &["By tensor"],
    sentence: "Each tensor compared for itself, and the mean of that, so that large tensors do not \
               hide small ones",
    formula: "Σ nᵢ kᵢ / Σ nᵢ over the tensors, where nᵢ is the number of parameters",
    range: "",
};

const UNDEFINED: Term = Term {
    title: "Undefined",
    names: &[],
    sentence: "No value exists: a model that is equal to its base has no direction to compare",
    formula: "",
    range: "",
};

const AVERAGE: Term = Term {
    title: "Average",
    names: &[],
    sentence: "The mean score of a model over the tasks that count",
    formula: "P̄ = (1/|T|) Σ Pᵢ",
    range: "0 to 100 points",
};

const GAIN: Term = Term {
    title: "Merge gain",
    names: &["Gain"],
    sentence: "By how much a merge is better than its parents are on average",
    formula: "P̄(merge) − mean of P̄(parents)",
    range: "above 0 the merge is better than the mean of its parents, in points",
};

const EXPECTED_GAIN: Term = Term {
    title: "Expected gain",
    names: &["Gain in it", "Gain expected of the merge"],
    sentence: "The gain that merges of such kinship had in a record, by a straight line through \
               them; an expectation, not a promise",
    formula: "",
    range: "",
};

const TASK_DIFFERENCE: Term = Term {
    title: "Average task difference",
    names: &["Task difference"],
    sentence: "How far two models are apart in what they score, whichever of them is better",
    formula: "(1/|T|) Σ |P₁ᵢ − P₂ᵢ|",
    range: "0 for equal scores, in points",
};

const MERGE: Term = Term {
    title: "Merge",
    names: &[],
    sentence: "A model whose weights were computed from those of others, without training",
    formula: "",
    range: "",
};

const GENERATION: Term = Term {
    title: "Generation",
    names: &[],
    sentence: "How many merges a model is away from the founders",
    formula: "1 + the highest generation of its parents",
    range: "0 for founders",
};

const FOUNDER: Term = Term {
    title: "Founder",
    names: &["Founders"],
    sentence: "A model that an evolution starts from",
    formula: "",
    range: "",
};

const EVOLUTION: Term = Term {
    title: "Evolution",
    names: &[],
    sentence: "Merging the best again and again, generation by generation",
    formula: "",
    range: "",
};

const EXPLORATION: Term = Term {
    title: "Exploration",
    names: &[],
    sentence: "A merge of the best model with a distant relative, made to leave a place where all \
               are alike",
    formula: "",
    range: "",
};

const SATURATION: Term = Term {
    title: "Saturation",
    names: &["Stagnation"],
    sentence: "The best models have become so alike that merging them brings nothing more",
    formula: "",
    range: "",
};

const RELATEDNESS: Term = Term {
    title: "Order by relatedness",
    names: &["By relatedness"],
    sentence: "Relatives stand beside each other; the tree joins the two nearest groups first",
    formula: "Average linkage (UPGMA) over 1 − kinship",
    range: "",
};

/// Every word that is no measure, in the order of the help.
pub const TERMS: &[Term] = &[
    BASE,
    FINE_TUNE,
    TASK_VECTOR,
    LENGTH,
    KINSHIP,
    WHOLE_MODEL,
    BY_TENSOR,
    UNDEFINED,
    RELATEDNESS,
    MERGE,
    KINSHIP_OF_PARENTS,
    AVERAGE,
    GAIN,
    EXPECTED_GAIN,
    TASK_DIFFERENCE,
    EVOLUTION,
    FOUNDER,
    GENERATION,
    EXPLORATION,
    SATURATION,
];

/// A measure of kinship as a term.
pub fn of_measure(metric: Metric) -> Term {
    Term {
        title: metric.title,
        names: &[],
        sentence: metric.help,
        formula: metric.formula,
        range: "",
    }
}

/// Everything, with the measures at the end.
pub fn all() -> impl Iterator<Item = Term> {
    let measures = Metric::ALL.iter().copied().map(of_measure);
    TERMS.iter().copied().chain(measures)
}

/// The term that words on screen are, if they are one.
pub fn find(words: &str) -> Option<Term> {
    let is = |name: &str| name.eq_ignore_ascii_case(words);
    let of_measure = |metric: &&Metric| is(metric.title) || is(metric.short);
    let term = TERMS.iter().copied();
    let found = term
        .into_iter()
        .find(|term| is(term.title) || term.names.iter().any(|n| is(n)));
    found.or_else(|| {
        Metric::ALL
            .iter()
            .find(of_measure)
            .map(|&m| self::of_measure(m))
    })
}

/// The glossary as a page.
pub fn markdown() -> String {
    let mut page = String::from(
        "# Glossary\n\nThe words of the program, as its hover cards and its help explain them.\n",
    );
    for term in all() {
        page += &format!("\n**{}.** {}.\n", term.title, term.sentence);
        for line in [term.formula, term.range] {
            if !line.is_empty() {
                page += &format!("{line}.\n");
            }
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_term_has_a_name_of_its_own_and_one_sentence() {
        let titles: BTreeSet<&str> = all().map(|term| term.title).collect();
        assert_eq!(titles.len(), all().count());
        for term in all() {
            assert!(!term.sentence.is_empty(), "{}", term.title);
            assert!(!term.sentence.ends_with('.'), "{}", term.title);
            assert!(!term.sentence.contains(". "), "{}", term.title);
        }
    }

    #[test]
    fn words_on_screen_are_found_whatever_their_capitals() {
        assert_eq!(find("gain"), Some(GAIN));
        assert_eq!(find("Merge gain"), Some(GAIN));
        assert_eq!(find("pearson").map(|term| term.title), Some("Pearson"));
        assert_eq!(find("abacus"), None);
        let named = TERMS
            .iter()
            .flat_map(|term| term.names.iter().map(|n| (*n, *term)));
        for (name, term) in named {
            assert_eq!(find(name), Some(term), "{name} is of two terms");
        }
    }

    /// `UPDATE_SNAPSHOTS=1` writes it anew.
    #[test]
    fn the_page_is_that_of_the_list() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/resources/glossary.md");
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            std::fs::write(path, markdown()).unwrap();
        }
        assert_eq!(
            std::fs::read_to_string(path).unwrap_or_default(),
            markdown()
        );
    }
}
