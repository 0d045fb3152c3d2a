//! The bootable image. On bare metal it names the function that the machine enters after boot; on the host it is an
//! ordinary program, so that editors and clippy see the whole workspace, and it only says how to build the real one.

#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

#[cfg(target_os = "none")]
threadbare_machine::entry!(threadbare_kernel::start);

#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!(
        "this is the kernel image, built for the host: build the bootable one with `cargo xtask build`"
    );
}
