//! `threadbare run`: from the command line to the program's exit status.
//!
//! What decides whether the program can run at all is looked at first; then QEMU is started, and the rest is done
//! while it starts itself.

use crate::{
    arguments::Run,
    failure::{Context, Failure},
    pack::{archive, base, collect, tree::Tree, view::View},
    program::{
        find::{self, Executable, Kind},
        libraries,
    },
    report::{self, listing::Listing},
    say::say,
    session::{Conversation, Reports, Signals, terminal::RawTerminal},
    vm::{
        Vm, accelerator,
        image::Image,
        memory_file::MemoryFile,
        qemu::{self, Machine},
    },
};
use std::{env, ffi::OsStr, os::unix::ffi::OsStrExt, path::Path, time::Instant};
use threadbare_link::{Crash, Missing, Observed, Statistics};

mod environment;
mod specification;

/// Runs, and gives the exit status.
pub(crate) fn run(options: &Run) -> Result<u8, Failure> {
    let start = Instant::now();
    check_terminal(options)?;
    let signals = Signals::catch(options.tty)?;
    let image = Image::load(options.kernel.as_deref())?;
    let view = view(options)?;
    let environment = environment::of_program(options)?;
    let chain = program(options, &view, &environment)?;
    let qemu = qemu::find()?;

    let choice = accelerator::choose(options.accel, options.icount, &qemu);
    let machine = Machine {
        model: options.machine,
        accelerator: choice.accelerator,
        memory: options.memory,
        cpus: options.cpus,
        icount: options.icount,
    };
    let (kernel, initrd) = (MemoryFile::new("kernel")?, MemoryFile::new("files")?);
    let mut vm = Vm::start(&qemu, &machine, &options.qemu, &kernel, &initrd)?;
    image.write_bootable(&kernel)?;
    let tree = files(options, &view, &chain, &environment)?;
    let specification = specification::encode(options, &chain[0], &environment)?;
    let length = archive::write(initrd.file(), &specification, &tree)?;
    check_size(length, &image, options.memory)?;
    vm.open_gate();
    if options.verbose {
        say(&format!(
            "{} with {:?} ({}), {} MiB\n{} files in {} KiB, packed after {} ms",
            qemu::name(&qemu).display(),
            choice.accelerator,
            choice.reason,
            options.memory >> 20,
            tree.len(),
            length >> 10,
            start.elapsed().as_millis()
        ));
    }

    let reports = Explanations {
        tree: &tree,
        listing: options.strace.as_deref().map(Listing::open).transpose()?,
        icount: options.icount,
    };
    let terminal = (options.tty && options.interactive)
        .then(RawTerminal::enter)
        .transpose()?;
    let end = Conversation::new(&mut vm, &signals, &reports, terminal.as_ref(), options.timeout)?.hold()?;
    drop(terminal);
    if options.verbose {
        let errors = String::from_utf8_lossy(&end.errors);
        say(&format!(
            "{}QEMU ended with {} after {} ms",
            errors,
            end.qemu,
            start.elapsed().as_millis()
        ));
    }
    let verdict = end.verdict(|report| report::kernel::annotate(report, image.bytes()));
    if let Some(words) = verdict.words {
        say(&words);
    }
    Ok(verdict.status)
}

/// A terminal inside needs keys from one outside.
fn check_terminal(options: &Run) -> Result<(), Failure> {
    let stdin = rustix::stdio::stdin();
    if options.tty && options.interactive && !rustix::termios::isatty(stdin) {
        return Err(Failure::runner(
            "standard input is not a terminal: leave --tty (-t) out, or --interactive (-i)",
        ));
    }
    Ok(())
}

/// Where the machine's files come from.
fn view(options: &Run) -> Result<View, Failure> {
    let Some(root) = &options.root else {
        return Ok(View::host());
    };
    let root = root
        .canonicalize()
        .context(|| format!("the root directory {}", root.display()))?;
    if !root.is_dir() {
        let text = format!("{} is not a directory; --root takes a directory", root.display());
        return Err(Failure::runner(text));
    }
    Ok(View::of(root))
}

/// The program and its interpreters.
fn program(
    options: &Run,
    view: &View,
    environment: &environment::Environment,
) -> Result<Vec<Executable>, Failure> {
    let Some(name) = options.program.first() else {
        return Err(Failure::not_found("no program is given"));
    };
    // clap takes what it does not know for the first of the program's words.
    if name.as_bytes().starts_with(b"-") {
        let name = name.display();
        return Err(Failure::runner(format!(
            "there is no option {name}; threadbare run --help lists them"
        )));
    }
    let (path, directory) = if options.root.is_some() {
        (environment.path().to_owned(), options.workdir.clone())
    } else {
        let directory = env::current_dir().context(|| "the current directory")?;
        (env::var_os("PATH").unwrap_or_default(), directory)
    };
    find::chain(view, find::program(view, name, &path, &directory)?)
}

/// All that goes into the machine.
fn files(
    options: &Run,
    view: &View,
    chain: &[Executable],
    environment: &environment::Environment,
) -> Result<Tree, Failure> {
    let mut tree = Tree::new();
    let mut warnings = Vec::new();
    if options.root.is_some() {
        let root = view.on_host(Path::new("/"));
        collect::everything(&mut tree, &root, Path::new("/"), &mut warnings)
            .context(|| format!("{} cannot be read", root.display()))?;
    } else {
        base::files(&mut tree, view);
        for executable in chain {
            with_needs(&mut tree, view, executable, environment, &mut warnings)?;
        }
    }
    for volume in &options.volume {
        let host = volume
            .host
            .canonicalize()
            .context(|| format!("the volume {}", volume.host.display()))?;
        tree.remove(&volume.guest);
        collect::everything(&mut tree, &host, &volume.guest, &mut warnings)
            .context(|| format!("the volume {}", volume.host.display()))?;
    }
    base::directories(&mut tree, &options.workdir);
    for warning in warnings {
        say(&format!("warning: {warning}"));
    }
    Ok(tree)
}

/// A program or interpreter, its dynamic linker, its libraries, and what `#!/usr/bin/env NAME` names.
fn with_needs(
    tree: &mut Tree,
    view: &View,
    executable: &Executable,
    environment: &environment::Environment,
    warnings: &mut Vec<String>,
) -> Result<(), Failure> {
    let path = &executable.path;
    collect::path(tree, view, path).context(|| format!("{} cannot be packed", path.display()))?;
    match &executable.kind {
        Kind::Binary(facts) => {
            if let Some(linker) = &facts.interpreter
                && collect::path(tree, view, Path::new(linker)).is_err()
            {
                let (path, linker) = (path.display(), linker.display());
                return Err(Failure::not_found(format!(
                    "{path} needs the dynamic linker {linker}, which is not there"
                )));
            }
            let library_path = environment.get("LD_LIBRARY_PATH");
            let real_path = &executable.real_path;
            for missing in
                libraries::collect_all(tree, view, real_path, facts.clone(), library_path.as_deref())
            {
                let (name, by) = (missing.name.display(), missing.needed_by.display());
                warnings.push(format!(
                    "the library {name}, which {by} needs, was not found; it will not start"
                ));
            }
        }
        Kind::Script {
            interpreter,
            argument: Some(name),
        } if interpreter.file_name() == Some(OsStr::new("env")) => {
            let path = env::var_os("PATH").unwrap_or_default();
            // Options of env, or a name that is not there: env will say what it thinks of it.
            if let Ok(found) = find::program(view, name, &path, Path::new("/")) {
                for executable in find::chain(view, found)? {
                    with_needs(tree, view, &executable, environment, warnings)?;
                }
            }
        }
        Kind::Script { .. } => {}
    }
    Ok(())
}

/// Refuses a machine whose memory cannot even hold what is loaded into it.
fn check_size(archive: u64, image: &Image, memory: u64) -> Result<(), Failure> {
    let needed = archive + image.loaded_end();
    if needed < memory {
        return Ok(());
    }
    let mebibytes = |bytes: u64| bytes.div_ceil(1 << 20);
    Err(Failure::runner(format!(
        "the machine's kernel and files take {} MiB and its memory is {} MiB: give it more by --memory {}M",
        mebibytes(needed),
        mebibytes(memory),
        mebibytes(needed + needed / 4) + 4
    )))
}

/// Explains by the files that were packed.
struct Explanations<'a> {
    tree: &'a Tree,
    /// Where system calls are listed.
    listing: Option<Listing>,
    icount: bool,
}

impl Reports for Explanations<'_> {
    fn crash(&self, crash: &Crash<'_>) -> String {
        report::crash::render(crash, self.tree)
    }

    fn missing(&self, missing: &Missing<'_>) -> String {
        report::missing::render(missing, self.tree)
    }

    fn observed(&self, event: &Observed<'_>) -> Option<String> {
        self.listing.as_ref()?.add(event)
    }

    fn statistics(&self, statistics: &Statistics) -> String {
        report::statistics::render(statistics, self.icount)
    }
}
