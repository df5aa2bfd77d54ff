//! `#[max_size(..)]` takes one number.

use readily_derive::Machine;

#[derive(Machine)]
#[machine(crate = "readily_protocols")]
#[max_size("256")]
struct Text;

#[derive(Machine)]
#[machine(crate = "readily_protocols")]
#[max_size(bytes = 256)]
struct Named;

#[derive(Machine)]
#[machine(crate = "readily_protocols")]
#[max_size(256, 512)]
struct Two;

#[derive(Machine)]
#[machine(crate = "readily_protocols")]
#[max_size(SIZE)]
struct Name;

#[derive(Machine)]
#[machine(crate = "readily_protocols")]
#[max_size(-1)]
struct Negative;

#[derive(Machine)]
#[machine(crate = "readily_protocols")]
#[max_size(99999999999999999999)]
struct Much;

fn main() {}
