//! Generics and where clauses are copied on; states of libraries fit any machine.

use std::marker::PhantomData;

use readily_derive::Machine;
use readily_protocols::contract::{App, Edge, Fault, Io, Machine, Never, State, Step};
use readily_protocols::testing::Script;

/// What a library may offer: a state that becomes whatever its service made.
struct Http<S>(S);
struct WebSocket<const N: usize>([u8; N]);

trait Service<A: App> {
    type Upgrade;
    fn upgrade(&mut self, app: &mut A) -> Self::Upgrade;
}

impl<M, S> State<M> for Http<S>
where
    S: Service<M::App>,
    M: Machine + Edge<Self, S::Upgrade>,
{
    fn advance(&mut self, io: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault> {
        Ok(Step::becomes(self.0.upgrade(io.app)))
    }
}

impl<M: Machine, const N: usize> State<M> for WebSocket<N> {
    fn advance(&mut self, io: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault> {
        io.tx.write(&self.0);
        Ok(Step::Finish)
    }
}

/// A type parameter, bounded here and below, a const parameter, and defaults.
#[derive(Machine)]
#[machine(crate = "readily_protocols", app = Site<S, N>)]
#[max_size(256)]
enum Conn<S: 'static = Chat, const N: usize = 2>
where
    S: Service<Site<S, N>, Upgrade = WebSocket<N>>,
{
    #[becomes(WebSocket)]
    Http(Http<S>),
    WebSocket(WebSocket<N>),
}

struct Site<S, const N: usize>(PhantomData<S>);

impl<S, const N: usize> App for Site<S, N>
where
    S: Service<Self, Upgrade = WebSocket<N>> + 'static,
{
    type Mail = Never;
    type Conn = Conn<S, N>;
}

struct Chat;

impl Service<Site<Chat, 2>> for Chat {
    type Upgrade = WebSocket<2>;

    fn upgrade(&mut self, _: &mut Site<Chat, 2>) -> WebSocket<2> {
        WebSocket(*b"hi")
    }
}

/// Without an application, the machine has to be `'static` by itself.
#[derive(Machine)]
#[machine(crate = "readily_protocols")]
#[max_size(24)]
struct Greeting<T: AsRef<[u8]> + 'static>(T);

impl<T: AsRef<[u8]>> State<Greeting<T>> for Greeting<T> {
    fn advance(
        &mut self,
        io: &mut Io<'_, <Self as Machine>::App>,
    ) -> Result<Step<Self, Self>, Fault> {
        io.tx.write(self.0.as_ref());
        Ok(Step::Finish)
    }
}

fn main() {
    let conn: Conn = Conn::Http(Http(Chat));
    let script = Script::with_app(conn, Site(PhantomData));
    assert_eq!((script.states(), script.sent()), (&["Http", "WebSocket"][..], &b"hi"[..]));
    assert_eq!(Script::new(Greeting("hello")).sent(), b"hello");
    assert_eq!(Script::new(Greeting(vec![1])).sent(), [1]);
}
