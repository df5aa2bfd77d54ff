//! What is sent before, in between and after.

use readily::sys::sim::Link;
use readily::{Config, Step, Tx};

use crate::drawer::file;
use crate::roads::{ALL, Over, Road};
use crate::troupe::Actor;

/// What is in the files of these tests.
fn noise(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at % 251) as u8).collect()
}

/// Files and bytes, as they are queued and as they must arrive.
fn queue(tx: &mut Tx) -> Vec<u8> {
    static PROGRAM: [u8; 300] = [b's'; 300];
    let noise = noise(900);
    let file = file(&noise);
    tx.write(b"head");
    tx.send_file(file.clone(), 10..400);
    tx.write(b"between");
    tx.send_file(file.clone(), 0..1);
    tx.send_file(file.clone(), 0..0);
    tx.send_file(file.clone(), 1..2);
    tx.share(vec![b'b'; 300].into());
    tx.write_static(&PROGRAM);
    tx.send_file(file, 200..900);
    tx.write(b"tail");
    let parts: [&[u8]; 8] = [
        b"head",
        &noise[10..400],
        b"between",
        &noise[..2],
        &[b'b'; 300],
        &PROGRAM,
        &noise[200..900],
        b"tail",
    ];
    parts.concat()
}

/// Queues all of it in its first call, and ends: at once, or its half alone.
fn sender(ends_half: bool) -> impl FnMut() -> Actor {
    move || {
        let mut begun = false;
        Actor::new(move |io, _| {
            if !std::mem::replace(&mut begun, true) {
                queue(io.tx);
                io.tx.finish();
            }
            Ok(if ends_half { Step::Wait } else { Step::Finish })
        })
    }
}

#[test]
fn pieces_arrive_in_order_wherever_they_are_cut() {
    let expected = queue(&mut Tx::new(Default::default()));
    for over in ALL {
        for window in (1..=70).chain([100, 391, 1000, 65_536]) {
            let link = Link { window: window..=window, ..Link::perfect() };
            let first = sender(window % 2 == 0);
            let mut road = Road::new(over, link, Config::default(), first);
            road.finish();
            assert!(road.heard() == expected, "{over:?}, {window} bytes at once");
            let counters = road.house.counters();
            assert_eq!(counters.buffered, 0);
            let by_sendfile = if over == Over::Sendfile { 390 + 2 + 700 } else { 0 };
            assert_eq!(counters.bytes_sendfile, by_sendfile);
            assert_eq!(counters.file_reads > 0, over != Over::Sendfile);
        }
    }
}

#[test]
fn pieces_arrive_in_order_on_rough_roads() {
    let expected = queue(&mut Tx::new(Default::default()));
    for over in [Over::Sendfile, Over::Socket, Over::Tls] {
        for window in [1..=16, 1..=16 * 1024] {
            for seed in 0..20 {
                let link = Link { window: window.clone(), ..Link::rough() };
                let mut road = Road::new(over, link, Config::default(), sender(seed % 2 == 0));
                road.house.wait(std::time::Duration::from_secs(60));
                assert!(road.heard() == expected, "{over:?}, {seed}");
            }
        }
    }
}

#[test]
fn a_state_is_called_again_when_few_bytes_of_files_are_left() {
    const PART: u64 = 2 * 1024 * 1024;
    for over in ALL {
        let mut road = Road::wide(over, || {
            let (mut parts, file) = (4, file(&noise(PART as usize)));
            Actor::new(move |io, _| {
                while parts > 0 && io.tx.is_low() {
                    parts -= 1;
                    io.tx.send_file(file.clone(), 0..PART);
                }
                Ok(if parts == 0 { Step::Finish } else { Step::Wait })
            })
        });
        road.finish();
        assert_eq!(road.heard().len() as u64, 4 * PART, "{over:?}");
        let counters = road.house.counters();
        assert!(counters.calls < 10 && counters.budget_cuts > 10, "{over:?}: {counters:?}");
    }
}

#[test]
fn the_trace_tells_how_many_bytes_were_of_files() {
    use std::{cell::RefCell, rc::Rc};
    let lines = Rc::new(RefCell::new(Vec::new()));
    let mut road = Road::wide(Over::Sendfile, sender(false));
    let kept = lines.clone();
    road.house.reactor.trace(move |event| kept.borrow_mut().push(event.to_string()));
    road.finish();
    let lines = lines.borrow();
    assert!(lines.iter().any(|line| line.contains(" file=1092")), "{lines:?}");
}
