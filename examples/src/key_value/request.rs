//! From bytes to requests: nothing here knows of connections.

use super::{KEY_MAX, LINE_MAX, VALUE_MAX};

/// One request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Request<'a> {
    /// `AUTH password`
    Auth(&'a [u8]),
    /// `GET key`
    Get(&'a [u8]),
    /// `SET key length`
    Set(&'a [u8], usize),
    /// `SUBSCRIBE key`
    Subscribe(&'a [u8]),
    /// `QUIT`
    Quit,
}

/// Why a request is not carried out, by what happens then.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// The next line is a request again.
    GoOn(&'static str),
    /// What follows could be taken for what it is not.
    End(&'static str),
}

impl<'a> Request<'a> {
    /// What the first line asks for, and how many bytes it takes with its end; `None` while it is
    /// not whole. Looks no further than [`LINE_MAX`], however long the input is.
    pub fn first(bytes: &'a [u8]) -> Option<(Result<Self, Refusal>, usize)> {
        let longest = &bytes[..bytes.len().min(LINE_MAX + 2)];
        let Some(end) = longest.iter().position(|byte| *byte == b'\n') else {
            let too_long = longest.len() == LINE_MAX + 2;
            return too_long.then_some((Err(TOO_LONG), longest.len()));
        };
        let line = bytes[..end].strip_suffix(b"\r").unwrap_or(&bytes[..end]);
        let request = if line.len() > LINE_MAX { Err(TOO_LONG) } else { Request::of(line) };
        Some((request, end + 1))
    }

    fn of(line: &'a [u8]) -> Result<Self, Refusal> {
        let (verb, rest) = word(line);
        match verb {
            b"AUTH" => Ok(Request::Auth(rest)),
            b"GET" => Ok(Request::Get(key(rest).map_err(Refusal::GoOn)?)),
            // A value follows, which would be taken for requests.
            b"SET" => set(rest).map_err(Refusal::End),
            b"SUBSCRIBE" => Ok(Request::Subscribe(key(rest).map_err(Refusal::GoOn)?)),
            b"QUIT" if rest.is_empty() => Ok(Request::Quit),
            _ => Err(Refusal::GoOn("unknown command")),
        }
    }
}

const TOO_LONG: Refusal = Refusal::End("line too long");

fn set(rest: &[u8]) -> Result<Request<'_>, &'static str> {
    let (name, length) = word(rest);
    let name = key(name)?;
    if length.is_empty() || !length.iter().all(u8::is_ascii_digit) {
        return Err("the length is no number");
    }
    let length = str::from_utf8(length).ok().and_then(|digits| digits.parse().ok());
    match length {
        Some(length) if length <= VALUE_MAX => Ok(Request::Set(name, length)),
        // More digits than a number holds are too many bytes as well.
        _ => Err("value too large"),
    }
}

fn key(name: &[u8]) -> Result<&[u8], &'static str> {
    match name.len() {
        0 => Err("no key"),
        1..=KEY_MAX if name.iter().all(u8::is_ascii_graphic) => Ok(name),
        1..=KEY_MAX => Err("a key is visible ASCII"),
        _ => Err("key too long"),
    }
}

/// What is before the first space, and what is after it.
fn word(text: &[u8]) -> (&[u8], &[u8]) {
    match text.iter().position(|byte| *byte == b' ') {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, b""),
    }
}
