//! Tests of the core that run inside a VM.

/// Does what the kernel command line asks for, and ends the machine; returns if it asks for no tests.
pub fn run_if_asked() {
    threadbare_machine::tests::run_if_asked(&[crate::sched::vm_tests::TESTS]);
}
