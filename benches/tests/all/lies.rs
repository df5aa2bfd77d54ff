//! The load generator against servers that lie.

use std::io::{Read, Result, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use readily_benches::page::PAGE;

use crate::{LOAD, assert_one_line, run};

/// Answers the first bytes of each connection with what is left of `answers`, and stays.
fn liar(answers: Vec<Answer>) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || -> Result<()> {
        for answer in answers {
            let (mut stream, _) = listener.accept()?;
            let mut request = vec![0; 4096];
            let read = stream.read(&mut request)?;
            request.truncate(read);
            stream.write_all(&answer(request))?;
            // The end of the client, so that no reset overtakes the answer.
            stream.read_to_end(&mut Vec::new())?;
        }
        Ok(())
    });
    Ok(address)
}

type Answer = fn(Vec<u8>) -> Vec<u8>;

#[test]
fn every_lie_is_noticed() -> Result<()> {
    let echo = "--size 64";
    let http = "--protocol http";
    let websocket = "--protocol websocket --size 1";
    let lies: [(&str, Answer, &str); 9] = [
        (
            echo,
            |mut message| {
                message[63] ^= 1;
                message
            },
            "wrong byte",
        ),
        (
            echo,
            |mut message| {
                message.swap(0, 1);
                message
            },
            "wrong byte",
        ),
        (echo, |message| [message, vec![0]].concat(), "1 B that nobody sent"),
        (echo, |message| message[..63].to_vec(), "nothing for 1 s, 1 of 1 connections wait"),
        (http, |_| b"HTTP/1.1 404 Not Found\r\n\r\n".to_vec(), "status 404 instead of 200"),
        (http, |_| page("", &PAGE[1..]), "nothing for 1 s, 1 of 1 connections wait"),
        (http, |_| page("", &format!("{PAGE}!")), "1 B that nobody sent"),
        (websocket, |_| page("", PAGE), "status 200 instead of 101"),
        (websocket, |_| Vec::new(), "nothing for 1 s, 1 of 1 connections wait"),
    ];
    for (talk, lie, expected) in lies {
        let to = liar(vec![lie])?;
        let arguments = format!("--connect {to} --connections 1 {talk} --requests 1 --stall 1");
        let output = run(LOAD, &arguments)?;
        assert_eq!(output.status.code(), Some(1), "{expected}");
        assert_one_line(&output, expected);
    }
    Ok(())
}

/// An answer of 200 that promises the page.
fn page(headers: &str, body: &str) -> Vec<u8> {
    let length = PAGE.len();
    format!("HTTP/1.1 200 OK\r\n{headers}content-length: {length}\r\n\r\n{body}").into()
}

#[test]
fn an_answer_that_is_the_last_one_is_followed_by_a_new_connection() -> Result<()> {
    let last: Answer = |_| page("connection: close\r\n", PAGE);
    let to = liar(vec![last; 4])?;
    let arguments = format!("--connect {to} --connections 1 --protocol http --requests 3");
    let output = run(LOAD, &arguments)?;
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("3 round trips"), "{output:?}");
    Ok(())
}
