//! What the library's own crates may not call.

use crate::{Finding, repository::File, words::banned};

/// The protocols are lent their time, bytes and randomness: they reach for none of it.
///
/// A statement that expects clippy's lint against the same, and so gives its reason, is let be.
pub(crate) fn protocols_do_no_io(file: &File) -> Vec<Finding> {
    let words = [
        "Instant::now",
        "SystemTime::now",
        "std::net::Tcp",
        "std::net::Udp",
        "mio::",
        "socket2::",
        "libc::",
        "thread::spawn",
        "HashMap",
        "HashSet",
    ];
    let rule = "a protocol does no I/O, reads no clock and has one order of doing things";
    let found = banned(file, &words, rule, |line| {
        file.path.starts_with("protocols/src/") && !file.is_test_line(line)
    });
    found.into_iter().filter(|finding| !is_expected(file, finding.line)).collect()
}

/// The library does not panic on what a value turned out to be.
pub(crate) fn library_does_not_unwrap(file: &File) -> Vec<Finding> {
    let folders = ["protocols/src/", "reactor/src/", "derive/src/"];
    let rule = "the library says what it does when there is nothing";
    banned(file, &[".unwrap()", ".expect("], rule, |line| {
        folders.iter().any(|folder| file.path.starts_with(folder)) && !file.is_test_line(line)
    })
}

/// Whether the statement that `line` is in has such an attribute on a line above.
fn is_expected(file: &File, line: usize) -> bool {
    let above: Vec<&str> = file.code_lines().take(line - 1).map(|(_, code)| code).collect();
    let above = above.join("\n");
    let statement = above.rsplit([';', '{', '}']).next().unwrap_or("");
    statement.contains("#[expect(clippy::disallowed_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::holds;

    #[test]
    fn impure_protocols() {
        let test = "#[cfg(test)]\nmod tests {\n    fn a() { Instant::now(); }\n}";
        let expected = "#[expect(clippy::disallowed_methods, reason = \"a\")]\nlet a =\n    \
                        Instant::now();\nlet b = Instant::now();";
        holds(
            protocols_do_no_io,
            &[
                ("protocols/src/a.rs", expected, &[4]),
                ("protocols/src/a.rs", "let now = Instant::now();", &[1]),
                ("protocols/src/a.rs", "\nlet now = std::time::SystemTime::now();", &[2]),
                (
                    "protocols/src/a.rs",
                    "use std::net::TcpStream;\nuse std::net::UdpSocket;",
                    &[1, 2],
                ),
                ("protocols/src/a.rs", "use mio::Poll;\nuse ::socket2::Socket;", &[1, 2]),
                ("protocols/src/a.rs", "libc::getpid();\nstd::thread::spawn(a);", &[1, 2]),
                (
                    "protocols/src/a.rs",
                    "let a: HashMap<u8, u8>;\nuse std::collections::HashSet;",
                    &[1, 2],
                ),
                ("protocols/src/a.rs", "use std::net::SocketAddr;\nfn a(now: Instant) {}", &[]),
                ("protocols/src/a.rs", "/// let now = Instant::now();\nsignal_hook_mio::a();", &[]),
                ("protocols/src/a.rs", test, &[]),
                ("protocols/src/tests.rs", "Instant::now();", &[]),
                ("reactor/src/a.rs", "Instant::now();", &[]),
            ],
        );
    }

    #[test]
    fn unwraps() {
        let test = "fn a() {}\n#[test]\nfn b() {\n    a.unwrap();\n}\nfn c() { a.unwrap() }";
        holds(
            library_does_not_unwrap,
            &[
                ("protocols/src/a.rs", "a\n    .unwrap()\n    .b();", &[2]),
                ("reactor/src/a.rs", "a.expect(\"b\");", &[1]),
                ("derive/src/a.rs", test, &[6]),
                ("reactor/src/a.rs", "a.unwrap_or(0);\nb.expect_err(c);\nfn expect() {}", &[]),
                ("reactor/src/a.rs", "/// a.unwrap();\n#[expect(b, reason = \"c\")]", &[]),
                ("reactor/tests/a.rs", "a.unwrap();", &[]),
                ("examples/echo.rs", "a.unwrap();", &[]),
            ],
        );
    }
}
