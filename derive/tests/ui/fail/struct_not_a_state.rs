//! A struct that is a machine has to be a state of itself, not of another.

use readily_derive::Machine;
use readily_protocols::contract::{Alone, Fault, Io, State, Step};

#[derive(Machine)]
#[machine(crate = "readily_protocols")]
struct Hello;

#[derive(Machine)]
#[machine(crate = "readily_protocols")]
enum Other {
    Hello(Hello),
}

impl State<Other> for Hello {
    fn advance(&mut self, _: &mut Io<'_, Alone<Other>>) -> Result<Step<Self, Other>, Fault> {
        Ok(Step::Finish)
    }
}

fn main() {}
