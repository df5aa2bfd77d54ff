//! All that is wrong is said at once.

use readily_derive::Machine;

struct Login;
struct Quit;

#[derive(Machine)]
#[machine(application = Store)]
#[max_size(many)]
enum Conn {
    #[becomes(Redy, Quit)]
    #[deadline(within = "10")]
    Login(Login),
    Ready,
    Quit(Quit),
    Again(Quit),
}

fn main() {}
