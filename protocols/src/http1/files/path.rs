//! From the path of a target to a path beneath a folder: what could leave the folder cannot be
//! built.

use std::borrow::Cow;
use std::fmt;

use crate::http1::Status;

/// The longest path in bytes, decoded.
pub const PATH_MOST: usize = 1024;

/// The longest name of a file or a folder in bytes: what file systems have.
pub const NAME_MOST: usize = 255;

/// The most names in a path.
pub const DEPTH_MOST: usize = 32;

/// A path beneath a folder: names joined by single slashes, none of them `.` or `..`, no NUL or
/// other control byte, no backslash, valid UTF-8, and no slash at either end.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Relative<'a> {
    text: Cow<'a, str>,
    is_folder: bool,
}

/// What becomes of names that begin with a dot.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum DotNames {
    /// They are not found, but for `/.well-known/` (RFC 8615).
    #[default]
    Hide,
    /// They are names as any other.
    Serve,
}

/// Why a path of a target is none of a file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BadPath {
    /// It does not start with a slash, or `%` is not followed by two hexadecimal digits.
    Form,
    /// A control byte, a NUL among them.
    Control,
    /// A name that is `.` or `..`, in whatever way it is written.
    Dots,
    /// A backslash, or a slash that is written as `%2f`.
    Separator,
    /// It is not UTF-8 once it is decoded: an overlong form of a slash or a dot is not either.
    Text,
    /// Two slashes in a row.
    Empty,
    /// A name that begins with a dot, where these are hidden.
    Hidden,
    /// Past [`PATH_MOST`], [`NAME_MOST`] or [`DEPTH_MOST`].
    Long,
}

impl BadPath {
    /// What is answered: 400 for what no sound client sends, 404 for a name that cannot be there.
    pub const fn status(self) -> Status {
        match self {
            BadPath::Form
            | BadPath::Control
            | BadPath::Dots
            | BadPath::Separator
            | BadPath::Text => Status::BAD_REQUEST,
            BadPath::Empty | BadPath::Hidden => Status::NOT_FOUND,
            BadPath::Long => Status::URI_TOO_LONG,
        }
    }
}

impl fmt::Display for BadPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BadPath::Form => "a path is not well formed",
            BadPath::Control => "a control byte in a path",
            BadPath::Dots => "a name of dots in a path",
            BadPath::Separator => "a hidden separator in a path",
            BadPath::Text => "a path is not UTF-8",
            BadPath::Empty => "an empty name in a path",
            BadPath::Hidden => "a hidden name in a path",
            BadPath::Long => "a path is too long",
        })
    }
}

impl std::error::Error for BadPath {}

impl<'a> Relative<'a> {
    /// Checks the path of a target, which starts with `/` and has no query; it is decoded once, so
    /// `%252e` is the name `%2e`.
    ///
    /// # Errors
    /// [`BadPath`] with the first thing that is wrong.
    pub fn parse(path: &'a str, dots: DotNames) -> Result<Self, BadPath> {
        let path = path.strip_prefix('/').ok_or(BadPath::Form)?;
        let text = decode(path)?;
        if text.len() > PATH_MOST {
            return Err(BadPath::Long);
        }
        if text.is_empty() {
            return Ok(Relative { text, is_folder: true });
        }
        let is_folder = text.ends_with('/');
        let text = match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.strip_suffix('/').unwrap_or(text)),
            Cow::Owned(mut text) => {
                text.truncate(text.len() - usize::from(is_folder));
                Cow::Owned(text)
            }
        };
        for (nth, name) in text.split('/').enumerate() {
            check_name(nth, name, dots)?;
        }
        Ok(Relative { text, is_folder })
    }

    /// The path; empty for the folder itself.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it ended with a slash: a folder is meant.
    pub fn is_folder(&self) -> bool {
        self.is_folder
    }

    /// A path with nothing borrowed.
    pub fn into_owned(self) -> Relative<'static> {
        Relative { text: Cow::Owned(self.text.into_owned()), is_folder: self.is_folder }
    }

    /// The file of that name in this folder; `name` is the program's own.
    pub fn file_in(&self, name: &str) -> String {
        if self.text.is_empty() { name.to_owned() } else { format!("{}/{name}", self.text) }
    }
}

impl fmt::Debug for Relative<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Relative({:?}{})", self.text, if self.is_folder { ", a folder" } else { "" })
    }
}

fn check_name(nth: usize, name: &str, dots: DotNames) -> Result<(), BadPath> {
    match name {
        "" => Err(BadPath::Empty),
        "." | ".." => Err(BadPath::Dots),
        _ if nth >= DEPTH_MOST || name.len() > NAME_MOST => Err(BadPath::Long),
        ".well-known" if nth == 0 => Ok(()),
        _ if dots == DotNames::Hide && name.starts_with('.') => Err(BadPath::Hidden),
        _ => Ok(()),
    }
}

/// Decodes each escape once. Nothing is copied if there is none.
fn decode(path: &str) -> Result<Cow<'_, str>, BadPath> {
    // A path is no longer decoded than it was, and three times as long at most before.
    if path.len() > 3 * PATH_MOST {
        return Err(BadPath::Long);
    }
    let mut all_plain = true;
    for byte in path.bytes() {
        check_byte(byte)?;
        all_plain &= byte != b'%';
    }
    if all_plain {
        return Ok(Cow::Borrowed(path));
    }
    let mut decoded = Vec::with_capacity(path.len());
    let mut parts = path.as_bytes().split(|byte| *byte == b'%');
    decoded.extend_from_slice(parts.next().unwrap_or_default());
    for part in parts {
        let [high, low, rest @ ..] = part else { return Err(BadPath::Form) };
        let (Some(high), Some(low)) = (digit(*high), digit(*low)) else {
            return Err(BadPath::Form);
        };
        let byte = high << 4 | low;
        check_byte(byte)?;
        if byte == b'/' {
            return Err(BadPath::Separator);
        }
        decoded.push(byte);
        decoded.extend_from_slice(rest);
    }
    String::from_utf8(decoded).map(Cow::Owned).map_err(|_| BadPath::Text)
}

fn check_byte(byte: u8) -> Result<(), BadPath> {
    match byte {
        0..b' ' | 0x7f => Err(BadPath::Control),
        b'\\' => Err(BadPath::Separator),
        _ => Ok(()),
    }
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}
