//! From YAML to recipes.

use std::collections::BTreeMap;

use super::super::problem::{Place, Position, Problem};
use super::super::version::Version;
use super::reader::{At, Group, Reader};
use super::yaml::What;
use super::{
    AdapterRef, Content, MissingParts, ModelRef, OnNan, OwnOptions, Recipe, RecipeInput, Slice,
};
use super::{found, modules};

/// What a recipe file holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parsed {
    /// Its documents, in the order of the file; those that could be made sense of.
    pub recipes: Vec<Recipe>,
    /// What is wrong with them.
    pub problems: Vec<Problem>,
    /// Where everything stands.
    pub positions: Positions,
}

/// Where everything stands in a recipe's text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Positions(BTreeMap<(usize, String), Position>);

impl From<Vec<Recipe>> for Parsed {
    /// Recipes that were not read from a text: nothing is wrong with them yet, and no place in
    /// them has a line.
    fn from(recipes: Vec<Recipe>) -> Self {
        Self {
            recipes,
            problems: Vec::new(),
            positions: Positions::default(),
        }
    }
}

impl Positions {
    /// Whether the recipes were read from a text.
    pub fn are_known(&self) -> bool {
        !self.0.is_empty()
    }

    /// The place of a path; if the recipe does not have it, that of the path above.
    pub fn place(&self, document: usize, path: &str) -> Place {
        let mut above = path;
        loop {
            if let Some(&position) = self.0.get(&(document, above.to_owned())) {
                return Place {
                    document,
                    path: path.to_owned(),
                    position: Some(position),
                };
            }
            match above.rfind(['.', '[']) {
                Some(end) => above = &above[..end],
                None if above.is_empty() => break,
                None => above = "",
            }
        }
        Place {
            document,
            path: path.to_owned(),
            position: None,
        }
    }
}

/// Reads the text of a recipe file; whatever is wrong with it is in the result.
pub fn parse(text: &str) -> Parsed {
    read(text, true)
}

/// Reads a way to merge: a recipe whose models follow from elsewhere.
pub fn parse_way(text: &str) -> Parsed {
    read(text, false)
}

fn read(text: &str, wants_models: bool) -> Parsed {
    let reader = Reader {
        wants_models,
        is_merge: true,
        ..Reader::default()
    };
    let (recipes, parsed) = documents(text, reader, Reader::recipe);
    Parsed { recipes, ..parsed }
}

/// Reads the documents of a text, each by `one`, with the problems and the places of all.
pub(crate) fn documents<T>(
    text: &str,
    mut reader: Reader,
    one: impl Fn(&mut Reader, &At<'_>) -> Option<T>,
) -> (Vec<T>, Parsed) {
    let found = match found::documents(text) {
        Ok(found) => found,
        Err((sentence, position)) => {
            let place = Place {
                position,
                ..Place::default()
            };
            let problems = vec![Problem::error(place, sentence)];
            let parsed = Parsed {
                problems,
                ..Parsed::default()
            };
            return (Vec::new(), parsed);
        }
    };
    let mut recipes = Vec::new();
    for note in found.notes {
        reader.odd_text(note);
    }
    for node in found
        .documents
        .iter()
        .filter(|node| node.what != What::Null)
    {
        // Counted as they are kept, so that a place names its recipe even after a broken one.
        reader.document = recipes.len();
        let at = At {
            node,
            path: String::new(),
        };
        recipes.extend(one(&mut reader, &at));
    }
    if recipes.is_empty() && !reader.problems.iter().any(Problem::is_error) {
        let sentence = "the recipe is empty";
        reader
            .problems
            .push(Problem::error(Place::default(), sentence));
    }
    let parsed = Parsed {
        recipes: Vec::new(),
        problems: reader.problems,
        positions: Positions(reader.positions),
    };
    (recipes, parsed)
}

/// Files for other tools of mergekit's, by a key that only they have.
const OTHER_TOOLS: [(&str, &str); 2] = [
    (
        "experts",
        "this is a recipe for a mixture of experts, as mergekit-moe reads it, and not one for a \
         merge; make it with `kinfolk moe`, or open it in the window",
    ),
    (
        "genome",
        "this is a configuration of mergekit-evolve, which searches for the parameters of a \
         merge, and not a recipe for one; see `kinfolk evolve` and the Evolution view",
    ),
];

fn of_other_tool(keys: &Group<'_>) -> Option<(&'static str, &'static str)> {
    OTHER_TOOLS.into_iter().find(|(key, _)| keys.has(key))
}

impl Reader {
    /// What was odd about the text around the recipes.
    fn odd_text(&mut self, note: found::Note) {
        let position = Position {
            line: note.line,
            column: 1,
        };
        let place = Place {
            position: Some(position),
            ..Place::default()
        };
        self.problems.push(Problem::warning(place, note.sentence));
    }

    fn recipe(&mut self, at: &At<'_>) -> Option<Recipe> {
        self.note(at);
        let mut keys = self.group(at)?;
        let method = keys.take(self, "merge_method");
        if method.is_none()
            && let Some((key, sentence)) = of_other_tool(&keys)
        {
            let key = keys.take(self, key).unwrap_or_else(|| at.clone());
            self.error(&key, sentence);
            return None;
        }
        if method.is_none() {
            self.error(at, "the recipe names no `merge_method`");
        }
        let merge_method = method.and_then(|at| self.text(&at)).unwrap_or_default();
        let (content, of_default) = self.content(at, &mut keys);
        let own = self.own_options(&mut keys);
        let (tokenizer_source, tokenizer) = self.tokenizer(&mut keys);
        let recipe = Recipe {
            name: self.optional_text(&mut keys, "name"),
            merge_method,
            base_model: keys
                .take(self, "base_model")
                .and_then(|at| self.model_ref(&at)),
            content: content.unwrap_or(Content::Models(Vec::new())),
            parameters: modules::under(of_default, self.parameters(&mut keys)),
            dtype: self.optional_text(&mut keys, "dtype"),
            out_dtype: self.optional_text(&mut keys, "out_dtype"),
            tokenizer_source,
            tokenizer,
            chat_template: self.optional_text(&mut keys, "chat_template"),
            own,
        };
        self.unknown(&keys);
        Some(recipe)
    }

    pub(crate) fn slice(&mut self, at: &At<'_>) -> Option<Slice> {
        self.note(at);
        let mut keys = self.group(at)?;
        let sources = keys.take(self, "sources");
        if sources.is_none() {
            self.error(at, "the slice names no `sources`");
        }
        let list = sources.map(|at| self.list(&at)).unwrap_or_default();
        let slice = Slice {
            sources: list.iter().filter_map(|at| self.source(at)).collect(),
            base_model: keys
                .take(self, "base_model")
                .and_then(|at| self.model_ref(&at)),
            parameters: self.parameters(&mut keys),
            residual_weight: keys
                .take(self, "residual_weight")
                .and_then(|at| self.number(&at)),
        };
        self.unknown(&keys);
        Some(slice)
    }

    pub(crate) fn source(&mut self, at: &At<'_>) -> Option<RecipeInput> {
        self.note(at);
        let mut keys = self.group(at)?;
        let model = keys.take(self, "model");
        if model.is_none() {
            self.error(at, "there is no `model` here");
        }
        let model = model.and_then(|at| self.model_ref(&at));
        let layer_range = keys
            .take(self, "layer_range")
            .and_then(|at| self.layer_range(&at));
        let parameters = self.parameters(&mut keys);
        if let Some(revision) = keys.take(self, "revision") {
            self.ignored(
                &revision,
                "mergekit takes no `revision` here, and it has no effect; write it behind the \
                 model's name, as in `model: org/name@revision`",
            );
        }
        self.unknown(&keys);
        Some(RecipeInput {
            model: model?,
            layer_range,
            parameters,
        })
    }

    fn layer_range(&mut self, at: &At<'_>) -> Option<[i64; 2]> {
        let items = self.list(at);
        let [first, end] = &items[..] else {
            if matches!(at.node.what, What::List(_)) {
                self.error(at, "a layer range is [first, after the last]");
            }
            return None;
        };
        Some([self.whole_number(first)?, self.whole_number(end)?])
    }

    pub(crate) fn model_ref(&mut self, at: &At<'_>) -> Option<ModelRef> {
        if !matches!(at.node.what, What::Map(_)) {
            let text = self.text(at)?;
            return match ModelRef::parse(&text) {
                Ok(model) => Some(model),
                Err(sentence) => {
                    self.error(at, sentence);
                    None
                }
            };
        }
        let mut keys = self.group(at)?;
        let model = keys.take(self, "model").and_then(|at| self.place_of(&at));
        let lora = keys.take(self, "lora").and_then(|at| self.place_of(&at));
        let override_architecture = self.optional_text(&mut keys, "override_architecture");
        self.unknown(&keys);
        let Some(model) = model else {
            self.error(at, "there is no `model` here");
            return None;
        };
        Some(ModelRef {
            path: model.path,
            revision: model.revision,
            adapter: lora,
            override_architecture,
        })
    }

    /// `path`, `path@revision` or `{path, revision}`.
    fn place_of(&mut self, at: &At<'_>) -> Option<AdapterRef> {
        if !matches!(at.node.what, What::Map(_)) {
            let model = self.model_ref(at)?;
            return Some(AdapterRef {
                path: model.path,
                revision: model.revision,
            });
        }
        let mut keys = self.group(at)?;
        let path = self.optional_text(&mut keys, "path");
        let revision = self.optional_text(&mut keys, "revision");
        self.unknown(&keys);
        if path.is_none() {
            self.error(at, "there is no `path` here");
        }
        Some(AdapterRef {
            path: path?,
            revision,
        })
    }

    /// The keys that are Kinfolk's own.
    pub(crate) fn own_options(&mut self, keys: &mut Group<'_>) -> OwnOptions {
        let mut own = OwnOptions::default();
        let group = keys.take(self, "kinfolk").and_then(|at| self.group(&at));
        let Some(mut keys) = group else {
            return own;
        };
        let on_nan = [("report", OnNan::Report), ("refuse", OnNan::Refuse)];
        own.on_nan = self.choice(&mut keys, "on_nan", on_nan);
        own.seed = keys.take(self, "seed").and_then(|at| {
            let seed = self.whole_number(&at)?;
            if seed < 0 {
                self.error(&at, "a seed is 0 or more");
            }
            u64::try_from(seed).ok()
        });
        let yes = [("true", true), ("false", false)];
        own.allow_crimes = self.choice(&mut keys, "allow_crimes", yes).unwrap_or(false);
        let parts = [
            ("copy", MissingParts::Copy),
            ("leave_out", MissingParts::LeaveOut),
        ];
        let parts = self.choice(&mut keys, "missing_parts", parts);
        own.missing_parts = parts.unwrap_or_default();
        let version = self.choice(&mut keys, "as", Version::NAMES);
        own.version = version.unwrap_or_default();
        let cut = self.choice(&mut keys, "truncate_embeddings", yes);
        own.truncate_embeddings = cut.unwrap_or(false);
        self.unknown_own(&keys);
        own
    }

    /// One of some words.
    pub(crate) fn choice<T: Copy, const N: usize>(
        &mut self,
        keys: &mut Group<'_>,
        key: &'static str,
        choices: [(&str, T); N],
    ) -> Option<T> {
        let at = keys.take(self, key)?;
        let word = match &at.node.what {
            What::Flag(flag) => flag.to_string(),
            _ => self.text(&at)?,
        };
        let found = choices.iter().find(|(own, _)| *own == word);
        if found.is_none() {
            let words: Vec<String> = choices.iter().map(|(own, _)| format!("`{own}`")).collect();
            self.error(&at, format!("`{key}` is {}", words.join(" or ")));
        }
        found.map(|(_, choice)| *choice)
    }

    pub(crate) fn optional_text(
        &mut self,
        keys: &mut Group<'_>,
        key: &'static str,
    ) -> Option<String> {
        let at = keys.take(self, key)?;
        self.text(&at)
    }
}
