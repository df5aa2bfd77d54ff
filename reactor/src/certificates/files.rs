//! Pairs of files, a chain and its key, and the certificates that are read from them.

use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use readily_protocols::contract::App;
use readily_protocols::tls::{self, Certificates, Identity};

use super::stamp::Stamp;
use crate::chores::Chore;
use crate::reactor::Reactor;
use crate::signals::HANGUP;
use crate::sys::Sys;

/// The most bytes that a file of certificates or keys may have.
pub const FILE_MAX: u64 = 1024 * 1024;

/// Certificates that are read from files, and read again while the server runs.
///
/// All of them are read and checked before any is served: where one file is missing, does not
/// parse, or has a key that is not that of its certificate, every certificate stays what it was.
/// A clone is the same files.
#[derive(Clone)]
pub struct Files {
    shared: Arc<Shared>,
}

struct Shared {
    pairs: Vec<Pair>,
    certificates: Certificates,
    /// What the files were when they were read last; whoever reads them holds it.
    seen: Mutex<Vec<Option<Stamp>>>,
    asked: AtomicBool,
    reloads: AtomicU64,
    failures: AtomicU64,
    failure: Mutex<Option<String>>,
}

struct Pair {
    chain: PathBuf,
    key: PathBuf,
}

/// Why certificates were not read.
#[derive(Debug)]
pub struct LoadError(Why);

#[derive(Debug)]
enum Why {
    /// A file cannot be read.
    File(PathBuf, io::Error),
    /// A chain and its key cannot be used.
    Pair { chain: PathBuf, key: PathBuf, error: tls::Error },
    /// All together cannot be.
    All(tls::Error),
}

impl Files {
    /// Reads pairs of PEM files, each a chain and its private key; the first pair is for clients
    /// that ask for no name.
    ///
    /// # Errors
    /// What is wrong with which file.
    pub fn load<C, K>(pairs: impl IntoIterator<Item = (C, K)>) -> Result<Files, LoadError>
    where
        C: Into<PathBuf>,
        K: Into<PathBuf>,
    {
        let pair = |(chain, key): (C, K)| Pair { chain: chain.into(), key: key.into() };
        let shared = Shared {
            pairs: pairs.into_iter().map(pair).collect(),
            certificates: Certificates::new(),
            seen: Mutex::default(),
            asked: AtomicBool::new(false),
            reloads: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            failure: Mutex::default(),
        };
        let stamps = shared.stamps();
        shared.read_all()?;
        *shared.seen.lock().unwrap_or_else(PoisonError::into_inner) = stamps;
        Ok(Files { shared: Arc::new(shared) })
    }

    /// What was read, for [`Settings::certificates`](tls::Settings::certificates): the next
    /// handshake has what is read later.
    pub fn certificates(&self) -> Certificates {
        self.shared.certificates.clone()
    }

    /// Reads the files again, changed or not. This blocks: in a loop it is a job for `offload`.
    ///
    /// # Errors
    /// What is wrong with which file; the certificates stay what they were.
    pub fn reload(&self) -> Result<(), LoadError> {
        self.shared.look(Look::Asked).unwrap_or(Ok(()))
    }

    /// Has this loop look every so often whether a file has changed, and read all of them again
    /// when one has, and at each [`HANGUP`](crate::HANGUP). The files are touched by a thread of
    /// the loop's pool, never by the loop. One loop of a fleet is enough, the first.
    ///
    /// A file has changed when its size, its times or its place on the disk have. A pair of which
    /// one half is written yet fails, and is read again when the other half is.
    ///
    /// # Errors
    /// Where the signal cannot be caught; `InvalidInput` for no time at all.
    pub fn watch<A: App, S: Sys>(
        &self,
        reactor: &mut Reactor<A, S>,
        every: Duration,
    ) -> io::Result<()> {
        self.watch_and(reactor, every, |_| {})
    }

    /// The same, and `tell` is called each time that they were read again: with what was wrong
    /// where they were not taken. It is called on the thread that read them, when the counts have
    /// changed; whoever wants the loop to know mails it by a [`Handle`](crate::Handle).
    ///
    /// # Errors
    /// As [`watch`](Files::watch).
    pub fn watch_and<A: App, S: Sys>(
        &self,
        reactor: &mut Reactor<A, S>,
        every: Duration,
        tell: impl Fn(Result<(), &LoadError>) + Send + Sync + 'static,
    ) -> io::Result<()> {
        let watch = Watch { shared: self.shared.clone(), tell };
        reactor.add_chore(Arc::new(watch), every, HANGUP)
    }

    /// How often they were read again, and taken.
    pub fn reloads(&self) -> u64 {
        self.shared.reloads.load(Ordering::Acquire)
    }

    /// How often they were read again, and not taken.
    pub fn failures(&self) -> u64 {
        self.shared.failures.load(Ordering::Acquire)
    }

    /// Why they were not taken the last time; none since they were.
    pub fn failure(&self) -> Option<String> {
        self.shared.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Why the files are looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Look {
    /// They may have changed.
    Changed,
    /// Somebody wants them read.
    Asked,
}

/// What a loop does for them.
struct Watch<T> {
    shared: Arc<Shared>,
    tell: T,
}

impl<T: Fn(Result<(), &LoadError>) + Send + Sync> Chore for Watch<T> {
    fn ask(&self) {
        self.shared.asked.store(true, Ordering::Release);
    }

    fn is_asked(&self) -> bool {
        self.shared.asked.load(Ordering::Acquire)
    }

    fn run(&self) {
        let is_asked = self.shared.asked.swap(false, Ordering::AcqRel);
        let look = if is_asked { Look::Asked } else { Look::Changed };
        if let Some(read) = self.shared.look(look) {
            (self.tell)(read.as_ref().copied());
        }
    }
}

impl Shared {
    /// What became of it; none if there was nothing to read.
    fn look(&self, look: Look) -> Option<Result<(), LoadError>> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // Before they are read: what is written after this is a change that is seen the next time.
        let stamps = self.stamps();
        if look == Look::Changed && *seen == stamps {
            return None;
        }
        *seen = stamps;
        let read = self.read_all();
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        *failure = read.as_ref().err().map(ToString::to_string);
        let counter = if read.is_ok() { &self.reloads } else { &self.failures };
        counter.fetch_add(1, Ordering::AcqRel);
        #[cfg(feature = "log")]
        match &read {
            Ok(()) => log::info!("certificates were read again"),
            Err(error) => log::error!("certificates stay what they were: {error}"),
        }
        Some(read)
    }

    fn stamps(&self) -> Vec<Option<Stamp>> {
        let paths = self.pairs.iter().flat_map(|pair| [&pair.chain, &pair.key]);
        paths.map(|path| Stamp::of(path)).collect()
    }

    /// Reads all, and serves them if all of them are good.
    fn read_all(&self) -> Result<(), LoadError> {
        let identities = self.pairs.iter().map(Pair::read).collect::<Result<_, _>>()?;
        self.certificates.replace(identities).map_err(|error| LoadError(Why::All(error)))
    }
}

impl Pair {
    fn read(&self) -> Result<Identity, LoadError> {
        let bytes = |path: &PathBuf| {
            read_file(path).map_err(|error| LoadError(Why::File(path.clone(), error)))
        };
        let identity = Identity::from_pem(&bytes(&self.chain)?, &bytes(&self.key)?);
        identity.map_err(|error| {
            let (chain, key) = (self.chain.clone(), self.key.clone());
            LoadError(Why::Pair { chain, key, error })
        })
    }
}

fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    // A pipe would be waited for without end.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "not a file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(FILE_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_MAX {
        return Err(io::Error::new(ErrorKind::FileTooLarge, "too large for a certificate"));
    }
    Ok(bytes)
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Why::File(path, error) => write!(f, "{}: {error}", path.display()),
            Why::Pair { chain, key, error } => {
                write!(f, "{} with {}: {error}", chain.display(), key.display())
            }
            Why::All(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for LoadError {}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Files").field("certificates", &self.shared.certificates).finish()
    }
}
