//! Whoever is silent, or takes nothing, is ended at the same time on both runtimes.

use std::convert::Infallible;
use std::io::{ErrorKind, Write};
use std::net::{TcpListener, TcpStream};
use std::pin::pin;
use std::time::Duration;

use readily::sys::sim::Sim;
use readily::{Address, Alone, Config, Fault, Io, Machine, Reactor, Reason, State, Step};
use readily_benches::adapter;
use readily_benches::adapter::machines::{Echoing, Serving};
use readily_benches::failure::Failure;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep, timeout};

use super::{get, on_tokio, undated};

/// Longer than any deadline.
pub(super) const NEVER: Duration = Duration::from_secs(3600);

fn in_time(elapsed: Duration) -> Result<(), Failure> {
    if elapsed < NEVER { Ok(()) } else { Err(Failure::failed("no deadline ended it")) }
}

/// How long a client that sends this, and then is silent, is put up with, and what it hears.
pub(super) type Patience = (Duration, Vec<u8>);

fn silent_on_readily<M>(machine: fn() -> M, sends: &str) -> Result<Patience, Failure>
where
    M: Machine<App = Alone<M>> + 'static,
{
    let mut reactor = Reactor::with(Alone::new(), Sim::new(1), Config::default())?;
    let at: Address = Address::Ip(([10, 0, 0, 1], 7).into());
    reactor.listen(&at, move |_, _| Some(machine()))?;
    let client = reactor.sys_mut().connect(&at);
    reactor.sys_mut().send(client, sends.as_bytes());
    while !reactor.sys_mut().is_ended(client) {
        in_time(reactor.sys_mut().elapsed())?;
        reactor.turn(None)?;
    }
    Ok((reactor.sys_mut().elapsed(), undated(reactor.sys_mut().take(client))))
}

pub(super) fn silent_on_tokio<M>(
    machine: impl FnMut() -> M,
    sends: &str,
) -> Result<Patience, Failure>
where
    M: Machine<App = Alone<M>> + 'static,
{
    // All that it sends is there before the clock is stopped.
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut client = TcpStream::connect(listener.local_addr()?)?;
    client.write_all(sends.as_bytes())?;
    listener.set_nonblocking(true)?;
    client.set_nonblocking(true)?;
    on_tokio(async {
        tokio::time::pause();
        let began = Instant::now();
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let mut client = tokio::net::TcpStream::from_std(client)?;
        let mut heard = Vec::new();
        tokio::select! {
            // A failure of the server is a better account than what its client makes of it.
            biased;
            Err(failure) = adapter::serve(listener, Alone::new(), machine) => Err(failure),
            read = client.read_to_end(&mut heard) => {
                read?;
                Ok((began.elapsed(), undated(heard)))
            }
            () = sleep(NEVER) => Err(Failure::failed("no deadline ended it")),
        }
    })
}

/// Both keep time to the millisecond.
const GRAIN: Duration = Duration::from_millis(5);

fn assert_same_patience<M>(machine: fn() -> M, sends: &str, seconds: u64) -> Result<(), Failure>
where
    M: Machine<App = Alone<M>> + 'static,
{
    let on_readily = silent_on_readily(machine, sends)?;
    let on_tokio = silent_on_tokio(machine, sends)?;
    for (after, _) in [&on_readily, &on_tokio] {
        let expected = Duration::from_secs(seconds);
        assert!((expected..expected + GRAIN).contains(after), "{sends:?}: {after:?}");
    }
    assert_eq!(String::from_utf8_lossy(&on_readily.1), String::from_utf8_lossy(&on_tokio.1));
    Ok(())
}

/// Waits three times, in two states: it goes on after a deadline of each kind.
#[derive(Machine)]
enum Waiting {
    #[deadline(within = "5s")]
    #[becomes(Again)]
    Once(Once),
    #[deadline(idle = "7s")]
    Again(Again),
}

struct Once;

struct Again {
    left: u8,
}

impl State<Waiting> for Once {
    fn advance(&mut self, _: &mut Io<'_, Alone<Waiting>>) -> Result<Step<Self, Waiting>, Fault> {
        Ok(Step::Wait)
    }

    fn expire(
        &mut self,
        why: Reason,
        _: &mut Io<'_, Alone<Waiting>>,
    ) -> Result<Step<Self, Waiting>, Fault> {
        assert_eq!(why, Reason::Within);
        Ok(Step::becomes(Again { left: 2 }))
    }
}

impl State<Waiting> for Again {
    fn advance(&mut self, _: &mut Io<'_, Alone<Waiting>>) -> Result<Step<Self, Waiting>, Fault> {
        Ok(Step::Wait)
    }

    fn expire(
        &mut self,
        why: Reason,
        io: &mut Io<'_, Alone<Waiting>>,
    ) -> Result<Step<Self, Waiting>, Fault> {
        assert_eq!(why, Reason::Idle);
        self.left -= 1;
        if self.left > 0 {
            return Ok(Step::Wait);
        }
        io.tx.write(b"nobody is there");
        Ok(Step::Finish)
    }
}

#[test]
fn whoever_is_silent_is_ended_at_the_same_time_on_both() -> Result<(), Failure> {
    for sends in ["", "some bytes"] {
        assert_same_patience(Echoing::accepted, sends, 60)?;
    }
    for (sends, seconds) in [("", 10), ("GET /", 10), (&get("/"), 15)] {
        assert_same_patience(Serving::accepted, sends, seconds)?;
    }
    assert_same_patience(|| Waiting::Once(Once), "", 5 + 7 + 7)?;
    Ok(())
}

/// More than all buffers on the way hold.
const FLOOD: usize = 64 << 20;

fn flooded_on_readily() -> Result<Duration, Failure> {
    let mut reactor = Reactor::with(Alone::new(), Sim::new(1), Config::default())?;
    let at: Address = Address::Ip(([10, 0, 0, 1], 7).into());
    reactor.listen(&at, |_, _| Some(Echoing::accepted()))?;
    let client = reactor.sys_mut().connect(&at);
    reactor.sys_mut().stop_reading(client);
    reactor.sys_mut().send(client, &vec![b'x'; FLOOD]);
    while !reactor.sys_mut().was_reset(client) {
        in_time(reactor.sys_mut().elapsed())?;
        reactor.turn(None)?;
    }
    Ok(reactor.sys_mut().elapsed())
}

async fn echoes(listener: tokio::net::TcpListener) -> Result<Infallible, Failure> {
    adapter::serve(listener, Alone::new(), Echoing::accepted).await
}

fn flooded_on_tokio() -> Result<Duration, Failure> {
    on_tokio(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let mut client = tokio::net::TcpStream::connect(listener.local_addr()?).await?;
        let flood = vec![b'x'; FLOOD];
        let talk = async {
            // A clock that goes on whenever nothing happens must not before there is a connection.
            client.write_all(b"x").await?;
            client.read_exact(&mut [0]).await?;
            tokio::time::pause();
            let began = Instant::now();
            match timeout(NEVER, client.write_all(&flood)).await {
                Ok(Err(error)) if error.kind() == ErrorKind::ConnectionReset => Ok(began.elapsed()),
                Ok(sent) => Err(Failure::failed(format!("no reset: {sent:?}"))),
                Err(_) => Err(Failure::failed("no deadline ended it")),
            }
        };
        tokio::select! {
            Err(failure) = echoes(listener) => Err(failure),
            ended = talk => ended,
        }
    })
}

#[test]
fn whoever_takes_nothing_is_cut_at_the_same_time_on_both() -> Result<(), Failure> {
    for after in [flooded_on_readily()?, flooded_on_tokio()?] {
        let expected = Config::SEND_STALL;
        assert!((expected..expected + GRAIN).contains(&after), "{after:?}");
    }
    Ok(())
}

#[test]
fn whoever_reads_late_gets_all_of_it() -> Result<(), Failure> {
    let (read, flood) = on_tokio(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let client = tokio::net::TcpStream::connect(listener.local_addr()?).await?;
        let (mut inward, mut outward) = client.into_split();
        let flood: Vec<u8> = (0..FLOOD).map(|at| (at % 251) as u8).collect();
        let mut heard = vec![0; FLOOD];
        tokio::time::pause();
        let talk = async {
            // This clock goes on only when nothing else does, so now all buffers are full.
            let mut sending = pin!(outward.write_all(&flood));
            assert!(timeout(Duration::from_secs(1), &mut sending).await.is_err());
            tokio::try_join!(sending, inward.read_exact(&mut heard)).map(drop)
        };
        tokio::select! {
            Err(failure) = echoes(listener) => return Err(failure),
            talked = talk => talked?,
        }
        Ok((heard, flood))
    })?;
    assert!(read == flood);
    Ok(())
}
