//! Text that is cut when it becomes too long, while it is written.

use std::fmt::{self, Write};

/// Takes up to a limit, and counts what is beyond it.
#[cfg_attr(feature = "tracing", derive(Clone))]
pub(super) struct Short {
    text: String,
    limit: usize,
    left_out: usize,
}

impl Short {
    pub(super) fn new(limit: usize) -> Self {
        Self { text: String::new(), limit, left_out: 0 }
    }

    /// What something looks like, in `limit` bytes and a note of what was left out. What panics or
    /// fails while it is formatted looks like what it had written until then.
    pub(super) fn of(what: fmt::Arguments<'_>, limit: usize) -> String {
        let mut short = Self::new(limit);
        let _ = short.write_fmt(what);
        short.finish()
    }

    pub(super) fn finish(mut self) -> String {
        if self.left_out > 0 {
            let _ = write!(&mut self.text, "... ({} bytes left out)", self.left_out);
        }
        self.text
    }
}

impl Write for Short {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let room = if self.left_out > 0 { 0 } else { self.limit - self.text.len() };
        let at = (0..=room.min(part.len())).rev().find(|at| part.is_char_boundary(*at));
        let (kept, left_out) = part.split_at(at.unwrap_or(0));
        self.text.push_str(kept);
        self.left_out += left_out.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_stays_and_what_does_not_is_cut_at_a_character() {
        assert_eq!(Short::of(format_args!("{} {}", "short", 1), 7), "short 1");
        assert_eq!(Short::of(format_args!("{}é{}", "ab", "cd"), 3), "ab... (4 bytes left out)");
        assert_eq!(
            Short::of(format_args!("abc{}", "d".repeat(10)), 3),
            "abc... (10 bytes left out)"
        );
    }
}
