//! A fixed play for one loop: who says what, and what must come back whichever call fails.

use std::io;
use std::time::Duration;

use readily::echo::Echo;
use readily::sys::faults::{Call, Faulty, Plan};
use readily::sys::sim::{ClientId, Link, Sendfile, Serving, Sim};
use readily::udp_echo::UdpEcho;
use readily::{Address, Bind, Config, Reactor, TERMINATE, Turn};

use crate::town::{Conn, Dial, Lines, Town, reply};

/// More turns than any of the plays needs.
const TURNS_MAX: usize = 20_000;

/// How many turns in a row may do nothing before a play is over: a source whose call was refused is
/// told of at the next turn only, and may be refused again.
const RESTS: usize = 20;

/// What a play is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Play {
    Echo,
    HalfClose,
    Relay,
    RelayRefused,
    Storm,
    Drain,
    Datagrams,
    Mail,
    Files,
    FilesRead,
}

impl Play {
    pub(crate) const ALL: [Play; 10] = [
        Play::Echo,
        Play::HalfClose,
        Play::Relay,
        Play::RelayRefused,
        Play::Storm,
        Play::Drain,
        Play::Datagrams,
        Play::Mail,
        Play::Files,
        Play::FilesRead,
    ];
}

/// How a play came out.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Conversations that did not get all that they should.
    pub(crate) failed: usize,
    /// How many of them the loop turned away for want of a descriptor.
    pub(crate) turned_away: usize,
    /// How many datagrams did not come back.
    pub(crate) lost: usize,
    /// Whether the stage could not be set.
    pub(crate) refused: bool,
    /// Every call that was made and may fail.
    pub(crate) calls: Vec<Call>,
    /// How many of them were made to fail.
    pub(crate) hits: usize,
}

/// One loop, and who talks to it.
pub(crate) struct Stage {
    reactor: Reactor<Town, Faulty<Sim>>,
    play: Play,
    talks: Vec<Talk>,
    backends: Vec<(ClientId, usize)>,
    datagrams: usize,
    turns: usize,
    /// Turns in a row in which nothing was left to do.
    rested: usize,
}

/// One conversation.
struct Talk {
    client: ClientId,
    says: Vec<u8>,
    expected: Vec<u8>,
    got: usize,
}

impl Stage {
    /// A loop with nothing to do yet.
    pub(crate) fn new(play: Play, plan: Plan) -> io::Result<Stage> {
        let mut sim = Sim::new(1);
        sim.set_link(Link { window: 700..=700, ..Link::perfect() });
        let reactor = Reactor::with(Town::default(), Faulty::new(sim, plan), Config::default())?;
        let (talks, backends) = (Vec::new(), Vec::new());
        Ok(Stage { reactor, play, talks, backends, datagrams: 0, turns: 0, rested: 0 })
    }

    /// Plays it to its end, a drain included.
    pub(crate) fn run(mut self) -> Outcome {
        let refused = self.set().is_err();
        if !refused {
            for _ in 0..4 {
                self.turn();
            }
            self.middle();
            while !self.is_over() {
                self.turn();
            }
        }
        let failed = (0..self.talks.len()).filter(|at| !self.is_served(*at)).count();
        self.end();
        Outcome {
            failed,
            turned_away: self.reactor.counters().refused_descriptors as usize,
            lost: self.datagrams,
            refused,
            calls: self.reactor.sys_mut().calls().to_vec(),
            hits: self.reactor.sys_mut().hits(),
        }
    }

    /// Opens what the play needs, and lets the first lines be said.
    fn set(&mut self) -> io::Result<()> {
        let echo = self.listen(7, || Conn::Echo(Echo))?;
        let outside: Address = Address::Ip(([10, 0, 1, 1], 80).into());
        match self.play {
            Play::Echo | Play::HalfClose => {
                (0..3).for_each(|n| self.talk(&echo, &[b'a' + n; 2_000], None));
            }
            Play::Relay | Play::RelayRefused => {
                let refuses = self.play == Play::RelayRefused;
                let serving = if refuses { Serving::Refuse } else { Serving::Accept };
                self.sim().serve(&outside, serving);
                let relay = self.listen(8, move || Conn::Dial(Dial(outside.clone())))?;
                let expected = refuses.then_some(&b""[..]);
                (0..2).for_each(|n| self.talk(&relay, &[b'a' + n; 2_000], expected));
                self.talk(&echo, b"beside", None);
            }
            Play::Storm => {
                let open = self.sim().descriptors().all();
                self.sim().set_descriptors_max(open + 3);
                (0..9).for_each(|n| self.talk(&echo, &[b'a' + n; 50], None));
            }
            Play::Drain => {
                self.reactor.drain_on_signals()?;
                (0..4).for_each(|n| self.talk(&echo, &[b'a' + n; 2_000], None));
            }
            Play::Datagrams => {
                self.reactor.bind(udp(), Bind::default(), UdpEcho::default())?;
                for n in 0..5 {
                    self.sim().send_datagram(outside_socket(), udp(), &[n; 100]);
                    self.datagrams += 1;
                }
            }
            Play::Mail => {
                let lines = self.listen(23, || Conn::Lines(Lines))?;
                let said: [&[u8]; 6] = [b"one", b"@two", b"~three", b"#four", b"@five", b".end"];
                let says: Vec<u8> =
                    said.iter().flat_map(|line| [line, &b"\n"[..]].concat()).collect();
                let expected: Vec<u8> = said.iter().flat_map(|line| reply(line)).collect();
                (0..2).for_each(|_| self.talk(&lines, &says, Some(&expected)));
            }
            Play::Files | Play::FilesRead => {
                let works = self.play == Play::Files;
                let sendfile = if works { Sendfile::Works } else { Sendfile::Unsupported };
                self.sim().set_sendfile(sendfile);
                let lines = self.listen(80, || Conn::Lines(Lines))?;
                let expected = [reply(b"%one"), reply(b"two"), reply(b"%.")].concat();
                (0..2).for_each(|_| self.talk(&lines, b"%one\ntwo\n%.\n", Some(&expected)));
            }
        }
        Ok(())
    }

    /// What happens when the play is on its way.
    fn middle(&mut self) {
        match self.play {
            Play::HalfClose => {
                for at in 0..self.talks.len() {
                    let client = self.talks[at].client;
                    self.sim().shutdown(client);
                    self.sim().start_reading(client);
                }
            }
            Play::Storm => self.sim().set_descriptors_max(usize::MAX),
            Play::Drain => self.sim().raise_signal(TERMINATE),
            _ => {}
        }
    }

    fn talk(&mut self, at: &Address, says: &[u8], expected: Option<&[u8]>) {
        let half_close = self.play == Play::HalfClose;
        let client = self.sim().connect(at);
        if half_close {
            self.sim().stop_reading(client);
        }
        self.sim().send(client, says);
        if !half_close {
            self.sim().shutdown(client);
        }
        let (says, expected) = (says.to_vec(), expected.unwrap_or(says).to_vec());
        self.talks.push(Talk { client, says, expected, got: 0 });
    }

    fn turn(&mut self) {
        self.turns += 1;
        assert!(self.turns < TURNS_MAX, "it hangs");
        let turn = self.reactor.turn(Some(Duration::from_millis(100))).expect("the wait");
        if turn == Turn::Over {
            self.sim().advance(Duration::from_millis(10));
        }
        self.serve_outside();
        self.check();
    }

    fn serve_outside(&mut self) {
        let outside = Address::Ip(([10, 0, 1, 1], 80).into());
        while let Some(id) = self.sim().accepted(&outside) {
            self.backends.push((id, 0));
        }
        let sim = self.reactor.sys_mut().inner_mut();
        for (id, answered) in &mut self.backends {
            let new = sim.received(*id)[*answered..].to_vec();
            sim.send(*id, &new);
            *answered += new.len();
            if sim.is_ended(*id) {
                sim.shutdown(*id);
            }
        }
        for (from, bytes) in sim.take_datagrams(outside_socket()) {
            assert!(from == udp() && bytes.len() == 100);
            self.datagrams -= 1;
        }
    }

    fn check(&mut self) {
        self.reactor.check();
        // One that could not be begun has none, and ends in the next turn.
        let connecting = self.reactor.connections().filter(|one| one.state == "connecting").count();
        let live = self.reactor.connections().count();
        let open = self.sim().descriptors().streams;
        let all = live - connecting..=live;
        assert!(all.contains(&open), "each connection has one descriptor: {open} of {live}");
        let sim = self.reactor.sys_mut().inner_mut();
        for talk in &mut self.talks {
            talk.got = sim.received(talk.client).len();
            assert!(talk.expected.starts_with(sim.received(talk.client)), "wrong bytes");
        }
        let counters = self.reactor.counters();
        assert_eq!((counters.ended_stuck, counters.panics), (0, 0));
        let gone = &self.reactor.app().gone;
        assert_eq!(gone.len() as u64, counters.ended, "each end is told");
        assert!(gone.values().all(|ends| ends.len() == 1), "and told once: {gone:?}");
    }

    fn is_served(&mut self, at: usize) -> bool {
        let Talk { client, got, ref says, ref expected } = self.talks[at];
        let (wanted, refused) = (expected.len(), expected.is_empty() && !says.is_empty());
        // A drain ends an echo between two reads: in order, whatever its client still had to say.
        let whole = got == wanted || self.play == Play::Drain;
        let sim = self.sim();
        if refused { sim.was_reset(client) } else { sim.is_ended(client) && whole }
    }

    fn is_over(&mut self) -> bool {
        let sim = self.reactor.sys_mut().inner_mut();
        let over = |talk: &Talk| {
            let cut = sim.was_reset(talk.client) || sim.was_refused(talk.client);
            cut || sim.is_ended(talk.client)
        };
        let rests = self.talks.iter().all(over) && sim.is_quiescent();
        self.rested = if rests { self.rested + 1 } else { 0 };
        self.rested == RESTS
    }

    /// A drain ends, and leaves nothing.
    fn end(&mut self) {
        self.reactor.drain();
        while self.reactor.turn(Some(Duration::from_millis(100))).expect("the wait") == Turn::More {
            self.turns += 1;
            assert!(self.turns < TURNS_MAX, "the drain hangs");
            self.check();
        }
        assert_eq!(self.sim().descriptors().all(), 0, "nothing leaked");
    }

    fn listen(&mut self, port: u16, first: impl Fn() -> Conn + 'static) -> io::Result<Address> {
        let at = Address::Ip(([10, 0, 0, 1], port).into());
        self.reactor.listen(&at, move |_, _| Some(first()))
    }

    fn sim(&mut self) -> &mut Sim {
        self.reactor.sys_mut().inner_mut()
    }
}

fn udp() -> std::net::SocketAddr {
    ([10, 0, 0, 1], 7007).into()
}

fn outside_socket() -> std::net::SocketAddr {
    ([10, 9, 9, 9], 1024).into()
}
