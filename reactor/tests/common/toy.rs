//! A session of TLS that speaks in single bytes, for tests of the loop alone.

use readily::tls::{Acceptor, Fed, Session};
use readily::{Fault, Rx, Secured, Tx};

/// Shakes hands on `!`, after any `-`, ends on `.`, answers `?` with 1 KiB of its own, and tells
/// everything else.
#[derive(Default)]
struct Toy {
    is_done: bool,
}

pub(crate) struct Toys;

impl Acceptor for Toys {
    fn accept(&self) -> Result<Box<dyn Session>, Fault> {
        Ok(Box::new(Toy::default()))
    }
}

impl Session for Toy {
    fn feed(&mut self, cipher: &mut Rx, out: &mut Tx, plain: &mut Rx) -> Result<Fed, Fault> {
        while let Some(byte) = cipher.bytes().first().copied() {
            match (self.is_done, byte) {
                (false, b'!') => {
                    self.is_done = true;
                    out.write(b"!");
                }
                (false, b'-') => {}
                (false, _) => return Err(Fault::Peer("toy: no handshake")),
                (true, b'.') => return Ok(Fed::Closed),
                (true, b'?') => out.write(&[b'?'; 1024]),
                (true, byte) => {
                    let Some(to) = plain.space().first_mut() else { return Ok(Fed::Held) };
                    *to = byte;
                    plain.commit(1);
                }
            }
            cipher.consume(1);
        }
        Ok(Fed::Wait)
    }

    fn seal(&mut self, plain: &mut Tx, out: &mut Tx) -> Result<(), Fault> {
        while let Some((bytes, _)) = plain.front() {
            let n = bytes.len();
            out.write(bytes);
            plain.consume(n, drop);
        }
        Ok(())
    }

    fn close(&mut self, out: &mut Tx) {
        out.write(b".");
    }

    fn is_handshaking(&self) -> bool {
        !self.is_done
    }

    fn secured(&self) -> Secured {
        Secured { alpn: Some(b"toy"[..].into()), ..Secured::default() }
    }
}
