//! What is served of a folder, and how.

use std::cell::{Ref, RefCell};
use std::io;
use std::ops::Range;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use readily_protocols::contract::File;
use readily_protocols::http1::Value;
use readily_protocols::http1::coding::Coding;
use readily_protocols::http1::files::{DotNames, Kind};

use super::lookup::{Rules, Site};
use super::pages::{SMALL, read_whole};
use super::root::{Patience, Root, Symlinks};

/// When the loop itself waits for the disk: the decision that static files need.
///
/// A read of what is not in memory takes from a tenth of a millisecond to seconds, and while the
/// loop waits nobody else is served.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Disk {
    /// What is in memory is opened and sent in the loop; for what is not, a thread of the pool
    /// opens the file, or reads the next window of it, first.
    ///
    /// The kernel tells which it is, for the cost of two short calls a MiB. Where the file system
    /// cannot tell, all is left to the pool.
    #[default]
    Probe,
    /// A thread of the pool opens every file and reads every window of it before it is sent.
    ///
    /// For file systems where looking already waits, such as one over a network.
    Offload,
    /// The loop opens and reads all itself: for files that are known to stay in memory. The least
    /// work, and one slow disk stops everybody.
    Inline,
}

/// The files of one folder, and all beneath it: a cheap clone, for all connections of one loop.
///
/// It holds an open descriptor of the folder. Make it on the thread of its loop where loops have
/// [tables of their own](crate::Descriptors::PerLoop).
#[derive(Clone, Debug)]
pub struct Files(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    site: Arc<Site>,
    disk: Disk,
    /// Where small files are read to.
    small: RefCell<Box<[u8]>>,
}

/// How a folder is served: the defaults, and what is said otherwise.
#[derive(Clone, Debug)]
pub struct Options {
    rules: Rules,
    symlinks: Symlinks,
    disk: Disk,
}

impl Files {
    /// Serves that folder with the defaults of [`Options`].
    ///
    /// # Errors
    /// If it is no folder that can be opened.
    pub fn open(folder: impl AsRef<Path>) -> io::Result<Files> {
        Options::new().open(folder)
    }

    pub(super) fn site(&self) -> &Arc<Site> {
        &self.0.site
    }

    pub(super) fn disk(&self) -> Disk {
        self.0.disk
    }

    /// A small part of a file, if it can be read at once: where that may wait, a thread has read it
    /// before, or the loop may wait too.
    pub(super) fn small(
        &self,
        file: &File,
        range: &Range<u64>,
        is_read: bool,
    ) -> Option<Ref<'_, [u8]>> {
        let patience = match self.disk() {
            Disk::Inline => Patience::Wait,
            Disk::Probe => Patience::None,
            Disk::Offload if is_read => Patience::Wait,
            Disk::Offload => return None,
        };
        let length = usize::try_from(range.end - range.start).ok()?;
        let mut small = self.0.small.borrow_mut();
        let is_whole = read_whole(file.as_ref(), range.start, small.get_mut(..length)?, patience);
        drop(small);
        is_whole.then(|| Ref::map(self.0.small.borrow(), |small| &small[..length]))
    }
}

impl Options {
    /// `index.html` for a folder, no hidden names, nothing precompressed, no `cache-control`, links
    /// within the folder, [`Disk::Probe`].
    pub fn new() -> Options {
        let rules = Rules {
            index: vec!["index.html".to_owned()],
            dots: DotNames::Hide,
            precompressed: Vec::new(),
            cache_control: None,
            kinds: Vec::new(),
        };
        Options { rules, symlinks: Symlinks::default(), disk: Disk::default() }
    }

    /// The names of the file that stands for its folder, the best first; none for no such file.
    /// Folders are never listed.
    pub fn index(mut self, names: &[&str]) -> Self {
        self.rules.index = names.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    /// Whether names that begin with a dot are served.
    pub fn dot_names(mut self, dots: DotNames) -> Self {
        self.rules.dots = dots;
        self
    }

    /// The codings in which a file may lie beside itself, the best first: `app.js.br` is sent for
    /// `app.js` to a client that takes `br`, if it is not older than it.
    pub fn precompressed(mut self, codings: &[Coding]) -> Self {
        self.rules.precompressed = codings.to_vec();
        self
    }

    /// What all files say in `cache-control`.
    pub fn cache_control(mut self, value: Value<'static>) -> Self {
        self.rules.cache_control = Some(value);
        self
    }

    /// What files are sent as whose names end so, in any case.
    pub fn kind(mut self, ending: &str, kind: Kind) -> Self {
        self.rules.kinds.push((ending.to_owned(), kind));
        self
    }

    /// What becomes of symbolic links.
    pub fn symlinks(mut self, symlinks: Symlinks) -> Self {
        self.symlinks = symlinks;
        self
    }

    /// When the loop waits for the disk.
    pub fn disk(mut self, disk: Disk) -> Self {
        self.disk = disk;
        self
    }

    /// Opens that folder.
    ///
    /// # Errors
    /// If it is no folder that can be opened.
    pub fn open(self, folder: impl AsRef<Path>) -> io::Result<Files> {
        let root = Root::open(folder.as_ref(), self.symlinks)?;
        let site = Arc::new(Site { root, rules: self.rules });
        let small = RefCell::new(vec![0; SMALL].into());
        Ok(Files(Rc::new(Inner { site, disk: self.disk, small })))
    }
}

impl Default for Options {
    fn default() -> Self {
        Options::new()
    }
}
