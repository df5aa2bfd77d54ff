//! Any [`Sys`] with faults put in: the k-th call fails, or every n-th.
//!
//! A sweep runs a scenario once with [`Plan::Count`] and then once for each call that was made and
//! each of its [`Call::errnos`]:
//!
//! ```
//! use readily::sys::faults::{Faulty, Plan};
//! use readily::sys::sim::Sim;
//!
//! let run = |plan| {
//!     let mut sys = Faulty::new(Sim::new(7), plan);
//!     // ... the scenario ...
//!     sys.calls().to_vec()
//! };
//! for (k, call) in run(Plan::Count).into_iter().enumerate() {
//!     for errno in call.errnos() {
//!         run(Plan::Once(k, *errno));
//!     }
//! }
//! ```

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use readily_protocols::contract::{Address, Datagram, Transmit};
use rustix::io::Errno;

use super::sim::{Chance, Rng};
use super::{Batch, Bind, Close, Listen, Readiness, Ready, StreamOptions, Sys, Token, Wake, Work};

/// A system call of the loop, by what it does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Call {
    /// [`Sys::poll`].
    Poll,
    /// [`Sys::waker`].
    Waker,
    /// [`Sys::listen`].
    Listen,
    /// [`Sys::accept`].
    Accept,
    /// [`Sys::connect`].
    Connect,
    /// [`Sys::connected`].
    Connected,
    /// [`Sys::register`].
    Register,
    /// [`Sys::read`].
    Read,
    /// [`Sys::write`], [`Sys::write_vectored`] and [`Sys::write_ahead`].
    Write,
    /// [`Sys::send_file`].
    SendFile,
    /// [`Sys::read_file`].
    ReadFile,
    /// [`Sys::shutdown`].
    Shutdown,
    /// [`Sys::close`], which cannot fail.
    Close,
    /// [`Sys::bind`].
    Bind,
    /// [`Sys::receive`].
    Receive,
    /// [`Sys::transmit`].
    Transmit,
    /// [`Sys::spare`].
    Spare,
    /// [`Sys::catch_signals`].
    CatchSignals,
    /// [`Sys::offload`]: `EAGAIN` stands for a full queue.
    Offload,
}

impl Call {
    /// What a system may answer it with: of those that are never put off, none is interrupted.
    pub const fn errnos(self) -> &'static [Errno] {
        use Errno as E;
        match self {
            Call::Poll => &[E::INTR],
            Call::Waker => &[E::MFILE, E::NFILE, E::NOMEM],
            Call::Listen | Call::Bind => {
                &[E::ADDRINUSE, E::ADDRNOTAVAIL, E::ACCESS, E::MFILE, E::NFILE, E::NOBUFS]
            }
            Call::Accept => &[
                E::MFILE,
                E::NFILE,
                E::NOMEM,
                E::NOBUFS,
                E::CONNABORTED,
                E::INTR,
                E::AGAIN,
                E::PROTO,
                E::NETDOWN,
                E::PERM,
            ],
            Call::Connect => &[
                E::CONNREFUSED,
                E::ADDRNOTAVAIL,
                E::MFILE,
                E::NFILE,
                E::NETUNREACH,
                E::NOBUFS,
                E::ACCESS,
            ],
            Call::Connected => {
                &[E::CONNREFUSED, E::TIMEDOUT, E::HOSTUNREACH, E::NETUNREACH, E::CONNRESET]
            }
            Call::Register => &[E::NOMEM, E::NOSPC],
            Call::Read => &[E::CONNRESET, E::TIMEDOUT, E::IO, E::INTR, E::AGAIN],
            Call::Write => &[E::PIPE, E::CONNRESET, E::NOBUFS, E::TIMEDOUT, E::INTR, E::AGAIN],
            Call::SendFile => &[
                E::PIPE,
                E::CONNRESET,
                E::NOMEM,
                E::TIMEDOUT,
                E::IO,
                E::INVAL,
                E::NOSYS,
                E::INTR,
                E::AGAIN,
            ],
            Call::ReadFile => &[E::IO, E::BADF, E::INTR],
            Call::Shutdown => &[E::NOTCONN],
            Call::Close => &[],
            Call::Receive => &[E::CONNREFUSED, E::NOMEM, E::INTR, E::AGAIN],
            Call::Transmit => {
                &[E::NOBUFS, E::PERM, E::MSGSIZE, E::NETUNREACH, E::CONNREFUSED, E::INTR, E::AGAIN]
            }
            Call::Spare => &[E::MFILE, E::NFILE],
            Call::CatchSignals => &[E::INVAL],
            Call::Offload => &[E::AGAIN],
        }
    }
}

/// Which calls fail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Plan {
    /// None; they are only counted.
    Count,
    /// The one at this position of [`Faulty::calls`].
    Once(usize, Errno),
    /// Each one at a multiple of this number, where the error is plausible. With one, a loop that
    /// tries again never ends.
    Every(usize, Errno),
    /// Each one with this chance, where the error is plausible; the seed says which.
    Some(u64, Chance, Errno),
}

/// The last call that was made to fail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hit {
    /// Which one.
    pub call: Call,
    /// With what.
    pub errno: Errno,
    /// On which source, if it was registered.
    pub token: Option<Token>,
}

/// Another [`Sys`], some of whose calls fail. A call that fails does not reach the other one.
///
/// After an injected `EAGAIN` the source is reported by the next [`Sys::poll`], as the contract of
/// readiness asks: it was ready and nobody has used that. After any other error of a read, a write
/// or a shutdown the stream has failed for good, and is reported as well.
#[derive(Debug)]
pub struct Faulty<S: Sys> {
    inner: S,
    plan: Plan,
    rng: Rng,
    calls: Vec<Call>,
    hits: usize,
    hit: Option<Hit>,
    again: Vec<Ready>,
}

/// Another one's stream, listener or socket, and its token once it has one.
#[derive(Debug)]
pub struct Known<T> {
    inner: T,
    token: Option<Token>,
    failed: bool,
}

impl<T> Known<T> {
    fn new(inner: T, token: Option<Token>) -> Self {
        Known { inner, token, failed: false }
    }
}

impl<S: Sys> Faulty<S> {
    /// `inner` with these faults.
    pub fn new(inner: S, plan: Plan) -> Self {
        let rng = Rng::new(if let Plan::Some(seed, ..) = plan { seed } else { 0 });
        Faulty { inner, plan, rng, calls: Vec::new(), hits: 0, hit: None, again: Vec::new() }
    }

    /// What is below.
    pub fn inner_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// All calls so far that may fail, in order.
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// How many of them were made to fail.
    pub fn hits(&self) -> usize {
        self.hits
    }

    /// The last of those.
    pub fn hit(&self) -> Option<Hit> {
        self.hit
    }

    /// Counts a call and decides its fate.
    #[inline]
    fn strike(&mut self, call: Call, token: Option<Token>) -> io::Result<()> {
        let at = self.calls.len();
        self.calls.push(call);
        let fails = match self.plan {
            Plan::Count => None,
            Plan::Once(k, errno) => (k == at).then_some(errno),
            Plan::Every(n, errno) => (at + 1).is_multiple_of(n).then_some(errno),
            Plan::Some(_, chance, errno) => self.rng.hits(chance).then_some(errno),
        };
        let once = matches!(self.plan, Plan::Once(..));
        let Some(errno) = fails.filter(|errno| once || call.errnos().contains(errno)) else {
            return Ok(());
        };
        self.hits += 1;
        self.hit = Some(Hit { call, errno, token });
        if let (Errno::AGAIN, Some(token), Some(what)) = (errno, token, edge_of(call)) {
            self.again.push(Ready { token, what });
        }
        Err(io::Error::from_raw_os_error(errno.raw_os_error()))
    }

    /// The same for a call on a stream, which has failed for good after most errors.
    #[inline]
    fn strike_stream(&mut self, call: Call, stream: &mut Known<S::Stream>) -> io::Result<()> {
        if stream.failed {
            return Err(io::Error::from_raw_os_error(Errno::CONNRESET.raw_os_error()));
        }
        let struck = self.strike(call, stream.token);
        if let Err(error) = &struck {
            let passes = [io::ErrorKind::WouldBlock, io::ErrorKind::Interrupted];
            let by_file = call == Call::SendFile && is_by_file(error);
            stream.failed = !passes.contains(&error.kind()) && !by_file;
            if let (true, Some(token)) = (stream.failed, stream.token) {
                let all = Readiness::READABLE.and(Readiness::WRITABLE).and(Readiness::DRAIN);
                self.again.push(Ready { token, what: all });
            }
        }
        struck
    }
}

/// Whether a file is to blame, and not the stream that it was to be sent on.
fn is_by_file(error: &io::Error) -> bool {
    [Errno::IO, Errno::INVAL, Errno::NOSYS]
        .iter()
        .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

/// What a source is reported for after this call was refused.
fn edge_of(call: Call) -> Option<Readiness> {
    match call {
        Call::Accept | Call::Receive => Some(Readiness::READABLE),
        // Whether the refused read was one for the end is not known, so it may have been.
        Call::Read => Some(Readiness::READABLE.and(Readiness::DRAIN)),
        Call::Write | Call::SendFile | Call::Transmit => Some(Readiness::WRITABLE),
        _ => None,
    }
}

impl<S: Sys> Sys for Faulty<S> {
    type Stream = Known<S::Stream>;
    type Listener = Known<S::Listener>;
    type Socket = Known<S::Socket>;
    type Spare = S::Spare;

    fn start(&self) -> Instant {
        self.inner.start()
    }

    fn nanos(&self) -> u64 {
        self.inner.nanos()
    }

    fn wall(&self) -> SystemTime {
        self.inner.wall()
    }

    fn seed(&mut self) -> u64 {
        self.inner.seed()
    }

    fn poll(&mut self, ready: &mut Vec<Ready>, timeout: Option<Duration>) -> io::Result<Batch> {
        self.strike(Call::Poll, None)?;
        let timeout = if self.again.is_empty() { timeout } else { Some(Duration::ZERO) };
        let batch = self.inner.poll(ready, timeout)?;
        ready.append(&mut self.again);
        Ok(batch)
    }

    fn waker(&mut self) -> io::Result<Arc<dyn Wake>> {
        self.strike(Call::Waker, None)?;
        self.inner.waker()
    }

    fn listen(
        &mut self,
        at: &Address,
        options: &Listen,
        token: Token,
    ) -> io::Result<(Self::Listener, Address)> {
        self.strike(Call::Listen, Some(token))?;
        let (inner, at) = self.inner.listen(at, options, token)?;
        Ok((Known::new(inner, Some(token)), at))
    }

    fn accept(&mut self, listener: &mut Self::Listener) -> io::Result<(Self::Stream, Address)> {
        self.strike(Call::Accept, listener.token)?;
        let (inner, from) = self.inner.accept(&mut listener.inner)?;
        Ok((Known::new(inner, None), from))
    }

    fn unlisten(&mut self, listener: Self::Listener) {
        self.inner.unlisten(listener.inner);
    }

    fn connect(&mut self, to: &Address, options: &StreamOptions) -> io::Result<Self::Stream> {
        self.strike(Call::Connect, None)?;
        Ok(Known::new(self.inner.connect(to, options)?, None))
    }

    fn connected(&mut self, stream: &Self::Stream) -> io::Result<()> {
        self.strike(Call::Connected, stream.token)?;
        self.inner.connected(&stream.inner)
    }

    fn register(&mut self, stream: &mut Self::Stream, token: Token) -> io::Result<()> {
        self.strike(Call::Register, Some(token))?;
        self.inner.register(&mut stream.inner, token)?;
        stream.token = Some(token);
        Ok(())
    }

    fn read(&mut self, stream: &mut Self::Stream, into: &mut [u8]) -> io::Result<usize> {
        self.strike_stream(Call::Read, stream)?;
        self.inner.read(&mut stream.inner, into)
    }

    fn write(&mut self, stream: &mut Self::Stream, bytes: &[u8]) -> io::Result<usize> {
        self.strike_stream(Call::Write, stream)?;
        self.inner.write(&mut stream.inner, bytes)
    }

    fn write_vectored(
        &mut self,
        stream: &mut Self::Stream,
        slices: &[IoSlice<'_>],
    ) -> io::Result<usize> {
        self.strike_stream(Call::Write, stream)?;
        self.inner.write_vectored(&mut stream.inner, slices)
    }

    fn write_ahead(
        &mut self,
        stream: &mut Self::Stream,
        slices: &[IoSlice<'_>],
    ) -> io::Result<usize> {
        self.strike_stream(Call::Write, stream)?;
        self.inner.write_ahead(&mut stream.inner, slices)
    }

    fn send_file(
        &mut self,
        stream: &mut Self::Stream,
        file: &std::fs::File,
        at: u64,
        n: usize,
    ) -> io::Result<usize> {
        self.strike_stream(Call::SendFile, stream)?;
        self.inner.send_file(&mut stream.inner, file, at, n)
    }

    fn read_file(&mut self, file: &std::fs::File, at: u64, into: &mut [u8]) -> io::Result<usize> {
        self.strike(Call::ReadFile, None)?;
        self.inner.read_file(file, at, into)
    }

    fn shutdown(&mut self, stream: &mut Self::Stream) -> io::Result<()> {
        self.strike_stream(Call::Shutdown, stream)?;
        self.inner.shutdown(&mut stream.inner)
    }

    fn close(&mut self, stream: Self::Stream, how: Close) {
        self.again.retain(|event| Some(event.token) != stream.token);
        self.inner.close(stream.inner, how);
    }

    fn bind(
        &mut self,
        at: SocketAddr,
        options: &Bind,
        token: Token,
    ) -> io::Result<(Self::Socket, SocketAddr)> {
        self.strike(Call::Bind, Some(token))?;
        let (inner, at) = self.inner.bind(at, options, token)?;
        Ok((Known::new(inner, Some(token)), at))
    }

    fn receive(
        &mut self,
        socket: &mut Self::Socket,
        each: &mut dyn FnMut(Datagram<'_>),
    ) -> io::Result<usize> {
        self.strike(Call::Receive, socket.token)?;
        self.inner.receive(&mut socket.inner, each)
    }

    fn segments_max(&self, socket: &Self::Socket) -> usize {
        self.inner.segments_max(&socket.inner)
    }

    fn transmit(
        &mut self,
        socket: &mut Self::Socket,
        transmit: &Transmit,
        bytes: &[u8],
    ) -> io::Result<()> {
        self.strike(Call::Transmit, socket.token)?;
        self.inner.transmit(&mut socket.inner, transmit, bytes)
    }

    fn spare(&mut self) -> io::Result<Self::Spare> {
        self.strike(Call::Spare, None)?;
        self.inner.spare()
    }

    fn catch_signals(&mut self, signals: &[i32]) -> io::Result<()> {
        self.strike(Call::CatchSignals, None)?;
        self.inner.catch_signals(signals)
    }

    fn signals(&mut self) -> Vec<i32> {
        self.inner.signals()
    }

    fn descriptors_max(&self) -> usize {
        self.inner.descriptors_max()
    }

    fn offload(&mut self, work: Work) -> Result<(), Work> {
        match self.strike(Call::Offload, None) {
            Ok(()) => self.inner.offload(work),
            Err(_) => Err(work),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use readily_protocols::contract::Id;

    use super::*;
    use crate::sys::Source;
    use crate::sys::sim::{ClientId, Sim};

    type Stream = <Faulty<Sim> as Sys>::Stream;

    /// One echo of five bytes, by a loop that tries again where it may.
    fn scenario(plan: Plan) -> (Faulty<Sim>, Vec<u8>) {
        let mut sys = Faulty::new(Sim::new(1), plan);
        let echoed = serve(&mut sys).unwrap_or_default();
        (sys, echoed)
    }

    fn serve(sys: &mut Faulty<Sim>) -> io::Result<Vec<u8>> {
        let at = "10.0.0.1:80".parse().map_err(io::Error::other)?;
        let token = Source::Listener(0).token();
        let (mut listener, at) = again(|| sys.listen(&at, &Listen::default(), token))?;
        let client = sys.inner_mut().connect(&at);
        sys.inner_mut().send(client, b"hello");
        let served = wait(sys, |sys| sys.accept(&mut listener)).and_then(|(mut stream, _)| {
            let served = echo(sys, &mut stream, client);
            sys.close(stream, Close::InOrder);
            served
        });
        sys.unlisten(listener);
        served
    }

    fn echo(sys: &mut Faulty<Sim>, stream: &mut Stream, client: ClientId) -> io::Result<Vec<u8>> {
        let token = Source::Conn(Id { index: 0, generation: 1 }).token();
        again(|| sys.register(stream, token))?;
        let mut bytes = [0; 8];
        let n = wait(sys, |sys| sys.read(stream, &mut bytes))?;
        wait(sys, |sys| sys.write(stream, &bytes[..n]))?;
        again(|| sys.shutdown(stream))?;
        again(|| sys.poll(&mut Vec::new(), None))?;
        Ok(sys.inner_mut().take(client))
    }

    fn again<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
        loop {
            match call() {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    /// Calls again when it would have blocked and there was an event since.
    fn wait<T>(
        sys: &mut Faulty<Sim>,
        mut call: impl FnMut(&mut Faulty<Sim>) -> io::Result<T>,
    ) -> io::Result<T> {
        loop {
            let result = again(|| call(sys));
            let mut ready = Vec::new();
            match result {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    again(|| sys.poll(&mut ready, None))?;
                }
                result => return result,
            }
            if ready.is_empty() {
                return Err(ErrorKind::TimedOut.into());
            }
        }
    }

    #[test]
    fn each_call_fails_in_each_way_once() {
        let (counted, echoed) = scenario(Plan::Count);
        assert_eq!((echoed, counted.hits()), (b"hello".to_vec(), 0));
        let kinds: Vec<Call> = {
            use Call::*;
            vec![Listen, Accept, Poll, Accept, Register, Read, Write, Shutdown, Poll]
        };
        assert_eq!(counted.calls(), kinds);
        for (k, call) in kinds.into_iter().enumerate() {
            for errno in call.errnos() {
                let (mut faulty, echoed) = scenario(Plan::Once(k, *errno));
                let hit = faulty.hit().map(|hit| (hit.call, hit.errno));
                assert_eq!((faulty.hits(), hit), (1, Some((call, *errno))));
                let passes = [Errno::INTR, Errno::AGAIN].contains(errno);
                assert_eq!(echoed == b"hello", passes, "{call:?} {k} {errno:?}");
                assert_eq!(faulty.inner_mut().descriptors().all(), 0);
            }
        }
    }

    #[test]
    fn a_refused_source_is_reported_again() {
        for (call, what) in [(Call::Accept, "r"), (Call::Read, "rd"), (Call::Write, "w")] {
            let (counted, _) = scenario(Plan::Count);
            let k = counted.calls().iter().position(|made| *made == call).expect("it is made");
            let (refused, echoed) = scenario(Plan::Once(k, Errno::AGAIN));
            assert_eq!(
                (edge_of(call).map(Readiness::letters), echoed),
                (Some(what), b"hello".into())
            );
            assert_eq!(refused.calls()[k..k + 3], [call, Call::Poll, call]);
            assert!(refused.again.is_empty());
        }
    }

    #[test]
    fn every_nth_call_fails_where_that_is_plausible() {
        for n in 2..20 {
            let (faulty, echoed) = scenario(Plan::Every(n, Errno::INTR));
            let fails = |(at, call): (usize, &Call)| {
                (at + 1).is_multiple_of(n) && call.errnos().contains(&Errno::INTR)
            };
            let expected = faulty.calls().iter().enumerate().filter(|made| fails(*made)).count();
            assert_eq!((echoed.as_slice(), faulty.hits()), (&b"hello"[..], expected), "each {n}th");
        }
    }
}
