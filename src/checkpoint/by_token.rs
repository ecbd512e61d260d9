//! A base and its models with the rows of their vocabularies brought together token by token,
//! where tokenizers number tokens otherwise.
//!
//! Row 17 of two embeddings is then not the same token, and their difference says nothing. So
//! the rows of the base are put in an order in which those that the same models have stand
//! together, and each model's rows are read in that order. What only one has is left out.
//! Nothing is done, and nothing costs, where all number alike.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::dtype::Dtype;
use super::gather::{RowFrom, RowTable, RowsOf};
use super::model::Checkpoint;
use super::names::{is_head_bias, is_language_head, is_token_embedding};
use super::pairing::{LeftOut, Pairing, Run, Runs, pair, paired};
use super::sums::RowSums;
use super::tensor::Tensor;
use super::vocabulary::{MOST_TOKENS, Vocabulary};

/// A base and its models, with the rows of vocabularies in one order.
#[derive(Debug)]
pub struct ByToken {
    /// The base.
    pub base: Checkpoint,
    /// The models, in order.
    pub models: Vec<Checkpoint>,
    /// By the name of a tensor.
    runs: Runs,
    left_out: Vec<LeftOut>,
}

impl ByToken {
    /// Whether the rows of a tensor are compared token by token.
    pub fn is_by_token(&self, tensor: &str) -> bool {
        self.runs.contains_key(tensor)
    }
}

/// What is known of a model's tokens.
enum Tokens<'a> {
    /// Rows of the same number are rows of the same token, or nobody knows better.
    ByNumber,
    Own(&'a Vocabulary),
}

/// Brings `models` together with their base; `None` if no model is known to number its tokens
/// otherwise.
pub fn by_token(base: &Checkpoint, models: &[&Checkpoint]) -> Option<ByToken> {
    let of_base = base.vocabulary().ok().flatten()?;
    let tokens = models.iter().map(|model| match model.vocabulary() {
        Ok(Some(own)) if model.adapter().is_none() && !own.agrees(of_base) => Tokens::Own(own),
        _ => Tokens::ByNumber,
    });
    let tokens: Vec<Tokens<'_>> = tokens.collect();
    if tokens.iter().all(|own| matches!(own, Tokens::ByNumber)) {
        return None;
    }
    let shared_base = Arc::new(base.clone());
    let shared: Vec<Arc<Checkpoint>> = models.iter().map(|m| Arc::new((*m).clone())).collect();
    let mut base_tables = Vec::new();
    let mut tables: Vec<Vec<RowTable>> = vec![Vec::new(); models.len()];
    let mut out = ByToken {
        base: base.clone(),
        models: Vec::new(),
        runs: BTreeMap::new(),
        left_out: Vec::new(),
    };
    for tensor in base
        .tensors()
        .iter()
        .filter(|tensor| has_rows_of_tokens(tensor))
    {
        let own = models.iter().zip(&tokens);
        let rows: Vec<Option<OwnRows>> = own
            .map(|(model, tokens)| own_rows(model, tokens, (base, of_base), tensor))
            .collect();
        let (order, runs) = ordered(tensor.shape[0], &rows);
        base_tables.push(table(
            &shared_base,
            None,
            tensor,
            order.iter().map(|row| Some(*row)),
        ));
        for (k, own) in rows.iter().enumerate() {
            let Some(own) = own else { continue };
            let (model, adapter) = match models[k].adapter() {
                Some(_) => (&shared_base, Some(&shared[k])),
                None => (&shared[k], None),
            };
            let held = model.tensor(&tensor.name).unwrap_or(tensor);
            let rows = order.iter().map(|row| own.at(*row));
            tables[k].push(table(model, adapter, held, rows));
            if let Tokens::Own(vocabulary) = tokens[k] {
                out.left_out
                    .extend(notes(tensor, k, own, held, vocabulary, of_base));
            }
        }
        out.runs.insert(tensor.name.clone(), runs);
    }
    if base_tables.is_empty() {
        return None;
    }
    // What cannot be put in another order is compared by number, as ever.
    out.base = base.with_rows(base_tables).ok()?;
    let views = models
        .iter()
        .zip(tables)
        .map(|(model, tables)| model.with_rows(tables));
    out.models = views.collect::<Result<_, _>>().ok()?;
    Some(out)
}

/// Lines up models with their base row by row of the same token, where `lined_up` says that some
/// number their tokens otherwise; else as [`pair`]. Tokenizers that cannot be read are told.
pub fn pair_tokens<'a>(
    base: &'a Checkpoint,
    models: &[&'a Checkpoint],
    lined_up: Option<&'a ByToken>,
) -> Pairing<'a> {
    let mut out = match lined_up {
        None => pair(base, models),
        Some(lined_up) => {
            let views: Vec<&Checkpoint> = lined_up.models.iter().collect();
            let mut out = paired(&lined_up.base, &views, Some(&lined_up.runs));
            out.left_out.extend(lined_up.left_out.iter().cloned());
            out
        }
    };
    out.left_out.extend(unread(base, models));
    out
}

/// Sentences about tokenizers that are there and cannot be read.
fn unread(base: &Checkpoint, models: &[&Checkpoint]) -> Vec<LeftOut> {
    let Some(tensor) = base
        .tensors()
        .iter()
        .find(|tensor| is_token_embedding(&tensor.name))
    else {
        return Vec::new();
    };
    let note = |model: Option<usize>, error: &str| LeftOut {
        tensor: tensor.name.clone(),
        model,
        reason: format!("the tokens, so that rows are compared by their numbers: {error}"),
    };
    let own = models
        .iter()
        .enumerate()
        .filter(|(_, model)| model.adapter().is_none());
    let own = own.filter_map(|(k, model)| Some(note(Some(k), model.vocabulary().err()?)));
    base.vocabulary()
        .err()
        .map(|error| note(None, error))
        .into_iter()
        .chain(own)
        .collect()
}

fn has_rows_of_tokens(tensor: &Tensor) -> bool {
    let name = tensor.name.as_str();
    let is_axis = is_token_embedding(name) || is_language_head(name) || is_head_bias(name);
    // A single number has no rows, whatever it is called.
    let rows = tensor.shape.first().copied().unwrap_or(0);
    let is_countable = (1..=MOST_TOKENS).contains(&rows);
    is_axis && is_countable && tensor.elements() > 0 && tensor.dtype.is_supported()
}

/// For each row of the base the model's row of the same token.
enum OwnRows {
    /// The same number, below this one.
    First(usize),
    ByToken(Vec<Option<u32>>),
}

impl OwnRows {
    fn at(&self, row: u32) -> Option<u32> {
        match self {
            Self::First(end) => ((row as usize) < *end).then_some(row),
            Self::ByToken(rows) => *rows.get(row as usize)?,
        }
    }
}

/// `None` if the model has nothing that could be compared.
fn own_rows(
    model: &Checkpoint,
    tokens: &Tokens<'_>,
    (base, of_base): (&Checkpoint, &Vocabulary),
    tensor: &Tensor,
) -> Option<OwnRows> {
    let rows = tensor.shape[0];
    if let Some(adapter) = model.adapter() {
        let fits = adapter.rows(base, &tensor.name, &tensor.shape).is_ok();
        return fits.then_some(OwnRows::First(rows));
    }
    let own = model.tensor(&tensor.name)?;
    let fits = own.shape.get(1..) == tensor.shape.get(1..) && own.dtype.is_supported();
    let own_rows = *own.shape.first().filter(|_| fits)?;
    let Tokens::Own(vocabulary) = tokens else {
        return Some(OwnRows::First(own_rows.min(rows)));
    };
    let mut out = vec![None; rows];
    // Which row belongs to a token that programs number otherwise than its file is not certain.
    let uncertain = |of: &Vocabulary| -> BTreeSet<u32> {
        let numbers = of.renumbered.iter().map(|(own, _)| *own);
        numbers.collect()
    };
    let (uncertain, of_base_uncertain) = (uncertain(vocabulary), uncertain(of_base));
    for (token, id) in of_base.tokens() {
        let own = vocabulary.id(token).filter(|own| {
            let is_certain = !uncertain.contains(own) && !of_base_uncertain.contains(&id);
            (*own as usize) < own_rows && is_certain
        });
        if let (Some(place), Some(own)) = (out.get_mut(id as usize), own) {
            *place = Some(own);
        }
    }
    Some(OwnRows::ByToken(out))
}

/// The rows of the base so that those that the same models have stand together.
fn ordered(rows: usize, own: &[Option<OwnRows>]) -> (Vec<u32>, Vec<Run>) {
    let mut groups: Vec<u32> = vec![0; rows];
    for own in own.iter().flatten() {
        let mut numbers: BTreeMap<(u32, bool), u32> = BTreeMap::new();
        for (row, group) in groups.iter_mut().enumerate() {
            let next = numbers.len() as u32;
            let key = (*group, own.at(row as u32).is_some());
            *group = *numbers.entry(key).or_insert(next);
        }
    }
    let mut order: Vec<u32> = (0..rows as u32).collect();
    order.sort_by_key(|row| (groups[*row as usize], *row));
    let mut runs = Vec::new();
    let mut start = 0;
    for members in order.chunk_by(|a, b| groups[*a as usize] == groups[*b as usize]) {
        let has = own
            .iter()
            .map(|own| own.as_ref().is_some_and(|own| own.at(members[0]).is_some()));
        let has: Vec<bool> = has.collect();
        let end = start + members.len();
        if has.contains(&true) {
            runs.push(Run {
                rows: start..end,
                has,
            });
        }
        start = end;
    }
    (order, runs)
}

fn table(
    model: &Arc<Checkpoint>,
    adapter: Option<&Arc<Checkpoint>>,
    tensor: &Tensor,
    rows: impl Iterator<Item = Option<u32>>,
) -> RowTable {
    let row = |row: Option<u32>| row.map_or(RowFrom::Zero, |row| RowFrom::Table { table: 0, row });
    let dtype: Dtype = tensor.dtype.written();
    RowTable {
        name: tensor.name.clone(),
        from: vec![RowsOf {
            model: Arc::clone(model),
            adapter: adapter.cloned(),
            tensor: tensor.name.clone(),
        }],
        rows: rows.map(row).collect(),
        means: Vec::new(),
        sums: RowSums::default(),
        dtype,
        rounded_to: dtype,
    }
}

/// What only one of both has.
fn notes(
    tensor: &Tensor,
    model: usize,
    own: &OwnRows,
    held: &Tensor,
    vocabulary: &Vocabulary,
    of_base: &Vocabulary,
) -> Vec<LeftOut> {
    let rows = tensor.shape[0];
    let shared = (0..rows as u32)
        .filter(|row| own.at(*row).is_some())
        .count();
    let held = held.shape[0];
    let counted = |count: usize, all: usize, who: &str| LeftOut {
        tensor: tensor.name.clone(),
        model: Some(model),
        reason: format!("{count} of {all} rows, of tokens that {who}"),
    };
    let mut out = Vec::new();
    if shared < rows {
        out.push(counted(rows - shared, rows, "the model does not have"));
    }
    let alone = (vocabulary.tokens())
        .filter(|(token, id)| {
            let in_base = of_base.id(token).is_some_and(|id| (id as usize) < rows);
            (*id as usize) < held && !in_base
        })
        .count();
    if alone > 0 {
        out.push(counted(alone, held, "the base does not have"));
    }
    out
}
