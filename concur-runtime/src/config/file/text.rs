//! The text of a file with settings, and where in it something stands.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;

use crate::error::Error;

/// The longest file, in bytes: what it says has to fit into a frame on its way to workers, and takes
/// less than three times its text there.
const LONGEST: usize = 16 * 1024;

/// The text of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct FileText {
    /// As messages name it.
    pub(super) path: String,
    pub(super) text: String,
}

/// Reads the text of a file.
pub(in super::super) fn read(path: &Path) -> Result<FileText, Error> {
    let text = read_text(path);
    let path = path.display().to_string();
    let text = text.map_err(|err| Error::config(format!("`{path}` cannot be read: {err}")))?;
    Ok(FileText { path, text })
}

fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let limit = u64::try_from(LONGEST).unwrap_or(u64::MAX);
    File::open(path)?.take(limit + 1).read_to_string(&mut text)?;
    if text.len() > LONGEST {
        let reason = format!("it is longer than {} KiB", LONGEST / 1024);
        return Err(io::Error::other(reason));
    }
    Ok(text)
}

impl FileText {
    /// A mistake at this byte.
    pub(super) fn error(&self, at: usize, what: &str) -> Error {
        Error::config(format!("{}:{}: {what}", self.path, self.line(at)))
    }

    /// How messages name what stands at this byte.
    pub(super) fn place(&self, at: usize, name: &str) -> String {
        format!("{}:{}: `{name}`", self.path, self.line(at))
    }

    /// The number of the line, from 1.
    fn line(&self, at: usize) -> usize {
        let before = self.text.as_bytes().iter().take(at);
        1 + before.filter(|byte| **byte == b'\n').count()
    }

    /// A part of it, as messages show it.
    pub(super) fn shown(&self, part: Range<usize>) -> String {
        short(self.text.get(part).unwrap_or_default())
    }
}

/// The first line of what stands in a file, as far as a message has room for it.
fn short(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::read;

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let missing = read(Path::new("/nowhere/concur.toml")).expect_err("it is not there");
        let message = missing.to_string();
        assert!(message.starts_with("`/nowhere/concur.toml` cannot be read: No such"), "{message}");
        let folder = read(&std::env::temp_dir()).expect_err("it is a directory");
        assert!(folder.to_string().contains("cannot be read"), "{folder}");
        #[cfg(target_os = "linux")]
        {
            let endless = read(Path::new("/dev/zero")).expect_err("it has no end");
            assert!(endless.to_string().contains("longer than 16 KiB"), "{endless}");
        }
    }
}
