//! Numbers as a drawing writes them.

/// A number with two decimals at most: a hundredth of a point cannot be seen.
pub fn number(value: f32) -> String {
    rounded(value, 100.0)
}

/// A number rounded to one part in `parts`.
pub fn rounded(value: f32, parts: f64) -> String {
    let rounded = (f64::from(value) * parts).round() / parts;
    // Adding zero turns a negative zero into a plain one.
    if rounded.is_finite() {
        format!("{}", rounded + 0.0)
    } else {
        "0".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_never_a_negative_zero() {
        let words = [1.0, -0.001, 2.5, 1.0 / 3.0, -12.345, f32::NAN].map(number);
        assert_eq!(words, ["1", "0", "2.5", "0.33", "-12.35", "0"]);
    }
}
