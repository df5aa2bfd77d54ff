//! Files that wait to be sent: by `sendfile` on a plain socket, and by reading them elsewhere.

use std::io::ErrorKind;

use readily_protocols::contract::{App, Fault};

use crate::reactor::Reactor;
use crate::slot::{Flags, Slot};
use crate::sys::Sys;

use super::{FILE_CUT, Failure, Flushed};

/// How often one visit calls `sendfile`: many small files take as much time as a large one.
const SENDS_PER_VISIT: usize = 64;

/// What is left of the budget of a visit.
struct Left {
    bytes: usize,
    sends: usize,
}

/// What became of the file in front.
enum Step {
    /// Some of it was sent, or is in memory and can be.
    On,
    /// It is to be read, as it cannot be sent from.
    Read,
    /// The stream takes nothing now, or has failed.
    Stop,
}

impl<A: App, S: Sys> Reactor<A, S> {
    /// Sends what waits for a connection where a file is in front, as far as it can be sent now and
    /// the budget of the visit allows; `flushed` is what was sent before.
    #[inline(never)]
    pub(super) fn carry_files(&mut self, index: usize, mut flushed: Flushed) -> Flushed {
        let mut left = Left { bytes: self.config.turn_file_bytes, sends: SENDS_PER_VISIT };
        loop {
            let Slot { tx, flags, .. } = &self.slots[index];
            let file_waits = tx.as_ref().is_some_and(|tx| tx.front_file().is_some());
            let takes = flags.has(Flags::WRITABLE) && !flags.has(Flags::UNSENT);
            // Who is queued already has had its turn, or has it soon.
            if !file_waits || !takes || flags.has(Flags::QUEUED) || flushed.failed.is_some() {
                return flushed;
            }
            if left.bytes == 0 || left.sends == 0 {
                self.counters.budget_cuts += 1;
                self.enqueue(index);
                return flushed;
            }
            let mut step = Step::Read;
            if !flags.has(Flags::LAYERED) {
                step = self.send_file(index, &mut left, &mut flushed);
            }
            if matches!(step, Step::Read) {
                // What comes next is written from memory, and nothing more is read in this visit.
                left.bytes = 0;
                step = self.load_file(index, &mut flushed);
            }
            if matches!(step, Step::Stop) {
                return flushed;
            }
            flushed.add(self.carry_bytes(index));
        }
    }

    /// Sends some of the file in front without reading it.
    fn send_file(&mut self, index: usize, left: &mut Left, flushed: &mut Flushed) -> Step {
        let Slot { stream: Some(stream), tx: Some(tx), flags, .. } = &mut self.slots[index] else {
            return Step::Stop;
        };
        let Some((file, range)) = tx.front_file() else { return Step::On };
        let n = usize::try_from(range.end - range.start).unwrap_or(usize::MAX).min(left.bytes);
        left.sends -= 1;
        self.counters.sendfiles += 1;
        match self.sys.send_file(stream, file.as_ref(), range.start, n) {
            Ok(0) => return self.file_is_cut(flushed),
            Ok(sent) => {
                tx.consume(sent, |block| self.pool.give_block(block));
                left.bytes -= sent;
                flushed.bytes += sent;
                self.counters.bytes_sendfile += sent as u64;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                flags.clear(Flags::WRITABLE);
                return Step::Stop;
            }
            Err(error) if is_of_stream(error.kind()) => {
                flushed.failed = Some(Failure::Transport(error.kind()));
                return Step::Stop;
            }
            Err(_) => return Step::Read,
        }
        Step::On
    }

    /// Reads one block of the file in front, to be sent from memory.
    fn load_file(&mut self, index: usize, flushed: &mut Flushed) -> Step {
        let Some(tx) = &mut self.slots[index].tx else { return Step::Stop };
        let Some((file, range)) = tx.front_file() else { return Step::On };
        let mut block = self.pool.block();
        let n = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
        let n = n.min(block.capacity());
        let read = loop {
            self.counters.file_reads += 1;
            match self.sys.read_file(file.as_ref(), range.start, &mut block.all_mut()[..n]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => break result,
            }
        };
        match read {
            Ok(read) if read > 0 => {
                tx.load(block, read);
                Step::On
            }
            _ => {
                self.pool.give_block(block);
                self.file_is_cut(flushed)
            }
        }
    }

    /// A file has fewer bytes than were promised, or they cannot be read: the peer must not take
    /// what it got for the whole.
    fn file_is_cut(&mut self, flushed: &mut Flushed) -> Step {
        self.counters.files_cut += 1;
        flushed.failed = Some(Failure::Fault(Fault::Local(FILE_CUT)));
        Step::Stop
    }
}

/// Whether an error of `sendfile` is one of the stream. Any other may be one of the file, or of
/// what it is on: a read tells, and where it does not, the next write.
fn is_of_stream(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::BrokenPipe
            | ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkDown
            | ErrorKind::NetworkUnreachable
            | ErrorKind::NotConnected
            | ErrorKind::TimedOut
    )
}
