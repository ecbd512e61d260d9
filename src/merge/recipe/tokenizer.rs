//! What a recipe says of the child's tokens: `tokenizer_source`, or `tokenizer` with more words.

use super::super::problem::Problem;
use super::reader::{At, Group, Reader};
use super::yaml::What;
use super::{ModelRef, Recipe, TokenizerSource};

/// The keys under `tokenizer`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TokenizerOptions {
    /// Where the tokens come from; all models if it is `None`.
    pub source: Option<TokenizerSource>,
    /// Rules for single tokens, in the order of the recipe.
    pub tokens: Vec<(String, TokenRule)>,
    /// The number of rows is brought to a multiple of this.
    pub pad_to_multiple_of: Option<u32>,
}

/// The row of one token.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenRule {
    /// The row of models that do not have the token.
    pub source: TokenRow,
    /// Whether models that have it get that row too.
    pub force: bool,
}

/// Which row a token gets.
#[derive(Clone, Debug, PartialEq)]
pub enum TokenRow {
    /// The row that this model has for it.
    Model(ModelRef),
    /// Zeros.
    Zero,
    /// The row that a model has for another token.
    Token {
        /// Which model.
        model: ModelRef,
        /// Which of its rows.
        row: RowName,
    },
}

/// How a row of a model is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowName {
    /// By the token.
    Token(String),
    /// By its number.
    Number(u32),
}

impl Recipe {
    /// Says where the child's tokens come from; `None` takes all that the recipe says of them out.
    pub fn set_tokens_from(&mut self, source: Option<TokenizerSource>) {
        let Some(source) = source else {
            (self.tokenizer_source, self.tokenizer) = (None, None);
            return;
        };
        match &mut self.tokenizer {
            Some(options) => options.source = Some(source),
            None => self.tokenizer_source = Some(source),
        }
        self.shorten_tokenizer();
    }

    /// The multiple that the number of rows is brought to.
    pub fn padding(&self) -> Option<u32> {
        self.tokenizer.as_ref()?.pad_to_multiple_of
    }

    /// Says that multiple. Without a word on the tokens they come from the base then: rows that
    /// are merged by number are not padded.
    pub fn set_padding(&mut self, multiple: Option<u32>) {
        if multiple.is_none() && self.tokenizer.is_none() {
            return;
        }
        let source = self.tokens_from().cloned().unwrap_or(TokenizerSource::Base);
        let options = self.tokenizer.get_or_insert_default();
        options.source = Some(source);
        options.pad_to_multiple_of = multiple;
        self.tokenizer_source = None;
        self.shorten_tokenizer();
    }

    /// `tokenizer` that says no more than `tokenizer_source` would is written as that.
    fn shorten_tokenizer(&mut self) {
        let says_more =
            |own: &TokenizerOptions| !own.tokens.is_empty() || own.pad_to_multiple_of.is_some();
        if let Some(options) = self.tokenizer.take_if(|own| !says_more(own)) {
            self.tokenizer_source = options.source.or(Some(TokenizerSource::Union));
        }
    }
}

impl Reader {
    /// `tokenizer_source`, one of the words or a model.
    pub(super) fn tokenizer_source(&mut self, at: &At<'_>) -> Option<TokenizerSource> {
        match &at.node.what {
            What::Text(text) if text == "base" => Some(TokenizerSource::Base),
            What::Text(text) if text == "union" => Some(TokenizerSource::Union),
            _ => self.model_ref(at).map(TokenizerSource::Model),
        }
    }

    /// Both keys; a recipe has at most one of them.
    pub(super) fn tokenizer(
        &mut self,
        keys: &mut Group<'_>,
    ) -> (Option<TokenizerSource>, Option<TokenizerOptions>) {
        let source = keys.take(self, "tokenizer_source");
        let options = keys.take(self, "tokenizer");
        if let (Some(_), Some(options)) = (&source, &options) {
            self.error(
                options,
                "the recipe has both `tokenizer_source` and `tokenizer`; keep one",
            );
            return (None, None);
        }
        let source = source.and_then(|at| self.tokenizer_source(&at));
        (source, options.and_then(|at| self.tokenizer_options(&at)))
    }

    fn tokenizer_options(&mut self, at: &At<'_>) -> Option<TokenizerOptions> {
        let mut keys = self.group(at)?;
        let source = keys.take(self, "source");
        let tokens = keys.take(self, "tokens");
        let pad = keys.take(self, "pad_to_multiple_of");
        self.unknown(&keys);
        Some(TokenizerOptions {
            source: source.and_then(|at| self.tokenizer_source(&at)),
            tokens: tokens.map_or(Vec::new(), |at| self.token_rules(&at)),
            pad_to_multiple_of: pad.and_then(|at| {
                let number = self.row_number(&at)?;
                if number == 0 {
                    self.error(&at, "a number of rows is a multiple of 1 or more");
                }
                Some(number)
            }),
        })
    }

    fn token_rules(&mut self, at: &At<'_>) -> Vec<(String, TokenRule)> {
        let Some(mut keys) = self.group(at) else {
            return Vec::new();
        };
        let mut out: Vec<(String, TokenRule)> = Vec::new();
        for (token, _, at) in keys.take_all() {
            self.note(&at);
            if out.iter().any(|(known, _)| *known == token) {
                self.error(&at, format!("the token `{token}` has two rules; keep one"));
            } else if let Some(rule) = self.token_rule(&at) {
                out.push((token, rule));
            }
        }
        out
    }

    fn token_rule(&mut self, at: &At<'_>) -> Option<TokenRule> {
        let mut keys = self.group(at)?;
        let source = keys.take(self, "source");
        let force = keys.take(self, "force");
        self.unknown(&keys);
        let force = match force {
            None => false,
            Some(at) => match at.node.what {
                What::Flag(flag) => flag,
                _ => {
                    self.error(&at, "`force` is `true` or `false`");
                    return None;
                }
            },
        };
        let Some(source) = source else {
            let sentence = "a token's rule needs a `source`: a model, or a `kind` of row";
            self.error(at, sentence);
            return None;
        };
        let source = self.token_row(&source)?;
        Some(TokenRule { source, force })
    }

    fn token_row(&mut self, at: &At<'_>) -> Option<TokenRow> {
        let has_kind = match &at.node.what {
            What::Map(pairs) => {
                (pairs.iter()).any(|(key, _)| key.what == What::Text("kind".to_owned()))
            }
            _ => false,
        };
        if !has_kind {
            return self.model_ref(at).map(TokenRow::Model);
        }
        let mut keys = self.group(at)?;
        let kind = keys.take(self, "kind");
        let kind_word = kind.as_ref().and_then(|at| self.text(at));
        let model = keys.take(self, "model").and_then(|at| self.model_ref(&at));
        let token = keys.take(self, "token");
        let number = keys.take(self, "token_id");
        self.unknown(&keys);
        match kind_word.as_deref()? {
            "zero" => Some(TokenRow::Zero),
            "model_token" => {
                let row = match (token, number) {
                    (Some(token), None) => RowName::Token(self.text(&token)?),
                    (None, Some(number)) => RowName::Number(self.row_number(&number)?),
                    (Some(_), Some(number)) => {
                        let sentence = "a row has both `token` and `token_id`; keep one";
                        self.error(&number, sentence);
                        return None;
                    }
                    (None, None) => {
                        self.error(at, "the row of a model is named by `token` or `token_id`");
                        return None;
                    }
                };
                if model.is_none() {
                    self.error(at, "there is no `model` here");
                }
                Some(TokenRow::Token { model: model?, row })
            }
            other => {
                let kinds = ["zero", "model_token"];
                let near = super::super::problem::nearest(other, kinds);
                let place = self.place(kind.as_ref().unwrap_or(at));
                let sentence = format!("there is no kind of row `{other}`");
                self.problems
                    .push(Problem::error(place, sentence).with_nearest(near));
                None
            }
        }
    }

    fn row_number(&mut self, at: &At<'_>) -> Option<u32> {
        let number = self.whole_number(at)?;
        let own = u32::try_from(number).ok();
        if own.is_none() {
            self.error(at, format!("{number} is no number of rows"));
        }
        own
    }
}

#[cfg(test)]
mod tests {
    use super::super::{parse, to_yaml};
    use super::*;

    fn recipe(tokens: &str) -> Recipe {
        let text = format!("merge_method: linear\nmodels:\n- model: a\n- model: b\n{tokens}");
        parse(&text).recipes.remove(0)
    }

    /// What is left of the recipe's words on tokens after a change.
    fn after(tokens: &str, change: impl FnOnce(&mut Recipe)) -> (Option<String>, Option<u32>) {
        let mut recipe = recipe(tokens);
        change(&mut recipe);
        let again = parse(&to_yaml(std::slice::from_ref(&recipe)).unwrap()).recipes;
        assert_eq!(again[0].tokenizer, recipe.tokenizer);
        assert_eq!(again[0].tokenizer_source, recipe.tokenizer_source);
        let source = recipe.tokens_from().map(|source| format!("{source:?}"));
        let is_short = recipe.tokenizer.is_none();
        (
            source.map(|s| if is_short { s } else { format!("({s})") }),
            recipe.padding(),
        )
    }

    #[test]
    fn the_source_is_set_by_the_key_that_the_recipe_has() {
        let union = || Some(TokenizerSource::Union);
        let set = |own: &mut Recipe| own.set_tokens_from(union());
        assert_eq!(after("", set), (Some("Union".into()), None));
        assert_eq!(
            after("tokenizer_source: base\n", set),
            (Some("Union".into()), None)
        );
        let padded = "tokenizer: {source: base, pad_to_multiple_of: 8}\n";
        assert_eq!(after(padded, set), (Some("(Union)".into()), Some(8)));
        assert_eq!(
            after("tokenizer: {source: base}\n", set),
            (Some("Union".into()), None)
        );
        assert_eq!(after(padded, |own| own.set_tokens_from(None)), (None, None));
    }

    #[test]
    fn padding_asks_for_the_long_key_and_gives_it_back() {
        let pad = |own: &mut Recipe| own.set_padding(Some(64));
        assert_eq!(after("", pad), (Some("(Base)".into()), Some(64)));
        assert_eq!(
            after("tokenizer_source: union\n", pad),
            (Some("(Union)".into()), Some(64))
        );
        let padded = "tokenizer: {source: union, pad_to_multiple_of: 64}\n";
        assert_eq!(
            after(padded, |own| own.set_padding(None)),
            (Some("Union".into()), None)
        );
        assert_eq!(after("", |own| own.set_padding(None)), (None, None));
        let ruled = "tokenizer: {pad_to_multiple_of: 8, tokens: {x: {source: {kind: zero}}}}\n";
        assert_eq!(
            after(ruled, |own| own.set_padding(None)),
            (Some("(Union)".into()), None)
        );
    }
}
