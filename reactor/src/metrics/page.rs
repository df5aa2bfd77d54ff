//! The text format: families of samples.

use std::fmt::{Display, Write};

/// What a family counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// A page that grows.
#[derive(Default)]
pub(super) struct Page(String);

impl Page {
    /// Begins a family: its samples follow.
    pub(super) fn family(&mut self, name: &str, kind: Kind, help: &str) {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        self.0.push_str("# HELP ");
        self.0.push_str(name);
        self.0.push(' ');
        escape(help.trim(), Quotes::Plain, &mut self.0);
        self.print(format_args!("\n# TYPE {name} {kind}\n"));
    }

    /// One sample of the family that was begun last; `suffix` is what a histogram adds to its name.
    pub(super) fn sample(
        &mut self,
        (name, suffix): (&str, &str),
        labels: &[(&str, &str)],
        value: impl Display,
    ) {
        self.0.push_str(name);
        self.0.push_str(suffix);
        for (at, (label, value)) in labels.iter().enumerate() {
            self.0.push(if at == 0 { '{' } else { ',' });
            self.0.push_str(label);
            self.0.push_str("=\"");
            escape(value, Quotes::Escaped, &mut self.0);
            self.0.push('"');
        }
        if !labels.is_empty() {
            self.0.push('}');
        }
        self.print(format_args!(" {value}\n"));
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }

    fn print(&mut self, text: std::fmt::Arguments<'_>) {
        // A string takes everything.
        let _ = self.0.write_fmt(text);
    }
}

/// What a quote is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quotes {
    Plain,
    Escaped,
}

fn escape(text: &str, quotes: Quotes, out: &mut String) {
    for char in text.chars() {
        match char {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '"' if quotes == Quotes::Escaped => out.push_str("\\\""),
            _ => out.push(char),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_label_or_a_line_is_escaped() {
        let mut page = Page::default();
        page.family("a_total", Kind::Counter, " One \"a\", \\ and\na line end.");
        page.sample(("a_total", ""), &[], 1);
        page.sample(("a_total", ""), &[("b", "\"}\\\n"), ("c", "é")], 2.5);
        let text = "# HELP a_total One \"a\", \\\\ and\\na line end.\n# TYPE a_total counter\n\
                    a_total 1\na_total{b=\"\\\"}\\\\\\n\",c=\"é\"} 2.5\n";
        assert_eq!(page.into_text(), text);
    }
}
