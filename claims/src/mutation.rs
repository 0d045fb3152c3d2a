//! Which mechanism is broken on purpose in this process.

use std::sync::OnceLock;

static CHOSEN: OnceLock<String> = OnceLock::new();

/// Breaks `name` from now on.
pub(crate) fn set(name: &str) {
    CHOSEN.get_or_init(|| name.to_owned());
}

/// Whether `name` is the mechanism to break. `docs/claims/mutations.md` lists the names.
pub(crate) fn broken(name: &str) -> bool {
    CHOSEN.get().is_some_and(|chosen| chosen == name)
}
