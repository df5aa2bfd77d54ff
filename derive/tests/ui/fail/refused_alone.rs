//! What was refused is all that is said: no error follows from there being no machine.

use readily_derive::Machine;
use readily_protocols::contract::{App, Fault, Io, Machine, Never, State, Step};

struct Store;
struct Login;
struct Ready<T>(T);

impl App for Store {
    type Mail = Never;
    type Conn = Conn<u8>;
}

#[derive(Machine)]
#[machine(crate = "readily_protocols", app = Store)]
enum Conn<T>
where
    T: From<u8>,
{
    #[becomes(Redy)]
    Login(Login),
    Ready(Ready<T>),
    Quit,
}

impl<T: From<u8>> State<Conn<T>> for Login {
    fn advance(&mut self, _: &mut Io<'_, Store>) -> Result<Step<Self, Conn<T>>, Fault> {
        Ok(Step::becomes(Ready(T::from(0))))
    }
}

impl<M: Machine, T> State<M> for Ready<T> {
    fn advance(&mut self, _: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault> {
        Ok(Step::Finish)
    }
}

fn main() {}
