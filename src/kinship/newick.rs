//! Trees as Newick text, which programs for phylogenies and plotting read.
//!
//! Of a clustering, the path between two models is as long as the distance at which they join: a
//! join of height h stands h/2 above its models. A branch that neighbour joining makes shorter
//! than nothing is written as 0. Source of the format: Olsen, 1990.

use std::fmt::Write;

use super::joining::{Branch, Joined};
use super::tree::Tree;

/// The tree of a clustering; `None` where there is none.
pub fn newick(tree: &Tree, names: &[String]) -> Option<String> {
    let n = names.len();
    if n == 0 || tree.joins.len() + 1 != n {
        return None;
    }
    let height = |node: usize| node.checked_sub(n).map_or(0.0, |k| tree.joins[k].height);
    let mut parts: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    for join in &tree.joins {
        let of = |node: usize| {
            let length = (join.height - height(node)).max(0.0) / 2.0;
            format!("{}:{}", parts[node], number(length))
        };
        parts.push(format!("({},{})", of(join.left), of(join.right)));
    }
    parts.pop().map(|whole| whole + ";")
}

/// The tree of neighbour joining.
pub fn newick_unrooted(tree: &Joined, names: &[String]) -> Option<String> {
    let mut parts: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    let of = |parts: &[String], branch: &Branch| {
        let part = parts.get(branch.node)?;
        Some(format!("{part}:{}", number(branch.length.max(0.0))))
    };
    for [a, b] in &tree.joins {
        let joined = format!("({},{})", of(&parts, a)?, of(&parts, b)?);
        parts.push(joined);
    }
    if let [only] = &tree.middle[..] {
        return Some(format!("{};", parts.get(only.node)?));
    }
    let mut out = String::from("(");
    for (k, branch) in tree.middle.iter().enumerate() {
        let comma = if k > 0 { "," } else { "" };
        write!(out, "{comma}{}", of(&parts, branch)?).ok()?;
    }
    Some(out + ");")
}

/// Six digits are more than a kinship has.
fn number(length: f64) -> String {
    let text = format!("{length:.6}");
    let short = text.trim_end_matches('0').trim_end_matches('.');
    short.to_owned()
}

/// A name as a label: in quotes where it has a character that the format uses, or a low line,
/// which readers take for a blank.
fn quoted(name: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '+' | '/');
    if !name.is_empty() && name.chars().all(is_plain) {
        return name.to_owned();
    }
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    format!(
        "'{}'",
        name.chars()
            .map(clean)
            .collect::<String>()
            .replace('\'', "''")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinship::{Matrix, Metric, cluster, neighbour_joining};

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn a_clustering_written_by_hand() {
        // 0–1 join at 0.1; 2 is 0.5 and 0.7 away, so it joins at 0.6.
        let value = |i, j| match (i, j) {
            (0, 1) => 0.9,
            (0, 2) => 0.5,
            (1, 2) => 0.3,
            _ => 1.0,
        };
        let matrix = Matrix::build(3, |i, j| Some(value(i, j)));
        let tree = cluster(&matrix, Metric::PEARSON);
        let text = newick(&tree, &names(&["org/a", "it's b", "c_1"]));
        assert_eq!(
            text.unwrap(),
            "((org/a:0.05,'it''s b':0.05):0.25,'c_1':0.3);"
        );
        assert_eq!(newick(&Tree::default(), &[]), None);
    }

    #[test]
    fn a_tree_without_a_root_written_by_hand() {
        // Sums along a tree: branches 1, 2, 3 and 4, and 5 between the pairs.
        let rows = [
            [0.0, 3.0, 9.0, 10.0],
            [3.0, 0.0, 10.0, 11.0],
            [9.0, 10.0, 0.0, 7.0],
            [10.0, 11.0, 7.0, 0.0],
        ];
        let matrix = Matrix::build(4, |i, j| Some(rows[i][j]));
        let tree = neighbour_joining(&matrix, Metric::EUCLIDEAN).unwrap();
        let text = newick_unrooted(&tree, &names(&["a", "b", "c", "d"]));
        assert_eq!(text.unwrap(), "((a:1,b:2):5,c:3,d:4);");
    }
}
