//! The sentences of a proposal.

use super::patchworks::Patchwork;
use super::tuned::Tuned;
use crate::text::list;

pub fn adapter(name: &str) -> String {
    format!("{name} is an adapter, which is left out: its own file names its base")
}

pub fn copy(name: &str, of: &str) -> String {
    format!("{name} has the same numbers as {of}: which of the two is the copy cannot be told")
}

pub fn mixture<'n>(parts: &[(usize, f64)], equal: f64, name: &dyn Fn(usize) -> &'n str) -> String {
    let part = |&(parent, weight): &(usize, f64)| format!("{weight:.2} × {}", name(parent));
    let parts: Vec<String> = parts.iter().map(part).collect();
    let percent = 100.0 * equal;
    format!(
        "{} gives {percent:.1} % of its numbers exactly",
        parts.join(" + ")
    )
}

pub fn patchwork<'n>(found: &Patchwork, name: &dyn Fn(usize) -> &'n str) -> String {
    let part = |(&parent, &ratio): (&usize, &f64)| match (ratio - 1.0).abs() < 0.01 {
        true => name(parent).to_owned(),
        false => format!("{} times {ratio:.2}", name(parent)),
    };
    let parts: Vec<String> = found.parents.iter().zip(&found.ratios).map(part).collect();
    let percent = 100.0 * found.explained;
    format!(
        "It keeps numbers of the base, and {percent:.0} % of its clear changes are those of {}",
        list(&parts)
    )
}

pub fn tuned<'n>(tuned: &Tuned, is_of_base: bool, name: &dyn Fn(usize) -> &'n str) -> String {
    let parent = name(tuned.parent);
    match is_of_base {
        true => format!(
            "It starts from the base, {parent}: no other model explains a third of its change"
        ),
        false => format!(
            "{parent} is nearest and explains {:.0} % of its change; what is left is unrelated \
             to what {parent} has changed",
            100.0 * (1.0 - tuned.left)
        ),
    }
}

pub fn orphans(names: &[String]) -> String {
    format!("{} share a parent that is not in the folder", list(names))
}

pub fn no_base(names: &[String]) -> String {
    format!(
        "Which of {} is the base cannot be told, or it is not in the folder",
        list(names)
    )
}

pub fn unexplained(names: &[String]) -> String {
    format!(
        "Where {} come from cannot be told: a parent may be missing",
        list(names)
    )
}
