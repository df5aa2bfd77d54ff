//! Drives one machine without a loop: bytes and events in, bytes and requests out.
//!
//! For unit tests of states, and for anyone who brings a loop of their own and wants to see how
//! little a driver is: `Script::call` is all of it.

use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant, SystemTime};

use crate::contract::{
    App, Block, CONNECTS_PER_CALL, Cause, Effect, Effects, Fault, File, Half, Id, Io, Machine,
    Marks, Next, Outbox, Peer, Reason, Remote, Rx, Signals, Tx, drive,
};

/// A connection that exists only on paper.
#[derive(Debug)]
pub struct Script<M: Machine> {
    machine: M,
    app: M::App,
    fx: Effects<M::App>,
    rx: Rx,
    tx: Tx,
    remote: Remote,
    sent: Vec<u8>,
    states: Vec<&'static str>,
    over: Option<Result<(), Fault>>,
    /// Whether the kernel of this story takes bytes; while it does not, they wait in `tx`.
    writable: bool,
}

/// How much of a file is read at once.
const FILE_BLOCK: u64 = 64 * 1024;

/// How much may be unread: the default of the loop as well.
const RX_CAP: usize = 64 * 1024;

impl<M: Machine> Script<M>
where
    M::App: Default,
{
    /// A connection that has just been accepted; its machine was advanced once.
    pub fn new(machine: M) -> Self {
        Script::with_app(machine, M::App::default())
    }
}

impl<M: Machine> Script<M> {
    /// The same, with an application.
    pub fn with_app(machine: M, app: M::App) -> Self {
        let outbox = Outbox::new(usize::MAX, Box::new(|| ()));
        let mut script = Script {
            states: vec![M::STATES[machine.state()].name],
            machine,
            app,
            fx: Effects::new(epoch(), SystemTime::UNIX_EPOCH, 1, outbox.into()),
            rx: Rx::new(RX_CAP),
            tx: Tx::new(Marks::default()),
            remote: Remote::V4(std::net::SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, 1)),
            sent: Vec::new(),
            over: None,
            writable: true,
        };
        script.call(Cause::Advance);
        script
    }

    /// The peer sends `bytes`, in pieces of what the receive buffer takes.
    ///
    /// # Panics
    /// If the machine takes none of what is there while it has more to come.
    pub fn feed(&mut self, mut bytes: &[u8]) -> &mut Self {
        while !bytes.is_empty() && self.over.is_none() {
            assert!(!self.rx.is_full(), "the machine takes nothing, and the buffer is full");
            self.rx.make_space();
            let space = self.rx.space();
            let n = space.len().min(bytes.len());
            space[..n].copy_from_slice(&bytes[..n]);
            self.rx.commit(n);
            bytes = &bytes[n..];
            self.call(Cause::Advance);
        }
        self
    }

    /// The peer ends its half.
    pub fn end(&mut self) -> &mut Self {
        self.rx.close(Half::Ended);
        self.call(Cause::Advance)
    }

    /// Mail arrives.
    pub fn mail(&mut self, mail: <M::App as App>::Mail) -> &mut Self {
        self.call(Cause::Mail(mail))
    }

    /// It is woken.
    pub fn wake(&mut self) -> &mut Self {
        self.call(Cause::Advance)
    }

    /// Runs the jobs that were offloaded and not looked at yet, then wakes it; for those that
    /// answer by a wake. Other effects stay where they are.
    pub fn run_jobs(&mut self) -> &mut Self {
        for effect in std::mem::take(self.fx.list()) {
            match effect {
                Effect::Offload(job) => job(),
                other => self.fx.list().push(other),
            }
        }
        self.wake()
    }

    /// A deadline passes.
    pub fn expire(&mut self, why: Reason) -> &mut Self {
        self.call(Cause::Expire(why))
    }

    /// The clock moves on; the machine is not called.
    pub fn wait(&mut self, time: Duration) -> &mut Self {
        let elapsed = self.fx.now().saturating_duration_since(epoch()) + time;
        self.fx.set_nanos(u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX));
        self.fx.set_wall(self.fx.wall() + time);
        self
    }

    /// The peer stops taking bytes.
    pub fn block(&mut self) -> &mut Self {
        self.writable = false;
        self
    }

    /// It takes them again.
    pub fn unblock(&mut self) -> &mut Self {
        self.writable = true;
        self.flush();
        self.call(Cause::Advance)
    }

    /// All that was sent.
    pub fn sent(&self) -> &[u8] {
        &self.sent
    }

    /// What was sent since this was asked last.
    pub fn take_sent(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.sent)
    }

    /// How it ended; `None` while it lasts.
    pub fn over(&self) -> Option<Result<(), Fault>> {
        self.over
    }

    /// The names of the states it has been in, in order.
    pub fn states(&self) -> &[&'static str] {
        &self.states
    }

    /// The machine.
    pub fn machine(&self) -> &M {
        &self.machine
    }

    /// The application.
    pub fn app(&mut self) -> &mut M::App {
        &mut self.app
    }

    /// What was asked for and not looked at yet.
    pub fn effects(&mut self) -> &mut Effects<M::App> {
        &mut self.fx
    }

    /// Both ends, to look at.
    pub fn ends(&self) -> (&Rx, &Tx) {
        (&self.rx, &self.tx)
    }

    fn call(&mut self, cause: Cause<<M::App as App>::Mail>) -> &mut Self {
        if self.over.is_some() {
            return self;
        }
        let id = Id { index: 0, generation: 1 };
        let next = id.index + 1..=id.index + CONNECTS_PER_CALL as u32;
        *self.fx.reserved() = next.map(|index| Id { index, generation: 1 }).collect();
        let ends = (&mut self.rx, &mut self.tx);
        let link = (Peer::None, Signals(0));
        let mut io = Io::new(id, &self.remote, ends, link, &mut self.app, &mut self.fx);
        let states = &mut self.states;
        let next =
            drive(&mut self.machine, cause, &mut io, |_, to| states.push(M::STATES[to].name));
        self.flush();
        if self.over.is_some() {
            return self;
        }
        match next {
            Ok(Next::Finish) => self.over = Some(Ok(())),
            Ok(Next::Yield) => return self.call(Cause::Advance),
            Ok(_) => {}
            Err(fault) => self.over = Some(Err(fault)),
        }
        self
    }

    /// A file that is cut short fails the story, as it would end the connection.
    fn flush(&mut self) {
        while self.writable && !self.tx.is_empty() {
            if let Some((file, range)) = self.tx.front_file() {
                let Some((block, n)) = read_some(file, range) else {
                    self.over = Some(Err(Fault::Local("file: shorter than its range")));
                    return self.tx.abort();
                };
                self.tx.load(block, n);
            }
            let Some((bytes, _)) = self.tx.front() else { return };
            let n = bytes.len();
            self.sent.extend_from_slice(bytes);
            self.tx.consume(n, drop);
        }
    }
}

/// Some of what is to be sent of a file; none where it is not there.
fn read_some(file: &File, range: Range<u64>) -> Option<(Block, usize)> {
    let mut block = Block::new((range.end - range.start).min(FILE_BLOCK) as usize);
    match file.as_ref().read_at(block.all_mut(), range.start) {
        Ok(0) | Err(_) => None,
        Ok(n) => Some((block, n)),
    }
}

/// A fixed time to count from: a story needs no clock, but `Instant` has no other constructor.
fn epoch() -> Instant {
    static EPOCH: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    #[expect(clippy::disallowed_methods, reason = "a test driver needs some instant to count from")]
    *EPOCH.get_or_init(Instant::now)
}

/// Writes by hand, for tests of this crate, what the derive writes for a struct with one state.
#[cfg(test)]
macro_rules! one_state {
    ($machine:ident($state:ty)) => {
        struct $machine($state);

        impl crate::contract::Machine for $machine {
            type App = crate::contract::Alone<Self>;
            const STATES: &'static [crate::contract::StateInfo] = &[crate::contract::StateInfo {
                name: stringify!($state),
                becomes: &[],
                timeouts: crate::contract::Timeouts::NONE,
            }];
            const DIAGRAM: crate::contract::Diagram =
                crate::contract::Diagram { mermaid: "", dot: "" };

            fn advance(
                &mut self,
                io: &mut crate::contract::Io<'_, Self::App>,
            ) -> Result<crate::contract::Next, crate::contract::Fault> {
                let stepped = crate::contract::State::<Self>::advance(&mut self.0, io);
                crate::contract::Step::settle(stepped, self)
            }

            fn expire(
                &mut self,
                why: crate::contract::Reason,
                io: &mut crate::contract::Io<'_, Self::App>,
            ) -> Result<crate::contract::Next, crate::contract::Fault> {
                let stepped = crate::contract::State::<Self>::expire(&mut self.0, why, io);
                crate::contract::Step::settle(stepped, self)
            }

            fn receive(
                &mut self,
                mail: crate::contract::Never,
                _: &mut crate::contract::Io<'_, Self::App>,
            ) -> Result<crate::contract::Next, crate::contract::Fault> {
                match mail {}
            }

            fn deadline(&self) -> Option<std::time::Instant> {
                crate::contract::State::<Self>::deadline(&self.0)
            }

            fn state(&self) -> usize {
                0
            }
        }
    };
}
#[cfg(test)]
pub(crate) use one_state;
