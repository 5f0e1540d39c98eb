//! A terminal of the test's own, and what stands on its screen.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};

use rustix::pty::OpenptFlags;
use rustix::termios::Winsize;

/// Wide enough for every line that is expected.
const SIZE: Winsize = Winsize { ws_row: 24, ws_col: 200, ws_xpixel: 0, ws_ypixel: 0 };

pub(crate) struct Terminal {
    ours: File,
    theirs: Option<OwnedFd>,
    parser: vt100::Parser,
}

impl Terminal {
    pub(crate) fn open() -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let ours = rustix::pty::openpt(flags).expect("there are terminals");
        rustix::pty::grantpt(&ours).expect("it is ours");
        rustix::pty::unlockpt(&ours).expect("it is ours");
        rustix::termios::tcsetwinsize(&ours, SIZE).expect("it has a size");
        let theirs = rustix::pty::ioctl_tiocgptpeer(&ours, flags).expect("it has another end");
        let parser = vt100::Parser::new(SIZE.ws_row, SIZE.ws_col, 0);
        Self { ours: File::from(ours), theirs: Some(theirs), parser }
    }

    /// Executes this program once more, with the other end as its standard output and error.
    pub(crate) fn start(&mut self, variable: &str, value: &str, more: &[(&str, &OsStr)]) -> Child {
        let theirs = self.theirs.take().expect("one child for each terminal");
        let copy = theirs.try_clone().expect("there are descriptors");
        let own = std::env::current_exe().expect("it is there");
        let mut command = Command::new(own);
        command.env(variable, value).env("TERM", "xterm").env_remove("NO_COLOR");
        command.envs(more.iter().copied());
        command.stdin(Stdio::null()).stdout(theirs).stderr(copy);
        command.spawn().expect("it starts")
    }

    /// Reads until everybody has closed the other end.
    pub(crate) fn read_to_end(&mut self) {
        self.read_until(|_| false);
    }

    /// Reads until the screen looks as it should, or everybody has closed the other end.
    pub(crate) fn read_until(&mut self, looks_right: impl Fn(&[String]) -> bool) {
        let mut bytes = [0; 4096];
        // The end of a terminal is an error on Linux.
        while let Ok(count @ 1..) = self.ours.read(&mut bytes) {
            self.parser.process(&bytes[..count]);
            if looks_right(&self.lines()) {
                return;
            }
        }
    }

    /// What is on the screen, empty lines aside.
    pub(crate) fn lines(&self) -> Vec<String> {
        let rows = self.parser.screen().rows(0, SIZE.ws_col);
        rows.map(|row| row.trim_end().to_owned()).filter(|row| !row.is_empty()).collect()
    }
}

/// Whether a child has ended well.
pub(crate) fn wait(mut child: Child) -> bool {
    child.wait().expect("it is a child of ours").success()
}
