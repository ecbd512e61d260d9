//! The row that each model has for each of the child's tokens.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::recipe::{ModelRef, RowName, TokenRow, TokenRule};
use super::{Child, Member};
use crate::checkpoint::{Dtype, RowFrom, RowSums, RowTable, RowsOf, join};

/// One tensor with a vocabulary axis, in the models that have it.
pub(in crate::merge) struct Axis<'a> {
    /// Its name in the child.
    pub(in crate::merge) name: String,
    pub(in crate::merge) holders: Vec<Holder<'a>>,
    /// The format that all rows have together.
    pub(in crate::merge) dtype: Dtype,
}

/// A model that has the tensor.
pub(in crate::merge) struct Holder<'a> {
    pub(in crate::merge) member: &'a Member<'a>,
    /// Name of the tensor that holds the rows: a tied head is the embedding.
    pub(in crate::merge) tensor: String,
    /// How many there are.
    pub(in crate::merge) rows: usize,
    pub(in crate::merge) dtype: Dtype,
}

/// The row that each model has for each of the child's tokens, in the order of the child.
pub(in crate::merge) struct Numbers {
    /// The number of a model in the step, and its rows.
    of: Vec<(usize, Vec<Option<u32>>)>,
}

impl Numbers {
    pub(in crate::merge) fn new(child: &Child, members: &[Member<'_>]) -> Self {
        let mut of: Vec<(usize, Vec<Option<u32>>)> = (members.iter())
            .map(|own| (own.model, vec![None; child.order.len()]))
            .collect();
        let mut maps = vec![child.ids()];
        maps.extend(members.iter().map(|own| own.vocabulary.numbers()));
        join(&maps, |token, numbers| {
            let Some(at) = numbers[0].and_then(|id| child.place(id, token)) else {
                return;
            };
            for ((rows, member), number) in of.iter_mut().zip(members).zip(&numbers[1..]) {
                rows.1[at] = number.filter(|number| member.has(*number));
            }
        });
        Self { of }
    }

    fn row(&self, holder: &Holder<'_>, at: usize) -> Option<u32> {
        let (_, rows) = self
            .of
            .iter()
            .find(|(own, _)| *own == holder.member.model)?;
        let row = rows.get(at).copied().flatten();
        row.filter(|row| (*row as usize) < holder.rows)
    }
}

impl Holder<'_> {
    fn row(&self, token: &str) -> Option<u32> {
        self.member
            .row(token)
            .filter(|row| (*row as usize) < self.rows)
    }
}

/// What is refused, and where in the recipe it stands.
pub(in crate::merge) struct Refused {
    pub(in crate::merge) path: String,
    pub(in crate::merge) sentence: String,
}

/// The rules of a recipe, with the models found.
pub(in crate::merge) struct Rules<'a> {
    pub(in crate::merge) tokens: &'a [(String, TokenRule)],
    /// Number of a model in the step.
    pub(in crate::merge) find: &'a dyn Fn(&ModelRef) -> Option<usize>,
    /// The model that the recipe calls its base.
    pub(in crate::merge) base: Option<usize>,
}

/// The row for models that do not have the token.
#[derive(Clone, Copy)]
enum Fallback {
    Row(u32, u32),
    Mean(u32),
    Zero,
}

/// Where every row of every holder comes from; tables are numbered as the holders.
pub(in crate::merge) struct Rows {
    /// For each holder.
    pub(in crate::merge) rows: Vec<Vec<RowFrom>>,
    pub(in crate::merge) means: Vec<Vec<(u32, u32)>>,
}

/// Decides the rows of one tensor.
pub(in crate::merge) fn rows(
    axis: &Axis<'_>,
    child: &Child,
    numbers: &Numbers,
    rules: &Rules<'_>,
) -> Result<Rows, Refused> {
    let count = axis.holders.len();
    let mut out = Rows {
        rows: vec![Vec::with_capacity(child.rows); count],
        means: Vec::new(),
    };
    let named: BTreeMap<&str, usize> = (rules.tokens.iter().zip(0..))
        .map(|((token, _), at)| (token.as_str(), at))
        .collect();
    let mut own: Vec<Option<u32>> = vec![None; count];
    let mut next = 0;
    for id in 0..child.end as u32 {
        let first = next;
        while child.order.get(next).is_some_and(|(own, _)| *own <= id) {
            next += 1;
        }
        // Of several tokens with one number the first decides.
        let Some((_, token)) = child.order.get(first).filter(|_| next > first) else {
            // A number without a token: what lies there.
            for (k, holder) in axis.holders.iter().enumerate() {
                out.rows[k].push(match (id as usize) < holder.rows {
                    true => RowFrom::Table {
                        table: k as u32,
                        row: id,
                    },
                    false => RowFrom::Zero,
                });
            }
            continue;
        };
        for (own, holder) in own.iter_mut().zip(&axis.holders) {
            *own = numbers.row(holder, first);
        }
        let rule = named.get(token.as_str()).map(|at| &rules.tokens[*at].1);
        let default = match rule {
            Some(rule) => by_rule(token, rule, axis, rules)?,
            None => by_itself(&own, axis, rules.base, &mut out.means),
        };
        let is_forced = rule.is_some_and(|rule| rule.force);
        for (k, own) in own.iter().enumerate() {
            out.rows[k].push(match (own, default) {
                (Some(row), _) if !is_forced => RowFrom::Table {
                    table: k as u32,
                    row: *row,
                },
                (_, Fallback::Row(table, row)) => RowFrom::Table { table, row },
                (_, Fallback::Mean(mean)) => RowFrom::Mean(mean),
                (_, Fallback::Zero) => RowFrom::Zero,
            });
        }
    }
    for rows in &mut out.rows {
        rows.resize(child.rows, RowFrom::MeanOfOthers);
    }
    Ok(out)
}

/// The only row that there is, else the base's, else the mean.
fn by_itself(
    own: &[Option<u32>],
    axis: &Axis<'_>,
    base: Option<usize>,
    means: &mut Vec<Vec<(u32, u32)>>,
) -> Fallback {
    let have = || (0..).zip(own).filter_map(|(k, row)| Some((k, (*row)?)));
    let is_base = |k: u32| Some(axis.holders[k as usize].member.model) == base;
    let of_base = have().find(|(k, _)| is_base(*k));
    match (of_base, have().next(), have().count()) {
        (Some((table, row)), ..) | (None, Some((table, row)), 1) => Fallback::Row(table, row),
        (None, None, _) => Fallback::Zero,
        // Nobody asks for it where all have the token.
        (None, Some(_), count) if count == own.len() => Fallback::Zero,
        (None, Some(_), _) => {
            means.push(have().collect());
            Fallback::Mean(means.len() as u32 - 1)
        }
    }
}

/// What the recipe says of a token.
fn by_rule(
    token: &str,
    rule: &TokenRule,
    axis: &Axis<'_>,
    rules: &Rules<'_>,
) -> Result<Fallback, Refused> {
    let path = format!("tokenizer.tokens.{token}");
    let refused = |sentence: String| Refused {
        path: path.clone(),
        sentence,
    };
    let holder = |model: &ModelRef| {
        let number = (rules.find)(model);
        let found = axis
            .holders
            .iter()
            .position(|own| Some(own.member.model) == number);
        found.ok_or_else(|| {
            refused(format!(
                "{model} has no part in {}; name a model that is merged",
                axis.name
            ))
        })
    };
    let row_of = |k: usize, model: &ModelRef, token: &str| {
        axis.holders[k].row(token).ok_or_else(|| {
            refused(format!(
                "{model} has no token `{token}` with a row in {}",
                axis.name
            ))
        })
    };
    Ok(match &rule.source {
        TokenRow::Zero => Fallback::Zero,
        TokenRow::Model(model) => {
            let k = holder(model)?;
            Fallback::Row(k as u32, row_of(k, model, token)?)
        }
        TokenRow::Token { model, row } => {
            let k = holder(model)?;
            let row = match row {
                RowName::Token(token) => row_of(k, model, token)?,
                RowName::Number(row) if (*row as usize) < axis.holders[k].rows => *row,
                RowName::Number(row) => {
                    let rows = axis.holders[k].rows;
                    return Err(refused(format!(
                        "{model} has no row {row} in {}; the last is {}",
                        axis.name,
                        rows.saturating_sub(1)
                    )));
                }
            };
            Fallback::Row(k as u32, row)
        }
    })
}

/// The tables of the holders whose rows are not in the child's order already, with the numbers of
/// their models.
pub(in crate::merge) fn row_tables(
    axis: &Axis<'_>,
    rows: &Rows,
    rounded_to: Option<Dtype>,
) -> Result<Vec<(usize, RowTable)>, Refused> {
    let mut out = Vec::new();
    for (k, holder) in axis.holders.iter().enumerate() {
        let in_order = (rows.rows[k].iter().zip(0..)).all(|(own, row)| {
            *own == RowFrom::Table {
                table: k as u32,
                row,
            }
        });
        let is_whole = in_order && rows.rows[k].len() == holder.rows && holder.tensor == axis.name;
        if is_whole && holder.dtype.written() == axis.dtype {
            continue;
        }
        if holder.member.weights.is_none() && in_order {
            // Plans cut to the smallest.
            continue;
        }
        let rounded_to = rounded_to.unwrap_or(axis.dtype);
        out.push((holder.member.model, table(axis, rows, k, rounded_to)?));
    }
    Ok(out)
}

/// The table of one holder, whose own tensor is the first that rows are taken from.
fn table(axis: &Axis<'_>, rows: &Rows, own: usize, rounded_to: Dtype) -> Result<RowTable, Refused> {
    let mut used = vec![false; axis.holders.len()];
    let mut takes_means = false;
    for row in &rows.rows[own] {
        match *row {
            RowFrom::Table { table, .. } => used[table as usize] = true,
            RowFrom::Mean(_) => takes_means = true,
            RowFrom::MeanOfOthers | RowFrom::MeanOfFirst | RowFrom::Sum(_) | RowFrom::Zero => {}
        }
    }
    let means = if takes_means { &rows.means[..] } else { &[] };
    for (table, _) in means.iter().flatten() {
        used[*table as usize] = true;
    }
    let mut from = vec![rows_of(&axis.holders[own])?];
    let mut local = vec![0; axis.holders.len()];
    for (k, holder) in axis
        .holders
        .iter()
        .enumerate()
        .filter(|(k, _)| *k != own && used[*k])
    {
        local[k] = from.len() as u32;
        from.push(rows_of(holder)?);
    }
    let local = |table: u32| local[table as usize];
    let row = |from: &RowFrom| match *from {
        RowFrom::Table { table, row } => RowFrom::Table {
            table: local(table),
            row,
        },
        other => other,
    };
    let mean = |of: &Vec<(u32, u32)>| of.iter().map(|&(table, row)| (local(table), row)).collect();
    Ok(RowTable {
        name: axis.name.clone(),
        from,
        rows: rows.rows[own].iter().map(row).collect(),
        means: means.iter().map(mean).collect(),
        sums: RowSums::default(),
        dtype: axis.dtype,
        rounded_to,
    })
}

fn rows_of(holder: &Holder<'_>) -> Result<RowsOf, Refused> {
    let member = holder.member;
    let Some(weights) = &member.weights else {
        return Err(Refused {
            path: member.path.clone(),
            sentence: format!(
                "{} is made by an earlier document and numbers its tokens otherwise than the \
                 child; give that document the tokenizer option, or merge it in a run of its own",
                member.name
            ),
        });
    };
    Ok(RowsOf {
        model: Arc::clone(weights),
        adapter: member.adapter.clone(),
        tensor: holder.tensor.clone(),
    })
}
