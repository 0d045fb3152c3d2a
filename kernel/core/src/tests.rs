//! Tests of the core that run inside a VM.

use threadbare_machine::tests::Test;

const TESTS: &[Test] = &[];

/// Does what the kernel command line asks for, and ends the machine; returns if it asks for no tests.
pub fn run_if_asked() {
    threadbare_machine::tests::run_if_asked(&[TESTS]);
}
