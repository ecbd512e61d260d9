//! Files of weights from a short text, so that inputs change what tensors are called, what they
//! are of and what shapes they have, and offsets and lengths always fit.

/// Bytes of the data of all tensors of one file; what would go beyond is left out.
const MOST_BYTES: u64 = 1 << 18;

/// Number formats of safetensors, with the bits of a number.
const DTYPES: &[(&str, u64)] = &[
    ("BOOL", 8),
    ("F4", 4),
    ("F6_E2M3", 6),
    ("F6_E3M2", 6),
    ("U8", 8),
    ("I8", 8),
    ("F8_E5M2", 8),
    ("F8_E4M3", 8),
    ("F8_E8M0", 8),
    ("I16", 16),
    ("U16", 16),
    ("F16", 16),
    ("BF16", 16),
    ("I32", 32),
    ("U32", 32),
    ("F32", 32),
    ("F64", 64),
    ("I64", 64),
    ("U64", 64),
];

/// Types of GGUF: the number, numbers of a block, bytes of a block.
const TYPES: &[(u32, u64, u64)] = &[
    (0, 1, 4),
    (1, 1, 2),
    (2, 32, 18),
    (3, 32, 20),
    (6, 32, 22),
    (7, 32, 24),
    (8, 32, 34),
    (10, 256, 84),
    (11, 256, 110),
    (12, 256, 144),
    (13, 256, 176),
    (14, 256, 210),
    (20, 32, 18),
    (24, 1, 1),
    (25, 1, 2),
    (26, 1, 4),
    (27, 1, 8),
    (28, 1, 8),
    (30, 1, 2),
    (39, 32, 17),
];

/// A safetensors file: a line `NAME DTYPE 2x3` for each tensor, `NAME DTYPE =7,8` for one with
/// these whole numbers, or `NAME DTYPE "text`.
pub fn safetensors(listing: &[u8], data: &[u8]) -> Vec<u8> {
    let (mut header, mut bytes) = (serde_json::Map::new(), Vec::new());
    for line in String::from_utf8_lossy(listing).lines() {
        let mut words = line.splitn(3, ' ');
        let (Some(name), Some(dtype), Some(last)) = (words.next(), words.next(), words.next())
        else {
            continue;
        };
        let known = DTYPES.iter().find(|(known, _)| *known == dtype);
        let bits = known.map_or(8, |(_, bits)| *bits);
        let told = told(last, bits as usize / 8);
        let shape = match &told {
            Some(told) => vec![told.len() as u64 * 8 / bits],
            None => shape(last),
        };
        let start = bytes.len() as u64;
        let Some(own) = size(&shape, 8, bits).filter(|own| start + own <= MOST_BYTES) else {
            continue;
        };
        if header.contains_key(name) {
            continue;
        }
        match told {
            Some(told) => bytes.extend(told),
            None => fill(&mut bytes, own, data),
        }
        let entry = serde_json::json!({
            "dtype": dtype, "shape": shape, "data_offsets": [start, start + own],
        });
        header.insert(name.to_owned(), entry);
    }
    let header = serde_json::Value::Object(header).to_string();
    crate::files::safetensors(header.as_bytes(), &bytes)
}

/// The bytes of a text, or of whole numbers of this width.
fn told(last: &str, width: usize) -> Option<Vec<u8>> {
    if let Some(text) = last.strip_prefix('"') {
        let len = text.len() / width.max(1) * width.max(1);
        return Some(text.as_bytes()[..len].to_vec());
    }
    let numbers = last.strip_prefix('=')?.split(',');
    let bytes = |text: &str| {
        let number: i64 = text.trim().parse().unwrap_or_default();
        number.to_le_bytes()[..width.clamp(1, 8)].to_vec()
    };
    Some(numbers.flat_map(bytes).collect())
}

/// A GGUF file: lines `KEY s text`, `KEY u 7`, `KEY f 0.5`, `KEY a 1,2` (numbers) and
/// `KEY w a,b` (words) for the metadata, and `NAME TYPE 3x2` for tensors, outermost first.
pub fn gguf(listing: &[u8], data: &[u8]) -> Vec<u8> {
    let (mut entries, mut infos, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
    let (mut entry_count, mut info_count) = (0u64, 0u64);
    for line in String::from_utf8_lossy(listing).lines() {
        let mut words = line.splitn(3, ' ');
        let (Some(name), Some(kind), Some(last)) = (words.next(), words.next(), words.next())
        else {
            continue;
        };
        if let Ok(kind) = kind.parse::<u32>() {
            let shape = shape(last);
            let known = TYPES.iter().find(|(number, ..)| *number == kind);
            let (_, numbers, width) = *known.unwrap_or(&(kind, 1, 1));
            let Some(own) = size(&shape, numbers, width) else {
                continue;
            };
            if bytes.len() as u64 + own > MOST_BYTES {
                continue;
            }
            string(&mut infos, name);
            infos.extend((shape.len() as u32).to_le_bytes());
            shape
                .iter()
                .rev()
                .for_each(|dim| infos.extend(dim.to_le_bytes()));
            infos.extend(kind.to_le_bytes());
            infos.extend((bytes.len() as u64).to_le_bytes());
            fill(&mut bytes, own, data);
            bytes.resize(bytes.len().next_multiple_of(32), 0);
            info_count += 1;
        } else if let Some(value) = value(kind, last) {
            string(&mut entries, name);
            entries.extend(value);
            entry_count += 1;
        }
    }
    let mut out = [&b"GGUF"[..], &3u32.to_le_bytes()].concat();
    out.extend(info_count.to_le_bytes());
    out.extend(entry_count.to_le_bytes());
    out.extend(entries);
    out.extend(infos);
    out.resize(out.len().next_multiple_of(32), 0);
    out.extend(bytes);
    out
}

fn value(kind: &str, text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let number = |text: &str| text.trim().parse::<u32>().unwrap_or_default();
    match kind {
        "s" => {
            out.extend(8u32.to_le_bytes());
            string(&mut out, text);
        }
        "u" => {
            out.extend(4u32.to_le_bytes());
            out.extend(number(text).to_le_bytes());
        }
        "f" => {
            out.extend(6u32.to_le_bytes());
            out.extend(text.parse::<f32>().unwrap_or_default().to_le_bytes());
        }
        "a" | "w" => {
            let parts: Vec<&str> = text.split(',').collect();
            out.extend(9u32.to_le_bytes());
            out.extend(if kind == "a" { 4u32 } else { 8 }.to_le_bytes());
            out.extend((parts.len() as u64).to_le_bytes());
            for part in parts {
                match kind {
                    "a" => out.extend(number(part).to_le_bytes()),
                    _ => string(&mut out, part),
                }
            }
        }
        _ => return None,
    }
    Some(out)
}

fn string(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// `2x3`; `-` for none.
fn shape(text: &str) -> Vec<u64> {
    let dims = text.split('x').map(|dim| dim.trim().parse().ok());
    dims.collect::<Option<_>>().unwrap_or_default()
}

/// Bytes of this many numbers, of which `numbers` have `width` bytes.
fn size(shape: &[u64], numbers: u64, width: u64) -> Option<u64> {
    let all = match shape.contains(&0) {
        true => 0,
        false => shape.iter().try_fold(1u64, |n, &dim| n.checked_mul(dim))?,
    };
    Some(all.checked_mul(width)?.div_ceil(numbers)).filter(|&own| own <= MOST_BYTES)
}

/// Appends this many bytes: those of the input again and again, else some that differ.
fn fill(out: &mut Vec<u8>, own: u64, data: &[u8]) {
    let start = out.len();
    let byte = |k: usize| match data.get((start + k) % data.len().max(1)) {
        Some(byte) => *byte,
        // Small numbers in every format.
        None => ((start + k) * 37 % 61) as u8,
    };
    out.extend((0..own as usize).map(byte));
}
