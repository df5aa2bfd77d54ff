//! Each play once for each call that it makes and each error that the call may have: no panic, no
//! hang, no leak, and no byte lost or doubled for whoever was not hit.

#[path = "sim/stage.rs"]
mod stage;
#[path = "sim/town.rs"]
mod town;

use readily::sys::faults::{Call, Plan};
use readily::sys::sim::Chance;
use rustix::io::Errno;
use stage::{Outcome, Play, Stage};

/// Plays it; `None` where there could be no loop at all.
fn play(play: Play, plan: Plan) -> Option<Outcome> {
    Stage::new(play, plan).ok().map(Stage::run)
}

fn sweep(subject: Play) {
    let counted = play(subject, Plan::Count).expect("a loop");
    assert!(!counted.refused && counted.failed == counted.turned_away && counted.lost == 0);
    let mut failed_calls = 0;
    for (k, call) in counted.calls.iter().enumerate() {
        for errno in call.errnos() {
            let Some(outcome) = play(subject, Plan::Once(k, *errno)) else {
                assert_eq!(*call, Call::Waker);
                continue;
            };
            let told =
                format!("{subject:?}: {call:?} number {k} fails with {errno:?}: {outcome:?}");
            assert_eq!(outcome.hits, 1, "{told}");
            if outcome.refused {
                assert!(opens(*call), "{told}");
                continue;
            }
            let hurt = usize::from(hurts(*call, *errno));
            assert!(outcome.failed <= outcome.turned_away + hurt, "{told}");
            assert!(outcome.lost <= usize::from(*call == Call::Transmit), "{told}");
            failed_calls += 1;
        }
    }
    assert!(failed_calls > 50, "only {failed_calls} calls failed");
}

/// Whether the stage needs it to be set.
fn opens(call: Call) -> bool {
    matches!(call, Call::Listen | Call::Bind | Call::Spare | Call::CatchSignals)
}

/// Whether this may cost the conversation that it hits.
fn hurts(call: Call, errno: Errno) -> bool {
    let passes = [Errno::INTR, Errno::AGAIN].contains(&errno);
    // A file that cannot be sent from is read.
    let reads = [Errno::IO, Errno::INVAL, Errno::NOSYS].contains(&errno);
    let passes = passes || (call == Call::SendFile && reads);
    let of_one = matches!(
        call,
        Call::Connect
            | Call::Connected
            | Call::Register
            | Call::Read
            | Call::Write
            | Call::SendFile
            | Call::ReadFile
            | Call::Shutdown
    );
    of_one && !passes
}

/// One test for each play, so that they run side by side.
macro_rules! sweeps {
    ($($name:ident: $play:ident,)+) => {
        $(
            #[test]
            fn $name() {
                sweep(Play::$play);
            }
        )+
    };
}

sweeps! {
    an_echo_survives_each_fault: Echo,
    a_half_close_survives_each_fault: HalfClose,
    a_relay_survives_each_fault: Relay,
    a_relay_to_nobody_survives_each_fault: RelayRefused,
    a_storm_at_the_descriptor_limit_survives_each_fault: Storm,
    a_drain_survives_each_fault: Drain,
    a_datagram_echo_survives_each_fault: Datagrams,
    mail_and_jobs_survive_each_fault: Mail,
    files_that_are_sent_survive_each_fault: Files,
    files_that_are_read_survive_each_fault: FilesRead,
}

#[test]
fn every_nth_call_may_be_interrupted() {
    for subject in Play::ALL {
        for n in 2..=200 {
            passes(subject, Plan::Every(n, Errno::INTR));
        }
    }
}

#[test]
fn any_call_may_find_nothing_to_do() {
    // A drain asks once who waits, and takes the answer: no later event could correct it.
    for subject in Play::ALL.into_iter().filter(|play| *play != Play::Drain) {
        for seed in 0..200 {
            passes(subject, Plan::Some(seed, Chance::percent(5 + seed as u32 % 50), Errno::AGAIN));
        }
    }
}

/// These faults cost nobody anything.
fn passes(subject: Play, plan: Plan) {
    let outcome = play(subject, plan).expect("a loop");
    let fine = outcome.failed == outcome.turned_away && outcome.lost == 0 && !outcome.refused;
    assert!(fine, "{subject:?} under {plan:?}: {outcome:?}");
}
