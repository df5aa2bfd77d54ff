//! Heads that others read in two ways, each by the row of the catalogue that it belongs to.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::SystemTime;

use readily_protocols::contract::{
    Address, Block, Effects, Fault, Id, Io, Machine, Marks, Next, Origin, Outbox, Peer, Remote, Rx,
    Secured, Signals, Tx,
};
use readily_protocols::http1::reason::*;
use readily_protocols::http1::wire::ServerSide;
use readily_protocols::http1::{Limits, Server, Starts};

use crate::seeds::Random;
use crate::site::Site;
use crate::support::{Conn, World, ask, codes, get, site};

/// Each a request, with what is refused. `<H>` is a good line, the others are names of fields.
fn check(rows: &[(&str, &str, u16, &'static str)]) {
    for (id, input, code, reason) in rows {
        let input = input.replace("<H>", "Host: a\r\n").replace("<L>", "Content-Length:");
        let input = input.replace("<T>", "Transfer-Encoding:").replace("<E>", "Expect:");
        let outcome = ask(input.as_bytes());
        assert_eq!(outcome, (vec![*code], Some(Err(Fault::Peer(reason)))), "{id}: {input:?}");
        // Whatever is sent behind it is not looked at.
        let behind = format!("{input}GET /poison HTTP/1.1\r\nHost: a\r\n\r\n");
        let mut script = site();
        script.feed(behind.as_bytes());
        assert_eq!(codes(&script), [*code], "{id} with more: {input:?}");
        assert!(script.app().seen.is_empty(), "{id}: {input:?}");
    }
}

#[test]
fn c1_a_length_and_a_coding() {
    check(&[
        ("C1", "POST / HTTP/1.1\r\n<H><L> 4\r\n<T> chunked\r\n\r\n", 400, LENGTH_AND_CODING),
        ("C1", "POST / HTTP/1.1\r\n<H><T> chunked\r\n<L> 4\r\n\r\n", 400, LENGTH_AND_CODING),
        (
            "C1",
            "POST / HTTP/1.1\r\n<H>transfer-encoding: x\r\nCONTENT-LENGTH: 0\r\n\r\n",
            400,
            LENGTH_AND_CODING,
        ),
        ("C1", "POST / HTTP/1.0\r\n<H><T> chunked\r\n<L> 4\r\n\r\n", 400, LENGTH_AND_CODING),
    ]);
}

#[test]
fn c2_codings() {
    check(&[
        ("C2 VT", "POST / HTTP/1.1\r\n<H><T> chunked\x0b\r\n\r\n", 400, MALFORMED),
        ("C2 FF", "POST / HTTP/1.1\r\n<H><T> \x0cchunked\r\n\r\n", 400, MALFORMED),
        ("C2 NUL", "POST / HTTP/1.1\r\n<H><T> chunked\0\r\n\r\n", 400, MALFORMED),
        (
            "C2 two lines",
            "POST / HTTP/1.1\r\n<H><T> chunked\r\n<T> chunked\r\n\r\n",
            400,
            BAD_CODING,
        ),
        (
            "C2 two lines",
            "POST / HTTP/1.1\r\n<H><T> chunked\r\n<T> identity\r\n\r\n",
            400,
            BAD_CODING,
        ),
    ]);
    // The one that is taken, in any case, with any space around it.
    for coding in ["chunked", " CHUNKED", " \t chunked \t"] {
        let input = format!(
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:{coding}\r\n\r\n0\r\n\r\n"
        );
        assert_eq!(ask(input.as_bytes()), (vec![200], None), "{coding:?}");
    }
    for coding in [
        "xchunked",
        "chunkedx",
        "chunk",
        "chunked, chunked",
        ",chunked",
        "chunked,",
        "identity",
        "gzip",
        "gzip, chunked",
        "chunked, gzip",
        "chunked;q=1",
        "chunked; a=b",
        "\"chunked\"",
        "'chunked'",
        "chunked chunked",
        "chun ked",
        "x chunked",
        "",
        ",",
        "chunked\u{a0}",
        "\u{a0}chunked",
        "chunked\u{85}",
        "ch\u{fc}nked",
        "cow",
        "[chunked]",
    ] {
        let input = format!("POST / HTTP/1.1\r\n<H><T> {coding}\r\n\r\n");
        check(&[("C2", &input, 400, BAD_CODING)]);
    }
}

/// Lists, tokens, quotes and space: what codings and lengths are made of.
fn value(random: &mut Random, words: &[&str]) -> String {
    const MARKS: [&str; 9] = ["", "", "", ",", " ", "\t", ";", "\"", "x"];
    (0..=random.below(3)).fold(String::new(), |text, _| {
        let (word, mark) = (words[random.below(words.len())], MARKS[random.below(9)]);
        let turned = if random.below(4) == 0 { word.to_ascii_uppercase() } else { word.to_owned() };
        if random.below(2) == 0 { text + mark + &turned } else { text + &turned + mark }
    })
}

/// Whether a head with that field is taken.
fn is_taken(field: &str) -> bool {
    let (mut http, mut starts) = (ServerSide::new(), Starts::new());
    let head = format!("POST / HTTP/1.1\r\nHost: a\r\n{field}\r\n\r\n");
    http.receive(head.as_bytes(), &Limits::DEFAULT, &mut starts).is_ok()
}

#[test]
fn c2_and_c3_values_made_at_random() {
    let mut random = Random(2);
    let mut taken = (0, 0);
    for _ in 0..100_000 {
        let coding = value(&mut random, &["chunked", "chunked", "", "gzip", "identity"]);
        let bare = coding.trim_matches([' ', '\t']);
        let is_one = is_taken(&format!("Transfer-Encoding:{coding}"));
        assert_eq!(is_one, bare.eq_ignore_ascii_case("chunked"), "{coding:?}");
        let length = value(&mut random, &["0", "1", "23", "", "1234567890", "a", "+", "-", "0x"]);
        let bare = length.trim_matches([' ', '\t']);
        let is_number = !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_digit());
        let is_length = is_taken(&format!("Content-Length:{length}"));
        assert_eq!(is_length, is_number && bare.len() <= 19, "{length:?}");
        taken = (taken.0 + usize::from(is_one), taken.1 + usize::from(is_length));
    }
    assert!(taken.0 > 1000 && taken.1 > 1000, "{taken:?}");
}

#[test]
fn c3_lengths() {
    for length in [
        "",
        "+1",
        "-1",
        " ",
        "0x1",
        "1_0",
        "1,1",
        "1, 1",
        "1 1",
        "1.0",
        "1e1",
        "one",
        "\u{661}",
        "\"1\"",
        "1;",
        "00000000000000000001",
        "18446744073709551616",
        "99999999999999999999",
        "1\t1",
        "4294967296x",
        "0b1",
        "0o1",
        ",1",
        "1,",
    ] {
        let input = format!("POST / HTTP/1.1\r\n<H><L> {length}\r\n\r\n");
        check(&[("C3", &input, 400, BAD_LENGTH)]);
    }
    for (first, second) in [("4", "4"), ("4", "5"), ("0", "4"), ("4", "")] {
        let input =
            format!("POST / HTTP/1.1\r\n<H><L> {first}\r\nContent-length: {second}\r\n\r\n");
        check(&[("C3 two lines", &input, 400, BAD_LENGTH)]);
    }
    // 19 digits are a number, and too large; so is what does not fit 32 bits.
    for length in ["9999999999999999999", "4294967296", "4294967300", "1048577"] {
        let input = format!("POST / HTTP/1.1\r\n<H><L> {length}\r\n\r\n");
        check(&[("C3", &input, 413, BODY_TOO_LARGE)]);
    }
    // Zeros in front do no harm: 1*DIGIT.
    let outcome =
        ask(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0000000000000000004\r\n\r\nbody");
    assert_eq!(outcome, (vec![200], None));
}

#[test]
fn c7_line_ends() {
    check(&[
        ("C7 LF", "GET / HTTP/1.1\n<H>\r\n", 400, BARE_LF),
        ("C7 LF", "GET / HTTP/1.1\r\nHost: a\n\r\n", 400, BARE_LF),
        ("C7 LF", "GET / HTTP/1.1\r\n<H>\n", 400, BARE_LF),
        ("C7 LF", "GET / HTTP/1.1\r\n<H>A: b\nSmug: x\r\n\r\n", 400, BARE_LF),
        ("C7 LF LF", "GET / HTTP/1.1\r\nHost: a\n\n", 400, BARE_LF),
        ("C7 CR", "GET / HTTP/1.1\r<H>\r\n", 400, BARE_LF),
        ("C7 CR", "GET / HTTP/1.1\r\nHost: a\r\r\n", 400, BARE_LF),
        ("C7 CR", "GET / HTTP/1.1\r\n<H>A: b\rc\r\n\r\n", 400, BARE_LF),
        ("C7 CR in a name", "GET / HTTP/1.1\r\n<H>Acc\rept: b\r\n\r\n", 400, BARE_LF),
        ("C7 CR CR LF", "GET / HTTP/1.1\r\n<H>\r\r\n", 400, BARE_LF),
        ("C7 CR in the target", "GET /\r HTTP/1.1\r\n<H>\r\n", 400, BARE_LF),
        ("C7 LF in front", "\nGET / HTTP/1.1\r\n<H>\r\n", 400, BARE_LF),
        ("C7 two empty lines", "\r\n\r\nGET / HTTP/1.1\r\n<H>\r\n", 400, MALFORMED),
        ("C7 CR in front", "\rGET / HTTP/1.1\r\n<H>\r\n", 400, BARE_LF),
    ]);
}

#[test]
fn c8_space_in_field_lines() {
    check(&[
        ("C8 before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400, MALFORMED),
        ("C8 tab", "GET / HTTP/1.1\r\n<H>A\t: b\r\n\r\n", 400, MALFORMED),
        ("C8 first", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400, MALFORMED),
        ("C8 first", "GET / HTTP/1.1\r\n\tHost: a\r\n\r\n", 400, MALFORMED),
        ("C8 fold", "GET / HTTP/1.1\r\n<H>A: b\r\n c\r\n\r\n", 400, MALFORMED),
        ("C8 fold", "GET / HTTP/1.1\r\n<H>A: b\r\n\tc: d\r\n\r\n", 400, MALFORMED),
        (
            "C8 name on two lines",
            "GET / HTTP/1.1\r\n<H>Transfer-\r\nEncoding: chunked\r\n\r\n",
            400,
            MALFORMED,
        ),
        ("C8 no colon", "GET / HTTP/1.1\r\n<H>A\r\n\r\n", 400, MALFORMED),
        ("C8 space inside", "GET / HTTP/1.1\r\n<H>A b: c\r\n\r\n", 400, MALFORMED),
        ("C8 only space", "GET / HTTP/1.1\r\n<H> \r\n\r\n", 400, MALFORMED),
    ]);
}

#[test]
fn c9_bytes_of_names_and_values() {
    for byte in 0..=u8::MAX {
        let is_control = byte < b' ' || byte == 0x7f;
        let in_name = [b"GET / HTTP/1.1\r\nHost: a\r\nA", &[byte][..], b"B: c\r\n\r\n"].concat();
        let is_token = byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        // A colon in a name is the end of a shorter one.
        let good = is_token || byte == b':';
        assert_eq!(ask(&in_name).0, [if good { 200 } else { 400 }], "name {byte:#04x}");
        let in_value = [b"GET / HTTP/1.1\r\nHost: a\r\nA: b", &[byte][..], b"c\r\n\r\n"].concat();
        let good = !is_control || byte == b'\t';
        assert_eq!(ask(&in_value).0, [if good { 200 } else { 400 }], "value {byte:#04x}");
        // The same where names and values are looked at eight and sixteen bytes at a time.
        for at in 0..24 {
            let mut text = *b"aaaaaaaaaaaaaaaaaaaaaaaa";
            text[at] = byte;
            let long = [b"GET / HTTP/1.1\r\nHost: a\r\nA: ", &text[..], b"\r\n\r\n"].concat();
            assert_eq!(ask(&long).0, [if good { 200 } else { 400 }], "value {byte:#04x} at {at}");
            let long = [b"GET / HTTP/1.1\r\nHost: a\r\n", &text[..], b": b\r\n\r\n"].concat();
            let good = is_token || (byte == b':' && at > 0);
            assert_eq!(ask(&long).0, [if good { 200 } else { 400 }], "name {byte:#04x} at {at}");
        }
    }
    check(&[("C9 empty name", "GET / HTTP/1.1\r\n<H>: b\r\n\r\n", 400, MALFORMED)]);
}

#[test]
fn c10_hosts() {
    check(&[
        ("C10 none", "GET / HTTP/1.1\r\n\r\n", 400, BAD_HOST),
        ("C10 two", "GET / HTTP/1.1\r\n<H><H>\r\n", 400, BAD_HOST),
        ("C10 two in 1.0", "GET / HTTP/1.0\r\n<H>Host: b\r\n\r\n", 400, BAD_HOST),
        ("C10 mismatch", "GET http://b/ HTTP/1.1\r\n<H>\r\n", 400, HOST_MISMATCH),
        ("C10 mismatch", "GET http://a:80/ HTTP/1.1\r\n<H>\r\n", 400, HOST_MISMATCH),
        ("C10 mismatch", "GET http://a/ HTTP/1.1\r\nHost: a:80\r\n\r\n", 400, HOST_MISMATCH),
        ("C10 whole URI, no host", "GET http://a/ HTTP/1.1\r\n\r\n", 400, BAD_HOST),
        ("C10 user", "GET http://u@a/ HTTP/1.1\r\n<H>\r\n", 400, BAD_TARGET),
        ("C10 no authority", "GET http:/// HTTP/1.1\r\n<H>\r\n", 400, BAD_TARGET),
        ("C10 scheme", "GET ftp://a/ HTTP/1.1\r\n<H>\r\n", 400, BAD_TARGET),
    ]);
    for host in [
        "", " ", "a,b", "a, a", "u@a", "u:p@a", "a/b", "http://a", "a b", "a:", "a:x", "a:99999",
        "[::1", "a#b", "a?b", "\u{e9}",
    ] {
        let input = format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        check(&[("C10", &input, 400, BAD_HOST)]);
    }
    for host in ["a", "A.example:8080", "[::1]:80", "127.0.0.1"] {
        let input = format!("GET http://{host}/ HTTP/1.1\r\nHost: {host}\r\n\r\n");
        assert_eq!(ask(input.as_bytes()), (vec![200], None), "{host}");
    }
    assert_eq!(ask(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), (vec![200], None));
}

/// What comes of a request on a connection that was secured for that name.
fn on_secured(name: Option<&str>, input: &[u8]) -> Result<Next, Fault> {
    let secured = Secured { server_name: name.map(Into::into), ..Secured::default() };
    let address = Address::from(SocketAddr::from((Ipv4Addr::LOCALHOST, 1)));
    let remote = Remote::from(Origin { address, secured: Some(secured) });
    let now = site().effects().now();
    let outbox = Outbox::new(0, Box::new(|| ()));
    let mut fx = Effects::new(now, SystemTime::UNIX_EPOCH, 1, outbox.into());
    let (mut app, mut rx, mut tx) = (World::default(), Rx::new(1 << 16), Tx::new(Marks::default()));
    rx.lend(Block::new(input.len()));
    rx.space().copy_from_slice(input);
    rx.commit(input.len());
    let (ends, link) = ((&mut rx, &mut tx), (Peer::None, Signals(0)));
    let mut io = Io::new(Id { index: 0, generation: 1 }, &remote, ends, link, &mut app, &mut fx);
    Conn::Http(Server::new(Site::new(Limits::DEFAULT))).advance(&mut io)
}

#[test]
fn c10_a_host_that_the_connection_was_not_secured_for() {
    let misdirected = Err(Fault::Peer(MISDIRECTED));
    for (name, host, outcome) in [
        (Some("a.example"), "a.example", Ok(Next::Wait)),
        (Some("a.example"), "A.Example:443", Ok(Next::Wait)),
        (Some("a.example"), "b.example", misdirected),
        (Some("a.example"), "a.example.org", misdirected),
        (Some("a.example"), "127.0.0.1", misdirected),
        (None, "b.example", Ok(Next::Wait)),
    ] {
        let input = format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        assert_eq!(on_secured(name, input.as_bytes()), outcome, "{name:?} {host}");
        let input = format!("GET http://{host}/ HTTP/1.1\r\nHost: {host}\r\n\r\n");
        assert_eq!(on_secured(name, input.as_bytes()), outcome, "{name:?} http://{host}/");
    }
}

#[test]
fn c11_request_lines() {
    check(&[
        ("C11 tab", "GET\t/ HTTP/1.1\r\n<H>\r\n", 400, MALFORMED),
        ("C11 tab", "GET /\tHTTP/1.1\r\n<H>\r\n", 400, MALFORMED),
        ("C11 two spaces", "GET  / HTTP/1.1\r\n<H>\r\n", 400, BAD_TARGET),
        ("C11 two spaces", "GET /  HTTP/1.1\r\n<H>\r\n", 400, BAD_TARGET),
        ("C11 space in front", " GET / HTTP/1.1\r\n<H>\r\n", 400, MALFORMED),
        ("C11 space behind", "GET / HTTP/1.1 \r\n<H>\r\n", 400, MALFORMED),
        ("C11 space inside", "GET /a b HTTP/1.1\r\n<H>\r\n", 400, BAD_TARGET),
        ("C11 no target", "GET HTTP/1.1\r\n<H>\r\n", 400, MALFORMED),
        ("C11 no target", "GET  HTTP/1.1\r\n<H>\r\n", 400, BAD_TARGET),
        ("C11 no method", "/ HTTP/1.1\r\n<H>\r\n", 400, MALFORMED),
        ("C11 method no token", "GE(T / HTTP/1.1\r\n<H>\r\n", 400, MALFORMED),
        ("C11 method no token", "G\u{e9}T / HTTP/1.1\r\n<H>\r\n", 400, MALFORMED),
        ("C11 colon in the method", "GET:/ / HTTP/1.1\r\n<H>\r\n", 400, MALFORMED),
        ("C11 fragment", "GET /#a HTTP/1.1\r\n<H>\r\n", 400, BAD_TARGET),
        ("C11 raw UTF-8", "GET /\u{e9} HTTP/1.1\r\n<H>\r\n", 400, BAD_TARGET),
        ("C11 control", "GET /\x01 HTTP/1.1\r\n<H>\r\n", 400, MALFORMED),
        ("C11 DEL", "GET /\x7f HTTP/1.1\r\n<H>\r\n", 400, MALFORMED),
        ("C11 NUL", "GET /%00 HTTP/1.1\r\n<H>\r\n", 400, BAD_TARGET),
        ("C11 escape", "GET /%2 HTTP/1.1\r\n<H>\r\n", 400, BAD_TARGET),
        ("C11 escape", "GET /%zz HTTP/1.1\r\n<H>\r\n", 400, BAD_TARGET),
        ("C11 backslash", "GET /\\a HTTP/1.1\r\n<H>\r\n", 400, BAD_TARGET),
        ("C11 quote", "GET /\"a HTTP/1.1\r\n<H>\r\n", 400, BAD_TARGET),
        ("C11 no slash", "GET a HTTP/1.1\r\n<H>\r\n", 400, BAD_TARGET),
        ("C11 authority", "GET a:80 HTTP/1.1\r\n<H>\r\n", 400, BAD_TARGET),
        ("C11 asterisk", "GET * HTTP/1.1\r\n<H>\r\n", 400, BAD_TARGET),
        ("C11 asterisk", "OPTIONS *a HTTP/1.1\r\n<H>\r\n", 400, BAD_TARGET),
        ("C11 0.9", "GET /\r\n\r\n", 400, MALFORMED),
        ("C11 version", "GET / HTTP/1.2\r\n<H>\r\n", 505, BAD_VERSION),
        ("C11 version", "GET / HTTP/0.9\r\n<H>\r\n", 505, BAD_VERSION),
        ("C11 version", "GET / HTTP/2.0\r\n<H>\r\n", 505, BAD_VERSION),
        ("C11 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, BAD_VERSION),
        ("C11 version", "GET / HTTP/1.10\r\n<H>\r\n", 400, MALFORMED),
        ("C11 version", "GET / HTTP/2\r\n<H>\r\n", 400, MALFORMED),
        ("C11 version", "GET / HTTP/ 1.1\r\n<H>\r\n", 400, MALFORMED),
        ("C11 version", "GET / http/1.1\r\n<H>\r\n", 400, MALFORMED),
        ("C11 version", "GET / HTTP/+1.1\r\n<H>\r\n", 400, MALFORMED),
        ("C11 version", "GET / HTTP/1,1\r\n<H>\r\n", 400, MALFORMED),
        ("C11 version alone", "HTTP/1.1\r\n<H>\r\n", 400, MALFORMED),
        ("C11 an answer", "HTTP/1.1 200 OK\r\n<H>\r\n", 400, MALFORMED),
        ("C11 TLS", "\x16\x03\x01\x02\0\x01\0\x01", 400, MALFORMED),
    ]);
    assert_eq!(ask(b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), (vec![404], None));
    // What browsers send as it is.
    assert_eq!(ask(&get("/?a[]=1&b={|}^`'", "")), (vec![200], None));
}

#[test]
fn c12_codings_in_http_1_0() {
    check(&[
        ("C12", "POST / HTTP/1.0\r\n<H><T> chunked\r\n\r\n", 400, BAD_CODING),
        ("C12", "POST / HTTP/1.0\r\n<H><T> identity\r\n\r\n", 400, BAD_CODING),
    ]);
    // A body without a length might be meant to end with the connection.
    check(&[
        ("C12 no length", "POST / HTTP/1.0\r\n\r\nbody", 411, LENGTH_REQUIRED),
        ("C12 no length", "PUT / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 411, LENGTH_REQUIRED),
        ("C12 no length", "PATCH / HTTP/1.0\r\n\r\n", 411, LENGTH_REQUIRED),
    ]);
}

#[test]
fn c17_expectations() {
    check(&[
        ("C17", "POST / HTTP/1.1\r\n<H><E> 200-ok\r\n<L> 1\r\n\r\n", 417, BAD_EXPECTATION),
        ("C17", "POST / HTTP/1.1\r\n<H>Expect:\r\n<L> 1\r\n\r\n", 417, BAD_EXPECTATION),
        ("C17", "GET / HTTP/1.1\r\n<H><E> 100-continue, x\r\n\r\n", 417, BAD_EXPECTATION),
        (
            "C17 twice",
            "POST / HTTP/1.1\r\n<H><E> 100-continue\r\n<E> 100-continue\r\n<L> 1\r\n\r\n",
            417,
            BAD_EXPECTATION,
        ),
    ]);
}

#[test]
fn c22_methods_that_are_off() {
    check(&[
        ("C22", "TRACE / HTTP/1.1\r\n<H>\r\n", 501, METHOD_OFF),
        ("C22", "CONNECT a:443 HTTP/1.1\r\n<H>\r\n", 501, METHOD_OFF),
        ("C22", "CONNECT / HTTP/1.0\r\n\r\n", 501, METHOD_OFF),
    ]);
}

#[test]
fn a_refusal_says_why_and_that_it_is_the_end() {
    let mut script = site();
    script.feed(b"GET / HTTP/1.1\r\n\r\n");
    let expected = "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\n\
        connection: close\r\ncontent-length: 22\r\n\r\na missing or bad host\n";
    assert_eq!(crate::support::said(&script), expected);
    let mut script = site();
    script.feed(b"HEAD / HTTP/1.1\r\n\r\n");
    let expected = expected.replace("a missing or bad host\n", "");
    assert_eq!(crate::support::said(&script), expected, "no body for HEAD");
}
