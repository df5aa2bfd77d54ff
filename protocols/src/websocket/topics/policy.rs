//! What is promised to subscribers, and how much of it there may be.

use std::fmt;
use std::str::FromStr;

/// What becomes of a subscriber that lags by more than the [backlog](Policy::backlog).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Slow {
    /// It is closed with the code 1013: whoever is subscribed has got everything, but for messages
    /// larger than its send buffer may ever be, which are dropped and counted under each policy.
    Close,
    /// It keeps what waited for it, and misses what is published until it has taken all of that:
    /// one gap, and then the newest again.
    ///
    /// Those who fall behind at once share what they keep. All lists of one topic have room for
    /// eight backlogs: whoever falls behind when they are full keeps less, or nothing, and what it
    /// loses is counted with the rest.
    DropNewest,
    /// It misses the oldest that waited for it.
    DropOldest,
    /// It misses all but the newest, whichever that is when it can take one.
    Coalesce,
}

impl Slow {
    /// All of them, by their names.
    pub const ALL: [(&str, Slow); 4] = [
        ("close", Slow::Close),
        ("drop-newest", Slow::DropNewest),
        ("drop-oldest", Slow::DropOldest),
        ("coalesce", Slow::Coalesce),
    ];
}

impl fmt::Display for Slow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Slow::ALL.iter().find(|(_, slow)| slow == self).map_or("", |(name, _)| name);
        f.pad(name)
    }
}

impl FromStr for Slow {
    type Err = UnknownSlow;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Slow::ALL.iter().find(|(name, _)| *name == text);
        known.map(|(_, slow)| *slow).ok_or(UnknownSlow)
    }
}

/// A text that names no [`Slow`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UnknownSlow;

impl fmt::Display for UnknownSlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is close, drop-newest, drop-oldest or coalesce")
    }
}

impl std::error::Error for UnknownSlow {}

/// What a topic keeps for subscribers that are behind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Policy {
    /// What becomes of those that are further behind.
    pub slow: Slow,
    /// How much may wait for one subscriber of one topic, in bytes of memory: a message costs its
    /// frame and 64 bytes, once for all that wait for it. One message may be half of it.
    pub backlog: usize,
}

impl Policy {
    /// The slow are closed; 256 KiB may wait.
    pub const DEFAULT: Policy = Policy { slow: Slow::Close, backlog: 256 * 1024 };

    /// How large one message may be, and all of one turn where subscribers are blamed for it.
    pub(super) fn burst(&self) -> usize {
        self.backlog / 2
    }
}

impl Default for Policy {
    fn default() -> Self {
        Policy::DEFAULT
    }
}

/// How much there may be of everything.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// Topics of one connection.
    pub subscriptions_max: usize,
    /// Topics in all.
    pub topics_max: usize,
    /// Bytes of a topic's name.
    pub name_max: usize,
}

impl Bounds {
    /// 64 topics of a connection, 10,000 in all, names of 256 bytes.
    pub const DEFAULT: Bounds = Bounds { subscriptions_max: 64, topics_max: 10_000, name_max: 256 };
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds::DEFAULT
    }
}

/// Why something was not done. Each is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refused {
    /// The connection has [`subscriptions_max`](Bounds::subscriptions_max) topics.
    Subscriptions,
    /// There are [`topics_max`](Bounds::topics_max) topics.
    Topics,
    /// The name is longer than [`name_max`](Bounds::name_max).
    Name,
    /// The connection fell behind and is about to be closed.
    Behind,
    /// The message is larger than half the [`backlog`](Policy::backlog): too little of it could
    /// wait for anybody.
    TooLarge,
    /// Half a backlog was published in this turn of the loop already, and the policy would blame
    /// subscribers that could not take any of it yet: publish it later, or not at all.
    Burst,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refused::Subscriptions => "the connection has too many subscriptions",
            Refused::Topics => "there are too many topics",
            Refused::Name => "the topic's name is too long",
            Refused::Behind => "the connection fell behind and is about to be closed",
            Refused::TooLarge => "the message is larger than half the backlog",
            Refused::Burst => "too much was published at once",
        })
    }
}

impl std::error::Error for Refused {}
