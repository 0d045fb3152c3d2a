//! Users and capabilities, as `guest/c/capabilities.c` checks them.

use std::fs;
use std::os::unix::fs::MetadataExt;
use threadbare_tests::{Case, Linking, Outcome, c, debian};

fn holds(outcome: &Outcome) {
    let text = String::from_utf8_lossy(&outcome.stdout).into_owned();
    assert!(!text.contains(": NO") && !text.is_empty(), "{text}");
}

#[test]
fn capabilities_are_given_up_one_by_one() {
    // On Linux as the superuser of a user namespace: no privilege is needed for that.
    let root = debian("base", &[]);
    let program = root.join("usr/bin/capabilities");
    fs::copy(c("capabilities", Linking::Static), program).expect("target/ is writable");
    holds(&Case::new("/usr/bin/capabilities", [""; 0]).system(&root).same());
}

#[test]
fn capabilities_follow_users() {
    let case = Case::new(c("capabilities", Linking::Dynamic), ["users"]);
    // Other users can be had on Linux only by the superuser; the machine is compared where there is one.
    let superuser = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    holds(&if superuser { case.same() } else { case.inside() });
}
