//! The application: which URL is next, and on which connection.

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

use readily::http1::client::{Client, Failure, Retry};
use readily::{App, Busy, Connect, Effects, End, Fault, File, Id, Machine, To, tls};

use super::{Arguments, Puller, Scheme, Sink, Url};

/// A connection is only ever one that fetches; its deadlines are those of HTTP.
#[derive(Machine, Debug)]
#[machine(app = Fetcher)]
pub enum Conn {
    /// To one server.
    Http(Client<Puller>),
}

/// News for the application.
#[derive(Debug)]
pub enum Mail {
    /// The first URL is to be fetched.
    Begin,
    /// The addresses of the server that is to be asked.
    Resolved(io::Result<Vec<SocketAddr>>),
}

/// How often a request is made again that met a stale connection.
const RETRIES: u32 = 3;

/// All that is to be fetched, one after the other.
#[derive(Debug)]
pub struct Fetcher {
    /// What was asked for.
    pub(super) asked: Arguments,
    /// The body of requests, and how long it is.
    pub(super) data: Option<(File, u64)>,
    /// Where bodies go.
    pub(super) sink: Sink,
    /// Makes the connections of https; none where no URL wants one.
    tls: Option<tls::Client>,
    /// Which URL is fetched.
    at: usize,
    /// How often it was tried again.
    tries: u32,
    /// Whether some of its response came.
    pub(super) answered: bool,
    /// The connection that fetches it.
    on: Option<Id>,
    /// Connections that are open, by what the server is called.
    open: BTreeMap<(Scheme, String), Id>,
    /// Addresses of the server that were not tried.
    addresses: Vec<SocketAddr>,
    failures: Vec<String>,
    is_over: bool,
}

impl App for Fetcher {
    type Mail = Mail;
    type Conn = Conn;

    fn receive(&mut self, mail: Mail, fx: &mut Effects<Self>) {
        match mail {
            Mail::Begin => self.fetch(fx),
            Mail::Resolved(Ok(addresses)) => {
                self.addresses = addresses;
                self.addresses.reverse();
                self.connect("the name has no address", fx);
            }
            Mail::Resolved(Err(error)) => self.fail(&error.to_string(), fx),
        }
    }

    /// What is left is that no connection was made, or the socket failed while it was written to:
    /// everything else was told to the caller before.
    fn gone(&mut self, id: Id, why: End, fx: &mut Effects<Self>) {
        self.forget(id);
        if self.on == Some(id) {
            self.on = None;
            match why {
                End::Unreachable(kind) => self.connect(&kind.to_string(), fx),
                // Its handshake failed: another address would have the same certificate.
                End::Fault(Fault::Peer(what) | Fault::Local(what)) if !self.answered => {
                    self.fail(&format!("cannot connect: {what}"), fx);
                }
                End::Transport(_) if !self.answered && self.data.is_none() => self.again(fx),
                why => self.fail(&why.to_string(), fx),
            }
        }
    }
}

impl Fetcher {
    /// Nothing is fetched yet: [`Mail::Begin`] begins.
    pub fn new(
        asked: Arguments,
        data: Option<(File, u64)>,
        sink: Sink,
        tls: Option<tls::Client>,
    ) -> Self {
        Fetcher {
            asked,
            data,
            sink,
            tls,
            at: 0,
            tries: 0,
            answered: false,
            on: None,
            open: BTreeMap::new(),
            addresses: Vec::new(),
            failures: Vec::new(),
            is_over: false,
        }
    }

    /// What went wrong, in one line.
    ///
    /// # Errors
    /// If anything did.
    pub fn report(&self) -> io::Result<()> {
        let all = self.asked.urls.len();
        match &self.failures[..] {
            [] if self.is_over => Ok(()),
            [] => Err(io::Error::other("interrupted")),
            [one] if all == 1 => Err(io::Error::other(one.clone())),
            failures => Err(io::Error::other(format!("{} of {all} failed", failures.len()))),
        }
    }

    /// The URL that this connection is to fetch now.
    pub(super) fn job(&self, id: Id) -> Option<&Url> {
        if self.on == Some(id) { self.asked.urls.get(self.at) } else { None }
    }

    /// It was fetched, well or not.
    pub(super) fn done(&mut self, failure: Option<String>, fx: &mut Effects<Self>) {
        let ended = self.sink.end().err().map(|error| error.to_string());
        if let Some(why) = failure.or(ended) {
            self.note(&why);
        }
        (self.at, self.tries, self.on) = (self.at + 1, 0, None);
        self.fetch(fx);
    }

    /// Its request has no whole response: it is made again where that is safe.
    pub(super) fn failed(&mut self, failure: Failure, id: Id, fx: &mut Effects<Self>) {
        self.forget(id);
        match failure.retry() {
            Retry::Safe if self.tries < RETRIES => self.again(fx),
            _ => self.fail(&failure.to_string(), fx),
        }
    }

    /// Its connection ended before there was a response: another one is made.
    pub(super) fn again(&mut self, fx: &mut Effects<Self>) {
        self.on = None;
        if self.tries < RETRIES {
            self.tries += 1;
            self.fetch(fx);
        } else {
            self.fail("the server ends each connection without a response", fx);
        }
    }

    /// That connection takes no more requests.
    pub(super) fn forget(&mut self, id: Id) {
        self.open.retain(|_, open| *open != id);
    }

    fn fail(&mut self, why: &str, fx: &mut Effects<Self>) {
        self.done(Some(why.to_owned()), fx);
    }

    fn note(&mut self, why: &str) {
        let Some(url) = self.asked.urls.get(self.at) else { return };
        let line = format!("{}: {why}", url.text);
        if self.asked.urls.len() > 1 {
            eprintln!("http_client: {}", line.replace(char::is_control, " "));
        }
        self.failures.push(line);
    }

    /// Fetches the URL whose turn it is: on a connection that is open, or on a new one.
    fn fetch(&mut self, fx: &mut Effects<Self>) {
        self.answered = false;
        let Some(url) = self.asked.urls.get(self.at) else {
            self.is_over = true;
            return fx.drain();
        };
        if let Some(id) = self.open.get(&(url.scheme, url.host.clone())) {
            self.on = Some(*id);
            return fx.wake(*id);
        }
        let authority = url.authority();
        let resolved = fx.offload(To::App, move || {
            Mail::Resolved(authority.to_socket_addrs().map(Iterator::collect))
        });
        if let Err(Busy) = resolved {
            self.fail("too much is to be done at once", fx);
        }
    }

    /// Connects to the next address of the server, or gives up for that reason.
    fn connect(&mut self, why: &str, fx: &mut Effects<Self>) {
        let Some(url) = self.asked.urls.get(self.at) else { return };
        let Some(address) = self.addresses.pop() else {
            let line = format!("cannot connect: {why}");
            return self.fail(&line, fx);
        };
        let connect = match (url.scheme, &self.tls) {
            (Scheme::Http, _) => Connect::to(address),
            (Scheme::Https, Some(tls)) => Connect::to(address).tls(tls, &url.authority().0),
            (Scheme::Https, None) => return self.fail("there is nothing to trust it by", fx),
        };
        match fx.connect(connect, Conn::Http(Client::new(Puller::default()))) {
            Ok(id) => {
                self.open.insert((url.scheme, url.host.clone()), id);
                self.on = Some(id);
            }
            Err(Busy) => self.fail("too many connections at once", fx),
        }
    }
}
