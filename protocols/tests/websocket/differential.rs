//! Seeded random conversations, told to this state and to tungstenite's own whole connection: the
//! same events, the same verdict.

use std::io::{self, Read, Write};

use readily_protocols::contract::Fault;
use readily_protocols::websocket::{Limits, reason};
use tungstenite::error::{CapacityError, ProtocolError};
use tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};
use tungstenite::{Error, Message};

use crate::client::*;
use crate::seeds::Random;
use crate::story::{Answers, Story};

const LIMITS: Limits = Limits {
    frame_max: 300,
    message_max: 600,
    // It knows no such limits.
    fragments_max: u32::MAX,
    controls_per_second: u16::MAX,
    ..Limits::DEFAULT
};

/// What both came to: events, and what was wrong in words of our own, if anything was.
type Verdict = (Vec<String>, Option<&'static str>);

impl Random {
    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn payload(&mut self, most: usize) -> Vec<u8> {
        let len = if self.one_in(4) { self.below(most) } else { self.below(20) };
        let text = "aé€😀z".repeat(1 + len / 11);
        // Mostly between two characters.
        let between = (0..=len).rev().find(|at| text.is_char_boundary(*at));
        let cut = if self.one_in(6) { len } else { between.unwrap_or(0) };
        let mut bytes = text.as_bytes()[..cut].to_vec();
        if self.one_in(20) && cut > 0 {
            bytes[self.below(cut)] = self.next() as u8;
        }
        bytes
    }
}

/// A conversation that is in order most of the time.
fn conversation(random: &mut Random) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut inside = false;
    for _ in 0..random.below(20) {
        let mut next = match random.below(10) {
            0 => frame(FIN | PING, random.payload(126)),
            1 => frame(FIN | PONG, random.payload(126)),
            2 if random.one_in(4) => close(random.below(6000) as u16, random.payload(100)),
            2..=4 if !inside => frame([TEXT, BINARY][random.below(2)], random.payload(300)),
            5 | 6 if inside => frame(CONTINUE, random.payload(300)),
            _ if inside => frame(FIN | CONTINUE, random.payload(300)),
            _ => frame(FIN | [TEXT, BINARY][random.below(2)], random.payload(400)),
        };
        if next[0] & 0x08 == 0 {
            inside = next[0] & FIN == 0;
        }
        if random.one_in(40) {
            next[0] ^= 1 << random.below(8);
        }
        if random.one_in(60) {
            next[1] ^= 0x80;
        }
        bytes.extend(next);
    }
    if random.one_in(4) {
        bytes.truncate(random.below(bytes.len() + 1));
    }
    bytes
}

fn ours(bytes: &[u8], random: &mut Random) -> Verdict {
    let mut story = Story::with(Answers::Nothing, LIMITS);
    let mut rest = bytes;
    while !rest.is_empty() {
        let (piece, more) = rest.split_at(1 + random.below(rest.len()));
        story.feed(piece);
        rest = more;
    }
    let verdict = match story.over() {
        Some(Err(Fault::Peer(why))) => Some(why),
        Some(Err(other)) => panic!("{other:?}"),
        _ => None,
    };
    (story.events(), verdict)
}

/// All bytes at once, then nothing more; answers go nowhere.
struct Wire<'a>(&'a [u8]);

impl Read for Wire<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.0.read(to)
    }
}

impl Write for Wire<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn theirs(bytes: &[u8]) -> Verdict {
    let config = WebSocketConfig::default()
        .max_frame_size(Some(LIMITS.frame_max as usize))
        .max_message_size(Some(LIMITS.message_max as usize));
    let mut context = WebSocketContext::new(Role::Server, Some(config));
    let (mut wire, mut events) = (Wire(bytes), Vec::new());
    loop {
        match context.read(&mut wire) {
            Ok(Message::Text(text)) => events.push(format!("text {}", show(text.as_bytes()))),
            Ok(Message::Binary(bytes)) => events.push(format!("binary {}", show(&bytes))),
            Ok(Message::Ping(_) | Message::Pong(_)) => {}
            Ok(Message::Close(None)) => events.push("closed nothing".into()),
            Ok(Message::Close(Some(close))) => {
                // It answers a code that must not be sent with this one, and calls that no error.
                if close.reason.as_str() == "Protocol violation" {
                    return (events, Some(reason::CLOSE_CODE));
                }
                let told = format!("closed {} {}", close.code, show(close.reason.as_bytes()));
                events.push(told.trim_end().into());
            }
            Ok(Message::Frame(_)) => unreachable!("it is never read"),
            Err(Error::ConnectionClosed) => return (events, None),
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                return (events, None);
            }
            Err(error) => return (events, Some(in_our_words(&error))),
        }
    }
}

fn in_our_words(error: &Error) -> &'static str {
    match error {
        Error::Utf8(_) => reason::NOT_UTF8,
        Error::Capacity(CapacityError::MessageTooLong { max_size: 300, .. }) => {
            reason::FRAME_TOO_LARGE
        }
        Error::Capacity(_) => reason::MESSAGE_TOO_LARGE,
        Error::Protocol(error) => match error {
            ProtocolError::NonZeroReservedBits => reason::RESERVED_BITS,
            ProtocolError::InvalidOpcode(_) => reason::RESERVED_OPCODE,
            ProtocolError::UnmaskedFrameFromClient => reason::UNMASKED,
            ProtocolError::FragmentedControlFrame => reason::CONTROL_FRAGMENT,
            ProtocolError::ControlFrameTooBig => reason::CONTROL_TOO_LONG,
            ProtocolError::UnexpectedContinueFrame => reason::STRAY_CONTINUATION,
            ProtocolError::ExpectedFragment(_) => reason::MESSAGE_IN_MESSAGE,
            ProtocolError::InvalidCloseSequence => reason::CLOSE_TOO_SHORT,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

/// Whether the two differ only in what they look at first, or at all: it checks a frame when all of
/// it has come, in another order, and the reason of a close with the words of a text.
fn agree(ours: &Verdict, theirs: &Verdict) -> bool {
    // 1014 was registered after its table was written.
    let is_1014 =
        |verdict: &Verdict| verdict.0.last().is_some_and(|event| event.starts_with("closed 1014"));
    match (ours.1, theirs.1) {
        _ if is_1014(ours) => ours.0[..ours.0.len() - 1] == theirs.0,
        _ if ours.0 != theirs.0 => false,
        (Some(reason::CLOSE_NOT_UTF8 | reason::CLOSE_CODE), Some(reason::NOT_UTF8)) => true,
        // Ours is found earlier: the rest of the frame, or of the message, never came there.
        (Some(_), None) => true,
        // It looks at the size before all else, then at the mask.
        (Some(_), Some(reason::FRAME_TOO_LARGE | reason::UNMASKED)) => true,
        (Some(ours), Some(theirs)) => ours == theirs,
        (None, other) => other.is_none(),
    }
}

#[test]
fn random_conversations_come_out_as_in_tungstenite() {
    let (mut same, mut both_refuse, mut in_order) = (0, 0, 0);
    for seed in 0..20_000 {
        let mut random = Random(seed);
        let bytes = conversation(&mut random);
        let (ours, theirs) = (ours(&bytes, &mut random), theirs(&bytes));
        assert!(agree(&ours, &theirs), "seed {seed}\nours {ours:?}\ntheirs {theirs:?}");
        same += usize::from(ours == theirs);
        both_refuse += usize::from(ours.1.is_some() && theirs.1.is_some());
        in_order += usize::from(ours.1.is_none() && ours.0.len() > 2);
    }
    // The seeds are fixed, so is what they show: this keeps the generator worth its time.
    assert!(
        same > 15_000 && both_refuse > 4_000 && in_order > 3_000,
        "{same} {both_refuse} {in_order}"
    );
}
