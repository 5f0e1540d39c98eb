//! Durations and sizes as people write them.
//!
//! They are those of the runtime, where settings are read (`duration.rs` and `size.rs` there); a test
//! in `tests/options.rs` holds the two to the same tables.

/// What a duration may look like, for messages.
pub(super) const DURATION: &str =
    "a number above zero with its unit, such as `250ms`, `2s`, `1.5s`, `1m` or `1h`";

/// What a size may look like, for messages.
pub(super) const SIZE: &str = "a whole number with its unit, such as `512MiB` or `2GB` (B, KB, KiB, MB, MiB, GB, GiB), of 1MiB at least";

/// Reads a duration, in nanoseconds; `None` if it is not one, is zero, or is longer than 584 years.
pub(super) fn duration(text: &str) -> Option<u64> {
    let (number, unit) = number_and_unit(text)?;
    let seconds_per_unit = match unit {
        "ns" => 1e-9,
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    if !number.chars().all(|letter| letter.is_ascii_digit() || letter == '.') {
        return None;
    }
    let number: f64 = number.parse().ok()?;
    let duration = std::time::Duration::try_from_secs_f64(number * seconds_per_unit).ok()?;
    u64::try_from(duration.as_nanos()).ok().filter(|nanos| *nanos > 0)
}

/// Reads a size, in bytes.
pub(super) fn size(text: &str) -> Option<u64> {
    const LEAST: u64 = 1 << 20;
    let (number, unit) = number_and_unit(text)?;
    let bytes_per_unit = match unit {
        "B" => 1,
        "KB" => 1000,
        "KiB" => 1 << 10,
        "MB" => 1_000_000,
        "MiB" => 1 << 20,
        "GB" => 1_000_000_000,
        "GiB" => 1 << 30,
        _ => return None,
    };
    if !number.chars().all(|letter| letter.is_ascii_digit()) {
        return None;
    }
    let bytes = number.parse::<u64>().ok()?.checked_mul(bytes_per_unit)?;
    (bytes >= LEAST).then_some(bytes)
}

fn number_and_unit(text: &str) -> Option<(&str, &str)> {
    let text = text.trim();
    let unit_at = text.find(|letter: char| letter.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(unit_at);
    Some((number.trim_end(), unit))
}
