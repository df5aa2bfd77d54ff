//! Deadlines: the keys, and what is a duration.

use readily_derive::Machine;

struct S<const N: usize>;

#[derive(Machine)]
#[machine(crate = "readily_protocols")]
enum Conn {
    #[deadline(within = "10")]
    NoUnit(S<0>),
    #[deadline(within = "10x")]
    WrongUnit(S<1>),
    #[deadline(within = "")]
    Nothing(S<2>),
    #[deadline(idle = "0s")]
    Zero(S<3>),
    #[deadline(idle = "1.5s")]
    Fraction(S<4>),
    #[deadline(idle = 10)]
    Number(S<5>),
    #[deadline(idle = Duration)]
    Type(S<6>),
    #[deadline("10s")]
    NoKey(S<7>),
    #[deadline(after = "10s", within = "10s")]
    UnknownKey(S<8>),
    #[deadline(idle = "10s", idle = "20s")]
    Twice(S<9>),
}

fn main() {}
