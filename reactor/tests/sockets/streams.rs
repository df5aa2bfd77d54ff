//! What TCP may do to a stream.

use std::io::{ErrorKind, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use readily::{End, Io, Step};
use socket2::SockRef;

use crate::net::{connect, listen, reactor, talk, until};
use crate::troupe::{Cue, Does, Troupe, echo, swallow};

#[test]
fn data_and_the_end_in_one_event() {
    let mut reactor = reactor();
    let at = listen(&mut reactor, echo);
    for length in [0, 1, 5, 4096, 65_535, 65_536, 65_537, 150_000] {
        let said: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
        for accepted in [false, true] {
            let mut stream = match accepted {
                true => connect(&mut reactor, at),
                false => TcpStream::connect(at).expect("a connection"),
            };
            // All of it is in the kernel before the loop looks.
            SockRef::from(&stream).set_send_buffer_size(1 << 20).expect("a socket");
            stream.set_nonblocking(true).expect("a socket");
            let sent = if length == 0 { 0 } else { stream.write(&said).expect("written") };
            if sent == length {
                stream.shutdown(Shutdown::Write).expect("a socket");
                let got = talk(&mut reactor, &mut stream, b"", usize::MAX);
                assert!(got == said, "{} bytes of {length}", got.len());
            } else {
                let got = talk(&mut reactor, &mut stream, &said[sent..], length);
                assert!(got == said, "{} bytes of {length}", got.len());
            }
            drop(stream);
            until(&mut reactor, |reactor| reactor.counters().open == 0);
        }
    }
    assert!(reactor.app().gone.iter().all(|(_, why)| *why == End::Finished));
}

#[test]
fn a_reset_ends_a_connection_in_any_state_of_it() {
    let mut reactor = reactor();
    let at = listen(&mut reactor, echo);
    // Before it is accepted, idle, with data on its way, and after its half has ended.
    for moment in 0..4 {
        let stream = TcpStream::connect(at).expect("a connection");
        SockRef::from(&stream).set_linger(Some(Duration::ZERO)).expect("a socket");
        if moment > 0 {
            until(&mut reactor, |reactor| reactor.counters().open == 1);
        }
        if moment > 1 {
            (&stream).write_all(&[0; 1000]).expect("written");
        }
        if moment == 3 {
            until(&mut reactor, |reactor| reactor.counters().bytes_out > 0);
        }
        let before = reactor.app().gone.len();
        drop(stream);
        until(&mut reactor, |reactor| {
            reactor.app().gone.len() > before && reactor.counters().open == 0
        });
        let (_, why) = reactor.app().gone[before];
        let told =
            [End::Transport(ErrorKind::ConnectionReset), End::Transport(ErrorKind::BrokenPipe)];
        assert!(told.contains(&why), "moment {moment}: {why}");
    }
}

/// Says more than anybody takes, writes down how much it hears, and finishes when it has heard `.`,
/// or goes on.
fn shout(io: &mut Io<'_, Troupe>, finishes: bool) -> Does {
    let heard = io.rx.bytes().to_vec();
    io.rx.consume(heard.len());
    let id = io.id();
    io.app.heard.push((id, heard.len() as u32));
    while io.tx.room() > 0 {
        io.tx.write(&[b'!'; 16 * 1024]);
    }
    Ok(if finishes && heard.contains(&b'.') { Step::Finish } else { Step::Wait })
}

#[test]
fn what_a_peer_said_before_it_was_gone_is_heard() {
    let acts: [fn(&mut Io<'_, Troupe>, Cue) -> Does; 2] =
        [|io, _| shout(io, false), |io, _| shout(io, true)];
    for act in acts {
        // No more than the kernel takes in at once: a reset drops what waits to be sent.
        let long = [&[b'x'; 20_000][..], b"."].concat();
        for words in [&b"it is over."[..], &long, b""] {
            let mut reactor = reactor();
            let at = listen(&mut reactor, act);
            let mut stream = connect(&mut reactor, at);
            // It has no room, so that it does not read; and what it said is not read either, so
            // that the end is a reset.
            until(&mut reactor, |reactor| reactor.connections().all(|one| one.buffered > 0));
            stream.set_nodelay(true).expect("a socket");
            stream.write_all(words).expect("the kernel has room");
            drop(stream);
            until(&mut reactor, |reactor| reactor.counters().open == 0);
            let heard: usize = reactor.app().heard.iter().map(|(_, n)| *n as usize).sum();
            assert_eq!(heard, words.len());
            let ends: Vec<End> = reactor.app().gone.iter().map(|(_, why)| *why).collect();
            assert_eq!(ends, [End::Transport(ErrorKind::ConnectionReset)]);
        }
    }
}

#[test]
fn urgent_data_stops_nothing() {
    let mut reactor = reactor();
    let at = listen(&mut reactor, echo);
    let lengths = [0, 1, 100, 65_535, 65_536, 65_537];
    for before in lengths {
        for after in lengths {
            let mut stream = connect(&mut reactor, at);
            stream.set_nonblocking(true).expect("a socket");
            let got = talk(&mut reactor, &mut stream, &vec![b'a'; before], before);
            assert!(got.len() == before);
            // With data before it in the same batch, then with data behind it.
            stream.write_all(b"12").expect("written");
            SockRef::from(&stream).send_out_of_band(b"!").expect("sent");
            let rest = vec![b'b'; after];
            let got = talk(&mut reactor, &mut stream, &rest, after + 2);
            assert!(got == [b"12", &rest[..]].concat(), "{} bytes of {after} + 2", got.len());
            SockRef::from(&stream).send_out_of_band(b"!").expect("sent");
            stream.write_all(b"34").expect("written");
            stream.shutdown(Shutdown::Write).expect("a socket");
            assert_eq!(talk(&mut reactor, &mut stream, b"", usize::MAX), b"34");
        }
    }
    until(&mut reactor, |reactor| reactor.counters().open == 0);
    assert_eq!(reactor.counters().ended_finished, 36);
}

#[test]
fn a_large_answer_to_a_slow_reader_is_whole() {
    let mut reactor = reactor();
    let at = listen(&mut reactor, |io, _| {
        if io.rx.is_empty() {
            return Ok(Step::Wait);
        }
        io.tx.write(&vec![7; 1_000_000]);
        Ok(Step::Finish)
    });
    let mut stream = connect(&mut reactor, at);
    SockRef::from(&stream).set_recv_buffer_size(65_536).expect("a socket");
    stream.set_nonblocking(true).expect("a socket");
    let got = talk(&mut reactor, &mut stream, b"?", usize::MAX);
    assert!(got.len() == 1_000_000 && got.iter().all(|byte| *byte == 7), "{}", got.len());
}

#[test]
fn a_stubborn_producer_does_not_starve_fifty_echoes() {
    let mut reactor = reactor();
    let at = listen(&mut reactor, echo);
    let sink = listen(&mut reactor, swallow);
    let producer = TcpStream::connect(sink).expect("a connection");
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let stopped = stop.clone();
    let handle = std::thread::spawn(move || {
        let block = vec![0; 1 << 20];
        while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
            (&producer).write_all(&block).expect("written");
        }
    });
    let mut clients: Vec<_> = (0..50).map(|_| connect(&mut reactor, at)).collect();
    clients.iter().for_each(|client| client.set_nonblocking(true).expect("a socket"));
    until(&mut reactor, |reactor| reactor.counters().bytes_in > 1 << 20);
    for round in 0..20_u8 {
        clients.iter_mut().for_each(|client| client.write_all(&[round]).expect("written"));
        let turns = reactor.counters().turns;
        for client in &mut clients {
            assert_eq!(talk(&mut reactor, client, b"", 1), [round]);
        }
        let took = reactor.counters().turns - turns;
        assert!(took <= 5, "{took} turns");
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    while !handle.is_finished() {
        reactor.turn(Some(Duration::from_millis(1))).expect("the wait");
    }
    handle.join().expect("the producer");
}
