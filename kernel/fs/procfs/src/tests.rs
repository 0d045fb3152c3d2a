//! The texts against those of the Linux that the tests run on: the same keys, columns and numbers of fields.

use alloc::sync::Arc;
use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

use threadbare_kernel::error::Errno;
use threadbare_kernel::vfs::proc_source::{CpuInfo, Limit, MappingInfo, ProcSource, ProcessInfo, TaskState};
use threadbare_kernel::vfs::{
    self, Anonymous, Credentials, DeviceNumber, File, FileSystem, FileType, FsContext, LinkTarget,
    MountOptions, Name, Namespace, OpenFlags, PathOnly, Place, Resolver, SymlinkPolicy, Timestamp, VecSink,
};

/// A system with one process, number 7, whose root is an empty `/proc`.
struct Fake {
    namespace: Arc<Namespace>,
}

struct Empty;

impl Fake {
    fn start() -> (Arc<Namespace>, FsContext) {
        let proc_of_nothing = crate::new(Arc::new(Empty));
        let namespace = Namespace::new(proc_of_nothing, Name::Static(b"root fs"));
        let context = FsContext::new(namespace.clone());
        let sys = lookup(&context, "/sys").unwrap();
        let fake = crate::new(Arc::new(Fake {
            namespace: namespace.clone(),
        }));
        namespace
            .mount(fake, sys, Name::Static(b"proc"), MountOptions::default())
            .unwrap();
        (namespace, context)
    }

    fn place(&self) -> Place {
        self.namespace.root()
    }
}

fn lookup(context: &FsContext, path: &str) -> Result<Place, Errno> {
    Resolver::new(context, &Credentials::root()).lookup(
        || Ok(context.root()),
        path.as_bytes(),
        SymlinkPolicy::Follow,
    )
}

/// The text of a file of the fake system's `/proc`.
fn text(path: &str) -> Result<String, Errno> {
    let (_, context) = Fake::start();
    let path = std::format!("/sys/{path}");
    let credentials = Credentials::root();
    let resolver = Resolver::new(&context, &credentials);
    let file = vfs::open(
        &resolver,
        &|| Ok(context.root()),
        path.as_bytes(),
        OpenFlags::new(0).unwrap(),
        0,
    )?;
    let mut sink = VecSink::new(1 << 20);
    let count = file.read(&mut sink)?;
    assert_eq!(
        file.read(&mut VecSink::new(10)),
        Ok(0),
        "a second read finds the end"
    );
    let bytes = sink.into_bytes();
    assert_eq!(bytes.len(), count);
    Ok(String::from_utf8(bytes).unwrap())
}

fn link(path: &str) -> String {
    let (_, context) = Fake::start();
    let credentials = Credentials::root();
    let resolver = Resolver::new(&context, &credentials);
    let path = std::format!("/sys/{path}");
    let place = resolver
        .lookup(|| Ok(context.root()), path.as_bytes(), SymlinkPolicy::Keep)
        .unwrap();
    match place.inode().link_target().unwrap() {
        LinkTarget::Path(path) => String::from_utf8(path).unwrap(),
        LinkTarget::Place(place) => String::from_utf8(place.path(&context.root()).unwrap()).unwrap(),
    }
}

impl ProcSource for Fake {
    fn current(&self) -> Option<(u32, u32)> {
        Some((7, 8))
    }

    fn processes(&self) -> Vec<u32> {
        vec![7]
    }

    fn process(&self, pid: u32) -> Result<ProcessInfo, Errno> {
        if pid != 7 {
            return Err(Errno::ENOENT);
        }
        Ok(ProcessInfo {
            pid,
            parent: 0,
            group: 7,
            session: 7,
            terminal: Some((DeviceNumber::new(136, 2), 9)),
            name: b"a (b) c".to_vec(),
            state: TaskState::Running,
            uids: [1000; 4],
            gids: [1000; 4],
            groups: vec![4, 24],
            capabilities: [0, 0x400, 0x400, 0x1ff_ffff_ffff, 0],
            no_new_privileges: true,
            threads: 2,
            started: 1_500_000_000,
            user_time: 20_000_000,
            system_time: 10_000_000,
            faults: [12, 34],
            mapped: 8192,
            resident: 4096,
            descriptor_slots: 64,
            umask: 0o022,
            signals: [0, 1, 2, 4],
            stack_start: 0x7fff_0000,
        })
    }

    fn threads(&self, pid: u32) -> Result<Vec<u32>, Errno> {
        self.process(pid).map(|_| vec![7, 8])
    }

    fn thread_name(&self, pid: u32, tid: u32) -> Result<Vec<u8>, Errno> {
        Ok(if tid == 8 {
            b"worker".to_vec()
        } else {
            self.process(pid)?.name
        })
    }

    fn mappings(&self, pid: u32) -> Result<Vec<MappingInfo>, Errno> {
        let file = self.executable(pid)?;
        let heap = MappingInfo {
            range: 0x5555_0000..0x5555_1000,
            read: true,
            write: true,
            execute: false,
            shared: false,
            file: None,
            label: "[heap]",
        };
        let text = MappingInfo {
            range: 0x40_0000..0x40_1000,
            write: false,
            execute: true,
            file: Some((file, 4096)),
            label: "",
            ..heap.clone()
        };
        Ok(vec![text, heap])
    }

    fn arguments(&self, _: u32) -> Result<Vec<u8>, Errno> {
        Ok(b"prog\0arg\0".to_vec())
    }

    fn environment(&self, _: u32) -> Result<Vec<u8>, Errno> {
        Ok(b"A=b\0".to_vec())
    }

    fn auxiliary(&self, _: u32) -> Result<Vec<u64>, Errno> {
        Ok(vec![6, 4096, 0, 0])
    }

    fn executable(&self, _: u32) -> Result<Place, Errno> {
        lookup(&FsContext::new(self.namespace.clone()), "/version")
    }

    fn root(&self, _: u32) -> Result<Place, Errno> {
        Ok(self.place())
    }

    fn working_directory(&self, _: u32) -> Result<Place, Errno> {
        Ok(self.place())
    }

    fn namespace(&self, _: u32) -> Result<Arc<Namespace>, Errno> {
        Ok(self.namespace.clone())
    }

    fn next_descriptor(&self, _: u32, from: u32) -> Result<Option<u32>, Errno> {
        Ok([0, 3].into_iter().find(|fd| *fd >= from))
    }

    fn descriptor(&self, _: u32, fd: u32) -> Result<Arc<File>, Errno> {
        let flags = OpenFlags::internal(0);
        match fd {
            0 => {
                let inode = Anonymous::new(FileType::Fifo, 0o600, Timestamp::default());
                Ok(File::anonymous(
                    inode,
                    Name::Static(b"pipe:[5]"),
                    Arc::new(PathOnly),
                    flags,
                ))
            }
            3 => Ok(File::new(self.executable(7)?, Arc::new(PathOnly), flags)),
            _ => Err(Errno::ENOENT),
        }
    }

    fn limits(&self, _: u32) -> Result<[Limit; 16], Errno> {
        Ok([(u64::MAX, u64::MAX); 16])
    }

    fn cpus(&self) -> Vec<CpuInfo> {
        vec![
            CpuInfo {
                vendor: "GenuineIntel".into(),
                frequency: 2_000_500_000,
                ..CpuInfo::default()
            };
            2
        ]
    }

    fn uptime(&self) -> (u64, u64) {
        (12_340_000_000, 5_000_000_000)
    }

    fn boot_time(&self) -> Timestamp {
        Timestamp {
            seconds: 99,
            nanoseconds: 0,
        }
    }

    fn identity(&self) -> (Vec<u8>, &'static str, &'static str) {
        (b"host".to_vec(), "6.1.0", "#1")
    }

    fn boot_id(&self) -> [u8; 16] {
        [0xff; 16]
    }
}

/// A system without processes.
impl ProcSource for Empty {
    fn current(&self) -> Option<(u32, u32)> {
        None
    }

    fn processes(&self) -> Vec<u32> {
        vec![]
    }

    fn process(&self, _: u32) -> Result<ProcessInfo, Errno> {
        Err(Errno::ENOENT)
    }

    fn threads(&self, _: u32) -> Result<Vec<u32>, Errno> {
        Err(Errno::ENOENT)
    }

    fn thread_name(&self, _: u32, _: u32) -> Result<Vec<u8>, Errno> {
        Err(Errno::ENOENT)
    }

    fn mappings(&self, _: u32) -> Result<Vec<MappingInfo>, Errno> {
        Err(Errno::ENOENT)
    }

    fn arguments(&self, _: u32) -> Result<Vec<u8>, Errno> {
        Err(Errno::ENOENT)
    }

    fn environment(&self, _: u32) -> Result<Vec<u8>, Errno> {
        Err(Errno::ENOENT)
    }

    fn auxiliary(&self, _: u32) -> Result<Vec<u64>, Errno> {
        Err(Errno::ENOENT)
    }

    fn executable(&self, _: u32) -> Result<Place, Errno> {
        Err(Errno::ENOENT)
    }

    fn root(&self, _: u32) -> Result<Place, Errno> {
        Err(Errno::ENOENT)
    }

    fn working_directory(&self, _: u32) -> Result<Place, Errno> {
        Err(Errno::ENOENT)
    }

    fn namespace(&self, _: u32) -> Result<Arc<Namespace>, Errno> {
        Err(Errno::ENOENT)
    }

    fn next_descriptor(&self, _: u32, _: u32) -> Result<Option<u32>, Errno> {
        Err(Errno::ENOENT)
    }

    fn descriptor(&self, _: u32, _: u32) -> Result<Arc<File>, Errno> {
        Err(Errno::ENOENT)
    }

    fn limits(&self, _: u32) -> Result<[Limit; 16], Errno> {
        Err(Errno::ENOENT)
    }

    fn cpus(&self) -> Vec<CpuInfo> {
        vec![]
    }

    fn uptime(&self) -> (u64, u64) {
        (0, 0)
    }

    fn boot_time(&self) -> Timestamp {
        Timestamp::default()
    }

    fn identity(&self) -> (Vec<u8>, &'static str, &'static str) {
        (vec![], "", "")
    }

    fn boot_id(&self) -> [u8; 16] {
        [0; 16]
    }
}

fn keys(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.split(':').next()).collect()
}

fn listing(path: &str) -> Vec<String> {
    let (_, context) = Fake::start();
    let place = lookup(&context, path).unwrap();
    let mut names = vec![];
    let mut from = 0;
    // One entry a call, to go through every position.
    loop {
        let mut found = None;
        let directory = place.inode().directory().unwrap();
        directory
            .list(from, &mut |entry| {
                found = Some((String::from_utf8(entry.name.to_vec()).unwrap(), entry.next));
                false
            })
            .unwrap();
        let Some((name, next)) = found else { break };
        names.push(name);
        from = next;
    }
    names
}

#[test]
fn every_name_in_a_listing_can_be_looked_up() {
    let (_, context) = Fake::start();
    for directory in [
        "/sys",
        "/sys/7",
        "/sys/7/fd",
        "/sys/7/fdinfo",
        "/sys/7/task",
        "/sys/7/task/8",
        "/sys/sys/kernel",
    ] {
        let names = listing(directory);
        assert!(!names.is_empty(), "{directory} is empty");
        for name in names {
            let place = lookup(&context, &std::format!("{directory}/{name}"));
            assert!(place.is_ok(), "{directory}/{name}: {:?}", place.err());
        }
    }
    assert!(listing("/sys").contains(&"7".to_string()));
    assert_eq!(listing("/sys/7/fd"), ["0", "3"]);
    assert_eq!(lookup(&context, "/sys/8").err(), Some(Errno::ENOENT));
    assert_eq!(lookup(&context, "/sys/07").err(), Some(Errno::ENOENT));
}

#[test]
fn a_process_finds_itself() {
    assert_eq!(link("self"), "7");
    assert_eq!(link("thread-self"), "7/task/8");
    assert_eq!(link("self/exe"), "/version");
    assert_eq!((link("self/cwd"), link("self/root")), ("/".into(), "/".into()));
    assert_eq!(
        (link("7/fd/0"), link("7/fd/3")),
        ("pipe:[5]".into(), "/version".into())
    );
    assert_eq!(text("self/cmdline").unwrap(), "prog\0arg\0");
    assert_eq!(text("self/comm").unwrap(), "a (b) c\n");
    assert_eq!(text("thread-self/comm").unwrap(), "worker\n");
    assert_eq!(text("self/auxv").unwrap().len(), 32);
}

#[test]
fn a_directory_of_a_process_knows_its_parent() {
    let (_, context) = Fake::start();
    let place = lookup(&context, "/sys/7/task/8").unwrap();
    assert_eq!(place.path(&context.root()).unwrap(), b"/sys/7/task/8");
    assert!(
        lookup(&context, "/sys/7/task/../../self/../sys/..")
            .unwrap()
            .is_mount_root()
    );
}

#[test]
fn stat_has_the_fields_of_linux() {
    let fields = |text: &str| text.rsplit(')').next().unwrap().split_whitespace().count();
    let linux = std::fs::read_to_string("/proc/self/stat").unwrap();
    let ours = text("self/stat").unwrap();
    assert_eq!(fields(&ours), fields(&linux));
    assert!(ours.starts_with("7 (a (b) c) R 0 7 7 34818 9 "), "{ours}");
    let linux = std::fs::read_to_string("/proc/self/statm").unwrap();
    assert_eq!(
        text("self/statm").unwrap().split(' ').count(),
        linux.split(' ').count()
    );
}

#[test]
fn status_has_keys_of_linux_in_its_order() {
    let linux = std::fs::read_to_string("/proc/self/status").unwrap();
    let linux = keys(&linux);
    let ours = text("self/status").unwrap();
    let mut last = 0;
    for key in keys(&ours) {
        let at = linux.iter().position(|other| *other == key);
        let at = at.unwrap_or_else(|| panic!("{key} is no key of Linux"));
        assert!(at >= last, "{key} is out of order");
        last = at;
    }
    assert!(
        ours.contains("Uid:\t1000\t1000\t1000\t1000\n") && ours.contains("Cpus_allowed_list:\t0-1\n"),
        "{ours}"
    );
}

#[test]
fn limits_have_the_columns_of_linux() {
    let linux = std::fs::read_to_string("/proc/self/limits").unwrap();
    let ours = text("self/limits").unwrap();
    assert_eq!(ours.lines().count(), linux.lines().count());
    for (ours, linux) in ours.lines().zip(linux.lines()) {
        assert_eq!((&ours[..26], &ours[68..]), (&linux[..26], &linux[68..]));
    }
}

#[test]
fn maps_have_the_columns_of_linux() {
    let linux = std::fs::read_to_string("/proc/self/maps").unwrap();
    let named = linux
        .lines()
        .find(|line| line.ends_with("[heap]") || line.contains('/'))
        .unwrap();
    let column = named.find(['/', '[']).unwrap();
    for line in text("self/maps").unwrap().lines() {
        assert_eq!(line.find(['/', '[']), Some(column), "{line}");
    }
    let ours = text("self/maps").unwrap();
    assert!(ours.starts_with("00400000-00401000 r-xp 00001000 00:"), "{ours}");
    assert!(
        ours.contains("55550000-55551000 rw-p 00000000 00:00 0 "),
        "{ours}"
    );
}

#[test]
fn meminfo_has_keys_and_columns_of_linux() {
    let linux = std::fs::read_to_string("/proc/meminfo").unwrap();
    let ours = text("meminfo").unwrap();
    for line in ours.lines() {
        let key = line.split(':').next().unwrap();
        let other = linux.lines().find(|other| other.split(':').next() == Some(key));
        if let Some(other) = other {
            assert_eq!(line.len(), other.len(), "{line}");
        }
    }
    let total: usize = ours
        .lines()
        .next()
        .unwrap()
        .split_whitespace()
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    assert!(total > 1024);
}

#[test]
fn mounts_are_escaped() {
    assert_eq!(
        text("self/mounts").unwrap(),
        "root\\040fs / proc rw,relatime 0 0\nproc /sys proc rw,relatime 0 0\n"
    );
    assert_eq!(text("mounts").unwrap(), text("self/mounts").unwrap());
    let info = text("self/mountinfo").unwrap();
    let mut lines = info.lines();
    let fields = |line: &str| line.split(' ').map(String::from).collect::<Vec<_>>();
    let (first, second) = (fields(lines.next().unwrap()), fields(lines.next().unwrap()));
    assert_eq!(
        (&first[3..6], &first[8]),
        (
            &["/", "/", "rw,relatime"].map(String::from)[..],
            &"root\\040fs".into()
        )
    );
    assert_eq!((&second[1], &second[4]), (&first[0], &"/sys".to_string()));
}

#[test]
fn the_system_says_what_it_is() {
    assert_eq!(text("uptime").unwrap(), "12.34 5.00\n");
    assert_eq!(text("sys/kernel/hostname").unwrap(), "host\n");
    assert_eq!(
        text("sys/kernel/random/boot_id").unwrap(),
        "ffffffff-ffff-4fff-bfff-ffffffffffff\n"
    );
    assert_eq!(text("cpuinfo").unwrap().matches("processor\t: ").count(), 2);
    assert!(text("cpuinfo").unwrap().contains("cpu MHz\t\t: 2000.500\n"));
    assert_eq!(
        text("stat")
            .unwrap()
            .lines()
            .take_while(|line| line.starts_with("cpu"))
            .count(),
        3
    );
    assert_eq!(text("loadavg").unwrap().split(' ').count(), 5);
}

#[test]
fn nothing_can_be_changed() {
    let (_, context) = Fake::start();
    let credentials = Credentials::root();
    let open = |path: &[u8], flags| {
        let resolver = Resolver::new(&context, &credentials);
        vfs::open(
            &resolver,
            &|| Ok(context.root()),
            path,
            OpenFlags::new(flags).unwrap(),
            0o644,
        )
        .err()
    };
    assert_eq!(
        open(b"/sys/version", linux_raw_sys::general::O_WRONLY),
        Some(Errno::EACCES)
    );
    assert!(open(b"/sys/new", linux_raw_sys::general::O_CREAT).is_some());
    let place = lookup(&context, "/sys").unwrap();
    assert_eq!(
        place.inode().directory().unwrap().unlink(b"version"),
        Err(Errno::EPERM)
    );
}

#[test]
fn the_file_system_is_proc() {
    let fs = crate::new(Arc::new(Empty));
    assert_eq!((fs.name(), fs.status().magic), ("proc", 0x9fa0));
}
