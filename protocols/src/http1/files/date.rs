//! Times of files as HTTP dates, which are whole seconds.

use std::time::{Duration, SystemTime};

use httpdate::HttpDate;

use crate::contract::DATE_LEN;

/// The last second that has a date: the format ends with the year 9999.
const LAST: u64 = 253_402_300_799;

/// A second since 1970. Times that have no date are moved to the nearest one that has.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Second(u64);

impl Second {
    /// The second in which `time` is.
    pub(super) fn of(time: SystemTime) -> Second {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Second(since.as_secs().min(LAST))
    }

    /// The second of an HTTP date in one of its three forms (RFC 9110, section 5.6.7); none if it
    /// is no date.
    pub(super) fn parse(value: &[u8]) -> Option<Second> {
        let text = std::str::from_utf8(value).ok()?;
        httpdate::parse_http_date(text).ok().map(Second::of)
    }

    /// The date, in the form that is sent.
    pub(super) fn write(self) -> [u8; DATE_LEN] {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(self.0);
        let mut date = [b' '; DATE_LEN];
        // In place, so that nothing is allocated. It fits.
        let _ =
            std::io::Write::write_fmt(&mut &mut date[..], format_args!("{}", HttpDate::from(time)));
        date
    }
}
