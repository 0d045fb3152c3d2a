//! Executing a program (`execve(2)`).

use super::end;
use super::loader::{self, Checked};
use super::own::unshare_files;
use super::stack::{self, Strings};
use super::thread::Thread;
use crate::error::Errno;
use crate::mm::{AddressSpace, CurrentMemory};
use crate::sched::Mutex;
use crate::signal::Signal;
use crate::syscall;
use crate::syscall::memory::UserMemory;
use crate::vfs::{
    Access, Credentials, Executed, FdTable, File, FileType, OpenFlags, Place, Resolver, SymlinkPolicy,
};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::sync::atomic::Ordering;
use linux_raw_sys::general as linux;
use threadbare_machine::memory::PAGE_SIZE;
use threadbare_machine::task;
use threadbare_machine::user::{self, UserContext};

/// How many `#!` lines may lead to each other, and how long one may be.
const SCRIPTS_MOST: usize = 5;
const SCRIPT_LINE: usize = 256;

/// What to execute.
#[derive(Clone, Debug)]
pub struct Program {
    /// The path, as given.
    pub path: Vec<u8>,
    /// Arguments, the program's own name first.
    pub arguments: Vec<Vec<u8>>,
    /// The environment.
    pub environment: Vec<Vec<u8>>,
}

/// Why a program was not executed, and what was tried.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The error of `execve(2)`.
    pub errno: Errno,
    /// The file that it is about.
    pub path: Vec<u8>,
}

impl Failure {
    /// The exit status by which shells and Docker tell it.
    pub fn status(&self) -> u8 {
        match self.errno {
            Errno::ENOENT | Errno::ENOTDIR => 127,
            _ => 126,
        }
    }
}

/// What to execute is a file that is open already (`execveat(2)` with `AT_EMPTY_PATH`), or is found by its path from
/// here on.
#[derive(Clone)]
pub enum From {
    /// A place that relative paths start from.
    Directory(Place),
    /// The file itself.
    File(Place),
}

/// Replaces what `thread`'s process runs, and returns the registers with which ring 3 begins.
///
/// # Errors
/// As `execve(2)`. Nothing has changed then, but if the error came after the old program was gone: the process has
/// been ended by SIGSEGV then, as on Linux.
pub fn execute(thread: &Thread, program: Program) -> Result<UserContext, Failure> {
    let start = From::Directory(thread.process.fs.working_directory());
    execute_from(thread, start, program)
}

/// As [`execute`], with the path relative to `start`.
///
/// # Errors
/// As `execveat(2)`; see [`execute`].
pub fn execute_from(thread: &Thread, start: From, program: Program) -> Result<UserContext, Failure> {
    let path = program.path.clone();
    let prepared = prepare(thread, start, program).map_err(|(errno, path)| Failure { errno, path })?;
    become_only_thread(thread).map_err(|errno| Failure {
        errno,
        path: path.clone(),
    })?;
    unshare_files(&thread.process).map_err(|errno| Failure {
        errno,
        path: path.clone(),
    })?;
    commit(thread, prepared).map_err(|errno| {
        thread
            .process
            .end(super::ExitStatus::Signaled(Signal::SIGSEGV.number()));
        Failure { errno, path }
    })
}

/// Everything that can fail without harm is done before the old program goes.
struct Prepared {
    place: Place,
    strings: Strings,
    memory: AddressSpace,
    loaded: loader::Loaded,
    name: Vec<u8>,
    credentials: Credentials,
    is_secure: bool,
}

fn prepare(thread: &Thread, start: From, program: Program) -> Result<Prepared, (Errno, Vec<u8>)> {
    let mut strings = Strings {
        file_name: program.path,
        arguments: program.arguments,
        environment: program.environment,
    };
    if strings.arguments.is_empty() {
        strings.arguments = vec![Vec::new()]; // as Linux since 5.18: no program sees argc 0
    }
    let mut path = strings.file_name.clone();
    let about = |path: &[u8]| {
        let path = path.to_vec();
        move |errno| (errno, path.clone())
    };
    let mut scripts = 0;
    let mut start = start;
    let file = loop {
        let file = open_executable(thread, &start, &path).map_err(about(&path))?;
        let Some((interpreter, argument)) = script_line(&file).map_err(about(&path))? else {
            break file;
        };
        scripts += 1;
        if scripts > SCRIPTS_MOST {
            return Err((Errno::ELOOP, path));
        }
        let mut arguments = vec![interpreter.clone()];
        arguments.extend(argument);
        arguments.push(path);
        arguments.extend(strings.arguments.into_iter().skip(1));
        strings.arguments = arguments;
        path = interpreter;
        start = From::Directory(thread.process.fs.working_directory());
    };
    let metadata = file.inode().metadata();
    let old = thread.process.credentials();
    let gives_rights = !thread.process.no_new_privileges.load(Ordering::Relaxed);
    let credentials = old.after_execution(&metadata, gives_rights);
    let is_secure = credentials.uid != credentials.euid || credentials.gid != credentials.egid;
    let limits = *thread.process.limits.lock();
    let stack_limit = usize::try_from(limits.stack()).unwrap_or(usize::MAX);
    strings.check(stack_limit).map_err(about(&path))?;
    let place = file.place().clone();
    let checked = loader::check(file).map_err(about(&path))?;
    let interpreter = match loader::interpreter(&checked).map_err(about(&path))? {
        Some(path) => Some(
            open_executable(
                thread,
                &From::Directory(thread.process.fs.working_directory()),
                &path,
            )
            .and_then(loader::check)
            .map_err(about(&path))?,
        ),
        None => None,
    };
    let (mut memory, loaded) = lay_out(
        &checked,
        interpreter.as_ref(),
        stack_limit,
        limits.address_space(),
    )
    .map_err(about(&path))?;
    memory.large_pages_refused = thread.process.memory().lock().large_pages_refused;
    let name = strings
        .file_name
        .rsplit(|&byte| byte == b'/')
        .next()
        .unwrap_or_default()
        .to_vec();
    Ok(Prepared {
        place,
        strings,
        memory,
        loaded,
        name,
        credentials,
        is_secure,
    })
}

fn lay_out(
    program: &Checked,
    interpreter: Option<&Checked>,
    stack_limit: usize,
    space_limit: usize,
) -> Result<(AddressSpace, loader::Loaded), Errno> {
    let mut memory = AddressSpace::new()?;
    memory.limit = space_limit;
    memory.stack_limit = stack_limit;
    let mut loaded = loader::load(&mut memory, program, interpreter, stack_limit)?;
    stack::map(&mut memory, stack_limit, program.image.stack_executable)?;
    loaded.vdso = crate::time::vdso::map(&mut memory)?;
    Ok((memory, loaded))
}

/// Ends the other threads and waits until they have left; the one that remains goes by the process' number.
///
/// # Errors
/// `EAGAIN` if another thread is doing the same, or this one is to end.
fn become_only_thread(thread: &Thread) -> Result<(), Errno> {
    let process = &thread.process;
    if process.is_executing.swap(true, Ordering::Acquire) {
        return Err(Errno::EAGAIN);
    }
    let alone = || {
        for other in process.threads().filter(|other| other.tid() != thread.tid()) {
            other.give_up(); // again and again: one may just have made another
        }
        (process.alive.load(Ordering::Acquire) == 1).then_some(())
    };
    if alone().is_none() {
        process.wake_threads();
    }
    let left = process.left.wait_until(None, || thread.is_ending(), alone);
    process.is_executing.store(false, Ordering::Release);
    left.ok_or(Errno::EAGAIN)?;
    thread.become_main();
    Ok(())
}

/// The old program goes, the new one comes.
fn commit(thread: &Thread, prepared: Prepared) -> Result<UserContext, Errno> {
    let process = &thread.process;
    let Prepared {
        place,
        strings,
        memory,
        loaded,
        name,
        credentials,
        is_secure,
    } = prepared;
    syscall::hand_mutexes_on(thread);
    syscall::announce_end(thread); // the old memory is about to go, for this thread too
    thread.clear_child_tid.store(0, Ordering::Relaxed);
    thread.robust_list.store(0, Ordering::Relaxed);
    let handle = memory.handle();
    let top = memory.layout.stack.end;
    let memory = Arc::new(Mutex::new(memory.into()));
    let old = process.replace_memory(Some(memory));
    task::set_space(handle);
    drop(old);
    process.has_own_memory.open();
    process.has_executed.store(true, Ordering::Relaxed);
    process
        .exit_signal
        .store(Signal::SIGCHLD.number(), Ordering::Relaxed);
    process.set_credentials(credentials);
    user::reset_registers()?;
    end::close_each(&process.files, FdTable::next_close_on_exec);
    process.signals.reset_handlers();
    process.timers.delete_created();
    thread.signals.set_stack(crate::signal::AlternateStack::default());
    let _old = process.executable.lock().replace(Executed::new(place));
    thread.set_name(&name);

    let memory = CurrentMemory::new(process);
    for (start, end) in loaded.zero {
        zero(&memory, start, end)?;
    }
    let written = stack::write(&memory, top, &strings, &loaded, &process.credentials(), is_secure)?;
    let space = process.memory();
    let mut space = space.lock();
    space.layout.arguments = written.arguments;
    space.layout.environment = written.environment;
    drop(space);
    let _old = core::mem::replace(&mut *process.auxiliary.lock(), written.auxiliary.into());
    Ok(UserContext::new(loaded.start, written.rsp))
}

fn zero(memory: &CurrentMemory<'_>, start: usize, end: usize) -> Result<(), Errno> {
    static ZEROES: [u8; PAGE_SIZE] = [0; PAGE_SIZE];
    memory.write_bytes(start, &ZEROES[..(end - start).min(PAGE_SIZE)])
}

/// Opens a file for execution.
fn open_executable(thread: &Thread, start: &From, path: &[u8]) -> Result<Arc<File>, Errno> {
    let process = &thread.process;
    let credentials = process.credentials();
    let resolver = Resolver::new(&process.fs, &credentials);
    let place = match start {
        From::Directory(directory) => {
            resolver.lookup(|| Ok(directory.clone()), path, SymlinkPolicy::Follow)?
        }
        From::File(place) => place.clone(),
    };
    open_place_for_execution(place, &credentials)
}

fn open_place_for_execution(place: Place, credentials: &Credentials) -> Result<Arc<File>, Errno> {
    let metadata = place.inode().metadata();
    if place.inode().kind() != FileType::Regular {
        return Err(Errno::EACCES);
    }
    credentials.check(&metadata, Access::EXECUTE)?;
    if place.inode().is_being_written() {
        return Err(Errno::ETXTBSY);
    }
    let flags = OpenFlags::internal(linux::O_RDONLY);
    // Reading is the kernel's own doing: a program needs no read permission to be run.
    let file = File::new(place.clone(), place.inode().clone().open(flags)?, flags);
    Ok(file)
}

/// An interpreter and its one argument.
type Interpreter = (Vec<u8>, Option<Vec<u8>>);

/// What a `#!` line names; `None` if the file begins otherwise.
fn script_line(file: &File) -> Result<Option<Interpreter>, Errno> {
    let head = loader::read_up_to(file, 0, SCRIPT_LINE)?;
    let Some(rest) = head.strip_prefix(b"#!") else {
        return Ok(None);
    };
    let ended = rest.contains(&b'\n') || head.len() < SCRIPT_LINE;
    let line = rest
        .split(|&byte| byte == b'\n')
        .next()
        .unwrap_or_default()
        .trim_ascii();
    let name_end = line
        .iter()
        .position(|byte| matches!(byte, b' ' | b'\t'))
        .unwrap_or(line.len());
    let (name, argument) = line.split_at(name_end);
    if name.is_empty() || (!ended && argument.is_empty()) {
        return Err(Errno::ENOEXEC); // nothing there, or the name may have been cut
    }
    let argument = argument.trim_ascii();
    Ok(Some((
        name.to_vec(),
        (!argument.is_empty()).then(|| argument.to_vec()),
    )))
}
