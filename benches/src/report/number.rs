//! Numbers for a reader.

/// Stands where there is no number.
pub(crate) const NONE: &str = "\u{2013}";

/// With three or more digits that say something, thousands apart.
pub(crate) fn plain(value: f64) -> String {
    let decimals = match value.abs() {
        size if !size.is_finite() => return NONE.to_owned(),
        size if size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        size if !(0.000_5..0.9995).contains(&size) => 2,
        _ => 3,
    };
    let text = format!("{value:.decimals$}");
    // A little less than nothing reads as nothing.
    let text = match text.strip_prefix('-') {
        Some(rest) if rest.bytes().all(|byte| matches!(byte, b'0' | b'.')) => rest.to_owned(),
        _ => text,
    };
    let is_nothing = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    if is_nothing { "0".to_owned() } else { grouped(&text) }
}

/// Whole, thousands apart.
pub(crate) fn whole(value: f64) -> String {
    if value.is_finite() { grouped(&format!("{:.0}", value + 0.0)) } else { NONE.to_owned() }
}

/// A share of one.
pub(crate) fn percent(value: f64) -> String {
    if value.is_finite() { format!("{:.0}%", value * 100.0) } else { NONE.to_owned() }
}

/// How many times better.
pub(crate) fn times(value: f64) -> String {
    match value {
        value if value.is_nan() => NONE.to_owned(),
        value if value.is_infinite() => "no limit".to_owned(),
        // Ahead by so little is no 1.00.
        value if (value - 1.0).abs() < 0.005 => format!("{value:.3}x"),
        value if value < 9.995 => format!("{value:.2}x"),
        value => format!("{}x", plain(value)),
    }
}

/// A time in microseconds, with the unit that suits it.
pub(crate) fn duration(micros: f64) -> String {
    match micros {
        micros if micros.is_infinite() => "not kept up".to_owned(),
        micros if micros < 1_000.0 => format!("{} \u{b5}s", plain(micros)),
        micros if micros < 1_000_000.0 => format!("{} ms", plain(micros / 1_000.0)),
        micros => format!("{} s", plain(micros / 1_000_000.0)),
    }
}

/// A number of bytes, with the unit that suits it.
pub(crate) fn bytes(value: f64) -> String {
    match value {
        value if value < 1_024.0 => format!("{} B", whole(value)),
        value if value < 1_048_576.0 => format!("{} KiB", plain(value / 1_024.0)),
        value => format!("{} MiB", plain(value / 1_048_576.0)),
    }
}

/// How long it took, in seconds.
pub(crate) fn took(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    match (whole / 60, whole % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}

/// More than one of a unit.
pub(crate) fn plural(unit: &str) -> String {
    match unit.strip_suffix('y') {
        _ if unit == "MiB" => unit.to_owned(),
        Some(stem) => format!("{stem}ies"),
        None => format!("{unit}s"),
    }
}

fn grouped(text: &str) -> String {
    let (number, fraction) = text.split_once('.').map_or((text, None), |(a, b)| (a, Some(b)));
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |digits| ("-", digits));
    let mut out = sign.to_owned();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_that_say_something() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.000_1, "0"),
            (0.012_3, "0.012"),
            (0.999_9, "1.00"),
            (1.0, "1.00"),
            (9.999, "10.0"),
            (12.34, "12.3"),
            (99.96, "100"),
            (158.4, "158"),
            (1_234.5, "1,234"),
            (1_234_567.0, "1,234,567"),
            (-1_234.0, "-1,234"),
            (f64::NAN, NONE),
            (f64::INFINITY, NONE),
        ] {
            assert_eq!(plain(value), expected, "{value}");
        }
    }

    #[test]
    fn units_suit_the_number() {
        for (text, expected) in [
            (duration(0.85), "0.850 \u{b5}s"),
            (duration(812.0), "812 \u{b5}s"),
            (duration(1_430.0), "1.43 ms"),
            (duration(2_500_000.0), "2.50 s"),
            (duration(f64::INFINITY), "not kept up"),
            (bytes(158.4), "158 B"),
            (bytes(16_718.0), "16.3 KiB"),
            (bytes(2_097_152.0), "2.00 MiB"),
            (times(1.346), "1.35x"),
            (times(1.001_4), "1.001x"),
            (times(21.34), "21.3x"),
            (times(f64::INFINITY), "no limit"),
            (percent(0.874), "87%"),
            (took(1_872.4), "31 min 12 s"),
            (took(9.6), "10 s"),
            (plural("delivery"), "deliveries"),
            (plural("MiB"), "MiB"),
            (plural("round trip"), "round trips"),
        ] {
            assert_eq!(text, expected);
        }
    }
}
