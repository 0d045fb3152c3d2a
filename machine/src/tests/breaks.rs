//! Breaking a mechanism on purpose.
//!
//! Most mutations overwrite instructions of the kernel's own code, in this machine's memory: what fails then is the very
//! code that runs programs, less an instruction.

/// Breaks the mechanism.
///
/// # Panics
/// When there is no such mechanism, or its code does not look as expected.
pub(super) fn apply(name: &str) {
    panic!("nothing is called {name}");
}
