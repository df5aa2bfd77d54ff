//! One connection as bytes in and out.

pub(in crate::http1) mod pen;
