//! Values of options.

use std::{ffi::OsString, os::unix::ffi::OsStringExt, path::PathBuf, time::Duration};

/// One `--env`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum EnvironmentSetting {
    /// `NAME=value`.
    Set(OsString),
    /// `NAME`: as it is in the command's environment, if it is there.
    PassOn(OsString),
}

/// One `--volume`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Volume {
    pub(crate) host: PathBuf,
    pub(crate) guest: PathBuf,
}

/// `256M`, `1G`, `8192K`, `16777216`.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let shift = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        _ => return Err("write it as 64M or 2G".to_owned()),
    };
    let number: u64 = digits.parse().map_err(|_| "write it as 64M or 2G".to_owned())?;
    number
        .checked_mul(1 << shift)
        .filter(|bytes| *bytes >= 1 << 20)
        .ok_or_else(|| "less than 1M or far too much".to_owned())
}

/// `10`, `1.5`, `10s`, `500ms`, `5m`, `1h`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let explain = || "write it as 10, 1.5s, 500ms, 5m or 1h".to_owned();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(explain()),
    };
    let number: f64 = digits.parse().map_err(|_| explain())?;
    let seconds = number * unit;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err(explain()),
    }
}

/// `NAME=value` or `NAME`.
pub(crate) fn environment_setting(text: &str) -> Result<EnvironmentSetting, String> {
    match text.split_once('=') {
        Some(("", _)) => Err("the variable has no name".to_owned()),
        Some(_) => Ok(EnvironmentSetting::Set(text.into())),
        None if text.is_empty() => Err("the variable has no name".to_owned()),
        None => Ok(EnvironmentSetting::PassOn(text.into())),
    }
}

/// `HOST:GUEST:ro`.
pub(super) fn volume(text: &str) -> Result<Volume, String> {
    let path = |part: &str| PathBuf::from(OsString::from_vec(part.as_bytes().to_vec()));
    match text.split(':').collect::<Vec<_>>()[..] {
        [host, guest, "ro"] if !host.is_empty() && guest.starts_with('/') => Ok(Volume {
            host: path(host),
            guest: path(guest),
        }),
        [_, guest] | [_, guest, _] if !guest.starts_with('/') => {
            Err("the path inside the machine must begin with /: write HOST:/GUEST:ro".to_owned())
        }
        [_, _] | [_, _, "rw"] => {
            Err("writable volumes are not supported yet: add :ro to give the program a copy".to_owned())
        }
        _ => Err("write it as HOST:/GUEST:ro".to_owned()),
    }
}
