//! Paths: what is a name beneath the folder, and all that tries to be one outside.

use readily_protocols::http1::files::BadPath::{self, *};
use readily_protocols::http1::files::{DEPTH_MOST, DotNames, NAME_MOST, PATH_MOST, Relative};

fn parse(path: &str) -> Result<(String, bool), BadPath> {
    let relative = Relative::parse(path, DotNames::Hide)?;
    Ok((relative.as_str().to_owned(), relative.is_folder()))
}

#[test]
fn paths_of_files() {
    for (path, text, is_folder) in [
        ("/", "", true),
        ("/a", "a", false),
        ("/a/", "a", true),
        ("/a/b.html", "a/b.html", false),
        ("/a%20b", "a b", false),
        ("/%61", "a", false),
        ("/a%2Eb", "a.b", false),
        ("/a..b", "a..b", false),
        ("/a..", "a..", false),
        ("/...a", "", false),
        ("/%e2%82%ac", "\u{20ac}", false),
        ("/\u{20ac}", "\u{20ac}", false),
        ("/%252e%252e/a", "%2e%2e/a", false),
        ("/%25", "%", false),
        ("/a%3Fb%23c", "a?b#c", false),
        ("/a:b", "a:b", false),
        ("/c%3A/a", "c:/a", false),
        ("/~root", "~root", false),
        ("/a;b=c", "a;b=c", false),
        ("/.well-known/acme-challenge/x", ".well-known/acme-challenge/x", false),
    ] {
        let wanted = if path == "/...a" { Err(Hidden) } else { Ok((text.to_owned(), is_folder)) };
        assert_eq!(parse(path), wanted, "{path}");
    }
}

#[test]
fn paths_that_would_leave_or_deceive() {
    let rows = [
        ("/..", Dots),
        ("/../", Dots),
        ("/../etc/passwd", Dots),
        ("/../../../../etc/passwd", Dots),
        ("/a/..", Dots),
        ("/a/../..", Dots),
        ("/a/../../etc/passwd", Dots),
        ("/a/b/../c", Dots),
        ("/.", Dots),
        ("/./", Dots),
        ("/./a", Dots),
        ("/a/./b", Dots),
        ("/a/.", Dots),
        ("/%2e%2e/etc/passwd", Dots),
        ("/%2E%2E/etc/passwd", Dots),
        ("/.%2e/etc/passwd", Dots),
        ("/%2e./etc/passwd", Dots),
        ("/a/%2e%2e/%2e%2e/etc", Dots),
        ("/%2e/a", Dots),
        ("/a/%2e", Dots),
        ("/..%2fetc/passwd", Separator),
        ("/..%2Fetc%2Fpasswd", Separator),
        ("/%2e%2e%2fetc", Separator),
        ("/a%2fb", Separator),
        ("/%2fetc/passwd", Separator),
        ("/%2f", Separator),
        ("/..\\..\\windows", Separator),
        ("/..%5c..%5cwindows", Separator),
        ("/%5C", Separator),
        ("/a\\b", Separator),
        ("/c:\\windows\\win.ini", Separator),
        ("//", Empty),
        ("//etc/passwd", Empty),
        ("///", Empty),
        ("/a//b", Empty),
        ("/a//", Empty),
        ("//a", Empty),
        ("/a///../b", Empty),
        ("/%00", Control),
        ("/a%00.html", Control),
        ("/a.html%00.png", Control),
        ("/a\0", Control),
        ("/a%0a", Control),
        ("/a%0d%0aset-cookie:x", Control),
        ("/a%7f", Control),
        ("/a%1b[0m", Control),
        ("/%c0%ae%c0%ae/etc/passwd", Text),
        ("/%c0%af", Text),
        ("/%e0%80%af", Text),
        ("/%f0%80%80%af", Text),
        ("/%c0%2e%c0%2e/", Text),
        ("/%c1%9c", Text),
        ("/%ff", Text),
        ("/%ed%a0%80", Text),
        ("/%e2%82", Text),
        ("/%u002e%u002e/", Form),
        ("/%", Form),
        ("/a%2", Form),
        ("/%zz", Form),
        ("/%%32%65", Form),
        ("/%-1", Form),
        ("/%+2", Form),
        ("/% 2", Form),
        ("", Form),
        ("*", Form),
        ("a", Form),
        ("../a", Form),
        ("http://a/b", Form),
        ("/.git/config", Hidden),
        ("/.htaccess", Hidden),
        ("/a/.env", Hidden),
        ("/%2egit/config", Hidden),
        ("/.git/", Hidden),
        ("/a/.well-known/b", Hidden),
        ("/....//....//etc/passwd", Hidden),
        ("/.well-known-not", Hidden),
    ];
    assert!(rows.len() >= 40);
    for (path, wanted) in rows {
        assert_eq!(parse(path), Err(wanted), "{path:?}");
        assert!((400..500).contains(&wanted.status().code()));
    }
}

#[test]
fn names_that_begin_with_a_dot_are_served_on_request() {
    for path in ["/.git/config", "/a/.env", "/.a", "/..."] {
        assert!(Relative::parse(path, DotNames::Serve).is_ok(), "{path}");
    }
    for path in ["/..", "/a/./b", "/%2e%2e/"] {
        assert_eq!(Relative::parse(path, DotNames::Serve), Err(Dots), "{path}");
    }
}

#[test]
fn lengths_at_their_limits() {
    let names = |n: usize, len: usize| format!("/{}", vec!["a".repeat(len); n].join("/"));
    for (path, is_fine) in [
        (names(1, NAME_MOST), true),
        (names(1, NAME_MOST + 1), false),
        (names(DEPTH_MOST, 1), true),
        (names(DEPTH_MOST + 1, 1), false),
        (names(4, PATH_MOST / 4 - 1), true),
        (format!("{}b", names(4, NAME_MOST)), false),
        (format!("/{}", "%61".repeat(NAME_MOST)), true),
        (format!("/{}", "%61".repeat(PATH_MOST + 1)), false),
        ("/".repeat(100_000), false),
    ] {
        let shown = &path[..path.len().min(40)];
        let wanted = if is_fine { None } else { Some(Long) };
        assert_eq!(parse(&path).err(), wanted, "{shown} ({} bytes)", path.len());
    }
}

#[test]
fn no_string_of_these_bytes_leaves_the_folder() {
    // Every path of up to five of these pieces.
    let pieces = [".", "..", "/", "%2e", "%2f", "%5c", "\\", "a", "%00", "%c0", "%ae", "%25", "%"];
    let mut paths = vec!["/".to_owned()];
    for _ in 0..5 {
        paths = paths
            .iter()
            .flat_map(|path| pieces.iter().map(move |piece| format!("{path}{piece}")))
            .collect();
        for path in &paths {
            let Ok(relative) = Relative::parse(path, DotNames::Serve) else { continue };
            let text = relative.as_str();
            assert!(!text.starts_with('/') && !text.ends_with('/'), "{path:?}");
            assert!(!text.contains(['\\', '\0']), "{path:?}");
            let is_sound = |name: &str| !matches!(name, "" | "." | "..");
            assert!(text.is_empty() || text.split('/').all(is_sound), "{path:?}");
        }
    }
}

#[test]
fn a_file_in_a_folder() {
    for (path, wanted) in
        [("/", "index.html"), ("/a/", "a/index.html"), ("/a/b/", "a/b/index.html")]
    {
        let relative = Relative::parse(path, DotNames::Hide).expect("a folder");
        assert_eq!(relative.file_in("index.html"), wanted);
        assert_eq!(relative.clone().into_owned(), relative);
    }
}
