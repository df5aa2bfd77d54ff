//! Heads that were changed at random, judged by this server, by an oracle written apart from it,
//! and by another parser.

use crate::seeds::Random;
use crate::support::{codes, said, site};

/// Whether a head that ends with the first empty line is good, and how long its body is: written
/// from the rules, line by line, with nothing in common with the server.
fn judge(head: &str) -> Option<u64> {
    let is_token = |s: &str| {
        !s.is_empty()
            && s.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
    };
    let mut lines = head.strip_suffix("\r\n\r\n")?.split("\r\n");
    let [method, target, version] = lines.next()?.split(' ').collect::<Vec<_>>()[..] else {
        return None;
    };
    let is_11 = matches!(version, "HTTP/1.1")
        .then_some(true)
        .or((version == "HTTP/1.0").then_some(false))?;
    let fields = lines.map(|line| line.split_once(':')).collect::<Option<Vec<_>>>()?;
    let printable = |s: &str| s.chars().all(|c| c == '\t' || !c.is_control());
    let sound = fields.iter().all(|(name, value)| is_token(name) && printable(value));
    let all = |wanted: &str| {
        let named = fields.iter().filter(|(name, _)| name.to_ascii_lowercase() == wanted);
        named.map(|(_, value)| value.trim_matches([' ', '\t'])).collect::<Vec<_>>()
    };
    let is_host = |s: &str| {
        let (name, port) = s.split_once(':').unwrap_or((s, "1"));
        !name.is_empty()
            && port.parse::<u16>().is_ok()
            && !port.starts_with('+')
            && port.len() <= 5
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "-._~".contains(c))
    };
    let hosts = all("host");
    let host_ok = hosts.iter().all(|host| is_host(host))
        && (hosts.len() == 1 || (hosts.is_empty() && !is_11));
    let path_ok = |s: &str| {
        !s.contains(['"', '#', '<', '>', '\\'])
            && s.chars().all(|c| c.is_ascii_graphic())
            && s.split('%').skip(1).all(|e| {
                e.get(..2).is_some_and(|e| e != "00" && e.chars().all(|c| c.is_ascii_hexdigit()))
            })
    };
    let target_ok = match target.to_ascii_lowercase().strip_prefix("http://") {
        _ if target.starts_with('/') => path_ok(target),
        _ if target == "*" => method == "OPTIONS",
        Some(rest) => {
            let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
            is_host(host)
                && path_ok(path)
                && hosts.first().is_none_or(|named| named.to_ascii_lowercase() == host)
        }
        None => false,
    };
    let lengths = all("content-length");
    let length = match lengths[..] {
        // It might be meant to end with the connection.
        [] if !is_11 && matches!(method, "POST" | "PUT" | "PATCH") => return None,
        [] => 0,
        [digits] if digits.len() <= 19 && digits.chars().all(|c| c.is_ascii_digit()) => {
            digits.parse().ok()?
        }
        _ => return None,
    };
    let codings = all("transfer-encoding");
    let is_chunked = is_11 && lengths.is_empty() && {
        codings.len() == 1 && codings[0].eq_ignore_ascii_case("chunked")
    };
    let expects = all("expect");
    let expect_ok =
        expects.len() < 2 && expects.iter().all(|e| e.eq_ignore_ascii_case("100-continue"));
    let method_ok = is_token(method) && method != "CONNECT" && method != "TRACE";
    let good = sound
        && method_ok
        && host_ok
        && target_ok
        && expect_ok
        && (is_chunked || codings.is_empty())
        && length <= 1 << 20;
    // No body in chunks comes to its end here.
    good.then_some(if is_chunked { u64::MAX } else { length })
}

const BASES: &[&str] = &[
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST /echo?x=%41 HTTP/1.1\r\nHost: a.b:80\r\nContent-Length: 12\r\nAccept: */*\r\n\r\n",
    "GET http://host/p HTTP/1.1\r\nHOST: Host\r\nConnection: keep-alive, x\r\n\r\n",
    "PUT /echo HTTP/1.0\r\nconnection: keep-alive\r\ncontent-length:3\r\n\
     User-Agent: Mozilla/5.0 (X11; Linux)\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nX-Empty:\r\nX-Tab:\ta\tb\r\n\r\n",
];

const PIECES: &[&str] = &[
    "\r",
    "\n",
    "\r\n",
    "\r\n\r\n",
    " ",
    "\t",
    "\0",
    ":",
    ",",
    ";",
    "\x7f",
    "\u{e9}",
    "%",
    "#",
    "/",
    "0",
    "1",
    "-",
    "+",
    "x",
    "Content-Length: 4\r\n",
    "Content-Length : 4\r\n",
    "content-length: 12\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Host: a\r\n",
    "Host: b\r\n",
    " folded\r\n",
    "HTTP/1.1",
    "HTTP/1.0",
    "HTTP/1.2",
    "Expect: x\r\n",
    "A: b\r\n",
    "://",
    "@",
    "*",
    "?",
];

/// Changes it in one place, at a line's beginning half the time.
fn mutate(head: &mut String, random: &mut Random) {
    let places: Vec<usize> = head.char_indices().map(|(at, _)| at).collect();
    let starts: Vec<usize> = head.match_indices('\n').map(|(at, _)| at + 1).collect();
    if places.is_empty() {
        return;
    }
    let at = match random.below(2) {
        0 if !starts.is_empty() => starts[random.below(starts.len())],
        _ => places[random.below(places.len())],
    };
    let piece = PIECES[random.below(PIECES.len())];
    match random.below(4) {
        0 => head.insert_str(at, piece),
        1 if at < head.len() => drop(head.remove(at)),
        2 if at < head.len() => {
            head.remove(at);
            head.insert_str(at, piece);
        }
        _ => {
            let to = places[random.below(places.len())];
            let part = head[at.min(to)..at.max(to)].to_owned();
            head.insert_str(at, &part);
        }
    }
}

/// The requests of an input by the oracle: how many are good from the first on, and whether a bad
/// one follows.
fn requests(input: &str) -> (usize, bool) {
    let (mut rest, mut good) = (input.to_owned(), 0);
    loop {
        let head = rest.strip_prefix("\r\n").unwrap_or(&rest);
        // An empty line where a head should begin.
        if head.starts_with("\r\n") {
            return (good, true);
        }
        let Some(end) = head.find("\r\n\r\n").map(|at| at + 4) else { return (good, false) };
        let Some(length) = judge(&head[..end]) else { return (good, true) };
        let behind = head.as_bytes().get(end.saturating_add(length as usize)..);
        let Some(behind) = behind else { return (good, false) };
        // A body may end within a character.
        rest = String::from_utf8_lossy(behind).into_owned();
        good += 1;
    }
}

/// Fails if the server sees other requests than the oracle; says how many it answered, and whether
/// it refused any.
fn compare(input: &str) -> (usize, bool) {
    let (whole, is_bad) = requests(input);
    let mut script = site();
    script.feed(input.as_bytes());
    let answered = script.app().seen.len();
    let refused = codes(&script).iter().any(|code| !matches!(code, 100 | 200 | 404));
    // 1.0 ends the connection: what is behind is not looked at.
    if script.over() == Some(Ok(())) {
        assert!(answered >= 1 && answered <= whole, "{input:?}");
        return (0, false);
    }
    assert_eq!(answered, whole, "{input:?}: {:?}", script.app().seen);
    // A line that is bad before its head is whole is refused at once: that is early, not wrong.
    assert!(refused || !is_bad, "{input:?}");
    (answered, refused)
}

#[test]
fn the_server_and_the_oracle_agree() {
    let mut random = Random(3);
    let (mut good, mut bad) = (0, 0);
    for _ in 0..100_000 {
        let mut input = BASES[random.below(BASES.len())].to_owned();
        for _ in 0..random.below(4) {
            mutate(&mut input, &mut random);
        }
        // Bodies, and a request behind it; the end makes every case decided.
        input += "0123456789ab";
        let (answered, refused) = compare(&input);
        (good, bad) = (good + answered, bad + usize::from(refused));
    }
    assert!(good > 20_000 && bad > 20_000, "{good} and {bad}");
}

/// C8, C10, C11: every string of up to three of these symbols, in each place of a head.
#[test]
fn every_short_string_in_each_place_of_a_head() {
    const SYMBOLS: [&str; 13] =
        [" ", "\t", "\r", "\n", "\0", "/", "#", "%", "a", ":", "*", "1", "\u{e9}"];
    for (before, behind) in [
        ("", " / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("GET", "/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("GET ", " HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("GET /", "HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("GET / HTTP/1.", "\r\nHost: a\r\n\r\n"),
        ("GET / HTTP/1.1\r\n", "Host: a\r\n\r\n"),
        ("GET / HTTP/1.1\r\nHost", "a\r\n\r\n"),
        ("GET / HTTP/1.1\r\nHost: ", "\r\n\r\n"),
        ("GET / HTTP/1.1\r\nHost: a", "\r\n\r\n"),
        ("GET / HTTP/1.1\r\nHost: a\r\nX", "b\r\n\r\n"),
        ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length:", "\r\n\r\n"),
        ("GET / HTTP/1.1\r\nHost: a\r\n", "\r\n"),
    ] {
        for length in 0..=3 {
            for number in 0..SYMBOLS.len().pow(length) {
                let symbol = |place| SYMBOLS[number / SYMBOLS.len().pow(place) % SYMBOLS.len()];
                let middle: String = (0..length).map(symbol).collect();
                // What a length of three digits may need.
                let tail = "x".repeat(120);
                compare(&format!("{before}{middle}{behind}{tail}"));
            }
        }
    }
}

#[test]
fn what_is_taken_another_parser_reads_the_same() {
    let mut random = Random(4);
    let mut taken = 0;
    for case in 0..50_000 {
        let mut input = BASES[random.below(BASES.len())].to_owned();
        for _ in 0..random.below(3) {
            mutate(&mut input, &mut random);
        }
        let mut script = site();
        script.feed(input.as_bytes()).feed(&[b'x'; 12]);
        let Some(seen) = script.app().seen.first().cloned() else { continue };
        taken += 1;
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut request = httparse::Request::new(&mut headers);
        let parsed = request.parse(input.as_bytes());
        assert!(parsed.is_ok_and(|parsed| parsed.is_complete()), "case {case}: {input:?}");
        let (method, target) = (request.method.expect("one"), request.path.expect("one"));
        let mut line = format!("{method} {target} HTTP/1.{}", request.version.expect("one"));
        for header in request.headers.iter() {
            line += &format!(" | {}: {}", header.name, header.value.escape_ascii());
        }
        assert_eq!(seen, line, "case {case}");
    }
    assert!(taken > 10_000, "{taken}");
}

#[test]
fn a_changed_head_comes_to_the_same_however_it_is_cut() {
    let mut random = Random(5);
    for case in 0..20_000 {
        let mut input = BASES[random.below(BASES.len())].to_owned();
        for _ in 0..random.below(4) {
            mutate(&mut input, &mut random);
        }
        input += "0123456789ab";
        let mut whole = site();
        whole.feed(input.as_bytes());
        let mut drip = site();
        for byte in input.bytes() {
            drip.feed(&[byte]);
        }
        // Whether somebody waits for a 100 is a matter of time.
        let final_ones = |script| said(script).replace("HTTP/1.1 100 Continue\r\n\r\n", "");
        let outcome = (final_ones(&whole), whole.over());
        assert_eq!((final_ones(&drip), drip.over()), outcome, "case {case}: {input:?}");
    }
}
