//! Talks to a WebSocket from a terminal, or sends back what it is sent. Its states are in
//! `src/ws_client/`.

use std::io::{self, BufRead};
use std::net::{SocketAddr, ToSocketAddrs};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use readily::{Handle, Id, Mio, Reactor, To};
use readily_examples::Failure;
use readily_examples::ws_client::{Arguments, Mail, Talk};

fn main() -> ExitCode {
    readily_examples::run(talk)
}

fn talk() -> Result<(), Failure> {
    let asked = Arguments::read()?;
    let addresses: Vec<SocketAddr> = asked.url.authority().to_socket_addrs()?.collect();
    let config = asked.choices.config();
    let (permits, permitted) = channel();
    let mut reactor = Reactor::with(Talk::new(asked, addresses, permits), Mio::new()?, config)?;
    let handle = reactor.handle();
    handle.mail(To::App, Mail::Begin).map_err(io::Error::other)?;
    // A read of standard input blocks: that is for another thread, which ends with the process.
    thread::spawn(move || read(&permitted, &handle));
    reactor.drain_on_signals()?;
    reactor.run()?;
    Ok(reactor.app().report()?)
}

/// Mails a line each time that one is asked for, so that no more than one ever waits.
fn read(permitted: &Receiver<Id>, handle: &Handle<Mail>) {
    let mut lines = io::stdin().lock().lines();
    for id in permitted {
        let mail = match lines.next() {
            Some(Ok(line)) => Mail::Line(line),
            // What is not UTF-8 ends it as well.
            Some(Err(_)) | None => Mail::End,
        };
        if handle.mail(To::Conn(id), mail).is_err() {
            return;
        }
    }
}
