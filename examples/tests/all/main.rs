//! Each example as a process of its own, and the states of `key_value` without a socket.

mod arguments;
mod browser;
mod client;
mod key_value;
mod key_value_machine;
mod server;
mod showcase;
mod showcase_page;
mod tcp_echo;
mod tcp_relay;
mod udp_echo;
