//! `http_api`: each route, what is refused, and what curl makes of it.

use std::time::{Duration, Instant};

use crate::client::Noise;
use crate::http::Http;
use crate::server::Server;
use crate::tools::{self, Scratch};

const NAME: &str = "http_api";
const JSON: &str = "content-type: application/json\r\n";
/// The largest body that describes a note, in bytes.
const NOTE_MAX: usize = 16 * 1024;

/// A request line, its body, the status, and the answer: `@` stands for a time.
const CASES: [(&str, &str, u16, &str); 34] = [
    ("GET /notes", "", 200, r#"{"notes":[]}"#),
    ("POST /notes", r#"{"text":"one"}"#, 201, r#"{"at":@,"id":1,"text":"one"}"#),
    ("POST /notes", r#"{"text":"\"two\"\n<b>"}"#, 201, r#"{"at":@,"id":2,"text":"\"two\"\n<b>"}"#),
    ("GET /notes/1", "", 200, r#"{"at":@,"id":1,"text":"one"}"#),
    ("PUT /notes/1", r#"{"text":"1"}"#, 200, r#"{"at":@,"id":1,"text":"1"}"#),
    ("DELETE /notes/2", "", 204, ""),
    ("DELETE /notes/2", "", 404, r#"{"error":"there is no such note"}"#),
    ("GET /notes", "", 200, r#"{"notes":[{"at":@,"id":1,"text":"1"}]}"#),
    ("POST /notes", "", 400, r#"{"error":"EOF while parsing a value at line 1 column 0"}"#),
    ("POST /notes", "{", 400, r#"{"error":"EOF while parsing an object at line 1 column 1"}"#),
    ("POST /notes", r#"{"text":""}"#, 400, r#"{"error":"the text is empty"}"#),
    ("PUT /notes/2", r#"{"text":"a"}"#, 404, r#"{"error":"there is no such note"}"#),
    ("GET /notes/0", "", 404, r#"{"error":"there is no such note"}"#),
    ("GET /notes/a", "", 400, r#"{"error":"a bad parameter: id"}"#),
    ("GET /notes/%ff", "", 400, r#"{"error":"a parameter that is no text: id"}"#),
    ("GET /notes/-1", "", 400, r#"{"error":"a bad parameter: id"}"#),
    ("GET /notes/", "", 404, r#"{"error":"there is nothing here"}"#),
    ("GET /none", "", 404, r#"{"error":"there is nothing here"}"#),
    ("PATCH /notes", "", 405, r#"{"error":"not by this method"}"#),
    ("DELETE /", "", 405, r#"{"error":"not by this method"}"#),
    ("OPTIONS /notes/1", "", 204, ""),
    ("GET /download/3", "", 200, "\0\u{1}\u{2}"),
    ("GET /download/0", "", 200, ""),
    ("GET /download/1e3", "", 400, r#"{"error":"a bad parameter: bytes"}"#),
    ("GET /download/1099511627777", "", 400, r#"{"error":"bytes is at most 1099511627776"}"#),
    ("GET /slow?ms=0", "", 200, r#"{"slept_ms":0}"#),
    ("GET /slow?ms=5", "", 200, r#"{"slept_ms":5}"#),
    ("GET /slow", "", 400, r#"{"error":"say how long: ?ms=250"}"#),
    ("GET /slow?ms=30001", "", 400, r#"{"error":"ms is at most 30000"}"#),
    ("GET /primes/100", "", 200, r#"{"below":100,"primes":25}"#),
    ("GET /primes/1000000", "", 200, r#"{"below":1000000,"primes":78498}"#),
    ("GET /primes/20000001", "", 400, r#"{"error":"n is at most 20000000"}"#),
    (
        "PUT /upload/a%20b",
        "abc",
        201,
        concat!(
            r#"{"bytes":3,"name":"a b","sha256":"#,
            r#""ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}"#
        ),
    ),
    (
        "PUT /upload/none",
        "",
        201,
        concat!(
            r#"{"bytes":0,"name":"none","sha256":"#,
            r#""e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}"#
        ),
    ),
];

#[test]
fn each_route_answers() {
    let server = Server::on_loopback(NAME, &[]);
    let mut http = Http::to(server.ip());
    for (line, body, status, expected) in CASES {
        let answer = http.ask(line, JSON, body.as_bytes());
        assert_eq!((answer.status, without_times(answer.text())), (status, expected.to_owned()));
        let is_json = expected.starts_with('{');
        assert_eq!(answer.header("content-type") == "application/json", is_json, "{line}");
        match line {
            "POST /notes" if status == 201 => {
                assert!(answer.header("location").starts_with("/notes/"))
            }
            "PATCH /notes" => assert_eq!(answer.header("allow"), "GET, HEAD, POST, OPTIONS"),
            "OPTIONS /notes/1" => {
                assert_eq!(answer.header("allow"), "GET, HEAD, PUT, DELETE, OPTIONS");
            }
            _ => {}
        }
        // The same without its body.
        if let Some(path) = line.strip_prefix("GET ").filter(|path| !path.starts_with("/primes")) {
            let head = http.ask(&format!("HEAD {path}"), "", b"");
            let of = |name| (head.header(name).to_owned(), answer.header(name).to_owned());
            assert_eq!((head.status, head.body.len()), (status, 0), "{line}");
            let (short, long) = of("content-length");
            assert_eq!(short, long, "{line}");
        }
    }
    drop(http);
    let printed = server.stop();
    assert!(printed[0].starts_with("connections 1, "), "{printed:#?}");
    assert_eq!(printed.len(), 1, "{printed:#?}");
}

/// The answers with each time as `@`.
fn without_times(text: &str) -> String {
    let mut parts = text.split(r#""at":"#);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + r#""at":@"# + part.trim_start_matches(|char: char| char.is_ascii_digit())
    })
}

#[test]
fn what_is_too_large_or_of_another_kind_is_refused() {
    let server = Server::on_loopback(NAME, &["--upload-max", "1000"]);
    let post = |body: &[u8], headers: &str| {
        let answer = Http::to(server.ip()).ask("POST /notes", headers, body);
        (answer.status, answer.text().to_owned())
    };
    let spaces = |length: usize| [br#"{"text":"a"}"#.as_slice(), &vec![b' '; length - 12]].concat();
    assert_eq!(post(&spaces(NOTE_MAX), JSON).0, 201);
    let too_long = r#"{"error":"a note has at most 16384 bytes"}"#;
    assert_eq!(post(&spaces(NOTE_MAX + 1), JSON), (413, too_long.to_owned()));
    let other_kind = r#"{"error":"the body must be application/json"}"#;
    assert_eq!(post(b"{}", "content-type: text/plain\r\n"), (415, other_kind.to_owned()));
    assert_eq!(
        post(br#"{"text":"a"}"#, "content-type: Application/JSON; charset=utf-8\r\n").0,
        201
    );
    let mut http = Http::to(server.ip());
    assert_eq!(http.ask("PUT /upload/a", "", &[0; 1000]).status, 201);
    // What is too long, or what no route takes, is not waited for.
    for (line, status, text) in [
        ("PUT /upload/a", 413, r#"{"error":"an upload has at most 1000 bytes"}"#),
        ("POST /notes", 413, too_long),
        ("POST /none", 404, r#"{"error":"there is nothing here"}"#),
    ] {
        let mut http = Http::to(server.ip());
        let length = "host: a\r\ncontent-length: 1000000\r\n";
        let answer = http.send(format!("{line} HTTP/1.1\r\n{length}\r\n")).answer(false);
        assert_eq!((answer.status, answer.text()), (status, text));
        assert_eq!(answer.header("connection"), "close", "{line}");
        http.ends();
    }
    // Whoever does not say how much comes is stopped by the server itself.
    let mut http = Http::to(server.ip());
    let chunks = ["transfer-encoding: chunked\r\n\r\n", "3e9\r\n", &"a".repeat(1001)].concat();
    http.send(format!("PUT /upload/a HTTP/1.1\r\nhost: a\r\n{chunks}"));
    assert_eq!(http.answer(false).status, 413);
    server.stop();
}

#[test]
fn others_are_served_while_somebody_waits() {
    let server = Server::on_loopback(NAME, &[]);
    let (mut slow, mut other) = (Http::to(server.ip()), Http::to(server.ip()));
    let began = Instant::now();
    slow.send("GET /slow?ms=300 HTTP/1.1\r\nhost: a\r\n\r\nGET /notes HTTP/1.1\r\nhost: a\r\n\r\n");
    for _ in 0..100 {
        assert_eq!(other.ask("GET /notes", "", b"").status, 200);
    }
    assert_eq!(slow.answer(false).text(), r#"{"slept_ms":300}"#);
    assert!(began.elapsed() >= Duration::from_millis(300));
    // What was asked behind it has waited for it.
    assert_eq!(slow.answer(false).text(), r#"{"notes":[]}"#);
    server.stop();
}

#[test]
fn whoever_listens_hears_each_change() {
    let server = Server::on_loopback(NAME, &[]);
    let listen = |headers: &str| {
        let mut http = Http::to(server.ip());
        http.send(format!("GET /events HTTP/1.1\r\nhost: a\r\n{headers}\r\n"));
        let head = http.head();
        assert_eq!((head.status, head.header("content-type")), (200, "text/event-stream"));
        assert_eq!(head.header("cache-control"), "no-store");
        http
    };
    let hears = |http: &mut Http| {
        let mut event = Vec::new();
        http.chunk(&mut event);
        without_times(&String::from_utf8(event).expect("UTF-8"))
    };
    let mut first = listen("");
    assert_eq!(hears(&mut first), "retry: 1000\n\n");
    let mut http = Http::to(server.ip());
    let events = [
        ("POST /notes", r#"{"text":"a"}"#, r#"added|{"at":@,"id":1,"text":"a"}"#),
        ("PUT /notes/1", r#"{"text":"b\nc"}"#, r#"changed|{"at":@,"id":1,"text":"b\nc"}"#),
        ("GET /notes", "", ""),
        ("DELETE /notes/1", "", r#"removed|{"id":1}"#),
    ];
    let mut all = Vec::new();
    for (line, body, event) in events {
        assert!(http.ask(line, JSON, body.as_bytes()).status < 300, "{line}");
        if let Some((name, data)) = event.split_once('|') {
            let id = all.len() + 1;
            all.push(format!("event: {name}\nid: {id}\ndata: {data}\n\n"));
            assert_eq!(hears(&mut first), all[id - 1]);
        }
    }
    // Whoever was cut off hears what it has missed, as far as that is kept.
    let mut again = listen("last-event-id: 1\r\n");
    let heard: Vec<String> = (0..3).map(|_| hears(&mut again)).collect();
    assert_eq!(heard[1..], all[1..]);
    let mut stranger = listen("last-event-id: none of yours\r\n");
    assert_eq!(hears(&mut stranger), "retry: 1000\n\n");
    // A drain ends the streams in order.
    server.terminate();
    for mut http in [first, again, stranger] {
        assert_eq!(http.chunk(&mut Vec::new()), 0);
    }
    server.ends();
}

#[test]
fn a_listener_that_reads_nothing_is_cut_off_and_the_others_are_not() {
    let server = Server::on_loopback(NAME, &[]);
    let mut deaf = Http::to(server.ip());
    deaf.send("GET /events HTTP/1.1\r\nhost: a\r\n\r\n").head();
    let mut http = Http::to(server.ip());
    let body = format!(r#"{{"text":"{}"}}"#, "€".repeat(2000));
    assert_eq!(http.ask("POST /notes", JSON, body.as_bytes()).status, 201);
    let is_cut = |http: &mut Http| {
        let counts = http.ask("GET /metrics", "", b"");
        let name = r#"event="api: a listener that reads too slowly""#;
        counts.text().lines().any(|line| line.contains(name))
    };
    // Its send buffer, and that of the kernel on either side, have their ends.
    let mut events = 0;
    while !is_cut(&mut http) {
        for _ in 0..400 {
            assert_eq!(http.ask("PUT /notes/1", JSON, body.as_bytes()).status, 200);
        }
        events += 400;
        assert!(events < 20_000, "it is never cut off");
        http = Http::to(server.ip());
    }
    let printed = server.stop();
    assert!(
        printed.contains(&"  1 api: a listener that reads too slowly".to_owned()),
        "{printed:#?}"
    );
}

#[test]
fn a_large_body_comes_and_goes_in_pieces() {
    let server = Server::on_loopback(NAME, &[]);
    let mut http = Http::to(server.ip());
    let size = 5_000_000;
    let answer = http.ask(&format!("GET /download/{size}"), "", b"");
    let expected = (0..size).map(|at| (at % 251) as u8);
    assert!(answer.body.iter().copied().eq(expected));
    let head = format!("PUT /upload/big HTTP/1.1\r\nhost: a\r\ncontent-length: {size}\r\n\r\n");
    let answer = http.exchange(&[head.as_bytes(), &answer.body].concat());
    assert!(answer.text().starts_with(r#"{"bytes":5000000,"name":"big","sha256":""#), "{answer:?}");
    server.stop();
}

#[test]
fn curl_is_told_why_it_is_refused_while_it_still_sends() {
    if !tools::has("curl", &["--version"], "`http_api` was only asked by a client of our own") {
        return;
    }
    let server = Server::on_loopback(NAME, &["--upload-max", "524288"]);
    // What is still sent after the answer is read and dropped up to `Config::LINGER_BYTES`.
    let file = Scratch::holding("curl-large", vec![0; 900 << 10]);
    let url = format!("http://{}/upload/large", server.address);
    for more in
        [["-H", "x-is: asked-first"], ["-H", "expect:"], ["-H", "transfer-encoding: chunked"]]
    {
        let status = ["-w", "%{http_code}", "-o", "/dev/null", "-T", file.path(), &url];
        let output = tools::curl(&[more.as_slice(), &status].concat());
        assert_eq!(String::from_utf8_lossy(&output.stdout), "413", "{more:?}: {output:?}");
    }
    let small = Scratch::holding("curl-small", Noise::bytes(1, 1 << 19));
    let output = tools::curl(&["-T", small.path(), &url]);
    assert!(output.stdout.starts_with(br#"{"bytes":524288,"name":"large""#), "{output:?}");
    server.stop();
}

#[test]
fn curl_takes_a_list_compressed_and_a_log_has_a_line_for_each_request() {
    if !tools::has("curl", &["--version"], "`http_api` was only asked by a client of our own") {
        return;
    }
    let log = Scratch::new("api.log");
    let server = Server::on_loopback(NAME, &["--log", log.path(), "--json-log"]);
    let url = |path: &str| format!("http://{}{path}", server.address);
    let note = format!(r#"{{"text":"{}"}}"#, "again and ".repeat(150));
    let kind = "content-type: application/json";
    let added = tools::curl(&["-H", kind, "-d", &note, &url("/notes")]).stdout;
    let plain = tools::curl(&[&url("/notes")]).stdout;
    let told = tools::curl(&["--compressed", "-i", &url("/notes")]).stdout;
    let told = String::from_utf8_lossy(&told);
    let (head, list) = told.split_once("\r\n\r\n").expect("a head");
    assert!(
        head.contains("content-encoding: ") && head.contains("vary: accept-encoding"),
        "{head}"
    );
    assert!(list.as_bytes() == plain && list.contains(str_of(&added)));
    let counts = tools::curl(&[&url("/metrics")]).stdout;
    assert!(str_of(&counts).contains(r#"readily_http_requests_total{loop="0",class="2xx"} 3"#));
    server.stop();
    let log = std::fs::read_to_string(log.path()).expect("a log");
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines.len(), 4, "{log}");
    for (line, part) in lines.iter().zip(["POST", "GET", "GET", "/metrics"]) {
        assert!(line.contains(part) && line.contains(r#""user_agent":"curl/"#), "{line}");
    }
}

fn str_of(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}
