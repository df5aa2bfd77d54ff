//! Names of the user's own that the derive's code must not confuse with its own.

mod core {}
mod std {}
mod readily {}

/// States named as what the derive's code mentions.
pub struct Result;
pub struct Option<T>(pub T);
pub struct Ok;
pub struct Some;
pub struct None;
pub struct State;
pub struct Step;
pub struct Next;
pub struct Machine;
pub struct Edge;
#[expect(non_camel_case_types, reason = "a raw name")]
pub struct r#async;

macro_rules! finishes {
    ($($state:ty),*) => {$(
        impl<M: ::readily_protocols::contract::Machine>
            ::readily_protocols::contract::State<M> for $state
        {
            fn advance(
                &mut self,
                _: &mut ::readily_protocols::contract::Io<'_, M::App>,
            ) -> ::core::result::Result<
                ::readily_protocols::contract::Step<Self, M>,
                ::readily_protocols::contract::Fault,
            > {
                ::core::result::Result::Ok(::readily_protocols::contract::Step::Finish)
            }
        }
    )*};
}
finishes!(Result, Option<u8>, Ok, Some, None, State, Step, Next, Machine, Edge, r#async);

/// The enum's name and its variants come from a macro, as do the types.
macro_rules! machine {
    ($name:ident: $($variant:ident($state:ty) -> $next:ident,)*) => {
        #[derive(::readily_derive::Machine)]
        #[machine(crate = "::readily_protocols")]
        #[max_size(64)]
        #[expect(non_camel_case_types, reason = "a raw name")]
        enum $name {$(
            #[becomes($next)]
            #[deadline(idle = "1s")]
            $variant($state),
        )*}
    };
}

machine! {
    Conn:
    Ok(Result) -> Err,
    Err(Option<u8>) -> Some,
    Some(Ok) -> None,
    None(Some) -> Self_,
    Self_(None) -> State,
    State(State) -> Step,
    Step(Step) -> Next,
    Next(Next) -> Machine,
    Machine(Machine) -> Edge,
    Edge(Edge) -> r#async,
    r#async(r#async) -> Ok,
}

fn main() {
    /// A machine that only this function knows.
    #[derive(::readily_derive::Machine)]
    #[machine(crate = "readily_protocols")]
    enum Local {
        Only(Ok),
    }

    use ::readily_protocols::contract::Machine as _;
    assert_eq!(Conn::STATES[10].name, "async");
    assert_eq!(Conn::Ok(Result).state(), 0);
    assert_eq!(Local::Only(Ok).state(), 0);
}
