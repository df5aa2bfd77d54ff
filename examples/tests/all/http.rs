//! The other side of a connection that speaks HTTP/1.1.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::server::PATIENCE;

/// A client that reads one answer after the other.
pub(crate) struct Http {
    stream: TcpStream,
    answers: BufReader<TcpStream>,
}

/// One answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Of a body in chunks.
    pub(crate) trailers: Vec<(String, String)>,
}

impl Answer {
    /// A header, by its name in small letters; empty where there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        let header = self.headers.iter().find(|(known, _)| known == name);
        header.map_or("", |(_, value)| value)
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }
}

impl Http {
    pub(crate) fn to(server: SocketAddr) -> Self {
        Http::over(TcpStream::connect_timeout(&server, PATIENCE).expect("somebody listens"))
    }

    pub(crate) fn over(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        stream.set_write_timeout(Some(PATIENCE)).expect("a socket");
        stream.set_nodelay(true).expect("a socket");
        let answers = BufReader::new(stream.try_clone().expect("a descriptor"));
        Http { stream, answers }
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.stream.write_all(bytes.as_ref()).expect("it is read");
        self
    }

    /// Sends a request with these headers besides the host, and reads its answer.
    #[track_caller]
    pub(crate) fn ask(&mut self, line: &str, headers: &str, body: &[u8]) -> Answer {
        let length = match body.len() {
            0 => String::new(),
            length => format!("content-length: {length}\r\n"),
        };
        self.send(format!("{line} HTTP/1.1\r\nhost: localhost\r\n{headers}{length}\r\n"));
        self.send(body).answer(line.starts_with("HEAD "))
    }

    /// Sends those bytes while it reads the answer, as whoever sends much has to.
    #[track_caller]
    pub(crate) fn exchange(&mut self, bytes: &[u8]) -> Answer {
        let mut stream = self.stream.try_clone().expect("a descriptor");
        std::thread::scope(|scope| {
            let sender = scope.spawn(move || stream.write_all(bytes));
            let answer = self.answer(false);
            sender.join().expect("no panic").expect("it is read");
            answer
        })
    }

    /// Reads an answer; one to a HEAD has a length and no body.
    #[track_caller]
    pub(crate) fn answer(&mut self, to_head: bool) -> Answer {
        let mut answer = self.head();
        if to_head || answer.status < 200 || matches!(answer.status, 204 | 304) {
            return answer;
        }
        if answer.header("transfer-encoding") == "chunked" {
            while self.chunk(&mut answer.body) > 0 {}
            answer.trailers = self.fields();
        } else {
            let length = answer.header("content-length").parse().expect("a length");
            answer.body.resize(length, 0);
            self.answers.read_exact(&mut answer.body).expect("the whole body");
        }
        answer
    }

    /// Reads the head of an answer.
    #[track_caller]
    pub(crate) fn head(&mut self) -> Answer {
        let line = self.line();
        let status = line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
        let status = status.and_then(|status| status.parse().ok()).expect(&line);
        Answer { status, headers: self.fields(), body: Vec::new(), trailers: Vec::new() }
    }

    /// Reads one chunk, and says how long it is; the last one has no data.
    #[track_caller]
    pub(crate) fn chunk(&mut self, into: &mut Vec<u8>) -> usize {
        let size = self.line();
        let size = usize::from_str_radix(&size, 16).expect(&size);
        let there = into.len();
        into.resize(there + size, 0);
        self.answers.read_exact(&mut into[there..]).expect("the whole chunk");
        if size > 0 {
            assert_eq!(self.line(), "", "behind a chunk");
        }
        size
    }

    /// Header fields or trailers, with the empty line behind them.
    #[track_caller]
    fn fields(&mut self) -> Vec<(String, String)> {
        let mut fields = Vec::new();
        loop {
            let line = self.line();
            let Some((name, value)) = line.split_once(": ") else {
                assert_eq!(line, "", "no field");
                return fields;
            };
            fields.push((name.to_ascii_lowercase(), value.to_owned()));
        }
    }

    /// Nothing comes but the end, and then we end as well.
    #[track_caller]
    pub(crate) fn ends(mut self) {
        let mut rest = Vec::new();
        self.answers.read_to_end(&mut rest).expect("an end in order");
        assert_eq!(String::from_utf8_lossy(&rest), "");
    }

    /// What is behind the last answer, for another protocol.
    pub(crate) fn into_parts(self) -> (TcpStream, BufReader<TcpStream>) {
        (self.stream, self.answers)
    }

    #[track_caller]
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("an answer");
        line.strip_suffix("\r\n").expect("a whole line").to_owned()
    }
}
