//! Each example as a process of its own, and the states of `key_value` without a socket.

mod arguments;
mod browser;
mod chat;
mod chat_page;
mod client;
mod generators;
mod http;
mod http_api;
mod http_api_page;
mod http_echo;
mod http_hello;
mod key_value;
mod key_value_machine;
mod nginx;
mod quic_echo;
mod server;
mod showcase;
mod showcase_page;
mod static_files;
mod tcp_echo;
mod tcp_relay;
mod tls_echo;
mod tools;
mod udp_echo;
mod web_socket;
mod ws_echo;
