//! What tasks here have in common.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::id;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use concur::{Tasks, concurrent};

use crate::contract::{eventually, mark};

/// Short enough to be waited for in a test.
pub(crate) const SHORT: Duration = Duration::from_millis(150);

/// Longer than anything here takes.
pub(crate) const LONG: Duration = Duration::from_secs(50);

/// Waits until something holds, giving way to others; `false` when patience is at its end.
pub(crate) async fn until(mut holds: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while !holds() {
        if start.elapsed() > LONG / 2 {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    true
}

/// Waits for a mark.
pub(crate) async fn until_mark(dir: &Path, name: &str) -> bool {
    until(|| dir.join(name).exists()).await
}

/// Waits for ever, and leaves a mark when it is dropped.
pub(crate) async fn pend(dir: &Path, dropped: &str) {
    let _guard = Guard(dir.join(dropped));
    std::future::pending::<()>().await;
}

/// Leaves a mark when it is dropped.
pub(crate) struct Guard(pub(crate) PathBuf);

impl Drop for Guard {
    fn drop(&mut self) {
        std::fs::write(&self.0, "").expect("a mark can be left");
    }
}

/// The process that this runs in, asked by an async task.
pub(crate) async fn own_id() -> u32 {
    tokio::task::yield_now().await;
    id()
}

/// The worker that async tasks share.
pub(crate) fn worker() -> u32 {
    concurrent! { worker => own_id().await }.run().expect("it is fine").0
}

/// Polls the run until its task has left a mark. It must not have ended by then.
pub(crate) fn begin<T>(
    run: Tasks<T>,
    dir: &Path,
    begun: &str,
) -> <Tasks<T> as IntoFuture>::IntoFuture {
    let mut run = run.into_future();
    let has_begun = eventually(|| {
        // It may have to wait for a worker first.
        let polled = Pin::new(&mut run).poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(polled, Poll::Pending));
        dir.join(begun).exists()
    });
    assert!(has_begun, "it did not begin");
    run
}

/// Plays it until the machine was not too busy for it; each time with a directory of its own.
pub(crate) fn in_time(dir: &Path, play: impl Fn(&Path) -> bool) {
    let played = (0..20).any(|round| {
        let dir = dir.join(format!("round-{round}"));
        std::fs::create_dir(&dir).expect("there is room");
        play(&dir)
    });
    assert!(played, "never in time");
}

/// Leaves a mark and gives the process.
pub(crate) fn mark_own(dir: &Path, name: &str) -> u32 {
    mark(dir, name);
    id()
}
