//! Standard input, sent; and what comes back, to standard output.

use std::io::{self, Read, Write};

use bytes::Bytes;
use readily::{Effects, Fault, Rx, To, Tx};

use super::{Mail, Transfer, Verdict};

/// How many bytes are read at once, at most.
const READ_MAX: usize = 64 * 1024;

/// There is never more than one job of each kind, and the loop takes many.
const BUSY: Fault = Fault::Local("quic_client: no room for a job");

/// Passes on what it reads, one piece at a time: nothing more is read while there is no room.
///
/// What came back stays unread until it is written: a connection that has ended both ways and has
/// nothing unread is over, whoever still works for it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Pipe {
    input: Input,
    /// How many bytes of what is unread are being written.
    writing: usize,
    sent: Sum,
    received: Sum,
}

/// What standard input is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Input {
    #[default]
    Idle,
    Reading,
    Over,
}

impl Pipe {
    pub(super) fn sent(&self) -> u64 {
        self.sent.length
    }

    pub(super) fn received(&self) -> u64 {
        self.received.length
    }

    /// Reads no more; what a thread still waits for is dropped.
    pub(super) fn stop(&mut self) {
        self.input = Input::Over;
    }

    /// Reads the next piece if there is room for it; says whether there is none any more.
    ///
    /// Some room is left, as [`Pattern`](super::Pattern) does.
    pub(super) fn give(
        &mut self,
        tx: &Tx,
        me: To,
        fx: &mut Effects<Transfer>,
    ) -> Result<bool, Fault> {
        if self.input == Input::Idle && tx.room() > READ_MAX {
            fx.offload(me, || Mail::Read(read())).map_err(|_| BUSY)?;
            self.input = Input::Reading;
        }
        Ok(self.input == Input::Over)
    }

    /// Sends what was read.
    pub(super) fn read(&mut self, bytes: Bytes, tx: &mut Tx) {
        if self.input != Input::Reading {
            return;
        }
        self.input = if bytes.is_empty() { Input::Over } else { Input::Idle };
        self.sent.add(&bytes);
        tx.share(bytes);
    }

    /// Writes what came back, if the last of it is written.
    pub(super) fn take(
        &mut self,
        rx: &Rx,
        me: To,
        fx: &mut Effects<Transfer>,
    ) -> Result<(), Fault> {
        if self.writing > 0 || rx.is_empty() {
            return Ok(());
        }
        let bytes = Bytes::copy_from_slice(rx.bytes());
        self.received.add(&bytes);
        self.writing = bytes.len();
        fx.offload(me, move || Mail::Written(write(&bytes))).map_err(|_| BUSY)
    }

    pub(super) fn written(&mut self, rx: &mut Rx) {
        rx.consume(std::mem::take(&mut self.writing));
    }

    pub(super) fn verdict(&self) -> Verdict {
        match (self.received.length, self.sent.length) {
            (0, _) => Verdict::Nothing,
            (received, sent) if received < sent => Verdict::Missing(sent - received),
            _ if self.received == self.sent => Verdict::Same,
            _ => Verdict::Other(None),
        }
    }
}

fn read() -> io::Result<Bytes> {
    let mut bytes = vec![0; READ_MAX];
    loop {
        match io::stdin().lock().read(&mut bytes) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => {
                bytes.truncate(read?);
                return Ok(bytes.into());
            }
        }
    }
}

fn write(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// A length and a checksum (FNV-1a): what was sent need not be kept to know it again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Sum {
    length: u64,
    sum: u64,
}

impl Default for Sum {
    fn default() -> Self {
        Sum { length: 0, sum: 0xcbf2_9ce4_8422_2325 }
    }
}

impl Sum {
    fn add(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        let mix = |sum: u64, byte: &u8| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        self.sum = bytes.iter().fold(self.sum, mix);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(parts: &[&[u8]]) -> Sum {
        parts.iter().fold(Sum::default(), |mut sum, part| {
            sum.add(part);
            sum
        })
    }

    #[test]
    fn what_came_back_is_judged_by_its_sum() {
        for (back, verdict) in [
            (["", ""], Verdict::Nothing),
            (["hello", ""], Verdict::Same),
            (["he", "llo"], Verdict::Same),
            (["hell", ""], Verdict::Missing(1)),
            (["helloo", ""], Verdict::Other(None)),
            (["olleh", ""], Verdict::Other(None)),
        ] {
            let received = sum(&back.map(str::as_bytes));
            let pipe = Pipe { sent: sum(&[b"hel", b"lo"]), received, ..Pipe::default() };
            assert_eq!(pipe.verdict(), verdict, "{back:?}");
        }
    }
}
