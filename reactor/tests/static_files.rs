//! Files of a folder over HTTP, on real sockets and a real disk.
#![cfg(feature = "http1")]

#[path = "static_files/answers.rs"]
mod answers;
#[path = "static_files/attacks.rs"]
mod attacks;
#[path = "static_files/bodies.rs"]
mod bodies;
#[path = "static_files/shop.rs"]
mod shop;
