//! Finding a program as a shell does, and judging it as `execve(2)` does.

use super::elf::{self, Facts, NotLoadable};
use crate::{
    failure::Failure,
    pack::view::{Found, View},
};
use std::{
    ffi::{OsStr, OsString},
    fs::{File, Metadata},
    io::{self, Read},
    os::unix::{ffi::OsStrExt, fs::PermissionsExt},
    path::{Path, PathBuf},
};

/// What Linux reads of a file to decide how to execute it, `BINPRM_BUF_SIZE`.
const SCRIPT_HEAD: u64 = 256;
/// Interpreters of interpreters that Linux follows.
const MAX_INTERPRETERS: usize = 5;

/// A file that can be executed.
#[derive(Debug)]
pub(crate) struct Executable {
    /// Its absolute path inside the view, as it was found: it may lead through symbolic links.
    pub(crate) path: PathBuf,
    /// The same without them.
    pub(crate) real_path: PathBuf,
    pub(crate) kind: Kind,
}

/// How a file is executed.
#[derive(Debug)]
pub(crate) enum Kind {
    /// An ELF file.
    Binary(Facts),
    /// A text that names its interpreter, and perhaps an argument for it.
    Script {
        interpreter: PathBuf,
        argument: Option<OsString>,
    },
}

/// Finds `program`: a path if it has a slash, otherwise a name in `search_path`. Relative paths begin at `directory`.
pub(crate) fn program(
    view: &View,
    program: &OsStr,
    search_path: &OsStr,
    directory: &Path,
) -> Result<Executable, Failure> {
    if program.is_empty() {
        return Err(Failure::not_found("the program's name is empty"));
    }
    if program.as_bytes().contains(&b'/') {
        // `components` drops each `.` on the way.
        let path: PathBuf = directory.join(program).components().collect();
        let found = view.find(&path).map_err(|error| not_there(&path, &error))?;
        return judge(view, path, found);
    }
    in_search_path(view, program, search_path, directory)
}

/// The chain of programs that executing `first` leads to: itself, its interpreter, that one's interpreter …
pub(crate) fn chain(view: &View, first: Executable) -> Result<Vec<Executable>, Failure> {
    let mut chain = vec![first];
    while let Some(Executable {
        path,
        kind: Kind::Script { interpreter, .. },
        ..
    }) = chain.last()
    {
        if chain.len() > MAX_INTERPRETERS {
            let text = format!(
                "{} leads through more than {MAX_INTERPRETERS} interpreters",
                chain[0].path.display()
            );
            return Err(Failure::not_executable(text));
        }
        let found = view.find(interpreter).map_err(|error| {
            let (script, interpreter) = (path.display(), interpreter.display());
            Failure::not_found(format!(
                "{script} needs the interpreter {interpreter}, which is not there: {error}"
            ))
        })?;
        chain.push(judge(view, interpreter.clone(), found)?);
    }
    Ok(chain)
}

fn in_search_path(
    view: &View,
    name: &OsStr,
    search_path: &OsStr,
    directory: &Path,
) -> Result<Executable, Failure> {
    let mut refused = None;
    for part in std::env::split_paths(search_path) {
        let path = directory.join(part).join(name);
        if let Ok(found) = view.find(&path) {
            match judge(view, path, found) {
                Ok(executable) => return Ok(executable),
                Err(failure) => refused = refused.or(Some(failure)),
            }
        }
    }
    Err(refused.unwrap_or_else(|| {
        let (name, path) = (name.display(), search_path.display());
        Failure::not_found(format!(
            "{name} was not found in PATH ({path}); give its path if it is elsewhere"
        ))
    }))
}

fn not_there(path: &Path, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            Failure::not_found(format!("{} was not found", path.display()))
        }
        _ => Failure::not_executable(format!("{} cannot be reached: {error}", path.display())),
    }
}

/// Whether and how `found` can be executed.
fn judge(view: &View, path: PathBuf, found: Found) -> Result<Executable, Failure> {
    let name = path.display();
    if let Some(why) = obstacle(&found.metadata) {
        return Err(Failure::not_executable(format!("{name} {why}")));
    }
    let file = File::open(view.on_host(&found.path))
        .map_err(|error| Failure::not_executable(format!("{name} cannot be read: {error}")))?;
    let kind = match elf::facts(&file) {
        Ok(facts) => Kind::Binary(facts),
        Err(NotLoadable::NotElf) => script(&file).ok_or_else(|| {
            let hint = "neither an ELF program nor a script that begins with #! and its interpreter";
            Failure::not_executable(format!("{name} is {hint}"))
        })?,
        Err(NotLoadable::Other(what)) => return Err(Failure::not_executable(format!("{name} is {what}"))),
        Err(NotLoadable::Damaged) => {
            return Err(Failure::not_executable(format!("{name} is a damaged ELF file")));
        }
    };
    Ok(Executable {
        real_path: found.path,
        path,
        kind,
    })
}

fn obstacle(metadata: &Metadata) -> Option<&'static str> {
    if metadata.is_dir() {
        Some("is a directory")
    } else if !metadata.is_file() {
        Some("is not a regular file")
    } else if metadata.permissions().mode() & 0o111 == 0 {
        Some("may not be executed: it has no execute permission (chmod +x gives it)")
    } else {
        None
    }
}

/// Reads a `#!` line as Linux's `binfmt_script` does.
fn script(file: &File) -> Option<Kind> {
    let mut head = Vec::new();
    // `elf::facts` may have moved the position.
    io::Seek::rewind(&mut &*file).ok()?;
    file.take(SCRIPT_HEAD).read_to_end(&mut head).ok()?;
    let line = head
        .strip_prefix(b"#!")?
        .split(|byte| *byte == b'\n')
        .next()?
        .trim_ascii();
    let end = line
        .iter()
        .position(|byte| matches!(byte, b' ' | b'\t'))
        .unwrap_or(line.len());
    let (interpreter, argument) = line.split_at(end);
    if interpreter.is_empty() {
        return None;
    }
    let argument = Some(argument.trim_ascii()).filter(|argument| !argument.is_empty());
    Some(Kind::Script {
        interpreter: PathBuf::from(OsStr::from_bytes(interpreter)),
        argument: argument.map(|argument| OsStr::from_bytes(argument).to_owned()),
    })
}

#[cfg(test)]
mod tests;
