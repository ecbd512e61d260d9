//! Brings the vocabularies of a step into the child's order, if the recipe says how its tokens are
//! made, and says what becomes of them either way.
//!
//! After this, rows of the same number are rows of the same token in every model, and all that
//! follows works on them as on any tensor.

use std::path::PathBuf;
use std::sync::Arc;

use super::super::chat_templates::chosen;
use super::super::recipe::{ModelRef, Recipe, TokenizerOptions, TokenizerSource};
use super::super::tokens::{
    self, Axis, Child, Follows, Member, Numbers, Refused, Rows, Rules, Source, StepTokens,
    TokenLists, TokenizerEdit, TokensReport, child, conflicts, report, row_tables,
};
use super::axes::axes;
use super::context::Context;
use super::headers::Headers;
use super::rules::Formats;
use super::shape::Part;
use super::{ConfigChange, Model, ModelSource, Step, TensorPlan};
use crate::checkpoint::{Checkpoint, RowTable, Vocabulary, is_gguf_name, is_token_embedding};

/// What rows of a step are taken for which tokens.
pub(super) struct TokensOf<'p, 'r> {
    pub(super) recipe: &'r Recipe,
    pub(super) parts: &'p [Part<'r>],
    /// The model whose tokenizer the child's is made from.
    pub(super) tokenizer: usize,
}

/// A model of the step with the files that its tokens are read from.
struct Known {
    model: usize,
    name: String,
    path: String,
    weights: Option<Arc<Checkpoint>>,
    adapter: Option<Arc<Checkpoint>>,
    /// Whose tokenizer it has: its own, or that of the model an earlier step took it from.
    files: Option<Arc<Checkpoint>>,
    rows: usize,
}

impl TokensOf<'_, '_> {
    /// Sees every model whose rows are not in the child's order through a view in which they are;
    /// `None` if the recipe says nothing of tokens.
    pub(super) fn line_up(
        &self,
        formats: &Formats,
        context: &mut Context<'_>,
    ) -> Option<StepTokens> {
        self.recipe.tokens_from()?;
        let known = self.known(context);
        let made = lined_up(self, &known, formats, context);
        match made {
            Ok((step, views))
                if context.writes_gguf() && (step.edit.is_some() || !views.is_empty()) =>
            {
                let sentence = "the tokens of a GGUF file are those of the file that it is made \
                                after, and these are others; write a folder, and convert it";
                context.error(self.key(), sentence);
                None
            }
            Ok((step, views)) => {
                for (model, view) in views {
                    let name = context.models[model].reference.to_string();
                    context.headers[model] = Some(Headers::of_checkpoint(name, &view));
                    context.models[model].source = ModelSource::Opened(view);
                }
                self.warn(&step.report, context);
                Some(step)
            }
            Err(refused) => {
                context.error(&refused.path, refused.sentence);
                None
            }
        }
    }

    /// The models, each once: the base first, then in the order of the recipe.
    fn known(&self, context: &mut Context<'_>) -> Vec<Known> {
        let mut order: Vec<(usize, String)> = Vec::new();
        if let Some(base) = &self.recipe.base_model {
            order.push((context.model(base, "base_model"), "base_model".to_owned()));
        }
        let sources = self.parts.iter().flat_map(|part| &part.sources);
        order.extend(sources.map(|source| (source.model, source.path.clone())));
        // A stranger comes last: it has no part in the rows.
        order.push((self.tokenizer, self.key().to_owned()));
        let mut out: Vec<Known> = Vec::new();
        for (model, path) in order {
            if out.iter().any(|own| own.model == model) {
                continue;
            }
            let (Some(own), Some(Some(headers))) =
                (context.models.get(model), context.headers.get(model))
            else {
                continue;
            };
            out.push(Known {
                model,
                name: headers.name.clone(),
                path,
                weights: own.checkpoint().cloned(),
                adapter: own.adapter.clone(),
                files: files_of(&own.source, context),
                rows: headers.vocabulary().unwrap_or(usize::MAX),
            });
        }
        out
    }

    /// Where the recipe speaks of the tokenizer.
    fn key(&self) -> &'static str {
        match self.recipe.tokenizer {
            Some(_) => "tokenizer",
            None => "tokenizer_source",
        }
    }

    fn refused(&self, sentence: String) -> Refused {
        Refused {
            path: self.key().to_owned(),
            sentence,
        }
    }

    /// Says where models have other tokens for a role than the child.
    fn warn(&self, report: &TokensReport, context: &mut Context<'_>) {
        for sentence in conflicts(report) {
            context.warning(self.key(), sentence);
        }
    }

    /// The chat template that the recipe asks for.
    fn template(&self, context: &Context<'_>) -> Option<String> {
        let wanted = self.recipe.chat_template.as_deref()?;
        let folders: Vec<PathBuf> = context.models.iter().filter_map(Model::folder).collect();
        chosen(wanted, folders.iter().map(PathBuf::as_path))
    }

    /// Says which models number their tokens otherwise than the child's tokenizer, where rows are
    /// merged by number, and strikes out of the tokenizer what the child has no row for.
    pub(super) fn by_number(
        &self,
        made: &[TensorPlan],
        context: &mut Context<'_>,
    ) -> Option<StepTokens> {
        let known = self.known(context);
        let read = |own: &Known| own.files.as_ref()?.vocabulary().ok().flatten().cloned();
        let of_child = known.iter().find(|own| own.model == self.tokenizer)?;
        let vocabulary = read(of_child)?;
        let vocabularies: Vec<(&Known, Arc<Vocabulary>)> = std::iter::once((of_child, vocabulary))
            .chain(
                (known.iter().filter(|own| own.model != self.tokenizer))
                    .filter_map(|own| Some((own, read(own)?))),
            )
            .collect();
        let members: Vec<Member<'_>> = (vocabularies.iter())
            .map(|(own, of)| member(own, of, own.rows))
            .collect();
        let [first, others @ ..] = &members[..] else {
            return None;
        };
        for other in others
            .iter()
            .filter(|other| !first.vocabulary.agrees(other.vocabulary))
        {
            let sentence = format!(
                "{} numbers its tokens otherwise than the child's tokenizer; rows of the same \
                 number are merged all the same",
                other.name
            );
            context.warning(&other.path, sentence);
        }
        let rows = super::child_config::rows(made);
        let mut own = None;
        let mut edit = None;
        if let Some(rows) = rows.filter(|rows| first.vocabulary.end() > *rows) {
            let cut = member(vocabularies[0].0, first.vocabulary, rows);
            let made = child(Source::Base, &[&cut], &[], 1);
            let made =
                made.and_then(|own| Ok((TokenizerEdit::of(&own, first.vocabulary.file)?, own)));
            let count = first
                .vocabulary
                .tokens()
                .filter(|(_, id)| *id as usize >= rows)
                .count();
            let name = &first.name;
            let rest = match made {
                Ok((changed, made)) => {
                    (edit, own) = (changed, Some(made));
                    "they are struck out of the child's tokenizer"
                }
                Err(_) => "they stay in the child's tokenizer, and models fail on them",
            };
            let sentence = format!(
                "the child has {rows} rows, and the tokenizer of {name} has {count} tokens beyond \
                 them; {rest}; to have rows for them, say which tokens are wanted with \
                 `tokenizer_source`"
            );
            context.warning("", sentence);
        }
        let template = self.template(context);
        let follows = Follows {
            model: self.tokenizer,
            template: template.as_deref(),
        };
        let report = report(&members, own.as_ref(), None, follows);
        self.warn(&report, context);
        let lists = TokenLists {
            vocabularies: vocabularies
                .iter()
                .map(|(_, own)| Arc::clone(own))
                .collect(),
            child: own.map(Arc::new),
        };
        Some(StepTokens {
            report,
            edit,
            lists,
        })
    }
}

fn member<'v>(own: &Known, vocabulary: &'v Vocabulary, rows: usize) -> Member<'v> {
    Member {
        model: own.model,
        name: own.name.clone(),
        path: own.path.clone(),
        weights: own.weights.clone(),
        adapter: own.adapter.clone(),
        vocabulary,
        rows,
    }
}

/// The files that the tokens of a model stand in.
fn files_of(source: &ModelSource, context: &Context<'_>) -> Option<Arc<Checkpoint>> {
    let mut source = source;
    loop {
        match source {
            ModelSource::Opened(checkpoint) => return Some(Arc::clone(checkpoint)),
            ModelSource::Step(step) => {
                let step: &Step = context.earlier(*step)?;
                // Its tokens stand in no file yet.
                if step
                    .tokens
                    .as_ref()
                    .is_some_and(|tokens| tokens.edit.is_some())
                {
                    return None;
                }
                source = &step.models.get(step.tokenizer)?.source;
            }
        }
    }
}

type Made = (StepTokens, Vec<(usize, Arc<Checkpoint>)>);

/// The child's tokens, and the views of the models.
fn lined_up(
    wanted: &TokensOf<'_, '_>,
    known: &[Known],
    formats: &Formats,
    context: &Context<'_>,
) -> Result<Made, Refused> {
    let own = vocabularies(wanted, known)?;
    let (Some(base), Some(Some(of_base))) = (known.first(), own.first()) else {
        return Err(wanted.refused("no model has tokens".to_owned()));
    };
    let members: Vec<Member<'_>> = (known.iter().zip(&own))
        .map(|(known, own)| match own {
            Some(vocabulary) => member(known, vocabulary, known.rows),
            // It is taken to have the base's tokens, as far as the base has rows for them.
            None => member(known, of_base, known.rows.min(base.rows)),
        })
        .collect();
    let source = match wanted.recipe.tokens_from() {
        Some(TokenizerSource::Model(model)) => {
            let at = known.iter().position(|own| own.model == wanted.tokenizer);
            let vocabulary = at.and_then(|at| own[at].as_ref());
            let refused = || wanted.refused(format!("{model} has no tokenizer"));
            Source::Model(vocabulary.ok_or_else(refused)?)
        }
        Some(TokenizerSource::Base) => Source::Base,
        Some(TokenizerSource::Union) | None => Source::Union,
    };
    let child = decided(wanted, source, &members)?;
    let options = wanted.recipe.tokenizer.as_ref();
    let rules = Rules {
        tokens: options.map_or(&[][..], |own| &own.tokens),
        find: &|model: &ModelRef| {
            let mut models = context.models.iter();
            models.position(|own| own.reference == *model)
        },
        base: wanted.recipe.base_model.as_ref().map(|_| base.model),
    };
    let axes = axes(wanted.parts, &members, context);
    let mut tables: Vec<(usize, RowTable)> = Vec::new();
    let mut of_embedding: Option<(&Axis<'_>, Rows)> = None;
    let numbers = Numbers::new(&child, &members);
    for axis in &axes {
        let rows = tokens::rows(axis, &child, &numbers, &rules)?;
        tables.extend(row_tables(axis, &rows, formats.compute)?);
        if of_embedding.is_none() && is_token_embedding(&axis.name) {
            of_embedding = Some((axis, rows));
        }
    }
    let file = match source {
        Source::Model(vocabulary) => vocabulary.file,
        Source::Union | Source::Base => of_base.file,
    };
    let of_embedding = of_embedding.as_ref().map(|(axis, rows)| (*axis, rows));
    let template = wanted.template(context);
    let follows = Follows {
        model: wanted.tokenizer,
        template: template.as_deref(),
    };
    let report = report(&members, Some(&child), of_embedding, follows);
    let step = StepTokens {
        report,
        edit: TokenizerEdit::of(&child, file).map_err(|error| wanted.refused(error))?,
        lists: TokenLists {
            vocabularies: (own.iter())
                .map(|own| Arc::clone(own.as_ref().unwrap_or(of_base)))
                .collect(),
            child: Some(Arc::new(child)),
        },
    };
    Ok((step, views(&members, tables)?))
}

/// The tokens of the models' own tokenizers; the base has one.
fn vocabularies(
    wanted: &TokensOf<'_, '_>,
    known: &[Known],
) -> Result<Vec<Option<Arc<Vocabulary>>>, Refused> {
    let read = |(k, own): (usize, &Known)| {
        let name = &own.name;
        let files = own.files.as_ref().ok_or_else(|| {
            wanted.refused(format!(
                "the tokens of {name} are made by an earlier document and cannot be read yet; \
                 merge it in a run of its own"
            ))
        })?;
        let read = files.vocabulary().map_err(|error| {
            wanted.refused(format!("the tokens of {name} cannot be read: {error}"))
        })?;
        if read.is_none() && is_gguf_name(files.path()) {
            return Err(wanted.refused(format!(
                "the tokens of {name} stand in a GGUF file, where they are not read; put the \
                 model's tokenizer.json beside it"
            )));
        }
        if k == 0 && read.is_none() {
            return Err(wanted.refused(format!(
                "{name} has no tokenizer, and tokens are numbered as in the base; take a base \
                 with one"
            )));
        }
        Ok(read.cloned())
    };
    known.iter().enumerate().map(read).collect()
}

/// The child's tokens, of the models that are merged.
fn decided(
    wanted: &TokensOf<'_, '_>,
    source: Source<'_>,
    members: &[Member<'_>],
) -> Result<Child, Refused> {
    let options = wanted.recipe.tokenizer.as_ref();
    let rules = options.map_or(&[][..], |own: &TokenizerOptions| &own.tokens);
    let named: Vec<&str> = rules.iter().map(|(token, _)| token.as_str()).collect();
    let multiple = options.and_then(|own| own.pad_to_multiple_of).unwrap_or(1);
    // A stranger whose tokenizer is taken has no part in the rows.
    let is_merged = |(k, member): &(usize, &Member<'_>)| {
        let mut sources = wanted.parts.iter().flat_map(|part| &part.sources);
        *k == 0 || sources.any(|source| source.model == member.model)
    };
    let merged = members.iter().enumerate().filter(is_merged);
    let merged: Vec<&Member<'_>> = merged.map(|(_, member)| member).collect();
    let made = child(source, &merged, &named, multiple);
    let made = made.map_err(|error| wanted.refused(error))?;
    check_numbers(&made, source, &merged).map_err(|error| wanted.refused(error))?;
    Ok(made)
}

/// Each model that has tables, seen with them.
fn views(
    members: &[Member<'_>],
    mut tables: Vec<(usize, RowTable)>,
) -> Result<Vec<(usize, Arc<Checkpoint>)>, Refused> {
    let mut out = Vec::new();
    for own in members {
        let is_own = |(model, _): &mut (usize, RowTable)| *model == own.model;
        let of_model = tables.extract_if(.., is_own);
        let of_model: Vec<RowTable> = of_model.map(|(_, table)| table).collect();
        let Some(weights) = own.weights.as_ref().filter(|_| !of_model.is_empty()) else {
            continue;
        };
        let view = weights.with_rows(of_model).map_err(|error| Refused {
            path: own.path.clone(),
            sentence: format!(
                "the rows of {} cannot be brought into the child's order: {error}",
                own.name
            ),
        })?;
        out.push((own.model, Arc::new(view)));
    }
    Ok(out)
}

/// Whether every model reads its file's numbers when it loads it; else rows would be taken for the
/// wrong tokens, unless all are taken by number.
fn check_numbers(child: &Child, source: Source<'_>, members: &[&Member<'_>]) -> Result<(), String> {
    let Some(first) = members.first() else {
        return Ok(());
    };
    let by_number = match source {
        Source::Model(vocabulary) => members
            .iter()
            .all(|own| own.vocabulary.numbers_as(vocabulary)),
        Source::Base | Source::Union => members
            .iter()
            .all(|own| own.vocabulary.numbers_as(first.vocabulary)),
    };
    if by_number && !child.is_edited() {
        return Ok(());
    }
    for member in members {
        if let Some((own, theirs)) = member.vocabulary.renumbered.first() {
            return Err(format!(
                "the tokenizer of {} leaves numbers without a token, and programs load its number \
                 {own} as {theirs}: it is not certain which row belongs to that token; merge it \
                 without a tokenizer option, or number its tokens without gaps",
                member.name
            ));
        }
    }
    Ok(())
}

/// What is changed in the configuration so that it names the child's tokens.
pub(super) fn special_ids(
    step: &StepTokens,
    [donor, tokenizer]: [usize; 2],
    rows: Option<usize>,
    context: &Context<'_>,
) -> ConfigChange {
    let is_struck = step
        .edit
        .as_ref()
        .is_some_and(|edit| !edit.struck.is_empty());
    if donor == tokenizer && !is_struck {
        return ConfigChange::default();
    }
    let source = context.models.get(tokenizer).map(|model| &model.source);
    let Some(files) = source.and_then(|source| files_of(source, context)) else {
        return ConfigChange::default();
    };
    let Ok(Some(vocabulary)) = files.vocabulary() else {
        return ConfigChange::default();
    };
    let struck = step.edit.as_ref().map(|edit| &edit.struck);
    let gone = |token: &str| struck.is_some_and(|struck| struck.contains(token));
    let kept = vocabulary.tokens().filter(|(token, _)| !gone(token));
    let end = kept.map(|(_, id)| id as usize + 1).max().unwrap_or(0);
    let end = rows.map_or(end, |rows| end.min(rows));
    let ids = |file: &str| tokens::ids_of(files.folder(), file, vocabulary, end);
    let has_generation = files.folder().join("generation_config.json").exists();
    ConfigChange {
        token_ids: ids("config.json"),
        generation_ids: ids(if has_generation {
            "generation_config.json"
        } else {
            "config.json"
        }),
        ..ConfigChange::default()
    }
}

/// The model whose tokenizer the child's is made from; `None` if the recipe does not say.
pub(super) fn source(recipe: &Recipe, base: usize, context: &mut Context<'_>) -> Option<usize> {
    let path = match recipe.tokenizer {
        Some(_) => "tokenizer.source",
        None => "tokenizer_source",
    };
    match recipe.tokens_from()? {
        TokenizerSource::Base | TokenizerSource::Union => Some(base),
        TokenizerSource::Model(model) => Some(context.model(model, path)),
    }
}
