//! One connection, from its first byte to its last.

use std::io::{Read, Result, Write};
use std::net::TcpStream;

const BUFFER: usize = 16 * 1024;

/// Sends back what comes, until the client has said all.
pub(crate) fn echo(mut stream: TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = [0; BUFFER];
    loop {
        let read = stream.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..read])?;
    }
}
