//! The defaults, as the documentation tells them.

use std::time::Duration;

use readily::{Bind, Config, Connect, Listen, Marks, PortSharing, Sanitizer, StreamOptions};

#[test]
fn a_loop_has_the_limits_that_are_documented() {
    let secs = Duration::from_secs;
    let config = Config::default();
    assert_eq!(Config::DESCRIPTORS_KEPT, 64);
    assert_eq!(config.connections_max, None);
    assert_eq!((config.receive_max, Config::RECEIVE_MAX), (65_536, 65_536));
    assert_eq!(config.send_marks, Marks { high: 262_144, low: 65_536, cap: 2_097_152 });
    assert_eq!((config.buffers_max, Config::BUFFERS_MAX), (536_870_912, 536_870_912));
    assert_eq!((config.turn_bytes, Config::TURN_BYTES), (262_144, 262_144));
    assert_eq!((config.turn_reads, Config::TURN_READS), (16, 16));
    assert_eq!((config.turn_file_bytes, Config::TURN_FILE_BYTES), (1_048_576, 1_048_576));
    assert_eq!((config.turn_deadlines, Config::TURN_DEADLINES), (4096, 4096));
    assert_eq!((config.mail_max, Config::MAIL_MAX), (1_048_576, 1_048_576));
    assert_eq!((config.mail_timers_max, Config::MAIL_TIMERS_MAX), (65_536, 65_536));
    assert_eq!((config.letters_max, Config::LETTERS_MAX), (65_536, 65_536));
    assert_eq!((config.jobs_max, Config::JOBS_MAX), (1024, 1024));
    assert_eq!((config.send_stall, Config::SEND_STALL), (secs(20), secs(20)));
    assert_eq!((config.linger_idle, Config::LINGER_IDLE), (secs(2), secs(2)));
    assert_eq!((config.linger_within, Config::LINGER_WITHIN), (secs(5), secs(5)));
    assert_eq!((config.linger_bytes, Config::LINGER_BYTES), (1_048_576, 1_048_576));
    assert_eq!((config.drain_within, Config::DRAIN_WITHIN), (secs(30), secs(30)));
    assert_eq!(config.accept_retry, Config::ACCEPT_RETRY);
    assert_eq!(config.accept_retry, Duration::from_millis(10));
    assert_eq!((config.slow_turn, Config::SLOW_TURN), (config.accept_retry, config.accept_retry));
    assert_eq!((config.handshake_within, Config::HANDSHAKE_WITHIN), (secs(10), secs(10)));
    assert_eq!((config.handshakes_max, Config::HANDSHAKES_MAX), (1024, 1024));
    assert_eq!((config.turn_handshakes, Config::TURN_HANDSHAKES), (8, 8));
    assert_eq!((config.spins_max, Config::SPINS_MAX), (32, 32));
    assert_eq!(config.sanitizer == Sanitizer::On, cfg!(debug_assertions));
    assert_eq!(config.seed, None);
}

#[test]
fn sockets_have_the_options_that_are_documented() {
    let stream =
        StreamOptions { nodelay: true, keepalive: None, send_buffer: None, receive_buffer: None };
    let listen = Listen {
        backlog: 4096,
        sharing: PortSharing::Exclusive,
        stream,
        accept_budget: 16,
        connections_max: usize::MAX,
        tls: None,
    };
    assert_eq!(Listen::default(), listen);
    assert_eq!((Listen::BACKLOG, Listen::ACCEPT_BUDGET), (4096, 16));
    let sharing = PortSharing::Exclusive;
    let bind = Bind { sharing, send_buffer: None, receive_buffer: None, budget: 64 };
    assert_eq!((Bind::default(), Bind::BUDGET), (bind, 64));
    assert_eq!(Connect::WITHIN, Duration::from_secs(3));
}
