//! A variant holds one state, and nothing else.

use readily_derive::Machine;

struct Login;

#[derive(Machine)]
#[machine(crate = "readily_protocols")]
enum Conn {
    Unit,
    Empty(),
    Two(Login, u32),
    Named { login: Login },
}

fn main() {}
