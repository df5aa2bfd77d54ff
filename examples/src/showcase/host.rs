//! Opens what is served, and writes down where it is.

use std::io;
use std::net::SocketAddr;
use std::path::Path;

use readily::quic::{self, Quic, Secrets};
use readily::udp_echo::UdpEcho;
use readily::{Address, Bind, Datagram, Desk, Endpoint, Listen, Machine, Reactor, Transmit};

use super::{Conn, Showcase, Stop, Tour};
use crate::certificate::Identity;
use crate::{Failure, listening, quic_client};

/// A loop with its doors open, one after the other: each is the next stop of the tour.
#[derive(Debug)]
pub struct Host<'a> {
    reactor: &'a mut Reactor<Showcase>,
    tour: Tour,
}

/// How a service is called, and the state in which its connections begin.
type Door<F> = (&'static str, F);

impl<'a> Host<'a> {
    /// Nothing is open yet.
    pub fn new(reactor: &'a mut Reactor<Showcase>) -> Self {
        Host { reactor, tour: Tour::default() }
    }

    /// All that was opened.
    pub fn tour(self) -> Tour {
        self.tour
    }

    /// Serves TCP; `command` says how to try it there.
    ///
    /// # Errors
    /// Those of listening, with the address.
    pub fn tcp<F: Fn() -> Conn + 'static>(
        &mut self,
        (what, first): Door<F>,
        at: SocketAddr,
        options: Listen,
        command: impl FnOnce(SocketAddr) -> String,
    ) -> Result<SocketAddr, Failure> {
        let (mut count, state) = (self.count(), first().state());
        let listened = self.reactor.listen_with(&at.into(), options, move |app, _| {
            count(app);
            Some(first())
        });
        let (_, bound) = listening(at, listened)?;
        let at = bound.ip().unwrap_or(at);
        self.ip(what, at, Some(state), command(at));
        Ok(at)
    }

    /// Serves a Unix socket.
    ///
    /// # Errors
    /// Those of listening, with the path.
    pub fn unix(
        &mut self,
        (what, first): Door<fn() -> Conn>,
        path: &Path,
        command: impl FnOnce(&Path) -> String,
    ) -> Result<(), Failure> {
        let (mut count, at) = (self.count(), Address::Unix(path.to_owned()));
        let listened = self.reactor.listen(&at, move |app, _| {
            count(app);
            Some(first())
        });
        listening(&at, listened)?;
        let (at, first) = (path.display().to_string(), Some(first().state()));
        self.tour.add(Stop { what, at, port: None, first, command: command(path) });
        Ok(())
    }

    /// Serves one first state over TLS and over the streams of QUIC, both with one certificate
    /// and, where it names a port, on one address.
    ///
    /// # Errors
    /// Those of listening, with the address; a configuration that cannot be used.
    pub fn secure_echoes(
        &mut self,
        first: fn() -> Conn,
        at: SocketAddr,
        identity: &Identity,
    ) -> Result<(), Failure> {
        let secure = identity.server(&[])?;
        let options = Listen { tls: Some(secure.into()), ..Listen::default() };
        let by_tls = self.tcp(("TLS echo", first), at, options, |at| {
            format!("openssl s_client -quiet -connect {at}")
        })?;
        let config = identity.server_config(&[quic_client::ALPN])?;
        let secrets = Secrets::draw(config.crypto_provider()).map_err(io::Error::other)?;
        let quic = Quic::server(config, secrets, quic::Limits::default());
        let mut count = self.count();
        let quic = quic.map_err(io::Error::other)?;
        let bound = self.reactor.bind_streams(at, Bind::default(), quic, move |app, _| {
            count(app);
            Some(first())
        });
        let (_, at) = listening(at, bound)?;
        // Who asks over TLS is shown the certificate that QUIC must be trusted by.
        let trust = format!("openssl s_client -connect {by_tls} </dev/null | openssl x509 >ca.pem");
        let ask = "cargo run --release --example quic_client --";
        let ask = format!("{ask} --connect {at} --ca ca.pem --bytes 64MiB");
        self.ip("QUIC echo", at, Some(first().state()), format!("{trust}; {ask}"));
        Ok(())
    }

    /// Serves the echo of datagrams.
    ///
    /// # Errors
    /// Those of binding, with the address.
    pub fn udp_echo(
        &mut self,
        at: SocketAddr,
        command: impl FnOnce(SocketAddr) -> String,
    ) -> Result<(), Failure> {
        let echo = Counted { echo: UdpEcho::default(), service: self.tour.len() };
        let (_, at) = listening(at, self.reactor.bind(at, Bind::default(), echo))?;
        self.ip("UDP echo", at, None, command(at));
        Ok(())
    }

    /// Counts who comes to the service that is opened next.
    fn count(&self) -> impl FnMut(&mut Showcase) + use<> {
        let service = self.tour.len();
        move |app| app.board.came(service)
    }

    fn ip(&mut self, what: &'static str, at: SocketAddr, first: Option<usize>, command: String) {
        let (at, port) = (at.to_string(), Some(at.port()));
        self.tour.add(Stop { what, at, port, first, command });
    }
}

/// An echo of datagrams that tells the page of each.
struct Counted {
    echo: UdpEcho,
    service: usize,
}

impl Endpoint<Showcase> for Counted {
    fn handle(&mut self, datagram: Datagram<'_>, desk: &mut Desk<'_, Showcase>) {
        desk.app.board.came(self.service);
        self.echo.handle(datagram, desk);
    }

    fn poll_transmit(
        &mut self,
        into: &mut Vec<u8>,
        segments: usize,
        desk: &mut Desk<'_, Showcase>,
    ) -> Option<Transmit> {
        self.echo.poll_transmit(into, segments, desk)
    }

    fn has_room(&self) -> bool {
        Endpoint::<Showcase>::has_room(&self.echo)
    }

    fn dropped(&self) -> u64 {
        Endpoint::<Showcase>::dropped(&self.echo)
    }
}
