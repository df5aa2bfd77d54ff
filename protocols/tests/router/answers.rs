//! The router in a service: what a client gets.

use std::rc::Rc;
use std::time::Instant;

use readily_protocols::contract::{
    App, Desk, Diagram, Fault, Io, Machine, Never, Next, Reason, State, StateInfo, Step, Timeouts,
};
use readily_protocols::http1::router::{Handler, Params, Router, Routes};
use readily_protocols::http1::{Answer, Reply, Request, Server, Service};
use readily_protocols::testing::Script;

#[derive(Default)]
struct World {
    deleted: Vec<u64>,
}

impl App for World {
    type Mail = Never;
    type Conn = Conn;
}

struct Conn(Server<Site>);

/// What the derive writes for it.
impl Machine for Conn {
    type App = World;
    const STATES: &'static [StateInfo] =
        &[StateInfo { name: "Http", becomes: &[], timeouts: Timeouts::NONE }];
    const DIAGRAM: Diagram = Diagram { mermaid: "", dot: "" };

    fn advance(&mut self, io: &mut Io<'_, World>) -> Result<Next, Fault> {
        Step::settle(State::<Conn>::advance(&mut self.0, io), self)
    }

    fn expire(&mut self, why: Reason, io: &mut Io<'_, World>) -> Result<Next, Fault> {
        Step::settle(State::<Conn>::expire(&mut self.0, why, io), self)
    }

    fn receive(&mut self, mail: Never, _: &mut Io<'_, World>) -> Result<Next, Fault> {
        match mail {}
    }

    fn deadline(&self) -> Option<Instant> {
        State::<Conn>::deadline(&self.0)
    }

    fn state(&self) -> usize {
        0
    }
}

/// What belongs to one connection: how many requests it has made.
struct Site {
    router: Rc<Router<Handler<Site, Conn>>>,
    calls: u32,
}

type To<'a> = Reply<'a, Site, Conn>;
type Of<'a> = Desk<'a, World>;
type Done = Answer<Site, Conn>;

impl Service<Conn> for Site {
    fn call(&mut self, request: &Request<'_>, reply: To<'_>, desk: &mut Of<'_>) -> Done {
        let router = Rc::clone(&self.router);
        router.answer(self, request, reply, desk)
    }
}

impl Site {
    fn new() -> Self {
        let routes = Routes::<Handler<Site, Conn>>::new()
            .get("/", Site::home)
            .get("/users/{id}/{*rest}", Site::user)
            .delete("/users/{id}", Site::forget)
            .get("/bug/{id}", Site::bug);
        Site { router: Rc::new(routes.build().unwrap()), calls: 0 }
    }

    fn home(&mut self, _: &Request<'_>, _: &Params<'_>, reply: To<'_>, _: &mut Of<'_>) -> Done {
        self.calls += 1;
        reply.ok("text/plain", format!("home {}\n", self.calls).as_bytes())
    }

    fn user(&mut self, _: &Request<'_>, of: &Params<'_>, reply: To<'_>, _: &mut Of<'_>) -> Done {
        match of.take::<(u64, String)>() {
            Ok((id, rest)) => reply.ok("text/plain", format!("user {id} {rest}\n").as_bytes()),
            Err(bad) => bad.answer(reply),
        }
    }

    fn forget(&mut self, _: &Request<'_>, of: &Params<'_>, to: To<'_>, desk: &mut Of<'_>) -> Done {
        let Ok(id) = of.parse("id") else { return to.bad_request() };
        desk.app.deleted.push(id);
        to.ok("text/plain", b"forgotten\n")
    }

    fn bug(&mut self, _: &Request<'_>, of: &Params<'_>, reply: To<'_>, _: &mut Of<'_>) -> Done {
        match of.text("other") {
            Ok(_) => reply.ok("text/plain", b""),
            Err(bad) => bad.answer(reply),
        }
    }
}

/// Status line, `allow`, length and body of each answer, in one line.
fn brief(sent: &[u8]) -> Vec<String> {
    let all = String::from_utf8_lossy(sent).into_owned();
    let answers = all.split("HTTP/1.1 ").skip(1).map(|answer| {
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
        let kept = ["allow", "content-length"];
        let is_kept = |line: &&str| line.split_once(": ").is_some_and(|(n, _)| kept.contains(&n));
        let lines = head.lines().take(1).chain(head.lines().filter(is_kept)).chain([body.trim()]);
        lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" | ")
    });
    answers.collect()
}

#[test]
fn what_a_client_gets() {
    let mut script = Script::new(Conn(Server::new(Site::new())));
    let requests = [
        ("GET /?q=1", "200 OK | content-length: 7 | home 1"),
        ("HEAD /", "200 OK | content-length: 7"),
        ("GET http://a", "200 OK | content-length: 7 | home 3"),
        ("GET /users/7/a%2Fb/c", "200 OK | content-length: 13 | user 7 a/b/c"),
        ("GET /users/x/a", "400 Bad Request | content-length: 20 | a bad parameter: id"),
        (
            "GET /users/7/%ff",
            "400 Bad Request | content-length: 34 | a parameter that is no text: rest",
        ),
        ("DELETE /users/7", "200 OK | content-length: 10 | forgotten"),
        ("DELETE /users/-7", "400 Bad Request | content-length: 11 | Bad Request"),
        (
            "GET /users/7",
            "405 Method Not Allowed | allow: DELETE, OPTIONS | content-length: 18 | Method Not \
             Allowed",
        ),
        ("OPTIONS /users/7", "204 No Content | allow: DELETE, OPTIONS"),
        ("OPTIONS *", "204 No Content | allow: GET, HEAD, DELETE, OPTIONS"),
        ("OPTIONS /nowhere", "404 Not Found | content-length: 9 | Not Found"),
        ("GET /nowhere", "404 Not Found | content-length: 9 | Not Found"),
        ("GET /bug/1", "500 Internal Server Error | content-length: 21 | Internal Server Error"),
    ];
    for (request, _) in requests {
        script.feed(format!("{request} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes());
    }
    assert_eq!(brief(script.sent()), requests.map(|(_, answer)| answer));
    assert_eq!(script.app().deleted, [7]);
}
