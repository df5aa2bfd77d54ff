//! One frame: its head, its mask, and how it is written (RFC 6455, section 5.2).
//!
//! The head is read and written here and not by tungstenite's `FrameHeader`, which works on streams
//! and costs several times more; the tests hold the two against each other.

use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use crate::contract::Tx;

use super::assembly::Kind;
use super::close::{CloseCode, Refusal};
use super::limits::reason;

/// The longest payload of a control frame.
pub(super) const CONTROL_MAX: usize = 125;

/// The head of a frame of the peer.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) opcode: OpCode,
    pub(super) is_final: bool,
    /// Whether the message that begins with it is compressed (RFC 7692, section 6).
    pub(super) is_compressed: bool,
    /// Zeros where there is none.
    pub(super) mask: Mask,
    /// Length of the payload in bytes.
    pub(super) len: u64,
    /// Length of the head itself.
    pub(super) size: usize,
}

/// What a payload is changed with: a client's frames have one (RFC 6455, section 5.3).
pub(super) type Mask = [u8; 4];

/// The bit of the first byte that says that the message is compressed.
pub(super) const COMPRESSED: u8 = 0x40;

const FIN: u8 = 0x80;
const RESERVED: u8 = 0x70;
const MASKED: u8 = 0x80;
const SHORT: u8 = 0x7f;
const WHOLE_TEXT: u8 = FIN | 1;
const WHOLE_BINARY: u8 = FIN | 2;

/// Which end this is, and what was agreed: what the first two bytes of the peer's frames may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Rules {
    /// The bit of the second byte as the peer has to set it.
    masked: u8,
    /// The bits of the first byte that have no meaning.
    reserved: u8,
}

impl Rules {
    /// A server's, without an extension.
    pub(super) const SERVER: Rules = Rules { masked: MASKED, reserved: RESERVED };
    /// A client's, without an extension.
    pub(super) const CLIENT: Rules = Rules { masked: 0, reserved: RESERVED };

    #[inline]
    pub(super) const fn is_client(self) -> bool {
        self.masked == 0
    }

    /// The same where messages may be compressed.
    pub(super) const fn with_compression(self) -> Self {
        Rules { reserved: RESERVED & !COMPRESSED, ..self }
    }
}

/// The first byte of a frame that is a whole message, or a control frame.
#[inline]
pub(super) fn whole(opcode: OpCode) -> u8 {
    FIN | u8::from(opcode)
}

/// The first byte of a frame that another one of the same message follows.
pub(super) fn unfinished(opcode: OpCode) -> u8 {
    u8::from(opcode)
}

/// The head at the start of `bytes`; none while it is not whole. What its first bytes already say
/// is refused before it is whole, in the order of the bytes: so it is the same however they arrive.
#[inline]
pub(super) fn parse(bytes: &[u8], rules: Rules) -> Result<Option<Head>, Refusal> {
    let Some((&first, rest)) = bytes.split_first() else { return Ok(None) };
    let opcode = check_first(first, rules)?;
    let Some((&second, rest)) = rest.split_first() else { return Ok(None) };
    if second & MASKED != rules.masked {
        let reason = if rules.is_client() { reason::MASKED } else { reason::UNMASKED };
        return Err(Refusal::protocol(reason));
    }
    let short = second & SHORT;
    if matches!(opcode, OpCode::Control(_)) && usize::from(short) > CONTROL_MAX {
        return Err(Refusal::protocol(reason::CONTROL_TOO_LONG));
    }
    let (len, rest) = match short {
        126 => match rest.split_first_chunk() {
            Some((len, rest)) => (check_len(u16::from_be_bytes(*len).into(), 126)?, rest),
            None => return Ok(None),
        },
        127 => match rest.split_first_chunk() {
            Some((len, rest)) => (check_len(u64::from_be_bytes(*len), 0x1_0000)?, rest),
            None => return Ok(None),
        },
        short => (u64::from(short), rest),
    };
    let (mask, rest) = match rest.split_first_chunk() {
        _ if rules.is_client() => ([0; 4], rest),
        Some((&mask, rest)) => (mask, rest),
        None => return Ok(None),
    };
    let size = bytes.len() - rest.len();
    let is_compressed = first & COMPRESSED != 0;
    Ok(Some(Head { opcode, is_final: first & FIN != 0, is_compressed, mask, len, size }))
}

/// A message that is all there in one frame.
pub(super) struct Single<'a> {
    pub(super) kind: Kind,
    pub(super) payload: &'a mut [u8],
    /// Length of the frame.
    pub(super) size: usize,
}

/// The message at the start of `bytes`, if it is whole in one frame, uncompressed and of less than
/// 64 KiB: most are. For all else [`parse`] says what it is.
#[inline(always)]
pub(super) fn single(bytes: &mut [u8], rules: Rules) -> Option<(Single<'_>, Mask)> {
    let &[first, second] = bytes.first_chunk()?;
    let kind = match first {
        WHOLE_TEXT => Kind::Text,
        WHOLE_BINARY => Kind::Binary,
        _ => return None,
    };
    let (len, at) = match second ^ rules.masked {
        short @ 0..=125 => (usize::from(short), 2),
        126 => match u16::from_be_bytes(*bytes[2..].first_chunk()?) {
            ..=125 => return None,
            len => (usize::from(len), 4),
        },
        _ => return None,
    };
    let (mask, at) = match rules.is_client() {
        true => ([0; 4], at),
        false => (*bytes[at..].first_chunk()?, at + MASK_SIZE),
    };
    let (size, payload) = (at + len, bytes.get_mut(at..at + len)?);
    Some((Single { kind, payload, size }, mask))
}

#[inline]
fn check_first(first: u8, rules: Rules) -> Result<OpCode, Refusal> {
    if first & rules.reserved != 0 {
        return Err(Refusal::protocol(reason::RESERVED_BITS));
    }
    let opcode = match first & !(FIN | RESERVED) {
        0 => OpCode::Data(Data::Continue),
        1 => OpCode::Data(Data::Text),
        2 => OpCode::Data(Data::Binary),
        8 => OpCode::Control(Control::Close),
        9 => OpCode::Control(Control::Ping),
        10 => OpCode::Control(Control::Pong),
        _ => return Err(Refusal::protocol(reason::RESERVED_OPCODE)),
    };
    // It is said once, where a message begins.
    let may_compress = matches!(opcode, OpCode::Data(Data::Text | Data::Binary));
    if first & COMPRESSED != 0 && !may_compress {
        return Err(Refusal::protocol(reason::RESERVED_BITS));
    }
    if matches!(opcode, OpCode::Control(_)) && first & FIN == 0 {
        return Err(Refusal::protocol(reason::CONTROL_FRAGMENT));
    }
    Ok(opcode)
}

/// A length that could not be written in fewer bytes, since it is `least` or more.
#[inline]
fn check_len(len: u64, least: u64) -> Result<u64, Refusal> {
    if len >> 63 != 0 {
        return Err(Refusal::protocol(reason::LENGTH_TOP_BIT));
    }
    if len < least {
        return Err(Refusal::protocol(reason::LENGTH_NOT_MINIMAL));
    }
    Ok(len)
}

/// How long the head of a frame of that length is, without a mask.
#[inline]
fn head_size(len: u64) -> usize {
    match len {
        0..=125 => 2,
        126..=0xffff => 4,
        _ => 10,
    }
}

/// Takes the mask off, 128 bytes at a time: compilers make them wide without a branch.
#[inline(always)]
pub(super) fn unmask(payload: &mut [u8], mask: Mask) {
    let wide = u64::from(u32::from_ne_bytes(mask)) * 0x1_0000_0001;
    let (blocks, rest) = payload.as_chunks_mut::<128>();
    for block in blocks {
        unmask_words(block, wide);
    }
    unmask_rest(rest, wide);
}

#[inline(always)]
fn unmask_rest(payload: &mut [u8], wide: u64) {
    let whole = payload.len() & !7;
    let (words, rest) = payload.split_at_mut(whole);
    unmask_words(words, wide);
    for (byte, mask) in rest.iter_mut().zip(wide.to_ne_bytes()) {
        *byte ^= mask;
    }
}

/// The same for a multiple of eight bytes.
#[inline(always)]
fn unmask_words(payload: &mut [u8], wide: u64) {
    for word in payload.as_chunks_mut::<8>().0 {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
}

/// How long a frame is whose payload is that long, without a mask.
#[inline]
pub(super) fn size(len: usize) -> usize {
    head_size(len as u64) + len
}

/// How many bytes a mask takes.
pub(super) const MASK_SIZE: usize = size_of::<Mask>();

/// Queues one frame that begins with `first`, masked where there is a mask.
#[inline]
pub(super) fn write(tx: &mut Tx, first: u8, payload: &[u8], mask: Option<Mask>) {
    match mask {
        None => write_plain(tx, first, payload),
        Some(mask) => write_masked(tx, first, payload, mask),
    }
}

/// Queues one frame without a mask.
#[inline(always)]
pub(super) fn write_plain(tx: &mut Tx, first: u8, payload: &[u8]) {
    tx.fill(size(payload.len()), |to| put(first, payload, to));
}

#[inline(never)]
fn write_masked(tx: &mut Tx, first: u8, payload: &[u8], mask: Mask) {
    tx.fill(size(payload.len()) + MASK_SIZE, |to| {
        let at = put_head(first, payload.len(), to);
        to[1] |= MASKED;
        to[at..at + MASK_SIZE].copy_from_slice(&mask);
        let body = &mut to[at + MASK_SIZE..];
        body.copy_from_slice(payload);
        unmask(body, mask);
        to.len()
    });
}

/// One whole frame, to be sent many times.
pub(super) fn encode(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0; size(payload.len())];
    put(first, payload, &mut frame);
    frame
}

/// What is behind the head of a frame that [`encode`] made.
pub(super) fn payload_of(frame: &[u8]) -> &[u8] {
    let at = match frame.get(1) {
        Some(127) => 10,
        Some(126) => 4,
        _ => 2,
    };
    frame.get(at..).unwrap_or_default()
}

/// Writes a frame to memory that is as long as it, and says how long that is.
#[inline]
fn put(first: u8, payload: &[u8], to: &mut [u8]) -> usize {
    let at = put_head(first, payload.len(), to);
    to[at..].copy_from_slice(payload);
    to.len()
}

/// Writes the head without a mask, and says how long it is.
#[inline]
fn put_head(first: u8, len: usize, to: &mut [u8]) -> usize {
    to[0] = first;
    match len {
        0..=125 => {
            to[1] = len as u8;
            2
        }
        126..=0xffff => {
            to[1] = 126;
            to[2..4].copy_from_slice(&(len as u16).to_be_bytes());
            4
        }
        _ => {
            to[1] = 127;
            to[2..10].copy_from_slice(&(len as u64).to_be_bytes());
            10
        }
    }
}

/// Queues a close frame; of `why` as much is sent as fits.
pub(super) fn write_close(tx: &mut Tx, code: Option<CloseCode>, why: &str, mask: Option<Mask>) {
    let mut payload = [0; CONTROL_MAX];
    let mut len = 0;
    if let Some(code) = code {
        let why = &why.as_bytes()[..boundary(why, CONTROL_MAX - 2)];
        payload[..2].copy_from_slice(&code.number().to_be_bytes());
        payload[2..2 + why.len()].copy_from_slice(why);
        len = 2 + why.len();
    }
    write(tx, whole(OpCode::Control(Control::Close)), &payload[..len], mask);
}

/// The end of the last character that ends within the first `most` bytes.
fn boundary(text: &str, most: usize) -> usize {
    (0..=most.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use tungstenite::protocol::frame::FrameHeader;

    use super::*;

    const LENGTHS: [u64; 9] =
        [0, 1, 125, 126, 127, 0xffff, 0x1_0000, u32::MAX as u64, u64::MAX / 2];

    #[test]
    fn heads_are_read_as_tungstenite_reads_and_writes_them() {
        for first in [0x00, 0x80, 0x01, 0x81, 0x02, 0x82, 0x88, 0x89, 0x8a] {
            for len in LENGTHS {
                let header = FrameHeader {
                    is_final: first & FIN != 0,
                    opcode: OpCode::from(first & 0x0f),
                    mask: Some([1, 2, 3, 4]),
                    ..FrameHeader::default()
                };
                let mut bytes = Vec::new();
                header.format(len, &mut bytes).expect("memory takes all");
                let is_control = first & 0x08 != 0;
                if is_control && len > 125 {
                    assert_eq!(
                        parse(&bytes, Rules::SERVER).expect_err("too long").reason,
                        reason::CONTROL_TOO_LONG
                    );
                    continue;
                }
                let head = parse(&bytes, Rules::SERVER).expect("in order").expect("whole");
                let read = FrameHeader {
                    is_final: head.is_final,
                    opcode: head.opcode,
                    mask: Some(head.mask),
                    ..FrameHeader::default()
                };
                let cursor = &mut Cursor::new(&bytes);
                let theirs = FrameHeader::parse(cursor).expect("in order").expect("whole");
                assert_eq!(((read, head.len), head.size), (theirs, bytes.len()));
                for cut in 0..bytes.len() {
                    assert!(
                        parse(&bytes[..cut], Rules::SERVER).expect("in order").is_none(),
                        "cut at {cut}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_short_way_finds_what_the_long_one_does_or_nothing() {
        const LENGTHS: [(usize, &[u8]); 7] = [
            (0, &[0]),
            (125, &[125]),
            (126, &[126, 0, 126]),
            (0xffff, &[126, 0xff, 0xff]),
            // The long way has to say what is wrong with this, and to take the next.
            (125, &[126, 0, 125]),
            (0xffff, &[127, 0, 0, 0, 0, 0, 0, 0xff, 0xff]),
            (0x1_0000, &[127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ];
        let mut found = 0;
        for rules in [Rules::SERVER, Rules::CLIENT, Rules::SERVER.with_compression()] {
            for first in 0..=u8::MAX {
                for (len, written) in LENGTHS {
                    for masked in [0, MASKED] {
                        let mut bytes = vec![first, masked | written[0]];
                        bytes.extend(&written[1..]);
                        bytes.resize(bytes.len() + usize::from(masked != 0) * MASK_SIZE, 7);
                        let at = bytes.len();
                        bytes.resize(at + len + 1, b'x');
                        assert!(single(&mut bytes[..at + len - 1], rules).is_none());
                        let Some((Single { kind, payload, size }, mask)) =
                            single(&mut bytes, rules)
                        else {
                            continue;
                        };
                        let is_text = kind == Kind::Text;
                        let (len, size) = (payload.len(), size - payload.len());
                        found += 1;
                        let head = parse(&bytes, rules).expect("in order").expect("whole");
                        let of = OpCode::Data(if is_text { Data::Text } else { Data::Binary });
                        assert_eq!((head.len, head.size, head.mask), (len as u64, size, mask));
                        assert!(head.opcode == of && head.is_final && !head.is_compressed);
                    }
                }
            }
        }
        // Two kinds, four lengths, each of three rules.
        assert_eq!(found, 2 * 4 * 3);
    }

    #[test]
    fn frames_are_written_as_tungstenite_writes_them() {
        for opcode in [OpCode::Data(Data::Text), OpCode::Control(Control::Pong)] {
            for len in LENGTHS.into_iter().take_while(|len| *len <= 0x1_0000) {
                let header = FrameHeader { opcode, ..FrameHeader::default() };
                let mut expected = Vec::new();
                header.format(len, &mut expected).expect("memory takes all");
                expected.resize(expected.len() + len as usize, b'x');
                let payload = vec![b'x'; len as usize];
                let mut tx = Tx::new(Default::default());
                write(&mut tx, whole(opcode), &payload, None);
                assert!(tx.front().is_some_and(|(bytes, _)| bytes == expected), "{len}");
                assert!(encode(whole(opcode), &payload) == expected, "{len}");
            }
        }
    }

    #[test]
    fn a_mask_comes_off_in_any_two_pieces_of_any_length() {
        let mask = [0x37, 0xfa, 0x21, 0x3d];
        for len in 0..=67 {
            let plain: Vec<u8> = (0..len).map(|at| at as u8 ^ 0x5a).collect();
            let masked: Vec<u8> =
                plain.iter().zip(mask.iter().cycle()).map(|(a, b)| a ^ b).collect();
            for cut in 0..=len {
                let mut bytes = masked.clone();
                let (first, second) = bytes.split_at_mut(cut);
                unmask(first, mask);
                let mut turned = mask;
                turned.rotate_left(cut % 4);
                unmask(second, turned);
                assert_eq!(bytes, plain, "{len}, cut at {cut}");
            }
        }
    }

    #[test]
    fn a_text_is_cut_between_two_characters() {
        for (text, most, at) in
            [("", 3, 0), ("abc", 3, 3), ("abcd", 3, 3), ("aéb", 2, 1), ("€", 2, 0)]
        {
            assert_eq!(boundary(text, most), at, "{text}");
        }
    }
}
