//! Sizes as people write them: `5GB`, `500 MB`, `1GiB`.

/// The default of `--shard-size`, as in mergekit and transformers.
pub const DEFAULT_SHARD_BYTES: u64 = 5_000_000_000;

const UNITS: [(&str, u64); 12] = [
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("k", 1_000),
    ("m", 1_000_000),
    ("g", 1_000_000_000),
    // mergekit's: billions.
    ("b", 1_000_000_000),
];

/// Reads a number of bytes; 0 means no limit, as in mergekit.
///
/// # Errors
/// A sentence with an example.
pub fn parse_bytes(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is not a size; write it as 5GB, 500MB or 2GiB");
    let plain = text.trim().to_lowercase();
    let end = plain
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(plain.len());
    let (number, unit) = plain.split_at(end);
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let factor = match unit.trim() {
        "" => 1,
        unit => {
            let known = UNITS.iter().find(|(own, _)| *own == unit);
            known.ok_or_else(wrong)?.1
        }
    };
    let bytes = number * factor as f64;
    if bytes.is_finite() && bytes < 1e18 {
        Ok(bytes as u64)
    } else {
        Err(wrong())
    }
}

/// "1.5 GB"
pub fn show_bytes(bytes: u64) -> String {
    let steps = [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
    let size = bytes as f64;
    match steps.iter().find(|(step, _)| size >= *step) {
        Some((step, unit)) => format!("{:.1} {unit}", size / step),
        None => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_their_units() {
        for (text, bytes) in [
            ("5GB", 5_000_000_000),
            ("1.5 GiB", 3 << 29),
            ("40K", 40_000),
            ("5B", 5_000_000_000),
            ("0", 0),
            ("123", 123),
        ] {
            assert_eq!(parse_bytes(text), Ok(bytes), "{text}");
        }
        for text in ["", "GB", "-1GB", "5 GX", "1e30", "∞"] {
            assert!(parse_bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_are_shown_in_their_unit() {
        assert_eq!(show_bytes(999), "999 bytes");
        assert_eq!(show_bytes(1_500_000_000), "1.5 GB");
    }
}
