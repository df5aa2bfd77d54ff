//! The derive as users of `readily` meet it: one import, and no attribute that names a crate.

use readily::testing::Script;
use readily::{Alone, Fault, Io, Machine, State, Step};

/// Answers with as many bytes as it got, at most once.
#[derive(Machine)]
#[max_size(16)]
enum Conn {
    #[becomes(Count)]
    Wait(Wait),
    Count(Count),
}

struct Wait;
struct Count(usize);

impl State<Conn> for Wait {
    fn advance(&mut self, io: &mut Io<'_, Alone<Conn>>) -> Result<Step<Self, Conn>, Fault> {
        let arrived = io.rx.bytes().len();
        Ok(if arrived == 0 { Step::Wait } else { Step::becomes(Count(arrived)) })
    }
}

impl<M: Machine> State<M> for Count {
    fn advance(&mut self, io: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault> {
        io.rx.consume(self.0);
        io.tx.write(self.0.to_string().as_bytes());
        Ok(Step::Finish)
    }
}

/// A state of the library that is a whole machine.
#[derive(Machine)]
enum Echo {
    Echo(readily::echo::Echo),
}

#[test]
fn an_enum_is_a_machine() {
    let mut script = Script::new(Conn::Wait(Wait));
    script.feed(b"hello");
    assert_eq!((script.states(), script.sent()), (&["Wait", "Count"][..], &b"5"[..]));
    assert_eq!(script.over(), Some(Ok(())));
}

#[test]
fn a_state_of_the_library_is_a_machine_by_itself() {
    let mut script = Script::new(Echo::Echo(readily::echo::Echo));
    script.feed(b"hello").end();
    assert_eq!((script.sent(), script.over()), (&b"hello"[..], Some(Ok(()))));
}
