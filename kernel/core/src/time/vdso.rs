//! The pages of the vDSO ([`threadbare_machine::vdso`]), which all programs share.

use crate::clock;
use crate::error::Errno;
use crate::mm::{AddressSpace, Special};
use threadbare_machine::memory::Frame;
use threadbare_machine::sync::Once;
use threadbare_machine::vdso::{self, Data, REALTIME_OFFSET};

struct Pages {
    data: Frame,
    code: Frame,
}

static PAGES: Once<Option<Pages>> = Once::new();

/// Filled when the first program is executed. Without memory then, programs have no vDSO.
fn pages() -> Option<&'static Pages> {
    let fill = || {
        let (data, code) = (Frame::zeroed().ok()?, Frame::zeroed().ok()?);
        data.write(0, &Data::new(clock::realtime_at_boot()).to_bytes());
        code.write(0, vdso::image());
        Some(Pages { data, code })
    };
    PAGES.get_or_init(fill).as_ref()
}

/// Tells programs that the wall clock was set.
pub(crate) fn realtime_was_set() {
    if let Some(Some(pages)) = PAGES.get() {
        pages
            .data
            .write(REALTIME_OFFSET, &clock::realtime_at_boot().to_le_bytes());
    }
}

/// Maps the data page and behind it the object, and returns where that begins (`AT_SYSINFO_EHDR`); 0 if there is none.
///
/// # Errors
/// `ENOMEM`.
pub(crate) fn map(memory: &mut AddressSpace) -> Result<usize, Errno> {
    let Some(pages) = pages() else { return Ok(0) };
    let data = Special {
        frame: pages.data.clone(),
        execute: false,
        label: "[vvar]",
    };
    let code = Special {
        frame: pages.code.clone(),
        execute: true,
        label: "[vdso]",
    };
    let [_, code] = memory.map_special([data, code])?;
    Ok(code)
}
