//! A transplant before any number is read: models opened, tokens matched, everything checked.

use std::path::PathBuf;
use std::sync::Arc;

use super::key::Spelling;
use super::matching::{Allowed, Row, Tokens, rows};
use super::report::Report;
use super::{Matrices, Method, Wish};
use crate::checkpoint::{
    Checkpoint, Dtype, RowFrom, RowSums, RowTable, RowsOf, Stack, Tensor, Vocabulary, is_gguf_name,
    is_head_bias, is_language_head, is_token_embedding,
};
use crate::merge::plan::{Plan, Surroundings, locate, plan};
use crate::merge::recipe::{
    AdapterRef, Content, ModelRef, OwnOptions, Parsed, Recipe, RecipeInput, TokenizerSource,
};
use crate::text::first_of;

/// Where models are looked for, and where the new one is written.
#[derive(Clone, Debug)]
pub struct Place {
    /// The folder that relative paths of models start from.
    pub root: PathBuf,
    /// The hub's local cache, if there is one.
    pub hub: Option<PathBuf>,
    /// Where the model is to be written; without it, nothing is said about disk and output.
    pub out: Option<PathBuf>,
    /// Whether a model that lies there may be replaced.
    pub force: bool,
    /// Threads that will work.
    pub threads: usize,
}

impl Place {
    fn surroundings<'a>(&'a self, opened: &'a [Arc<Checkpoint>]) -> Surroundings<'a> {
        Surroundings {
            root: &self.root,
            working: None,
            hub: self.hub.as_deref(),
            out: self.out.as_deref(),
            intermediates: None,
            force: self.force,
            allow_crimes: false,
            threads: self.threads,
            opened,
        }
    }
}

/// A transplant that can be carried out.
pub struct Transplant {
    pub(super) wish: Wish,
    place: Place,
    pub(super) model: Side,
    pub(super) donor: Side,
    /// The matrices with a row for each token.
    pub(super) matrices: Vec<Matrix>,
    pub(super) warnings: Vec<String>,
}

/// One of the two models.
pub(super) struct Side {
    pub(super) checkpoint: Arc<Checkpoint>,
    pub(super) adapter: Option<Arc<Checkpoint>>,
    pub(super) vocabulary: Arc<Vocabulary>,
    pub(super) spelling: Spelling,
}

/// A tensor of the model with a row for each token.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    /// Its name.
    pub name: String,
    /// The donor's tensor whose rows tell what the tokens mean.
    pub in_donor: String,
    /// Whether it is the output head, and not the embedding.
    pub is_head: bool,
    /// Whether it is a bias: new entries are zero, whatever the method.
    pub is_bias: bool,
    /// Where the row of each token of the donor comes from, by number.
    pub rows: Vec<Row>,
}

/// Rows that were made, in the order of their numbers.
#[derive(Default)]
pub(super) struct Made {
    pub(super) sums: RowSums,
    /// For each of them which sum it is; `None` where the mean row stands in.
    pub(super) of: Vec<Option<u32>>,
}

impl Transplant {
    /// Opens both models and checks all that can be wrong before work and output.
    ///
    /// # Errors
    /// A sentence.
    pub fn prepare(wish: Wish, place: Place) -> Result<Self, String> {
        if place.out.as_deref().is_some_and(is_gguf_name) {
            return Err(
                "a transplant is written as a folder, because the tokens of a GGUF file are \
                        those of the file that it is made after; write a folder, and convert it"
                    .to_owned(),
            );
        }
        let model = Side::open(&wish.model, &place)?;
        let donor = Side::open(&wish.donor, &place)?;
        if model.vocabulary.numbers_as(&donor.vocabulary) {
            return Err(format!(
                "the tokens of {} and {} are the same, at the same numbers; choose another tokenizer",
                wish.model, wish.donor
            ));
        }
        let mut out = Self {
            matrices: matrices(&wish, &model, &donor)?,
            wish,
            place,
            model,
            donor,
            warnings: Vec::new(),
        };
        out.check_method()?;
        let none: Vec<Made> = out.matrices.iter().map(|_| Made::default()).collect();
        let plan = out.planned(none)?;
        if let Some(problem) = plan.errors().next() {
            return Err(problem.sentence.clone());
        }
        let warnings = plan.problems.iter().map(|problem| problem.sentence.clone());
        out.warnings = warnings.collect();
        Ok(out)
    }

    /// What would be made.
    pub fn report(&self) -> Report {
        Report::planned(self)
    }

    /// What is wanted.
    pub fn wish(&self) -> &Wish {
        &self.wish
    }

    /// The matrices with a row for each token.
    pub fn matrices(&self) -> &[Matrix] {
        &self.matrices
    }

    fn check_method(&self) -> Result<(), String> {
        let Wish { method, k, .. } = self.wish;
        let own = self
            .matrices
            .iter()
            .filter(|own| own.made().next().is_some());
        for matrix in own.filter(|own| !own.is_bias) {
            let shared = matrix.shared().count();
            if method == Method::Omp && (k == 0 || k > shared) {
                return Err(format!(
                    "a new row of {} is to be made of {k} shared tokens, and {} and {} share \
                     {shared} with a row; choose k from 1 to {shared}, or another method",
                    matrix.name, self.wish.model, self.wish.donor
                ));
            }
        }
        if method == Method::Subword && cfg!(not(feature = "built-in-evaluator")) {
            return Err(
                "texts are cut into pieces by a library that this build goes without; take \
                 another method, or build with the feature built-in-evaluator"
                    .to_owned(),
            );
        }
        Ok(())
    }

    /// The merge that writes the model with the rows that were made; with none, new rows are zero.
    pub(super) fn planned(&self, made: Vec<Made>) -> Result<Plan, String> {
        let tables = self.matrices.iter().zip(made);
        let tables: Result<Vec<RowTable>, String> = tables
            .map(|(matrix, made)| self.table(matrix, made))
            .collect();
        let view = self.model.checkpoint.with_rows(tables?)?;
        let view = view.with_tokens_of(&self.donor.checkpoint);
        let opened = [Arc::new(view), Arc::clone(&self.donor.checkpoint)];
        let recipe = passthrough(&self.wish.model, &self.wish.donor);
        let surroundings = self.place.surroundings(&opened);
        Ok(plan(&Parsed::from(vec![recipe]), &surroundings))
    }

    fn table(&self, matrix: &Matrix, made: Made) -> Result<RowTable, String> {
        let tensor = tensor(&self.model.checkpoint, &matrix.name)?;
        let mut new = made.of.into_iter();
        let by_method = |sum: Option<Option<u32>>| match (self.wish.method, sum) {
            _ if matrix.is_bias => RowFrom::Zero,
            (Method::Mean, _) | (_, Some(None)) => RowFrom::MeanOfFirst,
            (_, Some(Some(sum))) => RowFrom::Sum(sum),
            (_, None) => RowFrom::Zero,
        };
        let row = |row: &Row| match row {
            Row::Unnamed | Row::Rowless => RowFrom::Zero,
            Row::New => by_method(new.next()),
            Row::Shared(row) | Row::Byte(row) | Row::Prefix(row) => RowFrom::Table {
                table: 0,
                row: *row,
            },
        };
        let dtype: Dtype = tensor.dtype.written();
        Ok(RowTable {
            name: matrix.name.clone(),
            rows: matrix.rows.iter().map(row).collect(),
            from: vec![self.model.rows_of(&matrix.name)],
            means: Vec::new(),
            sums: made.sums,
            dtype,
            rounded_to: dtype,
        })
    }
}

impl Matrix {
    /// Tokens that both have: the donor's number, and the model's.
    pub(super) fn shared(&self) -> impl Iterator<Item = (u32, u32)> {
        let rows = (0..).zip(&self.rows);
        rows.filter_map(|(id, row)| match row {
            Row::Shared(own) => Some((id, *own)),
            _ => None,
        })
    }

    /// Numbers of the tokens whose rows are made.
    pub(super) fn made(&self) -> impl Iterator<Item = u32> {
        let rows = (0..).zip(&self.rows);
        rows.filter(|(_, row)| **row == Row::New).map(|(id, _)| id)
    }
}

impl Side {
    fn open(reference: &ModelRef, place: &Place) -> Result<Self, String> {
        let at = |own: &AdapterRef| {
            let (revision, hub) = (own.revision.as_deref(), place.hub.as_deref());
            let found = locate(&own.path, revision, &place.root, None, hub)?;
            let checkpoint = Checkpoint::open(&found).map_err(|error| error.to_string())?;
            Ok::<_, String>(Arc::new(checkpoint))
        };
        let checkpoint = at(&AdapterRef {
            path: reference.path.clone(),
            revision: reference.revision.clone(),
        })?;
        if checkpoint.adapter().is_some() {
            return Err(format!(
                "{reference} is an adapter; write `base+{reference}`"
            ));
        }
        let adapter = reference.adapter.as_ref().map(at).transpose()?;
        let vocabulary = vocabulary(&checkpoint, reference)?;
        check_numbers(&vocabulary, reference)?;
        check_parts(&checkpoint, reference)?;
        Ok(Self {
            spelling: Spelling::of(checkpoint.folder(), &vocabulary),
            vocabulary,
            checkpoint,
            adapter,
        })
    }

    fn tokens(&self, rows: usize) -> Tokens<'_> {
        Tokens {
            vocabulary: &self.vocabulary,
            spelling: &self.spelling,
            rows,
        }
    }

    fn rows_of(&self, tensor: &str) -> RowsOf {
        RowsOf {
            model: Arc::clone(&self.checkpoint),
            adapter: self.adapter.clone(),
            tensor: tensor.to_owned(),
        }
    }

    /// A tensor of these rows of a matrix, in this order, read where they lie.
    pub(super) fn gathered(&self, name: &str, rows: &[u32]) -> Result<Tensor, String> {
        let dtype = tensor(&self.checkpoint, name)?.dtype.written();
        let row = |row: &u32| RowFrom::Table {
            table: 0,
            row: *row,
        };
        let table = RowTable {
            name: name.to_owned(),
            from: vec![self.rows_of(name)],
            rows: rows.iter().map(row).collect(),
            means: Vec::new(),
            sums: RowSums::default(),
            dtype,
            rounded_to: dtype,
        };
        let view = self.checkpoint.with_rows(vec![table])?;
        tensor(&view, name).cloned()
    }

    /// The token with a number, for people.
    pub(super) fn token(&self, id: u32) -> String {
        let found = self.vocabulary.tokens().find(|(_, own)| *own == id);
        found.map_or_else(|| id.to_string(), |(token, _)| token.to_owned())
    }
}

fn vocabulary(checkpoint: &Checkpoint, reference: &ModelRef) -> Result<Arc<Vocabulary>, String> {
    let read = checkpoint.vocabulary();
    let read =
        read.map_err(|error| format!("the tokens of {reference} cannot be read: {error}"))?;
    let folder = checkpoint.folder().display();
    read.cloned().ok_or_else(|| {
        format!("{reference} has no tokenizer; put its tokenizer.json beside its weights: {folder}")
    })
}

/// Whether programs load the numbers that the file has; else rows would go to the wrong tokens.
fn check_numbers(vocabulary: &Vocabulary, reference: &ModelRef) -> Result<(), String> {
    match vocabulary.renumbered.first() {
        None => Ok(()),
        Some((own, theirs)) => Err(format!(
            "the tokenizer of {reference} leaves numbers without a token, and programs load its \
             number {own} as {theirs}: it is not certain which row belongs to that token; number \
             its tokens without gaps"
        )),
    }
}

/// Refuses models that see or hear: their configuration names tokens by number, which would be
/// those of the old tokenizer.
fn check_parts(checkpoint: &Checkpoint, reference: &ModelRef) -> Result<(), String> {
    let senses = |own: &&Tensor| matches!(own.place.stack, Stack::Vision | Stack::Audio);
    match checkpoint.tensors().iter().find(senses) {
        None => Ok(()),
        Some(own) => Err(format!(
            "{reference} is more than a language model, as {} shows, and its other parts go by \
             numbers of tokens; only language models get another tokenizer",
            own.name
        )),
    }
}

/// The tensors of the model with a row for each token, each with its partner in the donor.
fn matrices(wish: &Wish, model: &Side, donor: &Side) -> Result<Vec<Matrix>, String> {
    let first = |rule: fn(&str) -> bool| {
        let mut tensors = donor.checkpoint.tensors().iter();
        tensors.find(|tensor| rule(&tensor.name))
    };
    let embedding = first(is_token_embedding).ok_or_else(|| {
        format!(
            "{} has no token embedding by any of the names that are known",
            wish.donor
        )
    })?;
    // A head that is tied is the embedding.
    let head = first(is_language_head).unwrap_or(embedding);
    let mut out = Vec::new();
    for tensor in model.checkpoint.tensors() {
        let name = tensor.name.as_str();
        let is_head = is_language_head(name);
        let is_bias = is_head_bias(name);
        let partner = match (is_token_embedding(name), is_head || is_bias) {
            (true, _) => embedding,
            (_, true) => head,
            _ => continue,
        };
        if !is_bias && (tensor.shape.len() != 2 || partner.shape.len() != 2) {
            return Err(format!(
                "{name} has the shape {:?} and {} of the donor {:?}; matrices with a row for each \
                 token are expected",
                tensor.shape, partner.name, partner.shape
            ));
        }
        let own_rows = tensor.shape.first().copied().unwrap_or(0);
        let rows_there = partner.shape.first().copied().unwrap_or(0);
        let allowed = |of: Matrices| if is_head { of.head } else { of.embedding };
        let allowed = Allowed {
            byte: allowed(wish.byte_match),
            prefix: allowed(wish.prefix_match),
        };
        out.push(Matrix {
            name: name.to_owned(),
            in_donor: partner.name.clone(),
            is_head,
            is_bias,
            rows: rows(
                donor.tokens(rows_there),
                model.tokens(own_rows),
                if is_bias { Allowed::default() } else { allowed },
            ),
        });
    }
    check_all_found(wish, &model.checkpoint, &out)?;
    Ok(out)
}

/// Whether some other tensor has rows for tokens, which would stay those of the old ones.
fn check_all_found(wish: &Wish, checkpoint: &Checkpoint, found: &[Matrix]) -> Result<(), String> {
    let is_found = |name: &str| found.iter().any(|own| own.name == name);
    let own = checkpoint.tensors().iter();
    let embedding = own.clone().find(|tensor| is_token_embedding(&tensor.name));
    let Some(rows) = embedding.and_then(|tensor| tensor.shape.first()) else {
        return Err(format!(
            "{} has no token embedding by any of the names that are known",
            wish.model
        ));
    };
    let odd = own.filter(|tensor| {
        let is_outside = tensor.place.layer.is_none() && !is_found(&tensor.name);
        is_outside && tensor.name.contains("embed") && tensor.shape.first() == Some(rows)
    });
    let odd: Vec<&str> = odd.map(|tensor| tensor.name.as_str()).collect();
    match odd[..] {
        [] => Ok(()),
        _ => Err(format!(
            "{} has further tensors with {rows} rows, which may be those of tokens too and are \
             not understood: {}",
            wish.model,
            first_of(&odd, 3)
        )),
    }
}

fn tensor<'c>(checkpoint: &'c Checkpoint, name: &str) -> Result<&'c Tensor, String> {
    let found = checkpoint.tensor(name);
    found.ok_or_else(|| format!("{} has no tensor {name}", checkpoint.suggested_name()))
}

/// The recipe that makes the model as it is, with the files of the donor's tokenizer.
fn passthrough(model: &ModelRef, donor: &ModelRef) -> Recipe {
    Recipe {
        name: None,
        merge_method: "passthrough".to_owned(),
        base_model: None,
        content: Content::Models(vec![RecipeInput {
            model: model.clone(),
            layer_range: None,
            parameters: Vec::new(),
        }]),
        parameters: Vec::new(),
        dtype: None,
        out_dtype: None,
        tokenizer_source: Some(TokenizerSource::Model(donor.clone())),
        tokenizer: None,
        chat_template: None,
        own: OwnOptions::default(),
    }
}
