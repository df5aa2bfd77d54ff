//! A small interface over HTTP, as a user of Readily would write it: a notebook that everybody who
//! looks at it sees change. Read this page first, then `routes`.
//!
//! | route | answer |
//! | --- | --- |
//! | `GET /` | a page that shows the notebook, live |
//! | `GET /notes` | all notes |
//! | `POST /notes` | 201 and the new note; the body is `{"text": "…"}` |
//! | `GET`, `PUT`, `DELETE /notes/{id}` | one note |
//! | `PUT /upload/{name}` | how long the body was, and its digest; it is not kept |
//! | `GET /download/{bytes}` | so many bytes |
//! | `GET /slow?ms=N` | an answer after that time |
//! | `GET /primes/{n}` | how many primes are below `n`, counted on another thread |
//! | `GET /events` | server-sent events: each change |
//! | `GET /metrics` | counts for Prometheus |
//!
//! Answers are JSON, errors too: `{"error": "…"}`. Only what the server refuses before any route
//! is asked, such as a bad head, is answered in plain words.
//!
//! **What belongs to one exchange** lies in the service of its connection, and what connections
//! share in [`Api`]. Nothing waits: a body, a timer, a thread or a listener that reads slowly is
//! one state of [`Site`], and the loop goes on.
//!
//! **A listener that reads slowly** cannot hold up the others, nor cost much: when more events wait
//! for it than [`WAITING_MAX`] it is cut off. Its browser connects again, and says which event it
//! has seen last.

mod events;
mod notes;
mod page;
mod problem;
mod routes;
mod site;
mod upload;
mod work;

use bytes::Bytes;
use readily::http1::Server;
use readily::{App, Effects, End, Id, Machine};

use crate::reports::Reports;

pub use events::Listeners;
pub use notes::{Note, Notes};
pub use site::{Site, Table};

/// The largest body that describes a note, in bytes.
pub const NOTE_MAX: u64 = 16 * 1024;
/// The longest text of a note, in characters.
pub const TEXT_MAX: usize = 2000;
/// How many notes there may be.
pub const NOTES_MAX: usize = 1000;
/// The largest upload, in bytes, where nothing else is said.
pub const UPLOAD_MAX: u64 = 1 << 30;
/// The largest download, in bytes.
pub const DOWNLOAD_MAX: u64 = 1 << 40;
/// The longest that [`/slow`](self) takes, in milliseconds.
pub const SLOW_MAX: u64 = 30_000;
/// Up to where primes are counted.
pub const WORK_MAX: u64 = 20_000_000;
/// How many may listen to events.
pub const LISTENERS_MAX: usize = 1000;
/// How many events are kept for whoever was cut off.
pub const HISTORY: usize = 32;
/// How many events may wait for one listener.
pub const WAITING_MAX: usize = 64;

/// Counted for each listener that is cut off since it reads too slowly.
pub const TOO_SLOW: &str = "api: a listener that reads too slowly";
/// Counted for each event that found no room in the loop's queue.
pub const MISSED: &str = "api: an event that some did not hear";
/// Counted for each request for which the loop had no timer, or the pool no place.
pub const BUSY: &str = "api: busy";

/// What travels in the loop.
#[derive(Clone, Debug)]
pub enum Letter {
    /// To a listener: an event as it is sent, written once for all of them.
    Event(Bytes),
    /// To whoever sleeps: the time of that request has come.
    Awake(u32),
    /// To whoever has work done: what came of it, and for which request.
    Worked(u32, u64),
    /// To the application: something must be said, so that nobody on the way takes a silent stream
    /// for a dead one.
    Beat,
    /// To the application: the log was moved away.
    Reopen,
}

/// Mail that may be a [`Letter`].
pub trait Letters: Clone + Send + From<Letter> {
    /// The letter.
    ///
    /// # Errors
    /// The mail, if it is another.
    fn letter(self) -> Result<Letter, Self>;
}

impl Letters for Letter {
    fn letter(self) -> Result<Letter, Self> {
        Ok(self)
    }
}

/// An application that has an [`Api`].
pub trait Serves: App<Mail: Letters> + AsMut<Api> {}

impl<A: App<Mail: Letters> + AsMut<Api>> Serves for A {}

/// What all connections share.
#[derive(Debug, Default)]
pub struct Api {
    /// What is in the notebook.
    pub notes: Notes,
    /// Who is told of changes.
    pub listeners: Listeners,
    /// The log and the counts.
    pub reports: Reports,
}

/// A connection where there is nothing but the interface; its deadlines are those of HTTP.
#[derive(Machine, Debug)]
#[machine(app = Api)]
#[max_size(104)]
pub enum Conn {
    /// One client.
    Http(Server<Site<Conn>>),
}

impl App for Api {
    type Mail = Letter;
    type Conn = Conn;

    fn receive(&mut self, letter: Letter, fx: &mut Effects<Self>) {
        match letter {
            Letter::Beat => self.listeners.beat(fx),
            Letter::Reopen => self.reports.reopen(),
            // These are for connections.
            Letter::Event(_) | Letter::Awake(_) | Letter::Worked(..) => {}
        }
    }

    fn gone(&mut self, id: Id, _: End, _: &mut Effects<Self>) {
        self.listeners.forget(id);
    }
}

impl AsMut<Api> for Api {
    fn as_mut(&mut self) -> &mut Api {
        self
    }
}
