//! Certificates in files that change while a loop serves.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair, PKCS_ED25519};
use readily::certificates::{FILE_MAX, Files, LoadError};
use readily::echo::Echo;
use readily::tls::{Server, Settings};
use readily::{Address, Config, HANGUP, Listen};
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::version::TLS13;
use rustls::{ClientConfig, RootCertStore};

use crate::caller::Caller;
use crate::keys::NAME;
use crate::place::Place;
use crate::town::Conn;

const EVERY: Duration = Duration::from_secs(5);

/// A certificate that vouches for itself, and its key, as files have them.
struct Pem {
    chain: String,
    key: String,
}

impl Pem {
    fn new() -> Pem {
        let key = KeyPair::generate_for(&PKCS_ED25519).expect("a key");
        let params = CertificateParams::new(vec![NAME.to_owned()]).expect("a name");
        let made = params.self_signed(&key).expect("a certificate");
        Pem { chain: made.pem(), key: key.serialize_pem() }
    }

    /// A client that trusts these alone.
    fn client(trusted: &[&Pem]) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        for pem in trusted {
            let der = CertificateDer::from_pem_slice(pem.chain.as_bytes()).expect("a certificate");
            roots.add(der).expect("a root");
        }
        let provider = Arc::new(ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13])
            .expect("a configuration")
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.resumption = rustls::client::Resumption::disabled();
        Arc::new(config)
    }
}

/// A folder that is gone in the end, with one pair in it.
struct Drawer(PathBuf);

impl Drawer {
    fn with(pem: &Pem) -> Drawer {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let (process, n) = (std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let drawer = Drawer(std::env::temp_dir().join(format!("readily-{process}-tls-{n}")));
        std::fs::create_dir(&drawer.0).expect("a folder");
        drawer.put(pem);
        drawer
    }

    fn chain(&self) -> PathBuf {
        self.0.join("chain.pem")
    }

    fn key(&self) -> PathBuf {
        self.0.join("key.pem")
    }

    /// As one should: a new file takes the place of the old.
    fn write(&self, to: &PathBuf, bytes: &[u8]) {
        let new = self.0.join("new");
        std::fs::write(&new, bytes).expect("room for it");
        std::fs::rename(&new, to).expect("the same folder");
    }

    fn put(&self, pem: &Pem) {
        self.write(&self.chain(), pem.chain.as_bytes());
        self.write(&self.key(), pem.key.as_bytes());
    }

    fn load(&self) -> Files {
        Files::load([(self.chain(), self.key())]).expect("good files")
    }
}

impl Drop for Drawer {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A loop that echoes with what is in these files, and looks at them.
fn place(files: &Files) -> (Place, Address) {
    let mut place = Place::quiet(Config::default());
    let settings = Settings { certificates: files.certificates(), ..Settings::default() };
    let tls = Some(Server::with(settings).expect("good settings").into());
    let options = Listen { tls, ..Listen::default() };
    let at = place.listen(443, options, |_, _| Some(Conn::Echo(Echo)));
    files.watch(&mut place.reactor, EVERY).expect("a watch");
    (place, at)
}

fn caller(place: &mut Place, at: &Address, trusted: &[&Pem]) -> Caller {
    Caller::new(place.sim(), at, &Pem::client(trusted))
}

/// Whether this client gets its echo now.
fn is_served(place: &mut Place, caller: &mut Caller) -> bool {
    if caller.ended.is_some() {
        return false;
    }
    caller.say(b"there?");
    place.settle_with(|sim| caller.talk(sim));
    std::mem::take(&mut caller.heard) == b"there?"
}

/// Lets that much time pass, whatever waits for a thread.
fn pass(place: &mut Place, time: Duration) {
    let until = place.sim().elapsed() + time;
    while place.sim().elapsed() < until {
        let left = until - place.sim().elapsed();
        place.turn(Some(left));
    }
}

/// Whether a new client that trusts these gets its echo.
fn serves(place: &mut Place, at: &Address, trusted: &[&Pem]) -> bool {
    let mut new = caller(place, at, trusted);
    let is_served = is_served(place, &mut new);
    if is_served {
        new.close();
        place.settle_with(|sim| new.talk(sim));
    }
    is_served
}

#[test]
fn a_thousand_reloads_under_handshakes_lose_nobody() {
    const RELOADS: u64 = 1000;
    let both = [Pem::new(), Pem::new()];
    let trusted = [&both[0], &both[1]];
    let drawer = Drawer::with(&both[0]);
    let files = drawer.load();
    let (mut place, at) = place(&files);
    let mut oldest = caller(&mut place, &at, &trusted);
    assert!(is_served(&mut place, &mut oldest));
    let mut under_way: Vec<Caller> = Vec::new();
    let mut served = 0;
    for n in 1..=RELOADS {
        // Whoever came before the last reload shakes hands across it, some of them byte by byte.
        let mut new = caller(&mut place, &at, &trusted);
        let half = new.wire.len() / 2;
        new.send(place.sim(), if n % 2 == 0 { half } else { usize::MAX });
        place.settle();
        under_way.push(new);
        drawer.put(&both[n as usize % 2]);
        place.sim().raise_signal(HANGUP);
        place.settle();
        assert_eq!((files.reloads(), files.failures()), (n, 0));
        if under_way.len() > 2 {
            let mut done = under_way.remove(0);
            assert!(is_served(&mut place, &mut done), "the {served}th");
            done.close();
            place.settle_with(|sim| done.talk(sim));
            served += 1;
        }
        // And what it shows is what is in the files.
        if n % 100 == 0 {
            let [new, old] = if n % 2 == 0 { trusted } else { [&both[1], &both[0]] };
            assert!(serves(&mut place, &at, &[new]));
            assert!(!serves(&mut place, &at, &[old]));
        }
    }
    for mut last in under_way {
        assert!(is_served(&mut place, &mut last));
        served += 1;
    }
    assert_eq!(served, RELOADS);
    assert!(is_served(&mut place, &mut oldest), "what is open stays open");
    // Those who trusted the other certificate alone.
    assert_eq!(place.counters().handshakes_failed, RELOADS / 100);
    assert_eq!(place.counters().panics, 0);
    place.reactor.abort();
    place.run_out();
}

#[test]
fn files_that_change_are_read_again_and_others_are_not() {
    let [first, second, third] = [Pem::new(), Pem::new(), Pem::new()];
    let drawer = Drawer::with(&first);
    let files = drawer.load();
    let (mut place, at) = place(&files);
    place.wait(EVERY * 10);
    assert_eq!((files.reloads(), files.failures(), files.failure()), (0, 0, None));
    drawer.put(&second);
    place.settle();
    assert!(serves(&mut place, &at, &[&first]), "nobody has looked yet");
    place.wait(EVERY);
    assert!(serves(&mut place, &at, &[&second]) && !serves(&mut place, &at, &[&first]));
    assert_eq!((files.reloads(), files.failures()), (1, 0));
    place.wait(EVERY * 10);
    assert_eq!((files.reloads(), files.failures()), (1, 0));
    // Unchanged, they are read when the signal asks for it.
    place.sim().raise_signal(HANGUP);
    place.settle();
    assert_eq!((files.reloads(), files.failures()), (2, 0));
    // Half of a pair is a failure, told once, and the old one is served until the other half comes.
    drawer.write(&drawer.chain(), third.chain.as_bytes());
    place.wait(EVERY * 10);
    assert_eq!((files.reloads(), files.failures()), (2, 1));
    let failure = files.failure().expect("it has failed");
    assert!(failure.ends_with("the private key is not that of the certificate"), "{failure}");
    assert!(serves(&mut place, &at, &[&second]));
    drawer.write(&drawer.key(), third.key.as_bytes());
    place.wait(EVERY);
    assert!(serves(&mut place, &at, &[&third]));
    assert_eq!((files.reloads(), files.failures(), files.failure()), (3, 1, None));
    place.end();
}

#[test]
fn what_is_no_pair_of_files_changes_nothing() {
    let [good, other] = [Pem::new(), Pem::new()];
    let drawer = Drawer::with(&good);
    let files = drawer.load();
    let (mut place, at) = place(&files);
    let half = &good.chain[..good.chain.len() / 2];
    let padded = |len: u64| good.chain.clone() + &" ".repeat(len as usize - good.chain.len());
    drawer.write(&drawer.chain(), padded(FILE_MAX).as_bytes());
    place.wait(EVERY);
    assert_eq!((files.reloads(), files.failures()), (1, 0), "as large as it may be");
    let large = padded(FILE_MAX + 1);
    type Spoil<'a> = Box<dyn Fn(&Drawer) + 'a>;
    let cases: [(&str, Spoil<'_>); 7] = [
        ("not a PEM text", Box::new(|d| d.write(&d.chain(), half.as_bytes()))),
        ("no certificate in the PEM text", Box::new(|d| d.write(&d.chain(), b""))),
        ("too large for a certificate", Box::new(|d| d.write(&d.chain(), large.as_bytes()))),
        ("the private key is not", Box::new(|d| d.write(&d.key(), other.key.as_bytes()))),
        ("no private key in the PEM", Box::new(|d| d.write(&d.key(), good.chain.as_bytes()))),
        ("key.pem: No such file", Box::new(|d| std::fs::remove_file(d.key()).expect("it"))),
        (
            "chain.pem: not a file",
            Box::new(|d| {
                std::fs::remove_file(d.chain()).expect("it was there");
                std::fs::create_dir(d.chain()).expect("a folder");
            }),
        ),
    ];
    for (n, (why, spoil)) in cases.iter().enumerate() {
        let n = n as u64;
        spoil(&drawer);
        place.wait(EVERY);
        let failure = files.failure().expect("it has failed");
        assert!(failure.contains(why), "{failure}");
        assert_eq!((files.reloads(), files.failures()), (n + 1, n + 1), "{why}");
        assert!(serves(&mut place, &at, &[&good]), "{why}");
        let _ = std::fs::remove_dir(drawer.chain());
        drawer.put(&good);
        place.wait(EVERY);
        assert_eq!((files.reloads(), files.failures()), (n + 2, n + 1), "{why}");
    }
    place.end();
}

#[test]
fn what_cannot_be_loaded_at_first_is_told_by_its_file() {
    let drawer = Drawer::with(&Pem::new());
    let (chain, key, none) = (drawer.chain(), drawer.key(), drawer.0.join("none"));
    let cases = [
        (vec![], "no certificate is left"),
        (vec![(&none, &key)], "none: No such file"),
        (vec![(&chain, &key), (&chain, &none)], "none: No such file"),
        (vec![(&key, &key)], "key.pem: no certificate in the PEM text"),
        (vec![(&chain, &chain)], "chain.pem: no private key in the PEM text"),
    ];
    for (pairs, why) in cases {
        let error = Files::load(pairs).expect_err(why).to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn one_reader_at_a_time_and_none_where_no_thread_is_to_be_had() {
    let [first, second] = [Pem::new(), Pem::new()];
    let drawer = Drawer::with(&first);
    let files = drawer.load();
    let (mut place, at) = place(&files);
    // It takes as long as ten looks.
    place.sim().set_jobs(EVERY * 10..=EVERY * 10, 64);
    drawer.put(&second);
    pass(&mut place, EVERY * 9);
    for _ in 0..5 {
        place.sim().raise_signal(HANGUP);
        place.turn(Some(Duration::ZERO));
    }
    assert_eq!(files.reloads(), 0, "the thread is still at it");
    place.sim().set_jobs(Duration::ZERO..=Duration::ZERO, 64);
    pass(&mut place, EVERY * 3);
    assert_eq!(files.reloads(), 1, "all who asked meanwhile are served by one");
    assert!(serves(&mut place, &at, &[&second]));
    place.sim().set_jobs(Duration::ZERO..=Duration::ZERO, 0);
    drawer.put(&first);
    place.wait(EVERY * 20);
    assert!(serves(&mut place, &at, &[&second]), "nobody reads them");
    place.sim().set_jobs(Duration::ZERO..=Duration::ZERO, 64);
    place.wait(EVERY * 2);
    assert!(serves(&mut place, &at, &[&first]));
    place.end();
}

#[test]
fn each_reading_is_told_with_what_was_wrong() {
    let [first, second] = [Pem::new(), Pem::new()];
    let drawer = Drawer::with(&first);
    let files = drawer.load();
    let mut place = Place::quiet(Config::default());
    let (told, counts) = (Arc::new(Mutex::new(Vec::new())), files.clone());
    let tell = {
        let told = told.clone();
        move |read: Result<(), &LoadError>| {
            let read = read.map_err(ToString::to_string);
            told.lock().expect("no panic").push((read, counts.reloads(), counts.failures()));
        }
    };
    files.watch_and(&mut place.reactor, EVERY, tell).expect("a watch");
    // The watch alone would not keep the loop going.
    place.listen(7, Listen::default(), |_, _| None);
    let news = |place: &mut Place| {
        place.wait(EVERY);
        std::mem::take(&mut *told.lock().expect("no panic"))
    };
    assert_eq!(news(&mut place), []);
    drawer.put(&second);
    assert_eq!(news(&mut place), [(Ok(()), 1, 0)]);
    // One half of a pair, then the other.
    drawer.write(&drawer.chain(), first.chain.as_bytes());
    let [(Err(why), 1, 1)] = &news(&mut place)[..] else { panic!("one failure") };
    assert_eq!(Some(why), files.failure().as_ref());
    assert_eq!(news(&mut place), []);
    drawer.write(&drawer.key(), first.key.as_bytes());
    assert_eq!(news(&mut place), [(Ok(()), 2, 1)]);
    // What is asked for by the signal is told too, though nothing has changed.
    place.sim().raise_signal(HANGUP);
    place.settle();
    assert_eq!(std::mem::take(&mut *told.lock().expect("no panic")), [(Ok(()), 3, 1)]);
    place.end();
}

#[test]
fn a_watch_keeps_no_loop_alive_and_needs_some_time() {
    let drawer = Drawer::with(&Pem::new());
    let files = drawer.load();
    let mut place = Place::quiet(Config::default());
    let refused = files.watch(&mut place.reactor, Duration::ZERO).map_err(|error| error.kind());
    assert_eq!(refused, Err(std::io::ErrorKind::InvalidInput));
    files.watch(&mut place.reactor, EVERY).expect("a watch");
    assert_eq!(place.turn(None), readily::Turn::Over);
    place.end();
}
