//! What a fresh reading of the server found: one test for each.

use std::time::{Duration, Instant, SystemTime};

use readily_protocols::contract::{
    App, Desk, Diagram, Fault, Half, Io, Machine, Next, Reason, State, StateInfo, Step, Timeouts,
};
use readily_protocols::http1::access::Record;
use readily_protocols::http1::reason::*;
use readily_protocols::http1::wire::{Event, Misuse, ServerSide, date};
use readily_protocols::http1::{
    Allowed, Answer, Flow, Incoming, Intake, Length, Limits, Outgoing, Refusal, Reply, Request,
    Server, Service, Starts, Status,
};
use readily_protocols::testing::Script;

use crate::support::{chunked, get, post_to, site};

const TUNNELS: Limits = Limits { connect: Allowed::Yes, ..Limits::DEFAULT };
const CUT: Option<Result<(), Fault>> = Some(Err(Fault::Peer(BODY_CUT)));
const SLOW: Option<Result<(), Fault>> = Some(Err(Fault::Peer(BODY_TOO_SLOW)));

/// A service that is in no hurry. `/late/n` answers once all of the body is there, `/stream/n`
/// begins at once; both leave the last `n` bytes of what there is, or with `hold` all of it, until
/// mail comes.
#[derive(Default)]
struct Idler {
    leaves: usize,
    gives_up: bool,
}

/// What is logged, and whether what arrives is not looked at before a deadline passes.
#[derive(Default)]
struct Book {
    records: Vec<String>,
    deaf: bool,
}

struct Conn(Server<Idler>);

impl App for Book {
    type Mail = ();
    type Conn = Conn;
}

impl Machine for Conn {
    type App = Book;
    const STATES: &'static [StateInfo] =
        &[StateInfo { name: "Http", becomes: &[], timeouts: Timeouts::NONE }];
    const DIAGRAM: Diagram = Diagram { mermaid: "", dot: "" };

    fn advance(&mut self, io: &mut Io<'_, Book>) -> Result<Next, Fault> {
        match io.app.deaf {
            true => Ok(Next::Wait),
            false => Step::settle(State::<Conn>::advance(&mut self.0, io), self),
        }
    }

    fn expire(&mut self, why: Reason, io: &mut Io<'_, Book>) -> Result<Next, Fault> {
        Step::settle(State::<Conn>::expire(&mut self.0, why, io), self)
    }

    fn receive(&mut self, mail: (), io: &mut Io<'_, Book>) -> Result<Next, Fault> {
        Step::settle(State::<Conn>::receive(&mut self.0, mail, io), self)
    }

    fn deadline(&self) -> Option<Instant> {
        State::<Conn>::deadline(&self.0)
    }

    fn state(&self) -> usize {
        0
    }
}

impl Service<Conn> for Idler {
    const LOGGED: bool = true;

    fn call(
        &mut self,
        request: &Request<'_>,
        reply: Reply<'_, Self, Conn>,
        _: &mut Desk<'_, Book>,
    ) -> Answer<Self, Conn> {
        let (way, how) = parts(request);
        self.leaves = if how == "hold" { usize::MAX } else { how.parse().unwrap_or(0) };
        self.gives_up = how == "abort";
        match way {
            "late" => reply.later(),
            "stream" => reply.status(Status::OK).stream(Length::Unknown),
            "empty" => reply.status(Status::NO_CONTENT).empty(),
            "tunnel" => reply.tunnel(&[], Step::Wait),
            "none" => reply.not_found(),
            _ => reply.ok("text/plain", b"hello"),
        }
    }

    fn intake(&mut self, request: &Request<'_>) -> Intake {
        match parts(request) {
            ("late" | "stream", "up-to") => Intake::StreamUpTo(10),
            ("late" | "stream", _) => Intake::Stream,
            (_, "up-to") => Intake::WholeUpTo(10),
            _ => Intake::Whole,
        }
    }

    fn resume(
        &mut self,
        body: &mut Incoming<'_>,
        reply: Reply<'_, Self, Conn>,
        _: &mut Desk<'_, Book>,
    ) -> Answer<Self, Conn> {
        match self.take(body) {
            true => reply.ok("text/plain", b"hello"),
            false => reply.later(),
        }
    }

    fn send(
        &mut self,
        body: &mut Incoming<'_>,
        _: &mut Outgoing<'_>,
        _: &mut Desk<'_, Book>,
    ) -> Flow {
        match self.take(body) {
            _ if self.gives_up => Flow::Abort,
            true => Flow::Done,
            false => Flow::Wait,
        }
    }

    fn mail(&mut self, (): (), _: &mut Desk<'_, Book>) -> Result<(), ()> {
        self.leaves = 0;
        Ok(())
    }

    fn finished(&mut self, record: &Record<'_>, desk: &mut Desk<'_, Book>) {
        let (method, target) = (record.method.escape_ascii(), record.target.escape_ascii());
        desk.app.records.push(format!("{} {method} {target} {}", record.number, record.status));
    }

    fn limits(&self) -> &Limits {
        &TUNNELS
    }
}

impl Idler {
    /// Takes what it does not leave; says whether that was all.
    fn take(&self, body: &mut Incoming<'_>) -> bool {
        let there = body.bytes().len();
        body.consume(there.saturating_sub(self.leaves));
        body.is_ended()
    }
}

/// What the service is told to do: the path's two parts, or for a `CONNECT` those of its host.
fn parts<'a>(request: &Request<'a>) -> (&'a str, &'a str) {
    let target = request.target();
    let text = target.trim_start_matches('/').trim_end_matches(":443");
    text.split_once(['/', '.']).unwrap_or((text, ""))
}

fn idler() -> Script<Conn> {
    Script::new(Conn(Server::new(Idler::default())))
}

fn codes(script: &Script<Conn>) -> Vec<u16> {
    let all = String::from_utf8_lossy(script.sent()).into_owned();
    let answers = all.split("HTTP/1.1 ").skip(1);
    answers.filter_map(|answer| answer.get(..3)?.parse().ok()).collect()
}

/// How long until the deadline.
fn left(script: &mut Script<Conn>) -> Option<Duration> {
    let now = script.effects().now();
    script.machine().deadline().map(|at| at.saturating_duration_since(now))
}

/// Lets that much time pass; so does a deadline that lies within it.
fn pass(script: &mut Script<Conn>, time: Duration) {
    script.wait(time);
    if left(script) == Some(Duration::ZERO) {
        script.expire(Reason::Own);
    }
}

/// A request whose body has that length, by its length and in one chunk: its head, what comes
/// first of it, and the rest.
fn halves(target: &str, first: usize, length: usize) -> [[Vec<u8>; 2]; 2] {
    let data = vec![b'x'; length];
    let known = post_to(target, &data);
    let frame = [format!("{length:x}\r\n").as_bytes(), &data, b"\r\n0\r\n\r\n"].concat();
    let unknown = chunked(target, &frame);
    [(known, 0), (unknown, 7)].map(|(input, behind)| {
        let (before, rest) = input.split_at(input.len() - behind - (length - first));
        [before.to_vec(), rest.to_vec()]
    })
}

#[test]
fn no_deadline_is_left_behind_an_answer_that_streams() {
    let (get_it, hold) = (get("/", ""), get("/hold", ""));
    let both = [&get_it[..], &hold[..]].concat();
    for cuts in [vec![], vec![get_it.len()], vec![get_it.len() + 3], vec![3, get_it.len() + 3]] {
        let (mut script, mut at) = (site(), 0);
        for cut in cuts.iter().copied().chain([both.len()]) {
            script.feed(&both[at..cut]);
            at = cut;
        }
        let all = String::from_utf8_lossy(script.sent()).into_owned();
        assert_eq!(all.matches("HTTP/1.1 200").count(), 2, "cut at {cuts:?}");
        assert_eq!(script.machine().deadline(), None, "cut at {cuts:?}");
    }
    // The deadline of a body is not that of the next answer.
    let [[half, rest], _] = halves("/late/0", 5, 10);
    let mut script = idler();
    script.feed(&half);
    assert_eq!(left(&mut script), Some(Limits::BODY_WINDOW));
    script.feed(&[&rest[..], &get("/stream/0", ""), &get("/late/0", "")].concat());
    assert_eq!((codes(&script), left(&mut script)), (vec![200; 2], Some(Limits::ANSWER_TIME)));
}

#[test]
fn a_body_that_stops_within_its_end_is_too_slow() {
    // However the service takes it, and whether its answer has begun.
    for (target, expected) in [("/stream/0", [200]), ("/late/0", [408])] {
        for tail in ["0\r\nx", "0\r\n", "0\r\nx: y\r\n", "0", "2", "2\r\na", "2\r\nab"] {
            let mut script = idler();
            script.feed(&chunked(target, tail.as_bytes()));
            assert_eq!(left(&mut script), Some(Limits::BODY_WINDOW), "{target} {tail:?}");
            pass(&mut script, Limits::BODY_WINDOW);
            assert_eq!((script.over(), codes(&script)), (SLOW, expected.to_vec()), "{tail:?}");
            let is_cut = script.ends().1.half() == Half::Aborted;
            assert_eq!(is_cut, target == "/stream/0", "{target} {tail:?}");
            // The loop counts a reset alone; what is answered it counts by its fault.
            let counted = script.effects().tally().of(BODY_TOO_SLOW);
            assert_eq!(counted, u64::from(is_cut), "{target} {tail:?}");
        }
    }
}

#[test]
fn a_body_that_was_cut_while_some_was_left_is_cut_at_the_next_window() {
    for target in ["/stream/1", "/late/1", "/stream/hold", "/late/hold"] {
        for [before, _] in halves(target, 5, 10) {
            let mut script = idler();
            script.feed(&before).end();
            let what = before.escape_ascii();
            assert_eq!((script.over(), left(&mut script)), (None, Some(Limits::BODY_WINDOW)));
            pass(&mut script, Limits::BODY_WINDOW);
            assert_eq!(script.over(), CUT, "{what}");
        }
    }
}

#[test]
fn an_upload_to_a_service_that_always_leaves_a_byte_is_not_slow() {
    // 100 kB/s for 70 s.
    for target in ["/stream/1", "/late/1"] {
        for [head, rest] in halves(target, 0, 8_000_000) {
            let mut script = idler();
            script.feed(&head);
            for piece in rest[..7_000_000].chunks(10_000) {
                script.feed(piece);
                assert_eq!(script.ends().0.len(), 1, "{target}");
                pass(&mut script, Duration::from_millis(100));
                assert_eq!(script.over(), None, "{target}");
            }
            // Once nothing comes it is.
            for _ in 0..20 {
                pass(&mut script, Duration::from_secs(1));
            }
            assert_eq!(script.over(), SLOW, "{target}");
        }
    }
}

#[test]
fn what_came_as_the_deadline_passed_counts() {
    let [large, chunks] = halves("/", 1000, 100_000);
    let [late, _] = halves("/late/0", 1000, 100_000);
    let [small, _] = halves("/", 1, 6);
    let some = |[before, rest]: &[Vec<u8>; 2]| (before.clone(), rest[..20_000].to_vec());
    let all = |[before, rest]: &[Vec<u8>; 2]| (before.clone(), rest.clone());
    let whole = get("/", "");
    let idle = Limits::IDLE_TIME;
    let (head, window) = (Limits::HEAD_TIME, Limits::BODY_WINDOW);
    for (what, (before, came), time, answered, next) in [
        ("a new one, and a request", (vec![], whole.clone()), head, &[200][..], idle),
        ("idle, and a request", (whole.clone(), whole.clone()), idle, &[200, 200], idle),
        ("idle, and some of one", (whole.clone(), b"GET".to_vec()), idle, &[200], head),
        ("a head", (whole[..9].to_vec(), whole[9..].to_vec()), head, &[200], idle),
        ("the rest of a body", all(&small), window, &[200], idle),
        ("some of a body", some(&large), window, &[], window),
        ("some of a body in chunks", some(&chunks), window, &[], window),
        ("some of a body that streams", some(&late), window, &[], window),
    ] {
        let mut script = idler();
        if !before.is_empty() {
            script.feed(&before);
        }
        assert_eq!(left(&mut script), Some(time), "{what}");
        script.app().deaf = true;
        script.wait(time).feed(&came);
        assert_eq!(script.ends().0.is_empty(), came.is_empty(), "{what}: nobody looked");
        script.app().deaf = false;
        script.expire(Reason::Own);
        assert_eq!((script.over(), codes(&script)), (None, answered.to_vec()), "{what}");
        assert_eq!(left(&mut script), Some(next), "{what}");
    }
}

#[test]
fn half_a_body_is_not_all_of_it_for_a_service_that_wakes_late() {
    for target in ["/stream/hold", "/late/hold"] {
        for at_once in [false, true] {
            for [half, rest] in halves(target, 5, 10) {
                for (input, is_whole) in [(half.clone(), false), ([half, rest].concat(), true)] {
                    let mut script = idler();
                    script.app().deaf = at_once;
                    script.feed(&input).end();
                    script.app().deaf = false;
                    script.wake();
                    let what = format!("{target}, at once: {at_once}, whole: {is_whole}");
                    assert_eq!(script.over(), None, "{what}");
                    script.mail(());
                    let over = if is_whole { Some(Ok(())) } else { CUT };
                    assert_eq!(script.over(), over, "{what}");
                    let is_answered = is_whole || target == "/stream/hold";
                    assert_eq!(codes(&script), [200; 1][..usize::from(is_answered)], "{what}");
                    let ends = script.sent().ends_with(b"0\r\n\r\n");
                    assert_eq!(ends, is_whole && target == "/stream/hold", "{what}");
                }
            }
        }
    }
}

/// A `CONNECT` to that host with a request behind it.
fn connect(host: &str) -> Vec<u8> {
    let head = format!("CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n");
    [head.as_bytes(), &get("/poison", "")].concat()
}

#[test]
fn only_a_tunnel_answers_a_connect_by_2xx() {
    for host in ["ok", "empty", "stream", "late"] {
        let mut script = idler();
        script.feed(&connect(host)).wake();
        assert_eq!((codes(&script), script.over()), (vec![501], Some(Ok(()))), "{host}");
        let said = String::from_utf8_lossy(script.sent()).into_owned();
        assert_eq!(said.matches("connection: close\r\n").count(), 1, "{host}: {said}");
        assert_eq!(script.app().records, [format!("1 CONNECT {host}:443 501")]);
    }
    let mut script = idler();
    script.feed(&connect("none"));
    assert_eq!((codes(&script), script.over()), (vec![404, 200], None), "not a 2xx");
}

#[test]
fn level_1_only_a_tunnel_answers_a_connect_by_2xx() {
    for status in [Status::OK, Status::NO_CONTENT] {
        for length in [Length::Known(5), Length::Unknown] {
            let mut talk = Talk::default();
            assert_eq!(talk.hear(&connect("a")), ["CONNECT a:443", "end", "paused"]);
            assert_eq!(talk.answer(status, length), Ok(()));
            let said = talk.said();
            assert!(said.starts_with("HTTP/1.1 501 ") && said.contains("hello"), "{said}");
            assert!(said.contains("connection: close\r\n"), "{said}");
            assert_eq!((talk.hear(b""), talk.http.keeps()), (vec!["closed".to_owned()], false));
        }
    }
    let mut talk = Talk::default();
    talk.hear(&connect("a"));
    assert_eq!(talk.answer(Status::NOT_FOUND, Length::Known(5)), Ok(()));
    assert_eq!(talk.hear(b""), ["GET /poison", "end", "paused"], "not a 2xx");
}

#[test]
fn level_1_a_tunnel_hands_over_what_follows() {
    let now = date(SystemTime::UNIX_EPOCH);
    let mut talk = Talk::default();
    talk.hear(&connect("a"));
    assert_eq!(talk.http.tunnel(&[], &now, &mut talk.out), Ok(()));
    let said = talk.said();
    assert!(said.starts_with("HTTP/1.1 200 ") && said.ends_with("\r\n\r\n"), "{said}");
    assert!(!said.contains("length") && !said.contains("chunked"), "{said}");
    assert_eq!((talk.hear(b"tail"), talk.said()), (vec!["switched".to_owned()], String::new()));
    assert_eq!(talk.input, [&get("/poison", "")[..], b"tail"].concat());
}

#[test]
fn level_1_a_whole_request_is_answered_behind_the_end() {
    for input in [get("/", ""), post_to("/", b"body"), chunked("/", b"1\r\nx\r\n0\r\n\r\n")] {
        let mut talk = Talk::default();
        talk.hear(&input);
        assert_eq!(talk.http.end(0), Ok(()));
        assert_eq!(talk.answer(Status::OK, Length::Known(5)), Ok(()));
        let said = talk.said();
        assert!(said.starts_with("HTTP/1.1 200 OK\r\n") && said.ends_with("\r\n\r\nhello"));
        assert!(said.contains("connection: close\r\n"), "{said}");
        assert_eq!((talk.hear(b""), talk.http.keeps()), (vec!["closed".to_owned()], false));
        assert_eq!(talk.answer(Status::OK, Length::Known(5)), Err(Misuse::NotAsked), "once");
    }
}

#[test]
fn level_1_what_is_refused_behind_a_head_has_its_body() {
    let head = b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n";
    for bad in ["GET / HTTP/1.1\r\n\r\n", "G\0T / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\n a\r\n\r\n"]
    {
        for is_pipelined in [false, true] {
            let mut talk = Talk::default();
            let (first, behind) = if is_pipelined { (bad, "") } else { ("", bad) };
            talk.hear(&[&head[..], first.as_bytes()].concat());
            assert_eq!(talk.answer(Status::OK, Length::Known(5)), Ok(()));
            assert!(talk.said().ends_with("content-length: 5\r\n\r\n"), "a HEAD has none");
            talk.hear(behind.as_bytes());
            let refusal = talk.refusal.expect("refused");
            talk.http.refuse(refusal, &date(SystemTime::UNIX_EPOCH), &mut talk.out);
            let said = talk.said();
            let (head, body) = said.split_once("\r\n\r\n").expect("a head");
            assert!(head.starts_with("HTTP/1.1 400 ") && !body.is_empty(), "{bad:?}: {said}");
            assert!(head.contains(&format!("content-length: {}", body.len())), "{said}");
        }
    }
}

/// What comes, then the end or some time: what was logged.
fn logged(input: &[u8], ends: bool, secs: u64) -> Vec<String> {
    let mut script = idler();
    script.feed(input).wake();
    if ends {
        script.end().wake();
    }
    pass(&mut script, Duration::from_secs(secs));
    std::mem::take(&mut script.wake().app().records)
}

#[test]
fn each_exchange_is_logged_once_however_it_ends() {
    let half = |target| halves(target, 5, 10).map(|[before, _]| before);
    let large = |target| chunked(target, b"b\r\nhello world\r\n");
    let ([known, unknown], [late, _], [begun, _]) = (half("/"), half("/late/0"), half("/stream/0"));
    for (input, ends, secs, record) in [
        (get("/", ""), true, 0, "1 GET / 200"),
        (get("/stream/0", ""), true, 0, "1 GET /stream/0 200"),
        (get("/late/0", ""), false, 0, "1 GET /late/0 200"),
        (get("/stream/abort", ""), false, 0, "1 GET /stream/abort 200"),
        // Cut, or too slow.
        (known.clone(), true, 0, "1 POST / 0"),
        (unknown, true, 0, "1 POST / 0"),
        (late.clone(), true, 0, "1 POST /late/0 0"),
        (begun.clone(), true, 0, "1 POST /stream/0 200"),
        (known, false, 10, "1 POST / 408"),
        (late, false, 10, "1 POST /late/0 408"),
        (begun, false, 10, "1 POST /stream/0 200"),
        // Too large.
        (post_to("/whole/up-to", &[0; 11]), false, 0, "1 POST /whole/up-to 413"),
        (post_to("/late/up-to", &[0; 11]), false, 0, "1 POST /late/up-to 413"),
        (large("/whole/up-to"), false, 0, "1 POST /whole/up-to 413"),
        (large("/late/up-to"), false, 0, "1 POST /late/up-to 413"),
        (large("/stream/up-to"), false, 0, "1 POST /stream/up-to 200"),
        // Malformed.
        (chunked("/", b"z\r\n"), false, 0, "1 POST / 400"),
        (b"GET /\r\n\r\n".to_vec(), false, 0, "1   400"),
        (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n".to_vec(), false, 0, "1   400"),
    ] {
        let what = format!("{}, then {ends}, {secs} s", input.escape_ascii());
        assert_eq!(logged(&input, ends, secs), [record], "{what}");
    }
    let both = [get("/", ""), b"GET /\r\n\r\n".to_vec()].concat();
    assert_eq!(logged(&both, false, 0), ["1 GET / 200", "2   400"]);
}

#[test]
fn a_body_whose_cut_is_seen_at_a_window_is_logged_once() {
    for (target, record) in [("/late/1", "1 POST /late/1 0"), ("/stream/1", "1 POST /stream/1 200")]
    {
        for [half, _] in halves(target, 5, 10) {
            assert_eq!(logged(&half, true, 10), [record], "{}", half.escape_ascii());
        }
    }
}

#[test]
fn trailers_that_a_proxy_would_trust_are_refused() {
    for name in ["proxy-authorization", "x-forwarded-for", "Proxy-Authorization"] {
        for target in ["/echo", "/take", "/both"] {
            let mut script = site();
            script.feed(&chunked(target, format!("0\r\n{name}: 1\r\n\r\n").as_bytes()));
            script.feed(&get("/poison", ""));
            let over = Some(Err(Fault::Peer(BAD_TRAILER)));
            assert_eq!(script.over(), over, "{target} {name}");
            let seen = script.app().seen.join("\n");
            assert!(!seen.contains("poison") && !seen.contains("trailer"), "{target}: {seen}");
        }
    }
}

/// A connection without a loop, what was not used of its input, and what it has written.
#[derive(Default)]
struct Talk {
    http: ServerSide,
    input: Vec<u8>,
    out: Vec<u8>,
    refusal: Option<Refusal>,
}

impl Talk {
    /// Receives until nothing can be done; says what happened, in words.
    fn hear(&mut self, bytes: &[u8]) -> Vec<String> {
        let (mut starts, mut heard) = (Starts::new(), Vec::new());
        self.input.extend_from_slice(bytes);
        loop {
            let received = match self.http.receive(&self.input, &TUNNELS, &mut starts) {
                Ok(received) => received,
                Err(refusal) => {
                    self.refusal = Some(refusal);
                    return heard;
                }
            };
            let (word, goes_on) = match received.event {
                Event::Request(head) => (format!("{} {}", head.method(), head.target()), true),
                Event::Data(_) => ("data".to_owned(), true),
                Event::End(_) => ("end".to_owned(), true),
                other => (format!("{other:?}").to_lowercase(), false),
            };
            heard.push(word);
            self.input.drain(..received.used);
            if !goes_on {
                return heard;
            }
        }
    }

    /// Answers `hello`.
    fn answer(&mut self, status: Status, length: Length) -> Result<(), Misuse> {
        let now = date(SystemTime::UNIX_EPOCH);
        self.http.respond(status, &[], length, &now, &mut self.out)?;
        self.http.send(b"hello", &mut self.out)?;
        self.http.finish(&[], &mut self.out)
    }

    /// What was written since this was asked last.
    fn said(&mut self) -> String {
        String::from_utf8(std::mem::take(&mut self.out)).expect("text")
    }
}
