//! Which types and which answers a coding is good for.

use readily_protocols::http1::coding::{forbids_transform, is_worth};

#[test]
fn types_that_become_smaller_are_known_by_name() {
    for kind in [
        "text/html",
        "text/html; charset=utf-8",
        "TEXT/Plain ;charset=utf-8",
        "text/css",
        "text/csv",
        "text/event-stream",
        "text/javascript",
        "application/javascript",
        "application/json",
        "Application/JSON",
        "application/problem+json",
        "application/manifest+json",
        "application/ld+json;profile=x",
        "application/x-ndjson",
        "application/xml",
        "application/xhtml+xml",
        "application/atom+xml",
        "application/wasm",
        "image/svg+xml",
        "image/x-icon",
        "image/bmp",
        "font/ttf",
        "font/otf",
    ] {
        assert!(is_worth(kind.as_bytes()), "{kind}");
    }
}

#[test]
fn all_others_are_taken_for_compressed() {
    for kind in [
        "",
        ";",
        "text",
        "textual/html",
        "json",
        "+jso",
        "application/octet-stream",
        "application/jsonp",
        "application/gzip",
        "application/zip",
        "application/zstd",
        "application/pdf",
        "application/grpc",
        "application/x; a=application/json",
        "application/x; a=+json",
        "image/png",
        "image/jpeg",
        "image/webp",
        "image/avif",
        "video/mp4",
        "audio/ogg",
        "font/woff",
        "font/woff2",
        "multipart/form-data",
    ] {
        assert!(!is_worth(kind.as_bytes()), "{kind}");
    }
}

#[test]
fn a_cache_control_may_forbid_it() {
    for (field, forbids) in [
        ("no-transform", true),
        ("No-Transform", true),
        ("public, max-age=60 ,no-transform", true),
        ("", false),
        ("public", false),
        ("no-transforms", false),
        ("x=no-transform", false),
    ] {
        assert_eq!(forbids_transform(field.as_bytes()), forbids, "{field}");
    }
}
