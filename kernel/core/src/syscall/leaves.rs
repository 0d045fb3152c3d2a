//! Calls that are answered on the way in (see [`threadbare_machine::user::LeafCall`]): those that only read a word of the
//! thread or its process, and those that do not exist.

use super::table;
use crate::error::Errno;
use crate::process::Thread;
use crate::report;
use crate::trace;
use linux_raw_sys::general as nr;
use threadbare_machine::user::{Answer, LeafCall, LeafCalls};

/// The leaves for a thread that begins to live: none where system calls are observed.
pub(crate) fn leaves() -> &'static LeafCalls<Thread> {
    if trace::is_on() { &LeafCalls::NONE } else { &LEAVES }
}

static LEAVES: LeafCalls<Thread> = {
    let mut leaves = LeafCalls::NONE;
    let mut number = 0;
    while number <= table::NUMBERS {
        if !table::is_served(number) {
            leaves = leaves.with(number, not_there);
        }
        number += 1;
    }
    leaves
        .with(nr::__NR_getpid, getpid)
        .with(nr::__NR_gettid, gettid)
        .with(nr::__NR_getppid, getppid)
        .with(nr::__NR_getpgrp, getpgrp)
};

extern "sysv64" fn getpid(thread: &Thread, _: &LeafCall) -> Answer {
    Answer::value(thread.process.pid as usize)
}

extern "sysv64" fn gettid(thread: &Thread, _: &LeafCall) -> Answer {
    Answer::value(thread.tid() as usize)
}

extern "sysv64" fn getppid(thread: &Thread, _: &LeafCall) -> Answer {
    Answer::value(thread.process.parent() as usize)
}

extern "sysv64" fn getpgrp(thread: &Thread, _: &LeafCall) -> Answer {
    Answer::value(thread.process.group() as usize)
}

/// The first time it is noted for the report at the end, which takes the long way.
extern "sysv64" fn not_there(_: &Thread, call: &LeafCall) -> Answer {
    if report::missing_call_again(call.number() as usize) {
        Answer::value(Errno::ENOSYS.result().cast_unsigned())
    } else {
        Answer::NONE
    }
}
