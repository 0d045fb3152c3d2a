//! What is accepted, and what is refused with which words.

use super::{parse::*, *};
use clap::CommandFactory;

fn run(arguments: &[&str]) -> Result<Run, String> {
    let all = ["threadbare", "run"].iter().chain(arguments);
    let Command::Run(run) = Arguments::try_parse_from(all)
        .map_err(|error| error.to_string())?
        .command;
    Ok(*run)
}

#[test]
fn the_definition_is_consistent() {
    Arguments::command().debug_assert();
}

#[test]
fn everything_after_the_program_belongs_to_it() {
    let run = run(&[
        "--memory",
        "64M",
        "sh",
        "-c",
        "exit 42",
        "--verbose",
        "--",
        "--memory=1",
    ])
    .unwrap();
    assert_eq!(
        run.program,
        ["sh", "-c", "exit 42", "--verbose", "--", "--memory=1"]
    );
    assert_eq!(run.memory, 64 << 20);
    assert!(!run.verbose);
}

#[test]
fn a_double_dash_may_precede_the_program() {
    assert_eq!(
        run(&["--", "echo", "--help"]).unwrap().program,
        ["echo", "--help"]
    );
}

#[test]
fn a_program_is_required() {
    assert!(run(&["--verbose"]).is_err());
}

#[test]
fn sizes_are_read_with_their_units() {
    assert_eq!(size("16777216"), Ok(16 << 20));
    assert_eq!(size("8192k"), Ok(8 << 20));
    assert_eq!(size("2GiB"), Ok(2 << 30));
    for wrong in ["", "M", "1T", "12", "1023K", "99999999999G", "-1M", "1.5G"] {
        assert!(size(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn durations_are_read_with_their_units() {
    assert_eq!(duration("10"), Ok(Duration::from_secs(10)));
    assert_eq!(duration("1.5s"), Ok(Duration::from_millis(1500)));
    assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
    assert_eq!(duration("2h"), Ok(Duration::from_secs(7200)));
    for wrong in ["", "s", "0", "-1", "1d", "inf", "nan", "1e300"] {
        assert!(duration(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn only_read_only_volumes_are_taken() {
    assert_eq!(
        volume("/a:/b:ro"),
        Ok(Volume {
            host: "/a".into(),
            guest: "/b".into()
        })
    );
    assert!(
        volume("/a:/b")
            .unwrap_err()
            .starts_with("writable volumes are not supported yet")
    );
    assert!(
        volume("/a:/b:rw")
            .unwrap_err()
            .starts_with("writable volumes are not supported yet")
    );
    assert!(volume("/a:b:ro").unwrap_err().contains("must begin with /"));
    assert!(volume("/a").is_err());
    assert!(volume(":/b:ro").is_err());
}

#[test]
fn a_variable_needs_a_name() {
    assert_eq!(
        environment_setting("A=b=c"),
        Ok(EnvironmentSetting::Set("A=b=c".into()))
    );
    assert_eq!(
        environment_setting("A"),
        Ok(EnvironmentSetting::PassOn("A".into()))
    );
    assert!(environment_setting("=b").is_err());
    assert!(environment_setting("").is_err());
}
