//! `#[derive(Machine)]`: joins states that you wrote into one connection.
//!
//! It goes on an enum of yours, each variant of which holds a state, or on a struct that is one
//! state. It writes nothing but impl blocks of plain `match`, which you could write yourself;
//! `docs/derive.md` shows all of it beside the enum it comes from. Use it as `readily::Machine`,
//! which is the trait and this derive under one name.
//!
//! The way through this crate: `parse` reads what the user wrote, `check` makes a `model` of it or
//! refuses, `emit` writes the code, with `diagram` for its picture and `size` for
//! `#[max_size(..)]`.

mod check;
mod diagram;
mod duration;
mod emit;
mod model;
#[cfg(test)]
mod page;
mod parse;
mod size;
mod stand_in;

use parse::Written;
use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, parse_macro_input};

/// Joins states into a machine: dispatch, checked transitions, deadlines and a state diagram.
///
/// ```
/// use readily_derive::Machine;
/// use readily_protocols::contract::{Alone, Fault, Io, Machine, State, Step};
/// use readily_protocols::testing::Script;
///
/// #[derive(Machine)]
/// # #[machine(crate = "readily_protocols")]
/// #[max_size(64)]
/// enum Conn {
///     #[becomes(Quit)]
///     #[deadline(within = "10s", idle = "2s")]
///     Login(Login),
///     Quit(Quit),
/// }
///
/// struct Login;
/// struct Quit;
///
/// impl State<Conn> for Login {
///     fn advance(&mut self, io: &mut Io<'_, Alone<Conn>>) -> Result<Step<Self, Conn>, Fault> {
///         Ok(if io.rx.bytes().is_empty() { Step::Wait } else { Step::becomes(Quit) })
///     }
/// }
///
/// impl State<Conn> for Quit {
///     fn advance(&mut self, io: &mut Io<'_, Alone<Conn>>) -> Result<Step<Self, Conn>, Fault> {
///         io.tx.write(b"bye");
///         Ok(Step::Finish)
///     }
/// }
///
/// let mut script = Script::new(Conn::Login(Login));
/// script.feed(b"hello");
/// assert_eq!((script.states(), script.sent()), (&["Login", "Quit"][..], &b"bye"[..]));
/// assert!(Conn::DIAGRAM.mermaid.contains("Login --> Quit"));
/// ```
///
/// # On an enum
/// Each variant is a tuple variant with one field, and that field's type is a state: it implements
/// `State<Conn>`. No two variants hold the same type. Type and const parameters and where clauses
/// are copied onto what is written; a lifetime is refused, since a connection outlives every
/// borrow.
///
/// # On a struct
/// The struct is its own only state: it implements `State<Hello>` for `Hello`, and becomes nothing.
///
/// # Attributes
/// Each is written once at its place, and none is needed.
///
/// `#[machine(app = Store, crate = "::readily")]`, on the type. `app` is the application the
/// machine is part of, any type that implements `App`; without it the machine is alone:
/// `Alone<Self>`, which needs `Self: 'static`. `crate` is the path of the crate whose module
/// `contract` the code names, `::readily` by default.
///
/// `#[max_size(256)]`, on the type. A machine of more bytes does not compile, and the error names
/// the largest state. The size of a generic machine is known only where one is used: the check is
/// made there, when `advance` is compiled for it (by `cargo build`, not by `cargo check`).
///
/// `#[becomes(Ready, Quit)]`, on a variant. The variants that may come next, by name, itself
/// included: `Step::becomes` takes what they hold and nothing else.
///
/// `#[deadline(within = "10s", idle = "60s")]`, on a variant or on a struct; either or both.
/// `within` is counted from the state's entry, `idle` from the last byte that moved. A duration is
/// a whole number above zero and one of `ms`, `s`, `m`, `h`.
///
/// # What is written
/// An `impl Edge` for each successor, and an `impl Machine`: its methods call those of `State` on
/// the state it is in, `STATES` repeats the declaration, and `DIAGRAM` draws it. In the picture the
/// first variant is a start, and so is each that no other becomes; a variant without successors is
/// an end.
///
/// # Errors
/// What cannot stand is refused where it was written, everything at once.
#[proc_macro_derive(Machine, attributes(machine, becomes, deadline, max_size))]
pub fn derive_machine(item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand(parse_macro_input!(item as DeriveInput)).into()
}

fn expand(input: DeriveInput) -> TokenStream {
    match check::check(Written::read(input)) {
        Ok(machine) => emit::emit(&machine),
        Err(refused) => {
            let stand_in = refused.machine.map(|machine| stand_in::stand_in(&machine));
            let errors = refused.error.into_compile_error();
            quote!(#errors #stand_in)
        }
    }
}
