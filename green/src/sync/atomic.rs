//! std's atomics, each operation a point at which deterministic mode may let other threads go first ([`crate::sim`]).
//!
//! Only with the feature `sim`; without it, `sync::atomic` *is* std's module. The types here lend std's of the same name ([`Deref`]), so what
//! takes a reference to one of those takes one of these, and `from_ptr` is to be had there. Every run is sequentially consistent.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::atomic as standard;

pub use std::sync::atomic::{Ordering, compiler_fence, fence};

use crate::rt::sim;

/// A type with std's name and interface.
macro_rules! atomic {
    ($name:ident $(<$generic:ident>)?, $value:ty, [$($operation:ident)*]) => {
        #[doc = concat!("As [`std::sync::atomic::", stringify!($name), "`].")]
        #[repr(transparent)]
        pub struct $name $(<$generic>)? (standard::$name $(<$generic>)?);

        impl $(<$generic>)? $name $(<$generic>)? {
            /// With this value.
            #[must_use]
            #[inline]
            pub const fn new(value: $value) -> Self {
                Self(standard::$name::new(value))
            }

            /// The value.
            #[inline]
            pub fn into_inner(self) -> $value {
                self.0.into_inner()
            }

            /// As std's `load`.
            #[inline]
            pub fn load(&self, order: Ordering) -> $value {
                sim::point("loads an atomic");
                self.0.load(order)
            }

            /// As std's `store`.
            #[inline]
            pub fn store(&self, value: $value, order: Ordering) {
                sim::point("stores an atomic");
                self.0.store(value, order);
            }

            /// As std's `swap`.
            #[inline]
            pub fn swap(&self, value: $value, order: Ordering) -> $value {
                sim::point("swaps an atomic");
                self.0.swap(value, order)
            }

            /// As std's `compare_exchange`.
            ///
            /// # Errors
            /// With the value, if it is another.
            #[inline]
            pub fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                sim::point("exchanges an atomic");
                self.0.compare_exchange(current, new, success, failure)
            }

            /// As std's `compare_exchange_weak`. Does not fail without a reason here.
            ///
            /// # Errors
            /// With the value, if it is another.
            #[inline]
            pub fn compare_exchange_weak(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                self.compare_exchange(current, new, success, failure)
            }

            /// As std's `fetch_update`: an exchange in a loop.
            ///
            /// # Errors
            /// With the value, if `update` has none.
            #[inline]
            pub fn fetch_update(
                &self,
                success: Ordering,
                failure: Ordering,
                mut update: impl FnMut($value) -> Option<$value>,
            ) -> Result<$value, $value> {
                let mut seen = self.load(failure);
                while let Some(next) = update(seen) {
                    match self.compare_exchange(seen, next, success, failure) {
                        Ok(before) => return Ok(before),
                        Err(now) => seen = now,
                    }
                }
                Err(seen)
            }

            $(
                #[doc = concat!("As std's `", stringify!($operation), "`.")]
                #[inline]
                pub fn $operation(&self, value: $value, order: Ordering) -> $value {
                    sim::point("changes an atomic");
                    self.0.$operation(value, order)
                }
            )*
        }

        impl $(<$generic>)? Deref for $name $(<$generic>)? {
            type Target = standard::$name $(<$generic>)?;
            #[inline]
            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }

        impl $(<$generic>)? DerefMut for $name $(<$generic>)? {
            #[inline]
            fn deref_mut(&mut self) -> &mut Self::Target {
                &mut self.0
            }
        }

        impl $(<$generic>)? Default for $name $(<$generic>)? {
            fn default() -> Self {
                Self(standard::$name::default())
            }
        }

        impl $(<$generic>)? From<$value> for $name $(<$generic>)? {
            fn from(value: $value) -> Self {
                Self::new(value)
            }
        }

        impl $(<$generic>)? fmt::Debug for $name $(<$generic>)? {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }
    };
}

macro_rules! integers {
    ($($name:ident $value:ty),*) => {
        $(atomic!($name, $value, [fetch_add fetch_sub fetch_and fetch_nand fetch_or fetch_xor fetch_max fetch_min]);)*
    };
}

atomic!(AtomicBool, bool, [fetch_and fetch_nand fetch_or fetch_xor]);
atomic!(AtomicPtr<T>, *mut T, []);
integers!(
    AtomicI8 i8, AtomicU8 u8, AtomicI16 i16, AtomicU16 u16, AtomicI32 i32, AtomicU32 u32,
    AtomicI64 i64, AtomicU64 u64, AtomicIsize isize, AtomicUsize usize
);

impl AtomicBool {
    /// As std's `fetch_not`.
    #[inline]
    pub fn fetch_not(&self, order: Ordering) -> bool {
        self.fetch_xor(true, order)
    }
}
