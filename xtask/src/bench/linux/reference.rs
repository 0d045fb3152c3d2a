//! The rival that cannot be fetched: Linux 6.1 configured as small and fast as we could.
//!
//! `allnoconfig` with SMP, TCP/IP and ext4; no mitigations, no security modules, no paravirtualisation. Measured once by the same
//! rules with a program of the same rows, in QEMU 7.2; three runs printed identical numbers. The rows of the network
//! stand here before this kernel has one.

/// Instructions per operation.
pub(super) fn lean(row: &str) -> Option<f64> {
    LEAN.iter()
        .find(|(name, _)| *name == row)
        .map(|(_, cost)| f64::from(*cost))
}

const LEAN: [(&str, u32); 61] = [
    ("getppid", 195),
    ("enosys", 143),
    ("clock_gettime_vdso", 57),
    ("clock_gettime_raw", 284),
    ("getrandom16", 1917),
    ("yield_proc", 1374),
    ("yield_thread", 1306),
    ("pipe_pp_proc", 6312),
    ("pipe_pp_thread", 6447),
    ("pipe_self", 1575),
    ("eventfd_self", 907),
    ("futex_pp_proc", 6036),
    ("futex_pp_thread", 4233),
    ("futex_wake_none", 380),
    ("pthread_create_join", 23_956),
    ("fork_exit_wait", 94_173),
    ("fork16m_exit_wait", 1_060_164),
    ("fork_exec_wait", 146_544),
    ("vfork_exec_wait", 73_083),
    ("posix_spawn_wait", 128_936),
    ("fork_execself_wait", 340_272),
    ("fault_anon", 1939),
    ("fault_anon_thp", 576),
    ("fault_cow", 2267),
    ("fault_file_shared", 332),
    ("fault_file_private", 2302),
    ("mmap_munmap", 9225),
    ("mmap_touch_munmap", 49_354),
    ("mprotect", 3815),
    ("brk", 3893),
    ("sig_install", 356),
    ("sig_deliver", 2457),
    ("sig_mask", 349),
    ("sig_segv", 2745),
    ("open_close", 3246),
    ("stat", 1898),
    ("stat_deep8", 3845),
    ("fstat", 1194),
    ("creat_unlink", 9126),
    ("rename", 4700),
    ("read1_file", 856),
    ("write1_file", 1206),
    ("read64k_file", 15_063),
    ("write64k_file", 17_818),
    ("read1_zero", 383),
    ("write1_null", 321),
    ("dup_close", 633),
    ("getdents100", 29_567),
    ("pipe_bw64k", 32_932),
    ("unix_bw64k", 27_397),
    ("tcp_bw64k", 37_050),
    ("unix_pp_proc", 10_445),
    ("unix_pp_thread", 10_483),
    ("unix_dgram_pp_proc", 8252),
    ("tcp_pp_proc", 18_789),
    ("udp_pp_proc", 13_245),
    ("tcp_connect", 36_846),
    ("epoll_wait_ready", 520),
    ("poll10", 3473),
    ("select10", 4435),
    ("nanosleep_50us", 102_610),
];
