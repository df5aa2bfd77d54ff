//! The machines of this framework on tokio: what differs from Readily's loop is the runtime, and
//! this adapter.
//!
//! Each connection is one task on tokio's current thread. It reads into the machine's `rx`, calls
//! [`drive`](readily::drive), writes what is in `tx` straight away and waits for its socket or its
//! deadline: the contract of `docs/contract.md`, carried out by tokio's sockets and timers.
//!
//! It does what a tokio author would do for speed: no task but one for each connection, no channel
//! and no lock; reads and writes by `poll_read` and `poll_write`, so that a short read is known to
//! have emptied the socket and tokio's own budget lets others have their turn; buffers of 64 KiB
//! that are lent for a poll, so that an idle connection owns none; a timer that is moved only when
//! it fires or a deadline comes before it.
//!
//! As in the loop, with its default limits: states and deadlines, marks and caps of both ends, both
//! halves, spins and frozen deadlines, the end in order with a lingering close, the reset, `now`,
//! `wall`, `date`, `random`, `count`, [`gone`](readily::App::gone), and `wake` and `close` of the
//! connection itself. The clock is read once a poll, where the loop reads it once a turn.
//!
//! Not carried out:
//! - `connect`, `mail`, `after` and `offload` are refused by the error that the contract has for
//!   it.
//! - `link`, `drain`, and `wake` and `close` of another are a local fault, and [`serve`] ends with
//!   a failure that names the effect.
//! - `signal`, `unlink` and `cancel` do nothing: nothing is linked, and no timer is set.
//! - There is no budget of all buffers, no limit of connections, no counter, trace or TLS, and a
//!   runtime that stops drains nothing.
//! - tokio ends the task of a machine that panics; `gone` is not told.
//!
//! What it costs beside: a machine is asked for its deadline after each poll, where the loop asks
//! after a call that moved something. What it saves: counters, the account of memory and the
//! sanitizer. A poll ends by tokio's own budget, a turn of the loop by its own, which is smaller.

mod closing;
mod connection;
mod deadlines;
mod ends;
pub mod machines;
mod shared;
mod visit;

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::poll_fn;
use std::rc::Rc;
use std::time::Duration;

use readily::{Address, App, Id};
use tokio::net::TcpListener;
use tokio::task::spawn_local;
use tokio::time::sleep;

use crate::failure::Failure;
use connection::Connection;
use shared::Shared;

/// After an accept that failed, so that a lack of descriptors does not spin.
const REST: Duration = Duration::from_millis(10);

/// Accepts and serves until it is dropped or fails; `machine` makes that of each connection.
///
/// # Errors
/// A machine that asks for what is not carried out here: see the module.
///
/// # Panics
/// Outside of a [`LocalRuntime`](tokio::runtime::LocalRuntime) or `LocalSet`.
pub async fn serve<A: App>(
    listener: TcpListener,
    app: A,
    mut machine: impl FnMut() -> A::Conn,
) -> Result<Infallible, Failure> {
    let shared = Rc::new(RefCell::new(Shared::new(app)));
    let mut accepted = 0_u64;
    loop {
        let accepted_one = tokio::select! {
            connection = listener.accept() => connection,
            effect = poll_fn(|cx| shared.borrow_mut().poll_refused(cx)) => {
                let why = format!("a machine asked for `{effect}`, which is not carried out here");
                return Err(Failure::failed(why));
            }
        };
        // Neither a client that left at once nor a lack of descriptors ends a server.
        let Ok((stream, from)) = accepted_one else {
            sleep(REST).await;
            continue;
        };
        if stream.set_nodelay(true).is_err() {
            continue;
        }
        let id = Id { index: accepted as u32, generation: (accepted >> 32) as u32 };
        accepted += 1;
        let remote = Address::Ip(from).into();
        let connection = Connection::new(id, remote, machine(), stream, &shared.borrow());
        spawn_local(connection.serve(Rc::clone(&shared)));
    }
}
