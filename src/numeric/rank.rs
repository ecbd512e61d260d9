//! Ranks within a row.

/// Rows up to this length are sorted by comparing; longer ones digit by digit.
const SHORT: usize = 256;
/// Bits of a digit: three make a key without its sign.
const DIGIT: u32 = 11;

/// Room that is used again from row to row.
#[derive(Default)]
pub struct Room {
    order: Vec<u64>,
    other: Vec<u64>,
}

/// The indices of `keys` from the smallest key to the largest; of equal keys the last index
/// comes first. Keys have at most 31 bits, as those of magnitudes; rows less than 2³² keys.
pub fn ascending<'r>(
    keys: impl ExactSizeIterator<Item = u32>,
    room: &'r mut Room,
) -> impl ExactSizeIterator<Item = usize> + 'r {
    let Room { order, other } = room;
    let last = keys.len().saturating_sub(1) as u64;
    order.clear();
    // The index counted from the end, so that equal keys come in the order wanted.
    order.extend(
        keys.enumerate()
            .map(|(k, key)| u64::from(key) << 32 | (last - k as u64)),
    );
    if order.len() <= SHORT {
        order.sort_unstable();
    } else {
        order.reverse();
        other.resize(order.len(), 0);
        for digit in 0..3 {
            by_digit(order, other, 32 + DIGIT * digit);
            std::mem::swap(order, other);
        }
    }
    order
        .iter()
        .map(move |&entry| (last - (entry & 0xffff_ffff)) as usize)
}

/// One stable pass of a radix sort.
fn by_digit(from: &[u64], to: &mut [u64], shift: u32) {
    let digit = |entry: u64| (entry >> shift) as usize & ((1 << DIGIT) - 1);
    let mut places = [0u32; 1 << DIGIT];
    for &entry in from {
        places[digit(entry)] += 1;
    }
    let mut sum = 0;
    for place in &mut places {
        (*place, sum) = (sum, sum + *place);
    }
    for &entry in from {
        let place = &mut places[digit(entry)];
        to[*place as usize] = entry;
        *place += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn digits_sort_like_comparisons(
            keys in proptest::collection::vec(prop_oneof![0u32..4, 0u32..0x8000_0000], 0..700),
        ) {
            let mut expected: Vec<usize> = (0..keys.len()).collect();
            expected.sort_by_key(|&k| (keys[k], std::cmp::Reverse(k)));
            let mut room = Room::default();
            let found: Vec<usize> = ascending(keys.iter().copied(), &mut room).collect();
            prop_assert_eq!(&found, &expected);
        }
    }
}
