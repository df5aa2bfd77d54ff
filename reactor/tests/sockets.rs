//! The real loop on the kernel's sockets, on the loopback device.

#[path = "sockets/connects.rs"]
mod connects;
#[path = "sockets/datagrams.rs"]
mod datagrams;
#[path = "sockets/drains.rs"]
mod drains;
#[path = "sockets/exhaustion.rs"]
mod exhaustion;
#[path = "sockets/letters.rs"]
mod letters;
#[path = "sockets/listeners.rs"]
mod listeners;
#[path = "common/net.rs"]
mod net;
#[path = "common/planned.rs"]
mod planned;
#[path = "sockets/streams.rs"]
mod streams;
#[path = "common/troupe.rs"]
mod troupe;
#[path = "sockets/unix.rs"]
mod unix;
