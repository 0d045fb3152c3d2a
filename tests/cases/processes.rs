//! Processes: what `fork`, `execve`, `wait` and their relatives promise, and what ends when memory does.

use threadbare_tests::{Case, Linking, c};

#[test]
fn processes_share_descriptors_and_places_until_they_unshare_them() {
    for linking in [Linking::Static, Linking::MuslStatic] {
        let outcome = Case::new(c("apart", linking), [""; 0]).same();
        let text = String::from_utf8_lossy(&outcome.stdout).into_owned();
        assert!(!text.contains(": NO"), "{text}");
    }
}

#[test]
fn processes_are_copied_waited_for_stopped_and_grouped_as_on_linux() {
    for linking in [Linking::Dynamic, Linking::Static, Linking::MuslStatic] {
        let outcome = Case::new(c("processes", linking), [""; 0]).same();
        let text = String::from_utf8_lossy(&outcome.stdout).into_owned();
        assert!(!text.contains(": NO"), "{text}");
    }
}
