//! The other end, written from the RFC and not from the state under test.

/// The mask of every frame here: no byte of it is zero, and no two are the same.
pub(crate) const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

pub(crate) const CONTINUE: u8 = 0x0;
pub(crate) const TEXT: u8 = 0x1;
pub(crate) const BINARY: u8 = 0x2;
pub(crate) const CLOSE: u8 = 0x8;
pub(crate) const PING: u8 = 0x9;
pub(crate) const PONG: u8 = 0xa;
pub(crate) const FIN: u8 = 0x80;

/// A masked frame with this first byte.
pub(crate) fn frame(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let mut frame = vec![first];
    match payload.len() {
        n @ 0..=125 => frame.push(0x80 | n as u8),
        n @ 126..=0xffff => {
            frame.push(0x80 | 126);
            frame.extend((n as u16).to_be_bytes());
        }
        n => {
            frame.push(0x80 | 127);
            frame.extend((n as u64).to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(payload.iter().enumerate().map(|(at, byte)| byte ^ MASK[at % 4]));
    frame
}

pub(crate) fn text(text: impl AsRef<[u8]>) -> Vec<u8> {
    frame(FIN | TEXT, text)
}

pub(crate) fn binary(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    frame(FIN | BINARY, bytes)
}

pub(crate) fn ping(payload: &str) -> Vec<u8> {
    frame(FIN | PING, payload)
}

pub(crate) fn pong(payload: &str) -> Vec<u8> {
    frame(FIN | PONG, payload)
}

pub(crate) fn close(code: u16, why: impl AsRef<[u8]>) -> Vec<u8> {
    frame(FIN | CLOSE, [&code.to_be_bytes(), why.as_ref()].concat())
}

/// What a server sent, a frame a line.
pub(crate) fn read(mut sent: &[u8]) -> Vec<String> {
    let mut frames = Vec::new();
    while let [first, second, rest @ ..] = sent {
        assert!(second & 0x80 == 0, "a server masks nothing");
        let (len, rest) = match second & 0x7f {
            126 => (usize::from(u16::from_be_bytes([rest[0], rest[1]])), &rest[2..]),
            127 => {
                let (len, rest) = rest.split_first_chunk().expect("a whole length");
                (u64::from_be_bytes(*len) as usize, rest)
            }
            short => (usize::from(short), rest),
        };
        let (payload, rest) = rest.split_at(len);
        frames.push(describe(*first, payload));
        sent = rest;
    }
    assert!(sent.is_empty(), "half a frame was sent: {sent:?}");
    frames
}

fn describe(first: u8, payload: &[u8]) -> String {
    let name = match first {
        0x81 => "text",
        0x82 => "binary",
        0x88 if payload.is_empty() => return "close".into(),
        0x88 => {
            let code = u16::from_be_bytes([payload[0], payload[1]]);
            return format!("close {code} {}", show(&payload[2..])).trim_end().into();
        }
        0x89 => "ping",
        0x8a => "pong",
        other => panic!("a first byte of {other:#x}"),
    };
    format!("{name} {}", show(payload)).trim_end().into()
}

/// Bytes as text; long ones by their length.
pub(crate) fn show(bytes: &[u8]) -> String {
    match bytes {
        long if long.len() > 200 => format!("[{}]", long.len()),
        short => short.escape_ascii().to_string(),
    }
}
