//! Files on the kernel's sockets, on the loopback device.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use readily::{Config, End, FILE_CHARGE, File, Io, Listen, Reactor, Step, StreamOptions};
use socket2::SockRef;

use crate::drawer::file;
use crate::net::{connect, here, ip, listen, reactor, talk, until};
use crate::troupe::{Actor, Cue, Does, Troupe, echo};

const LONG: usize = 10 * 1024 * 1024;

fn noise(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at % 251) as u8).collect()
}

/// Answers each byte that arrives with a head, the file and a tail.
fn answers(file: File, n: usize) -> impl FnMut(&mut Io<'_, Troupe>, Cue) -> Does {
    move |io, _| {
        for _ in 0..io.rx.len() {
            io.rx.consume(1);
            io.tx.write(b"head");
            io.tx.send_file(file.clone(), 0..n as u64);
            io.tx.write(b"tail");
        }
        Ok(if io.rx.has_ended() { Step::Finish } else { Step::Wait })
    }
}

/// Listens, and says where.
fn serve(reactor: &mut Reactor<Troupe>, file: &File, n: usize) -> SocketAddr {
    let file = file.clone();
    let at = reactor.listen(&here().into(), move |_, _| Some(Actor::new(answers(file.clone(), n))));
    ip(&at.expect("a listener"))
}

/// What is answered to `times` bytes.
fn answered(times: usize, noise: &[u8]) -> Vec<u8> {
    [b"head", noise, b"tail"].concat().repeat(times)
}

#[test]
fn a_file_comes_between_what_is_written_around_it() {
    for n in [1, 100, 4096, 65_536, 65_537, 3_000_000] {
        let (mut reactor, noise) = (reactor(), noise(n));
        let page = file(&noise);
        let first = move || Some(Actor::new(answers(page.clone(), n)));
        let unix = std::env::temp_dir().join(format!("readily-{}-files-{n}", std::process::id()));
        let first_of_unix = first.clone();
        reactor.listen(&unix.as_path().into(), move |_, _| first_of_unix()).expect("a listener");
        let at = reactor.listen(&here().into(), move |_, _| first()).expect("a listener");
        let mut tcp = TcpStream::connect(ip(&at)).expect("a connection");
        let mut unix = UnixStream::connect(unix).expect("a connection");
        tcp.set_nonblocking(true).expect("a socket");
        unix.set_nonblocking(true).expect("a socket");
        let expected = answered(3, &noise);
        assert!(talk(&mut reactor, &mut tcp, b"...", expected.len()) == expected, "{n}");
        assert!(talk(&mut reactor, &mut unix, b"...", expected.len()) == expected, "{n}");
        let counters = reactor.counters();
        assert_eq!((counters.bytes_sendfile, counters.file_reads), (6 * n as u64, 0));
    }
}

#[test]
fn a_long_file_to_a_slow_reader_takes_no_memory() {
    let (mut reactor, noise) = (reactor(), noise(LONG));
    let page = file(&noise);
    let stream = StreamOptions { send_buffer: Some(65_536), ..StreamOptions::default() };
    let options = Listen { stream, ..Listen::default() };
    let first = move || Some(Actor::new(answers(page.clone(), LONG)));
    let at = reactor.listen_with(&here().into(), options, move |_, _| first());
    let mut stream = connect(&mut reactor, ip(&at.expect("a listener").1));
    SockRef::from(&stream).set_recv_buffer_size(65_536).expect("a socket");
    stream.set_nonblocking(true).expect("a socket");
    stream.write_all(b".").expect("written");
    let expected = answered(1, &noise);
    let (mut got, mut page, mut most) = (Vec::new(), [0; 5000], 0);
    while got.len() < expected.len() {
        reactor.turn(Some(Duration::from_millis(1))).expect("the wait");
        reactor.check();
        most = most.max(reactor.counters().buffered);
        match stream.read(&mut page) {
            Ok(n) => got.extend_from_slice(&page[..n]),
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
    }
    assert!(got == expected);
    // The file, and the four bytes behind it in the least block there is.
    assert!(most <= FILE_CHARGE as u64 + 4096, "{most}");
}

#[test]
fn a_long_file_does_not_hold_up_an_echo() {
    let mut reactor = reactor();
    let at = serve(&mut reactor, &file(&vec![7; LONG]), LONG);
    let beside = listen(&mut reactor, echo);
    let mut echoed = connect(&mut reactor, beside);
    echoed.set_nonblocking(true).expect("a socket");
    let mut stream = connect(&mut reactor, at);
    stream.set_nonblocking(true).expect("a socket");
    stream.write_all(b".").expect("written");
    let (mut left, mut page, mut turns) = (LONG + 8, vec![0; 1 << 20], 0);
    while left > 0 {
        echoed.write_all(b"?").expect("written");
        let before = reactor.counters().bytes_sendfile;
        reactor.turn(Some(Duration::from_millis(1))).expect("the wait");
        // Once for its readiness, once from the queue.
        let sent = reactor.counters().bytes_sendfile - before;
        assert!(sent <= 2 * Config::TURN_FILE_BYTES as u64, "{sent}");
        assert_eq!(echoed.read(&mut [0; 9]).expect("an echo"), 1);
        while let Ok(n @ 1..) = stream.read(&mut page) {
            left -= n;
        }
        turns += 1;
    }
    assert!(turns >= 5, "{turns}");
}

#[test]
fn a_reset_in_the_middle_of_a_file_ends_it() {
    let mut reactor = reactor();
    let at = serve(&mut reactor, &file(&vec![7; LONG]), LONG);
    for read in [0, 1, 100_000] {
        let mut stream = connect(&mut reactor, at);
        SockRef::from(&stream).set_linger(Some(Duration::ZERO)).expect("a socket");
        let before = reactor.counters().bytes_sendfile;
        stream.write_all(b".").expect("written");
        until(&mut reactor, |reactor| reactor.counters().bytes_sendfile > before);
        stream.read_exact(&mut vec![0; read]).expect("some of it");
        drop(stream);
        until(&mut reactor, |reactor| reactor.counters().open == 0);
    }
    let told = [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe].map(End::Transport);
    let gone = &reactor.app().gone;
    assert!(gone.len() == 3 && gone.iter().all(|(_, why)| told.contains(why)), "{gone:?}");
    assert_eq!((reactor.counters().files_cut, reactor.counters().buffered), (0, 0));
}

#[test]
fn what_the_kernel_does_not_send_from_is_read() {
    // A folder cannot be read either; the end of a pipe has no places in it.
    let folder = std::fs::File::open(std::env::temp_dir()).expect("a folder");
    let (pipe, mut end) = std::io::pipe().expect("a pipe");
    end.write_all(b"in order only").expect("written");
    let pipe = std::fs::File::from(std::os::fd::OwnedFd::from(pipe));
    for file in [File::from(folder), pipe.into()] {
        let mut reactor = reactor();
        let at = serve(&mut reactor, &file, 5);
        let mut stream = connect(&mut reactor, at);
        stream.write_all(b".").expect("written");
        until(&mut reactor, |reactor| reactor.counters().open == 0);
        let counters = reactor.counters();
        assert_eq!((counters.sendfiles, counters.file_reads, counters.files_cut), (1, 1, 1));
        let cut = stream.read_to_end(&mut Vec::new()).expect_err("a reset");
        assert_eq!(cut.kind(), ErrorKind::ConnectionReset);
    }
}
