use readily_derive::Machine;

#[derive(Machine)]
#[machine(crate = "readily_protocols")]
union Conn {
    login: u32,
}

fn main() {}
