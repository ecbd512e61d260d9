//! Files of PyTorch before 1.6, which `torch.save` still writes when it is asked to.
//!
//! Five pickles (a magic number, the version, the writing machine, the object, the keys of the
//! storages), then for each key how many numbers there are, in eight bytes, and the numbers.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;

use super::claim::Storage;
use super::container::Described;
use super::input::Input;
use super::pickle::Machine;
use super::trouble::{BIG_ENDIAN, Trouble, damaged, shown, unsupported};
use super::value::{Heap, Value};

/// 0x1950a86a20f9469cfc6c, as a pickle has it, and its last instruction.
const MAGIC: &[u8] = b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";

const VERSION: i64 = 1001;

/// What a file describes, and where its storages lie.
pub(super) struct Legacy {
    pub(super) heap: Heap,
    pub(super) top: Value,
    /// The pickles.
    pub(super) text: Vec<u8>,
    /// The bytes of each storage in the file, and how it was described.
    pub(super) storages: BTreeMap<String, (Storage, Range<u64>)>,
}

/// Reads a file of `len` bytes from its start.
pub(super) fn read(file: &File, len: u64) -> Result<Legacy, Trouble> {
    let mut machine = Machine::new(Input::new(file, len));
    machine.read()?;
    let start = machine.input.text().get(..machine.input.at());
    if !start.unwrap_or_default().ends_with(MAGIC) {
        return Err(unsupported(
            "it is a pickle of another program and not one that PyTorch wrote",
        ));
    }
    if machine.read()? != Value::Int(VERSION) {
        let reason = format!("it is not of version {VERSION}, the only one there was");
        return Err(Trouble::Unsupported(reason));
    }
    let machine_info = machine.read()?;
    let is_little = is_little_endian(machine.described(), machine_info);
    if !is_little {
        return Err(unsupported(BIG_ENDIAN));
    }
    let top = machine.read()?;
    let keys = machine.read()?;
    let pickles = machine.input.at();
    let claimed = claimed(&machine)?;
    let described = machine.described();
    let mut storages = BTreeMap::new();
    let mut at = pickles as u64;
    for key in keys_of(described, keys)? {
        let Some(storage) = claimed.get(&key) else {
            let key = shown(key.as_bytes());
            let reason = format!("storage `{key}` of it is described nowhere");
            return Err(Trouble::Damaged(reason));
        };
        let place = place(file, at, storage, len)?;
        at = place.end;
        if storages.insert(key, (storage.clone(), place)).is_some() {
            return Err(damaged("it has a storage twice"));
        }
    }
    let (heap, mut text) = machine.into_parts();
    text.truncate(pickles);
    Ok(Legacy {
        heap,
        top,
        text,
        storages,
    })
}

fn is_little_endian(described: Described<'_>, info: Value) -> bool {
    let Value::Dict(node) = info else {
        return false;
    };
    let mut pairs = described.heap.pairs(node);
    pairs.any(|(key, value)| match key {
        Value::Text(key) => described.bytes(key) == b"little_endian" && value == Value::Bool(true),
        _ => false,
    })
}

/// Every storage that the object names, by its key.
fn claimed<R: Read>(machine: &Machine<R>) -> Result<BTreeMap<String, Storage>, Trouble> {
    let described = machine.described();
    let mut claimed: BTreeMap<String, Storage> = BTreeMap::new();
    for &node in &machine.storages {
        let storage = described.storage(node)?;
        if let Some(other) = claimed.get(&storage.key) {
            storage.check_same(other)?;
        } else {
            claimed.insert(storage.key.clone(), storage);
        }
    }
    Ok(claimed)
}

fn keys_of(described: Described<'_>, keys: Value) -> Result<Vec<String>, Trouble> {
    let wrong = || damaged("the list of its storages is none");
    let Value::List(node) = keys else {
        return Err(wrong());
    };
    let keys = described.heap.items(node).iter().map(|&key| match key {
        Value::Text(text) => std::str::from_utf8(described.bytes(text)).ok(),
        _ => None,
    });
    let keys = keys.map(|key| key.map(str::to_owned).ok_or_else(wrong));
    keys.collect()
}

/// Where the numbers of a storage lie whose length stands at `at`.
fn place(mut file: &File, at: u64, storage: &Storage, len: u64) -> Result<Range<u64>, Trouble> {
    let key = shown(storage.key.as_bytes());
    let mut found = [0; 8];
    file.seek(SeekFrom::Start(at)).map_err(Trouble::Io)?;
    match file.read_exact(&mut found) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
            let reason = format!("it ends before storage `{key}`");
            return Err(Trouble::Damaged(reason));
        }
        other => other.map_err(Trouble::Io)?,
    }
    let found = u64::from_le_bytes(found);
    let expected = storage.elements;
    if found != expected {
        let reason =
            format!("storage `{key}` should have {expected} numbers and says that it has {found}");
        return Err(Trouble::Damaged(reason));
    }
    let start = at + 8;
    let end = start.checked_add(storage.len_bytes());
    match end.filter(|&end| end <= len) {
        Some(end) => Ok(start..end),
        None => {
            let reason = format!("it ends before the {expected} numbers of storage `{key}` do");
            Err(Trouble::Damaged(reason))
        }
    }
}
