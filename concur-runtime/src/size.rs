//! Sizes as people write them: a whole number and its unit, "512MiB", "2GB", "800KB".
//!
//! The attributes read the same ones when a program is compiled (`options/values.rs` of the macros).

use std::fmt;

/// What a memory limit may look like, for messages.
pub(crate) const ALLOWED_LIMIT: &str = "a whole number with its unit, such as `512MiB` or `2GB` (B, \
                                        KB, KiB, MB, MiB, GB, GiB), of 1MiB at least";

/// The least memory limit in bytes: below it nothing runs, not even what tells of it.
pub(crate) const LEAST_LIMIT: u64 = 1 << 20;

/// Units and their bytes, the ones that sizes are written in last.
const UNITS: [(&str, u64); 7] = [
    ("B", 1),
    ("KB", 1000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

/// Reads a size in bytes; `None` if it is not one.
pub(crate) fn parse(text: &str) -> Option<u64> {
    let text = text.trim();
    let unit_at = text.find(|letter: char| letter.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(unit_at);
    let (_, per_unit) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let number = number.trim_end();
    let is_plain = !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit());
    if !is_plain {
        return None;
    }
    number.parse::<u64>().ok()?.checked_mul(*per_unit)
}

/// Writes a size for a person, in the largest unit that leaves nothing over.
pub(crate) struct Spelled(pub(crate) u64);

impl fmt::Display for Spelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |(_, per_unit): &&(&str, u64)| self.0 >= *per_unit && self.0 % per_unit == 0;
        let binary = UNITS.iter().rev().take(3).find(fits);
        let decimal = UNITS.iter().rev().skip(3).find(fits);
        let (unit, per_unit) = binary.or(decimal).unwrap_or(&UNITS[0]);
        write!(f, "{} {unit}", self.0 / per_unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, bytes) in [
            ("512MiB", 512 << 20),
            ("1 GiB", 1 << 30),
            ("800KB", 800_000),
            ("64KiB", 64 << 10),
            ("2GB", 2_000_000_000),
            ("1048576B", 1 << 20),
            (" 3MB ", 3_000_000),
            ("0B", 0),
        ] {
            assert_eq!(parse(text), Some(bytes), "{text:?}");
        }
    }

    #[test]
    fn refuses_what_is_no_size() {
        for text in [
            "",
            "512",
            "MiB",
            "-1MiB",
            "1mib",
            "1M",
            "1TiB",
            "1.5MiB",
            "1.MiB",
            ".5MiB",
            "1..5MiB",
            "1e3KB",
            "0x10KB",
            "99999999999GiB",
            "1MiB2",
            "٣MiB",
            "1 000KB",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    /// The same table stands beside what the macros read, see `tests/options.rs`.
    #[test]
    fn reads_what_the_macros_read() {
        // sizes: begin
        const BYTES: [(&str, Option<u64>); 20] = [
            ("1MiB", Some(1 << 20)),
            (" 2 GB ", Some(2_000_000_000)),
            ("1048576B", Some(1 << 20)),
            ("2000KB", Some(2_000_000)),
            ("1024KiB", Some(1 << 20)),
            ("3MB", Some(3_000_000)),
            ("1GiB", Some(1 << 30)),
            ("", None),
            ("512", None),
            ("MiB", None),
            ("-1MiB", None),
            ("+1MiB", None),
            ("4mib", None),
            ("4M", None),
            ("1TiB", None),
            ("1.5GiB", None),
            ("1e3KB", None),
            ("99999999999GiB", None),
            ("1MiB2", None),
            ("٣MiB", None),
        ];
        // sizes: end
        for (text, bytes) in BYTES {
            assert_eq!(parse(text), bytes, "{text:?}");
        }
    }

    #[test]
    fn spells_with_nothing_left_over() {
        for (bytes, text) in [
            (512 << 20, "512 MiB"),
            (3 << 29, "1536 MiB"),
            (1 << 30, "1 GiB"),
            (2_000_000, "2 MB"),
            (1_234_567, "1234567 B"),
            (2048, "2 KiB"),
            (0, "0 B"),
        ] {
            assert_eq!(Spelled(bytes).to_string(), text);
        }
    }
}
