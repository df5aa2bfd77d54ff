//! The echo server of fastwebsockets's own examples.

use fastwebsockets::upgrade::UpgradeFut;
use fastwebsockets::{FragmentCollector, OpCode, WebSocketError};
use readily_benches::cli::Subcommand;

use crate::accept::accept;
use crate::runtime::{self, Threads};
use crate::upgrade;

pub(crate) const FASTWEBSOCKETS: Subcommand = Subcommand {
    usage: "fastwebsockets --listen ADDR",
    prepare: |arguments| {
        let listen = arguments.required("--listen")?;
        Ok(Box::new(move || {
            runtime::run(Threads::ONE, accept(listen, |stream| upgrade::answer(stream, echo)))
        }))
    },
};

async fn echo(upgraded: UpgradeFut) -> Result<(), WebSocketError> {
    let mut socket = upgraded.await?;
    socket.set_auto_close(true);
    socket.set_auto_pong(true);
    socket.set_writev(true);
    let mut socket = FragmentCollector::new(socket);
    loop {
        let frame = socket.read_frame().await?;
        match frame.opcode {
            OpCode::Close => return Ok(()),
            OpCode::Text | OpCode::Binary => socket.write_frame(frame).await?,
            _ => {}
        }
    }
}
