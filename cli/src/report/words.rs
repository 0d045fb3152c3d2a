//! Numbers of Linux and of the processor, in words.

use threadbare_link::AddressClass;

/// The name and the meaning of a signal.
pub(super) fn signal(number: u8) -> (String, &'static str) {
    let (name, meaning) = match number {
        1 => ("SIGHUP", "hangup"),
        2 => ("SIGINT", "interrupt"),
        3 => ("SIGQUIT", "quit"),
        4 => ("SIGILL", "an instruction that does not exist or is not allowed"),
        5 => ("SIGTRAP", "a breakpoint or trap"),
        6 => ("SIGABRT", "the program aborted itself"),
        7 => ("SIGBUS", "memory that cannot be accessed in this way"),
        8 => ("SIGFPE", "an arithmetic error"),
        9 => ("SIGKILL", "killed"),
        11 => ("SIGSEGV", "an invalid memory access"),
        13 => ("SIGPIPE", "writing to nobody"),
        15 => ("SIGTERM", "terminated"),
        31 => ("SIGSYS", "a forbidden system call"),
        _ => return (format!("signal {number}"), "a signal"),
    };
    (name.to_owned(), meaning)
}

/// The name of an exception, as in Intel's manual, volume 3, table 6-1.
pub(super) fn exception(vector: u8) -> String {
    let name = match vector {
        0 => "#DE, divide error",
        1 => "#DB, debug exception",
        3 => "#BP, breakpoint",
        4 => "#OF, overflow",
        5 => "#BR, bound range exceeded",
        6 => "#UD, invalid opcode",
        7 => "#NM, device not available",
        8 => "#DF, double fault",
        10 => "#TS, invalid TSS",
        11 => "#NP, segment not present",
        12 => "#SS, stack-segment fault",
        13 => "#GP, general protection",
        14 => "#PF, page fault",
        16 => "#MF, x87 floating-point error",
        17 => "#AC, alignment check",
        18 => "#MC, machine check",
        19 => "#XM, SIMD floating-point exception",
        20 => "#VE, virtualization exception",
        21 => "#CP, control protection",
        other => return format!("exception {other}"),
    };
    name.to_owned()
}

/// What a page fault's error code says that the instruction tried.
pub(super) fn access(error_code: u64) -> &'static str {
    match error_code {
        code if code & 0x10 != 0 => "execute",
        code if code & 2 != 0 => "write to",
        _ => "read",
    }
}

/// What there is at `address`.
pub(super) fn place(class: AddressClass, address: u64) -> String {
    match class {
        AddressClass::NullPage if address == 0 => "a null pointer".to_owned(),
        AddressClass::NullPage => format!("a null pointer plus {address:#x}"),
        AddressClass::Guard => "in the gap below a stack: the stack overflowed".to_owned(),
        AddressClass::Unmapped => "where nothing is mapped".to_owned(),
        AddressClass::NoAccess => "in memory that the program made inaccessible".to_owned(),
        AddressClass::ReadOnly => "in memory that may not be written".to_owned(),
        AddressClass::NoExec => "in memory that may not be executed".to_owned(),
        AddressClass::BeyondFile => "in a mapping, past the end of its file".to_owned(),
        AddressClass::NonCanonical => "no address at all: its upper bits are not all alike".to_owned(),
        AddressClass::Kernel => "in the kernel's half of the address space".to_owned(),
    }
}

/// The name of an error number that an unimplemented request gets.
pub(super) fn errno(number: u16) -> String {
    let name = match number {
        1 => "EPERM",
        2 => "ENOENT",
        6 => "ENXIO",
        12 => "ENOMEM",
        13 => "EACCES",
        19 => "ENODEV",
        22 => "EINVAL",
        25 => "ENOTTY",
        38 => "ENOSYS",
        92 => "ENOPROTOOPT",
        93 => "EPROTONOSUPPORT",
        94 => "ESOCKTNOSUPPORT",
        95 => "EOPNOTSUPP",
        97 => "EAFNOSUPPORT",
        _ => return format!("error {number}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_null_pointer_is_told_with_what_was_added_to_it() {
        assert_eq!(place(AddressClass::NullPage, 0), "a null pointer");
        assert_eq!(place(AddressClass::NullPage, 24), "a null pointer plus 0x18");
    }

    #[test]
    fn the_error_code_tells_the_access() {
        assert_eq!(
            [access(4), access(6), access(0x14)],
            ["read", "write to", "execute"]
        );
    }
}
