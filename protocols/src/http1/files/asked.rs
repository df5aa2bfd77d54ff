//! What a request says of the file that it wants: the few fields that matter, out of a head.

use crate::http1::coding::Accepted;

/// The most lines of one list that are looked at.
const LINES_MOST: usize = 4;

/// The methods that files have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    /// The file.
    Get,
    /// What would be said of it.
    Head,
}

/// The fields of a request that say what is wanted of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Asked<'a> {
    pub(super) method: Method,
    pub(super) if_match: Lines<'a>,
    pub(super) if_none_match: Lines<'a>,
    pub(super) accept_encoding: Lines<'a>,
    pub(super) if_modified_since: Lines<'a>,
    pub(super) if_unmodified_since: Lines<'a>,
    pub(super) range: Lines<'a>,
    pub(super) if_range: Lines<'a>,
}

/// The lines of one field. Those past the fourth are left out: a tag in them is not found, which
/// makes an answer longer, never wrong.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Lines<'a> {
    lines: [&'a [u8]; LINES_MOST],
    n: u8,
}

/// The same without the request, for an answer that is put off.
#[derive(Debug)]
pub struct Kept {
    method: Method,
    lines: Vec<(u8, Box<[u8]>)>,
}

impl Method {
    /// The method of that name; none if files do not have it.
    pub fn named(name: &str) -> Option<Method> {
        match name {
            "GET" => Some(Method::Get),
            "HEAD" => Some(Method::Head),
            _ => None,
        }
    }
}

impl<'a> Asked<'a> {
    /// Looks through the fields of a head; names are in any case.
    pub fn new(method: Method, fields: impl Iterator<Item = (&'a str, &'a [u8])>) -> Self {
        let mut asked = Asked::empty(method);
        for (name, value) in fields {
            if let Some(lines) = asked.field(name) {
                lines.push(value);
            }
        }
        asked
    }

    /// The method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// The codings that the client takes.
    pub fn accepted(&self) -> Accepted {
        let mut accepted = Accepted::default();
        self.accept_encoding.all().iter().for_each(|line| accepted.read(line));
        accepted
    }

    /// A copy that lasts longer than the request.
    pub fn keep(&self) -> Kept {
        let lines = self.all().into_iter().zip(0..);
        let lines = lines.flat_map(|(lines, nth)| {
            lines.all().iter().map(move |line| (nth, Box::from(*line))).collect::<Vec<_>>()
        });
        Kept { method: self.method, lines: lines.collect() }
    }

    fn empty(method: Method) -> Self {
        let none = Lines::default();
        Asked {
            method,
            if_match: none,
            if_none_match: none,
            accept_encoding: none,
            if_modified_since: none,
            if_unmodified_since: none,
            range: none,
            if_range: none,
        }
    }

    fn all(&self) -> [&Lines<'a>; 7] {
        [
            &self.if_match,
            &self.if_none_match,
            &self.accept_encoding,
            &self.if_modified_since,
            &self.if_unmodified_since,
            &self.range,
            &self.if_range,
        ]
    }

    /// The lines of the field of that name, if it matters. Few names have one of these lengths.
    #[inline]
    fn field(&mut self, name: &str) -> Option<&mut Lines<'a>> {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        match name.len() {
            5 if is("range") => Some(&mut self.range),
            8 if is("if-range") => Some(&mut self.if_range),
            8 if is("if-match") => Some(&mut self.if_match),
            13 if is("if-none-match") => Some(&mut self.if_none_match),
            15 if is("accept-encoding") => Some(&mut self.accept_encoding),
            17 if is("if-modified-since") => Some(&mut self.if_modified_since),
            19 if is("if-unmodified-since") => Some(&mut self.if_unmodified_since),
            _ => None,
        }
    }
}

impl<'a> Lines<'a> {
    /// The lines that are looked at.
    pub(super) fn all(&self) -> &[&'a [u8]] {
        &self.lines[..usize::from(self.n)]
    }

    /// Whether the field is there.
    pub(super) fn is_there(&self) -> bool {
        self.n > 0
    }

    /// The value of a field that is no list; none if it comes twice, since then it has none.
    pub(super) fn single(&self) -> Option<&'a [u8]> {
        match self.all() {
            [line] => Some(line),
            _ => None,
        }
    }

    fn push(&mut self, line: &'a [u8]) {
        if let Some(free) = self.lines.get_mut(usize::from(self.n)) {
            *free = line;
            self.n += 1;
        }
    }
}

impl Kept {
    /// What was kept.
    pub fn asked(&self) -> Asked<'_> {
        let mut asked = Asked::empty(self.method);
        for (nth, line) in &self.lines {
            let lines = match nth {
                0 => &mut asked.if_match,
                1 => &mut asked.if_none_match,
                2 => &mut asked.accept_encoding,
                3 => &mut asked.if_modified_since,
                4 => &mut asked.if_unmodified_since,
                5 => &mut asked.range,
                _ => &mut asked.if_range,
            };
            lines.push(line);
        }
        asked
    }
}
