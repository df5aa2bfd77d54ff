//! What the machines cost by themselves, and what the loop costs around them: no kernel, no
//! network, no other process.
//!
//! Each bench checks its work before it is measured, and panics if that is wrong.

mod http;
mod relay;
mod size;
mod slab;
mod timers;
mod tls;
mod turn;
mod websocket;

use std::time::Duration;

use criterion::Criterion;

/// So that all benches together take less than three minutes.
const WARM_UP: Duration = Duration::from_millis(500);
const MEASUREMENT: Duration = Duration::from_millis(1500);
const SAMPLES: usize = 30;

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(WARM_UP)
        .measurement_time(MEASUREMENT)
        .sample_size(SAMPLES)
        .without_plots()
        .configure_from_args();
    http::bench(&mut criterion);
    websocket::bench(&mut criterion);
    relay::bench(&mut criterion);
    tls::bench(&mut criterion);
    timers::bench(&mut criterion);
    slab::bench(&mut criterion);
    turn::bench(&mut criterion);
    criterion.final_summary();
}
