//! Nothing is waited for without a limit.

use std::cell::RefCell;
use std::time::Duration;

use readily_benches::failure::Failure;
use readily_benches::trial::Trial;
use tokio::time::{sleep, timeout};

/// What `work` gives, or a failure once it takes longer than `limit`.
pub(crate) async fn within<T>(
    limit: Duration,
    work: impl Future<Output = T>,
) -> Result<T, Failure> {
    let late = |_| Failure::failed(format!("nothing for {} s", limit.as_secs()));
    timeout(limit, work).await.map_err(late)
}

/// Does `work`, or fails once no unit of `trial` has ended for `limit`.
///
/// One timer for all units, since a timer for each would cost more than some units do.
pub(crate) async fn unless_stalled<T>(
    limit: Duration,
    trial: &RefCell<Trial>,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let stalled = async {
        loop {
            let before = trial.borrow().done();
            sleep(limit).await;
            let trial = trial.borrow();
            if trial.done() == before {
                let (limit, waiting) = (limit.as_secs(), trial.under_way());
                break Failure::failed(format!(
                    "nothing for {limit} s, {waiting} units wait after {before} of them"
                ));
            }
        }
    };
    tokio::select! {
        biased;
        done = work => done,
        failure = stalled => Err(failure),
    }
}
