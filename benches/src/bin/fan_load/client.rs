//! The loop over all subscribers.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use readily_benches::failure::Failure;
use readily_benches::summary::Summary;
use readily_benches::trial::{self, Trial};
use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;

use crate::opening::join;
use crate::published::Published;
use crate::subscriber::Subscriber;

const EVENTS: usize = 1024;
const SCRATCH: usize = 64 * 1024;

/// Who publishes; it subscribes like all others.
const PUBLISHER: usize = 0;

/// What to do.
pub(crate) struct Plan {
    pub(crate) connect: SocketAddr,
    pub(crate) subscribers: usize,
    /// Bytes of a message.
    pub(crate) size: usize,
    /// Messages that are under way at once.
    pub(crate) in_flight: usize,
    /// How long nothing may happen.
    pub(crate) stall: Duration,
}

/// All subscribers and the loop that drives them.
pub(crate) struct Client {
    plan: Plan,
    epoll: OwnedFd,
    subscribers: Vec<Subscriber>,
    published: Published,
    scratch: Vec<u8>,
}

impl Client {
    /// Lets every subscriber join, one after the other.
    pub(crate) fn open(plan: Plan) -> Result<Self, Failure> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let mut subscribers = Vec::with_capacity(plan.subscribers);
        let interest = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
        for index in 0..plan.subscribers {
            let stream = join(plan.connect, plan.stall)
                .map_err(|failure| failure.during(&format!("subscriber {index}")))?;
            epoll::add(&epoll, &stream, EventData::new_u64(index as u64), interest)?;
            subscribers.push(Subscriber::new(stream));
        }
        let (all, now) = (subscribers.len() as u64, Instant::now());
        let published = Published::new(plan.size, all, plan.in_flight, now);
        Ok(Self { plan, epoll, subscribers, published, scratch: vec![0; SCRATCH] })
    }

    /// Publishes until it is enough, and waits until all have got all.
    pub(crate) fn run(mut self, options: trial::Options) -> Result<Summary, Failure> {
        let mut trial = Trial::begin(options)?;
        let stall = Timespec::try_from(self.plan.stall).map_err(Failure::failed)?;
        let mut events = Vec::with_capacity(EVENTS);
        while self.publish(&mut trial)? {
            events.clear();
            match epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&stall)) {
                Ok(0) => return Err(self.stalled(&trial)),
                Ok(_) | Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
            trial.tick(Instant::now())?;
            for Event { flags, data, .. } in events.iter().copied() {
                let index = data.u64() as usize;
                self.serve(index, flags, &mut trial)
                    .map_err(|error| Failure::failed(format!("subscriber {index}: {error}")))?;
            }
        }
        trial.finish()
    }

    /// Publishes what may be published; whether anything is under way.
    fn publish(&mut self, trial: &mut Trial) -> Result<bool, Failure> {
        let publisher = &mut self.subscribers[PUBLISHER];
        let everybody = self.plan.subscribers as u64;
        while self.published.has_room() && trial.starts(everybody) {
            self.published.publish(publisher.outgoing());
            publisher
                .flush()
                .map_err(|error| Failure::failed(format!("the publisher: {error}")))?;
        }
        Ok(trial.under_way() > 0)
    }

    fn serve(&mut self, index: usize, ready: EventFlags, trial: &mut Trial) -> Result<(), String> {
        let subscriber = &mut self.subscribers[index];
        subscriber.flush()?;
        let read = EventFlags::IN | EventFlags::RDHUP | EventFlags::HUP | EventFlags::ERR;
        if !ready.intersects(read) {
            return Ok(());
        }
        // An end of stream in the same event has no event of its own.
        let to_the_end = ready.contains(EventFlags::RDHUP);
        while !subscriber.read(&mut self.published, trial, &mut self.scratch)? || to_the_end {}
        Ok(())
    }

    fn stalled(&self, trial: &Trial) -> Failure {
        Failure::failed(format!(
            "nothing for {} s, {} deliveries wait after {} of them",
            self.plan.stall.as_secs(),
            trial.under_way(),
            trial.done()
        ))
    }
}
