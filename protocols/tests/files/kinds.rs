//! What a file is sent as, by its name.

use readily_protocols::http1::files::{Kind, ending};

#[test]
fn kinds_by_name() {
    for (name, wanted) in [
        ("index.html", "text/html; charset=utf-8"),
        ("INDEX.HTML", "text/html; charset=utf-8"),
        ("a/b.css", "text/css; charset=utf-8"),
        ("app.js", "text/javascript; charset=utf-8"),
        ("app.mjs", "text/javascript; charset=utf-8"),
        ("app.cjs", "text/javascript; charset=utf-8"),
        ("app.min.js", "text/javascript; charset=utf-8"),
        ("app.js.map", "application/json"),
        ("a.json", "application/json"),
        ("a.webmanifest", "application/manifest+json"),
        ("a.txt", "text/plain; charset=utf-8"),
        ("a.md", "text/markdown; charset=utf-8"),
        ("a.csv", "text/csv; charset=utf-8"),
        ("a.xml", "text/xml; charset=utf-8"),
        ("a.svg", "image/svg+xml"),
        ("a.png", "image/png"),
        ("a.jpg", "image/jpeg"),
        ("a.JPEG", "image/jpeg"),
        ("a.gif", "image/gif"),
        ("a.webp", "image/webp"),
        ("a.avif", "image/avif"),
        ("a.ico", "image/vnd.microsoft.icon"),
        ("a.wasm", "application/wasm"),
        ("a.woff", "font/woff"),
        ("a.woff2", "font/woff2"),
        ("a.pdf", "application/pdf"),
        ("a.mp4", "video/mp4"),
        ("a.webm", "video/webm"),
        ("a.mp3", "audio/mpeg"),
        ("a.m4a", "audio/mp4"),
        ("a.zip", "application/zip"),
        ("a.tar", "application/x-tar"),
        ("a.gz", "application/gzip"),
        ("a.zst", "application/zstd"),
        ("a.br", "application/octet-stream"),
        ("README", "application/octet-stream"),
        ("a.", "application/octet-stream"),
        (".html", "application/octet-stream"),
        ("a.html/b", "application/octet-stream"),
        ("a.none-such", "application/octet-stream"),
        ("a.averyverylongendingthatnobodyhas", "application/octet-stream"),
        ("a.h\u{130}ml", "application/octet-stream"),
    ] {
        let kind = Kind::of(name);
        assert_eq!([kind.essence(), kind.parameters()].concat(), wanted, "{name}");
    }
}

#[test]
fn endings() {
    for (name, wanted) in [
        ("a.b", "b"),
        ("a.b.c", "c"),
        ("a", ""),
        (".a", ""),
        (".a.b", "b"),
        ("a.b/c", ""),
        ("a.b/.c", ""),
        ("a.b/c.d", "d"),
        ("", ""),
        ("a.", ""),
    ] {
        assert_eq!(ending(name), wanted, "{name}");
    }
}
