//! Sketches as bytes: of each a line of JSON and the numbers after it; a hash over all at the end.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Sketch;
use crate::numeric::sketch::WIDTH;

/// Changes when what is summed does; older sketches are then made anew.
const VERSION: u32 = 1;

/// Bytes of the numbers: the square, and the sums.
const NUMBERS: usize = 8 + 4 * WIDTH;
const HASH: usize = 32;

#[derive(Serialize, Deserialize)]
struct Head {
    kinfolk_sketch: u32,
    model: String,
    base: Option<String>,
    shape: String,
    numbers: u64,
    left_out: Vec<(String, String)>,
}

/// Sketches, one behind the other.
pub fn write<'a>(sketches: impl IntoIterator<Item = &'a Sketch>) -> Vec<u8> {
    let mut out = Vec::new();
    for own in sketches {
        let head = Head {
            kinfolk_sketch: VERSION,
            model: own.model.clone(),
            base: own.base.clone(),
            shape: own.shape.clone(),
            numbers: own.numbers,
            left_out: own.left_out.clone(),
        };
        // Plain data has a text.
        out.extend(serde_json::to_vec(&head).unwrap_or_default());
        out.push(b'\n');
        out.extend(own.square.to_le_bytes());
        out.extend(own.sums.iter().flat_map(|x| x.to_le_bytes()));
    }
    let hash = Sha256::digest(&out);
    out.extend(hash);
    out
}

/// The sketches that `bytes` hold; `None` unless all of them are whole.
pub fn read(bytes: &[u8]) -> Option<Vec<Sketch>> {
    let (mut bytes, hash) = bytes.split_last_chunk::<HASH>()?;
    if Sha256::digest(bytes)[..] != *hash {
        return None;
    }
    let mut out = Vec::new();
    while !bytes.is_empty() {
        let head_len = bytes.iter().position(|byte| *byte == b'\n')? + 1;
        let (own, rest) = bytes.split_at_checked(head_len + NUMBERS)?;
        let (head, numbers) = own.split_at(head_len);
        let head: Head = serde_json::from_slice(head).ok()?;
        if head.kinfolk_sketch != VERSION {
            return None;
        }
        let (square, sums) = numbers.split_first_chunk()?;
        let (sums, _) = sums.as_chunks();
        out.push(Sketch {
            model: head.model,
            base: head.base,
            shape: head.shape,
            numbers: head.numbers,
            square: f64::from_le_bytes(*square),
            sums: sums.iter().map(|x| f32::from_le_bytes(*x)).collect(),
            left_out: head.left_out,
        });
        bytes = rest;
    }
    Some(out)
}
