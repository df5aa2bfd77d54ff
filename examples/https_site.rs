//! Serves folders over HTTPS, each under its own name and with its own certificate, which is read
//! again when its file changes. Its options are in `src/https_site/`, its service is that of
//! `static_files`.

use std::process::ExitCode;

use readily::http1::Server;
use readily::tls::{Plaintext, Settings, UnknownName};
use readily::{Address, App, Listen, Machine, Never, Reactor, tls};
use readily_examples::https_site::{Asked, CHOICES};
use readily_examples::static_files::{Folder, Shared};
use readily_examples::{Cli, Failure, Served, listening, say, trace};

/// A connection is only ever a web server's; its deadlines are those of HTTP.
#[derive(Machine)]
#[machine(app = Sites)]
enum Conn {
    Http(Server<Folder>),
}

/// What all connections share.
#[derive(Default)]
struct Sites(Shared);

impl App for Sites {
    type Mail = Never;
    type Conn = Conn;
}

impl AsMut<Shared> for Sites {
    fn as_mut(&mut self) -> &mut Shared {
        &mut self.0
    }
}

fn main() -> ExitCode {
    readily_examples::run(serve)
}

fn serve() -> Result<(), Failure> {
    let cli = Cli::read("Serves folders over HTTPS, each under its own name.", &CHOICES)?;
    let Asked { at, sites, proof, clients } = Asked::read(&cli)?;
    let server = tls::Server::with(Settings {
        certificates: proof.certificates(),
        alpn: vec![b"http/1.1".to_vec()],
        clients,
        unknown_name: UnknownName::Refuse,
        plaintext: Plaintext::Http400,
        ..Settings::default()
    });
    let server = server.map_err(std::io::Error::other)?;
    let mut reactor = Reactor::new(Sites::default())?;
    trace(&cli, &mut reactor);
    let listen = Listen { tls: Some(server.into()), ..Listen::default() };
    let listened = reactor.listen_with(&at, listen, move |_, accepted| {
        // A request for another host than this is refused by the web server: 421.
        let name = accepted.secured?.server_name.as_deref()?;
        let site = sites.iter().find(|site| site.name.eq_ignore_ascii_case(name))?;
        Some(Conn::Http(Server::new(Folder::new(site.files.clone()))))
    });
    let (_, bound): (_, Address) = listening(&at, listened)?;
    proof.watch(&mut reactor)?;
    reactor.drain_on_signals()?;
    say(format_args!("listening on {bound}"));
    reactor.run()?;
    say(Served(&reactor));
    Ok(())
}
