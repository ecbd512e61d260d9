//! What the names of columns mean, in the spellings that are about: the paper's tables, the
//! Open LLM Leaderboard, lm-evaluation-harness and people's spreadsheets.

use super::meaning::Meaning;
use crate::kinship::Metric;

/// What the name of a column says by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// The model; of several such columns the one with the lowest number is.
    Model(u8),
    /// `model_1`: a parent where another column names the child, else one of a pair.
    NumberedModel,
    /// `a` and `b`: one of a pair if there are both and no model.
    Side,
    /// A number that belongs to the task which another column names, else a score.
    Value,
    /// Means this, and only if there is a column of tasks.
    OfTask(Meaning),
    /// Means this, and only in a table of pairs.
    OfPair(Meaning),
    /// Means this, and only where models have a row each.
    OfModel(Meaning),
    Means(Meaning),
    /// Is known, and no score.
    NoScore,
    Unknown,
}

use Meaning::{
    Average, Count, Difference, Gain, Generation, Group, Method, Note, OtherParents, ParentCount,
    Parents, Published, Qualifier, Run, Stderr, Task,
};
use Word::{Means, Model, NoScore, OfModel, OfPair, OfTask, Side, Value};

/// Columns whose whole name is known; words in lower case, parted by one space.
const WHOLE: [(&str, Word); 24] = [
    ("fullname|full name", Model(2)),
    (
        "model merged|merged model|child|child model|merge",
        Model(0),
    ),
    ("model|model name|models|checkpoint", Model(1)),
    ("name", Model(3)),
    (
        "a|b|row model|column model|left|right|first|second|row|column|col",
        Side,
    ),
    ("value|score|accuracy|acc", Value),
    ("task|tasks|benchmark|dataset", OfTask(Task)),
    ("stderr|std err|standard error|se", OfTask(Stderr)),
    ("n|count|samples|n samples|items|effective", OfTask(Count)),
    ("split|metric|filter|subset|variant", OfTask(Qualifier)),
    (
        "atpd|difference|diff|performance difference|task difference|average task performance \
         difference",
        OfPair(Difference),
    ),
    ("group|table", OfPair(Group)),
    (
        "parents|merged from|source models|models merged",
        OfModel(Parents),
    ),
    ("other parents|unnamed parents", OfModel(OtherParents)),
    (
        "parent count|parents count|n parents|number of parents",
        OfModel(ParentCount),
    ),
    ("method|merge method|merging method", OfModel(Method)),
    ("generation|gen", OfModel(Generation)),
    ("run|path|evolution|strategy", OfModel(Run)),
    (
        "average|avg|atp|mean|average score|avg score|overall",
        OfModel(Average),
    ),
    ("gain|merge gain", OfModel(Gain)),
    (
        "published|repo|repository|hf repo|url|link|hub|huggingface",
        OfModel(Published),
    ),
    ("note|notes|comment|comments|remark", Means(Note)),
    (
        "type|precision|params|params b|weight type|architecture|license|licence|hub license|hub hearts|\
         hearts|likes|available on the hub|model sha|sha|revision|flagged|moe|merged|t|\
         submission date|upload to hub date|upload date|base model|chat template|rank|index|id|\
         eval name|version|n shot|maintainer s highlight|official providers|size|year|seed|correct",
        NoScore,
    ),
    ("", NoScore),
];

/// Words that no name of a task has.
const NO_TASK: &str = "avg average mean gain delta stderr std error ci diff difference \
                       recomputed rank count date params cost seed raw co2 kg loss time sha";

/// What the name of a column says.
pub(super) fn word(header: &str) -> Word {
    let words = words(header);
    let whole = words.join(" ");
    let known = WHOLE
        .iter()
        .find(|(names, _)| names.split('|').any(|name| name == whole));
    if let Some((_, word)) = known {
        return word.clone();
    }
    if let Some(kinship) = kinship(&words) {
        return Means(Meaning::Kinship(kinship));
    }
    match numbered(&words) {
        Some("parent") => OfModel(Meaning::Parent),
        Some("model") => Word::NumberedModel,
        _ if words
            .iter()
            .any(|word| NO_TASK.split(' ').any(|other| other == word)) =>
        {
            NoScore
        }
        _ => Word::Unknown,
    }
}

/// The words of a name in lower case: `merge_gain` and `Merge gain ⬆️` are the same.
pub(super) fn words(header: &str) -> Vec<String> {
    header
        .to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// A name of nothing but words of kinship; the default measure if none says more.
fn kinship(words: &[String]) -> Option<Metric> {
    const PLAIN: [&str; 5] = ["kinship", "model", "similarity", "correlation", "given"];
    let named = words.iter().filter(|word| !PLAIN.contains(&word.as_str()));
    if named.clone().next().is_none() {
        let is_bare = words.iter().any(|word| word == "kinship");
        return is_bare.then_some(Metric::DEFAULT);
    }
    Metric::independent().find(|m| {
        named
            .clone()
            .all(|word| m.spellings.contains(&word.as_str()))
    })
}

/// `parent` of `parent_1`, `parent1`, `Parent A` and `parent` itself.
fn numbered(words: &[String]) -> Option<&'static str> {
    let is_number = |text: &str| {
        text.bytes().all(|b| b.is_ascii_digit()) || matches!(text, "a" | "b" | "c" | "i" | "ii")
    };
    let stem = |word: &str, stem: &str| word.strip_prefix(stem).is_some_and(is_number);
    let ["parent" | "model", ..] = words.iter().map(String::as_str).collect::<Vec<_>>()[..] else {
        return match words {
            [word] if stem(word, "parent") => Some("parent"),
            [word] if stem(word, "model") => Some("model"),
            _ => None,
        };
    };
    match words {
        [first] if first == "parent" => Some("parent"),
        [first, number] if is_number(number) => match first.as_str() {
            "parent" => Some("parent"),
            _ => Some("model"),
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_in_several_spellings() {
        for (headers, expected) in [
            (&["Average ⬆️", "avg", "ATP", "Mean"][..], OfModel(Average)),
            (&["merge_gain", "Merge gain", "gain"], OfModel(Gain)),
            (
                &["parent_1", "parent1", "Parent A", "parent"],
                OfModel(Meaning::Parent),
            ),
            (
                &["model_1", "Model 2", "model1", "model_a"],
                Word::NumberedModel,
            ),
            (
                &["pcc", "Pearson", "kinship", "kinship_pcc"],
                Means(Meaning::Kinship(Metric::PEARSON)),
            ),
            (
                &["CS", "cosine", "kinship (cosine)"],
                Means(Meaning::Kinship(Metric::COSINE)),
            ),
            (
                &["ed", "Euclidean distance"],
                Means(Meaning::Kinship(Metric::EUCLIDEAN)),
            ),
            (
                &[
                    "#Params (B)",
                    "Type",
                    "Precision",
                    "",
                    "🔶",
                    "avg_recomputed",
                ],
                NoScore,
            ),
            (
                &["MMLU-PRO", "MATH Lvl 5", "ARC", "gsm8k", "T-eval"],
                Word::Unknown,
            ),
            (&["Model", "model_name"], Model(1)),
        ] {
            for header in headers {
                assert_eq!(word(header), expected, "{header}");
            }
        }
    }

    #[test]
    fn a_name_is_listed_once() {
        let mut names: Vec<&str> = WHOLE.iter().flat_map(|(n, _)| n.split('|')).collect();
        names.sort_unstable();
        let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
        assert!(twice.is_empty(), "{twice:?}");
    }
}
