//! Hands the linker script to the linker, on bare metal only: on the host the image is an ordinary program.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=link.ld");
    println!("cargo::rerun-if-changed=build.rs");
    if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("none") {
        let folder = env::var("CARGO_MANIFEST_DIR").expect("cargo names the folder of the package");
        println!("cargo::rustc-link-arg-bins=-T{folder}/link.ld");
    }
}
