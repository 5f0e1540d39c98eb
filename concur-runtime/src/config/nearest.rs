//! Which known name a misspelt one is near to.

/// The nearest of the known names, if one is near enough to be what was meant.
///
/// Near is what differs in a letter of three at the most, or has all the words of the other, as
/// `max_workers` has those of `workers`. Both are in the same case.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = known.into_iter().filter_map(|candidate| {
        let distance = distance(name, candidate);
        let is_near = distance <= name.len().max(candidate.len()) / 3;
        (is_near || has_words_of(name, candidate) || has_words_of(candidate, name))
            .then_some((distance, candidate))
    });
    near.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

fn has_words_of(long: &str, short: &str) -> bool {
    short.split('_').all(|word| !word.is_empty() && long.split('_').any(|other| other == word))
}

/// How many letters must be put in, left out, changed or swapped with their neighbour.
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let changed = last[j] + usize::from(a != b);
            let mut least = changed.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == other[j - 1] && one[i - 1] == *b {
                least = least.min(before_last[j - 1] + 1);
            }
            row.push(least);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 5] = ["workers", "timeout", "memory_limit", "isolated", "driver"];

    #[test]
    fn slips_are_near() {
        for (name, meant) in [
            ("worker", "workers"),
            ("wokrers", "workers"),
            ("max_workers", "workers"),
            ("time_out", "timeout"),
            ("timeout_seconds", "timeout"),
            ("memory", "memory_limit"),
            ("isolate", "isolated"),
        ] {
            assert_eq!(nearest(name, KNOWN), Some(meant), "{name}");
        }
    }

    #[test]
    fn other_names_are_not() {
        for name in ["", "_", "client_id", "api_key", "base_url", "token", "sync_interval"] {
            assert_eq!(nearest(name, KNOWN), None, "{name}");
        }
    }

    #[test]
    fn distances_count_single_slips() {
        for (one, other, expected) in [
            ("", "", 0),
            ("abc", "abc", 0),
            ("abc", "acb", 1),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(one, other), expected, "{one} {other}");
        }
    }
}
