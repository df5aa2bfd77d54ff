//! A line that shows how far a transfer is.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use super::{Load, Size, Transfer};

/// How many characters the bar has.
const WIDTH: u64 = 30;

/// A bar on standard error, where that is a terminal and nothing else is written to it.
#[derive(Debug)]
pub struct Progress {
    shown: bool,
    due: Option<Instant>,
}

impl Progress {
    /// How often the bar is drawn.
    pub const EVERY: Duration = Duration::from_millis(100);

    /// For this transfer.
    pub fn new(transfer: &Transfer) -> Self {
        let is_alone = match transfer.load {
            Load::Pattern(_) => true,
            // Whoever types, or reads the answer, is not to find a bar in it.
            Load::Pipe(_) => !io::stdin().is_terminal() && !io::stdout().is_terminal(),
        };
        Progress { shown: is_alone && io::stderr().is_terminal(), due: None }
    }

    /// Draws the bar if it is due.
    pub fn show(&mut self, transfer: &Transfer, now: Instant) {
        let is_shown = self.shown && !transfer.is_over();
        let Some(began) = transfer.began().filter(|_| is_shown) else { return };
        if self.due.is_none_or(|due| now >= due) {
            self.due = Some(now + Progress::EVERY);
            // From the start of the line, without wrapping at its end, clearing what was there.
            draw(format_args!("\r\x1b[?7l{}\x1b[K\x1b[?7h", line(transfer, now - began)));
        }
    }

    /// Takes it away: what is said next has the line for itself.
    pub fn clear(&self) {
        if self.due.is_some() {
            draw(format_args!("\r\x1b[K"));
        }
    }
}

fn draw(what: std::fmt::Arguments<'_>) {
    // That nobody sees it is no reason to stop.
    let mut err = io::stderr();
    let _ = err.write_fmt(what).and_then(|()| err.flush());
}

fn line(transfer: &Transfer, took: Duration) -> String {
    let (sent, received) = (transfer.sent(), transfer.received());
    let rate = Size::per_second(sent.max(received), took);
    let Load::Pattern(pattern) = &transfer.load else {
        return format!("{} sent, {} back  {rate}", Size(sent), Size(received));
    };
    let total = pattern.total().max(1);
    // What came back is done, and what was sent is half way.
    let done = (sent + received) / 2;
    let done = if received == 0 { sent } else { done }.min(total);
    let filled = (u128::from(done) * u128::from(WIDTH) / u128::from(total)) as usize;
    let bar = "#".repeat(filled) + &"-".repeat(WIDTH as usize - filled);
    let percent = u128::from(done) * 100 / u128::from(total);
    format!("[{bar}] {percent:3} %  {} of {}  {rate}", Size(sent), Size(pattern.total()))
}

#[cfg(test)]
mod tests {
    use super::super::{Pattern, Pipe};
    use super::*;

    #[test]
    fn the_bar_is_never_longer_than_itself() {
        for total in [0, 1, u64::MAX] {
            let transfer = Transfer::new(Load::Pattern(Pattern::new(total)));
            let line = line(&transfer, Duration::from_secs(1));
            assert!(line.starts_with(&format!("[{}]   0 %", "-".repeat(30))), "{line}");
        }
        let transfer = Transfer::new(Load::Pipe(Pipe::default()));
        assert_eq!(line(&transfer, Duration::from_secs(1)), "0 B sent, 0 B back  0 B/s");
    }
}
