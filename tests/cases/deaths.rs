//! Programs that die of a fault: the status is Linux's, and the report says what happened and where.

use threadbare_tests::{Case, Linking, c};

/// Runs `guest/c/die.c HOW` on both; the report must contain every one of `texts`.
fn dies(how: &str, status: i32, texts: &[&str]) {
    for linking in [Linking::Static, Linking::Dynamic] {
        let case = Case::new(c("die", linking), [how]);
        let (linux, inside) = (case.on_linux(), case.inside());
        assert_eq!(
            (inside.status, &inside.stdout),
            (linux.status, &linux.stdout),
            "{}",
            inside.report()
        );
        assert_eq!(inside.status, status);
        for text in texts {
            assert!(
                inside.report().contains(text),
                "the report of {how} lacks '{text}':\n{}",
                inside.report()
            );
        }
    }
}

#[test]
fn of_a_null_pointer() {
    dies(
        "null",
        139,
        &["SIGSEGV", "null", "dereference_null", "die.c", "main"],
    );
}

#[test]
fn of_its_stacks_end() {
    dies("stack", 139, &["SIGSEGV", "stack", "overflow_stack"]);
}

#[test]
fn of_an_instruction_that_is_none() {
    dies("illegal", 132, &["SIGILL", "ud2", "illegal_instruction"]);
}

#[test]
fn of_a_division_by_zero() {
    dies("divide", 136, &["SIGFPE", "idiv", "divide_by_zero"]);
}

#[test]
fn of_a_write_to_read_only_memory() {
    dies(
        "read-only",
        139,
        &["SIGSEGV", "may not be written", "write_read_only"],
    );
}

#[test]
fn of_executing_data() {
    dies("no-exec", 139, &["SIGSEGV", "execut"]);
}

#[test]
fn of_a_non_canonical_address() {
    dies(
        "non-canonical",
        139,
        &["SIGSEGV", "non-canonical", "touch_non_canonical"],
    );
}

#[test]
fn of_an_address_of_the_kernel() {
    dies("kernel", 139, &["SIGSEGV", "kernel", "touch_kernel"]);
}

#[test]
fn of_an_address_where_nothing_is_mapped() {
    dies("unmapped", 139, &["SIGSEGV", "0x123456789000", "touch_unmapped"]);
}

#[test]
fn by_its_own_will() {
    dies("abort", 134, &[]);
}
