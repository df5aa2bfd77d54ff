//! C4, C5, C6: the frame of chunks, held against an oracle written from the grammar.

use readily_protocols::contract::Fault;
use readily_protocols::http1::reason::{BODY_TOO_LARGE, EXTENSION_TOO_LONG};
use readily_protocols::http1::wire::{Event, ServerSide};
use readily_protocols::http1::{Limits, Starts};

use crate::seeds::Random;
use crate::support::{chunked, codes, get, limited, site};

/// What a frame comes to.
#[derive(PartialEq, Eq, Debug)]
enum Found {
    /// That many bytes are the body, with this data in it.
    Whole(usize, Vec<u8>),
    /// It may go on well.
    Part,
    Bad,
}

/// Reads a body in chunks by the ABNF of RFC 9112, section 7.1, and nothing else: recursive
/// descent, with nothing in common with the server.
struct Oracle<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where the trailer section begins.
    section: Option<usize>,
}

/// Why it goes no further.
enum Stop {
    Part,
    Bad,
}

const SPACE: fn(u8) -> bool = |byte| matches!(byte, b' ' | b'\t');
const TOKEN: fn(u8) -> bool =
    |byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
const TEXT: fn(u8) -> bool = |byte| !byte.is_ascii_control() || byte == b'\t';

impl Oracle<'_> {
    fn judge(bytes: &[u8]) -> Found {
        let mut oracle = Oracle { bytes, at: 0, section: None };
        let mut data = Vec::new();
        match oracle.body(&mut data) {
            Ok(()) => Found::Whole(oracle.at, data),
            Err(Stop::Part) => Found::Part,
            Err(Stop::Bad) => Found::Bad,
        }
    }

    /// Whether it ends within a trailer section: a field there is judged with all of its section.
    fn is_cut_in_trailers(bytes: &[u8]) -> bool {
        let mut oracle = Oracle { bytes, at: 0, section: None };
        drop(oracle.body(&mut Vec::new()));
        let section = oracle.section.map(|start| &bytes[start..]);
        section.is_some_and(|section| !section.windows(4).any(|four| four == b"\r\n\r\n"))
    }

    fn body(&mut self, data: &mut Vec<u8>) -> Result<(), Stop> {
        loop {
            match self.chunk_line()? {
                0 => return self.trailers(),
                size => {
                    let left = self.bytes.len() - self.at;
                    let here = usize::try_from(size).unwrap_or(usize::MAX).min(left);
                    data.extend_from_slice(&self.bytes[self.at..self.at + here]);
                    self.at += here;
                    self.line_end()?;
                }
            }
        }
    }

    /// chunk-size [ chunk-ext ] CRLF
    fn chunk_line(&mut self) -> Result<u64, Stop> {
        let digits = self.some(|byte| byte.is_ascii_hexdigit())?;
        let digits = String::from_utf8_lossy(digits).into_owned();
        let mut gap = self.run(SPACE).len();
        while gap > 0 || self.peek()? != b'\r' {
            self.one(b';')?;
            self.run(SPACE);
            self.some(TOKEN)?;
            gap = self.run(SPACE).len();
            if self.peek()? == b'=' {
                self.at += 1;
                self.run(SPACE);
                self.value()?;
                gap = self.run(SPACE).len();
            }
        }
        self.line_end()?;
        u64::from_str_radix(&digits, 16).map_err(|_| Stop::Bad)
    }

    /// token / quoted-string
    fn value(&mut self) -> Result<(), Stop> {
        if self.peek()? != b'"' {
            return self.some(TOKEN).map(|_| ());
        }
        self.at += 1;
        loop {
            self.run(|byte| TEXT(byte) && !b"\"\\".contains(&byte));
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => {
                    self.at += 1;
                    self.peek()
                        .and_then(|byte| if TEXT(byte) { Ok(()) } else { Err(Stop::Bad) })?;
                    self.at += 1;
                }
                _ => return Err(Stop::Bad),
            }
        }
    }

    /// *( field-line CRLF ) CRLF
    fn trailers(&mut self) -> Result<(), Stop> {
        self.section = Some(self.at);
        while self.peek()? != b'\r' {
            self.some(TOKEN)?;
            self.one(b':')?;
            self.run(TEXT);
            self.line_end()?;
        }
        self.line_end()
    }

    fn line_end(&mut self) -> Result<(), Stop> {
        self.one(b'\r')?;
        self.one(b'\n')
    }

    fn peek(&self) -> Result<u8, Stop> {
        self.bytes.get(self.at).copied().ok_or(Stop::Part)
    }

    fn one(&mut self, wanted: u8) -> Result<(), Stop> {
        if self.peek()? != wanted {
            return Err(Stop::Bad);
        }
        self.at += 1;
        Ok(())
    }

    fn run(&mut self, is_one: impl Fn(u8) -> bool) -> &[u8] {
        let start = self.at;
        self.at += self.bytes[start..].iter().take_while(|byte| is_one(**byte)).count();
        &self.bytes[start..self.at]
    }

    fn some(&mut self, is_one: impl Fn(u8) -> bool) -> Result<&[u8], Stop> {
        self.peek().and_then(|byte| if is_one(byte) { Ok(()) } else { Err(Stop::Bad) })?;
        Ok(self.run(is_one))
    }
}

/// A connection whose head was read: a body in chunks comes next.
fn before_body() -> ServerSide {
    let (mut http, mut starts) = (ServerSide::new(), Starts::new());
    let head = chunked("/", b"");
    let found = http.receive(&head, &Limits::DEFAULT, &mut starts);
    assert_eq!(found.map(|received| received.used), Ok(head.len()));
    http
}

/// What the server makes of it.
fn read(mut http: ServerSide, bytes: &[u8]) -> Found {
    let (mut at, mut data, mut starts) = (0, Vec::new(), Starts::new());
    loop {
        let Ok(received) = http.receive(&bytes[at..], &Limits::DEFAULT, &mut starts) else {
            return Found::Bad;
        };
        at += received.used;
        match received.event {
            Event::Data(more) => data.extend_from_slice(more),
            Event::End(_) => return Found::Whole(at, data),
            _ => return Found::Part,
        }
    }
}

const ALPHABET: &[u8; 14] = b"01aF;=\" \t\r\n\0x-";

/// Calls with every string of that length of the alphabet.
fn every(length: usize, mut call: impl FnMut(&[u8])) {
    for mut number in 0..ALPHABET.len().pow(length as u32) {
        let mut bytes = [0; 8];
        for byte in &mut bytes[..length] {
            *byte = ALPHABET[number % ALPHABET.len()];
            number /= ALPHABET.len();
        }
        call(&bytes[..length]);
    }
}

fn check(http: ServerSide, bytes: &[u8]) -> bool {
    let (found, expected) = (read(http, bytes), Oracle::judge(bytes));
    let is_late = found == Found::Part && Oracle::is_cut_in_trailers(bytes);
    let is_same = found == expected || (expected == Found::Bad && is_late);
    assert!(is_same, "{}: {found:?}, by the grammar {expected:?}", bytes.escape_ascii());
    matches!(found, Found::Whole(..))
}

#[test]
fn the_frame_is_the_grammar_exactly() {
    // Alone, and in each place of a body that is good otherwise.
    let places: [(&str, &str, usize); 8] = [
        ("", "", 5),
        ("1", "\r\nx\r\n0\r\n\r\n", 5),
        ("1;a", "\r\nx\r\n0\r\n\r\n", 4),
        ("1;a=\"", "\"\r\nx\r\n0\r\n\r\n", 4),
        ("1 ;a = x", "\r\nx\r\n0\r\n\r\n", 4),
        ("1\r\nx", "0\r\n\r\n", 5),
        ("0\r\n", "\r\n\r\n", 4),
        ("0\r\nx:", "\r\n\r\n", 4),
    ];
    let http = before_body();
    for (before, behind, most) in places {
        let (mut whole, mut all) = (0, 0);
        for length in 0..=most {
            let mut bytes = before.as_bytes().to_vec();
            every(length, |middle| {
                bytes.truncate(before.len());
                bytes.extend_from_slice(middle);
                bytes.extend_from_slice(behind.as_bytes());
                whole += usize::from(check(http, &bytes));
                all += 1;
            });
        }
        assert!(whole > 0 && all > whole, "{before:?} {behind:?}: {whole} of {all}");
    }
}

#[test]
fn sizes_of_every_length_up_to_the_largest() {
    let http = before_body();
    for digits in 1..=20 {
        for digit in "019afF".chars() {
            let size = digit.to_string().repeat(digits);
            let input = format!("{size}\r\nx");
            let found = read(http, input.as_bytes());
            // Zero is the last chunk, behind which a trailer is half there.
            let expected = if digits > 15 { Found::Bad } else { Found::Part };
            assert_eq!(found, expected, "{size}");
        }
    }
}

#[test]
fn frames_changed_at_random() {
    let mut random = Random(4);
    let http = before_body();
    let (mut whole, mut bad) = (0, 0);
    for _ in 0..200_000 {
        let base: &[u8] = [
            &b"5;a=b;c=\"d\"\r\nhello\r\n0\r\n\r\n"[..],
            b"1\r\na\r\n02 ; x = y\r\nbc\r\n0;z\r\nx-a: b\r\n\r\n",
            b"c\r\n\r\n0\r\n\r\nabcde\r\n00\r\nx:\r\ny: \t\r\n\r\n",
        ][random.below(3)];
        let mut bytes = base.to_vec();
        for _ in 0..random.below(3) {
            let (at, symbol) = (random.below(bytes.len()), ALPHABET[random.below(14)]);
            match random.below(3) {
                0 => bytes.insert(at, symbol),
                1 => drop(bytes.remove(at)),
                _ => bytes[at] = symbol,
            }
        }
        match check(http, &bytes) {
            true => whole += 1,
            false => bad += 1,
        }
    }
    assert!(whole > 50_000 && bad > 50_000, "{whole} and {bad}");
}

#[test]
fn the_extension_of_one_chunk() {
    for most in [0, 1, 10, Limits::EXTENSION] {
        let limits = Limits { extension: most, ..Limits::DEFAULT };
        for length in [most.saturating_sub(1), most, most + 1] {
            let extension = if length < 2 { String::new() } else { ";".to_owned() };
            let extension = extension + &"a".repeat(length.saturating_sub(1));
            if extension.len() != length {
                continue;
            }
            let frame = format!("1{extension}\r\nx\r\n1{extension}\r\ny\r\n0\r\n\r\n");
            let refused = length > most;
            check_limit(limits, &chunked("/none", frame.as_bytes()), refused, length);
        }
    }
    // Without one, none is counted.
    let limits = Limits { extension: 0, extensions: 0, ..Limits::DEFAULT };
    check_limit(limits, &chunked("/none", b"1\r\nx\r\n0\r\n\r\n"), false, 0);
    check_limit(limits, &chunked("/none", b"1 ;a\r\nx\r\n0\r\n\r\n"), true, 1);
}

#[test]
fn the_extensions_of_one_body() {
    for most in [100, Limits::EXTENSIONS] {
        let limits = Limits { extensions: most, ..Limits::DEFAULT };
        for length in [most - 1, most, most + 1] {
            let mut frame = String::new();
            let mut left = length;
            while left > 0 {
                let one = left.clamp(2, 50);
                frame += &format!("1;{}\r\nx\r\n", "a".repeat(one - 1));
                left = left.saturating_sub(one);
            }
            // What was rounded up to two is one too many.
            let counted: usize = frame.matches(['a', ';']).count();
            frame += "0\r\n\r\n";
            let input = chunked("/none", frame.as_bytes());
            check_limit(limits, &input, counted > most, counted);
        }
    }
}

fn check_limit(limits: Limits, input: &[u8], is_refused: bool, what: usize) {
    for size in [1, input.len()] {
        let mut script = limited(limits);
        for piece in input.chunks(size) {
            script.feed(piece);
        }
        let expected = match is_refused {
            true => (vec![400], Some(Err(Fault::Peer(EXTENSION_TOO_LONG)))),
            false => (vec![404], None),
        };
        assert_eq!((codes(&script), script.over()), expected, "{what}");
    }
}

#[test]
fn a_body_in_chunks_has_the_limit_of_one_with_a_length() {
    for most in [0, 1, 10, 100_000] {
        for length in [most - 1.min(most), most, most + 1] {
            for chunk in [1, 7, 4096] {
                let data = vec![b'x'; length as usize];
                let mut frame = Vec::new();
                for piece in data.chunks(chunk) {
                    frame.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
                    frame.extend_from_slice(piece);
                    frame.extend_from_slice(b"\r\n");
                }
                frame.extend_from_slice(b"0\r\n\r\n");
                let limits = Limits { body: most, ..Limits::DEFAULT };
                let mut script = limited(limits);
                script.feed(&chunked("/none", &frame));
                let expected = match length <= most {
                    true => (vec![404], None),
                    false => (vec![413], Some(Err(Fault::Peer(BODY_TOO_LARGE)))),
                };
                assert_eq!((codes(&script), script.over()), expected, "{length} by {chunk}");
            }
        }
    }
}

#[test]
fn a_large_size_reserves_nothing() {
    let mut script = site();
    script.feed(&chunked("/echo", b"fffffffffffffff\r\nabc"));
    let conn = readily_protocols::contract::Machine::held(script.machine());
    assert!(conn < 1024, "{conn}");
}

#[test]
fn chunks_of_one_byte_with_the_longest_extensions_end_at_the_limit() {
    // C5: what an endless body of them may cost.
    let mut script = site();
    script.feed(&chunked("/take", b""));
    let chunk = format!("1;{}\r\nx\r\n", "a".repeat(Limits::EXTENSION - 1));
    let mut fed = 0;
    while script.over().is_none() && fed < 1000 {
        script.feed(chunk.as_bytes());
        fed += 1;
    }
    assert_eq!(fed, Limits::EXTENSIONS / Limits::EXTENSION + 1);
    assert_eq!(script.over(), Some(Err(Fault::Peer(EXTENSION_TOO_LONG))));
}

#[test]
fn data_comes_out_as_it_went_in() {
    // Each way of taking it, each size of chunks, and another request behind it.
    let data: Vec<u8> = (0..20_000).map(|at| (at % 251) as u8).collect();
    for target in ["/echo", "/take", "/both"] {
        for chunk in [1, 15, 16, 17, 255, 4095, 20_000] {
            let mut frame = Vec::new();
            for piece in data.chunks(chunk) {
                frame.extend_from_slice(format!("{:X}\r\n", piece.len()).as_bytes());
                frame.extend_from_slice(piece);
                frame.extend_from_slice(b"\r\n");
            }
            frame.extend_from_slice(b"0\r\n\r\n");
            let input = [chunked(target, &frame), get("/none", "")].concat();
            let mut script = site();
            for piece in input.chunks(10_007) {
                script.feed(piece);
            }
            assert_eq!(script.over(), None, "{target} by {chunk}");
            let seen = &script.app().seen;
            assert!(seen.last().is_some_and(|line| line.starts_with("GET /none")), "{target}");
            if target != "/both" {
                assert!(script.app().bodies.contains(&data), "{target} by {chunk}");
            }
        }
    }
}
