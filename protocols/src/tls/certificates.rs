//! The certificates of a server, which change while it runs.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::{Error, Identity, UnknownName};

/// The most names that the certificates of one server may have together.
pub const NAMES_MAX: usize = 100_000;

/// The certificates of a server, by the names in them.
///
/// A clone is the same certificates: all loops of a fleet look them up in one place, and what is
/// put into it serves the next handshake. One that is under way goes on with what it began with,
/// and no connection is touched.
#[derive(Clone, Default)]
pub struct Certificates {
    shared: Arc<RwLock<Arc<Shelf>>>,
    /// Held by whoever changes them, so that those who look them up wait for no more than a swap.
    writing: Arc<Mutex<()>>,
}

impl Certificates {
    /// None yet: every handshake fails until there is one.
    pub fn new() -> Self {
        Certificates::default()
    }

    /// Adds one. It takes the place of an earlier one with the same names and the same kind of key;
    /// of several that have a name in common, the latest whose key the client knows serves it.
    ///
    /// # Errors
    /// [`Error::TooManyNames`]; what was there stays.
    pub fn put(&self, identity: Identity) -> Result<(), Error> {
        let _alone = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let old = self.shelf();
        let mut all = old.identities.clone();
        match all.iter_mut().find(|old| identity.stands_for(old)) {
            Some(old) => *old = identity,
            None => all.push(identity),
        }
        old.follow(all).map(|shelf| self.swap(shelf))
    }

    /// Replaces all of them at once; the first is that of clients that name nobody.
    ///
    /// # Errors
    /// [`Error::Empty`] or [`Error::TooManyNames`]; what was there stays.
    pub fn replace(&self, identities: Vec<Identity>) -> Result<(), Error> {
        if identities.is_empty() {
            return Err(Error::Empty);
        }
        let _alone = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.shelf().follow(identities).map(|shelf| self.swap(shelf))
    }

    /// Whether one of them is for that name, by itself or by a wildcard.
    pub fn serves(&self, name: &str) -> bool {
        !self.shelf().of(&name.to_ascii_lowercase()).is_empty()
    }

    /// How often they have changed. The same ones put once more are no change.
    pub fn generation(&self) -> u64 {
        self.shelf().generation
    }

    fn swap(&self, shelf: Arc<Shelf>) {
        let mut shared = self.shared.write().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *shared, shelf);
        drop(shared);
        // What was there may be long to drop.
        drop(old);
    }

    /// What there is now.
    fn shelf(&self) -> Arc<Shelf> {
        self.shared.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.shelf().identities).finish()
    }
}

/// What a server looks up at one time.
#[derive(Default)]
struct Shelf {
    identities: Vec<Identity>,
    /// By name: the latest comes last. That of `*.a.b` is kept under `.a.b`.
    by_name: BTreeMap<Box<str>, Vec<usize>>,
    generation: u64,
}

impl Shelf {
    /// What comes after this.
    fn follow(&self, identities: Vec<Identity>) -> Result<Arc<Shelf>, Error> {
        let (old, new) = (self.identities.iter(), identities.iter());
        let same = old.len() == new.len() && old.zip(new).all(|(old, new)| old.is(new));
        let generation = self.generation + u64::from(!same);
        let count: usize = identities.iter().map(|identity| identity.names().count()).sum();
        if count > NAMES_MAX {
            return Err(Error::TooManyNames);
        }
        let mut by_name: BTreeMap<Box<str>, Vec<usize>> = BTreeMap::new();
        for (at, identity) in identities.iter().enumerate() {
            for name in identity.names() {
                let key = name.strip_prefix('*').unwrap_or(name);
                by_name.entry(key.into()).or_default().push(at);
            }
        }
        Ok(Arc::new(Shelf { identities, by_name, generation }))
    }

    /// Those with the names of the first, which is the last of them: a name may have several keys.
    fn firsts(&self) -> Vec<usize> {
        let all = &self.identities;
        let same = |at: &usize| all[*at].names().eq(all[0].names());
        (0..all.len()).rev().filter(same).collect()
    }

    /// Those that serve a name: the ones with exactly that name before those with a wildcard.
    fn of(&self, name: &str) -> &[usize] {
        let parent = || name.find('.').map(|dot| &name[dot..]);
        let found = self.by_name.get(name).or_else(|| self.by_name.get(parent()?));
        found.map_or(&[], Vec::as_slice)
    }
}

/// Chooses the certificate of a handshake.
#[derive(Debug)]
pub(super) struct Chooser {
    pub(super) certificates: Certificates,
    pub(super) unknown: UnknownName,
}

impl ResolvesServerCert for Chooser {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let shelf = self.certificates.shelf();
        let named = match hello.server_name() {
            Some(name) => shelf.of(&name.to_ascii_lowercase()).to_vec(),
            None => Vec::new(),
        };
        let candidates = match (named.is_empty(), self.unknown) {
            (false, _) => named,
            (true, UnknownName::First) if !shelf.identities.is_empty() => shelf.firsts(),
            (true, _) => return None,
        };
        let key = |at: &usize| &shelf.identities[*at].key;
        let known = candidates
            .iter()
            .rev()
            .map(key)
            .find(|key| key.key.choose_scheme(hello.signature_schemes()).is_some());
        // Without a signature in common there is none to choose: rustls says so.
        known.or_else(|| candidates.last().map(key)).cloned()
    }
}
