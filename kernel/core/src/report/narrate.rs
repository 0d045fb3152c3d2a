//! What the kernel was doing when it died: called by the machine while it writes its report.

use crate::process::first_process;
use crate::syscall;
use core::fmt::Write;
use core::sync::atomic::Ordering;

/// Writes which system calls the program's threads are in. Locks only what is free.
pub fn narrate(out: &mut dyn Write) {
    let Some(process) = first_process() else {
        let _ = writeln!(out, "  doing: starting up; no program runs yet");
        return;
    };
    let Some(thread) = process.first_thread_for_report() else {
        return;
    };
    let number = thread.system_call.load(Ordering::Relaxed);
    let _ = match number {
        usize::MAX => writeln!(
            out,
            "  doing: running the program (pid {}), in no system call",
            process.pid
        ),
        _ => writeln!(
            out,
            "  doing: system call {number} ({}) of pid {}",
            syscall::name(number),
            process.pid
        ),
    };
}
