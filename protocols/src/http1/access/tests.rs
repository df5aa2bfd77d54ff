//! Records are lines whatever a peer sends, and say what it sent.

use std::time::{Duration, SystemTime};

use serde_json::Value as Json;

use super::*;
use crate::contract::{Address, Origin};

/// What a record borrows.
struct Sent {
    from: Remote,
    method: Vec<u8>,
    target: Vec<u8>,
    referer: Option<Vec<u8>>,
    user_agent: Option<Vec<u8>>,
    request_id: Option<String>,
}

impl Sent {
    /// What a polite client sends.
    fn plain() -> Sent {
        Sent {
            from: Remote::from(Address::Ip(([192, 0, 2, 1], 40_000).into())),
            method: b"GET".to_vec(),
            target: b"/a?b=c".to_vec(),
            referer: Some(b"http://example.org/".to_vec()),
            user_agent: Some(b"curl/8".to_vec()),
            request_id: Some("7f-3".to_owned()),
        }
    }

    fn record(&self) -> Record<'_> {
        Record {
            id: Id { index: 3, generation: 7 },
            number: 2,
            from: &self.from,
            when: SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777),
            took: Duration::from_micros(1500),
            method: &self.method,
            target: &self.target,
            version: Some(Version::Http11),
            status: 200,
            sent: 5,
            referer: self.referer.as_deref(),
            user_agent: self.user_agent.as_deref(),
            request_id: self.request_id.as_deref(),
        }
    }
}

fn line(format: Format, record: &Record<'_>) -> String {
    let mut out = Vec::new();
    Formatter::new(format).write(record, &mut out);
    String::from_utf8(out).expect("a line is UTF-8")
}

const FORMATS: [Format; 3] = [Format::Common, Format::Combined, Format::Json];

#[test]
fn the_three_formats() {
    let sent = Sent::plain();
    for (format, text) in [
        (
            Format::Common,
            "192.0.2.1 - - [06/Nov/1994:08:49:37 +0000] \"GET /a?b=c HTTP/1.1\" 200 5\n",
        ),
        (
            Format::Combined,
            "192.0.2.1 - - [06/Nov/1994:08:49:37 +0000] \"GET /a?b=c HTTP/1.1\" 200 5 \
             \"http://example.org/\" \"curl/8\"\n",
        ),
        (
            Format::Json,
            "{\"time\":\"1994-11-06T08:49:37Z\",\"connection\":\"3.7\",\"request\":2,\
             \"from\":\"192.0.2.1:40000\",\"method\":\"GET\",\"target\":\"/a?b=c\",\
             \"version\":\"HTTP/1.1\",\"status\":200,\"sent\":5,\"took_us\":1500,\
             \"referer\":\"http://example.org/\",\"user_agent\":\"curl/8\",\
             \"request_id\":\"7f-3\"}\n",
        ),
    ] {
        assert_eq!(line(format, &sent.record()), text);
    }
}

#[test]
fn what_is_not_known_is_a_dash_or_left_out() {
    let sent = Sent::plain();
    let known = sent.record();
    let (method, target): (&[u8], &[u8]) = (b"", b"");
    let unknown = Record {
        method,
        target,
        version: None,
        status: 400,
        referer: None,
        user_agent: None,
        request_id: None,
        ..known
    };
    for (format, text) in [
        (Format::Common, "192.0.2.1 - - [06/Nov/1994:08:49:37 +0000] \"-\" 400 5\n"),
        (Format::Combined, "192.0.2.1 - - [06/Nov/1994:08:49:37 +0000] \"-\" 400 5 \"-\" \"-\"\n"),
        (
            Format::Json,
            "{\"time\":\"1994-11-06T08:49:37Z\",\"connection\":\"3.7\",\"request\":2,\
             \"from\":\"192.0.2.1:40000\",\"status\":400,\"sent\":5,\"took_us\":1500}\n",
        ),
    ] {
        assert_eq!(line(format, &unknown), text);
    }
}

#[test]
fn addresses() {
    for (address, host, whole) in [
        ("192.0.2.1:80", "192.0.2.1", "192.0.2.1:80"),
        ("[2001:db8::1]:80", "2001:db8::1", "[2001:db8::1]:80"),
        ("unix:/run/a b\"\n.sock", "unix:", "unix:/run/a b\"\n.sock"),
    ] {
        let address: Address = address.parse().expect(address);
        let mut sent = Sent::plain();
        sent.from = Remote::from(Origin { address, secured: None });
        let common = line(Format::Common, &sent.record());
        assert!(common.starts_with(&format!("{host} - - [")), "{common}");
        assert_eq!(parse(&line(Format::Json, &sent.record()))["from"], whole);
    }
}

#[test]
fn request_ids() {
    let longest = "a".repeat(REQUEST_ID_MAX);
    for id in ["1", "7d444840-9dc0-11d1-b245-5ffdce74fad2", "aGk+/w==", "a_b.c:d", &longest] {
        assert_eq!(request_id(id.as_bytes()), Some(id));
    }
    let too_long = "a".repeat(REQUEST_ID_MAX + 1);
    for id in ["", " ", "a b", "a\"", "a\\", "a\n", "a,b", "{}", "\u{e9}", &too_long] {
        assert_eq!(request_id(id.as_bytes()), None, "{id}");
    }
}

#[test]
fn every_number_at_its_longest_fits_a_line() {
    let (method, target) = (vec![0; METHOD_MAX], vec![0; TARGET_MAX]);
    let sent = Sent {
        from: Remote::from(Address::Unix("\u{1}".repeat(200).into())),
        method,
        target,
        referer: Some(vec![b'a'; REFERER_MAX + 1]),
        user_agent: Some(vec![b'a'; AGENT_MAX + 1]),
        request_id: Some("a".repeat(REQUEST_ID_MAX)),
    };
    let record = Record {
        id: Id { index: u32::MAX, generation: u32::MAX },
        number: u32::MAX,
        when: SystemTime::UNIX_EPOCH + Duration::from_secs(u64::MAX / 4),
        took: Duration::MAX,
        status: u16::MAX,
        sent: u64::MAX,
        ..sent.record()
    };
    for format in FORMATS {
        let line = line(format, &record);
        assert!(line.len() <= LINE_MAX && line.ends_with('\n'), "{}: {line}", line.len());
    }
    assert_eq!(parse(&line(Format::Json, &record))["cut"], true);
}

#[test]
fn seeds() {
    let (mut dice, mut cuts) = (Dice(0x9e37_79b9_7f4a_7c15), 0);
    for seed in 0..4000 {
        let mut sent = Sent::plain();
        let size = [8, 64, 6000][seed % 3];
        sent.method = dice.bytes(size.min(64));
        sent.target = dice.bytes(size);
        sent.referer = (dice.below(4) > 0).then(|| dice.bytes(size));
        sent.user_agent = (dice.below(4) > 0).then(|| dice.bytes(size));
        let record = sent.record();
        for format in FORMATS {
            let line = line(format, &record);
            assert!(line.len() <= LINE_MAX, "seed {seed}: {}", line.len());
            let ends = line.chars().filter(|char| char.is_control() || is_line_end(*char));
            assert_eq!(ends.collect::<String>(), "\n", "seed {seed}: {line}");
            assert!(line.ends_with('\n'), "seed {seed}: {line}");
        }
        check_common(&line(Format::Combined, &record), &sent, seed);
        cuts += usize::from(check_json(&line(Format::Json, &record), &sent, seed));
    }
    assert!((1000..3000).contains(&cuts), "both are tried: {cuts} were cut");
}

fn is_line_end(char: char) -> bool {
    matches!(char, '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// A reader of the combined format finds the fields that were sent.
fn check_common(line: &str, sent: &Sent, seed: usize) {
    assert!(line.is_ascii(), "seed {seed}: {line}");
    let fields = quoted(line);
    let [request, referer, agent] = &fields[..] else { panic!("seed {seed}: {line}") };
    let request: Vec<&str> = request.split(' ').collect();
    let [method, target, "HTTP/1.1"] = request[..] else { panic!("seed {seed}: {line}") };
    for (shown, field) in [
        (method, Some(&sent.method)),
        (target, Some(&sent.target)),
        (referer, sent.referer.as_ref()),
        (agent, sent.user_agent.as_ref()),
    ] {
        let field = field.filter(|field| !field.is_empty());
        let field = field.map_or(&b"-"[..], |field| &field[..]);
        let whole = unescape(shown);
        let cut = shown.strip_suffix("...").map(unescape);
        let is_it = whole == field || cut.is_some_and(|cut| field.starts_with(&cut));
        assert!(is_it, "seed {seed}: {shown}");
    }
}

/// What stands between quotes, escapes kept.
fn quoted(line: &str) -> Vec<&str> {
    let (mut fields, mut opened, mut escaped) = (Vec::new(), None, false);
    for (at, byte) in line.bytes().enumerate() {
        match (byte, opened) {
            _ if escaped => escaped = false,
            (b'\\', _) => escaped = true,
            (b'"', None) => opened = Some(at + 1),
            (b'"', Some(start)) => {
                fields.push(&line[start..at]);
                opened = None;
            }
            _ => {}
        }
    }
    assert_eq!(opened, None, "{line}");
    fields
}

fn unescape(text: &str) -> Vec<u8> {
    let mut parts = text.split('\\');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    while let Some(part) = parts.next() {
        match part.as_bytes() {
            // `\\`: what follows the second is plain.
            [] => {
                bytes.push(b'\\');
                bytes.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
            }
            [b'x', hex @ ..] => {
                let code = std::str::from_utf8(&hex[..2]).expect("ASCII");
                bytes.push(u8::from_str_radix(code, 16).expect("two digits"));
                bytes.extend_from_slice(&hex[2..]);
            }
            plain => bytes.extend_from_slice(plain),
        }
    }
    bytes
}

fn parse(line: &str) -> Json {
    serde_json::from_str(line).expect(line)
}

/// A reader of JSON finds the fields that were sent, and no others; says whether one was cut.
fn check_json(line: &str, sent: &Sent, seed: usize) -> bool {
    let json = parse(line);
    let members = json.as_object().expect(line);
    let is_cut = members.get("cut").is_some_and(|cut| cut == true);
    let known = 11 + usize::from(sent.referer.is_some()) + usize::from(sent.user_agent.is_some());
    assert_eq!(members.len(), known + usize::from(is_cut), "seed {seed}: {line}");
    for (name, field) in [
        ("method", Some(&sent.method)),
        ("target", Some(&sent.target)),
        ("referer", sent.referer.as_ref()),
        ("user_agent", sent.user_agent.as_ref()),
    ] {
        let shown = members.get(name).map(|value| value.as_str().expect(line));
        let field = field.map(|field| String::from_utf8_lossy(field));
        match (shown, field) {
            (None, None) => {}
            (Some(shown), Some(field)) => {
                let is_it = shown == field || (is_cut && field.starts_with(shown));
                assert!(is_it, "seed {seed}: {shown}");
            }
            other => panic!("seed {seed}: {name} is {other:?}"),
        }
    }
    assert_eq!((&members["status"], &members["sent"]), (&Json::from(200), &Json::from(5)));
    is_cut
}

/// A generator of nasty bytes (xorshift64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        (self.roll() >> 11) as usize % n
    }

    /// Up to `most` bytes: plain text, raw bytes, and pieces that forge a field where they can.
    fn bytes(&mut self, most: usize) -> Vec<u8> {
        const PIECES: [&str; 14] = [
            "\"",
            "\\",
            "\r\n",
            "\" 200 5 \"",
            "\\\" ",
            "\",\"status\":500,\"x\":\"",
            "\\x0a",
            "\\u000a",
            "\u{202e}",
            "\u{2028}",
            "\u{85}",
            "é😀",
            "...",
            "} {",
        ];
        let (mut bytes, length) = (Vec::new(), self.below(most + 1));
        while bytes.len() < length {
            match self.below(4) {
                0 => bytes.push(self.roll() as u8),
                1 => bytes.extend_from_slice(PIECES[self.below(PIECES.len())].as_bytes()),
                _ => bytes.push(b'a' + self.below(26) as u8),
            }
        }
        bytes
    }
}
