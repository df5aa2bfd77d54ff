use readily_derive::Machine;

struct Login;
struct Quit;

#[derive(Machine)]
#[machine(crate = "readily_protocols")]
enum Conn {
    #[becomes(Quit, Login, Quit)]
    Login(Login),
    Quit(Quit),
}

fn main() {}
