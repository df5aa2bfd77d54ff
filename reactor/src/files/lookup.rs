//! From a path to an open file: folders, their index, and what lies beside a file compressed.

use std::os::fd::OwnedFd;
use std::time::{Duration, SystemTime};

use readily_protocols::contract::File;
use readily_protocols::http1::coding::{Accepted, Coding, Negotiated};
use readily_protocols::http1::files::{About, DotNames, Facts, Kind, Mark, Relative, Tag, ending};
use readily_protocols::http1::{Status, Value};
use rustix::fs::{FileType, Stat, fstat};
use rustix::io::Errno;

use super::reason;
use super::root::{Patience, Root, Shut};

/// What is served, and how: shared with the threads of the pool.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) root: Root,
    pub(super) rules: Rules,
}

/// How it is served.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    /// The names of the file that stands for its folder; the first that is there is sent.
    pub(super) index: Vec<String>,
    pub(super) dots: DotNames,
    /// The codings in which a file may lie beside itself, the best first.
    pub(super) precompressed: Vec<Coding>,
    pub(super) cache_control: Option<Value<'static>>,
    /// Kinds that are not the usual ones, by the end of a name.
    pub(super) kinds: Vec<(String, Kind)>,
}

/// What a path comes to.
#[derive(Debug)]
pub(super) enum Found {
    /// An open file.
    Content(Content),
    /// A folder that was asked for without its slash.
    Folder,
    /// Nothing that is sent.
    Refused(Refusal),
}

/// An open file.
#[derive(Clone, Debug)]
pub(super) struct Content {
    pub(super) file: File,
    pub(super) about: About,
}

/// What is answered instead, and what that is counted as.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refusal {
    pub(super) status: Status,
    pub(super) counts: Option<&'static str>,
}

/// To find it one would have to wait for the disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct WouldWait;

/// What was opened.
enum Node {
    File(OwnedFd, Mark),
    Folder,
}

/// Why it was not.
enum Failed {
    WouldWait,
    Refused(Refusal),
}

impl Refusal {
    pub(super) const NOT_FOUND: Refusal = Refusal { status: Status::NOT_FOUND, counts: None };
    pub(super) const BROKEN: Refusal =
        Refusal { status: Status::INTERNAL_SERVER_ERROR, counts: Some(reason::BROKEN) };
}

impl Site {
    /// Finds what a path names for a client that takes these codings.
    pub(super) fn find(
        &self,
        path: &Relative<'_>,
        accepted: &Accepted,
        patience: Patience,
    ) -> Result<Found, WouldWait> {
        match self.content(path, accepted, patience) {
            Ok(found) => Ok(found),
            Err(Failed::Refused(refusal)) => Ok(Found::Refused(refusal)),
            Err(Failed::WouldWait) => Err(WouldWait),
        }
    }

    fn content(
        &self,
        path: &Relative<'_>,
        accepted: &Accepted,
        patience: Patience,
    ) -> Result<Found, Failed> {
        match (self.open(path.as_str(), patience)?, path.is_folder()) {
            (Node::File(..), true) => Err(Failed::Refused(Refusal::NOT_FOUND)),
            (Node::Folder, false) => Ok(Found::Folder),
            (Node::File(file, mark), false) => {
                self.variant(path.as_str(), (file, mark), accepted, patience)
            }
            (Node::Folder, true) => {
                for name in &self.rules.index {
                    let name = path.file_in(name);
                    match self.open(&name, patience) {
                        Ok(Node::File(file, mark)) => {
                            return self.variant(&name, (file, mark), accepted, patience);
                        }
                        Ok(Node::Folder) => {}
                        Err(Failed::Refused(refusal)) if refusal.is_absence() => {}
                        Err(failed) => return Err(failed),
                    }
                }
                Err(Failed::Refused(Refusal::NOT_FOUND))
            }
        }
    }

    /// The file in the coding that the client likes best of those in which it is there.
    fn variant(
        &self,
        name: &str,
        (file, mark): (OwnedFd, Mark),
        accepted: &Accepted,
        patience: Patience,
    ) -> Result<Found, Failed> {
        let mut offered = self.rules.precompressed.clone();
        loop {
            let coding = match accepted.choose(&offered) {
                Negotiated::Use(coding) => coding,
                Negotiated::Identity => return Ok(self.found(name, file, &mark, None)),
                Negotiated::NotAcceptable => {
                    let status = Status::NOT_ACCEPTABLE;
                    return Err(Failed::Refused(Refusal { status, counts: None }));
                }
            };
            let beside = format!("{name}.{}", coding.extension());
            match self.open(&beside, patience) {
                Ok(Node::File(file, variant)) if is_not_older(&variant, &mark) => {
                    return Ok(self.found(name, file, &variant, Some(coding)));
                }
                Err(Failed::WouldWait) => return Err(Failed::WouldWait),
                // The file itself can be sent, whatever became of this.
                _ => offered.retain(|other| *other != coding),
            }
        }
    }

    fn found(&self, name: &str, file: OwnedFd, mark: &Mark, coding: Option<Coding>) -> Found {
        let tag = Tag::new(mark, coding);
        let facts = Facts { length: mark.length, modified: mark.modified, tag };
        let about = About {
            facts,
            kind: self.kind(name),
            coding,
            varies: !self.rules.precompressed.is_empty(),
            cache_control: self.rules.cache_control,
        };
        Found::Content(Content { file: std::fs::File::from(file).into(), about })
    }

    fn kind(&self, name: &str) -> Kind {
        let end = ending(name);
        let ours = self.rules.kinds.iter().find(|(of, _)| of.eq_ignore_ascii_case(end));
        ours.map_or_else(|| Kind::of(name), |(_, kind)| *kind)
    }

    fn open(&self, path: &str, patience: Patience) -> Result<Node, Failed> {
        let opened = self.root.open_beneath(path, patience).map_err(|shut| match shut {
            Shut::WouldWait => Failed::WouldWait,
            Shut::For(errno) => Failed::Refused(Refusal::of(errno)),
        })?;
        let stat = fstat(&opened).map_err(|errno| Failed::Refused(Refusal::of(errno)))?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Ok(Node::File(opened, mark(&stat))),
            FileType::Directory => Ok(Node::Folder),
            _ => Err(Failed::Refused(Refusal {
                counts: Some(reason::NO_FILE),
                ..Refusal::NOT_FOUND
            })),
        }
    }
}

impl Refusal {
    /// What an error of opening is answered by.
    pub(super) fn of(errno: Errno) -> Refusal {
        let (status, counts) = match errno {
            Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG => (Status::NOT_FOUND, None),
            Errno::XDEV | Errno::LOOP => (Status::NOT_FOUND, Some(reason::OUTSIDE)),
            // A socket, or a device without a driver.
            Errno::NXIO | Errno::NODEV => (Status::NOT_FOUND, Some(reason::NO_FILE)),
            Errno::ACCESS | Errno::PERM => (Status::FORBIDDEN, Some(reason::DENIED)),
            Errno::MFILE | Errno::NFILE | Errno::NOMEM => {
                (Status::SERVICE_UNAVAILABLE, Some(reason::EXHAUSTED))
            }
            _ => return Refusal::BROKEN,
        };
        Refusal { status, counts }
    }

    /// Whether it says no more than that nothing is there.
    fn is_absence(&self) -> bool {
        self.status == Status::NOT_FOUND && self.counts.is_none()
    }
}

/// Whether a variant was made of what the file is now, in whole seconds: some tools copy the time
/// of a file no finer.
fn is_not_older(variant: &Mark, file: &Mark) -> bool {
    let second = |mark: &Mark| {
        mark.modified.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
    };
    second(variant) >= second(file)
}

fn mark(stat: &Stat) -> Mark {
    let seconds = Duration::from_secs(stat.st_mtime.unsigned_abs());
    let nanos = Duration::from_nanos(stat.st_mtime_nsec as u64);
    let epoch = SystemTime::UNIX_EPOCH;
    let whole =
        if stat.st_mtime < 0 { epoch.checked_sub(seconds) } else { epoch.checked_add(seconds) };
    Mark {
        length: u64::try_from(stat.st_size).unwrap_or(0),
        modified: whole.and_then(|whole| whole.checked_add(nanos)).unwrap_or(epoch),
        inode: stat.st_ino,
    }
}
