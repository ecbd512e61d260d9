//! How far quantisation alone has moved a model: the noise below which kinship says nothing.
//!
//! Every weight was rounded to the nearest number that its format has, and the error is spread
//! evenly over the gap there, so that its expected square is a twelfth of the gap's. The root of
//! the sum over all weights is the expected distance from the model that was quantised. Errors
//! of the scales themselves, and what GPTQ and its like do beyond rounding, are not in it.

/// Runs of a tensor that are looked at, evenly spread, and numbers of a run: 4096 in all.
const RUNS: usize = 64;
const RUN: usize = 64;

/// The expected square of the error of a whole tensor of `elements` numbers, where `of` gives that
/// of a run from its first number and its length. Where the tensor is large, it is that of a
/// regular sample of at most 4096 numbers, scaled up.
pub(super) fn expected(elements: usize, of: impl Fn(usize, usize) -> f64) -> f64 {
    if elements <= RUNS * RUN {
        return of(0, elements);
    }
    let first = |k: usize| (elements - RUN) as u128 * k as u128 / (RUNS as u128 - 1);
    let sum: f64 = (0..RUNS).map(|k| of(first(k) as usize, RUN)).sum();
    sum * elements as f64 / (RUNS * RUN) as f64
}
