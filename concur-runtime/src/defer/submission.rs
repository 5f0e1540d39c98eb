//! A deferral on its way to a supervisor: everything in one memory file, the captures behind what is
//! said of them.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Deferral;
use crate::codec::{self, CodecError};
use crate::config::{self, Installed, Methods, TaskOptions};
use crate::context::Context;
use crate::inside::Around;
use crate::memory_file;
use crate::payload::Payload;
use crate::run::Policy;
use crate::task::{EntryPoint, Site, TaskSpec, registry};

/// What stands before the captures.
#[derive(Serialize, Deserialize)]
struct Head {
    id: u64,
    policy: Policy,
    methods: Methods,
    /// The configuration that the program has installed, which the supervisor has not.
    installed: Option<Installed>,
    directory: Option<Vec<u8>>,
    depth: u32,
    nested_limit: Option<u32>,
    /// The lengths of the captures, which follow one after another.
    lengths: Vec<u64>,
    tasks: Vec<TaskHead>,
}

#[derive(Serialize, Deserialize)]
struct TaskHead {
    name: String,
    site: Site,
    entry: u32,
    is_async: bool,
    /// Which of the captures are its own, and which it shares.
    shared: u32,
    own: u32,
    options: Option<TaskOptions>,
}

/// A deferral as a supervisor gets it.
pub(crate) struct Submitted {
    pub(crate) id: u64,
    pub(crate) deferral: Deferral,
    pub(crate) installed: Option<Installed>,
    pub(crate) directory: Option<Vec<u8>>,
    pub(crate) context: Context,
}

/// Writes a deferral into a memory file.
pub(super) fn write(id: u64, deferral: Deferral) -> io::Result<OwnedFd> {
    let around = Context::current();
    let mut blobs: Vec<Arc<Payload>> = Vec::new();
    let mut tasks = Vec::with_capacity(deferral.specs.len());
    for spec in deferral.specs {
        let own = spec.input.map_err(io::Error::other)?;
        // The tasks of a `for` share one payload, one after another.
        let known = blobs.iter().rposition(|blob| Arc::ptr_eq(blob, &spec.shared));
        let shared = known.unwrap_or_else(|| {
            blobs.push(Arc::clone(&spec.shared));
            blobs.len() - 1
        });
        blobs.push(Arc::new(own));
        tasks.push(TaskHead {
            name: spec.name.into_owned(),
            site: spec.site,
            entry: spec.entry.id,
            is_async: spec.entry.is_async,
            shared: number(shared),
            own: number(blobs.len() - 1),
            options: spec.options.map(Arc::unwrap_or_clone),
        });
    }
    let directory = std::env::current_dir().ok();
    let head = Head {
        id,
        policy: deferral.policy,
        methods: deferral.methods,
        installed: config::installed(),
        directory: directory.map(|directory| directory.into_os_string().into_vec()),
        depth: around.depth,
        nested_limit: around.nested_limit,
        lengths: blobs.iter().map(|blob| blob.len() as u64).collect(),
        tasks,
    };
    let head = codec::to_vec(&head).map_err(io::Error::other)?;
    let start = (head.len() as u64).to_le_bytes();
    let captures: usize = blobs.iter().map(|blob| blob.len()).sum();
    let len = start.len() + head.len() + captures;
    let mut file = File::from(memory_file::create("concur-deferred", len as u64)?);
    file.write_all(&start)?;
    file.write_all(&head)?;
    for blob in blobs {
        file.write_all(blob.bytes())?;
    }
    Ok(file.into())
}

/// Reads a deferral: from then on it is in this process' memory.
pub(crate) fn read(file: OwnedFd) -> io::Result<Submitted> {
    let mut file = File::from(file);
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut bytes)?;
    parse(&bytes).map_err(io::Error::other)
}

fn parse(bytes: &[u8]) -> Result<Submitted, CodecError> {
    let cut = || CodecError::new("a deferral was cut short");
    let (length, rest) = bytes.split_first_chunk::<8>().ok_or_else(cut)?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| cut())?;
    let (head, mut rest) = rest.split_at_checked(length).ok_or_else(cut)?;
    let head: Head = codec::decode_all(head)?;
    let mut blobs = Vec::with_capacity(head.lengths.len());
    for length in head.lengths {
        let length = usize::try_from(length).map_err(|_| cut())?;
        let (blob, after) = rest.split_at_checked(length).ok_or_else(cut)?;
        let mut payload = Payload::new();
        payload.write(blob);
        payload.check()?;
        blobs.push(Some(Arc::new(payload)));
        rest = after;
    }
    let mut specs = VecDeque::with_capacity(head.tasks.len());
    for task in head.tasks {
        let here = registry::find(task.entry)
            .ok_or_else(|| CodecError::new("the registry has no such task"))?;
        let shared = blobs.get(task.shared as usize).and_then(Clone::clone).ok_or_else(cut)?;
        let own = blobs.get_mut(task.own as usize).and_then(Option::take).ok_or_else(cut)?;
        specs.push_back(TaskSpec {
            name: task.name.into(),
            site: task.site,
            entry: EntryPoint {
                here,
                id: task.entry,
                is_async: task.is_async,
                #[cfg(feature = "testing")]
                types: crate::testing::Types::unknown(),
            },
            shared,
            input: Ok(Arc::into_inner(own).ok_or_else(cut)?),
            options: task.options.map(Arc::new),
            #[cfg(feature = "testing")]
            fake: None,
        });
    }
    Ok(Submitted {
        id: head.id,
        deferral: Deferral { specs, methods: head.methods, policy: head.policy },
        installed: head.installed,
        directory: head.directory,
        context: Context {
            depth: head.depth,
            deadline: None,
            nested_limit: head.nested_limit,
            around: Around::Nothing,
        },
    })
}

fn number(index: usize) -> u32 {
    u32::try_from(index).expect("fewer payloads than there is memory for")
}
