//! What a run waits for, and the wait itself.

#[cfg(target_os = "linux")]
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::task::{Wake, Waker};
#[cfg(not(target_os = "linux"))]
use std::thread::Thread;

use crate::context::Moment;
#[cfg(target_os = "linux")]
use crate::shutdown;

/// Sockets that may become readable, and the next moment at which something is due.
#[derive(Default)]
pub(crate) struct Wait {
    #[cfg(target_os = "linux")]
    pub(crate) sockets: Vec<Arc<OwnedFd>>,
    /// Where there may be room to send again.
    #[cfg(target_os = "linux")]
    full: Vec<Arc<OwnedFd>>,
    /// Whether `concur::shutdown` ends it, too.
    #[cfg(target_os = "linux")]
    pub(crate) heeds_shutdown: bool,
    pub(crate) until: Option<Moment>,
}

impl Wait {
    #[cfg(target_os = "linux")]
    pub(crate) fn socket(&mut self, socket: &Arc<OwnedFd>) {
        self.sockets.push(Arc::clone(socket));
    }

    /// Waits for room in a socket. On a thread that drives runs itself, not in futures.
    #[cfg(target_os = "linux")]
    pub(crate) fn room(&mut self, socket: &Arc<OwnedFd>) {
        self.full.push(Arc::clone(socket));
    }

    pub(crate) fn until(&mut self, moment: Moment) {
        self.until = Some(self.until.map_or(moment, |until| until.min(moment)));
    }

    /// Whether it is for somebody who speaks on a socket, and calls nobody.
    #[cfg(target_os = "linux")]
    pub(crate) fn is_for_sockets(&self) -> bool {
        !self.sockets.is_empty() || !self.full.is_empty()
    }

    /// Whether nothing ends it.
    #[cfg(target_os = "linux")]
    pub(crate) fn is_for_nothing(&self) -> bool {
        !self.is_for_sockets() && !self.heeds_shutdown && self.until.is_none()
    }

    /// All that another one waits for, too.
    #[cfg(target_os = "linux")]
    pub(crate) fn add(&mut self, other: Self) {
        self.sockets.extend(other.sockets);
        self.full.extend(other.full);
        self.heeds_shutdown |= other.heeds_shutdown;
        other.until.into_iter().for_each(|until| self.until(until));
    }

    fn clear(&mut self) {
        #[cfg(target_os = "linux")]
        self.sockets.clear();
        #[cfg(target_os = "linux")]
        self.full.clear();
        #[cfg(target_os = "linux")]
        {
            self.heeds_shutdown = false;
        }
        self.until = None;
    }
}

/// How often a thread looks that cannot be woken.
#[cfg(target_os = "linux")]
const DEAF_INTERVAL: std::time::Duration = std::time::Duration::from_millis(10);

/// The wait of a thread that drives a run itself.
pub(crate) struct Blocking {
    wait: Wait,
    /// Made when an engine asks for a waker.
    bell: Option<Arc<Bell>>,
}

impl Blocking {
    pub(crate) fn new() -> Self {
        Self { wait: Wait::default(), bell: None }
    }

    /// A waker that ends the next wait of this thread.
    pub(crate) fn waker(&mut self) -> Waker {
        let bell = self.bell.get_or_insert_with(|| Arc::new(Bell::new()));
        Waker::from(Arc::clone(bell))
    }

    pub(crate) fn prepare(&mut self) -> &mut Wait {
        self.wait.clear();
        &mut self.wait
    }

    /// Blocks until a socket is readable, the waker was called, or the time has come.
    #[cfg(target_os = "linux")]
    pub(crate) fn block(&mut self) {
        use rustix::event::{PollFd, PollFlags};

        let bell = self.bell.as_deref().and_then(|bell| bell.event.as_ref());
        let alarm = if self.wait.heeds_shutdown { shutdown::alarm() } else { None };
        let mut descriptors: Vec<PollFd<'_>> = self
            .wait
            .sockets
            .iter()
            .map(|socket| socket.as_fd())
            .chain(bell.map(AsFd::as_fd))
            .chain(alarm.map(AsFd::as_fd))
            .map(|descriptor| PollFd::from_borrowed_fd(descriptor, PollFlags::IN))
            .collect();
        descriptors.extend(self.wait.full.iter().map(|full| PollFd::new(full, PollFlags::OUT)));
        // A bell that could not be made (no descriptor is free) cannot be heard: look now and then.
        let is_deaf = self.bell.is_some() && bell.is_none();
        let soon = is_deaf.then(|| Moment::now().after(DEAF_INTERVAL));
        poll(&mut descriptors, self.wait.until.into_iter().chain(soon).min());
        if let Some(bell) = bell {
            let _ = rustix::io::read(bell, &mut [0; 8]);
        }
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn block(&mut self) {
        match self.wait.until {
            Some(until) => std::thread::park_timeout(until.since(Moment::now())),
            None => std::thread::park(),
        }
    }
}

/// `poll(2)` up to a moment. An interruption counts as a reason to look.
#[cfg(target_os = "linux")]
pub(crate) fn poll(descriptors: &mut [rustix::event::PollFd<'_>], until: Option<Moment>) {
    let timeout = until.map(|until| {
        let left = until.since(Moment::now());
        rustix::event::Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        }
    });
    let _ = rustix::event::poll(descriptors, timeout.as_ref());
}

/// Ends a wait from another thread.
struct Bell {
    #[cfg(target_os = "linux")]
    event: Option<OwnedFd>,
    #[cfg(not(target_os = "linux"))]
    thread: Thread,
}

impl Bell {
    #[cfg(target_os = "linux")]
    fn new() -> Self {
        use rustix::event::{EventfdFlags, eventfd};
        Self { event: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).ok() }
    }

    #[cfg(not(target_os = "linux"))]
    fn new() -> Self {
        Self { thread: std::thread::current() }
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    #[cfg(target_os = "linux")]
    fn wake_by_ref(self: &Arc<Self>) {
        if let Some(event) = &self.event {
            let _ = rustix::io::write(event, &1_u64.to_ne_bytes());
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn wake_by_ref(self: &Arc<Self>) {
        self.thread.unpark();
    }
}
