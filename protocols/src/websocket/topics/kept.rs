//! What those had that fell behind, under a policy by which they keep it.

use std::sync::Arc;

use super::super::Encoded;
use super::log::charge;

/// What waits for some that fell behind at once, the oldest first.
pub(super) type Rest = Arc<[Encoded]>;

/// For how many times the backlog there is room in all such lists of one topic.
const BACKLOGS_KEPT: usize = 8;

/// The lists of one topic, by what they cost.
///
/// Those who fall behind one after another have a list each, so that there has to be a bound for
/// all of them. A list is charged as a whole until the last that reads it has done so.
#[derive(Debug, Default)]
pub(super) struct Kept {
    charge: usize,
}

impl Kept {
    pub(super) fn charge(&self) -> usize {
        self.charge
    }

    /// A list of as many of these messages as there is room for, the first ones of them.
    pub(super) fn keep<'a>(
        &mut self,
        messages: impl Iterator<Item = &'a Encoded>,
        backlog: usize,
    ) -> Rest {
        let most = backlog.saturating_mul(BACKLOGS_KEPT);
        let fits = |message: &&Encoded| {
            let with_it = self.charge + charge(message);
            if with_it <= most {
                self.charge = with_it;
            }
            with_it <= most
        };
        messages.take_while(fits).cloned().collect()
    }

    /// One reads it no more.
    pub(super) fn release(&mut self, rest: Rest) {
        if Arc::strong_count(&rest) == 1 {
            self.charge -= rest.iter().map(charge).sum::<usize>();
        }
    }
}
