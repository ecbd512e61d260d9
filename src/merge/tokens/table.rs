//! Every token of some models and of their child, as the lines of a table that can be searched,
//! filtered and sorted.
//!
//! Memory: some sixty bytes a token, and eight for each model; for two vocabularies of 150,000
//! tokens, of which half are the same, 15 MB.

use std::collections::{BTreeMap, BTreeSet};

use super::{Child, Origin, StepTokens};
use crate::checkpoint::join;

/// The table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TokenTable {
    /// The models, in the order of the report.
    pub names: Vec<String>,
    /// Whether there is a child, which the first number of a line belongs to.
    pub has_child: bool,
    /// By the number in the child; what it does not have comes last, model by model.
    pub rows: Vec<TokenRow>,
    /// What is searched instead of tokens that are not plain small letters.
    folded: Vec<Option<Box<str>>>,
    /// The number in each model, line by line.
    own: Vec<Option<u32>>,
    /// Rows of each model's embedding.
    limits: Vec<usize>,
    /// Where rows come from that some model lacks, by the number in the child.
    origins: Vec<(u32, Vec<Option<Origin>>)>,
}

/// One token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow {
    /// As the tokenizer spells it.
    pub token: String,
    /// Its number in the child.
    pub child: Option<u32>,
    /// Whether it follows on the tokens that the child starts from.
    pub is_new: bool,
    /// Whether the tokenizer that the child starts from has it, and the child does not.
    pub is_struck: bool,
    /// Whether some model finds it in a text before words are split.
    pub is_added: bool,
}

/// Which tokens are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum TokenFilter {
    /// All of them.
    #[default]
    All,
    /// New ones of the child.
    New,
    /// Those that one model alone has.
    Alone,
    /// Those that have another number somewhere.
    Moved,
    /// Those that some model's tokenizer has and its embedding has no row for, and those that
    /// are struck out.
    WithoutRow,
    /// Those that are found before words are split.
    Added,
}

impl TokenFilter {
    /// In the order of a list of them.
    pub const ALL: [Self; 6] = [
        Self::All,
        Self::New,
        Self::Alone,
        Self::Moved,
        Self::WithoutRow,
        Self::Added,
    ];
}

/// What the lines are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenOrder {
    /// The number in the child.
    #[default]
    Child,
    /// The token.
    Token,
    /// The number in this model.
    Model(usize),
}

impl TokenTable {
    /// The table of a step.
    pub fn new(step: &StepTokens) -> Self {
        let lists = &step.lists;
        let mut table = Self {
            names: step
                .report
                .models
                .iter()
                .map(|own| own.name.clone())
                .collect(),
            has_child: lists.child.is_some(),
            limits: step.report.models.iter().map(|own| own.rows).collect(),
            origins: (step.report.rows.iter())
                .map(|row| (row.id, row.from.clone()))
                .collect(),
            ..Self::default()
        };
        let added: BTreeSet<&str> = (lists.vocabularies.iter())
            .flat_map(|own| own.added.iter().map(|token| token.content.as_str()))
            .collect();
        let mut maps: Vec<&BTreeMap<String, u32>> = Vec::new();
        maps.extend(lists.child.as_deref().map(Child::ids));
        maps.extend(lists.vocabularies.iter().map(|own| own.numbers()));
        let first_new = lists.child.as_ref().and_then(|own| own.appended().first());
        let is_new = |id: u32| first_new.is_some_and(|(first, _)| id >= *first);
        let struck = lists.child.as_ref().map(|child| &child.struck);
        let mut lines: Vec<(TokenRow, Vec<Option<u32>>)> = Vec::new();
        join(&maps, |token, numbers| {
            // Without a word on its tokens the child has those of the first.
            let child = numbers.first().copied().flatten();
            let row = TokenRow {
                token: token.to_owned(),
                child,
                is_new: child.is_some_and(is_new),
                is_struck: struck.is_some_and(|struck| struck.contains(token)),
                is_added: added.contains(token),
            };
            let own = numbers.get(usize::from(table.has_child)..);
            lines.push((row, own.unwrap_or_default().to_vec()));
        });
        // Tokens that the child lacks come last, model by model.
        let first = |own: &[Option<u32>]| {
            own.iter()
                .zip(0u32..)
                .find_map(|(id, k)| id.map(|id| (k, id)))
        };
        lines.sort_by_key(|(row, own)| (row.child.is_none(), row.child, first(own)));
        table.own = Vec::with_capacity(lines.len() * lists.vocabularies.len());
        for (row, own) in lines {
            table.rows.push(row);
            table.own.extend(own);
        }
        table.fold();
        table
    }

    /// Makes ready to be searched: a key that is pressed is not to wait for it.
    fn fold(&mut self) {
        self.folded = self.rows.iter().map(|row| folded(&row.token)).collect();
    }

    /// The number that a token has in each model.
    pub fn own(&self, row: usize) -> &[Option<u32>] {
        let width = self.names.len();
        let start = row.saturating_mul(width);
        self.own.get(start..start + width).unwrap_or_default()
    }

    /// Whether a model's embedding has a row of this number.
    pub fn has_row(&self, model: usize, number: u32) -> bool {
        let limit = self.limits.get(model);
        limit.is_none_or(|limit| (number as usize) < *limit)
    }

    /// Where a model's row of a token comes from, if not all models have it themselves.
    pub fn origin(&self, row: usize, model: usize) -> Option<Origin> {
        let id = self.rows.get(row)?.child?;
        let at = self
            .origins
            .binary_search_by_key(&id, |(own, _)| *own)
            .ok()?;
        self.origins.get(at)?.1.get(model).copied().flatten()
    }

    /// Whether a filter lets a token through.
    pub fn passes(&self, row: usize, filter: TokenFilter) -> bool {
        let Some(token) = self.rows.get(row) else {
            return false;
        };
        let own = || self.own(row).iter().flatten();
        match filter {
            TokenFilter::All => true,
            TokenFilter::New => token.is_new,
            TokenFilter::Alone => self.names.len() > 1 && own().count() == 1,
            TokenFilter::Moved => {
                let number = token.child.or_else(|| own().next().copied());
                own().any(|own| Some(*own) != number)
            }
            TokenFilter::WithoutRow => {
                let is_without = |(k, own): (usize, &Option<u32>)| {
                    own.is_some_and(|number| !self.has_row(k, number))
                };
                token.is_struck || self.own(row).iter().enumerate().any(is_without)
            }
            TokenFilter::Added => token.is_added,
        }
    }

    /// How many tokens each filter lets through.
    pub fn counts(&self) -> [usize; TokenFilter::ALL.len()] {
        TokenFilter::ALL.map(|filter| {
            let rows = 0..self.rows.len();
            rows.filter(|row| self.passes(*row, filter)).count()
        })
    }

    /// The lines that a filter lets through and that hold `query`, in an order; what has no
    /// number comes last whichever way round.
    pub fn listed(
        &self,
        filter: TokenFilter,
        query: &str,
        (order, is_reversed): (TokenOrder, bool),
    ) -> Vec<u32> {
        let query = query.to_lowercase();
        let rows = 0..self.rows.len();
        let mut out: Vec<u32> = rows
            .filter(|row| self.passes(*row, filter) && self.holds(*row, &query))
            .map(|row| row as u32)
            .collect();
        match order {
            TokenOrder::Child if !is_reversed => {}
            TokenOrder::Child => self.sort(&mut out, is_reversed, |row| self.rows[row].child),
            TokenOrder::Model(k) => {
                self.sort(&mut out, is_reversed, |row| *self.own(row).get(k)?);
            }
            TokenOrder::Token => {
                out.sort_by(|a, b| self.token(*a).cmp(self.token(*b)));
                if is_reversed {
                    out.reverse();
                }
            }
        }
        out
    }

    fn sort(&self, rows: &mut [u32], is_reversed: bool, number: impl Fn(usize) -> Option<u32>) {
        rows.sort_by_key(|row| {
            let number = number(*row as usize);
            let value = number.unwrap_or(u32::MAX);
            (
                number.is_none(),
                if is_reversed { u32::MAX - value } else { value },
            )
        });
    }

    fn token(&self, row: u32) -> &str {
        self.rows.get(row as usize).map_or("", |row| &row.token)
    }

    /// Whether a token has `query`, in small letters, in it; marks of spaces are spaces, too.
    fn holds(&self, row: usize, query: &str) -> bool {
        let folded = self.folded.get(row).and_then(Option::as_deref);
        let text = folded.or(self.rows.get(row).map(|row| row.token.as_str()));
        query.is_empty() || text.is_some_and(|text| text.contains(query))
    }
}

/// A token in small letters, and behind it the same with the marks that byte-level and
/// sentencepiece tokenizers have for spaces as spaces; `None` if that is the token itself.
fn folded(token: &str) -> Option<Box<str>> {
    let is_plain = |b: u8| b.is_ascii() && !b.is_ascii_uppercase();
    if token.bytes().all(is_plain) {
        return None;
    }
    let small = token.to_lowercase();
    let shown = token
        .replace(['Ġ', '▁'], " ")
        .replace('Ċ', "\n")
        .to_lowercase();
    Some(match shown == small {
        true => small.into(),
        false => format!("{small}\0{shown}").into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A child of two models: `a` has 0 x, 1 ĠY, 2 <s>; `b` has 0 x, 1 <s>, 2 z, which is new.
    fn table() -> TokenTable {
        let row = |token: &str, child, is_new, is_added| TokenRow {
            token: token.to_owned(),
            child,
            is_new,
            is_struck: false,
            is_added,
        };
        let mut table = TokenTable {
            names: vec!["a".into(), "b".into()],
            has_child: true,
            rows: vec![
                row("x", Some(0), false, false),
                row("ĠY", Some(1), false, false),
                row("<s>", Some(2), false, true),
                row("z", Some(3), true, false),
            ],
            own: vec![
                Some(0),
                Some(0),
                Some(1),
                None,
                Some(2),
                Some(1),
                None,
                Some(2),
            ],
            limits: vec![2, 9],
            origins: vec![
                (1, vec![Some(Origin::Own(1)), Some(Origin::Other(0, 1))]),
                (3, vec![Some(Origin::Other(1, 2)), Some(Origin::Own(2))]),
            ],
            ..TokenTable::default()
        };
        table.fold();
        table
    }

    #[test]
    fn filters_let_through_what_they_name() {
        let table = table();
        assert_eq!(table.counts(), [4, 1, 2, 2, 1, 1]);
        let listed = |filter| table.listed(filter, "", (TokenOrder::Child, false));
        assert_eq!(listed(TokenFilter::Alone), [1, 3]);
        assert_eq!(listed(TokenFilter::Moved), [2, 3]);
        assert_eq!(listed(TokenFilter::WithoutRow), [2]);
        assert_eq!(table.origin(3, 0), Some(Origin::Other(1, 2)));
        assert_eq!(table.origin(0, 0), None);
    }

    #[test]
    fn what_has_no_number_comes_last_whichever_way_round() {
        let table = table();
        let by = |order, reversed| table.listed(TokenFilter::All, "", (order, reversed));
        assert_eq!(by(TokenOrder::Model(1), false), [0, 2, 3, 1]);
        assert_eq!(by(TokenOrder::Model(1), true), [3, 2, 0, 1]);
        assert_eq!(by(TokenOrder::Token, false), [2, 0, 3, 1]);
        assert_eq!(by(TokenOrder::Child, true), [3, 2, 1, 0]);
    }

    #[test]
    fn marks_of_spaces_are_found_as_spaces() {
        let table = table();
        let found = |query| table.listed(TokenFilter::All, query, (TokenOrder::Child, false));
        assert_eq!(found(" y"), [1]);
        assert_eq!(found("Ġy"), [1]);
        assert_eq!(found("S>"), [2]);
        assert_eq!(found("q"), [] as [u32; 0]);
    }
}
