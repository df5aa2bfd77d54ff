//! Becoming what was not declared is an error where it is done.

use readily_derive::Machine;
use readily_protocols::contract::{Alone, Fault, Io, Machine, State, Step};

struct Login;
struct Ready;
struct Quit;

#[derive(Machine)]
#[machine(crate = "readily_protocols")]
enum Conn {
    #[becomes(Ready)]
    Login(Login),
    Ready(Ready),
    Quit(Quit),
}

impl State<Conn> for Login {
    fn advance(&mut self, io: &mut Io<'_, Alone<Conn>>) -> Result<Step<Self, Conn>, Fault> {
        if io.rx.has_ended() {
            return Ok(Step::becomes(Quit));
        }
        Ok(Step::becomes(Ready))
    }
}

impl<M: Machine> State<M> for Ready {
    fn advance(&mut self, _: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault> {
        Ok(Step::Finish)
    }
}

impl<M: Machine> State<M> for Quit {
    fn advance(&mut self, _: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault> {
        Ok(Step::Finish)
    }
}

fn main() {}
