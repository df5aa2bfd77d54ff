//! The upgrade to a WebSocket, and binary messages on it, one frame each.

use readily_benches::websocket::{
    BINARY, LENGTH_IN_2, LENGTH_IN_8, MASKED, UPGRADE, client_frame, judge_upgrade,
};

use crate::exchange::{Heard, Position, Script, Then, surplus};

/// One connection: first the upgrade, then messages.
#[derive(Default)]
pub(crate) struct WebSocket {
    phase: Phase,
    /// The frame under way.
    frame: Vec<u8>,
    /// The beginning of an answer whose end has not come yet.
    partial: Vec<u8>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Upgrade,
    Messages,
}

impl WebSocket {
    /// Builds the frame of `message`.
    pub(crate) fn begin(&mut self, message: &[u8]) {
        self.frame.clear();
        client_frame(BINARY, message, &mut self.frame);
    }

    pub(crate) fn outgoing(&self) -> &[u8] {
        match self.phase {
            Phase::Upgrade => UPGRADE,
            Phase::Messages => &self.frame,
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
            Phase::Upgrade => upgraded(whole)?,
            Phase::Messages => judge_frame(script, at, whole)?,
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

fn upgraded(bytes: &[u8]) -> Result<Heard, String> {
    match judge_upgrade(bytes)? {
        None => Ok(Heard::Part),
        Some(head) if head < bytes.len() => Err(surplus(bytes.len() - head)),
        Some(_) => Ok(Heard::Opened),
    }
}

/// Judges all bytes of a frame that have come so far.
fn judge_frame(script: &Script, at: Position, bytes: &[u8]) -> Result<Heard, String> {
    let Some((&[opcode, length], rest)) = bytes.split_first_chunk() else {
        return Ok(Heard::Part);
    };
    if opcode != BINARY || length & MASKED != 0 {
        return Err(format!(
            "a frame that begins with {opcode:02x} {length:02x}, not a whole binary message"
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
    if length != message.len() as u64 {
        return Err(format!("a message of {length} B instead of {}", message.len()));
    }
    match payload.len().checked_sub(message.len()) {
        None => Ok(Heard::Part),
        Some(0) => {
            script.judge(payload, message, 0)?;
            Ok(Heard::Whole { end: bytes.len(), then: Then::Keep })
        }
        Some(more) => Err(surplus(more)),
    }
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
            let script = Script::new(Talk::WebSocket { size }, Verify::On);
            let mut socket = WebSocket { phase: Phase::Messages, ..WebSocket::default() };
            socket.begin(script.message(AT));
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
        let script = Script::new(Talk::WebSocket { size: 1 }, Verify::On);
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
            let mut socket = WebSocket { phase, ..WebSocket::default() };
            let Err(error) = socket.hear(&script, AT, &answer) else {
                panic!("{answer:?} passed");
            };
            assert!(error.starts_with(expected), "{error}");
        }
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
