//! The two interfaces by which Linux tells a peer about its sockets.

use std::str::FromStr;

/// What a peer waits on, where it can do either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interface {
    /// Operations are handed in and their ends are heard of. Containers often forbid it.
    Uring,
    /// Readiness is heard of, system calls do the rest.
    Epoll,
}

impl Interface {
    /// What Linux calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Uring => "io_uring",
            Self::Epoll => "epoll",
        }
    }
}

impl FromStr for Interface {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "uring" => Ok(Self::Uring),
            "epoll" => Ok(Self::Epoll),
            _ => Err("uring or epoll is expected"),
        }
    }
}
