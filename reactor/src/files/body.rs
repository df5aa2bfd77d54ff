//! The rest of an answer that is too long, or too cold, to be queued at once.

use std::ops::Range;
use std::sync::Arc;

use readily_protocols::contract::{App, Desk, File, Id};
use readily_protocols::http1::files::{Parts, Piece};
use readily_protocols::http1::{Flow, Outgoing};

use super::errand::{Warming, Warmth};
use super::options::Disk;
use super::pages::{first_window, resident};
use super::reason;

/// What is sent of a file, a window or a few at a time.
#[derive(Debug)]
pub(super) struct Body {
    id: Id,
    disk: Disk,
    file: File,
    pieces: Pieces,
    /// The piece that is next, and of a part of the file what is left of it.
    nth: usize,
    left: Range<u64>,
    /// Up to where a thread of the pool has read.
    warm: u64,
    warming: Option<Arc<Warming>>,
}

#[derive(Debug)]
pub(super) enum Pieces {
    One(Range<u64>),
    Several(Parts),
}

/// What to do with the part of the file that is next.
enum Next {
    /// So many bytes of it can be sent.
    Send(u64),
    /// A thread reads it.
    Wait,
    /// It cannot be read.
    Abort,
}

impl Body {
    /// The first piece is in memory up to `warm`.
    pub(super) fn new(id: Id, disk: Disk, file: File, pieces: Pieces, warm: u64) -> Body {
        let (nth, left) = match &pieces {
            Pieces::One(range) => (1, range.clone()),
            Pieces::Several(_) => (0, 0..0),
        };
        Body { id, disk, file, pieces, nth, left, warm, warming: None }
    }

    /// How many bytes it has.
    pub(super) fn length(&self) -> u64 {
        match &self.pieces {
            Pieces::One(range) => range.end - range.start,
            Pieces::Several(parts) => parts.body_length(),
        }
    }

    /// Queues what can be sent now.
    pub(super) fn send<A: App>(&mut self, out: &mut Outgoing<'_>, desk: &mut Desk<'_, A>) -> Flow {
        loop {
            if !self.left.is_empty() {
                if !out.is_low() {
                    return Flow::Wait;
                }
                match self.next(desk) {
                    Next::Send(n) => {
                        let end = self.left.start + n;
                        out.send_file(self.file.clone(), self.left.start..end);
                        self.left.start = end;
                    }
                    Next::Wait => return Flow::Wait,
                    Next::Abort => {
                        desk.fx.count(reason::UNREADABLE);
                        return Flow::Abort;
                    }
                }
                continue;
            }
            match self.pieces.nth(self.nth) {
                Some(Piece::Text(text)) => out.write(text.as_bytes()),
                Some(Piece::File(range)) => (self.left, self.warm) = (range, 0),
                None => return Flow::Done,
            }
            self.nth += 1;
        }
    }

    /// How much of what is left can be sent without waiting for the disk; none begins a read.
    fn next<A: App>(&mut self, desk: &mut Desk<'_, A>) -> Next {
        match self.warming.take() {
            None => {}
            Some(warming) => match warming.warmth() {
                Warmth::Wait => {
                    self.warming = Some(warming);
                    return Next::Wait;
                }
                Warmth::Warm => self.warm = first_window(&self.left).end,
                Warmth::Broken => return Next::Abort,
            },
        }
        let all = self.left.end - self.left.start;
        let n = match self.disk {
            Disk::Inline => all,
            Disk::Probe => {
                let warm = self.warm.saturating_sub(self.left.start);
                resident(self.file.as_ref(), self.left.clone()).max(warm)
            }
            Disk::Offload => self.warm.saturating_sub(self.left.start),
        };
        if n > 0 {
            return Next::Send(n);
        }
        let (warming, file, range) = (Warming::new(), self.file.clone(), first_window(&self.left));
        let job = warming.clone();
        match desk.fx.offload_then_wake(self.id, move || job.run(&file, range)) {
            Ok(()) => {
                self.warming = Some(warming);
                Next::Wait
            }
            // The head is out: better late than cut.
            Err(_) => {
                desk.fx.count(reason::COLD);
                Next::Send(first_window(&self.left).end - self.left.start)
            }
        }
    }
}

impl Pieces {
    fn nth(&self, nth: usize) -> Option<Piece> {
        match self {
            // It is what is left from the start on.
            Pieces::One(_) => None,
            Pieces::Several(parts) => parts.piece(nth),
        }
    }
}
