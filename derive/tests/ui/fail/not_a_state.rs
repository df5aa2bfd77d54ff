//! What a variant holds has to be a state of this machine, not of another.

use readily_derive::Machine;
use readily_protocols::contract::{Alone, Fault, Io, State, Step};

struct Login;

#[derive(Machine)]
#[machine(crate = "readily_protocols")]
enum Conn {
    Login(Login),
}

#[derive(Machine)]
#[machine(crate = "readily_protocols")]
enum Other {
    Login(Login),
}

impl State<Other> for Login {
    fn advance(&mut self, _: &mut Io<'_, Alone<Other>>) -> Result<Step<Self, Other>, Fault> {
        Ok(Step::Finish)
    }
}

fn main() {}
