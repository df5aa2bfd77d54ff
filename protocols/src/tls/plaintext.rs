//! Clients that speak HTTP where TLS is spoken.

use crate::contract::{Rx, Tx};

/// What a client is told that speaks HTTP on a port of TLS.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Plaintext {
    /// An alert at its first byte, as everybody who does not speak TLS; counted as
    /// [`NOT_TLS`](super::NOT_TLS).
    #[default]
    Alert,
    /// A 400 in plain, which a person can read; counted as [`PLAIN_HTTP`](super::PLAIN_HTTP).
    Http400,
}

/// The methods that a first line may begin with. No record of TLS begins with a letter.
const METHODS: [&[u8]; 10] = [
    b"GET ",
    b"HEAD ",
    b"POST ",
    b"PUT ",
    b"DELETE ",
    b"OPTIONS ",
    b"PATCH ",
    b"CONNECT ",
    b"TRACE ",
    b"PRI ",
];

const LONGEST: usize = 8;

const HEAD: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n\
    Content-Length: 42\r\nConnection: close\r\n\r\n";

const BODY: &[u8] = b"This port speaks TLS: ask for it by https\n";

/// The first bytes of a connection, until it is known what they are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Opening {
    /// They may be a method yet.
    Unknown { kept: [u8; LONGEST], len: usize },
    /// They go to TLS.
    Known,
}

/// What the first bytes are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Guess {
    /// Too few to say.
    Unsure,
    /// A request in plain, which was answered.
    Http,
    /// Nothing of HTTP: whatever was kept is to be read first.
    Other { kept: [u8; LONGEST], len: usize },
}

impl Opening {
    pub(super) fn of(plaintext: Plaintext) -> Self {
        match plaintext {
            Plaintext::Alert => Opening::Known,
            Plaintext::Http400 => Opening::Unknown { kept: [0; LONGEST], len: 0 },
        }
    }

    /// Takes bytes one by one for as long as they may be a method.
    pub(super) fn look(&mut self, cipher: &mut Rx, out: &mut Tx) -> Guess {
        let Opening::Unknown { mut kept, mut len } = *self else {
            return Guess::Other { kept: [0; LONGEST], len: 0 };
        };
        while let Some(&byte) = cipher.bytes().first() {
            let mut longer = kept;
            longer[len] = byte;
            let begun = &longer[..=len];
            let Some(method) = METHODS.iter().find(|method| method.starts_with(begun)) else {
                *self = Opening::Known;
                return Guess::Other { kept, len };
            };
            cipher.consume(1);
            if method.len() == begun.len() {
                *self = Opening::Known;
                out.write(HEAD);
                out.write(if *method == b"HEAD " { &[] } else { BODY });
                return Guess::Http;
            }
            (kept, len) = (longer, len + 1);
        }
        *self = Opening::Unknown { kept, len };
        Guess::Unsure
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_as_long_as_it_says_and_every_method_fits() {
        let head = str::from_utf8(HEAD).expect("text");
        assert!(head.contains(&format!("Content-Length: {}\r\n", BODY.len())), "{head}");
        assert_eq!(METHODS.map(<[u8]>::len).iter().max(), Some(&LONGEST));
    }
}
