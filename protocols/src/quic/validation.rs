//! The bound on what is sent to an address that has not proven to be the peer's.

use quinn_proto::ConnectionId;

/// How many times of what was received may be sent (RFC 9000, section 8).
const AMPLIFICATION: u64 = 3;

/// What was received from and sent to an address that is not validated.
///
/// Quinn keeps the same account, but sends a whole datagram as long as one byte of it is allowed;
/// this one does not exceed the bound in any prefix. The address is validated as soon as a datagram
/// names a connection id of ours: with 64 bits that nobody can guess, its sender has received what
/// we sent (section 8.1).
#[derive(Debug)]
pub(super) struct Unvalidated {
    received: u64,
    sent: u64,
    /// The id that the peer chose for us, and may have forged.
    chosen: ConnectionId,
}

impl Unvalidated {
    pub(super) fn new(received: usize, chosen: ConnectionId) -> Self {
        Unvalidated { received: received as u64, sent: 0, chosen }
    }

    /// Accounts for a datagram of this connection; says whether it proves the address.
    pub(super) fn receive(&mut self, bytes: &[u8]) -> bool {
        self.received += bytes.len() as u64;
        destination(bytes).is_some_and(|id| id != &*self.chosen)
    }

    /// Accounts for what is sent.
    pub(super) fn send(&mut self, len: usize) {
        self.sent += len as u64;
    }

    /// How many datagrams of `size` bytes may be sent.
    pub(super) fn allowance(&self, size: u16) -> usize {
        let left = (AMPLIFICATION * self.received).saturating_sub(self.sent);
        (left / u64::from(size.max(1))) as usize
    }
}

/// The connection id that a datagram names (RFC 8999, section 5); that of a short header, which is
/// only ever one of ours, is without its end.
fn destination(bytes: &[u8]) -> Option<&[u8]> {
    const LONG: u8 = 0x80;
    match bytes {
        [first, _, _, _, _, len, rest @ ..] if first & LONG != 0 => rest.get(..usize::from(*len)),
        [first, rest @ ..] if first & LONG == 0 => Some(rest),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(id: &[u8], len: usize) -> Vec<u8> {
        let mut bytes = vec![0xc0, 0, 0, 0, 1, id.len() as u8];
        bytes.extend_from_slice(id);
        bytes.resize(len.max(bytes.len()), 0);
        bytes
    }

    #[test]
    fn only_whole_datagrams_that_fit_the_bound_are_allowed() {
        for (received, sent, size, allowed) in [
            (1200, 0, 1200, 3),
            (1200, 1, 1200, 2),
            (1200, 3599, 1, 1),
            (1200, 3600, 1, 0),
            (1200, 9999, 1200, 0),
            (1250, 3600, 1200, 0),
            (1599, 3600, 1200, 0),
            (1600, 3600, 1200, 1),
            (0, 0, 1200, 0),
        ] {
            let mut account = Unvalidated::new(received, ConnectionId::new(b"chosen by it"));
            account.send(sent);
            assert_eq!(account.allowance(size), allowed, "{received} {sent} {size}");
        }
    }

    #[test]
    fn an_id_that_the_peer_did_not_choose_proves_its_address() {
        let chosen = b"12345678";
        let cut = long(b"abcdefgh", 0);
        for (datagram, proves) in [
            (long(chosen, 1200), false),
            (long(chosen, 14), false),
            (long(b"abcdefgh", 1200), true),
            (long(b"", 1200), true),
            (cut[..13].to_vec(), false),
            (cut[..5].to_vec(), false),
            (b"\x40abcdefgh".to_vec(), true),
            (b"".to_vec(), false),
        ] {
            let mut account = Unvalidated::new(0, ConnectionId::new(chosen));
            assert_eq!(account.receive(&datagram), proves, "{datagram:?}");
            assert_eq!(account.received, datagram.len() as u64);
        }
    }
}
