//! The other side of a connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use crate::server::PATIENCE;

/// A client that speaks lines. Whatever takes too long fails its test.
pub(crate) struct Client {
    stream: TcpStream,
    answers: BufReader<TcpStream>,
}

impl Client {
    pub(crate) fn connect(to: SocketAddr) -> Self {
        let stream = TcpStream::connect_timeout(&to, PATIENCE).expect("somebody listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        stream.set_write_timeout(Some(PATIENCE)).expect("a socket");
        stream.set_nodelay(true).expect("a socket");
        let answers = BufReader::new(stream.try_clone().expect("a descriptor"));
        Client { stream, answers }
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.stream.write_all(bytes.as_ref()).expect("it is read");
        self
    }

    /// Reads the lines of `answer`, and nothing more.
    #[track_caller]
    pub(crate) fn reads(&mut self, answer: &str) -> &mut Self {
        let mut bytes = vec![0; answer.len()];
        if let Err(error) = self.answers.read_exact(&mut bytes) {
            panic!("{error} instead of {answer:?}; so far {:?}", String::from_utf8_lossy(&bytes));
        }
        assert_eq!(String::from_utf8_lossy(&bytes), answer);
        self
    }

    /// Reads one line, without its end.
    #[track_caller]
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("an answer");
        assert_eq!(line.pop(), Some('\n'), "the connection ended after {line:?}");
        line
    }

    /// Reads `n` bytes and forgets them.
    pub(crate) fn skip(&mut self, n: u64) {
        let skipped = std::io::copy(&mut (&mut self.answers).take(n), &mut std::io::sink());
        assert_eq!(skipped.expect("an answer"), n);
    }

    /// Ends our half.
    pub(crate) fn end(&mut self) -> &mut Self {
        self.stream.shutdown(Shutdown::Write).expect("a connection");
        self
    }

    /// Reads all that still comes; a reset fails the test.
    #[track_caller]
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        self.answers.read_to_end(&mut rest).expect("an end in order");
        rest
    }

    /// Nothing comes but the end.
    #[track_caller]
    pub(crate) fn ends(&mut self) {
        assert_eq!(String::from_utf8_lossy(&self.rest()), "");
    }

    /// Both directions, to be used by two threads.
    pub(crate) fn halves(&self) -> (TcpStream, TcpStream) {
        let half = || self.stream.try_clone().expect("a descriptor");
        (half(), half())
    }
}

/// Bytes that look like chance and are the same each time.
pub(crate) struct Noise(u64);

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        Noise(seed)
    }

    pub(crate) fn bytes(seed: u64, n: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        Noise::new(seed).take(n).read_to_end(&mut bytes).expect("no input and no output");
        bytes
    }

    /// A number below `n` (SplitMix64).
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) as usize % n
    }
}

impl Read for Noise {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        into.iter_mut().for_each(|byte| *byte = self.below(256) as u8);
        Ok(into.len())
    }
}

/// Reads to the end and says how much it was, and its FNV-1a checksum.
pub(crate) fn checksum(mut from: impl Read) -> (u64, u64) {
    let (mut length, mut sum) = (0, 0xcbf2_9ce4_8422_2325);
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let n = from.read(&mut bytes).expect("an end in order");
        if n == 0 {
            return (length, sum);
        }
        length += n as u64;
        let mix = |sum: u64, byte: &u8| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        sum = bytes[..n].iter().fold(sum, mix);
    }
}
