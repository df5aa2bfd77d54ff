//! What a machine on tokio may ask for, and what its application is told.

use std::cell::RefCell;
use std::io::{self, ErrorKind};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::rc::Rc;
use std::time::Duration;

use readily::echo::Echo;
use readily::{
    Address, Alone, App, Connect, Effects, End, Fault, Id, Io, Machine, Never, Reason, State, Step,
};
use readily_benches::adapter;
use readily_benches::failure::Failure;
use rustix::net::sockopt::set_socket_linger;
use tokio::time::sleep;

use super::deadlines::{NEVER, silent_on_tokio};
use super::on_tokio;

/// Keeps account of how its connections have ended.
#[derive(Default)]
struct Ledger(Rc<RefCell<Vec<End>>>);

impl App for Ledger {
    type Mail = Never;
    type Conn = Told;

    fn gone(&mut self, _: Id, why: End, _: &mut Effects<Self>) {
        self.0.borrow_mut().push(why);
    }
}

#[derive(Machine)]
#[machine(app = Ledger)]
enum Told {
    #[deadline(idle = "60s")]
    Echo(Echo),
}

/// What a client does before it is silent; none is left of one that has closed.
type Leave = fn(TcpStream) -> io::Result<Option<TcpStream>>;

/// How a connection ends on tokio whose client does this.
fn end_on_tokio(leave: Leave) -> Result<Vec<End>, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let client = leave(TcpStream::connect(listener.local_addr()?)?)?;
    listener.set_nonblocking(true)?;
    let ledger = Ledger::default();
    let ends = Rc::clone(&ledger.0);
    on_tokio(async {
        tokio::time::pause();
        let listener = tokio::net::TcpListener::from_std(listener)?;
        tokio::select! {
            Err(failure) = adapter::serve(listener, ledger, || Told::Echo(Echo)) => Err(failure),
            () = sleep(NEVER) => Ok(()),
        }
    })?;
    drop(client);
    Ok(ends.take())
}

#[test]
fn the_application_is_told_of_each_end_once() -> Result<(), Failure> {
    let finishes: Leave = |client| client.shutdown(Shutdown::Write).map(|()| Some(client));
    let resets: Leave = |client| {
        set_socket_linger(&client, Some(Duration::ZERO))?;
        Ok(None)
    };
    for (leave, why) in [
        (finishes, End::Finished),
        (resets, End::Transport(ErrorKind::ConnectionReset)),
        (|client| Ok(Some(client)), End::Fault(Fault::TimedOut(Reason::Idle))),
    ] {
        assert_eq!(end_on_tokio(leave)?, [why]);
    }
    Ok(())
}

/// What a machine asks for.
type Wish = fn(&mut Io<'_, Alone<Wishing>>);

/// Wishes for one thing, and ends.
struct Wishes(Wish);

#[derive(Machine)]
enum Wishing {
    Wishes(Wishes),
}

impl State<Wishing> for Wishes {
    fn advance(&mut self, io: &mut Io<'_, Alone<Wishing>>) -> Result<Step<Self, Wishing>, Fault> {
        (self.0)(io);
        Ok(Step::Finish)
    }
}

/// What a client hears of it on tokio.
fn wished_on_tokio(wish: Wish) -> Result<String, Failure> {
    let (_, heard) = silent_on_tokio(move || Wishing::Wishes(Wishes(wish)), "")?;
    Ok(String::from_utf8_lossy(&heard).into_owned())
}

#[test]
fn what_the_adapter_does_not_carry_out_is_named() {
    const OTHER: Id = Id { index: 7, generation: 1 };
    let cases: [(&str, Wish); 4] = [
        ("link", |io| io.link(OTHER)),
        ("wake", |io| io.wake(OTHER)),
        ("close", |io| io.close(OTHER)),
        ("drain", |io| io.drain()),
    ];
    for (name, wish) in cases {
        let failure = wished_on_tokio(wish).expect_err(name).to_string();
        assert!(failure.contains(&format!("asked for `{name}`")), "{failure}");
    }
}

#[test]
fn what_the_contract_lets_it_refuse_is_refused_to_the_machine() -> Result<(), Failure> {
    let connects: Wish = |io| {
        let to = Connect::to(Address::Ip(([127, 0, 0, 1], 1).into()));
        let made = io.connect(to, Wishing::Wishes(Wishes(|_| ())));
        let rooms = (made.err(), io.mail_left());
        io.tx.write(format!("{rooms:?}").as_bytes());
    };
    assert_eq!(wished_on_tokio(connects)?, "(Some(Busy), 0)");
    Ok(())
}

#[test]
fn a_machine_may_wake_and_close_itself() -> Result<(), Failure> {
    let wakes: Wish = |io| {
        let id = io.id();
        io.wake(id);
        io.tx.write(b"woken");
    };
    assert_eq!(wished_on_tokio(wakes)?, "woken");
    let closes: Wish = |io| {
        let id = io.id();
        io.close(id);
    };
    let failure = wished_on_tokio(closes).expect_err("a reset").to_string();
    assert!(failure.contains("reset"), "{failure}");
    Ok(())
}

/// Writes as much as there is room for, of its own accord.
struct Source {
    left: usize,
}

#[derive(Machine)]
enum Giving {
    Source(Source),
}

impl State<Giving> for Source {
    fn advance(&mut self, io: &mut Io<'_, Alone<Giving>>) -> Result<Step<Self, Giving>, Fault> {
        while self.left > 0 && io.tx.room() > 0 {
            let n = self.left.min(io.tx.room());
            io.tx.write(&vec![b'x'; n]);
            self.left -= n;
        }
        Ok(if self.left == 0 { Step::Finish } else { Step::Wait })
    }
}

#[test]
fn whoever_waits_for_room_is_called_when_there_is_some() -> Result<(), Failure> {
    const ALL: usize = 10_000_000;
    let (_, heard) = silent_on_tokio(|| Giving::Source(Source { left: ALL }), "")?;
    assert_eq!(heard.len(), ALL);
    Ok(())
}
