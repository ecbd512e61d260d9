//! PyTorch files: `.bin`, `.pt`, `.pth` and `.ckpt`, in the zip format and in the one before it.
//!
//! Such a file describes its tensors by a pickle, which is a program: whoever runs it does what
//! the file's author wanted. Here it is read as data. [`pickle`] follows the instructions and
//! [`construct`] knows the few functions that make tensors; what any other name makes is a value
//! that only remembers the name. Beside the weights such values are left out, in their place they
//! are refused, and names that run programs are refused everywhere.
//!
//! Of the checksums of the archive that of the description is compared, and what differs is a
//! remark: PyTorch can be told to write none, and then loads the file all the same. Those of the
//! numbers are not: opening reads no numbers, and later they are read in any order and in part.
//!
//! The numbers stay where they are, in records of the archive that are not compressed, and are
//! mapped like those of safetensors. Written after PyTorch 2.15 (`torch/serialization.py`,
//! `torch/_utils.py`).

mod claim;
mod construct;
mod container;
mod input;
mod legacy;
mod pickle;
mod strided;
mod trouble;
mod types;
mod value;
mod zip;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::Arc;

use self::claim::{Claim, Storage};
use self::container::{Described, Found};
use self::input::{Input, MAX_BYTES};
use self::pickle::Machine;
use self::strided::Strided;
use self::trouble::{BIG_ENDIAN, Trouble, shown, unsupported};
use self::value::Value;
use self::zip::Archive;
use super::error::CheckpointError;
use super::listed::Listed;
use super::source::Stored;
use super::tensor::Tensor;
use super::weights::{Opening, Weights};

/// How many bytes [`is_torch`] looks at.
pub(super) const START_BYTES: usize = 9;

/// Whether a file that begins like this is one of PyTorch, or what it is made of: a zip archive,
/// or a pickle of protocol 2 or later.
pub(super) fn is_torch(start: &[u8]) -> bool {
    match start {
        // The length of a header of safetensors can begin like a pickle.
        [0x80, _, _, _, 0, 0, 0, 0, b'{', ..] => false,
        [b'P', b'K', 3, 4, ..] | [0x80, 2..=5, ..] => true,
        _ => false,
    }
}

/// What was read of a file before it is mapped.
struct Description {
    claims: Vec<Claim>,
    remarks: Vec<String>,
    /// The bytes of each storage.
    places: BTreeMap<String, Range<u64>>,
    /// Where in the file the description stands, and what it is.
    stands: Vec<Range<u64>>,
    text: Vec<u8>,
}

/// Reads what describes the tensors, and maps the file.
pub(super) fn open(opening: &Opening<'_>, is_zip: bool) -> Result<Listed, CheckpointError> {
    let path = opening.path;
    let len = opening.metadata.len();
    let read = if is_zip { zipped } else { old };
    let description = read(&opening.file, len).map_err(|trouble| trouble.at(path))?;
    let file = opening.map(&description.stands, &description.text)?;
    let places = &description.places;
    let tensors = description.claims.into_iter();
    let tensors: Result<Vec<Tensor>, Trouble> =
        tensors.map(|claim| tensor(claim, places, &file)).collect();
    Ok(Listed {
        tensors: tensors.map_err(|trouble| trouble.at(path))?,
        remarks: description.remarks,
        file,
    })
}

fn zipped(mut file: &File, len: u64) -> Result<Description, Trouble> {
    let archive = Archive::read(file, len)?;
    let folder = archive.folder_with(b"data.pkl")?;
    let named = |name: &[u8]| [&folder, name].concat();
    check_byte_order(file, &archive, &named(b"byteorder"))?;
    let pickle = archive.place(file, &named(b"data.pkl"))?;
    let is_intact = pickle.end - pickle.start > MAX_BYTES
        || archive.is_intact(file, &named(b"data.pkl"), &pickle)?;
    file.seek(SeekFrom::Start(pickle.start))
        .map_err(Trouble::Io)?;
    let mut machine = Machine::new(Input::new(file, pickle.end - pickle.start));
    let top = machine.read()?;
    let (claims, mut remarks) = claims(machine.described(), top)?;
    let mut places: BTreeMap<String, (Storage, Range<u64>)> = BTreeMap::new();
    for Claim { storage, name, .. } in &claims {
        if let Some((other, _)) = places.get(&storage.key) {
            storage.check_same(other)?;
            continue;
        }
        let record = named(format!("data/{}", storage.key).as_bytes());
        let place = archive.place(file, &record)?;
        check_length(name, storage, &place)?;
        places.insert(storage.key.clone(), (storage.clone(), place));
    }
    if !is_intact {
        remarks.push(
            "the checksum of its description is not right: it was damaged, or written without \
             checksums"
                .to_owned(),
        );
    }
    let (_, mut text) = machine.into_parts();
    let stands = vec![pickle.start..pickle.start + text.len() as u64, archive.end];
    text.extend(archive.directory);
    Ok(Description {
        claims,
        remarks,
        places: without_claims(places),
        stands,
        text,
    })
}

fn old(file: &File, len: u64) -> Result<Description, Trouble> {
    let legacy = legacy::read(file, len)?;
    let described = Described {
        heap: &legacy.heap,
        text: &legacy.text,
    };
    let (claims, remarks) = claims(described, legacy.top)?;
    let stands = 0..legacy.text.len() as u64;
    Ok(Description {
        claims,
        remarks,
        places: without_claims(legacy.storages),
        stands: vec![stands],
        text: legacy.text,
    })
}

fn claims(described: Described<'_>, top: Value) -> Result<(Vec<Claim>, Vec<String>), Trouble> {
    let Found { tensors, remarks } = described.weights(top)?;
    let tensors = tensors.into_iter();
    let claims: Result<_, _> = tensors
        .map(|(name, rebuilt)| described.claim(name, rebuilt))
        .collect();
    Ok((claims?, remarks))
}

fn without_claims(places: BTreeMap<String, (Storage, Range<u64>)>) -> BTreeMap<String, Range<u64>> {
    let places = places.into_iter();
    places.map(|(key, (_, place))| (key, place)).collect()
}

/// Files without the record are older than it, and little-endian.
fn check_byte_order(mut file: &File, archive: &Archive, name: &[u8]) -> Result<(), Trouble> {
    if !archive.has(name) {
        return Ok(());
    }
    let place = archive.place(file, name)?;
    let mut order = Vec::new();
    file.seek(SeekFrom::Start(place.start))
        .map_err(Trouble::Io)?;
    let most = (place.end - place.start).min(16);
    file.take(most)
        .read_to_end(&mut order)
        .map_err(Trouble::Io)?;
    match order.trim_ascii() {
        b"little" => Ok(()),
        b"big" => Err(unsupported(BIG_ENDIAN)),
        other => {
            let reason = format!("its bytes are in an order called `{}`", shown(other));
            Err(Trouble::Unsupported(reason))
        }
    }
}

fn check_length(tensor: &str, storage: &Storage, place: &Range<u64>) -> Result<(), Trouble> {
    let (found, expected) = (place.end - place.start, storage.len_bytes());
    if found == expected {
        return Ok(());
    }
    Err(Trouble::Tensor {
        tensor: tensor.to_owned(),
        reason: format!("needs a storage of {expected} bytes, and the file has {found} of it"),
    })
}

/// The tensor of a claim whose storage was found and has the bytes that it should.
fn tensor(
    claim: Claim,
    places: &BTreeMap<String, Range<u64>>,
    file: &Arc<Weights>,
) -> Result<Tensor, Trouble> {
    let Claim {
        name,
        dtype,
        shape,
        apart,
        storage,
        range,
    } = claim;
    let place = places.get(&storage.key);
    let place = place.map(|place| place.start + range.start..place.start + range.end);
    let Some(place) = place.filter(|place| place.end <= file.size_bytes()) else {
        return Err(Trouble::Tensor {
            tensor: name,
            reason: format!("lies in storage `{}`, which is missing", storage.key),
        });
    };
    // Within the map, whose length is one of memory.
    let stored = Stored {
        file: Arc::clone(file),
        range: place.start as usize..place.end as usize,
    };
    let mut outer = apart.unwrap_or_default();
    let Some(inner) = outer.pop() else {
        return Ok(Tensor::plain(name, dtype, shape, stored));
    };
    let source = Arc::new(Strided {
        float: dtype.float(),
        stored,
        outer,
        inner,
    });
    Ok(Tensor::coded(name, dtype, shape, source))
}
