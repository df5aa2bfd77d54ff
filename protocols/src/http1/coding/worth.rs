//! What a coding is good for.

use crate::http1::syntax::list::tokens;

/// Types besides `text/*` that are written by hand or by a machine without a coding of their own.
const TYPES: [&str; 16] = [
    "application/graphql",
    "application/javascript",
    "application/json",
    "application/ndjson",
    "application/rtf",
    "application/vnd.ms-fontobject",
    "application/wasm",
    "application/x-javascript",
    "application/x-ndjson",
    "application/xml",
    "font/otf",
    "font/ttf",
    "image/bmp",
    "image/svg+xml",
    "image/vnd.microsoft.icon",
    "image/x-icon",
];

/// Structured suffixes (RFC 6838, section 4.2.8) of types that are text.
const SUFFIXES: [&str; 2] = ["+json", "+xml"];

/// Whether contents of that type become smaller in a coding; its parameters do not count.
///
/// Only types that are known to: images, films, archives and most fonts are compressed already.
pub fn is_worth(content_type: &[u8]) -> bool {
    let end = content_type.iter().position(|byte| *byte == b';').unwrap_or(content_type.len());
    let name = content_type[..end].trim_ascii();
    let starts = |start: &str| {
        name.split_at_checked(start.len())
            .is_some_and(|(head, _)| head.eq_ignore_ascii_case(start.as_bytes()))
    };
    let ends = |end: &&str| {
        name.len()
            .checked_sub(end.len())
            .is_some_and(|at| name[at..].eq_ignore_ascii_case(end.as_bytes()))
    };
    starts("text/")
        || TYPES.iter().any(|kind| name.eq_ignore_ascii_case(kind.as_bytes()))
        || SUFFIXES.iter().any(ends)
}

/// Whether a `cache-control` forbids to change the content on its way (RFC 9111, section 5.2.2.6).
pub fn forbids_transform(cache_control: &[u8]) -> bool {
    tokens(cache_control).any(|item| item.eq_ignore_ascii_case(b"no-transform"))
}

/// Whether an answer of that status has a content that may be coded: not where there is none, and
/// not a part of one, whose offsets are those of the content as it is.
#[cfg(feature = "compression")]
pub(super) const fn may_be_coded(status: crate::http1::Status) -> bool {
    !matches!(status.code(), 204 | 205 | 206 | 304)
}
