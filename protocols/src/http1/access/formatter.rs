//! The three formats.

use std::io::Write;
use std::net::Ipv4Addr;

use crate::contract::{Address, Remote};
use crate::http1::Version;

use super::Record;
use super::escape::{Extent, Space, ascii, json};
use super::stamp::Stamp;

/// The most of a method that is written, in bytes after escaping.
pub const METHOD_MAX: usize = 32;
/// The most of a target that is written, in bytes after escaping.
pub const TARGET_MAX: usize = 4096;
/// The most of a `referer` that is written, in bytes after escaping.
pub const REFERER_MAX: usize = 2048;
/// The most of a `user-agent` that is written, in bytes after escaping.
pub const AGENT_MAX: usize = 1024;
/// The most of an address that is written: the path of a Unix socket has at most 108 bytes, which
/// escapes make six times as long.
const FROM_MAX: usize = 6 * 108;
/// What is written of a record besides, with every number as long as it can be.
const REST_MAX: usize = 512;
/// The longest line, in bytes, its end counted.
pub const LINE_MAX: usize = METHOD_MAX + TARGET_MAX + REFERER_MAX + AGENT_MAX + FROM_MAX + REST_MAX;

/// What follows a field that was cut.
const CUT: &[u8] = b"...";

/// How a record is written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Format {
    /// The common log format: `host - - [date] "request line" status bytes`.
    Common,
    /// The same with `"referer" "user agent"` behind it.
    Combined,
    /// One JSON object to a line (RFC 8259), with all that is known.
    Json,
}

/// Writes records as lines.
///
/// It keeps the date of the last second: one for each loop, not one for each connection.
#[derive(Clone, Debug)]
pub struct Formatter {
    format: Format,
    stamp: Stamp,
}

impl Formatter {
    /// One that writes that format.
    pub fn new(format: Format) -> Self {
        Formatter { format, stamp: Stamp::new() }
    }

    /// Appends the record to `out`, as one line with its end.
    pub fn write(&mut self, record: &Record<'_>, out: &mut Vec<u8>) {
        self.stamp.set(record.when);
        match self.format {
            Format::Common => self.common(record, out),
            Format::Combined => {
                self.common(record, out);
                for (field, most) in [(record.referer, REFERER_MAX), (record.user_agent, AGENT_MAX)]
                {
                    out.extend_from_slice(b" \"");
                    text(field.unwrap_or_default(), Space::Plain, most, out);
                    out.push(b'"');
                }
            }
            Format::Json => self.json(record, out),
        }
        out.push(b'\n');
    }

    fn common(&self, record: &Record<'_>, out: &mut Vec<u8>) {
        host(record.from, out);
        out.extend_from_slice(b" - - [");
        out.extend_from_slice(self.stamp.common());
        out.extend_from_slice(b"] \"");
        match record.version {
            Some(version) => {
                text(record.method, Space::Ends, METHOD_MAX, out);
                out.push(b' ');
                text(record.target, Space::Ends, TARGET_MAX, out);
                out.push(b' ');
                out.extend_from_slice(version_text(version));
            }
            None => out.push(b'-'),
        }
        out.extend_from_slice(b"\" ");
        number(u64::from(record.status), out);
        out.push(b' ');
        number(record.sent, out);
    }

    fn json(&self, record: &Record<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"time\":\"");
        out.extend_from_slice(self.stamp.iso());
        out.extend_from_slice(b"\",\"connection\":\"");
        number(u64::from(record.id.index), out);
        out.push(b'.');
        number(u64::from(record.id.generation), out);
        out.extend_from_slice(b"\",\"request\":");
        number(u64::from(record.number), out);
        out.extend_from_slice(b",\"from\":\"");
        let mut extent = whole_address(record.from, out);
        out.push(b'"');
        if let Some(version) = record.version {
            let strings =
                [("method", record.method, METHOD_MAX), ("target", record.target, TARGET_MAX)];
            for (name, value, most) in strings {
                extent = member(name, value, most, out).or(extent);
            }
            out.extend_from_slice(b",\"version\":\"");
            out.extend_from_slice(version_text(version));
            out.push(b'"');
        }
        let took = u64::try_from(record.took.as_micros()).unwrap_or(u64::MAX);
        let numbers =
            [("status", u64::from(record.status)), ("sent", record.sent), ("took_us", took)];
        for (name, value) in numbers {
            key(name, out);
            number(value, out);
        }
        let strings = [
            ("referer", record.referer, REFERER_MAX),
            ("user_agent", record.user_agent, AGENT_MAX),
            ("request_id", record.request_id.map(str::as_bytes), super::REQUEST_ID_MAX),
        ];
        for (name, value, most) in strings {
            if let Some(value) = value {
                extent = member(name, value, most, out).or(extent);
            }
        }
        if extent == Extent::Cut {
            out.extend_from_slice(b",\"cut\":true");
        }
        out.push(b'}');
    }
}

/// A field of the common formats; an empty one is `-`.
fn text(bytes: &[u8], space: Space, most: usize, out: &mut Vec<u8>) {
    if bytes.is_empty() {
        out.push(b'-');
    } else if ascii(bytes, space, most, out) == Extent::Cut {
        out.extend_from_slice(CUT);
    }
}

/// `,"name":`.
fn key(name: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

/// `,"name":"value"`.
fn member(name: &str, value: &[u8], most: usize, out: &mut Vec<u8>) -> Extent {
    key(name, out);
    out.push(b'"');
    let extent = json(value, most, out);
    out.push(b'"');
    extent
}

/// The address alone, as logs have it; the path of a Unix socket is the peer's choice, and nobody
/// is found by it.
fn host(from: &Remote, out: &mut Vec<u8>) {
    match from {
        Remote::V4(at) => ipv4(*at.ip(), out),
        Remote::Other(origin) => match &origin.address {
            Address::Ip(at) => print(out, format_args!("{}", at.ip())),
            Address::Unix(_) => out.extend_from_slice(b"unix:"),
        },
    }
}

/// Address and port, or the path.
fn whole_address(from: &Remote, out: &mut Vec<u8>) -> Extent {
    match from {
        Remote::V4(at) => {
            ipv4(*at.ip(), out);
            out.push(b':');
            number(u64::from(at.port()), out);
        }
        Remote::Other(origin) => match &origin.address {
            Address::Ip(at) => print(out, format_args!("{at}")),
            Address::Unix(path) => {
                out.extend_from_slice(b"unix:");
                return json(path.as_os_str().as_encoded_bytes(), FROM_MAX, out);
            }
        },
    }
    Extent::Whole
}

/// The common case, which is on the way of every request.
fn ipv4(address: Ipv4Addr, out: &mut Vec<u8>) {
    for (at, octet) in address.octets().into_iter().enumerate() {
        if at > 0 {
            out.push(b'.');
        }
        number(u64::from(octet), out);
    }
}

fn version_text(version: Version) -> &'static [u8] {
    match version {
        Version::Http10 => b"HTTP/1.0",
        Version::Http11 => b"HTTP/1.1",
    }
}

fn number(number: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

fn print(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // A vector takes everything.
    let _ = out.write_fmt(text);
}
