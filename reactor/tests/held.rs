//! What a machine holds counts as the buffers of its connection do.
#![cfg(feature = "http1")]

use std::time::Duration;

use readily::http1::{self, Answer, Reply, Request};
use readily::sys::sim::Sim;
use readily::{Address, Alone, Config, Desk, Machine, Reactor};

#[derive(Machine)]
enum Conn {
    Http(http1::Server<Site>),
}

struct Site;

impl<M: Machine> http1::Service<M> for Site {
    fn call(
        &mut self,
        request: &Request<'_>,
        reply: Reply<'_, Self, M>,
        _: &mut Desk<'_, M::App>,
    ) -> Answer<Self, M> {
        reply.ok("text/plain", request.body().len().to_string().as_bytes())
    }
}

#[test]
fn bodies_that_are_put_together_are_within_the_budget() {
    const BODY: usize = 500_000;
    let mut config = Config::default();
    config.buffers_max = 3 * BODY;
    let mut reactor = Reactor::with(Alone::new(), Sim::new(1), config).expect("a loop");
    let at = Address::Ip(([10, 0, 0, 1], 80).into());
    reactor.listen(&at, |_, _| Some(Conn::Http(http1::Server::new(Site)))).expect("a listener");
    let head = format!("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: {BODY}\r\n\r\n");
    let clients: Vec<_> = (0..8).map(|_| reactor.sys_mut().connect(&at)).collect();
    // Each says all but the last byte of its body, a piece at a time.
    for client in &clients {
        reactor.sys_mut().send(*client, head.as_bytes());
    }
    let mut said = 0;
    while said + 10_000 < BODY {
        said += 10_000;
        for client in &clients {
            reactor.sys_mut().send(*client, &[b'x'; 10_000]);
        }
        for _ in 0..4 {
            reactor.turn(Some(Duration::ZERO)).expect("the wait");
            reactor.check();
            assert!(reactor.counters().buffered <= 3 * BODY as u64);
        }
    }
    let counters = *reactor.counters();
    assert!(counters.ended_shed > 0 && counters.open > 0, "{counters:?}");
    // Who is still there is served, and then nothing is held.
    for client in &clients {
        reactor.sys_mut().send(*client, &vec![b'x'; BODY - said]);
    }
    for _ in 0..20 {
        reactor.turn(Some(Duration::ZERO)).expect("the wait");
    }
    let served = |client: &_| {
        let heard = reactor.sys_mut().take(*client);
        heard.ends_with(format!("\r\n\r\n{BODY}").as_bytes())
    };
    let served = clients.iter().map(served).filter(|served| *served).count() as u64;
    assert_eq!((served, reactor.counters().buffered), (counters.open, 0));
}
