//! Certificates from files, which may change while a server runs.

mod files;
mod stamp;

pub use files::{FILE_MAX, Files, LoadError};
