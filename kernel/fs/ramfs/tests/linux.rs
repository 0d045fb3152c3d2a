//! The system calls on files against those of the Linux that the tests run on: the same calls with the same arguments
//! in the same memory give the same results, on this file system and on a tmpfs.
//!
//! Each case runs in a directory of its own that `chroot(2)` makes the root, so that absolute paths and `..` mean the
//! same on both sides. That takes the superuser; anybody else's run says that it has skipped this.
#![allow(unsafe_code, reason = "the other side is Linux, reached by raw system calls")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "arguments of system calls are whatever fits a register"
)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::CString;
use std::path::Path;
use std::sync::Arc;

use linux_raw_sys::general as nr;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use threadbare_kernel::error::Errno;
use threadbare_kernel::syscall::fs::{Caller, find};
use threadbare_kernel::syscall::memory::UserMemory;
use threadbare_kernel::vfs::{
    Credentials, FdTable, FileSystem, FsContext, Name, Namespace, NewInode, NewKind, Timestamp,
};
use threadbare_machine::sync::SpinLock;
use threadbare_ramfs::RamFs;

/// Where things lie in the memory that both sides use.
const PATH: usize = 0;
const SECOND_PATH: usize = 8192;
const OUTPUT: usize = 16_384;
const INPUT: usize = 32_768;
const SIZE: usize = 65_536;

/// The memory of the "program".
struct Memory {
    bytes: RefCell<Vec<u8>>,
}

impl Memory {
    fn new() -> Memory {
        Memory {
            bytes: RefCell::new(vec![0; SIZE]),
        }
    }

    fn address(&self, offset: usize) -> usize {
        self.bytes.borrow().as_ptr() as usize + offset
    }

    fn range(&self, address: usize, length: usize) -> Result<std::ops::Range<usize>, Errno> {
        let start = address.checked_sub(self.address(0)).ok_or(Errno::EFAULT)?;
        let end = start
            .checked_add(length)
            .filter(|end| *end <= SIZE)
            .ok_or(Errno::EFAULT)?;
        Ok(start..end)
    }

    fn output(&self) -> Vec<u8> {
        self.bytes.borrow()[OUTPUT..INPUT].to_vec()
    }

    /// Fills everything in for a call.
    fn prepare(&self, call: &Call) {
        let mut bytes = self.bytes.borrow_mut();
        bytes.fill(0);
        for (at, byte) in bytes[INPUT..].iter_mut().enumerate() {
            *byte = (at % 251) as u8 + 1;
        }
        bytes[PATH..][..call.path.len()].copy_from_slice(call.path.as_bytes());
        bytes[SECOND_PATH..][..call.second_path.len()].copy_from_slice(call.second_path.as_bytes());
        if let Some(words) = call.input {
            for (at, word) in words.into_iter().enumerate() {
                bytes[INPUT + 8 * at..][..8].copy_from_slice(&word.to_le_bytes());
            }
        }
    }
}

impl UserMemory for Memory {
    fn read_bytes(&self, from: usize, into: &mut [u8]) -> Result<(), Errno> {
        let range = self.range(from, into.len())?;
        into.copy_from_slice(&self.bytes.borrow()[range]);
        Ok(())
    }

    fn write_bytes(&self, to: usize, from: &[u8]) -> Result<(), Errno> {
        let range = self.range(to, from.len())?;
        self.bytes.borrow_mut()[range].copy_from_slice(from);
        Ok(())
    }
}

/// A call as a test writes it: descriptors are indices of those opened before, paths and buffers are in [`Memory`].
#[derive(Clone, Debug)]
struct Call {
    number: u32,
    arguments: Vec<Argument>,
    path: String,
    second_path: String,
    /// Words at [`INPUT`] in place of the pattern.
    input: Option<[u64; 4]>,
    result: Meaning,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Argument {
    Value(usize),
    /// The index of an open file, modulo their number.
    Descriptor(usize),
    /// `AT_FDCWD`, or an open file.
    Directory(Option<usize>),
    Path,
    SecondPath,
    Output,
    Input,
}

/// What a successful result means, and what of the output is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// A number to be compared, with all output.
    Value,
    /// A new descriptor.
    Opened,
    /// Nothing; the descriptor in the first argument is closed.
    Closed,
    /// A `struct stat`.
    Stat,
    /// Directory entries, in any order.
    Entries,
}

fn call(number: u32, arguments: Vec<Argument>) -> Call {
    Call {
        number,
        arguments,
        path: String::new(),
        second_path: String::new(),
        input: None,
        result: Meaning::Value,
    }
}

/// One side: results as the kernel returns them, negated errors included.
trait Side {
    fn run(&mut self, number: u32, arguments: [usize; 6]) -> isize;
}

struct Ours<'a> {
    memory: &'a Memory,
    files: SpinLock<FdTable>,
    fs: FsContext,
    credentials: Credentials,
}

fn now() -> Timestamp {
    Timestamp {
        seconds: 1_700_000_000,
        nanoseconds: 0,
    }
}

impl Ours<'_> {
    fn new(memory: &Memory) -> Ours<'_> {
        let root = RamFs::new(now);
        let new = NewInode {
            kind: NewKind::Directory,
            permissions: 0o755,
            uid: 0,
            gid: 0,
        };
        root.root().directory().unwrap().create(b"w", &new).unwrap();
        let root: Arc<dyn FileSystem> = root;
        let fs = FsContext::new(Namespace::new(root, Name::Static(b"none")));
        Ours {
            memory,
            files: SpinLock::new(FdTable::new()),
            fs,
            credentials: Credentials::root(),
        }
    }
}

impl Side for Ours<'_> {
    fn run(&mut self, number: u32, arguments: [usize; 6]) -> isize {
        let call = find(number).expect("a call that the kernel has");
        let caller = Caller {
            memory: self.memory,
            files: &self.files,
            fs: &self.fs,
            credentials: &self.credentials,
            process: 1,
            file_limit: 1024,
            size_limit: u64::MAX,
            exceeds_size_limit: &|| {},
            now,
            wait_for_locks: &|| Err(Errno::EINTR),
            missing: &|_| (),
        };
        (call.function)(&caller, arguments).map_or_else(Errno::result, |value| value as isize)
    }
}

struct Linux;

impl Side for Linux {
    fn run(&mut self, number: u32, arguments: [usize; 6]) -> isize {
        let [a, b, c, d, e, f] = arguments;
        // SAFETY: the calls of this test write only to the memory that it gives them, and that is large enough.
        let result = unsafe { libc::syscall(i64::from(number), a, b, c, d, e, f) };
        if result == -1 {
            return -(std::io::Error::last_os_error().raw_os_error().unwrap_or(0) as isize);
        }
        result as isize
    }
}

/// What both sides have open, under the same index: Linux's descriptor and ours.
type Open = Vec<(usize, usize)>;

fn registers(call: &Call, memory: &Memory, open: &Open, ours: bool) -> [usize; 6] {
    let mut registers = [0; 6];
    let descriptor = |index: usize| match open.get(index % open.len().max(1)) {
        Some((linux, own)) => {
            if ours {
                *own
            } else {
                *linux
            }
        }
        None => 999,
    };
    for (register, argument) in registers.iter_mut().zip(&call.arguments) {
        *register = match *argument {
            Argument::Value(value) => value,
            Argument::Descriptor(index) => descriptor(index),
            Argument::Directory(None) => nr::AT_FDCWD as usize,
            Argument::Directory(Some(index)) => descriptor(index),
            Argument::Path => memory.address(PATH),
            Argument::SecondPath => memory.address(SECOND_PATH),
            Argument::Output => memory.address(OUTPUT),
            Argument::Input => memory.address(INPUT),
        };
    }
    registers
}

/// Runs a call on both sides and compares.
fn compare(call: &Call, memory: &Memory, open: &mut Open, ours: &mut Ours<'_>) -> Result<(), TestCaseError> {
    // Positions in a directory are the file system's own, but for the first.
    if call.number == nr::__NR_lseek && is_directory(registers(call, memory, open, false)[0]) {
        let arguments = vec![call.arguments[0], Argument::Value(0), Argument::Value(0)];
        if arguments != call.arguments {
            return compare(
                &Call {
                    arguments,
                    ..call.clone()
                },
                memory,
                open,
                ours,
            );
        }
    }
    memory.prepare(call);
    let linux_result = Linux.run(call.number, registers(call, memory, open, false));
    let linux_output = memory.output();
    memory.prepare(call);
    let result = ours.run(call.number, registers(call, memory, open, true));
    let output = memory.output();
    let name = find(call.number).unwrap().name;
    match call.result {
        Meaning::Opened if linux_result >= 0 && result >= 0 => {
            open.push((linux_result as usize, result as usize));
            return Ok(());
        }
        Meaning::Entries if linux_result >= 0 && result >= 0 => {
            let (linux, own) = (entries(&linux_output, linux_result), entries(&output, result));
            prop_assert_eq!(own, linux, "entries of {}: {:?}", name, call);
            return Ok(());
        }
        _ => {}
    }
    prop_assert_eq!(result, linux_result, "result of {}: {:?}", name, call);
    match call.result {
        Meaning::Closed if result == 0 && !open.is_empty() => {
            let Argument::Descriptor(index) = call.arguments[0] else {
                unreachable!()
            };
            let _ = open.swap_remove(index % open.len());
        }
        Meaning::Stat if result == 0 => {
            prop_assert_eq!(stat(&output), stat(&linux_output), "stat by {}: {:?}", name, call);
        }
        Meaning::Value => prop_assert!(output == linux_output, "output of {}: {:?}", name, call),
        _ => {}
    }
    Ok(())
}

fn is_directory(descriptor: usize) -> bool {
    // SAFETY: the buffer is a `struct stat`, for which zeroes are a value.
    unsafe {
        let mut stat: libc::stat = std::mem::zeroed();
        libc::fstat(descriptor as i32, &raw mut stat) == 0 && stat.st_mode & libc::S_IFMT == libc::S_IFDIR
    }
}

/// Mode, links, owner, size and blocks; the size of a directory and what it takes are up to the file system.
fn stat(output: &[u8]) -> (u32, u64, u32, u32, i64, i64) {
    let word = |at: usize| u64::from_le_bytes(output[at..at + 8].try_into().unwrap());
    let half = |at: usize| u32::from_le_bytes(output[at..at + 4].try_into().unwrap());
    let mode = half(24);
    let is_directory = mode & nr::S_IFMT == nr::S_IFDIR;
    let size = if is_directory { 0 } else { word(48) as i64 };
    let is_file = mode & nr::S_IFMT == nr::S_IFREG;
    (
        mode,
        word(16),
        half(28),
        half(32),
        size,
        if is_file { word(64) as i64 } else { 0 },
    )
}

/// Names and types.
fn entries(output: &[u8], length: isize) -> BTreeMap<Vec<u8>, u8> {
    let mut entries = BTreeMap::new();
    let mut rest = &output[..length as usize];
    while !rest.is_empty() {
        let length = usize::from(u16::from_le_bytes([rest[16], rest[17]]));
        let name = rest[19..length].split(|byte| *byte == 0).next().unwrap();
        let _ = entries.insert(name.to_vec(), rest[18]);
        rest = &rest[length..];
    }
    entries
}

fn path() -> impl Strategy<Value = String> {
    let component = prop_oneof![
        12 => prop::sample::select(vec!["a", "b", "c", "d"]).prop_map(String::from),
        1 => prop::sample::select(vec![".", "..", ""]).prop_map(String::from),
        1 => Just("n".repeat(256)),
    ];
    let absolute = prop_oneof![4 => Just(""), 1 => Just("/w/"), 1 => Just("/")];
    let slash = prop_oneof![6 => Just(""), 1 => Just("/")];
    (absolute, prop::collection::vec(component, 1..4), slash)
        .prop_map(|(start, components, end)| std::format!("{start}{}{end}", components.join("/")))
}

fn flag_set(flags: &'static [u32]) -> impl Strategy<Value = usize> {
    prop::collection::vec(prop::sample::select(flags), 0..3)
        .prop_map(|flags| flags.into_iter().fold(0, |set, flag| set | flag) as usize)
}

fn open_flags() -> impl Strategy<Value = usize> {
    let mode = prop::sample::select(vec![nr::O_RDONLY, nr::O_WRONLY, nr::O_RDWR]);
    let others = flag_set(&[
        nr::O_CREAT,
        nr::O_CREAT,
        nr::O_EXCL,
        nr::O_TRUNC,
        nr::O_APPEND,
        nr::O_DIRECTORY,
        nr::O_NOFOLLOW,
        nr::O_PATH,
        nr::O_CLOEXEC,
        nr::O_TMPFILE,
        nr::O_NONBLOCK,
    ]);
    (mode, others).prop_map(|(mode, others)| mode as usize | others)
}

fn directory() -> impl Strategy<Value = Argument> {
    prop_oneof![3 => Just(Argument::Directory(None)), 1 => any::<usize>().prop_map(|at| Argument::Directory(Some(at)))]
}

fn file() -> impl Strategy<Value = Argument> {
    any::<usize>().prop_map(Argument::Descriptor)
}

fn offset() -> impl Strategy<Value = usize> {
    prop_oneof![
        4 => 0..10_000_usize,
        1 => prop::sample::select(vec![usize::MAX, i64::MAX as usize, i64::MAX as usize - 4096, 4096, 8192]),
    ]
}

fn size() -> impl Strategy<Value = usize> {
    0..6000_usize
}

/// Calls that take a path.
fn path_call() -> BoxedStrategy<Call> {
    use Argument::{Output, Path, SecondPath, Value};
    let one = |number: u32, rest: BoxedStrategy<Vec<usize>>, result: Meaning| {
        (directory(), path(), rest)
            .prop_map(move |(directory, path, rest)| {
                let mut arguments = vec![directory, Path];
                arguments.extend(rest.into_iter().map(Value));
                Call {
                    path,
                    result,
                    ..call(number, arguments)
                }
            })
            .boxed()
    };
    let mode = || prop::sample::select(vec![0o644_usize, 0o755, 0o4711, 0o1777, 0]);
    let two = |number: u32, flags: &'static [u32]| {
        (directory(), path(), directory(), path(), flag_set(flags))
            .prop_map(move |(from, path, to, second_path, flags)| {
                let arguments = vec![from, Path, to, SecondPath, Value(flags)];
                Call {
                    path,
                    second_path,
                    ..call(number, arguments)
                }
            })
            .boxed()
    };
    prop_oneof![
        6 => one(nr::__NR_openat, (open_flags(), mode()).prop_map(|(flags, mode)| vec![flags, mode]).boxed(), Meaning::Opened),
        4 => one(nr::__NR_mkdirat, mode().prop_map(|mode| vec![mode]).boxed(), Meaning::Value),
        3 => one(nr::__NR_unlinkat, flag_set(&[nr::AT_REMOVEDIR, nr::AT_REMOVEDIR, nr::AT_SYMLINK_FOLLOW]).prop_map(|flags| vec![flags]).boxed(), Meaning::Value),
        1 => one(nr::__NR_mknodat, prop::sample::select(vec![nr::S_IFSOCK, nr::S_IFREG, nr::S_IFDIR, nr::S_IFLNK, 0, 0o130_000]).prop_map(|kind| vec![(kind | 0o640) as usize, 0]).boxed(), Meaning::Value),
        1 => one(nr::__NR_fchmodat, mode().prop_map(|mode| vec![mode]).boxed(), Meaning::Value),
        1 => one(nr::__NR_faccessat2, (0..10_usize, flag_set(&[nr::AT_EACCESS, nr::AT_SYMLINK_NOFOLLOW, nr::AT_EMPTY_PATH, 1])).prop_map(|(mode, flags)| vec![mode, flags]).boxed(), Meaning::Value),
        1 => (directory(), path(), prop::sample::select(vec![0, 1, 1000, u32::MAX as usize]), flag_set(&[nr::AT_SYMLINK_NOFOLLOW])).prop_map(|(directory, path, id, flags)|
            Call { path, ..call(nr::__NR_fchownat, vec![directory, Path, Value(id), Value(id), Value(flags)]) }),
        2 => (directory(), path(), flag_set(&[nr::AT_SYMLINK_NOFOLLOW, nr::AT_EMPTY_PATH, 1])).prop_map(|(directory, path, flags)|
            Call { path, result: Meaning::Stat, ..call(nr::__NR_newfstatat, vec![directory, Path, Output, Value(flags)]) }),
        2 => (directory(), path(), path()).prop_map(|(directory, path, second_path)|
            Call { path, second_path, ..call(nr::__NR_symlinkat, vec![SecondPath, directory, Path]) }),
        2 => (directory(), path(), 0..40_usize).prop_map(|(directory, path, size)|
            Call { path, ..call(nr::__NR_readlinkat, vec![directory, Path, Output, Value(size)]) }),
        3 => two(nr::__NR_renameat2, &[nr::RENAME_NOREPLACE, nr::RENAME_EXCHANGE]),
        3 => two(nr::__NR_linkat, &[nr::AT_SYMLINK_FOLLOW, nr::AT_EMPTY_PATH, 1]),
        1 => path().prop_map(|path| Call { path, ..call(nr::__NR_chdir, vec![Path]) }),
        1 => (path(), offset()).prop_map(|(path, size)| Call { path, ..call(nr::__NR_truncate, vec![Path, Value(size)]) }),
        1 => (directory(), path(), times(), flag_set(&[nr::AT_SYMLINK_NOFOLLOW, nr::AT_EMPTY_PATH, 1])).prop_map(|(directory, path, input, flags)|
            Call { path, input: Some(input), ..call(nr::__NR_utimensat, vec![directory, Path, Argument::Input, Value(flags)]) }),
    ]
    .boxed()
}

fn times() -> impl Strategy<Value = [u64; 4]> {
    let nanoseconds = || {
        prop::sample::select(vec![
            0,
            999_999_999,
            1_000_000_000,
            u64::from(nr::UTIME_NOW),
            u64::from(nr::UTIME_OMIT),
            u64::MAX,
        ])
    };
    (nanoseconds(), nanoseconds()).prop_map(|(accessed, modified)| [5, accessed, 6, modified])
}

/// Calls that take a descriptor.
fn file_call() -> BoxedStrategy<Call> {
    use Argument::{Input, Output, Value};
    let fallocate = flag_set(&[
        nr::FALLOC_FL_KEEP_SIZE,
        nr::FALLOC_FL_PUNCH_HOLE,
        nr::FALLOC_FL_ZERO_RANGE,
    ]);
    // Linux would really reserve the memory.
    let modest = || prop_oneof![4 => 0..20_000_usize, 1 => Just(usize::MAX)];
    prop_oneof![
        2 => file().prop_map(|fd| Call { result: Meaning::Closed, ..call(nr::__NR_close, vec![fd]) }),
        4 => (file(), size()).prop_map(|(fd, size)| call(nr::__NR_write, vec![fd, Input, Value(size)])),
        3 => (file(), size()).prop_map(|(fd, size)| call(nr::__NR_read, vec![fd, Output, Value(size)])),
        3 => (file(), size(), offset()).prop_map(|(fd, size, at)| call(nr::__NR_pwrite64, vec![fd, Input, Value(size), Value(at)])),
        2 => (file(), size(), offset()).prop_map(|(fd, size, at)| call(nr::__NR_pread64, vec![fd, Output, Value(size), Value(at)])),
        3 => (file(), offset(), 0..6_usize).prop_map(|(fd, at, whence)| call(nr::__NR_lseek, vec![fd, Value(at), Value(whence)])),
        2 => (file(), offset()).prop_map(|(fd, size)| call(nr::__NR_ftruncate, vec![fd, Value(size)])),
        2 => file().prop_map(|fd| Call { result: Meaning::Stat, ..call(nr::__NR_fstat, vec![fd, Output]) }),
        2 => (file(), prop::sample::select(vec![0_usize, 10, 24, 30, 8000])).prop_map(|(fd, size)| Call { result: Meaning::Entries, ..call(nr::__NR_getdents64, vec![fd, Output, Value(size)]) }),
        1 => file().prop_map(|fd| call(nr::__NR_fchdir, vec![fd])),
        1 => file().prop_map(|fd| Call { result: Meaning::Opened, ..call(nr::__NR_dup, vec![fd]) }),
        1 => (file(), prop::sample::select(vec![nr::F_GETFD, nr::F_GETFL, nr::F_SETFL, nr::F_SETFD, nr::F_GETPIPE_SZ, nr::F_GET_SEALS, 77]), flag_set(&[nr::O_APPEND, nr::O_NONBLOCK, 1]))
            .prop_map(|(fd, command, value)| call(nr::__NR_fcntl, vec![fd, Value(command as usize), Value(value)])),
        2 => (file(), fallocate, modest(), modest()).prop_map(|(fd, mode, start, length)| call(nr::__NR_fallocate, vec![fd, Value(mode), Value(start), Value(length)])),
        1 => (file(), file(), size()).prop_map(|(from, to, size)| call(nr::__NR_copy_file_range, vec![from, Value(0), to, Value(0), Value(size), Value(0)])),
        1 => (file(), file(), size()).prop_map(|(to, from, size)| call(nr::__NR_sendfile, vec![to, from, Value(0), Value(size)])),
        1 => (file(), prop::sample::select(vec![nr::LOCK_SH, nr::LOCK_EX, nr::LOCK_UN, 3])).prop_map(|(fd, operation)| call(nr::__NR_flock, vec![fd, Value((operation | nr::LOCK_NB) as usize)])),
        1 => (file(), 0..8_usize, modest()).prop_map(|(fd, advice, length)| call(nr::__NR_fadvise64, vec![fd, Value(0), Value(length), Value(advice)])),
        1 => file().prop_map(|fd| call(nr::__NR_fsync, vec![fd])),
        1 => (file(), 0..0o7777_usize).prop_map(|(fd, mode)| call(nr::__NR_fchmod, vec![fd, Value(mode)])),
        1 => (0..100_usize).prop_map(|size| call(nr::__NR_getcwd, vec![Output, Value(size)])),
        1 => (0..0o7777_usize).prop_map(|mask| call(nr::__NR_umask, vec![Value(mask)])),
        1 => (file(), record_lock(), prop::sample::select(vec![nr::F_GETLK, nr::F_SETLK, nr::F_OFD_GETLK, nr::F_OFD_SETLK]))
            .prop_map(|(fd, input, command)| Call { input: Some(input), ..call(nr::__NR_fcntl, vec![fd, Value(command as usize), Input]) }),
    ]
    .boxed()
}

fn record_lock() -> impl Strategy<Value = [u64; 4]> {
    let edge = || prop::sample::select(vec![0, 10, 20, u64::MAX, i64::MAX as u64]);
    (0..4_u64, 0..4_u64, edge(), edge())
        .prop_map(|(kind, whence, start, length)| [kind | whence << 16, start, length, 0])
}

/// A directory of Linux that is the root for this thread while it lives.
struct Root {
    directory: std::path::PathBuf,
    old_root: std::fs::File,
}

impl Root {
    /// `None` where this may not be done.
    fn enter() -> Option<Root> {
        // SAFETY: no pointers. This thread's root and working directory become its own.
        if unsafe { libc::unshare(libc::CLONE_FS) } != 0 {
            return None;
        }
        // SAFETY: no pointers.
        unsafe { libc::umask(0o022) };
        let base = if Path::new("/dev/shm").is_dir() {
            "/dev/shm"
        } else {
            "/tmp"
        };
        let directory = Path::new(base).join(std::format!("threadbare-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir_all(directory.join("w")).ok()?;
        let old_root = std::fs::File::open("/").ok()?;
        let path = CString::new(directory.to_str()?).ok()?;
        // SAFETY: the path ends in a NUL.
        let entered = unsafe { libc::chroot(path.as_ptr()) == 0 && libc::chdir(c"/w".as_ptr()) == 0 };
        let root = Root { directory, old_root };
        entered.then_some(root)
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        use std::os::fd::AsRawFd;
        // SAFETY: an open descriptor and a path that ends in a NUL.
        unsafe {
            libc::fchdir(self.old_root.as_raw_fd());
            libc::chroot(c".".as_ptr());
        }
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn run(calls: &[Call]) -> Result<(), TestCaseError> {
    let Some(_root) = Root::enter() else {
        eprintln!("skipped: chroot(2) takes the superuser");
        return Ok(());
    };
    let memory = Memory::new();
    let mut ours = Ours::new(&memory);
    let mut open = Open::new();
    let set_up = [
        call(nr::__NR_umask, vec![Argument::Value(0o022)]),
        Call {
            path: "/w".into(),
            ..call(nr::__NR_chdir, vec![Argument::Path])
        },
    ];
    let mut result = Ok(());
    for call in set_up.iter().chain(calls) {
        result = result.and_then(|()| compare(call, &memory, &mut open, &mut ours));
    }
    for (linux, _) in open {
        Linux.run(nr::__NR_close, [linux, 0, 0, 0, 0, 0]);
    }
    result
}

/// The same cases in every run, but for `PROPTEST_CASES` and `PROPTEST_RNG_SEED` in the environment: those look for new ones.
fn config() -> ProptestConfig {
    let given = |name| {
        std::env::var(name)
            .ok()
            .and_then(|value: String| value.parse().ok())
    };
    ProptestConfig {
        cases: given("PROPTEST_CASES").unwrap_or(600),
        rng_seed: RngSeed::Fixed(given("PROPTEST_RNG_SEED").unwrap_or(1).into()),
        max_shrink_iters: 20_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn calls_give_what_they_give_on_linux(calls in prop::collection::vec(prop_oneof![path_call(), file_call()], 1..40)) {
        run(&calls)?;
    }
}
