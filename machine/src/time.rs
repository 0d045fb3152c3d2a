//! Time: a monotonic clock from the TSC, and one one-shot timer.
//!
//! The TSC is taken to be constant and synchronised, as it is under every hypervisor that we boot on. Its rate is not
//! told by all of them, so it is measured against the local APIC's timer, whose rate QEMU and KVM fix at 1 GHz; on
//! other machines that timer is first measured against the PIT. Nobody waits for that at boot: the APIC timer runs
//! from boot on, and the first question for the time compares the two counters, waiting only until a millisecond has
//! passed since boot.

#[cfg(target_os = "none")]
pub(crate) use clock::{expired, start};
#[cfg(target_os = "none")]
pub use clock::{now, parameters, set_timer};

/// Nanoseconds since boot. Never goes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Nanoseconds(pub u64);

/// The time-stamp counter.
pub fn tsc() -> u64 {
    // SAFETY: RDTSC is available in every ring here (CR4.TSD is never set).
    unsafe { core::arch::x86_64::_rdtsc() }
}

/// On the host: the host's clock.
#[cfg(not(target_os = "none"))]
pub fn now() -> Nanoseconds {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    let elapsed = START.get_or_init(std::time::Instant::now).elapsed();
    Nanoseconds(u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX))
}

/// On the host: as if its TSC counted nanoseconds from zero.
#[cfg(not(target_os = "none"))]
pub fn parameters() -> (u64, u64) {
    (0, 1 << 32)
}

/// On the host there is no timer to set.
#[cfg(not(target_os = "none"))]
pub fn set_timer(_deadline: Nanoseconds, _handler: fn()) {}

#[cfg(target_os = "none")]
mod clock {
    use super::{Nanoseconds, tsc};
    use crate::cpu::features::features;
    use crate::cpu::port;
    use crate::irq::{self, apic};
    use crate::sync::Once;
    use core::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

    /// The TSC when the APIC timer was started at its maximum.
    static START: AtomicU64 = AtomicU64::new(0);
    static RATE: Once<Rate> = Once::new();
    /// When the timer shall call, in nanoseconds; 0 = never.
    static DEADLINE: AtomicU64 = AtomicU64::new(0);
    static HANDLER: AtomicPtr<()> = AtomicPtr::new(core::ptr::null_mut());

    /// How counters become nanoseconds.
    #[derive(Debug)]
    struct Rate {
        /// Nanoseconds per TSC tick, times 2^32.
        tsc: u64,
        /// APIC timer ticks per nanosecond, times 2^32.
        apic: u64,
    }

    const MILLISECOND: u64 = 1_000_000;

    /// Notes the moment of boot; the APIC timer has just been started.
    pub(crate) fn start() {
        START.store(tsc(), Ordering::Relaxed);
    }

    /// The time since boot.
    #[inline]
    pub fn now() -> Nanoseconds {
        let ticks = tsc().saturating_sub(START.load(Ordering::Relaxed));
        Nanoseconds(scale(ticks, rate().tsc))
    }

    /// The TSC at boot, and nanoseconds per tick since then, times 2^32: what [`now`] computes with.
    pub fn parameters() -> (u64, u64) {
        let rate = rate().tsc;
        (START.load(Ordering::Relaxed), rate)
    }

    /// Lets `handler` be called, in interrupt context, once `deadline` has passed. There is one timer: a later call
    /// replaces the earlier one.
    pub fn set_timer(deadline: Nanoseconds, handler: fn()) {
        rate(); // measured before the timer is used otherwise
        let _interrupts = irq::disable();
        HANDLER.store(handler as *mut (), Ordering::Relaxed);
        DEADLINE.store(deadline.0.max(1), Ordering::Relaxed);
        arm();
    }

    /// Starts the hardware for what is left until the deadline, at most its longest interval.
    fn arm() {
        let left = DEADLINE.load(Ordering::Relaxed).saturating_sub(now().0);
        let ticks = scale(left, rate().apic).clamp(1, u64::from(u32::MAX));
        apic::start_timer(u32::try_from(ticks).unwrap_or(u32::MAX));
    }

    /// The timer's interrupt.
    pub(crate) fn expired() {
        let deadline = DEADLINE.load(Ordering::Relaxed);
        if deadline == 0 {
            return;
        }
        if now().0 < deadline {
            return arm(); // a long interval in pieces, or a timer slightly fast
        }
        DEADLINE.store(0, Ordering::Relaxed);
        let handler = HANDLER.load(Ordering::Relaxed);
        // SAFETY: only `set_timer` stores here, always a `fn()`, before the deadline.
        let handler: fn() = unsafe { core::mem::transmute(handler) };
        handler();
    }

    #[inline]
    fn rate() -> &'static Rate {
        RATE.get_or_init(measure)
    }

    fn measure() -> Rate {
        let apic_hertz = match &features().hypervisor {
            b"TCGTCGTCGTCG" | b"KVMKVMKVM\0\0\0" => 1_000_000_000,
            _ => measure_apic(),
        };
        let enough = (u128::from(apic_hertz) * u128::from(MILLISECOND) / 1_000_000_000) as u64;
        loop {
            let apic_ticks = u64::from(u32::MAX - apic::timer_count());
            let tsc_ticks = tsc() - START.load(Ordering::Relaxed);
            if apic_ticks >= enough {
                let nanoseconds = u128::from(apic_ticks) * 1_000_000_000 / u128::from(apic_hertz);
                let tsc = ((nanoseconds << 32) / u128::from(tsc_ticks)) as u64;
                return Rate {
                    tsc,
                    apic: (u128::from(apic_hertz) << 32).div_ceil(1_000_000_000) as u64,
                };
            }
            crate::cpu::relax();
        }
    }

    /// The APIC timer's rate in hertz, by 10 ms of the PIT's channel 2 (1,193,182 Hz; Intel 8254).
    fn measure_apic() -> u64 {
        const PIT_HERTZ: u32 = 1_193_182;
        let ticks = PIT_HERTZ / 100;
        // SAFETY: the PIT and its gate in port 0x61: no memory is involved.
        unsafe {
            let gate = port::read_u8(0x61) & !2 | 1;
            port::write_u8(0x61, gate & !1);
            port::write_u8(0x43, 0b1011_0000); // channel 2, both bytes, mode 0: the output rises at zero
            port::write_u8(0x42, ticks.to_le_bytes()[0]);
            port::write_u8(0x42, ticks.to_le_bytes()[1]);
            port::write_u8(0x61, gate);
            let before = apic::timer_count();
            while port::read_u8(0x61) & 0x20 == 0 {}
            u64::from(before - apic::timer_count()) * 100
        }
    }

    /// `value * factor / 2^32`, saturating.
    #[inline]
    fn scale(value: u64, factor: u64) -> u64 {
        u64::try_from(u128::from(value) * u128::from(factor) >> 32).unwrap_or(u64::MAX)
    }
}
