//! Dates in the two forms that logs use, formatted once a second.

use std::time::{SystemTime, UNIX_EPOCH};

/// `06/Nov/1994:08:49:37 +0000`.
const COMMON_LEN: usize = 26;
/// `1994-11-06T08:49:37Z` (RFC 3339).
const ISO_LEN: usize = 20;

/// The last second of the year 9999; later times, and those before 1970, are shown as the nearest
/// that can be.
const LAST_SECOND: u64 = 253_402_300_799;

/// One second in both forms.
#[derive(Clone, Debug)]
pub(super) struct Stamp {
    second: u64,
    common: [u8; COMMON_LEN],
    iso: [u8; ISO_LEN],
}

impl Stamp {
    pub(super) fn new() -> Self {
        let mut stamp = Stamp {
            second: 0,
            common: *b"00/Jan/0000:00:00:00 +0000",
            iso: *b"0000-00-00T00:00:00Z",
        };
        stamp.format();
        stamp
    }

    /// Moves to that time; says nothing anew within one second.
    #[inline]
    pub(super) fn set(&mut self, when: SystemTime) {
        let since = when.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let second = since.min(LAST_SECOND);
        if second != self.second {
            self.second = second;
            self.format();
        }
    }

    pub(super) fn common(&self) -> &[u8] {
        &self.common
    }

    pub(super) fn iso(&self) -> &[u8] {
        &self.iso
    }

    fn format(&mut self) {
        let (year, month, day) = date(self.second / 86_400);
        let second = self.second % 86_400;
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let common = &mut self.common;
        let name = MONTHS.get(month as usize - 1).copied().unwrap_or(b"Jan");
        put(&mut common[0..2], day);
        common[3..6].copy_from_slice(name);
        put(&mut common[7..11], year);
        let iso = &mut self.iso;
        put(&mut iso[0..4], year);
        put(&mut iso[5..7], month);
        put(&mut iso[8..10], day);
        for clock in [&mut common[12..20], &mut iso[11..19]] {
            put(&mut clock[0..2], hour);
            put(&mut clock[3..5], minute);
            put(&mut clock[6..8], second);
        }
    }
}

const MONTHS: [&[u8; 3]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

/// Year, month and day of a day that is counted from 1970-01-01.
fn date(days: u64) -> (u64, u64, u64) {
    // Years are counted from March on, so that the leap day is the last of its year.
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

/// Fills the field with the last digits of a number.
fn put(field: &mut [u8], mut number: u64) {
    for digit in field.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(second: u64) -> (String, String) {
        let mut stamp = Stamp::new();
        stamp.set(UNIX_EPOCH + Duration::from_secs(second));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (text(stamp.common()), text(stamp.iso()))
    }

    #[test]
    fn dates() {
        for (second, common, iso) in [
            (0, "01/Jan/1970:00:00:00 +0000", "1970-01-01T00:00:00Z"),
            (784_111_777, "06/Nov/1994:08:49:37 +0000", "1994-11-06T08:49:37Z"),
            (951_782_399, "28/Feb/2000:23:59:59 +0000", "2000-02-28T23:59:59Z"),
            (951_782_400, "29/Feb/2000:00:00:00 +0000", "2000-02-29T00:00:00Z"),
            (4_107_542_400, "01/Mar/2100:00:00:00 +0000", "2100-03-01T00:00:00Z"),
            (LAST_SECOND, "31/Dec/9999:23:59:59 +0000", "9999-12-31T23:59:59Z"),
            (LAST_SECOND + 1, "31/Dec/9999:23:59:59 +0000", "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(at(second), (common.to_owned(), iso.to_owned()), "{second}");
        }
    }

    #[test]
    fn every_day_of_eight_centuries_is_the_day_of_another_implementation() {
        for day in 0..292_194 {
            let second = day * 86_400 + day % 86_400;
            let time = UNIX_EPOCH + Duration::from_secs(second);
            // `Sun, 06 Nov 1994 08:49:37 GMT`
            let other = httpdate::fmt_http_date(time);
            let common = format!(
                "{}/{}/{}:{} +0000",
                &other[5..7],
                &other[8..11],
                &other[12..16],
                &other[17..25]
            );
            assert_eq!(at(second).0, common);
        }
    }

    #[test]
    fn a_time_before_1970_is_shown_as_its_first_second() {
        let mut stamp = Stamp::new();
        stamp.set(UNIX_EPOCH - Duration::from_secs(1));
        assert_eq!(stamp.iso(), b"1970-01-01T00:00:00Z");
    }
}
