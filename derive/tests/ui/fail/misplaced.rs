//! Attributes where they mean nothing.

use readily_derive::Machine;

struct Login;
struct Ready;

#[derive(Machine)]
#[machine(crate = "readily_protocols")]
#[becomes(Ready)]
#[deadline(idle = "1s")]
enum Conn {
    #[machine(app = Store)]
    #[max_size(1)]
    Login(#[becomes(Ready)] Login),
    Ready(#[deadline(idle = "1s")] Ready),
}

#[derive(Machine)]
#[machine(crate = "readily_protocols")]
#[becomes(Hello)]
struct Hello {
    #[deadline(idle = "1s")]
    greeted: bool,
}

fn main() {}
