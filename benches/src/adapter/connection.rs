//! One connection: what its task does each time it is polled.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll};

use readily::{App, End, Id, Machine, Remote, Timeouts};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::closing;
use super::deadlines::{Alarm, Times};
use super::ends::Ends;
use super::shared::{NEVER, Nanos, Shared};
use super::visit::Visit;

/// A connection, between two polls.
pub(super) struct Connection<A: App> {
    pub(super) id: Id,
    pub(super) remote: Remote,
    pub(super) machine: A::Conn,
    pub(super) stream: TcpStream,
    /// What is unread or unsent, and how far both halves are; none as long as all is as new.
    kept: Option<Box<Ends>>,
    pub(super) times: Times,
    pub(super) alarm: Alarm,
    /// The machine is called at the next poll, whether or not bytes arrive.
    pub(super) call: bool,
    /// Its send buffer was above the low mark, and whoever wrote it may wait for room.
    pub(super) full: bool,
    /// Our end was told to the peer.
    pub(super) shut: bool,
    /// Calls in a row that made no progress.
    pub(super) spins: u8,
}

impl<A: App> Connection<A> {
    pub(super) fn new(
        id: Id,
        remote: Remote,
        machine: A::Conn,
        stream: TcpStream,
        shared: &Shared<A>,
    ) -> Self {
        let times = Times::new(shared.nanos(Instant::now()));
        let (alarm, kept) = (Alarm::new(), None);
        let (call, full, shut, spins) = (true, false, false, 0);
        Connection { id, remote, machine, stream, kept, times, alarm, call, full, shut, spins }
    }

    /// Serves it to its end.
    pub(super) async fn serve(mut self, shared: Rc<RefCell<Shared<A>>>) {
        let why = poll_fn(|cx| self.poll(cx, &mut shared.borrow_mut())).await;
        let Connection { id, machine, mut stream, kept, .. } = self;
        drop(machine);
        shared.borrow_mut().tell_gone(id, why);
        let mut ends = kept.unwrap_or_else(|| shared.borrow_mut().pool.lend());
        if !closing::is_in_order(why) {
            closing::reset(&stream);
        } else if !ends.tx.is_empty() || !ends.rx.has_ended() {
            shared.borrow_mut().pool.furnish(&mut ends);
            // In a box, since it is larger than the connection, and most of them need it once.
            Box::pin(closing::linger(&mut stream, &mut ends)).await;
        }
        shared.borrow_mut().pool.take_back(&mut ends);
    }

    /// Does all that can be done now; ready with the reason of its end.
    fn poll(&mut self, cx: &mut Context<'_>, shared: &mut Shared<A>) -> Poll<End> {
        shared.begin_poll();
        let mut ends = match self.kept.take() {
            None => shared.pool.lend(),
            Some(mut ends) => {
                shared.pool.furnish(&mut ends);
                ends
            }
        };
        let turn = Visit { connection: self, ends: &mut ends, shared, cx }.turn();
        if let Err(why) = turn {
            self.kept = Some(ends);
            return Poll::Ready(why);
        }
        self.kept = shared.pool.put_away(ends);
        let at = self.deadline(shared);
        if self.alarm.is_late_for(at) {
            self.alarm.arm(at, shared.instant(at), cx);
        }
        Poll::Pending
    }

    pub(super) fn timeouts(&self) -> &'static Timeouts {
        &A::Conn::STATES[self.machine.state()].timeouts
    }

    pub(super) fn own_deadline(&self, shared: &Shared<A>) -> Nanos {
        self.machine.deadline().map_or(NEVER, |at| shared.nanos(at.into()))
    }

    pub(super) fn deadline(&self, shared: &Shared<A>) -> Nanos {
        self.times.least(self.timeouts(), self.own_deadline(shared))
    }
}
