//! A machine over its size names its largest state.

use readily_derive::Machine;
use readily_protocols::contract::{Fault, Io, Machine, State, Step};

struct Login([u8; 20]);
struct Ready([u8; 300]);
struct Quit;

#[derive(Machine)]
#[machine(crate = "readily_protocols")]
#[max_size(256)]
enum Conn {
    Login(Login),
    Ready(Ready),
    Quit(Quit),
}

#[derive(Machine)]
#[machine(crate = "readily_protocols")]
#[max_size(3)]
struct Hello(u32);

impl<M: Machine> State<M> for Login {
    fn advance(&mut self, _: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault> {
        Ok(Step::Finish)
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

impl<M: Machine> State<M> for Hello {
    fn advance(&mut self, _: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault> {
        Ok(Step::Finish)
    }
}

fn main() {}
