//! System calls, counted by strace.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::failure::Failure;
use crate::tool::STRACE;

/// Calls by name.
pub type Calls = BTreeMap<String, u64>;

/// The command line up to the program's own arguments.
pub fn command(program: &Path, out: &Path) -> Result<Command, Failure> {
    let mut command = Command::new(STRACE.find()?);
    command.args(["-c", "-f", "-o"]).arg(out).arg(program);
    Ok(command)
}

/// System calls of the whole run that wrote `out`.
pub fn calls(out: &Path) -> Result<Calls, Failure> {
    let text = fs::read_to_string(out)
        .map_err(|error| Failure::failed(format!("strace wrote nothing: {error}")))?;
    let calls = parse(&text);
    if calls.is_empty() { Err(Failure::failed("strace's summary is empty")) } else { Ok(calls) }
}

/// `% time, seconds, usecs/call, calls, [errors,] name`, between two rules.
fn parse(text: &str) -> Calls {
    let is_rule = |line: &&str| line.starts_with("---");
    let body = text.lines().skip_while(|line| !is_rule(line)).skip(1);
    body.take_while(|line| !is_rule(line))
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let [_, _, _, calls, .., name] = fields[..] else { return None };
            Some((name.to_owned(), calls.parse().ok()?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summary_is_read() {
        let text = "\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 61.40    0.114411           4     24009         9 write
 38.60    0.071922           2     24016           read
  0.00    0.000000           0         1           epoll_create1
------ ----------- ----------- --------- --------- ----------------
100.00    0.186333           3     48026         9 total
";
        let expected = [("epoll_create1", 1), ("read", 24_016), ("write", 24_009)];
        let calls = parse(text);
        assert!(calls.iter().map(|(name, calls)| (name.as_str(), *calls)).eq(expected));
        assert!(parse("").is_empty());
    }
}
