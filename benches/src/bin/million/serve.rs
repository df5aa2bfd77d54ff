//! The server: an echo of many loops on one port, each with a descriptor table of its own.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use readily::echo::Echo;
use readily::{
    App, Descriptors, Effects, End, Fleet, Id, Listen, Machine, Never, PortSharing, Reactor,
    Reservation, Seat,
};
use readily_benches::cli;
use readily_benches::failure::Failure;
use rustix::process::{Signal, set_parent_process_death_signal};
use serde::{Deserialize, Serialize};

/// What became of a loop's connections.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Census {
    pub(crate) accepted: u64,
    pub(crate) in_order: u64,
    pub(crate) otherwise: u64,
}

/// One for each loop that has ended.
type Censuses = Arc<Mutex<Vec<Census>>>;

struct Count {
    census: Census,
    all: Censuses,
}

#[derive(Machine)]
#[machine(app = Count)]
enum Conn {
    // A deadline, as every server has one; longer than any run.
    #[deadline(idle = "1h")]
    Echo(Echo),
}

impl App for Count {
    type Mail = Never;
    type Conn = Conn;

    fn gone(&mut self, _: Id, why: End, _: &mut Effects<Self>) {
        match why.in_order() {
            true => self.census.in_order += 1,
            false => self.census.otherwise += 1,
        }
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).push(self.census);
    }
}

/// Serves until SIGTERM, then prints what became of the connections of each loop.
pub(crate) fn serve(listen: SocketAddr, loops: NonZeroUsize) -> Result<(), Failure> {
    // Who measures may be killed; a million connections are not left behind.
    set_parent_process_death_signal(Some(Signal::TERM))?;
    let port = Reservation::new(listen)?;
    let at = port.address();
    let all = Censuses::default();
    let make = |seat: Seat| {
        let count = Count { census: Census::default(), all: all.clone() };
        let mut reactor = Reactor::new(count)?;
        let shared = Listen { sharing: PortSharing::Shared, ..Listen::default() };
        reactor.listen_with(&at.into(), shared, |count, _| {
            count.census.accepted += 1;
            Some(Conn::Echo(Echo))
        })?;
        if seat.index == 0 {
            reactor.drain_on_signals()?;
        }
        Ok(reactor)
    };
    let mut announced = Ok(());
    let fleet = Fleet::new(loops).descriptors(Descriptors::PerLoop);
    fleet.run(make, || announced = cli::announce(at))?;
    announced?;
    let all = all.lock().unwrap_or_else(PoisonError::into_inner);
    println!("{}", serde_json::json!(*all));
    Ok(())
}
