//! The pieces of a sentencepiece model, read from its protobuf as far as they tell the tokens.
//!
//! The message (sentencepiece_model.proto): field 1, repeated, is a piece with field 1 its text
//! and field 3 its type; field 2 is how it was trained, with field 3 the kind of model. All else
//! is passed over.

use super::{AddedToken, MOST_TOKENS, Read};

/// Types of pieces.
const UNKNOWN: u64 = 2;
const CONTROL: u64 = 3;
/// Found in a text before it is split.
const USER_DEFINED: u64 = 4;

pub(super) fn vocabulary(bytes: &[u8]) -> Result<Read, String> {
    let mut out = Read {
        model: "Unigram".to_owned(),
        ordinary: Vec::new(),
        added: Vec::new(),
    };
    let mut message = Message { rest: bytes };
    while let Some((field, value)) = message.field()? {
        match (field, value) {
            (1, Field::Bytes(piece)) => add(piece, &mut out)?,
            (2, Field::Bytes(training)) => out.model = kind(training)?.to_owned(),
            _ => {}
        }
    }
    if out.ordinary.is_empty() {
        return Err("expected a sentencepiece model and found no piece in it".to_owned());
    }
    Ok(out)
}

fn add(piece: &[u8], out: &mut Read) -> Result<(), String> {
    let id = u32::try_from(out.ordinary.len()).unwrap_or(u32::MAX);
    if out.ordinary.len() > MOST_TOKENS {
        return Err(format!("there are more than {MOST_TOKENS} pieces"));
    }
    let (mut text, mut kind) = ("", 1);
    let mut message = Message { rest: piece };
    while let Some((field, value)) = message.field()? {
        match (field, value) {
            (1, Field::Bytes(bytes)) => {
                text = std::str::from_utf8(bytes)
                    .map_err(|_| format!("piece {id} is not UTF-8 text"))?;
            }
            (3, Field::Number(number)) => kind = number,
            _ => {}
        }
    }
    out.ordinary.push((text.to_owned(), id));
    if matches!(kind, UNKNOWN | CONTROL | USER_DEFINED) {
        out.added.push(AddedToken {
            special: kind != USER_DEFINED,
            normalized: false,
            ..AddedToken::plain(text, id)
        });
    }
    Ok(())
}

fn kind(training: &[u8]) -> Result<&'static str, String> {
    let mut message = Message { rest: training };
    let mut kind = 1;
    while let Some((field, value)) = message.field()? {
        if let (3, Field::Number(number)) = (field, value) {
            kind = number;
        }
    }
    Ok(match kind {
        1 => "Unigram",
        2 => "BPE",
        3 => "WordLevel",
        _ => "characters",
    })
}

/// The fields of a protobuf message that are not yet read.
struct Message<'b> {
    rest: &'b [u8],
}

enum Field<'b> {
    Number(u64),
    Bytes(&'b [u8]),
    /// Of four or eight bytes.
    Fixed,
}

impl<'b> Message<'b> {
    /// The next field with its number; `None` at the end.
    fn field(&mut self) -> Result<Option<(u64, Field<'b>)>, String> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let key = self.number()?;
        let value = match key & 7 {
            0 => Field::Number(self.number()?),
            1 => self.take(8).map(|_| Field::Fixed)?,
            2 => {
                let len = self.number()?;
                Field::Bytes(self.take(usize::try_from(len).unwrap_or(usize::MAX))?)
            }
            5 => self.take(4).map(|_| Field::Fixed)?,
            other => {
                return Err(format!(
                    "expected a protobuf message and found wire type {other}"
                ));
            }
        };
        Ok(Some((key >> 3, value)))
    }

    /// Seven bits a byte, the lowest first.
    fn number(&mut self) -> Result<u64, String> {
        let mut out = 0;
        for k in 0..10 {
            let [byte] = *self.take(1)? else { break };
            out |= u64::from(byte & 0x7f) << (7 * k).min(63);
            if byte < 0x80 {
                return Ok(out);
            }
        }
        Err("a number in the protobuf message is too long".to_owned())
    }

    fn take(&mut self, len: usize) -> Result<&'b [u8], String> {
        let (now, rest) = self
            .rest
            .split_at_checked(len)
            .ok_or("the protobuf message ends within a field")?;
        self.rest = rest;
        Ok(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(text: &str, kind: u8) -> Vec<u8> {
        let mut own = vec![0x0a, text.len() as u8];
        own.extend(text.as_bytes());
        own.extend([0x15, 0, 0, 0x80, 0xbf, 0x18, kind]);
        let mut out = vec![0x0a, own.len() as u8];
        out.extend(own);
        out
    }

    #[test]
    fn pieces_are_numbered_in_their_order() {
        let mut bytes: Vec<u8> = [("<unk>", 2), ("<s>", 3), ("▁a", 1), ("[X]", 4)]
            .iter()
            .flat_map(|(text, kind)| piece(text, *kind))
            .collect();
        bytes.extend([0x12, 2, 0x18, 2]);
        let read = vocabulary(&bytes).unwrap();
        assert_eq!(read.model, "BPE");
        let tokens: Vec<(&str, u32)> = read
            .ordinary
            .iter()
            .map(|(t, n)| (t.as_str(), *n))
            .collect();
        assert_eq!(tokens, [("<unk>", 0), ("<s>", 1), ("▁a", 2), ("[X]", 3)]);
        let added: Vec<(&str, bool)> = (read.added.iter())
            .map(|a| (a.content.as_str(), a.special))
            .collect();
        assert_eq!(added, [("<unk>", true), ("<s>", true), ("[X]", false)]);
    }

    #[test]
    fn what_is_cut_short_or_no_message_is_refused() {
        let whole = piece("word", 1);
        for end in 1..whole.len() {
            assert!(vocabulary(&whole[..end]).is_err(), "{end}");
        }
        for broken in [
            &b""[..],
            b"{\"a\": 1}",
            &[0xff; 30],
            &[0x0a, 0xff, 0xff, 0xff, 0xff, 0x7f],
        ] {
            assert!(vocabulary(broken).is_err());
        }
    }
}
