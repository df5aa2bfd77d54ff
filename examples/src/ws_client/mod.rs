//! A client of a WebSocket. Read `talk` first.

mod arguments;
mod talk;

pub use arguments::Arguments;
pub use talk::{Conn, Mail, Talk};
