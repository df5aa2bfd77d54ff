//! Answers in a content coding.
#![cfg(feature = "http1")]

mod negotiation;

#[cfg(feature = "compression")]
mod answers;
#[cfg(feature = "compression")]
mod bounds;
#[cfg(feature = "compression")]
mod requests;
#[cfg(feature = "compression")]
mod round_trips;
#[cfg(feature = "compression")]
#[path = "../common/seeds.rs"]
mod seeds;
#[cfg(feature = "compression")]
mod site;
#[cfg(feature = "compression")]
mod streams;
#[cfg(feature = "compression")]
mod support;
mod worth;
