//! User-space instructions, counted by valgrind.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::failure::Failure;
use crate::tool::VALGRIND;

/// Keeps the C library from `rep stosb` and `rep movsb`, which it has for what is longer than
/// 2 KiB: a processor counts one as an instruction, callgrind counts each byte of it. Instead it
/// goes on in loops of vectors, as it does for what is shorter.
const NO_REP: &str =
    "glibc.cpu.x86_rep_stosb_threshold=1073741824:glibc.cpu.x86_rep_movsb_threshold=1073741824";

/// The command line up to the program's own arguments.
pub fn command(program: &Path, out: &Path) -> Result<Command, Failure> {
    let mut command = Command::new(VALGRIND.find()?);
    command.env("GLIBC_TUNABLES", NO_REP);
    command.args(["--tool=callgrind", "-q"]);
    command.arg(format!("--callgrind-out-file={}", out.display())).arg(program);
    Ok(command)
}

/// Instructions of the whole run that wrote `out`.
pub fn instructions(out: &Path) -> Result<u64, Failure> {
    let text = fs::read_to_string(out)
        .map_err(|error| Failure::failed(format!("callgrind wrote nothing: {error}")))?;
    total(&text).ok_or_else(|| Failure::failed("callgrind's file has no total of Ir"))
}

/// The total of the only event that is counted by default.
fn total(text: &str) -> Option<u64> {
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    if field("events:")? != "Ir" {
        return None;
    }
    field("totals:").or_else(|| field("summary:"))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn total_is_found() {
        for (text, expected) in [
            ("version: 1\nevents: Ir\nsummary: 12\n\nfn=(1) main\n3 12\n", Some(12)),
            ("events: Ir\nsummary: 12\nfn=(1)\n3 12\n\ntotals: 13\n", Some(13)),
            ("events: Ir Dr\nsummary: 12 3\n", None),
            ("events: Ir\n", None),
            ("", None),
        ] {
            assert_eq!(total(text), expected, "{text}");
        }
    }
}
