//! GGUF files written from parts, right ones and wrong ones.

/// A value of the metadata.
pub enum Meta<'a> {
    U32(u32),
    F32(f32),
    Text(&'a str),
    Numbers(&'a [u32]),
    Texts(&'a [&'a str]),
    /// The number of its kind and its bytes, whatever they are.
    Raw(u32, Vec<u8>),
}

/// A tensor to be written, its dimensions fastest first.
pub struct Stored<'a> {
    pub name: &'a str,
    pub kind: u32,
    pub dims: &'a [u64],
    pub bytes: Vec<u8>,
}

/// A tensor of F32 numbers; `dims` fastest first.
pub fn f32s<'a>(
    name: &'a str,
    dims: &'a [u64],
    numbers: impl IntoIterator<Item = f32>,
) -> Stored<'a> {
    Stored {
        name,
        kind: 0,
        dims,
        bytes: numbers.into_iter().flat_map(f32::to_le_bytes).collect(),
    }
}

/// The bytes of a file with an alignment of 32.
pub fn gguf(meta: &[(&str, Meta<'_>)], tensors: &[Stored<'_>]) -> Vec<u8> {
    let mut out = b"GGUF".to_vec();
    out.extend(3u32.to_le_bytes());
    out.extend((tensors.len() as u64).to_le_bytes());
    out.extend((meta.len() as u64).to_le_bytes());
    for (key, value) in meta {
        text(&mut out, key);
        put(&mut out, value);
    }
    let mut offset = 0u64;
    for tensor in tensors {
        text(&mut out, tensor.name);
        out.extend((tensor.dims.len() as u32).to_le_bytes());
        tensor
            .dims
            .iter()
            .for_each(|dim| out.extend(dim.to_le_bytes()));
        out.extend(tensor.kind.to_le_bytes());
        out.extend(offset.to_le_bytes());
        offset += (tensor.bytes.len() as u64).next_multiple_of(32);
    }
    for tensor in tensors {
        out.resize(out.len().next_multiple_of(32), 0);
        out.extend(&tensor.bytes);
    }
    out
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}

fn put(out: &mut Vec<u8>, value: &Meta<'_>) {
    let mut kind = |number: u32| out.extend(number.to_le_bytes());
    match value {
        Meta::U32(number) => {
            kind(4);
            out.extend(number.to_le_bytes());
        }
        Meta::F32(number) => {
            kind(6);
            out.extend(number.to_le_bytes());
        }
        Meta::Text(words) => {
            kind(8);
            text(out, words);
        }
        Meta::Numbers(numbers) => {
            kind(9);
            out.extend(4u32.to_le_bytes());
            out.extend((numbers.len() as u64).to_le_bytes());
            numbers
                .iter()
                .for_each(|number| out.extend(number.to_le_bytes()));
        }
        Meta::Texts(texts) => {
            kind(9);
            out.extend(8u32.to_le_bytes());
            out.extend((texts.len() as u64).to_le_bytes());
            texts.iter().for_each(|words| text(out, words));
        }
        Meta::Raw(number, bytes) => {
            kind(*number);
            out.extend(bytes);
        }
    }
}
