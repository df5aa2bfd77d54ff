//! The command line: one URL, and options.

use std::path::Path;
use std::time::Duration;

use readily::tls;
use readily::websocket::Target;

use crate::http_client::{AUTHORITIES, HEADER, Url, header, trusting};
use crate::web_socket::{CHOICES, Choices};
use crate::{Cli, Failure, Usage};

/// What is asked for.
#[derive(Debug)]
pub struct Arguments {
    /// The server, as if it were one of http.
    pub url: Url,
    /// What it is asked for.
    pub target: Target,
    /// Makes the connection of `wss`.
    pub tls: Option<tls::Client>,
    /// Whether messages are sent back, and standard input is not read.
    pub echoes: bool,
    /// After the end of standard input, how long nothing must have come before it closes.
    pub linger: Duration,
    /// What the server may send, and what is offered to it.
    pub choices: Choices,
}

impl Arguments {
    /// Reads the arguments of this process: the URL may be anywhere among the options.
    ///
    /// # Errors
    /// [`Failure::Help`] where it is asked for; [`Failure::Usage`] for a mistake.
    pub fn read() -> Result<Self, Failure> {
        let [deflate, max_message, protocol] = CHOICES;
        let cli = Cli::with_operand(
            "Talks to a WebSocket: lines of standard input are messages, and messages are lines.",
            ("URL", "ws://HOST[:PORT][/PATH][?QUERY], or wss"),
            &[
                ("--echo", "", "send each message back until the server closes"),
                ("--linger", "SECONDS", "after the input, close when nothing came for so long [1]"),
                deflate,
                max_message,
                protocol,
                HEADER,
                AUTHORITIES,
            ],
        )?;
        let url = url(cli.value("URL").unwrap_or_default())?;
        let told = |bad| Usage(format!("URL: {bad}"));
        let mut target = Target::new(&url.host, &url.target).map_err(told)?;
        for text in cli.values(HEADER.0) {
            target = header(text, |name, value| target.header(name, value))?;
        }
        let tls = trusting(cli.value(AUTHORITIES.0).map(Path::new), std::slice::from_ref(&url))?;
        Ok(Arguments {
            url,
            target,
            tls,
            echoes: cli.is_set("--echo"),
            linger: Duration::from_secs(cli.parse::<u16>("--linger", "1")?.into()),
            choices: Choices::read(&cli)?,
        })
    }
}

/// Two schemes, which differ from those of HTTP in name only (RFC 6455, section 3).
fn url(text: &str) -> Result<Url, Usage> {
    let told = |why: &str| Usage(format!("`{text}`: {why}"));
    let rest =
        text.strip_prefix("ws").filter(|rest| rest.starts_with(':') || rest.starts_with("s:"));
    let rest = rest.ok_or_else(|| told("expected ws://HOST[:PORT][/PATH] or wss"))?;
    format!("http{rest}").parse().map_err(|why: String| told(&why))
}
