//! Attributes without what they are for.

use readily_derive::Machine;

struct Login;
struct Ready;
struct Quit;
struct Gone;

#[derive(Machine)]
#[machine]
#[max_size]
enum Conn {
    #[becomes]
    #[deadline]
    Login(Login),
    #[becomes()]
    #[deadline()]
    Ready(Ready),
    #[becomes = "Quit"]
    #[deadline = "10s"]
    Quit(Quit),
    #[becomes(Quit Login)]
    #[deadline(within:)]
    Gone(Gone),
}

fn main() {}
