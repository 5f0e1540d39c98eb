//! From the bytes of results to what a user gets: a tuple in the order written, or a `Vec`.
//!
//! A [`Gather`] takes results and failures as they come, in any order, and gives the whole at the
//! end. There is one for each shape (tuple, `Vec`), and each in two forms: values only, where a
//! failure has ended the run, and settled, where every task has its own `Result`.

use crate::codec::{self, CodecError};
use crate::error::TaskError;
use crate::task::body::Returned;

/// Collects what becomes of tasks.
pub trait Gather<T>: Send {
    /// Decodes the result of the task at `index`.
    fn accept(&mut self, index: usize, result: &[u8]) -> Result<(), CodecError>;

    /// Keeps the failure of the task at `index`.
    fn fail(&mut self, index: usize, err: TaskError);

    /// All together; `None` if something is missing.
    fn finish(self: Box<Self>) -> Option<T>;
}

/// A tuple of results.
pub trait Outputs: Sized + Send + 'static {
    /// The same with a `Result` for each task.
    type Settled: Send + 'static;

    /// Gathers values only.
    fn gather() -> Box<dyn Gather<Self>>;

    /// Gathers a `Result` for each.
    fn gather_settled() -> Box<dyn Gather<Self::Settled>>;
}

/// Gathers values only.
struct Values<P>(P);

/// Gathers a `Result` for each task.
struct Settled<P>(P);

/// The results of a block, as far as they are known.
trait Parts: Send {
    fn accept(&mut self, index: usize, result: &[u8]) -> Result<(), CodecError>;
    fn fail(&mut self, index: usize, err: TaskError);
}

/// A result that is known, or not yet.
type Part<T> = Option<Result<T, TaskError>>;

macro_rules! tuple_outputs {
    ($($T:ident $index:tt)*) => {
        impl<$($T: Returned),*> Outputs for ($($T,)*) {
            type Settled = ($(Result<$T, TaskError>,)*);

            fn gather() -> Box<dyn Gather<Self>> {
                Box::new(Values(($(Part::<$T>::None,)*)))
            }

            fn gather_settled() -> Box<dyn Gather<Self::Settled>> {
                Box::new(Settled(($(Part::<$T>::None,)*)))
            }
        }

        impl<$($T: Returned),*> Parts for ($(Part<$T>,)*) {
            #[expect(clippy::allow_attributes, reason = "the empty tuple uses nothing")]
            #[allow(unused_variables)]
            fn accept(&mut self, index: usize, result: &[u8]) -> Result<(), CodecError> {
                match index {
                    $($index => self.$index = Some(Ok(codec::decode_all(result)?)),)*
                    _ => {}
                }
                Ok(())
            }

            #[expect(clippy::allow_attributes, reason = "the empty tuple uses nothing")]
            #[allow(unused_variables)]
            fn fail(&mut self, index: usize, err: TaskError) {
                match index {
                    $($index => self.$index = Some(Err(err)),)*
                    _ => {}
                }
            }
        }

        impl<$($T: Returned),*> Gather<($($T,)*)> for Values<($(Part<$T>,)*)> {
            fn accept(&mut self, index: usize, result: &[u8]) -> Result<(), CodecError> {
                self.0.accept(index, result)
            }

            fn fail(&mut self, index: usize, err: TaskError) {
                self.0.fail(index, err);
            }

            fn finish(self: Box<Self>) -> Option<($($T,)*)> {
                let Self(parts) = *self;
                let _ = &parts;
                Some(($(parts.$index?.ok()?,)*))
            }
        }

        impl<$($T: Returned),*> Gather<($(Result<$T, TaskError>,)*)> for Settled<($(Part<$T>,)*)> {
            fn accept(&mut self, index: usize, result: &[u8]) -> Result<(), CodecError> {
                self.0.accept(index, result)
            }

            fn fail(&mut self, index: usize, err: TaskError) {
                self.0.fail(index, err);
            }

            fn finish(self: Box<Self>) -> Option<($(Result<$T, TaskError>,)*)> {
                let Self(parts) = *self;
                let _ = &parts;
                Some(($(parts.$index?,)*))
            }
        }
    };
}

/// Calls a macro for every tuple from none to 64 members: the most tasks that a block may hold.
macro_rules! for_each_tuple {
    ($callback:ident) => {
        $crate::outputs::for_each_tuple!($callback []
            T0 0 T1 1 T2 2 T3 3 T4 4 T5 5 T6 6 T7 7 T8 8 T9 9 T10 10 T11 11 T12 12 T13 13 T14 14
            T15 15 T16 16 T17 17 T18 18 T19 19 T20 20 T21 21 T22 22 T23 23 T24 24 T25 25 T26 26
            T27 27 T28 28 T29 29 T30 30 T31 31 T32 32 T33 33 T34 34 T35 35 T36 36 T37 37 T38 38
            T39 39 T40 40 T41 41 T42 42 T43 43 T44 44 T45 45 T46 46 T47 47 T48 48 T49 49 T50 50
            T51 51 T52 52 T53 53 T54 54 T55 55 T56 56 T57 57 T58 58 T59 59 T60 60 T61 61 T62 62
            T63 63
        );
    };
    ($callback:ident [$($done:tt)*]) => {
        $callback!($($done)*);
    };
    ($callback:ident [$($done:tt)*] $T:ident $index:tt $($rest:tt)*) => {
        $callback!($($done)*);
        $crate::outputs::for_each_tuple!($callback [$($done)* $T $index] $($rest)*);
    };
}

pub(crate) use for_each_tuple;

for_each_tuple!(tuple_outputs);

/// Gathers the results of many tasks of one kind.
struct Items<T>(Vec<Part<T>>);

impl<T: Returned> Items<T> {
    fn put(&mut self, index: usize, part: Result<T, TaskError>) {
        if self.0.len() <= index {
            self.0.resize_with(index + 1, || None);
        }
        self.0[index] = Some(part);
    }
}

impl<T: Returned> Gather<Vec<T>> for Items<T> {
    fn accept(&mut self, index: usize, result: &[u8]) -> Result<(), CodecError> {
        self.put(index, Ok(codec::decode_all(result)?));
        Ok(())
    }

    fn fail(&mut self, index: usize, err: TaskError) {
        self.put(index, Err(err));
    }

    fn finish(self: Box<Self>) -> Option<Vec<T>> {
        self.0.into_iter().map(|part| part?.ok()).collect()
    }
}

impl<T: Returned> Gather<Vec<Result<T, TaskError>>> for Items<T> {
    fn accept(&mut self, index: usize, result: &[u8]) -> Result<(), CodecError> {
        self.put(index, Ok(codec::decode_all(result)?));
        Ok(())
    }

    fn fail(&mut self, index: usize, err: TaskError) {
        self.put(index, Err(err));
    }

    fn finish(self: Box<Self>) -> Option<Vec<Result<T, TaskError>>> {
        self.0.into_iter().collect()
    }
}

/// Gathers the result of a single task.
struct One<T>(Part<T>);

impl<T: Returned> Gather<T> for One<T> {
    fn accept(&mut self, _index: usize, result: &[u8]) -> Result<(), CodecError> {
        self.0 = Some(Ok(codec::decode_all(result)?));
        Ok(())
    }

    fn fail(&mut self, _index: usize, err: TaskError) {
        self.0 = Some(Err(err));
    }

    fn finish(self: Box<Self>) -> Option<T> {
        self.0?.ok()
    }
}

impl<T: Returned> Gather<Result<T, TaskError>> for One<T> {
    fn accept(&mut self, _index: usize, result: &[u8]) -> Result<(), CodecError> {
        self.0 = Some(Ok(codec::decode_all(result)?));
        Ok(())
    }

    fn fail(&mut self, _index: usize, err: TaskError) {
        self.0 = Some(Err(err));
    }

    fn finish(self: Box<Self>) -> Option<Result<T, TaskError>> {
        self.0
    }
}

/// Gathers the value of one task: the only one, or the first that succeeds.
pub(crate) fn gather_one<T: Returned>() -> Box<dyn Gather<T>> {
    Box::new(One(None))
}

/// Gathers a `Result` for one task.
pub(crate) fn gather_settled_one<T: Returned>() -> Box<dyn Gather<Result<T, TaskError>>> {
    Box::new(One(Part::<T>::None))
}

/// Gathers the values of many tasks.
pub(crate) fn gather_items<T: Returned>() -> Box<dyn Gather<Vec<T>>> {
    Box::new(Items(Vec::new()))
}

/// Gathers a `Result` for each of many tasks.
pub(crate) fn gather_settled_items<T: Returned>() -> Box<dyn Gather<Vec<Result<T, TaskError>>>> {
    Box::new(Items(Vec::<Part<T>>::new()))
}
