//! Settings from a file in TOML, which names the same ones as the environment.
//!
//! What is wrong in it is told with the place: `concur.toml:3: ...`. Who wants the file, and what comes
//! before it, is not known here.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::known::{self, Form, Known};
use super::{Choice, Options, Source, mistake};
use crate::driver::Driver;
use crate::engine;
use crate::error::Error;

/// The longest file, in bytes: what it says has to fit into a frame on its way to workers, and takes
/// less than three times its text there.
const LONGEST: usize = 16 * 1024;

/// The text of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileText {
    /// As messages name it.
    path: String,
    text: String,
}

/// What stands at the top besides settings.
const OTHERS: [&str; 6] = ["driver", "process", "fork", "thread", "sync", "engine"];

/// Reads the text of a file.
pub(super) fn read(path: &Path) -> Result<FileText, Error> {
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

/// What a file says; the first mistake is the error.
pub(super) fn parse(file: &FileText) -> Result<Source, Error> {
    let reader = Reader { file };
    let table = DeTable::parse(&file.text).map_err(|err| {
        let at = err.span().unwrap_or_default();
        let mut message = err.message().replace('\n', ", ");
        if message == "duplicate key" {
            let key = file.text.get(at.clone()).unwrap_or_default();
            message = format!("there is a `{}` already", short(key));
        }
        reader.error(at.start, &format!("this is not TOML: {message}"))
    })?;
    reader.source(table.get_ref())
}

type Entry<'a> = (&'a Spanned<std::borrow::Cow<'a, str>>, &'a Spanned<DeValue<'a>>);

/// A file while it is read.
struct Reader<'f> {
    file: &'f FileText,
}

impl Reader<'_> {
    fn source(&self, table: &DeTable<'_>) -> Result<Source, Error> {
        let mut source = Source::default();
        for (key, value) in in_order(table) {
            let name: &str = key.get_ref();
            if name == "driver" {
                source.driver = Some(self.driver(key.span().start, value)?);
            } else if name == "engine" {
                let allowed = "a table for each engine, `[engine.NAME]`";
                for (key, value) in in_order(self.table(name, value, allowed)?) {
                    let (driver, name) = self.engine(key)?;
                    let table = self.table(&name, value, &format!("a table, `[{name}]`"))?;
                    self.options(&name, table, source.options_mut(&driver))?;
                }
            } else if let Some(driver) = built_in(name) {
                let table = self.table(name, value, &format!("a table, `[{name}]`"))?;
                self.options(name, table, source.options_mut(&driver))?;
            } else if let (None, DeValue::Table(_)) = (Known::find(name), value.get_ref()) {
                return Err(self.unknown_table(key.span().start, name));
            } else {
                self.setting("", (key, value), &OTHERS, &mut source.all)?;
            }
        }
        Ok(source)
    }

    fn driver(&self, at: usize, value: &Spanned<DeValue<'_>>) -> Result<Choice, Error> {
        let place = self.place(at, "driver");
        match value.get_ref() {
            DeValue::String(name) => Ok(Choice::Name { name: name.trim().to_owned(), place }),
            _ => Err(mistake(&place, &self.shown(value), "the name of a driver, in quotes")),
        }
    }

    /// An engine of the program's own, which may be registered later.
    fn engine(&self, key: &Spanned<std::borrow::Cow<'_, str>>) -> Result<(Driver, String), Error> {
        let name = key.get_ref().to_string();
        engine::check_name(&name)
            .map_err(|err| self.error(key.span().start, &format!("`[engine.{name}]`: {err}")))?;
        let table = format!("engine.{name}");
        Ok((Driver::Named(name.into()), table))
    }

    fn table<'a>(
        &self,
        name: &str,
        value: &'a Spanned<DeValue<'a>>,
        allowed: &str,
    ) -> Result<&'a DeTable<'a>, Error> {
        match value.get_ref() {
            DeValue::Table(table) => Ok(table),
            _ => Err(mistake(&self.place(value.span().start, name), &self.shown(value), allowed)),
        }
    }

    /// The settings in the table of a driver.
    fn options(&self, table: &str, content: &DeTable<'_>, into: &mut Options) -> Result<(), Error> {
        let prefix = format!("{table}.");
        in_order(content).into_iter().try_for_each(|entry| self.setting(&prefix, entry, &[], into))
    }

    /// One setting; `prefix` names its table, `more` what else could stand there.
    fn setting(
        &self,
        prefix: &str,
        (key, value): Entry<'_>,
        more: &[&str],
        into: &mut Options,
    ) -> Result<(), Error> {
        let (name, at): (&str, _) = (key.get_ref(), key.span().start);
        let Some(known) = Known::find(name) else {
            return Err(self.unknown(at, prefix, name, more));
        };
        let text = match (known.form, value.get_ref()) {
            (Form::Text, DeValue::String(text)) => Some(text.trim().to_owned()),
            (Form::Switch, DeValue::Boolean(on)) => Some(on.to_string()),
            (Form::Number, DeValue::Integer(number)) => {
                i128::from_str_radix(number.as_str(), number.radix())
                    .ok()
                    .map(|number| number.to_string())
            }
            _ => None,
        };
        text.and_then(|text| known.read(&text, into)).ok_or_else(|| {
            let allowed = match known.form {
                Form::Number => format!("{}, without quotes", known.allowed),
                Form::Switch => "`true` or `false`, without quotes".to_owned(),
                Form::Text => format!("{}, in quotes", known.allowed),
            };
            mistake(&self.place(at, &format!("{prefix}{name}")), &self.shown(value), &allowed)
        })
    }

    fn unknown(&self, at: usize, prefix: &str, name: &str, more: &[&str]) -> Error {
        let says = match (known::meant(name, more), name) {
            (_, "driver") => "it stands at the top, not in a table".to_owned(),
            (Some(meant), _) => format!("is `{meant}` meant?"),
            (None, _) => {
                let known = known::ALL.iter().map(|known| known.name);
                let all: Vec<&str> = more.iter().copied().chain(known).collect();
                format!("allowed are {}", all.join(", "))
            }
        };
        self.error(at, &format!("there is no setting `{prefix}{name}`: {says}"))
    }

    fn unknown_table(&self, at: usize, name: &str) -> Error {
        let tables = ["process", "fork", "thread", "sync", "engine"];
        let says = match super::nearest::nearest(name, tables) {
            Some(meant) => format!("is `[{meant}]` meant?"),
            None => format!(
                "allowed are `[process]`, `[fork]`, `[thread]`, `[sync]`, and `[engine.{name}]` for an \
                 engine of the program's own"
            ),
        };
        self.error(at, &format!("there is no driver for the table `[{name}]`: {says}"))
    }

    /// A value as it stands in the file, one line of it.
    fn shown(&self, value: &Spanned<DeValue<'_>>) -> String {
        match value.get_ref() {
            DeValue::Table(_) => "a table".to_owned(),
            DeValue::Array(_) => "an array".to_owned(),
            _ => {
                let Range { start, end } = value.span();
                short(self.file.text.get(start..end).unwrap_or_default())
            }
        }
    }

    fn error(&self, at: usize, what: &str) -> Error {
        Error::config(format!("{}:{}: {what}", self.file.path, self.line(at)))
    }

    fn place(&self, at: usize, name: &str) -> String {
        format!("{}:{}: `{name}`", self.file.path, self.line(at))
    }

    /// The number of the line, from 1.
    fn line(&self, at: usize) -> usize {
        let before = self.file.text.as_bytes().iter().take(at);
        1 + before.filter(|byte| **byte == b'\n').count()
    }
}

/// The first line of what stands in a file, as far as a message has room for it.
fn short(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(80).collect()
}

fn built_in(name: &str) -> Option<Driver> {
    Driver::BUILT_IN.into_iter().find(|driver| driver.name() == name)
}

/// As they stand in the file, so that the first mistake is the one that is told.
fn in_order<'a>(table: &'a DeTable<'a>) -> Vec<Entry<'a>> {
    let mut entries: Vec<Entry<'a>> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn parse_text(text: &str) -> Result<Source, Error> {
        parse(&FileText { path: "concur.toml".to_owned(), text: text.to_owned() })
    }

    #[test]
    fn settings_for_all_and_for_drivers() {
        let source = parse_text(
            "driver = ' thread ' # or another\nworkers = 1_0\ntimeout = \"1.5s\"\nisolated = true\n\n\
             [process]\nworkers = 0x10\n[engine.remote]\nretries = 0\n[sync]\n",
        )
        .expect("it is right");
        let Some(Choice::Name { name, place }) = source.driver else { panic!("it names one") };
        assert_eq!((name.as_str(), place.as_str()), ("thread", "concur.toml:1: `driver`"));
        assert_eq!(source.all.workers, Some(10));
        assert_eq!(source.all.timeout, Some(Duration::from_millis(1500)));
        assert_eq!(source.all.isolated, Some(true));
        let of = |driver: &Driver| {
            let found = source.per_driver.iter().find(|(known, _)| known == driver);
            found.map(|(_, options)| options.clone()).expect("there is a table")
        };
        assert_eq!(of(&Driver::Process).workers, Some(16));
        assert_eq!(of(&Driver::Named("remote".into())).retries, Some(0));
        assert_eq!(of(&Driver::Sync), Options::default());
    }

    #[test]
    fn an_empty_file_says_nothing() {
        assert_eq!(parse_text("").expect("it is right"), Source::default());
        assert_eq!(parse_text("# nothing yet\r\n").expect("it is right"), Source::default());
    }

    #[test]
    fn a_mistake_names_file_line_setting_value_and_what_is_allowed() {
        for (text, expected) in [
            (
                "\nworkers = 0",
                "concur.toml:2: `workers`: `0` is not allowed: allowed is a whole number",
            ),
            ("workers = -3", "concur.toml:1: `workers`: `-3` is not allowed"),
            (
                "workers = 1.5",
                "`1.5` is not allowed: allowed is a whole number from 1, without quotes",
            ),
            (
                "workers = '4'",
                "`'4'` is not allowed: allowed is a whole number from 1, without quotes",
            ),
            ("workers = 99999999999999999999999", "is not allowed"),
            ("[fork]\nworkers = []", "concur.toml:2: `fork.workers`: `an array` is not allowed"),
            ("timeout = 30", "`timeout`: `30` is not allowed: allowed is a number above zero"),
            ("timeout = 'soon'", "`'soon'` is not allowed"),
            ("timeout = '0s'", "`'0s'` is not allowed"),
            ("timeout = 07:32:00", "`07:32:00` is not allowed"),
            ("isolated = 1", "`1` is not allowed: allowed is `true` or `false`, without quotes"),
            ("isolated = 'true'", "allowed is `true` or `false`, without quotes"),
            ("driver = 3", "`driver`: `3` is not allowed: allowed is the name of a driver"),
            (
                "process = 3",
                "concur.toml:1: `process`: `3` is not allowed: allowed is a table, `[process]`",
            ),
            ("[[process]]", "allowed is a table, `[process]`"),
            (
                "[engine]\nworkers = 3",
                "concur.toml:2: `engine.workers`: `3` is not allowed: allowed is a table",
            ),
            ("engine = 3", "allowed is a table for each engine"),
        ] {
            let message = parse_text(text).expect_err(text).to_string();
            assert!(message.contains(expected), "{text:?}: {message}");
        }
    }

    #[test]
    fn what_is_unknown_is_told_with_what_was_meant() {
        for (text, expected) in [
            ("\n\nworker = 2", "concur.toml:3: there is no setting `worker`: is `workers` meant?"),
            ("drivers = 'fork'", "there is no setting `drivers`: is `driver` meant?"),
            (
                "colour = 'red'",
                "there is no setting `colour`: allowed are driver, process, fork, thread, sync, engine, workers",
            ),
            (
                "[thread]\ntime_out = '1s'",
                ":2: there is no setting `thread.time_out`: is `timeout` meant?",
            ),
            ("[thread]\ndriver = 'fork'", "`thread.driver`: it stands at the top"),
            ("[proces]\nworkers = 2", "no driver for the table `[proces]`: is `[process]` meant?"),
            ("[remote]\nworkers = 2", "`[engine.remote]` for an engine of the program's own"),
            (
                "[engine.Remote]\nworkers = 2",
                "concur.toml:1: `[engine.Remote]`: `Remote` cannot name",
            ),
            ("[engine.fork]\nworkers = 2", "the driver `fork` is built in"),
        ] {
            let message = parse_text(text).expect_err(text).to_string();
            assert!(message.contains(expected), "{text:?}: {message}");
        }
    }

    #[test]
    fn what_is_not_toml_is_told_with_its_line() {
        for (text, line) in [
            ("workers = 1\nworkers 2", 2),
            ("workers =", 1),
            ("a = 1\n\n[process", 3),
            ("workers = 1\nworkers = 2", 2),
            ("timeout = \"30s", 1),
            ("timeout = 30s", 1),
        ] {
            let message = parse_text(text).expect_err(text).to_string();
            let expected = format!("concur.toml:{line}: this is not TOML: ");
            assert!(message.starts_with(&expected), "{text:?}: {message}");
            assert!(!message.contains('\n'), "{message}");
        }
    }

    #[test]
    fn what_stands_there_twice_is_named() {
        for (text, expected) in [
            (
                "workers = 1\n\nworkers = 2",
                "concur.toml:3: this is not TOML: there is a `workers` already",
            ),
            (
                "[process]\n[process]\n",
                "concur.toml:2: this is not TOML: there is a `process` already",
            ),
            (
                "[fork]\nworkers = 1\nworkers = 2",
                ":3: this is not TOML: there is a `workers` already",
            ),
            (
                "engine.a.workers = 1\nengine.a.workers = 2",
                ":2: this is not TOML: there is a `workers` already",
            ),
        ] {
            let message = parse_text(text).expect_err(text).to_string();
            assert!(message.ends_with(expected), "{text:?}: {message}");
        }
    }

    #[test]
    fn a_long_line_is_shown_in_part() {
        let text = format!("timeout = '{}'", "x".repeat(10_000));
        let message = parse_text(&text).expect_err("it is none").to_string();
        assert!(message.len() < 400, "{message}");
    }

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
