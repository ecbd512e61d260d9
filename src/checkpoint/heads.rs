//! The order of the rows of attention heads where rotations go by pairs, and not by halves.

/// The numbers of a model's attention heads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heads {
    /// Those that ask.
    pub queries: usize,
    /// Those that are asked; fewer where several share one.
    pub keys: usize,
}

/// For each row of halves the row of pairs: row h·d/2 + j of a head is its row 2·j + h, where d is
/// the length of a head. The error is a clause that follows the tensor's name.
pub(super) fn rows_in_pairs(rows: usize, heads: usize) -> Result<Vec<usize>, String> {
    let cannot = || format!("has {rows} rows, which {heads} heads cannot share");
    let len = rows.checked_div(heads).ok_or_else(cannot)?;
    if !rows.is_multiple_of(heads) || !len.is_multiple_of(2) || len == 0 {
        return Err(cannot());
    }
    let of_row = |row: usize| {
        let (head, within) = (row / len, row % len);
        let (half, at) = (within / (len / 2), within % (len / 2));
        head * len + 2 * at + half
    };
    Ok((0..rows).map(of_row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_become_pairs_head_by_head() {
        assert_eq!(rows_in_pairs(8, 2).unwrap(), [0, 2, 1, 3, 4, 6, 5, 7]);
        assert_eq!(rows_in_pairs(6, 1).unwrap(), [0, 2, 4, 1, 3, 5]);
        for (rows, heads) in [(6, 2), (7, 2), (0, 2), (4, 0)] {
            assert!(rows_in_pairs(rows, heads).is_err());
        }
    }
}
