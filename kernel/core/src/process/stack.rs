//! The initial stack of a program (System V psABI, 3.4.1, and what Linux puts there):
//!
//! ```text
//!   high   8 zero bytes
//!          file name                    AT_EXECFN
//!          environment strings
//!          argument strings
//!          "x86_64"                     AT_PLATFORM
//!          16 random bytes              AT_RANDOM
//!          padding
//!          auxiliary vector, ended by AT_NULL
//!          0, pointers to environment strings
//!          0, pointers to argument strings
//!   low    argc                         <- RSP, a multiple of 16
//! ```

use super::auxiliary::{self, Pointers};
use super::loader::Loaded;
use crate::error::Errno;
use crate::mm::{AddressSpace, Range2, Vma, Whereto};
use crate::random;
use crate::syscall::memory::UserMemory;
use crate::vfs::Credentials;
use alloc::vec::Vec;
use threadbare_machine::memory::PAGE_SIZE;
use threadbare_machine::paging::{Access, USER_END};

/// The most bytes of arguments and environment (`execve(2)`: a quarter of the stack limit, at least this).
const STRINGS_LEAST: usize = 32 * PAGE_SIZE;
/// The longest single string.
const STRING_MOST: usize = 32 * PAGE_SIZE;
/// The room that a stack keeps free below it.
const GUARD: usize = 256 * PAGE_SIZE;

/// Arguments and environment of a program, without their NULs.
#[derive(Clone, Debug, Default)]
pub(super) struct Strings {
    pub(super) file_name: Vec<u8>,
    pub(super) arguments: Vec<Vec<u8>>,
    pub(super) environment: Vec<Vec<u8>>,
}

impl Strings {
    /// Checks the sizes.
    ///
    /// # Errors
    /// `E2BIG`.
    pub(super) fn check(&self, stack_limit: usize) -> Result<(), Errno> {
        let mut total = 0;
        for string in self.arguments.iter().chain(&self.environment) {
            if string.len() >= STRING_MOST {
                return Err(Errno::E2BIG);
            }
            total += string.len() + 1 + size_of::<u64>();
        }
        if total > (stack_limit / 4).max(STRINGS_LEAST) {
            Err(Errno::E2BIG)
        } else {
            Ok(())
        }
    }
}

/// Maps the stack, all that it may grow to; its pages come as they are touched.
///
/// # Errors
/// `ENOMEM`.
pub(super) fn map(memory: &mut AddressSpace, limit: usize, executable: bool) -> Result<(), Errno> {
    let top = USER_END - random::below(0x4000) * PAGE_SIZE;
    let size = limit.clamp(STRINGS_LEAST + PAGE_SIZE, 64 << 20) & !(PAGE_SIZE - 1);
    let access = Access {
        read: true,
        write: true,
        execute: executable,
    };
    let vma = Vma {
        label: "[stack]",
        ..Vma::anonymous(access)
    };
    memory.map(Whereto::Fixed(top - size), size, vma, false)?;
    memory.layout.stack = (top - size..top).into();
    memory.layout.mmap_top = memory.layout.mmap_top.min(top - size - GUARD);
    Ok(())
}

/// What has been written where.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) rsp: usize,
    pub(super) arguments: Range2,
    pub(super) environment: Range2,
    pub(super) auxiliary: Vec<u64>,
}

/// Writes the initial stack below `top`.
///
/// # Errors
/// `EFAULT` or `ENOMEM` from the memory.
pub(super) fn write(
    memory: &dyn UserMemory,
    top: usize,
    strings: &Strings,
    loaded: &Loaded,
    credentials: &Credentials,
    is_secure: bool,
) -> Result<Written, Errno> {
    let mut at = top - 8;
    let mut bytes = Vec::new(); // from `at` upwards, built from the low end below
    let mut place = |string: &[u8]| {
        at -= string.len() + 1;
        at
    };
    let file_name = place(&strings.file_name);
    let environment: Vec<usize> = strings
        .environment
        .iter()
        .rev()
        .map(|string| place(string))
        .collect();
    let environment_end = file_name;
    let arguments: Vec<usize> = strings
        .arguments
        .iter()
        .rev()
        .map(|string| place(string))
        .collect();
    let arguments_end = environment.last().copied().unwrap_or(file_name);
    let arguments_start = arguments.last().copied().unwrap_or(arguments_end);
    let platform = place(b"x86_64");
    for string in strings
        .arguments
        .iter()
        .chain(&strings.environment)
        .chain([&strings.file_name])
    {
        bytes.extend_from_slice(string);
        bytes.push(0);
    }
    memory.write_bytes(arguments_start, &bytes)?;
    memory.write_bytes(platform, b"x86_64\0")?;
    let random = (platform - 16) & !15;
    let mut noise = [0; 16];
    random::fill(&mut noise);
    memory.write_bytes(random, &noise)?;

    let vector = auxiliary::build(
        loaded,
        credentials,
        is_secure,
        Pointers {
            random,
            platform,
            file_name,
        },
    );
    let mut words: Vec<u64> = Vec::new();
    words.push(arguments.len() as u64);
    words.extend(arguments.iter().rev().map(|&pointer| pointer as u64));
    words.push(0);
    words.extend(environment.iter().rev().map(|&pointer| pointer as u64));
    words.push(0);
    let auxiliary: Vec<u64> = vector
        .into_iter()
        .flat_map(|(kind, value)| [kind, value])
        .collect();
    words.extend_from_slice(&auxiliary);
    let rsp = (random - words.len() * size_of::<u64>()) & !15;
    let bytes: Vec<u8> = words.into_iter().flat_map(u64::to_le_bytes).collect();
    memory.write_bytes(rsp, &bytes)?;
    Ok(Written {
        rsp,
        arguments: (arguments_start..arguments_end).into(),
        environment: (arguments_end..environment_end).into(),
        auxiliary,
    })
}
