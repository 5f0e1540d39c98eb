//! Settings from a file in TOML, which names the same ones as the environment.
//!
//! What is wrong in it is told with the place: `concur.toml:3: ...`. Who wants the file, and what comes
//! before it, is not known here. How its text is read, and how places in it are told, is in `text`.

#[cfg(test)]
mod tests;
mod text;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub(super) use self::text::{FileText, read};
use super::known::{self, Form, Known};
use super::{Choice, Options, Source, mistake};
use crate::driver::Driver;
use crate::engine;
use crate::error::Error;

/// What stands at the top besides settings.
const OTHERS: [&str; 6] = ["driver", "process", "fork", "thread", "sync", "engine"];

/// What a file says; the first mistake is the error.
pub(super) fn parse(file: &FileText) -> Result<Source, Error> {
    let reader = Reader { file };
    let table = DeTable::parse(&file.text).map_err(|err| {
        let at = err.span().unwrap_or_default();
        let mut message = err.message().replace('\n', ", ");
        if message == "duplicate key" {
            message = format!("there is a `{}` already", file.shown(at.clone()));
        }
        file.error(at.start, &format!("this is not TOML: {message}"))
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
        let place = self.file.place(at, "driver");
        match value.get_ref() {
            DeValue::String(name) => Ok(Choice::Name { name: name.trim().to_owned(), place }),
            _ => Err(mistake(&place, &self.shown(value), "the name of a driver, in quotes")),
        }
    }

    /// An engine of the program's own, which may be registered later.
    fn engine(&self, key: &Spanned<std::borrow::Cow<'_, str>>) -> Result<(Driver, String), Error> {
        let name = key.get_ref().to_string();
        engine::check_name(&name).map_err(|err| {
            self.file.error(key.span().start, &format!("`[engine.{name}]`: {err}"))
        })?;
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
            _ => Err(mistake(
                &self.file.place(value.span().start, name),
                &self.shown(value),
                allowed,
            )),
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
            mistake(&self.file.place(at, &format!("{prefix}{name}")), &self.shown(value), &allowed)
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
        self.file.error(at, &format!("there is no setting `{prefix}{name}`: {says}"))
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
        self.file.error(at, &format!("there is no driver for the table `[{name}]`: {says}"))
    }

    /// A value as it stands in the file, one line of it.
    fn shown(&self, value: &Spanned<DeValue<'_>>) -> String {
        match value.get_ref() {
            DeValue::Table(_) => "a table".to_owned(),
            DeValue::Array(_) => "an array".to_owned(),
            _ => self.file.shown(value.span()),
        }
    }
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
