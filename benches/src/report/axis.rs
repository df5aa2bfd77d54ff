//! The axes of a plot: linear, logarithmic, or in nines.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

use crate::report::number::{duration, whole};

/// One axis with its own ticks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Axis {
    scale: Scale,
    from: f64,
    to: f64,
    ticks: Vec<(f64, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scale {
    Linear,
    Logarithmic,
    /// Of a share: each step leaves out a tenth of what is left.
    Nines,
}

/// Ticks of an axis at most, so that their texts stay apart.
const TICKS: usize = 7;

impl Axis {
    /// From nought to the largest of `values`.
    pub(crate) fn from_nought(values: impl Iterator<Item = f64>) -> Option<Self> {
        let most = positive(values).reduce(f64::max)?;
        let step = step(most / 5.0);
        let ticks = (0..=TICKS as u32).map(|number| f64::from(number) * step);
        let ticks = ticks.take_while(|tick| *tick <= most * 1.03);
        let ticks = ticks.map(|tick| (tick, whole(tick))).collect();
        Some(Self { scale: Scale::Linear, from: 0.0, to: most * 1.03, ticks })
    }

    /// Around `values`: times in microseconds.
    pub(crate) fn times(values: impl Iterator<Item = f64>) -> Option<Self> {
        Self::logarithmic(values, duration_tick)
    }

    /// Around `values`: costs in microseconds, which may be close together.
    pub(crate) fn logarithmic(
        values: impl Iterator<Item = f64>,
        format: fn(f64) -> String,
    ) -> Option<Self> {
        let values: Vec<f64> = positive(values).collect();
        let least = values.iter().copied().reduce(f64::min)?;
        let most = values.iter().copied().reduce(f64::max)?;
        let (from, to) = (below(least), above(most));
        let decades = to.log10() - from.log10();
        let parts: &[f64] = match decades {
            decades if decades <= 2.1 => &[1.0, 2.0, 5.0],
            _ => &[1.0],
        };
        // Over many decades, not each one has its text.
        let every = (decades / TICKS as f64).ceil().max(1.0) as i32;
        let first = from.log10().floor() as i32;
        let ticks = (first..=to.log10().ceil() as i32)
            .filter(|decade| (decade - first) % every == 0)
            .flat_map(|decade| parts.iter().map(move |part| part * 10f64.powi(decade)))
            .filter(|tick| (from * 0.999..=to * 1.001).contains(tick))
            .map(|tick| (tick, format(tick)))
            .collect();
        Some(Self { scale: Scale::Logarithmic, from, to, ticks })
    }

    /// A tick for each of `counts`, as far apart as their ratios.
    pub(crate) fn counts(counts: impl Iterator<Item = u64>) -> Option<Self> {
        let mut counts: Vec<u64> = counts.filter(|count| *count > 0).collect();
        counts.sort_unstable();
        counts.dedup();
        let (first, last) = (*counts.first()? as f64, *counts.last()? as f64);
        let ticks = counts.iter().map(|count| (*count as f64, whole(*count as f64))).collect();
        // The first and the last mark stay off the edges.
        let margin = (last / first).powf(0.04).max(1.1);
        Some(Self { scale: Scale::Logarithmic, from: first / margin, to: last * margin, ticks })
    }

    /// Shares of all units, up to all but one in 10,000.
    pub(crate) fn nines() -> Self {
        let ticks = [(0.0, "0"), (0.5, "50%"), (0.9, "90%"), (0.99, "99%"), (0.999, "99.9%")];
        let ticks = ticks.into_iter().chain([(0.999_9, "99.99%")]);
        let ticks = ticks.map(|(share, text)| (share, text.to_owned())).collect();
        Self { scale: Scale::Nines, from: 0.0, to: 0.999_9, ticks }
    }

    /// How far along the axis a value is: 0 at its start, 1 at its end.
    pub(crate) fn share(&self, value: f64) -> f64 {
        let (from, to) = (self.place(self.from), self.place(self.to));
        ((self.place(value) - from) / (to - from)).clamp(0.0, 1.0)
    }

    /// Where its ticks are, as [`Axis::share`] has it, and their texts.
    pub(crate) fn ticks(&self) -> impl Iterator<Item = (f64, &str)> {
        self.ticks.iter().map(|(tick, text)| (self.share(*tick), text.as_str()))
    }

    fn place(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear => value,
            Scale::Logarithmic => value.log10(),
            Scale::Nines => -(1.0 - value).log10(),
        }
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        limit.0 + (self.share(*value) * f64::from(limit.1 - limit.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() {
            return Vec::new();
        }
        self.ticks.iter().map(|(tick, _)| *tick).collect()
    }

    fn range(&self) -> Range<f64> {
        self.from..self.to
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        let found = self.ticks.iter().find(|(tick, _)| tick == value);
        found.map_or_else(String::new, |(_, text)| text.clone())
    }
}

/// A tick has no digits that say nothing.
fn duration_tick(micros: f64) -> String {
    let text = duration(micros);
    match text.split_once(' ') {
        Some((number, unit)) if number.contains('.') => {
            format!("{} {unit}", number.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => text,
    }
}

fn positive(values: impl Iterator<Item = f64>) -> impl Iterator<Item = f64> {
    values.filter(|value| value.is_finite() && *value > 0.0)
}

/// 1, 2 or 5 times a power of ten, not below `least`.
fn step(least: f64) -> f64 {
    let decade = 10f64.powf(least.log10().floor());
    let parts = [1.0, 2.0, 5.0, 10.0].map(|part| part * decade);
    parts.into_iter().find(|step| *step >= least * 0.999_9).unwrap_or(parts[3])
}

/// The next of 1, 2 and 5 times a power of ten above `value`, with a little room.
fn above(value: f64) -> f64 {
    step(value * 1.1)
}

fn below(value: f64) -> f64 {
    1.0 / step(1.1 / value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: Option<Axis>) -> Vec<String> {
        axis.map_or_else(Vec::new, |axis| axis.ticks.into_iter().map(|(_, text)| text).collect())
    }

    #[test]
    fn ticks_are_round_and_few() {
        for (axis, expected) in [
            (Axis::from_nought([51_000.0].into_iter()), "0 20,000 40,000"),
            (Axis::from_nought([f64::NAN, 0.0].into_iter()), ""),
            (Axis::times([30.0, 900.0].into_iter()), "20 \u{b5}s|50 \u{b5}s|100 \u{b5}s"),
            (Axis::counts([1, 64, 1_024].into_iter()), "1 64 1,024"),
            (Some(Axis::nines()), "0 50% 90% 99% 99.9% 99.99%"),
        ] {
            let texts = texts(axis);
            let separator = if expected.contains('|') { "|" } else { " " };
            assert!(texts.join(separator).starts_with(expected), "{texts:?}");
        }
        for most in [1e-3, 3.0, 9.9, 1e6, 7.7e9] {
            let rates = texts(Axis::from_nought([most].into_iter())).len();
            assert!((3..=TICKS).contains(&rates), "{rates} up to {most}");
            let times = texts(Axis::times([1.0, 1.0 + most].into_iter())).len();
            assert!((2..=TICKS + 1).contains(&times), "{times} up to {most}");
        }
    }

    #[test]
    fn values_lie_within_the_axis() {
        let axis = Axis::nines();
        for (share, place) in [(0.0, 0.0), (0.9, 0.25), (0.99, 0.5), (0.999_99, 1.0), (1.0, 1.0)] {
            assert!((axis.share(share) - place).abs() < 1e-6, "{share}");
        }
        let times = Axis::times([10.0, 1_000.0].into_iter());
        assert!(times.is_some_and(|axis| axis.share(0.0) == 0.0 && axis.share(1e9) == 1.0));
    }
}
