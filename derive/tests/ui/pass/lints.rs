//! What the derive writes does not answer to the user's lints.

#![deny(
    future_incompatible,
    keyword_idents,
    let_underscore,
    missing_copy_implementations,
    missing_docs,
    nonstandard_style,
    redundant_lifetimes,
    rust_2018_idioms,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unnameable_types,
    unreachable_pub,
    unsafe_code,
    unused,
    unused_qualifications,
    unused_results,
    variant_size_differences,
    warnings
)]

/// What the machine needs, where its generated paths could be shortened.
pub mod machine {
    use readily_derive::Machine;
    use readily_protocols::contract::{Fault, Io, Machine, State, Step};

    /// Starts.
    #[derive(Clone, Copy)]
    pub struct Login;

    /// Ends.
    #[derive(Clone, Copy)]
    pub struct Quit;

    /// A connection.
    #[derive(Machine, Clone, Copy)]
    #[machine(crate = "readily_protocols")]
    #[max_size(256)]
    pub enum Conn {
        /// At first.
        #[becomes(Quit)]
        #[deadline(within = "10s", idle = "60s")]
        Login(Login),
        /// At last.
        Quit(Quit),
    }

    /// One state.
    #[derive(Machine, Clone, Copy)]
    #[machine(crate = "readily_protocols")]
    #[max_size(0)]
    pub struct Alone;

    impl State<Conn> for Login {
        fn advance(
            &mut self,
            _: &mut Io<'_, <Conn as Machine>::App>,
        ) -> Result<Step<Self, Conn>, Fault> {
            Ok(Step::becomes(Quit))
        }
    }

    impl<M: Machine> State<M> for Quit {
        fn advance(&mut self, _: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault> {
            Ok(Step::Finish)
        }
    }

    impl<M: Machine> State<M> for Alone {
        fn advance(&mut self, _: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault> {
            Ok(Step::Finish)
        }
    }
}

fn main() {}
