//! How much memory there may be in buffers.

use readily::sys::sim::Link;
use readily::{End, Io, Listen, Marks, Sanitizer, Step};

use crate::house::House;
use crate::troupe::{Actor, Cue, Does, Troupe};
use crate::{around, config};

/// Takes nothing.
fn ignore(_: &mut Io<'_, Troupe>, _: Cue) -> Does {
    Ok(Step::Wait)
}

pub(crate) fn unread_bytes() {
    const L: u64 = 1000;
    let left = |n| {
        let config = config(|c| {
            c.receive_max = L as usize;
            c.sanitizer = Sanitizer::Off;
        });
        let mut house = House::new(config, ignore);
        let client = house.connect();
        house.say(client, &vec![0; n as usize]);
        assert_eq!(house.sim().unread(client), 0);
        house.say(client, b"more");
        house.sim().unread(client) as u64
    };
    // What is read may pass the limit by what one read finds; behind it nothing is read.
    around(L, left, [0, 4, 4]);
}

pub(crate) fn unsent_bytes() {
    const L: u64 = 16 * 1024;
    let overflows = |n| {
        let config = config(|c| {
            c.send_marks = Marks { high: 8192, low: 4096, cap: L as usize };
        });
        let first = move || {
            let mut left = n as usize;
            Actor::new(move |io, _| {
                io.tx.write(&vec![0; std::mem::take(&mut left)]);
                Ok(Step::Wait)
            })
        };
        let mut house = House::with(config, Listen::default(), first);
        house.connect();
        house.settle();
        house.counters().ended_overflow
    };
    around(L, overflows, [0, 0, 1]);
}

pub(crate) fn all_buffers() {
    const L: u64 = 10;
    // Each keeps one byte unsent, in the smallest block there is.
    let crowd = |n| {
        let config = config(|c| c.buffers_max = L as usize * 4096);
        let mut house = House::with(config, Listen::default(), || {
            Actor::new(|io, cue| {
                match cue {
                    Cue::Advance if io.tx.is_empty() && io.rx.is_empty() => io.tx.write(b"ab"),
                    Cue::Mail(n) => io.tx.write(&vec![0; n as usize]),
                    _ => {}
                }
                Ok(Step::Wait)
            })
        });
        house.sim().set_link(Link { window: 1..=1, ..Link::perfect() });
        let clients: Vec<_> = (0..n).map(|_| house.connect()).collect();
        clients.iter().for_each(|client| house.sim().stop_reading(*client));
        house.settle();
        (house, clients[0])
    };
    around(L, |n| crowd(n).0.counters().refused_budget, [0, 0, 1]);
    around(L, |n| crowd(n).0.counters().buffered / 4096, [L - 1, L, L]);

    let (mut house, first) = crowd(L);
    let first = house.id(first);
    house.reactor.handle().mail(readily::To::Conn(first), 5000).expect("room");
    house.settle();
    assert_eq!(house.reactor.app().gone, [(first, End::Shed)], "who wants more is ended");
    assert_eq!(house.counters().buffered, (L - 1) * 4096);
}

pub(crate) fn bytes_after_our_end() {
    const L: u64 = 1000;
    let open = |n| {
        let config = config(|c| c.linger_bytes = L as usize);
        let mut house = House::new(config, |_, _| Ok(Step::Finish));
        let client = house.connect();
        house.settle();
        assert_eq!(house.counters().open, 1, "the client has not ended its half");
        house.say(client, &vec![0; n as usize]);
        house.counters().open
    };
    around(L, open, [1, 1, 0]);
}
