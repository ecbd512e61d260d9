//! A model that is ready to be asked: its weights in memory as f32, and its tokenizer.
//!
//! The numbers are read from the mapped files of a [`Checkpoint`], whatever its form. What is
//! not supported is refused here, before anything is computed.

mod cache;
mod decoder;
mod gated;
mod memory;
mod rope;
mod settings;
mod states;
mod weights;
mod words;

use std::path::{Path, PathBuf};

use candle_core::Tensor;

use self::cache::Cache;
use self::decoder::Decoder;
use self::settings::Settings;
pub use self::states::{can_be_run, prompt_tokens, states_by_layer};
use self::weights::Reader;
use self::words::Words;
use super::EvaluateError;
use crate::checkpoint::{Checkpoint, Form};
use crate::jobs::Ticket;
use crate::parallel::most_memory;

/// A model that is ready to be evaluated.
#[derive(Debug)]
pub struct Model {
    path: PathBuf,
    decoder: Decoder,
    pub(super) words: Words,
}

impl Model {
    /// Reads a checkpoint of the families Llama, Mistral, Qwen2 or Qwen3 into memory, four bytes
    /// a parameter. Nothing is added to the ticket's progress.
    ///
    /// # Errors
    /// What the built-in evaluator cannot run and why, with the file; too little memory, with
    /// figures, before any of it is taken; files that did not stay what they were.
    pub fn load(checkpoint: &Checkpoint, ticket: &Ticket) -> Result<Self, EvaluateError> {
        let path = checkpoint.path().to_owned();
        if checkpoint.form() == Form::Adapter {
            let reason = "it is an adapter without its base; merge the two first".to_owned();
            return Err(EvaluateError::Unsupported { path, reason });
        }
        let reader = Reader::new(checkpoint, ticket)?;
        let settings = Settings::read(checkpoint)?;
        let words = Words::read(checkpoint.folder(), settings.ends.clone())?;
        check_memory(checkpoint, free_memory())?;
        let decoder = Decoder::read(settings, reader)?;
        Ok(Self {
            path,
            decoder,
            words,
        })
    }

    /// The path that was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The most tokens of prompt and answer together.
    pub fn positions(&self) -> usize {
        self.decoder.settings.positions
    }

    pub fn vocabulary(&self) -> usize {
        self.decoder.settings.vocabulary
    }

    /// The tokens of a prompt, with what the tokenizer puts around it.
    ///
    /// # Errors
    /// What the tokenizer says.
    pub fn tokens(&self, text: &str) -> Result<Vec<u32>, EvaluateError> {
        let mut prompts = self.words.prompts(vec![text])?;
        Ok(prompts.pop().unwrap_or_default())
    }

    /// The logits after every token of one text, [tokens, vocabulary] row by row.
    ///
    /// # Errors
    /// More tokens than [`Self::positions`], a token beyond the vocabulary, and cancellation.
    pub fn logits(&self, tokens: &[u32], ticket: &Ticket) -> Result<Vec<f32>, EvaluateError> {
        if tokens.is_empty() {
            return Ok(Vec::new());
        }
        let mut batch = Batch::new(self, 1, tokens.len())?;
        let hidden = batch.advance(tokens, ticket)?;
        Ok(self.decoder.logits(&hidden)?.flatten_all()?.to_vec1()?)
    }

    /// How many tokens are gone through at once: so many that the largest product of a layer
    /// takes some hundredths of a second, because cancellation is heard between them; and in
    /// small models so few that the library adds them up on the calling thread.
    pub(super) fn tokens_at_once(&self) -> usize {
        let s = &self.decoder.settings;
        let largest = s.hidden * (2 * s.inner).max((s.heads + 2 * s.kv_heads) * s.head_dim);
        let quiet = (QUIET_NUMBERS / s.hidden).max(128);
        (PRODUCT / largest).min(quiet).max(16)
    }

    /// The same for the head.
    pub(super) fn heads_at_once(&self) -> usize {
        let s = &self.decoder.settings;
        (PRODUCT / (s.hidden * s.vocabulary)).clamp(8, 4096)
    }

    /// Bytes that a text of this many tokens takes while it is gone through.
    pub(super) fn text_bytes(&self, tokens: usize) -> u64 {
        Cache::row_bytes(&self.decoder.settings, tokens)
    }

    fn check(&self, tokens: &[u32]) -> Result<(), EvaluateError> {
        let most = self.vocabulary() as u32;
        match tokens.iter().find(|&&token| token >= most) {
            None => Ok(()),
            Some(token) => Err(EvaluateError::Tokenizer {
                path: self.path.clone(),
                reason: format!("it makes token {token} and the model knows {most}"),
            }),
        }
    }
}

/// Multiplications in one product: about a fiftieth of a second on one processor.
const PRODUCT: usize = 1 << 29;

/// Numbers from which on the library (candle-core 0.11) spreads a sum of tensors over
/// threads of its own, one call at a time, and others wait.
const QUIET_NUMBERS: usize = (64 << 10) - 1;

/// Texts of equal length that are gone through together.
pub(super) struct Batch<'m> {
    model: &'m Model,
    cache: Cache,
}

impl<'m> Batch<'m> {
    /// Room for `rows` texts of at most `most` tokens.
    pub(super) fn new(model: &'m Model, rows: usize, most: usize) -> Result<Self, EvaluateError> {
        if most > model.positions() {
            let reason = format!("{most} tokens are more than its {}", model.positions());
            let path = model.path.clone();
            return Err(EvaluateError::Unsupported { path, reason });
        }
        Ok(Self {
            model,
            cache: Cache::new(&model.decoder.settings, rows, most)?,
        })
    }

    /// Goes through more tokens of every text, those of a text side by side; gives what is
    /// known after each, [rows × new, hidden].
    pub(super) fn advance(
        &mut self,
        tokens: &[u32],
        ticket: &Ticket,
    ) -> Result<Tensor, EvaluateError> {
        self.model.check(tokens)?;
        self.model.decoder.advance(tokens, &mut self.cache, ticket)
    }

    /// Lets go of all texts but these, in this order.
    pub(super) fn keep(&mut self, rows: &[u32]) -> Result<(), EvaluateError> {
        Ok(self.cache.keep(rows)?)
    }

    /// The logits of what [`Self::advance`] gave, [n, vocabulary].
    pub(super) fn logits(&self, hidden: &Tensor) -> Result<Tensor, EvaluateError> {
        Ok(self.model.decoder.logits(hidden)?)
    }
}

/// What is kept free for batches and for other programs, beside the weights.
const SPARE_BYTES: u64 = 512 << 20;

/// What is free, or less where the user has set a limit.
fn free_memory() -> Option<u64> {
    let both = [memory::available(), most_memory()];
    both.into_iter().flatten().min()
}

fn check_memory(checkpoint: &Checkpoint, available: Option<u64>) -> Result<(), EvaluateError> {
    // Where the system does not say what is free, a tensor that finds no room is refused.
    let weights = checkpoint.parameters().saturating_mul(4);
    // A small model runs anywhere; its figures would only be in the way.
    let needed = weights.saturating_add(SPARE_BYTES.min(weights));
    match available {
        Some(available) if needed > available => Err(EvaluateError::TooLarge {
            path: checkpoint.path().to_owned(),
            needed_bytes: needed,
            available_bytes: available,
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demo() -> Checkpoint {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        Checkpoint::open(&root.join("resources/demo/base")).unwrap()
    }

    #[test]
    fn memory_is_asked_for_before_it_is_taken() {
        let checkpoint = demo();
        assert_eq!(check_memory(&checkpoint, None), Ok(()));
        assert_eq!(check_memory(&checkpoint, Some(8 * 739_200)), Ok(()));
        let error = check_memory(&checkpoint, Some(8 * 739_200 - 1)).unwrap_err();
        assert!(
            matches!(error, EvaluateError::TooLarge { needed_bytes, .. } if needed_bytes == 8 * 739_200)
        );
    }

    #[cfg(unix)]
    #[test]
    fn fault_9_a_file_that_does_not_stay_while_it_is_loaded_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("model.safetensors");
        let demo = demo();
        let file = |name: &str| demo.folder().join(name);
        std::fs::copy(file("config.json"), dir.path().join("config.json")).unwrap();
        let change = |change: &dyn Fn(&std::fs::File)| {
            std::fs::copy(file("model.safetensors"), &path).unwrap();
            let checkpoint = Checkpoint::open(dir.path()).unwrap();
            let ticket = Ticket::default();
            let reader = Reader::new(&checkpoint, &ticket).unwrap();
            let settings = Settings::read(&checkpoint).unwrap();
            change(&std::fs::File::options().write(true).open(&path).unwrap());
            Decoder::read(settings, reader).unwrap_err().to_string()
        };
        let error = change(&|file| file.set_len(500_000).unwrap());
        assert!(
            error.contains("was cut short while it was read; tensor `"),
            "{error}"
        );
        let error = change(&|file| {
            std::os::unix::fs::FileExt::write_all_at(file, &[1], 500_000).unwrap();
            let time = std::time::SystemTime::now() + std::time::Duration::from_secs(9);
            file.set_modified(time).unwrap();
        });
        assert!(error.contains("was changed while it was read"), "{error}");
    }

    /// A text read in pieces of these lengths, with windows of attention or without.
    fn read(window: Option<usize>, pieces: &[usize]) -> Vec<f32> {
        let ticket = Ticket::default();
        let mut model = Model::load(&demo(), &ticket).unwrap();
        model.decoder.set_windows(window);
        let tokens = model.tokens("sort zqxjkvbpyg=").unwrap();
        let mut batch = Batch::new(&model, 1, tokens.len()).unwrap();
        let mut from = 0;
        let mut last = Vec::new();
        for piece in pieces {
            let hidden = batch.advance(&tokens[from..from + piece], &ticket).unwrap();
            last = batch
                .logits(&hidden)
                .unwrap()
                .to_vec2::<f32>()
                .unwrap()
                .pop()
                .unwrap();
            from += piece;
        }
        assert_eq!(from, tokens.len());
        last
    }

    #[test]
    fn a_text_read_in_pieces_is_the_same_text() {
        for window in [None, Some(1), Some(4)] {
            let whole = read(window, &[17]);
            for pieces in [&[5, 4, 8][..], &[1; 17], &[16, 1]] {
                for (a, b) in whole.iter().zip(&read(window, pieces)) {
                    // Sums in another order: some hundred roundings of f32 of numbers up to 20.
                    assert!((a - b).abs() < 1e-4, "{window:?}, {pieces:?}: {a} and {b}");
                }
            }
        }
        assert_ne!(read(None, &[17]), read(Some(4), &[17]));
    }

    #[test]
    fn a_batch_keeps_the_texts_that_it_is_told_to() {
        let ticket = Ticket::default();
        let model = Model::load(&demo(), &ticket).unwrap();
        let texts = ["add 11+86=", "add 12+34=", "sub 99-11="].map(|t| model.tokens(t).unwrap());
        let mut all = Batch::new(&model, 3, 12).unwrap();
        all.advance(&texts.concat(), &ticket).unwrap();
        all.keep(&[2, 1]).unwrap();
        let next = all.advance(&[9, 10], &ticket).unwrap();
        let next: Vec<Vec<f32>> = all.logits(&next).unwrap().to_vec2().unwrap();
        for (k, token, found) in [(2, 9, &next[0]), (1, 10, &next[1])] {
            let mut own = texts[k].clone();
            own.push(token);
            let alone = model.logits(&own, &ticket).unwrap();
            let alone = &alone[alone.len() - model.vocabulary()..];
            assert!(found.iter().zip(alone).all(|(a, b)| (a - b).abs() < 1e-4));
        }
    }

    #[test]
    fn more_tokens_than_the_model_reads_are_refused() {
        let model = Model::load(&demo(), &Ticket::default()).unwrap();
        assert_eq!(model.positions(), 64);
        let error = model.logits(&[5; 65], &Ticket::default()).unwrap_err();
        assert!(error.to_string().contains("65 tokens are more than its 64"));
        let error = model.logits(&[51], &Ticket::default()).unwrap_err();
        assert!(error.to_string().contains("token 51"));
        assert_eq!(model.logits(&[], &Ticket::default()), Ok(Vec::new()));
    }
}
