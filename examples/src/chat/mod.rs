//! A chat over WebSockets, as a user of Readily would write it. Read this page first, then
//! `talker`.
//!
//! A browser gets the page at `/`, which opens a WebSocket to `/chat`. The first message of a
//! client is the name that it wants; each later one is a line for all. What the server says is one
//! JSON object for each message:
//!
//! | `event` | with | to |
//! | --- | --- | --- |
//! | `welcome` | `name`, `people`, `history` (a list of `said`) | whoever has just joined |
//! | `joined`, `left` | `name`, `people` | all |
//! | `said` | `name`, `text`, `at` (seconds since 1970) | all, who said it too |
//! | `refused` | `why` | whoever sent what cannot be taken: all else stays as it is |
//!
//! **A line is encoded once**, however many hear it, and lies once in the topic that all are
//! subscribed to.
//!
//! **Who reads too slowly cannot hold up the others**, nor cost much: as soon as their send buffer
//! and the topic's backlog are full, they are closed with the code 1013, counted, and the others
//! are told that they left. Or they miss something, if whoever runs the server would rather have
//! that: `--slow`.
//!
//! **Who talks too much** is refused line by line: what one person says costs something for each of
//! the others. So is every line past what the whole room may say: whoever talks pays for a crowd,
//! and not those who listen.

mod events;
mod pace;
mod room;
mod site;
mod talker;

use readily::Machine;
use readily::http1::Server;
use readily::websocket::WebSocket;

pub use room::{Behind, CROWDED, MISSED, REFUSED, Room, TOO_SLOW};
pub use site::Site;
pub use talker::Talker;

/// How many lines are kept for whoever joins.
pub const HISTORY: usize = 50;
/// How many people may be there.
pub const PEOPLE_MAX: usize = 1000;
/// The longest name, in characters.
pub const NAME_MAX: usize = 24;
/// The longest line, in characters.
pub const LINE_MAX: usize = 500;
/// How many lines one person may say at once...
pub const LINES_AT_ONCE: u32 = 20;
/// ... and how many a second later on.
pub const LINES_PER_SECOND: u32 = 5;
/// How many lines all together may say at once...
pub const ROOM_LINES_AT_ONCE: u32 = 500;
/// ... and how many a second later on.
pub const ROOM_LINES_PER_SECOND: u32 = 100;
/// How much may wait for one person besides their send buffer, in bytes; half of it may be said in
/// one turn of the loop...
pub const BACKLOG: usize = 384 * 1024;
/// ... but for so much, which is left for telling who left: that cannot be refused.
pub const LEAVING: usize = 64 * 1024;

/// One connection: a browser's that gets the page, then somebody who talks.
#[derive(Machine, Debug)]
#[machine(app = Room)]
#[max_size(112)]
pub enum Conn {
    /// Its deadlines are those of HTTP.
    #[becomes(Talk)]
    Http(Server<Site>),
    /// It is asked now and then whether it is still there.
    Talk(WebSocket<Talker>),
}

impl Conn {
    /// As a connection begins.
    pub fn new() -> Self {
        Conn::Http(Server::new(Site))
    }
}

impl Default for Conn {
    fn default() -> Self {
        Conn::new()
    }
}
