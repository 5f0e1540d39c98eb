//! Which known name a misspelt one is near to.

/// The nearest of the known names, if one is near enough to be what was meant.
///
/// Near is what differs in a letter of three at the most, or has all the words of the other, as
/// `max_workers` has those of `workers`. Both are in the same case.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = known.into_iter().filter_map(|candidate| {
        let distance = strsim::osa_distance(name, candidate);
        let is_near = distance <= name.len().max(candidate.len()) / 3;
        (is_near || has_words_of(name, candidate) || has_words_of(candidate, name))
            .then_some((distance, candidate))
    });
    near.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

fn has_words_of(long: &str, short: &str) -> bool {
    short.split('_').all(|word| !word.is_empty() && long.split('_').any(|other| other == word))
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
}
