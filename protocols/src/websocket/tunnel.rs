//! Any machine over the binary messages of a WebSocket.

use std::time::{Duration, Instant};

use tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::contract::{
    App, Cause, Fault, Half, Io, Machine, Marks, Next, Reason, Rx, State, Step, Tx, drive,
};

use super::assembly::Kind;
use super::close::{CloseCode, Refusal};
use super::frame;
use super::limits::{Limits, reason};
use super::session::{Event, Session};
use super::socket::CONTROL_RESERVE;

/// How many bytes of the inner machine's input may be unread.
const RECEIVE_MAX: usize = 64 * 1024;

/// The longest frame that is sent.
const SEND_MAX: usize = 16 * 1024;

/// A whole machine that runs over the binary messages of a WebSocket, as it would over a socket.
///
/// What arrives in binary messages is one stream of bytes for the inner machine, handed over as it
/// arrives; what it writes becomes binary messages. Where a message ends means nothing. The peer's
/// close is the end of its half; when the inner machine finishes, or ends its own half, which a
/// WebSocket cannot do alone, a close with the code 1000 is sent (1001 while the loop drains). A
/// text message is refused with 1003.
///
/// While the inner machine does not read, nor what it writes is taken, nothing more is read from
/// the peer. Its buffers are there only while something is in them.
#[derive(Debug)]
pub struct Tunnel<N> {
    session: Session,
    inner: N,
    ends: Option<Box<Ends>>,
    limits: &'static Limits,
    /// When the inner machine's state was entered, and when a byte of it moved last.
    entered: Option<Instant>,
    progressed: Option<Instant>,
    /// The peer's code, to be answered with the same.
    code: Option<CloseCode>,
    /// The inner machine has finished.
    is_done: bool,
}

/// Both ends of the inner machine.
#[derive(Debug)]
struct Ends {
    rx: Rx,
    tx: Tx,
}

impl<N: Machine> Tunnel<N> {
    /// A tunnel whose handshake is done, with the default limits.
    pub fn new(inner: N) -> Self {
        Tunnel::with_limits(inner, &Limits::DEFAULT)
    }

    /// The same with other limits.
    pub fn with_limits(inner: N, limits: &'static Limits) -> Self {
        Tunnel {
            session: Session::new(),
            inner,
            ends: None,
            limits,
            entered: None,
            progressed: None,
            code: None,
            is_done: false,
        }
    }

    /// The machine that runs inside.
    pub fn inner(&self) -> &N {
        &self.inner
    }

    /// Whether it holds buffers for the inner machine now.
    pub fn has_buffers(&self) -> bool {
        self.ends.is_some()
    }

    /// Does all that can be done: `cause` is why, besides what has arrived.
    fn run(
        &mut self,
        cause: Cause<<N::App as App>::Mail>,
        io: &mut Io<'_, N::App>,
    ) -> Result<Next, Fault> {
        let now = io.now();
        let heard = !io.rx.is_empty();
        if self.session.is_new() {
            (self.entered, self.progressed) = (Some(now), Some(now));
        }
        self.session.flush_pong(io.tx);
        let mut ends = self.ends.take().map_or_else(Ends::new, |ends| *ends);
        let next = self.rounds(&mut ends, cause, io);
        if !ends.are_idle() {
            self.ends = Some(Box::new(ends));
        }
        self.session.settle(heard, !io.rx.is_empty(), now, self.limits);
        next
    }

    /// Feeds the inner machine, calls it and passes on what it wrote, until nothing changes.
    fn rounds(
        &mut self,
        ends: &mut Ends,
        cause: Cause<<N::App as App>::Mail>,
        io: &mut Io<'_, N::App>,
    ) -> Result<Next, Fault> {
        // Mail and deadlines are calls of their own: what has arrived is told by a further one.
        let mut must = matches!(cause, Cause::Advance);
        let mut answer = Next::Wait;
        if !must {
            answer = self.call(ends, cause, io)?;
            must = self.send(ends, io)?;
        }
        loop {
            let fed = self.feed(ends, io)?;
            if !fed && !must {
                break;
            }
            let next = self.call(ends, Cause::Advance, io)?;
            must = self.send(ends, io)?;
            if next == Next::Yield {
                return Ok(self.end(ends, io).unwrap_or(Next::Yield));
            }
        }
        Ok(self.end(ends, io).unwrap_or(answer))
    }

    /// Moves what has arrived to the inner machine's end; says whether anything did.
    fn feed(&mut self, ends: &mut Ends, io: &mut Io<'_, N::App>) -> Result<bool, Fault> {
        let (now, mut fed) = (io.now(), false);
        while !self.session.is_parting() {
            let most = if io.rx.is_empty() || io.tx.room() == 0 { 0 } else { ends.space() };
            let (at, is_last) = match self.session.next(io.rx, io.tx, now, self.limits, most)? {
                Event::Message(Kind::Binary, at) => (at, true),
                Event::Part(at, is_last) if self.is_binary() => (at, is_last),
                Event::Message(..) | Event::Part(..) => {
                    let code = CloseCode::UNSUPPORTED;
                    let refusal = Refusal { code, reason: reason::TEXT_IN_TUNNEL };
                    return Err(self.session.refuse(io.tx, refusal));
                }
                Event::Closed { code, reason, .. } => {
                    io.rx.consume(reason.end);
                    self.code = code;
                    ends.rx.close(Half::Ended);
                    return Ok(true);
                }
                Event::Wait if io.rx.has_ended() && self.session.is_open() => {
                    ends.rx.close(Half::Aborted);
                    self.call(ends, Cause::Advance, io)?;
                    return Err(Fault::Peer(reason::NO_CLOSE));
                }
                Event::Wait | Event::Held => return Ok(fed),
            };
            ends.put(&io.rx.bytes()[at.clone()]);
            io.rx.consume(at.end);
            if is_last {
                self.session.complete();
            }
            (fed, self.progressed) = (true, Some(now));
        }
        Ok(fed)
    }

    fn is_binary(&mut self) -> bool {
        self.session.partial().is_some_and(|partial| partial.kind == Kind::Binary)
    }

    fn call(
        &mut self,
        ends: &mut Ends,
        cause: Cause<<N::App as App>::Mail>,
        io: &mut Io<'_, N::App>,
    ) -> Result<Next, Fault> {
        if self.is_done {
            return Ok(Next::Wait);
        }
        let mut moved = false;
        let Ends { rx, tx } = ends;
        let next = drive(&mut self.inner, cause, &mut io.over(rx, tx), |_, _| moved = true);
        if moved {
            self.entered = Some(io.now());
        }
        if tx.half() == Half::Aborted {
            io.tx.abort();
        }
        if tx.has_overflowed() {
            return Err(Fault::Local("the machine in a tunnel wrote past its hard cap"));
        }
        match next {
            Ok(next) => {
                self.is_done = next == Next::Finish || !tx.may_send();
                Ok(next)
            }
            Err(fault) => {
                self.is_done = true;
                if !matches!(fault, Fault::Local(_)) {
                    self.send(ends, io)?;
                    self.session.close(io.tx, Some(CloseCode::POLICY), "");
                }
                Err(fault)
            }
        }
    }

    /// Passes on what the inner machine wrote, while there is room; says whether it may have waited
    /// for that.
    fn send(&mut self, ends: &mut Ends, io: &mut Io<'_, N::App>) -> Result<bool, Fault> {
        let (was_low, mut sent) = (ends.tx.is_low(), false);
        while io.tx.room() > 0
            && let Some((bytes, _)) = ends.tx.front()
        {
            // One byte at least: where the cap has no room for a frame at all, that is its end.
            let most = io.tx.left().saturating_sub(frame::size(SEND_MAX) - SEND_MAX);
            let most = most.saturating_sub(CONTROL_RESERVE).clamp(1, SEND_MAX);
            let n = bytes.len().min(most);
            frame::write(io.tx, frame::whole(OpCode::Data(Data::Binary)), &bytes[..n], None);
            ends.tx.consume(n, drop);
            sent = true;
        }
        if sent {
            self.progressed = Some(io.now());
        }
        // Nothing here can read one.
        if ends.tx.front_file().is_some() {
            return Err(Fault::Local(reason::FILE_IN_TUNNEL));
        }
        let has_room = !was_low && ends.tx.is_low();
        if has_room {
            ends.tx.be_low();
        }
        Ok(has_room)
    }

    /// Closes when the inner machine has finished and all it wrote was passed on; says what comes
    /// next if that is the end.
    fn end(&mut self, ends: &mut Ends, io: &mut Io<'_, N::App>) -> Option<Next> {
        if self.is_done && ends.tx.is_empty() {
            let parting = self.session.is_parting();
            let own = if io.draining() { CloseCode::AWAY } else { CloseCode::NORMAL };
            let code = if parting { self.code } else { Some(own) };
            self.session.close(io.tx, code, "");
            *ends = Ends::new();
        }
        // What is left of the stream then is half a frame.
        let over = self.session.is_over() || (io.rx.has_ended() && !self.session.is_open());
        over.then_some(Next::Finish)
    }

    /// When the inner machine is to be called, and why.
    fn inner_due(&self) -> Option<(Instant, Reason)> {
        if self.is_done {
            return None;
        }
        let timeouts = N::STATES[self.inner.state()].timeouts;
        let after = |from: Option<Instant>, nanos: u64| {
            let wait = (nanos != u64::MAX).then(|| Duration::from_nanos(nanos));
            from.zip(wait).and_then(|(from, wait)| from.checked_add(wait))
        };
        [
            (self.inner.deadline(), Reason::Own),
            (after(self.entered, timeouts.within()), Reason::Within),
            (after(self.progressed, timeouts.idle()), Reason::Idle),
        ]
        .into_iter()
        .filter_map(|(at, why)| at.map(|at| (at, why)))
        .min_by_key(|(at, _)| *at)
    }
}

impl Ends {
    fn new() -> Self {
        Ends { rx: Rx::new(RECEIVE_MAX), tx: Tx::new(Marks::default()) }
    }

    /// How many bytes can be put in now.
    fn space(&mut self) -> usize {
        if self.rx.is_full() {
            return 0;
        }
        self.rx.make_space();
        self.rx.space().len()
    }

    /// Puts in no more than there is [`space`](Ends::space) for.
    fn put(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.rx.space()[..bytes.len()].copy_from_slice(bytes);
            self.rx.commit(bytes.len());
        }
    }

    /// Whether nothing would be lost without them.
    fn are_idle(&self) -> bool {
        self.rx.is_empty() && !self.rx.has_ended() && self.tx.is_idle()
    }
}

impl<M: Machine, N: Machine<App = M::App>> State<M> for Tunnel<N> {
    fn advance(&mut self, io: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault> {
        self.run(Cause::Advance, io).map(step)
    }

    fn deadline(&self) -> Option<Instant> {
        let inner = self.inner_due().map(|(at, _)| at);
        self.session.deadline().into_iter().chain(inner).min()
    }

    fn held(&self) -> usize {
        let ends = self.ends.as_ref().map_or(0, |ends| ends.rx.charge() + ends.tx.charge());
        self.session.held() + ends + self.inner.held()
    }

    fn expire(&mut self, why: Reason, io: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault> {
        let now = io.now();
        if why != Reason::Own {
            self.session.close(io.tx, Some(CloseCode::AWAY), "it took too long");
            return Err(Fault::TimedOut(why));
        }
        if self.session.deadline().is_some_and(|at| at <= now) {
            self.session.expire(io.tx, now, self.limits)?;
        }
        match self.inner_due() {
            Some((at, why)) if at <= now => {
                if why == Reason::Idle {
                    self.progressed = Some(now);
                }
                self.run(Cause::Expire(why), io).map(step)
            }
            _ => Ok(Step::Wait),
        }
    }

    fn receive(
        &mut self,
        mail: <M::App as App>::Mail,
        io: &mut Io<'_, M::App>,
    ) -> Result<Step<Self, M>, Fault> {
        self.run(Cause::Mail(mail), io).map(step)
    }
}

/// What the tunnel does next; that the inner machine has a new state is its own matter.
fn step<F, M>(next: Next) -> Step<F, M> {
    match next {
        Next::Finish => Step::Finish,
        Next::Yield => Step::Yield,
        Next::Ignore => Step::Ignore,
        Next::Wait | Next::Advance => Step::Wait,
    }
}
