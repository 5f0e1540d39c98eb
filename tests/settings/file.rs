//! Settings of a file.
//!
//! Which one holds is seen by its timeout: so many hours are left of it in a task.

use std::path::Path;
use std::time::Duration;

use concur::{
    Config, Driver, Engine, ErrorKind, Job, Outcome, Running, concurrent, register_engine,
};

const HOUR: Duration = Duration::from_secs(3600);

/// The timeout of the task that asks, in hours.
fn hours() -> u64 {
    let left = concur::task::current().expect("a task asks").remaining();
    left.map_or(0, |left| left.as_secs().div_ceil(HOUR.as_secs()))
}

/// Makes the file that the environment names, which is relative to the directory.
fn write(dir: &Path, text: &str) {
    std::fs::write(dir.join("concur.toml"), text).expect("there is room");
    std::env::set_current_dir(dir).expect("it is there");
}

pub(crate) fn a_named_file_is_obeyed(dir: &Path) {
    write(dir, "driver = 'thread'\ntimeout = '3h'\n[process]\ntimeout = '5h'\n");
    let code = Config::new().driver(Driver::Sync).timeout(7 * HOUR).deadline(9 * HOUR);
    code.install().expect("it is allowed");
    let (here, hours_left) = concurrent! { here => std::process::id(), hours_left => hours() }
        .run()
        .expect("both are fine");
    let thread = concurrent! { thread => std::thread::current().name().map(str::to_owned) };
    let thread = thread.run().expect("it is fine").0;
    assert_eq!((here, hours_left), (std::process::id(), 3));
    assert_ne!(thread.as_deref(), Some("main"), "driver Sync of the code was chosen");
    let process = concurrent! { process => hours() }.driver(Driver::Process).run();
    assert_eq!(process.expect("it is fine"), (5,));
    let said = concurrent! { said => hours() }.timeout(2 * HOUR).run();
    assert_eq!(said.expect("it is fine"), (2,));
}

pub(crate) fn the_environment_comes_before_a_named_file(dir: &Path) {
    write(dir, "timeout = '3h'\n[process]\ntimeout = '5h'\n");
    let (found,) = concurrent! { found => hours() }.run().expect("it is fine");
    assert_eq!(found, 2, "the environment says 90 minutes");
}

pub(crate) fn workers_know_the_file_from_their_caller(dir: &Path) {
    write(dir, "timeout = '3h'\n");
    concurrent! { first => 1 }.run().expect("it is fine");
    std::fs::remove_file(dir.join("concur.toml")).expect("it is there");
    std::env::set_current_dir("/").expect("it is there");
    let (outer, inner, core) = concurrent! {
        outer => {
            let (inner, core) = concurrent! {
                inner => hours(),
                core => { let (core,) = concurrent! { core => hours() }.run()?; core },
            }
            .run()?;
            (hours(), inner, core)
        },
    }
    .run()
    .expect("all are fine")
    .0;
    assert_eq!((outer, inner, core), (3, 3, 3));
    // So does a supervisor of deferred tasks, and its workers.
    let deferred = concurrent! {
        deferred => {
            let (nested,) = concurrent! { nested => hours() }.run()?;
            if (hours(), nested) != (3, 3) {
                Err(format!("it has {} hours, a block in it {nested}", hours()))?;
            }
        },
    };
    deferred.defer().expect("it is held").wait().expect("the file is known there");
}

pub(crate) fn a_mistake_in_a_named_file_fails_every_run(dir: &Path) {
    write(dir, "# settings\nworkers = 'many'\n");
    for _ in 0..2 {
        let err = concurrent! { one => 1 }.run().expect_err("it is no number");
        assert_eq!((err.kind(), err.task()), (ErrorKind::Config, None));
        assert_eq!(
            err.to_string(),
            "concur.toml:2: `workers`: `'many'` is not allowed: allowed is a whole number from 1, \
             without quotes"
        );
    }
}

pub(crate) fn a_named_file_that_is_missing_fails_every_run(dir: &Path) {
    std::env::set_current_dir(dir).expect("it is there");
    for _ in 0..2 {
        let err = concurrent! { one => 1 }.run().expect_err("it is not there");
        assert_eq!(err.kind(), ErrorKind::Config);
        let text = err.to_string();
        let expected =
            "environment variable CONCUR_CONFIG: `concur.toml` cannot be read: No such file";
        assert!(text.starts_with(expected), "{text}");
    }
    assert_eq!(Config::from_env().map(|_| ()).expect_err("nor now").kind(), ErrorKind::Config);
}

pub(crate) fn a_driver_that_there_is_not_is_told_with_its_line(dir: &Path) {
    write(dir, "\n\ndriver = 'warp'\n");
    let err = concurrent! { one => 1 }.run().expect_err("there is none");
    let text = err.to_string();
    assert!(
        text.starts_with("concur.toml:3: `driver`: `warp` is not allowed: allowed is `process`")
    );
    let said = concurrent! { one => 1 }.driver(Driver::Sync).run();
    assert_eq!(said.expect("who says another does not care"), (1,));
}

pub(crate) fn a_loaded_file_comes_before_code(dir: &Path) {
    write(dir, "timeout = '3h'\n");
    let config = Config::from_file("concur.toml").expect("it is right");
    // What is said in code holds where the file says nothing.
    config.timeout(5 * HOUR).driver(Driver::Thread).install().expect("it is allowed");
    let (found, here) =
        concurrent! { found => hours(), here => std::process::id() }.run().expect("both are fine");
    assert_eq!((found, here), (3, std::process::id()));
    let missing = Config::from_file(dir.join("other.toml")).map(|_| ()).expect_err("it is missing");
    assert!(missing.to_string().contains("other.toml` cannot be read"), "{missing}");
    Config::new().timeout(5 * HOUR).install().expect("it is allowed");
    let (found,) = concurrent! { found => hours() }.run().expect("it is fine");
    assert_eq!(found, 5, "what is installed takes the place of what was");
}

/// Runs each job at once.
struct AtOnce;

impl Engine for AtOnce {
    fn start(&self, job: Job) -> Running {
        assert_eq!((job.timeout(), job.memory_limit()), (Some(4 * HOUR), Some(3 << 20)));
        let outcome: Outcome = job.run();
        Box::pin(async move { outcome })
    }
}

pub(crate) fn an_engine_has_a_table(dir: &Path) {
    let text = "driver = 'at-once'\ntimeout = '1h'\n[engine.at-once]\ntimeout = '4h'\nmemory_limit = \
                '3MiB'\n";
    write(dir, text);
    register_engine("at-once", AtOnce).expect("it is a name");
    assert_eq!(concurrent! { one => hours() }.run().expect("it is fine"), (4,));
}

pub(crate) fn the_example_file_is_right_and_whole() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/concur.toml");
    Config::from_file(&path).expect("it is right").install().expect("it is allowed");
    Config::new().install().expect("it is allowed");
    let text = std::fs::read_to_string(&path).expect("it is there");
    let readme = include_str!("../../README.md");
    assert!(readme.contains(&text), "the README shows another one");
    // A setting that is new must be shown: what is unknown is told with all that is known.
    let wrong = tempfile::NamedTempFile::new().expect("there is room");
    std::fs::write(wrong.path(), "colour = 'red'\n").expect("there is room");
    let said = Config::from_file(wrong.path()).map(|_| ()).expect_err("it is unknown").to_string();
    let (_, known) = said.split_once("allowed are ").expect("they are listed");
    for setting in known.split(", ") {
        // Of the tables of drivers, one is enough.
        let is_table = setting == "engine" || setting.parse::<Driver>().is_ok();
        assert!(is_table || text.contains(&format!("\n{setting} = ")), "`{setting}` is not shown");
    }
}
