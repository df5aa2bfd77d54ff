//! Servers that are installed on the system.

pub mod haproxy;
pub mod lighttpd;
pub mod nginx;
