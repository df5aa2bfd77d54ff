//! Slow heads: those of `slow_heads` are ended and counted, those of `dripped` are answered.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use readily_benches::driver::HOLDING;
use readily_benches::failure::Failure;
use readily_benches::slow::Slow;

use crate::{DRIPPED, SLOW_HEADS, assert_one_line, run};

const CONNECTIONS: u64 = 5;

/// What becomes of a connection after its first byte.
#[derive(Clone, Copy)]
enum Then {
    /// It is told so, and closed.
    Refuse,
    /// It is closed.
    Close,
    /// Nothing.
    Keep,
    /// It is answered, whole or not.
    Answer,
}

#[test]
fn ends_are_counted() -> Result<(), Failure> {
    for (then, gone, told) in [
        (Then::Refuse, CONNECTIONS, CONNECTIONS),
        (Then::Close, CONNECTIONS, 0),
        (Then::Keep, 0, 0),
    ] {
        let output = run(SLOW_HEADS, &words(then, "--json")?)?;
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (first, second) = text.split_once('\n').unwrap_or_default();
        assert_eq!(first, HOLDING);
        let slow = Slow::from_json(second)?;
        assert_eq!((slow.opened, slow.gone, slow.told), (CONNECTIONS, gone, told));
        assert!(slow.shortest <= slow.median && slow.median <= slow.longest, "{slow:?}");
    }
    Ok(())
}

#[test]
fn an_answer_to_half_a_head_is_a_failure() -> Result<(), Failure> {
    let output = run(SLOW_HEADS, &words(Then::Answer, "")?)?;
    assert_eq!(output.status.code(), Some(1));
    assert_one_line(&output, "was answered \"HTTP/1.1 200 OK\"");
    Ok(())
}

#[test]
fn dripped_heads_are_answered() -> Result<(), Failure> {
    for words in [
        "--level wire --head 256 --piece 1 --heads 1",
        "--level wire --head 16384 --piece 7 --heads 2",
        "--level server --head 16384 --piece 16384 --heads 2",
        "--head 1000 --piece 1 --heads 3",
    ] {
        let output = run(DRIPPED, words)?;
        assert!(output.status.success(), "{words}: {output:?}");
    }
    Ok(())
}

#[test]
fn bad_arguments_are_one_line_and_exit_code_2() -> Result<(), Failure> {
    for (program, words, expected) in [
        (SLOW_HEADS, "--connect 127.0.0.1:1", "--connections is missing"),
        (SLOW_HEADS, "--connect 127.0.0.1:1 --connections 0", "--connections is at least 1"),
        (SLOW_HEADS, "--connect 127.0.0.1:1 --connections 1 --every 0", "--every is more than 0"),
        (DRIPPED, "--head 1 --piece 1 --heads 1", "--head is 256 to 16384"),
        (DRIPPED, "--head 256 --piece 0 --heads 1", "--piece and --heads are at least 1"),
        (DRIPPED, "--head 256 --piece 1 --heads 1 --level x", "wire or server is expected"),
    ] {
        let output = run(program, words)?;
        assert_eq!(output.status.code(), Some(2), "{words}");
        assert_one_line(&output, expected);
    }
    Ok(())
}

/// The arguments for a server that does so with each connection.
fn words(then: Then, more: &str) -> Result<String, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        let mut kept = Vec::new();
        for mut stream in listener.incoming().flatten() {
            let mut byte = [0];
            let _ = stream.set_read_timeout(Some(Duration::from_secs(20)));
            let said = match (stream.read(&mut byte), then) {
                (Ok(_), Then::Refuse) => "HTTP/1.1 408 Request Timeout\r\n\r\n",
                (Ok(_), Then::Answer) => "HTTP/1.1 200 OK\r\n\r\n",
                _ => "",
            };
            let _ = stream.write_all(said.as_bytes());
            if matches!(then, Then::Keep) {
                kept.push(stream);
            }
        }
    });
    // Only what never ends is waited for in vain.
    let patience = if matches!(then, Then::Keep) { 0.2 } else { 60.0 };
    Ok(format!("--connect {address} --connections {CONNECTIONS} --patience {patience} {more}"))
}
