//! The header of a GGUF file: metadata, then the list of tensors.
//!
//! Layout, little-endian (`docs/gguf.md` of ggml): `GGUF`, u32 version, u64 tensors, u64 entries;
//! an entry is a string key, a u32 kind and a value; a tensor is a string name, u32 dimensions, a
//! u64 each (fastest first), a u32 type and a u64 offset from the start of the data; the data
//! start at the next multiple of the alignment. Nothing says how long the header is, so that it
//! is read as far as its parts go, never beyond [`MAX_BYTES`], and kept as it is: vocabularies
//! are copied, not understood.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::ops::Range;

use super::value::{Array, Value, ValueKind};
use crate::checkpoint::limits;

/// The longest header that is read. The largest vocabularies, with their merges, take 20 MB.
pub(super) const MAX_BYTES: usize = 64 << 20;

/// Dimensions of a tensor: as many as ggml has.
const MOST_DIMS: u32 = 4;

/// Of files that do not say.
const DEFAULT_ALIGNMENT: u64 = 32;

/// Padding of this length is written where a template says so; real files have 32 or 64, and the
/// largest pages of memory are of this size.
const MOST_ALIGNMENT: u64 = 1 << 21;

/// How much is read at once.
const PIECE: usize = 1 << 16;

/// What a header claims; sizes and places of the tensors are not checked.
#[derive(Debug)]
pub(super) struct Header {
    /// All of it, from the first byte of the file on.
    pub(super) bytes: Vec<u8>,
    pub(super) entries: Vec<Entry>,
    /// Which entry has a key: every tensor may ask for one.
    places: BTreeMap<String, usize>,
    pub(super) infos: Vec<Info>,
    pub(super) alignment: u64,
}

/// An entry of the metadata.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    kind: ValueKind,
    /// Kind and count, if it is an array.
    array: Option<(ValueKind, u64)>,
    /// The value's bytes in the header; of strings and arrays, what comes after the length.
    value: Range<usize>,
    /// All bytes of the entry in the header.
    pub(super) whole: Range<usize>,
}

/// What the list says of a tensor.
#[derive(Debug, Clone)]
pub(super) struct Info {
    pub(super) name: String,
    /// Fastest first.
    pub(super) dims: Vec<u64>,
    /// Number of its type.
    pub(super) kind: u32,
    /// From the start of the data.
    pub(super) offset: u64,
}

impl Header {
    /// Reads the header of a file of `len` bytes from its start; the error is a clause.
    pub(super) fn read(file: &mut impl Read, len: u64) -> Result<Self, String> {
        let mut reader = Reader::new(file, len);
        if reader.take(4, "the magic")? != b"GGUF" {
            return Err("it does not begin with `GGUF`".to_owned());
        }
        let version = reader.u32("the version")?;
        if version > 0xffff && version.swap_bytes() < 0xffff {
            return Err("it is big-endian, and only little-endian files are read".to_owned());
        }
        if version != 2 && version != 3 {
            return Err(format!("it has version {version}, and 2 and 3 are read"));
        }
        let tensors = reader.count("tensors", limits::TENSORS)?;
        let count = reader.count("entries of metadata", limits::METADATA_KEYS)?;
        let (entries, places) = reader.entries(count)?;
        let infos = reader.infos(tensors)?;
        let mut header = Self {
            bytes: reader.bytes_read(),
            entries,
            places,
            infos,
            alignment: DEFAULT_ALIGNMENT,
        };
        header.alignment = header.checked_alignment()?;
        Ok(header)
    }

    fn checked_alignment(&self) -> Result<u64, String> {
        let Some(value) = self.value("general.alignment") else {
            return Ok(DEFAULT_ALIGNMENT);
        };
        match value {
            Value::Scalar(ValueKind::U32, _) => {}
            _ => return Err("`general.alignment` is not a u32".to_owned()),
        }
        let found = value.number().unwrap_or(0);
        if !found.is_power_of_two() {
            return Err(format!(
                "`general.alignment` is {found}, which is no power of two"
            ));
        }
        if found > MOST_ALIGNMENT {
            return Err(format!(
                "`general.alignment` is {found}, and at most {MOST_ALIGNMENT} is read"
            ));
        }
        Ok(found)
    }

    /// The first byte of the data in the file.
    pub(super) fn data_start(&self) -> u64 {
        (self.bytes.len() as u64).next_multiple_of(self.alignment)
    }

    /// The value of an entry.
    pub(super) fn value(&self, key: &str) -> Option<Value<'_>> {
        let entry = self.entries.get(*self.places.get(key)?)?;
        self.value_of(entry)
    }

    pub(super) fn value_of(&self, entry: &Entry) -> Option<Value<'_>> {
        let bytes = self.bytes.get(entry.value.clone())?;
        Some(match (entry.kind, entry.array) {
            (ValueKind::String, _) => Value::Text(std::str::from_utf8(bytes).ok()?),
            (ValueKind::Array, Some((kind, count))) => Value::Array(Array { kind, count, bytes }),
            (kind, _) => Value::Scalar(kind, bytes),
        })
    }

    pub(super) fn text(&self, key: &str) -> Option<&str> {
        match self.value(key)? {
            Value::Text(text) => Some(text),
            Value::Scalar(..) | Value::Array(_) => None,
        }
    }

    pub(super) fn number(&self, key: &str) -> Option<u64> {
        self.value(key)?.number()
    }
}

/// Reads forward and keeps what it read.
struct Reader<'f, F> {
    file: &'f mut F,
    /// Bytes of the file.
    len: u64,
    bytes: Vec<u8>,
    at: usize,
}

impl<'f, F: Read> Reader<'f, F> {
    fn new(file: &'f mut F, len: u64) -> Self {
        Self {
            file,
            len,
            bytes: Vec::new(),
            at: 0,
        }
    }

    fn bytes_read(self) -> Vec<u8> {
        let mut bytes = self.bytes;
        bytes.truncate(self.at);
        bytes
    }

    /// Sees to it that `n` more bytes are there.
    fn need(&mut self, n: u64, what: &str) -> Result<usize, String> {
        let end = (self.at as u64)
            .checked_add(n)
            .filter(|&end| end <= self.len);
        let end = end.ok_or_else(|| {
            let left = self.len - self.at as u64;
            format!("{what} should have {n} bytes, and the file has {left} more")
        })?;
        let end = usize::try_from(end).ok().filter(|&end| end <= MAX_BYTES);
        let end = end.ok_or_else(|| format!("it goes on for more than {MAX_BYTES} bytes"))?;
        while self.bytes.len() < end {
            let wanted = (end - self.bytes.len()).max(PIECE);
            self.bytes.reserve(wanted);
            let mut part = self.file.by_ref().take(wanted as u64);
            match part.read_to_end(&mut self.bytes) {
                Ok(0) => return Err("the file is shorter than it was".to_owned()),
                Ok(_) => {}
                Err(error) => return Err(format!("it cannot be read ({error})")),
            }
        }
        Ok(end)
    }

    fn take(&mut self, n: u64, what: &str) -> Result<&[u8], String> {
        let range = self.range(n, what)?;
        Ok(&self.bytes[range])
    }

    fn range(&mut self, n: u64, what: &str) -> Result<Range<usize>, String> {
        let end = self.need(n, what)?;
        let range = self.at..end;
        self.at = end;
        Ok(range)
    }

    fn u32(&mut self, what: &str) -> Result<u32, String> {
        let bytes = self.take(4, what)?;
        Ok(u32::from_le_bytes(bytes.try_into().unwrap_or_default()))
    }

    fn u64(&mut self, what: &str) -> Result<u64, String> {
        let bytes = self.take(8, what)?;
        Ok(u64::from_le_bytes(bytes.try_into().unwrap_or_default()))
    }

    fn count(&mut self, what: &str, most: usize) -> Result<usize, String> {
        let found = self.u64(&format!("the number of {what}"))?;
        let fits = usize::try_from(found).ok().filter(|&n| n <= most);
        fits.ok_or_else(|| format!("it claims {found} {what}, and at most {most} are read"))
    }

    /// A string that is kept: a key or a name.
    fn name(&mut self, what: &str) -> Result<String, String> {
        let length = self.u64(what)?;
        if length > limits::NAME_BYTES as u64 {
            let most = limits::NAME_BYTES;
            return Err(format!(
                "{what} has {length} bytes, and at most {most} are read"
            ));
        }
        let bytes = self.take(length, what)?;
        let text = std::str::from_utf8(bytes).map_err(|_| format!("{what} is not UTF-8"))?;
        if text.is_empty() {
            return Err(format!("{what} is empty"));
        }
        Ok(text.to_owned())
    }

    /// All entries, and the place of each by its key.
    fn entries(&mut self, count: usize) -> Result<(Vec<Entry>, BTreeMap<String, usize>), String> {
        let mut entries = Vec::new();
        let mut places = BTreeMap::new();
        for k in 0..count {
            let start = self.at;
            let key = self.name(&format!("the key of entry {k}"))?;
            let mut entry = self.value(key)?;
            entry.whole = start..self.at;
            if places.insert(entry.key.clone(), k).is_some() {
                return Err(format!("`{}` is named twice", entry.key));
            }
            entries.push(entry);
        }
        Ok((entries, places))
    }

    fn kind(&mut self, what: &str) -> Result<ValueKind, String> {
        let number = self.u32(what)?;
        ValueKind::of(number).ok_or_else(|| format!("{what} is of kind {number}, which is not one"))
    }

    fn value(&mut self, key: String) -> Result<Entry, String> {
        let what = format!("the value of `{key}`");
        let kind = self.kind(&what)?;
        let mut array = None;
        let value = match kind {
            ValueKind::String => self.string(&what)?,
            ValueKind::Array => {
                let own = self.kind(&what)?;
                let count = self.u64(&what)?;
                array = Some((own, count));
                self.array(own, count, &what)?
            }
            scalar => self.range(scalar.width().unwrap_or(0) as u64, &what)?,
        };
        if kind == ValueKind::String && std::str::from_utf8(&self.bytes[value.clone()]).is_err() {
            return Err(format!("{what} is not UTF-8"));
        }
        Ok(Entry {
            key,
            kind,
            array,
            value,
            whole: 0..0,
        })
    }

    fn string(&mut self, what: &str) -> Result<Range<usize>, String> {
        let length = self.u64(what)?;
        self.range(length, what)
    }

    fn array(&mut self, kind: ValueKind, count: u64, what: &str) -> Result<Range<usize>, String> {
        let start = self.at;
        match (kind, kind.width()) {
            (_, Some(width)) => {
                let bytes = count.checked_mul(width as u64);
                let bytes = bytes.ok_or_else(|| {
                    format!("{what} claims {count} values, more than can be counted")
                })?;
                self.range(bytes, what)?;
            }
            (ValueKind::String, None) => {
                // Every one has at least its length.
                self.need(count.saturating_mul(8), what)?;
                for _ in 0..count {
                    self.string(what)?;
                }
            }
            (_, None) => return Err(format!("{what} is an array of arrays, which is not read")),
        }
        Ok(start..self.at)
    }

    fn infos(&mut self, count: usize) -> Result<Vec<Info>, String> {
        let mut infos: Vec<Info> = Vec::new();
        let mut seen = BTreeSet::new();
        for k in 0..count {
            let name = self.name(&format!("the name of tensor {k}"))?;
            let what = format!("tensor `{name}`");
            let dims = self.u32(&what)?;
            if dims > MOST_DIMS {
                return Err(format!(
                    "{what} has {dims} dimensions, and at most 4 are possible"
                ));
            }
            let dims: Result<Vec<u64>, String> = (0..dims).map(|_| self.u64(&what)).collect();
            let info = Info {
                dims: dims?,
                kind: self.u32(&what)?,
                offset: self.u64(&what)?,
                name,
            };
            if !seen.insert(info.name.clone()) {
                return Err(format!("{what} is named twice"));
            }
            infos.push(info);
        }
        Ok(infos)
    }
}
