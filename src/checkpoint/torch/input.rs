//! Bytes of a description, read as far as they are asked for and kept.
//!
//! Where a pickle ends is known only when it has been read, and the numbers may follow it in the
//! same file. So no length is trusted: what a pickle claims is first compared with what is left.

use std::io::Read;
use std::ops::Range;

use super::trouble::{Trouble, damaged};

/// Bytes of all pickles of a file: the same bound as for a safetensors header.
pub(super) const MAX_BYTES: u64 = 100_000_000;

/// Bytes that are read at once.
const STEP: usize = 1 << 16;

/// A file from one place on, of which no more than some bytes are read.
pub(super) struct Input<R> {
    file: R,
    /// Bytes that may be read yet.
    left: u64,
    text: Vec<u8>,
    at: usize,
}

/// Some of the bytes that were read; so short because there are millions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Text {
    start: u32,
    len: u32,
}

impl Text {
    fn new(range: &Range<usize>) -> Self {
        // Both are below `MAX_BYTES`.
        Self {
            start: range.start as u32,
            len: range.len() as u32,
        }
    }

    pub(super) fn range(self) -> Range<usize> {
        self.start as usize..self.start as usize + self.len as usize
    }
}

impl<R: Read> Input<R> {
    /// The next `len` bytes of `file`, or fewer where it is longer than a description may be.
    pub(super) fn new(file: R, len: u64) -> Self {
        Self {
            file,
            left: len.min(MAX_BYTES),
            text: Vec::new(),
            at: 0,
        }
    }

    /// How many bytes have been taken.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// All bytes that have been read so far, some beyond those that were taken.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    pub(super) fn into_text(self) -> Vec<u8> {
        self.text
    }

    /// Makes sure that `len` more bytes are in memory.
    fn have(&mut self, len: u64) -> Result<(), Trouble> {
        let there = (self.text.len() - self.at) as u64;
        if len <= there {
            return Ok(());
        }
        let missing = len - there;
        if missing > self.left {
            return Err(early());
        }
        let most = missing.max(STEP as u64).min(self.left);
        let read = self.file.by_ref().take(most).read_to_end(&mut self.text);
        let read = read.map_err(Trouble::Io)? as u64;
        self.left -= read.min(self.left);
        if read < missing {
            return Err(early());
        }
        Ok(())
    }

    pub(super) fn take(&mut self, len: u64) -> Result<Text, Trouble> {
        self.have(len)?;
        let start = self.at;
        // At most `MAX_BYTES`, for they have been read.
        self.at += len as usize;
        Ok(Text::new(&(start..self.at)))
    }

    pub(super) fn byte(&mut self) -> Result<u8, Trouble> {
        if self.at == self.text.len() {
            self.have(1)?;
        }
        let byte = self.text.get(self.at).copied().ok_or_else(early)?;
        self.at += 1;
        Ok(byte)
    }

    /// The bytes of a number.
    pub(super) fn number<const N: usize>(&mut self) -> Result<[u8; N], Trouble> {
        let range = self.take(N as u64)?.range();
        let bytes = self.text.get(range).and_then(|bytes| bytes.try_into().ok());
        bytes.ok_or_else(early)
    }

    /// All up to the end of the line, which is taken too.
    pub(super) fn line(&mut self) -> Result<Text, Trouble> {
        let start = self.at;
        let mut looked_at = start;
        loop {
            let rest = self.text.get(looked_at..).unwrap_or_default();
            if let Some(len) = rest.iter().position(|&byte| byte == b'\n') {
                let end = looked_at + len;
                self.at = end + 1;
                return Ok(Text::new(&(start..end)));
            }
            looked_at = self.text.len();
            self.have((looked_at - start) as u64 + 1)?;
        }
    }

    pub(super) fn bytes(&self, text: Text) -> &[u8] {
        self.text.get(text.range()).unwrap_or_default()
    }
}

fn early() -> Trouble {
    damaged("its description of the tensors ends too early")
}
