//! Which crates the library may not depend on.

use std::{env, fmt, io, path::Path, process::Command};

/// A crate on the wrong side of the fence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// The crates from the fenced package to the offender, both included.
    pub chain: Vec<String>,
    /// Why it may not be there.
    pub rule: &'static str,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offender = self.chain.last().map_or("", String::as_str);
        write!(f, "{offender}: reached as {}; {}", self.chain.join(" > "), self.rule)
    }
}

/// One package and the crates that it may not reach.
struct Fence {
    arguments: &'static [&'static str],
    forbids: fn(&str) -> bool,
    rule: &'static str,
}

const FENCES: &[Fence] = &[
    Fence {
        arguments: &["-p", "readily", "--all-features", "-e", "normal,build"],
        forbids: is_async,
        rule: "readily is free of async runtimes and futures",
    },
    Fence {
        arguments: &["-p", "readily-protocols", "--all-features", "-e", "normal", "--depth", "1"],
        forbids: does_io,
        rule: "a protocol has no direct dependency on a crate that does I/O",
    },
];

/// Asks cargo for the dependencies of each fenced package and returns those that may not be there.
///
/// # Errors
///
/// When cargo cannot be run, or refuses: an outdated lock file, say.
pub fn check(root: &Path) -> io::Result<Vec<Breach>> {
    let mut breaches = Vec::new();
    for fence in FENCES {
        let tree = tree(root, fence.arguments)?;
        breaches.extend(breaches_in(&tree, fence));
    }
    Ok(breaches)
}

fn is_async(name: &str) -> bool {
    matches!(name, "tokio" | "hyper" | "async-std" | "smol")
        || ["tokio-", "hyper-", "futures"].iter().any(|start| name.starts_with(start))
}

fn does_io(name: &str) -> bool {
    is_async(name) || matches!(name, "mio" | "socket2" | "libc" | "rustix" | "quinn-udp")
}

/// What `cargo tree` prints, with its depth before each crate, for the platforms of the loop.
fn tree(root: &Path, arguments: &[&str]) -> io::Result<String> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "--locked", "--prefix", "depth"])
        // Where the loop runs; elsewhere, crates below bring what those need (a browser, futures).
        .args(["--target", "x86_64-unknown-linux-gnu", "--target", "aarch64-unknown-linux-gnu"])
        .args(arguments)
        .current_dir(root)
        .output()?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        let why = why.lines().next().unwrap_or("no reason given");
        return Err(io::Error::other(format!("cargo tree {}: {why}", arguments.join(" "))));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn breaches_in(tree: &str, fence: &Fence) -> Vec<Breach> {
    let mut chain: Vec<&str> = Vec::new();
    let mut breaches: Vec<Breach> = Vec::new();
    for (depth, name) in tree.lines().filter_map(parse) {
        chain.truncate(depth);
        chain.push(name);
        let known = breaches.iter().any(|breach| breach.chain.last().is_some_and(|n| n == name));
        if (fence.forbids)(name) && !known {
            let chain = chain.iter().map(|name| (*name).to_owned()).collect();
            breaches.push(Breach { chain, rule: fence.rule });
        }
    }
    breaches
}

/// The depth and the name in `2slab v0.4.12 (*)`.
fn parse(line: &str) -> Option<(usize, &str)> {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let name = line[digits..].split_whitespace().next()?;
    Some((line[..digits].parse().ok()?, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_offender_is_named_once_with_its_way() {
        let cases: &[(usize, &str, &[&str])] = &[
            (0, "0readily v0.1.0 (a)\n1mio v1.2.1\n2libc v0.2.1\n1slab v0.4.12\n", &[]),
            (
                0,
                "0readily v0.1.0\n1quinn v0.11.0\n2tokio v1.4.0\n1slab v0.4.12\n",
                &["quinn > tokio"],
            ),
            (
                0,
                "0readily v0.1.0\n1tokio-util v1.0.0\n2tokio v1.0.0\n",
                &["tokio-util", "tokio-util > tokio"],
            ),
            (
                0,
                "0readily v0.1.0\n1a v1.0.0\n2futures-core v0.3.0\n1futures-core v0.3.0 (*)\n",
                &["a > futures-core"],
            ),
            (
                0,
                "0readily v0.1.0\n1hyper v1.0.0\n1async-std v1.0.0\n1smol v2.0.0\n",
                &["hyper", "async-std", "smol"],
            ),
            (0, "0readily v0.1.0\n1smoltcp v0.1.0\n1hyperloglog v1.0.0\n1async-free v1.0.0\n", &[]),
            (1, "0readily v0.1.0\n1bytes v1.11.1\n1slab v0.4.12\n", &[]),
            (
                1,
                "0readily v0.1.0\n1mio v1.2.1\n1socket2 v0.6.0\n1libc v0.2.0\n",
                &["mio", "socket2", "libc"],
            ),
            (1, "0readily v0.1.0\n1rustix v1.1.0\n1quinn-udp v0.5.0\n", &["rustix", "quinn-udp"]),
        ];
        for (fence, tree, expected) in cases {
            let found: Vec<String> = breaches_in(tree, &FENCES[*fence])
                .into_iter()
                .map(|breach| breach.chain[1..].join(" > "))
                .collect();
            assert_eq!(&found, expected, "{tree}");
        }
    }

    #[test]
    fn a_breach_reads_as_a_sentence() {
        let tree = "0readily v0.1.0 (reactor)\n1a v1.0.0\n2tokio v1.0.0\n";
        let text: Vec<String> =
            breaches_in(tree, &FENCES[0]).iter().map(Breach::to_string).collect();
        let expected = "tokio: reached as readily > a > tokio; \
                        readily is free of async runtimes and futures";
        assert_eq!(text, [expected]);
    }
}
