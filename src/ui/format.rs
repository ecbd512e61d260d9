//! Numbers as people read them; the one place that decides digits, units and signs.
//!
//! A cell shows the short form, the hover and every copy the full one ([`full`]). Undefined is
//! `–`. Minus is U+2212, as wide as a plus; thin spaces part thousands and numbers from units
//! that belong to them.

use std::cell::Cell;
use std::time::Duration;

/// The length of a task vector. Single bars: at the size of text double ones run together.
pub const NORM: &str = "|δ|";

/// What stands where there is no number.
pub const UNDEFINED: &str = "–";

const THIN_SPACE: char = '\u{2009}';
const MINUS: &str = "−";

/// A number with fixed decimals and a true minus; missing, NaN and infinite are `–`.
pub fn decimals(value: Option<f64>, decimals: usize) -> String {
    let Some(value) = value.filter(|v| v.is_finite()) else {
        return UNDEFINED.to_owned();
    };
    crate::text::number(value, decimals)
}

/// How many decimals the window shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Decimals {
    pub kinship: usize,
    pub score: usize,
}

impl Default for Decimals {
    fn default() -> Self {
        Self {
            kinship: 3,
            score: 2,
        }
    }
}

thread_local! {
    /// What the thread of the window has been told; figures that are drawn on another thread
    /// have the usual decimals.
    static DECIMALS: Cell<Decimals> = const { Cell::new(Decimals { kinship: 3, score: 2 }) };
}

/// Shows so many decimals from now on, in what this thread draws.
pub fn set_decimals(decimals: Decimals) {
    DECIMALS.set(decimals);
}

/// How many decimals kinship has: three, if the user has not set others.
pub fn kinship_decimals() -> usize {
    DECIMALS.get().kinship
}

/// Kinship: three decimals, if the user has not set others.
pub fn kinship(value: Option<f64>) -> String {
    decimals(value, DECIMALS.get().kinship)
}

/// A score of an evaluation: two decimals, if the user has not set others.
pub fn score(value: Option<f64>) -> String {
    decimals(value, DECIMALS.get().score)
}

/// A difference: always with its sign, but for zero.
pub fn signed(value: Option<f64>, places: usize) -> String {
    let text = decimals(value, places);
    let is_positive = text.bytes().any(|b| matches!(b, b'1'..=b'9')) && !text.starts_with(MINUS);
    if is_positive {
        format!("+{text}")
    } else {
        text
    }
}

/// All digits that tell this number from its neighbours, for hover.
pub fn full(value: Option<f64>) -> String {
    match value.filter(|v| v.is_finite()) {
        Some(value) if value < 0.0 => format!("{MINUS}{}", -value),
        Some(value) => value.abs().to_string(),
        None => UNDEFINED.to_owned(),
    }
}

/// The same in plain ASCII, for the clipboard and files; empty when undefined.
pub fn plain(value: Option<f64>) -> String {
    value
        .filter(|v| v.is_finite())
        .map(|v| v.to_string())
        .unwrap_or_default()
}

/// A size in decimal units: `14.48 GB`, `1.5 MB`, `12 kB`, `300 B`.
pub fn bytes(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..999_500 => format!("{:.0} kB", bytes as f64 / 1e3),
        999_500..999_950_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.2} GB", bytes as f64 / 1e9),
    }
}

/// A number of parameters: `7.24 B`, `494 M`, `739 k`.
pub fn parameters(count: u64) -> String {
    match count {
        0..1_000 => count.to_string(),
        1_000..999_500 => format!("{:.0} k", count as f64 / 1e3),
        999_500..999_500_000 => format!("{:.0} M", count as f64 / 1e6),
        _ => format!("{:.2} B", count as f64 / 1e9),
    }
}

/// How long something took or will take: `0.3 s`, `12 s`, `1 min 20 s`, `2 h 5 min`.
pub fn duration(time: Duration) -> String {
    let secs = time.as_secs_f64().round() as u64;
    match secs {
        _ if time < Duration::from_millis(9_950) => format!("{:.1} s", time.as_secs_f64()),
        0..60 => format!("{secs} s"),
        60..3_600 => format!("{} min {} s", secs / 60, secs % 60),
        _ => format!("{} h {} min", secs / 3_600, secs % 3_600 / 60),
    }
}

/// The rest of a running job: `0:42 left`, `1:02:03 left`.
pub fn time_left(time: Duration) -> String {
    let secs = time.as_secs_f64().ceil() as u64;
    let (hours, minutes, secs) = (secs / 3_600, secs % 3_600 / 60, secs % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{secs:02} left")
    } else {
        format!("{minutes}:{secs:02} left")
    }
}

/// Bytes a second: `18.4 GB/s`, `640 MB/s`.
pub fn throughput(bytes_per_sec: f64) -> String {
    match bytes_per_sec {
        v if !v.is_finite() || v <= 0.0 => UNDEFINED.to_owned(),
        v if v < 999.5e6 => format!("{:.0} MB/s", v / 1e6),
        v => format!("{:.1} GB/s", v / 1e9),
    }
}

/// Items done of all: `312 of 1200 items`.
pub fn items(done: u64, total: u64) -> String {
    format!("{} of {} items", count(done), count(total))
}

/// Items a second: `410 items/s`, `0.4 items/s`.
pub fn items_a_second(per_second: f64) -> String {
    match per_second {
        v if !v.is_finite() || v <= 0.0 => UNDEFINED.to_owned(),
        v if v < 9.95 => format!("{v:.1} items/s"),
        v => format!("{} items/s", count(v.round() as u64)),
    }
}

/// A fraction as percent, without decimals.
pub fn percent(fraction: f64) -> String {
    format!("{} %", decimals(Some(fraction * 100.0), 0))
}

/// A part of a whole as percent: one decimal, more below 1 %, none where it is nothing or all.
pub fn share(fraction: f64) -> String {
    let percent = fraction * 100.0;
    let shown = match percent {
        0.0 | 100.0 => decimals(Some(percent), 0),
        percent if !(1.0..1e5).contains(&percent) => figures(percent, 2),
        _ => decimals(Some(percent), 1),
    };
    format!("{shown} %")
}

/// An expectation, which has two figures: `0.012`, `1.7`, `250`.
pub fn about(value: f64) -> String {
    figures(value, 2)
}

/// A number by its first figures: `0.0123`, `4.50`, `250`; `1.20e−6` where it is very small or
/// very large.
pub fn figures(value: f64, n: usize) -> String {
    let size = value.abs();
    if !size.is_finite() || size == 0.0 {
        return decimals(Some(value), 0);
    }
    if !(1e-4..1e6).contains(&size) {
        let after = n.saturating_sub(1);
        return format!("{value:.after$e}").replace('-', MINUS);
    }
    let places = (n as f64 - 1.0 - size.log10().floor()).max(0.0);
    decimals(Some(value), places as usize)
}

/// A count, with a thin space between thousands from 10 000 on.
pub fn count(count: u64) -> String {
    let digits = count.to_string();
    if digits.len() < 5 {
        return digits;
    }
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(THIN_SPACE);
        }
        text.push(digit);
    }
    text
}

/// A count with its noun: `1 model`, `12 models`.
pub fn counted(n: usize, noun: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(n as u64))
}

/// `text` cut in the middle to at most `max` characters, `long-na…q4`.
pub fn elide_middle(text: &str, max: usize) -> String {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() <= max {
        return text.to_owned();
    }
    let kept = max.saturating_sub(1);
    let mut from = chars.len() - kept / 2;
    // Half a number would be another one.
    let is_digit = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
    let digits = (1..=from)
        .take_while(|&back| is_digit(from) && is_digit(from - back))
        .count();
    let spare = (kept.div_ceil(2)).saturating_sub(1);
    from -= if digits <= spare { digits } else { 0 };
    let head = kept - (chars.len() - from);
    let (start, end) = (chars[..head].iter(), chars[from..].iter());
    start.chain(&['…']).chain(end).collect()
}

/// A tensor's name without what nearly all names have, for narrow columns: `model.` in front
/// and `.weight` behind.
pub fn tensor_name(name: &str) -> &str {
    let short = name.strip_prefix("model.").unwrap_or(name);
    short
        .strip_suffix(".weight")
        .filter(|rest| !rest.is_empty())
        .unwrap_or(short)
}

/// A tensor's name by its layer, shorter than [`tensor_name`]: `3 · mlp.down_proj`; that name
/// itself outside layers.
pub fn tensor_in_layer(name: &str) -> String {
    let short = tensor_name(name);
    let parts = short.split('.').collect::<Vec<_>>();
    let number = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    match parts.iter().position(number) {
        Some(at) if at + 1 < parts.len() && at > 0 => {
            format!("{} · {}", parts[at], parts[at + 1..].join("."))
        }
        _ => short.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_a_true_minus_and_undefined_is_a_dash() {
        assert_eq!(kinship(Some(0.11273)), "0.113");
        assert_eq!(kinship(Some(-0.5)), "−0.500");
        assert_eq!(kinship(Some(-0.000_01)), "0.000");
        assert_eq!(kinship(None), "–");
        assert_eq!(kinship(Some(f64::NAN)), "–");
        assert_eq!(score(Some(71.256)), "71.26");
        assert_eq!(signed(Some(0.045), 3), "+0.045");
        assert_eq!(signed(Some(-0.045), 3), "−0.045");
        assert_eq!(signed(Some(0.0001), 2), "0.00");
        assert_eq!(full(Some(-0.112_734_5)), "−0.1127345");
        assert_eq!(plain(Some(-0.25)), "-0.25");
        assert_eq!(percent(0.614), "61 %");
    }

    #[test]
    fn sizes_are_decimal() {
        assert_eq!(bytes(300), "300 B");
        assert_eq!(bytes(12_400), "12 kB");
        assert_eq!(bytes(1_480_000), "1.5 MB");
        assert_eq!(bytes(14_483_464_192), "14.48 GB");
        assert_eq!(bytes(999_960_000), "1.00 GB");
        assert_eq!(parameters(7_241_732_096), "7.24 B");
        assert_eq!(parameters(739_000), "739 k");
        assert_eq!(parameters(12), "12");
        assert_eq!(throughput(18.43e9), "18.4 GB/s");
        assert_eq!(throughput(0.0), "–");
    }

    #[test]
    fn items_are_counted_and_timed() {
        assert_eq!(items(312, 1200), "312 of 1200 items");
        assert_eq!(items_a_second(410.4), "410 items/s");
        assert_eq!(items_a_second(0.42), "0.4 items/s");
        assert_eq!(items_a_second(0.0), "–");
    }

    #[test]
    fn times_read_as_spoken() {
        assert_eq!(duration(Duration::from_millis(340)), "0.3 s");
        assert_eq!(duration(Duration::from_millis(9_960)), "10 s");
        assert_eq!(duration(Duration::from_secs(80)), "1 min 20 s");
        assert_eq!(duration(Duration::from_secs(7_530)), "2 h 5 min");
        assert_eq!(time_left(Duration::from_millis(41_200)), "0:42 left");
        assert_eq!(time_left(Duration::from_secs(3_723)), "1:02:03 left");
    }

    #[test]
    fn shares_and_expectations_have_the_figures_that_they_need() {
        assert_eq!(share(0.8994), "89.9 %");
        assert_eq!(share(0.000_123), "0.012 %");
        assert_eq!(share(1e30), "1.0e32 %");
        assert_eq!(share(0.0), "0 %");
        assert_eq!(share(1.0), "100 %");
        assert_eq!(about(0.012_34), "0.012");
        assert_eq!(about(1.749), "1.7");
        assert_eq!(about(249.6), "250");
        assert_eq!(figures(4.498, 3), "4.50");
        assert_eq!(figures(0.0, 3), "0");
        assert_eq!(figures(-2.638e38, 3), "−2.64e38");
        assert_eq!(figures(1.2e-6, 3), "1.20e−6");
    }

    #[test]
    fn counts_are_parted_by_thin_spaces() {
        assert_eq!(count(1_234), "1234");
        assert_eq!(count(12_345), "12\u{2009}345");
        assert_eq!(count(1_234_567), "1\u{2009}234\u{2009}567");
        assert_eq!(counted(1, "model"), "1 model");
        assert_eq!(counted(12, "model"), "12 models");
    }

    #[test]
    fn a_tensor_keeps_its_layer() {
        let name = "model.layers.12.self_attn.q_proj.weight";
        assert_eq!(tensor_in_layer(name), "12 · self_attn.q_proj");
        assert_eq!(tensor_in_layer("model.embed_tokens.weight"), "embed_tokens");
        assert_eq!(tensor_in_layer("3.weight"), "3");
    }

    #[test]
    fn long_names_lose_their_middle() {
        assert_eq!(elide_middle("abacus", 8), "abacus");
        assert_eq!(elide_middle("abcdefghij", 5), "ab…ij");
        assert_eq!(elide_middle("abcdef1234", 7), "ab…1234", "no half numbers");
        assert_eq!(elide_middle("中文模型的名字很长", 4), "中文…长");
    }
}
