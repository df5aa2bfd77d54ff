//! How large a `ClientHello` may be, which rustls takes up to 64 KiB of.

/// The default of [`Limits::hello`](super::Limits::hello).
pub const HELLO_MAX: usize = 16 * 1024;

/// Which `ClientHello` is awaited, and how many bytes it may still take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Hello {
    First { left: usize, limit: usize },
    Second { left: usize },
    Over,
}

impl Hello {
    /// The first one is awaited. A `limit` of nothing is one byte, since nothing cannot be read.
    pub(super) fn first(limit: usize) -> Self {
        let limit = limit.max(1);
        Hello::First { left: limit, limit }
    }

    /// How many bytes may still be read: none when it is too large.
    pub(super) fn left(self) -> usize {
        match self {
            Hello::First { left, .. } | Hello::Second { left } => left,
            Hello::Over => usize::MAX,
        }
    }

    /// The same after `taken` bytes, with what was said to them.
    pub(super) fn after(self, taken: usize, answer: Answer) -> Self {
        match (self, answer) {
            (Hello::First { left, limit }, Answer::None) => {
                Hello::First { left: left.saturating_sub(taken), limit }
            }
            (Hello::Second { left }, Answer::None) => {
                Hello::Second { left: left.saturating_sub(taken) }
            }
            (Hello::First { limit, .. }, Answer::Retry) => Hello::Second { left: limit },
            _ => Hello::Over,
        }
    }
}

/// What a server says to the bytes of a `ClientHello`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Answer {
    /// Nothing, since it is not complete.
    None,
    /// That the client may try once more (`HelloRetryRequest`).
    Retry,
    /// Its own part of the handshake, or why there is none.
    Given,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_hello_has_the_whole_limit_and_what_follows_has_none() {
        use Answer::{Given, None, Retry};
        let cases: [(&[(usize, Answer)], usize); 8] = [
            (&[], 10),
            (&[(9, None)], 1),
            (&[(9, None), (1, None)], 0),
            (&[(9, None), (1, Given)], usize::MAX),
            (&[(10, Retry)], 10),
            (&[(10, Retry), (10, None)], 0),
            (&[(10, Retry), (10, Retry)], usize::MAX),
            (&[(1, Given), (100_000, None)], usize::MAX),
        ];
        for (steps, left) in cases {
            let hello =
                steps.iter().fold(Hello::first(10), |hello, (n, say)| hello.after(*n, *say));
            assert_eq!(hello.left(), left, "{steps:?}");
        }
        assert_eq!(Hello::first(0).left(), 1);
    }
}
