//! From recipes to YAML, in mergekit's order of keys.

use super::super::problem::Position;
use super::super::version::Version;
use super::yaml::{Node, What};
use super::{
    AdapterRef, Content, Filtered, MissingParts, ModelRef, Module, OnNan, OwnOptions, Parameters,
    Recipe, RecipeInput, RowName, Setting, Slice, TokenRow, TokenRule, TokenizerOptions,
    TokenizerSource, Value,
};

/// The YAML of a file with these documents.
///
/// # Errors
/// A sentence; the library has none for values such as these, but could.
pub fn to_yaml(recipes: &[Recipe]) -> Result<String, String> {
    let documents: Vec<What> = recipes.iter().map(recipe).collect();
    let text = match &documents[..] {
        [only] => serde_saphyr::to_string(only),
        all => serde_saphyr::to_string_multiple(all),
    };
    text.map_err(refused)
}

/// The YAML of one value.
///
/// # Errors
/// As [`to_yaml`].
pub(crate) fn value_to_yaml(value: &What) -> Result<String, String> {
    serde_saphyr::to_string(value).map_err(refused)
}

/// The YAML of a way to merge: a recipe whose models follow from elsewhere.
///
/// # Errors
/// As [`to_yaml`].
pub fn way_to_yaml(way: &Recipe) -> Result<String, String> {
    let What::Map(mut keys) = recipe(way) else {
        return Ok(String::new());
    };
    keys.retain(|(key, _)| key.what != What::Text("models".to_owned()));
    value_to_yaml(&What::Map(keys))
}

fn refused(error: impl std::fmt::Display) -> String {
    format!("the recipe could not be written as YAML: {error}")
}

fn recipe(recipe: &Recipe) -> What {
    let mut keys = Keys::default();
    keys.text("name", recipe.name.as_ref());
    keys.put("merge_method", What::Text(recipe.merge_method.clone()));
    keys.maybe("base_model", recipe.base_model.as_ref().map(model_ref));
    keys.content(&recipe.content);
    keys.parameters(&recipe.parameters);
    keys.text("dtype", recipe.dtype.as_ref());
    keys.text("out_dtype", recipe.out_dtype.as_ref());
    keys.maybe(
        "tokenizer_source",
        recipe.tokenizer_source.as_ref().map(tokenizer_source),
    );
    keys.maybe("tokenizer", recipe.tokenizer.as_ref().map(tokenizer));
    keys.text("chat_template", recipe.chat_template.as_ref());
    keys.own_options(recipe.own);
    What::Map(keys.0)
}

fn module(module: &Module) -> What {
    let mut keys = Keys::default();
    keys.content(&module.content);
    keys.parameters(&module.parameters);
    What::Map(keys.0)
}

fn slice(slice: &Slice) -> What {
    let mut keys = Keys::default();
    keys.put("sources", list(slice.sources.iter().map(source)));
    keys.maybe("base_model", slice.base_model.as_ref().map(model_ref));
    keys.parameters(&slice.parameters);
    keys.maybe("residual_weight", slice.residual_weight.map(What::Number));
    What::Map(keys.0)
}

fn source(source: &RecipeInput) -> What {
    let mut keys = Keys::default();
    keys.put("model", model_ref(&source.model));
    let range = |[first, end]: [i64; 2]| list([first, end].map(|n| What::Number(n as f64)));
    keys.maybe("layer_range", source.layer_range.map(range));
    keys.parameters(&source.parameters);
    What::Map(keys.0)
}

pub(crate) fn model_ref(model: &ModelRef) -> What {
    if model.is_short() {
        return What::Text(model.to_string());
    }
    let mut keys = Keys::default();
    let own = AdapterRef {
        path: model.path.clone(),
        revision: model.revision.clone(),
    };
    keys.put("model", long_path(&own));
    keys.maybe("lora", model.adapter.as_ref().map(long_path));
    keys.text(
        "override_architecture",
        model.override_architecture.as_ref(),
    );
    What::Map(keys.0)
}

fn long_path(model: &AdapterRef) -> What {
    let mut keys = Keys::default();
    keys.put("path", What::Text(model.path.clone()));
    keys.text("revision", model.revision.as_ref());
    What::Map(keys.0)
}

fn tokenizer_source(source: &TokenizerSource) -> What {
    match source {
        TokenizerSource::Base => What::Text("base".to_owned()),
        TokenizerSource::Union => What::Text("union".to_owned()),
        TokenizerSource::Model(model) => model_ref(model),
    }
}

fn tokenizer(options: &TokenizerOptions) -> What {
    let mut keys = Keys::default();
    keys.maybe("source", options.source.as_ref().map(tokenizer_source));
    if !options.tokens.is_empty() {
        let mut tokens = Keys::default();
        for (token, rule) in &options.tokens {
            tokens.put(token, token_rule(rule));
        }
        keys.put("tokens", What::Map(tokens.0));
    }
    let pad = options.pad_to_multiple_of;
    keys.maybe(
        "pad_to_multiple_of",
        pad.map(|n| What::Number(f64::from(n))),
    );
    What::Map(keys.0)
}

fn token_rule(rule: &TokenRule) -> What {
    let mut keys = Keys::default();
    let mut row = Keys::default();
    let source = match &rule.source {
        TokenRow::Model(model) => model_ref(model),
        TokenRow::Zero => {
            row.put("kind", What::Text("zero".to_owned()));
            What::Map(row.0)
        }
        TokenRow::Token { model, row: name } => {
            row.put("kind", What::Text("model_token".to_owned()));
            row.put("model", model_ref(model));
            match name {
                RowName::Token(token) => row.put("token", What::Text(token.clone())),
                RowName::Number(number) => row.put("token_id", What::Number(f64::from(*number))),
            }
            What::Map(row.0)
        }
    };
    keys.put("source", source);
    if rule.force {
        keys.put("force", What::Flag(true));
    }
    What::Map(keys.0)
}

fn on_nan(on_nan: OnNan) -> What {
    let word = match on_nan {
        OnNan::Report => "report",
        OnNan::Refuse => "refuse",
    };
    What::Text(word.to_owned())
}

fn setting(setting: &Setting) -> What {
    match setting {
        Setting::Value(own) => value(own),
        Setting::Filtered(items) => list(items.iter().map(filtered)),
    }
}

fn filtered(item: &Filtered) -> What {
    let mut keys = Keys::default();
    keys.text("filter", item.filter.as_ref());
    keys.put("value", value(&item.value));
    What::Map(keys.0)
}

fn value(value: &Value) -> What {
    match value {
        Value::Number(number) => What::Number(*number),
        Value::Flag(flag) => What::Flag(*flag),
        Value::Gradient(points) => list(points.iter().copied().map(What::Number)),
    }
}

pub(crate) fn list(items: impl IntoIterator<Item = What>) -> What {
    What::List(items.into_iter().map(node).collect())
}

/// Written values have no place.
fn node(what: What) -> Node {
    let at = Position { line: 0, column: 0 };
    Node { at, what }
}

/// Keys in the order in which they are written.
#[derive(Default)]
pub(crate) struct Keys(Vec<(Node, Node)>);

impl Keys {
    /// The group of these keys.
    pub(crate) fn group(self) -> What {
        What::Map(self.0)
    }

    /// What mergekit does not know.
    pub(crate) fn own_options(&mut self, options: OwnOptions) {
        let mut own = Self::default();
        own.maybe("on_nan", options.on_nan.map(on_nan));
        own.maybe("seed", options.seed.map(|seed| What::Number(seed as f64)));
        if options.allow_crimes {
            own.put("allow_crimes", What::Flag(true));
        }
        if options.missing_parts == MissingParts::LeaveOut {
            own.put("missing_parts", What::Text("leave_out".to_owned()));
        }
        if options.version != Version::default() {
            own.put("as", What::Text(options.version.name().to_owned()));
        }
        if options.truncate_embeddings {
            own.put("truncate_embeddings", What::Flag(true));
        }
        if !own.0.is_empty() {
            self.put("kinfolk", What::Map(own.0));
        }
    }

    pub(crate) fn put(&mut self, key: &str, what: What) {
        self.0.push((node(What::Text(key.to_owned())), node(what)));
    }

    fn content(&mut self, content: &Content) {
        match content {
            Content::Models(models) => self.put("models", list(models.iter().map(source))),
            Content::Slices(slices) => self.put("slices", list(slices.iter().map(slice))),
            Content::Modules(modules) => {
                let mut parts = Self::default();
                for own in modules {
                    parts.put(&own.name, module(own));
                }
                self.put("modules", What::Map(parts.0));
            }
        }
    }

    pub(crate) fn maybe(&mut self, key: &str, what: Option<What>) {
        if let Some(what) = what {
            self.put(key, what);
        }
    }

    pub(crate) fn text(&mut self, key: &str, text: Option<&String>) {
        self.maybe(key, text.cloned().map(What::Text));
    }

    fn parameters(&mut self, parameters: &Parameters) {
        if parameters.is_empty() {
            return;
        }
        let mut keys = Keys::default();
        for (key, own) in parameters {
            keys.put(key, setting(own));
        }
        self.put("parameters", What::Map(keys.0));
    }
}
