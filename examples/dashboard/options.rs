//! What the command line and the environment ask for.

use concur::Driver;

pub(crate) const HELP: &str = "\
Computes the dashboard of an online shop, one metric after another and then with concur.

Usage: cargo run --example dashboard -- [--driver NAME]

  --driver NAME   use this driver only: process, fork, thread or sync
  --help          print this

Without --driver the environment variable CONCUR_DRIVER is looked at; without
either, all four drivers are compared. The shop is made in the first run and
kept in cargo's target directory.
";

/// What the program shall do.
pub(crate) enum Command {
    Help,
    Compare(Vec<Driver>),
}

impl Command {
    /// Reads the arguments after the program's name; `environment` is the value of `CONCUR_DRIVER`.
    ///
    /// # Errors
    ///
    /// One line for the user, about the first thing that was not understood.
    pub(crate) fn parse(
        mut arguments: impl Iterator<Item = String>,
        environment: Option<String>,
    ) -> Result<Self, String> {
        let mut flag = None;
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--help" | "-h" => return Ok(Self::Help),
                "--driver" => {
                    let name = arguments.next();
                    flag = Some(name.ok_or("--driver needs a name, as in `--driver fork`")?);
                }
                other => match other.strip_prefix("--driver=") {
                    Some(name) => flag = Some(name.to_owned()),
                    None => return Err(format!("unknown argument `{other}`, see --help")),
                },
            }
        }

        // The flag wins. A variable that is set to nothing counts as not set.
        let drivers = match (flag, environment.filter(|name| !name.is_empty())) {
            (Some(name), _) => vec![driver("--driver", &name)?],
            (None, Some(name)) => vec![driver("CONCUR_DRIVER", &name)?],
            (None, None) => vec![Driver::Process, Driver::Fork, Driver::Thread, Driver::Sync],
        };
        Ok(Self::Compare(drivers))
    }
}

fn driver(source: &str, name: &str) -> Result<Driver, String> {
    match name.parse() {
        // A name of another engine is only good in a program that registers one: not here.
        Ok(Driver::Named(_)) | Err(_) => Err(format!(
            "{source} names the unknown driver `{name}`, use process, fork, thread or sync"
        )),
        Ok(driver) => Ok(driver),
    }
}
