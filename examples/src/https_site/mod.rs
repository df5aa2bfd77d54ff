//! Folders under names of their own, each with its certificate: what is asked for, and what is told
//! of certificates that are read again.

mod asked;
mod proof;

pub use asked::{Asked, CHOICES, Site};
pub use proof::Proof;
