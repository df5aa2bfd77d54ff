//! The client's side of a WebSocket, as far as load generators need it: the upgrade, and frames
//! that hold a whole message.

use httparse::{EMPTY_HEADER, Response, Status};

use crate::talk::Compression;

/// The request, with the key of RFC 6455's example, so that the answer is known too.
pub const UPGRADE: &[u8] = b"GET / HTTP/1.1\r\n\
    Host: localhost:8080\r\n\
    Connection: Upgrade\r\n\
    Upgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    \r\n";
/// What the answer has to hold for it.
pub const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// The same request, which offers to compress messages one by one (RFC 7692).
pub const UPGRADE_DEFLATE: &[u8] = b"GET / HTTP/1.1\r\n\
    Host: localhost:8080\r\n\
    Connection: Upgrade\r\n\
    Upgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; \
    server_no_context_takeover\r\n\
    \r\n";

/// The first byte of a whole binary message.
pub const BINARY: u8 = 0x82;
/// The same where the message is compressed.
pub const COMPRESSED: u8 = 0xc2;
/// The first byte of a ping.
pub const PING: u8 = 0x89;
/// The first byte of a pong.
pub const PONG: u8 = 0x8a;

/// The longest payload of a ping or a pong, in bytes.
pub const CONTROL_MAX: u8 = 125;

/// In the second byte, that the payload is masked.
pub const MASKED: u8 = 0x80;
/// As a length, that it stands in the next two bytes.
pub const LENGTH_IN_2: u8 = 126;
/// As a length, that it stands in the next eight bytes.
pub const LENGTH_IN_8: u8 = 127;
/// Any will do: a server does the same work for each.
pub const MASK: [u8; 4] = [0x5a, 0xc3, 0x0f, 0x99];
/// The same for as many bytes as the processor masks at once.
const WIDE: [u8; 16] = {
    let [a, b, c, d] = MASK;
    [a, b, c, d, a, b, c, d, a, b, c, d, a, b, c, d]
};

const HEADERS: usize = 32;

/// Judges what has come of the answer to [`UPGRADE`]: the length of its head, once that is whole.
///
/// # Errors
/// Why it is no answer, or not the right one.
pub fn judge_upgrade(bytes: &[u8]) -> Result<Option<usize>, String> {
    judge(bytes, Compression::Off)
}

/// The same for [`UPGRADE_DEFLATE`]: the server has to agree that neither side keeps a context.
///
/// # Errors
/// Why it is no answer, or not the right one.
pub fn judge_upgrade_deflate(bytes: &[u8]) -> Result<Option<usize>, String> {
    judge(bytes, Compression::On)
}

fn judge(bytes: &[u8], compression: Compression) -> Result<Option<usize>, String> {
    let mut headers = [EMPTY_HEADER; HEADERS];
    let mut response = Response::new(&mut headers);
    let parsed = response.parse(bytes).map_err(|error| format!("not an HTTP answer: {error}"))?;
    let Status::Complete(head) = parsed else { return Ok(None) };
    if response.code != Some(101) {
        return Err(format!("status {} instead of 101", response.code.unwrap_or_default()));
    }
    let value = |name: &str| {
        let found = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        found.map(|header| header.value)
    };
    if value("sec-websocket-accept") != Some(ACCEPT.as_bytes()) {
        return Err("the upgrade's key was not accepted".to_owned());
    }
    let agreed = agreed(value("sec-websocket-extensions").unwrap_or_default());
    match compression {
        Compression::On if !agreed => Err("the offer of deflate was not agreed to".to_owned()),
        _ => Ok(Some(head)),
    }
}

/// Whether messages may be compressed, and no context is kept on either side.
fn agreed(extensions: &[u8]) -> bool {
    let text = String::from_utf8_lossy(extensions).to_ascii_lowercase();
    let mut words = text.split([';', ',']).map(str::trim);
    let of = ["client_no_context_takeover", "server_no_context_takeover"];
    words.next() == Some("permessage-deflate")
        && of.iter().all(|name| words.clone().any(|word| word == *name))
}

/// Appends a frame as a client sends it, masked; `first` is its first byte.
pub fn client_frame(first: u8, payload: &[u8], out: &mut Vec<u8>) {
    head(first, MASKED, payload.len(), out);
    out.extend(MASK);
    let start = out.len();
    out.extend_from_slice(payload);
    mask(&mut out[start..]);
}

fn mask(payload: &mut [u8]) {
    let (wide, rest) = payload.as_chunks_mut::<{ WIDE.len() }>();
    for chunk in wide {
        for (byte, mask) in chunk.iter_mut().zip(WIDE) {
            *byte ^= mask;
        }
    }
    for (byte, mask) in rest.iter_mut().zip(WIDE) {
        *byte ^= mask;
    }
}

/// Appends a frame as a server has to send it; `first` is its first byte.
pub fn server_frame(first: u8, payload: &[u8], out: &mut Vec<u8>) {
    head(first, 0, payload.len(), out);
    out.extend_from_slice(payload);
}

fn head(first: u8, masked: u8, length: usize, out: &mut Vec<u8>) {
    out.push(first);
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(length), _) if length < LENGTH_IN_2 => out.push(masked | length),
        (_, Ok(length)) => {
            out.push(masked | LENGTH_IN_2);
            out.extend(length.to_be_bytes());
        }
        _ => {
            out.push(masked | LENGTH_IN_8);
            out.extend((length as u64).to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_has_its_shortest_form() {
        for (length, head) in [
            (0, vec![0x82, 0]),
            (125, vec![0x82, 125]),
            (126, vec![0x82, 126, 0, 126]),
            (65_535, vec![0x82, 126, 0xff, 0xff]),
            (65_536, vec![0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let payload = vec![7; length];
            let (mut sent, mut echoed) = (Vec::new(), Vec::new());
            client_frame(BINARY, &payload, &mut sent);
            server_frame(BINARY, &payload, &mut echoed);
            assert_eq!(echoed, [&head[..], &payload].concat());
            assert_eq!(sent.len(), echoed.len() + MASK.len());
            assert_eq!((sent[0], sent[1]), (head[0], head[1] | MASKED));
            let unmasked = sent[head.len() + MASK.len()..].iter().zip(MASK.iter().cycle());
            assert!(unmasked.map(|(byte, mask)| byte ^ mask).eq(payload));
        }
    }

    #[test]
    fn upgrades_are_judged() {
        let right = format!("HTTP/1.1 101 Switch\r\nSEC-WebSocket-accept: {ACCEPT}\r\n\r\n");
        let refusal = |why: &str| Err(why.to_owned());
        for (answer, judged) in [
            (right.clone(), Ok(Some(right.len()))),
            (format!("{right}?"), Ok(Some(right.len()))),
            (right[..right.len() - 1].to_owned(), Ok(None)),
            (right.replace("101", "200"), refusal("status 200 instead of 101")),
            (right.replace(ACCEPT, "no"), refusal("the upgrade's key was not accepted")),
            (right.replace("SEC-", "X-"), refusal("the upgrade's key was not accepted")),
        ] {
            assert_eq!(judge_upgrade(answer.as_bytes()), judged, "{answer}");
        }
    }

    #[test]
    fn compression_has_to_be_agreed() {
        let both = "client_no_context_takeover; server_no_context_takeover";
        for (extensions, is_agreed) in [
            (format!("permessage-deflate; {both}"), true),
            (
                format!("Permessage-Deflate;{};server_max_window_bits=12", both.replace(' ', "")),
                true,
            ),
            ("permessage-deflate; server_no_context_takeover".to_owned(), false),
            ("permessage-deflate".to_owned(), false),
            (format!("x-webkit-deflate-frame; {both}"), false),
            (String::new(), false),
        ] {
            let answer = format!(
                "HTTP/1.1 101 Switch\r\nSec-WebSocket-Accept: {ACCEPT}\r\n\
                 Sec-WebSocket-Extensions: {extensions}\r\n\r\n"
            );
            let judged = judge_upgrade_deflate(answer.as_bytes());
            assert_eq!(judged.is_ok(), is_agreed, "{extensions}: {judged:?}");
        }
    }
}
