//! What a program prints, as lines: whatever bytes come, in whatever pieces.
//!
//! A progress bar is one line that is printed again and again with a carriage return before
//! it; each print is a passing line, which the next line of the same stream replaces. So is
//! the beginning of a line whose end has not come yet. Bytes that are not UTF-8 become `�`,
//! colours and other control characters are left out, and what a line has beyond
//! [`MOST_LINE_BYTES`] is dropped, so that a line without an end takes no memory.

use std::io::{ErrorKind, Read};

/// The longest line that is kept; the rest of it is left out, and a `…` says so.
pub const MOST_LINE_BYTES: usize = 4096;
const READ_BYTES: usize = 64 << 10;

/// Where a line was printed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    Output,
    /// Standard error, where programs report progress as well as trouble.
    Errors,
}

/// A line that a program printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub stream: Stream,
    /// The line without its end.
    pub text: String,
    /// Whether the next line of the stream replaces it: a progress bar, or half a line.
    pub is_passing: bool,
}

/// Reads a stream to its end; `send` takes the lines of each piece that was read, and says
/// whether anybody still listens.
pub(super) fn read(mut from: impl Read, stream: Stream, mut send: impl FnMut(Vec<Line>) -> bool) {
    let mut splitter = Splitter::new(stream);
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let lines = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => splitter.lines(&buffer[..n]),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            // The other end is gone, which is how streams usually end.
            Err(_) => break,
        };
        if !lines.is_empty() && !send(lines) {
            return;
        }
    }
    let last = splitter.last();
    if !last.is_empty() {
        send(last);
    }
}

/// Cuts what is read into lines.
struct Splitter {
    stream: Stream,
    part: Vec<u8>,
    is_cut: bool,
    /// A carriage return came last: what follows begins the line anew, unless it is its end.
    has_returned: bool,
    /// Whether `part` is other than when it was last told.
    has_news: bool,
}

impl Splitter {
    fn new(stream: Stream) -> Self {
        Self {
            stream,
            part: Vec::new(),
            is_cut: false,
            has_returned: false,
            has_news: false,
        }
    }

    /// The lines that end in `bytes`, and as a passing one what stands there after them.
    fn lines(&mut self, bytes: &[u8]) -> Vec<Line> {
        let mut out = Vec::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            let end = rest.iter().position(|b| matches!(b, b'\n' | b'\r'));
            let (piece, after) = rest.split_at(end.unwrap_or(rest.len()));
            self.push(piece);
            match after.first() {
                Some(b'\n') => {
                    out.push(self.line(false));
                    self.clear();
                }
                Some(_) => self.has_returned = true,
                None => {}
            }
            rest = after.get(1..).unwrap_or_default();
        }
        if self.has_news && !self.part.is_empty() {
            out.push(self.line(true));
            self.has_news = false;
        }
        out
    }

    /// The line that was never ended, if there is one.
    fn last(&mut self) -> Vec<Line> {
        if self.part.is_empty() {
            return Vec::new();
        }
        vec![self.line(false)]
    }

    fn push(&mut self, piece: &[u8]) {
        if piece.is_empty() {
            return;
        }
        if self.has_returned {
            self.clear();
        }
        let room = MOST_LINE_BYTES.saturating_sub(self.part.len());
        let kept = &piece[..piece.len().min(room)];
        self.part.extend_from_slice(kept);
        let was_cut = self.is_cut;
        self.is_cut |= kept.len() < piece.len();
        self.has_news |= !kept.is_empty() || self.is_cut != was_cut;
    }

    fn clear(&mut self) {
        self.part.clear();
        self.is_cut = false;
        self.has_returned = false;
        self.has_news = false;
    }

    fn line(&self, is_passing: bool) -> Line {
        let mut text = plain(&String::from_utf8_lossy(&self.part));
        if self.is_cut {
            text.push('…');
        }
        Line {
            stream: self.stream,
            text,
            is_passing,
        }
    }
}

/// A text without control characters and escape sequences (ECMA-48, sections 5.4 and 8.3.89),
/// and without the blanks at its end that wipe a progress bar out.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => match chars.next() {
                // Colours and movements end with a letter, or one of a few signs.
                Some('[') => while chars.next().is_some_and(|c| !('@'..='~').contains(&c)) {},
                // Titles and links end with a bell, or with another escape and a backslash.
                Some(']') => {
                    while chars.next_if(|&c| c != '\u{1b}' && c != '\u{7}').is_some() {}
                    chars.next_if_eq(&'\u{7}');
                }
                _ => {}
            },
            '\t' => out.push('\t'),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out.truncate(out.trim_end().len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of the pieces; passing ones in brackets.
    fn lines(pieces: &[&[u8]]) -> Vec<String> {
        let mut splitter = Splitter::new(Stream::Output);
        let mut out: Vec<Line> = pieces.iter().flat_map(|p| splitter.lines(p)).collect();
        out.extend(splitter.last());
        let shown = |line: Line| match line.is_passing {
            true => format!("[{}]", line.text),
            false => line.text,
        };
        out.into_iter().map(shown).collect()
    }

    #[test]
    fn lines_end_where_they_end_however_they_are_cut() {
        assert_eq!(lines(&[b"a\nb\r\n\nc"]), ["a", "b", "", "[c]", "c"]);
        assert_eq!(lines(&[b"a", b"b\n"]), ["[a]", "ab"]);
        assert_eq!(lines(&[b"a\r", b"\nb\n"]), ["[a]", "a", "b"]);
        assert_eq!(lines(&[b"a\r\r\n", b""]), ["a"]);
        assert!(lines(&[]).is_empty());
    }

    #[test]
    fn of_a_progress_bar_the_last_print_stays() {
        let whole = lines(&[b"10%\r20%\r30%\ndone\n"]);
        assert_eq!(whole, ["30%", "done"]);
        let pieces = lines(&[b"\r10%", b"\r20%", b"\r30%", b"\n"]);
        assert_eq!(pieces, ["[10%]", "[20%]", "[30%]", "30%"]);
        assert_eq!(lines(&[b"10%\r", b"20%\r"]), ["[10%]", "[20%]", "20%"]);
    }

    #[test]
    fn what_is_no_text_becomes_text() {
        assert_eq!(lines(&[b"Zo\xeb\xff\0!\n"]), ["Zo��!"]);
        assert_eq!(lines(&[b"na\xc3", b"\xafve\n"])[1], "naïve");
        let painted = b"\x1b[31mred\x1b[0m \x1b]0;title\x07a\tb \x1b[2K\n";
        assert_eq!(lines(&[painted]), ["red a\tb"]);
        assert_eq!(lines(&[b"\x1b]8;;http://x\x1b\\link\x1b[\n"]), ["link"]);
    }

    #[test]
    fn a_line_without_end_is_cut_and_told_once() {
        let piece = vec![b'x'; MOST_LINE_BYTES - 1];
        let found = lines(&[&piece, &piece, &piece, b"\ny\n"]);
        assert_eq!(found.len(), 4);
        assert_eq!(found[2], format!("{}x…", "x".repeat(MOST_LINE_BYTES - 1)));
        assert_eq!(found[3], "y");
        // One that just fits is whole.
        let found = lines(&[&piece, b"x\n"]);
        assert_eq!(found[1], "x".repeat(MOST_LINE_BYTES));
    }

    #[test]
    fn reading_stops_when_nobody_listens() {
        let mut told = 0;
        read(std::io::repeat(b'\n'), Stream::Errors, |lines| {
            told += lines.len();
            false
        });
        assert_eq!(told, READ_BYTES);
    }
}
