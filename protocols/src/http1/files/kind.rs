//! What a file is, by the end of its name.

/// What a file is sent as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kind {
    essence: &'static str,
    is_text: bool,
}

/// The longest ending that is looked up.
const ENDING_MOST: usize = 16;

/// What the crate's table does not have, or not as the WHATWG and the registry say it.
const OURS: [(&str, &str); 8] = [
    ("br", "application/octet-stream"),
    ("cjs", "text/javascript"),
    ("jsonl", "application/jsonl"),
    ("mjs", "text/javascript"),
    ("ndjson", "application/x-ndjson"),
    ("xml", "text/xml"),
    ("yaml", "application/yaml"),
    ("yml", "application/yaml"),
];

impl Kind {
    /// Bytes that nothing is known of.
    pub const UNKNOWN: Kind = Kind { essence: "application/octet-stream", is_text: false };

    /// That media type, such as `image/png`, without parameters; text is said to be UTF-8.
    ///
    /// # Panics
    /// If it is longer than 90 bytes, which none is.
    pub const fn new(essence: &'static str) -> Kind {
        assert!(essence.len() <= 90, "a media type that is too long");
        Kind { essence, is_text: is_text(essence.as_bytes()) }
    }

    /// The kind of a file of that name or path, by what follows its last dot, in any case.
    pub fn of(name: &str) -> Kind {
        let ending = ending(name);
        if ending.is_empty() || ending.len() > ENDING_MOST {
            return Kind::UNKNOWN;
        }
        let ours = OURS.iter().find(|(of, _)| ending.eq_ignore_ascii_case(of));
        match ours.map(|(_, essence)| *essence).or_else(|| guess(ending)) {
            Some(essence) => Kind::new(essence),
            None => Kind::UNKNOWN,
        }
    }

    /// The media type, without parameters.
    pub const fn essence(self) -> &'static str {
        self.essence
    }

    /// What follows the media type in `content-type`.
    pub const fn parameters(self) -> &'static str {
        if self.is_text { "; charset=utf-8" } else { "" }
    }
}

fn guess(ending: &str) -> Option<&'static str> {
    new_mime_guess::from_ext(ending).first_raw()
}

/// What follows the last dot of a name; empty if there is none. `.profile` has no ending.
pub fn ending(name: &str) -> &str {
    let name = name.rsplit('/').next().unwrap_or(name);
    match name.rsplit_once('.') {
        Some((start, ending)) if !start.is_empty() => ending,
        _ => "",
    }
}

const fn is_text(essence: &[u8]) -> bool {
    matches!(essence, [b't', b'e', b'x', b't', b'/', ..])
}
