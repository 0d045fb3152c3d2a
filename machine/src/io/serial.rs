//! The 16550 UARTs at COM1 and COM2 (National Semiconductor PC16550D).
//!
//! COM1 is the crash console: written only when the kernel dies, by polling, without locks or state, so that it
//! works from anywhere.

use crate::cpu::port;
use core::fmt;

const COM1: u16 = 0x3f8;
const COM2: u16 = 0x2f8;

/// Register offsets.
const DATA: u16 = 0;
const INTERRUPT_ENABLE: u16 = 1;
const FIFO_CONTROL: u16 = 2;
const MODEM_CONTROL: u16 = 4;
const LINE_STATUS: u16 = 5;

const DATA_READY: u8 = 1;
const TRANSMITTER_EMPTY: u8 = 0x20;

/// The crash console. Writing never fails; without a UART the text is lost.
#[derive(Clone, Copy, Debug, Default)]
pub struct CrashConsole;

impl fmt::Write for CrashConsole {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            send(COM1, byte);
        }
        Ok(())
    }
}

/// The second serial line, as a plain byte stream.
#[derive(Debug)]
pub struct SecondSerial(());

impl SecondSerial {
    /// The line, if a UART answers there; interrupts on received data are enabled (IO-APIC input 3).
    pub fn open() -> Option<SecondSerial> {
        // SAFETY: COM2's ports by PC convention; no memory is involved. An absent device reads as all ones.
        unsafe {
            if port::read_u8(COM2 + LINE_STATUS) == 0xff {
                return None;
            }
            port::write_u8(COM2 + FIFO_CONTROL, 0x07); // FIFOs on and empty
            port::write_u8(COM2 + MODEM_CONTROL, 0x0b); // DTR, RTS, OUT2: OUT2 lets interrupts through
            port::write_u8(COM2 + INTERRUPT_ENABLE, 0x01);
        }
        Some(SecondSerial(()))
    }

    /// Sends all bytes.
    pub fn send(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            send(COM2, byte);
        }
    }

    /// Takes a received byte, if there is one.
    pub fn receive(&mut self) -> Option<u8> {
        // SAFETY: as `open`.
        unsafe { (port::read_u8(COM2 + LINE_STATUS) & DATA_READY != 0).then(|| port::read_u8(COM2 + DATA)) }
    }
}

fn send(base: u16, byte: u8) {
    // SAFETY: the UART's ports by PC convention; no memory is involved. The wait is bounded: an absent device
    // reads as all ones, a stuck one gives up.
    unsafe {
        for _ in 0..100_000 {
            if port::read_u8(base + LINE_STATUS) & TRANSMITTER_EMPTY != 0 {
                break;
            }
        }
        port::write_u8(base + DATA, byte);
    }
}
