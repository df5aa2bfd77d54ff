//! What came from a peer, made fit for one field of one line.

/// Whether a field was written whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Extent {
    Whole,
    Cut,
}

impl Extent {
    /// Of two fields: cut if either was.
    pub(super) fn or(self, other: Extent) -> Extent {
        if self == Extent::Cut { self } else { other }
    }
}

/// What stands for itself in a field of the common formats, besides letters, digits and marks: as
/// a mask of [`BYTES`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Space {
    /// A space does: quotes end the field.
    Plain = 1,
    /// It does not: it ends the field.
    Ends = 2,
}

/// For each byte, where it stands for itself. A JSON string is as a field with plain spaces.
static BYTES: [u8; 256] = {
    let mut bytes = [0; 256];
    let mut byte = b' ';
    while byte < 0x7f {
        bytes[byte as usize] = match byte {
            b'"' | b'\\' => 0,
            b' ' => Space::Plain as u8,
            _ => Space::Plain as u8 | Space::Ends as u8,
        };
        byte += 1;
    }
    bytes
};

/// Whether all of it stands for itself, as nearly every field does: the fastest way to know. Asked
/// once for each: after each escape it would cost as much as the field is long.
#[inline]
fn is_plain(bytes: &[u8], space: Space) -> bool {
    bytes.iter().fold(space as u8, |all, byte| all & BYTES[usize::from(*byte)]) != 0
}

/// How many bytes from the first on stand for themselves, at most `most`.
#[inline]
fn plain(bytes: &[u8], space: Space, most: usize) -> usize {
    let bytes = &bytes[..bytes.len().min(most)];
    let is_other = |byte: &u8| BYTES[usize::from(*byte)] & space as u8 == 0;
    bytes.iter().position(is_other).unwrap_or(bytes.len())
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Writes a field of the common formats: ASCII, with `\"`, `\\` and `\xhh` for the rest.
///
/// A field that would take more than `most` bytes is cut, never inside an escape.
pub(super) fn ascii(bytes: &[u8], space: Space, most: usize, out: &mut Vec<u8>) -> Extent {
    if is_plain(bytes, space) && bytes.len() <= most {
        out.extend_from_slice(bytes);
        return Extent::Whole;
    }
    let (mut rest, mut left) = (bytes, most);
    loop {
        let plain = plain(rest, space, left);
        out.extend_from_slice(&rest[..plain]);
        (rest, left) = (&rest[plain..], left - plain);
        let Some(&byte) = rest.first() else { return Extent::Whole };
        let (high, low) = (HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]);
        let hex = [b'\\', b'x', high, low];
        let escape = match byte {
            b'"' => &b"\\\""[..],
            b'\\' => b"\\\\",
            _ => &hex,
        };
        // What stands for itself is only met where nothing is left.
        if escape.len() > left {
            return Extent::Cut;
        }
        out.extend_from_slice(escape);
        (rest, left) = (&rest[1..], left - escape.len());
    }
}

/// Writes the inside of a JSON string (RFC 8259, section 7).
///
/// What is not UTF-8 becomes U+FFFD, as in [`String::from_utf8_lossy`]. A string that would take
/// more than `most` bytes is cut, never inside a character.
pub(super) fn json(bytes: &[u8], most: usize, out: &mut Vec<u8>) -> Extent {
    if is_plain(bytes, Space::Plain) && bytes.len() <= most {
        out.extend_from_slice(bytes);
        return Extent::Whole;
    }
    let mut left = most;
    for chunk in bytes.utf8_chunks() {
        let mut rest = chunk.valid();
        loop {
            let plain = plain(rest.as_bytes(), Space::Plain, left);
            out.extend_from_slice(&rest.as_bytes()[..plain]);
            (rest, left) = (&rest[plain..], left - plain);
            let Some(first) = rest.chars().next() else { break };
            let mut room = [0; 6];
            let written = character(first, &mut room);
            if written.len() > left {
                return Extent::Cut;
            }
            out.extend_from_slice(written);
            (rest, left) = (&rest[first.len_utf8()..], left - written.len());
        }
        if !chunk.invalid().is_empty() {
            let mark = "\u{fffd}".as_bytes();
            if mark.len() > left {
                return Extent::Cut;
            }
            out.extend_from_slice(mark);
            left -= mark.len();
        }
    }
    Extent::Whole
}

/// One character, escaped where it has to be.
fn character(char: char, room: &mut [u8; 6]) -> &[u8] {
    if matches!(char, '"' | '\\') {
        room[..2].copy_from_slice(&[b'\\', char as u8]);
        return &room[..2];
    }
    let is_shown = !char.is_control() && !is_deceptive(char);
    let Some(code) = u16::try_from(u32::from(char)).ok().filter(|_| !is_shown) else {
        return char.encode_utf8(room).as_bytes();
    };
    room[..2].copy_from_slice(b"\\u");
    for (at, digit) in room[2..].iter_mut().enumerate() {
        *digit = HEX[usize::from(code >> (12 - 4 * at) & 15)];
    }
    &*room
}

/// Characters below U+10000 that have no picture of their own, and change that of others: they
/// turn the direction of writing, end a line, or hide.
fn is_deceptive(char: char) -> bool {
    matches!(char,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_fields() {
        for (bytes, space, written) in [
            (&b"/a?b=%20"[..], Space::Ends, r"/a?b=%20"),
            (b"a b", Space::Plain, r"a b"),
            (b"a b", Space::Ends, r"a\x20b"),
            (b"a\"b\\c", Space::Plain, r#"a\"b\\c"#),
            (b"\r\n\t\0\x7f\x1b", Space::Plain, r"\x0d\x0a\x09\x00\x7f\x1b"),
            ("é\u{202e}".as_bytes(), Space::Plain, r"\xc3\xa9\xe2\x80\xae"),
            (b"\xff", Space::Plain, r"\xff"),
            (b"", Space::Plain, ""),
        ] {
            let mut out = Vec::new();
            assert_eq!(ascii(bytes, space, 100, &mut out), Extent::Whole);
            assert_eq!(String::from_utf8_lossy(&out), written);
        }
    }

    #[test]
    fn json_strings() {
        for (bytes, written) in [
            (&b"/a?b=%20"[..], r"/a?b=%20"),
            (b"a \"b\\", r#"a \"b\\"#),
            (b"\r\n\0\x7f", r"\u000d\u000a\u0000\u007f"),
            ("é €😀".as_bytes(), "é €😀"),
            ("\u{85}\u{202e}\u{2066}\u{feff}".as_bytes(), r"\u0085\u202e\u2066\ufeff"),
            ("\u{2028}\u{200b}\u{ad}".as_bytes(), r"\u2028\u200b\u00ad"),
            (b"a\xffb\xe2\x82", "a\u{fffd}b\u{fffd}"),
            (b"", ""),
        ] {
            let mut out = Vec::new();
            assert_eq!(json(bytes, 100, &mut out), Extent::Whole);
            assert_eq!(String::from_utf8_lossy(&out), written);
        }
    }

    #[test]
    fn what_is_cut_is_cut_between_characters() {
        type Write = fn(&[u8], usize, &mut Vec<u8>) -> Extent;
        let common: Write = |bytes, most, out| ascii(bytes, Space::Plain, most, out);
        for (write, text, most, written) in [
            (common, "abc", 3, "abc"),
            (common, "abc", 2, "ab"),
            (common, "ab\n", 6, r"ab\x0a"),
            (common, "ab\n", 5, "ab"),
            (common, "ab\"", 3, "ab"),
            (common, "a", 0, ""),
            (json, "abc", 3, "abc"),
            (json, "abc", 2, "ab"),
            (json, "ab\n", 8, r"ab\u000a"),
            (json, "ab\n", 7, "ab"),
            (json, "ab€", 5, "ab€"),
            (json, "ab€", 4, "ab"),
            (json, "a", 0, ""),
        ] {
            let mut out = Vec::new();
            let extent = write(text.as_bytes(), most, &mut out);
            assert_eq!(String::from_utf8_lossy(&out), written);
            let is_whole = extent == Extent::Whole;
            let whole = write(text.as_bytes(), 100, &mut out);
            assert_eq!(whole, Extent::Whole);
            assert_eq!(is_whole, out.len() == written.len() * 2, "{text:?} {most}");
        }
    }
}
