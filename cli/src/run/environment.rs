//! The program's environment: a clean one, as in Docker, and what the options add.

use crate::{
    arguments::{EnvironmentSetting, Run, environment_setting},
    failure::{Context, Failure},
};
use std::{
    env,
    ffi::{OsStr, OsString},
    fs,
    os::unix::ffi::{OsStrExt, OsStringExt},
};

const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Variables in order; none is there twice.
#[derive(Debug, Default)]
pub(super) struct Environment {
    /// Each `NAME=value`.
    settings: Vec<OsString>,
}

/// PATH, HOME, TERM on a terminal (`xterm` on one of the program's own, if it is not set); then the files of `--env-file`, then `--env`.
pub(super) fn of_program(options: &Run) -> Result<Environment, Failure> {
    let mut environment = Environment::default();
    environment.set(format!("PATH={PATH}").into());
    environment.set("HOME=/root".into());
    if options.tty {
        environment.set("TERM=xterm".into());
    }
    if options.tty
        || rustix::termios::isatty(rustix::stdio::stdout())
        || rustix::termios::isatty(rustix::stdio::stdin())
    {
        environment.pass_on(OsStr::new("TERM"));
    }
    for file in &options.env_file {
        let text = fs::read_to_string(file).context(|| format!("the environment file {}", file.display()))?;
        environment
            .add_file(&text)
            .context(|| format!("the environment file {}", file.display()))?;
    }
    for setting in &options.env {
        environment.add(setting);
    }
    Ok(environment)
}

impl Environment {
    /// The value of a variable.
    pub(super) fn get(&self, name: &str) -> Option<OsString> {
        let setting = self
            .settings
            .iter()
            .find(|setting| self::name(setting) == name.as_bytes())?;
        Some(OsString::from_vec(setting.as_bytes()[name.len() + 1..].to_vec()))
    }

    /// Where the program looks for programs.
    pub(super) fn path(&self) -> OsString {
        self.get("PATH").unwrap_or_default()
    }

    /// All of it, as `execve(2)` takes it.
    pub(super) fn settings(&self) -> impl Iterator<Item = &[u8]> {
        self.settings.iter().map(|setting| setting.as_bytes())
    }

    fn add_file(&mut self, text: &str) -> Result<(), String> {
        for line in text
            .lines()
            .map(str::trim_start)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            self.add(&environment_setting(line)?);
        }
        Ok(())
    }

    fn add(&mut self, setting: &EnvironmentSetting) {
        match setting {
            EnvironmentSetting::Set(setting) => self.set(setting.clone()),
            EnvironmentSetting::PassOn(name) => self.pass_on(name),
        }
    }

    /// Takes a variable of the command's own environment, if it is there.
    fn pass_on(&mut self, name: &OsStr) {
        if let Some(value) = env::var_os(name) {
            let mut setting = name.to_owned();
            setting.push("=");
            setting.push(value);
            self.set(setting);
        }
    }

    fn set(&mut self, setting: OsString) {
        match self
            .settings
            .iter_mut()
            .find(|other| name(other) == name(&setting))
        {
            Some(other) => *other = setting,
            None => self.settings.push(setting),
        }
    }
}

/// The part before the `=`.
fn name(setting: &OsStr) -> &[u8] {
    setting
        .as_bytes()
        .split(|byte| *byte == b'=')
        .next()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_setting_of_a_variable_counts_and_keeps_its_place() {
        let mut environment = Environment::default();
        for setting in ["A=1", "B=2", "A=3=4"] {
            environment.set(setting.into());
        }
        assert_eq!(environment.settings, ["A=3=4", "B=2"]);
        assert_eq!(environment.get("A"), Some("3=4".into()));
        assert_eq!(environment.get("C"), None);
    }

    #[test]
    fn a_file_has_settings_and_comments() {
        let mut environment = Environment::default();
        environment.add_file("# comment\n\nA=1 2\n  B=\n").unwrap();
        assert_eq!(environment.settings, ["A=1 2", "B="]);
        assert!(environment.add_file("=1").is_err());
    }

    #[test]
    fn a_variable_that_is_not_there_is_not_passed_on() {
        let mut environment = Environment::default();
        environment.pass_on(OsStr::new("THREADBARE_NOT_THERE"));
        environment.pass_on(OsStr::new("PATH"));
        let path = env::var_os("PATH").unwrap();
        assert_eq!(environment.settings.len(), 1);
        assert_eq!(environment.get("PATH"), Some(path));
    }
}
