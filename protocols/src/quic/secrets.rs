//! Randomness from outside: every key and every connection id of an endpoint comes from here.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use quinn_proto::crypto::{AeadKey, CryptoError, HandshakeTokenKey, HmacKey};
use quinn_proto::{ConnectionId, ConnectionIdGenerator, TimeSource};
use rustls::Tls13CipherSuite;
use rustls::crypto::CryptoProvider;
use rustls::crypto::tls13::{HkdfExpander, OkmBlock, expand};
use rustls::quic;

use super::ConfigError;

/// How many bytes our connection ids have: 64 bits that nobody can guess, so that a peer that sends
/// one to us must have received it (RFC 9000, section 8.1).
pub(super) const CONNECTION_ID_LEN: usize = 8;

/// What an endpoint must keep to itself.
///
/// Two endpoints with the same secrets issue the same connection ids and the same tokens: that is
/// what a simulated run wants, and what a served one must not have. A server that is started anew
/// should draw a new seed and keep its reset key: then peers of before are told at once that their
/// connections are gone.
#[derive(Clone)]
pub struct Secrets {
    seed: [u8; 32],
    reset_key: [u8; 32],
    token_key: [u8; 32],
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets")
    }
}

impl Secrets {
    /// Draws them from the generator of a TLS configuration
    /// (`config.crypto_provider()`), which reads the system's.
    ///
    /// # Errors
    /// [`ConfigError::Random`] when the generator fails.
    pub fn draw(provider: &CryptoProvider) -> Result<Secrets, ConfigError> {
        let draw = || {
            let mut bytes = [0; 32];
            provider.secure_random.fill(&mut bytes).map_err(|_| ConfigError::Random)?;
            Ok(bytes)
        };
        Ok(Secrets { seed: draw()?, reset_key: draw()?, token_key: draw()? })
    }

    /// All of them from 32 bytes: for runs that are to be repeated.
    pub const fn fixed(seed: [u8; 32]) -> Secrets {
        Secrets { seed, reset_key: seed, token_key: seed }
    }

    /// The same with the key of stateless resets, 32 secret bytes.
    #[must_use]
    pub fn with_reset_key(self, reset_key: [u8; 32]) -> Secrets {
        Secrets { reset_key, ..self }
    }

    /// The same with the key of Retry tokens, 32 secret bytes: for servers behind one address.
    #[must_use]
    pub fn with_token_key(self, token_key: [u8; 32]) -> Secrets {
        Secrets { token_key, ..self }
    }
}

/// The keys that are made of the secrets, on the algorithms of the TLS configuration.
pub(super) struct Keys {
    suite: &'static Tls13CipherSuite,
    algorithm: &'static dyn quic::Algorithm,
    secrets: Secrets,
}

impl Keys {
    /// Finds a suite with a key of 32 bytes: rustls makes keys of no other length from bytes.
    pub(super) fn new(secrets: Secrets, provider: &CryptoProvider) -> Result<Keys, ConfigError> {
        let mut suites = provider.cipher_suites.iter().filter_map(|suite| suite.tls13());
        let fit = suites.find_map(|suite| Some((suite, algorithm(suite)?)));
        let (suite, algorithm) = fit.ok_or(ConfigError::Suite)?;
        Ok(Keys { suite, algorithm, secrets })
    }

    /// Seeds quinn's own generator.
    pub(super) fn seed(&self) -> [u8; 32] {
        self.derive(&self.secrets.seed, b"rng")
    }

    /// Signs the tokens of stateless resets.
    pub(super) fn reset(&self) -> Arc<dyn HmacKey> {
        Arc::new(self.mac(&self.secrets.reset_key, b"reset"))
    }

    /// Seals Retry tokens.
    pub(super) fn token(&self) -> Arc<dyn HandshakeTokenKey> {
        Arc::new(TokenKey {
            expander: self.expander(&self.secrets.token_key),
            algorithm: self.algorithm,
        })
    }

    /// Makes the ids by which peers name our connections.
    pub(super) fn connection_ids(&self) -> ConnectionIds {
        ConnectionIds { mac: self.mac(&self.secrets.seed, b"connection ids"), count: 0 }
    }

    /// Makes the ids that a client gives a server before it knows the server's.
    pub(super) fn first_ids(&self) -> impl Fn() -> ConnectionId + Send + Sync + use<> {
        let (mac, count) = (self.mac(&self.secrets.seed, b"first ids"), AtomicU64::new(0));
        move || mac.id(count.fetch_add(1, Ordering::Relaxed), 20)
    }

    fn mac(&self, secret: &[u8; 32], label: &[u8]) -> Mac {
        let key = self.derive(secret, label);
        Mac { len: sign(self.suite, &key, b"").len(), suite: self.suite, key }
    }

    fn derive(&self, secret: &[u8; 32], label: &[u8]) -> [u8; 32] {
        expand(&*self.expander(secret), &[label])
    }

    fn expander(&self, secret: &[u8; 32]) -> Box<dyn HkdfExpander> {
        self.suite.hkdf_provider.extract_from_secret(Some(b"readily quic"), secret)
    }
}

fn algorithm(suite: &Tls13CipherSuite) -> Option<&'static dyn quic::Algorithm> {
    suite.quic.filter(|quic| quic.aead_key_len() == 32)
}

fn sign(suite: &Tls13CipherSuite, key: &[u8; 32], data: &[u8]) -> Vec<u8> {
    suite.hkdf_provider.hmac_sign(&OkmBlock::new(key), data).as_ref().to_vec()
}

/// An HMAC with the hash of the suite.
#[derive(Clone)]
struct Mac {
    suite: &'static Tls13CipherSuite,
    key: [u8; 32],
    len: usize,
}

impl Mac {
    /// The first `len` bytes of what it makes of a number.
    fn id(&self, number: u64, len: usize) -> ConnectionId {
        ConnectionId::new(&sign(self.suite, &self.key, &number.to_le_bytes())[..len])
    }
}

impl HmacKey for Mac {
    fn sign(&self, data: &[u8], out: &mut [u8]) {
        out.copy_from_slice(&sign(self.suite, &self.key, data));
    }

    fn signature_len(&self) -> usize {
        self.len
    }

    fn verify(&self, data: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        let expected = sign(self.suite, &self.key, data);
        let same_len = expected.len() == signature.len();
        // All bytes are looked at, so that the time taken says nothing of where they differ.
        let differ = expected.iter().zip(signature).fold(0, |acc, (a, b)| acc | (a ^ b));
        if same_len && differ == 0 { Ok(()) } else { Err(CryptoError) }
    }
}

/// Ids that look random to whoever has not the key, and come in the same order for the same key.
#[derive(Clone)]
pub(super) struct ConnectionIds {
    mac: Mac,
    count: u64,
}

impl ConnectionIdGenerator for ConnectionIds {
    fn generate_cid(&mut self) -> ConnectionId {
        self.count += 1;
        self.mac.id(self.count, CONNECTION_ID_LEN)
    }

    fn cid_len(&self) -> usize {
        CONNECTION_ID_LEN
    }

    fn cid_lifetime(&self) -> Option<Duration> {
        None
    }
}

struct TokenKey {
    expander: Box<dyn HkdfExpander>,
    algorithm: &'static dyn quic::Algorithm,
}

impl HandshakeTokenKey for TokenKey {
    fn aead_from_hkdf(&self, random_bytes: &[u8]) -> Box<dyn AeadKey> {
        let key: [u8; 32] = expand(&*self.expander, &[b"token", random_bytes]);
        // Each key is used once, so the nonce may be the same.
        Box::new(Seal(self.algorithm.packet_key(key.into(), [0; 12].into())))
    }
}

struct Seal(Box<dyn quic::PacketKey>);

impl AeadKey for Seal {
    fn seal(&self, data: &mut Vec<u8>, additional: &[u8]) -> Result<(), CryptoError> {
        let tag = self.0.encrypt_in_place(0, additional, data).map_err(|_| CryptoError)?;
        data.extend_from_slice(tag.as_ref());
        Ok(())
    }

    fn open<'a>(&self, data: &'a mut [u8], additional: &[u8]) -> Result<&'a mut [u8], CryptoError> {
        // A token that is shorter than its tag is not for the cipher to look at.
        if data.len() < self.0.tag_len() {
            return Err(CryptoError);
        }
        let opened = self.0.decrypt_in_place(0, additional, data).map_err(|_| CryptoError)?.len();
        Ok(&mut data[..opened])
    }
}

/// The wall clock that Retry tokens are stamped with, set from outside.
#[derive(Debug, Default)]
pub(super) struct Wall(AtomicU64);

impl Wall {
    pub(super) fn set(&self, wall: SystemTime) {
        let since = wall.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        self.0.store(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

impl TimeSource for Wall {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }
}
