//! Durations as people write them: a number and its unit, "250ms", "2s", "1m", "1h".

use std::fmt;
use std::time::Duration;

/// What a duration may look like, for messages.
pub(crate) const ALLOWED: &str =
    "a number above zero with its unit, such as `250ms`, `2s`, `1.5s`, `1m` or `1h`";

/// The same where there may be no end at all.
pub(crate) const ALLOWED_OR_NEVER: &str =
    "a number above zero with its unit, such as `250ms`, `2s`, `1.5s`, `1m` or `1h`, or `never`";

/// Reads a duration, or `never`, which is the longest one.
pub(crate) fn parse_or_never(text: &str) -> Option<Duration> {
    if text.trim() == "never" { Some(Duration::MAX) } else { parse(text) }
}

/// Reads a duration; `None` if it is not one, or is zero.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let text = text.trim();
    let unit_at = text.find(|letter: char| letter.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(unit_at);
    let seconds_per_unit = match unit {
        "ns" => 1e-9,
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    let number = number.trim_end();
    let plain = number.chars().all(|letter| letter.is_ascii_digit() || letter == '.');
    if !plain {
        return None;
    }
    let number: f64 = number.parse().ok()?;
    let duration = Duration::try_from_secs_f64(number * seconds_per_unit).ok()?;
    (!duration.is_zero()).then_some(duration)
}

/// Writes a duration the way it is read.
pub(crate) struct Spelled(pub(crate) Duration);

impl fmt::Display for Spelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        if self.0.as_nanos() < 1000 && !self.0.is_zero() {
            write!(f, "{}ns", self.0.as_nanos())
        } else if self.0.subsec_nanos() % 1_000_000 != 0 && millis < 1000 {
            write!(f, "{}us", self.0.as_micros())
        } else if millis % 1000 != 0 {
            write!(f, "{millis}ms")
        } else if self.0.as_secs() % 3600 == 0 && self.0.as_secs() > 0 {
            write!(f, "{}h", self.0.as_secs() / 3600)
        } else if self.0.as_secs() % 60 == 0 && self.0.as_secs() > 0 {
            write!(f, "{}m", self.0.as_secs() / 60)
        } else {
            write!(f, "{}s", self.0.as_secs())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The macros read durations, too; the same table stands beside theirs, see `tests/options.rs`.
    #[test]
    fn reads_what_people_write_and_nothing_else() {
        // durations: begin
        const NANOS: [(&str, Option<u64>); 23] = [
            ("250ms", Some(250_000_000)),
            ("2s", Some(2_000_000_000)),
            ("1.5s", Some(1_500_000_000)),
            ("1 m", Some(60_000_000_000)),
            (" 1h ", Some(3_600_000_000_000)),
            ("10us", Some(10_000)),
            ("7ns", Some(7)),
            ("0.001us", Some(1)),
            ("5124095h", Some(18_446_742_000_000_000_000)),
            ("", None),
            ("5", None),
            ("s", None),
            ("-1s", None),
            ("+1s", None),
            ("0s", None),
            ("0.0001us", None),
            ("1d", None),
            ("1e3s", None),
            ("nans", None),
            ("inf s", None),
            ("1s1", None),
            ("1..2s", None),
            ("١s", None),
        ];
        // durations: end
        for (text, nanos) in NANOS {
            assert_eq!(parse(text), nanos.map(Duration::from_nanos), "{text:?}");
        }
        assert_eq!((parse("never"), parse_or_never("ever")), (None, None));
        assert_eq!(parse_or_never("never"), Some(Duration::MAX));
        assert_eq!(parse_or_never("5m"), Some(Duration::from_secs(300)));
    }

    #[test]
    fn spells_what_it_reads() {
        for text in ["250ms", "2s", "1m", "1h", "90s", "10us", "1500ms", "1ns", "999ns"] {
            assert_eq!(Spelled(parse(text).expect("it is one")).to_string(), text);
        }
        assert_eq!(Spelled(Duration::ZERO).to_string(), "0s");
    }
}
