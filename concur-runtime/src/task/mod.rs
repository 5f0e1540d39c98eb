//! What a macro leaves behind for a task: encoded captures, an entry point, a place in the registry.
//!
//! [`body`] turns a closure into an entry point, [`capture`] says how a captured variable travels,
//! [`execute`] runs an entry point wherever a task runs, and [`registry`] finds it again in a worker.
//! Nothing here knows a driver.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::codec::CodecError;
use crate::config::{Said, TaskOptions};
use crate::error::Error;
use crate::functions::{self, Annotated, Describe, describe};
use crate::locks::lock;
use crate::payload::{Payload, Reader};

pub(crate) mod arms;
pub(crate) mod async_runtime;
#[cfg(all(target_os = "linux", feature = "tokio"))]
pub(crate) mod beside_others;
pub(crate) mod body;
pub(crate) mod callable;
pub(crate) mod capture;
pub(crate) mod error_value;
pub(crate) mod execute;
pub(crate) mod failure;
pub(crate) mod input;
pub(crate) mod options;
pub(crate) mod panic;
pub(crate) mod raising;
pub(crate) mod refusal;
#[cfg(target_os = "linux")]
pub(crate) mod registry;
pub(crate) mod result;

/// The entry point of a task: decode the captures, run the code, encode the result.
pub(crate) type Entry = fn(&mut Call<'_>);

/// A type that stands for one task of the binary.
pub(crate) trait Registered {
    /// The entry point.
    fn run(call: &mut Call<'_>);

    /// What it captures and gives.
    #[cfg(feature = "testing")]
    fn types() -> crate::testing::Types;
}

/// One call of an entry point.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) input: Reader<'a>,
    pub(crate) output: &'a mut Payload,
    pub(crate) verdict: Verdict,
}

/// How a call ended, panics aside.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// The entry point did not say: it panicked, or was none of ours.
    Silent,
    /// The result is in the output.
    Done,
    /// The task failed by `?`.
    Failed(failure::Report),
    /// The captures could not be decoded.
    Undecodable(CodecError),
    /// The result could not be encoded.
    Unencodable(CodecError),
}

/// Where a task stands in the source, and its name.
#[derive(Debug, Clone, Copy)]
pub struct Site {
    pub(crate) name: &'static str,
    pub(crate) file: &'static str,
    pub(crate) line: u32,
    /// The annotated function that the task calls, if it is listed.
    pub(crate) function: Option<Describe>,
}

impl Site {
    /// Made by the macros.
    #[must_use]
    pub const fn new(name: &'static str, file: &'static str, line: u32, _column: u32) -> Self {
        Self { name, file, line, function: None }
    }

    /// That of an annotated function.
    #[must_use]
    pub fn of<F: Annotated>() -> Self {
        Self { function: Some(describe::<F>), ..F::ABOUT.site }
    }
}

/// Sites are few, and their texts stand in the binary: one that comes as data is kept for good.
impl<'de> Deserialize<'de> for Site {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (name, file, line) = <(String, String, u32)>::deserialize(deserializer)?;
        Ok(Self { name: keep(name), file: keep(file), line, function: None })
    }
}

impl Serialize for Site {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.name, self.file, self.line).serialize(serializer)
    }
}

fn keep(text: String) -> &'static str {
    static KEPT: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut kept = lock(&KEPT);
    if let Some(known) = kept.get(text.as_str()) {
        return known;
    }
    let text: &'static str = Box::leak(text.into_boxed_str());
    kept.insert(text);
    text
}

/// How an entry point is found: by its address here, by its place in the registry elsewhere.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EntryPoint {
    pub(crate) here: Entry,
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "for other processes"))]
    pub(crate) id: u32,
    /// Async tasks need a thread that is not inside a runtime.
    pub(crate) is_async: bool,
    #[cfg(feature = "testing")]
    pub(crate) types: crate::testing::Types,
}

/// A task that is ready to run: what a run is made of.
#[derive(Debug)]
pub(crate) struct TaskSpec {
    pub(crate) name: Cow<'static, str>,
    pub(crate) site: Site,
    pub(crate) entry: EntryPoint,
    /// What all tasks of a `for` have in common; empty otherwise.
    pub(crate) shared: Arc<Payload>,
    /// The task's own captures, or why they could not be encoded.
    pub(crate) input: Result<Payload, CodecError>,
    /// What is said of this task in particular.
    pub(crate) options: Option<Arc<TaskOptions>>,
    /// The fake that held where the task was built.
    #[cfg(feature = "testing")]
    pub(crate) fake: Option<Arc<crate::testing::State>>,
}

impl TaskSpec {
    /// An error if the task is of an annotated function that has the name of another one.
    pub(crate) fn check_name(&self) -> Result<(), Error> {
        self.site.function.map_or(Ok(()), functions::check_name)
    }

    /// Changes what is said of the task itself.
    pub(crate) fn say(&mut self, change: impl FnOnce(&mut Said)) {
        change(&mut Arc::make_mut(self.options.get_or_insert_default()).own);
    }
}
