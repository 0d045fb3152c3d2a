//! Long files are named, so that somebody asks which idea wants to move out.

use super::metadata::Member;
use super::{Report, source};
use anyhow::Result;

const LONG: usize = 600;

pub(super) fn check(crates: &[Member], report: &mut Report) -> Result<()> {
    for member in crates {
        for (path, text) in source::files(member)? {
            let lines = text.lines().count();
            if lines > LONG {
                report
                    .notes
                    .push(format!("{path} has {lines} lines: which idea wants to move out?"));
            }
        }
    }
    Ok(())
}
