//! Which content coding an answer is sent in (RFC 9110, section 12.5.3).

use std::fmt;

use crate::http1::syntax::list::tokens;

/// The most items of `accept-encoding` that are read; those behind them are as if absent.
///
/// Browsers send four or five. All lines of the field count together.
pub const ITEMS_MAX: usize = 32;

/// A content coding that answers can be in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Coding {
    /// `gzip` (RFC 1952): every client reads it.
    Gzip,
    /// `br` (RFC 7932): the smallest for text that was compressed once and is sent often.
    Brotli,
    /// `zstd` (RFC 8878): the least work for its size.
    Zstd,
}

/// What the client and the server agree on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Negotiated {
    /// The content as it is.
    Identity,
    /// The content in that coding.
    Use(Coding),
    /// The client excludes the content as it is, and takes nothing that is offered.
    ///
    /// 406 is one answer, and the content as it is another (RFC 9110, section 15.5.7).
    NotAcceptable,
}

impl Coding {
    /// All of them.
    pub const ALL: [Coding; 3] = [Coding::Gzip, Coding::Brotli, Coding::Zstd];

    /// Its registered name, as `content-encoding` has it.
    pub const fn token(self) -> &'static str {
        match self {
            Coding::Gzip => "gzip",
            Coding::Brotli => "br",
            Coding::Zstd => "zstd",
        }
    }

    /// What a file in that coding is called behind the name of the content: `gz`, `br` or `zst`.
    pub const fn extension(self) -> &'static str {
        match self {
            Coding::Gzip => "gz",
            Coding::Brotli => "br",
            Coding::Zstd => "zst",
        }
    }

    /// The coding of that name in any case; `x-gzip` is `gzip` (RFC 9110, section 8.4.1.3).
    fn named(name: &[u8]) -> Option<Coding> {
        if name.eq_ignore_ascii_case(b"x-gzip") {
            return Some(Coding::Gzip);
        }
        Self::ALL.into_iter().find(|coding| name.eq_ignore_ascii_case(coding.token().as_bytes()))
    }
}

impl fmt::Display for Coding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.token())
    }
}

/// Chooses among `offered` by the value of `accept-encoding`, if there is one; several lines of it
/// are joined by commas, or read by [`Accepted`].
///
/// The highest weight wins, and at equal weights the first that is offered; the content as it is
/// comes last, but wins where the client gives it the highest weight. An item that the grammar does
/// not allow is as if absent, and of two items of one name the first counts. Without the field, and
/// with an empty one, the content stays as it is.
///
/// ```
/// use readily_protocols::http1::coding::{Coding, Negotiated, negotiate};
///
/// let offered = [Coding::Zstd, Coding::Gzip];
/// assert_eq!(negotiate(Some(b"gzip, br"), &offered), Negotiated::Use(Coding::Gzip));
/// assert_eq!(negotiate(None, &offered), Negotiated::Identity);
/// ```
pub fn negotiate(accept_encoding: Option<&[u8]>, offered: &[Coding]) -> Negotiated {
    let mut accepted = Accepted::default();
    accept_encoding.into_iter().for_each(|line| accepted.read(line));
    accepted.choose(offered)
}

/// What a client takes: [`negotiate`] for a field that comes in several lines.
#[derive(Clone, Default, Debug)]
pub struct Accepted {
    /// By the order of [`Coding`].
    codings: [Option<Weight>; 3],
    identity: Option<Weight>,
    /// `*`: all that is not named.
    others: Option<Weight>,
    items: usize,
}

impl Accepted {
    /// Reads one line of the field, after those before it.
    pub fn read(&mut self, line: &[u8]) {
        for item in tokens(line).take(ITEMS_MAX - self.items) {
            self.items += 1;
            let Some((name, weight)) = weighted(item) else { continue };
            let of = match (Coding::named(name), name) {
                (Some(coding), _) => &mut self.codings[coding as usize],
                (None, b"*") => &mut self.others,
                (None, _) if name.eq_ignore_ascii_case(b"identity") => &mut self.identity,
                (None, _) => continue,
            };
            of.get_or_insert(weight);
        }
    }

    /// The best of `offered` for that client: see [`negotiate`].
    pub fn choose(&self, offered: &[Coding]) -> Negotiated {
        let mut best: Option<(Weight, Coding)> = None;
        for &coding in offered {
            let weight = self.codings[coding as usize].or(self.others).unwrap_or(0);
            if weight > best.map_or(0, |(weight, _)| weight) {
                best = Some((weight, coding));
            }
        }
        match (best, self.identity) {
            (Some((weight, _)), Some(identity)) if identity > weight => Negotiated::Identity,
            (Some((_, coding)), _) => Negotiated::Use(coding),
            (None, identity) if identity.or(self.others) == Some(0) => Negotiated::NotAcceptable,
            (None, _) => Negotiated::Identity,
        }
    }
}

/// A weight in thousandths.
type Weight = u16;

/// Name and weight of an item; none if it is not of the form `name` or `name;q=weight`.
fn weighted(item: &[u8]) -> Option<(&[u8], Weight)> {
    let Some(at) = item.iter().position(|byte| *byte == b';') else { return Some((item, 1000)) };
    let (name, parameter) = (item[..at].trim_ascii_end(), item[at + 1..].trim_ascii_start());
    match parameter {
        [b'q' | b'Q', b'=', value @ ..] => Some((name, weight(value)?)),
        _ => None,
    }
}

/// A weight: 0 to 1, with at most three digits behind the point (RFC 9110, section 12.4.2).
fn weight(value: &[u8]) -> Option<Weight> {
    let (whole, digits) = match value {
        [whole] | [whole, b'.'] => (whole, &[][..]),
        [whole, b'.', digits @ ..] if digits.len() <= 3 => (whole, digits),
        _ => return None,
    };
    let mut thousandths = match whole {
        b'0' => 0,
        b'1' => 1000,
        _ => return None,
    };
    for (digit, unit) in digits.iter().zip([100, 10, 1]) {
        thousandths += digit.is_ascii_digit().then(|| Weight::from(digit - b'0') * unit)?;
    }
    (thousandths <= 1000).then_some(thousandths)
}
