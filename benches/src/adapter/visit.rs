//! One poll of a connection: write what is left, read, call the machine, write, until it waits.

use std::io::{ErrorKind, IoSlice};
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use readily::{App, Cause, Config, End, Fault, Half, Io, Next, Peer, Reason, Signals, drive};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connection::Connection;
use super::ends::{Ends, load_file};
use super::shared::{Asked, NEVER, Shared};

/// How many pieces one system call sends: as in the loop.
const SLICES: usize = 16;

/// What one poll works on.
pub(super) struct Visit<'a, 'w, A: App> {
    pub(super) connection: &'a mut Connection<A>,
    pub(super) ends: &'a mut Ends,
    pub(super) shared: &'a mut Shared<A>,
    pub(super) cx: &'a mut Context<'w>,
}

/// What a read came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Came {
    Nothing,
    Bytes,
    Ended,
    Failed(ErrorKind),
}

/// Whether the machine waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Flow {
    Wait,
    Yield,
}

impl<A: App> Visit<'_, '_, A> {
    /// Does all that can be done now.
    ///
    /// # Errors
    /// The end of the connection.
    pub(super) fn turn(&mut self) -> Result<(), End> {
        if !self.ends.tx.is_empty() {
            self.flush()?;
        }
        if let Some(reason) = self.due()
            && self.expire(reason)? == Flow::Yield
        {
            return Ok(());
        }
        loop {
            let came = self.read();
            if came == Came::Nothing && !mem::take(&mut self.connection.call) {
                return Ok(());
            }
            self.connection.call = false;
            let called = self.call(Cause::Advance);
            match (came, called) {
                (_, Err(End::Fault(fault))) => return Err(End::Fault(fault)),
                (Came::Failed(kind), _) => return Err(End::Transport(kind)),
                (_, Err(why)) => return Err(why),
                (_, Ok(Flow::Yield)) => return Ok(()),
                (_, Ok(Flow::Wait)) => {}
            }
        }
    }

    /// Why a deadline has passed, if one has.
    fn due(&mut self) -> Option<Reason> {
        let now = self.shared.now();
        if !self.connection.alarm.has_fired(now) || self.connection.deadline(self.shared) > now {
            return None;
        }
        let own = self.connection.own_deadline(self.shared);
        Some(self.connection.times.reason(self.connection.timeouts(), own, now))
    }

    fn expire(&mut self, reason: Reason) -> Result<Flow, End> {
        let now = self.shared.now();
        match reason {
            // What is queued cannot be sent, so there is no order to end in.
            Reason::SendStall => return Err(End::Fault(Fault::TimedOut(reason))),
            Reason::Idle => self.connection.times.progressed = now,
            Reason::Own | Reason::Within => {}
        }
        let flow = self.call(Cause::Expire(reason))?;
        if self.connection.deadline(self.shared) <= now {
            return Err(End::Stuck("frozen deadline: it has passed and was not moved"));
        }
        Ok(flow)
    }

    /// Reads once, if there is room for it.
    fn read(&mut self) -> Came {
        if !self.ends.wants_read() {
            return Came::Nothing;
        }
        self.shared.pool.furnish(self.ends);
        let rx = &mut self.ends.rx;
        if !rx.rewind() {
            rx.make_space();
        }
        let mut space = ReadBuf::new(rx.space());
        let stream = Pin::new(&mut self.connection.stream);
        match stream.poll_read(self.cx, &mut space) {
            Poll::Pending => Came::Nothing,
            Poll::Ready(Ok(())) => match space.filled().len() {
                0 => {
                    rx.close(Half::Ended);
                    Came::Ended
                }
                n => {
                    rx.commit(n);
                    self.connection.times.progressed = self.shared.now();
                    Came::Bytes
                }
            },
            Poll::Ready(Err(error)) => {
                rx.close(Half::Aborted);
                Came::Failed(error.kind())
            }
        }
    }

    /// Calls the machine, carries out what it asked for, and sends what it wrote.
    fn call(&mut self, cause: Cause<A::Mail>) -> Result<Flow, End> {
        let Visit { connection, ends, shared, .. } = self;
        let before = ends.extent();
        let Connection { id, remote, machine, .. } = &mut **connection;
        let link = (Peer::None, Signals(0));
        let lent = (&mut ends.rx, &mut ends.tx);
        let mut io = Io::new(*id, remote, lent, link, &mut shared.app, &mut shared.fx);
        let mut moved = false;
        let next = drive(machine, cause, &mut io, |_, _| moved = true);
        if moved {
            connection.times.entered = shared.now();
        }
        let progress = ends.extent() != before;
        let next = next.map_err(End::Fault);
        let asked = match shared.fx.is_empty() {
            true => Asked::default(),
            false => shared.carry_out(connection.id).map_err(End::Fault)?,
        };
        // What is written on the way to a fault of our own cannot be trusted, and is not sent.
        if !matches!(next, Err(End::Fault(Fault::Local(_)))) {
            self.flush()?;
        }
        if asked.close {
            return Err(End::Aborted);
        }
        self.follow(next?, progress || asked.wake, asked.wake)
    }

    /// Goes on as the machine has said.
    fn follow(&mut self, next: Next, progress: bool, wake: bool) -> Result<Flow, End> {
        let Visit { connection, ends, cx, .. } = self;
        if next == Next::Finish || (connection.shut && ends.has_heard_all()) {
            return Err(End::Finished);
        }
        let yields = next == Next::Yield;
        connection.spins = if yields && !progress { connection.spins + 1 } else { 0 };
        if connection.spins == Config::SPINS_MAX {
            return Err(End::Stuck("spins: it yields again and again without progress"));
        }
        if !yields && !wake {
            return Ok(Flow::Wait);
        }
        connection.call = true;
        cx.waker().wake_by_ref();
        Ok(Flow::Yield)
    }

    /// Sends what waits, as far as it can be sent now, and our end if that is all.
    fn flush(&mut self) -> Result<(), End> {
        let Visit { connection, ends, .. } = self;
        if ends.tx.is_idle() {
            return Ok(());
        }
        if ends.tx.has_overflowed() {
            return Err(End::Overflow);
        }
        if ends.tx.half() == Half::Aborted {
            return Err(End::Aborted);
        }
        connection.full |= !ends.tx.is_low();
        let sent = self.write().map_err(End::Transport)?;
        let Visit { connection, ends, shared, .. } = self;
        let times = &mut connection.times;
        if sent > 0 {
            times.progressed = shared.now();
        }
        if ends.tx.is_empty() {
            times.patience = NEVER;
        } else if sent > 0 || times.patience == NEVER {
            times.patience = shared.after(Config::SEND_STALL);
        }
        if connection.full && ends.tx.is_low() {
            // Whoever wrote it may have stopped for want of room, and waits for it.
            (connection.full, connection.call) = (false, true);
        }
        self.say_end()
    }

    /// Writes until all is sent or the socket takes no more; says how many bytes were sent.
    fn write(&mut self) -> Result<usize, ErrorKind> {
        let Visit { connection, ends, shared, cx } = self;
        let (tx, mut sent) = (&mut ends.tx, 0);
        while !tx.is_empty() {
            load_file(tx, &mut shared.pool).map_err(|error| error.kind())?;
            let stream = Pin::new(&mut connection.stream);
            let result = match tx.whole() {
                Some(bytes) => stream.poll_write(cx, bytes),
                None => {
                    let mut slices = [IoSlice::new(&[]); SLICES];
                    let used = tx.slices(&mut slices);
                    stream.poll_write_vectored(cx, &slices[..used])
                }
            };
            match result {
                Poll::Pending => break,
                Poll::Ready(Ok(0)) => return Err(ErrorKind::WriteZero),
                Poll::Ready(Ok(n)) => {
                    tx.consume(n, |block| shared.pool.give(block));
                    sent += n;
                }
                Poll::Ready(Err(error)) => return Err(error.kind()),
            }
        }
        Ok(sent)
    }

    /// Tells the peer of our end once all before it is sent.
    fn say_end(&mut self) -> Result<(), End> {
        let Visit { connection, ends, cx, .. } = self;
        if !ends.tx.is_empty() || ends.tx.may_send() || connection.shut {
            return Ok(());
        }
        if ends.has_heard_all() {
            // Closing says the same to the peer, in one system call less.
            return Err(End::Finished);
        }
        connection.shut = true;
        // It is done at once; a stream that has failed already is found by the next read.
        let _ = Pin::new(&mut connection.stream).poll_shutdown(cx);
        Ok(())
    }
}
