//! The client of HTTP/1.1 on the loop, against our own server and against servers that break off:
//! every request has one fate, no answer is another's, and nothing is done twice.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use readily::http1::client::{
    Asked, Begin, Caller, Client, ClientLimits, Failure, Response, Retry,
};
use readily::http1::{Answer, Limits, Reply, Request, RequestLine, Server, Service, Status, Value};
use readily::sys::sim::{Buggify, Chance, ClientId, Link, Rng, Serving, Sim};
use readily::{
    Address, App, Config, Connect, Desk, Effects, End, Id, Listen, Machine, Reactor, To, Turn,
};

use crate::place::seeds;

/// One thing to ask for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Job {
    number: u32,
    method: &'static str,
    /// How often it was tried before.
    tries: u32,
}

/// What has become of one.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Fate {
    Answered(String),
    Lost,
}

/// All that is to be asked for, on one connection at a time.
struct Pool {
    to: Address,
    jobs: VecDeque<Job>,
    /// What is asked on each connection of ours.
    open: BTreeMap<Id, Option<Job>>,
    fates: BTreeMap<u32, Vec<Fate>>,
    /// How often the server has carried out each.
    done: BTreeMap<u32, u32>,
    retried: u32,
    /// How long to wait between two requests.
    pauses: Rng,
}

/// The time has come for the next request.
#[derive(Debug)]
struct Go;

impl App for Pool {
    type Mail = Go;
    type Conn = Conn;

    /// What the socket itself has ended was not told to its caller.
    fn gone(&mut self, id: Id, why: End, fx: &mut Effects<Self>) {
        let Some(open) = self.open.remove(&id) else { return };
        if let Some(job) = open {
            let unmade = matches!(why, End::Unreachable(_));
            self.settle(job, unmade || job.method == "GET");
        }
        self.connect(fx);
    }
}

impl Pool {
    fn new(to: &Address, jobs: &[Job], seed: u64) -> Pool {
        Pool {
            to: to.clone(),
            jobs: jobs.iter().copied().collect(),
            open: BTreeMap::new(),
            fates: BTreeMap::new(),
            done: BTreeMap::new(),
            retried: 0,
            pauses: Rng::new(seed),
        }
    }

    fn connect(&mut self, fx: &mut Effects<Self>) {
        if !self.jobs.is_empty() && !fx.draining() {
            let puller = Puller { id: None, asked: false, waits: false };
            let made = fx.connect(Connect::to(self.to.clone()), Conn::Out(Client::new(puller)));
            self.open.insert(made.expect("one at a time"), None);
        }
    }

    /// A request has failed.
    fn settle(&mut self, job: Job, again: bool) {
        if again {
            self.retried += 1;
            assert!(job.tries < 200, "it never comes to an end");
            self.jobs.push_front(Job { tries: job.tries + 1, ..job });
        } else {
            self.fates.entry(job.number).or_default().push(Fate::Lost);
        }
    }
}

#[derive(Machine)]
#[machine(app = Pool)]
enum Conn {
    Origin(Server<Origin>),
    Out(Client<Puller>),
}

/// The server: it ends connections as soon as it may.
struct Origin {
    limits: Limits,
    rng: Rng,
}

impl Service<Conn> for Origin {
    fn call(
        &mut self,
        request: &Request<'_>,
        reply: Reply<'_, Self, Conn>,
        desk: &mut Desk<'_, Pool>,
    ) -> Answer<Self, Conn> {
        let number = request.path()[1..].parse().expect("a number");
        *desk.app.done.entry(number).or_default() += 1;
        let body = answer(number);
        let reply = if self.rng.index(5) == 0 { reply.close() } else { reply };
        match self.rng.index(3) {
            0 => reply.status(Status::OK).header(readily::http1::Name::ETAG, TAG).body(&body),
            _ => reply.ok("text/plain", &body),
        }
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }
}

const TAG: Value<'_> = Value::from_static("\"x\"");

fn answer(number: u32) -> Vec<u8> {
    format!("answer {number} ").repeat(1 + number as usize * 37 % 300).into_bytes()
}

/// Asks for one thing after the other.
struct Puller {
    id: Option<Id>,
    asked: bool,
    waits: bool,
}

impl Puller {
    fn take(&mut self, desk: &mut Desk<'_, Pool>) -> Option<Job> {
        let id = self.id.take()?;
        desk.app.open.get_mut(&id)?.take()
    }
}

impl Caller<Conn> for Puller {
    fn next(&mut self, begin: Begin<'_>, desk: &mut Desk<'_, Pool>) -> Asked {
        let id = begin.id();
        self.id = Some(id);
        if self.asked && !self.waits {
            let pause = Duration::from_millis(80 + desk.app.pauses.index(45) as u64);
            desk.fx.after(pause, To::Conn(id), Go).expect("room for a timer");
            self.waits = true;
            return begin.idle();
        }
        if self.asked && desk.app.jobs.is_empty() {
            return begin.finish();
        }
        // It waits for its time.
        let Some(job) = desk.app.jobs.pop_front() else { return begin.finish() };
        self.asked = true;
        desk.app.open.insert(id, Some(job));
        let target = format!("/{}", job.number);
        let line = RequestLine::new(job.method, &target, "origin").expect("a sound line");
        begin.request(line).empty()
    }

    fn response(&mut self, response: &Response<'_>, desk: &mut Desk<'_, Pool>) {
        let job = self.take(desk).expect("a request is open");
        assert_eq!(response.status(), 200);
        let text = String::from_utf8_lossy(response.body()).into_owned();
        desk.app.fates.entry(job.number).or_default().push(Fate::Answered(text));
        self.waits = false;
    }

    fn failed(&mut self, failure: Failure, desk: &mut Desk<'_, Pool>) {
        let job = self.take(desk).expect("a request is open");
        desk.app.settle(job, failure.retry() == Retry::Safe);
    }

    fn mail(&mut self, _: Go, _: &mut Desk<'_, Pool>) -> Result<(), Go> {
        Ok(())
    }

    fn limits(&self) -> &ClientLimits {
        const LIMITS: ClientLimits =
            ClientLimits { answer_time: Duration::from_secs(3), ..ClientLimits::DEFAULT };
        &LIMITS
    }
}

/// These, GET and POST in turn.
fn jobs(n: u32) -> Vec<Job> {
    let method = |number: u32| if number % 3 == 2 { "POST" } else { "GET" };
    (1..=n).map(|number| Job { number, method: method(number), tries: 0 }).collect()
}

/// Begins to ask.
fn begin(reactor: &mut Reactor<Pool, Sim>) {
    let puller = Puller { id: None, asked: false, waits: false };
    let to = reactor.app().to.clone();
    let id = reactor.connect(Connect::to(to), Conn::Out(Client::new(puller))).expect("a place");
    reactor.app_mut().open.insert(id, None);
}

/// Turns until every job has its fate.
fn run(reactor: &mut Reactor<Pool, Sim>, n: usize, mut outside: impl FnMut(&mut Sim)) {
    let mut turns = 0;
    while reactor.app().fates.len() < n || !reactor.app().jobs.is_empty() {
        reactor.turn(Some(Duration::from_millis(20))).expect("the wait");
        outside(reactor.sys_mut());
        turns += 1;
        assert!(turns < 100_000, "{:?} of {n}", reactor.app().fates.len());
    }
    reactor.drain();
    while reactor.turn(Some(Duration::from_secs(1))).expect("the wait") == Turn::More {}
    assert_eq!((reactor.counters().panics, reactor.counters().ended_stuck), (0, 0));
}

/// I2, I3, I4: a server that ends connections whenever it may, on links that delay what it says.
#[test]
fn a_connection_that_ends_as_it_is_used_costs_no_answer() {
    let (mut retried, mut lost) = (0, 0);
    for seed in seeds(60) {
        let mut rng = Rng::new(seed);
        let breaks = rng.index(3) == 0;
        let mut sim = Sim::new(rng.draw());
        let reset = if breaks { Chance::percent(2) } else { Chance::NEVER };
        sim.set_link(Link { window: 2_000..=16_384, reset, ..Link::rough() });
        if rng.index(2) == 0 {
            sim.set_buggify(Buggify::ROUGH);
        }
        let at = Address::Ip(([10, 0, 0, 1], 80).into());
        let jobs = jobs(30);
        let pool = Pool::new(&at, &jobs, rng.draw());
        let mut reactor = Reactor::with(pool, sim, Config::default()).expect("a loop");
        let limits = Limits {
            idle_time: Duration::from_millis(100),
            requests: 1 + rng.index(6) as u32,
            ..Limits::DEFAULT
        };
        let mut draws = Rng::new(rng.draw());
        let served = reactor.listen_with(&at, Listen::default(), move |_, _| {
            Some(Conn::Origin(Server::new(Origin { limits, rng: Rng::new(draws.draw()) })))
        });
        served.expect("a listener");
        begin(&mut reactor);
        run(&mut reactor, jobs.len(), |_| {});
        let pool = reactor.app();
        for job in &jobs {
            let (fates, done) = (&pool.fates[&job.number], pool.done.get(&job.number));
            assert_eq!(fates.len(), 1, "seed {seed}: {job:?}: {fates:?}");
            match &fates[0] {
                Fate::Answered(text) => {
                    assert!(text.as_bytes() == answer(job.number), "seed {seed}: {job:?}");
                }
                Fate::Lost => {
                    assert!(breaks || job.method == "POST", "seed {seed}: {job:?}");
                    lost += 1;
                }
            }
            let most = if job.method == "POST" { 1 } else { u32::MAX };
            assert!(done.is_none_or(|done| *done <= most), "seed {seed}: {job:?} was done twice");
        }
        retried += pool.retried;
    }
    if std::env::var_os("READILY_SEED").is_none() {
        assert!(retried > 0 && lost > 0, "the race was met: {retried} and {lost}");
    }
}

/// How a server of the outside world breaks off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Break {
    Close,
    Reset,
}

/// The server answers one request, and breaks off after so many bytes of the second answer; from
/// then on it answers all.
fn broken_off(method: &'static str, cut: usize, how: Break) -> (Vec<Fate>, u32) {
    let at = Address::Ip(([10, 9, 9, 9], 80).into());
    let mut sim = Sim::new(1);
    sim.serve(&at, Serving::Accept);
    let jobs = [1, 2].map(|number| Job { number, method, tries: 0 });
    let mut reactor =
        Reactor::with(Pool::new(&at, &jobs, 1), sim, Config::default()).expect("a loop");
    begin(&mut reactor);
    let (mut clients, mut asked, mut seen): (Vec<ClientId>, u32, u32) = (Vec::new(), 0, 0);
    run(&mut reactor, 2, |sim| {
        clients.extend(sim.accepted(&at));
        for client in clients.clone() {
            let bytes = sim.take(client);
            if bytes.is_empty() {
                continue;
            }
            asked += 1;
            seen += u32::from(bytes.windows(4).any(|four| four == b" /2 "));
            let number = if bytes.windows(4).any(|four| four == b" /1 ") { 1 } else { 2 };
            let whole = whole(number);
            match asked {
                2 => {
                    sim.send(client, &whole[..cut]);
                    match how {
                        Break::Close => sim.close(client),
                        Break::Reset => sim.reset(client),
                    }
                }
                _ => sim.send(client, &whole),
            }
        }
    });
    (reactor.app().fates[&2].clone(), seen)
}

fn whole(number: u32) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nanswer {number}").into_bytes()
}

/// I1, I2 and I4: at each byte of an answer.
#[test]
fn a_server_that_breaks_off_is_asked_again_only_before_it_has_answered() {
    let length = whole(2).len();
    let answered = vec![Fate::Answered("answer 2".into())];
    for how in [Break::Close, Break::Reset] {
        for cut in 0..=length {
            let (fates, seen) = broken_off("GET", cut, how);
            let is_whole = fates == answered;
            // What was on its way when the connection was reset is lost.
            match (cut, how) {
                (0, _) => assert_eq!((is_whole, seen), (true, 2), "{how:?}"),
                (_, Break::Close) if cut == length => assert_eq!((is_whole, seen), (true, 1)),
                (_, Break::Close) => assert_eq!((fates, seen), (vec![Fate::Lost], 1), "{cut}"),
                (_, Break::Reset) => assert!(fates.len() == 1 && seen <= 2, "{cut}: {fates:?}"),
            }
            let (fates, seen) = broken_off("POST", cut, how);
            assert_eq!((fates.len(), seen), (1, 1), "{how:?} {cut}: a POST is never made again");
            assert!(cut == length || fates == [Fate::Lost], "{how:?} {cut}: {fates:?}");
        }
    }
}
