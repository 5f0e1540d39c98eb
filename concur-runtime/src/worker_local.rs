//! What each worker makes for itself and keeps: one connection, one model, one cache.
//!
//! The values lie with the thread that made them, and a worker runs its tasks on one thread. Nothing
//! here knows what a worker is; `worker::serve` drops the values at a worker's end.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::context::Context;
use crate::task::panic;

/// A value that each worker makes for itself, on first use, and keeps for its later tasks.
///
/// Put it in a `static`. What a task cannot be sent (a connection, an open file, a loaded model) it
/// finds there: the first task that asks in a worker makes the value, and those that the same worker
/// runs later get the same one. It needs neither `Send` nor `Sync`, and it is lent as `&mut T`: a
/// worker runs one task at a time, and what is worth keeping (most connections) wants to be changed.
///
/// | driver | one value for each | dropped |
/// |---|---|---|
/// | `Process` | worker | when the worker ends in order: replaced after its tasks, let go, or its caller is gone |
/// | `Fork` | task | after the task, before its result is there |
/// | `Thread` | thread | with the thread, some seconds after its last task |
/// | `Sync` | thread that runs the block | with the thread |
///
/// Where async tasks share a worker, each place in it has a value of its own, and what a hook has made is
/// for none of them.
///
/// A worker that is killed (by a timeout, a cancellation, a crash) drops nothing, as no such process
/// does. A drop that panics is told on stderr and the next value is dropped. One that does not return
/// ends with its worker: within 5 s, or 0.3 s once the caller is gone. Threads that a task starts have
/// values of their own, which are not dropped if the worker ends first. A value made by a hook of
/// `#[concur::preload]` stays in the fork server, and every worker makes its own; to have it made
/// before the first task, use it in a hook of `#[concur::on_worker_start]`.
///
/// # Examples
///
/// ```
/// use std::collections::HashMap;
/// use concur::{WorkerLocal, concurrent};
///
/// static WORDS: WorkerLocal<HashMap<&str, u32>> = WorkerLocal::new(|| HashMap::from([("two", 2)]));
///
/// let (two, three) = concurrent! {
///     two => WORDS.with(|words| words["two"]),
///     three => WORDS.with(|words| *words.entry("three").or_insert(3)),
/// }
/// .run()?;
/// assert_eq!((two, three), (2, 3));
/// # Ok::<(), concur::Error>(())
/// ```
///
/// A value that may not come to be is a `Result`: see [`try_with`](Self::try_with).
#[derive(Debug)]
pub struct WorkerLocal<T: 'static> {
    make: fn() -> T,
    /// Never used. It keeps two of them apart that are made alike, and makes a `const`, which would
    /// be another one wherever it is named, an error.
    _own_place: AtomicBool,
}

impl<T: 'static> WorkerLocal<T> {
    /// A value that `make` makes where it is first asked for. A closure must capture nothing.
    #[must_use]
    pub const fn new(make: fn() -> T) -> Self {
        Self { make, _own_place: AtomicBool::new(false) }
    }

    /// Lends this worker's value, which is made now if there is none.
    ///
    /// Later tasks find it as `work` leaves it, also when `work` panics.
    ///
    /// # Panics
    ///
    /// If making the value panics: nothing is kept, and whoever asks next tries again. If the value
    /// is lent already, further up in the same task: pass the reference on instead. (The tasks of a
    /// block inside a task have their own workers, and on driver `Sync` their own values.)
    #[track_caller]
    pub fn with<R>(&'static self, work: impl FnOnce(&mut T) -> R) -> R {
        work(self.lend().value())
    }

    #[track_caller]
    fn lend(&'static self) -> Lent<T> {
        let key = std::ptr::from_ref(self).addr();
        let Some((mut lent, value)) = Lent::begin(key) else {
            panic!(
                "this WorkerLocal<{}> is lent already, further up in this task: pass the reference \
                 on instead of asking again",
                std::any::type_name::<T>()
            )
        };
        lent.value = value.and_then(|value| value.downcast().ok());
        lent.value.get_or_insert_with(|| Box::new((self.make)()));
        lent
    }
}

impl<T: 'static, E: 'static> WorkerLocal<Result<T, E>> {
    /// Lends what this worker has made, or gives the error of making it.
    ///
    /// An error is not kept: whoever asks next tries again.
    ///
    /// # Errors
    ///
    /// That of making the value, as it is.
    ///
    /// # Panics
    ///
    /// As [`with`](Self::with) does.
    ///
    /// # Examples
    ///
    /// `?` twice, once for opening and once for reading:
    ///
    /// ```
    /// use std::fs::File;
    /// use std::io::{self, Read};
    /// use concur::{WorkerLocal, concurrent};
    ///
    /// static SOURCE: WorkerLocal<io::Result<File>> = WorkerLocal::new(|| File::open("/dev/zero"));
    ///
    /// fn read(file: &mut File) -> io::Result<u8> {
    ///     let mut byte = [1];
    ///     file.read_exact(&mut byte)?;
    ///     Ok(byte[0])
    /// }
    ///
    /// let (byte,) = concurrent! { byte => SOURCE.try_with(read)?? }.run()?;
    /// assert_eq!(byte, 0);
    /// # Ok::<(), concur::Error>(())
    /// ```
    #[track_caller]
    pub fn try_with<R>(&'static self, work: impl FnOnce(&mut T) -> R) -> Result<R, E> {
        let mut lent = self.lend();
        if let Ok(value) = lent.value() {
            return Ok(work(value));
        }
        match lent.take() {
            Err(err) => Err(err),
            Ok(mut value) => Ok(work(&mut value)),
        }
    }
}

/// A value of a thread.
struct Kept {
    /// Where the `WorkerLocal` lies that it is of.
    key: usize,
    /// The process that made it. A fork finds it as well and must leave it alone.
    pid: u32,
    value: State,
}

enum State {
    There(Box<dyn Any>),
    /// Lent to code so many blocks deep.
    Lent(u32),
    /// It was given away, or never came to be.
    Gone,
}

impl State {
    fn there(self) -> Option<Box<dyn Any>> {
        match self {
            Self::There(value) => Some(value),
            Self::Lent(_) | Self::Gone => None,
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if self.pid != std::process::id() {
            std::mem::forget(std::mem::replace(&mut self.value, State::Gone));
        }
    }
}

/// Whether any was ever made: most processes have none, and need not ask for those of the thread.
static SOME_WERE_MADE: AtomicBool = AtomicBool::new(false);

/// The values of a thread, in the order they were made.
struct Values(Vec<Kept>);

thread_local! {
    static VALUES: RefCell<Values> = const { RefCell::new(Values(Vec::new())) };
}

impl Drop for Values {
    /// The last one first. A panic would end the process here.
    fn drop(&mut self) {
        while let Some(kept) = self.0.pop() {
            drop_caught(kept);
        }
    }
}

fn drop_caught(kept: Kept) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(kept))) {
        panic::discard(payload);
    }
}

/// Whether this thread keeps values.
#[cfg(target_os = "linux")]
pub(crate) fn are_kept() -> bool {
    SOME_WERE_MADE.load(Ordering::Relaxed) && VALUES.with_borrow(|values| !values.0.is_empty())
}

/// Drops the values of this thread, the last one first, and those that are made meanwhile.
#[cfg(target_os = "linux")]
pub(crate) fn drop_all() {
    while let Some(kept) = VALUES.with_borrow_mut(|values| values.0.pop()) {
        drop_caught(kept);
    }
}

/// A value while it is lent: it goes back when this is dropped.
struct Lent<T: 'static> {
    key: usize,
    depth: u32,
    value: Option<Box<T>>,
}

impl<T: 'static> Lent<T> {
    /// Marks the value as lent and takes it out, if there is one. `None` if the same task has it
    /// already. What a task further out has is not given a second time: this one gets another, as it
    /// would in a worker of its own.
    fn begin(key: usize) -> Option<(Self, Option<Box<dyn Any>>)> {
        let (pid, depth) = (std::process::id(), Context::current().depth);
        SOME_WERE_MADE.store(true, Ordering::Relaxed);
        VALUES.with_borrow_mut(|Values(all)| {
            all.retain(|kept| kept.pid == pid);
            let own = || all.iter().filter(|kept| kept.key == key);
            if own().any(|kept| matches!(kept.value, State::Lent(at) if at == depth)) {
                return None;
            }
            let is_there = |kept: &Kept| kept.key == key && matches!(kept.value, State::There(_));
            let value = if let Some(kept) = all.iter_mut().find(|kept| is_there(kept)) {
                std::mem::replace(&mut kept.value, State::Lent(depth)).there()
            } else {
                all.push(Kept { key, pid, value: State::Lent(depth) });
                None
            };
            Some((Self { key, depth, value: None }, value))
        })
    }

    fn value(&mut self) -> &mut T {
        self.value.as_mut().expect(LENT)
    }

    /// Gives the value away; none is kept.
    fn take(mut self) -> T {
        *self.value.take().expect(LENT)
    }
}

const LENT: &str = "it is there from the moment it is lent";

impl<T: 'static> Drop for Lent<T> {
    fn drop(&mut self) {
        let (key, pid, depth) = (self.key, std::process::id(), self.depth);
        let value = self.value.take();
        // After the values of the thread were dropped there is no place for this one.
        let _ = VALUES.try_with(|values| {
            let mut values = values.borrow_mut();
            let is_it = |kept: &Kept| {
                let is_lent = matches!(kept.value, State::Lent(at) if at == depth);
                kept.key == key && kept.pid == pid && is_lent
            };
            let Some(at) = values.0.iter().position(is_it) else { return };
            match value {
                Some(value) => values.0[at].value = State::There(value),
                None => drop(values.0.remove(at)),
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;
    use std::sync::atomic::AtomicU32;

    use super::*;

    fn deeper<R>(work: impl FnOnce() -> R) -> R {
        let here = Context::current();
        Context { depth: here.depth + 1, ..here }.enter(work)
    }

    #[test]
    fn a_value_is_made_once_for_each_thread_and_kept_as_it_was_left() {
        static MADE: AtomicU32 = AtomicU32::new(0);
        static COUNT: WorkerLocal<Rc<Cell<u32>>> = WorkerLocal::new(|| {
            MADE.fetch_add(1, Ordering::Relaxed);
            Rc::default()
        });
        let next = || COUNT.with(|count| count.replace(count.get() + 1));
        assert_eq!((next(), next(), next()), (0, 1, 2));
        assert_eq!(std::thread::spawn(next).join().expect("it ends well"), 0);
        assert_eq!(MADE.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn two_that_are_alike_are_two() {
        static ONE: WorkerLocal<u32> = WorkerLocal::new(|| 0);
        static OTHER: WorkerLocal<u32> = WorkerLocal::new(|| 0);
        ONE.with(|one| *one += 1);
        assert_eq!((ONE.with(|one| *one), OTHER.with(|other| *other)), (1, 0));
        // Different ones may be lent together.
        assert_eq!(ONE.with(|one| OTHER.with(|other| (*one, *other))), (1, 0));
    }

    #[test]
    fn a_task_that_asks_twice_at_once_is_told_so() {
        static VALUE: WorkerLocal<u32> = WorkerLocal::new(|| 7);
        let asked = catch_unwind(|| VALUE.with(|_| VALUE.with(|value| *value)));
        let payload = asked.expect_err("it is lent");
        let message = panic::message(&*payload);
        assert!(message.contains("WorkerLocal<u32> is lent already"), "{message}");
        assert_eq!(VALUE.with(|value| *value), 7);
    }

    #[test]
    fn a_task_inside_a_task_has_its_own_value() {
        static VALUE: WorkerLocal<u32> = WorkerLocal::new(|| 0);
        let inner = VALUE.with(|outer| {
            *outer = 5;
            deeper(|| VALUE.with(|inner| std::mem::replace(inner, 6)))
        });
        assert_eq!(inner, 0);
        assert_eq!(VALUE.with(|outer| *outer), 5);
        // One after the other they share.
        assert_eq!(deeper(|| VALUE.with(|value| *value)), 5);
    }

    #[test]
    fn what_could_not_be_made_is_tried_again() {
        static PANICS: WorkerLocal<u32> = WorkerLocal::new(|| panic!("none"));
        static TRIES: AtomicU32 = AtomicU32::new(0);
        static FALLIBLE: WorkerLocal<Result<u32, String>> = WorkerLocal::new(|| {
            let tries = TRIES.fetch_add(1, Ordering::Relaxed) + 1;
            if tries < 3 { Err(format!("try {tries}")) } else { Ok(tries) }
        });
        assert_eq!(FALLIBLE.try_with(|value| *value), Err("try 1".to_owned()));
        assert_eq!(FALLIBLE.try_with(|value| *value), Err("try 2".to_owned()));
        assert_eq!(FALLIBLE.try_with(|value| *value), Ok(3));
        assert_eq!(FALLIBLE.try_with(|value| *value), Ok(3));
        for _ in 0..2 {
            let payload = catch_unwind(|| PANICS.with(|value| *value)).expect_err("there is none");
            assert_eq!(panic::message(&*payload), "none");
        }
    }

    #[test]
    fn values_are_dropped_with_their_thread_the_last_one_first_whatever_one_does() {
        static LOG: AtomicU32 = AtomicU32::new(0);
        struct Logs(u32);
        impl Drop for Logs {
            fn drop(&mut self) {
                LOG.store(LOG.load(Ordering::Relaxed) * 10 + self.0, Ordering::Relaxed);
                assert_ne!(self.0, 2, "a drop that panics");
            }
        }
        static FIRST: WorkerLocal<Logs> = WorkerLocal::new(|| Logs(1));
        static SECOND: WorkerLocal<Logs> = WorkerLocal::new(|| Logs(2));
        static THIRD: WorkerLocal<Logs> = WorkerLocal::new(|| Logs(3));
        let uses = || {
            FIRST.with(|_| ());
            SECOND.with(|_| ());
            THIRD.with(|_| ());
        };
        std::thread::spawn(uses).join().expect("the thread ends well");
        assert_eq!(LOG.swap(0, Ordering::Relaxed), 321);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn all_values_are_dropped_when_they_are_told_to() {
        static DROPPED: AtomicU32 = AtomicU32::new(0);
        struct Counts;
        impl Drop for Counts {
            fn drop(&mut self) {
                DROPPED.fetch_add(1, Ordering::Relaxed);
            }
        }
        static VALUE: WorkerLocal<Counts> = WorkerLocal::new(|| Counts);
        assert!(!are_kept());
        VALUE.with(|_| ());
        assert!(are_kept());
        drop_all();
        assert!(!are_kept() && DROPPED.load(Ordering::Relaxed) == 1);
    }
}
