//! Pages at chosen addresses, for code and for stacks.

/// Pages that are mapped until the process ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pages {
    pub(crate) start: u64,
    length: usize,
}

/// What may be done with pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    ReadWrite,
    ReadExecute,
}

impl Pages {
    /// Maps `length` bytes at exactly `start`, readable and writable. `None` if something is there already.
    pub(crate) fn at(start: u64, length: usize) -> Option<Pages> {
        // SAFETY: with MAP_FIXED_NOREPLACE nothing that exists is replaced.
        let mapped = unsafe {
            libc::mmap(
                start as *mut libc::c_void,
                length,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED_NOREPLACE,
                -1,
                0,
            )
        };
        (mapped as u64 == start).then_some(Pages { start, length })
    }

    /// Maps `code` at exactly `start`, executable and not writable.
    pub(crate) fn of_code(start: u64, code: &[u8]) -> Option<Pages> {
        let pages = Pages::at(start, 4096)?;
        pages.write(code);
        pages.protect(Access::ReadExecute);
        Some(pages)
    }

    /// Copies `bytes` to the start.
    pub(crate) fn write(self, bytes: &[u8]) {
        assert!(bytes.len() <= self.length, "the pages are large enough");
        // SAFETY: the pages are ours and writable now.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.start as *mut u8, bytes.len()) };
    }

    /// Changes what may be done.
    pub(crate) fn protect(self, access: Access) {
        let protection = match access {
            Access::ReadWrite => libc::PROT_READ | libc::PROT_WRITE,
            Access::ReadExecute => libc::PROT_READ | libc::PROT_EXEC,
        };
        // SAFETY: the pages are ours.
        let result = unsafe { libc::mprotect(self.start as *mut libc::c_void, self.length, protection) };
        assert_eq!(result, 0, "the protection of our own pages can be changed");
    }

    /// The first byte as a function.
    pub(crate) fn function(self) -> unsafe extern "sysv64" fn(u64) -> u64 {
        // SAFETY: to make a function pointer is harmless; to call it is the caller's business.
        unsafe { std::mem::transmute::<u64, unsafe extern "sysv64" fn(u64) -> u64>(self.start) }
    }
}

/// The line of `/proc/self/maps` that `address` lies in.
pub(crate) fn mapping_of(address: u64) -> String {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let line = maps.lines().find(|line| contains(line, address));
    line.unwrap_or("not told")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

fn contains(line: &str, address: u64) -> bool {
    let range = line.split(' ').next().and_then(|range| range.split_once('-'));
    let number = |text| u64::from_str_radix(text, 16).unwrap_or(0);
    range.is_some_and(|(start, end)| (number(start)..number(end)).contains(&address))
}
