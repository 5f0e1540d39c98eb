//! Tasks that were made one by one, run together.

use std::collections::VecDeque;
use std::panic::Location;

use crate::many::Many;
use crate::outputs::Outputs;
use crate::single::Task;
use crate::task::Site;
use crate::task::body::Returned;
use crate::tasks::Tasks;

/// A tuple of tasks, up to 64 of them: what [`join`] takes.
///
/// It cannot be implemented outside this crate.
pub trait TaskTuple: sealed::Sealed {
    /// The tuple of their results.
    type Outputs: Outputs;

    /// The tasks, without the types of their results.
    #[doc(hidden)]
    fn into_tasks(self) -> Tasks<Self::Outputs>;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! task_tuple {
    ($($T:ident $index:tt)*) => {
        impl<$($T: Returned),*> sealed::Sealed for ($(Task<$T>,)*) {}

        impl<$($T: Returned),*> TaskTuple for ($(Task<$T>,)*) {
            type Outputs = ($($T,)*);

            fn into_tasks(self) -> Tasks<($($T,)*)> {
                Tasks::from_specs(VecDeque::from([$(self.$index.spec),*]), Outputs::gather)
            }
        }
    };
}

crate::outputs::for_each_tuple!(task_tuple);

/// Brings a few tasks together: their results are a tuple in the order written, whichever ends first.
///
/// Options of a task come before those of the whole.
///
/// # Examples
///
/// ```
/// use concur::attr::concurrent;
///
/// #[concurrent]
/// fn square(number: u64) -> u64 {
///     number * number
/// }
///
/// #[concurrent]
/// fn greet(name: &str) -> String {
///     format!("hello {name}")
/// }
///
/// let (number, greeting) = concur::join((square_task(7), greet_task("Ada"))).run()?;
/// assert_eq!((number, greeting.as_str()), (49, "hello Ada"));
/// # Ok::<(), concur::Error>(())
/// ```
pub fn join<P: TaskTuple>(tasks: P) -> Tasks<P::Outputs> {
    tasks.into_tasks()
}

/// Brings many tasks of one result type together: their results are a `Vec` in the order given.
///
/// The iterator is asked for a task when its turn comes. The tasks may be of different functions;
/// options of a task come before those of the whole.
///
/// # Examples
///
/// ```
/// use concur::attr::concurrent;
///
/// #[concurrent]
/// fn square(number: u64) -> u64 {
///     number * number
/// }
///
/// let squares: Vec<u64> = concur::join_all((1..=4).map(square_task)).limit(2).run()?;
/// assert_eq!(squares, [1, 4, 9, 16]);
/// # Ok::<(), concur::Error>(())
/// ```
#[track_caller]
pub fn join_all<I, T>(tasks: I) -> Many<I::IntoIter, T>
where
    I: IntoIterator<Item = Task<T>>,
    T: Returned,
{
    let place = Location::caller();
    let site = Site::new("join_all", place.file(), place.line(), place.column());
    Many::from_tasks(site, tasks.into_iter(), |task| task.spec)
}
