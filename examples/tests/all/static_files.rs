//! `static_files`: what curl and Python make of a folder.

use std::time::Duration;

use crate::client::Noise;
use crate::http::Http;
use crate::server::{Server, run};
use crate::tools::{self, Scratch};

const NAME: &str = "static_files";

/// A path, the status, and what the body begins with.
const CASES: [(&str, u16, &str); 13] = [
    ("/", 200, "<h1>top</h1>"),
    ("/index.html?a", 200, "<h1>top</h1>"),
    ("/sub", 301, ""),
    ("/sub/", 200, "<h1>sub</h1>"),
    ("/sub/a%20b.txt", 200, "spaces"),
    ("/none", 404, ""),
    ("/.hidden", 404, ""),
    ("/sub/../index.html", 400, ""),
    ("/%2e%2e/etc/passwd", 400, ""),
    ("/sub%2findex.html", 400, ""),
    ("/out", 404, ""),
    ("/empty", 200, ""),
    ("/metrics", 404, ""),
];

fn site(name: &str) -> Scratch {
    let site = Scratch::folder(
        name,
        &[
            ("index.html", b"<h1>top</h1>"),
            ("sub/index.html", b"<h1>sub</h1>"),
            ("sub/a b.txt", b"spaces"),
            ("app.js", "let again = 'again';\n".repeat(100).as_bytes()),
            // Empty in each coding, so that a client shows which one it was sent.
            ("app.js.gz", &[31, 139, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            (".hidden", b"no"),
            ("empty", b""),
            ("large", &Noise::bytes(3, 3 << 20)),
        ],
    );
    std::os::unix::fs::symlink("/etc/passwd", format!("{}/out", site.path())).expect("a link");
    site
}

#[test]
fn a_folder_is_served_however_its_files_are_read() {
    let site = site("site");
    for options in [&[][..], &["--inline"], &["--offload"], &["--loops", "2"]] {
        let server = Server::on_loopback(NAME, &[&["--root", site.path()], options].concat());
        let mut http = Http::to(server.ip());
        for (path, status, begins) in CASES {
            let answer = http.ask(&format!("GET {path}"), "", b"");
            assert_eq!(answer.status, status, "{path} {options:?}: {answer:?}");
            assert!(status != 200 || answer.text().starts_with(begins), "{path}: {answer:?}");
        }
        assert!(http.ask("GET /large", "", b"").body == Noise::bytes(3, 3 << 20), "{options:?}");
        assert_eq!(http.ask("POST /", "", b"").status, 405);
        drop(http);
        server.stop();
    }
}

#[test]
fn curl_asks_for_parts_resumes_and_takes_what_is_compressed() {
    if !tools::has("curl", &["--version"], "`static_files` was only asked by a client of our own") {
        return;
    }
    let site = site("site-of-curl");
    let log = Scratch::new("files.log");
    let options =
        ["--root", site.path(), "--precompressed", "--metrics", "/m", "--log", log.path()];
    let server = Server::on_loopback(NAME, &options);
    let url = |path: &str| format!("http://{}{path}", server.address);
    let large = Noise::bytes(3, 3 << 20);
    let curl = |arguments: &[&str]| tools::curl(arguments).stdout;
    assert!(curl(&["-r", "1000-1999", &url("/large")]) == large[1000..2000]);
    assert!(curl(&["-r", "-5", &url("/large")]) == large[large.len() - 5..]);
    let parts = curl(&["-i", "-r", "0-1,5-6", &url("/sub/a%20b.txt")]);
    let parts = String::from_utf8_lossy(&parts);
    assert!(parts.contains(" 206 ") && parts.contains("multipart/byteranges"), "{parts}");
    // Half of it is there.
    let half = Scratch::holding("curl-half", &large[..1_500_000]);
    let told = curl(&["-C", "-", "-o", half.path(), "-w", "%{http_code}", &url("/large")]);
    assert_eq!(told, b"206");
    assert!(std::fs::read(half.path()).expect("a file") == large);
    // It is not sent again to who has it.
    let head = String::from_utf8(curl(&["-I", &url("/large")])).expect("UTF-8");
    let field = |name: &str| {
        let line = head.lines().find_map(|line| line.strip_prefix(name));
        line.expect(&head).trim().to_owned()
    };
    let (tag, date) = (field("etag: "), field("last-modified: "));
    for header in [format!("if-none-match: {tag}"), format!("if-modified-since: {date}")] {
        let status = curl(&["-H", &header, "-w", "%{http_code}", &url("/large")]);
        assert_eq!(status, b"304", "{header}");
    }
    assert_eq!(curl(&["--compressed", "-w", "%{http_code}", &url("/app.js")]), b"200");
    assert!(curl(&["-w", "%{num_connects}", &url("/app.js"), &url("/")]).ends_with(b"</h1>0"));
    let counts = String::from_utf8(curl(&[&url("/m")])).expect("UTF-8");
    assert!(counts.contains(r#"readily_http_requests_total{loop="0",class="3xx"} 2"#), "{counts}");
    server.stop();
    let log = std::fs::read_to_string(log.path()).expect("a log");
    assert_eq!(log.lines().count(), 11, "{log}");
    assert!(log.contains(r#""GET /large HTTP/1.1" 206 1000 "-" "curl/"#), "{log}");
}

#[test]
fn python_reads_a_folder_on_one_connection() {
    let Some(mut python) = tools::python("http.client", "no Python has asked `static_files`")
    else {
        return;
    };
    let site = site("site-of-python");
    let server = Server::on_loopback(NAME, &["--root", site.path()]);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/static_files.py");
    let output = run(python.args([script, &server.address, site.path()]));
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), &*told), (Some(0), ""));
    server.stop();
}

#[test]
fn a_log_that_was_moved_away_begins_anew() {
    let (site, log) = (site("site-of-a-log"), Scratch::new("moved.log"));
    let server = Server::on_loopback(NAME, &["--root", site.path(), "--log", log.path()]);
    let mut http = Http::to(server.ip());
    http.ask("GET /", "", b"");
    let old = Scratch::new("moved.old");
    std::fs::rename(log.path(), old.path()).expect("a file");
    server.hang_up();
    let appears = || std::fs::exists(log.path()).expect("a folder");
    let began = std::time::Instant::now();
    while !appears() {
        // Each makes the loop turn.
        http.ask("GET /none", "", b"");
        assert!(began.elapsed() < Duration::from_secs(60), "it is not opened anew");
    }
    server.stop();
    let old = std::fs::read_to_string(old.path()).expect("a log");
    assert!(
        old.starts_with("127.0.0.1 - - [") && old.contains(r#""GET / HTTP/1.1" 200 12 "#),
        "{old}"
    );
}
