//! Examples of the documentation of std 1.95 for `std::process`, with the imports changed and nothing else.
//! Each is a function here because one test binary is cheaper to link than a hundred. Those that std only compiles are only compiled.

fn process_index_1() {
    use threadbare::process::Command;

    let output = Command::new("echo")
        .arg("Hello world")
        .output()
        .expect("Failed to execute command");

    assert_eq!(b"Hello world\n", output.stdout.as_slice());
}

fn process_index_2() {
    use threadbare::process::{Command, Stdio};

    // stdout must be configured with `Stdio::piped` in order to use
    // `echo_child.stdout`
    let echo_child = Command::new("echo")
        .arg("Oh no, a tpyo!")
        .stdout(Stdio::piped())
        .spawn()
        .expect("Failed to start echo process");

    // Note that `echo_child` is moved here, but we won't be needing
    // `echo_child` anymore
    let echo_out = echo_child.stdout.expect("Failed to open echo stdout");

    let mut sed_child = Command::new("sed")
        .arg("s/tpyo/typo/")
        .stdin(Stdio::from(echo_out))
        .stdout(Stdio::piped())
        .spawn()
        .expect("Failed to start sed process");

    let output = sed_child.wait_with_output().expect("Failed to wait on sed");
    assert_eq!(b"Oh no, a typo!\n", output.stdout.as_slice());
}

fn process_index_3() {
    use threadbare::io::Write;
    use threadbare::process::{Command, Stdio};

    let mut child = Command::new("/bin/cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("failed to execute child");

    // If the child process fills its stdout buffer, it may end up
    // waiting until the parent reads the stdout, and not be able to
    // read stdin in the meantime, causing a deadlock.
    // Writing from another thread ensures that stdout is being read
    // at the same time, avoiding the problem.
    let mut stdin = child.stdin.take().expect("failed to get stdin");
    threadbare::thread::spawn(move || {
        stdin.write_all(b"test").expect("failed to write to stdin");
    });

    let output = child.wait_with_output().expect("failed to wait on child");

    assert_eq!(b"test", output.stdout.as_slice());
}

#[test]
#[should_panic]
fn process_child_1() {
    super::in_a_green_thread(|| {
        use threadbare::process::Command;

        let mut child = Command::new("/bin/cat")
            .arg("file.txt")
            .spawn()
            .expect("failed to execute child");

        let ecode = child.wait().expect("failed to wait on child");

        assert!(ecode.success());
    });
}

#[test]
fn process_command_1() {
    super::in_a_green_thread(|| {
        if cfg!(not(all(target_vendor = "apple", not(target_os = "macos")))) {
            use threadbare::process::Command;

            let output = if cfg!(target_os = "windows") {
                Command::new("cmd")
                    .args(["/C", "echo hello"])
                    .output()
                    .expect("failed to execute process")
            } else {
                Command::new("sh")
                    .arg("-c")
                    .arg("echo hello")
                    .output()
                    .expect("failed to execute process")
            };

            let hello = output.stdout;
        }
    });
}

fn process_command_2() {
    use threadbare::process::Command;

    let mut echo_hello = Command::new("sh");
    echo_hello.arg("-c").arg("echo hello");
    let hello_1 = echo_hello.output().expect("failed to execute process");
    let hello_2 = echo_hello.output().expect("failed to execute process");
}

fn process_command_3() {
    use threadbare::process::Command;

    let mut list_dir = Command::new("ls");

    // Execute `ls` in the current directory of the program.
    list_dir.status().expect("process failed to execute");

    println!();

    // Change `ls` to execute in the root directory.
    list_dir.current_dir("/");

    // And then execute `ls` again but in the root directory.
    list_dir.status().expect("process failed to execute");
}

fn process_command_new_1() {
    use threadbare::process::Command;

    Command::new("sh").spawn().expect("sh command failed to start");
}

fn process_command_new_2() {
    use threadbare::process::Command;

    Command::new("ls")
            .arg("-l") // arg passed separately
            .spawn()
            .expect("ls command failed to start");
}

fn process_command_arg_1() {
    threadbare::process::Command::new("sh").arg("-C /path/to/repo");
}

fn process_command_arg_2() {
    threadbare::process::Command::new("sh")
        .arg("-C")
        .arg("/path/to/repo");
}

fn process_command_arg_3() {
    use threadbare::process::Command;

    Command::new("ls")
        .arg("-l")
        .arg("-a")
        .spawn()
        .expect("ls command failed to start");
}

fn process_command_args_1() {
    use threadbare::process::Command;

    Command::new("ls")
        .args(["-l", "-a"])
        .spawn()
        .expect("ls command failed to start");
}

fn process_command_env_1() {
    use threadbare::process::Command;

    Command::new("ls")
        .env("PATH", "/bin")
        .spawn()
        .expect("ls command failed to start");
}

fn process_command_envs_1() {
    use std::collections::HashMap;
    use std::env;
    use threadbare::process::{Command, Stdio};

    let filtered_env: HashMap<String, String> = env::vars()
        .filter(|&(ref k, _)| k == "TERM" || k == "TZ" || k == "LANG" || k == "PATH")
        .collect();

    Command::new("printenv")
        .stdin(Stdio::null())
        .stdout(Stdio::inherit())
        .env_clear()
        .envs(&filtered_env)
        .spawn()
        .expect("printenv failed to start");
}

fn process_command_env_remove_1() {
    let run = || {
        use threadbare::process::Command;

        Command::new("git").arg("commit").env_remove("GIT_DIR").spawn()?;
        threadbare::io::Result::Ok(())
    };
    let _ = run;
}

fn process_command_env_clear_1() {
    let run = || {
        use threadbare::process::Command;

        Command::new("sort").arg("file.txt").env_clear().spawn()?;
        threadbare::io::Result::Ok(())
    };
    let _ = run;
}

fn process_command_current_dir_1() {
    use threadbare::process::Command;

    Command::new("ls")
        .current_dir("/bin")
        .spawn()
        .expect("ls command failed to start");
}

fn process_command_stdin_1() {
    use threadbare::process::{Command, Stdio};

    Command::new("ls")
        .stdin(Stdio::null())
        .spawn()
        .expect("ls command failed to start");
}

fn process_command_stdout_1() {
    use threadbare::process::{Command, Stdio};

    Command::new("ls")
        .stdout(Stdio::null())
        .spawn()
        .expect("ls command failed to start");
}

fn process_command_stderr_1() {
    use threadbare::process::{Command, Stdio};

    Command::new("ls")
        .stderr(Stdio::null())
        .spawn()
        .expect("ls command failed to start");
}

fn process_command_spawn_1() {
    use threadbare::process::Command;

    Command::new("ls").spawn().expect("ls command failed to start");
}

#[test]
#[should_panic]
fn process_command_output_1() {
    super::in_a_green_thread(|| {
        let run = || {
            use threadbare::io::{self, Write};
            use threadbare::process::Command;
            let output = Command::new("/bin/cat").arg("file.txt").output()?;

            println!("status: {}", output.status);
            io::stdout().write_all(&output.stdout)?;
            io::stderr().write_all(&output.stderr)?;

            assert!(output.status.success());
            io::Result::Ok(())
        };
        run().unwrap();
    });
}

#[test]
#[should_panic]
fn process_command_status_1() {
    super::in_a_green_thread(|| {
        use threadbare::process::Command;

        let status = Command::new("/bin/cat")
            .arg("file.txt")
            .status()
            .expect("failed to execute process");

        println!("process finished with: {status}");

        assert!(status.success());
    });
}

#[test]
fn process_command_get_program_1() {
    super::in_a_green_thread(|| {
        use threadbare::process::Command;

        let cmd = Command::new("echo");
        assert_eq!(cmd.get_program(), "echo");
    });
}

#[test]
fn process_command_get_args_1() {
    super::in_a_green_thread(|| {
        use std::ffi::OsStr;
        use threadbare::process::Command;

        let mut cmd = Command::new("echo");
        cmd.arg("first").arg("second");
        let args: Vec<&OsStr> = cmd.get_args().collect();
        assert_eq!(args, &["first", "second"]);
    });
}

#[test]
fn process_command_get_envs_1() {
    super::in_a_green_thread(|| {
        use std::ffi::OsStr;
        use threadbare::process::Command;

        let mut cmd = Command::new("ls");
        cmd.env("TERM", "dumb").env_remove("TZ");
        let envs: Vec<(&OsStr, Option<&OsStr>)> = cmd.get_envs().collect();
        assert_eq!(
            envs,
            &[
                (OsStr::new("TERM"), Some(OsStr::new("dumb"))),
                (OsStr::new("TZ"), None)
            ]
        );
    });
}

#[test]
fn process_command_get_current_dir_1() {
    super::in_a_green_thread(|| {
        use std::path::Path;
        use threadbare::process::Command;

        let mut cmd = Command::new("ls");
        assert_eq!(cmd.get_current_dir(), None);
        cmd.current_dir("/bin");
        assert_eq!(cmd.get_current_dir(), Some(Path::new("/bin")));
    });
}

fn process_stdio_piped_1() {
    use threadbare::process::{Command, Stdio};

    let output = Command::new("echo")
        .arg("Hello, world!")
        .stdout(Stdio::piped())
        .output()
        .expect("Failed to execute command");

    assert_eq!(String::from_utf8_lossy(&output.stdout), "Hello, world!\n");
    // Nothing echoed to console
}

fn process_stdio_piped_2() {
    use threadbare::io::Write;
    use threadbare::process::{Command, Stdio};

    let mut child = Command::new("rev")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Failed to spawn child process");

    let mut stdin = child.stdin.take().expect("Failed to open stdin");
    threadbare::thread::spawn(move || {
        stdin
            .write_all("Hello, world!".as_bytes())
            .expect("Failed to write to stdin");
    });

    let output = child.wait_with_output().expect("Failed to read stdout");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "!dlrow ,olleH");
}

fn process_stdio_inherit_1() {
    use threadbare::process::{Command, Stdio};

    let output = Command::new("echo")
        .arg("Hello, world!")
        .stdout(Stdio::inherit())
        .output()
        .expect("Failed to execute command");

    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    // "Hello, world!" echoed to console
}

fn process_stdio_inherit_2() {
    let run = || {
        use threadbare::io::{self, Write};
        use threadbare::process::{Command, Stdio};

        let output = Command::new("rev")
            .stdin(Stdio::inherit())
            .stdout(Stdio::piped())
            .output()?;

        print!("You piped in the reverse of: ");
        io::stdout().write_all(&output.stdout)?;
        io::Result::Ok(())
    };
    let _ = run;
}

fn process_stdio_null_1() {
    use threadbare::process::{Command, Stdio};

    let output = Command::new("echo")
        .arg("Hello, world!")
        .stdout(Stdio::null())
        .output()
        .expect("Failed to execute command");

    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    // Nothing echoed to console
}

fn process_stdio_null_2() {
    use threadbare::process::{Command, Stdio};

    let output = Command::new("rev")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .output()
        .expect("Failed to execute command");

    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    // Ignores any piped-in input
}

fn process_stdio_from_1() {
    use threadbare::process::{Command, Stdio};

    let reverse = Command::new("rev")
        .stdin(Stdio::piped())
        .spawn()
        .expect("failed reverse command");

    let _echo = Command::new("echo")
            .arg("Hello, world!")
            .stdout(reverse.stdin.unwrap()) // Converted into a Stdio here
            .output()
            .expect("failed echo command");

    // "!dlrow ,olleH" echoed to console
}

fn process_stdio_from_2() {
    use threadbare::process::{Command, Stdio};

    let hello = Command::new("echo")
        .arg("Hello, world!")
        .stdout(Stdio::piped())
        .spawn()
        .expect("failed echo command");

    let reverse = Command::new("rev")
            .stdin(hello.stdout.unwrap())  // Converted into a Stdio here
            .output()
            .expect("failed reverse command");

    assert_eq!(reverse.stdout, b"!dlrow ,olleH\n");
}

fn process_stdio_from_3() {
    use threadbare::process::{Command, Stdio};

    let reverse = Command::new("rev")
        .arg("non_existing_file.txt")
        .stderr(Stdio::piped())
        .spawn()
        .expect("failed reverse command");

    let cat = Command::new("cat")
            .arg("-")
            .stdin(reverse.stderr.unwrap()) // Converted into a Stdio here
            .output()
            .expect("failed echo command");

    assert_eq!(
        String::from_utf8_lossy(&cat.stdout),
        "rev: cannot open non_existing_file.txt: No such file or directory\n"
    );
}

fn process_stdio_from_4() {
    let run = || {
        use threadbare::fs::File;
        use threadbare::process::Command;

        // With the `foo.txt` file containing "Hello, world!"
        let file = File::open("foo.txt")?;

        let reverse = Command::new("rev")
            .stdin(file)  // Implicit File conversion into a Stdio
            .output()?;

        assert_eq!(reverse.stdout, b"!dlrow ,olleH");
        threadbare::io::Result::Ok(())
    };
    let _ = run;
}

fn process_exitstatus_success_1() {
    use threadbare::process::Command;

    let status = Command::new("mkdir")
        .arg("projects")
        .status()
        .expect("failed to execute mkdir");

    if status.success() {
        println!("'projects/' directory created");
    } else {
        println!("failed to create 'projects/' directory: {status}");
    }
}

fn process_exitstatus_code_1() {
    use threadbare::process::Command;

    let status = Command::new("mkdir")
        .arg("projects")
        .status()
        .expect("failed to execute mkdir");

    match status.code() {
        Some(code) => println!("Exited with status code: {code}"),
        None => println!("Process terminated by signal"),
    }
}

#[test]
fn process_exitcode_1() {
    super::in_a_green_thread(|| {
        use threadbare::process::ExitCode;
        fn check_foo() -> bool {
            true
        }

        fn main() -> ExitCode {
            if !check_foo() {
                return ExitCode::from(42);
            }

            ExitCode::SUCCESS
        }
        super::finish(main());
    });
}

fn process_child_kill_1() {
    use threadbare::process::Command;

    let mut command = Command::new("yes");
    if let Ok(mut child) = command.spawn() {
        child.kill().expect("command couldn't be killed");
    } else {
        println!("yes command didn't start");
    }
}

fn process_child_id_1() {
    use threadbare::process::Command;

    let mut command = Command::new("ls");
    if let Ok(child) = command.spawn() {
        println!("Child's ID is {}", child.id());
    } else {
        println!("ls command didn't start");
    }
}

fn process_child_wait_1() {
    use threadbare::process::Command;

    let mut command = Command::new("ls");
    if let Ok(mut child) = command.spawn() {
        child.wait().expect("command wasn't running");
        println!("Child has finished its execution!");
    } else {
        println!("ls command didn't start");
    }
}

fn process_child_try_wait_1() {
    let run = || {
        use threadbare::process::Command;

        let mut child = Command::new("ls").spawn()?;

        match child.try_wait() {
            Ok(Some(status)) => println!("exited with: {status}"),
            Ok(None) => {
                println!("status not ready yet, let's really wait");
                let res = child.wait();
                println!("result: {res:?}");
            }
            Err(e) => println!("error attempting to wait: {e}"),
        }
        threadbare::io::Result::Ok(())
    };
    let _ = run;
}

#[test]
#[should_panic]
fn process_child_wait_with_output_1() {
    super::in_a_green_thread(|| {
        use threadbare::process::{Command, Stdio};

        let child = Command::new("/bin/cat")
            .arg("file.txt")
            .stdout(Stdio::piped())
            .spawn()
            .expect("failed to execute child");

        let output = child.wait_with_output().expect("failed to wait on child");

        assert!(output.status.success());
    });
}

#[test]
fn process_exit_1() {
    super::in_a_green_thread(|| {
        use threadbare::io::Error as MyError;
        fn main() -> Result<(), MyError> {
            // ...
            Ok(())
        }
        super::finish(main());
    });
}

fn process_exit_2() {
    use threadbare::process;

    process::exit(0x0100);
}

fn process_abort_1() {
    use threadbare::process;

    fn main() {
        println!("aborting");

        process::abort();

        // execution never gets here
    }
}

fn process_abort_2() {
    use threadbare::process;

    struct HasDrop;

    impl Drop for HasDrop {
        fn drop(&mut self) {
            println!("This will never be printed!");
        }
    }

    fn main() {
        let _x = HasDrop;
        process::abort();
        // the destructor implemented for HasDrop will never get run
    }
}

fn process_id_1() {
    use threadbare::process;

    println!("My pid is {}", process::id());
}

fn unix_process_commandext_process_group_1() {
    let run = || {
        use threadbare::os::unix::process::CommandExt;
        use threadbare::process::Command;

        Command::new("sleep").arg("10").process_group(0).spawn()?.wait()?;

        Ok::<_, Box<dyn std::error::Error>>(())
    };
    let _ = run;
}
