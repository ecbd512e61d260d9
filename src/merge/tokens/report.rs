//! What is said of the tokens before a merge: who has which, and where new rows come from.

use std::collections::BTreeMap;

use serde::Serialize;

use super::rows::{Axis, Rows};
use super::{Child, Member, Roles};
use crate::checkpoint::RowFrom;

/// The tokens of the models and of the child.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TokensReport {
    /// Each model that has a tokenizer, the one whose numbers are kept first.
    pub models: Vec<ModelTokens>,
    /// The child's, where the recipe says how its tokens are made.
    pub child: Option<ChildTokens>,
    /// Tokens whose row some model does not have itself, by number.
    pub rows: Vec<NewRow>,
}

/// The tokens of one model, beside those of the child.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ModelTokens {
    /// As in the recipe.
    pub name: String,
    /// How many it has.
    pub tokens: usize,
    /// Rows of its embedding.
    pub rows: usize,
    /// Tokens that no other model has.
    pub alone: Vec<String>,
    /// Tokens that have another number in the child.
    pub moved: Vec<Moved>,
    /// Tokens that its tokenizer has and its matrices have no row for.
    pub without_row: Vec<String>,
    /// Tokens with a role.
    pub roles: Roles,
}

/// A token with two numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// The token.
    pub token: String,
    /// In the model.
    pub own: u32,
    /// In the child.
    pub child: u32,
}

/// The tokens of the child.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ChildTokens {
    /// How many.
    pub tokens: usize,
    /// Rows of its embedding.
    pub rows: usize,
    /// Tokens that follow on those of the tokenizer that it starts from.
    pub appended: Vec<String>,
    /// Tokens of that tokenizer that it does not have.
    pub struck: Vec<String>,
}

/// A token whose row some model does not have itself.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NewRow {
    /// The token.
    pub token: String,
    /// Its number in the child.
    pub id: u32,
    /// Where each model's row comes from, in the order of [`TokensReport::models`]; `None` for a
    /// model that has no part in the embedding.
    pub from: Vec<Option<Origin>>,
}

/// Where a row comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The model has it, at this number.
    Own(u32),
    /// It is another model's: which of [`TokensReport::models`], and its number there.
    Other(usize, u32),
    /// The mean of the rows of all that have it.
    Mean,
    /// Zeros.
    Zero,
}

/// What is said of `members`, of which the first has the numbers that are kept.
pub(in crate::merge) fn report(
    members: &[Member<'_>],
    child: Option<&Child>,
    embedding: Option<(&Axis<'_>, &Rows)>,
) -> TokensReport {
    let mut owners: BTreeMap<&str, usize> = BTreeMap::new();
    let same = |member: &Member<'_>| {
        (members.first()).is_some_and(|first| first.vocabulary.numbers_as(member.vocabulary))
    };
    let is_one = members.iter().all(same);
    if !is_one {
        for member in members {
            for (token, _) in member.vocabulary.tokens() {
                *owners.entry(token).or_default() += 1;
            }
        }
    }
    let of_first = |token: &str| members.first().and_then(|first| first.vocabulary.id(token));
    let of_child = |token: &str| child.map_or_else(|| of_first(token), |child| child.id(token));
    let of_member = |member: &Member<'_>| {
        let mut own = ModelTokens {
            name: member.name.clone(),
            tokens: member.vocabulary.len(),
            rows: member.rows,
            roles: (member.weights.as_ref()).map_or_else(Roles::default, |weights| {
                Roles::read(weights.folder(), member.vocabulary)
            }),
            ..ModelTokens::default()
        };
        for (token, id) in member.vocabulary.tokens() {
            if id as usize >= member.rows {
                own.without_row.push(token.to_owned());
            }
            if is_one {
                continue;
            }
            if owners.get(token) == Some(&1) {
                own.alone.push(token.to_owned());
            }
            if let Some(child) = of_child(token).filter(|child| *child != id) {
                let token = token.to_owned();
                own.moved.push(Moved {
                    token,
                    own: id,
                    child,
                });
            }
        }
        own
    };
    TokensReport {
        models: members.iter().map(of_member).collect(),
        child: child.map(|child| ChildTokens {
            tokens: child.order.len(),
            rows: child.rows,
            appended: child
                .appended()
                .iter()
                .map(|(_, token)| token.clone())
                .collect(),
            struck: child.struck.iter().cloned().collect(),
        }),
        rows: match (child, embedding) {
            (Some(child), Some((axis, rows))) => new_rows(members, child, axis, rows),
            _ => Vec::new(),
        },
    }
}

fn new_rows(members: &[Member<'_>], child: &Child, axis: &Axis<'_>, rows: &Rows) -> Vec<NewRow> {
    let place = |model: usize| members.iter().position(|own| own.model == model);
    let places: Vec<Option<usize>> = axis.holders.iter().map(|h| place(h.member.model)).collect();
    let mut out = Vec::new();
    for (id, token) in &child.order {
        let is_own = |k: usize, row: &RowFrom| matches!(row, RowFrom::Table { table, .. } if *table as usize == k);
        let of_token = |k: usize| rows.rows[k].get(*id as usize);
        let all_own = (0..places.len()).all(|k| of_token(k).is_some_and(|row| is_own(k, row)));
        if all_own {
            continue;
        }
        let mut from = vec![None; members.len()];
        for (k, place) in places.iter().enumerate() {
            let origin = of_token(k).map(|row| match *row {
                RowFrom::Table { table, row } if table as usize == k => Origin::Own(row),
                RowFrom::Table { table, row } => {
                    places[table as usize].map_or(Origin::Zero, |place| Origin::Other(place, row))
                }
                RowFrom::Mean(_)
                | RowFrom::MeanOfOthers
                | RowFrom::MeanOfFirst
                | RowFrom::Sum(_) => Origin::Mean,
                RowFrom::Zero => Origin::Zero,
            });
            if let Some(place) = *place {
                from[place] = origin;
            }
        }
        out.push(NewRow {
            token: token.clone(),
            id: *id,
            from,
        });
    }
    out
}
