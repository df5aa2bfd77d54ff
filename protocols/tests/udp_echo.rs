//! What the echo of datagrams answers, and what it does not.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use readily_protocols::contract::{
    Alone, Datagram, Desk, Effects, Endpoint, Never, Outbox, Transmit,
};
use readily_protocols::udp_echo::{UdpEcho, UdpEchoLimits};

type App = Alone<Never>;

/// An endpoint, and what it needs to be called.
struct Desktop {
    echo: UdpEcho,
    app: App,
    fx: Effects<App>,
}

impl Desktop {
    fn new(echo: UdpEcho) -> Desktop {
        let outbox = Arc::new(Outbox::new(0, Box::new(|| ())));
        #[expect(clippy::disallowed_methods, reason = "a test driver needs some instant")]
        let now = Instant::now();
        Desktop { echo, app: App::new(), fx: Effects::new(now, SystemTime::UNIX_EPOCH, 1, outbox) }
    }

    fn handle(&mut self, from: SocketAddr, to: Option<IpAddr>, bytes: &[u8]) {
        let bytes = &mut bytes.to_vec()[..];
        let mut desk = Desk { app: &mut self.app, fx: &mut self.fx };
        self.echo.handle(Datagram { from, to, ecn: None, bytes }, &mut desk);
    }

    fn answer(&mut self) -> Option<(Transmit, Vec<u8>)> {
        let mut into = Vec::new();
        let mut desk = Desk { app: &mut self.app, fx: &mut self.fx };
        let transmit = self.echo.poll_transmit(&mut into, 1, &mut desk)?;
        into.truncate(transmit.len);
        Some((transmit, into))
    }

    fn dropped(&self) -> u64 {
        Endpoint::<App>::dropped(&self.echo)
    }

    fn has_room(&self) -> bool {
        Endpoint::<App>::has_room(&self.echo)
    }
}

fn at(port: u16) -> SocketAddr {
    ([127, 0, 0, 1], port).into()
}

#[test]
fn each_datagram_comes_back_to_who_sent_it_from_where_it_was_sent() {
    let mut desktop = Desktop::new(UdpEcho::default());
    let asked = IpAddr::from([127, 0, 0, 9]);
    for (port, said) in [(1000, &b"one"[..]), (1001, b""), (1002, b"three")] {
        desktop.handle(at(port), Some(asked), said);
    }
    for (port, said) in [(1000, &b"one"[..]), (1001, b""), (1002, b"three")] {
        let (transmit, bytes) = desktop.answer().expect("an answer");
        assert_eq!((transmit.to, transmit.from, transmit.segment), (at(port), Some(asked), None));
        assert_eq!(bytes, said, "never more than it got");
    }
    assert!(desktop.answer().is_none());
    assert_eq!(desktop.dropped(), 0);
}

#[test]
fn services_that_answer_anything_get_no_answer() {
    let loops = [0, 7, 9, 13, 17, 19, 37];
    for port in 0..100 {
        let mut desktop = Desktop::new(UdpEcho::default());
        desktop.handle(at(port), None, b"hello");
        let is_loop = loops.contains(&port);
        assert_eq!((desktop.answer().is_none(), desktop.dropped()), (is_loop, is_loop.into()));
    }
}

#[test]
fn the_largest_datagram_is_the_limit() {
    for limit in [0, 1, 1500, 65_507] {
        let limits = UdpEchoLimits { datagram: limit, queue: 4 };
        for (size, answered) in [(limit.saturating_sub(1), true), (limit, true), (limit + 1, false)]
        {
            let mut desktop = Desktop::new(UdpEcho::new(limits));
            desktop.handle(at(1000), None, &vec![7; size]);
            let answer = desktop.answer().map(|(_, bytes)| bytes.len());
            assert_eq!(answer, answered.then_some(size), "{size} of {limit}");
            assert_eq!(desktop.dropped(), u64::from(!answered));
        }
    }
}

#[test]
fn a_full_queue_drops_the_newest_and_counts_it() {
    const L: u64 = 5;
    for (n, dropped) in [(L - 1, 0), (L, 0), (L + 1, 1)] {
        let mut desktop =
            Desktop::new(UdpEcho::new(UdpEchoLimits { datagram: 9, queue: L as usize }));
        (0..n).for_each(|n| desktop.handle(at(1000), None, &[n as u8]));
        assert_eq!((desktop.dropped(), desktop.has_room()), (dropped, n < L));
        let answers: Vec<_> = std::iter::from_fn(|| desktop.answer()).map(|(_, b)| b[0]).collect();
        assert_eq!(answers, (0..n.min(L) as u8).collect::<Vec<_>>());
        assert!(desktop.has_room());
    }
}

#[test]
fn two_echoes_that_face_each_other_stop() {
    // Each on the port of the service: the first answer to a forged question is the last.
    let mut echoes = [7, 7].map(|port| (at(port), Desktop::new(UdpEcho::default())));
    echoes[0].1.handle(at(7), None, b"forged");
    let mut said = 0;
    for turn in 0..100 {
        let (from, echo) = &mut echoes[turn % 2];
        let (from, answer) = (*from, echo.answer());
        if let Some((_, bytes)) = answer {
            said += 1;
            echoes[(turn + 1) % 2].1.handle(from, None, &bytes);
        }
    }
    assert_eq!(said, 0);
}
