//! `adapter_model.safetensors`: factors lie in a file of parts until all ranks are known, then the
//! header is written, and everything in its order.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde_json::{Map, Value, json};

use crate::checkpoint::{Dtype, Slot};
use crate::parallel::lock;

/// Factors that were made, in the order in which they became ready.
pub(in crate::extract) struct Parts {
    path: PathBuf,
    file: Mutex<(File, u64)>,
}

/// Where encoded numbers lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::extract) struct Place {
    offset: u64,
    bytes: u64,
}

/// A tensor of the adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::extract) struct Entry<W> {
    pub(in crate::extract) name: String,
    pub(in crate::extract) dtype: Dtype,
    pub(in crate::extract) shape: Vec<usize>,
    /// Where its numbers come from.
    pub(in crate::extract) from: W,
}

impl<W> Entry<W> {
    fn bytes(&self) -> u64 {
        self.dtype.stored_bytes(self.shape.iter().product())
    }
}

/// Bytes that are copied at a time.
const PIECE: usize = 1 << 20;

impl Parts {
    /// An empty file at `path`.
    pub(in crate::extract) fn create(path: PathBuf) -> io::Result<Self> {
        let mut options = File::options();
        let options = options.read(true).write(true).create(true).truncate(true);
        let file = options.open(&path)?;
        Ok(Self {
            path,
            file: Mutex::new((file, 0)),
        })
    }

    /// Adds numbers.
    pub(in crate::extract) fn put(&self, dtype: Dtype, numbers: &[f32]) -> io::Result<Place> {
        let encoded = encoded(dtype, numbers)?;
        let mut own = lock(&self.file);
        let (file, end) = &mut *own;
        let place = Place {
            offset: *end,
            bytes: encoded.len() as u64,
        };
        file.seek(SeekFrom::Start(place.offset))?;
        file.write_all(&encoded)?;
        *end += place.bytes;
        Ok(place)
    }

    /// Copies numbers to another file.
    pub(in crate::extract) fn copy(&self, place: Place, to: &mut dyn Write) -> io::Result<()> {
        let mut own = lock(&self.file);
        own.0.seek(SeekFrom::Start(place.offset))?;
        let mut left = place.bytes;
        let mut piece = vec![0; PIECE];
        while left > 0 {
            let now = left.min(PIECE as u64) as usize;
            own.0.read_exact(&mut piece[..now])?;
            to.write_all(&piece[..now])?;
            left -= now as u64;
        }
        Ok(())
    }

    /// Removes the file.
    pub(in crate::extract) fn remove(self) -> io::Result<()> {
        drop(self.file);
        std::fs::remove_file(self.path)
    }
}

/// Numbers as they are stored.
pub(in crate::extract) fn encoded(dtype: Dtype, numbers: &[f32]) -> io::Result<Vec<u8>> {
    let pieces = Slot::new(dtype, 0).encode(0, numbers);
    let pieces = pieces.ok_or_else(|| io::Error::other(format!("{dtype} is never written")))?;
    Ok(pieces.into_iter().flat_map(|piece| piece.bytes).collect())
}

/// Writes a file of `entries`, wide numbers first; `numbers` writes those of one entry.
pub(in crate::extract) fn write_file<W, E: From<io::Error>>(
    path: &Path,
    mut entries: Vec<Entry<W>>,
    mut numbers: impl FnMut(&Entry<W>, &mut dyn Write) -> Result<(), E>,
) -> Result<u64, E> {
    // So that every tensor begins at a multiple of its number's size.
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.dtype.width_bits()));
    let part = path.with_extension("safetensors.part");
    let mut to = BufWriter::with_capacity(PIECE, File::create(&part)?);
    let header = header(&entries);
    to.write_all(&(header.len() as u64).to_le_bytes())?;
    to.write_all(header.as_bytes())?;
    for entry in &entries {
        numbers(entry, &mut to)?;
    }
    let file = to.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    let written = file.metadata()?.len();
    drop(file);
    std::fs::rename(part, path)?;
    Ok(written)
}

fn header<W>(entries: &[Entry<W>]) -> String {
    let mut fields = Map::new();
    fields.insert("__metadata__".to_owned(), json!({"format": "pt"}));
    let mut begin = 0;
    for entry in entries {
        let end = begin + entry.bytes();
        fields.insert(
            entry.name.clone(),
            json!({
                "dtype": entry.dtype.name(),
                "shape": entry.shape,
                "data_offsets": [begin, end],
            }),
        );
        begin = end;
    }
    let mut header = Value::Object(fields).to_string();
    while !header.len().is_multiple_of(8) {
        header.push(' ');
    }
    header
}
