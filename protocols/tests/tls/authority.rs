//! An authority for tests, and whom it vouches for.

use std::sync::{Arc, OnceLock};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, SignatureAlgorithm,
    date_time_ymd,
};
use readily_protocols::tls::{
    Acceptor, Certificates, Clients, Identity, KeyLog, Limits, Plaintext, Server, Settings,
    Tickets, UnknownName,
};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};

use crate::forge::Raw;
use crate::pair::{End, Version};

pub(crate) type Algorithm = &'static SignatureAlgorithm;

pub(crate) const ED25519: Algorithm = &PKCS_ED25519;
pub(crate) const P256: Algorithm = &PKCS_ECDSA_P256_SHA256;

/// A chain and its key, as files have them.
#[derive(Clone)]
pub(crate) struct Pem {
    pub(crate) chain: String,
    pub(crate) key: String,
}

impl Pem {
    pub(crate) fn identity(&self) -> Identity {
        Identity::from_pem(self.chain.as_bytes(), self.key.as_bytes()).expect("an identity")
    }

    pub(crate) fn certificates(&self) -> Vec<CertificateDer<'static>> {
        let all = CertificateDer::pem_slice_iter(self.chain.as_bytes());
        all.collect::<Result<_, _>>().expect("certificates")
    }

    pub(crate) fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from_pem_slice(self.key.as_bytes()).expect("a key")
    }
}

pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn named(name: &str) -> Authority {
        let params = authority(name);
        Authority(CertifiedIssuer::self_signed(params, key()).expect("an authority"))
    }

    /// That of most tests.
    pub(crate) fn shared() -> &'static Authority {
        static MADE: OnceLock<Authority> = OnceLock::new();
        MADE.get_or_init(|| Authority::named(NAME))
    }

    pub(crate) fn pem(&self) -> Vec<u8> {
        self.0.pem().into_bytes()
    }

    pub(crate) fn vouch_with(&self, params: &CertificateParams, kind: Algorithm) -> Pem {
        let key = KeyPair::generate_for(kind).expect("a key");
        let made = params.signed_by(&key, &self.0).expect("a certificate");
        Pem { chain: made.pem(), key: key.serialize_pem() }
    }

    /// A server of these names.
    pub(crate) fn server(&self, names: &[&str], kind: Algorithm) -> Pem {
        self.vouch_with(&leaf(names, ExtendedKeyUsagePurpose::ServerAuth), kind)
    }

    pub(crate) fn client(&self, name: &str) -> Pem {
        self.vouch_with(&leaf(&[name], ExtendedKeyUsagePurpose::ClientAuth), ED25519)
    }

    pub(crate) fn expired_client(&self) -> Pem {
        let mut params = leaf(&["late"], ExtendedKeyUsagePurpose::ClientAuth);
        params.not_before = date_time_ymd(2001, 1, 1);
        params.not_after = date_time_ymd(2002, 1, 1);
        self.vouch_with(&params, ED25519)
    }

    /// A client behind `width` authorities with the name of this one, each of which has signed all
    /// the others: none of the many ways leads to this one.
    pub(crate) fn client_in_a_maze(&self, width: usize) -> Pem {
        let params = authority(NAME);
        let keys: Vec<KeyPair> = (0..width).map(|_| key()).collect();
        let by = |signer: usize| Issuer::from_params(&params, &keys[signer]);
        let own = key();
        let leaf = leaf(&["lost"], ExtendedKeyUsagePurpose::ClientAuth);
        let mut chain = leaf.signed_by(&own, &by(0)).expect("a certificate").pem();
        for (at, key) in keys.iter().enumerate() {
            for signer in (0..width).filter(|signer| *signer != at) {
                chain += &params.signed_by(key, &by(signer)).expect("a certificate").pem();
            }
        }
        Pem { chain, key: own.serialize_pem() }
    }
}

/// What most authorities are called.
pub(crate) const NAME: &str = "the authority of these tests";

fn key() -> KeyPair {
    KeyPair::generate_for(ED25519).expect("a key")
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    params
}

fn leaf(names: &[&str], usage: ExtendedKeyUsagePurpose) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names");
    params.extended_key_usages = vec![usage];
    params
}

/// Everything as it is by default, with these certificates.
pub(crate) fn settings(certificates: &Certificates) -> Settings {
    Settings {
        certificates: certificates.clone(),
        alpn: Vec::new(),
        clients: Clients::Anyone,
        unknown_name: UnknownName::First,
        tickets: Tickets::default(),
        key_log: KeyLog::Off,
        plaintext: Plaintext::Alert,
        limits: Limits::default(),
    }
}

pub(crate) fn shelf(all: &[&Pem]) -> Certificates {
    let certificates = Certificates::new();
    for pem in all {
        certificates.put(pem.identity()).expect("room for it");
    }
    certificates
}

pub(crate) fn server(settings: Settings) -> Server {
    Server::with(settings).expect("good settings")
}

/// A client that trusts the authority of most tests.
pub(crate) fn client(version: Version, identity: Option<&Pem>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(Authority::shared().0.der().clone()).expect("a root");
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[version])
        .expect("a configuration")
        .with_root_certificates(roots);
    Arc::new(match identity {
        None => builder.with_no_client_auth(),
        Some(pem) => builder
            .with_client_auth_cert(pem.certificates(), pem.private_key())
            .expect("a configuration"),
    })
}

/// What a handshake with this name came to: both sides, however far they got.
pub(crate) struct Met {
    pub(crate) client: Raw,
    pub(crate) server: End,
    pub(crate) client_says: Result<(), rustls::Error>,
    pub(crate) server_says: Result<(), readily_protocols::contract::Fault>,
}

impl Met {
    /// The certificate that the client was shown.
    pub(crate) fn shown(&self) -> Option<&CertificateDer<'static>> {
        self.client.0.peer_certificates().and_then(<[_]>::first)
    }
}

/// Shakes hands, and carries what either says after it.
pub(crate) fn meet(server: &Server, client: &Arc<ClientConfig>, name: &str) -> Met {
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let client = Raw(ClientConnection::new(client.clone(), name).expect("a connection"));
    let server = End::new(server.accept().expect("a session"));
    let mut met = Met { client, server, client_says: Ok(()), server_says: Ok(()) };
    loop {
        let (up, down) = (met.client.take(), met.server.take());
        if up.is_empty() && down.is_empty() {
            return met;
        }
        if !up.is_empty() && met.server_says.is_ok() {
            met.server_says = met.server.receive(&up).map(drop);
        }
        if !down.is_empty() && met.client_says.is_ok() {
            met.client_says = met.client.receive(&down);
        }
    }
}
