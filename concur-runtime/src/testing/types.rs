//! What a task gives and what it captures, by type: a fake compares it with what a test says.

use std::any::{TypeId, type_name};

use crate::task::capture::Captures;

/// A type, to be compared and to be named.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Type {
    id: TypeId,
    pub(super) name: &'static str,
}

impl Type {
    pub(super) fn of<T: 'static>() -> Self {
        Self { id: TypeId::of::<T>(), name: type_name::<T>() }
    }

    pub(super) fn is(self, other: Self) -> bool {
        self.id == other.id
    }
}

/// The types of one task of the binary.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Types {
    /// What it gives.
    pub(super) result: fn() -> Type,
    /// What it captures, in order, as it is decoded.
    pub(super) captures: fn() -> Vec<&'static str>,
}

impl Types {
    /// Of a task that came from another process, where no fake holds.
    #[cfg(target_os = "linux")]
    pub(crate) fn unknown() -> Self {
        Self::of::<(), ()>()
    }

    pub(crate) fn of<C: Captures, T: 'static>() -> Self {
        Self { result: Type::of::<T>, captures: names::<C> }
    }
}

/// The names of the types, without those that have no bytes: functions, and `()`.
fn names<C: Captures>() -> Vec<&'static str> {
    let mut names = Vec::new();
    C::name_types(&mut names);
    names.retain(|name| *name != type_name::<()>());
    names
}
