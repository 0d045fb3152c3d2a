//! Writing the report.

use super::backtrace;
use crate::boot::is_kernel_text;
use crate::cpu::local::{CpuLocal, local};
use crate::io::{CrashConsole, Ending, end};
use crate::irq;
use crate::memory::stack::{self, Place, STACK_BYTES};
use crate::paging::USER_END;
use crate::sync::Once;
use crate::task::Task;
use crate::trap::{TrapFrame, vector};
use core::fmt::{self, Write};
use core::panic::PanicInfo;

/// How many frames of a backtrace are printed at each end when it is long.
const INNERMOST: usize = 24;
const OUTERMOST: usize = 6;

static NARRATOR: Once<fn(&mut dyn Write)> = Once::new();

/// Sets the function that tells, in a line or two, what the kernel was doing: it is called while a report is written,
/// with interrupts disabled, and must neither lock nor allocate. Only the first call counts.
pub fn set_narrator(narrator: fn(&mut dyn Write)) {
    NARRATOR.get_or_init(|| narrator);
}

/// Reports an exception in ring 0 that nothing handles, and ends the VM. `address` is CR2 where it means something.
pub(crate) fn fault(frame: &TrapFrame, address: Option<usize>) -> ! {
    core::mem::forget(irq::disable());
    begin_or_give_up();
    let mut console = CrashConsole;
    let _ = write_fault(&mut console, frame, address);
    end(Ending::Died)
}

fn begin_or_give_up() {
    let dying = &local().dying;
    dying.set(dying.get() + 1);
    if dying.get() > 1 {
        let _ = CrashConsole.write_str("threadbare: the kernel died again while reporting: stop\n");
        end(Ending::Died)
    }
}

fn write_fault(out: &mut CrashConsole, frame: &TrapFrame, address: Option<usize>) -> fmt::Result {
    #[expect(clippy::cast_possible_truncation, reason = "the stubs push vectors below 256")]
    let vector = frame.vector as u8;
    writeln!(
        out,
        "\nthreadbare: the kernel died: {} in ring 0",
        vector::name(vector)
    )?;
    writeln!(out, "  vector: {vector}, error code: {:#x}", frame.error_code)?;
    writeln!(out, "  at: {:#x}", frame.cpu.rip)?;
    if vector == vector::PAGE_FAULT {
        let code = frame.error_code;
        let what = if code & 16 != 0 {
            "instruction fetch"
        } else if code & 2 != 0 {
            "write"
        } else {
            "read"
        };
        let why = if code & 1 != 0 {
            "the page's rights forbid it"
        } else {
            "no page is mapped there"
        };
        writeln!(out, "  access: {what}; {why}")?;
    }
    if let Some(address) = address {
        writeln!(out, "  address: {address:#x}: {}", Address(address))?;
    }
    let rsp = frame.cpu.rsp as usize;
    if matches!(vector, vector::DOUBLE_FAULT | vector::NMI | vector::MACHINE_CHECK) {
        writeln!(
            out,
            "  caught on: the interrupt stack (IST) of this vector, RSP was {rsp:#x}"
        )?;
    }
    write_overflow(out, rsp, address)?;
    write_doing(out)?;
    write_registers(out, frame)?;
    write_code(out, frame.cpu.rip as usize)?;
    write_backtrace(out, Some(frame.cpu.rip as usize), frame.rbp as usize)
}

/// Says whose stack overflowed, if that is what happened.
fn write_overflow(out: &mut CrashConsole, rsp: usize, address: Option<usize>) -> fmt::Result {
    let candidates = [Some(rsp), address];
    let overflow = candidates
        .into_iter()
        .flatten()
        .find_map(|address| match stack::describe(address) {
            Some(Place::Overflow(base, beyond)) => Some((base, beyond)),
            _ => None,
        });
    let Some((base, beyond)) = overflow else {
        return Ok(());
    };
    write!(out, "  kernel stack overflow: ")?;
    match current().filter(|task| task.stack_base() == base) {
        Some(task) => write!(out, "the stack of kernel thread \"{}\"", task.name())?,
        None => write!(out, "a stack that is not the running thread's")?,
    }
    writeln!(
        out,
        " ({:#x}..{base:#x}, {} KiB) was left by {beyond} bytes",
        base - STACK_BYTES,
        STACK_BYTES / 1024
    )
}

/// The chain of what was being handled.
fn write_doing(out: &mut CrashConsole) -> fmt::Result {
    let cpu: &CpuLocal = local();
    write!(out, "  on: CPU {}", cpu.id)?;
    if let Some(task) = current() {
        write!(out, ", kernel thread \"{}\"", task.name())?;
    }
    match cpu.interrupt_depth.get() {
        0 => writeln!(out)?,
        depth => writeln!(out, ", inside {depth} interrupt handler(s)")?,
    }
    if let Some(narrator) = NARRATOR.get() {
        narrator(out);
    }
    Ok(())
}

fn current<'a>() -> Option<&'a Task> {
    // SAFETY: the CPU holds a count of its current task, and this CPU will run nothing else any more.
    unsafe { local().current.get().as_ref() }
}

fn write_registers(out: &mut CrashConsole, f: &TrapFrame) -> fmt::Result {
    writeln!(out, "registers:")?;
    writeln!(
        out,
        "  rax {:016x}  rbx {:016x}  rcx {:016x}  rdx {:016x}",
        f.rax, f.rbx, f.rcx, f.rdx
    )?;
    writeln!(
        out,
        "  rsi {:016x}  rdi {:016x}  rbp {:016x}  rsp {:016x}",
        f.rsi, f.rdi, f.rbp, f.cpu.rsp
    )?;
    writeln!(
        out,
        "  r8  {:016x}  r9  {:016x}  r10 {:016x}  r11 {:016x}",
        f.r8, f.r9, f.r10, f.r11
    )?;
    writeln!(
        out,
        "  r12 {:016x}  r13 {:016x}  r14 {:016x}  r15 {:016x}",
        f.r12, f.r13, f.r14, f.r15
    )?;
    writeln!(
        out,
        "  rip {:016x}  rflags {:x}  cs {:x}  ss {:x}",
        f.cpu.rip, f.cpu.rflags, f.cpu.cs, f.cpu.ss
    )
}

/// The bytes of the instruction, for whoever can disassemble them.
fn write_code(out: &mut CrashConsole, rip: usize) -> fmt::Result {
    const MOST: usize = 15;
    if !is_kernel_text(rip) || !is_kernel_text(rip + MOST) {
        return Ok(());
    }
    write!(out, "code:")?;
    for at in rip..rip + MOST {
        // SAFETY: inside the kernel's text, which is mapped and readable.
        write!(out, " {:02x}", unsafe { *(at as *const u8) })?;
    }
    writeln!(out)
}

fn write_backtrace(out: &mut CrashConsole, rip: Option<usize>, frame_pointer: usize) -> fmt::Result {
    writeln!(out, "backtrace:")?;
    let frames = || rip.into_iter().chain(backtrace::walk(frame_pointer));
    let count = frames().count();
    for (number, address) in frames().enumerate() {
        if count > INNERMOST + OUTERMOST && number >= INNERMOST && number < count - OUTERMOST {
            if number == INNERMOST {
                writeln!(out, "   … {} more frames", count - INNERMOST - OUTERMOST)?;
            }
            continue;
        }
        writeln!(out, "  #{number} {address:#x}")?;
    }
    Ok(())
}

/// What kind of address it is.
struct Address(usize);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0..0x1000 => f.write_str("in the null page"),
            0x1000..USER_END => f.write_str("a user address"),
            address
                if address.wrapping_add(0x8000_0000_0000) < usize::MAX / 2
                    && address < 0xffff_8000_0000_0000 =>
            {
                f.write_str("not canonical")
            }
            address => match stack::describe(address) {
                Some(Place::Overflow(..)) => f.write_str("the guard of a kernel stack"),
                Some(Place::Inside(_)) => f.write_str("a kernel stack"),
                None if is_kernel_text(address) => f.write_str("the kernel's code"),
                None => f.write_str("a kernel address"),
            },
        }
    }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    core::mem::forget(irq::disable());
    begin_or_give_up();
    let mut console = CrashConsole;
    let _ = write_panic(&mut console, info);
    end(Ending::Died)
}

fn write_panic(out: &mut CrashConsole, info: &PanicInfo<'_>) -> fmt::Result {
    writeln!(out, "\nthreadbare: the kernel died: panic: {}", info.message())?;
    if let Some(location) = info.location() {
        writeln!(out, "  in: {location}")?;
    }
    write_doing(out)?;
    let frame_pointer: usize;
    // SAFETY: reads a register.
    unsafe {
        core::arch::asm!("mov {}, rbp", out(reg) frame_pointer, options(nomem, nostack, preserves_flags))
    }
    write_backtrace(out, None, frame_pointer)
}
