//! What a handler may ask for: carried out by the driver after the handler has returned.

use std::cell::Cell;
use std::fmt;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::shared::Shared;
use super::{Address, App, EndpointId, Id, Outbox, Signals, Tally};
use crate::tls::Initiator;

/// How many outgoing connections one call may ask for.
pub const CONNECTS_PER_CALL: usize = 8;

/// How long an HTTP date is, in bytes.
pub const DATE_LEN: usize = 29;

/// Blocking work, with the way of its answer inside.
pub type Job = Box<dyn FnOnce() + Send>;

/// Who gets a piece of mail.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum To {
    /// The application: [`App::receive`].
    App,
    /// A connection: [`State::receive`](super::State::receive). Mail to one that has ended, or is
    /// not made yet, is dropped and counted.
    Conn(Id),
    /// A datagram endpoint: [`Endpoint::receive`](super::Endpoint::receive).
    Endpoint(EndpointId),
}

/// A timer that mails: see [`Effects::after`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct TimerId(pub u64);

/// A bounded queue had no room; what could not be queued is given back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Full<T>(pub T);

impl<T> fmt::Display for Full<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the queue is full")
    }
}

impl<T: fmt::Debug> std::error::Error for Full<T> {}

/// More was asked for in one call than the loop carries out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Busy;

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the loop takes no more of these now")
    }
}

impl std::error::Error for Busy {}

/// An outgoing connection.
#[derive(Clone, Debug)]
pub struct Connect {
    /// Where to.
    pub to: Address,
    /// How long it may take to be made, the handshake of TLS included.
    pub within: Duration,
    /// What carries it.
    pub over: Over,
}

/// What carries an outgoing connection.
#[derive(Clone, Debug)]
pub enum Over {
    /// A socket of its own.
    Socket,
    /// TLS on a socket of its own, to a server that proves to have this name.
    Tls(Arc<dyn Initiator>, Arc<str>),
    /// A stream of that endpoint (QUIC), to a server that proves to have this name.
    Stream(EndpointId, Arc<str>),
}

impl Connect {
    /// The default for [`within`](Connect::within).
    pub const WITHIN: Duration = Duration::from_secs(3);

    /// To there, in the default time.
    pub fn to(address: impl Into<Address>) -> Self {
        Connect { to: address.into(), within: Connect::WITHIN, over: Over::Socket }
    }

    /// With TLS by `client`, such as a `tls::Client`, to a server that proves to be `name`: a DNS
    /// name or an IP address. Its machine is advanced when the handshake is done.
    pub fn tls(self, client: &(impl Initiator + Clone + 'static), name: &str) -> Self {
        Connect { over: Over::Tls(Arc::new(client.clone()), name.into()), ..self }
    }

    /// On a stream of `endpoint`, to a server that proves to be `name`.
    pub fn over(self, endpoint: EndpointId, name: &str) -> Self {
        Connect { over: Over::Stream(endpoint, name.into()), ..self }
    }
}

/// One request of a handler.
pub enum Effect<A: App> {
    /// Make an outgoing connection under a reserved id; its machine runs when it is made.
    Connect(Id, Connect, A::Conn),
    /// Make the two each other's peer.
    Link(Id, Id),
    /// Undo this one's link.
    Unlink(Id),
    /// Set bits for this one's peer, and advance it.
    Signal(Id, Signals),
    /// Deliver soon.
    Mail(To, A::Mail),
    /// Advance that connection.
    Wake(Id),
    /// Reset that connection.
    Close(Id),
    /// Run on another thread, deliver the answer.
    Offload(Job),
    /// Deliver when the time has come.
    After(TimerId, Instant, To, A::Mail),
    /// Forget that timer.
    Cancel(TimerId),
    /// Stop accepting and end what is idle.
    Drain,
}

impl<A: App> Effect<A> {
    /// Its name, for the trace.
    pub fn name(&self) -> &'static str {
        match self {
            Effect::Connect(..) => "connect",
            Effect::Link(..) => "link",
            Effect::Unlink(_) => "unlink",
            Effect::Signal(..) => "signal",
            Effect::Mail(..) => "mail",
            Effect::Wake(_) => "wake",
            Effect::Close(_) => "close",
            Effect::Offload(..) => "offload",
            Effect::After(..) => "after",
            Effect::Cancel(_) => "cancel",
            Effect::Drain => "drain",
        }
    }
}

impl<A: App> fmt::Debug for Effect<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is known of the loop during a call, and the list of what was asked for.
pub struct Effects<A: App> {
    list: Vec<Effect<A>>,
    reserved: Vec<Id>,
    start: Instant,
    nanos: u64,
    /// The two together, once it was asked for.
    now: Cell<Option<Instant>>,
    wall: SystemTime,
    /// `wall` in words; formatted when it is first asked for.
    date: Option<[u8; DATE_LEN]>,
    tally: Tally,
    random: u64,
    draining: bool,
    mail_room: usize,
    jobs_room: usize,
    timers_room: usize,
    next_timer: u64,
    outbox: Arc<Outbox<A::Mail>>,
    shared: Shared,
}

impl<A: App> fmt::Debug for Effects<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Effects").field(&self.list).finish()
    }
}

/// What a handler uses.
impl<A: App> Effects<A> {
    /// The time of this turn: the loop reads its clock once a turn.
    #[inline]
    pub fn now(&self) -> Instant {
        if let Some(now) = self.now.get() {
            return now;
        }
        let now = self.start + Duration::from_nanos(self.nanos);
        self.now.set(Some(now));
        now
    }

    /// The wall time, at most a second old: for `Date` headers and logs, never for deadlines.
    pub fn wall(&self) -> SystemTime {
        self.wall
    }

    /// The same as an HTTP date (RFC 9110, section 5.6.7), formatted once for all who ask.
    #[inline]
    pub fn date(&mut self) -> &[u8; DATE_LEN] {
        self.date.get_or_insert_with(|| http_date(self.wall))
    }

    /// Counts something that only a protocol knows of, by its name.
    pub fn count(&mut self, name: &'static str) {
        self.tally.count(name);
    }

    /// What was counted by name.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The value of that type that all connections of this loop share: made when it is first asked
    /// for. It is for what protocols keep between calls, such as compressors; what an application
    /// shares is a field of its own.
    pub fn shared<T: Default + 'static>(&mut self) -> &mut T {
        self.shared.of()
    }

    /// Whether the loop is shutting down: a state that is between two requests should finish.
    #[inline]
    pub fn draining(&self) -> bool {
        self.draining
    }

    /// The next number of the loop's seeded generator (SplitMix64). Not for secrets.
    pub fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Makes an outgoing connection; `machine` is advanced when it is made. The id is valid at
    /// once, so that it can be linked.
    ///
    /// # Errors
    /// [`Busy`] past [`CONNECTS_PER_CALL`] in one call.
    pub fn connect(&mut self, connect: Connect, machine: A::Conn) -> Result<Id, Busy> {
        let id = self.reserved.pop().ok_or(Busy)?;
        self.push(Effect::Connect(id, connect, machine));
        Ok(id)
    }

    /// Delivers `mail` soon, after what was mailed before it: in this turn or, for mail that is
    /// sent while mail is delivered, in the next.
    ///
    /// # Errors
    /// [`Full`] with the mail when the loop's queue has no room.
    pub fn mail(&mut self, to: To, mail: A::Mail) -> Result<(), Full<A::Mail>> {
        if self.mail_room == 0 {
            return Err(Full(mail));
        }
        self.mail_room -= 1;
        self.push(Effect::Mail(to, mail));
        Ok(())
    }

    /// How many pieces of mail the loop's queue still has room for.
    #[inline]
    pub fn mail_left(&self) -> usize {
        self.mail_room
    }

    /// Delivers a copy of `mail` to each; make it cheap to copy (`Bytes`, `Rc`). Says how many of
    /// them the loop's queue had room for.
    pub fn publish(&mut self, to: impl IntoIterator<Item = Id>, mail: &A::Mail) -> usize
    where
        A::Mail: Clone,
    {
        to.into_iter().take_while(|id| self.mail(To::Conn(*id), mail.clone()).is_ok()).count()
    }

    /// Advances that connection soon: in this turn or the next.
    pub fn wake(&mut self, id: Id) {
        self.push(Effect::Wake(id));
    }

    /// Ends that connection at once, by a reset; its machine is not asked.
    pub fn close(&mut self, id: Id) {
        self.push(Effect::Close(id));
    }

    /// Runs blocking work on another thread; what it returns is mailed to `to`.
    ///
    /// A job that panics answers nothing and is counted: whoever waits for it needs a deadline.
    ///
    /// # Errors
    /// [`Busy`] when the queue of the pool is full.
    pub fn offload(
        &mut self,
        to: To,
        job: impl FnOnce() -> A::Mail + Send + 'static,
    ) -> Result<(), Busy>
    where
        A::Mail: Send,
    {
        self.jobs_room = self.jobs_room.checked_sub(1).ok_or(Busy)?;
        let outbox = self.outbox.clone();
        self.push(Effect::Offload(Box::new(move || outbox.answer(to, job))));
        Ok(())
    }

    /// Runs blocking work on another thread, then advances that connection; what comes of the work
    /// is in what the job shares with whoever asked for it.
    ///
    /// The connection is advanced after a job that panics as well, which is counted: whoever asked
    /// finds nothing where the answer should be.
    ///
    /// # Errors
    /// [`Busy`] when the queue of the pool is full.
    pub fn offload_then_wake(
        &mut self,
        id: Id,
        job: impl FnOnce() + Send + 'static,
    ) -> Result<(), Busy> {
        self.jobs_room = self.jobs_room.checked_sub(1).ok_or(Busy)?;
        let bell = self.outbox.bell().clone();
        self.push(Effect::Offload(Box::new(move || bell.run_then_wake(id, job))));
        Ok(())
    }

    /// Delivers `mail` after `wait`, to the millisecond, never early.
    ///
    /// # Errors
    /// [`Full`] with the mail when too many timers wait.
    pub fn after(
        &mut self,
        wait: Duration,
        to: To,
        mail: A::Mail,
    ) -> Result<TimerId, Full<A::Mail>> {
        let at = self.now().checked_add(wait);
        let (Some(at), Some(room)) = (at, self.timers_room.checked_sub(1)) else {
            return Err(Full(mail));
        };
        self.timers_room = room;
        let timer = TimerId(self.next_timer);
        self.next_timer += 1;
        self.push(Effect::After(timer, at, to, mail));
        Ok(timer)
    }

    /// Forgets a timer; one that has fired is no error.
    pub fn cancel(&mut self, timer: TimerId) {
        self.push(Effect::Cancel(timer));
    }

    /// Shuts the loop down in order, as a signal would.
    pub fn drain(&mut self) {
        self.push(Effect::Drain);
    }
}

/// How much a driver still takes of each kind, set before a call.
#[derive(Clone, Copy, Debug)]
pub struct Rooms {
    /// Pieces of mail.
    pub mail: usize,
    /// Offloaded jobs.
    pub jobs: usize,
    /// Timers that mail.
    pub timers: usize,
}

/// What a driver uses.
impl<A: App> Effects<A> {
    /// An empty list; `seed` starts [`random`](Effects::random), answers of offloaded work go to
    /// `outbox`.
    pub fn new(start: Instant, wall: SystemTime, seed: u64, outbox: Arc<Outbox<A::Mail>>) -> Self {
        Effects {
            list: Vec::new(),
            reserved: Vec::with_capacity(CONNECTS_PER_CALL),
            start,
            nanos: 0,
            now: Cell::new(None),
            wall,
            date: None,
            tally: Tally::default(),
            random: seed,
            draining: false,
            mail_room: usize::MAX,
            jobs_room: usize::MAX,
            timers_room: usize::MAX,
            next_timer: 0,
            outbox,
            shared: Shared::default(),
        }
    }

    /// Sets the time of the turn, in nanoseconds since the start.
    #[inline]
    pub fn set_nanos(&mut self, nanos: u64) {
        self.nanos = nanos;
        self.now.set(None);
    }

    /// Sets the wall time; it need not be done every turn.
    pub fn set_wall(&mut self, wall: SystemTime) {
        (self.wall, self.date) = (wall, None);
    }

    /// Sets how much is taken of each kind.
    pub fn set_rooms(&mut self, rooms: Rooms) {
        (self.mail_room, self.jobs_room, self.timers_room) = (rooms.mail, rooms.jobs, rooms.timers);
    }

    /// Says that the loop shuts down.
    pub fn set_draining(&mut self) {
        self.draining = true;
    }

    /// How many outgoing connections may still be asked for.
    pub fn connects_left(&self) -> usize {
        self.reserved.len()
    }

    /// Ids that [`connect`](Effects::connect) may hand out; the driver keeps it filled.
    pub fn reserved(&mut self) -> &mut Vec<Id> {
        &mut self.reserved
    }

    /// Whether anything was asked for.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// What was asked for, in order; a driver takes it out, carries it out and puts the empty list
    /// back.
    #[inline]
    pub fn list(&mut self) -> &mut Vec<Effect<A>> {
        &mut self.list
    }

    /// Forgets what was asked for, after a panic; reserved ids are given back.
    pub fn forget(&mut self) {
        for effect in self.list.drain(..) {
            if let Effect::Connect(id, ..) = effect {
                self.reserved.push(id);
            }
        }
    }

    #[inline]
    pub(super) fn push(&mut self, effect: Effect<A>) {
        self.list.push(effect);
    }
}

/// A wall time as an HTTP date (RFC 9110, section 5.6.7).
pub fn http_date(wall: SystemTime) -> [u8; DATE_LEN] {
    // The format ends with the year 9999, and a clock may be set to anything.
    let year = Duration::from_secs(365 * 24 * 60 * 60);
    let years = wall.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let wall = SystemTime::UNIX_EPOCH + years.min(8000 * year);
    let mut date = [b' '; DATE_LEN];
    // In place, since a `String` once a second would be an allocation once a second. It fits.
    let _ = write!(&mut date[..], "{}", httpdate::HttpDate::from(wall));
    date
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_has_its_length_whatever_the_clock_says() {
        for (seconds, text) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (u64::MAX / 4_000_000_000, "Thu, 20 Feb 2116 23:53:38 GMT"),
            (1 << 60, "Wed, 09 Sep 9964 00:00:00 GMT"),
        ] {
            let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(std::str::from_utf8(&http_date(wall)), Ok(text), "{seconds}");
        }
    }
}
