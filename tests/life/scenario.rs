//! Scenarios: this program, executed again, with a process of its own to live and die in.

use std::ffi::OsString;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::contract::Marks;

/// Names the scenario to play.
const VARIABLE: &str = "CONCUR_TEST_SCENARIO";
/// The directory for its marks.
const DIRECTORY: &str = "CONCUR_TEST_DIRECTORY";
/// A scenario that goes on for longer than this hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// The scenario that this process was started for, and its directory.
pub(crate) fn asked() -> Option<(String, PathBuf)> {
    let name = std::env::var(VARIABLE).ok()?;
    Some((name, std::env::var_os(DIRECTORY)?.into()))
}

/// A scenario and its name; it is given a directory for its marks.
pub(crate) type Named = (&'static str, fn(&Path));

/// Plays the scenario that this process was started for; `None` if it was started for none.
pub(crate) fn play(scenarios: &[&[Named]]) -> Option<ExitCode> {
    let (name, dir) = asked()?;
    let mut all = scenarios.iter().copied().flatten();
    let (_, play) = all.find(|(known, _)| *known == name).expect("it is known");
    play(&dir);
    Some(ExitCode::SUCCESS)
}

/// Scenarios (the first constant), and a check for each (the second) that plays it with these
/// variables in its environment to its end, which must be a good one.
macro_rules! scenarios {
    (
        $scenarios:ident, $played:ident:
        $($file:ident::$name:ident $(($($variable:ident = $value:literal),+))?),* $(,)?
    ) => {
        const $scenarios: &[$crate::scenario::Named] = &[$((stringify!($name), $file::$name),)*];
        const $played: &[$crate::harness::Check] = &[$((
            stringify!($name),
            || {
                $crate::scenario::scenario(stringify!($name))
                    $($(.env(stringify!($variable), $value))+)?
                    .succeeds();
            },
        ),)*];
    };
}
pub(crate) use scenarios;

/// A scenario to be started.
pub(crate) struct Scenario {
    command: Command,
    marks: Marks,
}

/// A scenario that goes on; killed when it is dropped.
pub(crate) struct Playing {
    pub(crate) child: Child,
    pub(crate) marks: Marks,
}

/// What is left of a scenario.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) marks: Marks,
}

/// The scenario of this name.
pub(crate) fn scenario(name: &str) -> Scenario {
    of_binary(&std::env::current_exe().expect("there is one"), name)
}

/// A scenario that another binary plays, which is this one under another name.
pub(crate) fn of_binary(binary: &Path, name: &str) -> Scenario {
    let marks = Marks::new();
    let mut command = Command::new(binary);
    command
        .env(VARIABLE, name)
        .env(DIRECTORY, marks.dir())
        .stdin(Stdio::null())
        .stdout(File::create(marks.dir().join("stdout")).expect("it can be made"))
        .stderr(File::create(marks.dir().join("stderr")).expect("it can be made"))
        // Signals to the group reach the scenario alone.
        .process_group(0);
    Scenario { command, marks }
}

impl Scenario {
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// What it finds in its standard input.
    pub(crate) fn stdin(mut self, text: &str) -> Self {
        let path = self.marks.dir().join("stdin");
        std::fs::write(&path, text).expect("it can be written");
        self.command.stdin(File::open(path).expect("it was written"));
        self
    }

    pub(crate) fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.command.arg(argument.into());
        self
    }

    pub(crate) fn start(mut self) -> Playing {
        let child = self.command.spawn().expect("it can be started");
        Playing { child, marks: self.marks }
    }

    /// Plays it to its end, which must be a good one.
    pub(crate) fn succeeds(self) -> Ended {
        let ended = self.start().end();
        assert!(
            ended.status.success(),
            "the scenario ended with {}:\n{}{}",
            ended.status,
            ended.stdout,
            ended.stderr
        );
        ended
    }
}

impl Playing {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ended {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("it is a child of ours") {
                break status;
            }
            if start.elapsed() > PATIENCE {
                let stack = std::fs::read_to_string(format!("/proc/{}/stack", self.pid()));
                let stderr = std::fs::read_to_string(self.marks.dir().join("stderr"));
                panic!("the scenario hangs: {stack:?}\n{stderr:?}");
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let read = |name: &str| {
            let bytes = std::fs::read(self.marks.dir().join(name)).expect("it was made");
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let (stdout, stderr) = (read("stdout"), read("stderr"));
        let marks = std::mem::replace(&mut self.marks, Marks::new());
        Ended { status, stdout, stderr, marks }
    }
}

impl Drop for Playing {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
