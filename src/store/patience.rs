//! How long a store is waited for, and how often it is asked again.

use std::time::Duration;

/// For how long nothing may come, if `KINFOLK_STORE_TIMEOUT` does not say otherwise.
const STALL: Duration = Duration::from_secs(30);
const LONGEST_STALL: f64 = 3600.0;

/// How patient to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// The longest time in which nothing comes.
    pub(super) stall: Duration,
    /// How often a range is asked for in all.
    pub(super) tries: u32,
    /// The time before the second try; it doubles with each further one.
    pub(super) pause: Duration,
}

impl Patience {
    /// As the environment says: `KINFOLK_STORE_TIMEOUT` is in seconds.
    pub(super) fn of_user() -> Self {
        let text = std::env::var("KINFOLK_STORE_TIMEOUT").unwrap_or_default();
        let wanted: Option<f64> = text.trim().parse().ok();
        let wanted = wanted.filter(|&secs| secs > 0.0 && secs <= LONGEST_STALL);
        Self::new(wanted.map_or(STALL, Duration::from_secs_f64))
    }

    fn new(stall: Duration) -> Self {
        Self {
            stall,
            tries: 5,
            pause: stall / 100,
        }
    }

    /// The time before try number `k`, from 1 on.
    pub(super) fn pause_before(&self, k: u32) -> Duration {
        self.pause * 2u32.saturating_pow(k.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_stay_below_the_time_for_one_answer() {
        let patience = Patience::new(STALL);
        let pauses = (1..patience.tries).map(|k| patience.pause_before(k));
        let pauses: Vec<f64> = pauses.map(|pause| pause.as_secs_f64()).collect();
        assert_eq!(pauses, [0.3, 0.6, 1.2, 2.4]);
    }
}
