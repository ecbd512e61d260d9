//! In which row of a GGUF tensor each row of Hugging Face's is.

use super::architectures::Architecture;
use super::header::Header;
use super::names::Place;
use crate::checkpoint::heads::rows_in_pairs;

/// For each row of Hugging Face's tensor the row in GGUF; `None` if the order is the same. The
/// error is a clause that follows the tensor's name.
pub(super) fn row_order(
    architecture: &Architecture,
    place: &Place,
    header: &Header,
    rows: usize,
) -> Result<Option<Vec<usize>>, String> {
    let heads = |what: &str| heads(architecture, header, what, place.layer.unwrap_or(0));
    if rows > MOST_ROWS {
        let is_ordered = place.is_rotated(architecture) || place.is_ungrouped(architecture);
        let reason = format!("has {rows} rows, more than heads can have ({MOST_ROWS})");
        return if is_ordered { Err(reason) } else { Ok(None) };
    }
    if place.is_rotated(architecture) {
        let all = heads("head_count")?;
        let own = match place.stem {
            "attn_k" => heads("head_count_kv").unwrap_or(all),
            _ => all,
        };
        // Hugging Face's rows are halves, and those in GGUF pairs.
        return rows_in_pairs(rows, own).map(Some);
    }
    if place.is_ungrouped(architecture) {
        let all = heads("head_count")?;
        let groups = heads("head_count_kv").unwrap_or(all);
        return ungrouped(rows, all, groups).map(Some);
    }
    Ok(None)
}

/// Rows whose order is kept, eight bytes for each; the largest models have some ten thousand.
const MOST_ROWS: usize = 1 << 22;

/// A number of heads from the metadata.
fn heads(
    architecture: &Architecture,
    header: &Header,
    what: &str,
    layer: u32,
) -> Result<usize, String> {
    let key = format!("{}.attention.{what}", architecture.name);
    let value = header
        .value(&key)
        .and_then(|own| own.number_of_layer(layer));
    let heads = value.and_then(|own| usize::try_from(own).ok());
    heads.filter(|&heads| heads > 0).ok_or_else(|| {
        format!("has rows in the order of its heads, and the metadata has no `{key}` for it")
    })
}

/// Hugging Face's rows are those of a group's queries, then its key, then its value.
fn ungrouped(rows: usize, heads: usize, groups: usize) -> Result<Vec<usize>, String> {
    let parts = groups.checked_mul(2).and_then(|own| own.checked_add(heads));
    let fits = parts.filter(|&parts| rows.is_multiple_of(parts) && heads.is_multiple_of(groups));
    let Some(parts) = fits.filter(|_| rows > 0) else {
        return Err(format!(
            "has {rows} rows, which {heads} heads in {groups} groups cannot share"
        ));
    };
    let (len, queries) = (rows / parts, heads / groups);
    let of_row = |row: usize| {
        let (part, within) = (row / len, row % len);
        let (group, own) = (part / (queries + 2), part % (queries + 2));
        let to = match own.checked_sub(queries) {
            None => group * queries + own,
            Some(0) => heads + group,
            Some(_) => heads + groups + group,
        };
        to * len + within
    };
    Ok((0..rows).map(of_row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_come_apart_into_queries_keys_and_values() {
        // Two groups of two queries: q q k v, q q k v.
        assert_eq!(ungrouped(8, 4, 2).unwrap(), [0, 1, 4, 6, 2, 3, 5, 7]);
        assert!(ungrouped(8, 4, 3).is_err() && ungrouped(9, 4, 2).is_err());
    }
}
