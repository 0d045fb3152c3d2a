//! What this CPU can do, asked once (SDM 2A, CPUID).

use alloc::string::String;
use core::arch::x86_64::{__cpuid, __cpuid_count};

/// The features that the kernel makes use of.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "one flag for one CPUID bit")]
pub struct Features {
    /// No instruction fetch from user pages in ring 0.
    pub smep: bool,
    /// No data access to user pages in ring 0 but between `stac` and `clac`.
    pub smap: bool,
    /// SGDT, SIDT, SLDT, SMSW, STR fault in ring 3.
    pub umip: bool,
    /// RDFSBASE and its three relatives.
    pub fsgsbase: bool,
    /// XSAVE and XRSTOR.
    pub xsave: bool,
    /// XSAVEOPT.
    pub xsaveopt: bool,
    /// Global pages.
    pub global_pages: bool,
    /// Process-context identifiers.
    pub pcid: bool,
    /// 1 GiB pages.
    pub gigabyte_pages: bool,
    /// RDRAND.
    pub rdrand: bool,
    /// The state components that the kernel switches: those that the CPU has of the managed ones.
    pub xsave_components: u64,
    /// Bytes of an XSAVE area for all of them.
    pub xsave_bytes: usize,
    /// CPUID.1:EDX, which Linux passes to programs as AT_HWCAP.
    pub leaf1_edx: u32,
    /// The hypervisor's signature, zero where there is none.
    pub hypervisor: [u8; 12],
}

const NOTHING: Features = Features {
    smep: false,
    smap: false,
    umip: false,
    fsgsbase: false,
    xsave: false,
    xsaveopt: false,
    global_pages: false,
    pcid: false,
    gigabyte_pages: false,
    rdrand: false,
    xsave_components: 0,
    xsave_bytes: 0,
    leaf1_edx: 0,
    hypervisor: [0; 12],
};

static FEATURES: crate::sync::Once<Features> = crate::sync::Once::new();

/// The features of the CPU that booted; all CPUs are taken to be alike.
pub fn features() -> &'static Features {
    FEATURES.get_or_init(detect)
}

fn detect() -> Features {
    let highest = __cpuid(0).eax;
    let leaf1 = __cpuid(1);
    let bit = |register: u32, bit: u32| register & 1 << bit != 0;
    let mut found = Features {
        xsave: bit(leaf1.ecx, 26),
        rdrand: bit(leaf1.ecx, 30),
        global_pages: bit(leaf1.edx, 13),
        pcid: bit(leaf1.ecx, 17),
        leaf1_edx: leaf1.edx,
        gigabyte_pages: __cpuid(0x8000_0000).eax >= 0x8000_0001 && bit(__cpuid(0x8000_0001).edx, 26),
        ..NOTHING
    };
    if highest >= 7 {
        let leaf7 = __cpuid_count(7, 0);
        found.fsgsbase = bit(leaf7.ebx, 0);
        found.smep = bit(leaf7.ebx, 7);
        found.smap = bit(leaf7.ebx, 20);
        found.umip = bit(leaf7.ecx, 2);
    }
    if found.xsave {
        let leaf = __cpuid_count(0xd, 0);
        found.xsave_components = (u64::from(leaf.edx) << 32 | u64::from(leaf.eax)) & MANAGED;
        found.xsave_bytes = xsave_bytes(found.xsave_components);
        found.xsaveopt = bit(__cpuid_count(0xd, 1).eax, 0);
    }
    if bit(leaf1.ecx, 31) {
        let leaf = __cpuid(0x4000_0000);
        found.hypervisor[..4].copy_from_slice(&leaf.ebx.to_le_bytes());
        found.hypervisor[4..8].copy_from_slice(&leaf.ecx.to_le_bytes());
        found.hypervisor[8..].copy_from_slice(&leaf.edx.to_le_bytes());
    }
    found
}

/// x87, SSE, AVX, the three of AVX-512. Others (MPX, PKRU, CET, AMX) stay off: nothing here manages them.
const MANAGED: u64 = 0b1110_0111;

/// Bytes of an XSAVE area in the standard format: where the last component ends (SDM 1, 13.4.3). The legacy region and
/// the header take 576.
fn xsave_bytes(components: u64) -> usize {
    let ends = (2..63)
        .filter(|component| components & 1 << component != 0)
        .map(|component| {
            let leaf = __cpuid_count(0xd, component);
            (leaf.ebx + leaf.eax) as usize
        });
    ends.max().unwrap_or(0).max(576)
}

/// What CPUID says about maker and model.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    vendor: [u8; 12],
    brand: [u8; 48],
    /// The family, extended where that applies.
    pub family: u32,
    /// The model, extended where that applies.
    pub model_number: u32,
    /// The stepping.
    pub stepping: u32,
}

impl Identity {
    /// `GenuineIntel` and its like.
    pub fn vendor(&self) -> String {
        text(&self.vendor)
    }

    /// The name of the model; empty if the CPU tells none.
    pub fn model(&self) -> String {
        text(&self.brand)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_matches(['\0', ' ']).into()
}

/// What CPUID says about maker and model (SDM 2A, CPUID leaves 0, 1 and 8000_0002H to 8000_0004H).
pub fn identity() -> Identity {
    let (leaf0, leaf1) = (__cpuid(0), __cpuid(1));
    let mut vendor = [0; 12];
    for (place, word) in vendor.chunks_exact_mut(4).zip([leaf0.ebx, leaf0.edx, leaf0.ecx]) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    let mut brand = [0; 48];
    if __cpuid(0x8000_0000).eax >= 0x8000_0004 {
        for (leaf, place) in (0x8000_0002..).zip(brand.chunks_exact_mut(16)) {
            let found = __cpuid(leaf);
            for (place, word) in place
                .chunks_exact_mut(4)
                .zip([found.eax, found.ebx, found.ecx, found.edx])
            {
                place.copy_from_slice(&word.to_le_bytes());
            }
        }
    }
    let (base_family, base_model) = (leaf1.eax >> 8 & 0xf, leaf1.eax >> 4 & 0xf);
    let family = if base_family == 0xf {
        base_family + (leaf1.eax >> 20 & 0xff)
    } else {
        base_family
    };
    let extended = matches!(base_family, 6 | 0xf);
    let model_number = if extended {
        base_model | leaf1.eax >> 12 & 0xf0
    } else {
        base_model
    };
    Identity {
        vendor,
        brand,
        family,
        model_number,
        stepping: leaf1.eax & 0xf,
    }
}
