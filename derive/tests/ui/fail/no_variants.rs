use readily_derive::Machine;

#[derive(Machine)]
#[machine(crate = "readily_protocols")]
enum Conn {}

fn main() {}
