//! Quinn's configuration, made of ours.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use quinn_proto::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use quinn_proto::{
    ClientConfig, EndpointConfig, IdleTimeout, MtuDiscoveryConfig, NoneTokenStore, ServerConfig,
    TransportConfig,
};

use super::secrets::{Keys, Wall};
use super::{Limits, Secrets};

/// The only version that is spoken: QUIC 1 (RFC 9000).
const VERSION: u32 = 1;
/// The largest datagram that peers may send us: Ethernet's 1500 bytes less the headers of IPv4.
const RECEIVED_MAX: u16 = 1472;
/// The smallest that every path carries (RFC 9000, section 14).
const MTU_MIN: u16 = 1200;

/// How many bytes quinn may keep for a connection that is not decided on, and for all of them. Each
/// is decided on at once, so that nothing is ever kept; the bound holds if that should change.
const UNDECIDED: (u64, u64) = (32 * 1024, 8 * 1024 * 1024);

/// Why an endpoint cannot be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ConfigError {
    /// The TLS configuration has no suite that QUIC can use: it needs TLS 1.3 with
    /// `TLS13_AES_128_GCM_SHA256`, and one suite with a key of 32 bytes.
    Suite,
    /// This limit is out of its range.
    Limit(&'static str),
    /// The generator of random bytes failed.
    Random,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConfigError::Suite => f.write_str("no cipher suite that QUIC can use"),
            ConfigError::Limit(name) => write!(f, "the limit `{name}` is out of range"),
            ConfigError::Random => f.write_str("the generator of random bytes failed"),
        }
    }
}

impl std::error::Error for ConfigError {}

/// Which sides an endpoint has.
pub(super) struct Sides {
    pub(super) server: Option<Arc<rustls::ServerConfig>>,
    pub(super) client: Option<Arc<rustls::ClientConfig>>,
}

/// All that quinn is to be given.
pub(super) struct Config {
    pub(super) endpoint: EndpointConfig,
    pub(super) server: Option<ServerConfig>,
    pub(super) client: Option<ClientConfig>,
    pub(super) seed: [u8; 32],
    pub(super) wall: Arc<Wall>,
}

impl Config {
    pub(super) fn new(
        sides: Sides,
        secrets: Secrets,
        limits: &Limits,
    ) -> Result<Self, ConfigError> {
        let server = sides.server.as_ref().map(|tls| tls.crypto_provider());
        let client = sides.client.as_ref().map(|tls| tls.crypto_provider());
        let keys = Keys::new(secrets, server.or(client).ok_or(ConfigError::Suite)?)?;
        let wall = Arc::new(Wall::default());
        let transport = Arc::new(transport(limits, Offer::Streams)?);
        let server =
            sides.server.map(|tls| server_config(&tls, &keys, limits, &wall)).transpose()?;
        let client = sides.client.map(|tls| client_config(&tls, &keys)).transpose()?;
        Ok(Config {
            endpoint: endpoint_config(&keys, limits),
            server: server.map(|mut config| {
                config.transport_config(transport.clone());
                config
            }),
            client: client.map(|mut config| {
                config.transport_config(transport);
                config
            }),
            seed: keys.seed(),
            wall,
        })
    }
}

/// What peers are offered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Offer {
    Streams,
    /// The extension of RFC 9221 as well.
    Datagrams,
}

fn endpoint_config(keys: &Keys, limits: &Limits) -> EndpointConfig {
    let mut config = EndpointConfig::new(keys.reset());
    let ids = keys.connection_ids();
    config.cid_generator(move || Box::new(ids.clone()));
    config.supported_versions(vec![VERSION]).min_reset_interval(limits.reset_interval);
    let allowed = config.max_udp_payload_size(RECEIVED_MAX).is_ok();
    debug_assert!(allowed, "a constant within the bounds");
    config
}

fn server_config(
    tls: &rustls::ServerConfig,
    keys: &Keys,
    limits: &Limits,
    wall: &Arc<Wall>,
) -> Result<ServerConfig, ConfigError> {
    // What arrives before the handshake is over may be a replay (RFC 8470): nobody asks for it yet.
    let mut tls = tls.clone();
    tls.max_early_data_size = 0;
    let crypto = QuicServerConfig::try_from(tls).map_err(|_| ConfigError::Suite)?;
    let mut config = ServerConfig::new(Arc::new(crypto), keys.token());
    config
        .retry_token_lifetime(limits.retry_token)
        .max_incoming(limits.half_open_cap)
        .incoming_buffer_size(UNDECIDED.0)
        .incoming_buffer_size_total(UNDECIDED.1)
        .time_source(wall.clone());
    Ok(config)
}

fn client_config(tls: &rustls::ClientConfig, keys: &Keys) -> Result<ClientConfig, ConfigError> {
    let mut tls = tls.clone();
    tls.enable_early_data = false;
    let crypto = QuicClientConfig::try_from(tls).map_err(|_| ConfigError::Suite)?;
    let mut config = ClientConfig::new(Arc::new(crypto));
    config
        .version(VERSION)
        .token_store(Arc::new(NoneTokenStore))
        .initial_dst_cid_provider(Arc::new(keys.first_ids()));
    Ok(config)
}

/// How connections behave.
pub(super) fn transport(limits: &Limits, offer: Offer) -> Result<TransportConfig, ConfigError> {
    if !(MTU_MIN..=RECEIVED_MAX).contains(&limits.mtu) {
        return Err(ConfigError::Limit("mtu"));
    }
    check_times(limits)?;
    let mut mtu = MtuDiscoveryConfig::default();
    mtu.upper_bound(limits.mtu);
    let datagrams = (offer == Offer::Datagrams).then_some(limits.datagram_queue);
    let mut config = TransportConfig::default();
    config
        .max_concurrent_bidi_streams(limits.streams.into())
        .max_concurrent_uni_streams(0u32.into())
        .max_idle_timeout(Some(idle(limits.idle)?))
        .keep_alive_interval(limits.keep_alive)
        .stream_receive_window(limits.stream_window.into())
        .receive_window(limits.window.into())
        .send_window(limits.send_window.into())
        .crypto_buffer_size(limits.crypto_buffer)
        .datagram_receive_buffer_size(datagrams)
        .datagram_send_buffer_size(limits.datagram_queue)
        .mtu_discovery_config((limits.mtu > MTU_MIN).then_some(mtu));
    Ok(config)
}

/// Refuses durations that no clock reaches: a deadline is a time from now.
fn check_times(limits: &Limits) -> Result<(), ConfigError> {
    const MOST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
    let times = [
        ("handshake", limits.handshake),
        ("retry_token", limits.retry_token),
        ("reset_interval", limits.reset_interval),
    ];
    match times.iter().find(|(_, time)| *time > MOST) {
        Some((name, _)) => Err(ConfigError::Limit(name)),
        None => Ok(()),
    }
}

fn idle(idle: Duration) -> Result<IdleTimeout, ConfigError> {
    // Zero would mean no bound at all.
    if idle.as_millis() == 0 {
        return Err(ConfigError::Limit("idle"));
    }
    idle.try_into().map_err(|_| ConfigError::Limit("idle"))
}
