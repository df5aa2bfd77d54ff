use readily_derive::Machine;

struct Login<'a>(&'a str);

#[derive(Machine)]
#[machine(crate = "readily_protocols")]
enum Conn<'a> {
    Login(Login<'a>),
}

fn main() {}
