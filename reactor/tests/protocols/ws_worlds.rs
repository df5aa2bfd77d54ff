//! WebSockets in worlds drawn by a seed: both ends hold, send in parts and are told of news, and
//! each message arrives once, in order.

use std::collections::VecDeque;
use std::time::Duration;

use readily::http1::{Answer, Reply, Request, Server, Service};
use readily::sys::sim::{Buggify, Link, Rng, Sim};
use readily::websocket::{
    CloseCode, Context, Deflate, Encoded, Handler, Heard, Intake, Limits, Masks, Message, NotSent,
    Opening, Part, Place, Policy, Pulled, Slow, Socket, Target, Terms, Topics, WebSocket, upgrade,
};
use readily::{Address, App, Connect, Desk, Effects, End, Fault, Id, Machine, Reactor, To};

use crate::place::{draw_config, seeds};

/// How much of a caller's may be on its way: two ends that wait for each other to read would wait
/// for ever.
const ON_ITS_WAY: usize = 4;
const NEWS: usize = 12;
const TURNS_MAX: usize = 400_000;

#[derive(Machine)]
#[machine(app = World)]
enum Conn {
    #[becomes(Open)]
    Http(Server<Door>),
    #[becomes(Open)]
    Opening(Opening<Fickle>),
    Open(WebSocket<Fickle>),
}

#[derive(Clone, Copy)]
enum Mail {
    /// Take messages again.
    Take,
    /// For the application: there is news.
    Publish,
}

struct World {
    rng: Rng,
    limits: Limits,
    topics: Topics,
    published: usize,
    subscribed: usize,
    held: usize,
    unfinished: usize,
    gone: Vec<End>,
}

impl App for World {
    type Mail = Mail;
    type Conn = Conn;

    fn receive(&mut self, _: Mail, fx: &mut Effects<Self>) {
        self.published += 1;
        let news = Encoded::text(&format!("news {}", self.published));
        let terms = Terms { least: 1, ..Terms::SHARED };
        let news = if self.rng.index(2) == 0 { news.deflated(&terms, fx) } else { news };
        self.topics.publish("news", &news, fx).expect("the backlog is large");
    }

    fn gone(&mut self, id: Id, why: End, _: &mut Effects<Self>) {
        self.topics.leave(id);
        self.gone.push(why);
    }
}

struct Door;

impl Service<Conn> for Door {
    fn call(
        &mut self,
        request: &Request<'_>,
        reply: Reply<'_, Self, Conn>,
        desk: &mut Desk<'_, World>,
    ) -> Answer<Self, Conn> {
        let fickle = Fickle::new(desk.app, None);
        upgrade(request, reply, fickle)
    }
}

/// What ends a hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    Room,
    Mail,
}

/// A piece of a message: whether it is text, and its place.
type Piece = (bool, Place, Vec<u8>);

/// One end, which sends what it has when it likes to, and reads when it likes to.
struct Fickle {
    rng: Rng,
    limits: Limits,
    /// Whole messages or parts.
    mode: Intake,
    /// Whether it sends all that it can at once.
    is_eager: bool,
    holds: Option<Until>,
    queue: VecDeque<Piece>,
    /// What is still to be said, where it is the caller.
    caller: Option<Caller>,
}

struct Caller {
    says: Vec<(bool, Vec<u8>)>,
    /// How many of them it has begun to say, and heard again.
    said: usize,
    heard: usize,
    /// What has come of the next one.
    part: Vec<u8>,
    /// The last news.
    news: usize,
}

impl Fickle {
    fn new(world: &mut World, caller: Option<Caller>) -> Self {
        let mut rng = world.rng.fork();
        let mode = [Intake::Whole, Intake::Stream][rng.index(2)];
        let is_eager = rng.index(2) == 0;
        let (limits, queue) = (world.limits, VecDeque::new());
        Fickle { rng, limits, mode, is_eager, holds: None, queue, caller }
    }

    /// Has heard a piece.
    fn hear(&mut self, piece: Piece, socket: &mut Socket<'_, World>) -> Result<(), Fault> {
        match &mut self.caller {
            None => self.queue.push_back(piece),
            Some(caller) => caller.hear(piece),
        }
        if self.rng.index(3) == 0 && self.holds.is_none() {
            self.hold(socket);
        }
        self.go_on(socket)
    }

    /// Takes nothing for a while.
    fn hold(&mut self, socket: &mut Socket<'_, World>) {
        socket.app.held += 1;
        let until = [Until::Room, Until::Mail][self.rng.index(2)];
        self.holds = Some(until);
        if until == Until::Room {
            return;
        }
        let id = socket.id();
        let wait = Duration::from_millis(self.rng.below(2_000));
        assert!(socket.fx.after(wait, To::Conn(id), Mail::Take).is_ok(), "a timer");
    }

    /// Sends what there is, or some of it.
    fn go_on(&mut self, socket: &mut Socket<'_, World>) -> Result<(), Fault> {
        self.say_more();
        while let Some((is_text, place, bytes)) = self.queue.front() {
            let message = match str::from_utf8(bytes) {
                Ok(text) if *is_text => Message::Text(text),
                _ => Message::Binary(bytes),
            };
            let sent = match place {
                Place::Only => socket.message(message),
                place => socket.fragment(Part { message, place: *place }),
            };
            match sent {
                Ok(()) => _ = self.queue.pop_front(),
                Err(NotSent::Full) => return Ok(()),
                Err(NotSent::Closed) => self.queue.clear(),
                Err(NotSent::TooLarge | NotSent::Unfinished) => {
                    return Err(Fault::Local("what cannot be sent"));
                }
            }
            if !self.is_eager && self.rng.index(4) == 0 {
                let id = socket.id();
                socket.fx.wake(id);
                return Ok(());
            }
            self.say_more();
        }
        if self.caller.as_ref().is_some_and(Caller::is_done) {
            socket.close(CloseCode::NORMAL, "");
        }
        Ok(())
    }

    /// A caller's next message, whole or in parts.
    fn say_more(&mut self) {
        let Some(caller) = self.caller.as_mut().filter(|_| self.queue.is_empty()) else { return };
        if caller.said - caller.heard >= ON_ITS_WAY {
            return;
        }
        let Some((is_text, bytes)) = caller.says.get(caller.said) else { return };
        caller.said += 1;
        if self.rng.index(2) == 0 {
            return self.queue.push_back((*is_text, Place::Only, bytes.clone()));
        }
        let [a, b] = [self.rng.index(bytes.len() + 1), self.rng.index(bytes.len() + 1)];
        let (a, b) = (a.min(b), a.max(b));
        let places = [Place::First, Place::Middle, Place::Last];
        for (place, part) in places.into_iter().zip([&bytes[..a], &bytes[a..b], &bytes[b..]]) {
            self.queue.push_back((*is_text, place, part.to_vec()));
        }
    }
}

impl Caller {
    /// Messages of these kinds and up to that size.
    fn new(size: usize, rng: &mut Rng) -> Self {
        let mut message = |_| {
            let len = rng.index(size);
            let letters = 1 + rng.below(26);
            let bytes = (0..len).map(|_| b'a' + rng.below(letters) as u8).collect();
            (rng.index(2) == 0, bytes)
        };
        let says = (0..6).map(&mut message).collect();
        Caller { says, said: 0, heard: 0, part: Vec::new(), news: 0 }
    }

    fn hear(&mut self, (is_text, place, bytes): Piece) {
        self.part.extend(bytes);
        if !matches!(place, Place::Only | Place::Last) {
            return;
        }
        let part = std::mem::take(&mut self.part);
        if let Some(number) = part.strip_prefix(b"news ") {
            let number: usize = str::from_utf8(number).ok().and_then(|n| n.parse().ok()).unwrap();
            assert!(self.news == 0 || number == self.news + 1, "{number} after {}", self.news);
            self.news = number;
        } else {
            assert!(self.says[self.heard] == (is_text, part), "message {}", self.heard);
            self.heard += 1;
        }
    }

    fn is_done(&self) -> bool {
        self.heard == self.says.len() && self.news == NEWS
    }
}

impl Handler<World> for Fickle {
    fn open(&mut self, socket: &mut Socket<'_, World>) -> Result<(), Fault> {
        if self.caller.is_none() {
            let id = socket.id();
            socket.app.topics.subscribe(id, "news").expect("there are few");
            socket.app.subscribed += 1;
        }
        Ok(())
    }

    fn message(
        &mut self,
        message: Message<'_>,
        socket: &mut Socket<'_, World>,
    ) -> Result<(), Fault> {
        let part = Part { message, place: Place::Only };
        self.part(part, socket)
    }

    fn part(&mut self, part: Part<'_>, socket: &mut Socket<'_, World>) -> Result<(), Fault> {
        let piece = match part.message {
            Message::Text(text) => (true, part.place, text.as_bytes().to_vec()),
            Message::Binary(bytes) => (false, part.place, bytes.to_vec()),
        };
        self.hear(piece, socket)
    }

    fn intake(&self) -> Intake {
        // An echo keeps no more than one piece.
        let is_full = self.caller.is_none() && !self.queue.is_empty();
        if self.holds.is_some() || is_full { Intake::Hold } else { self.mode }
    }

    fn mail(&mut self, _: Mail, _: &mut Socket<'_, World>) -> Result<Heard, Fault> {
        self.holds = None;
        Ok(Heard::Taken)
    }

    fn room(&mut self, socket: &mut Socket<'_, World>) -> Result<(), Fault> {
        if self.holds == Some(Until::Room) {
            // At once, or when it was woken.
            if self.is_eager || self.rng.index(2) == 0 {
                self.holds = None;
            } else {
                let id = socket.id();
                socket.fx.wake(id);
            }
        }
        self.go_on(socket)?;
        if self.caller.is_none() && socket.pull(|world| &mut world.topics) == Pulled::Full {
            socket.app.unfinished += 1;
        }
        Ok(())
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }
}

fn prepare(sim: &mut Sim, size: usize, rng: &mut Rng) {
    // A message is not to take its 30 seconds.
    let least = (size as u32 / 50).max(20);
    let link = match rng.index(3) {
        0 => Link::perfect(),
        _ => Link { window: least..=least + rng.below(16 * 1024) as u32, ..Link::rough() },
    };
    sim.set_link(link);
    if rng.index(4) > 0 {
        sim.set_buggify(Buggify::ROUGH);
    }
    sim.set_batch(1 + rng.index(64));
}

fn draw_limits(rng: &mut Rng) -> Limits {
    let context = |rng: &mut Rng| [Context::Dropped, Context::Kept][rng.index(2)];
    let (ours, theirs) = (context(rng), context(rng));
    let terms = Terms { ours, theirs, least: 1, ..Terms::SHARED };
    let deflate = [Deflate::Off, Deflate::On(terms)][rng.index(2)];
    // Who holds answers no ping, and a narrow link is slow.
    let long = Duration::from_secs(3600);
    Limits { deflate, pong_within: long, open_within: long, ..Limits::DEFAULT }
}

/// One world to its end; how often somebody held, and had to wait with news for another message.
fn run(seed: u64) -> (usize, usize) {
    let mut rng = Rng::new(seed);
    let mut sim = Sim::new(rng.draw());
    let (size, callers) = ([20, 2_000, 20_000][rng.index(3)], 1 + rng.index(6));
    prepare(&mut sim, size, &mut rng);
    let mut config = draw_config(1000, &mut rng);
    // A caller whose buffer is full would not read what keeps the echo from reading.
    config.send_marks.high = ON_ITS_WAY * 24_000 + rng.index(100_000);
    let world = World {
        limits: draw_limits(&mut rng),
        rng: rng.fork(),
        topics: Topics::new(Policy { slow: Slow::Close, backlog: 1 << 20 }),
        published: 0,
        subscribed: 0,
        held: 0,
        unfinished: 0,
        gone: Vec::new(),
    };
    let mut reactor = Reactor::with(world, sim, config).expect("a loop");
    let at = Address::Ip(([10, 0, 0, 1], 80).into());
    reactor.listen(&at, |_, _| Some(Conn::Http(Server::new(Door)))).expect("a listener");
    for nth in 0..callers {
        let caller = Caller::new(size, &mut rng);
        let fickle = Fickle::new(reactor.app_mut(), Some(caller));
        let target = Target::new("10.0.0.1", "/").expect("a target");
        let opening = Opening::new(target, Masks::from_seed([nth as u8; 32]), fickle);
        let connect = Connect { within: Duration::from_secs(3600), ..Connect::to(at.clone()) };
        reactor.connect(connect, Conn::Opening(opening)).expect("a place");
    }
    for turn in 0.. {
        reactor.turn(Some(Duration::from_millis(50))).expect("the wait");
        reactor.check();
        let world = reactor.app();
        let in_order = world.gone.iter().all(|end| *end == End::Finished);
        assert!(in_order && turn < TURNS_MAX, "seed {seed}: {callers}, {:?}", world.gone);
        if world.gone.len() == 2 * callers {
            break;
        }
        let may = world.published + 1 < NEWS || world.subscribed == callers;
        if may && world.published < NEWS && rng.index(20) == 0 {
            assert!(reactor.handle().mail(To::App, Mail::Publish).is_ok());
        }
    }
    let world = reactor.app();
    assert_eq!(world.topics.held(), 0, "seed {seed}");
    (world.held, world.unfinished)
}

#[test]
fn each_message_arrives_once_and_in_order_in_any_world() {
    let mut sum = (0, 0);
    for seed in seeds(150) {
        let (held, unfinished) = run(seed);
        sum = (sum.0 + held, sum.1 + unfinished);
    }
    println!("held {}, waited with news {}", sum.0, sum.1);
    // The seeds are fixed, so is what they show: this keeps them worth their time.
    assert!(std::env::var_os("READILY_SEED").is_some() || (sum.0 > 3_000 && sum.1 > 1_000));
}
