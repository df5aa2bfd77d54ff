//! A WebSocket in the loop: who waits for room is called, and an answer that is there counts.

use std::time::Duration;

use readily::sys::sim::{ClientId, Link, Sim};
use readily::websocket::WebSocket;
use readily::websocket::{Encoded, Handler, Heard, Limits, Message, NotSent, Socket};
use readily::{Address, App, Config, End, Fault, Id, Machine, Marks, Reactor, To};

#[derive(Machine)]
#[machine(app = World)]
enum Conn {
    Open(WebSocket<Talker>),
}

#[derive(Default)]
struct World {
    gone: Vec<End>,
    not_sent: Vec<NotSent>,
}

impl App for World {
    type Mail = Encoded;
    type Conn = Conn;

    fn gone(&mut self, _: Id, why: End, _: &mut readily::Effects<Self>) {
        self.gone.push(why);
    }
}

/// Sends what it is mailed: at once, or when there is room.
#[derive(Default)]
struct Talker {
    waiting: Vec<Encoded>,
}

impl Handler<World> for Talker {
    fn message(
        &mut self,
        message: Message<'_>,
        socket: &mut Socket<'_, World>,
    ) -> Result<(), Fault> {
        let _ = (message, socket);
        Ok(())
    }

    fn mail(&mut self, mail: Encoded, socket: &mut Socket<'_, World>) -> Result<Heard, Fault> {
        self.waiting.push(mail);
        self.send(socket);
        Ok(Heard::Taken)
    }

    fn room(&mut self, socket: &mut Socket<'_, World>) -> Result<(), Fault> {
        self.send(socket);
        Ok(())
    }
}

impl Talker {
    fn send(&mut self, socket: &mut Socket<'_, World>) {
        while let Some(first) = self.waiting.first() {
            if let Err(why) = socket.send(first) {
                socket.app.not_sent.push(why);
                return;
            }
            self.waiting.remove(0);
        }
    }
}

const AT: ([u8; 4], u16) = ([10, 0, 0, 1], 80);
/// A ping without a payload.
const PING: [u8; 2] = [0x89, 0];

struct House(Reactor<World, Sim>, ClientId);

impl House {
    fn new(config: Config, link: Link) -> House {
        let mut reactor = Reactor::with(World::default(), Sim::new(1), config).expect("a loop");
        reactor.sys_mut().set_link(link);
        let at = Address::Ip(AT.into());
        let first = || Some(Conn::Open(WebSocket::new(Talker::default())));
        reactor.listen(&at, move |_, _| first()).expect("a listener");
        let client = reactor.sys_mut().connect(&at);
        let mut house = House(reactor, client);
        house.settle();
        house
    }

    fn connect(&mut self) -> ClientId {
        self.0.sys_mut().connect(&Address::Ip(AT.into()))
    }

    fn turn(&mut self) {
        self.0.turn(Some(Duration::ZERO)).expect("the wait");
        self.0.check();
    }

    fn settle(&mut self) {
        (0..200).for_each(|_| self.turn());
    }

    fn pass(&mut self, time: Duration) {
        self.0.sys_mut().advance(time);
    }

    fn mail(&mut self, mail: Encoded) {
        let id = self.0.connections().next().expect("it is connected").id;
        self.0.handle().mail(To::Conn(id), mail).expect("room for mail");
        self.settle();
    }
}

#[test]
fn whoever_was_told_full_is_called_when_there_is_room() {
    let marks = Marks::default();
    let mut config = Config::default();
    config.send_marks = marks;
    let window = 64 * 1024;
    let mut house = House::new(config, Link { window: window..=window, ..Link::perfect() });
    let client = house.1;
    house.0.sys_mut().stop_reading(client);
    // The kernel's buffer, and less than the low mark behind it.
    let first = vec![1; window as usize + 40_000];
    house.mail(Encoded::binary(&first));
    // That fits, but not now.
    let second = vec![2; marks.cap - 20_000];
    house.mail(Encoded::binary(&second));
    assert_eq!(house.0.app().not_sent, [NotSent::Full]);
    house.0.sys_mut().start_reading(client);
    let mut got = Vec::new();
    for _ in 0..100 {
        house.settle();
        got.extend(house.0.sys_mut().take(client));
    }
    assert!(got.ends_with(&second) && got.len() > first.len() + second.len());
    // It was called for that once, and not for every byte of room before.
    assert_eq!(house.0.app().not_sent.len(), 1);
}

#[test]
fn a_pong_that_the_loop_has_not_come_to_is_an_answer() {
    let mut house = House::new(Config::default(), Link::perfect());
    // More are ready than one wait tells of.
    house.0.sys_mut().set_batch(1);
    let clients = [house.1, house.connect(), house.connect()];
    house.settle();
    house.pass(Limits::DEFAULT.ping_after);
    house.settle();
    for client in clients {
        assert_eq!(house.0.sys_mut().take(client), PING);
        house.pass(Duration::from_millis(1));
        house.0.sys_mut().send(client, &[0x8a, 0x80, 0, 0, 0, 0]);
    }
    // The loop had to do something else for ten seconds, or the machine was stopped.
    house.pass(Limits::DEFAULT.pong_within);
    house.settle();
    assert_eq!(house.0.app().gone, []);
}

#[test]
fn deadlines_are_met_however_much_is_ready() {
    let mut house = House::new(Config::default(), Link::perfect());
    let busy = house.connect();
    house.settle();
    house.0.sys_mut().set_batch(1);
    house.pass(Limits::DEFAULT.ping_after);
    let turns = (1..100).find(|_| {
        house.0.sys_mut().send(busy, &[0x81, 0x80, 0, 0, 0, 0]);
        house.turn();
        house.0.sys_mut().take(house.1) == PING
    });
    assert!(turns.is_some_and(|turns| turns <= 17), "{turns:?}");
}
