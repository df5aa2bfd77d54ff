//! Which part of a program answers a request: by its path, then by its method.
//!
//! [`Routes`] are written down once, and become a [`Router`]: a value for each method and pattern.
//!
//! ```
//! use std::rc::Rc;
//!
//! use readily_protocols::contract::{Desk, Machine};
//! use readily_protocols::http1::router::{BadRoute, Router, Routes};
//! use readily_protocols::http1::{Answer, Reply, Request, Service};
//!
//! enum Page {
//!     Home,
//!     User,
//!     Upload,
//! }
//!
//! /// One for each connection; the router is made once for all of them.
//! struct Site {
//!     router: Rc<Router<Page>>,
//! }
//!
//! fn router() -> Result<Router<Page>, BadRoute> {
//!     Routes::new()
//!         .get("/", Page::Home)
//!         .get("/users/{id}", Page::User)
//!         .post("/upload", Page::Upload)
//!         .build()
//! }
//!
//! impl<M: Machine> Service<M> for Site {
//!     fn call(
//!         &mut self,
//!         request: &Request<'_>,
//!         reply: Reply<'_, Self, M>,
//!         _: &mut Desk<'_, M::App>,
//!     ) -> Answer<Self, M> {
//!         let found = match self.router.find(request) {
//!             Ok(found) => found,
//!             Err(miss) => return miss.answer(reply), // 404, 405, or 204 for OPTIONS
//!         };
//!         match found.route {
//!             Page::Home => reply.ok("text/html", b"<h1>Welcome</h1>"),
//!             Page::User => match found.params.parse::<u64>("id") {
//!                 Ok(id) => reply.ok("text/plain", format!("user {id}\n").as_bytes()),
//!                 Err(bad) => bad.answer(reply), // 400
//!             },
//!             Page::Upload => reply.ok("application/octet-stream", request.body()),
//!         }
//!     }
//! }
//! # router().unwrap();
//! ```
//!
//! The value may as well be a function: a [`Handler`], which [`Router::answer`] calls.
//!
//! # Patterns
//!
//! A pattern begins with `/`, and each of its segments is one of three:
//!
//! | segment | matches |
//! | --- | --- |
//! | `users` | that text, byte by byte |
//! | `{id}` | one segment, not empty |
//! | `{*path}` | all the rest, with its slashes, not empty; only at the end |
//!
//! - **The more special one wins**, segment by segment from the left: the text, then `{id}`, then
//!   `{*path}`. If what follows does not match, the next one is tried. The order in which routes
//!   were added is of no matter, and no two patterns are ever equally good.
//! - **The path decides first, then the method.** A path whose best pattern lacks the method is
//!   answered 405, even if another pattern would match it and has the method.
//! - **A slash at the end counts**: `/a` and `/a/` are two paths. `/a/{*path}` matches neither of
//!   them. Nothing is redirected; add both where both are meant.
//! - **Nothing is decoded or made regular**: `/a%62`, `//ab`, `/./ab` are not `/ab`, and `%2F` does
//!   not end a segment. So a pattern that guards a path is never walked around into its handler:
//!   what is spelled otherwise is another path, and is not found or falls to a wider pattern.
//!
//! # What is guaranteed
//!
//! - Nothing is allocated for a request; a pattern without parameters is found by one hash, in the
//!   same time however many routes there are.
//! - No path makes a search longer than the routes do: each of their segments is looked at at most
//!   once.
//! - Nothing panics on a bad route: [`Routes::build`] says which one, in one line.

use std::fmt;

mod miss;
mod params;
mod pattern;
mod resource;
mod routes;
mod table;
mod take;
mod tree;
mod word;

use self::resource::{Resource, allow};
use self::tree::{Spans, Tree};
use super::{Answer, Reply, Request, Value};
use crate::contract::{Desk, Machine};

pub use self::miss::Miss;
pub use self::params::{BadParam, BadParamKind, Params};
pub use self::pattern::{BadRoute, PARAMS_MOST};
pub use self::routes::Routes;
pub use self::take::{FromParam, FromParams};

/// A value for each method and pattern, made by [`Routes::build`] and never changed.
///
/// It is made once and shared by the connections of a loop, in an `Rc`, or by all loops, in an
/// `Arc` or a `static`.
pub struct Router<T> {
    tree: Tree,
    resources: Box<[Resource<T>]>,
    /// What is answered to `OPTIONS *`.
    allow: Box<str>,
}

/// The route of a request.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a, T> {
    /// What was given for it.
    pub route: &'a T,
    /// What the path holds where the pattern has parameters.
    pub params: Params<'a>,
}

/// A function that answers the requests of a route: what [`Service::call`](super::Service::call)
/// is, with the parameters of the path.
pub type Handler<S, M> = fn(
    &mut S,
    &Request<'_>,
    &Params<'_>,
    Reply<'_, S, M>,
    &mut Desk<'_, <M as Machine>::App>,
) -> Answer<S, M>;

impl<T> Router<T> {
    /// The route of that request.
    ///
    /// # Errors
    /// [`Miss`] if there is none, which says what to answer.
    #[inline]
    pub fn find<'a>(&'a self, request: &Request<'a>) -> Result<Found<'a, T>, Miss<'a>> {
        self.at(request.method(), request.path())
    }

    /// The route of that method and path, which is not decoded and has no query.
    ///
    /// # Errors
    /// [`Miss`] if there is none, which says what to answer.
    #[inline]
    pub fn at<'a>(&'a self, method: &str, path: &'a str) -> Result<Found<'a, T>, Miss<'a>> {
        let mut spans = Spans::NONE;
        let Some(number) = self.tree.find(path, &mut spans) else {
            return Err(self.nowhere(method, path));
        };
        let resource = &self.resources[number as usize];
        match resource.value(method) {
            Some(route) => Ok(Found { route, params: Params::new(path, resource.shape(), spans) }),
            None => Err(other_method(method, resource.allow())),
        }
    }

    fn of(tree: Tree, resources: Vec<Resource<T>>) -> Self {
        let allow = allow(resources.iter().flat_map(Resource::methods));
        Router { tree, resources: resources.into(), allow }
    }

    #[cold]
    fn nowhere(&self, method: &str, path: &str) -> Miss<'_> {
        if method == "OPTIONS" && path == "*" {
            return Miss::Options { allow: Value::unchecked(&self.allow) };
        }
        Miss::NotFound
    }
}

impl<S, M: Machine> Router<Handler<S, M>> {
    /// Finds the route and calls it, or answers that there is none: what
    /// [`Service::call`](super::Service::call) may be as a whole.
    ///
    /// The router must not lie in the service itself, which is lent to the route: it is in an `Rc`
    /// that was cloned, or lives as long as the program.
    #[inline]
    pub fn answer(
        &self,
        service: &mut S,
        request: &Request<'_>,
        reply: Reply<'_, S, M>,
        desk: &mut Desk<'_, M::App>,
    ) -> Answer<S, M> {
        match self.find(request) {
            Ok(found) => (found.route)(service, request, &found.params, reply, desk),
            Err(miss) => miss.answer(reply),
        }
    }
}

#[cold]
fn other_method<'a>(method: &str, allow: &'a str) -> Miss<'a> {
    let allow = Value::unchecked(allow);
    if method == "OPTIONS" { Miss::Options { allow } } else { Miss::NotAllowed { allow } }
}

impl<T> fmt::Debug for Router<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines =
            self.resources.iter().map(|resource| (&resource.shape().pattern, resource.allow()));
        f.debug_map().entries(lines).finish()
    }
}
