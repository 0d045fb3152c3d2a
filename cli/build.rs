//! Puts the kernel image into the command.
//!
//! `THREADBARE_IMAGE` names the image's ELF file; `cargo xtask build` sets it. Without it the command is built with no
//! image, says so when it is asked to run something, and takes one by `--kernel`.

use std::{env, fs, path::PathBuf};

fn main() {
    println!("cargo::rerun-if-env-changed=THREADBARE_IMAGE");
    let target = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("kernel.elf");
    match env::var_os("THREADBARE_IMAGE").filter(|path| !path.is_empty()) {
        Some(image) => {
            println!("cargo::rerun-if-changed={}", image.display());
            if let Err(error) = fs::copy(&image, &target) {
                panic!(
                    "THREADBARE_IMAGE names {}, which cannot be copied: {error}",
                    image.display()
                );
            }
        }
        None => fs::write(&target, []).expect("OUT_DIR is writable"),
    }
}
