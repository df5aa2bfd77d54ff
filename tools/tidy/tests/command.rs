//! The command as CI runs it: what it prints and the code it exits with.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

#[test]
fn every_finding_is_printed_and_the_code_is_1() {
    let root = repository(
        "findings",
        &[
            ("protocols/src/a.rs", "fn a() {\n    Instant::now();\n    b.unwrap();\n}\n"),
            ("reactor/tests/b.rs", "fn b() {\n    std::thread::sleep(c);\n}\n"),
            ("ignored/c.rs", "fn c() {\n    todo!()\n}\n"),
            (".gitignore", "/ignored\n"),
        ],
    );
    let output = tidy(&[root.as_os_str()]);
    let expected = "\
protocols/src/a.rs:2: `Instant::now`; a protocol does no I/O, reads no clock and has one order of \
doing things
protocols/src/a.rs:3: `.unwrap()`; the library says what it does when there is nothing
reactor/tests/b.rs:2: `thread::sleep`; a test waits for the event, never for time
readily-tidy: looked at 3 files, found 3
";
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_tidy_repository_has_the_code_0() {
    let root = repository("tidy", &[("a.rs", "fn a() {}\n"), ("image", "\0\n")]);
    let output = tidy(&[root.as_os_str()]);
    let expected = "readily-tidy: looked at 1 files, found 0\n";
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_bad_argument_is_one_line_and_the_code_2() {
    let cases: [(&[&str], &str); 3] = [
        (&["--fast"], "no such option: --fast (usage: readily-tidy [--fence] [ROOT])"),
        (&["a", "b"], "more than one root: b (usage: readily-tidy [--fence] [ROOT])"),
        (&["no/such/folder"], "no/such/folder: not the root of a git repository"),
    ];
    for (arguments, why) in cases {
        let output = tidy(arguments);
        let expected = format!("readily-tidy: {why}\n");
        assert_eq!(String::from_utf8_lossy(&output.stderr), expected);
        assert_eq!(output.status.code(), Some(2));
    }
}

fn tidy(arguments: &[impl AsRef<std::ffi::OsStr>]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_readily-tidy"));
    command.args(arguments).env_remove("GIT_DIR").output().expect("the command runs")
}

/// A new git repository with these files in it, none of them added.
fn repository(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if root.exists() {
        fs::remove_dir_all(&root).expect("the last run's repository goes");
    }
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a file is in a folder"))
            .expect("a folder is made");
        fs::write(path, text).expect("a file is written");
    }
    let mut git = Command::new("git");
    git.args(["init", "--quiet"]).current_dir(&root).env_remove("GIT_DIR");
    assert!(git.status().expect("git runs").success());
    root
}
