//! Writes the head of a request.

use super::out::Out;
use super::pen::{END_MAX, Frame, Pen};
use crate::http1::Value;
use crate::http1::syntax::asking::{Field, RequestLine};
use crate::http1::syntax::framing::Keep;

/// The request line and the host.
pub(in crate::http1) fn write_line(line: &RequestLine<'_>, out: &mut impl Out) {
    let most = line.method().len() + line.target().len() + line.host().len() + 32;
    Pen::lend(out, most, |pen| {
        pen.put(line.method().as_bytes());
        pen.put(b" ");
        pen.put(line.target().as_bytes());
        pen.put(b" HTTP/1.1\r\nhost: ");
        pen.put(line.host().as_bytes());
    });
}

pub(in crate::http1) fn write_field(field: &Field<'_>, out: &mut impl Out) {
    Pen::lend(out, field.name().len() + field.value().len() + 4, |pen| {
        pen.put(b"\r\n");
        pen.put(field.name().as_bytes());
        pen.put(b": ");
        pen.put(field.value());
    });
}

/// What a request asks to switch to; its `connection` has to name that field.
pub(in crate::http1) fn write_upgrade(protocol: Value<'_>, out: &mut impl Out) {
    Pen::lend(out, protocol.as_bytes().len() + 11, |pen| {
        pen.put(b"\r\nupgrade: ");
        pen.put(protocol.as_bytes());
    });
}

/// The server is to say whether it wants the body.
pub(in crate::http1) fn write_expect(out: &mut impl Out) {
    out.write(b"\r\nexpect: 100-continue");
}

/// `connection`, what says how the body ends, and the empty line.
pub(in crate::http1) fn write_end(frame: Frame, keep: Keep, upgrades: bool, out: &mut impl Out) {
    Pen::lend(out, END_MAX, |pen| pen.end(frame, keep, upgrades));
}
