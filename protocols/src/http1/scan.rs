//! Where a head ends: each byte is looked at once, however the head is cut.

use memchr::memchr;

use super::Limits;
use super::refusal::Refusal;

/// How far a head was looked through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Scan {
    /// No LF is before this offset but those that were seen.
    searched: u32,
    /// Where the last line begins.
    line: u32,
}

impl Scan {
    /// Nothing was looked at.
    pub(super) const fn new() -> Self {
        Scan { searched: 0, line: 0 }
    }

    /// The length of the head that `bytes` begins with, its empty line included; none while it is
    /// not whole. Only bytes that were not there at the last call are looked at.
    ///
    /// What it refuses does not depend on how much is there: a limit is passed at its byte, and
    /// before anything else in that line is judged.
    #[inline]
    pub(super) fn find(&mut self, bytes: &[u8], limits: &Limits) -> Result<Option<usize>, Refusal> {
        let (mut searched, mut line) = (self.searched as usize, self.line as usize);
        while let Some(at) = memchr(b'\n', &bytes[searched..]) {
            let lf = searched + at;
            let has_cr = lf > line && bytes[lf - 1] == b'\r';
            let end = lf - usize::from(has_cr);
            if end - line > limits.line || lf + 1 > limits.head {
                return Err(too_long(line, limits));
            }
            if !has_cr {
                return Err(Refusal::BareLf);
            }
            searched = lf + 1;
            if end == line {
                return Ok(Some(searched));
            }
            line = searched;
        }
        // A CR may be the first half of the line's end.
        let end = bytes.len() - usize::from(bytes.ends_with(b"\r"));
        if end.saturating_sub(line) > limits.line || bytes.len() >= limits.head {
            return Err(too_long(line, limits));
        }
        // Neither is past the limit of the head, which fits.
        (self.searched, self.line) = (bytes.len() as u32, line as u32);
        Ok(None)
    }
}

/// Which limit a line that begins there passes first.
#[cold]
fn too_long(line: usize, limits: &Limits) -> Refusal {
    if line == 0 {
        Refusal::TargetTooLong
    } else if line.saturating_add(limits.line).saturating_add(2) <= limits.head {
        Refusal::HeaderTooLong
    } else {
        Refusal::HeadTooLarge
    }
}
