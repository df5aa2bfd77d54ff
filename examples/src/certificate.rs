//! What the secured examples show to their peers, and whom they trust: files, or a certificate that
//! is made at start.

use std::fmt;
use std::fs;
use std::io;
use std::sync::Arc;

use rcgen::{
    CertificateParams, CertifiedKey, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose,
};
use readily::tls;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use crate::{Cli, Failure, Usage};

/// The options of a server, for [`Cli::read`].
pub const SERVER_CHOICES: [(&str, &str, &str); 3] = [
    ("--cert", "FILE", "certificates to show, as PEM [one made at start for localhost]"),
    ("--key", "FILE", "the private key of the first of them, as PEM"),
    ("--cert-out", "FILE", "where to save the certificate that is made at start"),
];

/// The option of a server that is secured only where that is asked for, beside those of
/// [`SERVER_CHOICES`].
pub const SECURED: (&str, &str, &str) = ("--tls", "", "speak TLS");

/// The option of a client, for [`Cli::read`].
pub const CLIENT_CHOICE: (&str, &str, &str) =
    ("--ca", "FILE", "certificates that the server's must come from, as PEM");

/// Whom a certificate that is made at start is for.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// A server's certificates and its key.
pub struct Identity {
    /// As PEM, like the key: QUIC is configured in the words of rustls.
    chain: Vec<u8>,
    key: Vec<u8>,
    shown: tls::Identity,
}

impl Identity {
    /// What `--cert` and `--key` name; without them a certificate for this machine alone, which is
    /// saved where `--cert-out` says.
    ///
    /// # Errors
    /// [`Failure::Usage`] where the options do not go together, or a file cannot be read, written
    /// or used; [`Failure::Run`] where no certificate can be made.
    pub fn read(cli: &Cli) -> Result<Self, Failure> {
        let given = |option| File::given(cli, option);
        Identity::of(given("--cert"), given("--key"), given("--cert-out"))
    }

    /// The same where `--tls` asks for it.
    ///
    /// # Errors
    /// As [`read`](Identity::read), and [`Failure::Usage`] for its options without `--tls`.
    pub fn asked(cli: &Cli) -> Result<Option<Self>, Failure> {
        if cli.is_set(SECURED.0) {
            return Identity::read(cli).map(Some);
        }
        match SERVER_CHOICES.iter().find(|(option, ..)| cli.value(option).is_some()) {
            Some((option, ..)) => Err(Usage(format!("{option} needs --tls")).into()),
            None => Ok(None),
        }
    }

    fn of(
        cert: Option<File<'_>>,
        key: Option<File<'_>>,
        cert_out: Option<File<'_>>,
    ) -> Result<Self, Failure> {
        let refuse = |line: &str| Err(Usage(line.to_owned()).into());
        match (cert, key) {
            (Some(_), None) => refuse("--cert needs --key"),
            (None, Some(_)) => refuse("--key needs --cert"),
            (Some(_), Some(_)) if cert_out.is_some() => {
                refuse("--cert-out saves what is made at start, but --cert is given")
            }
            (Some(cert), Some(key)) => Identity::load(&cert, &key),
            (None, None) => {
                let made = Identity::make(&NAMES)?;
                made.save(cert_out)?;
                Ok(made)
            }
        }
    }

    fn load(cert: &File<'_>, key: &File<'_>) -> Result<Self, Failure> {
        Identity::from_pem(cert.bytes()?, key.bytes()?).map_err(|error| {
            // What is wrong says which of the two it is wrong with.
            Usage(format!("--cert `{}` with --key `{}`: {error}", cert.path, key.path)).into()
        })
    }

    /// A new key, and a certificate for these names that nobody vouches for.
    ///
    /// # Errors
    /// [`Failure::Run`] where there can be none.
    pub fn make(names: &[&str]) -> Result<Self, Failure> {
        let made = self_signed(names).map_err(io::Error::other)?;
        let (chain, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        Ok(Identity::from_pem(chain.into(), key.into()).map_err(io::Error::other)?)
    }

    fn from_pem(chain: Vec<u8>, key: Vec<u8>) -> Result<Self, tls::Error> {
        let shown = tls::Identity::from_pem(&chain, &key)?;
        Ok(Identity { chain, key, shown })
    }

    /// Its certificates, as PEM.
    pub fn chain(&self) -> &[u8] {
        &self.chain
    }

    fn save(&self, file: Option<File<'_>>) -> Result<(), Failure> {
        file.map_or(Ok(()), |file| file.write(&self.chain))
    }

    /// A server that shows it, and speaks these application protocols (ALPN); any, if there are
    /// none.
    ///
    /// # Errors
    /// [`Failure::Run`] where nothing is random.
    pub fn server(&self, alpn: &[&str]) -> Result<tls::Server, Failure> {
        let settings = tls::Settings { alpn: protocols(alpn), ..tls::Settings::default() };
        settings.certificates.put(self.into()).map_err(io::Error::other)?;
        Ok(tls::Server::with(settings).map_err(io::Error::other)?)
    }

    /// The same in the words of rustls, for QUIC.
    ///
    /// # Errors
    /// [`Failure::Run`] where the certificate does not fit its key.
    pub fn server_config(&self, alpn: &[&str]) -> Result<Arc<ServerConfig>, Failure> {
        let chain: Result<_, _> = CertificateDer::pem_slice_iter(&self.chain).collect();
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(io::Error::other)?;
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(chain.map_err(io::Error::other)?, key)
            .map_err(io::Error::other)?;
        config.alpn_protocols = protocols(alpn);
        Ok(Arc::new(config))
    }
}

impl From<&Identity> for tls::Identity {
    fn from(identity: &Identity) -> Self {
        identity.shown.clone()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the key.
        self.shown.fmt(f)
    }
}

/// A client that trusts what `--ca` names and nothing else, and speaks these application protocols
/// (ALPN).
///
/// # Errors
/// [`Failure::Usage`] where `--ca` is not given, or its file cannot be read or used.
pub fn client_config(cli: &Cli, alpn: &[&str]) -> Result<Arc<ClientConfig>, Failure> {
    let path = cli.value("--ca").ok_or_else(|| Usage("--ca is needed".to_owned()))?;
    client_trusting(&File { option: "--ca", path }, alpn)
}

fn client_trusting(ca: &File<'_>, alpn: &[&str]) -> Result<Arc<ClientConfig>, Failure> {
    let mut roots = RootCertStore::empty();
    for certificate in ca.certificates()? {
        roots.add(certificate).map_err(|error| ca.wrong(error))?;
    }
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols(alpn);
    Ok(Arc::new(config))
}

/// A file, and the option that names it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct File<'a> {
    pub(crate) option: &'static str,
    pub(crate) path: &'a str,
}

impl<'a> File<'a> {
    pub(crate) fn given(cli: &'a Cli, option: &'static str) -> Option<Self> {
        cli.value(option).map(|path| File { option, path })
    }

    pub(crate) fn bytes(&self) -> Result<Vec<u8>, Failure> {
        fs::read(self.path).map_err(|error| self.wrong(error))
    }

    pub(crate) fn write(&self, bytes: &[u8]) -> Result<(), Failure> {
        fs::write(self.path, bytes).map_err(|error| self.wrong(error))
    }

    pub(crate) fn wrong(&self, what: impl fmt::Display) -> Failure {
        Usage(format!("{} `{}`: {what}", self.option, self.path)).into()
    }

    fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, Failure> {
        let bytes = self.bytes()?;
        let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
        match all {
            Ok(all) if all.is_empty() => Err(self.wrong("holds no certificate")),
            Ok(all) => Ok(all),
            Err(_) => Err(self.wrong("is damaged PEM")),
        }
    }
}

fn self_signed(names: &[&str]) -> Result<CertifiedKey<KeyPair>, rcgen::Error> {
    let of = names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let mut params = CertificateParams::new(of)?;
    let first = names.first().copied().unwrap_or_default();
    params.distinguished_name.push(DnType::CommonName, first);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let signing_key = KeyPair::generate()?;
    let cert = params.self_signed(&signing_key)?;
    Ok(CertifiedKey { cert, signing_key })
}

/// Named, since there is no default where two are compiled in.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn protocols(names: &[&str]) -> Vec<Vec<u8>> {
    names.iter().map(|name| name.as_bytes().to_vec()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::path::PathBuf;

    /// A directory of its own for each test.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("readily-{}-{name}", std::process::id()));
            fs::create_dir_all(&path).expect("a directory");
            Scratch(path)
        }

        fn path(&self, name: &str) -> String {
            self.0.join(name).to_str().expect("UTF-8").to_owned()
        }

        fn file(&self, name: &str, text: &str) -> String {
            let path = self.path(name);
            fs::write(&path, text).expect("a file");
            path
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn file<'a>(option: &'static str, path: &'a str) -> Option<File<'a>> {
        Some(File { option, path })
    }

    fn pems() -> (String, String) {
        let made = self_signed(&NAMES).expect("a certificate");
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    fn line<T: std::fmt::Debug>(result: Result<T, Failure>) -> String {
        match result.expect_err("a mistake") {
            Failure::Usage(Usage(line)) => line,
            other => panic!("{other:?}"),
        }
    }

    /// Shakes hands in memory, and says which protocol was agreed on.
    fn shake(client: Arc<ClientConfig>, server: Arc<ServerConfig>, name: &str) -> Option<String> {
        use rustls::pki_types::ServerName;
        let name = ServerName::try_from(name.to_owned()).expect("a name");
        let mut client = rustls::ClientConnection::new(client, name).expect("a client");
        let mut server = rustls::ServerConnection::new(server).expect("a server");
        let mut wire = Vec::new();
        while client.is_handshaking() || server.is_handshaking() {
            client.write_tls(&mut wire).expect("a vector takes all");
            server.read_tls(&mut &wire[..]).expect("a slice gives all");
            server.process_new_packets().expect("a good client");
            wire.clear();
            while server.wants_write() {
                server.write_tls(&mut wire).expect("a vector takes all");
            }
            client.read_tls(&mut &wire[..]).expect("a slice gives all");
            client.process_new_packets().expect("a server that is trusted");
            wire.clear();
        }
        server.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned())
    }

    #[test]
    fn what_is_made_at_start_is_saved_and_trusted_by_every_name() {
        let scratch = Scratch::new("made");
        let saved = scratch.path("saved.pem");
        let identity = Identity::of(None, None, file("--cert-out", &saved)).expect("an identity");
        for name in NAMES {
            let client = client_trusting(&File { option: "--ca", path: &saved }, &["h2", "echo"]);
            let server = identity.server_config(&["echo"]).expect("a server");
            let agreed = shake(client.expect("a client"), server, name);
            assert_eq!(agreed.as_deref(), Some("echo"), "{name}");
        }
        let text = fs::read_to_string(&saved).expect("the file");
        assert!(text.starts_with("-----BEGIN CERTIFICATE-----") && !text.contains("KEY"));
    }

    #[test]
    fn files_are_loaded() {
        let scratch = Scratch::new("files");
        let (cert, key) = pems();
        let (cert, key) = (scratch.file("cert.pem", &cert), scratch.file("key.pem", &key));
        let identity = Identity::of(file("--cert", &cert), file("--key", &key), None);
        let client = client_trusting(&File { option: "--ca", path: &cert }, &[]).expect("a client");
        let server = identity.and_then(|identity| identity.server_config(&[])).expect("a server");
        assert_eq!(shake(client, server, "localhost"), None);
    }

    #[test]
    fn options_that_do_not_go_together() {
        for (cert, key, out, told) in [
            (Some("a"), None, None, "--cert needs --key"),
            (None, Some("a"), None, "--key needs --cert"),
            (Some("a"), None, Some("b"), "--cert needs --key"),
            (
                Some("a"),
                Some("b"),
                Some("c"),
                "--cert-out saves what is made at start, but --cert is given",
            ),
        ] {
            let given = |option, path: Option<&'static str>| path.map(|path| File { option, path });
            let (cert, key) = (given("--cert", cert), given("--key", key));
            assert_eq!(line(Identity::of(cert, key, given("--cert-out", out))), told);
        }
    }

    #[test]
    fn files_that_cannot_be_used_are_named() {
        let scratch = Scratch::new("bad");
        let ((cert, key), (_, other)) = (pems(), pems());
        let (cert_file, key_file) = (scratch.file("cert", &cert), scratch.file("key", &key));
        let other = scratch.file("other", &other);
        let text = scratch.file("text", "hello\n");
        let damaged = scratch.file("damaged", &cert[..cert.len() / 2]);
        let forged = scratch
            .file("forged", "-----BEGIN CERTIFICATE-----\naGk=\n-----END CERTIFICATE-----\n");
        let none = scratch.path("none");
        let is_none = "No such file or directory (os error 2)";
        let both = |cert: &str, key: &str, why: tls::Error| {
            format!("--cert `{cert}` with --key `{key}`: {why}")
        };
        for (cert, key, told) in [
            (&none, &key_file, format!("--cert `{none}`: {is_none}")),
            (&cert_file, &none, format!("--key `{none}`: {is_none}")),
            (&text, &key_file, both(&text, &key_file, tls::Error::NoCertificate)),
            (&cert_file, &text, both(&cert_file, &text, tls::Error::NoKey)),
            (&cert_file, &cert_file, both(&cert_file, &cert_file, tls::Error::NoKey)),
            (&damaged, &key_file, both(&damaged, &key_file, tls::Error::NotPem)),
            (&cert_file, &other, both(&cert_file, &other, tls::Error::KeyMismatch)),
            (&forged, &key_file, both(&forged, &key_file, tls::Error::BadCertificate)),
        ] {
            let given = Identity::of(file("--cert", cert), file("--key", key), None);
            assert_eq!(line(given), told);
        }
        let out = scratch.path("none/saved");
        let made = Identity::of(None, None, file("--cert-out", &out));
        assert_eq!(line(made), format!("--cert-out `{out}`: {is_none}"));
        for (ca, told) in [(&none, is_none), (&text, "holds no certificate")] {
            let trusting = client_trusting(&File { option: "--ca", path: ca }, &[]);
            assert_eq!(line(trusting), format!("--ca `{ca}`: {told}"));
        }
        let trusting = client_trusting(&File { option: "--ca", path: &forged }, &[]);
        assert!(line(trusting).starts_with(&format!("--ca `{forged}`: ")));
    }
}
