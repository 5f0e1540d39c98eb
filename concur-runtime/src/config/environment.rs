//! Settings from environment variables: `CONCUR_<SETTING>` for all drivers,
//! `CONCUR_<DRIVER>_<SETTING>` for one, `CONCUR_CONFIG` for a file with more.
//!
//! All variables are looked through once; of those whose names begin otherwise nothing is kept.

use std::ffi::{OsStr, OsString};

use super::known::{self, Known};
use super::nearest::nearest;
use super::{Choice, Options, Source, mistake};
use crate::driver::Driver;
use crate::error::Error;

const PREFIX: &str = "CONCUR_";

/// Names behind the prefix that are no settings of tasks: the driver, the file, where deferred tasks
/// write, and the mark of a process of ours.
const OTHERS: [&str; 4] = ["DRIVER", "CONFIG", "DEFER_LOG", "SERVER"];

/// What the environment says.
#[derive(Debug, Default)]
pub(super) struct Environment {
    pub(super) source: Source,
    /// The file that `CONCUR_CONFIG` names.
    pub(super) file: Option<OsString>,
    /// Variables that are no settings, and the settings that were probably meant.
    pub(super) slips: Vec<(String, String)>,
}

/// Reads all variables; the first mistake is the error.
pub(super) fn read(
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> Result<Environment, Error> {
    let is_ours =
        |(name, _): &(OsString, OsString)| name.as_encoded_bytes().starts_with(PREFIX.as_bytes());
    let ours: Vec<(OsString, OsString)> = variables.filter(is_ours).collect();
    let mut read = Environment::default();
    // Of two variables of one name the first one counts, as everywhere.
    for (name, value) in ours.iter().rev() {
        if let Some(name) = name.to_str() {
            read.variable(name, value)?;
        }
    }
    Ok(read)
}

impl Environment {
    fn variable(&mut self, name: &str, value: &OsStr) -> Result<(), Error> {
        let setting = &name[PREFIX.len()..];
        match setting {
            "DRIVER" => {
                let (place, name) = (place(name), text(name, value)?.trim().to_owned());
                self.source.driver = Some(Choice::Name { name, place });
                return Ok(());
            }
            "CONFIG" => {
                self.file = Some(value.to_owned());
                return Ok(());
            }
            _ if OTHERS.contains(&setting) => return Ok(()),
            _ => {}
        }
        let Some((driver, known)) = find(setting) else {
            let meant = meant(setting).map(|meant| (name.to_owned(), format!("{PREFIX}{meant}")));
            self.slips.extend(meant);
            return Ok(());
        };
        let options: &mut Options = match &driver {
            None => &mut self.source.all,
            Some(driver) => self.source.options_mut(driver),
        };
        let value = text(name, value)?;
        known.read(value.trim(), options).ok_or_else(|| mistake(&place(name), value, known.allowed))
    }
}

/// The setting of a name behind the prefix, and the driver that it is for.
fn find(setting: &str) -> Option<(Option<Driver>, &'static Known)> {
    let setting = lower(setting)?;
    if let Some(known) = Known::find(&setting) {
        return Some((None, known));
    }
    Driver::BUILT_IN.into_iter().find_map(|driver| {
        let setting = setting.strip_prefix(driver.name())?.strip_prefix('_')?;
        Some((Some(driver), Known::find(setting)?))
    })
}

/// Names of variables are in upper case.
fn lower(name: &str) -> Option<String> {
    let is_upper = !name.bytes().any(|byte| byte.is_ascii_lowercase());
    is_upper.then(|| name.to_ascii_lowercase())
}

/// The name behind the prefix that was probably meant. Many programs could have variables of this
/// prefix, so what is near to none of ours is theirs.
fn meant(setting: &str) -> Option<String> {
    let setting = setting.to_ascii_uppercase();
    let settings: Vec<String> =
        known::ALL.iter().map(|known| known.name.to_ascii_uppercase()).collect();
    let of_drivers = Driver::BUILT_IN.into_iter().flat_map(|driver| {
        let driver = driver.name().to_ascii_uppercase();
        settings.iter().map(move |setting| format!("{driver}_{setting}")).collect::<Vec<_>>()
    });
    let of_drivers: Vec<String> = of_drivers.collect();
    let all = settings.iter().chain(&of_drivers).map(String::as_str).chain(["DRIVER", "CONFIG"]);
    nearest(&setting, all).map(str::to_owned)
}

/// How messages name a variable.
pub(super) fn place(name: &str) -> String {
    format!("environment variable {name}")
}

fn text<'a>(name: &str, value: &'a OsStr) -> Result<&'a str, Error> {
    value.to_str().ok_or_else(|| mistake(&place(name), &value.to_string_lossy(), "text in UTF-8"))
}
