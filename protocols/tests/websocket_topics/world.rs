//! An application that has topics, and a connection that pulls from them.

use std::time::Duration;

use readily_protocols::contract::{App, Effect, Fault, Id};
use readily_protocols::testing::Script;
use readily_protocols::websocket::{
    Encoded, Handler, Heard, Message, Next, Policy, Pulled, Refused, Slow, Socket, Solo, Topics,
    WebSocket,
};

/// What a message of one letter costs.
pub(crate) const LETTER: usize = 3 + 64;

#[derive(Debug, Default)]
pub(crate) struct World(pub(crate) Topics);

impl App for World {
    /// Somebody should pull.
    type Mail = ();
    type Conn = Conn;
}

pub(crate) type Conn = Solo<World, WebSocket<Reader>>;

/// Pulls, and writes down how that ended.
#[derive(Debug, Default)]
pub(crate) struct Reader(pub(crate) Vec<Pulled>);

impl Reader {
    fn pull(&mut self, socket: &mut Socket<'_, World>) {
        self.0.push(socket.pull(|app| &mut app.0));
    }
}

impl Handler<World> for Reader {
    fn message(&mut self, _: Message<'_>, _: &mut Socket<'_, World>) -> Result<(), Fault> {
        Ok(())
    }

    fn mail(&mut self, (): (), socket: &mut Socket<'_, World>) -> Result<Heard, Fault> {
        self.pull(socket);
        Ok(Heard::Taken)
    }

    fn room(&mut self, socket: &mut Socket<'_, World>) -> Result<(), Fault> {
        self.pull(socket);
        Ok(())
    }
}

pub(crate) fn id(index: u32) -> Id {
    Id { index, generation: 1 }
}

pub(crate) fn policy(slow: Slow, letters: usize) -> Policy {
    Policy { slow, backlog: letters * LETTER }
}

/// Topics, and the loop's side of them.
pub(crate) struct Stage {
    pub(crate) topics: Topics,
    script: Script<Conn>,
}

impl Stage {
    pub(crate) fn new(topics: Topics) -> Self {
        Stage { topics, script: subscriber(Topics::default()) }
    }

    /// All topics have that policy, and room for so many letters.
    pub(crate) fn of(slow: Slow, letters: usize) -> Self {
        Stage::new(Topics::new(policy(slow, letters)))
    }

    pub(crate) fn subscribe(&mut self, index: u32, topic: &str) {
        assert_eq!(self.topics.subscribe(id(index), topic), Ok(()), "{index} to {topic}");
    }

    /// Publishes in a turn of its own.
    pub(crate) fn publish(&mut self, topic: &str, text: &str) -> Result<usize, Refused> {
        self.turn();
        self.publish_more(topic, text)
    }

    /// Publishes in the same turn as the last.
    pub(crate) fn publish_more(&mut self, topic: &str, text: &str) -> Result<usize, Refused> {
        self.send(topic, &Encoded::text(text))
    }

    pub(crate) fn send(&mut self, topic: &str, message: &Encoded) -> Result<usize, Refused> {
        self.topics.publish(topic, message, self.script.effects())
    }

    pub(crate) fn burst_left(&mut self, topic: &str) -> usize {
        self.topics.burst_left(topic, self.script.effects())
    }

    /// Publishes each character in a turn of its own.
    pub(crate) fn publish_each(&mut self, topic: &str, letters: &str) {
        for letter in letters.chars() {
            assert!(self.publish(topic, letter.encode_utf8(&mut [0; 4])).is_ok(), "{letter}");
        }
    }

    pub(crate) fn turn(&mut self) {
        self.script.wait(Duration::from_nanos(1));
    }

    /// What a subscriber takes next, and takes.
    pub(crate) fn take(&mut self, index: u32) -> Next {
        let next = self.topics.next(id(index));
        if matches!(next, Next::Message(_)) {
            self.topics.taken(id(index));
        }
        next
    }

    /// Takes all that there is of letters.
    pub(crate) fn take_all(&mut self, index: u32) -> String {
        let mut all = String::new();
        loop {
            match self.take(index) {
                Next::Message(message) => all.push(letter(&message)),
                Next::Nothing => return all,
                Next::Behind => return all + "!",
            }
        }
    }

    /// Who was woken since this was asked last, lowest first.
    pub(crate) fn woken(&mut self) -> Vec<Id> {
        let woken = self.script.effects().list().drain(..).map(|effect| match effect {
            Effect::Wake(id) => id,
            other => panic!("{other:?}"),
        });
        let mut woken: Vec<Id> = woken.collect();
        woken.sort_unstable();
        woken
    }
}

/// The letter that a message is.
fn letter(message: &Encoded) -> char {
    let letters = ('a'..='z').chain('0'..='9');
    let is = |letter: &char| Encoded::text(letter.encode_utf8(&mut [0; 4])) == *message;
    letters.into_iter().find(is).expect("a letter")
}

/// A connection that is subscribed to `news`, and its world.
pub(crate) fn subscriber(topics: Topics) -> Script<Conn> {
    let mut script = Script::with_app(Solo::new(WebSocket::new(Reader::default())), World(topics));
    script.app().0.subscribe(id(0), "news").expect("a topic");
    script
}

/// Publishes to it, in a turn of its own.
pub(crate) fn publish(script: &mut Script<Conn>, message: &Encoded) -> Result<usize, Refused> {
    script.wait(Duration::from_nanos(1));
    // Both are of the script, which lends one at a time.
    let mut topics = std::mem::take(&mut script.app().0);
    let published = topics.publish("news", message, script.effects());
    script.app().0 = topics;
    published
}
