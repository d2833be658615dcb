//! Facts that few nodes have: one pointer where there are none.
//!
//! A plan may have a million nodes, and most have no buffers, no spill and nothing special to say.
//! Held in place, such facts made every node three times as large.

use super::{Buffers, Examined, Memory, OwnBlocks, Removed};
use serde_json::{Map, Value};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::LazyLock;

/// A `T` that takes memory only once it is written to; until then it reads as the default.
#[derive(Clone, Default)]
pub struct Rare<T>(Option<Box<T>>);

/// What a [`Rare`] that was never written to reads as.
pub trait Blank: Default + 'static {
    /// The default value.
    fn blank() -> &'static Self;
}

macro_rules! blank {
    ($($name:ty),+) => {
        $(impl Blank for $name {
            fn blank() -> &'static Self {
                static BLANK: LazyLock<$name> = LazyLock::new(Default::default);
                &BLANK
            }
        })+
    };
}

blank!(Buffers, Examined, Memory, OwnBlocks, Removed, Map<String, Value>);

impl<T: Blank> Deref for Rare<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_deref().unwrap_or_else(|| T::blank())
    }
}

impl<T: Blank> DerefMut for Rare<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.get_or_insert_default()
    }
}

impl<T: Blank + PartialEq> Rare<T> {
    /// The value, unless it is the default.
    pub fn given(&self) -> Option<&T> {
        self.0.as_deref().filter(|value| *value != T::blank())
    }
}

impl<T: Blank + PartialEq> From<T> for Rare<T> {
    fn from(value: T) -> Self {
        Self((value != *T::blank()).then(|| Box::new(value)))
    }
}

impl<T: Blank + PartialEq> PartialEq for Rare<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Blank + fmt::Debug> fmt::Debug for Rare<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unwritten_reads_as_the_default_and_equals_it() {
        let mut rare: Rare<Removed> = Rare::default();
        assert_eq!((size_of_val(&rare), rare.total()), (size_of::<usize>(), 0.0));
        assert_eq!(rare, Removed::default().into());
        rare.by_filter = Some(2.0);
        assert_eq!((rare.total(), rare == Rare::default()), (2.0, false));
    }
}
