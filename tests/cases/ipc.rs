//! Pipes, event counters, epoll and sockets: programs of `guest/c` that check themselves, on Linux and inside.

use threadbare_tests::{Case, Linking, Scratch, c};

/// Runs it with a folder of its own as its argument: no line may say NO.
fn checks(program: &str) {
    for linking in [Linking::Static, Linking::MuslStatic] {
        let folder = Scratch::new(program);
        let case = Case::new(c(program, linking), [folder.path()]).volume(folder.path());
        let outcome = case.same();
        let text = String::from_utf8_lossy(&outcome.stdout).into_owned();
        assert!(!text.contains(": NO") && !text.is_empty(), "{text}");
    }
}

#[test]
fn pipes_and_fifos() {
    checks("pipes");
}

#[test]
fn bytes_move_between_pipes_and_files() {
    checks("splices");
}

#[test]
fn event_counters_and_epoll() {
    checks("events");
}

#[test]
fn unix_sockets() {
    checks("sockets");
}
