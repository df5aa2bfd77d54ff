//! One connection as bytes in and events out, without a loop, a socket or a buffer of its own: what
//! the states of this crate are built on, and what fits any other loop.

mod answer;
mod client_event;
mod client_side;
mod decoder;
mod encoder;
mod event;
mod out;
pub(in crate::http1) mod pen;
mod request_pen;
mod server_side;
mod terms;

pub(in crate::http1) use answer::{CONTINUE, fields_len, write_refusal, write_switch};
pub use client_event::{ClientEvent, ClientMisuse, Connection, Cut, Expect, How};
pub use client_side::{ClientSide, INTERIMS_MOST};
pub(in crate::http1) use client_side::{Hearing, Saying};
pub(in crate::http1) use decoder::Found;
pub(in crate::http1) use encoder::{Encoder, FRAME_MAX, as_bytes};
pub use encoder::{Length, WrongLength};
pub use event::{Event, Misuse, Received, Trailers};
pub use out::Out;
pub(in crate::http1) use request_pen::{write_field, write_line};
pub use server_side::ServerSide;
pub(in crate::http1) use server_side::{Receiving, Sending};
pub(in crate::http1) use terms::{Method, Terms};

/// A wall time as HTTP writes it (RFC 9110, section 5.6.7).
pub use crate::contract::http_date as date;
