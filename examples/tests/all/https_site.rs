//! `https_site`: names, client certificates and certificates that change.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};

use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::version::TLS13;

use crate::arguments::refuses;
use crate::client::Noise;
use crate::http::Http;
use crate::openssl;
use crate::server::Server;
use crate::tls_echo::connect;
use crate::tools::{self, Scratch};

const NAME: &str = "https_site";
const LARGE: usize = 3 << 20;

/// Two folders whose pages differ.
fn folders(name: &str) -> Scratch {
    let large = Noise::bytes(3, LARGE as u64);
    Scratch::folder(
        name,
        &[("a/index.html", b"site a"), ("b/index.html", b"site b"), ("a/large", &large)],
    )
}

/// Two names with certificates made at start, saved beside the folders.
fn two_sites(folders: &Scratch) -> (Server, String) {
    let path = folders.path();
    let saved = format!("{path}/ca.pem");
    let (a, b) = (format!("a.test={path}/a"), format!("B.test={path}/b"));
    let options = ["--site", &a, "--site", &b, "--cert-out", &saved];
    (Server::on_loopback(NAME, &options), saved)
}

/// What curl gets by a name that leads to the server, and its exit code.
fn curl(server: &Server, name: &str, path: &str, options: &[&str]) -> (Option<i32>, Vec<u8>) {
    let port = server.ip().port();
    let (to, url) = (format!("{name}:{port}:127.0.0.1"), format!("https://{name}:{port}{path}"));
    let output = tools::curl(&[options, &["--resolve", &to, &url]].concat());
    (output.status.code(), output.stdout)
}

/// A certificate for `localhost` that nobody vouches for, and its key.
fn own() -> (String, String) {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
    (params.self_signed(&key).expect("a certificate").pem(), key.serialize_pem())
}

/// An authority, and a client that it vouches for: certificate and key.
fn client() -> (String, String, String) {
    let mut params = CertificateParams::new([]).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let key = KeyPair::generate().expect("a key");
    let authority = params.self_signed(&key).expect("a certificate").pem();
    let issuer = Issuer::new(params, key);
    let mut params = CertificateParams::new(["client.test".to_owned()]).expect("a name");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let key = KeyPair::generate().expect("a key");
    let cert = params.signed_by(&key, &issuer).expect("a certificate").pem();
    (authority, cert, key.serialize_pem())
}

#[test]
fn each_name_has_its_folder_and_its_certificate() {
    if !tools::has("curl", &["--version"], "nobody asked `https_site` by two names") {
        return;
    }
    let folders = folders("https-names");
    let (server, ca) = two_sites(&folders);
    for version in ["1.2", "1.3"] {
        let tls = format!("--tlsv{version}");
        let trust = ["--cacert", &ca, &tls, "--tls-max", version];
        let get =
            |name, path, more: &[&str]| curl(&server, name, path, &[&trust[..], more].concat());
        assert_eq!(get("a.test", "/", &[]), (Some(0), b"site a".to_vec()));
        assert_eq!(get("b.test", "/", &[]), (Some(0), b"site b".to_vec()));
        // The name that it came by, and no other.
        let code = ["-w", "%{http_code}", "-o", "/dev/null"];
        let misdirected = get("a.test", "/", &[&code[..], &["-H", "host: b.test"]].concat());
        assert_eq!(misdirected, (Some(0), b"421".to_vec()));
        assert_eq!(get("b.test", "/large", &code), (Some(0), b"404".to_vec()));
        assert_eq!(get("c.test", "/", &[]), (Some(35), Vec::new()), "nobody has that name");
        // A part, and the rest of what was begun.
        let large = Noise::bytes(3, LARGE as u64);
        let part = get("a.test", "/large", &["-r", "1000-1999"]);
        assert!(part.1 == large[1000..2000]);
        let begun = Scratch::holding("https-begun", &large[..12_345]);
        let resumed = get("a.test", "/large", &["-C", "-", "-o", begun.path()]);
        assert_eq!(resumed.0, Some(0));
        assert!(fs::read(begun.path()).expect("a file") == large);
    }
    assert_eq!(Http::to(server.ip()).ask("GET /", "", b"").status, 400);
    let printed = server.stop();
    for line in [
        "  2 tls: no certificate for the name",
        "  2 http: a host that this connection is not for",
        "  1 tls: a request of HTTP without TLS",
    ] {
        assert!(printed.iter().any(|told| told == line), "{line}: {printed:#?}");
    }
}

#[test]
fn a_site_without_a_certificate_is_told_of_at_start() {
    let (chain, key) = own();
    let files = Scratch::folder(
        "https-nobody",
        &[("chain.pem", chain.as_bytes()), ("key.pem", key.as_bytes())],
    );
    let [chain, key] = ["chain", "key"].map(|name| format!("{}/{name}.pem", files.path()));
    let options = ["--site", "a.test=.", "--cert", &chain, "--key", &key].map(OsStr::new);
    refuses(NAME, &options, "--cert: none is for the site `a.test`");
}

#[test]
fn a_session_of_one_name_is_no_session_of_the_other() {
    if !tools::has("openssl", &["version"], "OpenSSL took no session from one name to another") {
        return;
    }
    let folders = folders("https-sessions");
    let (server, ca) = two_sites(&folders);
    let session = format!("{}/session.pem", folders.path());
    for version in ["-tls1_2", "-tls1_3"] {
        let ask = |name, more: [&str; 2]| {
            let names = ["-servername", name, "-verify_hostname", name, "-verify_return_error"];
            openssl::ask(&server, &[&names[..], &["-CAfile", &ca, version], &more].concat())
        };
        assert!(!ask("a.test", ["-sess_out", &session]).is_resumed());
        assert!(ask("a.test", ["-sess_in", &session]).is_resumed());
        assert!(!ask("b.test", ["-sess_in", &session]).is_resumed());
        let unknown = openssl::ask(&server, &["-servername", "c.test", version]);
        assert!(!unknown.served && unknown.has("alert number 112"), "{unknown:?}");
        let nobody = openssl::ask(&server, &["-noservername", version]);
        assert!(!nobody.served && nobody.has("alert number 112"), "{nobody:?}");
    }
    server.stop();
}

#[test]
fn only_clients_that_are_known_are_served() {
    let has_curl = tools::has("curl", &["--version"], "curl showed no certificate");
    let has_openssl = tools::has("openssl", &["version"], "OpenSSL showed no certificate");
    let folders = folders("https-clients");
    let path = |name: &str| format!("{}/{name}", folders.path());
    let ((authority, cert, key), (_, strange, strange_key)) = (client(), client());
    for (name, text) in [
        ("clients.pem", &authority),
        ("cert.pem", &cert),
        ("key.pem", &key),
        ("strange.pem", &strange),
        ("strange-key.pem", &strange_key),
    ] {
        fs::write(path(name), text).expect("a file");
    }
    let (site, saved, clients) =
        (format!("localhost={}", path("a")), path("ca.pem"), path("clients.pem"));
    let options = ["--site", &site, "--cert-out", &saved, "--client-ca", &clients];
    let server = Server::on_loopback(NAME, &options);
    let good = (path("cert.pem"), path("key.pem"));
    let strange = (path("strange.pem"), path("strange-key.pem"));
    for version in ["1.2", "1.3"] {
        let tls = format!("--tlsv{version}");
        let trust = ["--cacert", &saved, &tls, "--tls-max", version];
        let get = |more: &[&str]| {
            let (code, body) = curl(&server, "localhost", "/", &[&trust[..], more].concat());
            (code == Some(0), body)
        };
        if has_curl {
            assert_eq!(get(&["--cert", &good.0, "--key", &good.1]), (true, b"site a".to_vec()));
            assert_eq!(get(&["--cert", &strange.0, "--key", &strange.1]), (false, Vec::new()));
            assert_eq!(get(&[]), (false, Vec::new()));
        }
        if has_openssl {
            let version = format!("-tls{}", version.replace('.', "_"));
            let session = path("session.pem");
            let ask = |more: &[&str]| {
                let names = ["-servername", "localhost", "-CAfile", &saved, &version];
                openssl::ask(&server, &[&names[..], more].concat())
            };
            let known = ["-cert", &good.0, "-key", &good.1];
            let first = ask(&[&known[..], &["-sess_out", &session]].concat());
            assert!(!first.is_resumed());
            // A session is that of a client who was known.
            assert!(ask(&["-sess_in", &session]).is_resumed());
            assert!(!ask(&["-cert", &strange.0, "-key", &strange.1]).served);
            assert!(!ask(&[]).served);
        }
    }
    // Without either of them it is a client of our own that is refused.
    let mut tls = connect(server.ip(), &saved, &TLS13);
    let refused = tls.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert!(refused.and_then(|()| tls.read_exact(&mut [0])).is_err(), "it has no certificate");
    drop(tls);
    server.stop();
}

/// A site whose certificates are files.
struct Renewed {
    folders: Scratch,
    server: Server,
    /// Copies of all certificates that it had.
    kept: usize,
}

impl Renewed {
    fn start(name: &str, look_every: &str) -> Self {
        let folders = folders(name);
        let path = |name: &str| format!("{}/{name}", folders.path());
        let (cert, key) = own();
        fs::write(path("cert.pem"), &cert).expect("a file");
        fs::write(path("ca-0.pem"), &cert).expect("a file");
        fs::write(path("key.pem"), key).expect("a file");
        let (site, cert, key) =
            (format!("localhost={}", path("a")), path("cert.pem"), path("key.pem"));
        let options = ["--site", &site, "--cert", &cert, "--key", &key, "--look-every", look_every];
        let server = Server::on_loopback(NAME, &options);
        Renewed { folders, server, kept: 0 }
    }

    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.folders.path())
    }

    /// Puts another certificate and its key where the first were, as tools do that renew them.
    fn renew(&mut self) {
        self.kept += 1;
        let (cert, key) = own();
        fs::write(self.path(&format!("ca-{}.pem", self.kept)), &cert).expect("a file");
        self.replace("cert.pem", cert.as_bytes());
        self.replace("key.pem", key.as_bytes());
    }

    /// Puts another file in the place of one, so that nobody reads half of it.
    fn replace(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path("new"), bytes).expect("a file");
        fs::rename(self.path("new"), self.path(name)).expect("a file");
    }

    /// Whether somebody is served who trusts the certificate of that time and no other.
    fn serves(&self, nth: usize) -> bool {
        let ca = self.path(&format!("ca-{nth}.pem"));
        let mut tls = connect(self.server.ip(), &ca, &TLS13);
        tls.write_all(REQUEST.as_bytes()).is_ok_and(|()| answers(&mut tls))
    }
}

pub(crate) const REQUEST: &str = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// Reads an answer, which is the page.
pub(crate) fn answers(from: &mut impl Read) -> bool {
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(b"site a") {
        if !from.read(&mut byte).is_ok_and(|n| n == 1) {
            return false;
        }
        answer.push(byte[0]);
    }
    answer.starts_with(b"HTTP/1.1 200 OK\r\n")
}

#[test]
fn certificates_that_change_are_read_and_open_connections_stay() {
    let mut site = Renewed::start("https-renewed", "20ms");
    let mut kept = connect(site.server.ip(), &site.path("ca-0.pem"), &TLS13);
    kept.write_all(REQUEST.as_bytes()).expect("it is read");
    assert!(answers(&mut kept));
    for nth in 1..=3 {
        site.renew();
        // It may look between the two files, and tell of it.
        while !site.serves(nth) {
            site.server.until(&["certificates were read again"]);
        }
        assert!(!site.serves(nth - 1), "{nth}");
    }
    kept.write_all(REQUEST.as_bytes()).expect("it is read");
    assert!(answers(&mut kept), "it was open all the time");
    drop(kept);
    site.server.stop();
}

#[test]
fn certificates_that_cannot_be_used_are_told_of_and_change_nothing() {
    let site = Renewed::start("https-broken", "20ms");
    let (_, other_key) = own();
    for (nth, name, text, why) in [
        (1, "cert.pem", "no certificate", "no certificate in the PEM text"),
        (2, "key.pem", "", "no private key in the PEM text"),
        (3, "key.pem", &other_key, "the private key is not that of the certificate"),
    ] {
        let good = fs::read(site.path(name)).expect("a file");
        site.replace(name, text.as_bytes());
        let told = format!("certificates stay what they were ({nth}): ");
        site.server.until(&[&told, &site.path("cert.pem"), why]);
        assert!(site.serves(0), "{nth}");
        site.replace(name, &good);
        site.server.until(&["certificates were read again", &format!("({nth})")]);
        assert!(site.serves(0), "{nth}");
    }
    site.server.stop();
}

#[test]
fn a_hang_up_has_certificates_read_again() {
    let mut site = Renewed::start("https-hang-up", "1h");
    site.renew();
    assert!(site.serves(0) && !site.serves(1), "nobody looked yet");
    site.server.hang_up();
    site.server.until(&["certificates were read again (1)"]);
    assert!(site.serves(1) && !site.serves(0));
    // The same once more is read as well.
    site.server.hang_up();
    site.server.until(&["certificates were read again (2)"]);
    fs::remove_file(site.path("key.pem")).expect("a file");
    site.server.hang_up();
    site.server.until(&["certificates stay what they were (1): ", "key.pem", "No such file"]);
    assert!(site.serves(1));
    site.server.stop();
}
