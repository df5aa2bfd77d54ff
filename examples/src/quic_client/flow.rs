//! The one state of the client: a stream state like any other, which knows nothing of QUIC.

use std::io;

use readily::{Fault, Io, State, Step};

use super::{Conn, Load, Mail, Transfer};

/// Standard input or output failed: which of them, the report says.
const FAILED: Fault = Fault::Local("quic_client: standard input or output failed");

/// Sends what is to be sent, and takes what comes back, until both have ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Flow;

impl State<Conn> for Flow {
    fn advance(&mut self, io: &mut Io<'_, Transfer>) -> Result<Step<Self, Conn>, Fault> {
        let (now, me) = (io.now(), io.me());
        io.app.began.get_or_insert(now);
        let draining = io.draining();
        let is_sent = match &mut io.app.load {
            Load::Pattern(pattern) => {
                pattern.take(io.rx);
                if draining {
                    pattern.stop();
                }
                pattern.give(io.tx)
            }
            Load::Pipe(pipe) => {
                pipe.take(io.rx, me, io.fx)?;
                if draining {
                    pipe.stop();
                }
                pipe.give(io.tx, me, io.fx)?
            }
        };
        if is_sent && io.tx.may_send() {
            io.tx.finish();
        }
        Ok(if io.rx.is_drained() { Step::Finish } else { Step::Wait })
    }

    fn receive(
        &mut self,
        mail: Mail,
        io: &mut Io<'_, Transfer>,
    ) -> Result<Step<Self, Conn>, Fault> {
        let Load::Pipe(pipe) = &mut io.app.load else { return Ok(Step::Ignore) };
        let (done, what) = match mail {
            Mail::Read(read) => (read.map(|bytes| pipe.read(bytes, io.tx)), "standard input"),
            Mail::Written(written) => (written.map(|()| pipe.written(io.rx)), "standard output"),
        };
        if let Err(error) = done {
            let line = format!("{what}: {error}");
            io.app.failed = Some(io::Error::new(error.kind(), line));
            return Err(FAILED);
        }
        self.advance(io)
    }
}
