//! What is said of the tokens before a merge: who has which, and where new rows come from.

use std::collections::BTreeMap;

use serde::Serialize;

use super::rows::{Axis, Rows};
use super::{Child, Conflict, Member, Roles};
use crate::checkpoint::{RowFrom, join};

/// The tokens of the models and of the child.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TokensReport {
    /// Each model that has a tokenizer, the one whose numbers are kept first.
    pub models: Vec<ModelTokens>,
    /// Which of them the files of the child's tokenizer are made from.
    pub follows: usize,
    /// Tokens with a role in the child, and its chat template.
    pub roles: Roles,
    /// Whether the recipe says which chat template that is.
    pub has_own_template: bool,
    /// Roles in which a model differs from the child.
    pub conflicts: Vec<Conflict>,
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
    /// How many of them fill up, behind the row of the last token.
    pub padding: usize,
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

impl TokensReport {
    /// The model that the files of the child's tokenizer are made from.
    pub fn follows(&self) -> Option<&ModelTokens> {
        self.models.get(self.follows)
    }
}

/// What the child's tokenizer is made from.
#[derive(Clone, Copy, Default)]
pub(in crate::merge) struct Follows<'a> {
    /// The number of the model in the step.
    pub(in crate::merge) model: usize,
    /// The chat template that the recipe asks for.
    pub(in crate::merge) template: Option<&'a str>,
}

/// What is said of `members`, of which the first has the numbers that are kept.
pub(in crate::merge) fn report(
    members: &[Member<'_>],
    child: Option<&Child>,
    embedding: Option<(&Axis<'_>, &Rows)>,
    follows: Follows<'_>,
) -> TokensReport {
    let same = |member: &Member<'_>| {
        (members.first()).is_some_and(|first| first.vocabulary.numbers_as(member.vocabulary))
    };
    let mut models: Vec<ModelTokens> = members.iter().map(of_member).collect();
    if !members.iter().all(same) {
        compare(members, child, &mut models);
    }
    let at = members.iter().position(|own| own.model == follows.model);
    let at = at.unwrap_or(0);
    let own = models.get(at).map(|own| own.roles.clone());
    let mut roles = own.unwrap_or_default();
    if let Some(child) = child {
        roles
            .tokens
            .retain(|role| !child.struck.contains(&role.token));
        for role in &mut roles.tokens {
            role.id = child.id(&role.token);
        }
    }
    if let Some(template) = follows.template {
        roles.chat_template = Some(template.to_owned());
    }
    let theirs = models
        .iter()
        .enumerate()
        .filter(|(k, _)| *k != at || follows.template.is_some());
    let conflicts = theirs.flat_map(|(_, own)| Conflict::all(&roles, &own.name, &own.roles));
    TokensReport {
        conflicts: conflicts.collect(),
        follows: at,
        roles,
        has_own_template: follows.template.is_some(),
        models,
        child: child.map(|child| ChildTokens {
            tokens: child.order.len(),
            rows: child.rows,
            padding: child.rows.saturating_sub(child.end),
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

/// What is said of one model alone.
fn of_member(member: &Member<'_>) -> ModelTokens {
    let mut own = ModelTokens {
        name: member.name.clone(),
        tokens: member.vocabulary.len(),
        rows: member.rows,
        roles: (member.weights.as_ref()).map_or_else(Roles::default, |weights| {
            Roles::read(weights.folder(), member.vocabulary)
        }),
        ..ModelTokens::default()
    };
    if member.vocabulary.end() > member.rows {
        let tokens = member.vocabulary.tokens();
        let without = tokens.filter(|(_, id)| !member.has(*id));
        own.without_row = without.map(|(token, _)| token.to_owned()).collect();
    }
    own
}

/// Finds what one model has alone, and what has another number in the child, or in the first
/// model if there is no child.
fn compare(members: &[Member<'_>], child: Option<&Child>, models: &mut [ModelTokens]) {
    let mut maps: Vec<&BTreeMap<String, u32>> = (members.iter())
        .map(|own| own.vocabulary.numbers())
        .collect();
    let count = maps.len();
    maps.extend(child.map(Child::ids));
    join(&maps, |token, numbers| {
        let (own, of_child) = numbers.split_at(count);
        let of_child = of_child.first().or(own.first()).copied().flatten();
        let owners = own.iter().flatten().count();
        for (model, id) in models.iter_mut().zip(own) {
            let Some(id) = *id else { continue };
            if owners == 1 {
                model.alone.push(token.to_owned());
            }
            if let Some(child) = of_child.filter(|child| *child != id) {
                let token = token.to_owned();
                model.moved.push(Moved {
                    token,
                    own: id,
                    child,
                });
            }
        }
    });
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
