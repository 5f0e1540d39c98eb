//! A crate that someone just began: it depends on concur, sets nothing up, and its blocks run, in
//! `main`, in a library, in a unit test and in a doctest, however it is built.
//!
//! The crate is written to a folder outside the repository; what is built of its dependencies stays
//! below the target directory, so that only the first run is slow.
#![cfg(target_os = "linux")]

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tempfile::TempDir;

const REPOSITORY: &str = env!("CARGO_MANIFEST_DIR");

/// Stands in the place of `REPOSITORY` in a manifest.
const MANIFEST: &str = r#"
[package]
name = "fresh"
version = "0.1.0"
edition = "2024"

[dependencies]
concur-rs = { path = "REPOSITORY" }
tokio = { version = "1", features = ["macros", "rt-multi-thread"], optional = true }

[[bin]]
name = "in_tokio"
required-features = ["tokio"]

[profile.fat]
inherits = "release"
lto = "fat"
strip = true

[profile.abort]
inherits = "dev"
panic = "abort"

[workspace]
"#;

const LIBRARY: &str = r#"
//! ```
//! let (there,) = concur::concurrent! { there => std::process::id() }.run().unwrap();
//! assert_ne!(there, std::process::id());
//! assert!(fresh::is_elsewhere());
//! ```
#![forbid(unsafe_code)]
#![deny(warnings)]

/// All of a program, as its `main` calls it.
pub fn run() {
    concur::init();
    println!("the program runs");
    println!("elsewhere: {}", is_elsewhere());
}

pub fn is_elsewhere() -> bool {
    let here = std::process::id();
    let tasks = concur::concurrent! { there => std::process::id(), sent => here };
    let (there, sent) = tasks.run().unwrap();
    sent == here && there != here
}

static LOADED: std::sync::OnceLock<u32> = std::sync::OnceLock::new();

#[concur::preload]
fn load() {
    assert!(!std::path::Path::new("told-to-fail").exists(), "it was told to");
    let _ = LOADED.set(std::process::id());
}

pub fn is_loaded() -> bool {
    LOADED.get().is_some()
}

#[concur::task(timeout = "30s")]
pub fn doubled(number: u32) -> (u32, u32) {
    (2 * number, std::process::id())
}

pub mod only_linked {
    #[concur::task]
    pub fn never_called(_: &str) -> Result<(), String> {
        Err(String::new())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn blocks_run() {
        let here = std::process::id();
        let all = concur::concurrent! { for n in 0..3 => (n, std::process::id()) }.run().unwrap();
        assert!(all.iter().enumerate().all(|(i, (n, there))| i == *n && *there != here));
        assert!(super::is_elsewhere());
        let (loaded,) = concur::concurrent! { loaded => super::is_loaded() }.run().unwrap();
        assert!(loaded && !super::is_loaded());
        assert_eq!(super::doubled_task(2).run().unwrap().0, 4);
    }
}
"#;

const PLAIN: &str = r#"
#![deny(warnings)]
use concur::{ErrorKind, concurrent};

fn main() {
    println!("main runs");
    println!("library elsewhere: {}", fresh::is_elsewhere());
    let (here, word) = (std::process::id(), "word".to_owned());
    let tasks = concurrent! { elsewhere => std::process::id() != here, length => word.len() };
    println!("block: {:?}", tasks.run().unwrap());
    let line = line!() + 1;
    let err = concurrent! { fails => assert_eq!(word.len(), 5, "{word} is short") }.run().unwrap_err();
    let panic = err.failures()[0].panic().expect("the panic arrives");
    println!("kind: {}", err.kind() == ErrorKind::Panicked);
    println!("message: {}", panic.message().contains("word is short"));
    println!("place: {}", panic.file() == Some(file!()) && panic.line() == Some(line));
    let again = concurrent! { length => word.len() }.run().unwrap();
    println!("again: {again:?}");
    let (doubled, there) = fresh::doubled_task(4).run().unwrap();
    println!("function: {doubled} {}", there != here);
    let listed: Vec<String> = concur::tasks().iter().map(|task| task.name().to_owned()).collect();
    println!("listed: {listed:?}");
}
"#;

const SAID: &str = "main runs\nlibrary elsewhere: true\nblock: (true, 4)\nkind: true\n\
                    message: true\nplace: true\nagain: (4,)\nfunction: 8 true\n\
                    listed: [\"fresh::doubled\", \"fresh::only_linked::never_called\"]\n";

/// Names nothing of the library, whose hook is there all the same.
const HOOKED: &str = r#"
#![deny(warnings)]
use concur::{ErrorKind, concurrent};
use fresh as _;

fn main() {
    std::fs::write("told-to-fail", "").unwrap();
    let err = concurrent! { one => 1 }.run().unwrap_err();
    std::fs::remove_file("told-to-fail").unwrap();
    let text = err.to_string();
    println!("kind: {}", err.kind() == ErrorKind::Start);
    println!("hook: {}", text.contains("preload hook `load` (src/lib.rs:"));
    println!("place: {}", text.contains("panicked: it was told to, at src/lib.rs:"));
}
"#;

const HOOKED_SAID: &str = "kind: true\nhook: true\nplace: true\n";

/// Of the library it needs more than `init`, and not that.
const GATED: &str = r#"
fn main() {
    println!("main runs");
    if std::env::args().len() > 99 {
        concur::init();
        fresh::run();
    }
    println!("elsewhere: {}", fresh::is_elsewhere());
}
"#;

/// A test is no `main`, whatever it calls.
const CALLED: &str = r"
#[test]
fn what_main_calls_runs_in_a_test() {
    assert!(std::env::args().len() < 99);
    fresh::run();
    assert!(fresh::is_elsewhere());
}
";

const IN_TOKIO: &str = r#"
#![deny(warnings)]

#[tokio::main]
#[concur::main]
async fn main() {
    println!("main runs");
    let here = std::process::id();
    let tasks = concur::concurrent! { elsewhere => std::process::id() != here };
    println!("block: {:?}", tasks.await.unwrap());
}
"#;

const RENAMED_MANIFEST: &str = r#"
[package]
name = "fresh"
version = "0.1.0"
edition = "2024"

[dependencies]
kn = { package = "concur-rs", path = "REPOSITORY" }

[workspace]
"#;

const RENAMED: &str = r#"
#![deny(warnings)]

#[kn::main]
fn main() -> Result<(), kn::Error> {
    println!("main runs");
    let here = std::process::id();
    let tasks = kn::concurrent! {
        elsewhere => std::process::id() != here,
        nested => kn::concurrent! { for n in 0..2 => n }.run()?,
    };
    println!("block: {:?}", tasks.run()?);
    let sum = kn::concurrent! { sum => LOADED.with(|loaded| *loaded + BEGUN.get()) };
    println!("hooks: {:?}", sum.run()?);
    println!("function: {:?}", half_task(6).run()?);
    println!("named: {}", kn::tasks().iter().any(|task| task.name() == "fresh::half"));
    Ok(())
}

static LOADED: kn::WorkerLocal<u32> = kn::WorkerLocal::new(|| SHARED.get().copied().unwrap_or(0));
static SHARED: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
thread_local! {
    static BEGUN: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

#[kn::preload]
fn load() -> Result<(), String> {
    SHARED.set(40).map_err(|_| "twice".to_owned())
}

#[kn::on_worker_start(crate = kn)]
fn begin() {
    BEGUN.set(2);
}

#[kn::attr::concurrent]
fn half(number: u32) -> Result<u32, String> {
    if number % 2 == 0 { Ok(number / 2) } else { Err("it is odd".to_owned()) }
}
"#;

/// A crate in a folder of its own. One at a time, since all build into the same directory.
struct Fresh {
    folder: TempDir,
    profiles: Vec<&'static str>,
    _turn: MutexGuard<'static, ()>,
}

impl Fresh {
    fn new(manifest: &str, files: &[(&str, &str)]) -> Self {
        static TURN: Mutex<()> = Mutex::new(());
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = tempfile::tempdir().unwrap();
        assert!(!folder.path().starts_with(REPOSITORY), "outside the repository");
        let fresh = Self { folder, profiles: Vec::new(), _turn: turn };
        fresh.write("Cargo.toml", &manifest.replace("REPOSITORY", REPOSITORY));
        for (path, text) in files {
            fresh.write(path, text);
        }
        // The same dependencies as the tests have, so that nothing is fetched.
        fs::copy(Path::new(REPOSITORY).join("Cargo.lock"), fresh.path("Cargo.lock")).unwrap();
        fresh
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A cargo of this crate, as if no other were around it.
    fn cargo(&self, arguments: &[&str]) -> Command {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(arguments).args(["--offline", "--quiet", "--target-dir"]);
        cargo.arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("fresh"));
        cargo.current_dir(self.folder.path());
        for (name, _) in std::env::vars_os() {
            let foreign = |start: &str| name.as_encoded_bytes().starts_with(start.as_bytes());
            let home = [OsStr::new("CARGO_HOME"), OsStr::new("CARGO_BUILD_JOBS")];
            if (foreign("CARGO_") && !home.contains(&&*name)) || foreign("CONCUR_") {
                cargo.env_remove(name);
            }
        }
        cargo
    }

    /// Builds and runs; gives what was printed.
    fn says(&mut self, profile: &'static str, arguments: &[&str]) -> String {
        self.profiles.push(profile);
        let output = self.cargo(arguments).args(["--profile", profile]).output().unwrap();
        stdout(&output, arguments)
    }
}

impl Drop for Fresh {
    /// Takes away what was built of the crate itself, which no later test can use.
    fn drop(&mut self) {
        for profile in &self.profiles {
            let mut clean = self.cargo(&["clean", "--package", "fresh", "--profile", profile]);
            drop(clean.output());
        }
    }
}

fn stdout(output: &Output, arguments: &[&str]) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {}\n{stderr}", output.status);
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn fresh() -> Fresh {
    let marked = PLAIN.replace("fn main()", "#[concur::main]\nfn main()");
    let sources = [
        ("src/lib.rs", LIBRARY),
        ("src/bin/plain.rs", PLAIN),
        ("src/bin/marked.rs", &*marked),
        ("src/bin/hooked.rs", HOOKED),
        ("src/bin/in_tokio.rs", IN_TOKIO),
        ("src/bin/thin.rs", "fn main() { fresh::run() }"),
        ("src/bin/gated.rs", GATED),
        ("tests/called.rs", CALLED),
    ];
    Fresh::new(MANIFEST, &sources)
}

#[test]
fn blocks_run_in_a_binary_without_set_up() {
    let mut fresh = fresh();
    assert_eq!(fresh.says("dev", &["run", "--bin", "plain"]), SAID);
    assert_eq!(fresh.says("dev", &["run", "--bin", "marked"]), SAID);
    assert_eq!(fresh.says("dev", &["run", "--bin", "hooked"]), HOOKED_SAID);
}

#[test]
fn main_runs_once_wherever_init_is_linked() {
    let mut fresh = fresh();
    let said = fresh.says("dev", &["run", "--bin", "thin"]);
    assert_eq!(said, "the program runs\nelsewhere: true\n");
    let said = fresh.says("dev", &["run", "--bin", "gated"]);
    assert_eq!(said, "main runs\nelsewhere: true\n");
}

#[test]
fn blocks_run_below_an_async_main() {
    let mut fresh = fresh();
    let said = fresh.says("dev", &["run", "--features", "tokio", "--bin", "in_tokio"]);
    assert_eq!(said, "main runs\nblock: (true,)\n");
}

#[test]
fn blocks_run_in_unit_tests_and_doctests() {
    let mut fresh = fresh();
    let said = fresh.says("dev", &["test"]);
    let passed = said.matches("test result: ok. 1 passed").count();
    assert_eq!(passed, 3, "a unit test, an integration test and a doctest: {said}");
}

#[test]
fn blocks_survive_fat_lto_and_strip() {
    let mut fresh = fresh();
    assert_eq!(fresh.says("fat", &["run", "--bin", "plain"]), SAID);
    assert_eq!(fresh.says("fat", &["run", "--bin", "marked"]), SAID);
    assert_eq!(fresh.says("fat", &["run", "--bin", "hooked"]), HOOKED_SAID);
}

#[test]
fn a_panic_arrives_where_panics_abort() {
    let mut fresh = fresh();
    assert_eq!(fresh.says("abort", &["run", "--bin", "plain"]), SAID);
    assert_eq!(fresh.says("abort", &["run", "--bin", "marked"]), SAID);
    assert_eq!(fresh.says("abort", &["run", "--bin", "hooked"]), HOOKED_SAID);
}

#[test]
fn the_dependency_may_have_another_name() {
    let mut fresh = Fresh::new(RENAMED_MANIFEST, &[("src/main.rs", RENAMED)]);
    assert_eq!(
        fresh.says("dev", &["run"]),
        "main runs\nblock: (true, [0, 1])\nhooks: (42,)\nfunction: 3\nnamed: true\n"
    );
}
