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
    /// Finds a suite with a key of 32 bytes, since rustls makes keys of no other length from bytes;
    /// of several that with the shortest hash, which is the cheapest.
    pub(super) fn new(secrets: Secrets, provider: &CryptoProvider) -> Result<Keys, ConfigError> {
        let suites = provider.cipher_suites.iter().filter_map(|suite| suite.tls13());
        let fit = suites.filter_map(|suite| Some((suite, algorithm(suite)?)));
        let least = fit.min_by_key(|(suite, _)| suite.common.hash_provider.output_len());
        let (suite, algorithm) = least.ok_or(ConfigError::Suite)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(secrets: Secrets) -> Keys {
        Keys::new(secrets, &rustls::crypto::ring::default_provider()).expect("keys")
    }

    #[test]
    fn the_same_secrets_give_the_same_ids_and_others_give_others() {
        let ids = |secrets| {
            let mut ids = keys(secrets).connection_ids();
            (0..1000).map(|_| ids.generate_cid()).collect::<Vec<_>>()
        };
        let fixed = ids(Secrets::fixed([1; 32]));
        assert_eq!(fixed, ids(Secrets::fixed([1; 32])));
        let other_keys = Secrets::fixed([1; 32]).with_reset_key([2; 32]).with_token_key([3; 32]);
        assert_eq!(fixed, ids(other_keys), "they are the seed's");
        let mut all = [fixed, ids(Secrets::fixed([2; 32]))].concat();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 2000);
        assert!(all.iter().all(|id| id.len() == CONNECTION_ID_LEN));
    }

    #[test]
    fn drawn_secrets_differ() {
        let provider = rustls::crypto::ring::default_provider();
        let draw = || Secrets::draw(&provider).expect("the system's generator");
        let (one, other) = (draw(), draw());
        let all = [one.seed, one.reset_key, one.token_key, other.seed, other.reset_key];
        for (nth, secret) in all.iter().enumerate() {
            assert!(!all[nth + 1..].contains(secret));
        }
    }

    #[test]
    fn a_token_is_opened_by_its_key_alone_and_only_whole() {
        let aead =
            |seed, nonce: &[u8]| keys(Secrets::fixed([seed; 32])).token().aead_from_hkdf(nonce);
        let mut token = b"who and when".to_vec();
        aead(1, b"nonce").seal(&mut token, &[]).expect("sealed");
        let open = |key: Box<dyn AeadKey>, token: &[u8]| {
            key.open(&mut token.to_vec(), &[]).map(|opened| opened.to_vec()).ok()
        };
        assert_eq!(open(aead(1, b"nonce"), &token).as_deref(), Some(&b"who and when"[..]));
        assert_eq!(open(aead(2, b"nonce"), &token), None);
        assert_eq!(open(aead(1, b"other"), &token), None);
        for end in 0..token.len() {
            assert_eq!(open(aead(1, b"nonce"), &token[..end]), None, "{end}");
            let mut changed = token.clone();
            changed[end] ^= 1;
            assert_eq!(open(aead(1, b"nonce"), &changed), None, "{end}");
        }
    }

    #[test]
    fn a_signature_is_verified_whole() {
        let key = keys(Secrets::fixed([1; 32])).reset();
        let mut signature = vec![0; key.signature_len()];
        key.sign(b"id", &mut signature);
        assert!(key.verify(b"id", &signature).is_ok());
        assert!(key.verify(b"di", &signature).is_err());
        assert!(key.verify(b"id", &signature[1..]).is_err());
        assert!(key.verify(b"id", &[]).is_err());
    }
}
