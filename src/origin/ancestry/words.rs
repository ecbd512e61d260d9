//! An answer in words.

use super::answer::{Answer, Verdict, Why};
use crate::text::list;

/// "62 % A, 35 % B, 3 % unexplained"
pub fn shares(answer: &Answer, names: &[String]) -> String {
    let parts = answer.parts.iter();
    let mut out: Vec<String> = parts
        .map(|part| format!("{} {}", percent(part.share), names[part.candidate]))
        .collect();
    let left = unexplained(answer);
    if left >= 0.005 || out.is_empty() {
        out.push(format!("{} unexplained", percent(left)));
    }
    out.join(", ")
}

/// The part of the child that its parts leave open: of its changed numbers where these were looked
/// at one by one, else of the length of its task vector.
pub fn unexplained(answer: &Answer) -> f64 {
    match answer.why {
        Why::Subsets(explained) => 1.0 - explained,
        Why::Unchanged => 0.0,
        _ => answer.residual,
    }
}

/// "62 %"
pub fn percent(share: f64) -> String {
    crate::text::with_minus(&format!("{:.0} %", share * 100.0))
}

/// What the child is and why, in a sentence or two.
pub fn sentence(answer: &Answer, child: &str, names: &[String]) -> String {
    let parts: Vec<String> = answer
        .parts
        .iter()
        .map(|p| names[p.candidate].clone())
        .collect();
    let parents = list(&parts);
    let first = parts.first().map_or("", String::as_str);
    let left = percent_fine(answer.residual);
    let rounding = percent_fine(answer.rounding);
    match (answer.verdict, answer.why) {
        (Verdict::Linear, Why::Copy) => {
            format!("{child} is a copy of {first}, equal to the last bit")
        }
        (Verdict::Linear, Why::SharesChange) => format!(
            "{child} is a weighted sum of {parents} whose weights change from tensor to tensor: it leaves {left} of the change, and rounding alone would leave {rounding}"
        ),
        (Verdict::Linear, _) => format!(
            "{child} is a weighted sum of {parents}: it leaves {left} of the change, and rounding alone would leave {rounding}"
        ),
        (Verdict::Trimmed, Why::Subsets(part)) => format!(
            "{child} is made of the larger changes of {parents}, as TIES or breadcrumbs does: they give {} of its changed weights exactly",
            percent(part)
        ),
        (Verdict::Dropped, Why::Subsets(part)) => format!(
            "{child} is made of changes of {parents} kept at random, as DARE or DELLA does: they give {} of its changed weights exactly",
            percent(part)
        ),
        (Verdict::FineTune, _) => format!(
            "{child} continues {first}: it has all of its change, and one of its own ({left}) at right angles to it that no other candidate explains"
        ),
        (_, Why::Unchanged) => format!(
            "{child} does not differ from the base by more than rounding, so there is nothing to explain"
        ),
        (_, Why::NoCandidate) => format!("{child} has no numbers in common with the candidates"),
        (_, Why::Alike) => alike(answer, names),
        (_, Why::Negative) => format!(
            "{child} is a weighted sum of the candidates with negative weights: allow these to see them"
        ),
        (_, Why::TrainedOrMerged) => format!(
            "{child} lies as if it had been trained further from one of {parents}, but others explain a part of what is new: cannot tell further training on related data from a merge of which a parent is missing"
        ),
        (_, Why::Descendant) => format!(
            "A candidate left out here lies as if it had been trained further from {child}, so the fit on it says nothing about {child}'s parents"
        ),
        (_, Why::Pattern) => format!(
            "{child} has whole changes of {parents}, but left out in a pattern that is neither by size nor at random; SCE does this"
        ),
        (_, Why::Disagree) => format!(
            "{child} has whole changes of {parents}, but the fit gives as much to others: cannot tell"
        ),
        (_, Why::NotLookedAt) => format!(
            "The candidates leave {left} of the change, more than rounding does ({rounding}): a parent is missing, or changes were trimmed or dropped; a closer look at the weights tells"
        ),
        (Verdict::ParentMissing, _) if parts.is_empty() => format!(
            "None of the candidates explains {child}: it was trained from the base itself, or its parents are missing here"
        ),
        (Verdict::ParentMissing, _) => format!(
            "{parents} went into {child}, or near relatives of them did, but {left} of the change is left, more than rounding does ({rounding}): a parent is missing here"
        ),
        _ => format!("cannot tell where {child} comes from"),
    }
}

/// "Cannot tell A from C"
fn alike(answer: &Answer, names: &[String]) -> String {
    let pairs = answer.alike.iter();
    let pairs: Vec<String> = pairs
        .map(|[a, b]| format!("{} from {}", names[*a], names[*b]))
        .collect();
    format!("Cannot tell {}: either explains as much", list(&pairs))
}

/// A percentage with a digit more where it is small.
fn percent_fine(share: f64) -> String {
    match share {
        s if s >= 0.1 => percent(s),
        s if s >= 0.0005 => format!("{:.1} %", s * 100.0),
        _ => "0 %".to_owned(),
    }
}
