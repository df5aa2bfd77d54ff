//! Answers that take long: a body that is long, one that waits for a timer, and one that waits for
//! another thread.

use std::time::Duration;

use bytes::Bytes;
use readily::http1::router::Params;
use readily::http1::{Answer, Flow, Length, Name, Outgoing, Reply, Request, Status, Value};
use readily::{Desk, Machine, To};
use serde_json::json;

use super::problem::{JSON, bad, busy, refuse};
use super::site::{Doing, Site};
use super::{DOWNLOAD_MAX, Letter, SLOW_MAX, Serves, WORK_MAX};

/// What a download is made of, again and again: each byte is one more than the last, modulo 251.
static PATTERN: [u8; PATTERN_LEN] = {
    let mut bytes = [0; PATTERN_LEN];
    let mut at = 0;
    while at < PATTERN_LEN {
        bytes[at] = (at % 251) as u8;
        at += 1;
    }
    bytes
};
const PATTERN_LEN: usize = 251 * 256;

/// A body that goes as fast as its client takes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Download {
    sent: u64,
    length: u64,
}

/// What an answer waits for, and the request that it is for: mail may be late.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Work {
    request: u32,
    what: What,
    /// What came of it.
    result: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum What {
    /// So many milliseconds.
    Sleep(u64),
    /// The primes below it.
    Count(u64),
}

impl<M: Machine<App: Serves>> Site<M> {
    pub(super) fn download(
        &mut self,
        _: &Request<'_>,
        params: &Params<'_>,
        reply: Reply<'_, Self, M>,
        _: &mut Desk<'_, M::App>,
    ) -> Answer<Self, M> {
        let length = match params.parse("bytes") {
            Ok(length @ 0..=DOWNLOAD_MAX) => length,
            Ok(_) => return too_much(reply, "bytes", DOWNLOAD_MAX),
            Err(param) => return bad(reply, param),
        };
        self.doing = Doing::Download(Box::new(Download { sent: 0, length }));
        let as_file = (Name::new("content-disposition"), Value::from_static("attachment"));
        let draft = reply.status(Status::OK).content_type("application/octet-stream");
        draft.header(as_file.0, as_file.1).stream(Length::Known(length))
    }

    pub(super) fn sleep(
        &mut self,
        request: &Request<'_>,
        _: &Params<'_>,
        reply: Reply<'_, Self, M>,
        desk: &mut Desk<'_, M::App>,
    ) -> Answer<Self, M> {
        let millis = request.query().and_then(|query| query.strip_prefix("ms="));
        let millis = match millis.map(str::parse) {
            Some(Ok(millis @ 0..=SLOW_MAX)) => millis,
            Some(Ok(_)) => return too_much(reply, "ms", SLOW_MAX),
            _ => return refuse(reply, Status::BAD_REQUEST, "say how long: ?ms=250"),
        };
        let (to, request) = (To::Conn(request.id()), request.number());
        match desk.fx.after(Duration::from_millis(millis), to, Letter::Awake(request).into()) {
            Ok(_) => self.put_off(request, What::Sleep(millis), reply),
            Err(_) => busy(reply, "too many sleep already"),
        }
    }

    pub(super) fn work(
        &mut self,
        request: &Request<'_>,
        params: &Params<'_>,
        reply: Reply<'_, Self, M>,
        desk: &mut Desk<'_, M::App>,
    ) -> Answer<Self, M> {
        let n = match params.parse("n") {
            Ok(n @ 0..=WORK_MAX) => n,
            Ok(_) => return too_much(reply, "n", WORK_MAX),
            Err(param) => return bad(reply, param),
        };
        let (to, request) = (To::Conn(request.id()), request.number());
        match desk.fx.offload(to, move || Letter::Worked(request, primes(n)).into()) {
            Ok(()) => self.put_off(request, What::Count(n), reply),
            Err(_) => busy(reply, "all threads have too much to do"),
        }
    }

    fn put_off(&mut self, request: u32, what: What, reply: Reply<'_, Self, M>) -> Answer<Self, M> {
        self.doing = Doing::Work(Box::new(Work { request, what, result: None }));
        reply.later()
    }
}

impl Download {
    pub(super) fn send(&mut self, out: &mut Outgoing<'_>) -> Flow {
        while self.sent < self.length {
            let from = (self.sent % PATTERN_LEN as u64) as usize;
            let left = usize::try_from(self.length - self.sent).unwrap_or(usize::MAX);
            let n = left.min(out.room()).min(PATTERN_LEN - from);
            if n == 0 {
                return Flow::Wait;
            }
            out.share(Bytes::from_static(&PATTERN[from..from + n]));
            self.sent += n as u64;
        }
        Flow::Done
    }
}

impl Work {
    /// Takes what it waits for; gives back what is for another.
    pub(super) fn take(&mut self, letter: Letter) -> Result<(), Letter> {
        self.result = match (self.what, letter) {
            (What::Sleep(millis), Letter::Awake(request)) if request == self.request => {
                Some(millis)
            }
            (What::Count(_), Letter::Worked(request, count)) if request == self.request => {
                Some(count)
            }
            (_, letter) => return Err(letter),
        };
        Ok(())
    }

    /// Answers, if it has come.
    pub(super) fn resume<M: Machine<App: Serves>>(
        self: Box<Self>,
        site: &mut Site<M>,
        reply: Reply<'_, Site<M>, M>,
    ) -> Answer<Site<M>, M> {
        let told = match (self.what, self.result) {
            (_, None) => {
                site.doing = Doing::Work(self);
                return reply.later();
            }
            (What::Sleep(_), Some(millis)) => json!({ "slept_ms": millis }),
            (What::Count(below), Some(count)) => json!({ "below": below, "primes": count }),
        };
        reply.ok(JSON, told.to_string().as_bytes())
    }
}

fn too_much<M: Machine>(reply: Reply<'_, Site<M>, M>, what: &str, most: u64) -> Answer<Site<M>, M> {
    refuse(reply, Status::BAD_REQUEST, &format!("{what} is at most {most}"))
}

/// How many primes are below `n`, by the sieve of Eratosthenes.
fn primes(n: u64) -> u64 {
    let n = usize::try_from(n).unwrap_or(usize::MAX).min(WORK_MAX as usize);
    let mut is_composite = vec![false; n];
    let mut count = 0;
    for number in 2..n {
        if is_composite[number] {
            continue;
        }
        count += 1;
        let mut multiple = number * number;
        while multiple < n {
            is_composite[multiple] = true;
            multiple += number;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primes_are_counted() {
        for (n, count) in [(0, 0), (2, 0), (3, 1), (10, 4), (100, 25), (1_000_000, 78_498)] {
            assert_eq!(primes(n), count, "{n}");
        }
    }
}
