//! The grammar of `Sec-WebSocket-Extensions` (RFC 6455, section 9.1).

use super::Malformed;

/// One extension of a list, with the parameters behind its name.
#[derive(Debug)]
pub(super) struct Extension<'a> {
    pub(super) name: &'a str,
    pub(super) params: Vec<(&'a str, Option<&'a str>)>,
}

/// How many extensions or parameters of one are looked at: a list that is longer is malformed.
const ITEMS_MAX: usize = 16;

/// The extensions of one field, in their order. An element of nothing is passed over, and counts
/// (RFC 9110, section 5.6.1.2).
pub(super) fn parse(field: &[u8]) -> Result<Vec<Extension<'_>>, Malformed> {
    let mut rest = std::str::from_utf8(field).map_err(|_| Malformed)?;
    let mut all = Vec::new();
    for _ in 0..ITEMS_MAX {
        rest = space(rest);
        if !rest.is_empty() && !rest.starts_with(',') {
            let (extension, after) = extension(rest)?;
            all.push(extension);
            rest = after;
        }
        match rest.strip_prefix(',') {
            Some(more) => rest = more,
            None if rest.is_empty() && !all.is_empty() => return Ok(all),
            None => return Err(Malformed),
        }
    }
    Err(Malformed)
}

fn extension(text: &str) -> Result<(Extension<'_>, &str), Malformed> {
    let (name, mut rest) = token(text)?;
    let mut params = Vec::new();
    while let Some(more) = rest.strip_prefix(';') {
        let (name, after) = token(more)?;
        let (value, after) = match after.strip_prefix('=') {
            Some(after) => value(after).map(|(value, after)| (Some(value), after))?,
            None => (None, after),
        };
        params.push((name, value));
        if params.len() > ITEMS_MAX {
            return Err(Malformed);
        }
        rest = after;
    }
    Ok((Extension { name, params }, rest))
}

/// A token or, in quotes, what would be one (RFC 6455 allows no more).
fn value(text: &str) -> Result<(&str, &str), Malformed> {
    let text = space(text);
    let Some(quoted) = text.strip_prefix('"') else { return token(text) };
    let (inside, after) = quoted.split_once('"').ok_or(Malformed)?;
    match token(inside)? {
        (whole, "") if whole.len() == inside.len() => Ok((whole, space(after))),
        _ => Err(Malformed),
    }
}

/// A token with the space around it, and what follows.
fn token(text: &str) -> Result<(&str, &str), Malformed> {
    let text = space(text);
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let len = text.bytes().take_while(|byte| is_part(*byte)).count();
    match text.split_at_checked(len) {
        Some((token, rest)) if len > 0 => Ok((token, space(rest))),
        _ => Err(Malformed),
    }
}

fn space(text: &str) -> &str {
    text.trim_start_matches([' ', '\t'])
}
