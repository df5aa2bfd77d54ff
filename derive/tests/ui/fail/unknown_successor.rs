//! Successors are names of variants, written alone.

use readily_derive::Machine;

mod http {
    pub struct Server<T>(T);
}
struct Quit;

#[derive(Machine)]
#[machine(crate = "readily_protocols")]
enum Conn {
    #[becomes(Redy, http::Server<u8>, Server)]
    Http(http::Server<u8>),
    #[becomes(Conn::Quit, "Quit", to = Http, u8, (Quit, Quit), 7)]
    Quit(Quit),
}

#[derive(Machine)]
#[machine(crate = "readily_protocols")]
enum Alone {
    #[becomes(Ready)]
    Quit(Quit),
}

fn main() {}
