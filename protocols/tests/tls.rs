//! TLS sessions in memory: both sides, cut anywhere, under bad input, floods and back-pressure.
#![cfg(feature = "tls")]

#[path = "tls/authority.rs"]
mod authority;
#[path = "tls/certificates.rs"]
mod certificates;
#[path = "tls/clients.rs"]
mod clients;
#[path = "tls/closing.rs"]
mod closing;
#[path = "tls/cuts.rs"]
mod cuts;
#[path = "tls/floods.rs"]
mod floods;
#[path = "tls/forge.rs"]
mod forge;
#[path = "tls/handshake.rs"]
mod handshake;
#[path = "tls/hello.rs"]
mod hello;
#[path = "tls/key_log.rs"]
mod key_log;
#[path = "tls/keys.rs"]
mod keys;
#[path = "tls/pair.rs"]
mod pair;
#[path = "tls/plaintext.rs"]
mod plaintext;
#[path = "tls/pressure.rs"]
mod pressure;
#[path = "tls/strangers.rs"]
mod strangers;
#[path = "tls/tampered.rs"]
mod tampered;
#[path = "tls/tickets.rs"]
mod tickets;
