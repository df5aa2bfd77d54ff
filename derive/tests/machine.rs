//! What the derive writes, at work: a line protocol of three states.

use std::time::{Duration, Instant};

use readily_derive::Machine;
use readily_protocols::contract::{
    Alone, App, Diagram, Fault, Io, Machine, Reason, State, StateInfo, Step, Timeouts,
};
use readily_protocols::testing::Script;

/// Whether anybody may log in.
#[derive(Default)]
struct Store {
    logins: u32,
}

impl App for Store {
    type Mail = News;
    type Conn = Conn;
}

enum News {
    Said(&'static str),
    Closing,
}

#[derive(Machine)]
#[machine(crate = "readily_protocols", app = Store)]
#[max_size(32)]
enum Conn {
    #[becomes(Ready, Quit)]
    #[deadline(within = "10s", idle = "1500ms")]
    Login(Login),
    #[becomes(Quit)]
    #[deadline(idle = "1h")]
    Ready(Ready),
    Quit(Quit),
}

/// Waits for `login`.
struct Login;
/// Shows what others said, until `quit`.
struct Ready {
    until: Instant,
}
/// Says goodbye.
struct Quit {
    word: &'static [u8],
}

impl State<Conn> for Login {
    fn advance(&mut self, io: &mut Io<'_, Store>) -> Result<Step<Self, Conn>, Fault> {
        if io.rx.has_ended() {
            return Ok(Step::becomes(Quit { word: b"bye" }));
        }
        let word = b"login\n";
        if !io.rx.bytes().starts_with(word) {
            return Ok(Step::Wait);
        }
        io.rx.consume(word.len());
        io.app.logins += 1;
        Ok(Step::becomes(Ready { until: io.now() + Duration::from_secs(5) }))
    }
}

impl State<Conn> for Ready {
    fn advance(&mut self, io: &mut Io<'_, Store>) -> Result<Step<Self, Conn>, Fault> {
        let over = io.rx.bytes() == b"quit\n";
        Ok(if over { Step::becomes(Quit { word: b"bye" }) } else { Step::Wait })
    }

    fn deadline(&self) -> Option<Instant> {
        Some(self.until)
    }

    fn expire(&mut self, why: Reason, _: &mut Io<'_, Store>) -> Result<Step<Self, Conn>, Fault> {
        match why {
            Reason::Own => Ok(Step::becomes(Quit { word: b"late" })),
            why => Err(Fault::TimedOut(why)),
        }
    }

    fn receive(&mut self, mail: News, io: &mut Io<'_, Store>) -> Result<Step<Self, Conn>, Fault> {
        match mail {
            News::Said(words) => io.tx.write(words.as_bytes()),
            News::Closing => return Ok(Step::becomes(Quit { word: b"closing" })),
        }
        Ok(Step::Wait)
    }
}

impl<M: Machine> State<M> for Quit {
    fn advance(&mut self, io: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault> {
        io.tx.write(self.word);
        Ok(Step::Finish)
    }
}

fn script() -> Script<Conn> {
    Script::new(Conn::Login(Login))
}

#[test]
fn it_goes_from_state_to_state_with_what_is_unread() {
    let mut script = script();
    script.feed(b"log").feed(b"in\nquit\n");
    assert_eq!(script.states(), ["Login", "Ready", "Quit"]);
    assert_eq!((script.sent(), script.over()), (&b"bye"[..], Some(Ok(()))));
    assert_eq!(script.app().logins, 1);
}

#[test]
fn it_skips_a_state_that_the_first_may_skip() {
    let mut script = script();
    script.end();
    assert_eq!(script.states(), ["Login", "Quit"]);
}

#[test]
fn mail_reaches_the_state_it_is_in() {
    let mut script = script();
    script.mail(News::Said("lost")).feed(b"login\n").mail(News::Said("hello"));
    assert_eq!(script.take_sent(), b"hello");
    script.mail(News::Closing);
    assert_eq!((script.sent(), script.over()), (&b"closing"[..], Some(Ok(()))));
}

#[test]
fn an_expiry_reaches_the_state_it_is_in() {
    for (why, sent, over) in [
        (Reason::Own, &b"late"[..], Ok(())),
        (Reason::Idle, b"", Err(Fault::TimedOut(Reason::Idle))),
    ] {
        let mut script = script();
        script.feed(b"login\n").expire(why);
        assert_eq!((script.sent(), script.over()), (sent, Some(over)), "in Ready: {why}");
    }
    let mut script = script();
    script.expire(Reason::Own);
    assert_eq!(script.over(), Some(Err(Fault::TimedOut(Reason::Own))), "the default, in Login");
}

#[test]
fn the_deadline_is_that_of_the_state_it_is_in() {
    let mut script = script();
    assert_eq!(script.machine().deadline(), None);
    let now = script.effects().now();
    script.feed(b"login\n");
    assert_eq!(script.machine().deadline(), Some(now + Duration::from_secs(5)));
    script.mail(News::Closing);
    assert_eq!(script.machine().deadline(), None);
}

#[test]
fn the_declaration_is_known_at_run_time() {
    let (secs, millis) = (Duration::from_secs, Duration::from_millis);
    let expected = [
        StateInfo {
            name: "Login",
            becomes: &[1, 2],
            timeouts: Timeouts::new(Some(secs(10)), Some(millis(1500))),
        },
        StateInfo { name: "Ready", becomes: &[2], timeouts: Timeouts::new(None, Some(secs(3600))) },
        StateInfo { name: "Quit", becomes: &[], timeouts: Timeouts::NONE },
    ];
    assert_eq!(Conn::STATES, expected);
    for (machine, position) in [
        (Conn::Login(Login), 0),
        (Conn::Ready(Ready { until: script().effects().now() }), 1),
        (Conn::Quit(Quit { word: b"" }), 2),
    ] {
        assert_eq!(machine.state(), position);
    }
}

/// The drift test that a user would write: the picture in the repository is the machine in the
/// code.
#[test]
fn the_pictures_in_the_repository_are_of_this_machine() {
    let Diagram { mermaid, dot } = Conn::DIAGRAM;
    assert_eq!(mermaid, include_str!("conn.mmd"));
    assert_eq!(dot, include_str!("conn.dot"));
}

/// Greets, and is all there is to its connections.
#[derive(Machine)]
#[machine(crate = "readily_protocols")]
#[deadline(idle = "60s")]
#[max_size(1)]
struct Hello {
    greeted: bool,
}

impl State<Hello> for Hello {
    fn advance(&mut self, io: &mut Io<'_, Alone<Hello>>) -> Result<Step<Self, Hello>, Fault> {
        if !self.greeted {
            io.tx.write(b"hello");
            self.greeted = true;
        }
        Ok(if io.rx.has_ended() { Step::Finish } else { Step::Wait })
    }
}

#[test]
fn a_struct_is_a_machine_of_one_state() {
    let mut script = Script::new(Hello { greeted: false });
    assert_eq!((script.sent(), script.over()), (&b"hello"[..], None));
    script.end();
    assert_eq!((script.sent(), script.over()), (&b"hello"[..], Some(Ok(()))));

    let timeouts = Timeouts::new(None, Some(Duration::from_secs(60)));
    assert_eq!(Hello::STATES, [StateInfo { name: "Hello", becomes: &[], timeouts }]);
}

#[test]
fn a_struct_expires_as_its_state_says() {
    let mut script = Script::new(Hello { greeted: false });
    script.expire(Reason::Idle);
    assert_eq!(script.over(), Some(Err(Fault::TimedOut(Reason::Idle))));
}
