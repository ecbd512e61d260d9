//! The header of a safetensors file: eight bytes of length, then JSON.
//!
//! Read as a file and not from the map, so that bytes that change meanwhile are never parsed. The
//! `safetensors` crate reads headers too; its errors
//! name neither the tensor nor what was expected, and it lets the last of two equal names win.
//! So the JSON is read here, and [`super::layout`] checks what it claims.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Read};
use std::path::Path;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::error::CheckpointError;
use super::json::{AnyText, Numbers, Pairs, Text, reason, repeated};
use super::limits;

/// The longest header that is read, the same bound as in the reference implementation.
const MAX_HEADER_BYTES: u64 = 100_000_000;

const LFS_POINTER: &[u8] = b"version https://git-lfs";

/// What a header claims about one tensor; nothing of it has been checked.
#[derive(Debug, Deserialize)]
pub(super) struct Claim<'a> {
    #[serde(borrow)]
    pub(super) dtype: Cow<'a, str>,
    pub(super) shape: Numbers<{ limits::DIMENSIONS }>,
    /// First byte and the byte after the last, counted from the end of the header.
    pub(super) data_offsets: (u64, u64),
}

/// Reads the JSON header of `file`, which has `len` bytes and is at its start.
pub(super) fn read(
    path: &Path,
    file: &mut impl Read,
    len: u64,
) -> Result<Vec<u8>, CheckpointError> {
    let unreadable = |error: io::Error| CheckpointError::unreadable(path, error.into());
    let mut start = Vec::new();
    let most = LFS_POINTER.len() as u64;
    let taken = file.by_ref().take(most).read_to_end(&mut start);
    taken.map_err(unreadable)?;
    if start == LFS_POINTER {
        return Err(CheckpointError::GitLfsPointer {
            path: path.to_owned(),
        });
    }
    let Some((length, rest)) = start.split_first_chunk::<8>() else {
        return Err(CheckpointError::TooShort {
            path: path.to_owned(),
            found: start.len(),
        });
    };
    let found = u64::from_le_bytes(*length);
    let expected = MAX_HEADER_BYTES.min(len.saturating_sub(8));
    let wrong = || CheckpointError::HeaderLength {
        path: path.to_owned(),
        expected,
        found,
    };
    if found > expected {
        return Err(match other_thing(&start) {
            Some(thing) => CheckpointError::OtherThing {
                path: path.to_owned(),
                found: thing,
            },
            None => wrong(),
        });
    }
    // At most `MAX_HEADER_BYTES`.
    let mut json = rest[..rest.len().min(found as usize)].to_vec();
    let left = found - json.len() as u64;
    json.reserve_exact(left as usize);
    file.take(left).read_to_end(&mut json).map_err(unreadable)?;
    // The file is shorter than it was a moment ago.
    if json.len() as u64 != found {
        return Err(wrong());
    }
    Ok(json)
}

/// What files that are called safetensors turn out to be, by their first bytes.
const OTHER_THINGS: &[(&[u8], &str)] = &[
    (b"<!DOCTYPE", "a web page"),
    (b"<!doctype", "a web page"),
    (b"<html", "a web page"),
    (b"<?xml", "an XML text"),
    (b"{", "a JSON text"),
    (
        b"Entry not found",
        "a server's answer that there is no such file",
    ),
    (
        b"Invalid username",
        "a server's answer that the download needs a login",
    ),
    (
        b"Access to model",
        "a server's answer that the download needs a login",
    ),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"PK", "a zip archive"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x89HDF", "an HDF5 file"),
    (b"GGUF", "a GGUF file"),
    (b"ustar", "a tar archive"),
];

fn other_thing(start: &[u8]) -> Option<&'static str> {
    let known = OTHER_THINGS.iter().find(|(own, _)| start.starts_with(own));
    known.map(|(_, thing)| *thing)
}

/// Reads the claims of a header, in the order of the file.
pub(super) fn claims<'a>(
    path: &Path,
    json: &'a [u8],
) -> Result<Vec<(String, Claim<'a>)>, CheckpointError> {
    let invalid = |reason: String| CheckpointError::Header {
        path: path.to_owned(),
        reason,
    };
    let text = std::str::from_utf8(json)
        .map_err(|error| invalid(format!("it is not UTF-8 at byte {}", error.valid_up_to())))?;
    if !text.starts_with('{') {
        return Err(invalid(
            "expected `{` at its start and found something else".to_owned(),
        ));
    }
    let header: Header<'_> = serde_json::from_str(text).map_err(|error| invalid(reason(&error)))?;
    Ok(header.0)
}

/// The values of the metadata are passed over.
type Metadata<'a> = Pairs<Text<'a, { limits::NAME_BYTES }>, AnyText, { limits::METADATA_KEYS }>;

struct Header<'a>(Vec<(String, Claim<'a>)>);

impl<'de> Deserialize<'de> for Header<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(HeaderVisitor)
    }
}

struct HeaderVisitor;

impl<'de> Visitor<'de> for HeaderVisitor {
    type Value = Header<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut claims = Vec::new();
        let mut metadata_seen = false;
        while let Some(name) = map.next_key::<Text<'de, { limits::NAME_BYTES }>>()? {
            let name = name.0.into_owned();
            if name == "__metadata__" {
                map.next_value::<Option<Metadata<'de>>>()
                    .map_err(|error| A::Error::custom(format_args!("`{name}`: {error}")))?;
                if std::mem::replace(&mut metadata_seen, true) {
                    return Err(A::Error::custom("`__metadata__` is named twice"));
                }
                continue;
            }
            if claims.len() == limits::TENSORS {
                return Err(A::Error::custom(format_args!(
                    "it has more than {} tensors",
                    limits::TENSORS
                )));
            }
            let claim = map
                .next_value::<Claim<'de>>()
                .map_err(|error| A::Error::custom(format_args!("tensor `{name}`: {error}")))?;
            claims.push((name, claim));
        }
        match repeated(claims.iter().map(|(name, _)| name.as_str())) {
            Some(name) => Err(A::Error::custom(format_args!(
                "tensor `{name}` is named twice"
            ))),
            None => Ok(Header(claims)),
        }
    }
}
