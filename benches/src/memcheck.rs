//! Heap allocations, counted by valgrind.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::failure::Failure;
use crate::tool::VALGRIND;

/// What a run has asked the allocator for; what grows counts as a new allocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allocations {
    /// How often.
    pub count: u64,
    /// How much, in bytes.
    pub bytes: u64,
}

/// The command line up to the program's own arguments.
pub fn command(program: &Path, out: &Path) -> Result<Command, Failure> {
    let mut command = Command::new(VALGRIND.find()?);
    // Only the count is wanted, so every check that can be left out is.
    command.args(["--tool=memcheck", "--leak-check=no", "--undef-value-errors=no"]);
    command.arg(format!("--log-file={}", out.display())).arg(program);
    Ok(command)
}

/// Allocations of the whole run that wrote `out`.
pub fn allocations(out: &Path) -> Result<Allocations, Failure> {
    let text = fs::read_to_string(out)
        .map_err(|error| Failure::failed(format!("memcheck wrote nothing: {error}")))?;
    total(&text).ok_or_else(|| Failure::failed("memcheck's file has no total heap usage"))
}

/// `==PID==   total heap usage: 1,024 allocs, 1,000 frees, 65,536 bytes allocated`.
fn total(text: &str) -> Option<Allocations> {
    let (_, usage) = text.split_once("total heap usage: ")?;
    let mut fields = usage.lines().next()?.split(", ");
    let mut number = |unit: &str| {
        let digits = fields.find_map(|field| field.strip_suffix(unit))?;
        digits.replace(',', "").parse().ok()
    };
    Some(Allocations { count: number(" allocs")?, bytes: number(" bytes allocated")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn total_is_found() {
        let usage = "==7== HEAP SUMMARY:\n==7==   total heap usage: 1,234,567 allocs, 12 frees, ";
        for (text, expected) in [
            (format!("{usage}65,536 bytes allocated\n==7== \n"), Some((1_234_567, 65_536))),
            (format!("{usage}many\n"), None),
            (String::new(), None),
        ] {
            let expected = expected.map(|(count, bytes)| Allocations { count, bytes });
            assert_eq!(total(&text), expected, "{text}");
        }
    }
}
