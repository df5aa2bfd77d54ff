//! What every HTTP server and every echo server here must answer.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use readily_benches::failure::Failure;
use readily_benches::page::PAGE;
use readily_benches::server::Server;
use readily_benches::tls;
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};

/// Nothing here takes long; a server that hangs is not waited for.
const LIMIT: Duration = Duration::from_secs(20);

pub(crate) fn connect(to: SocketAddr) -> Result<TcpStream, Failure> {
    let stream = TcpStream::connect(to)?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_write_timeout(Some(LIMIT))?;
    Ok(stream)
}

/// Over TLS, with trust in the certificate that the server has saved.
pub(crate) fn connect_secured(
    server: &Server,
) -> Result<StreamOwned<ClientConnection, TcpStream>, Failure> {
    let trust = server.certificate().ok_or_else(|| Failure::failed("there is no certificate"))?;
    let name = ServerName::try_from(tls::SERVER_NAME).map_err(Failure::failed)?;
    let config = Arc::new(tls::client(trust, &[])?);
    let session = ClientConnection::new(config, name).map_err(Failure::failed)?;
    Ok(StreamOwned::new(session, connect(server.address())?))
}

/// Every route, one request after the other, many at once, and a body in two parts.
pub(crate) fn all_routes<S: Read + Write>(
    connect: impl Fn() -> Result<S, Failure>,
) -> Result<(), Failure> {
    let routes = [
        (get("/"), "text/html; charset=utf-8", PAGE),
        (get("/plaintext"), "text/plain", "Hello, World!"),
        (get("/json"), "application/json", r#"{"message":"Hello, World!"}"#),
        (upload(), "text/plain", "10240"),
    ];
    let mut client = Client::new(connect()?);
    for (request, kind, body) in &routes {
        client.expect(request, 200, kind, body)?;
    }
    client.say(&[routes[1].0.as_slice(), &routes[2].0].concat().repeat(8))?;
    for turn in 0..16 {
        let (_, kind, body) = &routes[1 + turn % 2];
        client.hear()?.check(200, kind, body);
    }
    let (head, rest) = routes[3].0.split_at(5_000);
    client.say(head)?;
    client.say(rest)?;
    client.hear()?.check(200, "text/plain", "10240");
    assert_eq!(client.ask(&get("/none"))?.status, 404);
    Ok(())
}

pub(crate) fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").into()
}

fn upload() -> Vec<u8> {
    let head = "POST /upload HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10240\r\n\r\n";
    [head.as_bytes(), &[b'x'; 10_240]].concat()
}

pub(crate) struct Client<S> {
    stream: BufReader<S>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) kind: String,
    pub(crate) body: String,
}

impl<S: Read + Write> Client<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream: BufReader::new(stream) }
    }

    pub(crate) fn say(&mut self, request: &[u8]) -> Result<(), Failure> {
        self.stream.get_mut().write_all(request)?;
        Ok(self.stream.get_mut().flush()?)
    }

    pub(crate) fn ask(&mut self, request: &[u8]) -> Result<Answer, Failure> {
        self.say(request)?;
        self.hear()
    }

    pub(crate) fn expect(
        &mut self,
        request: &[u8],
        status: u16,
        kind: &str,
        body: &str,
    ) -> Result<(), Failure> {
        self.ask(request)?.check(status, kind, body);
        Ok(())
    }

    pub(crate) fn hear(&mut self) -> Result<Answer, Failure> {
        let status = self.line()?;
        let status = status.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or_else(|| Failure::failed("no status"))?;
        let (mut kind, mut length) = (String::new(), 0);
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(": ") else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-type" => kind = value.to_owned(),
                "content-length" => length = value.parse().map_err(Failure::failed)?,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(Answer { status, kind, body: String::from_utf8_lossy(&body).into_owned() })
    }

    fn line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }
}

impl Answer {
    #[track_caller]
    pub(crate) fn check(&self, status: u16, kind: &str, body: &str) {
        assert_eq!((self.status, &*self.kind, &*self.body), (status, kind, body));
    }
}

/// Several connections at once, from one byte to more than any buffer holds.
pub(crate) fn everything_comes_back(to: SocketAddr) -> Result<(), Failure> {
    let connections: Vec<_> = [1, 1 << 10, (1 << 16) + 1, 1 << 22]
        .into_iter()
        .map(|size| Ok((size, connect(to)?)))
        .collect::<Result<_, Failure>>()?;
    for (size, stream) in connections {
        let sent: Vec<u8> = (0..size).map(|at: usize| (at % 251) as u8).collect();
        let received = thread::scope(|scope| {
            let writer = scope.spawn(|| (&stream).write_all(&sent));
            let mut received = vec![0; size];
            (&stream).read_exact(&mut received)?;
            writer.join().map_err(|_| Failure::failed("the writer has panicked"))??;
            Ok::<_, Failure>(received)
        })?;
        assert!(received == sent, "{size} B");
    }
    Ok(())
}
