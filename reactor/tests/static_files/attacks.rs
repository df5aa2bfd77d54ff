//! Requests that want what they should not have.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

use readily::Config;
use readily::files::{Disk, Options, Symlinks, reason};
use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::shop::{DISKS, Shop, request};

/// Ways to write a path that leads out of the folder, or pretends to be another.
const WAYS_OUT: [&str; 46] = [
    "/../secret",
    "/../../../../../../etc/passwd",
    "/sub/../../secret",
    "/sub/../a",
    "/./a",
    "/sub/./a",
    "/..",
    "/.",
    "/sub/..",
    "/%2e%2e/secret",
    "/%2E%2E/secret",
    "/.%2e/secret",
    "/%2e./secret",
    "/sub/%2e%2e/%2e%2e/secret",
    "/%2e/a",
    "/..%2fsecret",
    "/..%2Fsecret",
    "/%2e%2e%2fsecret",
    "/%2e%2e%2Fsecret",
    "/sub%2f..%2f..%2fsecret",
    "/%2fetc%2fpasswd",
    "/..%5csecret",
    "/..%5C..%5Csecret",
    "/%2e%2e%5csecret",
    "/sub%5c..%5c..%5csecret",
    "//secret",
    "//etc/passwd",
    "///etc/passwd",
    "/sub//a",
    "/sub//../../secret",
    "/%00",
    "/a%00.html",
    "/..%00/secret",
    "/a%0d%0ax:%20y",
    "/a%0a",
    "/%7f",
    "/%c0%ae%c0%ae/secret",
    "/%c0%ae%c0%ae%c0%afsecret",
    "/..%c0%afsecret",
    "/..%c1%9csecret",
    "/%e0%80%ae%e0%80%ae/secret",
    "/%f0%80%80%ae%f0%80%80%ae/secret",
    "/%fe%80%80%80%80%80%ae/secret",
    "/..;/secret",
    "/....//....//secret",
    "/.%252e/secret",
];

#[test]
fn no_path_leads_out_of_the_folder() {
    for disk in DISKS {
        let mut shop = Shop::new(disk);
        shop.put("a", b"a");
        for path in WAYS_OUT {
            let heard = shop.get(path);
            assert!(matches!(heard.status(), 400 | 404), "{path}, {disk:?}: {heard:?}");
            assert!(!heard.text().contains("secret") && !heard.text().contains("root:"), "{path}");
        }
        // What is encoded twice is a name, which nothing has.
        for path in
            ["/%252e%252e/secret", "/%252e%252e%252fsecret", "/..%252fsecret", "/~root/secret"]
        {
            assert_eq!(shop.get(path).status(), 404, "{path}");
        }
        assert!(shop.tally(reason::BAD_PATH) >= 20);
        assert_eq!(shop.get("/a").text(), "a");
    }
}

#[test]
fn a_bad_path_does_not_end_the_connection() {
    let mut shop = Shop::new(Disk::Probe);
    shop.put("a", b"a");
    let mut client = shop.connect();
    client.say(&[request("GET /..%2fsecret", ""), request("GET /a", "")].concat());
    assert_eq!(shop.hear(&mut client, false).expect("an answer").status(), 400);
    assert_eq!(shop.hear(&mut client, false).expect("an answer").text(), "a");
}

#[test]
fn links_are_followed_within_the_folder_alone() {
    for disk in DISKS {
        for symlinks in [Symlinks::Within, Symlinks::Refuse] {
            let options = Options::new().disk(disk).symlinks(symlinks);
            let mut shop = Shop::with(Config::default(), options);
            shop.put("sub/a", b"a");
            let outside = shop.path("../secret").to_string_lossy().into_owned();
            for (name, to) in [
                ("in", "sub/a"),
                ("folder", "sub"),
                ("out", "../secret"),
                ("absolute", &outside[..]),
                ("system", "/etc"),
                ("process", "/proc/self"),
                ("up", ".."),
                ("loop", "loop"),
            ] {
                symlink(to, shop.path(name)).expect("a link");
            }
            let inside = if symlinks == Symlinks::Within { 200 } else { 404 };
            for (path, wanted) in [
                ("/sub/a", 200),
                ("/in", inside),
                ("/folder/a", inside),
                ("/out", 404),
                ("/absolute", 404),
                ("/system/passwd", 404),
                ("/process/root/etc/passwd", 404),
                ("/process/environ", 404),
                ("/up/secret", 404),
                ("/loop", 404),
            ] {
                let heard = shop.get(path);
                assert_eq!(heard.status(), wanted, "{path}, {symlinks:?}, {disk:?}");
                assert_eq!(heard.text() == "a", wanted == 200, "{path}");
            }
            assert!(shop.tally(reason::OUTSIDE) >= 7, "{disk:?}");
        }
    }
}

#[test]
fn what_is_no_file_is_not_waited_for() {
    for disk in DISKS {
        let mut shop = Shop::new(disk);
        let mode = Mode::RUSR | Mode::WUSR;
        mknodat(CWD, shop.path("pipe"), FileType::Fifo, mode, 0).expect("a pipe");
        let _socket = UnixListener::bind(shop.path("socket")).expect("a socket");
        fs::create_dir_all(shop.path("index.html")).expect("a folder");
        for path in ["/pipe", "/socket", "/pipe/", "/"] {
            assert_eq!(shop.get(path).status(), 404, "{path}, {disk:?}");
        }
        assert_eq!(shop.tally(reason::NO_FILE), 3, "{disk:?}");
    }
}

#[test]
fn ranges_cost_no_more_than_the_file() {
    let thousand = |item: fn(usize) -> String| {
        format!("range: bytes={}", (0..1000).map(item).collect::<Vec<_>>().join(","))
    };
    let rows = [
        (thousand(|nth| format!("{nth}-{nth}")), 200),
        (thousand(|_| "0-".to_owned()), 200),
        (thousand(|_| "-1".to_owned()), 200),
        (format!("range: bytes={}", ",".repeat(5_000)), 200),
        (format!("range: bytes=0-{}", "9".repeat(5_000)), 206),
        (format!("range: bytes={}-", "9".repeat(5_000)), 416),
        (format!("range: bytes=-{}", "9".repeat(5_000)), 206),
        ("range: bytes=0-18446744073709551615".to_owned(), 206),
        ("range: bytes=18446744073709551615-18446744073709551615".to_owned(), 416),
        ("range: bytes=0-0,18446744073709551615-".to_owned(), 206),
        ("range: bytes=18446744073709551614-18446744073709551613".to_owned(), 200),
    ];
    for disk in DISKS {
        let mut shop = Shop::new(disk);
        shop.put("a", &[b'x'; 4_000]);
        for (lines, wanted) in &rows {
            let heard = shop.ask("GET /a", lines);
            let shown = &lines[..lines.len().min(60)];
            assert_eq!(heard.status(), *wanted, "{shown}, {disk:?}");
            assert!(heard.body.len() <= 4_000, "{shown}");
        }
    }
}

#[test]
fn long_paths_are_refused_before_the_disk_sees_them() {
    let mut shop = Shop::new(Disk::Probe);
    let deep = format!("/{}", "a/".repeat(40));
    let wide = format!("/{}", "a".repeat(256));
    let long = format!("/{}", "a".repeat(5_000));
    for path in [deep, wide, long] {
        assert_eq!(shop.get(&path).status(), 414, "{} bytes", path.len());
    }
    assert_eq!(shop.tally(reason::LONG_PATH), 3);
}

#[test]
fn a_name_that_looks_like_a_host_is_no_redirect() {
    let mut shop = Shop::new(Disk::Probe);
    fs::create_dir_all(shop.path("evil.example")).expect("a folder");
    for path in ["//evil.example", "///evil.example", "/%2fevil.example", "/%5cevil.example"] {
        let heard = shop.get(path);
        assert_eq!(heard.field("location"), None, "{path}: {heard:?}");
    }
    assert_eq!(shop.get("/evil.example").field("location"), Some("/evil.example/"));
}
