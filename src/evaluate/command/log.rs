//! What a program printed, kept: all of it in a file, up to a bound, and its end in memory.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use super::output::Line;

/// How many lines a [`Tail`] keeps.
pub const TAIL_LINES: usize = 500;
/// What every log begins with, before the line that was run.
const PROMPT: &str = "$ ";
/// How large a log gets before lines are left out.
const MOST_BYTES: u64 = 16 << 20;

/// The last [`TAIL_LINES`] lines of what a program printed, passing ones replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tail {
    lines: VecDeque<Line>,
    /// How many lines there were before these.
    left_out: u64,
}

impl Tail {
    /// Adds a line in place of the passing one before it on its stream.
    pub fn push(&mut self, line: Line) {
        // A stream has at most one passing line; it is among the last few, or far away.
        let of_stream = self.lines.iter().rposition(|l| l.stream == line.stream);
        let replaced = of_stream.filter(|&at| self.lines[at].is_passing);
        if let Some(at) = replaced {
            self.lines.remove(at);
        } else if self.lines.len() == TAIL_LINES {
            self.lines.pop_front();
            self.left_out += 1;
        }
        self.lines.push_back(line);
    }

    /// The lines, the oldest first.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &Line> + ExactSizeIterator {
        self.lines.iter()
    }

    /// How many lines there were before these.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// The last `n` lines that say something, the oldest first.
    pub fn last(&self, n: usize) -> Vec<&str> {
        let texts = self.lines.iter().rev().map(|line| line.text.as_str());
        let said = texts.filter(|text| !text.trim().is_empty());
        let mut last: Vec<&str> = said.take(n).collect();
        last.reverse();
        last
    }
}

/// The file that lines are written to.
pub(super) struct Log {
    path: PathBuf,
    /// Gone when the disk is full: an evaluation does not end for its log.
    file: Option<File>,
    room: u64,
    left_out: u64,
}

impl Log {
    /// Where the log of a folder of results lies: beside it, under its name.
    pub(super) fn path_for(folder: &Path) -> PathBuf {
        let mut name = folder.as_os_str().to_owned();
        name.push(".log");
        PathBuf::from(name)
    }

    /// Whether a file is a log: it begins like one.
    pub(super) fn is_log(path: &Path) -> bool {
        let mut start = [0; PROMPT.len()];
        let read = File::open(path).and_then(|mut file| file.read_exact(&mut start));
        read.is_ok() && start == *PROMPT.as_bytes()
    }

    /// Begins a log, with the line that was run.
    pub(super) fn create(path: PathBuf, command: &str) -> std::io::Result<Self> {
        let mut log = Self {
            file: Some(File::create(&path)?),
            path,
            room: MOST_BYTES,
            left_out: 0,
        };
        log.write(&format!("{PROMPT}{command}\n"));
        Ok(log)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds the lines that stay, as one piece.
    pub(super) fn add(&mut self, lines: &[Line]) {
        let mut text = String::new();
        for line in lines.iter().filter(|line| !line.is_passing) {
            let bytes = line.text.len() as u64 + 1;
            if bytes > self.room {
                self.room = 0;
                self.left_out += 1;
                continue;
            }
            self.room -= bytes;
            text.push_str(&line.text);
            text.push('\n');
        }
        self.write(&text);
    }

    /// Ends the log; where lines were left out, with the last ones.
    pub(super) fn end(&mut self, tail: &Tail, how: &str) {
        if self.left_out > 0 {
            let n = self.left_out;
            let what = "lines are left out here; the last of them are";
            self.write(&format!("… {n} {what}\n"));
            for line in tail.lines.iter().rev().take(self.left_out as usize).rev() {
                self.write(&format!("{}\n", line.text));
            }
        }
        self.write(&format!("[{how}]\n"));
    }

    fn write(&mut self, text: &str) {
        let Some(file) = &mut self.file else { return };
        if let Err(error) = file.write_all(text.as_bytes()) {
            log::warn!("{error}: {}", self.path.display());
            self.file = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::command::output::Stream;

    fn line(stream: Stream, text: &str, is_passing: bool) -> Line {
        Line {
            stream,
            text: text.to_owned(),
            is_passing,
        }
    }

    #[test]
    fn a_passing_line_is_replaced_by_the_next_of_its_stream() {
        let mut tail = Tail::default();
        tail.push(line(Stream::Errors, "10%", true));
        tail.push(line(Stream::Output, "loaded", false));
        tail.push(line(Stream::Errors, "20%", true));
        tail.push(line(Stream::Errors, "done", false));
        tail.push(line(Stream::Errors, "", false));
        assert_eq!(tail.last(9), ["loaded", "done"]);
        assert_eq!(tail.last(1), ["done"]);
        assert_eq!(tail.lines().len(), 3);
    }

    #[test]
    fn only_the_last_lines_are_kept_and_the_others_counted() {
        let mut tail = Tail::default();
        for n in 0..TAIL_LINES + 7 {
            tail.push(line(Stream::Output, &n.to_string(), false));
        }
        assert_eq!((tail.lines().len(), tail.left_out()), (TAIL_LINES, 7));
        assert_eq!(tail.lines().next().unwrap().text, "7");
    }

    #[test]
    fn a_log_has_a_bound_and_still_the_end() {
        let temp = tempfile::tempdir().unwrap();
        let path = Log::path_for(&temp.path().join("results"));
        let mut log = Log::create(path.clone(), "judge --all").unwrap();
        let mut tail = Tail::default();
        let long = line(Stream::Output, &"x".repeat(999), false);
        let n = MOST_BYTES as usize / 1000 + 100;
        for _ in 0..n {
            log.add(std::slice::from_ref(&long));
            tail.push(long.clone());
        }
        let last = line(Stream::Errors, "the end", false);
        log.add(&[line(Stream::Errors, "passing", true), last.clone()]);
        tail.push(last);
        log.end(&tail, "ended with code 0");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("$ judge --all\nx"));
        assert!(text.ends_with("x\nthe end\n[ended with code 0]\n"));
        assert!(text.contains("… 101 lines are left out"), "{}", text.len());
        assert!(!text.contains("passing"));
        assert!((text.len() as u64) < MOST_BYTES + 1000 * 200);
        assert_eq!(path.file_name().unwrap(), "results.log");
        assert!(Log::is_log(&path) && !Log::is_log(temp.path()));
    }
}
