//! Numbers of bytes, as people write and read them.

use std::fmt::{self, Display};
use std::str::FromStr;
use std::time::Duration;

/// A number of bytes: `500`, `64KiB`, `1.5MiB` when it is printed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Size(pub u64);

/// A number of bytes in a second.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Rate(f64);

const UNITS: [(&str, u64); 8] = [
    ("", 1),
    ("B", 1),
    ("kB", 1000),
    ("MB", 1000 * 1000),
    ("GB", 1000 * 1000 * 1000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

impl Size {
    /// How many of these a second there were.
    pub fn per_second(bytes: u64, took: Duration) -> Rate {
        Rate(bytes as f64 / took.as_secs_f64().max(1e-9))
    }
}

impl FromStr for Size {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let unit = UNITS.iter().find(|(name, _)| *name == unit.trim_start());
        let size = unit.and_then(|(_, unit)| number.parse::<u64>().ok()?.checked_mul(*unit));
        size.map(Size).ok_or("expected a number of bytes, as in 500, 64KiB, 256MiB or 1GB")
    }
}

impl Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        scaled(self.0 as f64, f)
    }
}

impl Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        scaled(self.0, f)?;
        f.write_str("/s")
    }
}

fn scaled(bytes: f64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let units = ["KiB", "MiB", "GiB"];
    let Some(place) = (1..=3).rev().find(|place| bytes >= f64::from(1u32 << (10 * place))) else {
        return write!(f, "{bytes:.0} B");
    };
    write!(f, "{:.1} {}", bytes / f64::from(1u32 << (10 * place)), units[place - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_their_unit() {
        for (text, bytes) in [
            ("0", 0),
            ("500", 500),
            ("7B", 7),
            ("64KiB", 65_536),
            ("64 KiB", 65_536),
            ("256MiB", 256 << 20),
            ("3GiB", 3 << 30),
            ("2kB", 2000),
            ("5MB", 5_000_000),
            ("1GB", 1_000_000_000),
        ] {
            assert_eq!(text.parse(), Ok(Size(bytes)), "{text}");
        }
        for text in [
            "",
            "MiB",
            "-1",
            "1.5MiB",
            "1 0",
            "1TiB",
            "1mib",
            "1K",
            "99999999999999999999",
            "99999999999GiB",
        ] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_and_rates_are_printed_in_the_unit_that_fits() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (256 << 20, "256.0 MiB"),
            (5 << 30, "5.0 GiB"),
        ] {
            assert_eq!(Size(bytes).to_string(), text);
        }
        let rate = Size::per_second(300 << 20, Duration::from_secs(2));
        assert_eq!(rate.to_string(), "150.0 MiB/s");
        assert_eq!(Size::per_second(0, Duration::ZERO).to_string(), "0 B/s");
    }
}
