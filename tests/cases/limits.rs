//! A program that asks for more than there is gets an error, and the kernel stays alive.

use threadbare_tests::{Case, Linking, c};

/// What the program prints inside a small machine.
fn hog(what: &str, memory: &str) -> String {
    let case = Case::new(c("hog", Linking::Static), [what]).option("--memory", memory);
    let outcome = case.inside();
    assert_eq!(outcome.status, 0, "{}", outcome.report());
    String::from_utf8_lossy(&outcome.stdout).into_owned()
}

#[test]
fn files_without_end_are_refused_and_their_memory_comes_back() {
    let text = hog("files", "16M");
    assert_eq!(text, "files: Cannot allocate memory\nafterwards: works\n");
}

#[test]
fn folders_without_end_are_refused_and_their_memory_comes_back() {
    let text = hog("folders", "16M");
    assert_eq!(text, "folders: Cannot allocate memory\nafterwards: works\n");
}

#[test]
fn mappings_without_end_are_refused() {
    let text = hog("mappings", "64M");
    assert_eq!(text, "mappings: Cannot allocate memory\nafterwards: works\n");
}

#[test]
fn a_program_that_touches_more_memory_than_there_is_is_killed_and_told() {
    let script = "BEGIN { for (i = 0; ; i++) { x[i] = sprintf(\"%1000d\", i) } }";
    let outcome = Case::busybox(["awk", script]).option("--memory", "16M").inside();
    assert_eq!(outcome.status, 137, "{}", outcome.report());
    assert!(outcome.report().contains("out of memory"), "{}", outcome.report());
}

#[test]
fn a_machine_may_have_more_memory_than_fits_below_the_devices() {
    // The loader puts the initial RAM disk at the top of what lies below them.
    for (memory, least) in [("2G", 2_000_000), ("5G", 5_000_000)] {
        let case = Case::busybox(["awk", "/^MemTotal/ { print $2 }", "/proc/meminfo"]);
        let outcome = case.option("--memory", memory).inside();
        let kilobytes = String::from_utf8_lossy(&outcome.stdout).trim().parse::<u64>();
        let enough = kilobytes.as_ref().is_ok_and(|&kilobytes| kilobytes >= least);
        assert!(enough, "{memory}: {kilobytes:?}\n{}", outcome.report());
    }
}
