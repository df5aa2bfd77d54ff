//! A loop that serves a folder of its own, and clients that read whole answers.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use readily::files::{Disk, Files, Options, Serve, Transfer};
use readily::http1::{Answer, Flow, Incoming, Outgoing, Reply, Request, Server, Service};
use readily::{Alone, Config, Desk, Machine, Mio, Reactor};

#[derive(Machine)]
pub(crate) enum Conn {
    Http(Server<Serve>),
    Site(Server<Site>),
}

/// A site that has the files beneath `/static`, and nothing else.
pub(crate) struct Site {
    files: Files,
    transfer: Transfer,
}

impl Service<Conn> for Site {
    fn call(
        &mut self,
        request: &Request<'_>,
        reply: Reply<'_, Self, Conn>,
        desk: &mut Desk<'_, Alone<Conn>>,
    ) -> Answer<Self, Conn> {
        match request.path().split_once("/static") {
            Some((_, path)) => self.transfer.begin_at(&self.files, path, request, reply, desk),
            None => reply.not_found(),
        }
    }

    fn resume(
        &mut self,
        _: &mut Incoming<'_>,
        reply: Reply<'_, Self, Conn>,
        desk: &mut Desk<'_, Alone<Conn>>,
    ) -> Answer<Self, Conn> {
        self.transfer.resume(reply, desk)
    }

    fn send(
        &mut self,
        _: &mut Incoming<'_>,
        out: &mut Outgoing<'_>,
        desk: &mut Desk<'_, Alone<Conn>>,
    ) -> Flow {
        self.transfer.send(out, desk)
    }
}

/// All ways to treat the disk: what is answered does not depend on it.
pub(crate) const DISKS: [Disk; 3] = [Disk::Probe, Disk::Offload, Disk::Inline];

/// More turns than any test needs.
const TURNS_MAX: usize = 100_000;

/// When the files of the folder changed.
pub(crate) const CHANGED: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

pub(crate) struct Shop {
    pub(crate) reactor: Reactor<Alone<Conn>>,
    at: SocketAddr,
    /// It has a folder `in` that is served, beside a secret; gone with this value.
    yard: PathBuf,
}

/// One answer: its head without `date`, and its body.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Heard {
    pub(crate) head: Vec<String>,
    pub(crate) body: Vec<u8>,
}

/// A client that asks and reads.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    pub(crate) unread: Vec<u8>,
    /// How it ended: in order, or not.
    pub(crate) ended: Option<Result<(), ErrorKind>>,
}

impl Shop {
    pub(crate) fn new(disk: Disk) -> Shop {
        Shop::with(Config::default(), Options::new().disk(disk))
    }

    pub(crate) fn with(config: Config, options: Options) -> Shop {
        Shop::serve(config, options, |files| Conn::Http(Server::new(Serve::new(files))))
    }

    /// The folder is a part of a site.
    pub(crate) fn mounted(disk: Disk) -> Shop {
        Shop::serve(Config::default(), Options::new().disk(disk), |files| {
            Conn::Site(Server::new(Site { files, transfer: Transfer::new() }))
        })
    }

    fn serve(config: Config, options: Options, first: fn(Files) -> Conn) -> Shop {
        static NTH: AtomicUsize = AtomicUsize::new(0);
        let nth = NTH.fetch_add(1, Ordering::Relaxed);
        let name = format!("readily-static-{}-{nth}", std::process::id());
        let yard = std::env::temp_dir().join(name);
        fs::create_dir_all(yard.join("in/sub")).expect("a folder");
        fs::write(yard.join("secret"), "secret").expect("a file");
        let files = options.open(yard.join("in")).expect("the folder");
        let mio = Mio::new().expect("a wait");
        let mut reactor = Reactor::with(Alone::new(), mio, config).expect("a loop");
        let here = SocketAddr::from(([127, 0, 0, 1], 0)).into();
        let listening = reactor.listen(&here, move |_, _| Some(first(files.clone())));
        let at = listening.expect("a listener").ip().expect("an IP address");
        Shop { reactor, at, yard }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.yard.join("in").join(name)
    }

    /// Writes a file that changed at [`CHANGED`].
    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).expect("a file");
        let file = fs::File::options().append(true).open(self.path(name)).expect("a file");
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777))
            .expect("a time");
    }

    /// Takes a file out of memory, where the file system has it elsewhere as well.
    pub(crate) fn cool(&self, name: &str) {
        let file = fs::File::open(self.path(name)).expect("a file");
        file.sync_all().expect("a disk");
        rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).expect("an advice");
    }

    pub(crate) fn connect(&mut self) -> Client {
        let stream = TcpStream::connect(self.at).expect("a connection");
        stream.set_nonblocking(true).expect("a socket");
        Client { stream, unread: Vec::new(), ended: None }
    }

    pub(crate) fn turn(&mut self) {
        self.reactor.turn(Some(Duration::from_millis(1))).expect("the wait");
        self.reactor.check();
    }

    pub(crate) fn until(&mut self, mut so: impl FnMut(&Shop) -> bool) {
        for _ in 0..TURNS_MAX {
            if so(self) {
                return;
            }
            self.turn();
        }
        panic!("it never is so: {:?}", self.reactor.counters());
    }

    /// How often the loop counted that.
    pub(crate) fn tally(&self, name: &str) -> u64 {
        self.reactor.tally().of(name)
    }

    /// The next whole answer; none if the connection ended before.
    pub(crate) fn hear(&mut self, client: &mut Client, is_head: bool) -> Option<Heard> {
        for _ in 0..TURNS_MAX {
            if let Some(heard) = client.take(is_head) {
                return Some(heard);
            }
            if client.ended.is_some() {
                return None;
            }
            self.turn();
            client.read(usize::MAX);
        }
        panic!("no answer: {:?}", self.reactor.counters());
    }

    /// What is answered to a request of these lines on a connection of its own; `close` is added.
    pub(crate) fn ask(&mut self, first: &str, lines: &str) -> Heard {
        let mut client = self.connect();
        client.say(&request(first, lines));
        self.hear(&mut client, first.starts_with("HEAD ")).expect("an answer")
    }

    pub(crate) fn get(&mut self, path: &str) -> Heard {
        self.ask(&format!("GET {path}"), "")
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.yard);
    }
}

/// A request: its first line without the version, and further lines parted by `|`.
pub(crate) fn request(first: &str, lines: &str) -> String {
    let mut text = format!("{first} HTTP/1.1\r\nhost: a\r\n");
    for line in lines.split('|').map(str::trim).filter(|line| !line.is_empty()) {
        text += &format!("{line}\r\n");
    }
    text + "\r\n"
}

impl Client {
    pub(crate) fn say(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).expect("it is short");
    }

    /// Reads what is there, up to so many bytes.
    pub(crate) fn read(&mut self, most: usize) {
        let mut buffer = vec![0; most.min(65_536)];
        let mut left = most;
        while left > 0 && self.ended.is_none() {
            let n = left.min(buffer.len());
            match self.stream.read(&mut buffer[..n]) {
                Ok(0) => self.ended = Some(Ok(())),
                Ok(n) => {
                    self.unread.extend_from_slice(&buffer[..n]);
                    left -= n;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => self.ended = Some(Err(error.kind())),
            }
        }
    }

    fn take(&mut self, is_head: bool) -> Option<Heard> {
        let end = self.unread.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = String::from_utf8(self.unread[..end].to_vec()).expect("text");
        let head: Vec<String> =
            head.lines().filter(|line| !line.starts_with("date: ")).map(str::to_owned).collect();
        let mut heard = Heard { head, body: Vec::new() };
        let length = match heard.field("content-length") {
            Some(length) if !is_head => length.parse().expect("a length"),
            _ => 0,
        };
        let body = self.unread.get(end + 4..)?.get(..length)?;
        heard.body = body.to_vec();
        self.unread.drain(..end + 4 + length);
        Some(heard)
    }
}

impl Heard {
    pub(crate) fn status(&self) -> u16 {
        self.head[0].split(' ').nth(1).expect("a status").parse().expect("a number")
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let of = |line: &'_ str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(": "));
        let line = self.head.iter().find(|line| of(line))?;
        Some(&line[name.len() + 2..])
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Bytes that differ from place to place.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    (0..length as u64).map(|at| (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect()
}
