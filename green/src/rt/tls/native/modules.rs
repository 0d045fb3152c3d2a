//! The loaded objects that have thread-locals, and the initial image of each.

#![allow(
    unsafe_code,
    reason = "fenced: reads what the dynamic linker reports, writes thread-local images"
)]

use std::ffi::{CStr, c_int, c_void};

/// One object's thread-locals in the static block: `below` bytes below the thread pointer.
#[derive(Clone)]
#[cfg_attr(
    target_env = "musl",
    expect(dead_code, reason = "a static program is one object")
)]
pub(super) struct Module {
    pub(super) name: String,
    below: usize,
    image: usize,
    image_size: usize,
    total_size: usize,
    /// The object holds the C library's own code.
    pub(super) is_libc: bool,
}

/// A module as reported, before one knows where its thread-locals lie.
struct Report {
    module: Module,
    /// The calling thread's copy, if it has one.
    address: usize,
    identifier: usize,
}

/// The modules, told apart by where their thread-locals lie.
#[cfg_attr(
    target_env = "musl",
    expect(dead_code, reason = "nothing comes later in a static program")
)]
pub(super) struct Modules {
    pub(super) fixed: Vec<Module>,
    /// Those of which each new thread gets a fresh image: all but the C library.
    pub(super) renewed: Vec<Module>,
    /// The highest module number, for reports about libraries that come later.
    pub(super) last: usize,
}

impl Modules {
    /// Lists what is loaded now. `thread_pointer` and `static_below` are those of the calling thread.
    pub(super) fn list(thread_pointer: usize, static_below: usize) -> Modules {
        let mut reports: Vec<Report> = Vec::new();
        // SAFETY: the callback gets the vector that it expects, and runs before this call returns.
        unsafe { libc::dl_iterate_phdr(Some(visit), (&raw mut reports).cast()) };
        let last = reports.iter().map(|report| report.identifier).max().unwrap_or(0);
        let fixed = reports.into_iter().filter_map(|report| {
            let Report {
                mut module, address, ..
            } = report;
            module.below = thread_pointer.checked_sub(address)?;
            (module.below <= static_below).then_some(module)
        });
        let fixed: Vec<Module> = fixed.collect();
        let renewed = fixed
            .iter()
            .filter(|module| !module.is_libc || cfg!(target_feature = "crt-static"))
            .cloned()
            .collect();
        Modules { fixed, renewed, last }
    }
}

#[cfg(target_env = "gnu")]
impl Modules {
    /// How far below the thread pointer the thread-locals of what was loaded at start reach.
    pub(super) fn used_below(&self) -> usize {
        self.fixed.iter().map(|module| module.below).max().unwrap_or(0)
    }
}

/// How often the dynamic linker has loaded or unloaded something.
#[cfg(target_env = "gnu")]
pub(super) fn changes() -> u64 {
    /// # Safety
    /// `data` points to the caller's number.
    unsafe extern "C" fn first(info: *mut libc::dl_phdr_info, _size: usize, data: *mut c_void) -> c_int {
        // SAFETY: the dynamic linker passes a valid report, and the caller its number.
        unsafe { data.cast::<u64>().write((*info).dlpi_adds + (*info).dlpi_subs) };
        1
    }
    let mut count = 0_u64;
    // SAFETY: the callback gets the number that it expects, and runs before this call returns.
    unsafe { libc::dl_iterate_phdr(Some(first), (&raw mut count).cast()) };
    count
}

/// Number and name of every module.
#[cfg(target_env = "gnu")]
pub(super) fn names() -> Vec<(usize, String)> {
    let mut reports: Vec<Report> = Vec::new();
    // SAFETY: as in `list`.
    unsafe { libc::dl_iterate_phdr(Some(visit), (&raw mut reports).cast()) };
    let named = reports
        .into_iter()
        .map(|report| (report.identifier, report.module.name));
    named.collect()
}

/// Notes one loaded object if it has thread-locals.
unsafe extern "C" fn visit(info: *mut libc::dl_phdr_info, _size: usize, data: *mut c_void) -> c_int {
    // SAFETY: the dynamic linker passes a valid report, and `list` its own vector.
    let (info, reports) = unsafe { (&*info, &mut *data.cast::<Vec<Report>>()) };
    let base = usize::try_from(info.dlpi_addr).unwrap_or(0);
    // SAFETY: the report's headers are mapped as long as the object is.
    let headers = unsafe { std::slice::from_raw_parts(info.dlpi_phdr, info.dlpi_phnum.into()) };
    let own_code = libc::abort as *const () as usize;
    let size = |value: u64| usize::try_from(value).unwrap_or(0);
    let is_libc = headers.iter().any(|header| {
        let start = base.wrapping_add(size(header.p_vaddr));
        header.p_type == libc::PT_LOAD && (start..start + size(header.p_memsz)).contains(&own_code)
    });
    let Some(header) = headers.iter().find(|header| header.p_type == libc::PT_TLS) else {
        return 0;
    };
    let name = if info.dlpi_name.is_null() {
        String::new()
    } else {
        // SAFETY: a name is a C string.
        unsafe { CStr::from_ptr(info.dlpi_name) }
            .to_string_lossy()
            .into_owned()
    };
    reports.push(Report {
        module: Module {
            name,
            below: 0,
            image: base.wrapping_add(size(header.p_vaddr)),
            image_size: size(header.p_filesz),
            total_size: size(header.p_memsz),
            is_libc,
        },
        address: info.dlpi_tls_data as usize,
        identifier: info.dlpi_tls_modid,
    });
    0
}

impl Module {
    /// Writes the initial image into the block at `thread_pointer`.
    ///
    /// # Safety
    /// The block is complete, and no thread uses it.
    pub(super) unsafe fn write_image(&self, thread_pointer: usize) {
        let place = std::ptr::with_exposed_provenance_mut::<u8>(thread_pointer - self.below);
        let image = std::ptr::with_exposed_provenance::<u8>(self.image);
        // SAFETY: the module's part of the block lies `below` the thread pointer, `total_size` bytes long; the image is
        // mapped as long as the object, and objects that are loaded at start are never unloaded.
        unsafe {
            std::ptr::copy_nonoverlapping(image, place, self.image_size);
            std::ptr::write_bytes(place.add(self.image_size), 0, self.total_size - self.image_size);
        }
    }
}
