//! The directory of a zip archive, and where its records lie; nothing is ever unpacked.
//!
//! By APPNOTE.TXT 6.3.10 of PKWARE, with the 64-bit extensions. The directory at the end of the
//! file decides; the header before a record must say the same name.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;

use crc32fast::Hasher as Crc;

use super::trouble::{Trouble, damaged, shown};

/// Bytes of the directory that are read: as many as of a description.
const MAX_DIRECTORY: u64 = super::input::MAX_BYTES;

/// The end record without its comment, and the longest comment.
const END_BYTES: u64 = 22;
const MAX_COMMENT: u64 = 0xffff;

/// What stands where a number needs 64 bits.
const ELSEWHERE: u64 = 0xffff_ffff;

/// An archive by its directory.
#[derive(Debug)]
pub(super) struct Archive {
    records: BTreeMap<Vec<u8>, Record>,
    /// From the directory to the end of the file.
    pub(super) end: Range<u64>,
    /// The bytes of that.
    pub(super) directory: Vec<u8>,
}

/// One record by the directory.
#[derive(Debug, Clone, Copy)]
struct Record {
    is_encrypted: bool,
    method: u64,
    /// CRC-32 of its bytes, as the directory has it.
    checksum: u64,
    packed: u64,
    len: u64,
    /// Where the header before it begins.
    header: u64,
}

/// Numbers at fixed places of some bytes.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    /// Little-endian, `N` bytes from `at` on.
    fn number<const N: usize>(&self, at: usize) -> Result<u64, Trouble> {
        let bytes = at.checked_add(N).and_then(|end| self.0.get(at..end));
        let mut whole = [0; 8];
        whole[..N].copy_from_slice(bytes.ok_or_else(wrong)?);
        Ok(u64::from_le_bytes(whole))
    }
}

fn wrong() -> Trouble {
    damaged("the directory at its end is not whole")
}

/// Reads `len` bytes at a place.
fn read_at(mut file: &File, at: u64, len: usize) -> Result<Vec<u8>, Trouble> {
    let mut bytes = vec![0; len];
    file.seek(SeekFrom::Start(at)).map_err(Trouble::Io)?;
    match file.read_exact(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(wrong()),
        Err(error) => Err(Trouble::Io(error)),
    }
}

impl Archive {
    /// Reads the directory of a file of `len` bytes.
    pub(super) fn read(file: &File, len: u64) -> Result<Self, Trouble> {
        let directory = Directory::find(file, len)?;
        let bytes = len - directory.start;
        if bytes > MAX_DIRECTORY {
            return Err(Trouble::Damaged(format!(
                "the directory at its end has {bytes} bytes, and at most {MAX_DIRECTORY} are read"
            )));
        }
        let bytes = read_at(file, directory.start, bytes as usize)?;
        Ok(Self {
            records: records(&bytes, &directory)?,
            end: directory.start..len,
            directory: bytes,
        })
    }

    /// The one folder that has a record of this name.
    pub(super) fn folder_with(&self, name: &[u8]) -> Result<Vec<u8>, Trouble> {
        let folders = self.records.keys().filter_map(|record| {
            let folder = record.strip_suffix(name)?;
            folder.ends_with(b"/").then_some(folder)
        });
        let folders: Vec<&[u8]> = folders.collect();
        match folders[..] {
            [folder] => Ok(folder.to_vec()),
            [] => Err(Trouble::Unsupported(format!(
                "it is a zip archive without `{}`, which PyTorch would have written",
                shown(name)
            ))),
            _ => Err(Trouble::Unsupported(format!(
                "it is a zip archive with {} records called `{}`",
                folders.len(),
                shown(name)
            ))),
        }
    }

    pub(super) fn has(&self, name: &[u8]) -> bool {
        self.records.contains_key(name)
    }

    /// Whether the bytes of a record, which lie at `place`, have the checksum of the directory.
    pub(super) fn is_intact(
        &self,
        mut file: &File,
        name: &[u8],
        place: &Range<u64>,
    ) -> Result<bool, Trouble> {
        let Some(record) = self.records.get(name) else {
            return Ok(false);
        };
        file.seek(SeekFrom::Start(place.start))
            .map_err(Trouble::Io)?;
        let (mut sum, mut left) = (Crc::new(), place.end - place.start);
        let mut bytes = vec![0; 1 << 16];
        while left > 0 {
            let len = left.min(bytes.len() as u64) as usize;
            let now = bytes.get_mut(..len).ok_or_else(wrong)?;
            file.read_exact(now).map_err(Trouble::Io)?;
            sum.update(now);
            left -= len as u64;
        }
        Ok(u64::from(sum.finalize()) == record.checksum)
    }

    /// Where the bytes of a record lie in the file.
    pub(super) fn place(&self, file: &File, name: &[u8]) -> Result<Range<u64>, Trouble> {
        let says = |what: &str| format!("record `{}` {what}", shown(name));
        let Some(record) = self.records.get(name) else {
            return Err(Trouble::Damaged(says("is missing")));
        };
        if record.is_encrypted {
            return Err(Trouble::Unsupported(says("in it is encrypted")));
        }
        if record.method != 0 {
            return Err(Trouble::Unsupported(says("in it is compressed")));
        }
        if record.packed != record.len {
            return Err(Trouble::Damaged(says("has two lengths")));
        }
        let header = read_at(file, record.header, HEADER_BYTES + name.len())?;
        let fields = Fields(&header);
        let is_its_own = header.starts_with(b"PK\x03\x04")
            && fields.number::<2>(8)? == 0
            && fields.number::<2>(26)? == name.len() as u64
            && header.get(HEADER_BYTES..) == Some(name);
        if !is_its_own {
            let reason = says("is not where the directory says");
            return Err(Trouble::Damaged(reason));
        }
        let before = (HEADER_BYTES + name.len()) as u64 + fields.number::<2>(28)?;
        let start = record.header.checked_add(before);
        let end = start.and_then(|start| start.checked_add(record.len));
        match (start, end) {
            (Some(start), Some(end)) if end <= self.end.start => Ok(start..end),
            _ => Err(Trouble::Damaged(says("reaches beyond the end"))),
        }
    }
}

/// The header before a record without its name.
const HEADER_BYTES: usize = 30;

/// An entry of the directory without its name.
const ENTRY_BYTES: usize = 46;

/// Where the directory lies.
struct Directory {
    start: u64,
    len: u64,
    entries: u64,
}

impl Directory {
    fn find(file: &File, len: u64) -> Result<Self, Trouble> {
        let tail_len = len.min(END_BYTES + MAX_COMMENT);
        let tail_start = len - tail_len;
        let tail = read_at(file, tail_start, tail_len as usize)?;
        let is_end = |at: &usize| {
            let end = tail.get(*at..).unwrap_or_default();
            let comment = Fields(end).number::<2>(20).ok();
            end.starts_with(b"PK\x05\x06")
                && comment.map(|comment| comment + END_BYTES) == Some(end.len() as u64)
        };
        let at = (0..tail.len()).rev().find(is_end).ok_or_else(|| {
            damaged("the directory that belongs to its end is missing, it was cut short")
        })?;
        let end_at = tail_start + at as u64;
        let fields = Fields(&tail[at..]);
        let mut own = Self {
            entries: fields.number::<2>(10)?,
            len: fields.number::<4>(12)?,
            start: fields.number::<4>(16)?,
        };
        let mut before = end_at;
        if own.entries == 0xffff || own.len == ELSEWHERE || own.start == ELSEWHERE {
            (own, before) = Self::wide(file, end_at)?;
        }
        let end = own.start.checked_add(own.len);
        let fits = end.is_some_and(|end| end <= before);
        let room = own.entries.checked_mul(ENTRY_BYTES as u64);
        if !fits || room.is_none_or(|room| room > own.len) {
            return Err(wrong());
        }
        Ok(own)
    }

    /// By the 64-bit end record, which a locator before the other one leads to.
    fn wide(file: &File, end_at: u64) -> Result<(Self, u64), Trouble> {
        const LOCATOR_BYTES: u64 = 20;
        const WIDE_BYTES: u64 = 56;
        let at = end_at.checked_sub(LOCATOR_BYTES).ok_or_else(wrong)?;
        let locator = read_at(file, at, LOCATOR_BYTES as usize)?;
        let wide_at = Fields(&locator).number::<8>(8)?;
        let fits = wide_at.checked_add(WIDE_BYTES).is_some_and(|end| end <= at);
        if !locator.starts_with(b"PK\x06\x07") || !fits {
            return Err(wrong());
        }
        let wide = read_at(file, wide_at, WIDE_BYTES as usize)?;
        if !wide.starts_with(b"PK\x06\x06") {
            return Err(wrong());
        }
        let fields = Fields(&wide);
        let own = Self {
            entries: fields.number::<8>(32)?,
            len: fields.number::<8>(40)?,
            start: fields.number::<8>(48)?,
        };
        Ok((own, wide_at))
    }
}

fn records(bytes: &[u8], directory: &Directory) -> Result<BTreeMap<Vec<u8>, Record>, Trouble> {
    let mut records = BTreeMap::new();
    // At most `MAX_DIRECTORY`, which was read.
    let mut rest = bytes.get(..directory.len as usize).ok_or_else(wrong)?;
    for _ in 0..directory.entries {
        let fields = Fields(rest);
        let name_end = ENTRY_BYTES + fields.number::<2>(28)? as usize;
        let extra_end = name_end + fields.number::<2>(30)? as usize;
        let end = extra_end + fields.number::<2>(32)? as usize;
        let name = rest.get(ENTRY_BYTES..name_end).ok_or_else(wrong)?;
        let extra = rest.get(name_end..extra_end).ok_or_else(wrong)?;
        if !rest.starts_with(b"PK\x01\x02") {
            return Err(wrong());
        }
        let record = record(&fields, extra)?;
        if records.insert(name.to_vec(), record).is_some() {
            let reason = format!("two records are called `{}`", shown(name));
            return Err(Trouble::Damaged(reason));
        }
        rest = rest.get(end..).ok_or_else(wrong)?;
    }
    Ok(records)
}

fn record(fields: &Fields<'_>, extra: &[u8]) -> Result<Record, Trouble> {
    let mut record = Record {
        is_encrypted: fields.number::<2>(8)? & 1 == 1,
        method: fields.number::<2>(10)?,
        checksum: fields.number::<4>(16)?,
        packed: fields.number::<4>(20)?,
        len: fields.number::<4>(24)?,
        header: fields.number::<4>(42)?,
    };
    let wide = Fields(wide_numbers(extra));
    let mut at = 0;
    // In this order, those that are missing above.
    for number in [&mut record.len, &mut record.packed, &mut record.header] {
        if *number == ELSEWHERE {
            *number = wide.number::<8>(at)?;
            at += 8;
        }
    }
    Ok(record)
}

/// The 64-bit numbers among the extra fields of an entry.
fn wide_numbers(mut extra: &[u8]) -> &[u8] {
    while let Some((&[a, b, c, d], rest)) = extra.split_first_chunk::<4>() {
        let (id, len) = (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
        let Some((field, later)) = rest.split_at_checked(usize::from(len)) else {
            break;
        };
        if id == 1 {
            return field;
        }
        extra = later;
    }
    &[]
}
