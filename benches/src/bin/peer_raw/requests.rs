//! Requests as they come: heads and bodies, whole or in parts.

use std::mem::MaybeUninit;

use httparse::{Header, Request, Status};

use crate::answers::{Answers, Route};
use crate::output::Output;

const HEADERS: usize = 32;

/// What a connection has heard of a request that is not answered yet.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    /// The beginning of a head.
    head: Vec<u8>,
    /// A request whose body has not all come yet.
    pending: Option<Pending>,
}

/// What follows for the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// More requests.
    Requests,
    /// Its end, once everything is written.
    End,
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    route: Route,
    next: Next,
    /// Bytes of its body.
    length: u64,
    /// Those that have not come yet.
    missing: u64,
}

impl Requests {
    /// Answers every request that ends in `bytes`, and keeps what belongs to the one after them.
    #[inline(always)]
    pub(crate) fn answer(
        &mut self,
        bytes: &[u8],
        answers: &Answers,
        output: &mut Output<'_>,
    ) -> Next {
        if self.head.is_empty() {
            self.answer_in(bytes, answers, output)
        } else {
            self.answer_joined(bytes, answers, output)
        }
    }

    #[cold]
    fn answer_joined(&mut self, bytes: &[u8], answers: &Answers, output: &mut Output<'_>) -> Next {
        let mut joined = std::mem::take(&mut self.head);
        joined.extend_from_slice(bytes);
        self.answer_in(&joined, answers, output)
    }

    #[inline(always)]
    fn answer_in(&mut self, mut bytes: &[u8], answers: &Answers, output: &mut Output<'_>) -> Next {
        loop {
            if let Some(pending) = &mut self.pending {
                let here = bytes.len().min(usize::try_from(pending.missing).unwrap_or(usize::MAX));
                bytes = &bytes[here..];
                pending.missing -= here as u64;
                let Pending { route, next, length, missing } = *pending;
                if missing > 0 {
                    return Next::Requests;
                }
                self.pending = None;
                answers.write(route, length, output);
                if next == Next::End {
                    return Next::End;
                }
            }
            if bytes.is_empty() {
                return Next::Requests;
            }
            let mut headers = [const { MaybeUninit::uninit() }; HEADERS];
            let mut request = Request::new(&mut []);
            match request.parse_with_uninit_headers(bytes, &mut headers) {
                Ok(Status::Complete(head)) => bytes = &bytes[head..],
                Ok(Status::Partial) => {
                    self.head = bytes.to_vec();
                    return Next::Requests;
                }
                Err(_) => return Next::End,
            }
            let Some(pending) = begin(&request) else { return Next::End };
            self.pending = Some(pending);
        }
    }
}

/// What a head says of its body and of the end; `None` where this server does not follow.
#[inline(always)]
fn begin(request: &Request<'_, '_>) -> Option<Pending> {
    let route = Route::of(request.method?, request.path?);
    let mut next = if request.version == Some(0) { Next::End } else { Next::Requests };
    let mut length = 0;
    for Header { name, value } in request.headers.iter() {
        match name.len() {
            10 if name.eq_ignore_ascii_case("connection")
                && value.eq_ignore_ascii_case(b"close") =>
            {
                next = Next::End;
            }
            14 if name.eq_ignore_ascii_case("content-length") => {
                length = str::from_utf8(value).ok()?.parse().ok()?;
            }
            17 if name.eq_ignore_ascii_case("transfer-encoding") => return None,
            _ => {}
        }
    }
    Some(Pending { route, next, length, missing: length })
}
