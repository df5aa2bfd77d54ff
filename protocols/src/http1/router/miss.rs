//! What is answered where no route is.

use std::fmt;

use crate::http1::{Answer, Name, Reply, Status, Value};

/// Why no route was found, and what to answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Miss<'a> {
    /// No pattern matches the path: 404.
    NotFound,
    /// The path has other methods: 405, with `allow`.
    NotAllowed {
        /// The methods that it has: `GET, HEAD, OPTIONS`.
        allow: Value<'a>,
    },
    /// OPTIONS of a path that has a route, or of `*`, which is the whole server: 204, with `allow`.
    Options {
        /// The methods that it has: `GET, HEAD, OPTIONS`.
        allow: Value<'a>,
    },
}

impl Miss<'_> {
    /// Answers so.
    pub fn answer<S, M>(self, reply: Reply<'_, S, M>) -> Answer<S, M> {
        match self {
            Miss::NotFound => reply.not_found(),
            Miss::NotAllowed { allow } => reply.method_not_allowed(allow),
            Miss::Options { allow } => {
                reply.status(Status::NO_CONTENT).header(Name::ALLOW, allow).empty()
            }
        }
    }

    /// The status that [`answer`](Miss::answer) gives.
    pub const fn status(&self) -> Status {
        match self {
            Miss::NotFound => Status::NOT_FOUND,
            Miss::NotAllowed { .. } => Status::METHOD_NOT_ALLOWED,
            Miss::Options { .. } => Status::NO_CONTENT,
        }
    }
}

impl fmt::Display for Miss<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Miss::NotFound => f.write_str("no route has that path"),
            Miss::NotAllowed { .. } => f.write_str("the path has other methods"),
            Miss::Options { .. } => f.write_str("which methods the path has"),
        }
    }
}

impl std::error::Error for Miss<'_> {}
