//! Endpoints in memory, on links that lose, double, reorder and delay, under a virtual clock.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};

use readily_protocols::contract::{
    Alone, Datagram, Desk, Ecn, Effects, Endpoint, Id, Never, Outbox, StreamEvent, Streams,
    Transmit,
};
use readily_protocols::quic::{Datagrams, Limits, NoDatagrams, Quic, Secrets};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

pub(crate) type App = Alone<Never>;

/// The name that the server proves to have.
pub(crate) const NAME: &str = "localhost";
/// A connection of the loop that a stream is for.
pub(crate) const ID: Id = Id { index: 1, generation: 1 };

/// One endpoint, and what it needs to be called.
pub(crate) struct Node<D = NoDatagrams> {
    pub(crate) at: SocketAddr,
    pub(crate) quic: Quic<D>,
    pub(crate) fx: Effects<App>,
    /// How many datagrams of one size its socket takes at once.
    pub(crate) segments: usize,
    app: App,
}

impl<D: Datagrams<App>> Node<D> {
    pub(crate) fn new(at: SocketAddr, quic: Quic<D>) -> Self {
        let outbox = Arc::new(Outbox::new(0, Box::new(|| ())));
        let fx = Effects::new(epoch(), SystemTime::UNIX_EPOCH, 1, outbox);
        Node { at, quic, fx, segments: 64, app: App::new() }
    }

    pub(crate) fn handle(&mut self, from: SocketAddr, ecn: Option<Ecn>, bytes: &mut [u8]) {
        let mut desk = Desk { app: &mut self.app, fx: &mut self.fx };
        let datagram = Datagram { from, to: Some(self.at.ip()), ecn, bytes };
        self.quic.handle(datagram, &mut desk);
    }

    /// What it sends next, cut into datagrams.
    pub(crate) fn transmit(&mut self) -> Option<(Transmit, Vec<Vec<u8>>)> {
        let mut desk = Desk { app: &mut self.app, fx: &mut self.fx };
        let mut into = Vec::new();
        let transmit = self.quic.poll_transmit(&mut into, self.segments, &mut desk)?;
        assert_eq!(transmit.len, into.len());
        let size = transmit.segment.unwrap_or(transmit.len);
        let datagrams: Vec<_> = into.chunks(size).map(<[u8]>::to_vec).collect();
        assert!(datagrams.len() <= self.segments.min(10) && transmit.len <= 65_507, "{transmit:?}");
        Some((transmit, datagrams))
    }

    pub(crate) fn expire(&mut self) {
        self.quic.expire(&mut Desk { app: &mut self.app, fx: &mut self.fx });
    }

    pub(crate) fn drain(&mut self) {
        self.quic.drain(&mut Desk { app: &mut self.app, fx: &mut self.fx });
    }

    pub(crate) fn close(&mut self) {
        self.quic.close(&mut Desk { app: &mut self.app, fx: &mut self.fx });
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        Endpoint::<App>::deadline(&self.quic)
    }

    pub(crate) fn is_owing(&self) -> bool {
        Endpoint::<App>::is_owing(&self.quic)
    }

    pub(crate) fn dropped(&self) -> u64 {
        Endpoint::<App>::dropped(&self.quic)
    }

    pub(crate) fn streams(&mut self) -> &mut dyn Streams {
        Endpoint::<App>::streams(&mut self.quic).expect("it has streams")
    }

    pub(crate) fn event(&mut self) -> Option<StreamEvent> {
        self.streams().poll_event()
    }

    /// How often something was counted.
    pub(crate) fn count(&self, name: &str) -> u64 {
        self.fx.tally().of(name)
    }

    pub(crate) fn now(&self) -> Instant {
        self.fx.now()
    }
}

/// How a link behaves, in percent and milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weather {
    pub(crate) loss: u64,
    pub(crate) doubled: u64,
    pub(crate) reordered: u64,
    pub(crate) corrupted: u64,
    pub(crate) delay: u64,
}

impl Weather {
    pub(crate) const CLEAR: Weather =
        Weather { loss: 0, doubled: 0, reordered: 0, corrupted: 0, delay: 5 };
}

struct Flight {
    from: SocketAddr,
    to: SocketAddr,
    ecn: Option<Ecn>,
    bytes: Vec<u8>,
}

/// All endpoints, and what is in the air between them.
pub(crate) struct World<D = NoDatagrams> {
    pub(crate) nodes: Vec<Node<D>>,
    pub(crate) weather: Weather,
    /// Whose datagrams were sent, and how large.
    pub(crate) trace: Vec<(usize, usize)>,
    /// What they sent, where that is kept.
    pub(crate) record: Option<Vec<(usize, Vec<u8>)>>,
    nanos: u64,
    random: u64,
    flights: BTreeMap<(u64, u64), Flight>,
    launched: u64,
}

impl<D: Datagrams<App>> World<D> {
    pub(crate) fn new(
        seed: u64,
        weather: Weather,
        quics: impl IntoIterator<Item = Quic<D>>,
    ) -> Self {
        let mut world = World {
            nodes: Vec::new(),
            weather,
            trace: Vec::new(),
            record: None,
            nanos: 0,
            random: seed,
            flights: BTreeMap::new(),
            launched: 0,
        };
        quics.into_iter().for_each(|quic| world.add(quic));
        world
    }

    pub(crate) fn add(&mut self, quic: Quic<D>) {
        let mut node = Node::new(at(self.nodes.len()), quic);
        node.fx.set_nanos(self.nanos);
        self.nodes.push(node);
    }

    /// Sends what there is, then goes on to the next thing that happens; false when nothing will
    /// before `until`, which is then the time.
    pub(crate) fn step(&mut self, until: Duration) -> bool {
        self.launch();
        let until = until.as_nanos() as u64;
        let flight = self.flights.first_key_value().map(|((time, _), _)| *time);
        let timer = self.nodes.iter().filter_map(Node::deadline).map(since).min();
        let Some(next) = [flight, timer].into_iter().flatten().min().filter(|t| *t <= until) else {
            self.set_time(until.max(self.nanos));
            return false;
        };
        self.set_time(next.max(self.nanos));
        while let Some(entry) = self.flights.first_entry().filter(|e| e.key().0 <= self.nanos) {
            let mut flight = entry.remove();
            // An address that nobody has is silent.
            if let Some(node) = self.nodes.iter_mut().find(|node| node.at == flight.to) {
                node.handle(flight.from, flight.ecn, &mut flight.bytes);
            }
        }
        for node in &mut self.nodes {
            if node.deadline().is_some_and(|deadline| since(deadline) <= self.nanos) {
                node.expire();
                assert!(node.deadline().is_none_or(|next| next > node.now()), "it is moved");
            }
        }
        true
    }

    /// Lets time pass, `each` after each step.
    pub(crate) fn run(&mut self, time: Duration, mut each: impl FnMut(&mut Self)) {
        let until = self.time() + time;
        loop {
            each(self);
            if !self.step(until) {
                return;
            }
        }
    }

    pub(crate) fn time(&self) -> Duration {
        Duration::from_nanos(self.nanos)
    }

    /// Puts a datagram on the link as it is.
    pub(crate) fn inject(&mut self, from: SocketAddr, to: SocketAddr, bytes: Vec<u8>) {
        let time = self.nanos + self.weather.delay * 1_000_000;
        self.fly(time, Flight { from, to, ecn: None, bytes });
    }

    fn launch(&mut self) {
        for nth in 0..self.nodes.len() {
            while let Some((transmit, datagrams)) = self.nodes[nth].transmit() {
                for bytes in datagrams {
                    self.trace.push((nth, bytes.len()));
                    if let Some(record) = &mut self.record {
                        record.push((nth, bytes.clone()));
                    }
                    let from = self.nodes[nth].at;
                    self.send(Flight { from, to: transmit.to, ecn: transmit.ecn, bytes });
                }
            }
        }
    }

    fn send(&mut self, mut flight: Flight) {
        if self.chance(self.weather.loss) {
            return;
        }
        if self.chance(self.weather.corrupted) {
            let place = self.draw() as usize % flight.bytes.len();
            flight.bytes[place] ^= 1 << (self.draw() % 8);
        }
        let copies = 1 + u64::from(self.chance(self.weather.doubled));
        for _ in 0..copies {
            let late = if self.chance(self.weather.reordered) { self.draw() % 4 } else { 0 };
            let delay = (self.weather.delay * (1 + late)) * 1_000_000;
            let Flight { from, to, ecn, ref bytes } = flight;
            self.fly(self.nanos + delay, Flight { from, to, ecn, bytes: bytes.clone() });
        }
    }

    fn fly(&mut self, time: u64, flight: Flight) {
        self.launched += 1;
        self.flights.insert((time, self.launched), flight);
    }

    fn set_time(&mut self, nanos: u64) {
        self.nanos = nanos;
        for node in &mut self.nodes {
            node.fx.set_nanos(nanos);
            node.fx.set_wall(SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos));
        }
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.draw() % 100 < percent
    }

    /// SplitMix64.
    pub(crate) fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// The address of the n-th node.
pub(crate) fn at(nth: usize) -> SocketAddr {
    ([10, 0, (nth >> 8) as u8, nth as u8], 4433).into()
}

pub(crate) fn server(limits: Limits) -> Quic {
    Quic::server(tls().0, Secrets::fixed([1; 32]), limits).expect("a server")
}

pub(crate) fn client(limits: Limits) -> Quic {
    client_of(2, limits)
}

/// A client whose ids no other seed's has.
pub(crate) fn client_of(seed: u64, limits: Limits) -> Quic {
    let mut bytes = [2; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    Quic::client(tls().1, Secrets::fixed(bytes), limits).expect("a client")
}

/// A server and a client.
pub(crate) fn pair(seed: u64, weather: Weather, limits: Limits) -> World {
    World::new(seed, weather, [server(limits), client(limits)])
}

type Tls = (Arc<rustls::ServerConfig>, Arc<rustls::ClientConfig>);

/// Both sides of TLS with one certificate for all tests. Its signatures are Ed25519's, which are of
/// one size: so are all handshakes, though their keys are random.
pub(crate) fn tls() -> Tls {
    static TLS: OnceLock<Tls> = OnceLock::new();
    TLS.get_or_init(|| tls_with_names(&[NAME.to_owned(), format!("*.many.{NAME}")])).clone()
}

/// The same with a certificate for these names.
pub(crate) fn tls_with_names(names: &[String]) -> Tls {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).expect("a key");
    let params = rcgen::CertificateParams::new(names).expect("names");
    let cert = CertificateDer::from(params.self_signed(&key).expect("a certificate"));
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = &[&rustls::version::TLS13];
    let mut server = rustls::ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(versions)
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![cert.clone()], key))
        .expect("a server's configuration");
    server.alpn_protocols = vec![b"echo".to_vec()];
    let mut roots = rustls::RootCertStore::empty();
    roots.add(cert).expect("a root");
    let mut client = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .expect("TLS 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    client.alpn_protocols = vec![b"echo".to_vec()];
    (Arc::new(server), Arc::new(client))
}

fn epoch() -> Instant {
    static EPOCH: OnceLock<Instant> = OnceLock::new();
    #[expect(clippy::disallowed_methods, reason = "a test driver needs some instant to count from")]
    *EPOCH.get_or_init(Instant::now)
}

fn since(instant: Instant) -> u64 {
    instant.saturating_duration_since(epoch()).as_nanos() as u64
}
