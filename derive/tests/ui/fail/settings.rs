//! `#[machine(..)]` and what it does not take.

use readily_derive::Machine;

struct Store;

#[derive(Machine)]
#[machine(app = "Store", crate = readily, mail = u8)]
struct Login;

#[derive(Machine)]
#[machine(Store)]
struct Ready;

#[derive(Machine)]
#[machine(crate = "not a path", app = Store, app = Store)]
struct Quit;

fn main() {}
