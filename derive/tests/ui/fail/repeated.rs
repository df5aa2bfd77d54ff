//! Each attribute is written once.

use readily_derive::Machine;

struct Login;
struct Ready;

#[derive(Machine)]
#[machine(app = Store)]
#[machine(crate = "readily")]
#[max_size(1)]
#[max_size(2)]
enum Conn {
    #[becomes(Login)]
    #[becomes(Ready)]
    Login(Login),
    #[deadline(within = "1s")]
    #[deadline(idle = "1s")]
    #[deadline(idle = "2s")]
    Ready(Ready),
}

fn main() {}
