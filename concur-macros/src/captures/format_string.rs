//! The names in a format string: `"{name:>width$} {rest:?}"` has `name`, `width` and `rest`.
//!
//! Follows the grammar of `std::fmt` as far as names go. A string that it cannot read has no names;
//! rustc reads it again and says what is wrong.

use std::ops::Range;

/// A name and the bytes it takes up in the string.
#[derive(Debug, PartialEq)]
pub(super) struct Inline {
    pub(super) name: String,
    pub(super) place: Range<usize>,
}

/// Every name in the string, in order, as often as it is there.
pub(super) fn names(text: &str) -> Vec<Inline> {
    let mut names = Vec::new();
    let mut rest = 0;
    while let Some(offset) = text[rest..].find('{') {
        let open = rest + offset + 1;
        if text[open..].starts_with('{') {
            rest = open + 1;
            continue;
        }
        let Some(close) = end_of_argument(&text[open..]).map(|length| open + length) else {
            break;
        };
        argument(text, open..close, &mut names);
        rest = close + 1;
    }
    names
}

/// The `}` of an argument. The fill of `{:}>5}` is no end.
fn end_of_argument(text: &str) -> Option<usize> {
    let close = text.find('}')?;
    let fills = text[..close].ends_with(':') && text[close + 1..].starts_with(['<', '^', '>']);
    if !fills {
        return Some(close);
    }
    text[close + 1..].find('}').map(|length| close + 1 + length)
}

fn argument(text: &str, place: Range<usize>, names: &mut Vec<Inline>) {
    let inside = &text[place.clone()];
    let (name, spec) = match inside.find(':') {
        Some(colon) => (place.start..place.start + colon, place.start + colon + 1..place.end),
        None => (place.clone(), place.end..place.end),
    };
    push(text, trimmed(text, name), names);
    counts(text, spec, names);
}

/// Width and precision may be names, each followed by `$`.
fn counts(text: &str, spec: Range<usize>, names: &mut Vec<Inline>) {
    let mut start = spec.start;
    let mut chars = text[spec.clone()].chars();
    let fill = chars.next();
    let align = chars.as_str().starts_with(['<', '^', '>']);
    if let (Some(fill), true) = (fill, align) {
        start += fill.len_utf8() + 1;
    }
    let flags =
        text[start..spec.end].find(|char| !matches!(char, '<' | '^' | '>' | '+' | '-' | '#'));
    start += flags.unwrap_or(0);
    if text[start..spec.end].starts_with('0') && !text[start..spec.end].starts_with("0$") {
        start += 1;
    }
    while let Some(length) = text[start..spec.end].find('$') {
        let end = start + length;
        let before = text[start..end].rfind('.').map_or(start, |dot| start + dot + 1);
        push(text, before..end, names);
        start = end + 1;
    }
}

fn push(text: &str, place: Range<usize>, names: &mut Vec<Inline>) {
    let name = &text[place.clone()];
    let begins = name.starts_with(|char: char| char.is_alphabetic() || char == '_');
    if begins && name.chars().all(|char| char.is_alphanumeric() || char == '_') {
        names.push(Inline { name: name.to_owned(), place });
    }
}

fn trimmed(text: &str, place: Range<usize>) -> Range<usize> {
    let name = &text[place.clone()];
    let start = place.start + (name.len() - name.trim_start().len());
    start..start + name.trim().len()
}

#[cfg(test)]
mod tests {
    use super::names;

    fn found(text: &str) -> Vec<String> {
        names(text).into_iter().map(|inline| inline.name).collect()
    }

    #[test]
    fn names_of_arguments_are_found() {
        assert_eq!(found("{a} and {b:?} and { c } and {_d:x}"), ["a", "b", "c", "_d"]);
        assert_eq!(found("{größe} {self}"), ["größe", "self"]);
    }

    #[test]
    fn width_and_precision_may_be_names() {
        assert_eq!(found("{a:width$}"), ["a", "width"]);
        assert_eq!(found("{a:>width$.prec$}"), ["a", "width", "prec"]);
        assert_eq!(found("{:*^+#0w$.p$x?}"), ["w", "p"]);
        assert_eq!(found("{:.*} {:1$} {:.0$} {a:5.2}"), ["a"]);
        assert_eq!(found("{:$>w$}"), ["w"]);
    }

    #[test]
    fn escapes_and_positions_are_no_names() {
        assert!(found("{{a}} {} {0} {1:?} {:?}").is_empty());
        assert_eq!(found("{{{a}}}"), ["a"]);
        assert_eq!(found("{:}>5} {b}"), ["b"]);
    }

    #[test]
    fn what_is_no_format_string_has_no_names() {
        assert!(found("{").is_empty());
        assert!(found("{a").is_empty());
        assert!(found("}{").is_empty());
        assert!(found("{a b} {a.b} {:é}").is_empty());
    }

    #[test]
    fn places_are_those_of_the_names() {
        let text = "é {name:>width$}";
        let texts: Vec<_> = names(text).into_iter().map(|inline| &text[inline.place]).collect();
        assert_eq!(texts, ["name", "width"]);
    }
}
