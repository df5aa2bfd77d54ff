//! A chat in the browser: its protocol and states are in `src/chat/`.

use std::process::ExitCode;

use readily::websocket::Slow;
use readily::{Address, Config, Listen, Marks, Mio, Reactor, StreamOptions};
use readily_examples::chat::{Conn, Room};
use readily_examples::{Cli, Failure, Served, listening, say, trace};

/// Who has not read so much of what was said is too slow: here...
const UNREAD: Marks = Marks { high: 128 * 1024, low: 32 * 1024, cap: 512 * 1024 };
/// ... and in the kernel, in bytes.
const UNREAD_IN_KERNEL: usize = 64 * 1024;

fn main() -> ExitCode {
    readily_examples::run(serve)
}

fn serve() -> Result<(), Failure> {
    let cli = Cli::read(
        "A chat: open it in several browsers.",
        &[
            ("--listen", "ADDR", "where to listen: IP:PORT or unix:PATH [127.0.0.1:7007]"),
            ("--slow", "POLICY", "who reads too slowly: close, drop-newest, drop-oldest, coalesce"),
            ("--trace", "", "print a line for each event"),
        ],
    )?;
    let at: Address = cli.parse("--listen", "127.0.0.1:7007")?;
    let slow: Slow = cli.parse("--slow", "close")?;
    let mut config = Config::default();
    config.send_marks = UNREAD;
    let mut reactor = Reactor::with(Room::new(slow), Mio::new()?, config)?;
    trace(&cli, &mut reactor);
    let stream = StreamOptions { send_buffer: Some(UNREAD_IN_KERNEL), ..StreamOptions::default() };
    let listen = Listen { stream, ..Listen::default() };
    let listened = reactor.listen_with(&at, listen, |_, _| Some(Conn::new()));
    let (_, bound) = listening(&at, listened)?;
    reactor.drain_on_signals()?;
    say(format_args!("listening on {bound}"));
    reactor.run()?;
    say(reactor.app());
    say(Served(&reactor));
    Ok(())
}
