//! What a loop counts: everything that happens, and everything that is refused or dropped.

macro_rules! counters {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// Counts since the loop began, except where a line says otherwise.
        #[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
        pub struct Counters {
            $($(#[doc = $doc])+ pub $name: u64,)+
        }

        impl Counters {
            /// Each with its name, in the order of the declaration.
            pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($name), self.$name),)+].into_iter()
            }

            /// Each with its name and what is said of it above.
            pub(crate) fn described(
                &self,
            ) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
                [$((stringify!($name), concat!($($doc),+), self.$name),)+].into_iter()
            }
        }
    };
}

counters! {
    /// Turns of the loop.
    turns,
    /// Readiness events taken in.
    events,
    /// Events for a connection that had ended: dropped.
    stale_events,
    /// Turns that took longer than `Config::slow_turn`.
    slow_turns,
    /// Calls of machines.
    calls,
    /// Reads of connections: a system call each, or a call of the endpoint that carries a stream.
    reads,
    /// Writes of connections, counted likewise.
    writes,
    /// Bytes read: of a TLS connection, what was decrypted.
    bytes_in,
    /// Bytes written: of a TLS connection, what was encrypted.
    bytes_out,
    /// Calls of `sendfile`, beside the writes.
    sendfiles,
    /// Bytes sent by them: a part of what was written.
    bytes_sendfile,
    /// Reads of files that could not be sent that way: over TLS or a stream, for instance.
    file_reads,
    /// Files that were shorter than what was to be sent of them, or could not be read.
    files_cut,
    /// Connections accepted, those included that fail or are refused after a handshake of TLS.
    accepted,
    /// Connections that the listener's closure refused.
    refused_by_closure,
    /// Connections closed at once since the process had no descriptor for them.
    refused_descriptors,
    /// Times a listener stopped since the process had no descriptor left.
    descriptors_exhausted,
    /// Times a listener stopped at its maximum or the loop's.
    connections_exhausted,
    /// Connections closed at once since the buffer budget was nearly spent.
    refused_budget,
    /// Connections that were gone before they were accepted.
    accept_aborted,
    /// Other failures of accept.
    accept_failed,
    /// Handshakes of TLS under way now, of connections that came in.
    handshaking,
    /// Handshakes of TLS that failed: the reason is in the tally.
    handshakes_failed,
    /// Handshakes of TLS that were not done in time.
    handshakes_timed_out,
    /// Times a listener stopped since too many handshakes were under way.
    handshakes_exhausted,
    /// TLS connections whose peer ended without saying so: they may have been cut on the way.
    truncated,
    /// Streams of endpoints that were accepted and served.
    streams,
    /// Streams of endpoints that were refused.
    streams_refused,
    /// Outgoing connections asked for.
    connects,
    /// Outgoing connections that could not be made.
    connects_failed,
    /// Outgoing connections whose handshake of TLS is under way now.
    connects_securing,
    /// Outgoing connections that ended in the handshake of TLS, for whatever reason.
    connects_unsecured,
    /// Connections open now, outgoing ones being made included.
    open,
    /// Connections that ended, for whatever reason.
    ended,
    /// ... because their machine finished.
    ended_finished,
    /// ... because the peer broke its protocol.
    ended_peer_fault,
    /// ... because of a fault of ours.
    ended_local_fault,
    /// ... because a deadline passed.
    ended_timed_out,
    /// ... because the transport failed.
    ended_transport,
    /// ... because a handler panicked.
    ended_panicked,
    /// ... because they wrote past the hard cap.
    ended_overflow,
    /// ... because the buffer budget was spent.
    ended_shed,
    /// ... because they were told to.
    ended_aborted,
    /// ... because the sanitizer found no way on for them.
    ended_stuck,
    /// Connections closed with bytes unsent after their machine had ended.
    cut_short,
    /// Visits that stopped at the budget of a turn and went on in the next.
    budget_cuts,
    /// Reads put off since the buffer budget was nearly spent.
    starved,
    /// Bytes of memory that connections hold in buffers now.
    buffered,
    /// Deadlines that fired.
    deadlines,
    /// Mail delivered.
    mail,
    /// Mail for a connection or endpoint that had ended: dropped.
    mail_dead,
    /// Mail that the state it reached did not want.
    mail_ignored,
    /// Jobs offloaded.
    jobs,
    /// Jobs run by the loop itself since no thread could be had.
    jobs_refused,
    /// Jobs that panicked.
    jobs_panicked,
    /// Datagrams received.
    datagrams_in,
    /// Datagrams sent.
    datagrams_out,
    /// Datagrams that could not be sent: lost.
    datagrams_lost,
    /// Datagrams that endpoints dropped.
    datagrams_dropped,
    /// Times an endpoint left its deadline in the past.
    frozen_endpoints,
    /// Panics of the application's own handlers, closures and endpoints.
    panics,
}

/// Counts one more. Wrapping, since it happens several times a visit and 2^64 events take
/// centuries.
#[inline(always)]
pub(crate) fn count(counter: &mut u64, n: u64) {
    *counter = counter.wrapping_add(n);
}

/// How connections are spread over the states of a machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StateCounters {
    /// How many are in each state now, in the order of `Machine::STATES`.
    pub now: Vec<u64>,
    /// How often each transition was taken: `edges[from * states + to]`.
    pub edges: Vec<u64>,
}

impl StateCounters {
    pub(crate) fn new(states: usize) -> Self {
        StateCounters { now: vec![0; states], edges: vec![0; states * states] }
    }

    pub(crate) fn moved(&mut self, from: usize, to: usize) {
        self.edges[from * self.now.len() + to] += 1;
    }

    /// How often `from` became `to`, as positions in `Machine::STATES`.
    pub fn edge(&self, from: usize, to: usize) -> u64 {
        self.edges[from * self.now.len() + to]
    }
}
