//! Lines as strace 6.1 prints them.

use crate::{Captured, Death, Enter, Extent, Leave, SignalInfo, Transcript, When, captures, signature};
use alloc::string::String;
use alloc::vec::Vec;

/// One call of one thread, from its beginning to its end.
fn line(
    number: u32,
    arguments: [u64; 6],
    before: &[(u8, &[u8])],
    result: i64,
    after: &[(u8, &[u8])],
) -> String {
    let mut transcript = Transcript::new();
    let mut text = enter(&mut transcript, 2, number, arguments, before);
    text += &leave(&mut transcript, 2, result, after);
    text
}

fn captured<'a>(parts: &[(u8, &'a [u8])]) -> Vec<Captured<'a>> {
    parts
        .iter()
        .map(|&(slot, bytes)| Captured { slot, bytes })
        .collect()
}

fn enter(
    transcript: &mut Transcript,
    thread: u32,
    number: u32,
    arguments: [u64; 6],
    parts: &[(u8, &[u8])],
) -> String {
    transcript.enter(&Enter {
        thread,
        number,
        arguments,
        captured: &captured(parts),
    })
}

fn leave(transcript: &mut Transcript, thread: u32, result: i64, parts: &[(u8, &[u8])]) -> String {
    transcript.leave(&Leave {
        thread,
        result,
        captured: &captured(parts),
    })
}

#[test]
fn the_table_is_in_order_so_that_it_can_be_searched() {
    for number in 0..335 {
        assert_eq!(signature(number).map(|row| row.number), Some(number));
    }
    assert!(signature(100_000).is_none());
}

#[test]
fn results_begin_in_column_40_unless_the_call_is_longer() {
    let at = [0xffff_ff9c, 0x1000, 0o2_000_000, 0, 0, 0];
    assert_eq!(
        line(257, at, &[(1, b"/etc/ld.so.cache\0")], 3, &[]),
        "openat(AT_FDCWD, \"/etc/ld.so.cache\", O_RDONLY|O_CLOEXEC) = 3\n"
    );
    assert_eq!(
        line(3, [3, 0, 0, 0, 0, 0], &[], 0, &[]),
        "close(3)                                = 0\n"
    );
}

#[test]
fn a_mode_is_shown_where_a_file_may_be_created() {
    let arguments = [0xffff_ff9c, 0x1000, 0o101, 0o644, 0, 0];
    assert_eq!(
        line(257, arguments, &[(1, b"x\0")], -17, &[]),
        "openat(AT_FDCWD, \"x\", O_WRONLY|O_CREAT, 0644) = -1 EEXIST (File exists)\n"
    );
}

#[test]
fn data_is_cut_after_32_bytes_and_what_is_no_text_is_octal() {
    let long = [b'a'; 33];
    assert_eq!(
        line(1, [1, 0x1000, 40, 0, 0, 0], &[(1, &long)], 40, &[]),
        "write(1, \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"..., 40) = 40\n"
    );
    assert_eq!(
        line(0, [3, 0x1000, 832, 0, 0, 0], &[], 5, &[(1, b"\x7f\n\x021\"")]),
        "read(3, \"\\177\\n\\0021\\\"\", 832)           = 5\n"
    );
}

#[test]
fn what_could_not_be_captured_is_an_address() {
    assert_eq!(
        line(1, [1, 0x1000, 4, 0, 0, 0], &[], -14, &[]),
        "write(1, 0x1000, 4)                     = -1 EFAULT (Bad address)\n"
    );
    assert_eq!(
        line(0, [3, 0, 1, 0, 0, 0], &[], 0, &[]),
        "read(3, NULL, 1)                        = 0\n"
    );
}

#[test]
fn mappings_name_their_rights_and_flags() {
    assert_eq!(
        line(9, [0, 8192, 3, 0x22, u64::MAX, 0], &[], 0x7f00_0000_0000, &[]),
        "mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000\n"
    );
    assert_eq!(
        line(10, [0x1000, 4096, 0, 0, 0, 0], &[], 0, &[]),
        "mprotect(0x1000, 4096, PROT_NONE)       = 0\n"
    );
}

#[test]
fn the_line_of_a_call_that_waits_gives_way() {
    let mut transcript = Transcript::new();
    let mut text = enter(&mut transcript, 2, 61, [u64::MAX, 0x1000, 0, 0, 0, 0], &[]);
    text += &enter(&mut transcript, 3, 39, [0; 6], &[]);
    text += &leave(&mut transcript, 3, 3, &[]);
    text += &transcript.end(3, Death::Exited(7));
    text += &leave(&mut transcript, 2, 3, &[(1, &[0, 7, 0, 0])]);
    assert_eq!(
        text,
        "wait4(-1,  <unfinished ...>\n\
         [pid     3] getpid()                    = 3\n\
         [pid     3] +++ exited with 7 +++\n\
         <... wait4 resumed>[{WIFEXITED(s) && WEXITSTATUS(s) == 7}], 0, NULL) = 3\n"
    );
}

#[test]
fn a_signal_that_comes_during_a_call_is_told_after_it() {
    let mut transcript = Transcript::new();
    let mut text = enter(&mut transcript, 2, 61, [u64::MAX, 0, 0, 0, 0, 0], &[]);
    let info = SignalInfo {
        signal: 17,
        code: 1,
        pid: 3,
        status: 4,
        ..SignalInfo::default()
    };
    text += &transcript.signal(2, &info);
    text += &leave(&mut transcript, 2, 3, &[]);
    assert_eq!(
        text,
        "wait4(-1, NULL, 0, NULL)                = 3\n--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=3, \
         si_uid=0, si_status=4, si_utime=0, si_stime=0} ---\n"
    );
}

#[test]
fn a_thread_that_dies_in_a_call_never_returns_from_it() {
    let mut transcript = Transcript::new();
    let mut text = enter(&mut transcript, 2, 34, [0; 6], &[]);
    text += &transcript.end(2, Death::Killed(9));
    assert_eq!(
        text,
        "pause( <unfinished ...>)                = ?\n+++ killed by SIGKILL +++\n"
    );
}

#[test]
fn an_interrupted_call_says_how_it_goes_on() {
    assert!(
        line(34, [0; 6], &[], -514, &[]).ends_with(" = ? ERESTARTNOHAND (To be restarted if no handler)\n")
    );
}

#[test]
fn vectors_show_what_was_filled() {
    let mut array = Vec::from(0x1000u64.to_le_bytes());
    array.extend(4u64.to_le_bytes());
    assert_eq!(
        line(19, [3, 0x2000, 1, 0, 0, 0], &[], 2, &[(1, &array), (16, b"abcd")]),
        "readv(3, [{iov_base=\"ab\", iov_len=4}], 1) = 2\n"
    );
}

#[test]
fn a_poll_tells_what_is_ready() {
    let asked = [3, 0, 0, 0, 1, 0, 0, 0];
    let told = [3, 0, 0, 0, 1, 0, 1, 0];
    assert_eq!(
        line(7, [0x1000, 1, 1000, 0, 0, 0], &[(0, &asked)], 1, &[(16, &told)]),
        "poll([{fd=3, events=POLLIN}], 1, 1000)  = 1 ([{fd=3, revents=POLLIN}])\n"
    );
}

#[test]
fn a_call_without_a_name_shows_all_its_registers() {
    assert_eq!(
        line(1023, [1, 0, 0, 0, 0, 0], &[], -38, &[]),
        "syscall_0x3ff(0x1, 0, 0, 0, 0, 0)       = -1 ENOSYS (Function not implemented)\n"
    );
}

#[test]
fn nothing_is_captured_through_a_null_pointer_and_never_more_than_the_program_gave() {
    assert_eq!(captures(1, &[1, 0, 10, 0, 0, 0]).count(), 0);
    let write: Vec<_> = captures(1, &[1, 0x1000, 10, 0, 0, 0]).collect();
    assert_eq!((write[0].when, write[0].extent), (When::Enter, Extent::Bytes(10)));
    let huge: Vec<_> = captures(20, &[1, 0x1000, u64::MAX, 0, 0, 0]).collect();
    assert_eq!(
        huge[0].extent,
        Extent::Vectors {
            count: 16,
            content: 33
        }
    );
}

#[test]
fn any_bytes_make_some_text() {
    for number in 0..460 {
        for length in [0, 1, 3, 8, 17, 200] {
            let bytes = alloc::vec![0xff; length];
            let parts: Vec<(u8, &[u8])> = (0..32).map(|slot| (slot, bytes.as_slice())).collect();
            for result in [-4096, -1, 0, 1, i64::MAX] {
                let text = line(number, [u64::MAX; 6], &parts, result, &parts);
                assert!(text.ends_with('\n'), "{number}");
            }
        }
    }
}
