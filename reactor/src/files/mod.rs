//! Files of a folder over HTTP: opened beneath it whatever links lie there, sent by `sendfile`, and
//! read by the pool of threads before that where they are not in memory.
//!
//! ```no_run
//! use readily::files::{Files, Serve};
//! use readily::http1::Server;
//! use readily::{Address, Alone, Machine, Reactor};
//!
//! #[derive(Machine)]
//! enum Conn {
//!     Http(Server<Serve>),
//! }
//!
//! let files = Files::open("public")?;
//! let mut reactor: Reactor<Alone<Conn>> = Reactor::new(Alone::new())?;
//! let at: Address = "127.0.0.1:8080".parse()?;
//! reactor.listen(&at, move |_, _| Some(Conn::Http(Server::new(Serve::new(files.clone())))))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Serve`] is a service of files alone. One that has more holds a [`Transfer`] and asks it: see
//! there. What is answered is decided by [`http1::files`](crate::http1::files); here is the disk.
//!
//! # What is guaranteed
//!
//! - Nothing outside of the folder is opened: the kernel walks the path, and a link that is swapped
//!   meanwhile changes nothing. Only regular files are sent, and no folder is listed.
//! - With [`Disk::Probe`], the loop opens a file, or sends from it, only if the kernel says that it
//!   need not wait. What can make it wait all the same is in the book, under "Static files".
//! - A transfer holds one descriptor, and no more of a file than [`AHEAD`] is queued at once.

mod body;
mod errand;
mod lookup;
mod options;
mod pages;
pub mod reason;
mod root;
mod serve;
#[cfg(test)]
mod tests;
mod transfer;

pub use options::{Disk, Files, Options};
pub use pages::{AHEAD, WINDOW};
pub use root::Symlinks;
pub use serve::Serve;
pub use transfer::Transfer;
