//! From the machine to the first program.

use crate::host::{self, ByteChannel};
use crate::mm::AddressSpace;
use crate::process::{Process, Program, Thread, start_thread};
use crate::sched::{self, KernelData};
use crate::vfs::{
    Credentials, FileSystem, FsContext, MountOptions, Name, Namespace, Resolver, SymlinkPolicy,
};
use crate::{clock, random, report, system, trace, tty};
use alloc::boxed::Box;
use alloc::sync::Arc;
use threadbare_cpio::Archive;
use threadbare_link::RunSpec;
use threadbare_machine::task::Registers;

/// What the image adds to the core: file systems and devices.
#[derive(Clone, Copy)]
pub struct Parts {
    /// Makes the root file system from the initial RAM disk.
    pub root: fn(&'static [u8]) -> Arc<dyn FileSystem>,
    /// Further file systems and where they are mounted, if that directory exists.
    pub mounts: &'static [(&'static str, fn() -> Arc<dyn FileSystem>)],
    /// Finds the channel to the host. Its interrupt handler calls [`host::received`].
    pub channel: fn() -> Option<Box<dyn ByteChannel>>,
}

/// Runs the program that the initial RAM disk names, and ends the machine.
pub fn run(parts: &Parts) -> ! {
    sched::initialise();
    threadbare_machine::report::set_narrator(report::narrate);
    threadbare_machine::irq::enable();
    let archive = threadbare_machine::boot::initrd();
    let spec = find_specification(archive);
    clock::set_realtime_at_boot(spec.realtime_ns);
    random::seed(spec.seed);
    system::set_hostname(spec.hostname);
    let channel = (parts.channel)()
        .expect("this machine has no channel to the host: no virtio console and no second serial line");
    host::connect(channel, spec.log_level);
    trace::set(spec.observe);
    spec.preempt_seed.inspect(|&seed| sched::disturb(seed));
    let process = make_process(parts, archive, &spec);
    let thread = Thread::new(process.pid, process.clone(), b"program");
    let program = Program {
        path: spec.program.to_vec(),
        arguments: spec.arguments.iter().map(|argument| argument.to_vec()).collect(),
        environment: spec
            .environment
            .iter()
            .map(|variable| variable.to_vec())
            .collect(),
    };
    tty::serve_host(spec.console.is_some_and(|console| console.keyboard))
        .expect("there is no memory for the host's task");
    start_thread(&thread, program).expect("there is no memory to start the program");
    let waiting = process.clone();
    sched::spawn("end", KernelData::default(), Registers::None, move || {
        let status = waiting.wait();
        tty::finish_console();
        host::finish(status)
    })
    .expect("there is no memory to wait for the program");
    drop((process, thread));
    sched::idle()
}

/// The specification that the command put first into the archive.
fn find_specification(archive: &'static [u8]) -> RunSpec<'static> {
    let first = Archive::new(archive).entries().next();
    let entry = first
        .and_then(Result::ok)
        .expect("the initial RAM disk is no archive: start the machine with `threadbare run`");
    assert!(
        entry.name == threadbare_link::run::FILE_NAME.as_bytes(),
        "the initial RAM disk does not say what to run"
    );
    RunSpec::decode(entry.data).expect("the run specification was written by another version")
}

fn make_process(parts: &Parts, archive: &'static [u8], spec: &RunSpec<'_>) -> Arc<Process> {
    let name = |text: &'static str| Name::Static(text.as_bytes());
    let namespace = Namespace::new((parts.root)(archive), name("rootfs"));
    let fs = FsContext::new(namespace.clone());
    let root = Credentials::root();
    for &(path, make) in parts.mounts {
        let place =
            Resolver::new(&fs, &root).lookup(|| Ok(fs.root()), path.as_bytes(), SymlinkPolicy::Follow);
        if let Ok(place) = place {
            let file_system = make();
            let source = name(file_system.name());
            // An archive with a file in the place of a directory goes without.
            let _ = namespace.mount(file_system, place, source, MountOptions::default());
        }
    }
    let credentials = Credentials::of(spec.credentials.uid, spec.credentials.gid);
    if let Ok(place) =
        Resolver::new(&fs, &root).lookup(|| Ok(fs.root()), spec.working_directory, SymlinkPolicy::Follow)
    {
        fs.set_working_directory(place);
    }
    fs.set_umask(u32::from(spec.umask));
    let memory = AddressSpace::new().expect("there is no memory for the first address space");
    let process = Process::first(memory, fs, credentials);
    let opened = match spec.console {
        Some(console) => tty::open_console(&process, console, spec.window),
        None => host::open_standard_streams(&process, spec.streams, spec.window),
    };
    opened.expect("there is no memory for the standard streams");
    process
}
