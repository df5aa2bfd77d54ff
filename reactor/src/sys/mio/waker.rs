//! What ends a wait from other threads, which may have other descriptor tables.
//!
//! A waker is a descriptor (`eventfd`), and its number means another file in another table: to
//! wake from there would write eight bytes into a client's connection. So once tables are split
//! (`sys::tables`), nobody touches it but threads that share the loop's table: the loop's own
//! thread, which makes and closes it, and a courier, which waits for orders from anywhere.
//!
//! Wakers that were made before need none: tables begin as copies, so they have the same number in
//! all of them for as long as their loop lives.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use crate::sys::{Wake, tables};

/// The stack of a courier, which calls nothing deep.
const STACK: usize = 64 * 1024;

/// The waker of one loop, kept by it.
pub(super) struct Waker {
    bell: Arc<Bell>,
    courier: Option<JoinHandle<()>>,
}

impl Waker {
    /// Has `waker` rung by threads that share the table of this one.
    pub(super) fn new(waker: mio::Waker) -> io::Result<Self> {
        // Asked once the waker is open: if they are not split, every copy has it.
        let orders = tables::are_split().then(Arc::<Orders>::default);
        let courier = orders.clone().map(start_courier).transpose()?;
        let bell = Bell { waker: Mutex::new(Some(waker)), ordered: AtomicBool::new(false), orders };
        Ok(Waker { bell: Arc::new(bell), courier })
    }

    /// What other threads call.
    pub(super) fn remote(&self) -> Arc<dyn Wake> {
        Arc::new(Remote(self.bell.clone()))
    }
}

impl Drop for Waker {
    /// Handles outlive the loop and may be dropped anywhere, so the descriptor is closed here; and
    /// a courier would keep the loop's table, with all that is in it.
    fn drop(&mut self) {
        *self.bell.waker() = None;
        if let (Some(orders), Some(courier)) = (&self.bell.orders, self.courier.take()) {
            orders.end();
            // A courier that panicked has ended too.
            let _ = courier.join();
        }
    }
}

/// A waker and who may ring it.
struct Bell {
    /// None once the loop is gone.
    waker: Mutex<Option<mio::Waker>>,
    /// Whether an order for it waits: there is never more than one.
    ordered: AtomicBool,
    /// Those of the loop's courier; none where it was made before tables were split.
    orders: Option<Arc<Orders>>,
}

impl Bell {
    /// Only for threads in whose table the waker has its number.
    fn ring(&self) -> io::Result<()> {
        self.waker().as_ref().map_or(Ok(()), mio::Waker::wake)
    }

    fn waker(&self) -> MutexGuard<'_, Option<mio::Waker>> {
        self.waker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Remote(Arc<Bell>);

impl Wake for Remote {
    fn wake(&self) -> io::Result<()> {
        match &self.0.orders {
            Some(orders) => orders.put(&self.0),
            None => self.0.ring()?,
        }
        Ok(())
    }
}

/// The bells that a courier is to ring.
#[derive(Default)]
struct Orders {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    bells: Vec<Arc<Bell>>,
    over: bool,
}

impl Orders {
    fn put(&self, bell: &Arc<Bell>) {
        if bell.ordered.swap(true, Ordering::AcqRel) {
            return;
        }
        let mut waiting = self.waiting();
        // A bell that was left here after the end would keep these orders, and they it.
        if !waiting.over {
            waiting.bells.push(bell.clone());
            self.changed.notify_one();
        }
    }

    fn end(&self) {
        let mut waiting = self.waiting();
        waiting.over = true;
        waiting.bells.clear();
        self.changed.notify_one();
    }

    fn carry_out(&self) {
        let mut waiting = self.waiting();
        while !waiting.over {
            let Some(bell) = waiting.bells.pop() else {
                waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            drop(waiting);
            // Before it rings: whoever comes after that may be too late for this ring.
            bell.ordered.swap(false, Ordering::AcqRel);
            // A ring that fails has a full counter behind it: the loop wakes anyway.
            let _ = bell.ring();
            waiting = self.waiting();
        }
    }

    /// Nothing that can panic runs under the lock.
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn start_courier(orders: Arc<Orders>) -> io::Result<JoinHandle<()>> {
    let courier = thread::Builder::new().name("readily-courier".to_owned()).stack_size(STACK);
    courier.spawn(move || orders.carry_out())
}
