//! `showcase`: what its own table says, done.

use std::process::Command;

use crate::client::Client;
use crate::server::{Server, run, socket_path};

const NAME: &str = "showcase";

#[test]
fn each_command_of_its_table_works() {
    let path = socket_path("showcase");
    let server = Server::on_loopback(NAME, &["--unix", &path.display().to_string()]);
    let lines: Vec<&str> = server.preface.iter().map(String::as_str).collect();
    let names = ["TCP echo", "Unix echo", "UDP echo", "TCP relay", "key_value"];
    assert_eq!(lines.len(), 2 * names.len() + 1, "{lines:#?}");
    for (row, name) in lines.chunks_exact(2).zip(names) {
        assert!(row[0].starts_with(name), "{row:?}");
        let output = run(Command::new("timeout").args(["60", "bash", "-c", row[1]]));
        let expected = match name {
            "key_value" => "OK\nOK\nVALUE 5\nhello\nBYE\n",
            _ => "hello\n",
        };
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{row:?}\n{told}");
    }
    let last = server.stop().pop().expect("a line");
    let parts = ["open 0 | accepted 5 | in ", " | datagrams 1 | keys 1, subscribers 0, dropped 0"];
    assert!(parts.iter().all(|part| last.contains(part)), "{last}");
    assert!(!path.exists());
}

#[test]
fn it_ends_in_order_what_can_end() {
    let path = socket_path("ending");
    let server = Server::on_loopback(NAME, &["--unix", &path.display().to_string()]);
    let mut client = Client::connect(server.ip());
    client.send("hello\n").reads("hello\n");
    server.terminate();
    client.ends();
    drop(client);
    let printed = server.ends();
    let told = printed.iter().any(|line| line.starts_with("ending within 5s"));
    assert!(told, "{printed:#?}");
    let last = printed.last().expect("a line");
    assert!(last.starts_with("open 0 | accepted 1 | in 6 B out 6 B |"), "{last}");
}
