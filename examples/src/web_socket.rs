//! What the command line says of a WebSocket whose messages are sent back.

use readily::Config;
use readily::websocket::{Deflate, Limits, Origins, Terms};

use crate::{Choice, Cli, Failure, Usage};

/// Its options.
pub const CHOICES: [Choice; 3] = [
    ("--deflate", "", "compress messages where the other side agrees (permessage-deflate)"),
    ("--max-message", "BYTES", "the longest message [1048576]"),
    ("--protocol", "NAME", "the subprotocol that is agreed to where it is offered"),
];

/// The longest message that may be asked for: it is held whole.
const MESSAGE_MOST: u64 = 256 * 1024 * 1024;

/// The suite that tests WebSockets sends messages in fragments of so many bytes.
const FRAGMENT: u64 = 64;

/// What is chosen once, at the start: every connection refers to it.
#[derive(Clone, Copy, Debug)]
pub struct Choices {
    /// What the other side may ask for.
    pub limits: &'static Limits,
    /// The subprotocol, if any.
    pub protocols: &'static [&'static str],
}

impl Choices {
    /// What was said.
    ///
    /// # Errors
    /// [`Failure::Usage`] for a size that is none, or too large.
    pub fn read(cli: &Cli) -> Result<Self, Failure> {
        let default = Limits::DEFAULT;
        let longest = cli.parse("--max-message", "1048576")?;
        if !(1..=MESSAGE_MOST).contains(&longest) {
            return Err(Usage(format!("--max-message {longest}: 1 to {MESSAGE_MOST}")).into());
        }
        // Any message that fits is sent back, however much of it is one letter.
        let terms = Terms { ratio_max: u32::MAX, ..Terms::SHARED };
        let deflate = cli.is_set("--deflate").then_some(Deflate::On(terms));
        let limits = Limits {
            // Some browsers send a message in one frame, however long it is.
            frame_max: longest,
            message_max: longest,
            fragments_max: default.fragments_max.max((longest / FRAGMENT) as u32),
            // Any page may ask: nothing is known here, and nothing hidden.
            origins: Origins::Any,
            deflate: deflate.unwrap_or_default(),
            ..default
        };
        let name = |name: &str| -> &'static str { name.to_owned().leak() };
        let protocols: Vec<_> = cli.value("--protocol").map(name).into_iter().collect();
        Ok(Choices { limits: Box::leak(Box::new(limits)), protocols: protocols.leak() })
    }

    /// A loop whose send buffers hold an answer that is as long as its message, and another that
    /// waits behind it.
    pub fn config(&self) -> Config {
        let mut config = Config::default();
        let longest = usize::try_from(self.limits.message_max).unwrap_or(usize::MAX);
        let marks = &mut config.send_marks;
        marks.cap = marks.cap.max(longest.saturating_mul(2).saturating_add(marks.high));
        config
    }
}
