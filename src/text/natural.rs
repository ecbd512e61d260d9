//! The order in which people read names: `layers.2` before `layers.10`.

use std::cmp::Ordering;

/// Compares names with their runs of digits taken as numbers; a total order.
///
/// Names of one model begin alike, so what they share is passed over at once.
pub fn natural(a: &str, b: &str) -> Ordering {
    after(a, b, shared(a.as_bytes(), b.as_bytes()))
}

/// The order of names in a list: [`natural`], without regard to capitals.
pub fn by_name(a: &str, b: &str) -> Ordering {
    natural(&a.to_lowercase(), &b.to_lowercase()).then_with(|| a.cmp(b))
}

/// The same for names whose first `start` bytes are known to be alike.
fn after(a: &str, b: &str, start: usize) -> Ordering {
    let (mut left, mut right) = (&a.as_bytes()[start..], &b.as_bytes()[start..]);
    loop {
        let (left_run, right_run) = (digits(left), digits(right));
        let order = if left_run.is_empty() || right_run.is_empty() {
            let order = left.first().cmp(&right.first());
            if left.is_empty() || right.is_empty() {
                // Names such as "x1" and "x01" are equal by number, and are told apart here.
                return order.then_with(|| a.cmp(b));
            }
            (left, right) = (&left[1..], &right[1..]);
            order
        } else {
            (left, right) = (&left[left_run.len()..], &right[right_run.len()..]);
            by_number(left_run, right_run)
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// How far both are the same, short of a number that begins there.
fn shared(a: &[u8], b: &[u8]) -> usize {
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let number = a[..same].iter().rev().take_while(|b| b.is_ascii_digit());
    same - number.count()
}

fn digits(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|byte| !byte.is_ascii_digit());
    &text[..end.unwrap_or(text.len())]
}

/// By value, of any length.
fn by_number(a: &[u8], b: &[u8]) -> Ordering {
    let (a, b) = (significant(a), significant(b));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

fn significant(digits: &[u8]) -> &[u8] {
    let start = digits.iter().position(|&digit| digit != b'0');
    &digits[start.unwrap_or(digits.len())..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_count_by_value() {
        let mut names = ["l.10.a", "l.2.b", "l.2.a", "l", "l.02.a", "é", "l.2"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(
            names,
            ["l", "l.2", "l.02.a", "l.2.a", "l.2.b", "l.10.a", "é"]
        );
    }

    #[test]
    fn capitals_part_no_names() {
        let mut names = ["v10", "V9", "v8", "Beta", "alpha"];
        names.sort_by(|a, b| by_name(a, b));
        assert_eq!(names, ["alpha", "Beta", "v8", "V9", "v10"]);
    }

    proptest! {
        #[test]
        fn order_is_total(a in "[a.0-2]{0,6}", b in "[a.0-2]{0,6}", c in "[a.0-2]{0,6}") {
            prop_assert_eq!(natural(&a, &b), natural(&b, &a).reverse());
            prop_assert_eq!(natural(&a, &b).is_eq(), a == b);
            prop_assert_eq!(natural(&a, &b), after(&a, &b, 0));
            if natural(&a, &b).is_le() && natural(&b, &c).is_le() {
                prop_assert!(natural(&a, &c).is_le());
            }
        }
    }
}
