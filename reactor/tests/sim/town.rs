//! The application that simulations run: an echo, a relay, and a small line protocol.

#[path = "../common/drawer.rs"]
mod drawer;

use std::collections::BTreeMap;
use std::time::Duration;

use readily::echo::Echo;
use readily::relay::Relay;
use readily::{Address, App, Connect, End, Fault, Id, Io, Machine, Peer, State, Step};

/// What has become of every connection.
#[derive(Default)]
pub(crate) struct Town {
    /// How often each was gone, and why.
    pub(crate) gone: BTreeMap<Id, Vec<End>>,
    /// How many connections have panicked.
    pub(crate) panicked: u64,
}

/// An answer that a connection waits for.
pub(crate) struct Answer(pub(crate) Vec<u8>);

impl App for Town {
    type Mail = Answer;
    type Conn = Conn;

    fn gone(&mut self, id: Id, why: End, _: &mut readily::Effects<Self>) {
        self.gone.entry(id).or_default().push(why);
    }
}

/// What a connection can be.
#[derive(Machine)]
#[machine(app = Town)]
pub(crate) enum Conn {
    #[deadline(idle = "1h")]
    Echo(Echo),
    #[becomes(Relay)]
    Dial(Dial),
    #[deadline(idle = "1h")]
    Relay(Relay),
    #[becomes(Busy, Echo)]
    #[deadline(idle = "1h")]
    Lines(Lines),
    #[becomes(Lines)]
    #[deadline(within = "60s")]
    Busy(Busy),
}

/// How long a relay waits: longer than a full backlog of the loop's own may last.
const PATIENCE: Duration = Duration::from_secs(100);

/// Connects to where it relays.
pub(crate) struct Dial(pub(crate) Address);

impl State<Conn> for Dial {
    fn advance(&mut self, io: &mut Io<'_, Town>) -> Result<Step<Self, Conn>, Fault> {
        // The link is made after this call, so a relay would not see it yet.
        if !matches!(io.peer, Peer::None) {
            return Ok(Step::becomes(Relay));
        }
        let to = Connect { within: PATIENCE, ..Connect::to(self.0.clone()) };
        let busy = |_| Fault::Local("too many connections at once");
        let other = io.connect(to, Conn::Relay(Relay)).map_err(busy)?;
        io.link(other);
        Ok(Step::Wait)
    }
}

/// Answers lines, one after the other: see [`reply`].
pub(crate) struct Lines;

/// The longest line.
const LINE_MAX: usize = 64;

impl State<Conn> for Lines {
    fn advance(&mut self, io: &mut Io<'_, Town>) -> Result<Step<Self, Conn>, Fault> {
        while io.tx.room() > 0 {
            let Some(end) = io.rx.bytes().iter().position(|byte| *byte == b'\n') else {
                return match io.rx.has_ended() {
                    true => Ok(Step::Finish),
                    false if io.rx.len() > LINE_MAX => Err(Fault::Peer("a long line")),
                    false => Ok(Step::Wait),
                };
            };
            let line = io.rx.bytes()[..end].to_vec();
            io.rx.consume(end + 1);
            let me = io.me();
            match line.first() {
                Some(b'@') => {
                    let refused = |_| Fault::Local("too many jobs");
                    io.offload(me, move || Answer(reply(&line))).map_err(refused)?;
                    return Ok(Step::becomes(Busy));
                }
                Some(b'~') => {
                    let full = |_| Fault::Local("too many timers");
                    let wait = Duration::from_millis(line.len() as u64);
                    io.after(wait, me, Answer(reply(&line))).map_err(full)?;
                    return Ok(Step::becomes(Busy));
                }
                Some(b'#') => {
                    io.mail(me, Answer(reply(&line))).map_err(|_| Fault::Local("too much mail"))?;
                    return Ok(Step::becomes(Busy));
                }
                Some(b'=') => {
                    io.tx.write(&reply(&line));
                    return Ok(Step::becomes(Echo));
                }
                Some(b'%') => {
                    io.tx.write(&line);
                    io.tx.send_file(drawer::file(&PAGE), 0..PAGE.len() as u64);
                    io.tx.write(b"\n");
                }
                Some(b'!') => {
                    io.app.panicked += 1;
                    panic!("a client asked for it");
                }
                Some(b'.') => {
                    io.tx.write(&reply(&line));
                    return Ok(Step::Finish);
                }
                _ => io.tx.write(&reply(&line)),
            }
        }
        Ok(Step::Wait)
    }
}

/// Waits for the answer to a line.
pub(crate) struct Busy;

impl State<Conn> for Busy {
    fn advance(&mut self, _: &mut Io<'_, Town>) -> Result<Step<Self, Conn>, Fault> {
        Ok(Step::Wait)
    }

    fn receive(
        &mut self,
        Answer(answer): Answer,
        io: &mut Io<'_, Town>,
    ) -> Result<Step<Self, Conn>, Fault> {
        io.tx.write(&answer);
        Ok(Step::becomes(Lines))
    }
}

/// What is in the file that `%` asks for.
const PAGE: [u8; 2_000] = [b'p'; 2_000];

/// What a line is answered with: itself, backwards.
///
/// `@` asks another thread for it, `~` a timer, `#` a mail, `=` becomes an echo, `.` ends, `!`
/// panics, and `%` has a file behind it.
pub(crate) fn reply(line: &[u8]) -> Vec<u8> {
    if line.starts_with(b"%") {
        return [line, &PAGE, b"\n"].concat();
    }
    line.iter().rev().copied().chain([b'\n']).collect()
}
