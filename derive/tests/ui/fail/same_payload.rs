//! Two variants that hold the same type.

#![expect(unused_parens, reason = "the same type, written otherwise")]

use readily_derive::Machine;
use readily_protocols::echo::Echo;

struct Login<T>(T);

#[derive(Machine)]
#[machine(crate = "readily_protocols")]
enum Conn {
    #[becomes(Again)]
    First(Echo),
    Again((Echo)),
    Plain(Login<u8>),
    Secure(Login<u16>),
    Other(Login<u8>),
}

fn main() {}
