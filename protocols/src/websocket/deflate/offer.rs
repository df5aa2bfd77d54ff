//! What is offered, and what of it is agreed to (RFC 7692, section 7.1).

use std::fmt::Write;

use super::list::{self, Extension};
use super::{Agreed, Context, Malformed, Terms, WINDOW_LEAST, WINDOW_MOST};

const NAME: &str = "permessage-deflate";
const OURS_DROPPED: [&str; 2] = ["server_no_context_takeover", "client_no_context_takeover"];
const WINDOW: [&str; 2] = ["server_max_window_bits", "client_max_window_bits"];

/// The parameters of one offer or answer; the first of each pair is the server's.
#[derive(Default)]
struct Params {
    dropped: [bool; 2],
    /// None where it is not named, nothing inside where it has no value.
    window: [Option<Option<u8>>; 2],
}

impl Params {
    /// None for what is unknown, named twice, or has a value that it cannot have.
    fn read(extension: &Extension<'_>) -> Option<Self> {
        let mut params = Params::default();
        for (name, value) in &extension.params {
            let side = |names: [&str; 2]| names.iter().position(|known| known == name);
            if let Some(side) = side(OURS_DROPPED) {
                if value.is_some() || params.dropped[side] {
                    return None;
                }
                params.dropped[side] = true;
            } else {
                let side = side(WINDOW)?;
                let bits = value.map(bits).map_or(Some(None), |bits| bits.map(Some))?;
                if params.window[side].replace(bits).is_some() {
                    return None;
                }
            }
        }
        // The client's may be named without a value, to say that it can be told; the server's not.
        (params.window[0] != Some(None)).then_some(params)
    }
}

/// A window as it is written: 8 to 15, without a zero before it.
fn bits(text: &str) -> Option<u8> {
    let all = ["8", "9", "10", "11", "12", "13", "14", "15"];
    all.iter().position(|known| *known == text).map(|at| at as u8 + 8)
}

/// A server's answer to the first offer that it can meet, and what is agreed by it.
///
/// # Errors
/// [`Malformed`] for a list that is none.
pub(in super::super) fn answer<'a>(
    fields: impl Iterator<Item = &'a [u8]>,
    terms: &Terms,
) -> Result<Option<(Agreed, String)>, Malformed> {
    let mut agreed = None;
    for field in fields {
        for extension in list::parse(field)? {
            if agreed.is_none() && extension.name == NAME {
                agreed = Params::read(&extension).and_then(|params| meet(&params, terms));
            }
        }
    }
    Ok(agreed)
}

fn meet(params: &Params, terms: &Terms) -> Option<(Agreed, String)> {
    let asked = params.window[0].flatten().unwrap_or(WINDOW_MOST);
    if asked < WINDOW_LEAST {
        return None;
    }
    let our_window = asked.min(terms.our_window);
    let ours = dropped_if(params.dropped[0] || terms.ours == Context::Dropped);
    let theirs = dropped_if(params.dropped[1] || terms.theirs == Context::Dropped);
    let mut text = NAME.to_owned();
    for (name, context) in OURS_DROPPED.iter().zip([ours, theirs]) {
        if context == Context::Dropped {
            let _ = write!(text, "; {name}");
        }
    }
    if params.window[0].is_some() || our_window < WINDOW_MOST {
        let _ = write!(text, "; {}={our_window}", WINDOW[0]);
    }
    if let Some(can) = params.window[1] {
        let their_window = can.unwrap_or(WINDOW_MOST).min(terms.their_window);
        if their_window < WINDOW_MOST {
            let _ = write!(text, "; {}={their_window}", WINDOW[1]);
        }
    }
    Some((Agreed { ours, theirs, our_window }, text))
}

/// What a client offers.
pub(in super::super) fn offer(terms: &Terms) -> String {
    let mut text = NAME.to_owned();
    for (name, context) in OURS_DROPPED.iter().zip([terms.theirs, terms.ours]) {
        if context == Context::Dropped {
            let _ = write!(text, "; {name}");
        }
    }
    if terms.their_window < WINDOW_MOST {
        let _ = write!(text, "; {}={}", WINDOW[0], terms.their_window);
    }
    let _ = write!(text, "; {}", WINDOW[1]);
    if terms.our_window < WINDOW_MOST {
        let _ = write!(text, "={}", terms.our_window);
    }
    text
}

/// What a server's answer to that [`offer`] means.
///
/// # Errors
/// [`Malformed`] for an answer that is none, or agrees to what was not offered.
pub(in super::super) fn accept(answer: &[u8], terms: &Terms) -> Result<Agreed, Malformed> {
    let all = list::parse(answer)?;
    let [extension] = all.as_slice() else { return Err(Malformed) };
    let params = Params::read(extension).filter(|_| extension.name == NAME).ok_or(Malformed)?;
    let theirs = dropped_if(params.dropped[0]);
    let their_window = params.window[0].flatten().unwrap_or(WINDOW_MOST);
    let our_window = match params.window[1] {
        None => terms.our_window,
        Some(Some(bits)) if bits >= WINDOW_LEAST => bits.min(terms.our_window),
        Some(_) => return Err(Malformed),
    };
    let is_kept = terms.theirs == Context::Dropped && theirs == Context::Kept;
    if is_kept || their_window > terms.their_window {
        return Err(Malformed);
    }
    let ours = dropped_if(params.dropped[1] || terms.ours == Context::Dropped);
    Ok(Agreed { ours, theirs, our_window })
}

fn dropped_if(dropped: bool) -> Context {
    if dropped { Context::Dropped } else { Context::Kept }
}
