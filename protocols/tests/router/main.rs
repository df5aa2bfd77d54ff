//! The router: which route a path and a method have, what is refused, and how it answers.
#![cfg(feature = "router")]

mod answers;
mod oracle;
mod params;
mod refused;
mod table;
