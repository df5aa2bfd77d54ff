//! Durations as the attributes write them: a whole number and a unit.

use std::time::Duration;

/// What a refusal shows as an example.
pub(crate) const EXAMPLES: &str = "`250ms`, `10s`, `5m` or `1h`";

/// Reads `250ms`, `10s`, `5m`, `1h`; `None` for anything else, zero and what overflows included.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let millis: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60 * 1_000,
        "h" => 60 * 60 * 1_000,
        _ => return None,
    };
    // The contract counts nanoseconds in 64 bits: about 584 years.
    let duration = Duration::from_millis(number.checked_mul(millis)?);
    let fits = duration.as_nanos() < u128::from(u64::MAX);
    (fits && !duration.is_zero()).then_some(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_and_a_unit() {
        for (text, millis) in [
            ("1ms", 1),
            ("250ms", 250),
            ("10s", 10_000),
            ("5m", 300_000),
            ("1h", 3_600_000),
            ("007s", 7_000),
        ] {
            assert_eq!(parse(text), Some(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn nothing_else() {
        for text in [
            "",
            "10",
            "s",
            "10x",
            "10 s",
            " 10s",
            "10s ",
            "1.5s",
            "-1s",
            "+1s",
            "0s",
            "0h",
            "10S",
            "1h30m",
            "ten s",
            "１s",
            "99999999999999999999s",
            "18446744073709551615h",
            "6000000h",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
