//! A subscriber joins.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use readily_benches::failure::Failure;
use readily_benches::websocket::{PING, PONG, UPGRADE, client_frame, judge_upgrade, server_frame};

/// Far more than any answer to an upgrade.
const HEAD_MAX: usize = 16 * 1024;

/// Opens a WebSocket; nothing may take longer than `limit`.
///
/// A server may send the answer to an upgrade before the connection is among those that get what
/// is published. So there is a ping too: who answers it reads messages.
pub(crate) fn join(to: SocketAddr, limit: Duration) -> Result<TcpStream, Failure> {
    let mut stream = TcpStream::connect_timeout(&to, limit)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(limit))?;
    stream.write_all(UPGRADE)?;
    upgrade(&mut stream).and_then(|()| ping(&mut stream)).map_err(|error| broken(&error, limit))?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}

fn upgrade(stream: &mut impl Read) -> io::Result<()> {
    let mut answer = Vec::new();
    let mut some = [0; 1024];
    loop {
        let read = match stream.read(&mut some)? {
            0 => return Err(io::Error::other("closed by the server")),
            read => read,
        };
        answer.extend_from_slice(&some[..read]);
        match judge_upgrade(&answer).map_err(io::Error::other)? {
            Some(head) if head == answer.len() => return Ok(()),
            Some(head) => {
                let surplus = answer.len() - head;
                return Err(io::Error::other(format!("{surplus} B that nobody sent")));
            }
            None if answer.len() > HEAD_MAX => {
                return Err(io::Error::other("an answer without an end"));
            }
            None => {}
        }
    }
}

fn ping(stream: &mut (impl Read + Write)) -> io::Result<()> {
    const WHAT: &[u8] = b"here";
    let (mut ping, mut pong) = (Vec::new(), Vec::new());
    client_frame(PING, WHAT, &mut ping);
    server_frame(PONG, WHAT, &mut pong);
    stream.write_all(&ping)?;
    let mut answer = vec![0; pong.len()];
    stream.read_exact(&mut answer)?;
    if answer == pong {
        Ok(())
    } else {
        Err(io::Error::other(format!("a ping was answered by {answer:02x?}")))
    }
}

fn broken(error: &io::Error, limit: Duration) -> Failure {
    match error.kind() {
        ErrorKind::WouldBlock => Failure::failed(format!("nothing for {} s", limit.as_secs())),
        _ => Failure::failed(error),
    }
}
