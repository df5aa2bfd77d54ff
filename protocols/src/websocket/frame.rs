//! One frame: its head, its mask, and how it is written (RFC 6455, section 5.2).

use std::io::Cursor;

use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use crate::contract::Tx;

use super::close::{CloseCode, Refusal};
use super::limits::reason;

/// The longest payload of a control frame.
pub(super) const CONTROL_MAX: usize = 125;

/// The head of a frame that a client sent.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) opcode: OpCode,
    pub(super) is_final: bool,
    pub(super) mask: [u8; 4],
    /// Length of the payload in bytes.
    pub(super) len: u64,
    /// Length of the head itself.
    pub(super) size: usize,
}

/// The head at the start of `bytes`; none while it is not whole. What its first bytes already say
/// is refused before it is whole, in the order of the bytes: so it is the same however they arrive.
#[inline]
pub(super) fn parse(bytes: &[u8]) -> Result<Option<Head>, Refusal> {
    let Some(&first) = bytes.first() else { return Ok(None) };
    if first & 0x70 != 0 {
        return Err(Refusal::protocol(reason::RESERVED_BITS));
    }
    let is_control = match OpCode::from(first & 0x0f) {
        OpCode::Data(Data::Reserved(_)) | OpCode::Control(Control::Reserved(_)) => {
            return Err(Refusal::protocol(reason::RESERVED_OPCODE));
        }
        OpCode::Control(_) => true,
        OpCode::Data(_) => false,
    };
    if is_control && first & 0x80 == 0 {
        return Err(Refusal::protocol(reason::CONTROL_FRAGMENT));
    }
    let Some(&second) = bytes.get(1) else { return Ok(None) };
    if second & 0x80 == 0 {
        return Err(Refusal::protocol(reason::UNMASKED));
    }
    if is_control && usize::from(second & 0x7f) > CONTROL_MAX {
        return Err(Refusal::protocol(reason::CONTROL_TOO_LONG));
    }
    let mut cursor = Cursor::new(bytes);
    // All that this parser refuses was refused above.
    let refused = |_| Refusal::protocol(reason::RESERVED_OPCODE);
    let Some((header, len)) = FrameHeader::parse(&mut cursor).map_err(refused)? else {
        return Ok(None);
    };
    let size = cursor.position() as usize;
    if len >> 63 != 0 {
        return Err(Refusal::protocol(reason::LENGTH_TOP_BIT));
    }
    if header.len(len) != size {
        return Err(Refusal::protocol(reason::LENGTH_NOT_MINIMAL));
    }
    let mask = header.mask.unwrap_or_default();
    Ok(Some(Head { opcode: header.opcode, is_final: header.is_final, mask, len, size }))
}

/// Takes the mask off: eight bytes at a time, which compilers make sixteen or more.
#[inline]
pub(super) fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = payload.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
}

/// Queues one whole frame.
#[inline]
pub(super) fn write(tx: &mut Tx, opcode: OpCode, payload: &[u8]) {
    let header = FrameHeader { opcode, ..FrameHeader::default() };
    let size = header.len(payload.len() as u64);
    tx.fill(size + payload.len(), |to| put(&header, size, payload, to));
}

/// One whole frame, to be sent many times.
pub(super) fn encode(opcode: OpCode, payload: &[u8]) -> Vec<u8> {
    let header = FrameHeader { opcode, ..FrameHeader::default() };
    let size = header.len(payload.len() as u64);
    let mut frame = vec![0; size + payload.len()];
    put(&header, size, payload, &mut frame);
    frame
}

/// Queues a close frame; of `why` as much is sent as fits.
pub(super) fn write_close(tx: &mut Tx, code: Option<CloseCode>, why: &str) {
    let mut payload = [0; CONTROL_MAX];
    let mut len = 0;
    if let Some(code) = code {
        let why = &why.as_bytes()[..boundary(why, CONTROL_MAX - 2)];
        payload[..2].copy_from_slice(&code.number().to_be_bytes());
        payload[2..2 + why.len()].copy_from_slice(why);
        len = 2 + why.len();
    }
    write(tx, OpCode::Control(Control::Close), &payload[..len]);
}

/// The end of the last character that ends within the first `most` bytes.
fn boundary(text: &str, most: usize) -> usize {
    (0..=most.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Writes a frame to memory that is as long as it, and says how long that is.
#[inline]
fn put(header: &FrameHeader, size: usize, payload: &[u8], to: &mut [u8]) -> usize {
    let (mut head, body) = to.split_at_mut(size);
    // It fits, so this cannot fail.
    if header.format(payload.len() as u64, &mut head).is_err() {
        return 0;
    }
    body.copy_from_slice(payload);
    to.len()
}
