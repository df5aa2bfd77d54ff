//! Events for connections that have ended reach nobody, above all not who has their slot now.

use readily::sys::sim::{Buggify, Chance, ClientId, Sim};
use readily::{Address, App, Config, End, Fault, Id, Io, Machine, Reactor, State, Step};

/// What happened, in order.
#[derive(Default)]
struct Diary {
    /// Who is closed by a number.
    targets: Vec<Id>,
    heard: Vec<(Id, u8)>,
    gone: Vec<(Id, usize)>,
}

impl App for Diary {
    type Mail = ();
    type Conn = Mortal;

    fn gone(&mut self, id: Id, _: End, _: &mut readily::Effects<Self>) {
        self.gone.push((id, self.heard.len()));
    }
}

/// Notes each byte, and closes whom it names.
#[derive(Machine)]
#[machine(app = Diary)]
struct Mortal;

impl State<Mortal> for Mortal {
    fn advance(&mut self, io: &mut Io<'_, Diary>) -> Result<Step<Self, Mortal>, Fault> {
        let bytes = io.rx.bytes().to_vec();
        io.rx.consume(bytes.len());
        for byte in bytes {
            io.app.heard.push((io.id(), byte));
            if let Some(target) = io.app.targets.get(usize::from(byte)) {
                let target = *target;
                io.close(target);
            }
        }
        Ok(if io.rx.has_ended() { Step::Finish } else { Step::Wait })
    }
}

/// Closes nobody.
const HARMLESS: u8 = 99;

struct Place {
    reactor: Reactor<Diary, Sim>,
    at: Address,
}

impl Place {
    fn new(buggify: Buggify) -> Place {
        let mut sim = Sim::new(1);
        sim.set_buggify(buggify);
        let config = Config::default();
        let mut reactor = Reactor::with(Diary::default(), sim, config).expect("a loop");
        let at = Address::Ip(([10, 0, 0, 1], 80).into());
        reactor.listen(&at, |_, _| Some(Mortal)).expect("a listener");
        Place { reactor, at }
    }

    fn turns(&mut self) {
        for _ in 0..5 {
            self.reactor.turn(Some(std::time::Duration::ZERO)).expect("the wait");
            self.reactor.check();
        }
    }

    /// Connects some, and names them as targets in this order.
    fn cast(&mut self, n: usize) -> Vec<ClientId> {
        let clients: Vec<_> = (0..n).map(|_| self.reactor.sys_mut().connect(&self.at)).collect();
        self.turns();
        let ids = clients.iter().map(|client| self.id_of(*client)).collect();
        *self.reactor.app_mut() = Diary { targets: ids, ..Diary::default() };
        clients
    }

    fn id_of(&mut self, client: ClientId) -> Id {
        let address = self.reactor.sys_mut().address(client);
        let found = self.reactor.connections().find(|open| open.remote.address() == address);
        found.expect("it is connected").id
    }

    fn send(&mut self, client: ClientId, byte: u8) {
        self.reactor.sys_mut().send(client, &[byte]);
    }

    /// Nobody is called after its end, and whoever was not closed was called once.
    fn check(&self, told: &str) {
        let Diary { targets, heard, gone } = self.reactor.app();
        for (id, at) in gone {
            assert!(heard[*at..].iter().all(|(by, _)| by != id), "{told}: called after its end");
            assert_eq!(gone.iter().filter(|(other, _)| other == id).count(), 1, "{told}");
        }
        for id in targets.iter().filter(|id| gone.iter().all(|(gone, _)| gone != *id)) {
            assert_eq!(heard.iter().filter(|(by, _)| by == id).count(), 1, "{told}: not called");
        }
    }
}

#[test]
fn the_second_event_of_a_batch_whose_first_closed_it_reaches_nobody() {
    let mut place = Place::new(Buggify::NONE);
    for trial in 0..2000 {
        let [killer, victim] = place.cast(2)[..] else { panic!("two were asked for") };
        place.send(killer, 1);
        place.send(victim, HARMLESS);
        let newcomer = place.reactor.sys_mut().connect(&place.at);
        place.send(newcomer, HARMLESS);
        place.turns();
        let newcomer = place.id_of(newcomer);
        let Diary { targets, heard, gone } = place.reactor.app();
        assert_eq!(heard, &[(targets[0], 1), (newcomer, HARMLESS)], "trial {trial}");
        assert_eq!(gone, &[(targets[1], 1)], "trial {trial}");
    }
    assert!(place.reactor.counters().stale_events >= 2000);
}

#[test]
fn a_late_event_does_not_reach_the_next_owner_of_a_slot() {
    let mut place = Place::new(Buggify { stale: Chance::ALWAYS, ..Buggify::NONE });
    let mut reused = 0;
    for trial in 0..2000 {
        let [killer, victim] = place.cast(2)[..] else { panic!("two were asked for") };
        place.send(killer, 1);
        place.turns();
        let newcomer = place.reactor.sys_mut().connect(&place.at);
        place.send(newcomer, HARMLESS);
        place.turns();
        let newcomer = place.id_of(newcomer);
        let Diary { targets, heard, .. } = place.reactor.app();
        reused += usize::from(newcomer.index == targets[1].index);
        assert_eq!(heard, &[(targets[0], 1), (newcomer, HARMLESS)], "trial {trial}");
        assert!(place.reactor.sys_mut().was_reset(victim));
    }
    assert!(reused == 2000 && place.reactor.counters().stale_events >= 2000, "{reused} reused");
}

#[test]
fn whoever_closes_whom_in_a_batch_of_four_nobody_is_called_after_its_end() {
    let orders = permutations(4);
    for targets in 0..5_u32.pow(4) {
        for order in &orders {
            let mut place = Place::new(Buggify::NONE);
            let clients = place.cast(4);
            for at in order {
                let target = (targets / 5_u32.pow(*at as u32) % 5) as u8;
                place.send(clients[*at], if target == 4 { HARMLESS } else { target });
            }
            place.turns();
            place.check(&format!("targets {targets}, order {order:?}"));
        }
    }
}

fn permutations(n: usize) -> Vec<Vec<usize>> {
    if n == 0 {
        return vec![vec![]];
    }
    let shorter = permutations(n - 1);
    let insert = |order: &Vec<usize>| {
        let order = order.clone();
        (0..n).map(move |at| {
            let mut longer = order.clone();
            longer.insert(at, n - 1);
            longer
        })
    };
    shorter.iter().flat_map(insert).collect()
}
