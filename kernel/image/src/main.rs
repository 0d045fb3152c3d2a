//! The bootable image: the core, the file systems and the drivers, put together. On the host it is an ordinary program,
//! so that editors and clippy see the whole workspace, and it only says how to build the real one.

#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

#[cfg(target_os = "none")]
mod parts;

#[cfg(target_os = "none")]
threadbare_machine::entry!(parts::start);

#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!(
        "this is the kernel image, built for the host: build the bootable one with `cargo xtask build`"
    );
}
