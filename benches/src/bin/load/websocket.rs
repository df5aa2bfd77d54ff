//! The upgrade to a WebSocket, and binary messages on it, one frame each.

use readily_benches::deflate::{compress, inflate};
use readily_benches::talk::Compression;
use readily_benches::websocket::{
    BINARY, COMPRESSED, LENGTH_IN_2, LENGTH_IN_8, MASKED, UPGRADE, UPGRADE_DEFLATE, client_frame,
    judge_upgrade, judge_upgrade_deflate,
};

use crate::exchange::{Heard, Position, Script, Then, surplus};

/// One connection: first the upgrade, then messages.
pub(crate) struct WebSocket {
    compression: Compression,
    phase: Phase,
    /// The frame under way.
    frame: Vec<u8>,
    /// The beginning of an answer whose end has not come yet.
    partial: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Upgrade,
    Messages,
}

impl WebSocket {
    pub(crate) fn new(compression: Compression) -> Self {
        Self { compression, phase: Phase::Upgrade, frame: Vec::new(), partial: Vec::new() }
    }

    /// Builds the frame of `message`.
    pub(crate) fn begin(&mut self, message: &[u8]) -> Result<(), String> {
        self.frame.clear();
        match self.compression {
            Compression::Off => client_frame(BINARY, message, &mut self.frame),
            Compression::On => client_frame(COMPRESSED, &compress(message)?, &mut self.frame),
        }
        Ok(())
    }

    pub(crate) fn outgoing(&self) -> &[u8] {
        match (self.phase, self.compression) {
            (Phase::Upgrade, Compression::Off) => UPGRADE,
            (Phase::Upgrade, Compression::On) => UPGRADE_DEFLATE,
            (Phase::Messages, _) => &self.frame,
        }
    }

    pub(crate) fn hear(
        &mut self,
        script: &Script,
        at: Position,
        bytes: &[u8],
    ) -> Result<Heard, String> {
        let mut joined = std::mem::take(&mut self.partial);
        let before = joined.len();
        let whole = if joined.is_empty() {
            bytes
        } else {
            joined.extend_from_slice(bytes);
            &joined
        };
        let heard = match self.phase {
            Phase::Upgrade => upgraded(whole, self.compression)?,
            Phase::Messages => judge_frame(script, at, whole, self.compression)?,
        };
        match heard {
            Heard::Part => {
                self.partial = if before > 0 { joined } else { bytes.to_vec() };
                Ok(Heard::Part)
            }
            Heard::Opened => {
                self.phase = Phase::Messages;
                Ok(Heard::Opened)
            }
            // All that came before was a part of it.
            Heard::Whole { end, then } => Ok(Heard::Whole { end: end - before, then }),
        }
    }
}

fn upgraded(bytes: &[u8], compression: Compression) -> Result<Heard, String> {
    let judged = match compression {
        Compression::Off => judge_upgrade(bytes)?,
        Compression::On => judge_upgrade_deflate(bytes)?,
    };
    match judged {
        None => Ok(Heard::Part),
        Some(head) if head < bytes.len() => Err(surplus(bytes.len() - head)),
        Some(_) => Ok(Heard::Opened),
    }
}

/// Judges all bytes of a frame that have come so far.
fn judge_frame(
    script: &Script,
    at: Position,
    bytes: &[u8],
    compression: Compression,
) -> Result<Heard, String> {
    let Some((&[opcode, length], rest)) = bytes.split_first_chunk() else {
        return Ok(Heard::Part);
    };
    let (expected, what) = match compression {
        Compression::Off => (BINARY, "whole"),
        Compression::On => (COMPRESSED, "whole and compressed"),
    };
    if opcode != expected || length & MASKED != 0 {
        return Err(format!(
            "a frame that begins with {opcode:02x} {length:02x}, not a {what} binary message"
        ));
    }
    let (length, payload) = match length {
        LENGTH_IN_2 => match rest.split_first_chunk() {
            Some((length, payload)) => (u64::from(u16::from_be_bytes(*length)), payload),
            None => return Ok(Heard::Part),
        },
        LENGTH_IN_8 => match rest.split_first_chunk() {
            Some((length, payload)) => (u64::from_be_bytes(*length), payload),
            None => return Ok(Heard::Part),
        },
        length => (u64::from(length), rest),
    };
    let message = script.message(at);
    match compression {
        Compression::Off if length != message.len() as u64 => {
            return Err(format!("a message of {length} B instead of {}", message.len()));
        }
        // What is not smaller is sent as it is.
        Compression::On if length > message.len() as u64 => {
            return Err(format!("{} B compressed to {length}", message.len()));
        }
        _ => {}
    }
    match (payload.len() as u64).checked_sub(length) {
        None => return Ok(Heard::Part),
        Some(0) => {}
        Some(more) => return Err(surplus(more as usize)),
    }
    match compression {
        Compression::Off => script.judge(payload, message, 0)?,
        Compression::On => script.judge(&inflate(payload, message.len())?, message, 0)?,
    }
    Ok(Heard::Whole { end: bytes.len(), then: Then::Keep })
}

#[cfg(test)]
mod tests {
    use readily_benches::talk::Talk;

    use readily_benches::websocket::{ACCEPT, MASK};

    use super::*;
    use crate::exchange::Verify;

    const AT: Position = Position { connection: 0, round_trip: 0 };

    #[test]
    fn frames_of_every_length_are_read_back() {
        for (size, header) in [(1, 6), (125, 6), (126, 8), (1024, 8), (65_535, 8), (65_536, 14)] {
            let script = script(size, Compression::Off);
            let mut socket = in_phase(Phase::Messages, Compression::Off);
            socket.begin(script.message(AT)).expect("it is framed");
            assert_eq!(socket.outgoing().len(), header + size);
            let answer = answer_to(socket.outgoing(), header);
            for cut in [0, 1, 2, 3.min(answer.len() - 1), answer.len() - 1] {
                let (first, last) = answer.split_at(cut);
                assert!(matches!(socket.hear(&script, AT, first), Ok(Heard::Part)), "{size}");
                assert!(matches!(
                    socket.hear(&script, AT, last),
                    Ok(Heard::Whole { then: Then::Keep, .. })
                ));
            }
        }
    }

    #[test]
    fn wrong_answers_are_told() {
        let upgrade = format!("HTTP/1.1 101 Switch\r\nSec-WebSocket-Accept: {ACCEPT}\r\n\r\n");
        let wrong = upgrade.replace(ACCEPT, "no");
        let script = script(1, Compression::Off);
        let byte = script.message(AT)[0];
        for (phase, answer, expected) in [
            (Phase::Upgrade, b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), "status 200 instead of 101"),
            (Phase::Upgrade, wrong.into_bytes(), "the upgrade's key was not accepted"),
            (Phase::Upgrade, format!("{upgrade}?").into_bytes(), "1 B that nobody sent"),
            (Phase::Messages, vec![0x82, 1, byte ^ 1], "wrong byte"),
            (Phase::Messages, vec![0x82, 2, byte, 0], "a message of 2 B instead of 1"),
            (Phase::Messages, vec![0x82, 1, byte, 0], "1 B that nobody sent"),
            (Phase::Messages, vec![0x89, 0], "a frame that begins with 89 00"),
            (Phase::Messages, vec![0x82, 0x81], "a frame that begins with 82 81"),
            (Phase::Messages, vec![0x02, 1], "a frame that begins with 02 01"),
        ] {
            let mut socket = in_phase(phase, Compression::Off);
            let Err(error) = socket.hear(&script, AT, &answer) else {
                panic!("{answer:?} passed");
            };
            assert!(error.starts_with(expected), "{error}");
        }
    }

    #[test]
    fn compressed_frames_are_read_back() {
        let script = script(1_024, Compression::On);
        let mut socket = in_phase(Phase::Messages, Compression::On);
        socket.begin(script.message(AT)).expect("it is compressible");
        let frame = socket.outgoing().to_vec();
        assert!((128..600).contains(&frame.len()), "{}", frame.len());
        let answer = answer_to(&frame, 8);
        let plain = [&[BINARY, LENGTH_IN_2, 4, 0], script.message(AT)].concat();
        let [mut other, mut longer] = [answer.clone(), answer.clone()];
        other[20] ^= 1;
        longer.push(0);
        for (answer, expected) in [
            (&answer[..], None),
            (&plain[..], Some("a frame that begins with 82 7e, not a whole and compressed")),
            (&other[..], Some("")),
            (&longer[..], Some("1 B that nobody sent")),
        ] {
            match (socket.hear(&script, AT, answer), expected) {
                (Ok(Heard::Whole { then: Then::Keep, .. }), None) => {}
                (Err(error), Some(expected)) => assert!(error.starts_with(expected), "{error}"),
                (heard, expected) => panic!("{heard:?} instead of {expected:?}"),
            }
        }
    }

    fn script(size: usize, compression: Compression) -> Script {
        Script::new(Talk::WebSocket { size, compression }, Verify::On)
    }

    fn in_phase(phase: Phase, compression: Compression) -> WebSocket {
        WebSocket { phase, ..WebSocket::new(compression) }
    }

    /// The same message as a server sends it.
    fn answer_to(frame: &[u8], header: usize) -> Vec<u8> {
        let mut answer = frame[..header - MASK.len()].to_vec();
        answer[1] &= !MASKED;
        let payload = frame[header..].iter().zip(MASK.iter().cycle());
        answer.extend(payload.map(|(byte, mask)| byte ^ mask));
        answer
    }
}
