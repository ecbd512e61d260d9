//! Where the recipe is in a text: the whole of it, or the blocks of a model card.
//!
//! People copy recipes from web pages. So a text in which the recipe stands in a fenced block is
//! read from that block, and spaces that only look like spaces are read as such. Lines keep their
//! numbers, so that every message names the line that the user sees.

use std::borrow::Cow;
use std::ops::Range;

use super::super::problem::Position;
use super::yaml::{self, MAX_BYTES, Node, What};

/// A recipe's documents, and what was odd about the text around them.
pub(super) struct Found {
    pub(super) documents: Vec<Node>,
    pub(super) notes: Vec<Note>,
}

/// Something that the user should know, and where.
pub(super) struct Note {
    pub(super) sentence: String,
    pub(super) line: u64,
}

/// A sentence and its place.
type Trouble = (String, Option<Position>);

/// Keys that only files for mergekit's tools have: in a card there are other blocks of YAML.
const OWN_KEYS: [&str; 3] = ["merge_method", "experts", "genome"];
/// Further keys by which a file that is not quite right is still known for a recipe.
const MORE_KEYS: [&str; 3] = ["models", "slices", "modules"];

/// Reads the documents of a text; the error is a sentence and its place.
pub(super) fn documents(text: &str) -> Result<Found, Trouble> {
    let mut notes = Vec::new();
    let text = match text.len() > MAX_BYTES {
        true => Cow::Borrowed(text),
        false => with_plain_spaces(text, &mut notes),
    };
    let whole = yaml::read(&text);
    if text.len() > MAX_BYTES || whole.as_ref().is_ok_and(|nodes| is_recipe(nodes)) {
        return whole.map(|documents| Found { documents, notes });
    }
    let blocks = blocks(&text);
    if blocks.is_empty() || speaks_outside(&text, &blocks) {
        let is_card = whole.as_ref().is_ok_and(|nodes| is_front_matter(nodes));
        return match is_card {
            true => Err((NO_RECIPE.to_owned(), None)),
            false => whole.map(|documents| Found { documents, notes }),
        };
    }
    let good = of_blocks(&text, blocks)?;
    let documents = chosen(good, &mut notes);
    Ok(Found { documents, notes })
}

const NO_RECIPE: &str = "this is a text without a recipe: no block of YAML in it has a \
                         `merge_method`";
/// The most blocks that are read as YAML.
const MOST_BLOCKS: usize = 64;

/// A block and its documents.
type Block = (Range<usize>, Vec<Node>);

/// The blocks that hold recipes, at least one; of a block that was meant to be one and is no YAML
/// the error.
fn of_blocks(text: &str, blocks: Vec<Range<usize>>) -> Result<Vec<Block>, Trouble> {
    let lines: Vec<&str> = text.lines().collect();
    let names_key = |line: &&str| OWN_KEYS.iter().any(|key| line.contains(key));
    let speaks = |block: &Range<usize>| {
        let own = lines.get(block.clone()).unwrap_or_default();
        own.iter().any(names_key)
    };
    let mut good = Vec::new();
    let mut broken = None;
    for block in blocks.into_iter().filter(speaks).take(MOST_BLOCKS) {
        match yaml::read(&only(text, &block)) {
            Ok(nodes) if holds_recipe(&nodes) => good.push((block, nodes)),
            Ok(_) => {}
            Err(error) => broken = broken.or(Some(error)),
        }
    }
    match (good.is_empty(), broken) {
        (false, _) => Ok(good),
        (true, Some(error)) => Err(error),
        (true, None) => Err((NO_RECIPE.to_owned(), None)),
    }
}

/// The text of the blocks that hold recipes, where the recipe is not the whole of it.
pub fn recipe_in_card(text: &str) -> Option<String> {
    if text.len() > MAX_BYTES || yaml::read(text).is_ok_and(|nodes| is_recipe(&nodes)) {
        return None;
    }
    let plain = with_plain_spaces(text, &mut Vec::new());
    let blocks = blocks(&plain);
    if speaks_outside(&plain, &blocks) {
        return None;
    }
    let good = of_blocks(&plain, blocks).ok()?;
    // Where one of several is read, all stay, so that it is said every time.
    if !are_parts_of_one(&good) {
        return None;
    }
    let lines: Vec<&str> = text.split('\n').collect();
    let own = |(block, _): &Block| Some(lines.get(block.clone())?.join("\n") + "\n");
    let texts: Option<Vec<String>> = good.iter().map(own).collect();
    Some(texts?.join("---\n"))
}

/// All blocks, if they are documents of one file; else the first.
fn chosen(good: Vec<Block>, notes: &mut Vec<Note>) -> Vec<Node> {
    if are_parts_of_one(&good) {
        return good.into_iter().flat_map(|(_, nodes)| nodes).collect();
    }
    let lines: Vec<String> = good[1..]
        .iter()
        .map(|(block, _)| (block.start + 1).to_string())
        .collect();
    let first = good.into_iter().next();
    let (block, nodes) = first.unwrap_or_default();
    notes.push(Note {
        sentence: format!(
            "the text has several recipes; the first is read, and not those from line {} on",
            lines.join(" and ")
        ),
        line: block.start as u64 + 1,
    });
    nodes
}

/// Whether blocks are one merge in several documents: at most one has no name.
fn are_parts_of_one(good: &[Block]) -> bool {
    let documents = good.iter().flat_map(|(_, nodes)| nodes);
    documents.filter(|node| !has_key(node, "name")).count() <= 1
}

fn holds_recipe(documents: &[Node]) -> bool {
    let has_own = |node: &Node| OWN_KEYS.iter().any(|key| has_key(node, key));
    documents.iter().any(has_own)
}

/// Whether a whole text is YAML for a recipe, be it with mistakes.
fn is_recipe(documents: &[Node]) -> bool {
    let has_more = |node: &Node| MORE_KEYS.iter().any(|key| has_key(node, key));
    holds_recipe(documents) || documents.iter().any(has_more)
}

/// The head of a model card on the hub.
fn is_front_matter(documents: &[Node]) -> bool {
    let keys = ["library_name", "tags", "license", "pipeline_tag"];
    let is_head = |node: &Node| keys.iter().any(|key| has_key(node, key));
    documents.first().is_some_and(is_head)
}

fn has_key(node: &Node, wanted: &str) -> bool {
    let What::Map(pairs) = &node.what else {
        return false;
    };
    let is_wanted = |key: &Node| matches!(&key.what, What::Text(text) if text == wanted);
    pairs.iter().any(|(key, _)| is_wanted(key))
}

/// The lines between fences of backquotes or tildes, as Markdown has them; a fence that is never
/// closed ends with the text.
fn blocks(text: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut open: Option<(usize, char, usize)> = None;
    let mut count = 0;
    for (number, line) in text.lines().enumerate() {
        count = number + 1;
        let Some((sign, length, is_bare)) = fence(line) else {
            continue;
        };
        match open {
            None => open = Some((number + 1, sign, length)),
            Some((first, own, least)) if own == sign && length >= least && is_bare => {
                out.push(first..number);
                open = None;
            }
            Some(_) => {}
        }
    }
    out.extend(open.map(|(first, ..)| first..count.max(first)));
    out
}

/// The sign of a fence, how often it stands there, and whether nothing follows.
fn fence(line: &str) -> Option<(char, usize, bool)> {
    let line = line.trim();
    let sign = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let length = line.chars().take_while(|c| *c == sign).count();
    (length >= 3).then(|| (sign, length, line.chars().count() == length))
}

/// Whether a method is named outside of all blocks: the text is a recipe with mistakes, and the
/// fences are those of a template in it.
fn speaks_outside(text: &str, blocks: &[Range<usize>]) -> bool {
    let mut inside = blocks.iter().peekable();
    text.lines().enumerate().any(|(number, line)| {
        while inside.next_if(|own| own.end <= number).is_some() {}
        let is_inside = inside.peek().is_some_and(|own| own.contains(&number));
        !is_inside && line.starts_with("merge_method:")
    })
}

/// The text with all lines outside of `kept` empty.
fn only(text: &str, kept: &Range<usize>) -> String {
    let mut out = String::with_capacity(text.len());
    for (number, line) in text.lines().enumerate() {
        if kept.contains(&number) {
            out.push_str(line);
        }
        out.push('\n');
    }
    out
}

/// The text with spaces that web pages put in place of plain ones made plain, where YAML counts
/// spaces: around lines and after signs. Within words and quotes they are kept.
fn with_plain_spaces<'t>(text: &'t str, notes: &mut Vec<Note>) -> Cow<'t, str> {
    if !text.contains(is_odd_space) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut first_changed = None;
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            out.push('\n');
        }
        let plain = plain_line(line);
        if plain != line {
            first_changed = first_changed.or(Some(number as u64 + 1));
        }
        out.push_str(&plain);
    }
    notes.extend(first_changed.map(|line| {
        Note {
            sentence:
                "the spaces here are not plain ones, as on a web page; they are read as plain"
                    .to_owned(),
            line,
        }
    }));
    Cow::Owned(out)
}

fn is_odd_space(c: char) -> bool {
    matches!(
        c,
        '\u{a0}' | '\u{2000}'..='\u{200b}' | '\u{202f}' | '\u{205f}' | '\u{3000}' | '\u{feff}'
    )
}

fn plain_line(line: &str) -> String {
    let chars: Vec<char> = line.chars().collect();
    let is_space = |c: &char| c.is_whitespace() || is_odd_space(*c);
    let mut out = String::with_capacity(line.len());
    let mut quote: Option<char> = None;
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        if !is_space(&c) {
            match quote {
                Some(own) if own == c => quote = None,
                None if matches!(c, '"' | '\'') => quote = Some(c),
                _ => {}
            }
            out.push(c);
            at += 1;
            continue;
        }
        let end = at + chars[at..].iter().take_while(|c| is_space(c)).count();
        let after_sign =
            at == 0 || matches!(chars[at - 1], ':' | '-' | ',' | '[' | '{' | '|' | '>');
        let before_sign = chars.get(end).is_none_or(|c| matches!(c, '#' | '}' | ']'));
        for &c in &chars[at..end] {
            match c {
                _ if !(quote.is_none() && (after_sign || before_sign)) => out.push(c),
                '\u{200b}' | '\u{feff}' => {}
                c if is_odd_space(c) => out.push(' '),
                c => out.push(c),
            }
        }
        at = end;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_spaces_are_plain_where_yaml_counts_them() {
        let check = |line: &str, plain: &str| assert_eq!(plain_line(line), plain);
        check("\u{a0} - model: a", "  - model: a");
        check("weight:\u{a0}0.5\u{a0}", "weight: 0.5 ");
        check("\u{feff}models:", "models:");
        check("model: my\u{a0}model", "model: my\u{a0}model");
        check("text: 'a:\u{a0}b'", "text: 'a:\u{a0}b'");
        check("weight: 1\u{a0}# one", "weight: 1 # one");
    }

    #[test]
    fn fences_are_told_apart() {
        assert_eq!(blocks("a\n```yaml\nb\n```\nc\n~~~\nd\n"), [2..3, 6..7]);
        assert_eq!(
            blocks("````\n```\na\n```\n````\n"),
            std::slice::from_ref(&(1..4))
        );
        assert!(blocks("a: |\n  no fence\n").is_empty());
        assert_eq!(blocks("```"), std::slice::from_ref(&(1..1)));
    }
}
