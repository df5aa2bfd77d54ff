//! Every limit of a loop: its default, and what happens one below it, at it, and one above.

#[path = "limits/calls.rs"]
mod calls;
#[path = "limits/defaults.rs"]
mod defaults;
#[path = "common/drawer.rs"]
mod drawer;
#[path = "limits/handshakes.rs"]
mod handshakes;
#[path = "common/house.rs"]
mod house;
#[path = "limits/kernel.rs"]
mod kernel;
#[path = "limits/memory.rs"]
mod memory;
#[path = "limits/patience.rs"]
mod patience;
#[path = "limits/places.rs"]
mod places;
#[path = "common/toy.rs"]
mod toy;
#[path = "common/troupe.rs"]
mod troupe;

use std::fmt::Debug;

use readily::{Bind, Config, Listen, Marks, StreamOptions};

/// A field of a limit, and the test of it.
type Row = (&'static str, fn());

/// The fields of [`Config`].
const CONFIG: &[Row] = &[
    ("connections_max", places::connections_of_a_loop),
    ("receive_max", memory::unread_bytes),
    ("send_marks", memory::unsent_bytes),
    ("buffers_max", memory::all_buffers),
    ("turn_bytes", calls::bytes_in_a_turn),
    ("turn_reads", calls::reads_in_a_turn),
    ("turn_file_bytes", calls::bytes_of_files_in_a_turn),
    ("turn_deadlines", calls::deadlines_in_a_turn),
    ("mail_max", calls::mail_that_waits),
    ("mail_timers_max", calls::timers_that_wait),
    ("letters_max", calls::letters_that_wait),
    ("jobs_max", calls::jobs_that_are_not_answered),
    ("send_stall", patience::a_peer_that_takes_nothing),
    ("linger_idle", patience::a_silent_peer_after_our_end),
    ("linger_within", patience::a_talking_peer_after_our_end),
    ("linger_bytes", memory::bytes_after_our_end),
    ("drain_within", patience::a_drain),
    ("accept_retry", patience::a_listener_without_descriptors),
    ("slow_turn", kernel::a_slow_turn),
    ("handshake_within", handshakes::a_handshake),
    ("handshakes_max", handshakes::handshakes_under_way),
    ("turn_handshakes", handshakes::handshakes_in_a_turn),
    ("spins_max", calls::calls_without_progress),
    ("sanitizer", calls::the_sanitizer),
    ("seed", calls::the_seed),
];

/// The fields of [`Listen`].
const LISTEN: &[Row] = &[
    ("backlog", places::connections_that_wait),
    ("sharing", kernel::a_shared_port),
    ("stream", kernel::stream_options),
    ("accept_budget", places::accepts_in_a_turn),
    ("connections_max", places::connections_of_a_listener),
    ("tls", handshakes::a_secured_listener),
];

/// The fields of [`Bind`].
const BIND: &[Row] = &[
    ("sharing", kernel::a_shared_datagram_port),
    ("send_buffer", kernel::datagram_send_buffer),
    ("receive_buffer", kernel::datagram_receive_buffer),
    ("budget", places::datagrams_in_a_turn),
];

#[test]
fn each_limit_holds_at_its_edge() {
    let tables = [("Config", CONFIG), ("Listen", LISTEN), ("Bind", BIND)];
    let rows = tables.iter().flat_map(|(of, rows)| rows.iter().map(move |row| (of, row)));
    let failed = rows.filter(|(_, (_, test))| std::panic::catch_unwind(test).is_err());
    let failed: Vec<String> = failed.map(|(of, (name, _))| format!("{of}::{name}")).collect();
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn each_field_has_its_row() {
    let names = |table: &[Row]| table.iter().map(|(name, _)| (*name).to_owned()).collect();
    let tables: [(Vec<String>, Vec<String>); 3] = [
        (fields(&Config::default()), names(CONFIG)),
        (fields(&Listen::default()), names(LISTEN)),
        (fields(&Bind::default()), names(BIND)),
    ];
    for (fields, rows) in tables {
        assert_eq!(fields, rows);
    }
    assert_eq!(fields(&Marks::default()), ["high", "low", "cap"]);
    let stream = ["nodelay", "keepalive", "send_buffer", "receive_buffer"];
    assert_eq!(fields(&StreamOptions::default()), stream);
}

/// The names of the fields of a struct, from what it prints.
fn fields(of: &impl Debug) -> Vec<String> {
    let text = format!("{of:#?}");
    let outermost =
        text.lines().filter(|line| line.starts_with("    ") && !line.starts_with("     "));
    outermost.filter_map(|line| Some(line.split_once(':')?.0.trim().to_owned())).collect()
}

/// Runs a case with one less than the limit, the limit, and one more.
fn around(limit: u64, case: impl Fn(u64) -> u64, expected: [u64; 3]) {
    let outcomes = [limit - 1, limit, limit + 1].map(case);
    assert_eq!(outcomes, expected, "around {limit}");
}

/// The defaults, changed.
fn config(change: impl FnOnce(&mut Config)) -> Config {
    let mut config = Config::default();
    change(&mut config);
    config
}
