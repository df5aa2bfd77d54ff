//! What all connections share.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use bytes::Bytes;
use readily::{App, End, Id};

use super::{Conn, KEYS_MAX, Refusal, SUBSCRIPTIONS_MAX};

/// The values, and who wants to know when they change.
#[derive(Debug)]
pub struct Store {
    password: Vec<u8>,
    values: HashMap<Bytes, Bytes>,
    /// Subscriptions by key and by connection, so that neither a change nor the end of a connection
    /// looks at those of everybody.
    watchers: HashMap<Bytes, Vec<Id>>,
    watched: HashMap<Id, Vec<Bytes>>,
    /// How often each mistake was made.
    refused: BTreeMap<&'static str, u64>,
    dropped: u64,
}

/// Mail to subscribers. Both parts are shared, so that a copy for each of them copies no bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// Whose value has changed.
    pub key: Bytes,
    /// What it is now.
    pub value: Bytes,
}

impl App for Store {
    type Mail = Change;
    type Conn = Conn;

    fn gone(&mut self, id: Id, _: End, _: &mut readily::Effects<Self>) {
        self.forget(id);
    }
}

/// A store is an application that holds a store.
impl AsMut<Store> for Store {
    fn as_mut(&mut self) -> &mut Store {
        self
    }
}

impl Store {
    /// An empty one.
    pub fn new(password: impl Into<Vec<u8>>) -> Self {
        Store {
            password: password.into(),
            values: HashMap::new(),
            watchers: HashMap::new(),
            watched: HashMap::new(),
            refused: BTreeMap::new(),
            dropped: 0,
        }
    }

    /// Whether the password is this one. Every byte is compared, so that the time it takes does not
    /// tell how many of them are right.
    pub fn admits(&self, password: &[u8]) -> bool {
        let pairs = self.password.iter().zip(password);
        let differences = pairs.fold(0, |all, (one, other)| all | (one ^ other));
        self.password.len() == password.len() && differences == 0
    }

    /// The value of a key.
    pub fn value(&self, key: &[u8]) -> Option<Bytes> {
        self.values.get(key).cloned()
    }

    /// Sets a value; says who wants to know.
    ///
    /// # Errors
    /// Past [`KEYS_MAX`].
    pub fn set(&mut self, change: &Change) -> Result<&[Id], Refusal> {
        if self.values.len() >= KEYS_MAX && !self.values.contains_key(&change.key) {
            return Err(Refusal::GoOn("too many keys"));
        }
        self.values.insert(change.key.clone(), change.value.clone());
        Ok(self.watchers.get(&change.key).map_or(&[], Vec::as_slice))
    }

    /// Has a connection told of the changes of a key; a second time is no mistake.
    ///
    /// # Errors
    /// Past [`SUBSCRIPTIONS_MAX`].
    pub fn subscribe(&mut self, id: Id, key: &[u8]) -> Result<(), Refusal> {
        let watched = self.watched.entry(id).or_default();
        if watched.iter().any(|known| known == key) {
            return Ok(());
        }
        if watched.len() >= SUBSCRIPTIONS_MAX {
            return Err(Refusal::GoOn("too many subscriptions"));
        }
        let key = Bytes::copy_from_slice(key);
        watched.push(key.clone());
        self.watchers.entry(key).or_default().push(id);
        Ok(())
    }

    /// Ends all subscriptions of a connection.
    pub fn forget(&mut self, id: Id) {
        for key in self.watched.remove(&id).unwrap_or_default() {
            if let Some(watchers) = self.watchers.get_mut(&key) {
                watchers.retain(|watcher| *watcher != id);
                if watchers.is_empty() {
                    self.watchers.remove(&key);
                }
            }
        }
    }

    /// Counts a mistake.
    pub fn count(&mut self, why: &'static str) {
        *self.refused.entry(why).or_default() += 1;
    }

    /// Counts a change that a subscriber was not told of.
    pub fn count_dropped(&mut self) {
        self.dropped += 1;
    }

    /// How often a mistake was made.
    pub fn refused(&self, why: &str) -> u64 {
        self.refused.get(why).copied().unwrap_or(0)
    }

    /// How many changes were dropped since their subscriber read too slowly.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

/// What it holds and what it counted, in one line.
impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (keys, subscribers) = (self.values.len(), self.watched.len());
        write!(f, "keys {keys}, subscribers {subscribers}, dropped {}", self.dropped)?;
        self.refused.iter().try_for_each(|(why, times)| write!(f, ", {why} {times}"))
    }
}
