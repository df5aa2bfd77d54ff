//! `key_value` over sockets: what needs several connections, or a kernel between the two sides.

use std::thread;

use crate::client::Client;
use crate::server::Server;

const NAME: &str = "key_value";
const VALUE_MAX: usize = 64 * 1024;

fn log_in(server: &Server) -> Client {
    let mut client = Client::connect(server.ip());
    client.send("AUTH sesame\n").reads("OK\n");
    client
}

/// The last line that the server prints.
fn counted(server: Server) -> String {
    server.stop().pop().expect("a line")
}

#[test]
fn a_conversation_byte_by_byte() {
    let server = Server::on_loopback(NAME, &["--password", "open"]);
    let mut client = Client::connect(server.ip());
    for byte in b"AUTH open\r\nSET a 5\r\nhello\r\nGET a\nGET b\nNO\nQUIT\n" {
        client.send([*byte]);
    }
    let answer = client.rest();
    let expected = "OK\nOK\nVALUE 5\nhello\nNONE\nERROR unknown command\nBYE\n";
    assert_eq!(String::from_utf8_lossy(&answer), expected);
    drop(client);
    assert_eq!(counted(server), "keys 1, subscribers 0, dropped 0, unknown command 1");
}

#[test]
fn the_trace_names_the_states() {
    let server = Server::on_loopback(NAME, &["--trace"]);
    let mut client = log_in(&server);
    server.until(&[" Login [", "in=12 out=3 -> Ready"]);
    client.send("GET a\n").reads("NONE\n");
    server.until(&[" Ready [", "in=6 out=5 -> Ready"]);
    client.send("SUBSCRIBE a\n").reads("OK\n");
    server.until(&[" Ready [", "in=12 out=3 -> Subscribed"]);
    client.send("QUIT\n").reads("BYE\n").ends();
    server.until(&["ended: finished"]);
    drop(client);
    server.stop();
}

#[test]
fn subscribers_are_told_and_one_that_leaves_is_forgotten() {
    let server = Server::on_loopback(NAME, &[]);
    let mut setter = log_in(&server);
    let mut subscribers: Vec<Client> = (0..3).map(|_| log_in(&server)).collect();
    for subscriber in &mut subscribers {
        subscriber.send("SUBSCRIBE a\nSUBSCRIBE b\n").reads("OK\nOK\n");
    }
    setter.send("SET a 3\none\nSET c 3\nnot\nSET b 3\ntwo\n").reads("OK\nOK\nOK\n");
    for subscriber in &mut subscribers {
        subscriber.reads("CHANGED a 3\none\nCHANGED b 3\ntwo\n");
    }
    subscribers.remove(0).send("QUIT\n").reads("BYE\n").ends();
    // One that just goes away.
    drop(subscribers.remove(0));
    setter.send("SET a 5\nthree\n").reads("OK\n");
    subscribers[0].reads("CHANGED a 5\nthree\n");
    drop((setter, subscribers));
    assert_eq!(counted(server), "keys 3, subscribers 0, dropped 0");
}

#[test]
fn mistakes_are_answered_counted_and_disturb_nobody_else() {
    let server = Server::on_loopback(NAME, &[]);
    let mut other = log_in(&server);
    other.send("SET a 10\n01234");
    let too_long = "x".repeat(514);
    for (said, answer) in [
        ("AUTH guess\n", "ERROR wrong password\n"),
        ("SET a 5\n", "ERROR AUTH comes first\n"),
        (too_long.as_str(), "ERROR line too long\n"),
        ("AUTH sesame\nSET a 65537\n", "OK\nERROR value too large\n"),
        ("AUTH sesame\nSET a 4\nhello\n", "OK\nERROR the value is longer than it should be\n"),
    ] {
        // What follows is discarded, and must not cut the answer off by a reset.
        let mut client = Client::connect(server.ip());
        client.send(said).send("and more\n".repeat(2000));
        client.reads(answer).ends();
    }
    other.send("56789\nGET a\nNO\nQUIT\n").reads("OK\nVALUE 10\n0123456789\n");
    other.reads("ERROR unknown command\nBYE\n").ends();
    drop(other);
    assert_eq!(
        counted(server),
        "keys 1, subscribers 0, dropped 0, AUTH comes first 1, line too long 1, \
         the value is longer than it should be 1, unknown command 1, value too large 1, \
         wrong password 1"
    );
}

#[test]
fn many_requests_at_once_are_all_answered() {
    const MANY: usize = 20_000;
    let server = Server::on_loopback(NAME, &[]);
    let mut client = log_in(&server);
    let (mut sender, _) = client.halves();
    let sends = thread::spawn(move || {
        let requests = "SET a 1\nx\nGET a\n".repeat(MANY);
        std::io::copy(&mut requests.as_bytes(), &mut sender).expect("it is read");
    });
    client.reads(&"OK\nVALUE 1\nx\n".repeat(MANY));
    sends.join().expect("it sent all");
    client.send("QUIT\n").reads("BYE\n").ends();
    drop(client);
    server.stop();
}

#[test]
fn a_subscriber_that_does_not_read_holds_up_nobody_and_learns_what_it_missed() {
    const CHANGES: u64 = 400;
    let server = Server::on_loopback(NAME, &[]);
    let (mut setter, mut slow, mut quick) = (log_in(&server), log_in(&server), log_in(&server));
    slow.send("SUBSCRIBE a\n").reads("OK\n");
    quick.send("SUBSCRIBE a\n").reads("OK\n");
    let set = format!("SET a {VALUE_MAX}\n{}\n", "x".repeat(VALUE_MAX));
    for _ in 0..CHANGES {
        setter.send(&set).reads("OK\n");
        quick.reads("CHANGED a 65536\n").skip(VALUE_MAX as u64 + 1);
    }
    let (mut changed, mut dropped) = (0, 0);
    while changed + dropped < CHANGES {
        match slow.line().split_once(' ') {
            Some(("CHANGED", "a 65536")) => {
                slow.skip(VALUE_MAX as u64 + 1);
                changed += 1;
            }
            Some(("DROPPED", n)) => dropped += n.parse::<u64>().expect("a number"),
            other => panic!("{other:?}"),
        }
    }
    assert!(changed > 0 && dropped > 0, "{changed} changes and {dropped} dropped");
    slow.send("QUIT\n").reads("BYE\n").ends();
    drop((setter, slow, quick));
    assert_eq!(counted(server), format!("keys 1, subscribers 0, dropped {dropped}"));
}

#[test]
fn a_drain_says_goodbye() {
    let server = Server::on_loopback(NAME, &[]);
    let mut clients = [log_in(&server), log_in(&server), Client::connect(server.ip())];
    clients[1].send("SUBSCRIBE a\n").reads("OK\n");
    clients[2].send("AUTH sesame\n").reads("OK\n").send("SET a 3\n12");
    server.terminate();
    clients[0].reads("BYE\n").end().ends();
    clients[1].reads("BYE\n").end().ends();
    clients[2].send("3\n").reads("OK\nBYE\n").end().ends();
    assert_eq!(server.ends(), ["keys 1, subscribers 0, dropped 0"]);
}
