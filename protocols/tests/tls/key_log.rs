//! The keys of sessions, written down for whoever debugs.

use std::process::Command;

use readily_protocols::tls::{KeyLog, Settings};

use crate::authority::{Authority, P256, client, meet, server, settings, shelf};
use crate::pair::BOTH;

const VARIABLE: &str = "SSLKEYLOGFILE";
const ITSELF: &str = "key_log::they_go_to_the_file_that_the_environment_names_and_only_if_asked";

/// A server that writes them down, or not, and a client of each version.
fn serve(key_log: KeyLog) {
    let certificates = shelf(&[&Authority::shared().server(&["a.example"], P256)]);
    let server = server(Settings { key_log, ..settings(&certificates) });
    for version in BOTH {
        assert_eq!(meet(&server, &client(version, None), "a.example").server_says, Ok(()));
    }
}

#[test]
fn they_go_to_the_file_that_the_environment_names_and_only_if_asked() {
    if let Ok(path) = std::env::var(VARIABLE) {
        // The environment is a process's: this is the one that was made for it.
        serve(KeyLog::Off);
        assert!(!std::fs::exists(path).expect("a folder"), "nobody has asked for it");
        return serve(KeyLog::FromEnv);
    }
    let path = std::env::temp_dir().join(format!("readily-{}-keys", std::process::id()));
    let itself = std::env::current_exe().expect("a program");
    let ran = Command::new(itself).args([ITSELF, "--exact"]).env(VARIABLE, &path).output();
    assert!(ran.expect("it runs").status.success());
    let log = std::fs::read_to_string(&path).expect("a file");
    let _ = std::fs::remove_file(&path);
    let lines = |label| log.lines().filter(|line| line.split(' ').next() == Some(label)).count();
    let labels =
        ["CLIENT_RANDOM", "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0", "EXPORTER_SECRET"];
    assert_eq!(labels.map(lines), [1; 4], "{log}");
}
