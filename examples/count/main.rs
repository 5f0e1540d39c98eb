//! A command-line tool: counts lines, words and bytes of files, one task for each file, with a bar that
//! shows how far it is.
//!
//! ```text
//! cargo run --features progress --example count                       # the sources of concur
//! cargo run --features progress --example count -- --driver thread src README.md
//! ```
//!
//! The part to read is [`count_all`]. A file that cannot be read is told at the end and hides no other.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use concur::{Driver, TaskError, concurrent};

const HELP: &str = "\
Counts lines, words and bytes of files, in other processes.

count [--driver NAME] [--limit N] [PATH...]

    --driver NAME   process (default), fork, thread or sync
    --limit N       so many files at once
    PATH            files, and folders with all that is in them; without any: src
";

/// What is counted in a file.
type Counts = (usize, usize, usize);

/// What the command line asks for.
#[derive(Default)]
struct Options {
    driver: Option<Driver>,
    limit: Option<usize>,
    paths: Vec<PathBuf>,
}

fn main() -> ExitCode {
    match tell() {
        Ok(code) => code,
        Err(err) => {
            eprintln!("count: {err}");
            ExitCode::from(2)
        }
    }
}

fn tell() -> Result<ExitCode, Box<dyn Error>> {
    let Some(options) = options()? else {
        print!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    };
    let mut files = Vec::new();
    for path in &options.paths {
        find_files(path, &mut files)?;
    }
    let mut total = (0, 0, 0);
    let mut failures = Vec::new();
    for (file, counted) in files.iter().zip(count_all(&options, &files)?) {
        match counted {
            Ok((lines, words, bytes)) => {
                println!("{lines:8} {words:8} {bytes:10}  {}", file.display());
                total = (total.0 + lines, total.1 + words, total.2 + bytes);
            }
            Err(err) => failures.push((file, err)),
        }
    }
    println!("{:8} {:8} {:10}  in {} files", total.0, total.1, total.2, files.len());
    for (file, err) in &failures {
        eprintln!("count: {}: {}", file.display(), err.message());
    }
    Ok(if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One task for each file; each outcome is kept.
fn count_all(
    options: &Options,
    files: &[PathBuf],
) -> Result<Vec<Result<Counts, TaskError>>, concur::Error> {
    let mut tasks = concurrent! { for file in files.to_vec() => count(&file)? }.progress();
    if let Some(driver) = &options.driver {
        tasks = tasks.driver(driver.clone());
    }
    if let Some(limit) = options.limit {
        tasks = tasks.limit(limit);
    }
    tasks.settle().run()
}

fn count(file: &Path) -> io::Result<Counts> {
    let bytes = std::fs::read(file)?;
    let text = String::from_utf8_lossy(&bytes);
    Ok((text.lines().count(), text.split_whitespace().count(), bytes.len()))
}

/// A file, or everything below a folder, in the order of the names.
fn find_files(path: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    if !path.is_dir() {
        found.push(path.to_owned());
        return Ok(());
    }
    let entries: io::Result<Vec<_>> = std::fs::read_dir(path)?.collect();
    let mut paths: Vec<PathBuf> = entries?.into_iter().map(|entry| entry.path()).collect();
    paths.sort();
    paths.iter().try_for_each(|path| find_files(path, found))
}

/// The command line; `None` where help is asked for.
fn options() -> Result<Option<Options>, Box<dyn Error>> {
    let mut options = Options::default();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match &*argument {
            "--help" | "-h" => return Ok(None),
            "--driver" => options.driver = Some(value()?.parse()?),
            "--limit" => options.limit = Some(value()?.parse()?),
            unknown if unknown.starts_with('-') => Err(format!("{unknown} is no option"))?,
            path => options.paths.push(path.into()),
        }
    }
    if options.paths.is_empty() {
        options.paths.push("src".into());
    }
    Ok(Some(options))
}
