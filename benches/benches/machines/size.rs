//! How large the largest bench is.

/// How many connections, or timers, there are beside the few that are busy.
pub(crate) fn crowds() -> [usize; 2] {
    [1_000, if is_test() { 2_000 } else { 1_000_000 }]
}

/// Whether each bench only runs once, as criterion decides it: with `--test`, or when it was not
/// started by `cargo bench`.
fn is_test() -> bool {
    let has = |name: &str| std::env::args().any(|argument| argument == name);
    has("--test") || !has("--bench")
}

/// A number of bytes as a reader writes it.
pub(crate) fn bytes(n: usize) -> String {
    if n >= 1024 { format!("{} KiB", n / 1024) } else { format!("{n} B") }
}

/// A number as a reader writes it: `1,000,000`.
pub(crate) fn count(n: usize) -> String {
    let digits = n.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| str::from_utf8(group).unwrap_or_default())
        .collect();
    groups.join(",")
}
