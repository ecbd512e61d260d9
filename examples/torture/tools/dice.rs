//! Random choices that follow from the seed.

use std::time::Duration;

use kinfolk::numeric::random::Stream;

/// A sequence of random choices.
pub struct Dice {
    stream: Stream,
    thrown: u64,
}

impl Dice {
    /// The choices of a seed for one purpose.
    pub fn new(seed: u64, purpose: &str) -> Self {
        Self {
            stream: Stream::new(seed, purpose, 0),
            thrown: 0,
        }
    }

    /// The next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.thrown += 1;
        self.stream.at(self.thrown)
    }

    /// A number below `end`, or 0 if there is none.
    pub fn below(&mut self, end: u64) -> u64 {
        self.bits() % end.max(1)
    }

    /// One of these, which are not empty.
    pub fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len() as u64) as usize]
    }

    /// A moment of the first `most`.
    pub fn moment(&mut self, most: Duration) -> Duration {
        Duration::from_micros(self.below(most.as_micros() as u64))
    }
}
