//! Writes the heads of answers.

use super::out::Out;
use super::pen::{END_MAX, Frame, Pen, START_MAX};
use crate::contract::DATE_LEN;
use crate::http1::syntax::framing::Keep;
use crate::http1::syntax::refusal::Refusal;
use crate::http1::{Name, Status, Value};

/// What the interim answer is that a client may wait for before it sends its body.
pub(in crate::http1) const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// Writes a final head.
pub(in crate::http1) fn write_head(
    status: Status,
    fields: &[(Name, Value<'_>)],
    date: &[u8; DATE_LEN],
    (frame, keep): (Frame, Keep),
    out: &mut impl Out,
) {
    Pen::lend(out, START_MAX + fields_len(fields) + END_MAX, |pen| {
        pen.start(status, date);
        fields.iter().for_each(|(name, value)| pen.field(*name, *value));
        pen.end(frame, keep, false);
    });
}

/// Writes the answer to a refusal.
pub(in crate::http1) fn write_refusal(
    refusal: Refusal,
    date: &[u8; DATE_LEN],
    is_head: bool,
    out: &mut impl Out,
) {
    let text = refusal.text().as_bytes();
    let fields = [(Name::CONTENT_TYPE, Value::from_static("text/plain; charset=utf-8"))];
    let frame = Frame::Length(text.len() as u64);
    write_head(refusal.status(), &fields, date, (frame, Keep::Close), out);
    if !is_head {
        out.write(text);
    }
}

/// Writes the answer after which another protocol is spoken.
pub(in crate::http1) fn write_switch(
    protocol: Value<'_>,
    fields: &[(Name, Value<'_>)],
    out: &mut impl Out,
) {
    const START: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: ";
    let most = START.len() + protocol.as_bytes().len() + fields_len(fields) + 4;
    Pen::lend(out, most, |pen| {
        pen.put(START);
        pen.put(protocol.as_bytes());
        fields.iter().for_each(|(name, value)| pen.field(*name, *value));
        pen.put(b"\r\n\r\n");
    });
}

pub(in crate::http1) fn fields_len(fields: &[(Name, Value<'_>)]) -> usize {
    let length = |(name, value): &(Name, Value<'_>)| name.as_str().len() + value.as_bytes().len();
    fields.iter().map(|field| length(field) + 4).sum()
}
