//! From the bytes of a file to text, and from a byte of a text to its line.

use super::ImportError;

/// The text in a file: UTF-8, or UTF-16 with its mark, as spreadsheets write "Unicode text".
///
/// # Errors
/// Which byte on which line is not text.
pub fn text_of(bytes: &[u8]) -> Result<String, ImportError> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest, 3),
        _ => utf8(bytes, 0),
    }
}

fn utf8(bytes: &[u8], skipped: usize) -> Result<String, ImportError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let before = &bytes[..at];
        let line = 1 + before.iter().filter(|&&b| b == b'\n').count();
        let start = before
            .iter()
            .rposition(|&b| b == b'\n')
            .map_or(0, |n| n + 1);
        let characters = String::from_utf8_lossy(&before[start..]).chars().count();
        let byte = skipped + at + 1;
        let message = format!("Byte {byte} of the file is not UTF-8 text; save it as UTF-8");
        ImportError::at(line, characters + 1, message)
    })?;
    match text.find('\0') {
        None => Ok(text.to_owned()),
        Some(at) => {
            let (line, column) = line_and_column(text, at);
            let message = "There is a zero byte here; this is not a text file";
            Err(ImportError::at(line, column, message))
        }
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, ImportError> {
    let units: Vec<u16> = bytes.chunks_exact(2).map(|b| unit([b[0], b[1]])).collect();
    let text = String::from_utf16(&units).ok();
    text.filter(|_| bytes.len().is_multiple_of(2))
        .ok_or_else(|| ImportError::whole("This is broken UTF-16 text; save it as UTF-8"))
}

/// Line and character, from 1, of a byte of a text.
pub(super) fn line_and_column(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line = 1 + before.bytes().filter(|&b| b == b'\n').count();
    let start = before.rfind('\n').map_or(0, |n| n + 1);
    (line, 1 + before[start..].chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_at_the_start_are_understood() {
        assert_eq!(text_of(b"\xef\xbb\xbfa,b").unwrap(), "a,b");
        assert_eq!(text_of(b"\xff\xfea\0,\0").unwrap(), "a,");
        assert_eq!(text_of(b"\xfe\xff\0a\0,").unwrap(), "a,");
        assert!(text_of(b"\xff\xfea").is_err());
        assert_eq!(text_of(b"").unwrap(), "");
    }

    #[test]
    fn the_byte_that_is_no_text_is_named() {
        let error = text_of("name\nZoë".as_bytes()).map(|_| ()).map_err(|_| ());
        assert_eq!(error, Ok(()));
        let error = text_of(b"name,avg\nZo\xeb,7").unwrap_err();
        assert_eq!((error.line, error.column), (2, 3));
        assert!(error.message.contains("Byte 12 "), "{error}");
        let error = text_of(b"a\n\0").unwrap_err();
        assert_eq!((error.line, error.column), (2, 1));
    }
}
