//! The size of a generic machine is known where one is built.

use readily_derive::Machine;
use readily_protocols::contract::{Fault, Io, Machine, State, Step};
use readily_protocols::testing::Script;

struct Small;
struct Big<const N: usize>([u8; N]);

#[derive(Machine)]
#[machine(crate = "readily_protocols")]
#[max_size(256)]
enum Conn<const N: usize> {
    Small(Small),
    Big(Big<N>),
}

impl<M: Machine> State<M> for Small {
    fn advance(&mut self, _: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault> {
        Ok(Step::Finish)
    }
}

impl<M: Machine, const N: usize> State<M> for Big<N> {
    fn advance(&mut self, _: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault> {
        Ok(Step::Finish)
    }
}

fn main() {
    let fits: Conn<100> = Conn::Small(Small);
    Script::new(fits);
    let too_large: Conn<300> = Conn::Big(Big([0; 300]));
    Script::new(too_large);
}
